#![forbid(unsafe_code)]
//! The plan of each loop, as a record and as text.

use super::merges::{self, Merges};
use super::{LANES, lanes, leaf_len, rounds};
use crate::diag::{Origin, stack};
use crate::ir::{BuilderTy, Expr, ExprKind, For, Iter, MergeOp, Program, SIMD_LANES, Ty, visit};
use std::fmt;

/// How one builder of a loop is kept while the loop runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// A merger: one accumulator a segment; combining is exact, so its order does not matter.
    Accumulate,
    /// A merger that rounds: 16 lanes a leaf, leaves combined in a fixed tree.
    Tree,
    /// An appender whose size is known: one allocation, iteration `i` writes element `i`.
    InPlace,
    /// An appender of unknown size: each segment grows its own piece, joined in order at the end.
    Grow,
    /// The same in a loop in lanes: each block of lanes moves what it keeps together and appends it at once.
    Compact,
    /// A dictmerger: each chunk of the iterations fills a table of its own, and these are merged.
    Chunks,
    /// A vecmerger: copies of a short vector are filled and folded into it; merges into a long one are written as rows,
    /// and each part of the vector gets its own in order.
    Slots,
    /// A builder whose merges find what earlier ones left, and which is neither: the whole loop runs on one thread, in
    /// order.
    Sequential,
}

/// How one loop will run.
#[derive(Clone, Debug)]
pub struct LoopPlan {
    /// `L1`, `L2`, ... in evaluation order.
    pub id: usize,
    /// Where the loop came from.
    pub origin: Origin,
    /// Whether it may run on several threads: loops that are not inside another loop, not `serial`, and without a builder
    /// that wants its merges in order.
    pub parallel: bool,
    /// Whether a C function that it calls has the annotation `@(serial:true)`: it runs on the thread that starts it.
    pub serial: bool,
    /// Iterations per leaf.
    pub leaf: i64,
    /// Iterations computed at once by SIMD instructions.
    pub lanes: Option<u32>,
    /// Iterations whose rows for tables are computed at once, before they are merged in turn.
    pub rows: Option<u32>,
    /// One per single builder, in field order.
    pub builders: Vec<(Ty, Strategy)>,
    /// Whether the program itself says that an iteration is a block of lanes (`simditer`).
    pub blocks: bool,
    /// Nesting depth, 0 for outermost loops.
    pub depth: usize,
}

/// The plan of the loop `parts` of the node `expr`, `depth` loops inside others.
pub fn loop_plan(expr: &Expr, parts: &For, depth: usize) -> LoopPlan {
    let tree = rounds(&parts.builder.ty);
    let simd = parts.simd && lanes::check(expr, parts).is_ok();
    let mut builders = Vec::new();
    strategies(
        Some(&parts.builder),
        &parts.builder.ty,
        &merges::per_iteration(&parts.func),
        simd,
        tree,
        &mut builders,
    );
    let lanes = simd.then(|| lanes_at_once(parts, tree, depth));
    let serial = calls_serially(&parts.func.body);
    // One builder that wants its merges in order keeps the loop on one thread, and then nothing is gained by chunks.
    if depth > 0 || serial || builders.iter().any(|(_, strategy)| *strategy == Strategy::Sequential) {
        for (_, strategy) in &mut builders {
            if matches!(strategy, Strategy::Chunks | Strategy::Slots) {
                *strategy = Strategy::Sequential;
            }
        }
    }
    let tables = builders.iter().all(|(_, strategy)| *strategy == Strategy::Chunks);
    let rows = (tables && lanes::rows(expr, parts)).then_some(LANES as u32);
    let origin = &expr.origin;
    LoopPlan {
        id: 0,
        origin: origin.clone(),
        parallel: depth == 0
            && !serial
            && !builders.iter().any(|(_, strategy)| *strategy == Strategy::Sequential),
        serial,
        leaf: leaf_len(expr, parts),
        lanes,
        rows,
        builders,
        blocks: parts.iters.iter().any(|iter| matches!(iter, Iter::Simd(_))),
        depth,
    }
}

/// The plans of all loops of a program.
pub fn plan(program: &Program) -> Vec<LoopPlan> {
    let mut plans = Vec::new();
    collect(&program.func.body, 0, &mut plans);
    plans
}

fn collect(expr: &Expr, depth: usize, plans: &mut Vec<LoopPlan>) {
    if expr.facts.loops == 0 {
        return;
    }
    stack::deep(|| {
        if let ExprKind::For(parts) = &expr.kind {
            // The operands belong to the place of the loop, the body is one loop deeper.
            visit::for_each_child(&expr.kind, &mut |child| {
                if !child.same(&parts.func.body) {
                    collect(child, depth, plans);
                }
            });
            let mut plan = loop_plan(expr, parts, depth);
            plan.id = plans.len() + 1;
            plans.push(plan);
            collect(&parts.func.body, depth + 1, plans);
        } else {
            visit::for_each_child(&expr.kind, &mut |child| collect(child, depth, plans));
        }
    });
}

