#![forbid(unsafe_code)]
//! Whether what was typed so far is a whole input.
//!
//! Promises: the same rule for the line editor and for piped input; the cost of a whole program typed line by line stays
//! near-linear, because long texts are parsed only when their last line could end them.

use crate::diag::SourceId;
use crate::syntax::{TokenKind, is_complete, lex};

/// Texts below this are parsed at every line.
const SHORT: usize = 4096;

/// Text typed or pasted at the prompt beyond this is not worth waiting for: it belongs in a file.
pub(super) const MAX_TYPED: usize = 1 << 20;

/// Whether `text` is to be answered now; otherwise it wants another line.
pub(super) fn is_whole(text: &str) -> bool {
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.starts_with(':') || super::commands::without_colon(trimmed).is_some() {
        return true;
    }
    if text.len() > SHORT && goes_on(text.trim_end().rsplit('\n').next().unwrap_or("")) {
        return false;
    }
    is_complete(text)
}

/// Whether nothing but comments is in it.
pub(super) fn only_comments(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// Whether no program ends with this line.
fn goes_on(line: &str) -> bool {
    let (tokens, messages) = lex(SourceId::default(), line);
    if messages.has_errors() {
        return false;
    }
    let last = tokens.iter().rev().find(|token| !matches!(token.kind, TokenKind::Comment | TokenKind::End));
    let Some(last) = last else { return true };
    let kind = last.kind;
    let joins = matches!(kind, TokenKind::Semicolon | TokenKind::Comma | TokenKind::Equal | TokenKind::Colon);
    joins || kind.is_opener() || kind.binary_op().is_some()
}

#[cfg(test)]
mod tests {
    use super::{goes_on, is_whole, only_comments};

    #[test]
    fn commands_and_programs_are_whole() {
        for text in
            ["", "  ", ":help", ":in v = [1,", "load a.weld", "quit", "1 + 1", "|| 2", "let x = 1; x", ") x"]
        {
            assert!(is_whole(text), "{text}");
        }
    }

    #[test]
    fn beginnings_are_not_whole() {
        for text in ["|v: vec[i64]|", "let x = 1;", "sum(map(v,", "1 +", "macro f(x) = x;", "\"abc"] {
            assert!(!is_whole(text), "{text}");
        }
    }

    #[test]
    fn long_programs_are_whole_at_their_last_line_only() {
        let mut text = String::new();
        for at in 0..1000 {
            text += &format!("let x{at} = {at};\n");
        }
        assert!(!is_whole(&text));
        assert!(is_whole(&format!("{text}x7")));
    }

    #[test]
    fn lines_that_go_on() {
        for line in ["let x = 1;", "a,", "f(", "1 +", "x =", "# words", "a; # words"] {
            assert!(goes_on(line), "{line}");
        }
        for line in ["x", "f(x)", "\"a;", "}"] {
            assert!(!goes_on(line), "{line}");
        }
    }

    #[test]
    fn comments() {
        assert!(only_comments("# a\n\n  # b"));
        assert!(!only_comments("# a\n1"));
    }
}
