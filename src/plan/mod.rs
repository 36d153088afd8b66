#![forbid(unsafe_code)]
//! How loops will run, decided once, as data that can be printed.
//!
//! Promises: a plan depends on the program alone, never on threads, time or the machine's load; the interpreter and
//! compiled code read the same leaf lengths, so their float sums have the same bits.

pub mod cost;
pub mod lanes;
mod loops;
pub mod merges;
mod neighbours;
pub mod sorts;
mod text;

pub use loops::{LoopPlan, Strategy, calls_serially, loop_plan, plan};
pub use text::text;

use crate::ir::{BuilderTy, For, MergeOp, Ty};

/// How much LLVM does with the code we emit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// No LLVM passes and the fast instruction selector: least compile time.
    None,
    /// A short pipeline: what pays for interactive use.
    Short,
    /// LLVM's `default<O2>`.
    Full,
}

/// Which of LLVM's passes may run. All of them may, unless somebody takes some away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LlvmPasses {
    /// [`Effort::Full`] unrolls loops.
    pub unroll: bool,
    /// [`Effort::Full`] vectorizes what the program left scalar.
    pub vectorize: bool,
    /// [`Effort::Full`] may look at the module as a whole; else it does what [`Effort::Short`] does.
    pub module: bool,
    /// The short pipeline over each function runs.
    pub function: bool,
}

impl Default for LlvmPasses {
    fn default() -> LlvmPasses {
        LlvmPasses { unroll: true, vectorize: true, module: true, function: true }
    }
}

/// Lanes that a leaf of a float reduction is interleaved over, on every machine (RUNTIME 4.2).
pub const LANES: usize = 16;

/// Iterations per leaf of a loop: the unit of scheduling, of polling for cancellation, and of the reduction tree.
pub fn leaf_len(parts: &For) -> i64 {
    let body = &parts.func.body.facts;
    if body.loops > 0 || body.iterates { 16 } else { 4096 }
}

/// Whether a builder combines floats with `+` or `*`, so that the order of combining shows in the bits.
pub fn rounds(builder: &Ty) -> bool {
    match builder {
        Ty::Struct(fields) => fields.iter().any(rounds),
        Ty::Builder(builder) => match &**builder {
            BuilderTy::Merger(value, MergeOp::Add | MergeOp::Mul) => has_float(value),
            _ => false,
        },
        _ => false,
    }
}

fn has_float(ty: &Ty) -> bool {
    match ty {
        Ty::Scalar(scalar) => scalar.is_float(),
        Ty::Struct(fields) => fields.iter().any(has_float),
        _ => false,
    }
}
