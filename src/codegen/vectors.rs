#![forbid(unsafe_code)]
//! Vectors: literals, element access, slices, zips as values, allocation.
//!
//! Promises: an index is checked before its address is used; sizes that overflow become an out-of-memory error.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Val, int, leaf_at, memory_ty, pointer};
use super::module::Check;
use crate::ir::{BinOp, Expr, Literal, Scalar, Ty};
use crate::value::layout;
use inkwell::IntPredicate;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{BasicValue, BasicValueEnum, IntValue, PointerValue};

impl<'c> FnCx<'_, 'c> {
    /// A string constant; a NUL that is not part of the vector follows its bytes.
    pub fn string(&mut self, bytes: &[u8]) -> Result<Val<'c>, CodegenError> {
        let text = self.m.context.const_string(bytes, true);
        let global = self.m.constant("text", text.get_type().into(), &text);
        Ok(vec![global.as_pointer_value().into(), self.int64(bytes.len() as i64).into()])
    }

    /// Room for `count` elements of `elem`; `count` is not negative.
    pub fn allocate(&mut self, elem: &Ty, count: IntValue<'c>) -> Result<PointerValue<'c>, CodegenError> {
        let size = layout::layout(elem).size as i64;
        // More than this many cannot exist: ask for the impossible, so that the runtime reports it.
        let most = self.int64(i64::MAX / size.max(1));
        let fits = self.b.build_int_compare(IntPredicate::SLE, count, most, "fits")?;
        let bytes = self.b.build_int_mul(count, self.int64(size), "bytes")?;
        let bytes = self.b.build_select(fits, bytes, self.int64(i64::MAX), "bytes")?;
        let slot = self.alloca(self.ptr_ty(), "room")?;
        self.call_runtime("weld_rt_alloc", &[bytes.into(), slot.into()])?;
        pointer(self.b.build_load(self.ptr_ty(), slot, "data")?)
    }

    /// `[a, b, ...]`.
    pub fn vector(&mut self, items: &[Expr], expr: &Expr) -> Result<Val<'c>, CodegenError> {
        let elem = expr.ty.elem().ok_or_else(|| CodegenError("a vector literal of no vector type".into()))?;
        let len = self.int64(items.len() as i64);
        if items.is_empty() {
            return Ok(vec![
                self.m.context.ptr_type(inkwell::AddressSpace::default()).const_null().into(),
                len.into(),
            ]);
        }
        if let Some(data) = self.constant_vector(items, elem)? {
            return Ok(vec![data.into(), len.into()]);
        }
        let mut values = Vec::new();
        for item in items {
            values.push(self.expr(item)?);
        }
        let data = self.allocate(elem, len)?;
        for (at, value) in values.iter().enumerate() {
            let address = self.elem_address(elem, data, self.int64(at as i64))?;
            self.store(elem, value, address)?;
        }
        Ok(vec![data.into(), len.into()])
    }

    /// A literal of literals lives in the program's constants.
    fn constant_vector(
        &mut self,
        items: &[Expr],
        elem: &Ty,
    ) -> Result<Option<PointerValue<'c>>, CodegenError> {
        let Some(scalar) = elem.scalar() else { return Ok(None) };
        let literals: Option<Vec<&Literal>> = items.iter().map(|item| item.literal()).collect();
        let Some(literals) = literals else { return Ok(None) };
        let initializer = match memory_ty(self.m.context, scalar) {
            BasicTypeEnum::IntType(ty) => {
                let values: Vec<_> =
                    literals.iter().map(|literal| ty.const_int(literal.bits().unwrap_or(0), false)).collect();
                ty.const_array(&values)
            }
            BasicTypeEnum::FloatType(ty) => {
                let mut values = Vec::new();
                for literal in literals {
                    values.push(super::leaves::float(self.constant(literal)?)?);
                }
                ty.const_array(&values)
            }
            other => return Err(CodegenError(format!("no constants of {other}"))),
        };
        let global = self.m.constant("elements", initializer.get_type().into(), &initializer);
        global.set_alignment(64);
        Ok(Some(global.as_pointer_value()))
    }

    /// `lookup(v, i)`.
    pub fn lookup(&mut self, v: &Expr, index: &Expr, expr: &Expr) -> Result<Val<'c>, CodegenError> {
        let vector = self.expr(v)?;
        let index = self.leaf(index)?;
        let len = int(leaf_at(&vector, 1)?)?;
        if let Some(lanes) = self.lanes {
            let index = self.splat(index, lanes)?;
            let inside = self.binary(BinOp::Lt, Scalar::U64, index, len.into())?;
            self.check_lanes(inside, lanes)?;
            return self.gather(&expr.ty, pointer(leaf_at(&vector, 0)?)?, index, lanes);
        }
        let index = int(index)?;
        // One unsigned comparison covers negative indices too.
        let inside = self.b.build_int_compare(IntPredicate::ULT, index, len, "inside")?;
        self.check(inside, Check::Lookup, &expr.origin, index, len)?;
        let address = self.elem_address(&expr.ty, pointer(leaf_at(&vector, 0)?)?, index)?;
        self.load(&expr.ty, address)
    }

    /// `slice(v, i, n)`: a view of `min(n, len - i)` elements, `n` as unsigned.
    pub fn slice(
        &mut self,
        v: &Expr,
        start: &Expr,
        count: &Expr,
        expr: &Expr,
    ) -> Result<Val<'c>, CodegenError> {
        let vector = self.expr(v)?;
        let start = int(self.leaf(start)?)?;
        let count = self.leaf(count)?;
        let len = int(leaf_at(&vector, 1)?)?;
        let inside = self.b.build_int_compare(IntPredicate::ULE, start, len, "inside")?;
        self.check(inside, Check::Slice, &expr.origin, start, len)?;
        let rest = self.b.build_int_sub(len, start, "rest")?;
        let count = self.binary(BinOp::Min, Scalar::U64, count, rest.into())?;
        let elem = expr.ty.elem().ok_or_else(|| CodegenError("a slice of no vector".into()))?;
        let data = self.elem_address(elem, pointer(leaf_at(&vector, 0)?)?, start)?;
        Ok(vec![data.into(), count])
    }

    /// `zip(a, b)` as a value.
    pub fn zip(&mut self, items: &[Expr], expr: &Expr) -> Result<Val<'c>, CodegenError> {
        let elem = expr.ty.elem().cloned().ok_or_else(|| CodegenError("a zip of no vectors".into()))?;
        let mut vectors = Vec::new();
        for item in items {
            let item_elem =
                item.ty.elem().cloned().ok_or_else(|| CodegenError("a zip of no vector".into()))?;
            vectors.push((item_elem, self.expr(item)?));
        }
        let mut lens = Vec::new();
        for (_, vector) in &vectors {
            lens.push(int(leaf_at(vector, 1)?)?);
        }
        let len = self.equal_counts(&lens, &expr.origin)?;
        let data = self.allocate(&elem, len)?;
        self.counted(self.int64(0), len, 1, Vec::new(), &mut |cx, i, carried| {
            let mut value = Vec::new();
            for (item_elem, vector) in &vectors {
                let address = cx.elem_address(item_elem, pointer(leaf_at(vector, 0)?)?, i)?;
                value.extend(cx.load(item_elem, address)?);
            }
            let address = cx.elem_address(&elem, data, i)?;
            cx.store(&elem, &value, address)?;
            Ok(carried)
        })?;
        Ok(vec![data.into(), len.into()])
    }

    /// Whether a leaf is the integer constant `value`.
    pub fn is_constant(leaf: super::leaves::Leaf<'c>, value: i64) -> bool {
        matches!(leaf, BasicValueEnum::IntValue(int) if int.get_sign_extended_constant() == Some(value))
            && leaf.as_instruction_value().is_none()
    }
}
