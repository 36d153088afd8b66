#![forbid(unsafe_code)]
//! Rewrites that make two types one, and the messages of operators, which are built around them.
//!
//! Promises: a literal is rewritten with the right suffix, anything else gets a cast; of two sides the one is
//! changed that loses nothing.

use super::messages::{a, type_text};
use super::show::{literal_as, operand_levels, show, show_at, show_binary};
use crate::diag::{Code, Diagnostic};
use crate::ir::op::Operands;
use crate::ir::{BinOp, Literal, Scalar, Ty, UnOp};
use crate::syntax::ast::{self, ExprKind};

/// The longest rewritten struct worth showing, in bytes.
const MAX_FIX: usize = 60;

/// The order in which casts widen.
pub(super) fn rank(scalar: Scalar) -> usize {
    let order = [
        Scalar::Bool,
        Scalar::I8,
        Scalar::U8,
        Scalar::I16,
        Scalar::U16,
        Scalar::I32,
        Scalar::U32,
        Scalar::I64,
        Scalar::U64,
        Scalar::F32,
        Scalar::F64,
    ];
    order.iter().position(|other| *other == scalar).unwrap_or(0)
}

/// The expression rewritten to have type `wants`: never needs parentheses, except as a negative literal.
pub(super) fn fix(expr: &ast::Expr, found: &Ty, wants: &Ty) -> Option<String> {
    if let (ExprKind::Struct(items), Some(found), Some(wants)) = (&expr.kind, found.fields(), wants.fields())
    {
        return fix_fields(items, found, wants);
    }
    let (found, wants) = (found.scalar()?, wants.scalar()?);
    if let Some(text) = literal_of(expr).and_then(|literal| literal_as(literal, wants)) {
        return Some(text);
    }
    if wants == Scalar::Bool {
        let (left, _) = operand_levels(BinOp::Ne);
        let zero = Literal::from_i64(found, 0).to_string();
        return Some(show_binary(BinOp::Ne, &show_at(expr, left)?, &zero));
    }
    Some(format!("{wants}({})", show(expr)?))
}

/// A struct with each field rewritten that has another type.
fn fix_fields(items: &[ast::Expr], found: &[Ty], wants: &[Ty]) -> Option<String> {
    if items.len() != wants.len() || found.len() != wants.len() {
        return None;
    }
    let fields = items.iter().zip(found.iter().zip(wants)).map(|(item, (found, wants))| {
        if found == wants { show(item) } else { crate::diag::stack::deep(|| fix(item, found, wants)) }
    });
    let fields: Option<Vec<String>> = fields.collect();
    Some(format!("{{{}}}", fields?.join(", "))).filter(|text| text.len() <= MAX_FIX)
}

/// The sentence around a fix.
pub(super) fn fix_help(expr: &ast::Expr, wants: &Ty, fix: &str) -> String {
    let wants = a(&type_text(wants));
    // A cast of a literal loses a part of it, so it is not the same value written differently.
    let is_literal = matches!(expr.kind, ExprKind::Literal(_)) && !fix.ends_with(')');
    if is_literal { format!("write it as {wants}: `{fix}`") } else { format!("make it {wants}: `{fix}`") }
}

/// A call with arguments that may be too long to repeat.
pub(super) fn call_fix(how: &str, name: &str, args: &[Option<String>]) -> String {
    let known: Option<Vec<&str>> = args.iter().map(Option::as_deref).collect();
    match (known, args.last()) {
        (Some(known), _) => format!("{how}: `{name}({})`", known.join(", ")),
        (None, Some(Some(last))) => format!("{how}: `{last}`"),
        _ => how.to_string(),
    }
}

fn literal_of(expr: &ast::Expr) -> Option<&Literal> {
    match &expr.kind {
        ExprKind::Literal(literal) => Some(literal),
        _ => None,
    }
}

