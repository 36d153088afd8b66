#![forbid(unsafe_code)]
//! A loop ready to be emitted: its iterators, and how each of its builders is kept.
//!
//! Promises: follows `plan::loop_plan`, and nothing else decides.

use super::iterators::IterVal;
use super::leaves::{leaves_of, width};
use crate::ir::{BuilderTy, Expr, ExprKind, For, MergeOp, Scalar, Ty, visit};
use crate::plan::{Strategy, loop_plan, rounds};
use inkwell::values::IntValue;
use std::ops::Range;

/// A vector is its data and its length.
const VECTOR_REGISTERS: usize = 2;

/// One accumulator or appender of a loop, and where its leaves are in the builder value.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Merger {
        at: usize,
        scalar: Scalar,
        op: MergeOp,
    },
    Grow {
        at: usize,
        elem: Ty,
    },
    InPlace {
        at: usize,
        elem: Ty,
    },
    /// A dictmerger whose table belongs to a chunk: its pointer is in the frame.
    Table {
        at: usize,
        key: Ty,
        value: Ty,
        op: MergeOp,
    },
    /// A vecmerger: its vector is in the frame, and may be a copy or, for a body that writes rows, a sheet.
    Vector {
        at: usize,
        kind: BuilderTy,
    },
    /// Another dictmerger or vecmerger, or a groupmerger: registers that stay the same while the loop fills what they point to.
    Target {
        at: usize,
        width: usize,
    },
}

impl Part {
    /// The registers of a builder that stay the same while the loop fills what they point to; none of other builders.
    pub fn target(&self) -> Range<usize> {
        match self {
            Part::Target { at, width } => *at..*at + width,
            Part::Vector { at, .. } => *at..*at + VECTOR_REGISTERS,
            Part::Merger { at, .. }
            | Part::Grow { at, .. }
            | Part::InPlace { at, .. }
            | Part::Table { at, .. } => *at..*at,
        }
    }
}

/// A loop ready to be emitted.
#[derive(Clone)]
pub(super) struct Shape<'p, 'c> {
    pub parts: &'p For,
    pub iters: Vec<IterVal<'c>>,
    pub builders: Vec<Part>,
    pub tree: bool,
    pub lanes: Option<u32>,
    /// Iterations whose rows for tables are computed at once.
    pub rows: Option<u32>,
    pub parallel: bool,
    /// Iterations per leaf.
    pub leaf: i64,
    /// Whether keys may be looked for in the tables when the loop is over.
    pub indexed: bool,
    /// Whether an iteration is a block of lanes, as the program says.
    pub blocks: bool,
    pub uses_index: bool,
    /// Whether what is left after the last whole block of lanes is a block as well, some of whose lanes take no part.
    pub rests: bool,
    /// Whether blocks of lanes are written past the caches, where that is possible.
    pub streams: Option<IntValue<'c>>,
}

/// The shape of the loop `parts` of the node `expr`, `depth` loops inside others.
pub(super) fn shape<'p, 'c>(
    expr: &Expr,
    parts: &'p For,
    iters: Vec<IterVal<'c>>,
    depth: usize,
) -> Shape<'p, 'c> {
    let plan = loop_plan(expr, parts, depth);
    let mut builders = Vec::new();
    let mut at = 0;
    for (ty, strategy) in &plan.builders {
        match ty.as_builder() {
            Some(BuilderTy::Appender(elem)) if *strategy == Strategy::InPlace => {
                builders.push(Part::InPlace { at, elem: elem.clone() });
            }
            Some(BuilderTy::Appender(elem)) => builders.push(Part::Grow { at, elem: elem.clone() }),
            Some(BuilderTy::Merger(value, op)) => {
                for (k, leaf) in leaves_of(value).into_iter().enumerate() {
                    if let super::leaves::LeafTy::Scalar(scalar) = leaf {
                        builders.push(Part::Merger { at: at + k, scalar, op: *op });
                    }
                }
            }
            Some(BuilderTy::DictMerger(key, value, op)) if *strategy == Strategy::Chunks => {
                builders.push(Part::Table { at, key: key.clone(), value: value.clone(), op: *op });
            }
            Some(kind @ BuilderTy::VecMerger(..)) if *strategy == Strategy::Slots => {
                builders.push(Part::Vector { at, kind: kind.clone() });
            }
            Some(BuilderTy::DictMerger(..) | BuilderTy::GroupMerger(..) | BuilderTy::VecMerger(..)) => {
                builders.push(Part::Target { at, width: width(ty) });
            }
            None => {}
        }
        at += width(ty);
    }
    let index = parts.func.params.get(1).map(|param| param.name.clone());
    let mut uses_index = false;
    visit::walk(&parts.func.body, &mut |expr| {
        uses_index |= matches!(&expr.kind, ExprKind::Var(name) if Some(name) == index.as_ref());
    });
    Shape {
        parts,
        iters,
        builders,
        tree: rounds(&parts.builder.ty),
        lanes: plan.lanes,
        rows: plan.rows,
        parallel: plan.parallel,
        leaf: plan.leaf,
        indexed: true,
        blocks: plan.blocks,
        uses_index,
        rests: false,
        streams: None,
    }
}
