//! From an optimized program to LLVM IR to machine code.
//!
//! Promises: emitted IR has no undefined behaviour (no poison-making flags, every division, shift, bound and
//! conversion guarded); every error is a status, nothing unwinds; the emitter never panics on a verified program.
//! Floors: reads `ir`, `plan`, `value::layout` and `runtime::abi`; passes and the interpreter never see LLVM.

mod aside;
mod at_exit;
mod blocks;
mod border;
mod builders;
mod call;
mod chunks;
mod compact;
mod compare;
mod dict;
mod dict_builders;
mod emit;
mod expr;
mod foreign;
mod func;
mod hash;
mod header;
mod inner;
mod iterators;
mod jit;
mod leaves;
mod likely;
mod loops;
mod masks;
mod math;
mod module;
mod neighbours;
mod outline;
mod prefetch;
mod reads;
mod records;
mod rests;
mod rows;
mod scalar;
mod scatter;
mod seek;
mod serial;
mod shape;
mod sort;
mod start;
mod streams;
mod target;
mod trace;
mod tree;
mod vectors;
mod words;

pub use call::{Finished, Placed};
pub use jit::{Compiled, Engine, Times};
pub use module::{Check, Site};

use crate::diag::SourceMap;
use crate::plan::{Effort, LlvmPasses};
use std::fmt;

/// How code is made.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// What LLVM does.
    pub effort: Effort,
    /// Which of its passes may run.
    pub llvm: LlvmPasses,
    /// Where the texts of the program are, for code that says step by step what it does.
    pub trace: Option<&'a SourceMap>,
}

/// Why no code could be made: always a bug of ours or of LLVM, never of the program.
#[derive(Clone, Debug)]
pub struct CodegenError(pub String);

impl fmt::Display for CodegenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<inkwell::builder::BuilderError> for CodegenError {
    fn from(error: inkwell::builder::BuilderError) -> CodegenError {
        CodegenError(format!("llvm builder: {error}"))
    }
}

/// A level of code that can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// LLVM IR as emitted.
    Llvm,
    /// LLVM IR after LLVM's passes.
    LlvmOptimized,
    /// Assembly of this machine.
    Assembly,
}
