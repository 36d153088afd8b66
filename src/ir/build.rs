#![forbid(unsafe_code)]
//! Small constructors that keep the invariants of nodes: types follow from operands, blocks stay flat.

use super::{BinOp, Expr, ExprKind, Lambda, Let, Literal, Name, Scalar, Ty, UnOp};
use crate::diag::Origin;
use std::sync::Arc;

/// A constant.
pub fn literal(value: Literal, origin: impl Into<Origin>) -> Expr {
    let ty = value.ty();
    Expr::new(ExprKind::Literal(value), ty, origin)
}

/// An `i64` constant.
pub fn int64(value: i64, origin: impl Into<Origin>) -> Expr {
    literal(Literal::I64(value), origin)
}

/// A use of a binder of type `ty`.
pub fn var(name: &Name, ty: Ty, origin: impl Into<Origin>) -> Expr {
    Expr::new(ExprKind::Var(name.clone()), ty, origin)
}

/// `lets; body`: flat, and just `body` when there are no lets.
pub fn block(mut lets: Vec<Let>, body: Expr, origin: impl Into<Origin>) -> Expr {
    if lets.is_empty() {
        return body;
    }
    let ty = body.ty.clone();
    if let ExprKind::Block(inner, value) = &body.kind {
        lets.extend(inner.iter().cloned());
        return Expr::new(ExprKind::Block(lets, value.clone()), ty, origin);
    }
    Expr::new(ExprKind::Block(lets, body), ty, origin)
}

/// `a op b`; comparisons give bool, or `simd[bool]` for SIMD operands.
pub fn binary(op: BinOp, a: Expr, b: Expr, origin: impl Into<Origin>) -> Expr {
    let ty = match (&a.ty, op.is_comparison()) {
        (Ty::Simd(_), true) => Ty::Simd(Scalar::Bool),
        (_, true) => Ty::BOOL,
        (ty, false) => ty.clone(),
    };
    Expr::new(ExprKind::Binary(op, a, b), ty, origin)
}

/// `op a`.
pub fn unary(op: UnOp, a: Expr, origin: impl Into<Origin>) -> Expr {
    let ty = a.ty.clone();
    Expr::new(ExprKind::Unary(op, a), ty, origin)
}

/// `{items}`.
pub fn tuple(items: Vec<Expr>, origin: impl Into<Origin>) -> Expr {
    let ty = Ty::tuple(items.iter().map(|item| item.ty.clone()).collect());
    Expr::new(ExprKind::Struct(items), ty, origin)
}

/// `a.$k`. `None` when `a` is no struct with such a field.
pub fn field(a: Expr, k: u32, origin: impl Into<Origin>) -> Option<Expr> {
    let ty = a.ty.fields()?.get(k as usize)?.clone();
    Some(Expr::new(ExprKind::Field(a, k), ty, origin))
}

/// `len(v)`.
pub fn len(v: Expr, origin: impl Into<Origin>) -> Expr {
    Expr::new(ExprKind::Len(v), Ty::I64, origin)
}

/// `select(c, a, b)`.
pub fn select(c: Expr, a: Expr, b: Expr, origin: impl Into<Origin>) -> Expr {
    let ty = a.ty.clone();
    Expr::new(ExprKind::Select(c, a, b), ty, origin)
}

/// `if(c, a, b)`.
pub fn if_else(c: Expr, a: Expr, b: Expr, origin: impl Into<Origin>) -> Expr {
    let ty = a.ty.clone();
    Expr::new(ExprKind::If(c, a, b), ty, origin)
}

/// `merge(b, x)`.
pub fn merge(b: Expr, x: Expr, origin: impl Into<Origin>) -> Expr {
    let ty = b.ty.clone();
    Expr::new(ExprKind::Merge(b, x), ty, origin)
}

/// `(lambda)(args)`.
pub fn apply(lambda: Lambda, args: Vec<Expr>, origin: impl Into<Origin>) -> Expr {
    let ty = lambda.body.ty.clone();
    Expr::new(ExprKind::Apply(Arc::new(lambda), args), ty, origin)
}
