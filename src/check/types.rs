#![forbid(unsafe_code)]
//! Types as written, made into types as checked.
//!
//! Promises: what a type may not hold (builders in vectors, parts that are not built yet, too many fields) is
//! reported where it is written.

use super::obligations::Obligation;
use super::{Checker, Hole, HoleKind, messages};
use crate::diag::{Code, Diagnostic, Span, stack};
use crate::ir::{BuilderTy, Ty};
use crate::syntax::ast::{self, TyKind};
use std::sync::Arc;

impl Checker<'_> {
    /// The type that was written. Each `?` becomes an unknown.
    pub(super) fn convert(&mut self, written: &ast::Ty) -> Ty {
        self.convert_hole(written, &HoleKind::Written)
    }

    /// As [`Checker::convert`]; a hole in it is what `what` says.
    pub(super) fn convert_hole(&mut self, written: &ast::Ty, what: &HoleKind) -> Ty {
        let ty = stack::deep(|| self.convert_part(written, what));
        self.limited(ty, written.span)
    }

    /// The type, or poison when it is too large, which is reported.
    pub(super) fn limited(&mut self, ty: Ty, span: Span) -> Ty {
        if self.types.fits(&ty) {
            return ty;
        }
        self.report(messages::type_too_large(span));
        self.types.poison()
    }

    fn convert_part(&mut self, written: &ast::Ty, what: &HoleKind) -> Ty {
        match &written.kind {
            TyKind::Scalar(scalar) => Ty::Scalar(*scalar),
            TyKind::Vec(elem) => {
                let elem = self.convert_elem(elem, "a vector");
                Ty::vec(elem)
            }
            TyKind::Struct(fields) => {
                let fields =
                    fields.iter().map(|field| stack::deep(|| self.convert_part(field, &HoleKind::Written)));
                Ty::tuple(fields.collect())
            }
            TyKind::Appender(elem) if elem.kind == TyKind::Hole => {
                let ty = self.hole(elem.span, what.clone());
                Ty::builder(BuilderTy::Appender(ty))
            }
            TyKind::Appender(elem) => {
                let elem = self.convert_elem(elem, "an appender");
                Ty::builder(BuilderTy::Appender(elem))
            }
            TyKind::Merger(value, op) => {
                let span = value.span;
                let value = stack::deep(|| self.convert_part(value, &HoleKind::Written));
                self.require_mergeable(&value, span);
                Ty::builder(BuilderTy::Merger(value, *op))
            }
            TyKind::Hole => self.hole(written.span, what.clone()),
            TyKind::Simd(_) => self.type_not_built("simd", written.span),
            TyKind::Dict(pair) => {
                let key = self.convert_key(&pair.0);
                let value = self.convert_elem(&pair.1, "a dictionary");
                Ty::Dict(Arc::new((key, value)))
            }
            TyKind::DictMerger(pair, op) => {
                let key = self.convert_key(&pair.0);
                let value = stack::deep(|| self.convert_part(&pair.1, &HoleKind::Written));
                self.require_mergeable(&value, pair.1.span);
                Ty::builder(BuilderTy::DictMerger(key, value, *op))
            }
            TyKind::GroupMerger(pair) => {
                let key = self.convert_key(&pair.0);
                let value = self.convert_elem(&pair.1, "a groupmerger");
                Ty::builder(BuilderTy::GroupMerger(key, value))
            }
            TyKind::VecMerger(elem, op) => {
                let span = elem.span;
                let elem = stack::deep(|| self.convert_part(elem, &HoleKind::Written));
                self.require_mergeable(&elem, span);
                Ty::builder(BuilderTy::VecMerger(elem, *op))
            }
            TyKind::Alias(name) => {
                let title = format!("no type is named `{}`", name.text);
                self.report(Diagnostic::new(Code::UnknownType, name.span, title));
                self.types.poison()
            }
        }
    }

    fn convert_elem(&mut self, elem: &ast::Ty, holder: &str) -> Ty {
        let ty = stack::deep(|| self.convert_part(elem, &HoleKind::Written));
        let ty = self.limited(ty, elem.span);
        if !ty.has_builder() {
            return ty;
        }
        self.report(messages::builder_stored(elem.span, holder, &ty.to_string()));
        self.types.poison()
    }

    /// The type of the keys of a dictionary.
    fn convert_key(&mut self, key: &ast::Ty) -> Ty {
        let ty = stack::deep(|| self.convert_part(key, &HoleKind::Written));
        let ty = self.limited(ty, key.span);
        self.oblige(Obligation::Hashable { ty: ty.clone(), span: key.span });
        ty
    }

    fn type_not_built(&mut self, name: &str, span: Span) -> Ty {
        self.report(messages::not_built(name, span));
        self.types.poison()
    }

    /// An unknown that the program has to determine, or the place is reported.
    pub(super) fn hole(&mut self, span: Span, what: HoleKind) -> Ty {
        let ty = self.types.fresh();
        self.holes.push(Hole { ty: ty.clone(), span, what });
        ty
    }

    /// The type as text; long ones are cut.
    pub(super) fn text(&mut self, ty: &Ty) -> String {
        if !self.types.fits(ty) {
            return "a very large type".to_string();
        }
        messages::type_text(&self.types.resolve(ty))
    }
}
