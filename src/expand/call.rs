#![forbid(unsafe_code)]
//! One macro call: its body with the arguments in it.
//!
//! The body is expanded first, with a placeholder for each argument. What it then does with a placeholder decides
//! whether the argument takes its place or is bound to it by a `let` outside.

use super::effect::Uses;
use super::walk::unzip_data;
use super::{Arg, Body, Expander, Frame, MAX_ROUNDS};
use crate::diag::stack::deep;
use crate::diag::{Code, Diagnostic, Span};
use crate::syntax::ast::{Builtin, Expr, ExprKind, Ident, Let, Macro, Note};
use crate::syntax::print;
use std::collections::HashMap;

/// A call that is longer is not repeated in a message.
const LONGEST_HELP: u32 = 60;

impl<'a> Expander<'a> {
    /// Expands a call of `def`. `by_name` tells it from a call through a parameter.
    pub(super) fn call(
        &mut self,
        (def, is_standard): (&'a Macro, bool),
        by_name: bool,
        args: &[Expr],
        span: Span,
        notes: &[Note],
        frame: &mut Frame<'a>,
    ) -> Expr {
        let failed = Expr::new(ExprKind::Error, span);
        if args.len() != def.params.len() {
            self.wrong_count(def, is_standard, args, span);
            return failed;
        }
        if self.is_endless(def, by_name) {
            self.endless(def, span);
            return failed;
        }
        let mark = self.next_mark;
        self.next_mark = mark.saturating_add(2);
        let mut params = HashMap::new();
        let mut values: Vec<(Ident, Expr)> = Vec::new();
        for (param, arg) in def.params.iter().zip(args) {
            let given = match self.macro_argument(arg, frame) {
                Some(name) => name,
                None => {
                    let value = self.expr(arg, frame);
                    // A mark of its own: the body may bind a name spelled like the parameter.
                    let name = Ident { text: param.text.clone(), mark: mark + 1, span: value.span };
                    if self.may_be_builder(&value) {
                        self.builder_names.insert(name.clone());
                    }
                    values.push((name.clone(), value));
                    Arg::Value(name)
                }
            };
            params.insert(param.text.clone(), given);
        }
        let body = Body { def, is_standard, mark, span, params };
        self.calls.push((def.name.text.clone(), by_name));
        let body = self.expr(&def.body, &mut Frame { locals: HashMap::new(), body: Some(body) });
        self.calls.pop();
        if self.gave_up {
            return failed;
        }
        let result = self.insert(values, body, span);
        annotate(result, notes)
    }

    /// The macro that an argument names, when it is the bare name of one.
    fn macro_argument(&self, arg: &Expr, frame: &Frame<'a>) -> Option<Arg<'a>> {
        let ExprKind::Ident(name) = &arg.kind else { return None };
        if frame.is_local(&name.text) {
            return None;
        }
        match frame.body.as_ref().and_then(|body| body.params.get(&name.text)) {
            Some(Arg::Value(_)) => None,
            Some(given) => Some(given.clone()),
            None => {
                let (def, is_standard) = self.find(&name.text, frame)?;
                let name = Ident { span: self.place(name.span, frame), ..name.clone() };
                Some(Arg::Macro { def, is_standard, name })
            }
        }
    }

    fn wrong_count(&mut self, def: &Macro, is_standard: bool, args: &[Expr], span: Span) {
        let params: Vec<&str> = def.params.iter().map(|param| &*param.text).collect();
        let usage = format!("{}({})", def.name.text, params.join(", "));
        let plural = if params.len() == 1 { "argument" } else { "arguments" };
        let found = args.len();
        let title = format!("the macro `{usage}` takes {} {plural}, found {found}", params.len());
        let mut message = Diagnostic::new(Code::MacroArguments, span, title).label(format!("{found} given"));
        if !is_standard {
            message = message.related(def.name.span, "defined here");
        }
        if let Some(call) = complete_call(def, is_standard, args) {
            message = message.help(format!("write it like this: `{call}`"));
        }
        self.report(message);
    }

    /// Whether this call cannot end. A macro that reaches itself through names alone never does; through a
    /// parameter it may.
    fn is_endless(&self, def: &Macro, by_name: bool) -> bool {
        let again = self.calls.iter().rposition(|call| call.0 == def.name.text);
        let repeats = again.is_some_and(|at| by_name && self.calls[at + 1..].iter().all(|call| call.1));
        repeats || self.calls.len() >= MAX_ROUNDS
    }

    fn endless(&mut self, def: &Macro, span: Span) {
        let name = &def.name.text;
        let from = self.calls.iter().rposition(|call| call.0 == *name);
        let title = match from {
            Some(from) => {
                let cycle: Vec<&str> =
                    self.calls[from..].iter().map(|call| &*call.0).chain([&**name]).collect();
                format!("the macro `{name}` expands to itself: {}", cycle.join(" -> "))
            }
            None => format!("macros call each other more than {MAX_ROUNDS} levels deep"),
        };
        let message = Diagnostic::new(Code::RecursiveMacro, span, title).label("this call never ends");
        self.give_up(message.help("macros cannot repeat: use `iterate` or `for`"));
    }

    /// Puts the arguments into the expanded body.
    fn insert(&mut self, values: Vec<(Ident, Expr)>, body: Expr, span: Span) -> Expr {
        let mut uses: Uses = values.iter().map(|(name, _)| (name.clone(), Default::default())).collect();
        super::effect::find_uses(&body, true, false, &mut uses);
        // A lambda must stay in sight of the loop or call that takes it, so nothing can be bound around it.
        let is_lambda = matches!(body.kind, ExprKind::Lambda(..));
        let (mut lets, mut replaced) = (Vec::new(), HashMap::new());
        for (name, value) in values {
            let found = uses.get(&name).copied().unwrap_or_default();
            if found.count == 0 {
                continue;
            }
            let repeated = found.count > 1 || found.in_lambda;
            let sure = found.is_certain || super::effect::cannot_fail(&value);
            if repeated && sure && !is_lambda && !is_trivial(&value) && !self.may_be_builder(&value) {
                lets.push(Let { name, ty: None, value });
            } else {
                self.count(u64::from(value.size).saturating_mul(found.count - 1), span);
                replaced.insert(name, value);
            }
        }
        if self.gave_up {
            return Expr::new(ExprKind::Error, span);
        }
        let body = if replaced.is_empty() { body } else { replace(&body, &replaced) };
        if lets.is_empty() { body } else { Expr::new(ExprKind::Block(lets, body), span) }
    }
}

/// Evaluating it twice costs nothing, or it is no value.
fn is_trivial(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Ident(_) | ExprKind::Lambda(..) | ExprKind::Error => true,
        ExprKind::Field(operand, _, _) => deep(|| is_trivial(operand)),
        _ => false,
    }
}

/// The annotations of the call, on what the call became: on the loop where it is one.
fn annotate(expr: Expr, notes: &[Note]) -> Expr {
    if notes.is_empty() {
        return expr;
    }
    match &expr.kind {
        ExprKind::Call(Builtin::Result, args)
            if args.len() == 1 && matches!(args[0].kind, ExprKind::For { .. }) =>
        {
            let args = vec![annotate(args[0].clone(), notes)];
            Expr::with_notes(ExprKind::Call(Builtin::Result, args), expr.span, expr.notes.clone())
        }
        ExprKind::Block(lets, body) => {
            let body = deep(|| annotate(body.clone(), notes));
            Expr::with_notes(ExprKind::Block(lets.clone(), body), expr.span, expr.notes.clone())
        }
        kind => {
            // Those of the call come last, and the last one wins.
            let all = expr.notes.iter().chain(notes).cloned().collect();
            Expr::with_notes(kind.clone(), expr.span, all)
        }
    }
}

/// Simultaneous replacement of names; no binder of the tree has any of them.
fn replace(expr: &Expr, values: &HashMap<Ident, Expr>) -> Expr {
    deep(|| match &expr.kind {
        ExprKind::Ident(name) => values.get(name).unwrap_or(expr).clone(),
        kind => {
            let kind = unzip_data(kind.map_children(&mut |child| replace(child, values)));
            Expr::with_notes(kind, expr.span, expr.notes.clone())
        }
    })
}

/// The call with as many arguments as the macro takes: those given, then examples; `None` when that is long.
fn complete_call(def: &Macro, is_standard: bool, args: &[Expr]) -> Option<String> {
    let mut shown = Vec::new();
    for (at, param) in def.params.iter().enumerate() {
        shown.push(match (args.get(at), &*param.text) {
            (Some(arg), _) => print(arg, LONGEST_HELP),
            // The standard macros call their functions so.
            (None, "f") if is_standard => "|x| x".to_string(),
            (None, "p") if is_standard => "|x| true".to_string(),
            (None, name) => name.to_string(),
        });
        if shown.iter().map(String::len).sum::<usize>() > LONGEST_HELP as usize
            || shown.iter().any(|arg| arg.contains('\n'))
        {
            return None;
        }
    }
    Some(format!("{}({})", def.name.text, shown.join(", ")))
}
