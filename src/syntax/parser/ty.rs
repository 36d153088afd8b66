#![forbid(unsafe_code)]
//! Types, and the types of builders, which expressions share.

use super::{Parser, TokenKind};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{BinOp, MergeOp};
use crate::syntax::ast::{Ty, TyKind};
use crate::syntax::token::{BuilderKind, Keyword, renamed};

/// The most fields a struct type may have.
pub(in crate::syntax) const MAX_FIELDS: usize = 4096;
/// How deep types may be nested.
pub(in crate::syntax) const MAX_TYPE_NESTING: u32 = 256;

impl Parser<'_> {
    /// Reads a type; what cannot be read is a hole.
    pub(super) fn ty(&mut self) -> Ty {
        self.ty_at(0)
    }

    fn ty_at(&mut self, level: u32) -> Ty {
        let start = self.span();
        if level >= MAX_TYPE_NESTING {
            let title = format!("this type is nested more than {MAX_TYPE_NESTING} levels deep");
            self.give_up(Diagnostic::new(Code::TypeTooLarge, start, title).label("here"));
            return Ty { kind: TyKind::Hole, span: start };
        }
        if self.kind() == TokenKind::At {
            let notes = self.annotations();
            self.type_notes.extend(notes);
        }
        let kind = crate::diag::stack::deep(|| self.ty_kind(level));
        Ty { kind, span: self.since(start) }
    }

    fn ty_kind(&mut self, level: u32) -> TyKind {
        let token = self.token();
        match token.kind {
            TokenKind::Keyword(Keyword::Scalar(scalar)) => {
                self.bump();
                TyKind::Scalar(scalar)
            }
            TokenKind::Keyword(
                word @ (Keyword::Vec | Keyword::Simd | Keyword::Dict | Keyword::Builder(_)),
            ) => self.generic_type(word, level),
            TokenKind::OpenBrace => {
                let mut fields = Vec::new();
                self.brackets(TokenKind::CloseBrace, |parser| fields.push(parser.ty_at(level + 1)));
                if fields.len() > MAX_FIELDS {
                    let title =
                        format!("this struct has {} fields; at most {MAX_FIELDS} are allowed", fields.len());
                    self.report(Diagnostic::new(Code::TypeTooLarge, self.since(token.span), title));
                }
                TyKind::Struct(fields)
            }
            TokenKind::Question => {
                self.bump();
                TyKind::Hole
            }
            TokenKind::Ident => self.named_type(level),
            TokenKind::OpenBracket => {
                let message = self.expected_message("a type");
                let inside: &str = self.tokens.get(self.at + 1).map_or("", |token| self.snippet(token.span));
                self.report_here(
                    message.help(format!("the type of a vector is written as in `vec[{inside}]`")),
                );
                self.brackets(TokenKind::CloseBracket, |parser| drop(parser.ty_at(level + 1)));
                TyKind::Hole
            }
            _ => {
                let message = self.expected_message("a type");
                if matches!(token.kind, TokenKind::Bar | TokenKind::BarBar) {
                    // Where a function type would end cannot be told from the bars.
                    self.give_up(message.help("functions have no type that can be written, leave it out"));
                    return TyKind::Hole;
                }
                self.report_here(message);
                TyKind::Hole
            }
        }
    }

    /// The type that begins with this keyword; here stands the keyword, or a name that was meant to be it.
    fn generic_type(&mut self, word: Keyword, level: u32) -> TyKind {
        let span = self.bump().span;
        match word {
            Keyword::Vec => TyKind::Vec(Box::new(self.one_arg("vec", level))),
            Keyword::Simd => TyKind::Simd(Box::new(self.one_arg("simd", level))),
            Keyword::Dict => {
                let (types, _) = self.type_args("dict", 2, false, level);
                TyKind::Dict(Box::new(pair(types, span)))
            }
            Keyword::Builder(builder) => self.builder_kind(builder, false, level),
            _ => TyKind::Hole,
        }
    }

    /// An alias, the old name of a builder, or a slip.
    fn named_type(&mut self, level: u32) -> TyKind {
        let span = self.span();
        let text = self.snippet(span);
        let now = renamed(text);
        if let (Some(now), TokenKind::OpenBracket) = (now, self.kind_after()) {
            self.report(renamed_message(text, now, span));
            self.bump();
            let builder = if now == "appender" { BuilderKind::Appender } else { BuilderKind::GroupMerger };
            return self.builder_kind(builder, false, level);
        }
        if let Some(word) = self.mistyped_type() {
            return self.generic_type(word, level);
        }
        TyKind::Alias(self.ident("a type"))
    }

    /// The type of a builder whose name has just been read. An expression may leave out the type of an appender.
    pub(super) fn builder_type(&mut self, builder: BuilderKind, start: Span) -> Ty {
        let kind = self.builder_kind(builder, true, 0);
        Ty { kind, span: self.since(start) }
    }

    fn builder_kind(&mut self, builder: BuilderKind, is_expr: bool, level: u32) -> TyKind {
        let name = self.previous();
        match builder {
            BuilderKind::Appender if is_expr && self.kind() != TokenKind::OpenBracket => {
                TyKind::Appender(Box::new(Ty { kind: TyKind::Hole, span: name }))
            }
            BuilderKind::Appender => TyKind::Appender(Box::new(self.one_arg("appender", level))),
            BuilderKind::Merger => {
                let (types, op) = self.type_args("merger", 1, true, level);
                TyKind::Merger(Box::new(first(types, name)), op)
            }
            BuilderKind::VecMerger => {
                let (types, op) = self.type_args("vecmerger", 1, true, level);
                TyKind::VecMerger(Box::new(first(types, name)), op)
            }
            BuilderKind::DictMerger => {
                let (types, op) = self.type_args("dictmerger", 2, true, level);
                TyKind::DictMerger(Box::new(pair(types, name)), op)
            }
            BuilderKind::GroupMerger => {
                let (types, _) = self.type_args("groupmerger", 2, false, level);
                TyKind::GroupMerger(Box::new(pair(types, name)))
            }
        }
    }

    fn one_arg(&mut self, name: &str, level: u32) -> Ty {
        let span = self.previous();
        let (types, _) = self.type_args(name, 1, false, level);
        first(types, span)
    }

    /// `[T]`, `[T, U]`, `[T, op]` or `[T, U, op]`.
    fn type_args(&mut self, name: &str, count: usize, has_op: bool, level: u32) -> (Vec<Ty>, MergeOp) {
        let usage = match (name, has_op) {
            ("dict" | "groupmerger", _) => format!("{name}[i64,i64]"),
            ("dictmerger", _) => "dictmerger[i64,i64,+]".to_string(),
            (_, true) => format!("{name}[i64,+]"),
            _ => format!("{name}[i64]"),
        };
        let (mut types, mut op) = (Vec::new(), None);
        if self.kind() != TokenKind::OpenBracket {
            let message = self.expected_message(&format!("`[` after `{name}`"));
            self.report_here(message.help(format!("write the types, for example `{usage}`")));
            return (types, MergeOp::Add);
        }
        let start = self.span();
        let errors = self.last_error;
        self.brackets(TokenKind::CloseBracket, |parser| {
            if has_op && op.is_none() && types.len() == count {
                op = Some(parser.merge_op());
            } else {
                let is_op = matches!(parser.kind(), TokenKind::Keyword(Keyword::Binary(_)))
                    || parser.kind().binary_op().is_some();
                if is_op {
                    let message = parser.expected_message("a type");
                    parser.report_here(message.help(format!("write them like this: `{usage}`")));
                    op = Some(MergeOp::Add);
                }
                types.push(parser.ty_at(level + 1));
            }
        });
        if self.last_error == errors && (types.len() != count || op.is_some() != has_op) {
            let title = format!("these are not the type arguments of `{name}`");
            let message = Diagnostic::new(Code::UnexpectedToken, self.since(start), title);
            self.report(message.help(format!("write them like this: `{usage}`")));
        }
        (types, op.unwrap_or(MergeOp::Add))
    }

    fn merge_op(&mut self) -> MergeOp {
        let op = match self.kind() {
            TokenKind::Plus => MergeOp::Add,
            TokenKind::Star => MergeOp::Mul,
            TokenKind::Keyword(Keyword::Binary(BinOp::Min)) => MergeOp::Min,
            TokenKind::Keyword(Keyword::Binary(BinOp::Max)) => MergeOp::Max,
            other => {
                let is_operator =
                    other.binary_op().is_some() || matches!(other, TokenKind::Keyword(Keyword::Binary(_)));
                if !is_operator {
                    self.expected("one of the operators `+`, `*`, `min` and `max`");
                    return MergeOp::Add;
                }
                let title = format!("`{}` cannot combine values in parallel", self.snippet(self.span()));
                let message = Diagnostic::new(Code::BadMergeOperator, self.span(), title)
                    .label("the answer would depend on the order of the workers")
                    .help("use `+`, `*`, `min` or `max`; for a difference merge negated values with `+`");
                self.report(message);
                MergeOp::Add
            }
        };
        self.bump();
        op
    }
}

/// The message about a name that was changed.
pub(super) fn renamed_message(old: &str, now: &str, span: Span) -> Diagnostic {
    let title = format!("`{old}` was renamed to `{now}`");
    Diagnostic::new(Code::RenamedKeyword, span, title).label("the old name").help(format!("write `{now}`"))
}

fn first(types: Vec<Ty>, span: Span) -> Ty {
    types.into_iter().next().unwrap_or(Ty { kind: TyKind::Hole, span })
}

fn pair(types: Vec<Ty>, span: Span) -> (Ty, Ty) {
    let mut types = types.into_iter();
    let mut next = || types.next().unwrap_or(Ty { kind: TyKind::Hole, span });
    (next(), next())
}
