#![forbid(unsafe_code)]
//! Questions that several passes ask about an expression.

use crate::diag::stack;
use crate::ir::{BinOp, BuilderTy, Expr, ExprKind, For, Lambda, Literal, UnOp, visit};

/// Whether leaving it out hides nothing: it cannot fail, certainly ends, and calls no function that must be called.
pub fn is_droppable(expr: &Expr) -> bool {
    !expr.facts.may_fail && !expr.facts.iterates && !expr.facts.calls
}

/// What an expression that is not droppable does besides giving its value, as the end of a sentence about it.
pub fn must_run(expr: &Expr) -> &'static str {
    if expr.facts.calls {
        "calls a C function, which may do more than give its value"
    } else if expr.facts.may_fail {
        "may fail, and its error must not be lost"
    } else {
        "may never end, and then nor may the program"
    }
}

/// Whether running two computations in turns, instead of one after the other, can be seen from outside: both call C
/// functions, or one does and the other may fail, so that another number of calls would come before the error.
pub fn calls_interleave(a: &Expr, b: &Expr) -> bool {
    let (a, b) = (a.facts, b.facts);
    (a.calls && (b.calls || b.may_fail)) || (b.calls && a.may_fail)
}

/// Whether the operands of a loop call C functions in an order that moving one of them could change, or call one before
/// or after another operand may fail.
pub fn operands_call_in_order(parts: &For) -> bool {
    let operands = parts.iters.iter().flat_map(crate::ir::Iter::operands).chain([&parts.builder]);
    let (mut calls, mut fails) = (0, 0);
    for operand in operands {
        calls += usize::from(operand.facts.calls);
        fails += usize::from(operand.facts.calls || operand.facts.may_fail);
    }
    calls > 0 && fails > 1
}

/// Whether repeating it costs nothing: a scalar constant, a variable, or a projection of a variable.
pub fn is_trivial(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(value) => !matches!(value, Literal::Str(_)),
        ExprKind::Var(_) => true,
        ExprKind::Field(a, _) => is_trivial(a),
        _ => false,
    }
}

/// Whether both are the same variable, or the same projection of it.
pub fn same_place(a: &Expr, b: &Expr) -> bool {
    match (&a.kind, &b.kind) {
        (ExprKind::Var(a), ExprKind::Var(b)) => a == b,
        (ExprKind::Field(a, j), ExprKind::Field(b, k)) => j == k && same_place(a, b),
        _ => false,
    }
}

/// Whether it is the integer or bool constant `value`, of any type.
pub fn is_integer(expr: &Expr, value: i64) -> bool {
    expr.literal().and_then(Literal::as_i64) == Some(value)
}

/// Expressions up to this size are compared with each other.
const COMPARED_NODES: u32 = 32;

/// Whether both have the same value where they stand side by side, as far as a short look tells.
pub fn is_same_value(a: &Expr, b: &Expr) -> bool {
    if a.facts.nodes != b.facts.nodes || a.facts.nodes > COMPARED_NODES || a.facts.calls || a.ty != b.ty {
        return false;
    }
    match (&a.kind, &b.kind) {
        (ExprKind::Var(a), ExprKind::Var(b)) => a == b,
        (ExprKind::Literal(a), ExprKind::Literal(b)) => a == b,
        (ExprKind::Field(a, j), ExprKind::Field(b, k)) => j == k && is_same_value(a, b),
        (ExprKind::Unary(o, a), ExprKind::Unary(p, b)) => o == p && is_same_value(a, b),
        (ExprKind::Cast(_, a), ExprKind::Cast(_, b)) | (ExprKind::Len(a), ExprKind::Len(b)) => {
            is_same_value(a, b)
        }
        (ExprKind::Binary(o, a, c), ExprKind::Binary(p, b, d)) => {
            o == p && is_same_value(a, b) && is_same_value(c, d)
        }
        (ExprKind::Lookup(a, c), ExprKind::Lookup(b, d)) => is_same_value(a, b) && is_same_value(c, d),
        _ => false,
    }
}

