#![forbid(unsafe_code)]
//! What is left after the last whole block of lanes, as one more block under a mask.
//!
//! A loop inside a loop is often shorter than two blocks, and then most of its time goes into what is left.
//!
//! Promises: lanes that take no part read no memory, fail at nothing and leave every accumulator as it is; the
//! lane of an iteration is the one that it would have in a whole block.

use super::CodegenError;
use super::func::FnCx;
use super::iterators::IterVal;
use super::leaves::{Leaf, Val, int, leaf_at, memory_ty, with_lanes};
use super::shape::{Part, Shape};
use crate::ir::{Scalar, Ty};
use inkwell::IntPredicate;
use inkwell::values::{IntValue, PointerValue};

/// Longer bodies are not compiled three times: in lanes, under a mask, and for the iterations at which one fails.
const MOST_NODES: u32 = 60;

impl Shape<'_, '_> {
    /// Whether no iteration is left for the scalar loop.
    pub fn is_through(&self) -> bool {
        self.rests && !self.parts.func.body.facts.may_fail
    }
}

impl<'c> FnCx<'_, 'c> {
    /// Whether the machine can do what is left of the loop under a mask.
    pub fn has_rests(&self, shape: &Shape<'_, 'c>) -> bool {
        let maskable = |elem: &Ty| elem.scalar().is_some_and(|scalar| self.m.can_compress(scalar.bytes()));
        let body = &shape.parts.func.body.facts;
        shape.lanes.is_some()
            && (body.nodes <= MOST_NODES || !body.may_fail)
            && shape.iters.iter().all(|iter| match iter {
                IterVal::Whole { elem, .. } | IterVal::Strided { elem, .. } => maskable(elem),
                IterVal::Range { .. } => true,
                IterVal::Blocks { .. } | IterVal::Fringe { .. } | IterVal::Nd { .. } => false,
            })
            && shape.builders.iter().all(|part| match part {
                Part::Merger { .. } | Part::Grow { .. } => true,
                // Who reads soon what was written under a mask waits for it, longer than one at a time takes.
                Part::InPlace { .. } | Part::Target { .. } | Part::Vector { .. } | Part::Table { .. } => {
                    false
                }
            })
    }

    /// The iterations `lo..hi` in lanes, as far as they can; mergers start neutral and come back as vectors. The scalar loop
    /// goes on at the iteration that comes back with them.
    pub fn lanes_and_rest(
        &mut self,
        shape: &Shape<'_, 'c>,
        lo: IntValue<'c>,
        hi: IntValue<'c>,
        lanes: u32,
        start: &Val<'c>,
    ) -> Result<(Val<'c>, IntValue<'c>), CodegenError> {
        let middle = self.whole_lanes(lo, hi, lanes)?;
        let (value, from) = self.in_lanes(shape, lo, middle, lanes, start)?;
        if shape.rests { self.rest_in_lanes(shape, from, hi, lanes, value) } else { Ok((value, from)) }
    }

    /// The last index up to which whole groups of lanes fit.
    pub fn whole_lanes(
        &mut self,
        lo: IntValue<'c>,
        hi: IntValue<'c>,
        lanes: u32,
    ) -> Result<IntValue<'c>, CodegenError> {
        let count = self.b.build_int_sub(hi, lo, "count")?;
        let whole = self.b.build_and(count, self.int64(-i64::from(lanes)), "whole")?;
        Ok(self.b.build_int_add(lo, whole, "middle")?)
    }

    /// The iterations `from..hi`, if they are fewer than a block. More are left only after a check has failed.
    fn rest_in_lanes(
        &mut self,
        shape: &Shape<'_, 'c>,
        from: IntValue<'c>,
        hi: IntValue<'c>,
        lanes: u32,
        value: Val<'c>,
    ) -> Result<(Val<'c>, IntValue<'c>), CodegenError> {
        let left = self.b.build_int_sub(hi, from, "left")?;
        let before = self.b.build_int_sub(left, self.int64(1), "before")?;
        let some =
            self.b.build_int_compare(IntPredicate::ULT, before, self.int64(i64::from(lanes) - 1), "some")?;
        let (rest, fails, done) = (self.block("rest"), self.block("fails"), self.block("rested"));
        let around = self.here()?;
        self.b.build_conditional_branch(some, rest, done)?;
        self.b.position_at_end(rest);
        let number = self.m.context.i32_type();
        let left = self.b.build_int_truncate(left, number, "left")?;
        let numbers: Vec<IntValue<'c>> = (0..lanes).map(|lane| self.int32(lane)).collect();
        let numbers = inkwell::types::VectorType::const_vector(&numbers);
        let left = self.splat(left.into(), lanes)?.into_vector_value();
        let mask = self.b.build_int_compare(IntPredicate::ULT, numbers, left, "mask")?;
        (self.lanes, self.mask, self.bail) = (Some(lanes), Some(mask.into()), Some(fails));
        let after = self.iteration(shape, from, value.clone());
        (self.lanes, self.mask, self.bail) = (None, None, None);
        let mut after = after?;
        for part in &shape.builders {
            if let Part::Merger { at, .. } = part {
                let merged = self.select(mask.into(), leaf_at(&after, *at)?, leaf_at(&value, *at)?)?;
                after.splice(*at..*at + 1, [merged]);
            }
        }
        after.push(hi.into());
        let mut value = value;
        value.push(from.into());
        let through = self.here()?;
        self.enter(done)?;
        let mut joined = Vec::new();
        for (old, new) in value.iter().zip(&after) {
            let phi = self.b.build_phi(old.get_type(), "join")?;
            phi.add_incoming(&[(old, around), (new, through), (old, fails)]);
            joined.push(phi.as_basic_value());
        }
        // Where no check can fail nothing leads there, and LLVM drops the block.
        self.b.position_at_end(fails);
        self.b.build_unconditional_branch(done)?;
        self.b.position_at_end(done);
        let from = joined.pop().ok_or_else(|| CodegenError("the end of a loop is missing".into()))?;
        Ok((joined, int(from)?))
    }

    /// The neighbouring scalars that begin at `from`, in the lanes that take part; zeros in the others.
    pub fn load_under(
        &self,
        mask: Leaf<'c>,
        scalar: Scalar,
        from: PointerValue<'c>,
        lanes: u32,
    ) -> Result<Leaf<'c>, CodegenError> {
        let many = with_lanes(memory_ty(self.m.context, scalar), Some(lanes)).into_vector_type();
        let args = [from.into(), mask, many.const_zero().into()];
        let loaded = self.intrinsic("llvm.masked.load", &[many.into(), self.ptr_ty()], &args)?;
        if scalar == Scalar::Bool {
            let none = many.const_zero();
            let bytes = loaded.into_vector_value();
            return Ok(self.b.build_int_compare(IntPredicate::NE, bytes, none, "bool")?.into());
        }
        Ok(loaded)
    }
}
