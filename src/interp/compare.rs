#![forbid(unsafe_code)]
//! Equality and order of values: LANGUAGE 8.1 and 8.2.
//!
//! Promises: `!=` is exactly not `==`; a NaN is equal to nothing; an order that meets a NaN at the first pair that is
//! not equal makes `<`, `<=`, `>` and `>=` all false.

use crate::ir::{BinOp, Literal, Scalar};
use crate::value::Value;
use std::cmp::Ordering;

/// `a op b` for values of one type; `None` when `op` is no comparison.
pub(super) fn compare(op: BinOp, a: &Value, b: &Value) -> Option<bool> {
    let order = order(a, b);
    Some(match op {
        BinOp::Eq => order == Some(Ordering::Equal),
        BinOp::Ne => order != Some(Ordering::Equal),
        BinOp::Lt => order == Some(Ordering::Less),
        BinOp::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        BinOp::Gt => order == Some(Ordering::Greater),
        BinOp::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        _ => return None,
    })
}

/// Lexicographic; `None` when the first pair that is not equal is not ordered.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Scalar(a), Value::Scalar(b)) => scalars(a, b),
        // Strings compare as C's `strcmp` does, which is the order of UTF-8.
        (Value::Scalars(a), Value::Scalars(b)) if a.scalar() == Scalar::I8 => Some(a.bytes().cmp(b.bytes())),
        (Value::Scalars(a), Value::Scalars(b)) => {
            let pairs = a.iter().zip(b.iter());
            first_difference(pairs.map(|(a, b)| scalars(&a, &b)), a.len(), b.len())
        }
        (Value::Vector(a), Value::Vector(b)) => items(a, b),
        (Value::Struct(a), Value::Struct(b)) => items(a, b),
        _ => None,
    }
}

fn items(a: &[Value], b: &[Value]) -> Option<Ordering> {
    first_difference(a.iter().zip(b).map(|(a, b)| order(a, b)), a.len(), b.len())
}

/// The first pair that is not equal decides, then the lengths.
fn first_difference(
    mut pairs: impl Iterator<Item = Option<Ordering>>,
    a_len: usize,
    b_len: usize,
) -> Option<Ordering> {
    pairs.find(|order| *order != Some(Ordering::Equal)).unwrap_or(Some(a_len.cmp(&b_len)))
}

fn scalars(a: &Literal, b: &Literal) -> Option<Ordering> {
    match (a, b) {
        (Literal::F32(a), Literal::F32(b)) => a.partial_cmp(b),
        (Literal::F64(a), Literal::F64(b)) => a.partial_cmp(b),
        (Literal::U64(a), Literal::U64(b)) => Some(a.cmp(b)),
        _ => Some(a.as_i64()?.cmp(&b.as_i64()?)),
    }
}
