#![forbid(unsafe_code)]
//! Code in a function of its own, called once from where it stands.
//!
//! Promises: what the code reads of the function around it travels in a record of eight bytes a register, what it gives
//! comes back the same way; a failure inside leaves the caller with the same status. So large functions stay small
//! enough for LLVM, and hot loops have all registers to themselves.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, LeafTy, Val, leaves_of};
use crate::ir::{Expr, Name, Ty, visit};
use inkwell::AddressSpace;
use inkwell::module::Linkage;
use inkwell::values::PointerValue;
use std::collections::HashSet;

/// Emits the code of a function aside: its arguments as registers, then its results.
pub(super) type Emit<'f, 'c> = dyn FnMut(&mut FnCx<'_, 'c>, Val<'c>) -> Result<Val<'c>, CodegenError> + 'f;

impl<'c> FnCx<'_, 'c> {
    /// Calls a new function `u32 name(TaskCtx*, const u8 *env, u8 *out)` whose code `emit` writes. The names of this
    /// function that `body` uses are bound in it; `args` are handed to `emit`; what `emit` gives, registers of the
    /// types `result`, is the value.
    pub fn aside(
        &mut self,
        name: &str,
        body: &Expr,
        args: &[(LeafTy, Leaf<'c>)],
        result: &[LeafTy],
        emit: &mut Emit<'_, 'c>,
    ) -> Result<Val<'c>, CodegenError> {
        let captured = self.captured(body);
        let mut record = self.captured_leaves(&captured);
        record.extend_from_slice(args);
        let env = self.store_record(&record)?;
        let out = self.alloca(self.m.context.i64_type().array_type(result.len() as u32).into(), "out")?;

        let ptr = self.m.context.ptr_type(AddressSpace::default());
        let ty = self.m.context.i32_type().fn_type(&[ptr.into(), ptr.into(), ptr.into()], false);
        let function = self.m.add_function(name, ty, Linkage::Internal);
        let mut cx = FnCx::new(self.m, function)?;
        cx.in_loop = true;
        let (own_env, own_out) = (cx.param_ptr(1)?, cx.param_ptr(2)?);
        let tys: Vec<LeafTy> = record.iter().map(|(ty, _)| *ty).collect();
        let mut leaves = cx.load_record(own_env, &tys)?.into_iter();
        cx.bind_captured(&captured, &mut leaves);
        let value = emit(&mut cx, leaves.collect())?;
        let value: Vec<(LeafTy, Leaf<'c>)> = result.iter().copied().zip(value).collect();
        cx.fill_record(&value, own_out)?;
        cx.b.build_return(Some(&cx.int32(0)))?;
        cx.finish()?;

        self.call_runtime(name, &[env.into(), out.into()])?;
        self.load_record(out, result)
    }

    /// The names of this function that an expression uses.
    pub fn captured(&self, body: &Expr) -> Vec<(Name, Ty)> {
        let mut seen = HashSet::new();
        let mut captured = Vec::new();
        visit::walk(body, &mut |expr| {
            if let Some(name) = expr.var()
                && self.vars.contains_key(&name.id())
                && seen.insert(name.id())
            {
                captured.push((name.clone(), expr.ty.clone()));
            }
        });
        captured
    }

    /// The registers of captured names.
    pub fn captured_leaves(&self, captured: &[(Name, Ty)]) -> Vec<(LeafTy, Leaf<'c>)> {
        let mut record = Vec::new();
        for (name, ty) in captured {
            let value = self.vars.get(&name.id()).cloned().unwrap_or_default();
            record.extend(leaves_of(ty).into_iter().zip(value));
        }
        record
    }

    /// Binds captured names to the registers that come first.
    pub fn bind_captured(&mut self, captured: &[(Name, Ty)], leaves: &mut impl Iterator<Item = Leaf<'c>>) {
        for (name, ty) in captured {
            let value = leaves.by_ref().take(leaves_of(ty).len()).collect();
            self.bind(name, value);
        }
    }

    /// Registers as a record on the stack.
    pub fn store_record(&self, record: &[(LeafTy, Leaf<'c>)]) -> Result<PointerValue<'c>, CodegenError> {
        let ty = self.m.context.i64_type().array_type(record.len() as u32);
        let to = self.alloca(ty.into(), "env")?;
        self.fill_record(record, to)?;
        Ok(to)
    }

    fn fill_record(&self, record: &[(LeafTy, Leaf<'c>)], to: PointerValue<'c>) -> Result<(), CodegenError> {
        for (slot, (ty, leaf)) in record.iter().enumerate() {
            let address = self.offset(to, slot * 8)?;
            match ty {
                LeafTy::Scalar(scalar) => self.store_scalar(*scalar, *leaf, address)?,
                LeafTy::Pointer => drop(self.b.build_store(address, *leaf)?),
            }
        }
        Ok(())
    }

    /// The registers of a record.
    pub fn load_record(&self, from: PointerValue<'c>, tys: &[LeafTy]) -> Result<Val<'c>, CodegenError> {
        let slots = tys.iter().enumerate();
        slots
            .map(|(at, ty)| {
                let address = self.offset(from, at * 8)?;
                match ty {
                    LeafTy::Scalar(scalar) => self.load_scalar(*scalar, address, None),
                    LeafTy::Pointer => Ok(self.b.build_load(self.ptr_ty(), address, "captured")?),
                }
            })
            .collect()
    }
}
