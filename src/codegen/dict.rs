#![forbid(unsafe_code)]
//! Dictionaries: finding a key, and the operations that look into a finished dictionary (LANGUAGE 8.3).
//!
//! Promises: hash, probe and comparison of keys are emitted where they are used; a null pointer is an empty dictionary.
//! The table is as `runtime::abi::Dict` says.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, Val, int, leaf_at, pointer};
use super::module::Check;
use super::prefetch::ABSENT;
use crate::ir::{Expr, ExprKind, Scalar, Ty};
use crate::runtime::abi::{Dict, LINE};
use crate::value::layout;
use inkwell::IntPredicate;
use inkwell::basic_block::BasicBlock;
use inkwell::values::{BasicValue, IntValue, PointerValue, VectorValue};
use std::mem::offset_of;

/// The types of a dictionary and where they are in an entry.
pub(super) struct Entry {
    pub key: Ty,
    pub value: Ty,
    /// `{key, value}`.
    pub pair: Ty,
    value_offset: usize,
}

/// A row with a key and a value, which lie in it as in an entry.
pub(super) struct Row {
    pub bytes: usize,
    /// Where the number is.
    pub number_at: usize,
}

/// Where looking for a key can end.
pub(super) struct Probe<'c> {
    /// Here `entry` is the entry of the key, and `ticket` its number.
    pub found: BasicBlock<'c>,
    pub entry: PointerValue<'c>,
    pub ticket: IntValue<'c>,
    /// Here the key is not in the table, and `slot` is free.
    pub absent: BasicBlock<'c>,
    pub slot: PointerValue<'c>,
    /// The entries of the table.
    pub entries: PointerValue<'c>,
    /// The hash, in the upper half.
    pub tag: IntValue<'c>,
    /// Looks again, after the table has changed.
    pub again: BasicBlock<'c>,
}

/// What a line of slots holds, one bit for each half of a slot.
pub(super) struct Line<'c> {
    /// The upper halves that are the tag.
    pub tags: IntValue<'c>,
    /// The lower halves of free slots.
    pub free: IntValue<'c>,
}

const UPPER_HALVES: u32 = 0xaaaa;
const LOWER_HALVES: u32 = 0x5555;

impl Entry {
    pub fn new(key: &Ty, value: &Ty) -> Entry {
        let fields = [key.clone(), value.clone()];
        let value_offset = layout::field_offsets(&fields).get(1).copied().unwrap_or(0);
        Entry { key: key.clone(), value: value.clone(), pair: Ty::tuple(fields.to_vec()), value_offset }
    }

    pub fn of(dict: &Ty) -> Result<Entry, CodegenError> {
        let (key, value) = dict.entry().ok_or_else(|| CodegenError(format!("`{dict}` is no dictionary")))?;
        Ok(Entry::new(key, value))
    }

    pub fn bytes(&self) -> usize {
        layout::layout(&self.pair).size
    }

    /// The rows that a table of a chunk spills: an entry, and the number of the row.
    pub fn row(&self) -> Row {
        let fields = [self.key.clone(), self.value.clone(), Ty::Scalar(Scalar::I64)];
        let number_at = layout::field_offsets(&fields).get(2).copied().unwrap_or(0);
        Row { bytes: layout::layout(&Ty::tuple(fields.to_vec())).size, number_at }
    }
}

