#![forbid(unsafe_code)]
//! `fold-constants`: what is known before the program runs is computed before it runs.

mod algebra;

use super::pattern::{is_droppable, is_integer};
use super::rewrite::{self, Rewrite};
use super::{PassCx, declare_pass};
use crate::ir::op::{self, ArithmeticError};
use crate::ir::{BinOp, Expr, ExprKind, Literal, Scalar, UnOp, build, print};

declare_pass! {
    /// Compute operations on constants, and drop operations that change nothing.
    ///
    /// Why: macros and generated programs leave `x * 1` and constant branches behind, which hide patterns from
    /// later passes. The arithmetic is the language's own, wrap-around and rounding included. Division by a constant
    /// zero stays, since it must fail when it is reached; floats keep every bit, so `x + 0.0`, `x - x` and `x / x` stay.
    /// Divisions, and comparisons of sums, are never rearranged: that is wrong for integers.
    ///
    /// ```weld
    /// |x: i64| if(2 > 1, x * 1L + (3L - 3L), 7L)
    /// ```
    /// becomes
    /// ```weld
    /// |x: i64| x
    /// ```
    ///
    /// ```weld
    /// |x: i64, y: i64| {x + 1L + 2L, x - x, !(x < y), i64(i8(if(x < y, true, false)))}
    /// ```
    /// becomes
    /// ```weld
    /// |x: i64, y: i64| {x + 3L, 0L, x >= y, i64(x < y)}
    /// ```
    pub struct FoldConstants = "fold-constants";
    aliases: ["algebraic", "inline-literals"];
    rules: [
        "fold_operator", "fold_cast", "fold_branch", "fold_logic", "fold_len", "identity", "mul_zero",
        "double_negation", "same_cast", "same_operands", "mask", "reassociate", "not_compare", "minus_negation",
        "double_cast", "choice_of_bools", "same_branches", "same_condition"
    ];
    run: run;
}

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    rewrite::bottom_up(cx, root, &mut |cx, expr| rule(cx, expr))
}

fn rule(cx: &mut PassCx, expr: &Expr) -> Option<Rewrite> {
    match &expr.kind {
        ExprKind::Unary(op, a) => unary(cx, expr, *op, a),
        ExprKind::Binary(op, a, b) => fold_operator(cx, expr, *op, a, b)
            .or_else(|| identity(cx, expr, *op, a, b))
            .or_else(|| algebra::same_operands(cx, expr, *op, a, b))
            .or_else(|| algebra::reassociate(cx, expr, *op, a, b))
            .or_else(|| algebra::minus_negation(expr, *op, a, b)),
        ExprKind::Cast(to, a) => cast(cx, expr, *to, a).or_else(|| algebra::double_cast(cx, expr, *to, a)),
        ExprKind::If(c, a, b) => {
            let Some(Literal::Bool(known)) = c.literal() else { return algebra::choice(cx, expr, c, a, b) };
            let chosen = if *known { a } else { b };
            Some(Rewrite::new("fold_branch", chosen.clone(), format!("the condition is always {known}")))
        }
        ExprKind::Select(c, a, b) => {
            let Some(Literal::Bool(c)) = c.literal() else { return algebra::choice(cx, expr, c, a, b) };
            let (chosen, other) = if *c { (a, b) } else { (b, a) };
            if !is_droppable(other) {
                cx.missed_for("fold_branch", expr, other);
                return None;
            }
            Some(Rewrite::new("fold_branch", chosen.clone(), format!("the condition is always {c}")))
        }
        ExprKind::Len(v) => {
            let length = match &v.kind {
                ExprKind::Literal(Literal::Str(bytes)) => bytes.len(),
                ExprKind::Vector(items) => match items.iter().find(|item| !is_droppable(item)) {
                    Some(item) => {
                        cx.missed_for("fold_len", expr, item);
                        return None;
                    }
                    None => items.len(),
                },
                _ => return None,
            };
            let to = build::int64(i64::try_from(length).ok()?, expr.origin.clone());
            Some(Rewrite::new("fold_len", to, "the length of a vector that is written out is known"))
        }
        _ => None,
    }
}

