#![forbid(unsafe_code)]
//! Vecmergers in loops that run in lanes, where neighbouring iterations change neighbouring elements.
//!
//! Promises: each element gets its values in the order of iterations, as no two lanes of a block change the same one
//! (`plan::neighbours`); nothing is written before the block is through. While it runs, the registers of its vecmerger are the
//! place of the first element that it changes, and the new values.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, Val, int, leaf_at, pointer};
use crate::ir::{BinOp, MergeOp, Scalar, Ty};

impl<'c> FnCx<'_, 'c> {
    /// `merge(b, {i, x})` in lanes.
    pub fn merge_neighbours(
        &mut self,
        elem: &Ty,
        op: MergeOp,
        state: &[Leaf<'c>],
        item: &[Leaf<'c>],
        lanes: u32,
    ) -> Result<Val<'c>, CodegenError> {
        let scalar = super::expr::scalar_of(elem)?;
        let (data, len) = (pointer(leaf_at(state, 0)?)?, leaf_at(state, 1)?);
        let first = int(self.lane(leaf_at(item, 0)?, 0)?)?;
        // A block is inside if its first element is before the last place where a block fits.
        let room = [len, self.int64(i64::from(lanes) - 1).into()];
        let places = self.intrinsic("llvm.usub.sat", &[self.m.context.i64_type().into()], &room)?;
        let inside = self.binary(BinOp::Lt, Scalar::U64, first.into(), places)?;
        self.check_lanes(inside, lanes)?;
        let place = self.elem_address(elem, data, first)?;
        let old = self.load_scalar(scalar, place, Some(lanes))?;
        let new = self.combine(op, scalar, old, self.splat(leaf_at(item, 1)?, lanes)?)?;
        Ok(vec![place.into(), self.in_memory(scalar, new, lanes)?.into()])
    }

    /// Writes the new values of a block, if it has merged any.
    pub fn write_neighbours(&self, state: &[Leaf<'c>]) -> Result<(), CodegenError> {
        let Leaf::VectorValue(values) = leaf_at(state, 1)? else { return Ok(()) };
        let bytes = match values.get_type().get_element_type() {
            inkwell::types::BasicTypeEnum::IntType(ty) => ty.get_bit_width() as usize / 8,
            inkwell::types::BasicTypeEnum::FloatType(ty) => ty.get_bit_width() as usize / 8,
            other => return Err(CodegenError(format!("no elements of {other}"))),
        };
        self.store_columns(&[values], bytes, pointer(leaf_at(state, 0)?)?)
    }
}