/// How each single builder is kept. `start` is the builder the loop starts with, where it is written out.
fn strategies(
    start: Option<&Expr>,
    ty: &Ty,
    merges: &Merges,
    simd: bool,
    tree: bool,
    out: &mut Vec<(Ty, Strategy)>,
) {
    if let Ty::Struct(fields) = ty {
        for (k, field) in fields.iter().enumerate() {
            let start = match start.map(|start| &start.kind) {
                Some(ExprKind::Struct(items)) => items.get(k),
                _ => None,
            };
            strategies(start, field, &merges.component(k), simd, tree, out);
        }
        return;
    }
    let strategy = match (ty.as_builder(), start.map(|start| &start.kind)) {
        // Without a size the pass `size-hints` has not run; loops in lanes need none.
        (Some(BuilderTy::Appender(_)), Some(ExprKind::NewBuilder(hint)))
            if merges.is_once() && (simd || hint.is_some()) =>
        {
            Strategy::InPlace
        }
        (Some(BuilderTy::Appender(_)), _) if simd => Strategy::Compact,
        (Some(BuilderTy::Appender(_)), _) => Strategy::Grow,
        (Some(BuilderTy::DictMerger(..)), _) => Strategy::Chunks,
        (Some(BuilderTy::VecMerger(..)), _) => Strategy::Slots,
        (Some(BuilderTy::GroupMerger(..)), _) => Strategy::Sequential,
        _ if tree => Strategy::Tree,
        _ => Strategy::Accumulate,
    };
    out.push((ty.clone(), strategy));
}

/// Whether a C function is called that may run on one thread only (LANGUAGE 14).
pub fn calls_serially(body: &Expr) -> bool {
    let mut serial = false;
    if body.facts.calls {
        visit::walk(body, &mut |expr| {
            serial |= matches!(expr.kind, ExprKind::CUdf(..)) && expr.note("serial") == Some("true");
        });
    }
    serial
}

/// How many iterations at once: the fixed 16 of the reduction tree, else about four of the widest registers, so that
/// independent operations hide each other's latency; fewer for long bodies, which have enough of their own, and for loops
/// inside others, which are often short, unless they wait for comparisons of floats.
fn lanes_at_once(parts: &For, tree: bool, depth: usize) -> u32 {
    if tree {
        return LANES as u32;
    }
    let mut widest = 1;
    visit::walk(&parts.func.body, &mut |expr| {
        if let Some(scalar) = expr.ty.scalar() {
            widest = widest.max(scalar.bytes() as u32);
        }
    });
    for iter in &parts.iters {
        widest = widest.max(iter.elem_ty().scalar().map_or(8, |scalar| scalar.bytes() as u32));
    }
    let structs = parts.iters.iter().any(|iter| iter.elem_ty().scalar().is_none());
    // Structs take a vector of registers for each word.
    let short = depth > 0 && !compares_floats(&parts.builder.ty);
    let bytes = if short || structs || parts.func.body.facts.nodes > 40 { 128 } else { 256 };
    (bytes / widest).clamp(LANES as u32, 64)
}

/// Whether there is a merger of the smallest or largest float, which takes several instructions to compare with NaN and zeros.
fn compares_floats(ty: &Ty) -> bool {
    match (ty, ty.as_builder()) {
        (Ty::Struct(fields), _) => fields.iter().any(compares_floats),
        (_, Some(BuilderTy::Merger(value, MergeOp::Min | MergeOp::Max))) => super::has_float(value),
        _ => false,
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Strategy::Accumulate => "one accumulator a segment",
            Strategy::Tree => "16 lanes, fixed tree",
            Strategy::InPlace => "in place, one allocation",
            Strategy::Grow => "growing pieces, joined in order",
            Strategy::Compact => "lanes compacted into growing pieces, joined in order",
            Strategy::Chunks => "a table a chunk, merged in order",
            Strategy::Slots => "copies, or rows for its parts, merged in order",
            Strategy::Sequential => "merged in order, on one thread",
        })
    }
}

impl fmt::Display for LoopPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = "  ".repeat(self.depth);
        let threads = match self.depth {
            0 if self.parallel => "parallel",
            0 if self.serial => "serial",
            0 => "sequential",
            _ => "in its outer loop",
        };
        let simd = match self.lanes {
            Some(lanes) => format!("simd, {lanes} at once"),
            None if let Some(rows) = self.rows => format!("rows computed {rows} at once"),
            None if self.blocks => format!("blocks of {SIMD_LANES} elements, as written"),
            None => "one at a time".to_string(),
        };
        write!(f, "{indent}L{}  {threads}, leaves of {} iterations, {simd}", self.id, self.leaf)?;
        for (ty, strategy) in &self.builders {
            write!(f, "\n{indent}      {ty}: {strategy}")?;
        }
        Ok(())
    }
}
