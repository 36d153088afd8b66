#![forbid(unsafe_code)]
//! What can be said about an untyped expression: how often it reads a name, whether it can fail, whether its
//! value can be a builder.
//!
//! Promises: `cannot_fail` and `is_certain` are proofs when true; `may_be_builder` is one when false, except
//! that the name of a value is taken for no builder.

use super::Expander;
use crate::diag::stack::deep;
use crate::ir::{BinOp, Literal};
use crate::syntax::ast::{Builtin, Expr, ExprKind, Ident, IterKind, TyKind};
use std::collections::HashMap;

/// How a body uses a placeholder.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Use {
    /// How often it occurs.
    pub(super) count: u64,
    /// Whether the value is needed whenever the body is evaluated without an error.
    pub(super) is_certain: bool,
    /// Whether it occurs in a function that may run many times.
    pub(super) in_lambda: bool,
}

pub(super) type Uses = HashMap<Ident, Use>;

/// Counts the uses of the names in `uses`. `certain`: this part is evaluated if the whole is.
pub(super) fn find_uses(expr: &Expr, certain: bool, in_lambda: bool, uses: &mut Uses) {
    if uses.is_empty() {
        return;
    }
    deep(|| match &expr.kind {
        ExprKind::Ident(name) => {
            if let Some(found) = uses.get_mut(name) {
                found.count += 1;
                found.is_certain |= certain;
                found.in_lambda |= in_lambda;
            }
        }
        ExprKind::Lambda(_, body) => find_uses(body, false, true, uses),
        ExprKind::Apply(callee, args) => {
            match &callee.kind {
                // Applied where it stands, so it runs once.
                ExprKind::Lambda(_, body) => find_uses(body, certain, in_lambda, uses),
                _ => find_uses(callee, certain, in_lambda, uses),
            }
            args.iter().for_each(|arg| find_uses(arg, certain, in_lambda, uses));
        }
        ExprKind::Call(Builtin::If, args) => {
            for (at, arg) in args.iter().enumerate() {
                find_uses(arg, certain && at == 0, in_lambda, uses);
            }
        }
        ExprKind::Binary(BinOp::And | BinOp::Or, left, right) => {
            find_uses(left, certain, in_lambda, uses);
            find_uses(right, false, in_lambda, uses);
        }
        kind => kind.for_each_child(&mut |child| find_uses(child, certain, in_lambda, uses)),
    })
}

/// Whether evaluating `expr` raises no error and ends, as far as its form tells.
pub(super) fn cannot_fail(expr: &Expr) -> bool {
    is_safe(expr, false)
}

/// `may_merge`: the builders that the surrounding loop hands out take any value.
fn is_safe(expr: &Expr, may_merge: bool) -> bool {
    deep(|| {
        let all_safe = || {
            let mut safe = true;
            expr.kind.for_each_child(&mut |child| safe = safe && is_safe(child, may_merge));
            safe
        };
        match &expr.kind {
            ExprKind::Error | ExprKind::Deserialize(..) | ExprKind::CUdf { .. } => false,
            ExprKind::Apply(callee, _) => matches!(callee.kind, ExprKind::Lambda(..)) && all_safe(),
            ExprKind::Binary(BinOp::Div | BinOp::Rem, left, right) => {
                (is_float(left) || is_float(right) || is_nonzero(right)) && all_safe()
            }
            ExprKind::Call(builtin, _) => match builtin {
                Builtin::Iterate | Builtin::Assert | Builtin::Lookup | Builtin::Slice | Builtin::Zip => false,
                Builtin::Merge => may_merge && all_safe(),
                _ => all_safe(),
            },
            ExprKind::NewBuilder(ty, _) => !matches!(ty.kind, TyKind::VecMerger(..)) && all_safe(),
            ExprKind::For { iters, builder, func, .. } => {
                let whole = iters.iter().all(|iter| {
                    iter.args.len() == 1 && !matches!(iter.kind, IterKind::RangeIter | IterKind::NdIter)
                });
                let fresh = may_merge || is_plain_builder(builder);
                let data = iters.iter().flat_map(|iter| &iter.args).all(|arg| is_safe(arg, may_merge));
                whole && iters.len() == 1 && data && is_safe(builder, may_merge) && is_safe(func, fresh)
            }
            _ => all_safe(),
        }
    })
}

/// New builders whose merge cannot fail.
fn is_plain_builder(expr: &Expr) -> bool {
    deep(|| match &expr.kind {
        ExprKind::NewBuilder(ty, _) => !matches!(ty.kind, TyKind::VecMerger(..)),
        ExprKind::Struct(items) => items.iter().all(is_plain_builder),
        _ => false,
    })
}

fn is_float(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(literal) => literal.scalar().is_some_and(|scalar| scalar.is_float()),
        ExprKind::Cast(scalar, _) => scalar.is_float(),
        _ => false,
    }
}

fn is_nonzero(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Literal(literal) if !matches!(literal, Literal::Str(_)) && literal.as_i64() != Some(0))
}

impl Expander<'_> {
    /// Whether the value may be a builder, which must not be bound and then used twice.
    pub(super) fn may_be_builder(&self, expr: &Expr) -> bool {
        deep(|| match &expr.kind {
            ExprKind::NewBuilder(..) | ExprKind::For { .. } | ExprKind::Call(Builtin::Merge, _) => true,
            ExprKind::Ident(name) => self.builder_names.contains(name),
            ExprKind::Struct(items) => items.iter().any(|item| self.may_be_builder(item)),
            ExprKind::Call(Builtin::If | Builtin::Iterate, args) => {
                args.iter().any(|arg| self.may_be_builder(arg))
            }
            ExprKind::Block(_, body) | ExprKind::Lambda(_, body) => self.may_be_builder(body),
            ExprKind::Ascribe(operand, _) | ExprKind::Field(operand, _, _) => self.may_be_builder(operand),
            ExprKind::Apply(callee, _) => self.may_be_builder(callee),
            _ => false,
        })
    }
}
