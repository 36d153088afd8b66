#![forbid(unsafe_code)]
//! `weld fmt`: a program text in its canonical form.
//!
//! Promises: the result parses to the same tree and has the same comments in the same order, which is checked each
//! time before anybody gets it; formatting it again changes nothing; `#@` lines at the top stay byte for byte; a text
//! that does not parse is refused.

#[cfg(test)]
mod tests;

use super::ast::Program;
use super::print::program;
use super::print::source::Source;
use super::{TokenKind, lex, parse, same};
use crate::diag::{Diagnostics, SourceId};
use crate::ir::layout::{Layout, WIDTH};

/// Why a text was not formatted.
#[derive(Clone, Debug)]
pub enum Unformatted {
    /// It does not parse.
    Rejected(Diagnostics),
    /// The result would not be the same program: a bug of ours.
    Internal(String),
}

/// The canonical form of a program text.
pub fn format(source: SourceId, text: &str) -> Result<String, Unformatted> {
    format_within(source, text, WIDTH)
}

/// The same in lines of `width` columns.
pub(super) fn format_within(source: SourceId, text: &str, width: u32) -> Result<String, Unformatted> {
    let before = read(source, text)?;
    let head = header(text);
    let (tokens, _) = lex(source, text);
    let newline = if text.lines().next().is_some_and(|line| text[line.len()..].starts_with("\r\n")) {
        "\r\n"
    } else {
        "\n"
    };
    let mut source_text = Source::new(text, tokens, head);
    let starts_blank = head > 0 && source_text.starts_blank();
    let body = program(before.as_ref(), source_text, Layout::with_lines(width, newline));
    let mut out = text.get(..head).unwrap_or("").to_string();
    if !out.is_empty() && !body.is_empty() {
        if !out.ends_with('\n') {
            out.push_str(newline);
        }
        if starts_blank {
            out.push_str(newline);
        }
    }
    out.push_str(&body);
    if !body.is_empty() {
        out.push_str(newline);
    }
    verify(text, before.as_ref(), &out)?;
    Ok(out)
}

/// The program; none when the text has only comments.
fn read(source: SourceId, text: &str) -> Result<Option<Program>, Unformatted> {
    let (tokens, messages) = lex(source, text);
    let is_empty = tokens.iter().all(|token| matches!(token.kind, TokenKind::Comment | TokenKind::End));
    if is_empty && !messages.has_errors() {
        return Ok(None);
    }
    let (program, messages) = parse(source, text);
    if messages.has_errors() { Err(Unformatted::Rejected(messages)) } else { Ok(Some(program)) }
}

/// Where the last `#@` line before the program ends.
fn header(text: &str) -> usize {
    let (mut at, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        let shown = line.trim();
        if !shown.is_empty() && !shown.starts_with('#') {
            break;
        }
        at += line.len();
        if shown.starts_with("#@") {
            end = at;
        }
    }
    end
}

/// Refuses a result that lost something.
fn verify(text: &str, before: Option<&Program>, out: &str) -> Result<(), Unformatted> {
    let internal = |what: &str| Err(Unformatted::Internal(what.to_string()));
    let after = match read(SourceId::default(), out) {
        Ok(after) => after,
        Err(Unformatted::Rejected(messages)) => {
            let why = messages.first_error().map_or(String::new(), |message| message.title.clone());
            return internal(&format!("the formatted program does not parse: {why}"));
        }
        Err(other) => return Err(other),
    };
    let is_same = match (before, &after) {
        (Some(before), Some(after)) => same(before, after),
        (before, after) => before.is_none() && after.is_none(),
    };
    if !is_same {
        return internal("the formatted program is another one");
    }
    if !comments(text).eq(comments(out)) {
        return internal("the formatted program has other comments");
    }
    Ok(())
}

/// The comments of a text, without the spaces at their ends.
fn comments(text: &str) -> impl Iterator<Item = &str> {
    let (tokens, _) = lex(SourceId::default(), text);
    let comments = tokens.into_iter().filter(|token| token.kind == TokenKind::Comment);
    comments
        .map(move |token| text.get(token.span.lo as usize..token.span.hi as usize).unwrap_or("").trim_end())
}
