#![forbid(unsafe_code)]
//! Dictmergers and groupmergers being filled: LANGUAGE 10.4.
//!
//! Promises: keys stay in the order of their first merge; a dictionary to start with is not changed. Merges are made in
//! the order of the loop, so float sums per key fold from the identity, left to right; but an outermost loop of more than
//! one chunk folds each chunk by itself, as the rules of `plan::chunks` say: a chunk has a table for a limited number of
//! keys, each from the identity, which becomes rows when it is full, and it may be given up for rows that hold one merge
//! each. At the end the rows are merged in their order, chunk by chunk.

use super::builder::{Builder, combine};
use crate::ir::{BuilderTy, MergeOp};
use crate::plan::chunks;
use crate::value::{Dict, Index, Value};

/// The entries of a dictionary, with values combined.
pub(super) struct DictMerger {
    op: MergeOp,
    identity: Value,
    table: Table,
    /// Where a loop is cut into chunks: what its current chunk has merged.
    chunk: Option<Chunk>,
}

/// Keys in the order of their first merge.
#[derive(Default)]
struct Table {
    index: Index,
    /// `{key, value}` each.
    entries: Vec<Value>,
}

/// One chunk of a loop.
struct Chunk {
    /// The iteration with which the table last began without keys.
    since: i64,
    /// The number of the current iteration.
    now: i64,
    most_keys: usize,
    table: Table,
    /// `{key, value}` each, from before the table.
    rows: Vec<Value>,
    /// Everything becomes a row from now on.
    given_up: bool,
}

impl Table {
    fn merge(&mut self, op: MergeOp, identity: &Value, pair: Value) -> Option<()> {
        let (key, value) = split(pair)?;
        let at = self.index.insert(&key);
        if at == self.entries.len() {
            self.entries.push(Value::Struct(vec![key, identity.clone()]));
        }
        match self.entries.get_mut(at) {
            Some(Value::Struct(entry)) => combine(op, entry.get_mut(1)?, &value),
            _ => None,
        }
    }
}

impl Chunk {
    fn new(first: i64, len: i64) -> Chunk {
        Chunk {
            since: first,
            now: first,
            most_keys: chunks::most_keys(len) as usize,
            table: Table::default(),
            rows: Vec::new(),
            given_up: false,
        }
    }

    fn merge(&mut self, op: MergeOp, identity: &Value, pair: Value) -> Option<()> {
        let keys = self.table.entries.len();
        if !self.given_up && keys == self.most_keys && self.table.index.get(key_of(&pair)?).is_none() {
            self.rows.append(&mut self.table.entries);
            self.table = Table::default();
            self.given_up = chunks::is_sparse(self.now - self.since, keys as i64);
            self.since = self.now;
        }
        if self.given_up {
            self.rows.push(pair);
            return Some(());
        }
        self.table.merge(op, identity, pair)
    }
}

impl DictMerger {
    /// A dictmerger that goes on from `start`. `None` when that is no dictionary.
    pub(super) fn new(op: MergeOp, identity: Value, start: Option<Value>) -> Option<DictMerger> {
        let table = match start {
            None => Table::default(),
            Some(Value::Dict(dict)) => {
                Table { index: dict.index().clone(), entries: dict.entries().to_vec() }
            }
            Some(_) => return None,
        };
        Some(DictMerger { op, identity, table, chunk: None })
    }

    /// `merge(self, {key, value})`.
    pub(super) fn merge(&mut self, pair: Value) -> Option<()> {
        match &mut self.chunk {
            None => self.table.merge(self.op, &self.identity, pair),
            Some(chunk) => chunk.merge(self.op, &self.identity, pair),
        }
    }

    /// Iteration `k` of a loop with chunks of `len` iterations begins.
    pub(super) fn begin_iteration(&mut self, k: i64, len: i64) -> Option<()> {
        if k % len == 0 {
            self.end_chunk()?;
            self.chunk = Some(Chunk::new(k, len));
        }
        self.chunk.as_mut()?.now = k;
        Some(())
    }

    /// Merges what a chunk leaves behind.
    pub(super) fn end_chunk(&mut self) -> Option<()> {
        let Some(chunk) = self.chunk.take() else { return Some(()) };
        let mut pairs = chunk.rows.into_iter().chain(chunk.table.entries);
        pairs.try_for_each(|pair| self.table.merge(self.op, &self.identity, pair))
    }

    pub(super) fn result(self) -> Value {
        Value::Dict(Dict::from_unique(self.table.entries).into())
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
}

/// The key of a pair.
fn key_of(pair: &Value) -> Option<&Value> {
    match pair {
        Value::Struct(pair) => pair.first(),
        _ => None,
    }
}

fn split(pair: Value) -> Option<(Value, Value)> {
    let Value::Struct(mut pair) = pair else { return None };
    let (value, key) = (pair.pop()?, pair.pop()?);
    pair.is_empty().then_some((key, value))
}
