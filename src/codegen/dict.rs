#![forbid(unsafe_code)]
//! Dictionaries: finding a key, and the operations that look into a finished dictionary (LANGUAGE 8.3).
//!
//! Promises: hash, probe and comparison of keys are emitted where they are used; a null pointer is an empty dictionary.
//! The table is as `runtime::abi::Dict` says.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, Val, int, pointer};
use super::module::Check;
use crate::ir::{Expr, Ty};
use crate::runtime::abi::Dict;
use crate::value::layout;
use inkwell::IntPredicate;
use inkwell::basic_block::BasicBlock;
use inkwell::values::{IntValue, PointerValue};
use std::mem::offset_of;

/// The types of a dictionary and where they are in an entry.
pub(super) struct Entry {
    pub key: Ty,
    pub value: Ty,
    /// `{key, value}`.
    pub pair: Ty,
    value_offset: usize,
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

    /// Looks for a key. The current block ends; both blocks of the probe are left to be written.
    pub fn probe(
        &mut self,
        entry: &Entry,
        table: PointerValue<'c>,
        key: &[Leaf<'c>],
    ) -> Result<Probe<'c>, CodegenError> {
        let i64_ty = self.m.context.i64_type();
        let seed = self.table_int(table, offset_of!(Dict, seed))?;
        let hash = self.hash(&entry.key, key, seed)?;
        let place = self.b.build_right_shift(hash, self.int64(32), false, "place")?;
        let tag = self.b.build_and(hash, self.int64(-1 << 32), "tag")?;
        let (again, look, other) = (self.block("again"), self.block("look"), self.block("other"));
        let (compare, next) = (self.block("compare"), self.block("next"));
        let (found, absent) = (self.block("found"), self.block("absent"));

        self.enter(again)?;
        let slots = self.table_ptr(table, offset_of!(Dict, slots))?;
        let mask = self.table_int(table, offset_of!(Dict, mask))?;
        let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
        let first = self.b.build_and(place, mask, "first")?;
        self.enter(look)?;
        let at = self.b.build_phi(i64_ty, "at")?;
        at.add_incoming(&[(&first, again)]);
        let index = int(at.as_basic_value())?;
        let slot = self.element(i64_ty.into(), slots, index)?;
        let held = int(self.b.build_load(i64_ty, slot, "held")?)?;
        // A slot with the same tag leaves its ticket plus one; a free slot leaves the tag, which may be 0.
        let rest = self.b.build_xor(held, tag, "rest")?;
        let ticket = self.b.build_int_sub(rest, self.int64(1), "ticket")?;
        let alike = self.b.build_int_compare(IntPredicate::ULT, ticket, self.int64(0xffff_ffff), "alike")?;
        self.b.build_conditional_branch(alike, compare, other)?;

        self.b.position_at_end(other);
        let free = self.b.build_int_compare(IntPredicate::EQ, held, self.int64(0), "free")?;
        self.b.build_conditional_branch(free, absent, next)?;

        self.b.position_at_end(compare);
        let address = self.elem_address(&entry.pair, entries, ticket)?;
        let own = self.load(&entry.key, address)?;
        let same = self.same_key(&entry.key, key, &own)?;
        self.b.build_conditional_branch(same, found, next)?;

        self.b.position_at_end(next);
        let after = self.b.build_int_add(index, self.int64(1), "after")?;
        let after = self.b.build_and(after, mask, "after")?;
        at.add_incoming(&[(&after, next)]);
        self.b.build_unconditional_branch(look)?;
        Ok(Probe { found, entry: address, ticket, absent, slot, entries, tag, again })
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
        let dict = pointer(self.leaf(dict)?)?;
        let table = self.table(dict)?;
        let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
        Ok(vec![entries.into(), self.table_int(table, offset_of!(Dict, len))?.into()])
    }

    fn find(&mut self, dict: &Expr, key: &Expr) -> Result<(Entry, Found<'c>), CodegenError> {
        let entry = Entry::of(&dict.ty)?;
        let (dict, key) = (pointer(self.leaf(dict)?)?, self.expr(key)?);
        let table = self.table(dict)?;
        let probe = self.probe(&entry, table, &key)?;
        Ok((entry, Found { table, key, probe }))
    }

    /// `lookup(d, k)`.
    pub fn dict_lookup(&mut self, dict: &Expr, key: &Expr, expr: &Expr) -> Result<Val<'c>, CodegenError> {
        let (entry, Found { table, key, probe }) = self.find(dict, key)?;
        self.b.position_at_end(probe.absent);
        let len = self.table_int(table, offset_of!(Dict, len))?;
        let room = self.allocate(&entry.key, self.int64(1))?;
        self.store(&entry.key, &key, room)?;
        let at = self.b.build_ptr_to_int(room, self.m.context.i64_type(), "key")?;
        let site = self.m.key_site(&expr.origin, &entry.key);
        self.fail(Check::Key, site, len, at)?;
        self.b.position_at_end(probe.found);
        let value = self.value_at(&entry, probe.entry)?;
        self.load(&entry.value, value)
    }

    /// `optlookup(d, k)`.
    pub fn dict_optlookup(&mut self, dict: &Expr, key: &Expr) -> Result<Val<'c>, CodegenError> {
        let (entry, Found { probe, .. }) = self.find(dict, key)?;
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
        self.join((&zero, probe.absent), (&value, probe.found))
    }

    /// `keyexists(d, k)`.
    pub fn dict_keyexists(&mut self, dict: &Expr, key: &Expr) -> Result<Val<'c>, CodegenError> {
        let (_, Found { probe, .. }) = self.find(dict, key)?;
        let done = self.block("done");
        let bool_ty = self.m.context.bool_type();
        self.b.position_at_end(probe.absent);
        self.b.build_unconditional_branch(done)?;
        self.b.position_at_end(probe.found);
        self.enter(done)?;
        let (no, yes) = (bool_ty.const_zero().into(), bool_ty.const_int(1, false).into());
        self.join((&vec![no], probe.absent), (&vec![yes], probe.found))
    }
}

/// A key that was looked for.
struct Found<'c> {
    table: PointerValue<'c>,
    key: Val<'c>,
    probe: Probe<'c>,
}
