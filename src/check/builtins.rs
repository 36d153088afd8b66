#![forbid(unsafe_code)]
//! The built-in functions `name(args)`: the rule of each (LANGUAGE 5).
//!
//! Promises: one arm per function; the parser has counted the arguments, so a wrong number here is an error
//! of a macro or of the parser and is reported, never trusted.

use super::closures::Given;
use super::obligations::Obligation;
use super::{Checker, fixes, messages};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{Expr, ExprKind, Ty, build};
use crate::syntax::ast::{self, Builtin};
use std::sync::Arc;

impl Checker<'_> {
    /// `builtin(args)`; `whole` is the call.
    pub(super) fn infer_builtin(&mut self, builtin: Builtin, args: &[ast::Expr], whole: &ast::Expr) -> Expr {
        let span = whole.span;
        match (builtin, args) {
            (Builtin::If, [c, a, b]) => {
                let c = self.condition(c, "the condition of `if`", span);
                let (a, b, ty) = self.branches(a, b, "if");
                Expr::new(ExprKind::If(c, a, b), ty, span)
            }
            (Builtin::Select, [c, a, b]) => {
                let c = self.condition(c, "the condition of `select`", span);
                let (a, b, ty) = self.branches(a, b, "select");
                Expr::new(ExprKind::Select(c, a, b), ty, span)
            }
            (Builtin::Iterate, [start, func]) => self.infer_iterate(start, func, span),
            (Builtin::Sort, [v, func]) => self.infer_sort(v, func, span),
            (Builtin::Zip, [_, _, ..]) => {
                let vectors: Vec<Expr> = args.iter().map(|arg| self.infer(arg)).collect();
                let elems =
                    args.iter().zip(&vectors).map(|(arg, typed)| self.vector_elem(arg, &typed.ty, "`zip`"));
                let elem = Ty::tuple(elems.collect());
                let ty = self.limited(Ty::vec(elem), span);
                Expr::new(ExprKind::Zip(vectors), ty, span)
            }
            (Builtin::Len, [v]) => {
                let typed = self.infer(v);
                self.oblige(Obligation::Len { ty: typed.ty.clone(), operand: v.clone() });
                build::len(typed, span)
            }
            (Builtin::Assert, [c]) => {
                let typed = self.condition(c, "what `assert` checks", span);
                Expr::new(ExprKind::Assert(typed), Ty::BOOL, span)
            }
            (Builtin::Lookup, [v, i]) => {
                let (collection, index) = (self.infer(v), self.infer(i));
                let elem = self.lookup_of(&collection, &index, [v.clone(), i.clone()]);
                Expr::new(ExprKind::Lookup(collection, index), elem, span)
            }
            (Builtin::OptLookup | Builtin::KeyExists, [d, k]) => {
                let (dict, key) = (self.infer(d), self.infer(k));
                let what = format!("`{}`", builtin.name());
                let (key_ty, value_ty) = self.dict_entry(d, &dict.ty, &what);
                self.expect_key(d, k, &key.ty, &key_ty);
                if builtin == Builtin::KeyExists {
                    return Expr::new(ExprKind::KeyExists(dict, key), Ty::BOOL, span);
                }
                let ty = self.limited(Ty::tuple(vec![Ty::BOOL, value_ty]), span);
                Expr::new(ExprKind::OptLookup(dict, key), ty, span)
            }
            (Builtin::ToVec, [d]) => {
                let dict = self.infer(d);
                let (key, value) = self.dict_entry(d, &dict.ty, "`tovec`");
                let ty = self.limited(Ty::vec(Ty::tuple(vec![key, value])), span);
                Expr::new(ExprKind::ToVec(dict), ty, span)
            }
            (Builtin::Slice, [v, i, n]) => {
                let (vector, start, count) = (self.infer(v), self.infer(i), self.infer(n));
                self.vector_elem(v, &vector.ty, "`slice`");
                self.expect_i64(i, &start, "the start of a slice");
                self.expect_i64(n, &count, "the length of a slice");
                let ty = vector.ty.clone();
                Expr::new(ExprKind::Slice(vector, start, count), ty, span)
            }
            (Builtin::Merge, [b, x]) => {
                let (builder, value) = (self.infer(b), self.infer(x));
                self.merged(&builder.ty, &value.ty, whole);
                match self.types.head(&builder.ty) {
                    Ty::Infer(_) | Ty::Builder(_) => build::merge(builder, value, span),
                    // It is reported that this is none.
                    _ => self.broken(span),
                }
            }
            (Builtin::Result, [b]) => {
                let builder = self.infer(b);
                let ty = self.result_of(&builder.ty, whole);
                Expr::new(ExprKind::Result(builder), ty, span)
            }
            (Builtin::Broadcast | Builtin::Serialize, _) => {
                args.iter().for_each(|arg| drop(self.infer(arg)));
                self.not_built(builtin.name(), span)
            }
            (
                Builtin::If
                | Builtin::Select
                | Builtin::Iterate
                | Builtin::Sort
                | Builtin::Zip
                | Builtin::Len
                | Builtin::Assert
                | Builtin::Lookup
                | Builtin::OptLookup
                | Builtin::KeyExists
                | Builtin::ToVec
                | Builtin::Slice
                | Builtin::Merge
                | Builtin::Result,
                _,
            ) => {
                self.report(messages::builtin_arguments(builtin, args.len(), span));
                self.broken(span)
            }
        }
    }

    fn condition(&mut self, c: &ast::Expr, what: &str, whole: Span) -> Expr {
        let typed = self.infer(c);
        // Code of a macro is where the macro is called.
        let what = if c.span == whole { "a condition of this macro" } else { what };
        self.expect(c, &typed, &Ty::BOOL, what);
        typed
    }

    fn branches(&mut self, a: &ast::Expr, b: &ast::Expr, name: &str) -> (Expr, Expr, Ty) {
        let (left, right) = (self.infer(a), self.infer(b));
        let good = self.unify(b.span, &left.ty, &right.ty, |cx, found, wants| {
            let (left_text, right_text) = (cx.text(found), cx.text(wants));
            let title = format!(
                "both branches of `{name}` have one type, these are `{left_text}` and `{right_text}`"
            );
            let fix_right = fixes::fixes_right((a, found), (b, wants));
            let (wrong, wrong_ty, other, other_ty) =
                if fix_right { (b, wants, a, found) } else { (a, found, b, wants) };
            let other_text = messages::a(&messages::type_text(other_ty));
            let diagnostic = cx.mismatch(wrong, wrong_ty, other_ty, title).related(other.span, other_text);
            match left_behind(other, (other_ty, wrong_ty)) {
                Some(builder) => {
                    diagnostic.help(format!("to add nothing, give the builder as it is: `{builder}`"))
                }
                None => diagnostic,
            }
        });
        let ty = if good { left.ty.clone() } else { self.types.poison() };
        (left, right, ty)
    }

    /// The element type of a vector; `what` is the function that needs one.
    pub(super) fn vector_elem(&mut self, expr: &ast::Expr, ty: &Ty, what: &str) -> Ty {
        if let Ty::Vec(elem) = self.types.head(ty) {
            return (*elem).clone();
        }
        let elem = self.types.fresh();
        self.unify(expr.span, ty, &Ty::vec(elem.clone()), |cx, found, _| {
            let text = cx.text(found);
            let mut diagnostic = messages::vector_wanted(expr, what, &text);
            if let Some((span, text)) = cx.because(expr, found) {
                diagnostic = diagnostic.related(span, text);
            }
            diagnostic
        });
        elem
    }

    fn infer_iterate(&mut self, start: &ast::Expr, func: &ast::Expr, span: Span) -> Expr {
        let state = self.infer(start);
        let Some(callee) = self.callee(func, "the function of `iterate`") else { return self.broken(span) };
        if callee.params().len() != 1 {
            let n_params = callee.params().len();
            self.report(messages::iterate_parameters(func.span, n_params));
            return self.broken(span);
        }
        let given = Given { ty: state.ty.clone(), because: Some(start.span), role: "the state" };
        let body = self.in_loop(span, |cx| cx.elaborate(&callee, &[given], None, span));
        let Some(lambda) = body else { return self.broken(span) };
        let wants = Ty::tuple(vec![state.ty.clone(), Ty::BOOL]);
        let at = messages::value_span(&lambda.body);
        self.unify(at, &lambda.body.ty, &wants, |cx, found, wants| {
            let (found, wants) = (cx.text(found), cx.text(wants));
            Diagnostic::new(
                Code::TypeMismatch,
                at,
                format!("the function of `iterate` gives `{wants}`, but this is {}", messages::a(&found)),
            )
            .label(messages::a(&found))
            .related(start.span, format!("the state starts here, so a step gives `{wants}`"))
            .help("give the next state, and whether to go on: `{state, go}`")
        });
        let ty = state.ty.clone();
        Expr::new(ExprKind::Iterate(state, Arc::new(lambda)), ty, span)
    }
}

/// The builder that one branch merges into and the other one forgot.
fn left_behind(merge: &ast::Expr, (with, without): (&Ty, &Ty)) -> Option<String> {
    match &merge.kind {
        ast::ExprKind::Call(Builtin::Merge, args) if with.has_builder() && !without.has_builder() => {
            super::show::show(args.first()?)
        }
        _ => None,
    }
}
