#![forbid(unsafe_code)]
//! A whole program as an LLVM module.
//!
//! Promises: LLVM's verifier has accepted the module.

use super::func::FnCx;
use super::module::ModuleCx;
use super::target::{Machines, is_short};
use super::{CodegenError, Options};
use crate::ir::Program;
use crate::runtime::Libraries;
use inkwell::AddressSpace;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::basic_block::BasicBlock;
use inkwell::context::Context;
use inkwell::module::{Linkage, Module};
use inkwell::values::FunctionValue;
use std::collections::HashMap;

/// The symbol of the compiled program: `u32 weld_program(TaskCtx*, const u8 *args, u8 *result)`.
pub(super) const ENTRY: &str = "weld_program";

/// How the names of functions end that join the mergers of two leaves of a loop.
pub(super) const COMBINE: &str = "_combine";

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
    cx.lanes_apart = is_short(options);
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
        spare(context, function);
        spared += 1;
    }
    spared
}

fn spare(context: &Context, function: FunctionValue<'_>) {
    for name in ["optnone", "noinline"] {
        let kind = Attribute::get_named_enum_kind_id(name);
        function.add_attribute(AttributeLoc::Function, context.create_enum_attribute(kind, 0));
    }
}

/// Runs LLVM's passes on a program, whose function is called `entry` by now.
///
/// That function runs once, and what joins two leaves of a loop runs once for thousands of iterations. Where they have no loop
/// themselves, the short pipeline leaves them alone: optimizing them takes longer than they ever will.
pub(super) fn optimize(
    cx: &ModuleCx<'_>,
    machines: &Machines,
    options: &Options,
    entry: &str,
) -> Result<(), CodegenError> {
    if is_short(options) {
        for function in cx.module.get_functions() {
            let name = function.get_name().to_bytes();
            if (name == entry.as_bytes() || name.ends_with(COMBINE.as_bytes())) && !has_loop(function) {
                spare(cx.context, function);
            }
        }
    }
    machines.optimize(&cx.module, options)
}

/// Whether a block can be reached from itself.
fn has_loop(function: FunctionValue<'_>) -> bool {
    // True for blocks on the way from the entry to where we are: a jump to one closes a loop.
    let mut seen = HashMap::new();
    let mut way = Vec::new();
    if let Some(first) = function.get_first_basic_block() {
        seen.insert(first, true);
        way.push((first, successors(first)));
    }
    while let Some((block, rest)) = way.last_mut() {
        let Some(next) = rest.pop() else {
            seen.insert(*block, false);
            way.pop();
            continue;
        };
        match seen.get(&next) {
            Some(true) => return true,
            Some(false) => {}
            None => {
                seen.insert(next, true);
                way.push((next, successors(next)));
            }
        }
    }
    false
}

fn successors(block: BasicBlock<'_>) -> Vec<BasicBlock<'_>> {
    let Some(last) = block.get_terminator() else { return Vec::new() };
    let operands = (0..last.get_num_operands()).filter_map(|at| last.get_operand(at));
    operands.filter_map(|operand| operand.block()).collect()
}
