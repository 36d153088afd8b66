#![forbid(unsafe_code)]
//! Calls of C functions (LANGUAGE 14): `void name(T1 *a1, ..., Tn *an, R *out)`.
//!
//! Promises: every pointer leads to a copy of its own, zeroed before, so padding is zero; what the function writes is read
//! as a value of the result type, bools other than 0 being true.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::Val;
use crate::ir::{Expr, Ty};
use crate::value::layout;
use inkwell::values::PointerValue;

impl<'c> FnCx<'_, 'c> {
    /// `cudf[name, result](args)`.
    pub fn call_c(&mut self, name: &str, args: &[Expr], result: &Ty) -> Result<Val<'c>, CodegenError> {
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            values.push(self.expr(arg)?);
        }
        let mut pointers = Vec::with_capacity(args.len() + 1);
        for (arg, value) in args.iter().zip(&values) {
            let slot = self.zeroed(&arg.ty)?;
            self.store(&arg.ty, value, slot)?;
            pointers.push(slot.into());
        }
        let out = self.zeroed(result)?;
        pointers.push(out.into());
        let function = self.m.c_function(name, pointers.len())?;
        self.b.build_call(function, &pointers, "")?;
        self.load(result, out)
    }

    /// Room for one value, all zeros.
    fn zeroed(&mut self, ty: &Ty) -> Result<PointerValue<'c>, CodegenError> {
        let bytes = self.m.context.i8_type().array_type(layout::layout(ty).size.max(1) as u32);
        let slot = self.alloca(bytes.into(), "c_value")?;
        self.b.build_store(slot, bytes.const_zero())?;
        Ok(slot)
    }
}
