#![forbid(unsafe_code)]
//! Expressions: the type of each form, and the typed node it becomes.
//!
//! Promises: every form of the untyped tree has one arm in [`Checker::infer`]; children are checked in
//! evaluation order; a form with a mistake becomes a poisoned node, and checking goes on.

use super::scope::{Binding, Closure};
use super::{Checker, HoleKind, MAX_NODES, fixes, messages};
use crate::diag::{Code, Diagnostic, Span, stack};
use crate::ir::{BuilderTy, Expr, ExprKind, Let, MAX_C_ARGS, Name, Notes, Scalar, Ty, build};
use crate::syntax::ast;
use std::cell::Cell;
use std::rc::Rc;

/// The annotations that something reads, or that real clients send.
const KNOWN_NOTES: [&str; 13] = [
    "predicate",
    "loopsize",
    "vectorize",
    "size",
    "impl",
    "num_keys",
    "branch_selectivity",
    "grain_size",
    "tile_size",
    "always_use_runtime",
    "pure",
    "serial",
    "simd",
];

impl Checker<'_> {
    /// The typed form of an expression that is used as a value.
    pub(super) fn infer(&mut self, expr: &ast::Expr) -> Expr {
        if !self.spend(expr.span) {
            return self.broken(expr.span);
        }
        let typed = stack::deep(|| self.infer_kind(expr));
        self.annotate(expr, typed)
    }

    /// Counts a node; false when the program became too large.
    fn spend(&mut self, span: Span) -> bool {
        self.n_nodes += 1;
        if self.n_nodes > MAX_NODES && !self.stopped {
            self.report(messages::program_too_large(span, self.calls.first().map(|(name, _)| name)));
            self.stopped = true;
        }
        !self.stopped
    }

    fn infer_kind(&mut self, expr: &ast::Expr) -> Expr {
        let span = expr.span;
        match &expr.kind {
            ast::ExprKind::Literal(literal) => build::literal(literal.clone(), span),
            ast::ExprKind::Ident(ident) => self.infer_ident(ident),
            ast::ExprKind::Block(..) => self.infer_block(expr),
            ast::ExprKind::Lambda(..) => {
                self.report(messages::lambda_as_value(span, None));
                self.broken(span)
            }
            ast::ExprKind::Unary(op, a) => self.infer_unary(*op, a, expr),
            ast::ExprKind::Binary(op, a, b) => self.infer_binary(*op, a, b, expr),
            ast::ExprKind::Ascribe(a, ty) => self.infer_ascribe(a, ty),
            ast::ExprKind::Field(base, index, at) => self.infer_field(base, *index, *at, span),
            ast::ExprKind::Apply(callee, args) => self.infer_apply(callee, args, span),
            ast::ExprKind::Struct(items) => {
                let items: Vec<Expr> = items.iter().map(|item| self.infer(item)).collect();
                let ty = self.limited(Ty::tuple(items.iter().map(|item| item.ty.clone()).collect()), span);
                Expr::new(ExprKind::Struct(items), ty, span)
            }
            ast::ExprKind::Vector(items) => self.infer_vector(items, span),
            ast::ExprKind::Cast(to, a) => self.infer_cast(*to, a, span),
            ast::ExprKind::Call(builtin, args) => self.infer_builtin(*builtin, args, expr),
            ast::ExprKind::For { iters, builder, func, .. } => self.infer_for(iters, builder, func, expr),
            ast::ExprKind::NewBuilder(ty, arg) => self.infer_new_builder(ty, arg.as_ref(), span),
            ast::ExprKind::Deserialize(..) => self.not_built("deserialize", span),
            ast::ExprKind::CUdf { name, ty, args } => {
                let args: Vec<Expr> = args.iter().map(|arg| self.infer(arg)).collect();
                if args.len() > MAX_C_ARGS {
                    self.report(messages::too_many_c_arguments(name, args.len()));
                    return self.broken(span);
                }
                let ty = self.convert(ty);
                Expr::new(ExprKind::CUdf(name.text.clone(), args), ty, span)
            }
            // The parser has reported it.
            ast::ExprKind::Error => self.broken(span),
        }
    }

    /// Says that the form is not built yet. Its value fits everything.
    pub(super) fn not_built(&mut self, name: &str, span: Span) -> Expr {
        self.report(messages::not_built(name, span));
        self.broken(span)
    }

    // ---- annotations ---------------------------------------------------------------------------------

    fn annotate(&mut self, expr: &ast::Expr, typed: Expr) -> Expr {
        if expr.notes.is_empty() {
            return typed;
        }
        let mut notes: Vec<(String, String)> =
            typed.notes.iter().flat_map(|notes| notes.iter().cloned()).collect();
        let mut kind = typed.kind.clone();
        for note in &expr.notes {
            let key = &*note.key.text;
            if !KNOWN_NOTES.contains(&key) {
                self.report(messages::unknown_note(&note.key, &KNOWN_NOTES));
            }
            match &mut kind {
                ExprKind::For(parts) if key == "simd" => {
                    let mut changed = (**parts).clone();
                    changed.simd = note.value == "true";
                    *parts = changed.into();
                }
                _ => notes.push((key.to_string(), note.value.clone())),
            }
        }
        let notes: Notes = if notes.is_empty() { None } else { Some(notes.into()) };
        Expr::with_notes(kind, typed.ty.clone(), typed.origin.clone(), notes)
    }

    // ---- names ---------------------------------------------------------------------------------------

    fn infer_ident(&mut self, ident: &ast::Ident) -> Expr {
        match self.scope.lookup(ident) {
            Some(Binding::Value(name, ty)) => {
                let (name, ty) = (name.clone(), ty.clone());
                let (name, ty) = self.through_loops(name, ty, ident.span);
                build::var(&name, ty, ident.span)
            }
            Some(Binding::Closure(closure)) => {
                closure.used.set(true);
                self.report(messages::lambda_as_value(ident.span, Some(&ident.text)));
                self.broken(ident.span)
            }
            None => {
                self.report_unknown_name(ident);
                self.broken(ident.span)
            }
        }
    }

    /// Inside a loop, the outer name of its builder means the builder of the loop (LANGUAGE 11).
    pub(super) fn through_loops(&mut self, mut name: Name, mut ty: Ty, span: Span) -> (Name, Ty) {
        while let Some((inner, inner_ty)) =
            self.loop_names.get(&(name.id(), None)).and_then(|stack| stack.last()).cloned()
        {
            self.report_outer_builder(&name, None, &inner, span);
            (name, ty) = (inner, inner_ty);
        }
        (name, ty)
    }

    fn report_outer_builder(&mut self, outer: &Name, field: Option<u32>, inner: &Name, span: Span) {
        let (Some(outer), Some(inner)) = (self.binder(outer), self.binder(inner)) else { return };
        let warning = messages::outer_builder(span, &outer.text, field, &inner.text, inner.span);
        self.report(warning);
    }

    fn report_unknown_name(&mut self, ident: &ast::Ident) {
        let mut candidates: Vec<&str> = self.scope.texts().map(|(text, _)| text).collect();
        candidates.extend(self.macro_names.iter().map(String::as_str));
        candidates.extend(ast::Builtin::ALL.iter().map(|row| row.1));
        candidates.sort_unstable();
        let is_macro = self.macro_names.iter().any(|name| **name == *ident.text);
        let diagnostic = messages::unknown_name(ident, is_macro, &candidates);
        self.report(diagnostic);
    }

    fn infer_field(&mut self, base: &ast::Expr, index: u32, at: Span, span: Span) -> Expr {
        if let ast::ExprKind::Ident(ident) = &base.kind
            && let Some(Binding::Value(name, ty)) = self.scope.lookup(ident)
        {
            let (name, ty) = (name.clone(), ty.clone());
            let (name, _) = self.through_loops(name, ty, ident.span);
            let inner =
                self.loop_names.get(&(name.id(), Some(index))).and_then(|stack| stack.last()).cloned();
            if let Some((inner, ty)) = inner {
                self.report_outer_builder(&name, Some(index), &inner, span);
                let (inner, ty) = self.through_loops(inner, ty, span);
                return build::var(&inner, ty, span);
            }
        }
        let base = self.infer(base);
        let ty = self.field(&base.ty, index, at);
        Expr::new(ExprKind::Field(base, index), ty, span)
    }

    // ---- lets ----------------------------------------------------------------------------------------

    fn infer_block(&mut self, expr: &ast::Expr) -> Expr {
        let mark = self.scope.mark();
        let mut typed = Vec::new();
        let mut closures = Vec::new();
        let mut at = expr;
        // A block that is the value of a block binds on in the same run.
        while let ast::ExprKind::Block(lets, body) = &at.kind {
            for binding in lets {
                if let Some(closure) = self.bound_lambda(binding) {
                    self.scope.bind(&binding.name, Binding::Closure(closure.clone()));
                    closures.push(closure);
                } else {
                    typed.push(self.infer_let(binding));
                }
            }
            at = body;
            if !at.notes.is_empty() {
                break;
            }
        }
        let body = self.infer(at);
        // Later lambdas may use earlier ones.
        for closure in closures.iter().rev() {
            self.check_unused(closure);
        }
        self.scope.leave(mark);
        build::block(typed, body, expr.span)
    }

    /// The lambda that a let binds, directly or by the name of another one.
    fn bound_lambda(&mut self, binding: &ast::Let) -> Option<Rc<Closure>> {
        match &binding.value.kind {
            ast::ExprKind::Lambda(..) => {
                if let Some(ty) = &binding.ty {
                    self.report(messages::lambda_with_type(&binding.name, ty.span));
                }
                Some(Rc::new(Closure {
                    name: binding.name.clone(),
                    lambda: binding.value.clone(),
                    view: self.scope.view(),
                    used: Cell::new(false),
                }))
            }
            ast::ExprKind::Ident(ident) => match self.scope.lookup(ident) {
                Some(Binding::Closure(closure)) => Some(closure.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    fn infer_let(&mut self, binding: &ast::Let) -> Let {
        let value = self.infer(&binding.value);
        let (ty, because) = match &binding.ty {
            Some(written) => {
                let ty = self.convert(written);
                let name = &binding.name.text;
                self.unify(binding.value.span, &value.ty, &ty, |cx, found, wants| {
                    let (found_text, wants_text) = (cx.text(found), cx.text(wants));
                    let title = format!(
                        "`{name}` is declared `{wants_text}`, but its value is {}",
                        messages::a(&found_text)
                    );
                    cx.mismatch(&binding.value, found, wants, title).related(written.span, "declared here")
                });
                (ty, written.span)
            }
            None => (value.ty.clone(), binding.value.span),
        };
        let name = self.bind_value(&binding.name, &ty, Some(because));
        Let { name, value }
    }

    // ---- other forms ---------------------------------------------------------------------------------

    fn infer_ascribe(&mut self, a: &ast::Expr, written: &ast::Ty) -> Expr {
        let typed = self.infer(a);
        let ty = self.convert(written);
        self.unify(a.span, &typed.ty, &ty, |cx, found, wants| {
            let (found_text, wants_text) = (cx.text(found), cx.text(wants));
            let title = format!(
                "this is said to be {}, but it is {}",
                messages::a(&wants_text),
                messages::a(&found_text)
            );
            cx.mismatch(a, found, wants, title)
                .related(written.span, "a type here checks, it does not convert")
        });
        typed
    }

    fn infer_vector(&mut self, items: &[ast::Expr], span: Span) -> Expr {
        let Some((first, rest)) = items.split_first() else {
            let elem = self.hole(span, HoleKind::EmptyVector);
            return Expr::new(ExprKind::Vector(Vec::new()), Ty::vec(elem), span);
        };
        let first_typed = self.infer(first);
        let elem = first_typed.ty.clone();
        let mut typed = Vec::with_capacity(items.len());
        typed.push(first_typed);
        let mut good = true;
        for item in rest {
            let value = self.infer(item);
            good &= self.unify(item.span, &value.ty, &elem, |cx, found, wants| {
                let (found_text, wants_text) = (cx.text(found), cx.text(wants));
                let title = format!(
                    "the elements of a vector have one type, these are `{wants_text}` and `{found_text}`"
                );
                let label = format!("{}, the type of the first element", messages::a(&wants_text));
                cx.mismatch(item, found, wants, title).related(first.span, label)
            });
            typed.push(value);
        }
        let elem = if good { elem } else { self.types.poison() };
        let ty = self.limited(Ty::vec(elem), span);
        Expr::new(ExprKind::Vector(typed), ty, span)
    }

    fn infer_cast(&mut self, to: Scalar, a: &ast::Expr, span: Span) -> Expr {
        let typed = self.infer(a);
        self.oblige(super::Obligation::Cast { ty: typed.ty.clone(), to, operand: a.clone() });
        Expr::new(ExprKind::Cast(to, typed), Ty::Scalar(to), span)
    }

    fn infer_new_builder(&mut self, written: &ast::Ty, arg: Option<&ast::Expr>, span: Span) -> Expr {
        let ty = self.convert_hole(written, &HoleKind::Appender);
        let typed = arg.map(|arg| self.infer(arg));
        if let (Some(arg), Some(typed)) = (arg, &typed) {
            match self.types.head(&ty) {
                Ty::Builder(kind) => match &*kind {
                    BuilderTy::Merger(value, _) => {
                        self.unify(arg.span, &typed.ty, value, |cx, found, wants| {
                            let (found_text, wants_text) = (cx.text(found), cx.text(wants));
                            let title = format!(
                                "this merger starts with {}, but it combines `{wants_text}`",
                                messages::a(&found_text)
                            );
                            cx.mismatch(arg, found, wants, title)
                                .related(written.span, format!("combines `{wants_text}` values"))
                        });
                    }
                    BuilderTy::DictMerger(..) => {
                        self.unify(arg.span, &typed.ty, &kind.result_ty(), |cx, found, wants| {
                            let (found_text, wants_text) = (cx.text(found), cx.text(wants));
                            let title = format!(
                                "this dictmerger starts with {}, but it fills a `{wants_text}`",
                                messages::a(&found_text)
                            );
                            cx.mismatch(arg, found, wants, title)
                                .related(written.span, format!("fills a `{wants_text}`"))
                        });
                    }
                    BuilderTy::VecMerger(elem, _) => {
                        let wants = Ty::vec(elem.clone());
                        self.unify(arg.span, &typed.ty, &wants, |cx, found, wants| {
                            let (found_text, wants_text) = (cx.text(found), cx.text(wants));
                            let title = format!(
                                "this vecmerger starts with {}, but it starts with a copy of a `{wants_text}`",
                                messages::a(&found_text)
                            );
                            cx.mismatch(arg, found, wants, title)
                                .related(written.span, format!("changes the elements of a `{wants_text}`"))
                        });
                    }
                    // The parser has refused it.
                    BuilderTy::GroupMerger(..) => {}
                    BuilderTy::Appender(_) => self.expect_i64(arg, typed, "the size hint of an appender"),
                },
                _ => self.types.poison_all(&typed.ty),
            }
        }
        Expr::new(ExprKind::NewBuilder(typed), ty, span)
    }

    /// Requires an `i64`; `what` names its role.
    pub(super) fn expect_i64(&mut self, expr: &ast::Expr, typed: &Expr, what: &str) {
        self.expect(expr, typed, &Ty::I64, what);
    }

    /// Requires a type; `what` names the role of the expression.
    pub(super) fn expect(&mut self, expr: &ast::Expr, typed: &Expr, wants: &Ty, what: &str) {
        self.expect_ty(expr, &typed.ty, wants, what);
    }

    /// As [`Checker::expect`], for an expression whose type is `found`.
    pub(super) fn expect_ty(&mut self, expr: &ast::Expr, found: &Ty, wants: &Ty, what: &str) {
        self.unify(expr.span, found, wants, |cx, found, wants| {
            let (found_text, wants_text) = (cx.text(found), cx.text(wants));
            let title =
                format!("{what} is {}, but this is {}", messages::a(&wants_text), messages::a(&found_text));
            cx.mismatch(expr, found, wants, title)
        });
    }

    /// A message that `expr` has type `found` where `wants` is needed, with the place that decided it and a fix.
    pub(super) fn mismatch(&self, expr: &ast::Expr, found: &Ty, wants: &Ty, title: String) -> Diagnostic {
        let value = messages::value_of(expr);
        let mut diagnostic = Diagnostic::new(Code::TypeMismatch, value.span, title)
            .label(fixes::without_conversion(found, wants));
        if let Some((span, text)) = self.because(value, found) {
            diagnostic = diagnostic.related(span, text);
        }
        match fixes::fix(value, found, wants) {
            Some(fix) => diagnostic.help(fixes::fix_help(value, wants, &fix)),
            None => diagnostic,
        }
    }

    /// The place that decided the type of `expr`, when it is a name or computed from one of its type, and what to
    /// say there.
    pub(super) fn because(&self, expr: &ast::Expr, ty: &Ty) -> Option<(Span, String)> {
        let source = type_source(expr, MAX_SOURCE_LEVELS)?;
        let ast::ExprKind::Ident(ident) = &source.kind else { return None };
        let text = format!("so `{}` is {}", ident.text, messages::a(&messages::type_text(ty)));
        self.because_of(source).map(|span| (span, text))
    }

    /// The place that decided the type of a name.
    pub(super) fn because_of(&self, expr: &ast::Expr) -> Option<Span> {
        let ast::ExprKind::Ident(ident) = &expr.kind else { return None };
        let Some(Binding::Value(name, _)) = self.scope.lookup(ident) else { return None };
        self.binder(name)?.because
    }
}

/// How deep in an expression the name is looked for that decided its type.
const MAX_SOURCE_LEVELS: usize = 8;

/// The first name in arithmetic: what it computes has the type of its operands.
fn type_source(expr: &ast::Expr, levels: usize) -> Option<&ast::Expr> {
    match &expr.kind {
        ast::ExprKind::Ident(_) => Some(expr),
        _ if levels == 0 => None,
        ast::ExprKind::Unary(_, a) => type_source(a, levels - 1),
        ast::ExprKind::Binary(op, a, b) if !op.is_comparison() => {
            type_source(a, levels - 1).or_else(|| type_source(b, levels - 1))
        }
        _ => None,
    }
}