/// Of two sides that should have one type: whether the right one is to be changed.
pub(super) fn fixes_right(left: (&ast::Expr, &Ty), right: (&ast::Expr, &Ty)) -> bool {
    let (Some(left_scalar), Some(right_scalar)) = (left.1.scalar(), right.1.scalar()) else { return true };
    let fits =
        |expr: &ast::Expr, to| literal_of(expr).is_some_and(|literal| literal_as(literal, to).is_some());
    match (fits(left.0, right_scalar), fits(right.0, left_scalar)) {
        (true, false) => false,
        (false, true) => true,
        // Both can change, or both only by a cast: widen the narrower one.
        _ => rank(left_scalar) >= rank(right_scalar),
    }
}

/// `left op right` where the sides have different types.
pub(super) fn operand_mismatch(
    op: BinOp,
    left: (&ast::Expr, &Ty),
    right: (&ast::Expr, &Ty),
    whole: &ast::Expr,
    fix_right: bool,
) -> Diagnostic {
    let (wrong, other) = if fix_right { (right, left) } else { (left, right) };
    let (wrong_text, other_text) = (type_text(wrong.1), type_text(other.1));
    let title = match literal_of(wrong.0) {
        Some(_) => {
            format!("this literal is {}, but it is {} {}", a(&wrong_text), joined_with(op), a(&other_text))
        }
        None => format!(
            "`{}` needs operands of one type, these are `{}` and `{}`",
            op.symbol(),
            type_text(left.1),
            type_text(right.1)
        ),
    };
    let diagnostic = Diagnostic::new(Code::OperandMismatch, wrong.0.span, title)
        .label(without_conversion(wrong.1, other.1));
    if let Some(new) = left.1.elem().filter(|elem| *elem == right.1).and_then(|elem| each(elem, whole)) {
        return diagnostic.help(new);
    }
    let Some(new) = fix(wrong.0, wrong.1, other.1) else { return diagnostic };
    let (left_level, right_level) = operand_levels(op);
    let whole = if fix_right {
        show_at(left.0, left_level).map(|text| show_binary(op, &text, &new))
    } else {
        show_at(right.0, right_level).map(|text| show_binary(op, &new, &text))
    };
    diagnostic.help(fix_help(wrong.0, other.1, whole.as_deref().unwrap_or(&new)))
}

/// The label of a value with the wrong type.
pub(super) fn without_conversion(found: &Ty, wants: &Ty) -> String {
    let found_text = a(&type_text(found));
    match (found.scalar(), wants.scalar()) {
        (Some(_), Some(_)) => format!("{found_text}; Weld never converts silently"),
        _ => found_text,
    }
}

fn joined_with(op: BinOp) -> &'static str {
    match op {
        BinOp::Add => "added to",
        BinOp::Mul => "multiplied with",
        _ if op.is_comparison() => "compared with",
        _ => "combined with",
    }
}

