#![forbid(unsafe_code)]
//! Tests of the checker, all from program text.

mod builders;
mod errors;
mod limits;
mod programs;

use super::check;
use crate::diag::{Code, Diagnostic, Diagnostics, SourceId, SourceMap};
use crate::expand;
use crate::ir::{ExprKind, Program, Ty, print, verify, visit};
use crate::syntax;

/// Parses, expands and checks a text.
fn outcome(text: &str) -> (Option<Program>, Diagnostics) {
    let (program, messages) = syntax::parse(SourceId(0), text);
    assert!(!messages.has_errors(), "{text}\ndoes not parse: {:?}", messages.0);
    let (body, messages) = expand::expand(&program);
    assert!(!messages.has_errors(), "{text}\ndoes not expand: {:?}", messages.0);
    let names: Vec<String> = expand::macro_names(&program).map(str::to_string).collect();
    check(&body, &names)
}

/// The program, which must have no error.
fn accept(text: &str) -> Program {
    let (program, messages) = outcome(text);
    let Some(program) = program else { panic!("{text}\nis rejected: {:#?}", messages.0) };
    assert!(!messages.has_errors());
    if let Err(problem) = verify::verify(&program) {
        panic!("{text}\nis not well formed: {problem}\n{}", print::program(&program));
    }
    visit::walk(&program.func.body, &mut |expr| {
        assert!(!expr.ty.to_string().contains('?'), "{text}\nhas an unknown type: {expr:?}");
        if let ExprKind::For(parts) = &expr.kind {
            assert!(parts.func.params.iter().all(|param| !matches!(param.ty, Ty::Infer(_))));
        }
    });
    program
}

/// The type of the result, as text. The printed program must be the same program.
fn type_of(text: &str) -> String {
    let program = accept(text);
    let printed = print::program(&program);
    assert_eq!(print::program(&accept(&printed)), printed, "{text}");
    program.func.body.ty.to_string()
}

/// The errors, of which there must be some.
fn errors(text: &str) -> Vec<Diagnostic> {
    let (program, messages) = outcome(text);
    assert!(program.is_none(), "{text}\nis accepted");
    messages.0.into_iter().filter(|message| message.code.is_error()).collect()
}

/// The codes and places of the errors: `(E0201, "x + 1L")`.
fn codes(text: &str) -> Vec<(Code, String)> {
    let mut sources = SourceMap::default();
    sources.add("test", text.to_string());
    errors(text).iter().map(|error| (error.code, sources.snippet(error.primary.span).to_string())).collect()
}

/// The only error.
fn error(text: &str) -> Diagnostic {
    let mut all = errors(text);
    assert_eq!(all.len(), 1, "{text}\nhas several errors: {all:#?}");
    all.remove(0)
}

/// Requires one error with this code at this text.
fn rejects(text: &str, code: Code, place: &str) {
    assert_eq!(codes(text), [(code, place.to_string())], "{text}: {:#?}", errors(text));
}

/// The codes of the warnings of an accepted program.
fn warnings(text: &str) -> Vec<Code> {
    let (program, messages) = outcome(text);
    assert!(program.is_some(), "{text}\nis rejected: {:#?}", messages.0);
    messages.0.iter().map(|message| message.code).collect()
}

/// The last piece of code in the help of the only error.
fn fix(text: &str) -> String {
    let help = error(text).help.unwrap_or_default();
    help.rsplit('`').nth(1).unwrap_or("").to_string()
}

/// Requires that the help of the only error, put in place of `wrong`, makes the program `right`, which compiles.
fn fixed_by(text: &str, wrong: &str, new: &str) {
    assert_eq!(fix(text), new, "{text}: {:#?}", error(text));
    let repaired = text.replacen(wrong, new, 1);
    assert_ne!(repaired, text);
    accept(&repaired);
}
