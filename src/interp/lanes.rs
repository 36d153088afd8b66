#![forbid(unsafe_code)]
//! SIMD values: operations lane by lane, and the way between one value per lane and one value of lanes.
//!
//! Promises: a lane is computed by the operation that scalars have, in the order of the lanes.

use super::{Outcome, malformed};
use crate::diag::Origin;
use crate::ir::{Literal, SIMD_LANES};
use crate::value::Value;

/// `f` of a scalar, or of each lane.
pub(super) fn map(
    value: &Value,
    origin: &Origin,
    f: impl Fn(&Literal) -> Outcome<Literal>,
) -> Outcome<Value> {
    match value {
        Value::Scalar(literal) => f(literal).map(Value::Scalar),
        Value::Lanes(lanes) => lanes.iter().map(f).collect::<Outcome<_>>().map(Value::Lanes),
        _ => Err(malformed(origin, "a scalar was expected")),
    }
}

/// The lanes of `a` where `c` holds, else those of `b`.
pub(super) fn select(c: &[Literal], a: &Value, b: &Value) -> Option<Value> {
    let (Value::Lanes(a), Value::Lanes(b)) = (a, b) else { return None };
    let lanes = c.iter().zip(a.iter().zip(b));
    Some(Value::Lanes(
        lanes.map(|(c, (a, b))| if *c == Literal::Bool(true) { a } else { b }.clone()).collect(),
    ))
}

/// Scalars, or structs of scalars, side by side.
pub(super) fn join(values: &[Value]) -> Option<Value> {
    match values.first()? {
        Value::Struct(fields) => {
            let field = |k: usize| {
                let column: Option<Vec<Value>> = values
                    .iter()
                    .map(|value| if let Value::Struct(items) = value { items.get(k).cloned() } else { None })
                    .collect();
                join(&column?)
            };
            (0..fields.len()).map(field).collect::<Option<_>>().map(Value::Struct)
        }
        _ => {
            let lanes = values.iter().map(|value| match value {
                Value::Scalar(literal) => Some(literal.clone()),
                _ => None,
            });
            lanes.collect::<Option<_>>().map(Value::Lanes)
        }
    }
}

/// One value per lane.
pub(super) fn split(value: &Value) -> Option<Vec<Value>> {
    (0..SIMD_LANES).map(|at| lane(value, at)).collect()
}

fn lane(value: &Value, at: usize) -> Option<Value> {
    match value {
        Value::Lanes(lanes) => lanes.get(at).cloned().map(Value::Scalar),
        Value::Struct(items) => {
            items.iter().map(|item| lane(item, at)).collect::<Option<_>>().map(Value::Struct)
        }
        _ => None,
    }
}
