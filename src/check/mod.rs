#![forbid(unsafe_code)]
//! From the untyped tree to a typed program: names, types, builders.
//!
//! Promises: a program is returned exactly when no error is; then every node has a type without unknowns, every
//! binder a name of its own, and every builder is used as LANGUAGE 11 wants. Independent mistakes are reported
//! together, in the order of the text; one mistake is reported once.
//! Must not: expand macros or aliases (they are gone before), or simplify anything.

mod builder_messages;
mod builtins;
mod closures;
mod dict_messages;
mod dicts;
mod finish;
mod fixes;
mod guess;
mod infer;
mod linearity;
mod loop_messages;
mod loops;
mod messages;
mod obligations;
mod operators;
mod scope;
mod serial;
mod show;
mod simd;
mod sort;
mod types;
mod unify;
mod uses;

#[cfg(test)]
mod tests;

use crate::diag::{Code, Diagnostic, Diagnostics, Span, stack};
use crate::ir::{Expr, ExprKind, Lambda, Literal, Name, Names, Param, Program, Ty};
use crate::syntax::ast;
use obligations::Obligation;
use scope::{Binding, Scope};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use unify::{Mismatch, Types};

/// The most nodes that one program may become when its lambdas are copied to where they are used.
const MAX_NODES: usize = 1_000_000;
/// How deep loops may be nested in loops: what LLVM does with them takes time that grows with a power of the depth.
const MAX_LOOPS: usize = 256;
/// Errors beyond these are not collected at all.
const MAX_COLLECTED: usize = 200;
/// How often errors may be found again, each time a lambda is checked that has them.
const MAX_REPEATED: usize = 1_000;
/// The most errors, and the most warnings, that are shown.
const MAX_SHOWN: usize = 20;

/// What is known about a binder apart from its type: how messages speak of it.
#[derive(Clone, Debug)]
struct Binder {
    /// As written.
    text: Arc<str>,
    /// Where it was bound.
    span: Span,
    /// The place that decided its type.
    because: Option<Span>,
    /// Whether the user wrote it, not a macro.
    visible: bool,
}

/// A place whose type the program has to determine.
#[derive(Clone, Debug)]
struct Hole {
    ty: Ty,
    span: Span,
    what: HoleKind,
}

#[derive(Clone, Debug)]
enum HoleKind {
    Appender,
    EmptyVector,
    Parameter(Arc<str>),
    Written,
    Value,
}

/// The state of checking one program.
struct Checker<'a> {
    types: Types,
    scope: Scope,
    names: Names,
    /// By the number of the name.
    binders: Vec<Binder>,
    holes: Vec<Hole>,
    /// What could not be decided yet.
    pending: Vec<Obligation>,
    diagnostics: Vec<Diagnostic>,
    /// Places with an error, so that a lambda that is checked at each use says it once.
    reported: HashSet<(Code, Span)>,
    n_errors: usize,
    n_repeated: usize,
    n_nodes: usize,
    /// The loops around this place.
    n_loops: usize,
    /// Set when going on would only cost time.
    stopped: bool,
    macro_names: &'a [String],
    /// Outer builders that stand for the builder of the loop (by number of the name, and field).
    loop_names: HashMap<loops::OuterName, Vec<(Name, Ty)>>,
    /// The let-bound lambdas being elaborated: their names and the calls.
    calls: Vec<(ast::Ident, Span)>,
    /// Lambdas that nothing uses: checked, then dropped.
    unused: Vec<Lambda>,
}

/// Checks a program whose macros and aliases are expanded. The program is there exactly when no message is an
/// error; there may be warnings beside it.
pub fn check(body: &ast::Expr, macro_names: &[String]) -> (Option<Program>, Diagnostics) {
    let mut checker = Checker::new(macro_names);
    let program = checker.program(body);
    (program, checker.into_diagnostics())
}

