#![forbid(unsafe_code)]
//! Operators: both operands have one type, and the operator works on it.

use super::{Checker, fixes};
use crate::diag::Diagnostic;
use crate::ir::op::Operands;
use crate::ir::{BinOp, Expr, ExprKind, Scalar, Ty, UnOp};
use crate::syntax::ast;

impl Checker<'_> {
    pub(super) fn infer_unary(&mut self, op: UnOp, a: &ast::Expr, whole: &ast::Expr) -> Expr {
        let typed = self.infer(a);
        let good = self.operand(op.operands(), &typed.ty, a, whole);
        let ty = if good { typed.ty.clone() } else { self.types.poison() };
        Expr::new(ExprKind::Unary(op, typed), ty, whole.span)
    }

    pub(super) fn infer_binary(
        &mut self,
        op: BinOp,
        a: &ast::Expr,
        b: &ast::Expr,
        whole: &ast::Expr,
    ) -> Expr {
        let left = self.infer(a);
        let right = self.infer(b);
        let class = op.operands();
        let good = self.operand(class, &left.ty, a, whole) && self.operand(class, &right.ty, b, whole);
        let good = good
            && self.unify(whole.span, &left.ty, &right.ty, |cx, found, wants| {
                cx.operand_mismatch(op, (a, found), (b, wants), whole)
            });
        let ty = match (op.is_comparison(), good) {
            (true, _) if matches!(self.types.head(&left.ty), Ty::Simd(_)) => Ty::Simd(Scalar::Bool),
            (true, _) => Ty::BOOL,
            (false, true) => left.ty.clone(),
            (false, false) => self.types.poison(),
        };
        Expr::new(ExprKind::Binary(op, left, right), ty, whole.span)
    }

    /// Requires an operand to suit the class, now or once its type is known. False when a mistake is reported.
    fn operand(&mut self, class: Operands, ty: &Ty, operand: &ast::Expr, whole: &ast::Expr) -> bool {
        if class == Operands::Bool && self.types.is_free(ty) {
            // Nothing but a bool suits.
            return self.types.unify(ty, &Ty::BOOL).is_ok();
        }
        match self.suits(class, ty) {
            Some(true) => true,
            Some(false) => {
                let resolved = self.types.resolve(ty);
                self.report_operand(class, &resolved, operand, whole);
                self.types.poison_all(ty);
                false
            }
            None => {
                self.oblige(super::Obligation::Operand {
                    class,
                    ty: ty.clone(),
                    operand: operand.clone(),
                    whole: whole.clone(),
                });
                true
            }
        }
    }

    /// Reports an operand on which the operator does not work.
    pub(super) fn report_operand(
        &mut self,
        class: Operands,
        ty: &Ty,
        operand: &ast::Expr,
        whole: &ast::Expr,
    ) {
        let mut diagnostic = fixes::operand_kind(class, ty, operand, whole, self.macro_names);
        if let Some((span, text)) = self.because(operand, ty) {
            diagnostic = diagnostic.related(span, text);
        }
        self.report(diagnostic);
    }

    fn operand_mismatch(
        &mut self,
        op: BinOp,
        left: (&ast::Expr, &Ty),
        right: (&ast::Expr, &Ty),
        whole: &ast::Expr,
    ) -> Diagnostic {
        let fix_right = fixes::fixes_right(left, right);
        let (wrong, other) = if fix_right { (right, left) } else { (left, right) };
        let mut diagnostic = fixes::operand_mismatch(op, left, right, whole, fix_right);
        let other_place = (other.0.span, super::messages::a(&super::messages::type_text(other.1)));
        let (span, text) = self.because(other.0, other.1).unwrap_or(other_place);
        diagnostic = diagnostic.related(span, text);
        if let Some((span, text)) = self.because(wrong.0, wrong.1) {
            diagnostic = diagnostic.related(span, text);
        }
        diagnostic
    }
}
