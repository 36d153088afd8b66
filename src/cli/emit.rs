#![forbid(unsafe_code)]
//! `weld emit`: one level of the optimized program as text.

use super::args::{EmitArgs, Level};
use super::context::Context;
use super::failure::Failure;
use crate::ir;
use crate::view::{program, stats};
use std::io::Write;

/// Prints one level.
pub fn emit(args: &EmitArgs, cx: &mut Context) -> Result<(), Failure> {
    let loaded = cx.load(&args.source)?;
    let optimized = cx.optimize_unrecorded(&loaded.checked);
    let text = level(&optimized.program, args.level, cx)?;
    cx.session.dump(&optimized);
    Ok(cx.out.write_all(text.as_bytes())?)
}

/// One level of a program, with a line break at the end.
pub fn level(subject: &ir::Program, level: Level, cx: &Context) -> Result<String, Failure> {
    match level {
        Level::Weld => Ok(program::core(subject)),
        Level::Plan => Ok(stats::plan(subject, cx.session.sources(), cx.screen)),
        Level::Llvm | Level::LlvmOpt | Level::Asm => code(subject, level, cx),
    }
}

#[cfg(feature = "jit")]
fn code(subject: &ir::Program, level: Level, cx: &Context) -> Result<String, Failure> {
    let level = match level {
        Level::Llvm => crate::codegen::Level::Llvm,
        Level::LlvmOpt => crate::codegen::Level::LlvmOptimized,
        _ => crate::codegen::Level::Assembly,
    };
    let mut text = cx.session.code(subject, level)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

#[cfg(not(feature = "jit"))]
fn code(_: &ir::Program, _: Level, _: &Context) -> Result<String, Failure> {
    Err(Failure::usage("this build has no LLVM", Some("build with the feature `jit`".to_string())))
}
