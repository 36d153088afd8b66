#![forbid(unsafe_code)]
//! Laws of arithmetic and logic that hold for every value of the type, bit for bit.
//!
//! Promises: `tests/algebra.rs` tries each on all values of the 8-bit types, or on every kind of float. An operand that
//! goes away cannot fail. Division is never moved, comparisons are never moved across an addition.

use crate::ir::{BinOp, Expr, ExprKind, Literal, Scalar, UnOp, build, op, print};
use crate::passes::PassCx;
use crate::passes::pattern::{is_droppable, is_integer, is_same_value};
use crate::passes::rewrite::Rewrite;

/// `x - x` => `0` and its kin: both operands are the same value.
pub fn same_operands(cx: &mut PassCx, expr: &Expr, operator: BinOp, a: &Expr, b: &Expr) -> Option<Rewrite> {
    const RULE: &str = "same_operands";
    let scalar = a.ty.scalar()?;
    let constant: Option<(Literal, &'static str)> = match operator {
        BinOp::Sub if scalar.is_float() => {
            return refuse(cx, expr, a, b, "the difference of infinities or NaNs is NaN, not 0.0");
        }
        BinOp::Div if scalar.is_float() => {
            return refuse(cx, expr, a, b, "the quotient of zeros, infinities or NaNs is NaN, not 1.0");
        }
        BinOp::Eq | BinOp::Ne | BinOp::Le | BinOp::Ge if scalar.is_float() => {
            return refuse(cx, expr, a, b, "a NaN does not equal itself");
        }
        BinOp::Sub => Some((Literal::from_i64(scalar, 0), "an integer less itself is 0")),
        BinOp::BitXor => Some((Literal::from_i64(scalar, 0), "`^` of equal bits is 0")),
        BinOp::Eq | BinOp::Le | BinOp::Ge => Some((Literal::Bool(true), "a value equals itself")),
        BinOp::Ne => Some((Literal::Bool(false), "a value equals itself")),
        BinOp::Lt | BinOp::Gt => Some((Literal::Bool(false), "no value is less than itself, NaN included")),
        BinOp::BitAnd | BinOp::BitOr | BinOp::And | BinOp::Or | BinOp::Min | BinOp::Max => None,
        _ => return None,
    };
    if !is_same_value(a, b) {
        return None;
    }
    let Some((value, why)) = constant else {
        let why = format!("`{}` of a value and itself is that value", operator.symbol());
        return Some(Rewrite::new(RULE, a.clone(), why));
    };
    if !is_droppable(a) {
        cx.missed_for(RULE, expr, a);
        return None;
    }
    Some(Rewrite::new(RULE, build::literal(value, expr.origin.clone()), why))
}

fn refuse(cx: &mut PassCx, expr: &Expr, a: &Expr, b: &Expr, condition: &str) -> Option<Rewrite> {
    if a.literal().is_none() && is_same_value(a, b) {
        cx.missed("same_operands", &expr.origin, condition, None);
    }
    None
}

/// `x & 0` => `0`, `x | -1` => `-1`, `x & -1` => `x`
pub fn mask(cx: &mut PassCx, expr: &Expr, operator: BinOp, a: &Expr, b: &Expr) -> Option<Rewrite> {
    const RULE: &str = "mask";
    let (x, bits) = if b.literal().is_some() { (a, b) } else { (b, a) };
    let (zero, ones) = (is_integer(bits, 0), is_ones(bits));
    match operator {
        BinOp::BitAnd if ones => Some(Rewrite::new(RULE, x.clone(), "`&` with all bits keeps all bits")),
        BinOp::BitAnd | BinOp::BitOr if zero && operator == BinOp::BitAnd || ones => {
            if !is_droppable(x) {
                cx.missed_for(RULE, expr, x);
                return None;
            }
            let why = if zero { "`&` with 0 leaves no bit" } else { "`|` with all bits sets all bits" };
            Some(Rewrite::new(RULE, bits.clone(), why))
        }
        BinOp::BitOr | BinOp::BitXor if zero => {
            Some(Rewrite::new("identity", x.clone(), "this operation with 0 changes nothing"))
        }
        _ => None,
    }
}

