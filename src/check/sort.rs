#![forbid(unsafe_code)]
//! `sort`: a comparator of two elements, or a key of one (LANGUAGE 8.4).
//!
//! Promises: what cannot be sorted, or sorted by, is reported with what can.

use super::closures::Given;
use super::{Checker, Obligation, messages};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Expr, ExprKind, Scalar, Ty};
use crate::syntax::ast;
use std::sync::Arc;

/// The role of a type in a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sorted {
    Element,
    Key,
}

impl Checker<'_> {
    /// `sort(v, func)`.
    pub(super) fn infer_sort(&mut self, v: &ast::Expr, func: &ast::Expr, span: Span) -> Expr {
        let data = self.infer(v);
        let elem = self.vector_elem(v, &data.ty, "`sort`");
        let because = self.because_of(v).or(Some(v.span));
        let Some(callee) = self.callee(func, "the function of `sort`") else {
            self.types.poison_all(&elem);
            return self.broken(span);
        };
        let roles: &[&str] = match callee.params().len() {
            1 => &["the element"],
            2 => &["the first element", "the second element"],
            n => {
                self.types.poison_all(&elem);
                self.report(sort_parameters(callee.span(), n));
                return self.broken(span);
            }
        };
        let given: Vec<Given<'_>> =
            roles.iter().map(|role| Given { ty: elem.clone(), because, role }).collect();
        let body = self.in_loop(span, |cx| cx.elaborate(&callee, &given, None, span));
        let Some(lambda) = body else { return self.broken(span) };
        self.oblige(Obligation::Sorted { ty: elem, what: Sorted::Element, span: v.span });
        let at = messages::value_span(&lambda.body);
        let order = lambda.body.ty.clone();
        match lambda.params.len() {
            1 => self.oblige(Obligation::Sorted { ty: order, what: Sorted::Key, span: at }),
            _ => {
                self.unify(at, &order, &Ty::Scalar(Scalar::I32), |cx, found, _| {
                    comparator_result(at, found, &cx.text(found))
                });
            }
        }
        let ty = data.ty.clone();
        Expr::new(ExprKind::Sort(data, Arc::new(lambda)), ty, span)
    }

    /// Whether it is decided that a type can be sorted, or sorted by.
    pub(super) fn decide_sorted(&mut self, ty: &Ty, what: Sorted, span: Span) -> bool {
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
        let text = self.text(&resolved);
        match what {
            Sorted::Element if !is_element(&resolved) => {
                let title = format!("`sort` cannot sort elements of type `{text}`");
                let label = "holds what has no place in an order";
                self.report(Diagnostic::new(Code::OperandKind, span, title).label(label).help(
                    "sort numbers, strings, vectors, or structs of such; of a dictionary, sort the entries: `tovec(d)`",
                ));
            }
            Sorted::Key if !resolved.is_ordered() => {
                let title = format!("`sort` cannot sort by {}", messages::a(&text));
                self.report(
                    Diagnostic::new(Code::OperandKind, span, title)
                        .label("has no order")
                        .help("sort by numbers, strings, vectors, or structs of such"),
                );
            }
            _ => {}
        }
        true
    }
}

/// The elements that may be sorted: LANGUAGE 3.
fn is_element(ty: &Ty) -> bool {
    match ty {
        Ty::Scalar(_) | Ty::Vec(_) => true,
        Ty::Struct(fields) => fields.iter().all(is_element),
        Ty::Simd(_) | Ty::Dict(_) | Ty::Builder(_) | Ty::Infer(_) => false,
    }
}

fn sort_parameters(span: Span, n_params: usize) -> Diagnostic {
    let title = "the function of `sort` takes two elements to compare, or one to take the key from";
    Diagnostic::new(Code::ArgumentCount, span, title)
        .label(format!("takes {}", messages::plural(n_params, "parameter")))
        .help("compare two elements, `sort(v, |a, b| compare(a, b))`, or give a key, `sort(v, |e| e)`")
}

fn comparator_result(at: Span, found: &Ty, text: &str) -> Diagnostic {
    let title = format!("a comparator gives an `i32`, but this is {}", messages::a(text));
    let diagnostic = Diagnostic::new(Code::TypeMismatch, at, title)
        .label("must be negative, 0 or positive: the first element before, beside or after the second");
    match found {
        Ty::Scalar(Scalar::Bool) => {
            diagnostic.help("write `compare(a, b)`, or `compare(b, a)` for descending order")
        }
        _ => diagnostic
            .help("write `compare(a, b)`; a function of one parameter gives a key: `sort(v, |e| e)`"),
    }
}
