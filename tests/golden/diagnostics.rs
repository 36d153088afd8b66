//! `tests/diagnostics/<CODE>/*.weld`: a program and the exact rendering of its messages, the first of which has the code
//! of the folder; `several/` holds programs with independent mistakes that are reported in one go.
//!
//! A `#@ fix: TEXT => REPLACEMENT` line says what the help says: with the first TEXT replaced the program checks, so a
//! help that does not compile fails here. Where a help shows code that cannot be put in place, `#@ no-fix: WHY` says why. In the text
//! `%{X*N}%` stands for N times X, for programs too large to be written out.

use super::fixture::{Fixture, files};
use libtest_mimic::{Failed, Trial};
use std::path::Path;
use weld::config::Config;
use weld::diag::render::{RenderOptions, render};
use weld::diag::{Diagnostic, Diagnostics};
use weld::session::Session;

/// A trial per file.
pub fn trials() -> Vec<Trial> {
    let files = files("tests/diagnostics").into_iter();
    files.map(|(name, path)| Trial::test(name.clone(), move || trial(&name, &path))).collect()
}

fn trial(name: &str, path: &Path) -> Result<(), Failed> {
    let fixture = Fixture::read(path)?;
    let (session, messages) = check(&repeat(&fixture.program));
    let folder = name.split('/').nth(2).unwrap_or_default();
    if folder == "several" {
        let errors = messages.0.iter().filter(|message| message.code.is_error()).count();
        if errors < 2 {
            return Err("a program in `several/` has several errors".into());
        }
    } else if messages.0.iter().all(|message| message.code.id() != folder) {
        let found: Vec<String> = messages.0.iter().map(|m| format!("{} {}", m.code.id(), m.title)).collect();
        return Err(format!("no message has the code of the folder: {found:?}").into());
    }
    check_fixes(&fixture, &messages)?;
    Ok(fixture.expect(&render(
        &messages,
        session.sources(),
        RenderOptions { color: false, width: 100, bounded: false },
    ))?)
}

/// The messages about a program: errors, or the warnings of a good one.
fn check(text: &str) -> (Session, Diagnostics) {
    let mut session = Session::new(Config { threads: 1, ..Config::default() });
    let source = session.add_source("p.weld", text.to_string());
    let messages = match session.check(source) {
        Ok(checked) => checked.warnings,
        Err(messages) => messages,
    };
    (session, messages)
}

/// Every `#@ fix` repeats what a message says, and together they make the program right.
fn check_fixes(fixture: &Fixture, messages: &Diagnostics) -> Result<(), String> {
    let headers = |key: &'static str| fixture.header.iter().filter(move |(found, _)| found == key);
    let shows_code = |message: &Diagnostic| message.help.as_ref().is_some_and(|help| help.contains('`'));
    let mut program = fixture.program.clone();
    let body =
        program.split_inclusive('\n').take_while(|line| line.starts_with("#@")).map(str::len).sum::<usize>();
    let mut any = false;
    for (_, fix) in headers("fix") {
        let (text, replacement) = fix.split_once("=>").ok_or("a fix is written `TEXT => REPLACEMENT`")?;
        let (text, replacement) = (text.trim(), replacement.trim());
        if !messages.0.iter().any(|message| says(message, replacement)) {
            return Err(format!("no message says `{replacement}`"));
        }
        let rest = program.get(body..).unwrap_or_default();
        if !rest.contains(text) {
            return Err(format!("`{text}` does not stand in the program"));
        }
        program = format!("{}{}", &program[..body], rest.replacen(text, replacement, 1));
        any = true;
    }
    if !any {
        let code = messages.0.iter().find(|message| shows_code(message));
        return match (code, headers("no-fix").next()) {
            (Some(message), None) => Err(format!("a `#@ fix` must test this help: {:?}", message.help)),
            _ => Ok(()),
        };
    }
    let (session, left) = check(&repeat(&program));
    // A fix of a warning makes the warning go, too.
    let warnings =
        |messages: &Diagnostics| messages.0.iter().filter(|message| !message.code.is_error()).count();
    if left.has_errors() || (!messages.has_errors() && warnings(&left) >= warnings(messages)) {
        let shown =
            render(&left, session.sources(), RenderOptions { color: false, width: 100, bounded: false });
        return Err(format!("the program is still wrong after its fixes:\n{shown}"));
    }
    Ok(())
}

/// Whether a message has these words of code: in its help, or in a label such as "did you mean".
fn says(message: &Diagnostic, code: &str) -> bool {
    let labels = message.related.iter().chain([&message.primary]).map(|label| label.text.as_str());
    message.help.as_deref().into_iter().chain(labels).any(|words| words.contains(code))
}

/// The text with each `%{X*N}%` written out.
fn repeat(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("%{") {
        out.push_str(before);
        let Some((inside, after)) = after.split_once("}%") else { break };
        let (part, times) = inside.rsplit_once('*').unwrap_or((inside, "1"));
        out.push_str(&part.repeat(times.trim().parse().unwrap_or(1)));
        rest = after;
    }
    out + rest
}
