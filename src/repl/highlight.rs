#![forbid(unsafe_code)]
//! Colours of what is being typed, from the compiler's own tokens.
//!
//! Promises: the text with its escape codes taken out is the text that came in; the cost is one run of the lexer.

use crate::diag::SourceId;
use crate::syntax::{Token, TokenKind, lex};
use crate::view::{Role, Screen};
use std::ops::Range;

/// Longer texts stay as they are, so that typing does not slow down.
pub(super) const LONGEST: usize = 16 << 10;

/// The text in colours. `cursor` is the byte where the cursor stands: a bracket there is shown with its partner.
pub(super) fn highlight(text: &str, cursor: usize, screen: Screen) -> String {
    if !screen.color || text.len() > LONGEST {
        return text.to_string();
    }
    if text.trim_start().starts_with(':') {
        let end = text
            .trim_start()
            .find(char::is_whitespace)
            .map_or(text.len(), |at| at + text.len() - text.trim_start().len());
        let (command, rest) = text.split_at(end);
        return screen.paint(Role::Rule, command) + rest;
    }
    let (tokens, _) = lex(SourceId::default(), text);
    let pair = brackets(&tokens, cursor);
    let mut shown = String::new();
    let mut done = 0;
    for token in &tokens {
        let range = range(token);
        let (Some(between), Some(word)) = (text.get(done..range.start), text.get(range.clone())) else {
            continue;
        };
        shown += between;
        let role = if pair.contains(&Some(range.start)) { Some(Role::Heading) } else { role(token.kind) };
        shown += &role.map_or(word.to_string(), |role| screen.paint(role, word));
        done = range.end;
    }
    shown + text.get(done..).unwrap_or("")
}

fn range(token: &Token) -> Range<usize> {
    token.span.lo as usize..token.span.hi as usize
}

fn role(kind: TokenKind) -> Option<Role> {
    match kind {
        TokenKind::Keyword(_) => Some(Role::Rule),
        TokenKind::Int(..) | TokenKind::F32(_) | TokenKind::F64(_) => Some(Role::Cost),
        TokenKind::Str | TokenKind::EscapedStr => Some(Role::Added),
        TokenKind::Comment => Some(Role::Dim),
        TokenKind::Error => Some(Role::Error),
        _ => None,
    }
}

/// Where the bracket at or before the cursor and its partner begin.
fn brackets(tokens: &[Token], cursor: usize) -> [Option<usize>; 2] {
    let is_bracket = |token: &Token| token.kind.is_opener() || token.kind.is_closer();
    let touches = |token: &Token| token.span.lo as usize == cursor || token.span.hi as usize == cursor;
    let Some(at) = tokens.iter().position(|token| is_bracket(token) && touches(token)) else {
        return [None, None];
    };
    let Some(own) = tokens.get(at) else { return [None, None] };
    let mut depth = 0i64;
    let mut closes = |token: &Token, deeper: bool| {
        if is_bracket(token) {
            depth += if deeper { 1 } else { -1 };
        }
        depth == 0
    };
    let partner = if own.kind.is_opener() {
        tokens.iter().skip(at).find(|token| closes(token, token.kind.is_opener()))
    } else {
        tokens.iter().take(at + 1).rev().find(|token| closes(token, token.kind.is_closer()))
    };
    // A bracket without a partner keeps its own looks.
    match partner {
        Some(partner) => [Some(own.span.lo as usize), Some(partner.span.lo as usize)],
        None => [None, None],
    }
}

#[cfg(test)]
mod tests {
    use super::highlight;
    use crate::view::Screen;

    const COLORED: Screen = Screen { color: true, width: 80, bounded: true };

    /// The text without escape codes.
    fn bare(text: &str) -> String {
        let mut escape = false;
        let kept = text.chars().filter(|c| {
            let hidden = escape || *c == '\u{1b}';
            escape = hidden && *c != 'm';
            !hidden
        });
        kept.collect()
    }

    #[test]
    fn nothing_but_colours_is_added() {
        for text in [
            "",
            ":load a.weld",
            ":",
            "|v: vec[i64]| sum(v) # all",
            "let é = \"ü",
            "1 § 2",
            "  ((",
            "e\"\\n\" 1.5F",
        ] {
            for cursor in 0..=text.len() {
                assert_eq!(bare(&highlight(text, cursor, COLORED)), text);
            }
        }
    }

    #[test]
    fn plain_screens_and_long_texts_stay_plain() {
        assert_eq!(
            highlight("let x = 1; x", 0, Screen { color: false, width: 80, bounded: true }),
            "let x = 1; x"
        );
        let long = "1 + ".repeat(10_000);
        assert_eq!(highlight(&long, 0, COLORED), long);
    }

    #[test]
    fn brackets_are_shown_in_pairs() {
        let bold = |text: &str, cursor| highlight(text, cursor, COLORED).matches("\u{1b}[1m").count();
        assert_eq!(bold("f(g(x))", 1), 2);
        assert_eq!(bold("f(g(x))", 7), 2);
        assert_eq!(bold("f(g(x)", 1), 0);
        assert_eq!(bold("x + y", 1), 0);
    }
}
