#![forbid(unsafe_code)]
//! From tokens to a tree: recursive descent without backtracking (LANGUAGE section 2).
//!
//! Promises: never panics; ends in time linear in the text; goes on after an error and reports up to 20;
//! a tree nested more than [`MAX_NESTING`] levels is an error, chains of operators, lets, calls and fields
//! are loops and not nesting.
//! Must not: decide what names mean.

mod expr;
mod leaf;
mod list;
mod loops;
mod mistyped;
mod program;
#[cfg(test)]
mod tests;
mod ty;

use super::ast::{Ident, Program};
use super::lexer;
use super::token::{Token, TokenKind};
use crate::diag::{Code, Diagnostic, Diagnostics, SourceId, Span};

/// How many operands a program may have: each becomes a node, and more nodes than these are refused later anyway.
const MAX_OPERANDS: u32 = 1_000_000;
/// How deep expressions may be nested.
pub const MAX_NESTING: u32 = 4096;

/// Parses a whole program. The tree is complete when the diagnostics hold no error; otherwise
/// [`ExprKind::Error`](super::ast::ExprKind::Error) stands where the parser gave up.
pub fn parse(source: SourceId, text: &str) -> (Program, Diagnostics) {
    let (program, parser) = run(source, text);
    (program, parser.finish())
}

/// Whether typing more could not repair `text`: it is a program, or has an error before its end.
/// A text without any token is complete.
pub fn is_complete(text: &str) -> bool {
    let source = SourceId::default();
    let (tokens, messages) = lexer::lex(source, text);
    if messages.0.iter().any(|message| message.code == Code::UnclosedDelimiter) {
        return false;
    }
    if messages.has_errors()
        || tokens.iter().all(|token| matches!(token.kind, TokenKind::Comment | TokenKind::End))
    {
        return true;
    }
    run(source, text).1.first_error_is_end != Some(true)
}

fn run(source: SourceId, text: &str) -> (Program, Parser<'_>) {
    let (mut tokens, diagnostics) = lexer::lex(source, text);
    tokens.retain(|token| token.kind != TokenKind::Comment);
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        diagnostics,
        depth: 0,
        operands: 0,
        open: Vec::new(),
        last_error: None,
        first_error_is_end: None,
        type_notes: Vec::new(),
        not_names: Vec::new(),
    };
    let program = parser.program();
    (program, parser)
}

struct Parser<'a> {
    text: &'a str,
    /// Never empty: the last one is [`TokenKind::End`].
    tokens: Vec<Token>,
    at: usize,
    diagnostics: Diagnostics,
    depth: u32,
    /// How many operands have been read.
    operands: u32,
    /// The brackets that are open here.
    open: Vec<Span>,
    /// The token of the last syntax error: a second one at the same token is noise.
    last_error: Option<usize>,
    /// Whether the first syntax error was that the text ended.
    first_error_is_end: Option<bool>,
    /// Annotations met inside the type that is being read; a builder expression takes them.
    type_notes: Vec<super::ast::Note>,
    /// Keywords that the program took for names, which is reported.
    not_names: Vec<&'a str>,
}

impl<'a> Parser<'a> {
    fn token(&self) -> Token {
        let end = Token { kind: TokenKind::End, span: Span::default() };
        self.tokens.get(self.at).or(self.tokens.last()).copied().unwrap_or(end)
    }

    fn kind(&self) -> TokenKind {
        self.token().kind
    }

    fn kind_after(&self) -> TokenKind {
        self.tokens.get(self.at + 1).map_or(TokenKind::End, |token| token.kind)
    }

    fn span(&self) -> Span {
        self.token().span
    }

    /// The place of the token before this one.
    fn previous(&self) -> Span {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(Span::default(), |token| token.span)
    }

    /// From the start of `first` to the end of the last token read.
    fn since(&self, first: Span) -> Span {
        if self.previous().hi < first.hi { first } else { first.to(self.previous()) }
    }

