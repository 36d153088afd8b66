#![forbid(unsafe_code)]
//! Inputs that mistakes show on: lengths around borders, extreme numbers, NaN, infinities, zeros of both signs.
//!
//! Promises: the same for the same seed and number, on every machine; the vectors of one case mostly have one length,
//! for programs zip them; small numbers are common too, since keys and indices must meet.

use super::generate::Source;
use crate::ir::{Literal, Scalar, Ty};
use crate::value::{Dict, Value};

/// Longest inner vector.
const INNER: i128 = 5;

/// What the numbers of a case are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// -2 to 3: many equal ones.
    Small,
    /// The place of the element, so that order and indices show.
    Counting,
    /// Hundreds, floats in eighths: sums of them are exact.
    Middle,
    /// The ends of the type; NaN, infinities, `-0.0`.
    Extreme,
    /// All of these.
    Mixed,
}

const STYLES: [Style; 5] = [Style::Small, Style::Counting, Style::Middle, Style::Mixed, Style::Extreme];

/// Case `number` of the inputs of these types. `lengths` are those that vectors should have, by number. `None` for types
/// that no input can have.
pub fn edge_case(types: &[Ty], lengths: &[usize], number: usize, seed: u64) -> Option<Vec<Value>> {
    let mut case = Case {
        source: Source::new(seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        // Lengths and styles have no common factor, so that all pairs come up.
        style: STYLES.get(number % STYLES.len()).copied().unwrap_or(Style::Mixed),
    };
    let length = lengths.get((number / 2) % lengths.len().max(1)).copied().unwrap_or(0);
    let uneven = number % 8 == 7;
    let values = types.iter().map(|ty| {
        let length = if uneven { case.source.whole(0, length as i128 + 1) as usize } else { length };
        case.value(ty, Some(length), 0)
    });
    values.collect()
}

struct Case {
    source: Source,
    style: Style,
}

impl Case {
    /// A value; vectors at the top have `length` elements. `at` is the place in the vector around it.
    fn value(&mut self, ty: &Ty, length: Option<usize>, at: usize) -> Option<Value> {
        let length = length.unwrap_or(at);
        match ty {
            Ty::Scalar(scalar) => Some(Value::Scalar(self.scalar(*scalar, length))),
            Ty::Vec(elem) => {
                let items = (0..length).map(|at| self.inner(elem, at)).collect::<Option<Vec<Value>>>()?;
                Value::vector(elem, items)
            }
            Ty::Struct(fields) => {
                let fields = fields.iter().map(|field| self.value(field, Some(length), at));
                Some(Value::Struct(fields.collect::<Option<_>>()?))
            }
            Ty::Dict(entry) => {
                let pairs = (0..length.min(64)).map(|at| {
                    Some(Value::Struct(vec![self.inner(&entry.0, at)?, self.inner(&entry.1, at)?]))
                });
                Some(Value::Dict(Dict::from_entries(pairs.collect::<Option<_>>()?)?.into()))
            }
            Ty::Builder(builder) => {
                let held = self.value(&builder.result_ty(), Some(length), at)?;
                Some(Value::Builder(ty.clone(), held.into()))
            }
            Ty::Simd(_) | Ty::Infer(_) => None,
        }
    }

    /// An element of a vector: short vectors inside.
    fn inner(&mut self, ty: &Ty, at: usize) -> Option<Value> {
        match ty {
            Ty::Scalar(scalar) => Some(Value::Scalar(self.scalar(*scalar, at))),
            Ty::Struct(fields) => {
                let fields = fields.iter().map(|field| self.inner(field, at));
                Some(Value::Struct(fields.collect::<Option<_>>()?))
            }
            _ => {
                let length = self.source.whole(0, INNER) as usize;
                self.value(ty, Some(length), at)
            }
        }
    }

    fn scalar(&mut self, scalar: Scalar, at: usize) -> Literal {
        let style = match self.style {
            Style::Mixed => {
                let chosen = self.source.whole(0, STYLES.len() as i128 - 1) as usize;
                STYLES.get(chosen).copied().unwrap_or(Style::Small)
            }
            style => style,
        };
        match style {
            Style::Extreme => extreme(scalar, self.source.whole(0, 9)),
            Style::Counting => Literal::from_i64(scalar, at as i64),
            Style::Middle if scalar.is_float() => {
                let eighths = self.source.whole(-4000, 4000) as f64 / 8.0;
                if scalar == Scalar::F32 { Literal::F32(eighths as f32) } else { Literal::F64(eighths) }
            }
            Style::Middle => Literal::from_i64(scalar, self.source.whole(-500, 500) as i64),
            Style::Small | Style::Mixed => Literal::from_i64(scalar, self.source.whole(-2, 3) as i64),
        }
    }
}

/// One of the numbers at the ends of a type, and their neighbours.
fn extreme(scalar: Scalar, which: i128) -> Literal {
    if scalar == Scalar::Bool {
        return Literal::Bool(which % 2 == 0);
    }
    if scalar.is_float() {
        let x = match which {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => -0.0,
            4 => 0.0,
            5 if scalar == Scalar::F32 => f64::from(f32::MAX),
            5 => f64::MAX,
            6 if scalar == Scalar::F32 => f64::from(f32::from_bits(1)),
            6 => f64::from_bits(1),
            7 => 0.1,
            8 => -1.0,
            _ => 3.0,
        };
        return if scalar == Scalar::F32 { Literal::F32(x as f32) } else { Literal::F64(x) };
    }
    let bits = scalar.bytes() as u32 * 8;
    let (least, most) = match scalar.is_signed() {
        true => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        false => (0, (1i128 << bits) - 1),
    };
    let value = match which {
        0 | 1 => least,
        2 => least + 1,
        3 | 4 => most,
        5 => most - 1,
        6 => most / 2 + 1,
        7 => 0,
        8 => 1,
        _ => -1,
    };
    Literal::from_i64(scalar, value as i64)
}

#[cfg(test)]
mod tests {
    use super::edge_case;
    use crate::ir::{Scalar, Ty};

    #[test]
    fn cases_repeat_and_fit_their_types() {
        let types = [
            Ty::vec(Ty::Scalar(Scalar::F32)),
            Ty::I64,
            Ty::Dict(std::sync::Arc::new((Ty::I8, Ty::vec(Ty::BOOL)))),
            Ty::tuple(vec![Ty::vec(Ty::I64), Ty::vec(Ty::tuple(vec![Ty::I8, Ty::vec(Ty::I8)]))]),
        ];
        let mut lengths = std::collections::BTreeSet::new();
        for number in 0..64 {
            let case = edge_case(&types, &[0, 1, 2, 16, 17], number, 7).unwrap();
            let again = edge_case(&types, &[0, 1, 2, 16, 17], number, 7).unwrap();
            for ((value, again), ty) in case.iter().zip(&again).zip(&types) {
                assert!(value.fits(ty) && value.same(again), "{value:?}");
            }
            lengths.extend(case[0].len());
        }
        assert!([0, 1, 2, 16, 17].iter().all(|length| lengths.contains(length)), "{lengths:?}");
    }
}
