#![forbid(unsafe_code)]
//! `size-hints`: appenders are told how much they will hold.

use super::rewrite::{self, Rewrite};
use super::{PassCx, declare_pass, pattern};
use crate::ir::{BinOp, BuilderTy, Expr, ExprKind, For, Iter, Let, Literal, build};
use crate::plan::cost;
use crate::plan::merges::{self, Merges};
use std::sync::Arc;

declare_pass! {
    /// Give a fresh appender the number of values that its loop will merge.
    ///
    /// Why: an appender of unknown size grows and copies as it is filled. When the body merges exactly once on every
    /// path, the number of iterations is the final length. A filter merges at most that many: where that is a small
    /// constant it gets room for all of them, elsewhere the room could be much more than is needed.
    ///
    /// ```weld
    /// |v: vec[i64]|
    ///   result(for(v, appender[i64], |b, i, x| merge(b, x + 1L)))
    /// ```
    /// becomes
    /// ```weld
    /// |v: vec[i64]|
    ///   result(for(v, appender[i64](len(v)), |b, i, x| merge(b, x + 1L)))
    /// ```
    pub struct SizeHints = "size-hints";
    aliases: ["infer-size"];
    rules: ["appender_size"];
    run: run;
}

const RULE: &str = "appender_size";

/// Up to so many bytes are made room for though they may not be needed: a page.
const SMALL: u64 = 4096;

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    rewrite::bottom_up(cx, root, &mut appender_size)
}

/// `for(v, appender, f)` => `for(v, appender(len(v)), f)` when `f` merges exactly once
fn appender_size(cx: &mut PassCx, expr: &Expr) -> Option<Rewrite> {
    let ExprKind::For(parts) = &expr.kind else { return None };
    if !has_unsized(&parts.builder) {
        return None;
    }
    let merges = merges::per_iteration(&parts.func);
    if !wants_size(&parts.builder, &merges) {
        return upper_bound(cx, expr, parts, &merges);
    }
    if pattern::operands_call_in_order(parts) {
        let condition = "the operands of the loop call C functions, whose order must stay";
        cx.missed(RULE, &expr.origin, condition, None);
        return None;
    }
    let mut lets = Vec::new();
    let mut new = For::clone(parts);
    let Some(size) = iterations(cx, &mut new, &mut lets) else {
        let condition = "the stride of the loop is no constant, or something else fails before its bounds, so the number of \
             iterations is no simple expression";
        cx.missed(
            RULE,
            &expr.origin,
            condition,
            Some("use a constant stride and bind the bounds by `let`".to_string()),
        );
        return None;
    };
    new.builder = with_size(&parts.builder, &merges, &size);
    let to = expr.with_kind(ExprKind::For(Arc::new(new)));
    let to = build::block(lets, to, expr.origin.clone());
    Some(Rewrite::new(
        RULE,
        to,
        "every iteration merges exactly one value, so the number of iterations is the length",
    ))
}

/// `for([a, b, c], appender, f)` => `for([a, b, c], appender(3L), f)` when `f` merges at most once
fn upper_bound(cx: &mut PassCx, expr: &Expr, parts: &For, merges: &Merges) -> Option<Rewrite> {
    let each = match merges {
        Merges::One(count) => count.max,
        Merges::Each(_) | Merges::Foreign => None,
    };
    let turns = parts.iters.iter().find_map(constant_turns);
    let most = each.map(u64::from).zip(turns).and_then(|(each, turns)| each.checked_mul(turns));
    let bytes = match parts.builder.ty.as_builder() {
        Some(BuilderTy::Appender(elem)) => cost::element_bytes(elem),
        _ => 0,
    };
    if let Some(most) = most.filter(|most| most.saturating_mul(bytes) <= SMALL) {
        let size = build::int64(i64::try_from(most).ok()?, parts.builder.origin.clone());
        let builder = parts.builder.with_kind(ExprKind::NewBuilder(Some(size)));
        let to = expr.with_kind(ExprKind::For(Arc::new(For { builder, ..For::clone(parts) })));
        return Some(Rewrite::new(
            RULE,
            to,
            format!("there are at most {most} values, so there is room for all"),
        ));
    }
    let length = parts.iters.iter().find_map(|iter| match iter {
        Iter::Whole(data) => data.var(),
        _ => None,
    });
    let bound = match (most, each, length) {
        (Some(most), ..) => Some(most.to_string()),
        (_, Some(1), Some(name)) => Some(format!("len({name})")),
        (_, Some(each), Some(name)) if each > 1 => Some(format!("{each} * len({name})")),
        _ => None,
    };
    let known = match bound {
        Some(bound) => {
            format!(
                ": there are at most `{bound}` values, and room for all could be much more than is needed"
            )
        }
        None => ", so the length is known only after the loop".to_string(),
    };
    cx.missed(RULE, &expr.origin, format!("the body does not merge exactly once per iteration{known}"), None);
    None
}

/// The number of iterations, where it is a constant.
fn constant_turns(iter: &Iter) -> Option<u64> {
    match iter {
        Iter::Whole(data) => match &data.kind {
            ExprKind::Vector(items) => Some(items.len() as u64),
            _ => None,
        },
        Iter::Range { start, end, stride } => cost::constant_turns(start, end, stride),
        _ => None,
    }
}

