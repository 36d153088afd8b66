#![forbid(unsafe_code)]
//! Short expressions as text, for the fixes in messages.
//!
//! Promises: the text parses back to the same expression. Gives up (`None`) on long ones, on loops and lambdas,
//! and on code that a macro wrote: the user cannot edit that.

use crate::ir::{BinOp, Literal, Scalar, UnOp};
use crate::syntax::ast::{Builtin, Expr, ExprKind};

/// The longest text worth repeating in a message.
const MAX_TEXT: usize = 60;
/// The precedence of a whole expression, of an operand of a prefix operator, and of something indivisible.
const LOOSEST: u8 = 0;
const PREFIX: u8 = 11;
const POSTFIX: u8 = 12;

/// The expression as text.
pub(super) fn show(expr: &Expr) -> Option<String> {
    show_at(expr, LOOSEST)
}

/// The expression as text, in parentheses where an operand of binding strength `level` needs them.
pub(super) fn show_at(expr: &Expr, level: u8) -> Option<String> {
    let mut out = String::new();
    write(expr, level, &mut out)?;
    Some(out)
}

/// `left op right`, where one side may already be a replacement.
pub(super) fn show_binary(op: BinOp, left: &str, right: &str) -> String {
    match op.precedence() {
        Some(_) => format!("{left} {} {right}", op.symbol()),
        None => format!("{}({left}, {right})", op.symbol()),
    }
}

/// The strength that the left and the right operand of `op` must have at least to stand without parentheses.
pub(super) fn operand_levels(op: BinOp) -> (u8, u8) {
    match op.precedence() {
        Some(level) if op.is_comparison() => (level + 1, level + 1),
        Some(level) => (level, level + 1),
        None => (LOOSEST, LOOSEST),
    }
}

/// The literal as one of another type with the same value, if there is one.
pub(super) fn literal_as(literal: &Literal, to: Scalar) -> Option<String> {
    let from = literal.scalar()?;
    if from == Scalar::Bool || to == Scalar::Bool {
        return None;
    }
    let cast = crate::ir::op::cast(to, literal).ok()?;
    let back = crate::ir::op::cast(from, &cast).ok()?;
    (back == *literal).then(|| cast.to_string())
}

fn write(expr: &Expr, level: u8, out: &mut String) -> Option<()> {
    if out.len() > MAX_TEXT {
        return None;
    }
    let own = match &expr.kind {
        ExprKind::Binary(op, ..) => op.precedence().unwrap_or(POSTFIX),
        ExprKind::Unary(UnOp::Neg | UnOp::Not | UnOp::BitNot, _) => PREFIX,
        ExprKind::Literal(literal) if literal.to_string().starts_with('-') => PREFIX,
        _ => POSTFIX,
    };
    if own < level {
        out.push('(');
        write(expr, LOOSEST, out)?;
        out.push(')');
        return Some(());
    }
    match &expr.kind {
        ExprKind::Literal(literal) => {
            let text = literal.to_string();
            // Infinities print as a division; as a literal they cannot be repeated.
            if text.contains('/') {
                return None;
            }
            out.push_str(&text);
        }
        ExprKind::Ident(ident) if ident.mark == 0 => out.push_str(&ident.text),
        ExprKind::Unary(op @ (UnOp::Neg | UnOp::Not | UnOp::BitNot), a) => {
            out.push_str(op.symbol());
            write(a, PREFIX, out)?;
        }
        ExprKind::Unary(op, a) => call(op.symbol(), std::slice::from_ref(a), out)?,
        ExprKind::Binary(op, a, b) => match op.precedence() {
            Some(_) => {
                let (left, right) = operand_levels(*op);
                write(a, left, out)?;
                out.push_str(&format!(" {} ", op.symbol()));
                write(b, right, out)?;
            }
            None => {
                out.push_str(&format!("{}(", op.symbol()));
                write(a, LOOSEST, out)?;
                out.push_str(", ");
                write(b, LOOSEST, out)?;
                out.push(')');
            }
        },
        ExprKind::Field(base, index, _) => {
            write(base, POSTFIX, out)?;
            out.push_str(&format!(".${index}"));
        }
        ExprKind::Apply(callee, args) => {
            write(callee, POSTFIX, out)?;
            call("", args, out)?;
        }
        ExprKind::Cast(scalar, a) => call(scalar.name(), std::slice::from_ref(a), out)?,
        ExprKind::Call(builtin, args) if *builtin != Builtin::Iterate && *builtin != Builtin::Sort => {
            call(builtin.name(), args, out)?;
        }
        ExprKind::Struct(items) => list("{", items, "}", out)?,
        ExprKind::Vector(items) if !items.is_empty() => list("[", items, "]", out)?,
        _ => return None,
    }
    (out.len() <= MAX_TEXT).then_some(())
}

fn call(name: &str, args: &[Expr], out: &mut String) -> Option<()> {
    out.push_str(name);
    list("(", args, ")", out)
}

fn list(open: &str, items: &[Expr], close: &str, out: &mut String) -> Option<()> {
    out.push_str(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write(item, LOOSEST, out)?;
    }
    out.push_str(close);
    Some(())
}
