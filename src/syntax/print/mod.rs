#![forbid(unsafe_code)]
//! A tree as Weld text: what a program looks like after macro expansion.
//!
//! Promises: the text parses back to the same tree, up to spans; names that differ only in their marks print
//! differently (`x`, `x__1`) and look like no other name; the time is linear.

#[cfg(test)]
mod tests;
mod words;

use super::ast::{Builtin, Expr, ExprKind, Ident, Iter, IterKind, Let, Param, TyKind};
use crate::diag::stack::deep;
use crate::ir::{Literal, UnOp};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use words::{literal, note_value, ty};

/// How strongly the forms that are no binary operators bind; those are levels 1 to 10.
const ASCRIBED: u8 = 11;
const PREFIXED: u8 = 12;
const POSTFIXED: u8 = 13;

/// The text of `expr` in lines of about `width` columns.
pub fn print(expr: &Expr, width: usize) -> String {
    let mut printer = Printer { width, out: String::new(), names: HashMap::new(), taken: HashSet::new() };
    printer.reserve(expr);
    printer.expr(expr, 0, 0);
    printer.out
}

struct Printer {
    width: usize,
    out: String,
    /// The texts of the names with marks.
    names: HashMap<Ident, Arc<str>>,
    taken: HashSet<Arc<str>>,
}

impl Printer {
    /// Keeps the user's names as they are, so that no other name can look like one of them.
    fn reserve(&mut self, expr: &Expr) {
        let mut pending = vec![expr];
        while let Some(expr) = pending.pop() {
            let mut keep = |name: &Ident| {
                if name.mark == 0 {
                    self.taken.insert(name.text.clone());
                }
            };
            match &expr.kind {
                ExprKind::Ident(name) => keep(name),
                ExprKind::Block(lets, _) => lets.iter().for_each(|binding| keep(&binding.name)),
                ExprKind::Lambda(params, _) => params.iter().for_each(|param| keep(&param.name)),
                _ => {}
            }
            expr.kind.for_each_child(&mut |child| pending.push(child));
        }
    }

    fn name(&mut self, name: &Ident) -> Arc<str> {
        if name.mark == 0 {
            return name.text.clone();
        }
        if let Some(text) = self.names.get(name) {
            return text.clone();
        }
        let mut text = format!("{}__{}", name.text, name.mark);
        while self.taken.contains(text.as_str()) {
            text.push('_');
        }
        let text: Arc<str> = text.into();
        self.taken.insert(text.clone());
        self.names.insert(name.clone(), text.clone());
        text
    }

    /// Writes `expr` where something that binds at least as strongly as `level` must stand.
    fn expr(&mut self, expr: &Expr, level: u8, indent: usize) {
        deep(|| {
            let start = self.out.len();
            let column = self.out.len() - self.out.rfind('\n').map_or(0, |at| at + 1);
            let room = self.width.saturating_sub(column);
            // Every node writes something, so a larger tree cannot fit: the attempt costs at most a line.
            if expr.size as usize <= room {
                self.annotated(expr, level, None);
                if self.out.len() - start <= room {
                    return;
                }
                self.out.truncate(start);
            }
            self.annotated(expr, level, Some(indent));
        });
    }

