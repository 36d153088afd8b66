#![forbid(unsafe_code)]
//! Looking for a key through the lines of a table, when it is not where its hash belongs: functions of their own, so that
//! loops over tables stay short.
//!
//! Promises: a line is looked at with one comparison of vectors; a builder's key that is not there gets an entry, which is
//! all that the function changes.

use super::CodegenError;
use super::dict::Entry;
use super::func::FnCx;
use super::leaves::{Leaf, Val, int, leaf_at, pointer};
use crate::ir::MergeOp;
use crate::runtime::abi::{Dict, LINE};
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::module::Linkage;
use inkwell::types::BasicMetadataTypeEnum;
use inkwell::values::{
    BasicMetadataValueEnum, BasicValue, FunctionValue, IntValue, PointerValue, VectorValue,
};
use inkwell::{AddressSpace, IntPredicate};
use std::mem::offset_of;

/// The value that a new key begins with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Start {
    /// That of a fresh merger.
    Of(MergeOp),
    /// Zeros.
    Blank,
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

impl<'c> FnCx<'_, 'c> {
    /// The number of the entry of a key, from 1. A key that is not there gets an entry with the value `start`; it has 0
    /// without one, and when the full table is that of a chunk.
    pub fn seek(
        &mut self,
        entry: &Entry,
        start: Option<Start>,
        table: PointerValue<'c>,
        tag: IntValue<'c>,
        key: &[Leaf<'c>],
    ) -> Result<IntValue<'c>, CodegenError> {
        let function = self.seeker(entry, start, key)?;
        let i64_ty = self.m.context.i64_type();
        let out = self.alloca(i64_ty.into(), "number")?;
        let mut args: Vec<BasicMetadataValueEnum<'c>> = vec![table.into(), out.into(), tag.into()];
        args.extend(key.iter().map(|leaf| BasicMetadataValueEnum::from(*leaf)));
        self.call_or_leave(function, &args)?;
        if start.is_some() {
            self.renew_headers()?;
        }
        int(self.b.build_load(i64_ty, out, "number")?)
    }

    /// `u32 seek(TaskCtx*, Dict *table, i64 *out, u32 tag, key...)`: a status.
    fn seeker(
        &mut self,
        entry: &Entry,
        start: Option<Start>,
        key: &[Leaf<'c>],
    ) -> Result<FunctionValue<'c>, CodegenError> {
        let of = (entry.pair.clone(), start);
        if let Some(function) = self.m.seekers.get(&of) {
            return Ok(*function);
        }
        let i32_ty = self.m.context.i32_type();
        let ptr = self.m.context.ptr_type(AddressSpace::default());
        let mut args: Vec<BasicMetadataTypeEnum<'c>> =
            vec![ptr.into(), ptr.into(), ptr.into(), i32_ty.into()];
        args.extend(key.iter().map(|leaf| BasicMetadataTypeEnum::from(leaf.get_type())));
        let name = format!("seek_{}", self.m.seekers.len());
        let function = self.m.add_function(&name, i32_ty.fn_type(&args, false), Linkage::Internal);
        // Registers are kept for the code around the call.
        for name in ["cold", "noinline"] {
            let kind = Attribute::get_named_enum_kind_id(name);
            function.add_attribute(AttributeLoc::Function, self.m.context.create_enum_attribute(kind, 0));
        }
        self.m.seekers.insert(of, function);
        let n_keys = key.len() as u32;
        let mut cx = FnCx::new(self.m, function)?;
        let key = (4..4 + n_keys).map(|at| cx.param(at)).collect::<Result<Vec<_>, _>>()?;
        cx.write_seek(entry, start, &key)?;
        cx.finish()?;
        Ok(function)
    }

    fn write_seek(
        &mut self,
        entry: &Entry,
        start: Option<Start>,
        key: &[Leaf<'c>],
    ) -> Result<(), CodegenError> {
        let i64_ty = self.m.context.i64_type();
        let (table, out, tag) = (self.param_ptr(1)?, self.param_ptr(2)?, int(self.param(3)?)?);
        let place = self.b.build_int_z_extend(tag, i64_ty, "place")?;
        let (again, lines, absent) = (self.block("again"), self.block("lines"), self.block("absent"));
        self.enter(again)?;
        let slots = self.table_ptr(table, offset_of!(Dict, slots))?;
        let mask = self.table_int(table, offset_of!(Dict, mask))?;
        let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
        let first = self.b.build_and(place, mask, "first")?;
        let own = self.element(i64_ty.into(), slots, first)?;
        let held = int(self.b.build_load(i64_ty, own, "held")?)?;
        let free = self.b.build_int_compare(IntPredicate::EQ, held, self.int64(0), "free")?;
        self.b.build_conditional_branch(free, absent, lines)?;

        self.b.position_at_end(lines);
        let (scan, pick, compare) = (self.block("scan"), self.block("pick"), self.block("compare"));
        let (same, differ) = (self.block("same"), self.block("differ"));
        let (through, further) = (self.block("through"), self.block("further"));
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
        let ticket = self.b.build_int_sub(number, self.int64(1), "ticket")?;
        let equal = self.is_key_of(entry, self.elem_address(&entry.pair, entries, ticket)?, key)?;
        self.b.build_conditional_branch(equal, same, differ)?;
        self.b.position_at_end(same);
        self.b.build_store(out, number)?;
        self.b.build_return(Some(&self.int32(0)))?;
        self.b.position_at_end(differ);
        let lower = self.b.build_int_sub(bits, self.int32(1), "lower")?;
        left.add_incoming(&[(&self.b.build_and(bits, lower, "left")?, differ)]);
        self.b.build_unconditional_branch(pick)?;

        self.b.position_at_end(through);
        let full = self.b.build_int_compare(IntPredicate::EQ, free, self.int32(0), "full")?;
        let last = self.word_of(line, free)?;
        self.b.build_conditional_branch(full, further, absent)?;
        self.b.position_at_end(further);
        let after = self.b.build_int_add(index, self.int64(LINE as i64), "after")?;
        at.add_incoming(&[(&self.b.build_and(after, mask, "after")?, further)]);
        self.b.build_unconditional_branch(scan)?;

        self.b.position_at_end(absent);
        let room: Val<'c> = self.join((&vec![own.into()], again), (&vec![last.into()], through))?;
        let Some(start) = start else {
            self.b.build_store(out, self.int64(0))?;
            self.b.build_return(Some(&self.int32(0)))?;
            return Ok(());
        };
        let (full, grow, insert) = (self.block("full"), self.block("grow"), self.block("insert"));
        let len = self.table_int(table, offset_of!(Dict, len))?;
        let cap = self.table_int(table, offset_of!(Dict, cap))?;
        let is_full = self.b.build_int_compare(IntPredicate::EQ, len, cap, "is_full")?;
        self.b.build_conditional_branch(is_full, full, insert)?;
        // What comes next for the table of a chunk is known where the iteration is.
        self.b.position_at_end(full);
        let local = self.table_ptr(table, offset_of!(Dict, local))?;
        let (whole, limited) = (self.b.build_is_null(local, "whole")?, self.block("limited"));
        self.b.build_conditional_branch(whole, grow, limited)?;
        self.b.position_at_end(limited);
        self.b.build_store(out, self.int64(0))?;
        self.b.build_return(Some(&self.int32(0)))?;
        self.b.position_at_end(grow);
        self.call_runtime("weld_rt_dict_grow", &[table.into()])?;
        self.b.build_unconditional_branch(again)?;

        self.b.position_at_end(insert);
        let (_, more) =
            self.insert_entry(entry, start, table, (pointer(leaf_at(&room, 0)?)?, len), (tag, key))?;
        self.b.build_store(out, more)?;
        self.b.build_return(Some(&self.int32(0)))?;
        Ok(())
    }

    /// Gives a key the entry behind the `len` that are there, and the free slot `room`. Returns the entry and its number.
    pub fn insert_entry(
        &mut self,
        entry: &Entry,
        start: Start,
        table: PointerValue<'c>,
        (room, len): (PointerValue<'c>, IntValue<'c>),
        (tag, key): (IntValue<'c>, &[Leaf<'c>]),
    ) -> Result<(PointerValue<'c>, IntValue<'c>), CodegenError> {
        let more = self.b.build_int_add(len, self.int64(1), "more")?;
        let upper = self.b.build_int_z_extend(tag, self.m.context.i64_type(), "upper")?;
        let upper = self.b.build_left_shift(upper, self.int64(32), "upper")?;
        self.b.build_store(room, self.b.build_or(upper, more, "slot")?)?;
        self.b.build_store(self.offset(table, offset_of!(Dict, len))?, more)?;
        let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
        let new = self.elem_address(&entry.pair, entries, len)?;
        self.store(&entry.key, key, new)?;
        let value = match start {
            Start::Of(op) => self.merger_start(&entry.value, op)?,
            Start::Blank => self.blank(&entry.value)?,
        };
        self.store(&entry.value, &value, self.value_at(entry, new)?)?;
        Ok((new, more))
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
        let address = self.word_of(line, lower)?;
        let number = int(self.b.build_load(self.m.context.i32_type(), address, "number")?)?;
        Ok(self.b.build_int_z_extend(number, self.m.context.i64_type(), "number")?)
    }

    /// The address of that word of a line which the lowest of `bits` tells, all of them lower halves; the last lower half for no bits.
    fn word_of(&self, line: PointerValue<'c>, bits: IntValue<'c>) -> Result<PointerValue<'c>, CodegenError> {
        let i32_ty = self.m.context.i32_type();
        // The last place of a lower half ends the count, so that it is defined and stays within the line.
        let bits = self.b.build_or(bits, self.int32(1 << (2 * LINE - 2)), "bits")?;
        let sure = self.m.context.bool_type().const_int(1, false);
        let count = int(self.intrinsic("llvm.cttz", &[i32_ty.into()], &[bits.into(), sure.into()])?)?;
        let count = self.b.build_int_z_extend(count, self.m.context.i64_type(), "count")?;
        self.element(i32_ty.into(), line, count)
    }
}
