#![forbid(unsafe_code)]
//! The plan of each loop, as a record and as text.

use super::{LANES, leaf_len, merges_per_iteration, rounds};
use crate::diag::{Origin, stack};
use crate::ir::{BuilderTy, Expr, ExprKind, For, Program, Ty, visit};
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
}

/// How one loop will run.
#[derive(Clone, Debug)]
pub struct LoopPlan {
    /// `L1`, `L2`, ... in evaluation order.
    pub id: usize,
    /// Where the loop came from.
    pub origin: Origin,
    /// Whether it may run on several threads: loops that are not inside another loop.
    pub parallel: bool,
    /// Iterations per leaf.
    pub leaf: i64,
    /// Iterations computed at once by SIMD instructions.
    pub lanes: Option<u32>,
    /// One per single builder, in field order.
    pub builders: Vec<(Ty, Strategy)>,
    /// Nesting depth, 0 for outermost loops.
    pub depth: usize,
}

/// The plan of one loop, `depth` loops inside others.
pub fn loop_plan(parts: &For, origin: &Origin, depth: usize) -> LoopPlan {
    let tree = rounds(&parts.builder.ty);
    let merges = merges_per_iteration(&parts.func);
    let mut fresh = Vec::new();
    starts(&parts.builder, &mut fresh);
    let mut builders = Vec::new();
    singles(&parts.builder.ty, &mut builders);
    let builders: Vec<(Ty, Strategy)> = builders
        .into_iter()
        .enumerate()
        .map(|(at, ty)| {
            let strategy = match ty.as_builder() {
                Some(BuilderTy::Appender(_)) => {
                    let sized = fresh.get(at).copied().unwrap_or(false) && merges.get(at) == Some(&Some(1));
                    if sized { Strategy::InPlace } else { Strategy::Grow }
                }
                _ if tree => Strategy::Tree,
                _ => Strategy::Accumulate,
            };
            (ty, strategy)
        })
        .collect();
    let grows = builders.iter().any(|(_, strategy)| *strategy == Strategy::Grow);
    let lanes = (parts.simd && !grows).then(|| lanes(parts, tree));
    LoopPlan { id: 0, origin: origin.clone(), parallel: depth == 0, leaf: leaf_len(parts), lanes, builders, depth }
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
            let mut plan = loop_plan(parts, &expr.origin, depth);
            plan.id = plans.len() + 1;
            plans.push(plan);
            collect(&parts.func.body, depth + 1, plans);
        } else {
            visit::for_each_child(&expr.kind, &mut |child| collect(child, depth, plans));
        }
    });
}

/// For each single builder of the start value: whether it is a fresh appender with a size hint.
fn starts(builder: &Expr, out: &mut Vec<bool>) {
    match &builder.kind {
        ExprKind::Struct(items) => items.iter().for_each(|item| starts(item, out)),
        ExprKind::NewBuilder(hint) => out.push(hint.is_some()),
        _ => {
            let mut builders = Vec::new();
            singles(&builder.ty, &mut builders);
            out.extend(builders.iter().map(|_| false));
        }
    }
}

/// The single builders of a builder-like type, in field order.
fn singles(ty: &Ty, out: &mut Vec<Ty>) {
    match ty {
        Ty::Struct(fields) => fields.iter().for_each(|field| singles(field, out)),
        other => out.push(other.clone()),
    }
}

/// How many iterations at once: the fixed 16 of the reduction tree, else about four of the widest registers, so that
/// independent operations hide each other's latency; fewer for long bodies, which have enough of their own.
fn lanes(parts: &For, tree: bool) -> u32 {
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
    let bytes = if parts.func.body.facts.nodes > 40 { 128 } else { 256 };
    (bytes / widest).clamp(LANES as u32, 64)
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Strategy::Accumulate => "one accumulator a segment",
            Strategy::Tree => "16 lanes, fixed tree",
            Strategy::InPlace => "in place, one allocation",
            Strategy::Grow => "growing pieces, joined in order",
        })
    }
}

impl fmt::Display for LoopPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let indent = "  ".repeat(self.depth);
        let threads = if self.parallel { "parallel" } else { "in its outer loop" };
        let simd = match self.lanes {
            Some(lanes) => format!("simd, {lanes} at once"),
            None => "one at a time".to_string(),
        };
        write!(f, "{indent}L{}  {threads}, leaves of {} iterations, {simd}", self.id, self.leaf)?;
        for (ty, strategy) in &self.builders {
            write!(f, "\n{indent}      {ty}: {strategy}")?;
        }
        Ok(())
    }
}
