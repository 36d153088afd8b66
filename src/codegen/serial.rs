#![forbid(unsafe_code)]
//! `serialize` and `deserialize`: LANGUAGE 12.
//!
//! Promises: the bytes that `value::serial` says; one exact allocation, written once; reading never looks past the end
//! and believes a count only if the rest can hold that many elements. Nothing in the bytes is aligned.

use super::CodegenError;
use super::dict::Entry;
use super::func::FnCx;
use super::leaves::{Leaf, LeafTy, Val, int, leaf_at, leaves_of, memory_ty, pointer};
use super::module::Check;
use super::seek::Start;
use crate::diag::{Origin, stack};
use crate::ir::{BinOp, Expr, Literal, Scalar, Ty};
use crate::runtime::abi::Dict;
use crate::value::layout;
use crate::value::serial::{self, MOST_EMPTY, least_bytes};
use inkwell::values::{BasicValueEnum, FloatValue, IntValue, PointerValue};
use inkwell::{FloatPredicate, IntPredicate};
use std::mem::offset_of;

/// Emits code for the key and the value of an entry, with carried registers.
type ForEntry<'f, 'c> =
    dyn FnMut(&mut FnCx<'_, 'c>, [(&Ty, Val<'c>); 2], Val<'c>) -> Result<Val<'c>, CodegenError> + 'f;

const COUNT_BYTES: usize = 8;

/// Bytes being read.
#[derive(Clone, Copy)]
struct Bytes<'o, 'c> {
    data: PointerValue<'c>,
    len: IntValue<'c>,
    /// Where the number of elements of size 0 is kept that may still come.
    empty: PointerValue<'c>,
    origin: &'o Origin,
}

impl<'c> FnCx<'_, 'c> {
    /// `serialize(a)`.
    pub fn serialize(&mut self, a: &Expr) -> Result<Val<'c>, CodegenError> {
        let value = self.expr(a)?;
        let args: Vec<(LeafTy, Leaf<'c>)> = leaves_of(&a.ty).into_iter().zip(value).collect();
        let name = format!("serialize_{}", self.m.next_body());
        let result = [LeafTy::Pointer, LeafTy::Scalar(Scalar::I64)];
        self.aside(&name, None, &args, &result, &mut |cx, value| {
            let bytes = cx.serial_size(&a.ty, &value)?;
            let data = cx.allocate(&Ty::Scalar(Scalar::U8), bytes)?;
            cx.serial_write(&a.ty, &value, data)?;
            Ok(vec![data.into(), bytes.into()])
        })
    }

    /// The number of bytes of a value.
    fn serial_size(&mut self, ty: &Ty, value: &[Leaf<'c>]) -> Result<IntValue<'c>, CodegenError> {
        stack::deep(|| match ty {
            _ if ty.is_flat() => Ok(self.int64(layout::layout(ty).size as i64)),
            Ty::Struct(fields) => {
                let mut total = self.int64(0);
                for (k, field) in fields.iter().enumerate() {
                    let range = super::leaves::field_range(fields, k);
                    let own = self.serial_size(field, value.get(range).unwrap_or_default())?;
                    total = self.b.build_int_add(total, own, "bytes")?;
                }
                Ok(total)
            }
            Ty::Vec(elem) => {
                let (data, len) = (pointer(leaf_at(value, 0)?)?, int(leaf_at(value, 1)?)?);
                let count = self.int64(COUNT_BYTES as i64);
                if elem.is_flat() {
                    let size = self.int64(layout::layout(elem).size as i64);
                    let bytes = self.b.build_int_mul(len, size, "bytes")?;
                    return Ok(self.b.build_int_add(bytes, count, "bytes")?);
                }
                let total =
                    self.counted(self.int64(0), len, 1, vec![count.into()], &mut |cx, i, total| {
                        cx.poll()?;
                        let item = cx.load(elem, cx.elem_address(elem, data, i)?)?;
                        let own = cx.serial_size(elem, &item)?;
                        Ok(vec![cx.b.build_int_add(int(leaf_at(&total, 0)?)?, own, "bytes")?.into()])
                    })?;
                int(leaf_at(&total, 0)?)
            }
            Ty::Dict(_) => {
                let (entry, value) = self.entries(ty, value)?;
                let start = vec![self.int64(COUNT_BYTES as i64).into()];
                let total = self.each_entry(&entry, &value, start, &mut |cx, pair, total| {
                    let mut total = int(leaf_at(&total, 0)?)?;
                    for (ty, part) in pair {
                        let own = cx.serial_size(ty, &part)?;
                        total = cx.b.build_int_add(total, own, "bytes")?;
                    }
                    Ok(vec![total.into()])
                })?;
                int(leaf_at(&total, 0)?)
            }
            _ => Err(CodegenError(format!("`{ty}` has no bytes"))),
        })
    }

    /// The entries of a dictionary as a vector.
    pub fn entries(&mut self, ty: &Ty, dict: &[Leaf<'c>]) -> Result<(Entry, Val<'c>), CodegenError> {
        let table = self.table(pointer(leaf_at(dict, 0)?)?)?;
        let entries = self.table_ptr(table, offset_of!(Dict, entries))?;
        let len = self.table_int(table, offset_of!(Dict, len))?;
        Ok((Entry::of(ty)?, vec![entries.into(), len.into()]))
    }

    /// Emits code for each entry of a dictionary: its key and its value, which stand side by side without padding.
    fn each_entry(
        &mut self,
        entry: &Entry,
        entries: &[Leaf<'c>],
        carried: Val<'c>,
        body: &mut ForEntry<'_, 'c>,
    ) -> Result<Val<'c>, CodegenError> {
        let (data, len) = (pointer(leaf_at(entries, 0)?)?, int(leaf_at(entries, 1)?)?);
        self.counted(self.int64(0), len, 1, carried, &mut |cx: &mut FnCx<'_, 'c>, i, carried| {
            cx.poll()?;
            let at = cx.elem_address(&entry.pair, data, i)?;
            let (key, value) = (cx.load(&entry.key, at)?, cx.load(&entry.value, cx.value_at(entry, at)?)?);
            body(cx, [(&entry.key, key), (&entry.value, value)], carried)
        })
    }

    /// Writes the bytes of a value; gives the place behind them.
    fn serial_write(
        &mut self,
        ty: &Ty,
        value: &[Leaf<'c>],
        to: PointerValue<'c>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        stack::deep(|| match ty {
            _ if ty.is_flat() => {
                let size = layout::layout(ty).size;
                if has_padding(ty) {
                    let zero = self.m.context.i8_type().const_zero();
                    self.b.build_memset(to, 1, zero, self.int64(size as i64))?;
                }
                self.write_image(ty, value, &mut 0, to)?;
                self.offset(to, size)
            }
            Ty::Struct(fields) => {
                let mut to = to;
                for (k, field) in fields.iter().enumerate() {
                    let range = super::leaves::field_range(fields, k);
                    to = self.serial_write(field, value.get(range).unwrap_or_default(), to)?;
                }
                Ok(to)
            }
            Ty::Vec(elem) => {
                let (data, len) = (pointer(leaf_at(value, 0)?)?, int(leaf_at(value, 1)?)?);
                self.write_packed(Scalar::I64, len.into(), to)?;
                let to = self.offset(to, COUNT_BYTES)?;
                if is_image(elem) && !has_float(elem) {
                    let size = self.int64(layout::layout(elem).size as i64);
                    let bytes = self.b.build_int_mul(len, size, "bytes")?;
                    self.copy_bytes(to, data, bytes, 1)?;
                    return self.element(self.m.context.i8_type().into(), to, bytes);
                }
                let end = self.counted(self.int64(0), len, 1, vec![to.into()], &mut |cx, i, to| {
                    cx.poll()?;
                    let item = cx.load(elem, cx.elem_address(elem, data, i)?)?;
                    Ok(vec![cx.serial_write(elem, &item, pointer(leaf_at(&to, 0)?)?)?.into()])
                })?;
                pointer(leaf_at(&end, 0)?)
            }
            Ty::Dict(_) => {
                let (entry, value) = self.entries(ty, value)?;
                self.write_packed(Scalar::I64, leaf_at(&value, 1)?, to)?;
                let start = vec![self.offset(to, COUNT_BYTES)?.into()];
                let end = self.each_entry(&entry, &value, start, &mut |cx, pair, to| {
                    let mut to = pointer(leaf_at(&to, 0)?)?;
                    for (ty, part) in pair {
                        to = cx.serial_write(ty, &part, to)?;
                    }
                    Ok(vec![to.into()])
                })?;
                pointer(leaf_at(&end, 0)?)
            }
            _ => Err(CodegenError(format!("`{ty}` has no bytes"))),
        })
    }

    /// Writes the memory image of a value without pointers, its padding apart.
    fn write_image(
        &self,
        ty: &Ty,
        value: &[Leaf<'c>],
        at: &mut usize,
        to: PointerValue<'c>,
    ) -> Result<(), CodegenError> {
        match ty {
            Ty::Scalar(scalar) => {
                self.write_packed(*scalar, leaf_at(value, *at)?, to)?;
                *at += 1;
                Ok(())
            }
            Ty::Struct(fields) => {
                let mut parts = fields.iter().zip(layout::field_offsets(fields));
                parts.try_for_each(|(field, offset)| {
                    self.write_image(field, value, at, self.offset(to, offset)?)
                })
            }
            _ => Err(CodegenError(format!("`{ty}` is no image"))),
        }
    }

    fn write_packed(
        &self,
        scalar: Scalar,
        value: Leaf<'c>,
        to: PointerValue<'c>,
    ) -> Result<(), CodegenError> {
        let value = match (scalar, value) {
            (Scalar::Bool, BasicValueEnum::IntValue(bit)) => {
                self.b.build_int_z_extend(bit, self.m.context.i8_type(), "byte")?.into()
            }
            (Scalar::F32, BasicValueEnum::FloatValue(x)) => self
                .one_nan(x, self.m.context.i32_type().const_int(u64::from(serial::NAN_F32), false))?
                .into(),
            (Scalar::F64, BasicValueEnum::FloatValue(x)) => {
                self.one_nan(x, self.m.context.i64_type().const_int(serial::NAN_F64, false))?.into()
            }
            _ => value,
        };
        let store = self.b.build_store(to, value)?;
        store.set_alignment(1).map_err(|error| CodegenError(error.to_string()))
    }

    /// The bits of a float, those of `nan` for all NaNs.
    fn one_nan(&self, x: FloatValue<'c>, nan: IntValue<'c>) -> Result<IntValue<'c>, CodegenError> {
        let bits = int(self.b.build_bit_cast(x, nan.get_type(), "bits")?)?;
        let is_nan = self.b.build_float_compare(FloatPredicate::UNO, x, x, "is_nan")?;
        int(self.b.build_select(is_nan, nan, bits, "bits")?)
    }

    // ---- reading ---------------------------------------------------------------------------------------

    /// `deserialize[T](a)`.
    pub fn deserialize(&mut self, a: &Expr, expr: &Expr) -> Result<Val<'c>, CodegenError> {
        let value = self.expr(a)?;
        let args: Vec<(LeafTy, Leaf<'c>)> = leaves_of(&a.ty).into_iter().zip(value).collect();
        let name = format!("deserialize_{}", self.m.next_body());
        let origin = &expr.origin;
        self.aside(&name, None, &args, &leaves_of(&expr.ty), &mut |cx, leaves| {
            let empty = cx.alloca(cx.m.context.i64_type().into(), "empty")?;
            cx.b.build_store(empty, cx.int64(MOST_EMPTY))?;
            let (data, len) = (pointer(leaf_at(&leaves, 0)?)?, int(leaf_at(&leaves, 1)?)?);
            let bytes = Bytes { data, len, empty, origin };
            let (value, end) = cx.serial_read(&expr.ty, bytes, cx.int64(0))?;
            let all = cx.b.build_int_compare(IntPredicate::EQ, end, len, "all")?;
            cx.check(all, Check::SerialRest, origin, end, len)?;
            Ok(value)
        })
    }

    /// Reads a value at an offset; gives the offset behind it.
    fn serial_read(
        &mut self,
        ty: &Ty,
        bytes: Bytes<'_, 'c>,
        at: IntValue<'c>,
    ) -> Result<(Val<'c>, IntValue<'c>), CodegenError> {
        stack::deep(|| match ty {
            _ if ty.is_flat() => {
                let size = self.int64(layout::layout(ty).size as i64);
                let from = self.taken(bytes, at, size)?;
                let mut value = Vec::new();
                self.read_image(ty, from, &mut value)?;
                Ok((value, self.b.build_int_add(at, size, "at")?))
            }
            Ty::Struct(fields) => {
                let (mut value, mut at) = (Vec::new(), at);
                for field in fields.iter() {
                    let (own, next) = self.serial_read(field, bytes, at)?;
                    value.extend(own);
                    at = next;
                }
                Ok((value, at))
            }
            Ty::Vec(elem) => {
                let (count, at) = self.read_count(least_bytes(elem), bytes, at)?;
                let data = self.allocate(elem, count)?;
                if is_image(elem) {
                    let size = self.int64(layout::layout(elem).size as i64);
                    let all = self.b.build_int_mul(count, size, "all")?;
                    let from = self.element(self.m.context.i8_type().into(), bytes.data, at)?;
                    self.copy_bytes(data, from, all, 1)?;
                    return Ok((vec![data.into(), count.into()], self.b.build_int_add(at, all, "at")?));
                }
                let end = self.counted(self.int64(0), count, 1, vec![at.into()], &mut |cx, i, at| {
                    cx.poll()?;
                    let (item, next) = cx.serial_read(elem, bytes, int(leaf_at(&at, 0)?)?)?;
                    cx.store(elem, &item, cx.elem_address(elem, data, i)?)?;
                    Ok(vec![next.into()])
                })?;
                Ok((vec![data.into(), count.into()], int(leaf_at(&end, 0)?)?))
            }
            Ty::Dict(_) => {
                let entry = Entry::of(ty)?;
                let least = least_bytes(&entry.key) + least_bytes(&entry.value);
                let (count, at) = self.read_count(least, bytes, at)?;
                let table = self.new_table(&entry, None)?;
                let place = pointer(leaf_at(&table, 0)?)?;
                let end = self.counted(self.int64(0), count, 1, vec![at.into()], &mut |cx, _, at| {
                    cx.poll()?;
                    let (key, at) = cx.serial_read(&entry.key, bytes, int(leaf_at(&at, 0)?)?)?;
                    let (value, at) = cx.serial_read(&entry.value, bytes, at)?;
                    let (to, _) = cx.probed_entry(&entry, place, &key, Start::Blank)?;
                    // Of several values of one key the last one counts.
                    cx.store(&entry.value, &value, cx.value_at(&entry, to)?)?;
                    Ok(vec![at.into()])
                })?;
                Ok((table, int(leaf_at(&end, 0)?)?))
            }
            _ => Err(CodegenError(format!("`{ty}` has no bytes"))),
        })
    }

    /// A count that the rest can hold, of elements of at least `least` bytes, and the offset behind it.
    fn read_count(
        &mut self,
        least: usize,
        bytes: Bytes<'_, 'c>,
        at: IntValue<'c>,
    ) -> Result<(IntValue<'c>, IntValue<'c>), CodegenError> {
        let size = self.int64(COUNT_BYTES as i64);
        let from = self.taken(bytes, at, size)?;
        let count = int(self.read_packed(Scalar::I64, from)?)?;
        let next = self.b.build_int_add(at, size, "at")?;
        let i64_ty = self.m.context.i64_type();
        let most = if least == 0 {
            int(self.b.build_load(i64_ty, bytes.empty, "most")?)?
        } else {
            let rest = self.b.build_int_sub(bytes.len, next, "rest")?;
            self.b.build_int_unsigned_div(rest, self.int64(least as i64), "most")?
        };
        // A negative count is a huge unsigned number.
        let fits = self.b.build_int_compare(IntPredicate::ULE, count, most, "fits")?;
        self.check(fits, Check::SerialCount, bytes.origin, at, count)?;
        if least == 0 {
            let left = self.b.build_int_sub(most, count, "left")?;
            self.b.build_store(bytes.empty, left)?;
        }
        Ok((count, next))
    }

    /// The address of `size` bytes at an offset, after checking that they are there.
    fn taken(
        &mut self,
        bytes: Bytes<'_, 'c>,
        at: IntValue<'c>,
        size: IntValue<'c>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        // What was read lies in the bytes, so this does not go below zero.
        let rest = self.b.build_int_sub(bytes.len, at, "rest")?;
        let there = self.b.build_int_compare(IntPredicate::UGE, rest, size, "there")?;
        self.check(there, Check::SerialShort, bytes.origin, at, bytes.len)?;
        self.element(self.m.context.i8_type().into(), bytes.data, at)
    }

    fn read_image(&self, ty: &Ty, from: PointerValue<'c>, out: &mut Val<'c>) -> Result<(), CodegenError> {
        match ty {
            Ty::Scalar(scalar) => {
                out.push(self.read_packed(*scalar, from)?);
                Ok(())
            }
            Ty::Struct(fields) => {
                let mut parts = fields.iter().zip(layout::field_offsets(fields));
                parts.try_for_each(|(field, offset)| self.read_image(field, self.offset(from, offset)?, out))
            }
            _ => Err(CodegenError(format!("`{ty}` is no image"))),
        }
    }

    fn read_packed(&self, scalar: Scalar, from: PointerValue<'c>) -> Result<Leaf<'c>, CodegenError> {
        let value = self.b.build_load(memory_ty(self.m.context, scalar), from, "packed")?;
        if let Some(load) = inkwell::values::BasicValue::as_instruction_value(&value) {
            load.set_alignment(1).map_err(|error| CodegenError(error.to_string()))?;
        }
        match scalar {
            Scalar::Bool => self.binary(BinOp::Ne, Scalar::I8, value, self.constant(&Literal::I8(0))?),
            _ => Ok(value),
        }
    }
}

/// Whether bytes of the image belong to no field.
fn has_padding(ty: &Ty) -> bool {
    fn own(ty: &Ty) -> usize {
        match ty {
            Ty::Struct(fields) => fields.iter().map(own).sum(),
            other => layout::layout(other).size,
        }
    }
    own(ty) < layout::layout(ty).size
}

/// Whether there is a float in a type without pointers: NaNs have one form in bytes.
fn has_float(ty: &Ty) -> bool {
    match ty {
        Ty::Struct(fields) => fields.iter().any(has_float),
        other => other.scalar().is_some_and(Scalar::is_float),
    }
}

/// Whether memory of this type can be copied as it is, both ways: no pointers, no padding that must be zero, and no
/// bool, whose byte may be anything but 0.
fn is_image(ty: &Ty) -> bool {
    fn has_bool(ty: &Ty) -> bool {
        match ty {
            Ty::Struct(fields) => fields.iter().any(has_bool),
            other => *other == Ty::BOOL,
        }
    }
    ty.is_flat() && !has_padding(ty) && !has_bool(ty)
}
