#![forbid(unsafe_code)]
//! Things in brackets with commas between them, and how to go on when they are broken.

use super::{Parser, TokenKind};
use crate::diag::{Code, Diagnostic, Span};
use crate::syntax::ast::Expr;

impl Parser<'_> {
    /// Reads an opening bracket, elements with commas between them (one may trail), and `close`.
    pub(super) fn brackets(&mut self, close: TokenKind, mut element: impl FnMut(&mut Self)) {
        let open = self.bump();
        self.open.push(open.span);
        loop {
            if self.kind() == close || self.kind() == TokenKind::End {
                break;
            }
            let before = self.at;
            element(self);
            if self.eat(TokenKind::Comma) {
                continue;
            }
            if self.kind() != close {
                self.expected(&format!("`,` or {}", bracket(close)));
                self.recover();
            }
            if self.eat(TokenKind::Comma) {
                continue;
            }
            // Anything else that recovery stops at ends the list; no progress means the same.
            debug_assert!(self.at >= before);
            break;
        }
        self.close(close);
    }

    /// Reads the closing bracket of the innermost open one. A wrong one counts as closed, so that one slip is one error.
    pub(super) fn close(&mut self, close: TokenKind) {
        let kind = self.kind();
        if kind != close {
            let mut message = self.expected_message(bracket(close));
            if let (true, Some(open)) = (kind.is_closer(), self.open.last()) {
                message = message.related(*open, format!("to match this `{}`", self.snippet(*open)));
            }
            self.report_here(message);
        }
        if kind == close || (kind.is_closer() && self.open.len() > 1) || (kind.is_closer() && kind != close) {
            self.bump();
        }
        self.open.pop();
    }

    /// `( expr , ... )`, or a message that `name` needs one.
    pub(super) fn args(&mut self, name: &str) -> Vec<Expr> {
        let mut args = Vec::new();
        if self.kind() != TokenKind::OpenParen {
            let message = self.expected_message(&format!("`(` after `{name}`"));
            self.report_here(
                message.help(format!("`{name}` is a keyword: it can only be called, as {name}(...)")),
            );
            return args;
        }
        self.brackets(TokenKind::CloseParen, |parser| args.push(parser.expr()));
        args
    }

    /// Says so when a call that began at `start` and ends here does not have one of the `allowed` numbers of arguments.
    pub(super) fn check_count(&mut self, name: &str, start: Span, found: usize, allowed: &[usize]) {
        // A call that is broken anyway gets one message.
        if allowed.contains(&found) || self.last_error.is_some_and(|at| at >= self.index_of(start)) {
            return;
        }
        let counts: Vec<String> = allowed.iter().map(usize::to_string).collect();
        let plural = if allowed == [1] { "argument" } else { "arguments" };
        let title = format!("`{name}` takes {} {plural}, found {found}", counts.join(" or "));
        self.report(
            Diagnostic::new(Code::ArgumentCount, self.since(start), title).label(format!("{found} given")),
        );
    }

    /// The index of the token that begins at `span`.
    fn index_of(&self, span: Span) -> usize {
        self.tokens.partition_point(|token| token.span.lo < span.lo)
    }
}

pub(super) fn bracket(close: TokenKind) -> &'static str {
    match close {
        TokenKind::CloseBracket => "`]`",
        TokenKind::CloseBrace => "`}`",
        _ => "`)`",
    }
}