fn is_ones(expr: &Expr) -> bool {
    let Some(scalar) = expr.ty.scalar() else { return false };
    expr.literal().and_then(Literal::bits) == Literal::from_i64(scalar, -1).bits()
}

/// `(x + 1) + 2` => `x + 3` for integers, and `&`, `|`, `^`, `*` likewise
pub fn reassociate(cx: &mut PassCx, expr: &Expr, operator: BinOp, a: &Expr, b: &Expr) -> Option<Rewrite> {
    const RULE: &str = "reassociate";
    let outer = b.literal()?;
    let scalar = a.ty.scalar()?;
    let ExprKind::Binary(inner_operator, x, c) = &a.kind else { return None };
    let both_less = (operator, *inner_operator) == (BinOp::Sub, BinOp::Sub);
    let (operator, outer) = as_sum(operator, outer)?;
    let inner = c
        .literal()
        .map(|c| (x, c))
        .or_else(|| x.literal().filter(|_| commutes(*inner_operator)).map(|x| (c, x)));
    let (x, inner) = inner?;
    let (inner_operator, inner) = as_sum(*inner_operator, inner)?;
    if operator != inner_operator || x.literal().is_some() {
        return None;
    }
    let both = op::binary(operator, &inner, &outer).ok()?;
    // x - 1 - 2 reads best as x - 3.
    let (operator, both) =
        if both_less { (BinOp::Sub, op::unary(UnOp::Neg, &both).ok()?) } else { (operator, both) };
    let both = build::literal(both, b.origin.clone());
    let to = build::binary(operator, x.clone(), both, expr.origin.clone());
    if !scalar.is_int() {
        if scalar.is_float() && cx.records() {
            let condition = "floats are not associative: each operation rounds, so combining the constants first may \
                             give other bits";
            let would = format!("write `{}` if its rounding will do", print::short(&to, 40));
            cx.missed(RULE, &expr.origin, condition, Some(would));
        }
        return None;
    }
    let why = "integers wrap around, so the constants may be combined first";
    Some(Rewrite::new(RULE, to, why))
}

/// The operators whose order does not matter; `x - c` is `x + -c`.
fn as_sum(operator: BinOp, constant: &Literal) -> Option<(BinOp, Literal)> {
    match operator {
        BinOp::Sub => Some((BinOp::Add, op::unary(UnOp::Neg, constant).ok()?)),
        _ if commutes(operator) => Some((operator, constant.clone())),
        _ => None,
    }
}

fn commutes(operator: BinOp) -> bool {
    matches!(operator, BinOp::Add | BinOp::Mul | BinOp::BitAnd | BinOp::BitOr | BinOp::BitXor)
}

/// `!(a < b)` => `a >= b`
pub fn not_compare(cx: &mut PassCx, expr: &Expr, a: &Expr) -> Option<Rewrite> {
    const RULE: &str = "not_compare";
    let ExprKind::Binary(operator, x, y) = &a.kind else { return None };
    let scalar = x.ty.scalar()?;
    let opposite = match operator {
        BinOp::Eq => BinOp::Ne,
        BinOp::Ne => BinOp::Eq,
        BinOp::Lt => BinOp::Ge,
        BinOp::Le => BinOp::Gt,
        BinOp::Gt => BinOp::Le,
        BinOp::Ge => BinOp::Lt,
        _ => return None,
    };
    if scalar.is_float() && !matches!(operator, BinOp::Eq | BinOp::Ne) {
        let condition =
            format!("with a NaN both `{}` and `{}` are false", operator.symbol(), opposite.symbol());
        cx.missed(RULE, &expr.origin, condition, None);
        return None;
    }
    let to = build::binary(opposite, x.clone(), y.clone(), expr.origin.clone());
    let why = format!("`{}` is true exactly when `{}` is false", opposite.symbol(), operator.symbol());
    Some(Rewrite::new(RULE, to, why))
}

