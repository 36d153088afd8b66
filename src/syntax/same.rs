#![forbid(unsafe_code)]
//! Whether two trees are the same but for their places.
//!
//! Promises: names are compared with their marks, annotations with their values and in their order; constant stack.

use super::ast::{Expr, ExprKind, Let, Macro, Param, Program};
use std::mem::discriminant;

/// Whether two programs are the same but for their places.
pub fn same(a: &Program, b: &Program) -> bool {
    let same_alias = || a.aliases.iter().zip(&b.aliases).all(|(a, b)| a.name == b.name && a.ty == b.ty);
    let same_macro =
        |(a, b): (&Macro, &Macro)| a.name == b.name && a.params == b.params && same_expr(&a.body, &b.body);
    a.aliases.len() == b.aliases.len()
        && a.macros.len() == b.macros.len()
        && same_alias()
        && a.macros.iter().zip(&b.macros).all(same_macro)
        && same_expr(&a.body, &b.body)
}

/// Whether two expressions are the same but for their places.
pub fn same_expr(a: &Expr, b: &Expr) -> bool {
    let mut pending = vec![(a, b)];
    while let Some((a, b)) = pending.pop() {
        if a.size != b.size || a.notes.len() != b.notes.len() || !same_form(&a.kind, &b.kind) {
            return false;
        }
        if !a.notes.iter().zip(&b.notes).all(|(a, b)| a.key == b.key && a.value == b.value) {
            return false;
        }
        let (mut left, mut right) = (Vec::new(), Vec::new());
        a.kind.for_each_child(&mut |child| left.push(child));
        b.kind.for_each_child(&mut |child| right.push(child));
        if left.len() != right.len() {
            return false;
        }
        pending.extend(left.into_iter().zip(right));
    }
    true
}

/// Whether the nodes are the same without what is below them.
fn same_form(a: &ExprKind, b: &ExprKind) -> bool {
    match (a, b) {
        (ExprKind::Literal(a), ExprKind::Literal(b)) => a == b,
        (ExprKind::Ident(a), ExprKind::Ident(b)) => a == b,
        (ExprKind::Block(a, _), ExprKind::Block(b, _)) => {
            let same = |(a, b): (&Let, &Let)| a.name == b.name && a.ty == b.ty;
            a.len() == b.len() && a.iter().zip(b).all(same)
        }
        (ExprKind::Lambda(a, _), ExprKind::Lambda(b, _)) => {
            let same = |(a, b): (&Param, &Param)| a.name == b.name && a.ty == b.ty;
            a.len() == b.len() && a.iter().zip(b).all(same)
        }
        (ExprKind::Unary(a, _), ExprKind::Unary(b, _)) => a == b,
        (ExprKind::Binary(a, ..), ExprKind::Binary(b, ..)) => a == b,
        (ExprKind::Ascribe(_, a), ExprKind::Ascribe(_, b))
        | (ExprKind::Deserialize(a, _), ExprKind::Deserialize(b, _))
        | (ExprKind::NewBuilder(a, _), ExprKind::NewBuilder(b, _)) => a == b,
        (ExprKind::Field(_, a, _), ExprKind::Field(_, b, _)) => a == b,
        (ExprKind::Cast(a, _), ExprKind::Cast(b, _)) => a == b,
        (ExprKind::Call(a, _), ExprKind::Call(b, _)) => a == b,
        (ExprKind::For { iters: a, zipped: za, .. }, ExprKind::For { iters: b, zipped: zb, .. }) => {
            let kinds = a.iter().zip(b).all(|(a, b)| a.kind == b.kind && a.args.len() == b.args.len());
            za == zb && a.len() == b.len() && kinds
        }
        (ExprKind::CUdf { name: a, ty: s, .. }, ExprKind::CUdf { name: b, ty: t, .. }) => a == b && s == t,
        _ => discriminant(a) == discriminant(b),
    }
}
