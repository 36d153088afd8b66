#![forbid(unsafe_code)]
//! A whole program as an LLVM module.
//!
//! Promises: LLVM's verifier has accepted the module.

use super::CodegenError;
use super::func::FnCx;
use super::module::ModuleCx;
use super::target::Machines;
use crate::ir::Program;
use inkwell::AddressSpace;
use inkwell::context::Context;
use inkwell::module::Linkage;

/// The symbol of the compiled program: `u32 weld_program(TaskCtx*, const u8 *args, u8 *result)`.
pub(super) const ENTRY: &str = "weld_program";

/// Emits a program.
pub(super) fn emit<'c>(
    context: &'c Context,
    program: &Program,
    machines: &Machines,
) -> Result<ModuleCx<'c>, CodegenError> {
    let mut cx = ModuleCx::new(context, |module| machines.prepare(module));
    let ptr = context.ptr_type(AddressSpace::default());
    let ty = context.i32_type().fn_type(&[ptr.into(), ptr.into(), ptr.into()], false);
    let entry = cx.add_function(ENTRY, ty, Linkage::External);
    FnCx::new(&mut cx, entry)?.program(program)?;
    cx.module
        .verify()
        .map_err(|message| CodegenError(format!("llvm verifier: {}", message.to_string_lossy())))?;
    Ok(cx)
}
