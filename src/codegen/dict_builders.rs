#![forbid(unsafe_code)]
//! Dictmergers and groupmergers: LANGUAGE 10.4. Their value is a pointer to the table, which is filled in place.
//!
//! Promises: a merge into a key that is there calls nothing. A groupmerger counts the values of each key in the place
//! of its vector and logs the rows; `result` sorts them by key, stably, into one allocation.

use super::CodegenError;
use super::dict::Entry;
use super::func::FnCx;
use super::leaves::{Leaf, Val, int, leaf_at, pointer, width};
use crate::ir::{BinOp, MergeOp, Scalar, Ty};
use crate::runtime::abi::{Appender, Dict, Local};
use crate::value::layout;
use inkwell::IntPredicate;
use inkwell::basic_block::BasicBlock;
use inkwell::values::{IntValue, PointerValue};
use std::mem::offset_of;

/// Rows between two looks at the signal while groups are put together.
const ROWS_PER_POLL: i64 = 1 << 16;

/// Slots that a table outside of loops begins with, so that a few keys hardly meet.
const FIRST_SLOTS: i64 = 512;

/// Where a key is.
struct Found<'c> {
    entry: PointerValue<'c>,
    ticket: IntValue<'c>,
    /// The hash, in the upper half.
    tag: IntValue<'c>,
}

