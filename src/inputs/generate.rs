#![forbid(unsafe_code)]
//! Made-up data of any type: the same for the same seed, on every machine.

use super::{InputError, InputErrorKind};
use crate::ir::{Literal, Scalar, Ty};
use crate::value::{Buffer, Dict, Value, buffer};

/// Longest inner vector and text.
const INNER_LIMIT: i128 = 8;

/// A value of type `ty`: a vector gets `n` elements, a dictionary `n` keys less those met before, vectors inside it up to eight. Numbers lie in `range`, ends
/// included for integers; without one, signed integers are -9999 to 9999, unsigned ones 0 to 9999, floats 0 to 100
/// (cut to what the type holds), and inner `vec[i8]` are words.
pub fn generate(ty: &Ty, n: usize, seed: u64, range: Option<(f64, f64)>) -> Result<Value, InputError> {
    if let Some((low, high)) = range
        && (low.is_nan() || high.is_nan() || low > high)
    {
        return Err(InputError::new(
            InputErrorKind::Unsupported,
            format!("no number lies between {low} and {high}"),
        ));
    }
    let mut source = Source { range, ..Source::new(seed) };
    match ty {
        Ty::Vec(elem) => source.vector(elem, n),
        Ty::Dict(entry) => source.dictionary(entry, n),
        _ => source.value(ty),
    }
}

/// The generator splitmix64.
pub(super) struct Source {
    state: u64,
    range: Option<(f64, f64)>,
}

impl Source {
    /// One that begins at `seed`, for numbers of the caller's own ranges.
    pub(super) fn new(seed: u64) -> Source {
        Source { state: seed, range: None }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A whole number between the two, ends included.
    pub(super) fn whole(&mut self, low: i128, high: i128) -> i128 {
        // At most 2^64 numbers, so the product fits.
        let count = (high - low + 1).max(1) as u128;
        low + ((u128::from(self.next()) * count) >> 64) as i128
    }

    fn value(&mut self, ty: &Ty) -> Result<Value, InputError> {
        match ty {
            Ty::Scalar(scalar) => Ok(Value::Scalar(self.scalar(*scalar))),
            Ty::Vec(elem) => {
                let len = self.whole(0, INNER_LIMIT) as usize;
                if **elem == Ty::I8 && self.range.is_none() {
                    let word: Vec<u8> = (0..len).map(|_| b'a' + self.whole(0, 25) as u8).collect();
                    if let Some(buffer) = Buffer::from_bytes(Scalar::I8, &word) {
                        return Ok(Value::Scalars(buffer));
                    }
                }
                self.vector(elem, len)
            }
            Ty::Struct(fields) => {
                fields.iter().map(|field| self.value(field)).collect::<Result<_, _>>().map(Value::Struct)
            }
            Ty::Dict(entry) => {
                let n = self.whole(0, INNER_LIMIT) as usize;
                self.dictionary(entry, n)
            }
            Ty::Simd(_) | Ty::Builder(_) | Ty::Infer(_) => {
                Err(InputError::new(InputErrorKind::Unsupported, format!("a {ty} cannot be generated")))
            }
        }
    }

    fn vector(&mut self, elem: &Ty, n: usize) -> Result<Value, InputError> {
        let too_many =
            || InputError::new(InputErrorKind::Unsupported, format!("{n} elements do not fit into memory"));
        if let Some(scalar) = elem.scalar() {
            let mut buffer = buffer::Builder::try_with_len(scalar, n).ok_or_else(too_many)?;
            for bytes in buffer.bytes_mut().chunks_exact_mut(scalar.bytes()) {
                let bits = self.scalar(scalar).bits().unwrap_or(0).to_le_bytes();
                bytes.copy_from_slice(bits.get(..scalar.bytes()).unwrap_or(&bits));
            }
            return Ok(Value::Scalars(buffer.finish()));
        }
        let mut items = Vec::new();
        items.try_reserve_exact(n).map_err(|_| too_many())?;
        for _ in 0..n {
            items.push(self.value(elem)?);
        }
        Ok(Value::Vector(items.into()))
    }

    /// At most `n` entries: equal keys are one.
    fn dictionary(&mut self, (key, value): &(Ty, Ty), n: usize) -> Result<Value, InputError> {
        let entries: Result<Vec<Value>, InputError> =
            (0..n).map(|_| Ok(Value::Struct(vec![self.value(key)?, self.value(value)?]))).collect();
        let no_pairs = || InputError::new(InputErrorKind::Unsupported, "entries that are no pairs");
        Ok(Value::Dict(Dict::from_entries(entries?).ok_or_else(no_pairs)?.into()))
    }

    fn scalar(&mut self, scalar: Scalar) -> Literal {
        if scalar == Scalar::Bool {
            return Literal::Bool(self.next() >> 63 == 1);
        }
        if scalar.is_float() {
            let (low, high) = self.range.unwrap_or((0.0, 100.0));
            // 53 random bits make a float in [0, 1).
            let part = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
            // Weighing the ends, not adding to one, cannot overflow.
            let x = low * (1.0 - part) + high * part;
            return if scalar == Scalar::F32 { Literal::F32(x as f32) } else { Literal::F64(x) };
        }
        let bits = scalar.bytes() as u32 * 8;
        let (smallest, largest) = match scalar.is_signed() {
            true => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
            false => (0, (1i128 << bits) - 1),
        };
        let (low, high) = match self.range {
            Some((low, high)) => (low.ceil() as i128, high.floor() as i128),
            None => (-9999, 9999),
        };
        let (low, high) = (low.clamp(smallest, largest), high.clamp(smallest, largest));
        Literal::from_i64(scalar, self.whole(low, high) as i64)
    }
}