/// The loop behind `result(for(.., appender, ..))`.
pub fn producer(data: &Expr) -> Option<(&Expr, &For)> {
    let ExprKind::Result(built) = &data.kind else { return None };
    let ExprKind::For(parts) = &built.kind else { return None };
    matches!(built.ty.as_builder(), Some(BuilderTy::Appender(_))).then_some((built, &**parts))
}

/// How a child of a node is evaluated.
pub enum Part<'a> {
    /// Whenever the node is.
    Operand,
    /// Only sometimes: a branch, the right side of `&&`.
    Sometimes,
    /// As often as the function whose body it is runs.
    Body(&'a Lambda),
}

/// What the child number `k` of a node is, in the order of [`visit::for_each_child`].
pub fn part<'a>(kind: &'a ExprKind, k: usize, child: &Expr) -> Part<'a> {
    match kind {
        ExprKind::If(..) if k > 0 => Part::Sometimes,
        ExprKind::Binary(BinOp::And | BinOp::Or, ..) if k > 0 => Part::Sometimes,
        ExprKind::Apply(lambda, args) if k == args.len() => Part::Body(lambda),
        ExprKind::Iterate(_, lambda) | ExprKind::Sort(_, lambda) if k == 1 => Part::Body(lambda),
        // Bodies come last, and no operand of a loop is its body.
        ExprKind::For(parts) if child.same(&parts.func.body) && k > parts.iters.len() => {
            Part::Body(&parts.func)
        }
        _ => Part::Operand,
    }
}

/// Whether it is better to carry the value into a loop than to compute it there: what one scalar operation makes
/// of variables is not, for it takes the place of its operands at best. The length of a vector is.
pub fn is_worth_carrying(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) => false,
        ExprKind::Len(_) => true,
        _ => scalar_cost(expr).is_none_or(|cost| cost > 1),
    }
}

/// More work than this is not done where it was not done before.
pub const CHEAP: u32 = 24;

/// An estimate of the work of a scalar computation, in units of an addition; `None` when it can fail, loops, or makes
/// anything but scalars.
pub fn scalar_cost(expr: &Expr) -> Option<u32> {
    if !is_droppable(expr) || expr.facts.loops > 0 {
        return None;
    }
    let own = match &expr.kind {
        ExprKind::Literal(Literal::Str(_)) => return None,
        ExprKind::Literal(_)
        | ExprKind::Var(_)
        | ExprKind::Field(..)
        | ExprKind::Block(..)
        | ExprKind::Struct(_) => 0,
        ExprKind::Unary(UnOp::Neg | UnOp::Not | UnOp::BitNot, _)
        | ExprKind::Cast(..)
        | ExprKind::Select(..) => 1,
        ExprKind::Unary(UnOp::Sqrt, _) => 6,
        ExprKind::Unary(..) | ExprKind::Binary(BinOp::Pow, ..) => 20,
        ExprKind::Binary(_, a, _) if a.ty.scalar().is_none() => return None,
        ExprKind::Binary(BinOp::Div, ..) => 4,
        ExprKind::Binary(BinOp::Rem, a, _) if a.ty.scalar().is_some_and(|scalar| scalar.is_float()) => 20,
        ExprKind::Binary(BinOp::Rem, ..) => 4,
        ExprKind::Binary(..) | ExprKind::Len(_) | ExprKind::If(..) => 1,
        _ => return None,
    };
    let mut cost = Some(own);
    visit::for_each_child(&expr.kind, &mut |child| {
        // Stop early: a large tree is expensive whatever is in it.
        if cost.is_some_and(|cost| cost <= CHEAP) {
            cost = cost.zip(stack::deep(|| scalar_cost(child))).map(|(a, b)| a.saturating_add(b));
        }
    });
    cost
}