impl<'c> FnCx<'_, 'c> {
    /// A fresh table, or a copy of the dictionary `from`.
    pub fn new_table(&mut self, entry: &Entry, from: Option<Leaf<'c>>) -> Result<Val<'c>, CodegenError> {
        let slot = self.alloca(self.ptr_ty(), "table")?;
        let bytes = self.int64(entry.bytes() as i64).into();
        match from {
            None => {
                // A table inside a loop may be one of many.
                let slots = if self.in_loop { 0 } else { FIRST_SLOTS };
                self.call_runtime("weld_rt_dict_new", &[bytes, self.int64(slots).into(), slot.into()])?;
            }
            Some(from) => self.call_runtime("weld_rt_dict_copy", &[from.into(), bytes, slot.into()])?,
        }
        Ok(vec![self.b.build_load(self.ptr_ty(), slot, "table")?])
    }

    /// `merge(b, {key, value})` of a dictmerger.
    pub fn merge_dict(
        &mut self,
        entry: &Entry,
        op: MergeOp,
        table: Leaf<'c>,
        pair: &[Leaf<'c>],
        hint: Option<IntValue<'c>>,
    ) -> Result<(), CodegenError> {
        let (key, value) = pair.split_at(width(&entry.key).min(pair.len()));
        let table = pointer(table)?;
        let spill = self.chunked_at.map(|i| (i, self.block("spill")));
        let start = |cx: &mut Self| cx.merger_start(&entry.value, op);
        let found = self.entry_of(entry, table, key, (hint, spill), &start)?;
        let at = self.value_at(entry, found.entry)?;
        let held = self.load(&entry.value, at)?;
        let merged = self.combine_values(&entry.value, op, &held, value)?;
        self.store(&entry.value, &merged, at)?;
        let Some((_, spill)) = spill else { return Ok(()) };
        let merged = self.block("merged");
        self.b.build_unconditional_branch(merged)?;
        self.b.position_at_end(spill);
        self.spill_row(entry, table, found.tag, pair)?;
        self.enter(merged)
    }

    /// The entry of a key and its ticket; a new key gets the value `start`. What a hint says is tried first. In the table of
    /// a chunk, which holds a limited number of keys, a key without an entry goes on in the block of `spill`, which comes
    /// with the number of the iteration.
    fn entry_of(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        key: &[Leaf<'c>],
        (hint, spill): (Option<IntValue<'c>>, Option<(IntValue<'c>, BasicBlock<'c>)>),
        start: &dyn Fn(&mut Self) -> Result<Val<'c>, CodegenError>,
    ) -> Result<Found<'c>, CodegenError> {
        let Some(number) = hint else { return self.looked_up(entry, table, key, spill, start) };
        let (told, look, ready) = (self.block("told"), self.block("look"), self.block("ready"));
        let number = self.b.build_int_z_extend(number, self.m.context.i64_type(), "number")?;
        let ticket = self.b.build_int_sub(number, self.int64(1), "ticket")?;
        // The table of a chunk may have been given up since. No hint is a huge ticket.
        let len = self.table_int(table, offset_of!(Dict, len))?;
        let known = self.b.build_int_compare(IntPredicate::ULT, ticket, len, "known")?;
        self.b.build_conditional_branch(known, told, look)?;
        self.b.position_at_end(told);
        let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
        let address = self.elem_address(&entry.pair, entries, ticket)?;
        let same = self.is_key_of(entry, address, key)?;
        let told = self.here()?;
        self.b.build_conditional_branch(same, ready, look)?;
        self.b.position_at_end(look);
        let found = self.looked_up(entry, table, key, spill, start)?;
        let looked = self.here()?;
        self.enter(ready)?;
        let (known, probed) =
            (vec![address.into(), ticket.into()], vec![found.entry.into(), found.ticket.into()]);
        let joined = self.join((&known, told), (&probed, looked))?;
        let (entry, ticket) = (pointer(leaf_at(&joined, 0)?)?, int(leaf_at(&joined, 1)?)?);
        Ok(Found { entry, ticket, tag: found.tag })
    }

    /// The entry of a key and its ticket, without hints.
    pub fn probed_entry(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        key: &[Leaf<'c>],
        start: &dyn Fn(&mut Self) -> Result<Val<'c>, CodegenError>,
    ) -> Result<(PointerValue<'c>, IntValue<'c>), CodegenError> {
        let found = self.looked_up(entry, table, key, None, start)?;
        Ok((found.entry, found.ticket))
    }

    fn looked_up(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        key: &[Leaf<'c>],
        spill: Option<(IntValue<'c>, BasicBlock<'c>)>,
        start: &dyn Fn(&mut Self) -> Result<Val<'c>, CodegenError>,
    ) -> Result<Found<'c>, CodegenError> {
        let probe = self.probe(entry, table, key)?;
        let (full, insert, ready) = (self.block("full"), self.block("insert"), self.block("ready"));
        self.b.position_at_end(probe.absent);
        let len = self.table_int(table, offset_of!(Dict, len))?;
        let cap = self.table_int(table, offset_of!(Dict, cap))?;
        let is_full = self.b.build_int_compare(IntPredicate::EQ, len, cap, "is_full")?;
        self.b.build_conditional_branch(is_full, full, insert)?;

        self.b.position_at_end(full);
        if let Some((i, spill)) = spill {
            let local = self.table_ptr(table, offset_of!(Dict, local))?;
            let whole = self.b.build_is_null(local, "whole")?;
            let (grow, limited, ask) = (self.block("grow"), self.block("limited"), self.block("ask"));
            self.b.build_conditional_branch(whole, grow, limited)?;
            self.b.position_at_end(limited);
            let spills = self.table_int(local, offset_of!(Local, spills))?;
            let asked = self.b.build_int_compare(IntPredicate::EQ, spills, self.int64(0), "asked")?;
            self.b.build_conditional_branch(asked, ask, spill)?;
            self.b.position_at_end(ask);
            self.call_runtime("weld_rt_dict_full", &[table.into(), i.into()])?;
            self.b.build_unconditional_branch(probe.again)?;
            self.b.position_at_end(grow);
        }
        self.call_runtime("weld_rt_dict_grow", &[table.into()])?;
        self.b.build_unconditional_branch(probe.again)?;

        self.b.position_at_end(insert);
        let more = self.b.build_int_add(len, self.int64(1), "more")?;
        self.b.build_store(probe.slot, self.b.build_or(probe.tag, more, "slot")?)?;
        self.b.build_store(self.offset(table, offset_of!(Dict, len))?, more)?;
        let new = self.elem_address(&entry.pair, probe.entries, len)?;
        self.store(&entry.key, key, new)?;
        let value = start(self)?;
        self.store(&entry.value, &value, self.value_at(entry, new)?)?;
        let inserted = self.here()?;
        self.b.build_unconditional_branch(ready)?;

        self.b.position_at_end(probe.found);
        self.enter(ready)?;
        let found = vec![probe.entry.into(), probe.ticket.into()];
        let joined = self.join((&vec![new.into(), len.into()], inserted), (&found, probe.found))?;
        let (entry, ticket) = (pointer(leaf_at(&joined, 0)?)?, int(leaf_at(&joined, 1)?)?);
        Ok(Found { entry, ticket, tag: probe.tag })
    }

    /// `merge(b, {key, value})` of a groupmerger; `elem` is the type of the value.
    pub fn merge_group(
        &mut self,
        entry: &Entry,
        elem: &Ty,
        table: Leaf<'c>,
        pair: &[Leaf<'c>],
        hint: Option<IntValue<'c>>,
    ) -> Result<(), CodegenError> {
        let table = pointer(table)?;
        let (key, value) = pair.split_at(width(&entry.key).min(pair.len()));
        let start = |cx: &mut Self| cx.blank(&entry.value);
        let Found { entry: at, ticket, .. } = self.entry_of(entry, table, key, (hint, None), &start)?;
        let count_at = self.offset(self.value_at(entry, at)?, LEN)?;
        let count = int(self.b.build_load(self.m.context.i64_type(), count_at, "count")?)?;
        self.b.build_store(count_at, self.b.build_int_add(count, self.int64(1), "count")?)?;

        let row_ty = row_of(elem);
        let log = self.offset(table, offset_of!(Dict, log))?;
        let len = self.table_int(log, offset_of!(Appender, len))?;
        let cap = self.table_int(log, offset_of!(Appender, cap))?;
        let full = self.b.build_int_compare(IntPredicate::EQ, len, cap, "full")?;
        let (grow, roomy) = (self.block("grow"), self.block("roomy"));
        self.b.build_conditional_branch(full, grow, roomy)?;
        self.b.position_at_end(grow);
        let stride = self.int64(layout::layout(&row_ty).size as i64);
        self.call_runtime("weld_rt_grow", &[log.into(), self.int64(1).into(), stride.into()])?;
        self.enter(roomy)?;
        let rows = self.table_ptr(log, offset_of!(Appender, data))?;
        let mut row = vec![self.b.build_int_truncate(ticket, self.m.context.i32_type(), "ticket")?.into()];
        row.extend_from_slice(value);
        self.store(&row_ty, &row, self.elem_address(&row_ty, rows, len)?)?;
        let more = self.b.build_int_add(len, self.int64(1), "more")?;
        self.b.build_store(self.offset(log, offset_of!(Appender, len))?, more)?;
        Ok(())
    }

    /// `result(b)` of a groupmerger: gives each key the vector of its values.
    pub fn finish_groups(&mut self, entry: &Entry, elem: &Ty, table: Leaf<'c>) -> Result<(), CodegenError> {
        let table = pointer(table)?;
        let row_ty = row_of(elem);
        let log = self.offset(table, offset_of!(Dict, log))?;
        let rows = self.table_ptr(log, offset_of!(Appender, data))?;
        let n_rows = self.table_int(log, offset_of!(Appender, len))?;
        let data = self.allocate(elem, n_rows)?;
        let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
        let n_keys = self.table_int(table, offset_of!(Dict, len))?;
        let i64_ty = self.m.context.i64_type();

        // Each key gets its part of the values, and a count that runs again from 0.
        let none = vec![self.int64(0).into()];
        self.polled(n_keys, none, &mut |cx, at, before| {
            let before = int(leaf_at(&before, 0)?)?;
            let group = cx.value_at(entry, cx.elem_address(&entry.pair, entries, at)?)?;
            cx.b.build_store(group, cx.elem_address(elem, data, before)?)?;
            let count_at = cx.offset(group, LEN)?;
            let count = int(cx.b.build_load(i64_ty, count_at, "count")?)?;
            cx.b.build_store(count_at, cx.int64(0))?;
            Ok(vec![cx.b.build_int_add(before, count, "before")?.into()])
        })?;
        let ticket_ty = Ty::Scalar(Scalar::U32);
        let value_offset =
            layout::field_offsets(&[ticket_ty.clone(), elem.clone()]).get(1).copied().unwrap_or(0);
        self.polled(n_rows, Vec::new(), &mut |cx, at, carried| {
            let row = cx.elem_address(&row_ty, rows, at)?;
            let ticket = int(leaf_at(&cx.load(&ticket_ty, row)?, 0)?)?;
            let ticket = cx.b.build_int_z_extend(ticket, i64_ty, "ticket")?;
            let value = cx.load(elem, cx.offset(row, value_offset)?)?;
            let group = cx.value_at(entry, cx.elem_address(&entry.pair, entries, ticket)?)?;
            let to = pointer(cx.b.build_load(cx.ptr_ty(), group, "group")?)?;
            let count_at = cx.offset(group, LEN)?;
            let count = int(cx.b.build_load(i64_ty, count_at, "count")?)?;
            cx.store(elem, &value, cx.elem_address(elem, to, count)?)?;
            cx.b.build_store(count_at, cx.b.build_int_add(count, cx.int64(1), "count")?)?;
            Ok(carried)
        })?;
        self.call_runtime("weld_rt_dict_seal", &[table.into()])
    }

    /// `for at in 0..n` with carried leaves, stopping when asked to.
    pub fn polled(
        &mut self,
        n: IntValue<'c>,
        carried: Val<'c>,
        body: &mut dyn FnMut(&mut Self, IntValue<'c>, Val<'c>) -> Result<Val<'c>, CodegenError>,
    ) -> Result<Val<'c>, CodegenError> {
        self.counted(self.int64(0), n, ROWS_PER_POLL, carried, &mut |cx, lo, carried| {
            cx.poll()?;
            let end = cx.b.build_int_add(lo, cx.int64(ROWS_PER_POLL), "end")?;
            let hi = int(cx.binary(BinOp::Min, Scalar::I64, end.into(), n.into())?)?;
            cx.counted(lo, hi, 1, carried, body)
        })
    }
}

/// Offset of the length in a vector.
const LEN: usize = 8;

/// A row of the log: the number of the key, and the value.
fn row_of(elem: &Ty) -> Ty {
    Ty::tuple(vec![Ty::Scalar(Scalar::U32), elem.clone()])
}
