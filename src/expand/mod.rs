#![forbid(unsafe_code)]
//! Macro expansion: from a parsed program to one expression without macros and type aliases (LANGUAGE section 15).
//!
//! Promises: names never meet by accident (a binder of a macro body has a mark of its own); an argument is
//! evaluated once where that keeps the meaning; a macro that expands to itself and one that explodes are errors;
//! code that a macro wrote carries the span of the call.
//! Must not: know types; a call of something that is no macro is left for `check`.

mod call;
mod effect;
#[cfg(test)]
mod robustness;
#[cfg(test)]
mod tests;
mod types;
mod walk;

use crate::diag::{Code, Diagnostic, Diagnostics, SourceId};
use crate::syntax::ast::{Expr, Ident, Macro, Program, Ty};
use crate::syntax::parse;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

/// Names that a program cannot define; its macros replace the other ones of `std.weld`.
const PROTECTED: [&str; 5] = ["map", "filter", "flatten", "sum", "compare"];
/// How deep macro bodies may call other macros.
const MAX_ROUNDS: usize = 29;
/// How many nodes macros may write.
const MAX_NODES: u64 = 1_000_000;
static STANDARD: LazyLock<Vec<Macro>> =
    LazyLock::new(|| parse(SourceId(u32::MAX), include_str!("std.weld")).0.macros);
static BY_NAME: LazyLock<HashMap<Arc<str>, &'static Macro>> =
    LazyLock::new(|| STANDARD.iter().map(|def| (def.name.text.clone(), def)).collect());

/// The macros that every program has, in the order of `std.weld`.
pub fn standard_macros() -> &'static [Macro] {
    &STANDARD
}

/// The names of all macros that `program` can call.
pub fn macro_names(program: &Program) -> impl Iterator<Item = &str> {
    STANDARD.iter().chain(&program.macros).map(|def| &*def.name.text)
}

/// The body of `program` with its macros expanded and its aliases replaced. Complete when there is no error.
pub fn expand(program: &Program) -> (Expr, Diagnostics) {
    let mut expander = Expander {
        macros: HashMap::new(),
        aliases: HashMap::new(),
        diagnostics: Diagnostics::default(),
        next_mark: 1,
        nodes: 0,
        calls: Vec::new(),
        gave_up: false,
        builder_names: HashSet::new(),
        warned: HashSet::new(),
    };
    expander.define_aliases(&program.aliases);
    expander.define_macros(&program.macros);
    let body = expander.expr(&program.body, &mut Frame::program());
    (body, expander.diagnostics)
}

struct Expander<'a> {
    /// The program's own.
    macros: HashMap<Arc<str>, &'a Macro>,
    aliases: HashMap<Arc<str>, Ty>,
    diagnostics: Diagnostics,
    next_mark: u32,
    /// Nodes that macros wrote so far.
    nodes: u64,
    /// The macros whose bodies are being expanded, and whether each was called by its own name.
    calls: Vec<(Arc<str>, bool)>,
    /// A limit was passed: the rest is not worth doing.
    gave_up: bool,
    /// Let-bound lambdas that may return a builder, and placeholders of arguments that may be one.
    builder_names: HashSet<Ident>,
    /// Macros and free names of theirs that were warned about.
    warned: HashSet<(Arc<str>, Arc<str>)>,
}

/// What the names mean where the walk is: in the program, or in the body of a macro.
struct Frame<'a> {
    /// How often each name is bound here.
    locals: HashMap<Arc<str>, usize>,
    body: Option<Body<'a>>,
}

/// The body of a macro that is being expanded.
struct Body<'a> {
    def: &'a Macro,
    is_standard: bool,
    /// The mark of the names that the body binds.
    mark: u32,
    /// The call that wrote this code.
    span: crate::diag::Span,
    params: HashMap<Arc<str>, Arg<'a>>,
}

/// What a parameter stands for.
#[derive(Clone)]
enum Arg<'a> {
    /// A name that the argument will replace, or that will be bound to it.
    Value(Ident),
    /// The name of a macro was given: calling the parameter calls it.
    Macro { def: &'a Macro, is_standard: bool, name: Ident },
}

impl Frame<'_> {
    fn program() -> Frame<'static> {
        Frame { locals: HashMap::new(), body: None }
    }

    fn bind(&mut self, name: &Arc<str>) {
        *self.locals.entry(name.clone()).or_insert(0) += 1;
    }

    fn unbind(&mut self, name: &Arc<str>) {
        if let Some(count) = self.locals.get_mut(name) {
            *count -= 1;
        }
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.get(name).is_some_and(|count| *count > 0)
    }
}

impl<'a> Expander<'a> {
    fn report(&mut self, message: Diagnostic) {
        self.diagnostics.push_some(message);
    }

    fn give_up(&mut self, message: Diagnostic) {
        if !self.gave_up {
            self.gave_up = true;
            self.report(message);
        }
    }

    fn define_macros(&mut self, macros: &'a [Macro]) {
        for def in macros {
            let name = &def.name.text;
            if PROTECTED.contains(&&**name) {
                let title = format!("`{name}` is a standard macro and cannot be redefined");
                let message =
                    Diagnostic::new(Code::DuplicateName, def.name.span, title).label("defined again");
                self.report(message.help(format!("choose another name, such as `my_{name}`")));
            } else if let Some(first) = self.macros.get(name).copied() {
                let title = format!("two macros are named `{name}`");
                let message = Diagnostic::new(Code::DuplicateName, def.name.span, title).label("again here");
                self.report(
                    message.related(first.name.span, "first here").help("rename or remove one of them"),
                );
            } else {
                self.macros.insert(name.clone(), def);
            }
        }
    }

    /// The macro that `name` calls. The bodies of standard macros know only each other, whatever a program defines.
    fn find(&self, name: &str, frame: &Frame<'_>) -> Option<(&'a Macro, bool)> {
        let own = if frame.body.as_ref().is_some_and(|body| body.is_standard) {
            None
        } else {
            self.macros.get(name)
        };
        match own {
            Some(def) => Some((def, false)),
            None => BY_NAME.get(name).map(|def| (*def, true)),
        }
    }
}
