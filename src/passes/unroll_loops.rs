#![forbid(unsafe_code)]
//! `unroll-loops`: a few iterations that are known are written out.

use super::rewrite::{self, Rewrite};
use super::{PassCx, declare_pass, pattern, subst};
use crate::ir::{
    BuilderTy, Expr, ExprKind, For, Iter, Lambda, Let, Literal, MergeOp, Scalar, Ty, build, print,
};

declare_pass! {
    /// Write out a loop whose few iterations are known.
    ///
    /// Why: a loop over `[x, y]` costs more than what it does, and its results stand in no other expression. The
    /// index and the elements are put in the body, the values become a vector or are combined in order. Sums and products
    /// of floats stay loops, since the order in which a loop adds is part of its meaning; `@(loopsize:N)` is
    /// still checked, so it helps nothing where the length is not known.
    ///
    /// ```weld
    /// |x: i64, y: i64|
    ///   result(for([x, y, 3L], merger[i64,max], |b, i, e| merge(b, e + i)))
    /// ```
    /// becomes
    /// ```weld
    /// |x: i64, y: i64| max(max(x + 0L, y + 1L), 3L + 2L)
    /// ```
    pub struct UnrollLoops = "unroll-loops";
    aliases: ["unroll-static-loop"];
    rules: ["unroll_loop"];
    run: run;
}

const RULE: &str = "unroll_loop";

/// Loops of more iterations stay.
const ITERATIONS: usize = 16;

/// Loops stay that would have more nodes than this written out.
const NODES: usize = 128;

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    rewrite::bottom_up(cx, root, &mut unroll_loop)
}

/// `result(for([x, y], merger[i64,+], |b, i, e| merge(b, f(e))))` => `f(x) + f(y)`
fn unroll_loop(cx: &mut PassCx, expr: &Expr) -> Option<Rewrite> {
    let ExprKind::Result(built) = &expr.kind else { return None };
    let ExprKind::For(parts) = &built.kind else { return None };
    let turns = match turns(built, parts) {
        Ok(Some(turns)) => turns,
        Ok(None) => {
            explain_end(cx, built, parts);
            return None;
        }
        Err(condition) => {
            cx.missed(
                RULE,
                &built.origin,
                condition,
                Some("loop over a vector that is written out".to_string()),
            );
            return None;
        }
    };
    let (start, func) = match check(built, parts, turns) {
        Ok(known) => known,
        Err(condition) => {
            cx.missed(RULE, &built.origin, condition, None);
            return None;
        }
    };
    let mut lets = Vec::new();
    let mut values = Vec::with_capacity(turns);
    for k in 0..turns {
        let index = build::int64(i64::try_from(k).ok()?, built.origin.clone());
        let mut elements = Vec::with_capacity(parts.iters.len());
        for iter in &parts.iters {
            elements.push(element(iter, k)?);
        }
        let element =
            if elements.len() == 1 { elements.pop()? } else { build::tuple(elements, built.origin.clone()) };
        let value = subst::instantiate(cx, &func, vec![index, element], k + 1 < turns);
        values.push(without_lets(value, &mut lets));
    }
    let value = together(expr, start, values)?;
    let to = build::block(lets, value, expr.origin.clone());
    let why = match turns {
        1 => "the loop has one iteration, whose element is known".to_string(),
        _ => format!("the loop has {turns} iterations, whose elements are known"),
    };
    Some(Rewrite::new(RULE, to, why))
}

/// How many iterations there are: `None` when that is not known, or when the loop fails.
fn turns(built: &Expr, parts: &For) -> Result<Option<usize>, &'static str> {
    let mut turns = parts.iters.iter().map(|iter| match iter {
        Iter::Whole(data) => match &data.kind {
            ExprKind::Vector(items) => Some(items.len()),
            _ => None,
        },
        Iter::Range { start, end, stride } => {
            let number = |expr: &Expr| expr.literal().and_then(Literal::as_i64);
            let (start, stride) = (number(start)?, number(stride)?);
            let length = number(end)?.checked_sub(start)?;
            if length.checked_rem(stride)? != 0 {
                return None;
            }
            usize::try_from(length.checked_div(stride)?).ok()
        }
        _ => None,
    });
    let Some(first) = turns.next().flatten().filter(|first| turns.all(|other| other == Some(*first))) else {
        let promised = built.loop_size().is_some() && !parts.simd;
        return if promised {
            Err(
                "`@(loopsize)` is a promise that is checked when the loop runs; without a loop nothing checks it",
            )
        } else {
            Ok(None)
        };
    };
    if parts.simd || built.note("loopsize").is_some() && built.loop_size() != i64::try_from(first).ok() {
        return Ok(None);
    }
    Ok(Some(first))
}

/// Says that only the end of a range is not known. It is worth a word where everything else of the loop is small and
/// known: not where there is a value for each element of a vector.
fn explain_end(cx: &mut PassCx, built: &Expr, parts: &For) {
    let [Iter::Range { start, end, stride }] = parts.iters.as_slice() else { return };
    let known = |expr: &Expr| expr.literal().is_some();
    let combines = matches!(built.ty.as_builder(), Some(BuilderTy::Merger(..)));
    let nearly = combines && !parts.simd && known(start) && known(stride) && !known(end);
    if !cx.records() || !nearly || matches!(end.kind, ExprKind::Len(_)) || check(built, parts, 2).is_err() {
        return;
    }
    let condition = format!("the end `{}` of the range is no constant", print::short(end, 40));
    let would = format!("write a constant end, at most {ITERATIONS} iterations from the start");
    cx.missed(RULE, &end.origin.join(&built.origin), condition, Some(would));
}

