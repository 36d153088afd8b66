#![forbid(unsafe_code)]
//! Vecmergers being filled: LANGUAGE 10.5.
//!
//! Promises: each element folds from its start value in the order of the loop; where an outermost loop is cut into chunks
//! (`plan::vectors`), each chunk folds from the neutral value, and chunk by chunk these values combine.

use super::builder::{combine, constant};
use crate::ir::{Literal, MergeOp, Ty};
use crate::plan::vectors::{Vector, vector_rounds};
use crate::value::{Value, layout};

/// A copy of a vector.
pub(super) struct Elements {
    values: Vec<Value>,
    elem: Ty,
    op: MergeOp,
    /// Where a loop is cut into chunks: what its current chunk has merged.
    chunk: Option<Vec<Value>>,
}

impl Elements {
    /// `None` when `start` is no vector.
    pub(super) fn new(elem: &Ty, op: MergeOp, start: &Value) -> Option<Elements> {
        let values = (0..start.len()?).map(|at| start.at(at)).collect::<Option<_>>()?;
        Some(Elements { values, elem: elem.clone(), op, chunk: None })
    }

    /// `merge(self, {at, value})`.
    pub(super) fn merge(&mut self, merged: &Value) -> Option<()> {
        let (at, value) = slot(merged)?;
        let values = self.chunk.as_mut().unwrap_or(&mut self.values);
        combine(self.op, values.get_mut(usize::try_from(at).ok()?)?, value)
    }

    /// The index that is merged and the number of elements, when that misses them.
    pub(super) fn out_of_range(&self, merged: &Value) -> Option<(i64, i64)> {
        let (at, len) = (slot(merged)?.0, self.values.len() as i64);
        (!(0..len).contains(&at)).then_some((at, len))
    }

    /// What decides how a loop fills it.
    pub(super) fn vector(&self) -> Vector {
        let elem_bytes = layout::layout(&self.elem).size as i64;
        Vector { len: self.values.len() as i64, elem_bytes, rounds: vector_rounds(&self.elem, self.op) }
    }

    /// Iteration `k` of a loop begins that is cut into chunks of `len` iterations.
    pub(super) fn begin_iteration(&mut self, k: i64, len: i64) -> Option<()> {
        if k % len == 0 && vector_rounds(&self.elem, self.op) {
            self.end_chunk()?;
            let neutral = constant(&self.elem, &|scalar| self.op.neutral(scalar))?;
            self.chunk = Some(vec![neutral; self.values.len()]);
        }
        Some(())
    }

    /// Merges what a chunk leaves behind.
    pub(super) fn end_chunk(&mut self) -> Option<()> {
        let chunk = self.chunk.take().unwrap_or_default();
        let mut pairs = self.values.iter_mut().zip(&chunk);
        pairs.try_for_each(|(value, merged)| combine(self.op, value, merged))
    }

    pub(super) fn result(self) -> Option<Value> {
        Value::vector(&self.elem, self.values)
    }
}

/// The index and the value that are merged.
fn slot(merged: &Value) -> Option<(i64, &Value)> {
    match merged {
        Value::Struct(items) => match items.as_slice() {
            [Value::Scalar(Literal::I64(at)), value] => Some((*at, value)),
            _ => None,
        },
        _ => None,
    }
}
