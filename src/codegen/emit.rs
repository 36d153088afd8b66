#![forbid(unsafe_code)]
//! A whole program as an LLVM module.
//!
//! Promises: LLVM's verifier has accepted the module.

use super::func::FnCx;
use super::module::ModuleCx;
use super::target::Machines;
use super::{CodegenError, Options};
use crate::ir::Program;
use crate::runtime::Libraries;
use inkwell::AddressSpace;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::context::Context;
use inkwell::module::{Linkage, Module};

/// The symbol of the compiled program: `u32 weld_program(TaskCtx*, const u8 *args, u8 *result)`.
pub(super) const ENTRY: &str = "weld_program";

/// The largest function that is optimized.
const MOST_BLOCKS: u32 = 1_000;
const MOST_INSTRUCTIONS: usize = 3_000;

/// Emits a program.
pub(super) fn emit<'c>(
    context: &'c Context,
    program: &Program,
    libraries: &Libraries,
    machines: &Machines,
    options: &Options,
) -> Result<ModuleCx<'c>, CodegenError> {
    let mut cx = ModuleCx::new(context, libraries, machines.compress, |module| machines.prepare(module));
    let ptr = context.ptr_type(AddressSpace::default());
    let ty = context.i32_type().fn_type(&[ptr.into(), ptr.into(), ptr.into()], false);
    let entry = cx.add_function(ENTRY, ty, Linkage::External);
    cx.traced = options.trace.map(|_| Vec::new());
    FnCx::new(&mut cx, entry)?.program(program)?;
    if let Some(sources) = options.trace {
        cx.trace_table(sources)?;
    }
    cx.module
        .verify()
        .map_err(|message| CodegenError(format!("llvm verifier: {}", message.to_string_lossy())))?;
    cx.spared = spare_large_functions(context, &cx.module);
    Ok(cx)
}

/// LLVM's passes and its instruction selection take time that is more than linear in the size of one function, which
/// straight code of thousands of lets is. Such a function is translated as it stands; the others, and with them the
/// loops that were taken out of it, are optimized. Returns how many functions are too large.
fn spare_large_functions(context: &Context, module: &Module<'_>) -> usize {
    let mut spared = 0;
    for function in module.get_functions() {
        let blocks = function.count_basic_blocks();
        let instructions = || function.get_basic_block_iter().map(|block| block.get_instructions().count());
        if blocks <= MOST_BLOCKS && instructions().sum::<usize>() <= MOST_INSTRUCTIONS {
            continue;
        }
        for name in ["optnone", "noinline"] {
            let kind = Attribute::get_named_enum_kind_id(name);
            function.add_attribute(AttributeLoc::Function, context.create_enum_attribute(kind, 0));
        }
        spared += 1;
    }
    spared
}
