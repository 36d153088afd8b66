#![forbid(unsafe_code)]
//! How many values one run of a loop body merges into its builder.
//!
//! Promises: the bounds hold on every path of the body; the cost is that of the builder's own chain of merges, not
//! of the values merged.

use crate::diag::stack;
use crate::ir::{Expr, ExprKind, Lambda, Name, SIMD_LANES, Ty};
use std::collections::HashMap;

/// Bounds on a number of merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// At least so many.
    pub min: u32,
    /// At most so many; `None` when nothing bounds it.
    pub max: Option<u32>,
}

impl Count {
    /// Exactly `n`.
    pub fn exactly(n: u32) -> Count {
        Count { min: n, max: Some(n) }
    }
}

/// The merges into a builder, or into each builder of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merges {
    /// Into one builder.
    One(Count),
    /// Into each component.
    Each(Vec<Merges>),
    /// Not the builder of the loop.
    Foreign,
}

impl Merges {
    /// Whether it is one builder with exactly one merge on every path.
    pub fn is_once(&self) -> bool {
        *self == Merges::One(Count::exactly(1))
    }

    /// The merges into component `k`.
    pub fn component(&self, k: usize) -> Merges {
        match self {
            Merges::Each(items) => items.get(k).cloned().unwrap_or(Merges::Foreign),
            _ => Merges::Foreign,
        }
    }

    fn none(ty: &Ty) -> Merges {
        match ty.fields() {
            Some(fields) => Merges::Each(fields.iter().map(Merges::none).collect()),
            None => Merges::One(Count::exactly(0)),
        }
    }

    fn combine(&self, other: &Merges, join: fn(Count, Count) -> Count) -> Merges {
        match (self, other) {
            (Merges::One(a), Merges::One(b)) => Merges::One(join(*a, *b)),
            (Merges::Each(a), Merges::Each(b)) => {
                Merges::Each(a.iter().zip(b).map(|(a, b)| a.combine(b, join)).collect())
            }
            _ => Merges::Foreign,
        }
    }
}

/// The merges of one run of the function of a loop into its builder.
pub fn per_iteration(func: &Lambda) -> Merges {
    let mut walk = Walk::default();
    walk.lambda(func)
}

#[derive(Default)]
struct Walk {
    builders: HashMap<Name, Merges>,
}

impl Walk {
    fn lambda(&mut self, func: &Lambda) -> Merges {
        if let Some(param) = func.params.first() {
            self.builders.insert(param.name.clone(), Merges::none(&param.ty));
        }
        self.expr(&func.body)
    }

    fn expr(&mut self, expr: &Expr) -> Merges {
        stack::deep(|| match &expr.kind {
            ExprKind::Var(name) => self.builders.get(name).cloned().unwrap_or(Merges::Foreign),
            // The struct itself is not copied: it may be wide, and then it has as many fields that ask.
            ExprKind::Field(a, k) => match a.var().map(|name| self.builders.get(name)) {
                Some(known) => known.map_or(Merges::Foreign, |merges| merges.component(*k as usize)),
                None => self.expr(a).component(*k as usize),
            },
            ExprKind::Struct(items) => Merges::Each(items.iter().map(|item| self.expr(item)).collect()),
            ExprKind::Merge(b, x) => match self.expr(b) {
                Merges::One(n) => {
                    let more = if x.ty.has_simd() { SIMD_LANES as u32 } else { 1 };
                    let max = n.max.map(|max| max.saturating_add(more));
                    Merges::One(Count { min: n.min.saturating_add(more), max })
                }
                other => other,
            },
            ExprKind::Block(lets, body) => {
                for binding in lets.iter().filter(|binding| binding.value.ty.has_builder()) {
                    let merges = self.expr(&binding.value);
                    self.builders.insert(binding.name.clone(), merges);
                }
                self.expr(body)
            }
            ExprKind::If(_, a, b) => {
                let (a, b) = (self.expr(a), self.expr(b));
                a.combine(&b, |a, b| Count {
                    min: a.min.min(b.min),
                    max: a.max.zip(b.max).map(|(a, b)| a.max(b)),
                })
            }
            ExprKind::For(parts) => {
                let before = self.expr(&parts.builder);
                let each = self.lambda(&parts.func);
                before.combine(&each, |before, each| match each.max {
                    Some(0) => before,
                    _ => Count { min: before.min, max: None },
                })
            }
            ExprKind::Apply(lambda, args) => {
                for (param, arg) in lambda.params.iter().zip(args) {
                    if param.ty.has_builder() {
                        let merges = self.expr(arg);
                        self.builders.insert(param.name.clone(), merges);
                    }
                }
                self.expr(&lambda.body)
            }
            _ => Merges::Foreign,
        })
    }
}
