#![forbid(unsafe_code)]
//! Mistyped names before types in brackets: `vecc[i64]`, `apender[i64]`.
//!
//! Promises: only a name that is like a keyword is taken for it, and what stands in its brackets is read as that keyword's,
//! so that one slip is one message. Must not: guess about names without brackets; what those mean is not known here.

use super::{Parser, TokenKind};
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::syntax::token::{BuilderKind, Keyword};

/// What other languages call types with types in brackets.
const FOREIGN: &[(&str, &str)] =
    &[("list", "vec"), ("array", "vec"), ("vector", "vec"), ("hashmap", "dict"), ("dictionary", "dict")];

impl Parser<'_> {
    /// The keyword that the name here stands for, when a `[` follows it and a type belongs here. Says so.
    pub(super) fn mistyped_type(&mut self) -> Option<Keyword> {
        if self.kind_after() != TokenKind::OpenBracket {
            return None;
        }
        let span = self.span();
        let text = self.snippet(span);
        let foreign = FOREIGN.iter().find(|row| row.0 == text.to_lowercase()).map(|row| row.1.to_string());
        let near = foreign.or_else(|| suggest(text, generic().map(|(word, _)| word)))?;
        let keyword = generic().find(|(word, _)| *word == near)?.1;
        self.report_mistyped("type", text, &near, span);
        Some(keyword)
    }

    /// The builder that the name here stands for, when types in brackets follow it where a value belongs. Says so.
    pub(super) fn mistyped_builder(&mut self) -> Option<BuilderKind> {
        let after = |n: usize| self.tokens.get(self.at + n).map(|token| token.kind);
        let is_type = match after(2) {
            // `v[i64(x)]` is an attempt to read an element.
            Some(TokenKind::Keyword(Keyword::Scalar(_))) => after(3) != Some(TokenKind::OpenParen),
            Some(TokenKind::Keyword(Keyword::Vec | Keyword::Dict | Keyword::Simd))
            | Some(TokenKind::Question) => true,
            _ => false,
        };
        if self.kind_after() != TokenKind::OpenBracket || !is_type {
            return None;
        }
        let builders = || {
            generic().filter_map(|(word, keyword)| match keyword {
                Keyword::Builder(builder) => Some((word, builder)),
                _ => None,
            })
        };
        let span = self.span();
        let text = self.snippet(span);
        let near = suggest(text, builders().map(|(word, _)| word))?;
        let builder = builders().find(|(word, _)| *word == near)?.1;
        self.report_mistyped("builder", text, &near, span);
        Some(builder)
    }

    fn report_mistyped(&mut self, what: &str, text: &str, near: &str, span: Span) {
        let title = format!("no {what} is named `{text}`");
        let message = Diagnostic::new(Code::UnknownType, span, title).label("unknown");
        self.report(message.help(format!("did you mean `{near}`?")));
    }
}

/// The words that types in brackets follow.
fn generic() -> impl Iterator<Item = (&'static str, Keyword)> {
    Keyword::all().filter(|(_, word)| {
        matches!(word, Keyword::Vec | Keyword::Dict | Keyword::Simd | Keyword::Builder(_))
    })
}
