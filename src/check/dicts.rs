#![forbid(unsafe_code)]
//! Dictionaries: what their keys may be, and what looks into them (LANGUAGE 5 and 8.3).
//!
//! Promises: `len` and `lookup` work on vectors and dictionaries alike, as soon as it is known which one it is.

use super::obligations::Obligation;
use super::{Checker, dict_messages, messages};
use crate::diag::Span;
use crate::ir::{Expr, Ty};
use crate::syntax::ast;
use std::sync::Arc;

impl Checker<'_> {
    /// Key and value types of a dictionary; `what` is the function that needs one.
    pub(super) fn dict_entry(&mut self, expr: &ast::Expr, ty: &Ty, what: &str) -> (Ty, Ty) {
        if let Ty::Dict(entry) = self.types.head(ty) {
            return (*entry).clone();
        }
        let (key, value) = (self.types.fresh(), self.types.fresh());
        let wants = Ty::Dict(Arc::new((key.clone(), value.clone())));
        self.unify(expr.span, ty, &wants, |cx, found, _| {
            let text = cx.text(found);
            let mut diagnostic = dict_messages::dict_wanted(expr, what, found, &text);
            if let Some((span, text)) = cx.because(expr, found) {
                diagnostic = diagnostic.related(span, text);
            }
            diagnostic
        });
        (key, value)
    }

    /// Requires the key of a dictionary with keys of type `wants`.
    pub(super) fn expect_key(&mut self, dict: &ast::Expr, key: &ast::Expr, found: &Ty, wants: &Ty) {
        self.unify(key.span, found, wants, |cx, found, wants| {
            let (found_text, wants_text) = (cx.text(found), cx.text(wants));
            let title = format!(
                "the keys of this dictionary are `{wants_text}`, this is {}",
                messages::a(&found_text)
            );
            let diagnostic = cx.mismatch(key, found, wants, title);
            match cx.because_of(dict) {
                Some(span) => diagnostic.related(span, format!("its keys are `{wants_text}`")),
                None => diagnostic.related(dict.span, format!("its keys are `{wants_text}`")),
            }
        });
    }

    /// The type of `lookup(collection, index)`.
    pub(super) fn lookup_of(&mut self, collection: &Expr, index: &Expr, args: [ast::Expr; 2]) -> Ty {
        match self.types.head(&collection.ty) {
            Ty::Vec(elem) => {
                let [_, at] = &args;
                self.expect_i64(at, index, "the index of `lookup`");
                (*elem).clone()
            }
            Ty::Dict(entry) => {
                let [dict, key] = &args;
                self.expect_key(dict, key, &index.ty, &entry.0);
                entry.1.clone()
            }
            _ => {
                let result = self.types.fresh();
                self.oblige(Obligation::Lookup {
                    collection: collection.ty.clone(),
                    index: index.ty.clone(),
                    result: result.clone(),
                    args,
                });
                result
            }
        }
    }

    pub(super) fn decide_lookup(
        &mut self,
        collection: &Ty,
        index: &Ty,
        result: &Ty,
        [v, i]: &[ast::Expr; 2],
    ) -> bool {
        let elem = match self.types.head(collection) {
            Ty::Infer(_) if self.types.is_free(collection) => return false,
            Ty::Infer(_) => {
                self.types.poison_all(index);
                self.types.poison_all(result);
                return true;
            }
            Ty::Vec(elem) => {
                self.expect_ty(i, index, &Ty::I64, "the index of `lookup`");
                (*elem).clone()
            }
            Ty::Dict(entry) => {
                self.expect_key(v, i, index, &entry.0);
                entry.1.clone()
            }
            other => {
                self.not_a_collection(v, &other, "`lookup`");
                self.types.poison_all(result);
                return true;
            }
        };
        self.unify(v.span, result, &elem, |cx, found, wants| {
            let (found, wants) = (cx.text(found), cx.text(wants));
            dict_messages::lookup_mismatch(v.span, &wants, &found)
        });
        true
    }

    pub(super) fn decide_len(&mut self, ty: &Ty, operand: &ast::Expr) -> bool {
        match self.types.head(ty) {
            Ty::Vec(_) | Ty::Dict(_) => true,
            Ty::Infer(_) => self.types.is_poison(ty),
            other => {
                self.not_a_collection(operand, &other, "`len`");
                true
            }
        }
    }

    fn not_a_collection(&mut self, expr: &ast::Expr, ty: &Ty, what: &str) {
        let text = self.text(ty);
        let mut diagnostic = dict_messages::collection_wanted(expr, what, &text);
        if let Some((span, text)) = self.because(expr, ty) {
            diagnostic = diagnostic.related(span, text);
        }
        self.report(diagnostic);
        self.types.poison_all(ty);
    }

    pub(super) fn decide_hashable(&mut self, ty: &Ty, span: Span) -> bool {
        if self.types.has_poison(ty) {
            return true;
        }
        if !self.types.fits(ty) {
            // It is reported where the type is finished.
            return true;
        }
        let resolved = self.types.resolve(ty);
        let Some(culprit) = unhashable(&resolved) else { return !self.types.has_free(ty) };
        let (text, whole) = (self.text(culprit), self.text(&resolved));
        self.report(dict_messages::not_hashable(span, culprit, &text, &whole));
        true
    }
}

/// The part of a type that keeps it from being the key of a dictionary.
fn unhashable(ty: &Ty) -> Option<&Ty> {
    match ty {
        Ty::Scalar(_) | Ty::Infer(_) => None,
        Ty::Vec(elem) => unhashable(elem),
        Ty::Struct(fields) => fields.iter().find_map(unhashable),
        Ty::Simd(_) | Ty::Dict(_) | Ty::Builder(_) => Some(ty),
    }
}
