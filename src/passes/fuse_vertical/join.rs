#![forbid(unsafe_code)]
//! The rule `join_merges`: branches that merge a value each become one merge of a chosen value, so that the loop put in
//! place of the merge is written once.
//!
//! Promises: it fires only where a loop is put into another one right after it; each value is computed on the same
//! paths as before, at the same place among the merges.

use super::loops::{check, check_copies, count_sites};
use crate::diag::stack;
use crate::ir::{Expr, ExprKind, For, Lambda, Let, Name, build, print};
use crate::passes::PassCx;
use std::collections::HashSet;
use std::sync::Arc;

const RULE: &str = "join_merges";

/// Copies that have no more nodes than this together are better than one body behind a choice: in each copy other
/// rules see the value itself.
const SMALL_COPIES: u32 = 24;

/// The producer with fewer merges, when its consumer is too large to be copied to all of them and can be fused then.
pub fn join_merges(cx: &mut PassCx, consumer: &Expr, producer: &Expr) -> Option<Expr> {
    let (ExprKind::For(outer), ExprKind::For(inner)) = (&consumer.kind, &producer.kind) else { return None };
    let mut builders: HashSet<Name> = inner.func.params.iter().take(1).map(|own| own.name.clone()).collect();
    let sites = count_sites(&inner.func.body, &mut builders).ok()?;
    let copied = outer.func.body.facts.nodes;
    if sites < 2 || copied.saturating_mul(sites) <= SMALL_COPIES {
        return None;
    }
    check(outer, inner, consumer, producer).ok()?;
    let mut join = Join { builders, loops_too: check_copies(outer, sites).is_err(), stays: None };
    let (body, left) = join.expr(&inner.func.body);
    if left == sites || check_copies(outer, left).is_err() {
        if let Some(choice) = join.stays {
            let text = print::short(&choice, 40);
            let condition = format!(
                "the branches of `{text}` are not one merge each, so each of the {sites} merges needs a copy of the \
                 {copied} nodes of the next loop"
            );
            cx.missed(RULE, &choice.origin, condition, Some("merge once in each branch".to_string()));
        }
        return None;
    }
    if !cx.may_fire(producer) {
        return None;
    }
    let func = Lambda { params: inner.func.params.clone(), body };
    let new = For { iters: inner.iters.clone(), builder: inner.builder.clone(), func, simd: inner.simd };
    let joined = producer.with_kind(ExprKind::For(Arc::new(new)));
    let place = print::short(&outer.func.body, 40);
    let reason = format!(
        "the body `{place}` of {copied} nodes would be copied to {sites} places; the value is chosen first"
    );
    cx.fired(RULE, reason, producer, &joined);
    Some(joined)
}

struct Join {
    /// The names that hold the builder of the loop.
    builders: HashSet<Name>,
    /// Whether choices between values that loops make are joined. Such a loop may go on to fuse with the copy that
    /// reads its value, but not through a choice.
    loops_too: bool,
    /// The first choice between merges that stays one.
    stays: Option<Expr>,
}

impl Join {
    /// An expression that gives the builder of the loop, with choices of merges made merges of choices, and in how
    /// many places it merges then.
    fn expr(&mut self, expr: &Expr) -> (Expr, u32) {
        stack::deep(|| match &expr.kind {
            ExprKind::Merge(b, x) => {
                let (b, sites) = self.expr(b);
                (expr.with_kind(ExprKind::Merge(b, x.clone())), sites.saturating_add(1))
            }
            ExprKind::If(c, a, b) => {
                let ((a, in_a), (b, in_b)) = (self.expr(a), self.expr(b));
                let merges = only_merge(&a).zip(only_merge(&b));
                let can_join = merges
                    .as_ref()
                    .is_some_and(|((own, x), (other, y))| own.var() == other.var() && x.ty == y.ty);
                if can_join
                    && let Some(((own, x), (_, y))) = merges
                    && (self.loops_too || x.facts.loops.max(y.facts.loops) == 0)
                {
                    let ty = x.ty.clone();
                    let kind = ExprKind::If(c.clone(), x, y);
                    let value = Expr::with_notes(kind, ty, expr.origin.clone(), expr.notes.clone());
                    return (build::merge(own.clone(), value, expr.origin.clone()), 1);
                }
                let choice = expr.with_kind(ExprKind::If(c.clone(), a, b));
                if in_a > 0 && in_b > 0 && !can_join {
                    self.stays.get_or_insert_with(|| choice.clone());
                }
                (choice, in_a.saturating_add(in_b))
            }
            ExprKind::Block(lets, body) => {
                let mut joined = Vec::with_capacity(lets.len());
                let mut sites = 0u32;
                for binding in lets {
                    let mut value = binding.value.clone();
                    if self.builders.contains(&binding.name) {
                        let more;
                        (value, more) = self.expr(&value);
                        sites = sites.saturating_add(more);
                    }
                    joined.push(Let { name: binding.name.clone(), value });
                }
                let (body, more) = self.expr(body);
                (expr.with_kind(ExprKind::Block(joined, body)), sites.saturating_add(more))
            }
            ExprKind::For(parts) => {
                let (builder, before) = self.expr(&parts.builder);
                let (body, inside) = self.expr(&parts.func.body);
                let func = Lambda { params: parts.func.params.clone(), body };
                let parts = For { iters: parts.iters.clone(), builder, func, simd: parts.simd };
                (expr.with_kind(ExprKind::For(Arc::new(parts))), before.saturating_add(inside))
            }
            _ => (expr.clone(), 0),
        })
    }
}

/// The builder and the value of an arm that merges once, into a builder from outside of it, and does nothing else with
/// builders. What it computes for the value goes along.
fn only_merge(arm: &Expr) -> Option<(&Expr, Expr)> {
    match &arm.kind {
        ExprKind::Merge(b, x) => b.var().map(|_| (b, x.clone())),
        ExprKind::Block(lets, body) if lets.iter().all(|binding| !binding.value.ty.has_builder()) => {
            let ExprKind::Merge(b, x) = &body.kind else { return None };
            b.var().map(|_| (b, build::block(lets.clone(), x.clone(), arm.origin.clone())))
        }
        _ => None,
    }
}
