#![forbid(unsafe_code)]
//! Hashing and equality of dictionary keys: LANGUAGE 8.3, with the hash that `runtime::abi::Dict` describes.
//!
//! Promises: scalars and structs inline, vectors through one function per element type; all NaNs are one key and `-0.0`
//! is `0.0`, at every depth; equal keys have equal hashes, those of `value::table` included.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, field_range, float, int, leaf_at, pointer, single};
use crate::ir::{Scalar, Ty};
use crate::runtime::abi::HASH_MULTIPLIER;
use crate::value::layout;
use inkwell::module::Linkage;
use inkwell::values::{FunctionValue, IntValue, PointerValue};
use inkwell::{AddressSpace, FloatPredicate, IntPredicate};

/// A struct on its way into a hash.
struct Words<'c> {
    state: IntValue<'c>,
    /// A word that has room left, and its bits that are taken.
    pending: Option<(IntValue<'c>, i64)>,
}

impl<'c> FnCx<'_, 'c> {
    /// The state after a key of type `ty` has gone in.
    pub fn hash(
        &mut self,
        ty: &Ty,
        key: &[Leaf<'c>],
        state: IntValue<'c>,
    ) -> Result<IntValue<'c>, CodegenError> {
        match ty {
            Ty::Scalar(scalar) => {
                let bits = self.key_bits(*scalar, single(key)?)?;
                self.fold(state, bits)
            }
            Ty::Struct(fields) => {
                let mut words = Words { state, pending: None };
                self.hash_fields(fields, key, &mut words)?;
                self.whole(&mut words)
            }
            Ty::Vec(elem) => {
                let (data, len) = (leaf_at(key, 0)?, int(leaf_at(key, 1)?)?);
                let state = self.fold(state, len)?;
                let function = self.hasher(elem)?;
                let size = layout::layout(elem).size as i64;
                let count = if is_bytes(elem) && size > 1 {
                    self.b.build_int_mul(len, self.int64(size), "bytes")?
                } else {
                    len
                };
                self.call_int(function, &[data, count.into(), state.into()])
            }
            _ => Err(CodegenError(format!("`{ty}` is no key"))),
        }
    }

    /// The fields of a struct: neighbouring scalars share a word while they fit.
    fn hash_fields(
        &mut self,
        fields: &[Ty],
        key: &[Leaf<'c>],
        words: &mut Words<'c>,
    ) -> Result<(), CodegenError> {
        for (k, field) in fields.iter().enumerate() {
            let own = key.get(field_range(fields, k)).unwrap_or_default();
            match field {
                Ty::Struct(fields) => self.hash_fields(fields, own, words)?,
                Ty::Scalar(scalar) => {
                    let bits = self.key_bits(*scalar, single(own)?)?;
                    let width = scalar.bytes() as i64 * 8;
                    if words.pending.is_some_and(|(_, used)| used + width > 64) {
                        words.state = self.whole(words)?;
                    }
                    words.pending = Some(match words.pending {
                        None => (bits, width),
                        Some((word, used)) => {
                            let bits = self.b.build_left_shift(bits, self.int64(used), "bits")?;
                            (self.b.build_or(word, bits, "word")?, used + width)
                        }
                    });
                }
                _ => {
                    let state = self.whole(words)?;
                    words.state = self.hash(field, own, state)?;
                }
            }
        }
        Ok(())
    }

    /// The fields of a struct of integers that share one word.
    pub fn key_word(&mut self, fields: &[Ty], key: &[Leaf<'c>]) -> Result<IntValue<'c>, CodegenError> {
        let mut words = Words { state: self.int64(0), pending: None };
        self.hash_fields(fields, key, &mut words)?;
        words.pending.map(|(word, _)| word).ok_or_else(|| CodegenError("a key without a word".into()))
    }

    /// The state with the word that was begun.
    fn whole(&self, words: &mut Words<'c>) -> Result<IntValue<'c>, CodegenError> {
        match words.pending.take() {
            None => Ok(words.state),
            Some((word, _)) => self.fold(words.state, word),
        }
    }

    /// The part of a hash that a slot keeps, as `i32`: its upper half, but not 0.
    pub fn tag_of(&self, hash: IntValue<'c>) -> Result<IntValue<'c>, CodegenError> {
        let i32_ty = self.m.context.i32_type();
        let upper = self.b.build_right_shift(hash, self.int64(32), false, "upper")?;
        let upper = self.b.build_int_truncate(upper, i32_ty, "upper")?;
        let tag = self.intrinsic("llvm.umax", &[i32_ty.into()], &[upper.into(), self.int32(1).into()])?;
        int(tag)
    }

    /// Both halves of `(state ^ bits) * multiplier`.
    fn fold(&self, state: IntValue<'c>, bits: IntValue<'c>) -> Result<IntValue<'c>, CodegenError> {
        let wide = self.m.context.i128_type();
        let mixed = self.b.build_xor(state, bits, "mixed")?;
        let multiplier = self.b.build_int_z_extend(self.int64(HASH_MULTIPLIER as i64), wide, "multiplier")?;
        let product =
            self.b.build_int_mul(self.b.build_int_z_extend(mixed, wide, "wide")?, multiplier, "product")?;
        let low = self.b.build_int_truncate(product, self.m.context.i64_type(), "low")?;
        let high = self.b.build_right_shift(product, wide.const_int(64, false), false, "high")?;
        let high = self.b.build_int_truncate(high, self.m.context.i64_type(), "high")?;
        Ok(self.b.build_xor(low, high, "hash")?)
    }

    /// The bits of a scalar as a key, zero-extended.
    fn key_bits(&self, scalar: Scalar, leaf: Leaf<'c>) -> Result<IntValue<'c>, CodegenError> {
        let i64_ty = self.m.context.i64_type();
        if !scalar.is_float() {
            let value = int(leaf)?;
            if value.get_type().get_bit_width() == 64 {
                return Ok(value);
            }
            return Ok(self.b.build_int_z_extend(value, i64_ty, "bits")?);
        }
        let value = float(leaf)?;
        let ty = value.get_type();
        let (bits_ty, nan) = match scalar {
            Scalar::F32 => (self.m.context.i32_type(), u64::from(f32::NAN.to_bits())),
            _ => (i64_ty, f64::NAN.to_bits()),
        };
        let bits = int(self.b.build_bit_cast(value, bits_ty, "bits")?)?;
        let zero = self.b.build_float_compare(FloatPredicate::OEQ, value, ty.const_zero(), "zero")?;
        let unordered = self.b.build_float_compare(FloatPredicate::UNO, value, value, "nan")?;
        let bits = int(self.b.build_select(zero, bits_ty.const_zero(), bits, "bits")?)?;
        let bits = int(self.b.build_select(unordered, bits_ty.const_int(nan, false), bits, "bits")?)?;
        if bits_ty == i64_ty { Ok(bits) } else { Ok(self.b.build_int_z_extend(bits, i64_ty, "bits")?) }
    }

    /// Whether two values are the same key.
    pub fn same_key(
        &mut self,
        ty: &Ty,
        a: &[Leaf<'c>],
        b: &[Leaf<'c>],
    ) -> Result<IntValue<'c>, CodegenError> {
        match ty {
            Ty::Scalar(scalar) if scalar.is_float() => {
                let (x, y) = (float(single(a)?)?, float(single(b)?)?);
                let equal = self.b.build_float_compare(FloatPredicate::OEQ, x, y, "equal")?;
                let first = self.b.build_float_compare(FloatPredicate::UNO, x, x, "nan")?;
                let second = self.b.build_float_compare(FloatPredicate::UNO, y, y, "nan")?;
                Ok(self.b.build_or(equal, self.b.build_and(first, second, "nans")?, "same")?)
            }
            Ty::Scalar(_) => {
                Ok(self.b.build_int_compare(IntPredicate::EQ, int(single(a)?)?, int(single(b)?)?, "same")?)
            }
            Ty::Struct(fields) => {
                let mut same = self.m.context.bool_type().const_int(1, false);
                for (k, field) in fields.iter().enumerate() {
                    let range = field_range(fields, k);
                    let (x, y) = (a.get(range.clone()).unwrap_or_default(), b.get(range).unwrap_or_default());
                    let own = self.same_key(field, x, y)?;
                    same = self.b.build_and(same, own, "same")?;
                }
                Ok(same)
            }
            Ty::Vec(elem) => {
                let function = self.equality(elem)?;
                self.call_int(function, &[leaf_at(a, 0)?, leaf_at(a, 1)?, leaf_at(b, 0)?, leaf_at(b, 1)?])
            }
            _ => Err(CodegenError(format!("`{ty}` is no key"))),
        }
    }

    fn call_int(&self, function: FunctionValue<'c>, args: &[Leaf<'c>]) -> Result<IntValue<'c>, CodegenError> {
        let args: Vec<_> = args.iter().map(|arg| (*arg).into()).collect();
        let call = self.b.build_call(function, &args, "key")?;
        int(call.try_as_basic_value().basic().ok_or_else(|| CodegenError("no value of a key".into()))?)
    }

    // ---- functions over vectors ----------------------------------------------------------------------

    /// `i64 hash(const T *data, i64 n, i64 state)`; `n` counts bytes for integers, else elements.
    fn hasher(&mut self, elem: &Ty) -> Result<FunctionValue<'c>, CodegenError> {
        // All integers share the function over bytes.
        let elem = if is_bytes(elem) { &Ty::I8 } else { elem };
        if let Some(function) = self.m.hashers.get(elem) {
            return Ok(*function);
        }
        let (ptr, i64_ty) = (self.m.context.ptr_type(AddressSpace::default()), self.m.context.i64_type());
        let ty = i64_ty.fn_type(&[ptr.into(), i64_ty.into(), i64_ty.into()], false);
        let function = self.m.add_function(&format!("hash_{}", self.m.hashers.len()), ty, Linkage::Internal);
        self.m.hashers.insert(elem.clone(), function);
        let mut cx = FnCx::new(self.m, function)?;
        let (data, n, state) = (pointer(cx.param(0)?)?, int(cx.param(1)?)?, int(cx.param(2)?)?);
        if *elem == Ty::I8 {
            cx.hash_bytes(data, n, state)?;
        } else {
            let state = cx.counted(cx.int64(0), n, 1, vec![state.into()], &mut |cx, i, state| {
                let key = cx.load(elem, cx.elem_address(elem, data, i)?)?;
                Ok(vec![cx.hash(elem, &key, int(leaf_at(&state, 0)?)?)?.into()])
            })?;
            cx.b.build_return(Some(&leaf_at(&state, 0)?))?;
        }
        cx.finish()?;
        Ok(function)
    }

    /// Eight bytes at a time; the last ones overlap those before, or are put together when there are fewer than eight.
    fn hash_bytes(
        &mut self,
        data: PointerValue<'c>,
        n: IntValue<'c>,
        state: IntValue<'c>,
    ) -> Result<(), CodegenError> {
        let words = self.b.build_right_shift(n, self.int64(3), false, "words")?;
        let state = self.counted(self.int64(0), words, 1, vec![state.into()], &mut |cx, i, state| {
            let at = cx.b.build_left_shift(i, cx.int64(3), "at")?;
            let word = cx.load_bytes(data, at, 8)?;
            Ok(vec![cx.fold(int(leaf_at(&state, 0)?)?, word)?.into()])
        })?;
        let state = int(leaf_at(&state, 0)?)?;
        let rest = self.b.build_and(n, self.int64(7), "rest")?;
        let no_rest = self.b.build_int_compare(IntPredicate::EQ, rest, self.int64(0), "no_rest")?;
        let (whole, part) = (self.block("whole"), self.block("part"));
        self.b.build_conditional_branch(no_rest, whole, part)?;
        self.b.position_at_end(whole);
        self.b.build_return(Some(&state))?;
        self.b.position_at_end(part);
        let (long, short) = (self.block("long"), self.block("short"));
        let is_long = self.b.build_int_compare(IntPredicate::UGT, n, self.int64(7), "is_long")?;
        self.b.build_conditional_branch(is_long, long, short)?;
        self.b.position_at_end(long);
        let last = self.load_bytes(data, self.b.build_int_sub(n, self.int64(8), "last")?, 8)?;
        self.b.build_return(Some(&self.fold(state, last)?))?;
        self.b.position_at_end(short);
        let (four, few) = (self.block("four"), self.block("few"));
        let is_four = self.b.build_int_compare(IntPredicate::UGT, n, self.int64(3), "is_four")?;
        self.b.build_conditional_branch(is_four, four, few)?;
        self.b.position_at_end(four);
        let low = self.load_bytes(data, self.int64(0), 4)?;
        let high = self.load_bytes(data, self.b.build_int_sub(n, self.int64(4), "high")?, 4)?;
        let word = self.b.build_or(low, self.b.build_left_shift(high, self.int64(32), "high")?, "word")?;
        self.b.build_return(Some(&self.fold(state, word)?))?;
        self.b.position_at_end(few);
        let middle = self.b.build_right_shift(n, self.int64(1), false, "middle")?;
        let mut word = self.load_bytes(data, self.int64(0), 1)?;
        for (at, shift) in [(middle, 8), (self.b.build_int_sub(n, self.int64(1), "end")?, 16)] {
            let byte = self.b.build_left_shift(self.load_bytes(data, at, 1)?, self.int64(shift), "byte")?;
            word = self.b.build_or(word, byte, "word")?;
        }
        self.b.build_return(Some(&self.fold(state, word)?))?;
        Ok(())
    }

    /// The unsigned number in `count` bytes at `data + at`, of any alignment.
    fn load_bytes(
        &self,
        data: PointerValue<'c>,
        at: IntValue<'c>,
        count: u32,
    ) -> Result<IntValue<'c>, CodegenError> {
        let i64_ty = self.m.context.i64_type();
        let ty = match count {
            1 => self.m.context.i8_type(),
            4 => self.m.context.i32_type(),
            _ => i64_ty,
        };
        let address = self.element(self.m.context.i8_type().into(), data, at)?;
        let loaded = self.b.build_load(ty, address, "bytes")?;
        if let Some(load) = inkwell::values::BasicValue::as_instruction_value(&loaded) {
            load.set_alignment(1).map_err(|error| CodegenError(error.to_string()))?;
        }
        let loaded = int(loaded)?;
        if count == 8 { Ok(loaded) } else { Ok(self.b.build_int_z_extend(loaded, i64_ty, "bytes")?) }
    }

    /// `i1 equal(const T *a, i64 n, const T *b, i64 m)`.
    fn equality(&mut self, elem: &Ty) -> Result<FunctionValue<'c>, CodegenError> {
        if let Some(function) = self.m.equals.get(elem) {
            return Ok(*function);
        }
        let (ptr, i64_ty) = (self.m.context.ptr_type(AddressSpace::default()), self.m.context.i64_type());
        let args = [ptr.into(), i64_ty.into(), ptr.into(), i64_ty.into()];
        let ty = self.m.context.bool_type().fn_type(&args, false);
        let function = self.m.add_function(&format!("same_{}", self.m.equals.len()), ty, Linkage::Internal);
        self.m.equals.insert(elem.clone(), function);
        let mut cx = FnCx::new(self.m, function)?;
        cx.write_equality(elem)?;
        cx.finish()?;
        Ok(function)
    }

    fn write_equality(&mut self, elem: &Ty) -> Result<(), CodegenError> {
        let (a, n) = (pointer(self.param(0)?)?, int(self.param(1)?)?);
        let (b, m) = (pointer(self.param(2)?)?, int(self.param(3)?)?);
        let (lengths, differ) = (self.block("lengths"), self.block("differ"));
        let as_long = self.b.build_int_compare(IntPredicate::EQ, n, m, "as_long")?;
        self.b.build_conditional_branch(as_long, lengths, differ)?;
        self.b.position_at_end(differ);
        self.b.build_return(Some(&self.m.context.bool_type().const_zero()))?;
        self.b.position_at_end(lengths);
        let mut lo = self.int64(0);
        let size = layout::layout(elem).size as i64;
        if is_bytes(elem) && size < 8 {
            // Whole words first, what is left one element at a time.
            let bytes = self.b.build_int_mul(n, self.int64(size), "bytes")?;
            let whole = self.b.build_and(bytes, self.int64(-8), "whole")?;
            self.counted(self.int64(0), whole, 8, Vec::new(), &mut |cx, at, carried| {
                let (x, y) = (cx.load_bytes(a, at, 8)?, cx.load_bytes(b, at, 8)?);
                let same = cx.b.build_int_compare(IntPredicate::EQ, x, y, "same")?;
                cx.or_leave(same, differ)?;
                Ok(carried)
            })?;
            lo =
                self.b.build_right_shift(whole, self.int64(i64::from(size.trailing_zeros())), false, "lo")?;
        }
        self.counted(lo, n, 1, Vec::new(), &mut |cx, i, carried| {
            let x = cx.load(elem, cx.elem_address(elem, a, i)?)?;
            let y = cx.load(elem, cx.elem_address(elem, b, i)?)?;
            let same = cx.same_key(elem, &x, &y)?;
            cx.or_leave(same, differ)?;
            Ok(carried)
        })?;
        self.b.build_return(Some(&self.m.context.bool_type().const_int(1, false)))?;
        Ok(())
    }

    /// Goes on when `holds`, else to `leave`.
    fn or_leave(
        &self,
        holds: IntValue<'c>,
        leave: inkwell::basic_block::BasicBlock<'c>,
    ) -> Result<(), CodegenError> {
        let go_on = self.block("go_on");
        self.b.build_conditional_branch(holds, go_on, leave)?;
        self.b.position_at_end(go_on);
        Ok(())
    }
}

/// Whether elements are keys byte by byte: integers.
fn is_bytes(elem: &Ty) -> bool {
    elem.scalar().is_some_and(Scalar::is_int)
}
