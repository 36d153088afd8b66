#![forbid(unsafe_code)]
//! `:type`: the type of an expression, without running it.

use super::{Command, Wants, usage};
use crate::diag::SourceId;
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};
use crate::syntax::{Keyword, TokenKind, lex};
use crate::view;
use std::fmt::Write;

pub(super) static COMMAND: Command = Command {
    names: &["type", "t"],
    args: "EXPR",
    help: "the type of an expression, without a run",
    more: "The inputs of the current program may be used by their names.",
    examples: &[":type map([1, 2, 3], |x| x + 1)", ":type sum(v)"],
    wants: Wants::Program,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    if args.is_empty() {
        return Err(Failure::new("the type of what?").help(usage(&COMMAND)));
    }
    let text = with_inputs(repl, args);
    let source = repl.session.add_source(":type", text);
    let checked = repl.session.check(source)?;
    let program = &checked.program;
    let shown = if args.starts_with('|') {
        view::program::signature(program)
    } else {
        program.func.body.ty.to_string()
    };
    Ok(Reply { err: repl.render_messages(&checked.warnings), ..Reply::text(shown) })
}

/// The expression as a program of those inputs of the current program that it uses.
fn with_inputs(repl: &Repl, expr: &str) -> String {
    let (tokens, _) = lex(SourceId::default(), expr);
    let is_program = tokens.first().is_some_and(|first| {
        let opens = matches!(first.kind, TokenKind::Bar | TokenKind::BarBar);
        opens || matches!(first.kind, TokenKind::Keyword(Keyword::Macro | Keyword::Type))
    });
    let Some(entered) = repl.program.as_ref().filter(|_| !is_program) else { return expr.to_string() };
    let mut head = String::new();
    for param in &entered.checked.program.func.params {
        let name = param.name.text();
        let used = tokens.iter().any(|token| {
            token.kind == TokenKind::Ident
                && expr.get(token.span.lo as usize..token.span.hi as usize) == Some(name)
        });
        if used {
            let comma = if head.is_empty() { "" } else { ", " };
            // Writing to a string cannot fail.
            let _ = write!(head, "{comma}{name}: {}", param.ty);
        }
    }
    if head.is_empty() { expr.to_string() } else { format!("|{head}| {expr}") }
}
