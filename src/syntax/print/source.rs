#![forbid(unsafe_code)]
//! The text that is being printed anew: its tokens, their spelling, and the comments between them.
//!
//! Promises: every comment is handed out once, in order, before the first token behind it that is printed. A comment at
//! the end of a line stays behind the commas and closing brackets that follow it, so that the same text printed again
//! has it in the same place.
//! Must not: know the grammar; the tree says which tokens come next.

use crate::diag::Span;
use crate::syntax::ast::IterKind;
use crate::syntax::token::{Keyword, Token, TokenKind};

/// A comment and how it stands.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::syntax) struct Comment {
    /// From `#` to the last character that can be seen.
    pub text: String,
    /// Whether it stands behind a token on the same line.
    pub trailing: bool,
    /// Whether an empty line stands before it.
    pub blank: bool,
}

/// What stands before a token that is printed.
#[derive(Default)]
pub(in crate::syntax) struct Before {
    pub comments: Vec<Comment>,
    /// Whether an empty line stands before the token.
    pub blank: bool,
}

pub(in crate::syntax) struct Source<'a> {
    text: &'a str,
    /// Without comments; the last one is [`TokenKind::End`].
    tokens: Vec<Token>,
    /// Whether an empty line stands before each token.
    blanks: Vec<bool>,
    /// The comments with the index of the token behind each, in order; those handed out are gone.
    comments: std::iter::Peekable<std::vec::IntoIter<(usize, Comment)>>,
    /// The next token.
    at: usize,
    /// What stood before tokens that were left out or that it stays behind.
    carried: Vec<Comment>,
    blank: bool,
    /// Whether a token has been printed.
    printed: bool,
}

impl<'a> Source<'a> {
    /// The tokens of `text`, comments included, without what stands before byte `start`.
    pub fn new(text: &'a str, all: Vec<Token>, start: usize) -> Source<'a> {
        let (mut tokens, mut blanks, mut comments) = (Vec::with_capacity(all.len()), Vec::new(), Vec::new());
        // A line break at the end of the part that is left out counts.
        let mut end =
            if text.get(..start).is_some_and(|head| head.ends_with('\n')) { start - 1 } else { start };
        for token in all {
            let (lo, hi) = (token.span.lo as usize, token.span.hi as usize);
            if lo < start && token.kind != TokenKind::End {
                continue;
            }
            let between = text.get(end..lo).unwrap_or("");
            let breaks = between.bytes().filter(|byte| *byte == b'\n').take(2).count();
            end = hi;
            if token.kind == TokenKind::Comment {
                let shown = text.get(lo..hi).unwrap_or("").trim_end().to_string();
                let trailing = breaks == 0 && !tokens.is_empty();
                comments.push((tokens.len(), Comment { text: shown, trailing, blank: breaks == 2 }));
            } else {
                tokens.push(token);
                blanks.push(breaks == 2);
            }
        }
        let comments = comments.into_iter().peekable();
        Source { text, tokens, blanks, comments, at: 0, carried: Vec::new(), blank: false, printed: false }
    }

    fn token(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    /// The text of a token.
    pub fn snippet(&self, token: Token) -> &'a str {
        self.text.get(token.span.lo as usize..token.span.hi as usize).unwrap_or("")
    }

    /// Goes past the next token.
    fn pass(&mut self) {
        while let Some((_, mut comment)) = self.comments.next_if(|(before, _)| *before <= self.at) {
            comment.trailing &= self.carried.is_empty();
            self.carried.push(comment);
        }
        self.blank |= self.blanks.get(self.at).copied().unwrap_or(false);
        self.at += 1;
    }

    /// Goes to the token `expected`, past brackets and commas that are not printed. When the source does not have
    /// it, nothing happens.
    pub fn find(&mut self, expected: &str) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        for (ahead, token) in rest.iter().enumerate() {
            if self.snippet(*token) == expected {
                (0..=ahead).for_each(|_| self.pass());
                return true;
            }
            if !may_be_left_out(token.kind) {
                return false;
            }
        }
        false
    }

    /// Goes to the token that begins at `span`: its text.
    pub fn find_at(&mut self, span: Span) -> Option<(TokenKind, &'a str)> {
        while self.token().is_some_and(|token| token.span.lo < span.lo) {
            self.pass();
        }
        let token = self.token().filter(|token| token.span.lo == span.lo)?;
        self.pass();
        Some((token.kind, self.snippet(token)))
    }

    /// Goes past everything before byte `end`.
    pub fn leave_out(&mut self, end: u32) {
        while self.token().is_some_and(|token| token.span.lo < end) {
            self.pass();
        }
    }

    /// Goes past the next token if `test` says so.
    pub fn next_if(&mut self, test: impl FnOnce(Token) -> bool) -> Option<Token> {
        let token = self.token().filter(|token| token.kind != TokenKind::End && test(*token))?;
        self.pass();
        Some(token)
    }

    /// The next token, which stays.
    pub fn peek(&self) -> Option<TokenKind> {
        self.token().map(|token| token.kind)
    }

    /// What is to be printed before `text`, which is printed now.
    pub fn before(&mut self, text: &str) -> Before {
        let stays = match text {
            "," | ";" => true,
            ")" | "]" | "}" => self.carried.iter().all(|comment| comment.trailing),
            _ => false,
        };
        let blank = std::mem::take(&mut self.blank);
        let printed = std::mem::replace(&mut self.printed, true);
        if stays {
            return Before::default();
        }
        let mut comments = std::mem::take(&mut self.carried);
        // What begins with `#@` is no header inside a program, so it must not come to stand before it.
        let header = |comment: &Comment| !printed && comment.text.starts_with("#@");
        if let Some(at) = comments.iter().position(header) {
            self.carried = comments.split_off(at);
        }
        Before { comments, blank }
    }

    /// Whether it begins with an empty line.
    pub fn starts_blank(&mut self) -> bool {
        match self.comments.peek() {
            Some((0, comment)) => comment.blank,
            _ => self.blanks.first().copied().unwrap_or(false),
        }
    }
}

/// Whether the tree may do without it: brackets around an operand, a comma at the end of a list, `iter` around plain
/// data, annotations that others override.
fn may_be_left_out(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::OpenParen
            | TokenKind::CloseParen
            | TokenKind::Comma
            | TokenKind::At
            | TokenKind::Keyword(Keyword::Iter(IterKind::Iter))
    )
}
