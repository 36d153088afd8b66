#![forbid(unsafe_code)]
//! A value in one line: how much of it there is, and between which bounds.

use crate::ir::{BinOp, Literal, Scalar, Ty, op};
use crate::value::layout::layout;
use crate::value::print::{grouped, preview};
use crate::value::{Buffer, Value};

/// Such as `1,000,000 elements  7.6 MiB  min -9,998  max 9,999`. Values that are no vectors are shown, shortened.
pub fn describe(value: &Value, ty: &Ty) -> String {
    let Some(len) = value.len() else { return preview(value, ty, 6) };
    let plural = if len == 1 { "" } else { "s" };
    let mut text = format!("{} element{plural}  {}", grouped(len), size(bytes(value, ty)));
    if let Value::Scalars(buffer) = value {
        text.push_str(&bounds(buffer));
    }
    text
}

/// The bounds of the numbers; NaNs are counted apart.
fn bounds(buffer: &Buffer) -> String {
    if buffer.scalar() == Scalar::Bool {
        return format!("  {} true", grouped(buffer.bytes().iter().filter(|byte| **byte != 0).count()));
    }
    let mut extremes: Option<(Literal, Literal)> = None;
    let mut nans = 0usize;
    for literal in buffer.iter() {
        match &literal {
            Literal::F32(x) if x.is_nan() => nans += 1,
            Literal::F64(x) if x.is_nan() => nans += 1,
            _ => match &mut extremes {
                None => extremes = Some((literal.clone(), literal)),
                Some((low, high)) => {
                    if is_below(&literal, low) {
                        *low = literal;
                    } else if is_below(high, &literal) {
                        *high = literal;
                    }
                }
            },
        }
    }
    let mut text = String::new();
    if let Some((low, high)) = extremes {
        text = format!("  min {}  max {}", plain(&low), plain(&high));
    }
    if nans > 0 {
        text.push_str(&format!("  {} NaN", grouped(nans)));
    }
    text
}

fn is_below(a: &Literal, b: &Literal) -> bool {
    op::binary(BinOp::Lt, a, b) == Ok(Literal::Bool(true))
}

/// A number for people: no suffix, no cast, infinity by its name.
fn plain(literal: &Literal) -> String {
    match literal {
        Literal::F32(x) => format!("{x:?}"),
        Literal::F64(x) => format!("{x:?}"),
        Literal::U64(x) => grouped(x),
        other => grouped(other.as_i64().unwrap_or(0)),
    }
}

/// The memory a vector takes in its C layout, vectors inside it included.
fn bytes(value: &Value, ty: &Ty) -> usize {
    match (value, ty) {
        (Value::Scalars(buffer), _) => buffer.bytes().len(),
        (Value::Vector(items), Ty::Vec(elem)) => {
            let own = items.len().saturating_mul(layout(elem).size);
            if elem.is_flat() { own } else { own + items.iter().map(|item| bytes(item, elem)).sum::<usize>() }
        }
        (Value::Struct(items), Ty::Struct(fields)) => {
            items.iter().zip(fields.iter()).map(|(item, field)| bytes(item, field)).sum()
        }
        _ => 0,
    }
}

/// Bytes in the largest unit that leaves at least one before the point.
pub fn size(bytes: usize) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let mut number = bytes as f64;
    let mut unit = "B";
    for next in units {
        if number < 1024.0 {
            break;
        }
        number /= 1024.0;
        unit = next;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{number:.1} {unit}") }
}
