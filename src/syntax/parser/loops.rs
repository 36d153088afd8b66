#![forbid(unsafe_code)]
//! `for` and its iterators.

use super::{Parser, TokenKind};
use crate::diag::{Code, Diagnostic, Span};
use crate::syntax::ast::{Builtin, Expr, ExprKind, Iter, IterKind};
use crate::syntax::token::Keyword;

impl Parser<'_> {
    /// `(iters, builder, func)`; the word `for` has been read.
    pub(super) fn for_loop(&mut self, start: Span) -> ExprKind {
        if self.kind() != TokenKind::OpenParen {
            self.args("for");
            return ExprKind::Error;
        }
        let (mut iters, mut zipped, mut rest, mut first) = (Vec::new(), false, Vec::new(), true);
        let errors = self.last_error;
        self.brackets(TokenKind::CloseParen, |parser| {
            if std::mem::take(&mut first) {
                (iters, zipped) = parser.iters();
            } else {
                rest.push(parser.expr());
            }
        });
        if rest.len() != 2 && self.last_error == errors {
            self.wrong_for(start, &iters, &rest);
        }
        let mut rest = rest.into_iter();
        match (rest.next(), rest.next()) {
            (Some(builder), Some(func)) => ExprKind::For { iters, zipped, builder, func },
            _ => ExprKind::Error,
        }
    }

    fn wrong_for(&mut self, start: Span, iters: &[Iter], rest: &[Expr]) {
        let data = iters.first().map_or("v", |iter| self.snippet(iter.span));
        let data = if data.len() > 30 { "v" } else { data };
        let lacks_builder = rest.len() == 1 && matches!(rest[0].kind, ExprKind::Lambda(..));
        let what = match rest.len() {
            0 => "this one has only a vector".to_string(),
            1 if lacks_builder => "this one has no builder".to_string(),
            1 => "this one has no function".to_string(),
            more => format!("this one has {} arguments", more + 1),
        };
        let title = format!("`for` needs a vector, a builder and a function; {what}");
        let label = match rest.len() {
            0 => "no builder and no function given".to_string(),
            1 if lacks_builder => "no builder given".to_string(),
            1 => "no function given".to_string(),
            more => format!("{} given", more + 1),
        };
        let mut message = Diagnostic::new(Code::BadFor, start, title).label(label);
        if let Some(ExprKind::Lambda(params, _)) = rest.last().map(|last| &last.kind)
            && params.len() != 3
        {
            let label =
                format!("takes {} parameters; a loop passes 3: builder, index, element", params.len());
            message = message.related(rest[rest.len() - 1].span, label);
        }
        self.report(
            message.help(format!("collect a vector: `for({data}, appender, |b, i, x| merge(b, x))`")),
        );
    }

    /// The data of a loop: one iterator, or `zip` of several.
    fn iters(&mut self) -> (Vec<Iter>, bool) {
        if self.kind() != TokenKind::Keyword(Keyword::Call(Builtin::Zip)) {
            return (vec![self.iter()], false);
        }
        let start = self.bump().span;
        let mut iters = Vec::new();
        if self.kind() != TokenKind::OpenParen {
            self.args("zip");
            return (iters, true);
        }
        self.brackets(TokenKind::CloseParen, |parser| iters.push(parser.iter()));
        if iters.is_empty() {
            let message =
                Diagnostic::new(Code::ArgumentCount, self.since(start), "`zip` needs at least one vector");
            self.report(message.label("none given"));
        }
        if !matches!(self.kind(), TokenKind::Comma | TokenKind::CloseParen) {
            let message = self.expected_message("`,` after the data of the loop");
            let help = "a `zip` that begins the data of a loop is all of it; for anything else bind it first, with `let`";
            self.report_here(message.help(help));
        }
        (iters, true)
    }

    fn iter(&mut self) -> Iter {
        let start = self.span();
        let TokenKind::Keyword(Keyword::Iter(kind)) = self.kind() else {
            let data = self.expr();
            return Iter { kind: IterKind::Iter, span: data.span, args: vec![data] };
        };
        self.bump();
        let name = self.snippet(start);
        let args = self.args(name);
        let allowed: &[usize] = match kind {
            IterKind::Iter => &[1, 4],
            IterKind::SimdIter | IterKind::FringeIter => &[1],
            IterKind::RangeIter => &[3],
            IterKind::NdIter => &[6],
        };
        self.check_count(name, start, args.len(), allowed);
        Iter { kind, args, span: self.since(start) }
    }
}
