#![forbid(unsafe_code)]
//! Expressions: which parts they have, and where parentheses are needed.
//!
//! Promises: the parts are printed in the order of the source.

use super::words::{literal, note_value};
use super::{Doc, Printer};
use crate::diag::stack::deep;
use crate::ir::{Literal, UnOp};
use crate::syntax::ast::{Builtin, Expr, ExprKind, Iter, IterKind, Let, Note, Param, Ty, TyKind};
use crate::syntax::token::TokenKind;

/// How strongly the forms that are no binary operators bind; those are levels 1 to 10.
const ASCRIBED: u8 = 11;
const PREFIXED: u8 = 12;
const POSTFIXED: u8 = 13;
/// Needs parentheses in any case.
const ENCLOSED: u8 = u8::MAX;

/// Struct fields of up to this many nodes share lines.
const SMALL: u32 = 8;

impl Printer<'_> {
    /// `expr` where something that binds at least as strongly as `level` must stand.
    pub(super) fn expr(&mut self, expr: &Expr, level: u8) -> Doc {
        deep(|| {
            let inside = notes_inside(expr);
            let outside =
                expr.notes.len() - expr.notes.iter().filter(|note| self.is_inside(note, inside)).count();
            if outside == 0 {
                return self.enclosed(expr, level);
            }
            if level > PREFIXED {
                return self.parenthesized(|printer| printer.noted(expr));
            }
            self.noted(expr)
        })
    }

    /// Whether the annotation stands in the type of a builder, which keeps it.
    fn is_inside(&self, note: &Note, of: Option<&Ty>) -> bool {
        let inside = |ty: &Ty| note.key.span.lo >= ty.span.lo && note.key.span.hi <= ty.span.hi;
        self.source.is_some() && of.is_some_and(inside)
    }

    /// The annotations and what they are about.
    fn noted(&mut self, expr: &Expr) -> Doc {
        let inside = notes_inside(expr);
        let notes: Vec<&Note> = expr.notes.iter().filter(|note| !self.is_inside(note, inside)).collect();
        let (at, open) = (self.token("@"), self.token("("));
        let open = self.layout.seq(vec![at, open]);
        let notes = self.items(&notes, |printer, note| {
            let key = printer.name(&note.key);
            let colon = printer.token(":");
            let space = printer.layout.text(" ");
            let value = printer.note_value(note);
            printer.layout.seq(vec![key, colon, space, value])
        });
        let close = self.close(")");
        let notes = self.paragraph(open, notes, close);
        let space = self.layout.text(" ");
        let inner = self.enclosed(expr, PREFIXED);
        self.layout.seq(vec![notes, space, inner])
    }

    fn note_value(&mut self, note: &Note) -> Doc {
        let Some(source) = &mut self.source else { return self.place(note_value(&note.value)) };
        let mut text = String::new();
        // A minus and a number, or one word.
        while let Some(token) = source.next_if(|_| true) {
            text.push_str(source.snippet(token));
            if token.kind != TokenKind::Minus {
                break;
            }
        }
        self.place(text)
    }

    fn enclosed(&mut self, expr: &Expr, level: u8) -> Doc {
        if strength(expr) < level {
            return self.parenthesized(|printer| printer.form(expr));
        }
        self.form(expr)
    }

    fn parenthesized(&mut self, inner: impl FnOnce(&mut Self) -> Doc) -> Doc {
        let open = self.token("(");
        let inner = inner(self);
        let close = self.close(")");
        self.spread(open, vec![inner], close)
    }

    fn form(&mut self, expr: &Expr) -> Doc {
        match &expr.kind {
            ExprKind::Literal(value) => self.spelled(expr.span, || literal(value)),
            ExprKind::Ident(name) => self.name(name),
            ExprKind::Block(lets, body) => self.block(lets, body, false),
            ExprKind::Lambda(params, body) => {
                let params = self.params(params);
                let body = self.body(body);
                self.below(params, body)
            }
            ExprKind::Unary(op, operand) if UnOp::FUNCTIONS.contains(op) => {
                self.named(op.symbol(), &[operand])
            }
            ExprKind::Unary(op, operand) => {
                let sign = self.token(op.symbol());
                let operand = self.expr(operand, if joins_minus(*op, operand) { ENCLOSED } else { PREFIXED });
                self.layout.seq(vec![sign, operand])
            }
            ExprKind::Binary(op, left, right) => match op.precedence() {
                Some(level) => self.chain(expr, level),
                None => self.named(op.symbol(), &[left, right]),
            },
            ExprKind::Ascribe(operand, of) => {
                let is_empty = matches!(&operand.kind, ExprKind::Vector(items) if items.is_empty());
                let operand = self.expr(operand, PREFIXED);
                let space = self.layout.text(if is_empty { "" } else { " " });
                let colon = self.token(":");
                let of = self.ty(of);
                self.layout.seq(vec![operand, space, colon, space, of])
            }
            ExprKind::Field(operand, index, span) => {
                let operand = self.expr(operand, head_level(operand));
                let dot = self.token(".");
                if let Some(source) = &mut self.source {
                    source.find_at(*span);
                }
                let field = self.place(format!("${index}"));
                self.layout.seq(vec![operand, dot, field])
            }
            ExprKind::Apply(callee, args) => {
                let callee = self.expr(callee, head_level(callee));
                self.call(callee, &args.iter().collect::<Vec<_>>())
            }
            ExprKind::Struct(items) => {
                let open = self.token("{");
                let small = items.iter().all(|item| item.size <= SMALL);
                let items = self.items(items, |printer, item| printer.expr(item, 0));
                let close = self.close("}");
                if small { self.paragraph(open, items, close) } else { self.spread(open, items, close) }
            }
            ExprKind::Vector(items) => {
                let open = self.token("[");
                let items = self.items(items, |printer, item| printer.expr(item, 0));
                let close = self.close("]");
                self.paragraph(open, items, close)
            }
            ExprKind::Cast(scalar, operand) => self.named(scalar.name(), &[operand]),
            ExprKind::Call(Builtin::If | Builtin::Select, args) if args.len() == 3 => self.choice(expr, args),
            ExprKind::Call(Builtin::Merge, args) => match args.as_slice() {
                [builder, value] if builder.size <= 4 => self.merge(builder, value),
                _ => self.named(Builtin::Merge.name(), &args.iter().collect::<Vec<_>>()),
            },
            ExprKind::Call(builtin, args) => self.named(builtin.name(), &args.iter().collect::<Vec<_>>()),
            ExprKind::For { iters, zipped, builder, func } => self.for_loop((iters, *zipped), builder, func),
            ExprKind::NewBuilder(of, arg) => {
                let head = self.builder(expr, of);
                match arg {
                    Some(arg) => self.call(head, &[arg]),
                    None => head,
                }
            }
            ExprKind::Deserialize(of, operand) => {
                let (word, open) = (self.token("deserialize"), self.token("["));
                let of = self.ty(of);
                let close = self.token("]");
                let head = self.layout.seq(vec![word, open, of, close]);
                self.call(head, &[operand])
            }
            ExprKind::CUdf { name, ty: of, args } => {
                let (word, open) = (self.token("cudf"), self.token("["));
                let name = self.name(name);
                let comma = self.token(",");
                let of = self.ty(of);
                let close = self.token("]");
                let head = self.layout.seq(vec![word, open, name, comma, of, close]);
                self.call(head, &args.iter().collect::<Vec<_>>())
            }
            ExprKind::Error => self.place("<error>"),
        }
    }

    fn named(&mut self, name: &'static str, args: &[&Expr]) -> Doc {
        let head = self.token(name);
        self.call(head, args)
    }

    /// The type of a new builder; that of an appender may be left out.
    fn builder(&mut self, expr: &Expr, of: &Ty) -> Doc {
        let is_open = matches!(&of.kind, TyKind::Appender(elem) if elem.kind == TyKind::Hole);
        if !is_open || expr.notes.iter().any(|note| self.is_inside(note, Some(of))) {
            return self.ty(of);
        }
        let head = self.token("appender");
        if let Some(source) = &mut self.source {
            source.leave_out(of.span.hi);
        }
        head
    }

    /// Where a block is a body, its lets are on lines of their own; as an operand it may be on one line.
    fn block(&mut self, lets: &[Let], body: &Expr, is_body: bool) -> Doc {
        let mut lines = Vec::with_capacity(lets.len() * 8 + 1);
        for (at, binding) in lets.iter().enumerate() {
            self.border.get_or_insert(at == 0);
            lines.push(self.token("let"));
            lines.push(self.layout.text(" "));
            lines.push(self.name(&binding.name));
            if let Some(of) = &binding.ty {
                lines.push(self.token(":"));
                lines.push(self.layout.text(" "));
                lines.push(self.ty(of));
            }
            lines.push(self.layout.text(" "));
            lines.push(self.token("="));
            lines.push(self.layout.text(" "));
            lines.push(self.indented_comments(|printer| printer.expr(&binding.value, 1)));
            lines.push(self.token(";"));
            lines.push(if is_body { self.layout.hard() } else { self.layout.soft(" ") });
        }
        self.border = Some(false);
        // Lets in a row would be one block.
        let level = u8::from(matches!(body.kind, ExprKind::Block(..)));
        lines.push(self.expr(body, level));
        let lines = self.layout.seq(lines);
        self.layout.group(lines)
    }

    /// The body of a lambda, a macro or a program.
    pub(super) fn body(&mut self, expr: &Expr) -> Doc {
        match &expr.kind {
            ExprKind::Block(lets, body) if expr.notes.is_empty() => self.block(lets, body, true),
            _ => self.expr(expr, 0),
        }
    }

    pub(super) fn params(&mut self, params: &[Param]) -> Doc {
        if params.is_empty() {
            let source = self.source.as_mut();
            if source.is_some_and(|source| !source.find("||")) {
                // Two bars with something between them.
                let open = self.token("|");
                if let Some(source) = &mut self.source {
                    source.find("|");
                }
                let bar = self.layout.text("|");
                return self.layout.seq(vec![open, bar]);
            }
            return self.place("||");
        }
        let open = self.token("|");
        let params = self.items(params, |printer, param| {
            let name = printer.name(&param.name);
            let Some(of) = &param.ty else { return name };
            let colon = printer.token(":");
            let space = printer.layout.text(" ");
            let of = printer.ty(of);
            printer.layout.seq(vec![name, colon, space, of])
        });
        let close = self.close("|");
        self.paragraph(open, params, close)
    }

    /// A run of operators of one level: the operands in one paragraph, operators at the beginning of lines.
    fn chain(&mut self, expr: &Expr, level: u8) -> Doc {
        // Comparisons do not chain, so both operands must bind more strongly.
        let left_level = if expr_is_comparison(expr) { level + 1 } else { level };
        let mut rest = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary(op, left, right) = &first.kind {
            let joins = op.precedence() == Some(level)
                && (first.same(expr) || (left_level == level && first.notes.is_empty()));
            if !joins {
                break;
            }
            rest.push((*op, right));
            first = left;
        }
        let first = self.expr(first, left_level);
        let mut items = Vec::with_capacity(rest.len());
        for (op, operand) in rest.into_iter().rev() {
            let line = self.layout.soft(" ");
            let symbol = self.token(op.symbol());
            let space = self.layout.text(" ");
            let operand = self.expr(operand, level + 1);
            let item = self.layout.seq(vec![line, symbol, space, operand]);
            items.push(self.layout.group(item));
        }
        let items = self.layout.seq(items);
        let items = self.layout.nest(items);
        self.layout.seq(vec![first, items])
    }

    /// The condition on the line of the name, the branches below it when they do not fit.
    fn choice(&mut self, expr: &Expr, args: &[Expr]) -> Doc {
        let ExprKind::Call(builtin, _) = &expr.kind else { return self.layout.text("") };
        let (name, open) = (self.token(builtin.name()), self.token("("));
        let mut docs =
            self.items(args, |printer, arg| printer.indented_comments(|printer| printer.expr(arg, 0)));
        let close = self.close(")");
        let arms = docs.split_off(1.min(docs.len()));
        let mut inside = Vec::with_capacity(4);
        for arm in arms {
            inside.push(self.layout.soft(" "));
            inside.push(arm);
        }
        let inside = self.closed(inside, close);
        let mut all = vec![name, open];
        all.extend(docs);
        all.push(inside);
        let all = self.layout.seq(all);
        self.layout.group(all)
    }

    /// A small builder and its value on one line.
    fn merge(&mut self, builder: &Expr, value: &Expr) -> Doc {
        let (name, open) = (self.token("merge"), self.token("("));
        let builder = self.indented_comments(|printer| printer.expr(builder, 0));
        let comma = self.token(",");
        let space = self.layout.text(" ");
        let value = self.expr(value, 0);
        let close = self.close(")");
        let inside = self.closed(vec![value], close);
        self.layout.seq(vec![name, open, builder, comma, space, inside])
    }

    fn for_loop(&mut self, (iters, zipped): (&[Iter], bool), builder: &Expr, func: &Expr) -> Doc {
        let (word, open) = (self.token("for"), self.token("("));
        let head = self.layout.seq(vec![word, open]);
        let data = match iters {
            [iter] if !zipped => self.iter(iter, false),
            _ => {
                let (zip, open) = (self.token("zip"), self.token("("));
                let open = self.layout.seq(vec![zip, open]);
                let iters = self.items(iters, |printer, iter| printer.iter(iter, true));
                let close = self.close(")");
                self.spread(open, iters, close)
            }
        };
        let comma = self.token(",");
        let data = self.layout.seq(vec![data, comma]);
        let builder = self.expr(builder, 0);
        let comma = self.token(",");
        let builder = self.layout.seq(vec![builder, comma]);
        self.with_lambda(head, vec![data, builder], func)
    }

    fn iter(&mut self, iter: &Iter, zipped: bool) -> Doc {
        let name = match (iter.kind, iter.args.as_slice()) {
            // A zip at the beginning of this place would be the iterator form.
            (IterKind::Iter, [data]) => {
                return self.expr(data, if !zipped && begins_with_zip(data) { ENCLOSED } else { 0 });
            }
            (IterKind::Iter, _) => "iter",
            (IterKind::SimdIter, _) => "simditer",
            (IterKind::FringeIter, _) => "fringeiter",
            (IterKind::RangeIter, _) => "rangeiter",
            (IterKind::NdIter, _) => "nditer",
        };
        self.named(name, &iter.args.iter().collect::<Vec<_>>())
    }
}

