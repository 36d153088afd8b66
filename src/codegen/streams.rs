#![forbid(unsafe_code)]
//! Writing large results past the caches.
//!
//! An ordinary store reads its cache line from memory first, and drives out what somebody may still need. Where a loop
//! in lanes writes more than a cache holds, whole lines are written around it, which saves a quarter of the traffic of an addition.
//!
//! Promises: which way is taken depends on the number of iterations alone, and the bits are the same. After the
//! loop a fence makes the lines visible to other threads like any store.

use super::CodegenError;
use super::func::FnCx;
use super::shape::{Part, Shape};
use crate::value::layout;
use inkwell::values::{IntValue, PointerValue, VectorValue};
use inkwell::{AtomicOrdering, IntPredicate};

/// From so many bytes on: more than a core's share of the last cache, so that nothing of the begin of a result is
/// left there when its end is written.
const FROM_BYTES: i64 = 16 << 20;
/// Longer bodies have more to do than to wait for memory, and would be compiled twice for nothing.
const MOST_NODES: u32 = 40;
/// A cache line; the alignment of results.
const LINE: usize = 64;

impl<'c> FnCx<'_, 'c> {
    /// Whether the loop of `n` iterations is to write past the caches; nothing for loops that cannot.
    pub fn streams(
        &self,
        shape: &Shape<'_, 'c>,
        n: IntValue<'c>,
    ) -> Result<Option<IntValue<'c>>, CodegenError> {
        let Some(lanes) = shape.lanes else { return Ok(None) };
        if shape.parts.func.body.facts.nodes > MOST_NODES || shape.parts.func.body.facts.loops > 0 {
            return Ok(None);
        }
        let written = shape.builders.iter().map(|part| match part {
            Part::InPlace { elem, .. } => elem.scalar().map_or(0, |_| layout::layout(elem).size),
            _ => 0,
        });
        let written: usize = written.sum();
        if written == 0 || shape.leaf % i64::from(lanes) != 0 {
            return Ok(None);
        }
        let least = self.int64(FROM_BYTES / written as i64);
        Ok(Some(self.b.build_int_compare(IntPredicate::SGE, n, least, "streams")?))
    }

    /// Writes a column of a block of lanes, which begins at a multiple of its own size from the begin of an allocation.
    pub fn store_past_caches(
        &self,
        column: VectorValue<'c>,
        bytes: usize,
        to: PointerValue<'c>,
    ) -> Result<(), CodegenError> {
        let failed = |error: &dyn std::fmt::Display| CodegenError(error.to_string());
        let store = self.b.build_store(to, column)?;
        store.set_alignment(bytes.min(LINE) as u32).map_err(|error| failed(&error))?;
        let one = self.m.context.metadata_node(&[self.int32(1).into()]);
        let kind = self.m.context.get_kind_id("nontemporal");
        store.set_metadata(one, kind).map_err(|error| failed(&error))
    }

    /// What was written past the caches is seen by whoever sees what is written after this.
    pub fn end_of_stream(&self) -> Result<(), CodegenError> {
        self.b.build_fence(AtomicOrdering::SequentiallyConsistent, false, "")?;
        Ok(())
    }
}
