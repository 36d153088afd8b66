#![forbid(unsafe_code)]
//! The hash table of a dictionary that goes into compiled code: `runtime::abi::Dict`.
//!
//! Promises: the hashes are those that compiled code computes (`codegen::hash`); a test looks up keys of every kind in
//! dictionaries that come from here.

use super::Value;
use crate::ir::{Literal, Scalar};
use crate::runtime::abi::HASH_MULTIPLIER;
use crate::runtime::dict::{capacity, hash_seed, next_slots, put};

/// The slots for entries with these keys, all different. `None` when they are too many.
pub(super) fn slots<'k>(keys: impl ExactSizeIterator<Item = &'k Value>) -> Option<Vec<u64>> {
    let seed = hash_seed();
    let mut count = next_slots(0);
    while capacity(count) < keys.len() {
        count = next_slots(count);
    }
    let mut slots = vec![0u64; count];
    for (ticket, key) in keys.enumerate() {
        let tag = (hash(key, seed) >> 32).max(1);
        let ticket = u32::try_from(ticket).ok()?.checked_add(1)?;
        put(&mut slots, tag << 32 | u64::from(ticket));
    }
    Some(slots)
}

/// The state after a key has gone in.
fn hash(key: &Value, state: u64) -> u64 {
    match key {
        Value::Scalar(literal) => fold(state, bits(literal)),
        Value::Scalars(buffer) => {
            let state = fold(state, buffer.len() as u64);
            if buffer.scalar().is_int() {
                hash_bytes(buffer.bytes(), state)
            } else {
                buffer.iter().fold(state, |state, literal| fold(state, bits(&literal)))
            }
        }
        Value::Vector(items) => {
            items.iter().fold(fold(state, items.len() as u64), |state, item| hash(item, state))
        }
        Value::Struct(items) => {
            let mut words = Words { state, pending: 0, used: 0 };
            words.fields(items);
            words.whole()
        }
        // No keys.
        Value::Dict(_) | Value::Lanes(_) | Value::Builder(..) => state,
    }
}

/// A struct on its way in: neighbouring scalars share a word while they fit.
struct Words {
    state: u64,
    pending: u64,
    /// Bits of `pending` that are taken.
    used: usize,
}

impl Words {
    fn fields(&mut self, items: &[Value]) {
        for item in items {
            match item {
                Value::Struct(items) => self.fields(items),
                Value::Scalar(literal) => {
                    let width = literal.scalar().map_or(8, Scalar::bytes) * 8;
                    if self.used + width > 64 {
                        self.state = self.whole();
                    }
                    self.pending |= bits(literal) << self.used;
                    self.used += width;
                }
                _ => self.state = hash(item, self.whole()),
            }
        }
    }

    /// The state with the word that was begun.
    fn whole(&mut self) -> u64 {
        let (pending, used) = (std::mem::take(&mut self.pending), std::mem::take(&mut self.used));
        if used == 0 { self.state } else { fold(self.state, pending) }
    }
}

fn fold(state: u64, bits: u64) -> u64 {
    let product = u128::from(state ^ bits) * u128::from(HASH_MULTIPLIER);
    product as u64 ^ (product >> 64) as u64
}

/// The bits of a scalar as a key, zero-extended.
fn bits(literal: &Literal) -> u64 {
    match literal {
        Literal::F32(x) if x.is_nan() => u64::from(f32::NAN.to_bits()),
        Literal::F64(x) if x.is_nan() => f64::NAN.to_bits(),
        Literal::F32(x) if *x == 0.0 => 0,
        Literal::F64(x) if *x == 0.0 => 0,
        _ => {
            let bits = literal.bits().unwrap_or(0);
            match literal.scalar().map_or(8, Scalar::bytes) {
                8 => bits,
                bytes => bits & ((1 << (bytes * 8)) - 1),
            }
        }
    }
}

/// Eight bytes at a time; the last ones overlap those before, or are put together when there are fewer than eight.
fn hash_bytes(bytes: &[u8], state: u64) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let state = words.iter().fold(state, |state, word| fold(state, u64::from_le_bytes(*word)));
    let word = match (rest, bytes.last_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        ([], ..) => return state,
        (_, Some(last), ..) => u64::from_le_bytes(*last),
        (_, _, Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        ([first, ..], ..) => {
            let middle = rest.get(rest.len() / 2).copied().unwrap_or(0);
            let last = rest.last().copied().unwrap_or(0);
            u64::from(*first) | u64::from(middle) << 8 | u64::from(last) << 16
        }
    };
    fold(state, word)
}
