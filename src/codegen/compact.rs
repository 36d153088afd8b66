#![forbid(unsafe_code)]
//! Appenders in loops that run in lanes. What an iteration appends waits until its block of lanes is through; then the
//! lanes that append move together and are written at once.
//!
//! Promises: values stand in the order of iterations, as the scalar loop appends them; a write past what is kept stays
//! inside of the room that was asked for. While a block runs, the registers of its appender are the place where values
//! wait, the lanes that append, and the place again, in the three registers of an appender.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, LeafTy, Val, int, leaf_at, leaves_of, memory_ty, pointer, with_lanes};
use super::words::column_ty;
use crate::ir::{Scalar, Ty};
use crate::value::layout;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{IntValue, PointerValue, VectorValue};
use std::num::NonZero;

/// Bytes of the widest registers that values are moved together in.
const REGISTER: u32 = 64;
/// Where the lanes of a field wait: no vector of lanes is longer.
const FIELD_BYTES: usize = 512;

impl<'c> FnCx<'_, 'c> {
    /// The registers of an appender at the begin of a block.
    pub fn waiting(&mut self, elem: &Ty, lanes: u32) -> Result<Val<'c>, CodegenError> {
        let fields = scalars(elem)?;
        let room = self.m.context.i8_type().array_type((FIELD_BYTES * fields.len()) as u32);
        let place = self.alloca(room.into(), "waiting")?;
        for (k, scalar) in fields.iter().enumerate() {
            let BasicTypeEnum::VectorType(ty) = with_lanes(memory_ty(self.m.context, *scalar), Some(lanes))
            else {
                return Err(CodegenError("a vector expected".into()));
            };
            self.b.build_store(self.offset(place, k * FIELD_BYTES)?, ty.get_poison())?;
        }
        Ok(vec![place.into(), self.no_lanes(lanes)?, place.into()])
    }

    /// `merge(b, item)` of an appender in lanes.
    pub fn append_later(
        &mut self,
        elem: &Ty,
        state: &[Leaf<'c>],
        item: &[Leaf<'c>],
        lanes: u32,
    ) -> Result<Val<'c>, CodegenError> {
        let place = pointer(leaf_at(state, 0)?)?;
        for (k, scalar) in scalars(elem)?.into_iter().enumerate() {
            let at = self.offset(place, k * FIELD_BYTES)?;
            let mut value = self.splat(leaf_at(item, k)?, lanes)?;
            if let Some(mask) = self.mask {
                value = self.select(mask, value, self.load_scalar(scalar, at, Some(lanes))?)?;
            }
            self.store_scalar(scalar, value, at)?;
        }
        Ok(vec![place.into(), self.active(lanes)?, place.into()])
    }

    fn waited(&self, elem: &Ty, state: &[Leaf<'c>], lanes: u32) -> Result<Val<'c>, CodegenError> {
        let place = pointer(leaf_at(state, 0)?)?;
        let load = |(k, scalar)| self.load_scalar(scalar, self.offset(place, k * FIELD_BYTES)?, Some(lanes));
        scalars(elem)?.into_iter().enumerate().map(load).collect()
    }

    /// Writes a block of which each lane appends, to where iteration `i` belongs.
    pub fn write_in_place(
        &mut self,
        elem: &Ty,
        data: PointerValue<'c>,
        i: IntValue<'c>,
        state: &[Leaf<'c>],
        lanes: u32,
    ) -> Result<(), CodegenError> {
        let columns = self.columns(elem, &self.waited(elem, state, lanes)?, lanes)?;
        let (size, to) = (layout::layout(elem), self.elem_address(elem, data, i)?);
        match columns.as_slice() {
            [column] if self.streaming => self.store_past_caches(*column, size.size * lanes as usize, to),
            _ => self.store_columns(&columns, size.align, to),
        }
    }

    /// Appends the lanes of a block that append to `real`, in order.
    pub fn write_compact(
        &mut self,
        elem: &Ty,
        real: &[Leaf<'c>],
        state: &[Leaf<'c>],
        lanes: u32,
    ) -> Result<Val<'c>, CodegenError> {
        let keep = leaf_at(state, 1)?;
        let columns = self.columns(elem, &self.waited(elem, state, lanes)?, lanes)?;
        let (data, len, cap) =
            (pointer(leaf_at(real, 0)?)?, int(leaf_at(real, 1)?)?, int(leaf_at(real, 2)?)?);
        let (data, cap) = self.grow_when_full(elem, data, len, cap, i64::from(lanes))?;
        let align = layout::layout(elem).align;
        if keep == self.splat(self.constant(&crate::ir::Literal::Bool(true))?, lanes)? {
            self.store_columns(&columns, align, self.elem_address(elem, data, len)?)?;
            let len = self.b.build_int_add(len, self.int64(i64::from(lanes)), "len")?;
            return Ok(vec![data.into(), len.into(), cap]);
        }
        let keep = keep.into_vector_value();
        let len = if self.m.can_compress(align) {
            self.compressed(elem, &columns, keep, data, len, (REGISTER / align as u32).min(lanes))?
        } else {
            self.one_by_one(elem, &columns, keep, data, len)?
        };
        Ok(vec![data.into(), len.into(), cap])
    }

    /// A register at a time: the kept lanes move to its begin and the whole register is written, its rest to be overwritten.
    fn compressed(
        &mut self,
        elem: &Ty,
        columns: &[VectorValue<'c>],
        keep: VectorValue<'c>,
        data: PointerValue<'c>,
        mut len: IntValue<'c>,
        width: u32,
    ) -> Result<IntValue<'c>, CodegenError> {
        let align = layout::layout(elem).align;
        for start in (0..keep.get_type().get_size()).step_by(width as usize) {
            let picks: Vec<u32> = (start..start + width).collect();
            let mask = self.shuffled(keep, keep, &picks)?;
            let mut moved = Vec::new();
            for column in columns {
                let part = self.shuffled(*column, *column, &picks)?;
                let nothing = part.get_type().get_poison();
                let args = [part.into(), mask.into(), nothing.into()];
                let name = "llvm.experimental.vector.compress";
                moved.push(self.intrinsic(name, &[column_ty(part)], &args)?.into_vector_value());
            }
            self.store_columns(&moved, align, self.elem_address(elem, data, len)?)?;
            let bits = NonZero::new(width).and_then(|width| self.m.context.custom_width_int_type(width).ok());
            let bits = bits.ok_or_else(|| CodegenError("a register of no lanes".into()))?;
            let bits = self.b.build_bit_cast(mask, bits, "bits")?;
            let kept = int(self.intrinsic("llvm.ctpop", &[bits.get_type()], &[bits])?)?;
            let kept = self.b.build_int_z_extend_or_bit_cast(kept, self.m.context.i64_type(), "kept")?;
            len = self.b.build_int_add(len, kept, "len")?;
        }
        Ok(len)
    }

    /// A lane at a time, without a branch: each is written, and the next one over it unless it is kept.
    fn one_by_one(
        &mut self,
        elem: &Ty,
        columns: &[VectorValue<'c>],
        keep: VectorValue<'c>,
        data: PointerValue<'c>,
        mut len: IntValue<'c>,
    ) -> Result<IntValue<'c>, CodegenError> {
        let align = layout::layout(elem).align;
        let word = self.m.context.i64_type();
        for lane in 0..keep.get_type().get_size() {
            let address = self.elem_address(elem, data, len)?;
            for (k, column) in columns.iter().enumerate() {
                let store =
                    self.b.build_store(self.offset(address, k * align)?, self.picked(*column, lane)?)?;
                store.set_alignment(align as u32).map_err(|error| CodegenError(error.to_string()))?;
            }
            let kept = self.b.build_int_z_extend(int(self.picked(keep, lane)?)?, word, "kept")?;
            len = self.b.build_int_add(len, kept, "len")?;
        }
        Ok(len)
    }
}

fn scalars(elem: &Ty) -> Result<Vec<Scalar>, CodegenError> {
    let scalar = |leaf| match leaf {
        LeafTy::Scalar(scalar) => Ok(scalar),
        _ => Err(CodegenError("lanes hold scalars".into())),
    };
    leaves_of(elem).into_iter().map(scalar).collect()
}
