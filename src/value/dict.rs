#![forbid(unsafe_code)]
//! Dictionaries as values: entries in the order in which their keys were first inserted, and an index over them.
//!
//! Promises: keys are equal as LANGUAGE 8.3 says (all NaNs are one key, `-0.0` is `0.0`, inside structs and vectors too);
//! the first key that was inserted keeps its bits; an index is made when something is looked up, not before.

use super::Value;
use crate::ir::{Literal, Scalar};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, OnceLock};

/// A dictionary that does not change any more.
#[derive(Clone, Debug, Default)]
pub struct Dict {
    /// `{key, value}` each.
    entries: Arc<Vec<Value>>,
    index: OnceLock<Index>,
}

/// The places of keys.
#[derive(Clone, Debug, Default)]
pub struct Index(HashMap<Box<[u8]>, usize>);

impl Index {
    /// The place of `key`; the next free one for a new key, which is remembered.
    pub fn insert(&mut self, key: &Value) -> usize {
        let next = self.0.len();
        match self.0.entry(encoded(key)) {
            Entry::Occupied(found) => *found.get(),
            Entry::Vacant(free) => *free.insert(next),
        }
    }

    fn get(&self, key: &Value) -> Option<usize> {
        self.0.get(&encoded(key)).copied()
    }
}

impl Dict {
    /// A dictionary of `{key, value}` structs with different keys.
    pub fn from_unique(entries: Vec<Value>) -> Dict {
        Dict { entries: Arc::new(entries), index: OnceLock::new() }
    }

    /// A dictionary of `{key, value}` structs; of several with one key the last value counts, in the place of the first.
    /// `None` when an entry is no pair.
    pub fn from_entries(entries: Vec<Value>) -> Option<Dict> {
        let mut index = Index::default();
        let mut unique: Vec<Value> = Vec::with_capacity(entries.len());
        for entry in entries {
            let at = index.insert(key_of(&entry)?);
            match unique.get_mut(at) {
                None => unique.push(entry),
                Some(Value::Struct(first)) => {
                    let Value::Struct(mut later) = entry else { return None };
                    *first.get_mut(1)? = later.pop()?;
                }
                Some(_) => return None,
            }
        }
        Some(Dict::from_unique(unique))
    }

    /// The entries, `{key, value}` each, in the order of first insertion.
    pub fn entries(&self) -> &Arc<Vec<Value>> {
        &self.entries
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: &Value) -> Option<&Value> {
        match self.entries.get(self.index().get(key)?)? {
            Value::Struct(entry) => entry.get(1),
            _ => None,
        }
    }

    /// The places of the keys.
    pub fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            self.entries.iter().filter_map(key_of).for_each(|key| {
                index.insert(key);
            });
            index
        })
    }
}

/// The key of an entry, if that is a pair.
pub(super) fn key_of(entry: &Value) -> Option<&Value> {
    match entry {
        Value::Struct(entry) if entry.len() == 2 => entry.first(),
        _ => None,
    }
}

/// Bytes that are equal exactly for equal keys of one type.
fn encoded(key: &Value) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(8);
    encode(key, &mut bytes);
    bytes.into()
}

fn encode(key: &Value, out: &mut Vec<u8>) {
    match key {
        Value::Scalar(literal) => scalar(literal, out),
        Value::Scalars(buffer) => {
            out.extend((buffer.len() as u64).to_le_bytes());
            if buffer.scalar().is_float() || buffer.scalar() == Scalar::Bool {
                buffer.iter().for_each(|literal| scalar(&literal, out));
            } else {
                out.extend(buffer.bytes());
            }
        }
        Value::Vector(items) => {
            out.extend((items.len() as u64).to_le_bytes());
            items.iter().for_each(|item| encode(item, out));
        }
        Value::Struct(items) => items.iter().for_each(|item| encode(item, out)),
        // No keys.
        Value::Dict(_) | Value::Lanes(_) | Value::Builder(..) => {}
    }
}

fn scalar(literal: &Literal, out: &mut Vec<u8>) {
    let bits = match literal {
        Literal::F32(x) if x.is_nan() => u64::from(f32::NAN.to_bits()),
        Literal::F64(x) if x.is_nan() => f64::NAN.to_bits(),
        Literal::F32(x) if *x == 0.0 => 0,
        Literal::F64(x) if *x == 0.0 => 0,
        _ => literal.bits().unwrap_or(0),
    };
    let size = literal.scalar().map_or(0, Scalar::bytes);
    out.extend(bits.to_le_bytes().iter().take(size));
}
