#![forbid(unsafe_code)]
//! `vectorize`: innermost loops that can run in SIMD lanes are marked.

use super::{PassCx, declare_pass};
use crate::diag::stack;
use crate::ir::{BinOp, Expr, ExprKind, For, visit};
use crate::plan::{Strategy, lanes, loop_plan};
use std::sync::Arc;

declare_pass! {
    /// Mark the innermost loops that compute several iterations at once, one in each SIMD lane.
    ///
    /// Why: a processor adds eight numbers as fast as one. The meaning of the loop stays that of its scalar body, the
    /// order of float additions included; only how code is made for it changes. A branch becomes a mask over the lanes,
    /// whose expensive side is skipped where no lane wants it. What an iteration appends only sometimes moves together
    /// and is written at once. A check that fails in a lane hands its block to the scalar loop, which fails where it
    /// must. Tables, C functions, inner loops and vectors made in each iteration have no lanes.
    /// `@(vectorize:false)` forbids.
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
    let reason = cx.say(|| reason(expr, parts));
    cx.fired(RULE, reason, expr, &to);
    Some(to)
}

/// What makes the loop fit for lanes.
fn reason(expr: &Expr, parts: &For) -> String {
    let body = &parts.func.body;
    let mut branches = false;
    visit::walk(body, &mut |expr| {
        branches |= matches!(expr.kind, ExprKind::If(..) | ExprKind::Binary(BinOp::And | BinOp::Or, ..));
    });
    let plan = loop_plan(expr, &For { simd: true, ..For::clone(parts) }, 0);
    let compacts = plan.builders.iter().any(|(_, strategy)| *strategy == Strategy::Compact);
    if !branches && !compacts && !body.facts.may_fail {
        return "the body is straight and all of its operations work on lanes".to_string();
    }
    let mut text = "all operations of the body work on lanes".to_string();
    let notes = [
        (branches, "branches become masks"),
        (compacts, "what is appended moves together first"),
        (body.facts.may_fail, "a block in which a check fails goes to the scalar loop"),
    ];
    for (holds, note) in notes {
        if holds {
            text += "; ";
            text += note;
        }
    }
    text
}
