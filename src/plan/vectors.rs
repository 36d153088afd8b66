#![forbid(unsafe_code)]
//! Vecmergers of outermost loops: what is known about them before the loop runs.
//!
//! Promises: the bounds hold for every iteration. Together with the lengths they decide what the loop does, in the
//! interpreter as in compiled code: `runtime::vectors`.

use super::merges::{self, Count, Merges};
use super::{Strategy, builder_rounds, loop_plan};
use crate::ir::{BuilderTy, Expr, ExprKind, For, Lambda, Literal, MergeOp, Ty, visit};

pub use crate::runtime::vectors::{ROW_BITS, Vector, Way, way};

/// The most rows that an iteration may write.
const MOST_ROWS: u32 = 64;
/// Bodies with more nodes are not emitted a second time.
const MOST_NODES: u32 = 1000;

/// The merges of one iteration into vecmergers.
#[derive(Clone, Copy, Debug)]
pub struct VectorMerges {
    /// Whether there may be a loop that merges.
    pub nested: bool,
    /// The most merges into one vecmerger, where merges can be written as rows.
    pub rows: Option<u32>,
}

/// The merges of one iteration of the outermost loop `parts`.
pub fn vector_merges(parts: &For) -> VectorMerges {
    let mut most = Some(0);
    bounds(&parts.builder.ty, &merges::per_iteration(&parts.func), &mut most);
    let body = &parts.func.body;
    // With a vecmerger of its own an iteration has merges that are no rows.
    let mut own = false;
    visit::walk(body, &mut |expr| {
        let is_vector = matches!(expr.ty.as_builder(), Some(BuilderTy::VecMerger(..)));
        own |= is_vector && matches!(expr.kind, ExprKind::NewBuilder(_));
    });
    let rows = most.filter(|most| !own && *most <= MOST_ROWS && body.facts.nodes <= MOST_NODES);
    VectorMerges { nested: most.is_none(), rows }
}

/// Makes `most` the most merges into any vecmerger; `None` when nothing bounds them.
fn bounds(ty: &Ty, merges: &Merges, most: &mut Option<u32>) {
    match ty {
        Ty::Struct(fields) => {
            fields.iter().enumerate().for_each(|(k, field)| bounds(field, &merges.component(k), most));
        }
        _ if matches!(ty.as_builder(), Some(BuilderTy::VecMerger(..))) => {
            let max = if let Merges::One(Count { max, .. }) = merges { *max } else { None };
            *most = most.zip(max).map(|(most, max)| most.max(max));
        }
        _ => {}
    }
}

/// The value of every merge in `func` into builders like `kind`, if it is always the same constant.
pub fn constant(func: &Lambda, kind: &BuilderTy) -> Option<Literal> {
    let mut found: Option<Literal> = None;
    let mut same = true;
    visit::walk(&func.body, &mut |expr| {
        let ExprKind::Merge(builder, merged) = &expr.kind else { return };
        if builder.ty.as_builder() != Some(kind) {
            return;
        }
        let value = match &merged.kind {
            ExprKind::Struct(items) => items.get(1),
            _ => None,
        };
        match value.map(|value| &value.kind) {
            Some(ExprKind::Literal(literal)) if found.as_ref().is_none_or(|found| found == literal) => {
                found = Some(literal.clone());
            }
            _ => same = false,
        }
    });
    found.filter(|literal| same && literal.scalar().is_some())
}

/// Whether the order of merges into a vecmerger shows.
pub fn vector_rounds(elem: &Ty, op: MergeOp) -> bool {
    builder_rounds(&BuilderTy::VecMerger(elem.clone(), op))
}

/// Iterations of a chunk of the outermost loop `parts` of the node `expr`, if its vecmergers are filled by chunks and the
/// order of merges shows. It has `n` iterations, and its vecmergers, in the order of their fields, are as `vectors` says.
pub fn vector_chunk(expr: &Expr, parts: &For, n: i64, vectors: &[Vector]) -> Option<i64> {
    if !vectors.iter().any(|vector| vector.rounds) {
        return None;
    }
    let plan = loop_plan(expr, parts, 0);
    let has = |wanted: Strategy| plan.builders.iter().any(|(_, strategy)| *strategy == wanted);
    if !has(Strategy::Slots) {
        return None;
    }
    match way(n, plan.leaf, vectors, vector_merges(parts).nested, has(Strategy::Chunks)) {
        Way::Copies { chunk } => Some(chunk),
        Way::InOrder => None,
    }
}