impl<'c> FnCx<'_, 'c> {
    /// A number in the header of a table.
    pub fn table_int(&self, table: PointerValue<'c>, offset: usize) -> Result<IntValue<'c>, CodegenError> {
        let address = self.offset(table, offset)?;
        int(self.b.build_load(self.m.context.i64_type(), address, "field")?)
    }

    /// A pointer in the header of a table.
    pub fn table_ptr(
        &self,
        table: PointerValue<'c>,
        offset: usize,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let address = self.offset(table, offset)?;
        pointer(self.b.build_load(self.ptr_ty(), address, "field")?)
    }

    /// The value in an entry.
    pub fn value_at(&self, entry: &Entry, at: PointerValue<'c>) -> Result<PointerValue<'c>, CodegenError> {
        self.offset(at, entry.value_offset)
    }

    /// Looks for a key: first where its hash belongs, then through the lines from there on. The current block ends; both
    /// blocks of the probe are left to be written.
    pub fn probe(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        key: &[Leaf<'c>],
    ) -> Result<Probe<'c>, CodegenError> {
        let i64_ty = self.m.context.i64_type();
        let seed = self.table_int(table, offset_of!(Dict, seed))?;
        let hash = self.hash(&entry.key, key, seed)?;
        let tag = self.tag_of(hash)?;
        let place = self.b.build_int_z_extend(tag, i64_ty, "place")?;
        let upper = self.b.build_left_shift(place, self.int64(32), "upper")?;
        let (again, other, own) = (self.block("again"), self.block("other"), self.block("own"));
        let (found, absent) = (self.block("found"), self.block("absent"));

        self.enter(again)?;
        let slots = self.table_ptr(table, offset_of!(Dict, slots))?;
        let mask = self.table_int(table, offset_of!(Dict, mask))?;
        let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
        let first = self.b.build_and(place, mask, "first")?;
        let slot = self.element(i64_ty.into(), slots, first)?;
        let held = int(self.b.build_load(i64_ty, slot, "held")?)?;
        // A slot with the same tag leaves its ticket plus one, a free one leaves the tag, which is not 0.
        let rest = self.b.build_xor(held, upper, "rest")?;
        let ticket = self.b.build_int_sub(rest, self.int64(1), "ticket")?;
        let alike = self.b.build_int_compare(IntPredicate::ULT, ticket, self.int64(0xffff_ffff), "alike")?;
        self.b.build_conditional_branch(alike, own, other)?;
        self.b.position_at_end(own);
        let address = self.elem_address(&entry.pair, entries, ticket)?;
        let same = self.is_key_of(entry, address, key)?;
        let (own, lines) = (self.here()?, self.block("lines"));
        self.b.build_conditional_branch(same, found, lines)?;
        self.b.position_at_end(other);
        let free = self.b.build_int_compare(IntPredicate::EQ, held, self.int64(0), "free")?;
        self.b.build_conditional_branch(free, absent, lines)?;

        self.b.position_at_end(lines);
        let (scan, pick, compare) = (self.block("scan"), self.block("pick"), self.block("compare"));
        let (differ, through, further) = (self.block("differ"), self.block("through"), self.block("further"));
        let line = self.b.build_and(first, self.int64(-(LINE as i64)), "line")?;
        self.enter(scan)?;
        let at = self.b.build_phi(i64_ty, "line")?;
        at.add_incoming(&[(&line, lines)]);
        let index = int(at.as_basic_value())?;
        let line = self.element(i64_ty.into(), slots, index)?;
        let Line { tags, free } = self.line(line, tag)?;
        self.enter(pick)?;
        let left = self.b.build_phi(self.m.context.i32_type(), "left")?;
        left.add_incoming(&[(&tags, scan)]);
        let bits = int(left.as_basic_value())?;
        let none = self.b.build_int_compare(IntPredicate::EQ, bits, self.int32(0), "none")?;
        self.b.build_conditional_branch(none, through, compare)?;
        self.b.position_at_end(compare);
        let number = self.number_at(line, bits)?;
        let later = self.b.build_int_sub(number, self.int64(1), "ticket")?;
        let later_address = self.elem_address(&entry.pair, entries, later)?;
        let same = self.is_key_of(entry, later_address, key)?;
        let compared = self.here()?;
        self.b.build_conditional_branch(same, found, differ)?;
        self.b.position_at_end(differ);
        let lower = self.b.build_int_sub(bits, self.int32(1), "lower")?;
        left.add_incoming(&[(&self.b.build_and(bits, lower, "left")?, differ)]);
        self.b.build_unconditional_branch(pick)?;

        self.b.position_at_end(through);
        let full = self.b.build_int_compare(IntPredicate::EQ, free, self.int32(0), "full")?;
        let last = self.words_before(line, free)?;
        self.b.build_conditional_branch(full, further, absent)?;
        self.b.position_at_end(further);
        let after = self.b.build_int_add(index, self.int64(LINE as i64), "after")?;
        let after = self.b.build_and(after, mask, "after")?;
        at.add_incoming(&[(&after, further)]);
        self.b.build_unconditional_branch(scan)?;

        self.b.position_at_end(found);
        let ways = [
            (vec![address.into(), ticket.into()], own),
            (vec![later_address.into(), later.into()], compared),
        ];
        let [(a, x), (b, y)] = &ways;
        let both = self.join((a, *x), (b, *y))?;
        self.b.position_at_end(absent);
        let room = self.join((&vec![slot.into()], other), (&vec![last.into()], through))?;
        Ok(Probe {
            found,
            entry: pointer(leaf_at(&both, 0)?)?,
            ticket: int(leaf_at(&both, 1)?)?,
            absent,
            slot: pointer(leaf_at(&room, 0)?)?,
            entries,
            tag: upper,
            again,
        })
    }

    /// Whether the entry at `address` has this key.
    pub fn is_key_of(
        &mut self,
        entry: &Entry,
        address: PointerValue<'c>,
        key: &[Leaf<'c>],
    ) -> Result<IntValue<'c>, CodegenError> {
        let own = self.load(&entry.key, address)?;
        self.same_key(&entry.key, key, &own)
    }

    /// Compares all slots of a line at once.
    pub fn line(&self, line: PointerValue<'c>, tag: IntValue<'c>) -> Result<Line<'c>, CodegenError> {
        let words = 2 * LINE as u32;
        let ty = self.m.context.i32_type().vec_type(words);
        let held = self.b.build_load(ty, line, "held")?;
        if let Some(load) = held.as_instruction_value() {
            load.set_alignment(size_of::<u64>() as u32).map_err(|error| CodegenError(error.to_string()))?;
        }
        let held = held.into_vector_value();
        let tags = self.splat(tag.into(), words)?.into_vector_value();
        let bits = |word: VectorValue<'c>, halves: u32| {
            let equal = self.b.build_int_compare(IntPredicate::EQ, held, word, "equal")?;
            let bits = int(self.b.build_bit_cast(equal, self.m.context.i16_type(), "bits")?)?;
            let bits = self.b.build_int_z_extend(bits, self.m.context.i32_type(), "bits")?;
            Ok::<_, CodegenError>(self.b.build_and(bits, self.int32(halves), "bits")?)
        };
        Ok(Line { tags: bits(tags, UPPER_HALVES)?, free: bits(ty.const_zero(), LOWER_HALVES)? })
    }

    /// The number of the entry, plus one, in that slot of a line which the lowest bit of [`Line::tags`] tells.
    pub fn number_at(
        &self,
        line: PointerValue<'c>,
        tags: IntValue<'c>,
    ) -> Result<IntValue<'c>, CodegenError> {
        // The words of the slot are the number and, after it, the tag.
        let lower = self.b.build_right_shift(tags, self.int32(1), false, "lower")?;
        let address = self.words_before(line, lower)?;
        let number = int(self.b.build_load(self.m.context.i32_type(), address, "number")?)?;
        Ok(self.b.build_int_z_extend(number, self.m.context.i64_type(), "number")?)
    }

    /// The address of that word of a line which the lowest of `bits` tells, all of them lower halves; the last lower half for no bits.
    fn words_before(
        &self,
        line: PointerValue<'c>,
        bits: IntValue<'c>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let i32_ty = self.m.context.i32_type();
        // The last place of a lower half ends the count, so that it is defined and stays within the line.
        let bits = self.b.build_or(bits, self.int32(1 << (2 * LINE - 2)), "bits")?;
        let sure = self.m.context.bool_type().const_int(1, false);
        let count = int(self.intrinsic("llvm.cttz", &[i32_ty.into()], &[bits.into(), sure.into()])?)?;
        let count = self.b.build_int_z_extend(count, self.m.context.i64_type(), "count")?;
        self.element(i32_ty.into(), line, count)
    }

    /// The table to look into: that of `dict`, or one without entries for a null pointer.
    pub fn table(&self, dict: PointerValue<'c>) -> Result<PointerValue<'c>, CodegenError> {
        let null = self.b.build_is_null(dict, "null")?;
        pointer(self.b.build_select(null, self.m.no_dict(), dict, "table")?)
    }

    /// `len(d)`.
    pub fn dict_len(&mut self, dict: &Expr) -> Result<Val<'c>, CodegenError> {
        let dict = pointer(self.leaf(dict)?)?;
        let table = self.table(dict)?;
        Ok(vec![self.table_int(table, offset_of!(Dict, len))?.into()])
    }

    /// `tovec(d)`: the entries are such a vector.
    pub fn tovec(&mut self, dict: &Expr) -> Result<Val<'c>, CodegenError> {
        // A dictionary that nobody else has is not looked into.
        self.only_entries = match &dict.kind {
            ExprKind::Result(builder) => matches!(builder.kind, ExprKind::For(_)),
            _ => false,
        };
        let dict = pointer(self.leaf(dict)?)?;
        let table = self.table(dict)?;
        let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
        Ok(vec![entries.into(), self.table_int(table, offset_of!(Dict, len))?.into()])
    }

    /// Looks for a key in a finished dictionary. What a hint says is tried first, without a branch that depends on whether
    /// the key is there. Both blocks of the result are left to be written.
    fn find(&mut self, dict: &Expr, key: &Expr) -> Result<Found<'c>, CodegenError> {
        let entry = Entry::of(&dict.ty)?;
        let hint = self.hint(dict, key);
        let (dict, key) = (pointer(self.leaf(dict)?)?, self.expr(key)?);
        let table = self.table(dict)?;
        let mut told = None;
        if let Some(number) = hint {
            let ticket = self.b.build_int_sub(number, self.int32(1), "ticket")?;
            let is_entry =
                self.b.build_int_compare(IntPredicate::ULT, ticket, self.int32(ABSENT - 1), "is_entry")?;
            let ticket = self.b.build_int_z_extend(ticket, self.m.context.i64_type(), "ticket")?;
            let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
            let address = self.elem_address(&entry.pair, entries, ticket)?;
            let blank = self.m.blank(entry.bytes());
            let address = pointer(self.b.build_select(is_entry, address, blank, "address")?)?;
            let same = self.is_key_of(&entry, address, &key)?;
            let hit = self.b.build_and(is_entry, same, "hit")?;
            let absent = self.b.build_int_compare(IntPredicate::EQ, number, self.int32(ABSENT), "absent")?;
            let sure = self.b.build_or(hit, absent, "sure")?;
            let (at, look) = (self.block("told"), self.block("look"));
            self.b.build_conditional_branch(sure, at, look)?;
            self.b.position_at_end(look);
            told = Some(Told { at, hit, address });
        }
        let probe = self.probe(&entry, table, &key)?;
        Ok(Found { entry, table, key, probe, told })
    }

    /// `lookup(d, k)`.
    pub fn dict_lookup(&mut self, dict: &Expr, key: &Expr, expr: &Expr) -> Result<Val<'c>, CodegenError> {
        let Found { entry, table, key, probe, told } = self.find(dict, key)?;
        self.b.position_at_end(probe.absent);
        let missing = self.block("missing");
        self.enter(missing)?;
        let len = self.table_int(table, offset_of!(Dict, len))?;
        let room = self.allocate(&entry.key, self.int64(1))?;
        self.store(&entry.key, &key, room)?;
        let at = self.b.build_ptr_to_int(room, self.m.context.i64_type(), "key")?;
        let site = self.m.key_site(&expr.origin, &entry.key);
        self.fail(Check::Key, site, len, at)?;
        self.b.position_at_end(probe.found);
        let mut address = probe.entry;
        if let Some(Told { at, hit, address: known }) = told {
            let done = self.block("done");
            self.b.build_unconditional_branch(done)?;
            self.b.position_at_end(at);
            self.b.build_conditional_branch(hit, done, missing)?;
            self.b.position_at_end(done);
            let joined = self.join((&vec![address.into()], probe.found), (&vec![known.into()], at))?;
            address = pointer(leaf_at(&joined, 0)?)?;
        }
        self.load(&entry.value, self.value_at(&entry, address)?)
    }

    /// `optlookup(d, k)`.
    pub fn dict_optlookup(&mut self, dict: &Expr, key: &Expr) -> Result<Val<'c>, CodegenError> {
        let Found { entry, probe, told, .. } = self.find(dict, key)?;
        let done = self.block("done");
        let bool_ty = self.m.context.bool_type();
        self.b.position_at_end(probe.absent);
        let mut zero: Val<'c> = vec![bool_ty.const_zero().into()];
        zero.extend(self.blank(&entry.value)?);
        self.b.build_unconditional_branch(done)?;
        self.b.position_at_end(probe.found);
        let mut value: Val<'c> = vec![bool_ty.const_int(1, false).into()];
        value.extend(self.load(&entry.value, self.value_at(&entry, probe.entry)?)?);
        self.enter(done)?;
        let value = self.join((&zero, probe.absent), (&value, probe.found))?;
        let Some(Told { at, hit, address }) = told else { return Ok(value) };
        let ready = self.block("ready");
        self.b.build_unconditional_branch(ready)?;
        self.b.position_at_end(at);
        // What is absent reads zeros.
        let mut known: Val<'c> = vec![hit.into()];
        known.extend(self.load(&entry.value, self.value_at(&entry, address)?)?);
        self.enter(ready)?;
        self.join((&value, done), (&known, at))
    }

    /// `keyexists(d, k)`.
    pub fn dict_keyexists(&mut self, dict: &Expr, key: &Expr) -> Result<Val<'c>, CodegenError> {
        let Found { probe, told, .. } = self.find(dict, key)?;
        let done = self.block("done");
        let bool_ty = self.m.context.bool_type();
        self.b.position_at_end(probe.absent);
        self.b.build_unconditional_branch(done)?;
        self.b.position_at_end(probe.found);
        self.enter(done)?;
        let (no, yes) = (bool_ty.const_zero().into(), bool_ty.const_int(1, false).into());
        let value = self.join((&vec![no], probe.absent), (&vec![yes], probe.found))?;
        let Some(Told { at, hit, .. }) = told else { return Ok(value) };
        let ready = self.block("ready");
        self.b.build_unconditional_branch(ready)?;
        self.b.position_at_end(at);
        self.enter(ready)?;
        self.join((&value, done), (&vec![hit.into()], at))
    }
}

/// A key that was looked for.
struct Found<'c> {
    entry: Entry,
    table: PointerValue<'c>,
    key: Val<'c>,
    probe: Probe<'c>,
    told: Option<Told<'c>>,
}

/// Where a hint has settled the question.
struct Told<'c> {
    at: BasicBlock<'c>,
    /// Whether the key is there.
    hit: IntValue<'c>,
    /// Its entry, or zeros.
    address: PointerValue<'c>,
}