/// Whether there is a fresh appender without a size.
fn has_unsized(builder: &Expr) -> bool {
    match &builder.kind {
        ExprKind::NewBuilder(None) => matches!(builder.ty.as_builder(), Some(BuilderTy::Appender(_))),
        ExprKind::Struct(items) => items.iter().any(has_unsized),
        _ => false,
    }
}

/// Whether one of them is merged into exactly once.
fn wants_size(builder: &Expr, merges: &Merges) -> bool {
    match &builder.kind {
        ExprKind::NewBuilder(None) => has_unsized(builder) && merges.is_once(),
        ExprKind::Struct(items) => {
            items.iter().enumerate().any(|(k, item)| wants_size(item, &merges.component(k)))
        }
        _ => false,
    }
}

fn with_size(builder: &Expr, merges: &Merges, size: &Expr) -> Expr {
    match &builder.kind {
        ExprKind::NewBuilder(None) if wants_size(builder, merges) => {
            builder.with_kind(ExprKind::NewBuilder(Some(size.clone())))
        }
        ExprKind::Struct(items) => {
            let items = items.iter().enumerate().map(|(k, item)| with_size(item, &merges.component(k), size));
            builder.with_kind(ExprKind::Struct(items.collect()))
        }
        _ => builder.clone(),
    }
}

/// The number of iterations, from the iterator where it is easiest to tell. Data and bounds that are no names get one.
fn iterations(cx: &mut PassCx, parts: &mut For, lets: &mut Vec<Let>) -> Option<Expr> {
    let iters = &mut parts.iters;
    let whole = |iter: &Iter| if let Iter::Whole(data) = iter { Some(data.clone()) } else { None };
    if let Some(named) = iters.iter().filter_map(whole).find(pattern::is_trivial) {
        let origin = named.origin.clone();
        return Some(build::len(named, origin));
    }
    if let Some(range) = iters.iter().find_map(bounded) {
        return Some(range);
    }
    let Some(Iter::Whole(data)) = iters.iter_mut().find(|iter| matches!(iter, Iter::Whole(_))) else {
        return named_bounds(cx, parts, lets);
    };
    let name = cx.fresh("data");
    let var = build::var(&name, data.ty.clone(), data.origin.clone());
    lets.push(Let { name, value: std::mem::replace(data, var.clone()) });
    let origin = var.origin.clone();
    Some(build::len(var, origin))
}

/// `(end - start) / stride`, after bounds that are not simple have got names. They are computed before everything else in
/// the loop, so nothing else there may fail: which error is reported must not change.
fn named_bounds(cx: &mut PassCx, parts: &mut For, lets: &mut Vec<Let>) -> Option<Expr> {
    let moved = |iter: &Iter| match iter {
        Iter::Strided { start, end, .. } | Iter::Range { start, end, .. } => {
            u32::from(start.facts.may_fail) + u32::from(end.facts.may_fail)
        }
        _ => 0,
    };
    let at = parts.iters.iter().position(|iter| constant_stride(iter).is_some())?;
    let operands = parts.iters.iter().flat_map(Iter::operands);
    let failing = operands.filter(|operand| operand.facts.may_fail).count() as u32;
    let iter = parts.iters.get_mut(at)?;
    if parts.builder.facts.may_fail || failing > moved(iter) {
        return None;
    }
    if let Iter::Strided { start, end, .. } | Iter::Range { start, end, .. } = iter {
        for (bound, base) in [(start, "start"), (end, "end")] {
            if !is_simple(bound) {
                let name = cx.fresh(base);
                let var = build::var(&name, bound.ty.clone(), bound.origin.clone());
                lets.push(Let { name, value: std::mem::replace(bound, var) });
            }
        }
    }
    bounded(iter)
}

fn constant_stride(iter: &Iter) -> Option<i64> {
    let (Iter::Strided { stride, .. } | Iter::Range { stride, .. }) = iter else { return None };
    stride.literal().and_then(Literal::as_i64).filter(|step| *step != 0)
}

fn is_simple(bound: &Expr) -> bool {
    match &bound.kind {
        ExprKind::Len(v) => pattern::is_trivial(v),
        _ => pattern::is_trivial(bound),
    }
}

/// `(end - start) / stride` of simple bounds. The stride is a constant: a division must not be added that may fail.
fn bounded(iter: &Iter) -> Option<Expr> {
    let (Iter::Strided { start, end, stride, .. } | Iter::Range { start, end, stride }) = iter else {
        return None;
    };
    let step = constant_stride(iter)?;
    if !is_simple(start) || !is_simple(end) {
        return None;
    }
    let origin = &end.origin;
    if let (Some(from), Some(to)) =
        (start.literal().and_then(Literal::as_i64), end.literal().and_then(Literal::as_i64))
    {
        return Some(build::int64(to.checked_sub(from)?.checked_div(step)?, origin.clone()));
    }
    let length = if pattern::is_integer(start, 0) {
        end.clone()
    } else {
        build::binary(BinOp::Sub, end.clone(), start.clone(), origin.clone())
    };
    Some(if step == 1 { length } else { build::binary(BinOp::Div, length, stride.clone(), origin.clone()) })
}
