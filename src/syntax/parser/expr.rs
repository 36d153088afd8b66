#![forbid(unsafe_code)]
//! Expressions from the outside in: lets, lambdas, operators, what stands after an operand.

use super::{Parser, TokenKind, excerpt};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{BinOp, Literal, Scalar, UnOp};
use crate::syntax::ast::{Expr, ExprKind, Ident, Let, Note, Param};
use crate::syntax::token::Keyword;

impl Parser<'_> {
    /// Any expression: a let, a lambda, or operators.
    pub(super) fn expr(&mut self) -> Expr {
        let span = self.span();
        self.nested(|parser| match parser.kind() {
            TokenKind::Keyword(Keyword::Let) => parser.block(),
            TokenKind::Bar | TokenKind::BarBar => parser.lambda(),
            _ => parser.op_expr(),
        })
        .unwrap_or_else(|| Expr::new(ExprKind::Error, span))
    }

    /// A run of lets and the expression after it.
    fn block(&mut self) -> Expr {
        let start = self.span();
        let mut lets = Vec::new();
        while self.kind() == TokenKind::Keyword(Keyword::Let) {
            let first = self.bump().span;
            let name = self.ident("the name of a value");
            let ty = if self.eat(TokenKind::Colon) { Some(self.ty()) } else { None };
            let value = if self.expect(TokenKind::Equal, "`=`") { self.op_expr() } else { self.missing() };
            let span = self.since(first);
            self.end_of_let(&name, span);
            lets.push(Let { name, ty, value });
        }
        let body = match self.kind() {
            TokenKind::End => {
                self.expected("an expression after the `let`");
                self.missing()
            }
            kind if kind.is_closer() && self.last_error.is_some_and(|at| at + 1 >= self.at) => self.missing(),
            // The body of a block is on the level of the block.
            TokenKind::Bar | TokenKind::BarBar => self.lambda(),
            _ => self.op_expr(),
        };
        Expr::new(ExprKind::Block(lets, body), self.since(start))
    }

    fn end_of_let(&mut self, name: &Ident, span: Span) {
        if self.eat(TokenKind::Semicolon) {
            return;
        }
        if self.begins_anew() {
            self.missing_semicolon(&format!("the value of `{}`", name.text));
            return;
        }
        let mut message = self.expected_message(&format!("`;` after the value of `{}`", name.text));
        if self.kind() == TokenKind::Equal {
            message = message.help("to compare, write `==`");
        } else if self.kind() != TokenKind::End {
            message = message.related(span, "this binding");
        }
        self.report_here(message);
        if self.kind() == TokenKind::Keyword(Keyword::Let) {
            return;
        }
        loop {
            self.recover();
            // A comma does not end a binding: skip what belongs to the broken value.
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.eat(TokenKind::Semicolon);
    }

    /// Says that a `;` is missing after `what`, at its end.
    pub(super) fn missing_semicolon(&mut self, what: &str) {
        let end = Span { lo: self.previous().hi, hi: self.previous().hi, ..self.span() };
        let title = format!("expected `;` after {what}");
        let message = Diagnostic::new(Code::UnexpectedToken, end, title).label("a `;` is missing here");
        self.report_here(message.related(self.span(), "this looks like the next part of the program"));
    }

    /// Whether the present token reads as the start of something new: a let, or an expression on a line of its own.
    fn begins_anew(&self) -> bool {
        let between = Span { lo: self.previous().hi, hi: self.span().lo, ..self.span() };
        self.kind() == TokenKind::Keyword(Keyword::Let)
            || (self.kind().starts_expr() && self.snippet(between).contains('\n'))
    }

    fn missing(&self) -> Expr {
        Expr::new(ExprKind::Error, self.span())
    }

    fn lambda(&mut self) -> Expr {
        let start = self.span();
        let mut params = Vec::new();
        if self.bump().kind == TokenKind::Bar {
            self.open.push(start);
            while !matches!(self.kind(), TokenKind::Bar | TokenKind::End) {
                let name = self.ident("the name of a parameter");
                let ty = if self.eat(TokenKind::Colon) { Some(self.ty()) } else { None };
                params.push(Param { name, ty });
                if self.eat(TokenKind::Comma) || self.kind() == TokenKind::Bar {
                    continue;
                }
                self.expected("`,` or `|` after a parameter");
                while !matches!(self.kind(), TokenKind::Bar | TokenKind::Semicolon | TokenKind::End) {
                    self.bump();
                }
                break;
            }
            if !self.eat(TokenKind::Bar) {
                self.expected("`|` after the parameters");
            }
            self.open.pop();
        }
        let body = self.expr();
        Expr::new(ExprKind::Lambda(params, body), self.since(start))
    }

    /// Operators and operands, but no bare let or lambda.
    pub(super) fn op_expr(&mut self) -> Expr {
        self.binary(1)
    }

    fn binary(&mut self, lowest: u8) -> Expr {
        let start = self.span();
        let mut left = self.ascription();
        let mut compared = None;
        while let Some((op, level)) = self.binary_op(lowest) {
            let at = self.bump().span;
            let mut earlier = None;
            if op.is_comparison() {
                earlier = compared.replace((level, at)).filter(|row| row.0 == level);
            }
            let right = self.binary(level + 1);
            if let Some((_, first)) = earlier {
                self.chained(&left, first, at, &right);
            }
            left = Expr::new(ExprKind::Binary(op, left, right), self.since(start));
        }
        left
    }

    fn binary_op(&self, lowest: u8) -> Option<(BinOp, u8)> {
        let op = self.kind().binary_op()?;
        op.precedence().filter(|level| *level >= lowest).map(|level| (op, level))
    }

    fn chained(&mut self, left: &Expr, first: Span, second: Span, right: &Expr) {
        let (a, b) = (self.snippet(first), self.snippet(second));
        let title = format!("comparisons do not chain: `{a}` and `{b}`");
        let message = Diagnostic::new(Code::ChainedComparison, second, title).label("a second comparison");
        let middle = self.snippet(Span { lo: first.hi, hi: second.lo, ..first }).trim();
        let joined = format!("{} && {middle} {b} {}", self.snippet(left.span), self.snippet(right.span));
        let help = match joined.len() <= 60 && !joined.contains('\n') {
            true => format!("join two comparisons: `{joined}`"),
            false => "join two comparisons with `&&`".to_string(),
        };
        self.report(message.related(first, "the first one").help(help));
    }

    fn ascription(&mut self) -> Expr {
        let start = self.span();
        let operand = self.prefix();
        if !self.eat(TokenKind::Colon) {
            return operand;
        }
        let ty = self.ty();
        Expr::new(ExprKind::Ascribe(operand, ty), self.since(start))
    }

    /// Prefix operators, which bind looser than what stands after the operand: `-p.$0` is `-(p.$0)`.
    fn prefix(&mut self) -> Expr {
        let mut prefixes: Vec<(Option<UnOp>, Vec<Note>, Span)> = Vec::new();
        let operand = loop {
            let token = self.token();
            if token.kind == TokenKind::At {
                let notes = self.annotations();
                match prefixes.last_mut() {
                    Some((None, earlier, _)) => earlier.extend(notes),
                    _ => prefixes.push((None, notes, token.span)),
                }
                continue;
            }
            let Some(op) = token.kind.unary_op() else { break self.postfix() };
            if prefixes.len() as u32 >= super::MAX_NESTING {
                break self.nested_too_deep();
            }
            self.bump();
            if let (UnOp::Neg, TokenKind::Int(value, scalar)) = (op, self.kind())
                && scalar.is_signed()
            {
                break self.negative(token.span, value, scalar);
            }
            prefixes.push((Some(op), Vec::new(), token.span));
        };
        let mut result = operand;
        for (op, notes, span) in prefixes.into_iter().rev() {
            result = match op {
                Some(op) => Expr::new(ExprKind::Unary(op, result), self.since(span)),
                None => annotate(&result, notes),
            };
        }
        result
    }

    fn nested_too_deep(&mut self) -> Expr {
        let title = format!("the program is nested more than {} levels deep", super::MAX_NESTING);
        self.give_up(Diagnostic::new(Code::NestingTooDeep, self.span(), title).label("here"));
        self.missing()
    }

    /// A minus and an integer, which are one constant: `-2147483648` fits where `2147483648` does not.
    fn negative(&mut self, minus: Span, value: u64, scalar: Scalar) -> Expr {
        self.bump();
        let span = self.since(minus);
        let literal = self.int_literal(value, scalar, true, span);
        let literal = Expr::new(ExprKind::Literal(literal), span);
        self.postfix_of(literal, span)
    }

    pub(super) fn int_literal(&mut self, value: u64, scalar: Scalar, negative: bool, span: Span) -> Literal {
        let bits = scalar.bytes() as u32 * 8;
        let largest = if scalar.is_signed() { u64::MAX >> (65 - bits) } else { u64::MAX >> (64 - bits) };
        if value <= largest + u64::from(negative && scalar.is_signed()) {
            return Literal::from_i64(scalar, if negative { value.wrapping_neg() } else { value } as i64);
        }
        let text = self.snippet(span);
        let digits = text.trim_end_matches(|c: char| "cCsilLu".contains(c));
        let smallest = if scalar.is_signed() { format!("-{}", largest + 1) } else { "0".to_string() };
        let title = format!("`{}` does not fit the type {scalar}", excerpt(text));
        let message = Diagnostic::new(Code::BadLiteral, span, title)
            .label(format!("{scalar}: {smallest} to {largest}"));
        let fits_i64 = value <= i64::MAX as u64 + u64::from(negative);
        let help = match scalar {
            Scalar::I8 | Scalar::I16 if value <= i32::MAX as u64 => format!("write an i32: `{digits}`"),
            _ if fits_i64 => format!("write an i64, with the suffix `L`: `{digits}L`"),
            _ if negative => "the smallest integer is `-9223372036854775808L`".to_string(),
            _ => format!("write a u64, with the suffix `ul`: `{digits}ul`"),
        };
        self.report(message.help(help));
        Literal::from_i64(scalar, 0)
    }

    fn postfix(&mut self) -> Expr {
        let start = self.span();
        let leaf = self.leaf();
        self.postfix_of(leaf, start)
    }

    /// Fields and calls after an operand that begins at `start`, with its parentheses.
    fn postfix_of(&mut self, mut expr: Expr, start: Span) -> Expr {
        loop {
            match self.kind() {
                TokenKind::Dot => expr = self.field(expr, start),
                TokenKind::OpenParen if !matches!(expr.kind, ExprKind::Error) => {
                    let mut args = Vec::new();
                    self.brackets(TokenKind::CloseParen, |parser| args.push(parser.expr()));
                    expr = Expr::new(ExprKind::Apply(expr, args), self.since(start));
                }
                TokenKind::OpenBracket => {
                    let vector = excerpt(self.snippet(self.since(start)));
                    let message = self.expected_message("an operator").help(format!(
                        "to read an element: `lookup({vector}, {})`",
                        self.index_in_brackets()
                    ));
                    self.report_here(message);
                    self.brackets(TokenKind::CloseBracket, |parser| drop(parser.expr()));
                    expr = Expr::new(ExprKind::Error, self.since(start));
                }
                _ => return expr,
            }
        }
    }

    /// What stands in the brackets that open here, as an index: when it is a number or a name.
    fn index_in_brackets(&self) -> String {
        let inside = self.tokens.get(self.at + 1).copied().unwrap_or(self.token());
        match inside.kind {
            TokenKind::Int(value, _) => format!("{value}L"),
            TokenKind::Ident => self.snippet(inside.span).to_string(),
            _ => "0L".to_string(),
        }
    }

    fn field(&mut self, expr: Expr, start: Span) -> Expr {
        let operand = excerpt(self.snippet(self.since(start)));
        self.bump();
        let token = self.token();
        let text = self.snippet(token.span);
        let digits = text.strip_prefix('$').filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        let index =
            digits.filter(|_| token.kind == TokenKind::Ident).and_then(|digits| digits.parse::<u32>().ok());
        if let Some(index) = index {
            self.bump();
            return Expr::new(ExprKind::Field(expr, index, token.span), self.since(start));
        }
        let message = self.expected_message("a field such as `$0`");
        let number = text.split('.').next().filter(|digits| digits.parse::<u32>().is_ok()).unwrap_or("0");
        self.report_here(match token.kind {
            TokenKind::End => message,
            TokenKind::Ident | TokenKind::Keyword(_) if self.kind_after() == TokenKind::OpenParen => {
                message.help(format!("there are no methods, a function is called as in `{text}({operand})`"))
            }
            _ => message
                .help(format!("fields have no names, they are counted from 0: `{}.${number}`", operand)),
        });
        if matches!(
            token.kind,
            TokenKind::Ident | TokenKind::Keyword(_) | TokenKind::Int(..) | TokenKind::F64(_)
        ) {
            self.bump();
        }
        if self.kind() == TokenKind::OpenParen {
            self.brackets(TokenKind::CloseParen, |parser| drop(parser.expr()));
        }
        Expr::new(ExprKind::Error, self.since(start))
    }
}

/// The same expression with `notes` before those that it has. Of two with the same key the inner one counts.
fn annotate(expr: &Expr, mut notes: Vec<Note>) -> Expr {
    notes.retain(|note| expr.notes.iter().all(|inner| inner.key != note.key));
    notes.extend(expr.notes.iter().cloned());
    Expr::with_notes(expr.kind.clone(), expr.span, notes)
}
