#![forbid(unsafe_code)]
//! `vectorize`: innermost loops that can run in SIMD lanes are marked.

use super::{PassCx, declare_pass};
use crate::diag::stack;
use crate::ir::{Expr, ExprKind, For, visit};
use crate::plan::lanes;
use std::sync::Arc;

declare_pass! {
    /// Mark the innermost loops that compute several iterations at once, one in each SIMD lane.
    ///
    /// Why: a processor adds eight numbers as fast as one. The meaning of the loop stays that of its scalar body, the
    /// order of float additions included; only how code is made for it changes. The body must be straight: no branches,
    /// no lookups, nothing that fails, only operations that work on lanes. `@(vectorize:false)` forbids.
    ///
    /// ```weld
    /// |v: vec[i64]|
    ///   result(for(v, merger[i64,+], |b, i, x| merge(b, x * x)))
    /// ```
    /// becomes
    /// ```weld
    /// |v: vec[i64]|
    ///   result(@(simd:true) for(v, merger[i64,+], |b, i, x| merge(b, x * x)))
    /// ```
    pub struct Vectorize = "vectorize";
    aliases: [];
    rules: ["vectorize_loop"];
    run: run;
}

const RULE: &str = "vectorize_loop";

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    stack::deep(|| {
        let expr = visit::map_children(root, &mut |child| run(cx, child));
        vectorize_loop(cx, &expr).unwrap_or(expr)
    })
}

/// `for(v, b, f)` => `@(simd:true) for(v, b, f)`
fn vectorize_loop(cx: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::For(parts) = &expr.kind else { return None };
    // Only innermost loops have lanes; the others are not worth a remark.
    if parts.simd || parts.func.body.facts.loops > 0 || !cx.may_fire(expr) {
        return None;
    }
    if expr.note("vectorize") == Some("false") {
        cx.missed(RULE, &expr.origin, "`@(vectorize:false)` forbids it", None);
        return None;
    }
    if let Err(blocked) = lanes::check(expr, parts) {
        cx.missed(RULE, &blocked.origin, blocked.condition, blocked.would);
        return None;
    }
    let to = expr.with_kind(ExprKind::For(Arc::new(For { simd: true, ..For::clone(parts) })));
    cx.fired(RULE, "the body is straight and all of its operations work on lanes", expr, &to);
    Some(to)
}
