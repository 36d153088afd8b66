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
use crate::runtime::abi::Dict;
use crate::value::layout;
use inkwell::IntPredicate;
use inkwell::basic_block::BasicBlock;
use inkwell::values::{BasicValue, IntValue, PointerValue};
use std::mem::offset_of;
use std::num::NonZero;

/// Where the tag is in a slot.
const TAG_OFFSET: usize = 4;

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
    /// Where the tag is.
    pub tag_at: usize,
}

/// Where the first look for a key can end.
pub(super) struct Probe<'c> {
    /// Here `entry` is the entry of the key, and `ticket` its number.
    pub found: BasicBlock<'c>,
    pub entry: PointerValue<'c>,
    pub ticket: IntValue<'c>,
    /// Here nothing is known: see [`FnCx::seek`].
    pub other: BasicBlock<'c>,
    /// What the slot of the key holds of its hash.
    pub tag: IntValue<'c>,
}

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

    /// The rows of `runtime::abi::Local`.
    pub fn row(&self) -> Row {
        let word = Ty::Scalar(Scalar::U32);
        let fields = [self.pair.clone(), word.clone(), word];
        let offsets = layout::field_offsets(&fields);
        let at = |k: usize| offsets.get(k).copied().unwrap_or(0);
        Row { bytes: layout::layout(&Ty::tuple(fields.to_vec())).size, number_at: at(1), tag_at: at(2) }
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

    /// Looks for a key where its hash belongs. The current block ends; both blocks of the probe are left to be written.
    pub fn probe(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        key: &[Leaf<'c>],
    ) -> Result<Probe<'c>, CodegenError> {
        let tag = self.key_tag(entry, table, key)?;
        self.probe_tag(entry, table, key, tag)
    }

    /// The slot where a tag belongs.
    pub fn own_slot(
        &self,
        table: PointerValue<'c>,
        tag: IntValue<'c>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let i64_ty = self.m.context.i64_type();
        let (slots, mask) = (self.slots_of(table)?, self.mask_of(table)?);
        let place = self.b.build_int_z_extend(tag, i64_ty, "place")?;
        self.element(i64_ty.into(), slots, self.b.build_and(place, mask, "place")?)
    }

    /// What the slot of a key holds of its hash.
    pub fn key_tag(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        key: &[Leaf<'c>],
    ) -> Result<IntValue<'c>, CodegenError> {
        let hash = self.hash(&entry.key, key, self.seed_of(table)?)?;
        self.tag_of(hash)
    }

    /// As [`FnCx::probe`], with the tag of the key.
    pub fn probe_tag(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        key: &[Leaf<'c>],
        tag: IntValue<'c>,
    ) -> Result<Probe<'c>, CodegenError> {
        let (i32_ty, i64_ty) = (self.m.context.i32_type(), self.m.context.i64_type());
        let slot = self.own_slot(table, tag)?;
        // A free slot has no tag.
        let held = int(self.b.build_load(i32_ty, self.offset(slot, TAG_OFFSET)?, "held")?)?;
        let alike = self.b.build_int_compare(IntPredicate::EQ, held, tag, "alike")?;
        let (own, found, other) = (self.block("own"), self.block("found"), self.block("other"));
        self.likely(alike, own, other)?;
        self.b.position_at_end(own);
        let number = int(self.b.build_load(i32_ty, slot, "number")?)?;
        let number = self.b.build_int_z_extend(number, i64_ty, "number")?;
        let ticket = self.b.build_int_sub(number, self.int64(1), "ticket")?;
        let address = self.elem_address(&entry.pair, self.entries_of(table)?, ticket)?;
        let same = self.is_key_of(entry, address, key)?;
        self.likely(same, found, other)?;
        Ok(Probe { found, entry: address, ticket, other, tag })
    }

    /// Whether the entry at `address` has this key.
    pub fn is_key_of(
        &mut self,
        entry: &Entry,
        address: PointerValue<'c>,
        key: &[Leaf<'c>],
    ) -> Result<IntValue<'c>, CodegenError> {
        if let Ty::Struct(fields) = &entry.key
            && let Some(bytes) = solid_bytes(fields)
        {
            // All fields at once.
            let word = self.key_word(fields, key)?;
            let ty =
                NonZero::new(bytes as u32 * 8).and_then(|n| self.m.context.custom_width_int_type(n).ok());
            let ty = ty.ok_or_else(|| CodegenError("a key without bytes".into()))?;
            let own = self.b.build_load(ty, address, "key")?;
            if let Some(load) = own.as_instruction_value() {
                let align = layout::layout(&entry.key).align as u32;
                load.set_alignment(align).map_err(|error| CodegenError(error.to_string()))?;
            }
            let word = self.b.build_int_truncate_or_bit_cast(word, ty, "word")?;
            return Ok(self.b.build_int_compare(IntPredicate::EQ, word, int(own)?, "same")?);
        }
        let own = self.load(&entry.key, address)?;
        self.same_key(&entry.key, key, &own)
    }

    /// The table to look into: that of `dict`, or one without entries for a null pointer.
    pub fn table(&self, dict: PointerValue<'c>) -> Result<PointerValue<'c>, CodegenError> {
        let null = self.b.build_is_null(dict, "null")?;
        pointer(self.b.build_select(null, self.m.no_dict(), dict, "table")?)
    }

    /// `len(d)`.
    pub fn dict_len(&mut self, dict: &Expr) -> Result<Val<'c>, CodegenError> {
        let dict = pointer(self.leaf(dict)?)?;
        Ok(vec![self.keys(dict)?.into()])
    }

    /// How many keys a dictionary has.
    pub fn keys(&mut self, dict: PointerValue<'c>) -> Result<IntValue<'c>, CodegenError> {
        let table = self.table(dict)?;
        self.table_int(table, offset_of!(Dict, len))
    }

    /// `tovec(d)`: the entries are such a vector.
    pub fn tovec(&mut self, dict: &Expr) -> Result<Val<'c>, CodegenError> {
        // A dictionary that nobody else has is not looked into.
        self.tables.only_entries = match &dict.kind {
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
        let (absent, far, found) = (self.block("absent"), self.block("far"), self.block("found"));
        self.b.position_at_end(probe.other);
        let number = self.seek(&entry, None, table, probe.tag, &key)?;
        let none = self.b.build_int_compare(IntPredicate::EQ, number, self.int64(0), "none")?;
        self.b.build_conditional_branch(none, absent, far)?;
        self.b.position_at_end(far);
        let ticket = self.b.build_int_sub(number, self.int64(1), "ticket")?;
        let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
        let address = self.elem_address(&entry.pair, entries, ticket)?;
        self.b.build_unconditional_branch(found)?;
        self.b.position_at_end(probe.found);
        self.enter(found)?;
        let joined = self.join((&vec![probe.entry.into()], probe.found), (&vec![address.into()], far))?;
        let address = pointer(leaf_at(&joined, 0)?)?;
        Ok(Found { entry, table, key, absent, found, address, told })
    }

    /// `lookup(d, k)`.
    pub fn dict_lookup(&mut self, dict: &Expr, key: &Expr, expr: &Expr) -> Result<Val<'c>, CodegenError> {
        let Found { entry, table, key, absent, found, mut address, told } = self.find(dict, key)?;
        self.b.position_at_end(absent);
        let missing = self.block("missing");
        self.enter(missing)?;
        let len = self.table_int(table, offset_of!(Dict, len))?;
        let room = self.allocate(&entry.key, self.int64(1))?;
        self.store(&entry.key, &key, room)?;
        let at = self.b.build_ptr_to_int(room, self.m.context.i64_type(), "key")?;
        let site = self.m.key_site(&expr.origin, &entry.key);
        self.fail(Check::Key, site, len, at)?;
        self.b.position_at_end(found);
        if let Some(Told { at, hit, address: known }) = told {
            let done = self.block("done");
            self.b.build_unconditional_branch(done)?;
            self.b.position_at_end(at);
            self.b.build_conditional_branch(hit, done, missing)?;
            self.b.position_at_end(done);
            let joined = self.join((&vec![address.into()], found), (&vec![known.into()], at))?;
            address = pointer(leaf_at(&joined, 0)?)?;
        }
        self.load(&entry.value, self.value_at(&entry, address)?)
    }

    /// `optlookup(d, k)`.
    pub fn dict_optlookup(&mut self, dict: &Expr, key: &Expr) -> Result<Val<'c>, CodegenError> {
        let Found { entry, absent, found, address, told, .. } = self.find(dict, key)?;
        let done = self.block("done");
        let bool_ty = self.m.context.bool_type();
        self.b.position_at_end(absent);
        let mut zero: Val<'c> = vec![bool_ty.const_zero().into()];
        zero.extend(self.blank(&entry.value)?);
        self.b.build_unconditional_branch(done)?;
        self.b.position_at_end(found);
        let mut value: Val<'c> = vec![bool_ty.const_int(1, false).into()];
        value.extend(self.load(&entry.value, self.value_at(&entry, address)?)?);
        self.enter(done)?;
        let value = self.join((&zero, absent), (&value, found))?;
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
        let Found { absent, found, told, .. } = self.find(dict, key)?;
        let done = self.block("done");
        let bool_ty = self.m.context.bool_type();
        self.b.position_at_end(absent);
        self.b.build_unconditional_branch(done)?;
        self.b.position_at_end(found);
        self.enter(done)?;
        let (no, yes) = (bool_ty.const_zero().into(), bool_ty.const_int(1, false).into());
        let value = self.join((&vec![no], absent), (&vec![yes], found))?;
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
    absent: BasicBlock<'c>,
    /// Here `address` is the entry.
    found: BasicBlock<'c>,
    address: PointerValue<'c>,
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

/// The bytes of a key that is one integer in memory.
pub(super) fn key_word_bytes(key: &Ty) -> Option<usize> {
    match key {
        Ty::Scalar(scalar) => scalar.is_int().then(|| scalar.bytes()),
        Ty::Struct(fields) => solid_bytes(fields),
        _ => None,
    }
}

/// The bytes of a struct of integers that lies in memory as one integer of at most a word.
fn solid_bytes(fields: &[Ty]) -> Option<usize> {
    let mut bytes = 0;
    for (field, offset) in fields.iter().zip(layout::field_offsets(fields)) {
        let scalar = field.scalar().filter(|scalar| scalar.is_int() && offset == bytes)?;
        bytes += scalar.bytes();
    }
    (matches!(bytes, 2 | 4 | 8) && layout::layout(&Ty::tuple(fields.to_vec())).size == bytes).then_some(bytes)
}