    /// `indent`: the present indentation when lines may be broken; `None` for one line.
    fn annotated(&mut self, expr: &Expr, level: u8, indent: Option<usize>) {
        if expr.notes.is_empty() {
            return self.enclosed(expr, level, indent);
        }
        let closed = level > PREFIXED;
        self.out.push_str(if closed { "(@(" } else { "@(" });
        for (at, note) in expr.notes.iter().enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            self.out.push_str(&format!("{comma}{}: {}", note.key.text, note_value(&note.value)));
        }
        self.out.push_str(") ");
        self.enclosed(expr, PREFIXED, indent);
        self.out.push_str(if closed { ")" } else { "" });
    }

    fn enclosed(&mut self, expr: &Expr, level: u8, indent: Option<usize>) {
        let closed = strength(expr) < level;
        self.out.push_str(if closed { "(" } else { "" });
        self.form(expr, indent);
        self.out.push_str(if closed { ")" } else { "" });
    }

    /// A part of a form that is being written.
    fn part(&mut self, expr: &Expr, level: u8, indent: Option<usize>) {
        match indent {
            Some(indent) => self.expr(expr, level, indent),
            None => deep(|| self.annotated(expr, level, None)),
        }
    }

    fn form(&mut self, expr: &Expr, indent: Option<usize>) {
        match &expr.kind {
            ExprKind::Literal(value) => self.out.push_str(&literal(value)),
            ExprKind::Ident(name) => {
                let text = self.name(name);
                self.out.push_str(&text);
            }
            ExprKind::Block(lets, body) => self.block(lets, body, indent),
            ExprKind::Lambda(params, body) => self.lambda(params, body, indent),
            ExprKind::Unary(op, operand) => self.unary(*op, operand, indent),
            ExprKind::Binary(op, left, right) => match op.precedence() {
                Some(level) => self.chain(expr, level, indent),
                None => self.call(op.symbol(), [left, right], indent),
            },
            ExprKind::Ascribe(operand, of) => {
                self.part(operand, PREFIXED, indent);
                self.out.push_str(&format!(" : {}", ty(of)));
            }
            ExprKind::Field(operand, index, _) => {
                self.part(operand, head_level(operand), indent);
                self.out.push_str(&format!(".${index}"));
            }
            ExprKind::Apply(callee, args) => {
                self.part(callee, head_level(callee), indent);
                self.call("", args, indent);
            }
            ExprKind::Struct(items) => self.list('{', items, '}', indent),
            ExprKind::Vector(items) => self.list('[', items, ']', indent),
            ExprKind::Cast(scalar, operand) => self.call(scalar.name(), [operand], indent),
            ExprKind::Call(builtin, args) => self.call(builtin.name(), args, indent),
            ExprKind::For { iters, zipped, builder, func } => {
                self.for_loop((iters, *zipped), builder, func, indent)
            }
            ExprKind::NewBuilder(of, arg) => {
                // The type that may be left out.
                let is_open = matches!(&of.kind, TyKind::Appender(elem) if elem.kind == TyKind::Hole);
                self.out.push_str(&if is_open { "appender".to_string() } else { ty(of) });
                if let Some(arg) = arg {
                    self.call("", [arg], indent);
                }
            }
            ExprKind::Deserialize(of, operand) => {
                self.call(&format!("deserialize[{}]", ty(of)), [operand], indent)
            }
            ExprKind::CUdf { name, ty: of, args } => {
                self.call(&format!("cudf[{},{}]", name.text, ty(of)), args, indent)
            }
            ExprKind::Error => self.out.push_str("<error>"),
        }
    }

    fn new_line(&mut self, indent: usize) {
        self.out.push('\n');
        // Deeper than this, indentation costs more than it shows.
        self.out.extend(std::iter::repeat_n(' ', indent.min(64)));
    }

    /// The line break or space between two parts.
    fn separate(&mut self, indent: Option<usize>) {
        match indent {
            Some(indent) => self.new_line(indent),
            None => self.out.push(' '),
        }
    }

    fn block(&mut self, lets: &[Let], body: &Expr, indent: Option<usize>) {
        for binding in lets {
            let name = self.name(&binding.name);
            let of = binding.ty.as_ref().map_or(String::new(), |of| format!(": {}", ty(of)));
            self.out.push_str(&format!("let {name}{of} = "));
            self.part(&binding.value, 1, indent.map(|indent| indent + 2));
            self.out.push(';');
            self.separate(indent);
        }
        self.part(body, 0, indent);
    }

    fn lambda(&mut self, params: &[Param], body: &Expr, indent: Option<usize>) {
        self.out.push('|');
        for (at, param) in params.iter().enumerate() {
            let name = self.name(&param.name);
            let of = param.ty.as_ref().map_or(String::new(), |of| format!(": {}", ty(of)));
            self.out.push_str(&format!("{}{name}{of}", if at > 0 { ", " } else { "" }));
        }
        self.out.push('|');
        let indent = indent.map(|indent| indent + 2);
        self.separate(indent);
        self.part(body, 0, indent);
    }

    fn unary(&mut self, op: UnOp, operand: &Expr, indent: Option<usize>) {
        if UnOp::FUNCTIONS.contains(&op) {
            return self.call(op.symbol(), [operand], indent);
        }
        self.out.push_str(op.symbol());
        // A minus before a number would become part of it.
        let level = if matches!(operand.kind, ExprKind::Literal(_)) { u8::MAX } else { PREFIXED };
        self.part(operand, level, indent);
    }

    /// A run of operators of one level, without recursion along it.
    fn chain(&mut self, expr: &Expr, level: u8, indent: Option<usize>) {
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
        self.part(first, left_level, indent);
        for (op, right) in rest.into_iter().rev() {
            self.separate(indent);
            self.out.push_str(op.symbol());
            self.out.push(' ');
            self.part(right, level + 1, indent.map(|indent| indent + 2));
        }
    }

    fn call<'e>(&mut self, name: &str, args: impl IntoIterator<Item = &'e Expr>, indent: Option<usize>) {
        self.out.push_str(name);
        self.list('(', args, ')', indent);
    }

    fn list<'e>(
        &mut self,
        open: char,
        items: impl IntoIterator<Item = &'e Expr>,
        close: char,
        indent: Option<usize>,
    ) {
        let items: Vec<&Expr> = items.into_iter().collect();
        let inner = indent.map(|indent| indent + 2);
        self.out.push(open);
        match items.as_slice() {
            [] => self.out.push(close),
            // One item needs no lines of its own.
            [only] => {
                self.part(only, 0, indent);
                self.out.push(close);
            }
            _ => {
                for (at, item) in items.into_iter().enumerate() {
                    self.before_item(at, inner);
                    self.part(item, 0, inner);
                }
                self.after_items(close, indent);
            }
        }
    }

    fn before_item(&mut self, at: usize, inner: Option<usize>) {
        self.out.push_str(if at > 0 { "," } else { "" });
        match inner {
            Some(inner) => self.new_line(inner),
            None => self.out.push_str(if at > 0 { " " } else { "" }),
        }
    }

    fn after_items(&mut self, close: char, indent: Option<usize>) {
        if let Some(indent) = indent {
            self.new_line(indent);
        }
        self.out.push(close);
    }

    fn for_loop(
        &mut self,
        (iters, zipped): (&[Iter], bool),
        builder: &Expr,
        func: &Expr,
        indent: Option<usize>,
    ) {
        let inner = indent.map(|indent| indent + 2);
        self.out.push_str("for(");
        self.before_item(0, inner);
        if zipped {
            self.out.push_str("zip(");
        }
        for (at, iter) in iters.iter().enumerate() {
            self.out.push_str(if at > 0 { ", " } else { "" });
            self.iter(iter, zipped, inner);
        }
        self.out.push_str(if zipped { ")" } else { "" });
        for (at, part) in [builder, func].into_iter().enumerate() {
            self.before_item(at + 1, inner);
            self.part(part, 0, inner);
        }
        self.after_items(')', indent);
    }

    fn iter(&mut self, iter: &Iter, zipped: bool, indent: Option<usize>) {
        let name = match iter.kind {
            IterKind::Iter if iter.args.len() == 1 => {
                // A bare zip in this place would be the iterator form.
                let is_zip = matches!(iter.args[0].kind, ExprKind::Call(Builtin::Zip, _));
                return self.part(&iter.args[0], if is_zip && !zipped { u8::MAX } else { 0 }, indent);
            }
            IterKind::Iter => "iter",
            IterKind::SimdIter => "simditer",
            IterKind::FringeIter => "fringeiter",
            IterKind::RangeIter => "rangeiter",
            IterKind::NdIter => "nditer",
        };
        self.call(name, &iter.args, indent);
    }
}

/// What must stand before a field or arguments: a builder would take the arguments for its own, and a minus further
/// left would become part of a number.
fn head_level(expr: &Expr) -> u8 {
    if matches!(expr.kind, ExprKind::NewBuilder(..) | ExprKind::Literal(_)) { u8::MAX } else { POSTFIXED }
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