/// `operand` of `whole`, on which the operator does not work.
pub(super) fn operand_kind(
    class: Operands,
    ty: &Ty,
    operand: &ast::Expr,
    whole: &ast::Expr,
    macro_names: &[String],
) -> Diagnostic {
    let text = type_text(ty);
    let symbol = match &whole.kind {
        ExprKind::Binary(op, ..) => op.symbol(),
        ExprKind::Unary(op, _) => op.symbol(),
        _ => "this operator",
    };
    let works_on = match class {
        Operands::Num => "numbers",
        Operands::Int => "integers",
        Operands::Float => "floats",
        Operands::Bits => "integers and bools",
        Operands::Bool => "bools",
        Operands::Ordered => "numbers and bools",
        Operands::Equal | Operands::Compared => "values without builders and dictionaries",
    };
    let diagnostic = Diagnostic::new(
        Code::OperandKind,
        operand.span,
        format!("`{symbol}` works on {works_on}, this is {}", a(&text)),
    )
    .label(a(&text));
    let help = match ty {
        Ty::Scalar(scalar) => scalar_help(class, *scalar, operand, whole),
        Ty::Builder(_) => {
            Some("a builder has no value before `result`; to add to it, call `merge`".to_string())
        }
        Ty::Vec(elem) if macro_names.iter().any(|name| name == "map") => vector_help(class, elem, whole),
        _ => None,
    };
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

fn scalar_help(class: Operands, scalar: Scalar, operand: &ast::Expr, whole: &ast::Expr) -> Option<String> {
    match class {
        Operands::Bool if matches!(whole.kind, ExprKind::Unary(..)) => {
            let (left, _) = operand_levels(BinOp::Eq);
            let zero = Literal::from_i64(scalar, 0).to_string();
            Some(format!(
                "compare it with zero: `{}`",
                show_binary(BinOp::Eq, &show_at(operand, left)?, &zero)
            ))
        }
        Operands::Bool => {
            let new = fix(operand, &Ty::Scalar(scalar), &Ty::BOOL)?;
            Some(format!("compare it with zero: `{new}`"))
        }
        Operands::Float if scalar.is_int() => {
            let float = |expr: &ast::Expr| match literal_of(expr) {
                // A literal that is a float already stays.
                Some(literal) if literal.scalar().is_some_and(Scalar::is_float) => Some(literal.to_string()),
                _ => fix(expr, &Ty::Scalar(scalar), &Ty::Scalar(Scalar::F64)),
            };
            let new = match &whole.kind {
                ExprKind::Unary(op, x) => format!("{}({})", op.symbol(), float(x)?),
                ExprKind::Binary(op, x, y) => show_binary(*op, &float(x)?, &float(y)?),
                _ => return None,
            };
            Some(format!("make it an `f64`: `{new}`"))
        }
        Operands::Num if scalar == Scalar::Bool => match &whole.kind {
            ExprKind::Unary(UnOp::Neg, x) => Some(format!("negate a bool with `!{}`", show_at(x, 11)?)),
            ExprKind::Binary(_, x, y) => {
                let other = if x.span == operand.span { y } else { x };
                // A literal beside it says which number it has to be.
                let to = literal_of(other).and_then(Literal::scalar).filter(|to| to.is_num());
                let to = to.unwrap_or(Scalar::I64);
                Some(format!("count with it as a number: `{to}({})`", show(operand)?))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Arithmetic on whole vectors is a loop over their elements.
fn vector_help(class: Operands, elem: &Ty, whole: &ast::Expr) -> Option<String> {
    if !matches!(class, Operands::Num | Operands::Float | Operands::Ordered) || !elem.scalar()?.is_num() {
        return None;
    }
    each(elem, whole)
}

/// The operation on the elements of its operands.
fn each(elem: &Ty, whole: &ast::Expr) -> Option<String> {
    // Bytes are text more often than numbers.
    if *elem == Ty::I8 {
        return None;
    }
    let new = match &whole.kind {
        ExprKind::Unary(UnOp::Neg, v) => format!("map({}, |x| -x)", show(v)?),
        ExprKind::Unary(op, v) => format!("map({}, |x| {}(x))", show(v)?, op.symbol()),
        ExprKind::Binary(op, v, k) if matches!(v.kind, ExprKind::Ident(_)) && literal_of(k).is_some() => {
            format!("map({}, |x| {})", show(v)?, show_binary(*op, "x", &show_at(k, operand_levels(*op).1)?))
        }
        ExprKind::Binary(op, a, b) if is_name(a) && is_name(b) => {
            format!("map(zip({}, {}), |p| {})", show(a)?, show(b)?, show_binary(*op, "p.$0", "p.$1"))
        }
        _ => return None,
    };
    Some(format!("work on each element: `{new}`"))
}

fn is_name(expr: &ast::Expr) -> bool {
    matches!(expr.kind, ExprKind::Ident(_))
}
