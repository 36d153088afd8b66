#![forbid(unsafe_code)]
//! `serialize` and `deserialize` (LANGUAGE 12): what has bytes, and what bytes are.
//!
//! Promises: what cannot be serialized is reported where it is written.

use super::{Checker, Obligation, messages};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Expr, ExprKind, Scalar, Ty};
use crate::syntax::ast;

impl Checker<'_> {
    /// `serialize(a)`.
    pub(super) fn infer_serialize(&mut self, a: &ast::Expr, span: Span) -> Expr {
        let typed = self.infer(a);
        self.oblige(Obligation::Serializable { ty: typed.ty.clone(), span: a.span });
        Expr::new(ExprKind::Serialize(typed), Ty::vec(Scalar::U8.into()), span)
    }

    /// `deserialize[written](a)`.
    pub(super) fn infer_deserialize(&mut self, written: &ast::Ty, a: &ast::Expr, span: Span) -> Expr {
        let ty = self.convert(written);
        self.oblige(Obligation::Serializable { ty: ty.clone(), span: written.span });
        let typed = self.infer(a);
        self.oblige(Obligation::Bytes { ty: typed.ty.clone(), operand: a.clone() });
        Expr::new(ExprKind::Deserialize(typed), ty, span)
    }

    /// Whether it is decided that a type has bytes.
    pub(super) fn decide_serializable(&mut self, ty: &Ty, span: Span) -> bool {
        if self.types.has_poison(ty) {
            return true;
        }
        if self.types.has_free(ty) {
            return false;
        }
        if !self.types.fits(ty) {
            self.report(messages::type_too_large(span));
            return true;
        }
        let resolved = self.types.resolve(ty);
        if !resolved.is_serializable() {
            let title = format!("{} cannot be serialized", messages::a(&self.text(&resolved)));
            let what = if resolved.has_builder() { "a builder" } else { "a SIMD value" };
            self.report(
                Diagnostic::new(Code::OperandKind, span, title)
                    .label(format!("{what} has no bytes of its own"))
                    .help("serialize scalars, vectors, dictionaries, and structs of such"),
            );
        }
        true
    }

    /// Whether it is decided that a type is that of bytes.
    pub(super) fn decide_bytes(&mut self, ty: &Ty, operand: &ast::Expr) -> bool {
        let good = match self.types.head(ty) {
            Ty::Infer(_) => return self.types.is_poison(ty),
            Ty::Vec(elem) => match self.types.head(&elem) {
                Ty::Infer(_) => return self.types.is_poison(&elem),
                elem => matches!(elem.scalar(), Some(Scalar::U8 | Scalar::I8)),
            },
            _ => false,
        };
        if !good {
            let text = self.text(ty);
            let title = format!("`deserialize` reads a `vec[u8]`, but this is {}", messages::a(&text));
            let diagnostic =
                Diagnostic::new(Code::TypeMismatch, operand.span, title).label(messages::a(&text));
            self.report(match self.because(operand, ty) {
                Some((span, text)) => diagnostic.related(span, text),
                None => diagnostic,
            });
        }
        true
    }
}
