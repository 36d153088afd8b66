#![forbid(unsafe_code)]
//! What LLVM makes once per process and destroys at its end, made before the first program needs it.
//!
//! LLVM makes tables where they are first used, and has each destroyed when the process ends, the last one first. Whoever wants
//! to be asked before they are (`at_exit`) has to say so after they were made. So a function of one line goes all the way when
//! the engine starts, with that said behind each stage; the first program finds warm tables.

use super::at_exit::Stay;
use super::target::Machines;
use super::{CodegenError, Level, Options};
use crate::plan::{Effort, LlvmPasses};
use inkwell::AddressSpace;
use inkwell::context::Context;
use inkwell::module::Module;

/// Makes LLVM's tables.
pub(super) fn make_tables(machines: &Machines, stay: &Stay) -> Result<(), CodegenError> {
    let context = Context::create();
    let module = context.create_module("start");
    machines.prepare(&module);
    emit(&context, &module)?;
    let options = Options { effort: Effort::Short, llvm: LlvmPasses::default(), trace: None };
    machines.optimize(&module, &options)?;
    stay.goes_first();
    machines.generate(&module, options.effort, Level::LlvmOptimized)?;
    stay.goes_first();
    Ok(())
}

/// `void start(i64 *p, i64 n) { *p = other(*p * n + n); }`: an argument, memory, arithmetic and a call.
fn emit<'c>(context: &'c Context, module: &Module<'c>) -> Result<(), CodegenError> {
    let (ptr, int) = (context.ptr_type(AddressSpace::default()), context.i64_type());
    let other = module.add_function("other", int.fn_type(&[int.into()], false), None);
    let ty = context.void_type().fn_type(&[ptr.into(), int.into()], false);
    let start = module.add_function("start", ty, None);
    let builder = context.create_builder();
    builder.position_at_end(context.append_basic_block(start, "entry"));
    let [Some(at), Some(n)] = [0, 1].map(|at| start.get_nth_param(at)) else { return Ok(()) };
    let (at, n) = (at.into_pointer_value(), n.into_int_value());
    let old = builder.build_load(int, at, "old")?.into_int_value();
    let product = builder.build_int_mul(old, n, "product")?;
    let sum = builder.build_int_add(product, n, "sum")?;
    let new = builder.build_call(other, &[sum.into()], "new")?.try_as_basic_value();
    if let Some(new) = new.basic() {
        builder.build_store(at, new)?;
    }
    builder.build_return(None)?;
    Ok(())
}
