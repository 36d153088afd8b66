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
pub mod vectors;

pub use loops::{LoopPlan, Strategy, calls_serially, loop_plan, plan};
pub use text::text;

/// How loops that fill dictionaries are cut: the numbers that the runtime uses.
pub use crate::runtime::chunks;

use crate::ir::{BuilderTy, Expr, For, MergeOp, Ty};

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

/// Iterations per leaf of the loop `parts` of the node `expr`: the unit of scheduling, of polling for cancellation, and of
/// the reduction tree. A power of two; the annotation `grain_size` asks for another one.
pub fn leaf_len(expr: &Expr, parts: &For) -> i64 {
    let body = &parts.func.body.facts;
    let usual = if body.loops > 0 || body.iterates { 16 } else { 4096 };
    let asked = expr.note("grain_size").and_then(|size| size.parse::<u64>().ok());
    asked.map_or(usual, |size| 1 << size.clamp(1, 4096).ilog2())
}

/// Whether the dictmergers of an outermost loop are filled chunk by chunk (`chunks`) and round, so that the order shows.
pub fn rounds_by_chunks(expr: &Expr, parts: &For) -> bool {
    let plan = loop_plan(expr, parts, 0);
    plan.builders.iter().any(|(ty, strategy)| *strategy == Strategy::Chunks && rounds_in_any_form(ty))
}

/// Whether a merger combines floats with `+` or `*`, so that the order of combining shows in the bits.
pub fn rounds(builder: &Ty) -> bool {
    match builder {
        Ty::Struct(fields) => fields.iter().any(rounds),
        Ty::Builder(builder) => matches!(&**builder, BuilderTy::Merger(..)) && builder_rounds(builder),
        _ => false,
    }
}

/// The same for a merger, a dictmerger or a vecmerger: what a pass that makes another loop may change.
pub fn rounds_in_any_form(builder: &Ty) -> bool {
    match builder {
        Ty::Struct(fields) => fields.iter().any(rounds_in_any_form),
        Ty::Builder(builder) => builder_rounds(builder),
        _ => false,
    }
}

fn builder_rounds(builder: &BuilderTy) -> bool {
    match builder {
        BuilderTy::Merger(value, MergeOp::Add | MergeOp::Mul)
        | BuilderTy::DictMerger(_, value, MergeOp::Add | MergeOp::Mul)
        | BuilderTy::VecMerger(value, MergeOp::Add | MergeOp::Mul) => has_float(value),
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
