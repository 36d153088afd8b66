#![forbid(unsafe_code)]
//! Operands: literals, names, brackets and everything that begins with a keyword.

use super::ty::renamed_message;
use super::{Parser, TokenKind, excerpt};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::Literal;
use crate::syntax::ast::{Builtin, Expr, ExprKind, Ident, Note, Ty};
use crate::syntax::lexer::decode;
use crate::syntax::token::{BuilderKind, Keyword, renamed};

impl Parser<'_> {
    pub(super) fn leaf(&mut self) -> Expr {
        self.operands += 1;
        if self.operands == super::MAX_OPERANDS {
            let title = format!("the program has more than {} operands", super::MAX_OPERANDS);
            let message = Diagnostic::new(Code::ProgramTooLarge, self.span(), title).label("reached here");
            self.give_up(message.help("pass large data as inputs, not as literals"));
        }
        let token = self.token();
        let start = token.span;
        let kind = match token.kind {
            TokenKind::Keyword(word) => return self.keyword(word, start),
            TokenKind::Bar | TokenKind::BarBar => return self.unwrapped("a lambda"),
            TokenKind::Ident => self.name(start),
            TokenKind::Int(value, scalar) => {
                self.bump();
                ExprKind::Literal(self.int_literal(value, scalar, false, start))
            }
            TokenKind::F32(value) => self.literal(Literal::F32(value)),
            TokenKind::F64(value) => self.literal(Literal::F64(value)),
            TokenKind::Str => {
                let bytes = self
                    .snippet(Span { lo: start.lo + 1, hi: start.hi.saturating_sub(1), ..start })
                    .as_bytes();
                self.literal(Literal::Str(bytes.into()))
            }
            TokenKind::EscapedStr => {
                let body = self.snippet(Span { lo: start.lo + 2, hi: start.hi.saturating_sub(1), ..start });
                self.literal(Literal::Str(decode(body, &mut Vec::new()).into()))
            }
            TokenKind::OpenParen => return self.parentheses(),
            TokenKind::OpenBracket => ExprKind::Vector(self.items(TokenKind::CloseBracket)),
            TokenKind::OpenBrace => ExprKind::Struct(self.items(TokenKind::CloseBrace)),
            TokenKind::Error => {
                self.last_error = Some(self.at);
                self.first_error_is_end.get_or_insert(false);
                self.bump();
                ExprKind::Error
            }
            _ => self.no_operand(),
        };
        Expr::new(kind, self.since(start))
    }

    fn literal(&mut self, literal: Literal) -> ExprKind {
        self.bump();
        ExprKind::Literal(literal)
    }

    fn items(&mut self, close: TokenKind) -> Vec<Expr> {
        let mut items = Vec::new();
        self.brackets(close, |parser| items.push(parser.expr()));
        items
    }

    fn parentheses(&mut self) -> Expr {
        let open = self.bump().span;
        self.open.push(open);
        let inner = self.expr();
        if self.kind() != TokenKind::CloseParen {
            let mut message = self.expected_message("an operator or `)`");
            if self.kind() == TokenKind::Comma {
                message = message.help(format!("a struct is written in braces: `{}`", self.as_struct(open)));
            }
            self.report_here(message);
            while self.kind() == TokenKind::Comma || !(self.kind().is_closer() || self.at_end_of_part()) {
                self.bump();
                self.recover();
            }
        }
        self.close(TokenKind::CloseParen);
        inner
    }

    /// What stands in the parentheses that open at `open`, in braces: an example when that is long.
    fn as_struct(&self, open: Span) -> String {
        let rest = self.tokens.iter().skip(self.at).take(20);
        let mut depth = 0usize;
        for token in rest {
            match token.kind {
                TokenKind::CloseParen if depth == 0 => {
                    let inside = self.snippet(Span { lo: open.hi, hi: token.span.lo, ..open });
                    if inside.len() <= 60 && !inside.contains('\n') {
                        return format!("{{{inside}}}");
                    }
                }
                kind if kind.is_opener() => depth += 1,
                kind if kind.is_closer() => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        "{1, 2}".to_string()
    }

    fn at_end_of_part(&self) -> bool {
        matches!(self.kind(), TokenKind::Semicolon | TokenKind::End)
    }

    fn name(&mut self, span: Span) -> ExprKind {
        let text = self.snippet(span);
        if let (Some(now), TokenKind::OpenBracket) = (renamed(text), self.kind_after()) {
            self.report(renamed_message(text, now, span));
            self.bump();
            let builder = if now == "appender" { BuilderKind::Appender } else { BuilderKind::GroupMerger };
            return self.new_builder(builder, span).kind.clone();
        }
        if let Some(builder) = self.mistyped_builder() {
            self.bump();
            return self.new_builder(builder, span).kind.clone();
        }
        self.bump();
        ExprKind::Ident(Ident { text: text.into(), mark: 0, span })
    }

    fn no_operand(&mut self) -> ExprKind {
        let mut message = self.expected_message("an expression");
        match self.kind() {
            TokenKind::Dot => message = message.help("a number needs a digit before the point, as in `0.5`"),
            TokenKind::Keyword(Keyword::Vec) => {
                message = message.help("a vector is written as in `[1, 2]`, an empty one as in `[]:vec[i64]`")
            }
            TokenKind::Plus => message = message.help("there is no prefix `+`, leave it out"),
            _ => {}
        }
        self.report_here(message);
        // A closing bracket or a separator belongs to somebody else; anything else would be met again.
        if !self.kind().is_closer() && !self.at_end_of_part() && self.kind() != TokenKind::Comma {
            self.bump();
            self.recover();
        }
        ExprKind::Error
    }

    /// A let or a lambda where only an operand may stand.
    fn unwrapped(&mut self, what: &str) -> Expr {
        let (at, start) = (self.at, self.span());
        let quiet = self.last_error == Some(at);
        let expr = self.expr();
        let text = self.snippet(expr.span);
        let shown = if text.len() <= 60 && !text.contains('\n') { text } else { "..." };
        let message =
            Diagnostic::new(Code::UnexpectedToken, start, format!("{what} must be in parentheses here"))
                .label("begins here")
                .help(format!("wrap it in parentheses: `({shown})`"));
        // When the text ends inside the lambda, that is the error to show.
        if !quiet && self.last_error.is_none_or(|last| last < at) {
            self.first_error_is_end.get_or_insert(false);
            self.report(message);
        }
        expr
    }

    fn keyword(&mut self, word: Keyword, start: Span) -> Expr {
        let name = self.snippet(start);
        if word == Keyword::Let {
            return self.unwrapped("a `let`");
        }
        if !(self.token().kind.starts_expr()) {
            let kind = self.no_operand();
            return Expr::new(kind, self.since(start));
        }
        if let Keyword::Iter(_) = word {
            let message =
                Diagnostic::new(Code::UnexpectedToken, start, format!("`{name}` may stand only in a `for`"));
            self.report_here(
                message
                    .label("not a value")
                    .help(format!("use it as in `for({name}(..), builder, |b, i, x| ..)`")),
            );
            self.bump();
            if self.kind() == TokenKind::OpenParen {
                self.args(name);
            }
            return Expr::new(ExprKind::Error, self.since(start));
        }
        self.bump();
        let kind = match word {
            Keyword::True => ExprKind::Literal(Literal::Bool(true)),
            Keyword::False => ExprKind::Literal(Literal::Bool(false)),
            Keyword::Scalar(scalar) => self.unary_call(name, start, |arg| ExprKind::Cast(scalar, arg)),
            Keyword::Function(op) => self.unary_call(name, start, |arg| ExprKind::Unary(op, arg)),
            Keyword::Binary(op) => {
                let args = self.args(name);
                self.check_count(name, start, args.len(), &[2]);
                let mut args = args.into_iter();
                match (args.next(), args.next()) {
                    (Some(left), Some(right)) => ExprKind::Binary(op, left, right),
                    _ => ExprKind::Error,
                }
            }
            Keyword::Call(builtin) => return self.builtin_call(builtin, start),
            Keyword::Builder(builder) => return self.new_builder(builder, start),
            Keyword::For => self.for_loop(start),
            Keyword::Deserialize => {
                let ty = self.type_in_brackets("deserialize");
                self.unary_call(name, start, |arg| ExprKind::Deserialize(ty, arg))
            }
            Keyword::Cudf => self.cudf(),
            Keyword::Let
            | Keyword::Iter(_)
            | Keyword::Macro
            | Keyword::Type
            | Keyword::Vec
            | Keyword::Dict
            | Keyword::Simd => ExprKind::Error,
        };
        Expr::new(kind, self.since(start))
    }

    /// `name(arg)`, of which the name has been read.
    fn unary_call(&mut self, name: &str, start: Span, make: impl FnOnce(Expr) -> ExprKind) -> ExprKind {
        let args = self.args(name);
        self.check_count(name, start, args.len(), &[1]);
        args.into_iter().next().map_or(ExprKind::Error, make)
    }

    fn builtin_call(&mut self, builtin: Builtin, start: Span) -> Expr {
        let name = builtin.name();
        let args = self.args(name);
        if builtin == Builtin::If && args.len() == 1 && self.kind().starts_expr() {
            return self.statement_if(start, &args);
        }
        let count = Builtin::ALL.iter().find(|row| row.0 == builtin).and_then(|row| row.2);
        match count {
            Some(count) => self.check_count(name, start, args.len(), &[count]),
            None if args.len() < 2 => {
                let message = Diagnostic::new(
                    Code::ArgumentCount,
                    self.since(start),
                    format!("`{name}` takes two or more vectors"),
                );
                self.report(message.label(format!("{} given", args.len())));
            }
            None => {}
        }
        Expr::new(ExprKind::Call(builtin, args), self.since(start))
    }

    /// `if (c) a else b`, as other languages write it.
    fn statement_if(&mut self, start: Span, args: &[Expr]) -> Expr {
        let head = self.since(start);
        let (at, a) = (self.at, self.op_expr());
        let has_else = self.kind() == TokenKind::Ident && self.snippet(self.span()) == "else";
        let other = if has_else {
            self.bump();
            let b = self.op_expr();
            self.snippet(b.span)
        } else {
            "b"
        };
        let title = "`if` is a function of a condition and two values";
        let mut message = Diagnostic::new(Code::ArgumentCount, head, title).label("1 given");
        let condition = args.first().map_or("c", |c| self.snippet(c.span));
        let fixed = format!("if({condition}, {}, {other})", self.snippet(a.span));
        if fixed.len() <= 80 && !fixed.contains('\n') {
            message = message.help(format!("write it as a call: `{fixed}`"));
        }
        if self.last_error.is_none_or(|last| last < at) {
            self.report(message);
        }
        Expr::new(ExprKind::Error, self.since(start))
    }

    fn new_builder(&mut self, builder: BuilderKind, start: Span) -> Expr {
        let outer = std::mem::take(&mut self.type_notes);
        let ty = self.builder_type(builder, start);
        let notes = std::mem::replace(&mut self.type_notes, outer);
        let name = excerpt(self.snippet(start));
        let arg = match self.kind() {
            TokenKind::OpenParen => {
                let args = self.args(&name);
                let allowed: &[usize] = if builder == BuilderKind::GroupMerger { &[0] } else { &[1] };
                self.check_count(&name, start, args.len(), allowed);
                args.into_iter().next()
            }
            _ if builder == BuilderKind::VecMerger => {
                let message = self.expected_message("`(` and the start vector of the `vecmerger`");
                self.report_here(
                    message.help(format!("write `{}(v)`", excerpt(self.snippet(self.since(start))))),
                );
                None
            }
            _ => None,
        };
        Expr::with_notes(ExprKind::NewBuilder(ty, arg), self.since(start), notes)
    }

    fn type_in_brackets(&mut self, name: &str) -> Ty {
        let start = self.span();
        let (mut types, errors) = (Vec::new(), self.last_error);
        if self.kind() == TokenKind::OpenBracket {
            self.brackets(TokenKind::CloseBracket, |parser| types.push(parser.ty()));
            if types.len() != 1 && self.last_error == errors {
                let title = format!("`{name}` needs one type, found {}", types.len());
                let message = Diagnostic::new(Code::UnexpectedToken, self.since(start), title);
                self.report(message.help(format!("write `{name}[i64](x)`")));
            }
        } else {
            self.expected(&format!("`[` and a type after `{name}`"));
        }
        types.into_iter().next().unwrap_or(Ty { kind: crate::syntax::ast::TyKind::Hole, span: start })
    }

    fn cudf(&mut self) -> ExprKind {
        let start = self.span();
        let (mut name, mut types) = (None, Vec::new());
        let errors = self.last_error;
        if self.kind() == TokenKind::OpenBracket {
            self.brackets(TokenKind::CloseBracket, |parser| match name {
                None => name = Some(parser.ident("the name of a C function")),
                Some(_) => types.push(parser.ty()),
            });
        } else {
            self.expected("`[` after `cudf`");
        }
        if types.len() > 1 && self.last_error == errors {
            let message =
                Diagnostic::new(Code::UnexpectedToken, self.since(start), "`cudf` has one result type");
            self.report(message.help("write `cudf[name,i64](x)`"));
        }
        let (Some(name), Some(ty)) = (name, types.into_iter().next()) else {
            let message = Diagnostic::new(
                Code::UnexpectedToken,
                self.since(start),
                "`cudf` needs a function and its result type",
            );
            self.report_here(message.help("write `cudf[name,i64](x)`"));
            self.recover();
            return ExprKind::Error;
        };
        let mut args = Vec::new();
        if self.kind() != TokenKind::OpenParen {
            self.expected("`(` and the arguments of `cudf`");
            return ExprKind::Error;
        }
        let mut warned = false;
        self.brackets(TokenKind::CloseParen, |parser| {
            args.push(parser.expr());
            // The first versions took arguments without commas, and clients got used to it.
            while parser.kind().starts_expr() {
                if !std::mem::replace(&mut warned, true) {
                    let message = Diagnostic::new(
                        Code::MissingComma,
                        parser.span(),
                        "a comma is missing before this argument",
                    );
                    parser.report(message.label("the next argument").help("write a `,` between arguments"));
                }
                args.push(parser.expr());
            }
        });
        ExprKind::CUdf { name, ty, args }
    }

    /// `@(key: value, ...)`.
    pub(super) fn annotations(&mut self) -> Vec<Note> {
        let mut notes = Vec::new();
        self.bump();
        if self.kind() != TokenKind::OpenParen {
            let message = self.expected_message("`(` after `@`");
            self.report_here(message.help("annotations are written `@(key: value)`"));
            return notes;
        }
        self.brackets(TokenKind::CloseParen, |parser| {
            let token = parser.token();
            let text = parser.snippet(token.span);
            if !matches!(token.kind, TokenKind::Ident | TokenKind::Keyword(_)) {
                parser.expected("the key of an annotation");
                return;
            }
            parser.bump();
            if parser.expect(TokenKind::Colon, "`:` and the value of the annotation")
                && let Some(value) = parser.note_value()
            {
                notes.push(Note { key: Ident { text: text.into(), mark: 0, span: token.span }, value });
            }
        });
        notes
    }

    /// A literal or a name, as text; a number without its suffix.
    fn note_value(&mut self) -> Option<String> {
        let sign = if self.eat(TokenKind::Minus) { "-" } else { "" };
        let token = self.token();
        let text = self.snippet(token.span);
        let value = match token.kind {
            TokenKind::Int(value, _) => value.to_string(),
            TokenKind::F32(value) => value.to_string(),
            TokenKind::F64(value) => value.to_string(),
            TokenKind::Str | TokenKind::EscapedStr => match self.leaf().kind {
                ExprKind::Literal(Literal::Str(ref bytes)) => {
                    return Some(String::from_utf8_lossy(bytes).into_owned());
                }
                _ => return None,
            },
            TokenKind::Ident | TokenKind::Keyword(_) => text.to_string(),
            _ => {
                self.expected("the value of the annotation, a literal or a name");
                return None;
            }
        };
        self.bump();
        Some(format!("{sign}{value}"))
    }
}
