#![forbid(unsafe_code)]
//! Tables of chunks: what they spill, and how rows get into the table of the whole loop.
//!
//! Promises: rows are written as `runtime::abi::Local` says; `absorb` merges rows in their order.

use super::CodegenError;
use super::dict::Entry;
use super::func::FnCx;
use super::leaves::{Leaf, int};
use super::seek::Start;
use crate::ir::MergeOp;
use crate::runtime::abi::{Absorbed, Dict, Local, PART_BITS, Part};
use inkwell::basic_block::BasicBlock;
use inkwell::module::Linkage;
use inkwell::values::{FunctionValue, IntValue, PointerValue};
use inkwell::{AddressSpace, IntPredicate};
use std::mem::offset_of;

impl<'c> FnCx<'_, 'c> {
    /// As [`FnCx::seek`], in the table of a chunk: a key that it has no room for goes on in the block of `spill`.
    pub fn seek_or_spill(
        &mut self,
        entry: &Entry,
        start: Start,
        table: PointerValue<'c>,
        (tag, key): (IntValue<'c>, &[Leaf<'c>]),
        (i, spill): (IntValue<'c>, BasicBlock<'c>),
    ) -> Result<IntValue<'c>, CodegenError> {
        let (again, ask, found) = (self.block("again"), self.block("ask"), self.block("found"));
        let (none, limited) = (self.block("none"), self.block("limited"));
        // A table that was given up has no room at all.
        let room = self.table_int(table, offset_of!(Dict, cap))?;
        let empty = self.b.build_int_compare(IntPredicate::EQ, room, self.int64(0), "empty")?;
        self.b.build_conditional_branch(empty, none, again)?;
        self.b.position_at_end(none);
        let local = self.table_ptr(table, offset_of!(Dict, local))?;
        let whole = self.b.build_is_null(local, "whole")?;
        self.b.build_conditional_branch(whole, again, spill)?;
        self.b.position_at_end(again);
        let number = self.seek(entry, Some(start), table, tag, key)?;
        let no_room = self.b.build_int_compare(IntPredicate::EQ, number, self.int64(0), "no_room")?;
        self.b.build_conditional_branch(no_room, limited, found)?;
        self.b.position_at_end(limited);
        let local = self.table_ptr(table, offset_of!(Dict, local))?;
        let spills = self.table_int(local, offset_of!(Local, spills))?;
        let unasked = self.b.build_int_compare(IntPredicate::EQ, spills, self.int64(0), "unasked")?;
        self.b.build_conditional_branch(unasked, ask, spill)?;
        self.b.position_at_end(ask);
        self.call_runtime("weld_rt_dict_full", &[table.into(), i.into()])?;
        self.b.build_unconditional_branch(again)?;
        self.b.position_at_end(found);
        Ok(number)
    }

    /// Writes `{key, value}` as a row; `tag` is the hash of the key.
    pub fn spill_row(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        tag: IntValue<'c>,
        pair: &[Leaf<'c>],
    ) -> Result<(), CodegenError> {
        let row = entry.row();
        let local = self.table_ptr(table, offset_of!(Dict, local))?;
        let parts = self.table_ptr(local, offset_of!(Local, parts))?;
        let shift = self.int32(u32::BITS - PART_BITS);
        let number = self.b.build_right_shift(tag, shift, false, "part")?;
        let number = self.b.build_int_z_extend(number, self.m.context.i64_type(), "part")?;
        let part_ty = self.m.context.i8_type().array_type(size_of::<Part>() as u32).into();
        let part = self.element(part_ty, parts, number)?;
        let next_at = self.offset(part, offset_of!(Part, next))?;
        let next = self.table_int(part, offset_of!(Part, next))?;
        let end = self.table_int(part, offset_of!(Part, end))?;
        let room = self.b.build_int_compare(IntPredicate::NE, next, end, "room")?;
        let (grow, roomy) = (self.block("grow_part"), self.block("roomy"));
        self.likely(room, roomy, grow)?;
        self.b.position_at_end(grow);
        self.call_runtime("weld_rt_part_grow", &[table.into(), number.into()])?;
        self.enter(roomy)?;
        let to = self.table_ptr(part, offset_of!(Part, next))?;
        self.store(&entry.pair, pair, to)?;
        let count_at = self.offset(local, offset_of!(Local, next))?;
        let count = self.table_int(local, offset_of!(Local, next))?;
        self.b.build_store(self.offset(to, row.number_at)?, count)?;
        self.b.build_store(count_at, self.b.build_int_add(count, self.int64(1), "count")?)?;
        self.b.build_store(next_at, self.offset(to, row.bytes)?)?;
        Ok(())
    }

    /// The function `absorb` of an `abi::TableDesc`.
    pub fn absorber(
        &mut self,
        name: &str,
        entry: &Entry,
        op: MergeOp,
    ) -> Result<FunctionValue<'c>, CodegenError> {
        let (ptr, i64_ty) = (self.m.context.ptr_type(AddressSpace::default()), self.m.context.i64_type());
        let args = [ptr.into(), ptr.into(), ptr.into(), i64_ty.into(), i64_ty.into()];
        let ty = self.m.context.i32_type().fn_type(&args, false);
        let function = self.m.add_function(name, ty, Linkage::Internal);
        let mut cx = FnCx::new(self.m, function)?;
        cx.in_loop = true;
        let (env, table) = (cx.param_ptr(1)?, cx.param_ptr(2)?);
        let (lo, hi) = (int(cx.param(3)?)?, int(cx.param(4)?)?);
        let rows = cx.table_ptr(env, offset_of!(Absorbed, rows))?;
        let stride = cx.table_int(env, offset_of!(Absorbed, stride))?;
        let places = cx.table_ptr(env, offset_of!(Absorbed, places))?;
        let base = cx.table_int(env, offset_of!(Absorbed, base))?;
        let taken = cx.table_int(env, offset_of!(Absorbed, taken))?;
        let taken = cx.b.build_int_compare(IntPredicate::NE, taken, cx.int64(0), "taken")?;
        let row = entry.row();
        cx.hold_header(table)?;
        cx.counted(lo, hi, 1, Vec::new(), &mut |cx, i, carried| {
            let bytes = cx.b.build_int_mul(i, stride, "bytes")?;
            let from = cx.element(cx.m.context.i8_type().into(), rows, bytes)?;
            let key = cx.load(&entry.key, from)?;
            let value = cx.load(&entry.value, cx.value_at(entry, from)?)?;
            let before = cx.table_int(table, offset_of!(Dict, len))?;
            let (at, _) = cx.probed_entry(entry, table, &key, Start::Of(op))?;
            cx.note_place((table, before), (places, base), cx.offset(from, row.number_at)?)?;
            let at = cx.value_at(entry, at)?;
            let held = cx.load(&entry.value, at)?;
            let merged = cx.combine_values(&entry.value, op, &held, &value)?;
            let mut chosen = Vec::new();
            for (value, merged) in value.iter().zip(merged) {
                chosen.push(cx.b.build_select(taken, *value, merged, "chosen")?);
            }
            cx.store(&entry.value, &chosen, at)?;
            Ok(carried)
        })?;
        cx.b.build_return(Some(&cx.int32(0)))?;
        cx.finish()?;
        Ok(function)
    }

    /// Notes the place of a key that is new since the table had `before` keys, if places are asked for.
    fn note_place(
        &mut self,
        (table, before): (PointerValue<'c>, IntValue<'c>),
        (places, base): (PointerValue<'c>, IntValue<'c>),
        number: PointerValue<'c>,
    ) -> Result<(), CodegenError> {
        let (note, noted) = (self.block("note"), self.block("noted"));
        let len = self.table_int(table, offset_of!(Dict, len))?;
        let is_new = self.b.build_int_compare(IntPredicate::NE, len, before, "is_new")?;
        let asked = self.b.build_is_not_null(places, "asked")?;
        let wanted = self.b.build_and(is_new, asked, "wanted")?;
        self.b.build_conditional_branch(wanted, note, noted)?;
        self.b.position_at_end(note);
        let number = self.table_int(number, 0)?;
        let place = self.b.build_int_add(base, number, "place")?;
        self.b.build_store(self.element(self.m.context.i64_type().into(), places, before)?, place)?;
        self.enter(noted)
    }
}
