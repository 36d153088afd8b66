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
            // Anything else that recovery stops at ends the list.
            break;
        }
        self.close(close);
    }

    /// Reads the closing bracket of the innermost open one. A wrong one that closes nothing else counts, so that
    /// one slip is one error.
    pub(super) fn close(&mut self, close: TokenKind) {
        let kind = self.kind();
        if kind != close {
            self.expected(bracket(close));
        }
        self.open.pop();
        let is_ours = || kind == close || !self.open.iter().any(|open| closes(kind, self.snippet(*open)));
        if kind.is_closer() && is_ours() {
            self.bump();
        }
    }

    /// `( expr , ... )`, or a message that `name` needs one.
    pub(super) fn args(&mut self, name: &str) -> Vec<Expr> {
        let mut args = Vec::new();
        if self.kind() != TokenKind::OpenParen {
            let message = self.expected_message(&format!("`(` after `{name}`"));
            let help = match usage(name) {
                Some(usage) => format!("`{name}` is a keyword, it can only be called: `{usage}`"),
                None => format!(
                    "`{name}` is a keyword, it can only be called; as an argument write `|x| {name}(x)`"
                ),
            };
            if self.not_names.contains(&name) {
                // Where it was bound it was reported.
                self.last_error = Some(self.at);
            }
            self.report_here(message.help(help));
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
        let mut message = Diagnostic::new(Code::ArgumentCount, self.since(start), title);
        message.help = usage(name).map(|usage| format!("write it like this: `{usage}`"));
        self.report(message.label(format!("{found} given")));
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

fn closes(close: TokenKind, open: &str) -> bool {
    match close {
        TokenKind::CloseParen => open == "(",
        TokenKind::CloseBracket => open == "[",
        TokenKind::CloseBrace => open == "{",
        _ => false,
    }
}

/// How to call the functions whose arguments are not obvious.
fn usage(name: &str) -> Option<&'static str> {
    Some(match name {
        "for" => "for(v, appender, |b, i, x| merge(b, x))",
        "len" => "len(v)",
        "result" => "result(b)",
        "if" => "if(x > 0, a, b)",
        "select" => "select(x > 0, a, b)",
        "iterate" => "iterate(0, |n| {n + 1, n < 9})",
        "lookup" => "lookup(v, 0L)",
        "optlookup" => "optlookup(d, key)",
        "keyexists" => "keyexists(d, key)",
        "slice" => "slice(v, start, length)",
        "sort" => "sort(v, |a, b| compare(a, b))",
        "merge" => "merge(b, x)",
        "zip" => "zip(a, b)",
        "iter" => "iter(v, start, end, stride)",
        "rangeiter" => "rangeiter(start, end, stride)",
        "nditer" => "nditer(v, start, end, stride, shape, strides)",
        _ => return None,
    })
}
