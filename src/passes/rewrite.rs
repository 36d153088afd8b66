#![forbid(unsafe_code)]
//! Drivers that apply rules to a tree, and the moves that keep blocks where the other passes look for them.
//!
//! Promises: each node is visited once, children first; when nothing fires the result is the input.

use super::{PassCx, pattern};
use crate::diag::stack;
use crate::ir::{Expr, ExprKind, For, Iter, Let, visit};
use std::borrow::Cow;
use std::sync::Arc;

/// What a rule makes of a node, and why.
pub struct Rewrite {
    /// The rule.
    pub rule: &'static str,
    /// The new node.
    pub to: Expr,
    /// Why.
    pub why: Cow<'static, str>,
}

impl Rewrite {
    /// No rewrite without a reason.
    pub fn new(rule: &'static str, to: Expr, why: impl Into<Cow<'static, str>>) -> Rewrite {
        Rewrite { rule, to, why: why.into() }
    }
}

/// How often rules may fire at one node: more is a pair of rules that undo each other.
const ROUNDS: usize = 8;

/// Offers every node to `rule`, children first, until it declines.
pub fn bottom_up(
    cx: &mut PassCx,
    root: &Expr,
    rule: &mut dyn FnMut(&mut PassCx, &Expr) -> Option<Rewrite>,
) -> Expr {
    stack::deep(|| {
        let mut expr = visit::map_children(root, &mut |child| bottom_up(cx, child, rule));
        for round in 1..=ROUNDS {
            if !cx.may_fire(&expr) {
                break;
            }
            let Some(rewrite) = rule(cx, &expr) else { break };
            cx.fired(rewrite.rule, rewrite.why, &expr, &rewrite.to);
            expr = rewrite.to;
            if round == ROUNDS {
                let condition = format!("`{}` fired {ROUNDS} times at one node", rewrite.rule);
                cx.missed("round_limit", &expr.origin, condition, None);
            }
        }
        settle(&expr)
    })
}

/// Moves the lets of operands that are evaluated first and in any case out in front of the node, so that blocks stay
/// flat: `result((let a = x; b))` is `let a = x; result(b)`, and a block as the value of a let joins the block around it.
/// The same node when there is nothing to move.
pub fn settle(expr: &Expr) -> Expr {
    let mut lets = Vec::new();
    let kind = match &expr.kind {
        ExprKind::Result(a) if is_block(a) => ExprKind::Result(take_lets(a, &mut lets)),
        ExprKind::Len(a) if is_block(a) => ExprKind::Len(take_lets(a, &mut lets)),
        ExprKind::Field(a, k) if is_block(a) => ExprKind::Field(take_lets(a, &mut lets), *k),
        ExprKind::For(parts)
            if for_operands(parts).any(is_block) && !pattern::operands_call_in_order(parts) =>
        {
            let builder = take_lets(&parts.builder, &mut lets);
            let iters = parts.iters.iter().map(|iter| match iter {
                Iter::Whole(data) => Iter::Whole(take_lets(data, &mut lets)),
                other => other.clone(),
            });
            let iters = iters.collect();
            ExprKind::For(Arc::new(For { iters, builder, func: parts.func.clone(), simd: parts.simd }))
        }
        ExprKind::Block(bindings, body) if is_block(body) || bindings.iter().any(|b| is_block(&b.value)) => {
            for binding in bindings {
                let value = take_lets(&binding.value, &mut lets);
                lets.push(Let { name: binding.name.clone(), value });
            }
            let body = take_lets(body, &mut lets);
            return expr.with_kind(ExprKind::Block(lets, body));
        }
        _ => return expr.clone(),
    };
    let body = expr.with_kind(kind);
    Expr::new(ExprKind::Block(lets, body), expr.ty.clone(), expr.origin.clone())
}

fn is_block(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Block(..))
}

fn for_operands(parts: &For) -> impl Iterator<Item = &Expr> {
    let data =
        parts.iters.iter().filter_map(|iter| if let Iter::Whole(data) = iter { Some(data) } else { None });
    std::iter::once(&parts.builder).chain(data)
}

/// The value of a block, its lets appended to `lets`.
fn take_lets(expr: &Expr, lets: &mut Vec<Let>) -> Expr {
    let ExprKind::Block(inner, body) = &expr.kind else { return expr.clone() };
    lets.extend(inner.iter().cloned());
    body.clone()
}