impl<'a> Checker<'a> {
    fn new(macro_names: &'a [String]) -> Checker<'a> {
        Checker {
            types: Types::default(),
            scope: Scope::default(),
            names: Names::default(),
            binders: Vec::new(),
            holes: Vec::new(),
            pending: Vec::new(),
            diagnostics: Vec::new(),
            reported: HashSet::new(),
            n_errors: 0,
            n_repeated: 0,
            n_nodes: 0,
            n_loops: 0,
            stopped: false,
            macro_names,
            loop_names: HashMap::new(),
            calls: Vec::new(),
            unused: Vec::new(),
        }
    }
}

impl Checker<'_> {
    fn program(&mut self, body: &ast::Expr) -> Option<Program> {
        self.reserve_binders(body);
        let func = match &body.kind {
            ast::ExprKind::Lambda(params, value) => self.entry(params, value),
            _ => Lambda { params: Vec::new(), body: self.infer(body) },
        };
        self.settle();
        if self.n_errors > 0 {
            return None;
        }
        let func = self.finish_lambda(&func);
        simd::misplaced(&func).into_iter().for_each(|diagnostic| self.report(diagnostic));
        let unused = std::mem::take(&mut self.unused);
        let unused: Vec<Lambda> = unused.iter().map(|lambda| self.finish_lambda(lambda)).collect();
        if self.n_errors > 0 {
            return None;
        }
        let found = linearity::check(&func, &unused, &self.binders);
        found.into_iter().for_each(|diagnostic| self.report(diagnostic));
        (self.n_errors == 0).then(|| Program { func, names: std::mem::take(&mut self.names) })
    }

    /// The top-level lambda, whose parameters are the inputs.
    fn entry(&mut self, params: &[ast::Param], value: &ast::Expr) -> Lambda {
        self.reject_duplicates(params);
        let guessed = guess::inputs(params, value, self.macro_names);
        let inputs = self.inputs(params, |checker, at, param| {
            let example = guessed.get(at).and_then(Option::as_ref).map_or(String::new(), Ty::to_string);
            checker.report(messages::input_without_type(param, &example));
            checker.types.poison()
        });
        let body = self.infer(value);
        Lambda { params: inputs, body }
    }

    /// Binds the inputs; `untyped` gives types to those that have none, by their places.
    fn inputs(
        &mut self,
        params: &[ast::Param],
        untyped: impl Fn(&mut Self, usize, &ast::Param) -> Ty,
    ) -> Vec<Param> {
        let inputs = params.iter().enumerate().map(|(at, param)| {
            let ty = match &param.ty {
                Some(ty) => self.convert(ty),
                None => untyped(self, at, param),
            };
            let because = param.ty.as_ref().map(|ty| ty.span);
            let name = self.bind_value(&param.name, &ty, because);
            Param { name, ty, origin: param.name.span.into() }
        });
        inputs.collect()
    }

    fn reject_duplicates(&mut self, params: &[ast::Param]) {
        let mut seen: HashMap<&ast::Ident, Span> = HashMap::new();
        for param in params {
            if let Some(first) = seen.insert(&param.name, param.name.span) {
                self.report(
                    Diagnostic::new(
                        Code::DuplicateName,
                        param.name.span,
                        format!("two parameters are named `{}`", param.name.text),
                    )
                    .label("the second")
                    .related(first, "the first")
                    .help("give each parameter a name of its own"),
                );
            }
        }
    }

    /// Keeps fresh names away from all binders of the text.
    fn reserve_binders(&mut self, body: &ast::Expr) {
        fn visit(expr: &ast::Expr, seen: &mut HashSet<usize>, names: &mut Names) {
            // Macro arguments are shared, so the same node may hang in many places.
            if !seen.insert(std::ptr::from_ref::<ast::Node>(expr) as usize) {
                return;
            }
            stack::deep(|| {
                match &expr.kind {
                    ast::ExprKind::Block(lets, _) => {
                        lets.iter().for_each(|binding| names.reserve(&binding.name.text))
                    }
                    ast::ExprKind::Lambda(params, _) => {
                        params.iter().for_each(|param| names.reserve(&param.name.text))
                    }
                    _ => {}
                }
                expr.kind.for_each_child(&mut |child| visit(child, seen, names));
            });
        }
        visit(body, &mut HashSet::new(), &mut self.names);
    }

    // ---- binders -------------------------------------------------------------------------------------

