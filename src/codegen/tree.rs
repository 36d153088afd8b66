#![forbid(unsafe_code)]
//! The reduction tree of a loop inside a loop: partial sums of aligned powers of two leaves, kept on the stack.
//!
//! Promises: the same tree as `runtime::pool` keeps for outermost loops (RUNTIME 4.2).

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Val, int, leaf_at, memory_ty};
use super::shape::{Part, Shape};
use crate::ir::{Literal, MergeOp, Scalar};
use inkwell::IntPredicate;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{IntValue, PointerValue};

/// Partials that a tree of 2^63 iterations can hold at once.
const TREE_DEPTH: u32 = 64;

/// Leaf index, type, operator and memory of the partials of one merger.
pub(super) type TreeSlot<'c> = (usize, Scalar, MergeOp, PointerValue<'c>);

impl<'c> FnCx<'_, 'c> {
    /// Room for the partials of each merger.
    pub fn tree_slots(&mut self, shape: &Shape<'_, 'c>) -> Result<Vec<TreeSlot<'c>>, CodegenError> {
        let mut slots = Vec::new();
        for part in &shape.builders {
            if let Part::Merger { at, scalar, op } = part {
                let ty: BasicTypeEnum<'c> = match memory_ty(self.m.context, *scalar) {
                    BasicTypeEnum::IntType(ty) => ty.array_type(TREE_DEPTH).into(),
                    BasicTypeEnum::FloatType(ty) => ty.array_type(TREE_DEPTH).into(),
                    other => other,
                };
                slots.push((*at, *scalar, *op, self.alloca(ty, "partials")?));
            }
        }
        Ok(slots)
    }

    /// Adds the value of leaf `number`: combines it with its finished left siblings, as a binary counter carries.
    pub fn push_partial(
        &mut self,
        trees: &[TreeSlot<'c>],
        leaf: &Val<'c>,
        number: IntValue<'c>,
    ) -> Result<(), CodegenError> {
        let mut values = vec![self.int64(0).into()];
        for (at, ..) in trees {
            values.push(leaf_at(leaf, *at)?);
        }
        let before = self.here()?;
        let (head, carry, done) = (self.block("carry"), self.block("sibling"), self.block("placed"));
        self.enter(head)?;
        let phis = self.phis(&values, before)?;
        let now: Val<'c> = phis.iter().map(|phi| phi.as_basic_value()).collect();
        let level = int(leaf_at(&now, 0)?)?;
        let bits = self.b.build_right_shift(number, level, false, "bits")?;
        let bit = self.b.build_and(bits, self.int64(1), "bit")?;
        let finished = self.b.build_int_compare(IntPredicate::NE, bit, self.int64(0), "finished")?;
        self.b.build_conditional_branch(finished, carry, done)?;
        self.b.position_at_end(carry);
        let mut next = vec![self.b.build_int_add(level, self.int64(1), "level")?.into()];
        for (k, (_, scalar, op, slot)) in trees.iter().enumerate() {
            let address = self.element(memory_ty(self.m.context, *scalar), *slot, level)?;
            let left = self.load_scalar(*scalar, address, None)?;
            next.push(self.combine(*op, *scalar, left, leaf_at(&now, k + 1)?)?);
        }
        self.close_phis(&phis, &next, carry);
        self.b.build_unconditional_branch(head)?;
        self.b.position_at_end(done);
        for (k, (_, scalar, _, slot)) in trees.iter().enumerate() {
            let address = self.element(memory_ty(self.m.context, *scalar), *slot, level)?;
            self.store_scalar(*scalar, leaf_at(&now, k + 1)?, address)?;
        }
        Ok(())
    }

    /// Folds what is left after `leaves` leaves, right to left.
    pub fn fold_partials(
        &mut self,
        trees: &[TreeSlot<'c>],
        leaves: IntValue<'c>,
    ) -> Result<Val<'c>, CodegenError> {
        let mut totals = Vec::new();
        for (_, scalar, op, _) in trees {
            totals.push(self.constant(&op.neutral(*scalar))?);
        }
        let i64_ty = self.m.context.i64_type().into();
        let no = self.constant(&Literal::Bool(false))?;
        let zeros = int(self.intrinsic("llvm.ctlz", &[i64_ty], &[leaves.into(), no])?)?;
        let levels = self.b.build_int_sub(self.int64(i64::from(TREE_DEPTH)), zeros, "levels")?;
        self.counted(self.int64(0), levels, 1, totals, &mut |cx, level, totals| {
            let bits = cx.b.build_right_shift(leaves, level, false, "bits")?;
            let bit = cx.b.build_and(bits, cx.int64(1), "bit")?;
            let there = cx.b.build_int_compare(IntPredicate::NE, bit, cx.int64(0), "there")?;
            let from = cx.here()?;
            let (add, next) = (cx.block("add"), cx.block("next"));
            cx.b.build_conditional_branch(there, add, next)?;
            cx.b.position_at_end(add);
            let mut added = Vec::new();
            for (k, (_, scalar, op, slot)) in trees.iter().enumerate() {
                let address = cx.element(memory_ty(cx.m.context, *scalar), *slot, level)?;
                let left = cx.load_scalar(*scalar, address, None)?;
                added.push(cx.combine(*op, *scalar, left, leaf_at(&totals, k)?)?);
            }
            cx.enter(next)?;
            cx.join((&totals, from), (&added, add))
        })
    }
}