/// `a - -b` => `a + b` for integers and floats
pub fn minus_negation(expr: &Expr, operator: BinOp, a: &Expr, b: &Expr) -> Option<Rewrite> {
    let (BinOp::Sub, ExprKind::Unary(UnOp::Neg, x)) = (operator, &b.kind) else { return None };
    let to = build::binary(BinOp::Add, a.clone(), x.clone(), expr.origin.clone());
    Some(Rewrite::new("minus_negation", to, "subtracting the negative of a number adds it"))
}

/// `i64(i32(x))` => `i64(x)` when the cast inside loses nothing
pub fn double_cast(cx: &mut PassCx, expr: &Expr, to: Scalar, a: &Expr) -> Option<Rewrite> {
    const RULE: &str = "double_cast";
    let ExprKind::Cast(middle, x) = &a.kind else { return None };
    let (from, middle) = (x.ty.scalar()?, *middle);
    if !keeps_values(from, middle) {
        if to == from {
            let condition =
                format!("`{middle}` does not hold every `{from}`, so the casts may change the value");
            cx.missed(RULE, &expr.origin, condition, None);
        }
        return None;
    }
    // From an integer by way of a float: casts of floats saturate where those of integers wrap around.
    let same = keeps_values(from, to)
        || !middle.is_float()
        || from.is_float()
        || to.is_float()
        || to == Scalar::Bool;
    if !same {
        let condition = format!("a cast from `{middle}` to `{to}` saturates, one from `{from}` wraps around");
        cx.missed(RULE, &expr.origin, condition, None);
        return None;
    }
    let why = format!("`{middle}` holds every value of `{from}`");
    let cast = if from == to { x.clone() } else { expr.with_kind(ExprKind::Cast(to, x.clone())) };
    Some(Rewrite::new(RULE, cast, why))
}

/// Whether every value of `from` is one of `to`.
fn keeps_values(from: Scalar, to: Scalar) -> bool {
    let bits = from.bytes() * 8;
    match (from, to) {
        _ if from == to => true,
        (Scalar::Bool, _) => true,
        (_, Scalar::Bool) => false,
        (Scalar::F32, Scalar::F64) => true,
        _ if from.is_float() => false,
        (_, Scalar::F32) => bits <= 16,
        (_, Scalar::F64) => bits <= 32,
        _ if from.is_signed() => to.is_signed() && to.bytes() >= from.bytes(),
        _ => to.bytes() > from.bytes() || !to.is_signed() && to.bytes() >= from.bytes(),
    }
}

/// `if(c, true, false)` => `c`, `if(c, a, a)` => `a`, and a branch on `c` inside a branch on `c`
pub fn choice(cx: &mut PassCx, expr: &Expr, c: &Expr, a: &Expr, b: &Expr) -> Option<Rewrite> {
    if let (Some(Literal::Bool(a)), Some(Literal::Bool(b))) = (a.literal(), b.literal())
        && a != b
    {
        let to = if *a { c.clone() } else { build::unary(UnOp::Not, c.clone(), expr.origin.clone()) };
        return Some(Rewrite::new("choice_of_bools", to, "the condition itself is what is chosen"));
    }
    if is_same_value(a, b) {
        const RULE: &str = "same_branches";
        if !is_droppable(c) {
            cx.missed_for(RULE, expr, c);
            return None;
        }
        return Some(Rewrite::new(RULE, a.clone(), "both values are the same, whatever the condition is"));
    }
    if !matches!(expr.kind, ExprKind::If(..)) {
        return None;
    }
    let mut fired = false;
    let mut decided = |arm: &Expr, is: bool| match &arm.kind {
        ExprKind::If(inner, yes, no) if is_same_value(c, inner) => {
            fired = true;
            if is { yes.clone() } else { no.clone() }
        }
        _ => arm.clone(),
    };
    let (a, b) = (decided(a, true), decided(b, false));
    if !fired {
        return None;
    }
    let to = expr.with_kind(ExprKind::If(c.clone(), a, b));
    Some(Rewrite::new("same_condition", to, "in a branch its condition is known"))
}