    /// Binds a name to a value of type `ty` in the current scope.
    fn bind_value(&mut self, ident: &ast::Ident, ty: &Ty, because: Option<Span>) -> Name {
        let name = self.names.fresh(&ident.text);
        let visible = ident.mark == 0;
        self.binders.push(Binder { text: ident.text.clone(), span: ident.span, because, visible });
        self.scope.bind(ident, Binding::Value(name.clone(), ty.clone()));
        name
    }

    fn binder(&self, name: &Name) -> Option<&Binder> {
        self.binders.get(name.id() as usize)
    }

    // ---- errors --------------------------------------------------------------------------------------

    /// Adds a message, unless the same is said at this place already.
    fn report(&mut self, diagnostic: Diagnostic) {
        if !self.reported.insert((diagnostic.code, diagnostic.primary.span)) {
            self.n_repeated += usize::from(diagnostic.code.is_error());
            self.stopped |= self.n_repeated >= MAX_REPEATED;
            return;
        }
        if diagnostic.code.is_error() {
            self.n_errors += 1;
            self.stopped |= self.n_errors >= MAX_COLLECTED;
        } else if self.diagnostics.len() >= 2 * MAX_COLLECTED {
            return;
        }
        let mut diagnostic = match self.calls.first() {
            Some((name, call)) if diagnostic.code.is_error() && name.mark == 0 => {
                diagnostic.related(*call, format!("in this use of `{}`", name.text))
            }
            _ => diagnostic,
        };
        // What a macro wrote has the place of the whole call: labels around the mistake only hide it.
        let at = diagnostic.primary.span;
        diagnostic.related.retain(|label| label.span.to(at) != label.span);
        self.diagnostics.push(diagnostic);
    }

    /// Checks the function of a loop; `None` when it is nested too deeply, which is reported.
    fn in_loop<R>(&mut self, span: Span, check: impl FnOnce(&mut Self) -> R) -> Option<R> {
        if self.n_loops >= MAX_LOOPS {
            self.report(messages::loops_too_deep(span));
            return None;
        }
        self.n_loops += 1;
        let result = check(self);
        self.n_loops -= 1;
        Some(result)
    }

    /// An expression whose mistake is reported.
    fn broken(&mut self, span: Span) -> Expr {
        let ty = self.types.poison();
        Expr::new(ExprKind::Literal(Literal::Bool(false)), ty, span)
    }

    /// Makes `found` and `wants` one type. If they differ, reports what `say` says about them, and gives up on
    /// their unknown parts. False when they differ, reported or not.
    fn unify(
        &mut self,
        span: Span,
        found: &Ty,
        wants: &Ty,
        say: impl FnOnce(&mut Self, &Ty, &Ty) -> Diagnostic,
    ) -> bool {
        let Err(mismatch) = self.types.unify(found, wants) else { return true };
        if !self.types.has_poison(found) && !self.types.has_poison(wants) {
            let diagnostic = match mismatch {
                Mismatch::Different => {
                    let (found, wants) = (self.types.resolve(found), self.types.resolve(wants));
                    say(self, &found, &wants)
                }
                Mismatch::Infinite => messages::infinite_type(span),
                Mismatch::TooLarge => messages::type_too_large(span),
            };
            self.report(diagnostic);
        } else if mismatch == Mismatch::TooLarge {
            self.report(messages::type_too_large(span));
        }
        self.types.poison_all(found);
        self.types.poison_all(wants);
        false
    }

    /// The messages in the order of the text, at most [`MAX_SHOWN`] errors and as many warnings.
    fn into_diagnostics(self) -> Diagnostics {
        let mut diagnostics = self.diagnostics;
        diagnostics.sort_by_key(|diagnostic| (diagnostic.primary.span.source, diagnostic.primary.span.lo));
        let (mut n_errors, mut n_warnings) = (0, 0);
        diagnostics.retain(|diagnostic| {
            let n = if diagnostic.code.is_error() { &mut n_errors } else { &mut n_warnings };
            *n += 1;
            *n <= MAX_SHOWN
        });
        Diagnostics(diagnostics)
    }
}
