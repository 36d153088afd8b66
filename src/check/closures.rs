#![forbid(unsafe_code)]
//! Lambdas: applied, let-bound, and as the function of `for` and `iterate`.
//!
//! Promises: a let-bound lambda is elaborated anew at each use, with the names of its own place; one that
//! nothing uses is checked once all the same.

use super::loops::OuterName;
use super::scope::{Binding, Closure};
use super::{Checker, HoleKind, messages};
use crate::diag::Span;
use crate::ir::{Expr, ExprKind, Lambda, Param, Ty};
use crate::syntax::{Keyword, ast};
use std::rc::Rc;
use std::sync::Arc;

/// Something that can be applied.
pub(super) enum Callee {
    /// A lambda written in place.
    Here(ast::Expr),
    /// A let-bound one.
    Bound(Rc<Closure>),
}

impl Callee {
    fn lambda(&self) -> &ast::Expr {
        match self {
            Callee::Here(lambda) => lambda,
            Callee::Bound(closure) => &closure.lambda,
        }
    }

    /// Its parameters.
    pub(super) fn params(&self) -> &[ast::Param] {
        match &self.lambda().kind {
            ast::ExprKind::Lambda(params, _) => params,
            _ => &[],
        }
    }

    /// What it returns, as written.
    pub(super) fn value(&self) -> Option<&ast::Expr> {
        match &self.lambda().kind {
            ast::ExprKind::Lambda(_, body) => Some(super::messages::value_of(body)),
            _ => None,
        }
    }

    /// Where it is written.
    pub(super) fn span(&self) -> Span {
        self.lambda().span
    }
}

/// What a parameter gets: its type, the place that decided it, and what to call it in a message.
pub(super) struct Given<'a> {
    pub(super) ty: Ty,
    pub(super) because: Option<Span>,
    pub(super) role: &'a str,
}