/// `-(-x)` => `x`, and operators on constants
fn unary(cx: &mut PassCx, expr: &Expr, operator: UnOp, a: &Expr) -> Option<Rewrite> {
    if let ExprKind::Unary(inner, x) = &a.kind
        && *inner == operator
        && matches!(operator, UnOp::Neg | UnOp::Not | UnOp::BitNot)
    {
        let why = format!("`{}` undoes itself", operator.symbol());
        return Some(Rewrite::new("double_negation", x.clone(), why));
    }
    if operator == UnOp::Not && a.literal().is_none() {
        return algebra::not_compare(cx, expr, a);
    }
    let value = op::unary(operator, a.literal()?).ok()?;
    constant(cx, "fold_operator", expr, value)
}

/// `2 + 3` => `5`. A division that fails stays: it must fail if it is reached, and only then.
fn fold_operator(cx: &mut PassCx, expr: &Expr, operator: BinOp, a: &Expr, b: &Expr) -> Option<Rewrite> {
    const RULE: &str = "fold_operator";
    match op::binary(operator, a.literal()?, b.literal()?) {
        Ok(value) => constant(cx, RULE, expr, value),
        Err(ArithmeticError::DivideByZero) => {
            if cx.records() {
                let text = print::short(expr, 40);
                let condition = format!(
                    "`{text}` divides by zero, which fails when it is reached: the failure must stay, at its place"
                );
                cx.missed(RULE, &expr.origin, condition, Some("divide by a number other than 0".to_string()));
            }
            None
        }
        Err(ArithmeticError::Untyped) => None,
    }
}

/// `i64(5)` => `5L`, and `i64(x)` => `x` for an i64 `x`
fn cast(cx: &mut PassCx, expr: &Expr, to: Scalar, a: &Expr) -> Option<Rewrite> {
    if a.ty.scalar() == Some(to) {
        return Some(Rewrite::new("same_cast", a.clone(), format!("it is {} `{to}` already", article(to))));
    }
    constant(cx, "fold_cast", expr, op::cast(to, a.literal()?).ok()?)
}

fn article(scalar: Scalar) -> &'static str {
    if matches!(scalar, Scalar::Bool) || !scalar.is_signed() && !scalar.is_float() { "a" } else { "an" }
}

fn constant(cx: &mut PassCx, rule: &'static str, expr: &Expr, value: Literal) -> Option<Rewrite> {
    // Infinities and NaN have no literal: they are written as the division that makes them.
    let written = match value {
        Literal::F32(x) => x.is_finite(),
        Literal::F64(x) => x.is_finite(),
        _ => true,
    };
    if !written {
        if cx.records() {
            let text = print::short(expr, 40);
            let condition = format!("`{text}` is an infinity or NaN, which has no literal");
            cx.missed(rule, &expr.origin, condition, None);
        }
        return None;
    }
    Some(Rewrite::new(rule, build::literal(value, expr.origin.clone()), "all operands are constants"))
}

/// `x + 0` => `x` and its kin. For floats only those that keep every bit.
fn identity(cx: &mut PassCx, expr: &Expr, operator: BinOp, a: &Expr, b: &Expr) -> Option<Rewrite> {
    let scalar = a.ty.scalar()?;
    if scalar == Scalar::Bool {
        return logic(cx, expr, operator, a, b);
    }
    if scalar.is_float() {
        return float_identity(cx, expr, operator, a, b);
    }
    let same = |x: &Expr, why: &'static str| Some(Rewrite::new("identity", x.clone(), why));
    match operator {
        BinOp::Add if is_integer(b, 0) => same(a, "adding 0 to an integer changes nothing"),
        BinOp::Add if is_integer(a, 0) => same(b, "adding 0 to an integer changes nothing"),
        BinOp::Sub if is_integer(b, 0) => same(a, "subtracting 0 from an integer changes nothing"),
        BinOp::Mul if is_integer(b, 1) => same(a, "multiplying by 1 changes nothing"),
        BinOp::Mul if is_integer(a, 1) => same(b, "multiplying by 1 changes nothing"),
        BinOp::Div if is_integer(b, 1) => same(a, "dividing by 1 changes nothing"),
        BinOp::Shl | BinOp::Shr if is_integer(b, 0) => same(a, "this operation with 0 changes nothing"),
        BinOp::BitAnd | BinOp::BitOr | BinOp::BitXor => algebra::mask(cx, expr, operator, a, b),
        BinOp::Mul if is_integer(b, 0) => mul_zero(cx, expr, a, b),
        BinOp::Mul if is_integer(a, 0) => mul_zero(cx, expr, b, a),
        _ => None,
    }
}