/// The type in which annotations of the expression may stand.
fn notes_inside(expr: &Expr) -> Option<&Ty> {
    match &expr.kind {
        ExprKind::NewBuilder(of, _) if !expr.notes.is_empty() => Some(of),
        _ => None,
    }
}

/// Whether a minus before the number would become part of it.
fn joins_minus(op: UnOp, operand: &Expr) -> bool {
    let is_signed = |value: &Literal| value.scalar().is_some_and(|scalar| scalar.is_signed());
    match &operand.kind {
        ExprKind::Literal(value) => {
            op == UnOp::Neg && value.as_i64().is_some() && is_signed(value) && operand.notes.is_empty()
        }
        _ => false,
    }
}

/// Whether the text of the data of a loop may begin with `zip`.
fn begins_with_zip(data: &Expr) -> bool {
    let mut first = data;
    while first.notes.is_empty() {
        first = match &first.kind {
            ExprKind::Call(builtin, _) => return *builtin == Builtin::Zip,
            ExprKind::Field(left, ..) | ExprKind::Ascribe(left, _) | ExprKind::Apply(left, _) => left,
            ExprKind::Binary(op, left, _) if op.precedence().is_some() => left,
            _ => return false,
        };
    }
    false
}

/// What must stand before a field or arguments: a builder would take the arguments for its own, and a minus further
/// left would become part of a number.
fn head_level(expr: &Expr) -> u8 {
    if matches!(expr.kind, ExprKind::NewBuilder(..) | ExprKind::Literal(_)) { ENCLOSED } else { POSTFIXED }
}

fn expr_is_comparison(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Binary(op, ..) if op.is_comparison())
}

/// How strongly the form binds, without its annotations.
fn strength(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Block(..) | ExprKind::Lambda(..) => 0,
        ExprKind::Binary(op, ..) => op.precedence().unwrap_or(POSTFIXED),
        ExprKind::Ascribe(..) => ASCRIBED,
        ExprKind::Unary(UnOp::Neg | UnOp::Not | UnOp::BitNot, _) => PREFIXED,
        ExprKind::Literal(value) if is_negative(value) => PREFIXED,
        _ => POSTFIXED,
    }
}

fn is_negative(value: &Literal) -> bool {
    match value {
        Literal::F32(value) => value.is_sign_negative(),
        Literal::F64(value) => value.is_sign_negative(),
        Literal::U64(_) => false,
        other => other.as_i64().is_some_and(|value| value < 0),
    }
}
