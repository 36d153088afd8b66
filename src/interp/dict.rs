#![forbid(unsafe_code)]
//! Dictmergers and groupmergers being filled: LANGUAGE 10.4.
//!
//! Promises: keys stay in the order of their first merge; a dictionary to start with is not changed; merges are made in
//! the order of the loop, so float sums per key fold from the identity, left to right.

use super::builder::{Builder, combine};
use crate::ir::{BuilderTy, MergeOp};
use crate::value::{Dict, Index, Value};

/// The entries of a dictionary, with values combined.
pub(super) struct DictMerger {
    op: MergeOp,
    identity: Value,
    index: Index,
    /// `{key, value}` each.
    entries: Vec<Value>,
}

impl DictMerger {
    /// A dictmerger that goes on from `start`. `None` when that is no dictionary.
    pub(super) fn new(op: MergeOp, identity: Value, start: Option<Value>) -> Option<DictMerger> {
        let (index, entries) = match start {
            None => (Index::default(), Vec::new()),
            Some(Value::Dict(dict)) => (dict.index().clone(), dict.entries().to_vec()),
            Some(_) => return None,
        };
        Some(DictMerger { op, identity, index, entries })
    }

    /// `merge(self, {key, value})`.
    pub(super) fn merge(&mut self, pair: Value) -> Option<()> {
        let (key, value) = split(pair)?;
        let at = self.index.insert(&key);
        if at == self.entries.len() {
            self.entries.push(Value::Struct(vec![key, self.identity.clone()]));
        }
        match self.entries.get_mut(at) {
            Some(Value::Struct(entry)) => combine(self.op, entry.get_mut(1)?, &value),
            _ => None,
        }
    }

    pub(super) fn result(self) -> Value {
        Value::Dict(Dict::from_unique(self.entries).into())
    }

    pub(super) fn count(&self) -> u64 {
        self.entries.len() as u64
    }
}

/// All values of each key.
pub(super) struct GroupMerger {
    /// What collects the values of one key.
    appender: BuilderTy,
    index: Index,
    groups: Vec<(Value, Builder)>,
}

impl GroupMerger {
    pub(super) fn new(appender: BuilderTy) -> GroupMerger {
        GroupMerger { appender, index: Index::default(), groups: Vec::new() }
    }

    /// `merge(self, {key, value})`.
    pub(super) fn merge(&mut self, pair: Value) -> Option<()> {
        let (key, value) = split(pair)?;
        let at = self.index.insert(&key);
        if at == self.groups.len() {
            self.groups.push((key, Builder::new(&self.appender, None)?));
        }
        self.groups.get_mut(at)?.1.merge(value)
    }

    pub(super) fn result(self) -> Option<Value> {
        let entries =
            self.groups.into_iter().map(|(key, values)| Some(Value::Struct(vec![key, values.result()?])));
        Some(Value::Dict(Dict::from_unique(entries.collect::<Option<_>>()?).into()))
    }

    pub(super) fn count(&self) -> u64 {
        self.groups.len() as u64
    }
}

fn split(pair: Value) -> Option<(Value, Value)> {
    let Value::Struct(mut pair) = pair else { return None };
    let (value, key) = (pair.pop()?, pair.pop()?);
    pair.is_empty().then_some((key, value))
}