/// `x * 0` => `0` when `x` cannot fail
fn mul_zero(cx: &mut PassCx, expr: &Expr, x: &Expr, zero: &Expr) -> Option<Rewrite> {
    if !is_droppable(x) {
        cx.missed_for("mul_zero", expr, x);
        return None;
    }
    Some(Rewrite::new("mul_zero", zero.clone(), "an integer times 0 is 0"))
}

fn float_identity(cx: &mut PassCx, expr: &Expr, operator: BinOp, a: &Expr, b: &Expr) -> Option<Rewrite> {
    let is = |x: &Expr, value: f64| match x.literal() {
        Some(Literal::F32(x)) => x.to_bits() == (value as f32).to_bits(),
        Some(Literal::F64(x)) => x.to_bits() == value.to_bits(),
        _ => false,
    };
    let same = |x: &Expr, why: &'static str| Some(Rewrite::new("identity", x.clone(), why));
    match operator {
        BinOp::Mul if is(b, 1.0) => same(a, "multiplying by 1.0 keeps every bit"),
        BinOp::Mul if is(a, 1.0) => same(b, "multiplying by 1.0 keeps every bit"),
        BinOp::Div if is(b, 1.0) => same(a, "dividing by 1.0 keeps every bit"),
        BinOp::Sub if is(b, 0.0) => same(a, "subtracting 0.0 keeps every bit, that of -0.0 too"),
        BinOp::Add if is(b, -0.0) => same(a, "adding -0.0 keeps every bit"),
        BinOp::Add if is(b, 0.0) || is(a, 0.0) => {
            // IEEE 754: -0.0 + 0.0 is 0.0.
            let would = "subtract 0.0 instead, or add -0.0".to_string();
            cx.missed("identity", &expr.origin, "adding 0.0 would turn -0.0 into 0.0", Some(would));
            None
        }
        BinOp::Mul if is(b, 0.0) || is(a, 0.0) => {
            let condition = "a product with 0.0 is NaN for infinities and -0.0 for negative numbers";
            cx.missed("mul_zero", &expr.origin, condition, None);
            None
        }
        _ => None,
    }
}

/// `true && p` => `p` and its kin
fn logic(cx: &mut PassCx, expr: &Expr, operator: BinOp, a: &Expr, b: &Expr) -> Option<Rewrite> {
    let known = |x: &Expr| if let Some(Literal::Bool(value)) = x.literal() { Some(*value) } else { None };
    let to = |x: &Expr, why: &'static str| Some(Rewrite::new("fold_logic", x.clone(), why));
    let lazy = matches!(operator, BinOp::And | BinOp::Or);
    // What an `and` is decided by is false, what an `or` is decided by is true.
    let decides = match operator {
        BinOp::And | BinOp::BitAnd => false,
        BinOp::Or | BinOp::BitOr => true,
        _ => return None,
    };
    match (known(a), known(b)) {
        (Some(a), _) if a != decides => to(b, "the left side leaves the right side as it is"),
        (_, Some(b)) if b != decides => to(a, "the right side leaves the left side as it is"),
        (Some(_), _) if lazy || is_droppable(b) => to(a, "the left side decides"),
        (_, Some(_)) if is_droppable(a) => {
            let value = build::literal(Literal::Bool(decides), expr.origin.clone());
            Some(Rewrite::new("fold_logic", value, "the right side decides, and the left side cannot fail"))
        }
        (Some(_), None) => {
            cx.missed_for("fold_logic", expr, b);
            None
        }
        (None, Some(_)) => {
            cx.missed_for("fold_logic", expr, a);
            None
        }
        _ => None,
    }
}
