#![forbid(unsafe_code)]
//! Whether what was typed so far is a whole input.
//!
//! Promises: the same rule for the line editor and for piped input; a program that comes line by line is read in time
//! near-linear in its length, because a long text is parsed only where it could end.

use crate::diag::SourceId;
use crate::syntax::{TokenKind, is_complete, lex};

/// Texts below this are parsed at every line.
pub(super) const SHORT: usize = 4096;

/// Text typed or pasted at the prompt beyond this is not worth waiting for: it belongs in a file.
pub(super) const MAX_TYPED: usize = 1 << 20;

/// Whether `text` is to be answered now; otherwise it wants another line.
pub(super) fn is_whole(text: &str) -> bool {
    let trimmed = text.trim();
    let is_command = trimmed.starts_with(':') || super::commands::without_colon(trimmed).is_some();
    trimmed.is_empty() || is_command || is_complete(text)
}

/// Lines on their way to an input.
#[derive(Default)]
pub(super) struct Collector {
    text: String,
    /// How much of the text has been looked at line by line.
    scanned: usize,
    /// Brackets that are open there.
    depth: i64,
    /// Whether a line made no sense by itself, such as the second one of a string of two lines: `depth` is then a guess.
    in_doubt: bool,
    /// The length of the text when it was last parsed in doubt.
    parsed: usize,
}

impl Collector {
    /// Adds text. Lines may come in several pieces.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// What came so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What came so far, as the input.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Whether this is an input, at the end of a line.
    pub fn is_whole(&mut self) -> bool {
        let goes_on = self.scan();
        if self.text.len() < SHORT {
            return is_whole(&self.text);
        }
        if self.in_doubt {
            // Without a sign of where it could end, parsing at every line would take forever.
            if self.text.len() < self.parsed / 4 * 5 {
                return false;
            }
            self.parsed = self.text.len();
        } else if goes_on || self.depth > 0 {
            return false;
        }
        is_whole(&self.text)
    }

    /// Looks at the lines that are new; tells whether no program ends with the last one.
    fn scan(&mut self) -> bool {
        let mut goes_on = true;
        let lines = self.text.get(self.scanned..).unwrap_or("").lines();
        for line in lines {
            let (tokens, messages) = lex(SourceId::default(), line);
            self.in_doubt |= messages.has_errors();
            for token in &tokens {
                self.depth += i64::from(token.kind.is_opener()) - i64::from(token.kind.is_closer());
            }
            let visible = |kind: &TokenKind| !matches!(kind, TokenKind::Comment | TokenKind::End);
            let last = tokens.iter().rev().map(|token| token.kind).find(visible);
            if let Some(last) = last {
                goes_on = wants_more(last);
            }
        }
        self.scanned = self.text.len();
        goes_on
    }
}

/// Whether no program ends with this token.
fn wants_more(last: TokenKind) -> bool {
    let joins = matches!(last, TokenKind::Semicolon | TokenKind::Comma | TokenKind::Equal | TokenKind::Colon);
    joins || last.is_opener() || last.binary_op().is_some()
}

/// Whether nothing but comments is in it.
pub(super) fn only_comments(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::{Collector, is_whole, only_comments};

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

    /// The number of lines after which a collector has a whole input.
    fn lines_taken(lines: &[&str]) -> Option<usize> {
        let mut collector = Collector::default();
        for (at, line) in lines.iter().enumerate() {
            collector.push(line);
            collector.push("\n");
            if collector.is_whole() {
                return Some(at + 1);
            }
        }
        None
    }

    #[test]
    fn long_programs_are_whole_at_their_last_line_only() {
        let lets: Vec<String> = (0..5000).map(|at| format!("let x{at} = {at}; # one")).collect();
        let mut lines: Vec<&str> = lets.iter().map(String::as_str).collect();
        lines.extend(["", "# and", "x7", "never"]);
        assert_eq!(lines_taken(&lines), Some(5003));

        let mut lines = vec!["len(["];
        lines.resize(200_000, "1,");
        lines.extend(["1", "])", "never"]);
        assert_eq!(lines_taken(&lines), Some(200_002));

        // Commas in front do not fool it.
        let mut lines = vec!["len([1"];
        lines.resize(200_000, ", 1");
        lines.extend(["])"]);
        assert_eq!(lines_taken(&lines), Some(200_001));
    }

    #[test]
    fn texts_without_sense_end_in_time() {
        let mut lines = vec!["len(\"it"];
        lines.resize(100_000, "goes ( on");
        assert_eq!(lines_taken(&lines), None);
        // A closing bracket too many is an error that no further line repairs.
        let mut lines = vec!["[1,"];
        lines.resize(3000, "1,");
        lines.push("1]))");
        assert_eq!(lines_taken(&lines), Some(3001));
    }

    #[test]
    fn lines_may_come_in_pieces() {
        let mut collector = Collector::default();
        for piece in ["1 ", "+", " 1"] {
            collector.push(piece);
        }
        assert!(collector.is_whole());
        assert_eq!(collector.into_text(), "1 + 1");
    }

    #[test]
    fn comments() {
        assert!(only_comments("# a\n\n  # b"));
        assert!(!only_comments("# a\n1"));
    }
}
