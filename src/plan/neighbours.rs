#![forbid(unsafe_code)]
//! Whether neighbouring iterations of a loop change neighbouring elements of its vecmergers: then a block of lanes reads,
//! combines and writes a row of elements, each of which gets its values in the order of the iterations.
//!
//! Promises: where the answer is yes, iteration `i` merges exactly once into each vecmerger that it merges into at all, at
//! `i` plus something that is the same in all iterations, and the elements are scalars.

use super::merges::{self, Count, Merges};
use crate::diag::stack;
use crate::ir::{BinOp, BuilderTy, Expr, ExprKind, For, Iter, Literal, Name, Ty, visit};
use std::collections::HashSet;

/// Whether all vecmergers of the loop are filled that way.
pub(super) fn are_changed(parts: &For) -> bool {
    if !has_vecmerger(&parts.builder.ty)
        || !at_most_once(&parts.builder.ty, &merges::per_iteration(&parts.func))
    {
        return false;
    }
    let mut inside: HashSet<&Name> = parts.func.params.iter().map(|param| &param.name).collect();
    visit::walk(&parts.func.body, &mut |expr| {
        if let ExprKind::Block(lets, _) = &expr.kind {
            inside.extend(lets.iter().map(|binding| &binding.name));
        }
    });
    let [_, index, element] = parts.func.params.as_slice() else { return false };
    Walk { parts, inside, index: &index.name, element: &element.name }.merges(&parts.func.body, true)
}

fn at_most_once(ty: &Ty, merges: &Merges) -> bool {
    match (ty, merges) {
        (Ty::Struct(fields), _) => {
            fields.iter().enumerate().all(|(k, field)| at_most_once(field, &merges.component(k)))
        }
        _ if !is_vecmerger(ty) => true,
        (_, Merges::One(Count { max: Some(0 | 1), .. })) => true,
        _ => false,
    }
}

fn has_vecmerger(ty: &Ty) -> bool {
    is_vecmerger(ty) || ty.fields().is_some_and(|fields| fields.iter().any(has_vecmerger))
}

fn is_vecmerger(ty: &Ty) -> bool {
    matches!(ty.as_builder(), Some(BuilderTy::VecMerger(..)))
}

struct Walk<'a> {
    parts: &'a For,
    /// What the body binds, and so may differ from iteration to iteration.
    inside: HashSet<&'a Name>,
    index: &'a Name,
    element: &'a Name,
}

impl Walk<'_> {
    /// Whether all merges into vecmergers are of the right form, and happen in every iteration.
    fn merges(&self, expr: &Expr, always: bool) -> bool {
        stack::deep(|| {
            let mut holds = true;
            let mut always = always;
            match &expr.kind {
                ExprKind::Merge(b, value) if is_vecmerger(&b.ty) => match &value.kind {
                    ExprKind::Struct(items) => match items.as_slice() {
                        [at, x] => {
                            holds = always && x.ty.scalar().is_some() && self.step(at) == Some(Step::One)
                        }
                        _ => holds = false,
                    },
                    _ => holds = false,
                },
                // The condition as well: no builder is merged into there.
                ExprKind::If(..) | ExprKind::Select(..) => always = false,
                _ => {}
            }
            visit::for_each_child(&expr.kind, &mut |child| holds = holds && self.merges(child, always));
            holds
        })
    }

    /// How a number changes from each iteration to the next, where that is known.
    fn step(&self, expr: &Expr) -> Option<Step> {
        stack::deep(|| match &expr.kind {
            ExprKind::Literal(_) => Some(Step::None),
            ExprKind::Var(name) if name == self.index => Some(Step::One),
            ExprKind::Var(name) if name == self.element => match self.parts.iters.as_slice() {
                [iter] if is_count(iter) => Some(Step::One),
                _ => None,
            },
            ExprKind::Var(name) => (!self.inside.contains(name)).then_some(Step::None),
            ExprKind::Field(a, k) if a.var() == Some(self.element) => {
                let iter = self.parts.iters.get(*k as usize)?;
                (self.parts.iters.len() > 1 && is_count(iter)).then_some(Step::One)
            }
            ExprKind::Field(a, _) | ExprKind::Len(a) => self.step(a).filter(|step| *step == Step::None),
            ExprKind::Binary(op, a, b) => match (op, self.step(a)?, self.step(b)?) {
                (BinOp::Add, step, Step::None) | (BinOp::Add, Step::None, step) => Some(step),
                (BinOp::Sub, step, Step::None) => Some(step),
                (BinOp::Mul, Step::None, Step::None) => Some(Step::None),
                _ => None,
            },
            _ => None,
        })
    }
}

/// What is added to a number from one iteration to the next.
#[derive(PartialEq)]
enum Step {
    None,
    One,
}

/// Whether the elements are numbers that grow by one.
fn is_count(iter: &Iter) -> bool {
    matches!(iter, Iter::Range { stride, .. } if stride.literal().and_then(Literal::as_i64) == Some(1))
}