/// Whether a call of a C function would come before or after another call, or another error, than in the loop: there
/// the builder comes first, then all elements, then one iteration after the other; written out, an element stands in its
/// iteration, and the lets of all iterations come before the first value.
fn calls_move(parts: &For) -> bool {
    let body = &parts.func.body;
    let operands = || parts.iters.iter().flat_map(Iter::operands).chain([&parts.builder]);
    if operands().any(|operand| operand.facts.calls) {
        return true;
    }
    let stands_alone =
        !matches!(body.kind, ExprKind::Block(..)) && !operands().any(|operand| operand.facts.may_fail);
    body.facts.calls && !stands_alone
}

/// The start value of the builder, if it matters, and the function of index and element that gives what is merged.
fn check(built: &Expr, parts: &For, turns: usize) -> Result<(Option<Expr>, Lambda), String> {
    let refuse = |condition: String| Err(condition);
    let ExprKind::NewBuilder(arg) = &parts.builder.kind else {
        return refuse("the loop goes on with a builder that may hold values already".to_string());
    };
    if turns > ITERATIONS {
        return refuse(format!("the loop has {turns} iterations, more than {ITERATIONS}"));
    }
    let nodes = parts.func.body.facts.nodes as usize;
    if nodes.saturating_mul(turns) > NODES {
        return refuse(format!("{turns} copies of a body of {nodes} nodes have more than {NODES} nodes"));
    }
    if parts.func.body.facts.loops > 0 {
        return refuse("the body contains another loop, which would be copied".to_string());
    }
    let many = || {
        let body = print::short(&parts.func.body, 40);
        format!("the body `{body}` is not one merge into its builder")
    };
    if calls_move(parts) {
        return refuse(
            "C functions are called, and written out they would be called in another order".to_string(),
        );
    }
    let [own, index, elem] = parts.func.params.as_slice() else { return refuse(many()) };
    let (lets, merge) = match &parts.func.body.kind {
        ExprKind::Block(lets, value) => (lets.clone(), value),
        _ => (Vec::new(), &parts.func.body),
    };
    let ExprKind::Merge(target, value) = &merge.kind else { return refuse(many()) };
    if target.var() != Some(&own.name) || value.ty.has_simd() {
        return refuse(many());
    }
    let start = match built.ty.as_builder() {
        Some(BuilderTy::Appender(_)) if arg.as_ref().is_none_or(pattern::is_droppable) => None,
        Some(BuilderTy::Appender(_)) => {
            return refuse("the capacity of the appender may fail to compute".to_string());
        }
        Some(BuilderTy::Merger(Ty::Scalar(scalar), op)) => {
            let rounds = scalar.is_float() && matches!(op, MergeOp::Add | MergeOp::Mul);
            if rounds && turns > 1 {
                let does = if *op == MergeOp::Add { "adds" } else { "multiplies" };
                return refuse(format!(
                    "the loop {does} floats in a fixed tree, and a chain of `{}` would round differently",
                    op.symbol()
                ));
            }
            start(*scalar, *op, arg.as_ref(), turns, built)
        }
        Some(other) => return refuse(format!("no operator combines values as `{other}` does")),
        None => return refuse(many()),
    };
    let body = build::block(lets, value.clone(), value.origin.clone());
    Ok((start, Lambda { params: vec![index.clone(), elem.clone()], body }))
}

/// The value that a merger starts with, where it makes a difference.
fn start(scalar: Scalar, op: MergeOp, arg: Option<&Expr>, turns: usize, at: &Expr) -> Option<Expr> {
    // 0.0 + -0.0 is 0.0: only the start of a float sum is no neutral element.
    let matters = turns == 0 || scalar.is_float() && op == MergeOp::Add;
    let own = || matters.then(|| build::literal(op.identity(scalar), at.origin.clone()));
    arg.cloned().or_else(own)
}

/// The element of an iteration.
fn element(iter: &Iter, k: usize) -> Option<Expr> {
    match iter {
        Iter::Whole(data) => match &data.kind {
            ExprKind::Vector(items) => items.get(k).cloned(),
            _ => None,
        },
        Iter::Range { start, stride, .. } => {
            let number = |expr: &Expr| expr.literal().and_then(Literal::as_i64);
            let steps = number(stride)?.checked_mul(i64::try_from(k).ok()?)?;
            Some(build::int64(number(start)?.checked_add(steps)?, start.origin.clone()))
        }
        _ => None,
    }
}

fn without_lets(value: Expr, lets: &mut Vec<Let>) -> Expr {
    match &value.kind {
        ExprKind::Block(inner, value) => {
            lets.extend(inner.iter().cloned());
            value.clone()
        }
        _ => value,
    }
}

/// What the builder makes of the values.
fn together(result: &Expr, start: Option<Expr>, values: Vec<Expr>) -> Option<Expr> {
    let ExprKind::Result(built) = &result.kind else { return None };
    match built.ty.as_builder()? {
        BuilderTy::Appender(_) => Some(result.with_kind(ExprKind::Vector(values))),
        BuilderTy::Merger(_, op) => {
            let mut all = start.into_iter().chain(values);
            let first = all.next()?;
            // An infinity has no literal.
            if let Some(
                Literal::F32(f32::INFINITY | f32::NEG_INFINITY)
                | Literal::F64(f64::INFINITY | f64::NEG_INFINITY),
            ) = first.literal()
            {
                return None;
            }
            Some(
                all.fold(first, |total, value| {
                    build::binary(op.binop(), total, value, result.origin.clone())
                }),
            )
        }
        _ => None,
    }
}
