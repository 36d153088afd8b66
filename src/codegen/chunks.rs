#![forbid(unsafe_code)]
//! Tables of chunks: what they spill, and how rows get into the table of the whole loop.
//!
//! Promises: rows are written as `runtime::abi::Local` says; `absorb` merges rows in their order.

use super::CodegenError;
use super::dict::Entry;
use super::func::FnCx;
use super::leaves::{Leaf, int, leaf_at, pointer};
use super::seek::Start;
use crate::ir::{BinOp, MergeOp, Scalar};
use crate::runtime::abi::{Absorbed, Dict, Local, PART_BITS, Part};
use inkwell::basic_block::BasicBlock;
use inkwell::module::Linkage;
use inkwell::values::{FunctionValue, IntValue, PointerValue};
use inkwell::{AddressSpace, IntPredicate};
use std::mem::offset_of;

/// So many bytes behind a row, the memory of its part is fetched.
const AHEAD: usize = 64;
/// The slot of a row is fetched so many rows before.
const ROWS_AHEAD: i64 = 12;

impl<'c> FnCx<'_, 'c> {
    /// As [`FnCx::seek`], in the table of a chunk: when it is given up, which it may be already, the merge goes on in the
    /// block of `spill`.
    pub fn seek_or_spill(
        &mut self,
        entry: &Entry,
        start: Start,
        table: PointerValue<'c>,
        (tag, key): (IntValue<'c>, &[Leaf<'c>]),
        (i, spill): (IntValue<'c>, BasicBlock<'c>),
    ) -> Result<IntValue<'c>, CodegenError> {
        let (again, full, found) = (self.block("again"), self.block("full"), self.block("found"));
        let (none, look) = (self.block("none"), self.block("look"));
        self.enter(again)?;
        let room = self.table_int(table, offset_of!(Dict, cap))?;
        let empty = self.b.build_int_compare(IntPredicate::EQ, room, self.int64(0), "empty")?;
        self.b.build_conditional_branch(empty, none, look)?;
        // A table without room is given up, unless it is that of the whole loop.
        self.b.position_at_end(none);
        let local = self.table_ptr(table, offset_of!(Dict, local))?;
        let whole = self.b.build_is_null(local, "whole")?;
        self.b.build_conditional_branch(whole, look, spill)?;
        self.b.position_at_end(look);
        let number = self.seek(entry, Some(start), table, tag, key)?;
        let no_room = self.b.build_int_compare(IntPredicate::EQ, number, self.int64(0), "no_room")?;
        self.b.build_conditional_branch(no_room, full, found)?;
        self.b.position_at_end(full);
        self.call_runtime("weld_rt_dict_full", &[table.into(), i.into()])?;
        self.renew_headers()?;
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
        // Both at once: the number is the lower half.
        let upper = self.b.build_int_z_extend(tag, self.m.context.i64_type(), "upper")?;
        let upper = self.b.build_left_shift(upper, self.int64(32), "upper")?;
        let both =
            self.b.build_store(self.offset(to, row.number_at)?, self.b.build_or(count, upper, "both")?)?;
        both.set_alignment(size_of::<u32>() as u32).map_err(|error| CodegenError(error.to_string()))?;
        // The line that the part needs next is not in a cache, and many stores wait behind one that has to wait.
        self.fetch_to_write(self.offset(to, AHEAD)?)?;
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
        let is_row = cx.b.build_is_not_null(places, "is_row")?;
        let last = cx.b.build_int_sub(hi, cx.int64(1), "last")?;
        let row = entry.row();
        cx.hold_header(table)?;
        cx.counted(lo, hi, 1, Vec::new(), &mut |cx, i, carried| {
            let bytes = cx.b.build_int_mul(i, stride, "bytes")?;
            let from = cx.element(cx.m.context.i8_type().into(), rows, bytes)?;
            let key = cx.load(&entry.key, from)?;
            let value = cx.load(&entry.value, cx.value_at(entry, from)?)?;
            let before = cx.table_int(table, offset_of!(Dict, len))?;
            // Where the row will be looked for that comes a little later.
            let later = cx.b.build_int_add(i, cx.int64(ROWS_AHEAD), "later")?;
            let later = int(cx.binary(BinOp::Min, Scalar::I64, later.into(), last.into())?)?;
            let later =
                cx.element(cx.m.context.i8_type().into(), rows, cx.b.build_int_mul(later, stride, "bytes")?)?;
            let tags_at = (cx.offset(from, row.tag_at)?, cx.offset(later, row.tag_at)?);
            let tag = cx.row_tag(entry, (table, &key), is_row, tags_at)?;
            let at = cx.entry_of_row(entry, table, (tag, &key), before, Start::Of(op))?;
            cx.note_place((table, before), (places, base, is_row), cx.offset(from, row.number_at)?)?;
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

    /// The tag of a key, which a row knows.
    fn row_tag(
        &mut self,
        entry: &Entry,
        (table, key): (PointerValue<'c>, &[Leaf<'c>]),
        is_row: IntValue<'c>,
        (tag_at, later_at): (PointerValue<'c>, PointerValue<'c>),
    ) -> Result<IntValue<'c>, CodegenError> {
        let (known, unknown, tagged) = (self.block("known"), self.block("unknown"), self.block("tagged"));
        self.b.build_conditional_branch(is_row, known, unknown)?;
        self.b.position_at_end(unknown);
        let own = self.key_tag(entry, table, key)?;
        let unknown = self.here()?;
        self.b.build_unconditional_branch(tagged)?;
        self.b.position_at_end(known);
        let held = self.b.build_load(self.m.context.i32_type(), tag_at, "tag")?;
        let later = int(self.b.build_load(self.m.context.i32_type(), later_at, "later")?)?;
        self.prefetch(self.own_slot(table, later)?)?;
        self.enter(tagged)?;
        let tag = self.join((&vec![own.into()], unknown), (&vec![held], known))?;
        int(leaf_at(&tag, 0)?)
    }

    /// The entry of a key in a table of `len` entries. A new one is made here when that is easy.
    fn entry_of_row(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        (tag, key): (IntValue<'c>, &[Leaf<'c>]),
        len: IntValue<'c>,
        start: Start,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let (fresh, old, ready) = (self.block("fresh"), self.block("old"), self.block("ready"));
        let own = self.own_slot(table, tag)?;
        let held = int(self.b.build_load(self.m.context.i64_type(), own, "held")?)?;
        let free = self.b.build_int_compare(IntPredicate::EQ, held, self.int64(0), "free")?;
        let cap = self.table_int(table, offset_of!(Dict, cap))?;
        let roomy = self.b.build_int_compare(IntPredicate::NE, len, cap, "roomy")?;
        let easy = self.b.build_and(free, roomy, "easy")?;
        self.b.build_conditional_branch(easy, fresh, old)?;
        self.b.position_at_end(old);
        let (known, _) = self.entry_with_tag(entry, table, key, tag, start)?;
        let old = self.here()?;
        self.b.build_unconditional_branch(ready)?;
        self.b.position_at_end(fresh);
        let (new, _) = self.insert_entry(entry, start, table, (own, len), (tag, key))?;
        self.enter(ready)?;
        let at = self.join((&vec![known.into()], old), (&vec![new.into()], fresh))?;
        pointer(leaf_at(&at, 0)?)
    }

    /// Notes the place of a row whose key is new since the table had `before` keys.
    fn note_place(
        &mut self,
        (table, before): (PointerValue<'c>, IntValue<'c>),
        (places, base, is_row): (PointerValue<'c>, IntValue<'c>, IntValue<'c>),
        number: PointerValue<'c>,
    ) -> Result<(), CodegenError> {
        let (note, noted) = (self.block("note"), self.block("noted"));
        let len = self.table_int(table, offset_of!(Dict, len))?;
        let is_new = self.b.build_int_compare(IntPredicate::NE, len, before, "is_new")?;
        let wanted = self.b.build_and(is_new, is_row, "wanted")?;
        self.b.build_conditional_branch(wanted, note, noted)?;
        self.b.position_at_end(note);
        let number = int(self.b.build_load(self.m.context.i32_type(), number, "number")?)?;
        let number = self.b.build_int_z_extend(number, self.m.context.i64_type(), "number")?;
        let place = self.b.build_int_add(base, number, "place")?;
        self.b.build_store(self.element(self.m.context.i64_type().into(), places, before)?, place)?;
        self.enter(noted)
    }
}
