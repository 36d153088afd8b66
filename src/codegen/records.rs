#![forbid(unsafe_code)]
//! `sort` by keys: records of a key and what becomes the element again.
//!
//! Promises: keys are computed once, in order. A scalar key becomes 8 bytes whose order as an unsigned number is the
//! order of the sort; `-0.0` and `0.0` have the same. The payload of a record is the element itself if that is a scalar,
//! else its index. Keys with a NaN among them, which have no order, are merged as the interpreter does.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, LeafTy, Val, int, leaf_at, pointer, register_ty, single};
use super::sort::{After, Elements, part};
use crate::ir::{BinOp, Lambda, Literal, Scalar, Ty};
use crate::plan::sorts::{LEAST_FOR_DIGITS, Order};
use crate::runtime::abi::SortKey;
use crate::value::layout;
use inkwell::IntPredicate;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{BasicValueEnum, IntValue, PointerValue};

/// How a sort gets its keys.
struct Keys<'p> {
    func: &'p Lambda,
    order: &'p Order,
    /// The type of a key.
    ty: &'p Ty,
    descending: bool,
    /// Whether scalar keys may be sorted as numbers, or are merged in any case.
    digits: bool,
}

/// The bytes of a record.
const RECORD: usize = 16;

impl<'c> FnCx<'_, 'c> {
    /// Sorts by the scalar `key` in the elements that `order` says; gives the sorted elements.
    pub fn sort_parts(
        &mut self,
        elements: Elements<'_, 'c>,
        func: &Lambda,
        order: &Order,
        key: &Ty,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let (Order::Part { path, descending }, Some(scalar)) = (order, key.scalar()) else {
            return Err(CodegenError("a sort by no part".into()));
        };
        let Elements { elem, data, len } = elements;
        let size = layout::layout(elem).size;
        let out = self.alloca(self.ptr_ty(), "sorted")?;
        let (numbers, merge, done) = (self.block("numbers"), self.block("merge"), self.block("in_order"));
        let many = self.many(len)?;
        self.b.build_conditional_branch(many, numbers, merge)?;
        self.b.position_at_end(numbers);
        let args = [
            data.into(),
            len.into(),
            self.int32(sort_key(scalar, *descending)).into(),
            self.int64(size as i64).into(),
            self.int64(offset_of(elem, path) as i64).into(),
            out.into(),
        ];
        self.call_runtime("weld_rt_sort", &args)?;
        let first = pointer(self.b.build_load(self.ptr_ty(), out, "sorted")?)?;
        let nan = self.b.build_is_null(first, "nan")?;
        let after_numbers = self.here()?;
        self.b.build_conditional_branch(nan, merge, done)?;
        self.b.position_at_end(merge);
        let keys = Keys { func, order, ty: key, descending: *descending, digits: false };
        let second = if size > RECORD {
            self.through_records(elements, &keys)?
        } else {
            let op = if *descending { BinOp::Lt } else { BinOp::Gt };
            let after: &mut After<'_, 'c> = &mut |cx, a, b| {
                let (a, b) = (part(elem, a, path)?, part(elem, b, path)?);
                int(cx.binary(op, scalar, single(&a)?, single(&b)?)?)
            };
            // Without NaN only few elements come here.
            if scalar.is_float() {
                self.merge_elements(elements, None, after)?
            } else {
                self.merge_few(elements, after)?
            }
        };
        let after_merge = self.here()?;
        self.enter(done)?;
        let joined = self.join((&vec![first.into()], after_numbers), (&vec![second.into()], after_merge))?;
        pointer(leaf_at(&joined, 0)?)
    }

    /// Sorts by the keys `order`, which are computed first; gives the sorted elements.
    pub fn sort_records(
        &mut self,
        elements: Elements<'_, 'c>,
        func: &Lambda,
        order: &Order,
        key: &Ty,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let descending = matches!(order, Order::Part { descending: true, .. });
        self.through_records(elements, &Keys { func, order, ty: key, descending, digits: true })
    }

    fn many(&self, len: IntValue<'c>) -> Result<IntValue<'c>, CodegenError> {
        let least = self.int64(LEAST_FOR_DIGITS);
        Ok(self.b.build_int_compare(IntPredicate::SGE, len, least, "many")?)
    }

    fn through_records(
        &mut self,
        elements: Elements<'_, 'c>,
        keys: &Keys<'_>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let Elements { elem, data, len } = elements;
        let scalar_key = keys.ty.scalar();
        let stored = if scalar_key.is_some() { Ty::Scalar(Scalar::U64) } else { keys.ty.clone() };
        let record = Ty::tuple(vec![stored, Ty::I64]);
        let records = self.allocate(&record, len)?;
        let no_nan = self.constant(&Literal::Bool(false))?;
        let nan = self.counted(self.int64(0), len, 1, vec![no_nan], &mut |cx, i, mut nan| {
            let value = cx.load(elem, cx.elem_address(elem, data, i)?)?;
            let payload = match elem.scalar() {
                Some(scalar) => cx.bits(scalar, single(&value)?)?,
                None => i,
            };
            let mut fields = cx.key(elem, keys, value)?;
            if let Some(scalar) = scalar_key {
                let key = single(&fields)?;
                if scalar.is_float() {
                    let is_nan = cx.binary(BinOp::Ne, scalar, key, key)?;
                    nan = vec![cx.binary(BinOp::BitOr, Scalar::Bool, leaf_at(&nan, 0)?, is_nan)?];
                }
                fields = vec![cx.word(scalar, key, keys.descending)?.into()];
            }
            fields.push(payload.into());
            cx.store(&record, &fields, cx.elem_address(&record, records, i)?)?;
            Ok(nan)
        })?;
        let merged = Elements { elem: &record, data: records, len };
        let sorted = if scalar_key.is_some() && keys.digits {
            let (digits, merge, done) = (self.block("digits"), self.block("merge"), self.block("in_order"));
            let many = self.many(len)?;
            let none = self.b.build_not(int(leaf_at(&nan, 0)?)?, "none")?;
            let plain = self.b.build_and(many, none, "plain")?;
            self.b.build_conditional_branch(plain, digits, merge)?;
            self.b.position_at_end(digits);
            self.call_runtime("weld_rt_sort_records", &[records.into(), len.into()])?;
            let after_digits = self.here()?;
            self.b.build_unconditional_branch(done)?;
            self.b.position_at_end(merge);
            let second = self.merge_records(merged, keys)?;
            let after_merge = self.here()?;
            self.enter(done)?;
            let joined =
                self.join((&vec![records.into()], after_digits), (&vec![second.into()], after_merge))?;
            pointer(leaf_at(&joined, 0)?)?
        } else {
            self.merge_records(merged, keys)?
        };
        let result = self.elements_of(elements, &record, sorted)?;
        self.call_runtime("weld_rt_free", &[sorted.into()])?;
        Ok(result)
    }

    /// The key of an element.
    fn key(&mut self, elem: &Ty, keys: &Keys<'_>, value: Val<'c>) -> Result<Val<'c>, CodegenError> {
        match keys.order {
            Order::Part { path, .. } => part(elem, value, path),
            Order::Key | Order::Comparator => {
                self.poll()?;
                let param = keys.func.params.first();
                let param = param.ok_or_else(|| CodegenError("a key function without a parameter".into()))?;
                self.bind(&param.name, value);
                self.expr(&keys.func.body)
            }
        }
    }

    fn merge_records(
        &mut self,
        records: Elements<'_, 'c>,
        keys: &Keys<'_>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        self.merge_sort(records, None, None, &mut |cx, mut a, mut b| {
            // The payload says nothing about the order.
            a.pop();
            b.pop();
            let Some(scalar) = keys.ty.scalar() else {
                let order = cx.order(keys.ty, &a, &b)?;
                let one = order.get_type().const_int(1, false);
                return Ok(cx.b.build_int_compare(IntPredicate::EQ, order, one, "after")?);
            };
            let (a, b) = (single(&a)?, single(&b)?);
            if !scalar.is_float() {
                return int(cx.binary(BinOp::Gt, Scalar::U64, a, b)?);
            }
            let op = if keys.descending { BinOp::Lt } else { BinOp::Gt };
            let a = cx.behind_word(scalar, int(a)?, keys.descending)?;
            let b = cx.behind_word(scalar, int(b)?, keys.descending)?;
            int(cx.binary(op, scalar, a, b)?)
        })
    }

    /// The elements of sorted records.
    fn elements_of(
        &mut self,
        elements: Elements<'_, 'c>,
        record: &Ty,
        sorted: PointerValue<'c>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let Elements { elem, data, len } = elements;
        let offset = layout::field_offsets(record.fields().unwrap_or_default()).pop().unwrap_or_default();
        let size = layout::layout(elem);
        let result = self.allocate(elem, len)?;
        self.counted(self.int64(0), len, 1, Vec::new(), &mut |cx, i, carried| {
            let payload = cx.offset(cx.elem_address(record, sorted, i)?, offset)?;
            let payload = int(cx.load_scalar(Scalar::I64, payload, None)?)?;
            let to = cx.elem_address(elem, result, i)?;
            match elem.scalar() {
                Some(scalar) => cx.store_scalar(scalar, cx.of_bits(scalar, payload)?, to)?,
                None => {
                    let from = cx.elem_address(elem, data, payload)?;
                    cx.copy_bytes(to, from, cx.int64(size.size as i64), size.align)?;
                }
            }
            Ok(carried)
        })?;
        Ok(result)
    }

    // ---- scalars as words -----------------------------------------------------------------------------

    /// The bits of a scalar, in the low bytes of a word.
    fn bits(&self, scalar: Scalar, value: Leaf<'c>) -> Result<IntValue<'c>, CodegenError> {
        let word = self.m.context.i64_type();
        let bits = match value {
            BasicValueEnum::FloatValue(_) => {
                int(self.b.build_bit_cast(value, self.int_ty(scalar), "bits")?)?
            }
            _ => int(value)?,
        };
        Ok(if scalar.bytes() == 8 { bits } else { self.b.build_int_z_extend(bits, word, "word")? })
    }

    /// The scalar with these bits.
    fn of_bits(&self, scalar: Scalar, word: IntValue<'c>) -> Result<Leaf<'c>, CodegenError> {
        let ty = register_ty(self.m.context, LeafTy::Scalar(scalar));
        let narrow = match ty {
            BasicTypeEnum::IntType(ty) => ty,
            _ => self.int_ty(scalar),
        };
        let bits =
            if scalar.bytes() == 8 { word } else { self.b.build_int_truncate(word, narrow, "bits")? };
        Ok(if scalar.is_float() { self.b.build_bit_cast(bits, ty, "value")? } else { bits.into() })
    }

    fn int_ty(&self, scalar: Scalar) -> inkwell::types::IntType<'c> {
        if scalar.bytes() == 4 { self.m.context.i32_type() } else { self.m.context.i64_type() }
    }

    /// The word whose order as an unsigned number is that of the keys.
    fn word(&self, scalar: Scalar, key: Leaf<'c>, descending: bool) -> Result<IntValue<'c>, CodegenError> {
        let mut word = match scalar.is_float() {
            false => self.bits(scalar, key)?,
            true => {
                // Adding zero makes a positive zero of the negative one, and changes nothing else.
                let zero = self.constant(&Literal::from_i64(scalar, 0))?;
                let bits = self.bits(scalar, self.binary(BinOp::Add, scalar, key, zero)?)?;
                // The more negative, the larger are the bits: turn them round.
                self.turned(scalar, bits)?
            }
        };
        if scalar.is_float() || scalar.is_signed() {
            word = self.b.build_xor(word, self.int64(sign(scalar) as i64), "word")?;
        }
        if descending {
            word = self.b.build_xor(word, self.int64(mask(scalar) as i64), "word")?;
        }
        Ok(word)
    }

    /// The key behind a word.
    fn behind_word(
        &self,
        scalar: Scalar,
        mut word: IntValue<'c>,
        descending: bool,
    ) -> Result<Leaf<'c>, CodegenError> {
        if descending {
            word = self.b.build_xor(word, self.int64(mask(scalar) as i64), "word")?;
        }
        if scalar.is_float() || scalar.is_signed() {
            word = self.b.build_xor(word, self.int64(sign(scalar) as i64), "word")?;
        }
        if scalar.is_float() {
            word = self.turned(scalar, word)?;
        }
        self.of_bits(scalar, word)
    }

    /// The bits of a negative float turned round, all but the sign.
    fn turned(&self, scalar: Scalar, bits: IntValue<'c>) -> Result<IntValue<'c>, CodegenError> {
        let sign_bit = self.b.build_and(bits, self.int64(sign(scalar) as i64), "sign")?;
        let negative = self.b.build_int_compare(IntPredicate::NE, sign_bit, self.int64(0), "negative")?;
        let flip = self.int64((mask(scalar) ^ sign(scalar)) as i64);
        let flip = int(self.b.build_select(negative, flip, self.int64(0), "flip")?)?;
        Ok(self.b.build_xor(bits, flip, "word")?)
    }
}

/// The top bit of a scalar.
fn sign(scalar: Scalar) -> u64 {
    1 << (scalar.bytes() * 8 - 1)
}

/// All bits of a scalar.
fn mask(scalar: Scalar) -> u64 {
    u64::MAX >> (64 - scalar.bytes() * 8)
}

/// What the runtime is told of keys.
fn sort_key(scalar: Scalar, descending: bool) -> u32 {
    let mut key = scalar.bytes() as u32;
    if scalar.is_float() {
        key |= SortKey::FLOAT;
    } else if scalar.is_signed() {
        key |= SortKey::SIGNED;
    }
    if descending {
        key |= SortKey::DESCENDING;
    }
    key
}

/// Where a part of a value is in memory.
fn offset_of(ty: &Ty, path: &[u32]) -> usize {
    let (mut ty, mut offset) = (ty, 0);
    for k in path {
        let fields = ty.fields().unwrap_or_default();
        offset += layout::field_offsets(fields).get(*k as usize).copied().unwrap_or(0);
        ty = fields.get(*k as usize).unwrap_or(ty);
    }
    offset
}
