#![forbid(unsafe_code)]
//! A loop inside a loop, which runs where it stands, leaf by leaf.
//!
//! Promises: the tree over its leaves is that of `tree`; a loop of one leaf, which is what most of them are, has neither a
//! tree nor a look at the signal to stop, for the loop around it looks.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Val, int, leaf_at};
use super::shape::Shape;
use crate::ir::{BinOp, Scalar};
use inkwell::IntPredicate;
use inkwell::values::IntValue;

impl<'c> FnCx<'_, 'c> {
    /// All `n` iterations, going on with `start`. The first leaf runs even if it is empty: then it changes nothing.
    pub fn run_here(
        &mut self,
        shape: &Shape<'_, 'c>,
        n: IntValue<'c>,
        start: &Val<'c>,
    ) -> Result<Val<'c>, CodegenError> {
        let leaf = shape.leaf;
        let body = &shape.parts.func.body.facts;
        let polls = body.loops > 0 || body.iterates;
        let trees = if shape.tree { self.tree_slots(shape)? } else { Vec::new() };
        let before = self.here()?;
        let (head, again, end) = (self.block("leaf"), self.block("again"), self.block("end"));
        self.enter(head)?;
        let mut carried = vec![self.int64(0).into()];
        carried.extend(start.iter().copied());
        let phis = self.phis(&carried, before)?;
        let mut builder: Val<'c> = phis.iter().map(|phi| phi.as_basic_value()).collect();
        let lo = int(builder.remove(0))?;
        if polls {
            self.poll()?;
        }
        let next = self.b.build_int_add(lo, self.int64(leaf), "next")?;
        let hi = int(self.binary(BinOp::Min, Scalar::I64, next.into(), n.into())?)?;
        let mut value = if shape.tree {
            self.run_leaf(shape, lo, hi, &builder)?
        } else {
            self.run_exact(shape, lo, hi, &builder)?
        };
        let mut goes_on = value.clone();
        let mut done = None;
        if shape.tree {
            let (several, one) = (self.block("several"), self.here()?);
            let is_one = self.b.build_int_compare(IntPredicate::SLE, n, self.int64(leaf), "is_one")?;
            self.b.build_conditional_branch(is_one, end, several)?;
            self.b.position_at_end(several);
            let shift = self.int64(i64::from(leaf.trailing_zeros()));
            let number = self.b.build_right_shift(lo, shift, false, "number")?;
            self.push_partial(&trees, &value, number)?;
            for (at, ..) in &trees {
                goes_on.splice(*at..*at + 1, [leaf_at(&builder, *at)?]);
            }
            done = Some((self.block("fold"), one, shift));
        }
        let more = self.b.build_int_compare(IntPredicate::SLT, next, n, "more")?;
        self.b.build_conditional_branch(more, again, done.map_or(end, |(fold, ..)| fold))?;
        self.b.position_at_end(again);
        if !polls {
            self.poll()?;
        }
        let mut carried = vec![next.into()];
        carried.extend(goes_on);
        let last = self.here()?;
        self.close_phis(&phis, &carried, last);
        self.b.build_unconditional_branch(head)?;
        let Some((fold, one, shift)) = done else {
            self.b.position_at_end(end);
            return Ok(value);
        };
        self.b.position_at_end(fold);
        let rounded = self.b.build_int_add(n, self.int64(leaf - 1), "rounded")?;
        let leaves = self.b.build_right_shift(rounded, shift, false, "leaves")?;
        let folded = self.fold_partials(&trees, leaves)?;
        let mut all = value.clone();
        for ((at, ..), total) in trees.iter().zip(folded) {
            all.splice(*at..*at + 1, [total]);
        }
        let several = self.here()?;
        self.enter(end)?;
        value = self.join((&value, one), (&all, several))?;
        for (at, scalar, op, _) in &trees {
            let sum = self.combine(*op, *scalar, leaf_at(start, *at)?, leaf_at(&value, *at)?)?;
            value.splice(*at..*at + 1, [sum]);
        }
        Ok(value)
    }
}
