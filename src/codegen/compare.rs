#![forbid(unsafe_code)]
//! Order of structs and vectors: LANGUAGE 8.1 and 8.2.
//!
//! Promises: -1, 0, 1, or 2 when the first pair that is not equal has a NaN in it; vectors through one function per
//! element type, so that code size does not multiply. `vec[i8]` compares its bytes as unsigned.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, field_range, int, leaf_at, pointer, single};
use crate::ir::{BinOp, Scalar, Ty};
use inkwell::AddressSpace;
use inkwell::IntPredicate;
use inkwell::module::Linkage;
use inkwell::values::{FunctionValue, IntValue};

impl<'c> FnCx<'_, 'c> {
    /// The order of two values of type `ty` as an `i8`.
    pub fn order(&mut self, ty: &Ty, a: &[Leaf<'c>], b: &[Leaf<'c>]) -> Result<IntValue<'c>, CodegenError> {
        match ty {
            Ty::Scalar(scalar) => self.order_scalar(*scalar, single(a)?, single(b)?),
            Ty::Struct(fields) => {
                let mut order = self.m.context.i8_type().const_zero();
                // Last field first: an earlier one that differs overrides it.
                for (k, field) in fields.iter().enumerate().rev() {
                    let range = field_range(fields, k);
                    let (x, y) = (a.get(range.clone()).unwrap_or_default(), b.get(range).unwrap_or_default());
                    let own = self.order(field, x, y)?;
                    let equal = self.b.build_int_compare(
                        IntPredicate::EQ,
                        own,
                        own.get_type().const_zero(),
                        "equal",
                    )?;
                    order = int(self.b.build_select(equal, order, own, "order")?)?;
                }
                Ok(order)
            }
            Ty::Vec(elem) => {
                let comparer = self.comparer(elem)?;
                let args = [leaf_at(a, 0)?, leaf_at(a, 1)?, leaf_at(b, 0)?, leaf_at(b, 1)?].map(Into::into);
                let call = self.b.build_call(comparer, &args, "order")?;
                int(call.try_as_basic_value().basic().ok_or_else(|| CodegenError("no order".into()))?)
            }
            Ty::Simd(_) | Ty::Dict(_) | Ty::Builder(_) | Ty::Infer(_) => {
                Err(CodegenError(format!("`{ty}` has no order")))
            }
        }
    }

    fn order_scalar(&self, scalar: Scalar, a: Leaf<'c>, b: Leaf<'c>) -> Result<IntValue<'c>, CodegenError> {
        let i8_ty = self.m.context.i8_type();
        let less = int(self.binary(BinOp::Lt, scalar, a, b)?)?;
        let greater = int(self.binary(BinOp::Gt, scalar, a, b)?)?;
        let equal = int(self.binary(BinOp::Eq, scalar, a, b)?)?;
        let rest = self.b.build_select(equal, i8_ty.const_zero(), i8_ty.const_int(2, false), "rest")?;
        let above = self.b.build_select(greater, i8_ty.const_int(1, false), int(rest)?, "above")?;
        int(self.b.build_select(less, i8_ty.const_int(u64::MAX, true), int(above)?, "order")?)
    }

    /// `i8 order(const T *a, i64 n, const T *b, i64 m)`.
    fn comparer(&mut self, elem: &Ty) -> Result<FunctionValue<'c>, CodegenError> {
        if let Some(function) = self.m.comparers.get(elem) {
            return Ok(*function);
        }
        let (ptr, i64_ty) = (self.m.context.ptr_type(AddressSpace::default()), self.m.context.i64_type());
        let i8_ty = self.m.context.i8_type();
        let ty = i8_ty.fn_type(&[ptr.into(), i64_ty.into(), ptr.into(), i64_ty.into()], false);
        let function =
            self.m.add_function(&format!("order_{}", self.m.comparers.len()), ty, Linkage::Internal);
        self.m.comparers.insert(elem.clone(), function);
        let mut cx = FnCx::new(self.m, function)?;
        cx.write_comparer(elem)?;
        cx.finish()?;
        Ok(function)
    }

    fn write_comparer(&mut self, elem: &Ty) -> Result<(), CodegenError> {
        // Bytes compare as unsigned: strcmp order, which is UTF-8 order.
        let elem = if *elem == Ty::I8 { &Ty::Scalar(Scalar::U8) } else { elem };
        let (a, n, b, m) =
            (pointer(self.param(0)?)?, int(self.param(1)?)?, pointer(self.param(2)?)?, int(self.param(3)?)?);
        let shorter = int(self.binary(BinOp::Min, Scalar::I64, n.into(), m.into())?)?;
        let before = self.here()?;
        let (head, body, next, differ, end) = (
            self.block("head"),
            self.block("body"),
            self.block("next"),
            self.block("differ"),
            self.block("end"),
        );
        self.enter(head)?;
        let phi = self.b.build_phi(self.m.context.i64_type(), "i")?;
        phi.add_incoming(&[(&self.int64(0), before)]);
        let i = int(phi.as_basic_value())?;
        let more = self.b.build_int_compare(IntPredicate::SLT, i, shorter, "more")?;
        self.b.build_conditional_branch(more, body, end)?;
        self.b.position_at_end(body);
        let x = self.load(elem, self.elem_address(elem, a, i)?)?;
        let y = self.load(elem, self.elem_address(elem, b, i)?)?;
        let order = self.order(elem, &x, &y)?;
        let equal =
            self.b.build_int_compare(IntPredicate::EQ, order, order.get_type().const_zero(), "equal")?;
        self.b.build_conditional_branch(equal, next, differ)?;
        self.b.position_at_end(next);
        let after = self.b.build_int_add(i, self.int64(1), "i")?;
        phi.add_incoming(&[(&after, next)]);
        self.b.build_unconditional_branch(head)?;
        self.b.position_at_end(differ);
        self.b.build_return(Some(&order))?;
        self.b.position_at_end(end);
        let order = self.order_scalar(Scalar::I64, n.into(), m.into())?;
        self.b.build_return(Some(&order))?;
        Ok(())
    }
}