impl Checker<'_> {
    /// The lambda that `expr` is or names; `None` after reporting that it is none. `role` says where a lambda is
    /// required, such as "the function of `for`"; empty for what is called.
    pub(super) fn callee(&mut self, expr: &ast::Expr, role: &str) -> Option<Callee> {
        match &expr.kind {
            ast::ExprKind::Lambda(..) => return Some(Callee::Here(expr.clone())),
            ast::ExprKind::Ident(ident) => match self.scope.lookup(ident) {
                Some(Binding::Closure(closure)) => {
                    closure.used.set(true);
                    return Some(Callee::Bound(closure.clone()));
                }
                Some(Binding::Value(_, ty)) => {
                    let ty = ty.clone();
                    if !self.types.is_poison(&ty) {
                        let text = self.text(&ty);
                        let hides_macro = self.macro_names.iter().any(|name| **name == *ident.text);
                        self.report(messages::not_a_lambda(expr, role, Some(&text), hides_macro));
                    }
                }
                None => self.report_unknown_function(ident),
            },
            _ => {
                let typed = self.infer(expr);
                if !self.types.is_poison(&typed.ty) {
                    self.report(messages::not_a_lambda(expr, role, None, false));
                }
            }
        }
        None
    }

    fn report_unknown_function(&mut self, ident: &ast::Ident) {
        let recursive = self.calls.iter().any(|(name, _)| name == ident);
        let lambdas = self.scope.texts().filter(|(_, binding)| matches!(binding, Binding::Closure(_)));
        let mut candidates: Vec<&str> = lambdas.map(|(text, _)| text).collect();
        candidates.extend(self.macro_names.iter().map(String::as_str));
        // Everything that a `(` may follow.
        candidates.extend(Keyword::all().filter(|(_, word)| is_called(*word)).map(|(text, _)| text));
        candidates.sort_unstable();
        let diagnostic = messages::unknown_function(ident, recursive, &candidates, self.macro_names);
        self.report(diagnostic);
    }

    /// `callee(args)`.
    pub(super) fn infer_apply(&mut self, callee: &ast::Expr, args: &[ast::Expr], span: Span) -> Expr {
        let found = self.callee(callee, "");
        let typed: Vec<Expr> = args.iter().map(|arg| self.infer_arg(arg, found.is_none())).collect();
        let Some(found) = found else { return self.broken(span) };
        if found.params().len() != args.len() {
            // Code of a macro is where the macro is called.
            let in_macro = callee.span == span || args.iter().any(|arg| arg.span == span);
            let (params, lambda) = (found.params(), found.span());
            self.report(messages::argument_count(span, callee, params, lambda, args.len(), in_macro));
            return self.broken(span);
        }
        let given: Vec<Given> = args
            .iter()
            .zip(&typed)
            .map(|(arg, typed)| Given {
                ty: typed.ty.clone(),
                because: self.because_of(arg).or(Some(arg.span)),
                role: "the argument",
            })
            .collect();
        let lambda = self.elaborate(&found, &given, None, span);
        let ty = lambda.body.ty.clone();
        Expr::new(ExprKind::Apply(Arc::new(lambda), typed), ty, span)
    }

    /// An argument. Of an unknown function, lambdas are no mistake of their own.
    fn infer_arg(&mut self, arg: &ast::Expr, callee_unknown: bool) -> Expr {
        if callee_unknown && self.is_lambda(arg) {
            return self.broken(arg.span);
        }
        self.infer(arg)
    }

    /// Whether the expression is a lambda or names one; a named one counts as used.
    pub(super) fn is_lambda(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            ast::ExprKind::Lambda(..) => true,
            ast::ExprKind::Ident(ident) => match self.scope.lookup(ident) {
                Some(Binding::Closure(closure)) => {
                    closure.used.set(true);
                    true
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// The typed lambda for parameters of these types; the caller has compared their number.
    /// `outer` is the name that means the first parameter inside the body.
    pub(super) fn elaborate(
        &mut self,
        callee: &Callee,
        given: &[Given<'_>],
        outer: Option<OuterName>,
        call: Span,
    ) -> Lambda {
        match callee {
            Callee::Here(lambda) => self.elaborate_here(lambda, given, outer),
            Callee::Bound(closure) => {
                let outside = self.scope.enter(&closure.view);
                self.calls.push((closure.name.clone(), call));
                let typed = self.elaborate_here(&closure.lambda, given, outer);
                self.calls.pop();
                self.scope.exit(outside);
                typed
            }
        }
    }

    fn elaborate_here(
        &mut self,
        lambda: &ast::Expr,
        given: &[Given<'_>],
        outer: Option<OuterName>,
    ) -> Lambda {
        let ast::ExprKind::Lambda(params, body) = &lambda.kind else {
            return Lambda { params: Vec::new(), body: self.broken(lambda.span) };
        };
        self.reject_duplicates(params);
        let mark = self.scope.mark();
        let mut typed = Vec::with_capacity(params.len());
        for (at, (param, given)) in params.iter().zip(given).enumerate() {
            let (ty, because) = match &param.ty {
                Some(written) => {
                    let declared = self.convert(written);
                    self.unify(written.span, &given.ty, &declared, |cx, found, wants| {
                        let (found, wants) = (cx.text(found), cx.text(wants));
                        messages::parameter_mismatch(param, written.span, &wants, given, &found)
                    });
                    (declared, Some(written.span))
                }
                None => (given.ty.clone(), given.because),
            };
            let name = self.bind_value(&param.name, &ty, because);
            if let (0, Some(outer)) = (at, outer) {
                self.rename_in_loop(outer, &name, &ty);
            }
            typed.push(Param { name, ty, origin: param.name.span.into() });
        }
        let body = self.infer(body);
        self.scope.leave(mark);
        Lambda { params: typed, body }
    }

    /// Checks a let-bound lambda that nothing used, so that mistakes in it do not hide.
    pub(super) fn check_unused(&mut self, closure: &Rc<Closure>) {
        if closure.used.replace(true) {
            return;
        }
        let callee = Callee::Bound(closure.clone());
        let mut given = Vec::new();
        for param in callee.params() {
            let ty = match param.ty {
                // The declared type is all there is to know.
                Some(_) => self.types.fresh(),
                None => self.hole(param.name.span, HoleKind::Parameter(param.name.text.clone())),
            };
            given.push(Given { ty, because: None, role: "the argument" });
        }
        let outside = self.scope.enter(&closure.view);
        let lambda = self.elaborate_here(&closure.lambda, &given, None);
        self.scope.exit(outside);
        self.unused.push(lambda);
    }
}

/// Whether a `(` may stand behind the keyword.
fn is_called(word: Keyword) -> bool {
    !matches!(
        word,
        Keyword::Let
            | Keyword::True
            | Keyword::False
            | Keyword::Macro
            | Keyword::Type
            | Keyword::Vec
            | Keyword::Dict
            | Keyword::Simd
            | Keyword::Cudf
            | Keyword::Deserialize
    )
}