    fn snippet(&self, span: Span) -> &'a str {
        self.text.get(span.lo as usize..span.hi as usize).unwrap_or("")
    }

    fn bump(&mut self) -> Token {
        let token = self.token();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == kind;
        if found {
            self.bump();
        }
        found
    }

    /// Adds a message that does not disturb the parse.
    fn report(&mut self, message: Diagnostic) {
        self.diagnostics.push_some(message);
    }

    /// Adds a message about the present token, unless there is one already.
    fn report_here(&mut self, message: Diagnostic) {
        if self.last_error == Some(self.at) {
            return;
        }
        self.last_error = Some(self.at);
        self.first_error_is_end.get_or_insert(self.kind() == TokenKind::End);
        // The lexer has said what is wrong with this token, and what follows it looks wrong because of it.
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map(|token| token.kind);
        if self.kind() != TokenKind::Error && before != Some(TokenKind::Error) {
            self.report(message);
        }
    }

    /// Says that `what` should stand here.
    fn expected(&mut self, what: &str) {
        let message = self.expected_message(what);
        self.report_here(message);
    }

    fn expected_message(&self, what: &str) -> Diagnostic {
        let token = self.token();
        if token.kind != TokenKind::End {
            let title = format!("expected {what}, found {}", self.describe(token));
            let message = Diagnostic::new(Code::UnexpectedToken, token.span, title).label("unexpected");
            return match (token.kind, self.open.last()) {
                (TokenKind::Equal, _) if self.kind_after() == TokenKind::Greater => {
                    message.help("a lambda is written with bars, as in `|x| x + 1`")
                }
                (TokenKind::Equal, _) if what.contains("operator") || what.contains("`,`") => {
                    message.help("to compare, write `==`; to name a value, write `let x = ..;`")
                }
                (TokenKind::Semicolon, Some(open)) => {
                    message.related(*open, format!("this `{}` is still open", self.snippet(*open)))
                }
                (kind, Some(open)) if kind.is_closer() => {
                    message.related(*open, format!("to match this `{}`", self.snippet(*open)))
                }
                _ => message,
            };
        }
        match self.open.last() {
            Some(open) => {
                let title = format!("this `{}` is never closed", self.snippet(*open));
                Diagnostic::new(Code::UnclosedDelimiter, *open, title)
                    .label("opened here")
                    .related(token.span, format!("expected {what} before the end of the program"))
            }
            None => Diagnostic::new(
                Code::UnexpectedToken,
                token.span,
                format!("expected {what}, but the program ends"),
            )
            .label("the end"),
        }
    }

    fn describe(&self, token: Token) -> String {
        match token.kind {
            TokenKind::End => "the end of the program".to_string(),
            TokenKind::Str | TokenKind::EscapedStr => "a string".to_string(),
            TokenKind::Keyword(_) => format!("the keyword `{}`", self.snippet(token.span)),
            _ => format!("`{}`", excerpt(self.snippet(token.span))),
        }
    }

    /// Reads `kind` or says that `what` should be here.
    fn expect(&mut self, kind: TokenKind, what: &str) -> bool {
        let found = self.eat(kind);
        if !found {
            self.expected(what);
        }
        found
    }

    /// Reads a name, or says that `what` should be here.
    fn ident(&mut self, what: &str) -> Ident {
        let token = self.token();
        let text = self.snippet(token.span);
        match token.kind {
            TokenKind::Ident => {
                self.bump();
            }
            TokenKind::Keyword(_) if !matches!(self.kind_after(), TokenKind::End) => {
                let title = format!("`{text}` is a keyword and cannot be {what}");
                let message = Diagnostic::new(Code::UnexpectedToken, token.span, title).label("a keyword");
                self.report_here(message.help(format!("choose another name, such as `{text}_`")));
                self.not_names.push(text);
                self.bump();
            }
            _ => self.expected(what),
        }
        Ident { text: text.into(), mark: 0, span: token.span }
    }

    /// Skips to the next `,`, `;` or closing bracket of the brackets that are open here. A bracket that closes
    /// nothing is skipped.
    fn recover(&mut self) {
        let mut inner = 0usize;
        loop {
            match self.kind() {
                TokenKind::End => return,
                TokenKind::Comma | TokenKind::Semicolon if inner == 0 => return,
                kind if kind.is_closer() && inner == 0 && !self.open.is_empty() => return,
                kind if kind.is_closer() => inner = inner.saturating_sub(1),
                kind if kind.is_opener() => inner += 1,
                _ => {}
            }
            self.bump();
        }
    }

    /// Stops the parse: everything that is left is skipped without a message.
    fn give_up(&mut self, message: Diagnostic) {
        self.report_here(message);
        self.first_error_is_end.get_or_insert(false);
        self.at = self.tokens.len().saturating_sub(1);
        self.last_error = Some(self.at);
    }

    /// Runs `walk` one level deeper; `None` when that is too deep.
    fn nested<R>(&mut self, walk: impl FnOnce(&mut Self) -> R) -> Option<R> {
        if self.depth >= MAX_NESTING {
            let title = format!("the program is nested more than {MAX_NESTING} levels deep");
            let message = Diagnostic::new(Code::NestingTooDeep, self.span(), title).label("here");
            self.give_up(message.help("give the inner parts names, with `let`"));
            return None;
        }
        self.depth += 1;
        let result = crate::diag::stack::deep(|| walk(self));
        self.depth -= 1;
        Some(result)
    }

    fn finish(self) -> Diagnostics {
        let mut messages = self.diagnostics;
        messages.0.sort_by_key(|message| message.primary.span.lo);
        messages
    }
}

/// The first line of a text, cut to what fits into a message.
fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    match line.char_indices().nth(40) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None if line.len() < text.len() => format!("{line} ..."),
        None => line.to_string(),
    }
}
