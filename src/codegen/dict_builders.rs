#![forbid(unsafe_code)]
//! Dictmergers and groupmergers: LANGUAGE 10.4. Their value is a pointer to the table, which is filled in place.
//!
//! Promises: a merge into a key that is there calls nothing. A groupmerger counts the values of each key in the place
//! of its vector and logs the rows; `result` sorts them by key, stably, into one allocation.

use super::CodegenError;
use super::dict::Entry;
use super::func::FnCx;
use super::leaves::{Leaf, Val, int, leaf_at, pointer, width};
use super::seek::Start;
use crate::ir::{BinOp, MergeOp, Scalar, Ty};
use crate::runtime::abi::{Appender, Dict};
use crate::value::layout;
use inkwell::IntPredicate;
use inkwell::basic_block::BasicBlock;
use inkwell::values::{IntValue, PointerValue};
use std::mem::offset_of;

/// Rows between two looks at the signal while groups are put together.
const ROWS_PER_POLL: i64 = 1 << 16;

/// So many neighbouring values of one type are merged at once.
const IN_LANES: usize = 4;
/// Slots that a table outside of loops begins with, so that a few keys hardly meet.
const FIRST_SLOTS: i64 = 512;

/// Where a key is.
struct Found<'c> {
    entry: PointerValue<'c>,
    ticket: IntValue<'c>,
    /// The hash.
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
        let table = pointer(table)?;
        if let Some(k) = self.tables.rows.iter().position(|rows| rows.are_of(table)) {
            return self.wait(k, pair);
        }
        if self.tables.chunked_at.is_some() {
            let key = pair.get(..width(&entry.key)).unwrap_or_default();
            let tag = self.key_tag(entry, table, key)?;
            return self.merge_row(entry, op, table, pair, tag);
        }
        let (key, value) = pair.split_at(width(&entry.key).min(pair.len()));
        let found = self.entry_of(entry, table, key, hint, Start::Of(op))?;
        self.merge_value(entry, op, found.entry, value)
    }

    /// A merge into the table of a chunk; `tag` is that of the key.
    pub fn merge_row(
        &mut self,
        entry: &Entry,
        op: MergeOp,
        table: PointerValue<'c>,
        pair: &[Leaf<'c>],
        tag: IntValue<'c>,
    ) -> Result<(), CodegenError> {
        let (key, value) = pair.split_at(width(&entry.key).min(pair.len()));
        let spill = self.block("spill");
        let found = self.looked_up(entry, table, (tag, key), Some(spill), Start::Of(op))?;
        self.merge_value(entry, op, found.entry, value)?;
        let merged = self.block("merged");
        self.b.build_unconditional_branch(merged)?;
        self.b.position_at_end(spill);
        self.spill_row(entry, table, found.tag, pair)?;
        self.enter(merged)
    }

    /// Merges a value into that of the entry `at`.
    fn merge_value(
        &mut self,
        entry: &Entry,
        op: MergeOp,
        at: PointerValue<'c>,
        value: &[Leaf<'c>],
    ) -> Result<(), CodegenError> {
        let at = self.value_at(entry, at)?;
        let Ty::Struct(fields) = &entry.value else {
            let held = self.load(&entry.value, at)?;
            let merged = self.combine_values(&entry.value, op, &held, value)?;
            return self.store(&entry.value, &merged, at);
        };
        let offsets = layout::field_offsets(fields);
        let mut k = 0;
        while let (Some(field), Some(offset)) = (fields.get(k), offsets.get(k)) {
            let (at, alike) = (self.offset(at, *offset)?, fields.iter().skip(k));
            let alike = alike.take_while(|other| *other == field).count();
            k += match field.scalar() {
                Some(scalar) if alike >= IN_LANES && scalar != Scalar::Bool => {
                    self.merge_lanes(scalar, op, at, value.get(k..k + IN_LANES).unwrap_or_default())?;
                    IN_LANES
                }
                _ => {
                    let held = self.load(field, at)?;
                    let own = value.get(k..=k).unwrap_or_default();
                    let merged = self.combine_values(field, op, &held, own)?;
                    self.store(field, &merged, at)?;
                    1
                }
            };
        }
        Ok(())
    }

    /// Merges neighbouring values of one type at once.
    fn merge_lanes(
        &mut self,
        scalar: Scalar,
        op: MergeOp,
        at: PointerValue<'c>,
        values: &[Leaf<'c>],
    ) -> Result<(), CodegenError> {
        let lanes = values.len() as u32;
        let held = self.load_scalar(scalar, at, Some(lanes))?;
        let mut more = held.into_vector_value().get_type().get_poison();
        for (lane, value) in values.iter().enumerate() {
            more = self.b.build_insert_element(more, *value, self.int32(lane as u32), "more")?;
        }
        let merged = self.combine(op, scalar, held, more.into())?;
        self.store_scalar(scalar, merged, at)
    }

    /// The entry of a key and its ticket; a new key gets the value `start`. What a hint says is tried first.
    fn entry_of(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        key: &[Leaf<'c>],
        hint: Option<IntValue<'c>>,
        start: Start,
    ) -> Result<Found<'c>, CodegenError> {
        let Some(number) = hint else {
            let tag = self.key_tag(entry, table, key)?;
            return self.looked_up(entry, table, (tag, key), None, start);
        };
        let (told, look, ready) = (self.block("told"), self.block("look"), self.block("ready"));
        let number = self.b.build_int_z_extend(number, self.m.context.i64_type(), "number")?;
        let ticket = self.b.build_int_sub(number, self.int64(1), "ticket")?;
        let known = self.b.build_int_compare(IntPredicate::NE, number, self.int64(0), "known")?;
        self.b.build_conditional_branch(known, told, look)?;
        self.b.position_at_end(told);
        let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
        let address = self.elem_address(&entry.pair, entries, ticket)?;
        let same = self.is_key_of(entry, address, key)?;
        let told = self.here()?;
        self.b.build_conditional_branch(same, ready, look)?;
        self.b.position_at_end(look);
        let tag = self.key_tag(entry, table, key)?;
        let found = self.looked_up(entry, table, (tag, key), None, start)?;
        let looked = self.here()?;
        self.enter(ready)?;
        let (known, probed) =
            (vec![address.into(), ticket.into()], vec![found.entry.into(), found.ticket.into()]);
        let joined = self.join((&known, told), (&probed, looked))?;
        let (entry, ticket) = (pointer(leaf_at(&joined, 0)?)?, int(leaf_at(&joined, 1)?)?);
        Ok(Found { entry, ticket, tag: found.tag })
    }

    /// The entry of a key and its ticket, by looking for it.
    pub fn probed_entry(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        key: &[Leaf<'c>],
        start: Start,
    ) -> Result<(PointerValue<'c>, IntValue<'c>), CodegenError> {
        let tag = self.key_tag(entry, table, key)?;
        self.entry_with_tag(entry, table, key, tag, start)
    }

    /// The same when the tag is known.
    pub fn entry_with_tag(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        key: &[Leaf<'c>],
        tag: IntValue<'c>,
        start: Start,
    ) -> Result<(PointerValue<'c>, IntValue<'c>), CodegenError> {
        let found = self.looked_up(entry, table, (tag, key), None, start)?;
        Ok((found.entry, found.ticket))
    }

    /// The same. In the table of a chunk, which holds a limited number of keys, a key that it has no room for goes on in the block
    /// `spill`.
    fn looked_up(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        (tag, key): (IntValue<'c>, &[Leaf<'c>]),
        spill: Option<BasicBlock<'c>>,
        start: Start,
    ) -> Result<Found<'c>, CodegenError> {
        let probe = self.probe_tag(entry, table, key, tag)?;
        self.b.position_at_end(probe.other);
        let number = match (spill, self.tables.chunked_at) {
            (Some(spill), Some(i)) => {
                self.seek_or_spill(entry, start, table, (probe.tag, key), (i, spill))?
            }
            _ => self.seek(entry, Some(start), table, probe.tag, key)?,
        };
        let ticket = self.b.build_int_sub(number, self.int64(1), "ticket")?;
        let address = self.elem_address(&entry.pair, self.entries_of(table)?, ticket)?;
        let sought = self.here()?;
        let ready = self.block("ready");
        self.b.build_unconditional_branch(ready)?;
        self.b.position_at_end(probe.found);
        self.enter(ready)?;
        let found = vec![probe.entry.into(), probe.ticket.into()];
        let joined = self.join((&found, probe.found), (&vec![address.into(), ticket.into()], sought))?;
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
        let Found { entry: at, ticket, .. } = self.entry_of(entry, table, key, hint, Start::Blank)?;
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
