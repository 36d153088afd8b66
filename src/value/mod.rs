//! Values of the language outside compiled code: what the interpreter computes with, what inputs are read into
//! and what results are printed from.
//!
//! Promises: a vector of scalars is one flat buffer in the memory layout of LANGUAGE 17, shared and never
//! copied on its way to compiled code; every printed value parses back to the same bits.

pub mod buffer;
mod dict;
mod error;
pub mod layout;
pub mod literal;
pub mod marshal;
pub mod print;
pub mod serial;
pub mod survey;
mod table;

pub use crate::runtime::{Function, Libraries, nd};
pub use buffer::Buffer;
pub use dict::{Dict, Index};
pub use error::{ErrorKind, RunError};

use crate::ir::{Literal, Scalar, Ty};
use std::sync::Arc;

/// A value without builders. The type of an empty vector is not in the value: pair it with its [`Ty`].
#[derive(Clone, Debug)]
pub enum Value {
    /// A scalar (never `Literal::Str`).
    Scalar(Literal),
    /// A vector of scalars: a flat buffer.
    Scalars(Buffer),
    /// A vector of anything else.
    Vector(Arc<Vec<Value>>),
    /// A struct.
    Struct(Vec<Value>),
    /// A dictionary.
    Dict(Arc<Dict>),
    /// A SIMD value: its lanes in order. Lives only inside a run of the interpreter.
    Lanes(Vec<Literal>),
    /// A builder that a program returns without calling `result`, or that it is given: its type, and what `result` would
    /// give now.
    Builder(Ty, Arc<Value>),
}

impl Value {
    /// Whether both are the same value bit for bit, except that all NaNs are one.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Scalar(a), Value::Scalar(b)) => same_literal(a, b),
            (Value::Scalars(a), Value::Scalars(b)) => {
                a.scalar() == b.scalar()
                    && a.len() == b.len()
                    && a.iter().zip(b.iter()).all(|(a, b)| same_literal(&a, &b))
            }
            (Value::Vector(a), Value::Vector(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same(b))
            }
            (Value::Struct(a), Value::Struct(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
            }
            (Value::Dict(a), Value::Dict(b)) => {
                a.len() == b.len() && a.entries().iter().zip(b.entries().iter()).all(|(a, b)| a.same(b))
            }
            (Value::Builder(a, held), Value::Builder(b, other)) => a == b && held.same(other),
            _ => false,
        }
    }

    /// The number of elements of a vector, or of keys of a dictionary.
    #[allow(clippy::len_without_is_empty, reason = "a value that is no vector is not empty either")]
    pub fn len(&self) -> Option<usize> {
        match self {
            Value::Scalars(buffer) => Some(buffer.len()),
            Value::Vector(items) => Some(items.len()),
            Value::Dict(dict) => Some(dict.len()),
            _ => None,
        }
    }

    /// Element `at` of a vector, entry `at` of a dictionary.
    pub fn at(&self, at: usize) -> Option<Value> {
        match self {
            Value::Scalars(buffer) => buffer.get(at).map(Value::Scalar),
            Value::Vector(items) => items.get(at).cloned(),
            Value::Dict(dict) => dict.entries().get(at).cloned(),
            _ => None,
        }
    }

    /// A vector of `elem`: flat when `elem` is a scalar. `None` when an item is not of that type.
    pub fn vector(elem: &Ty, items: Vec<Value>) -> Option<Value> {
        let Some(scalar) = elem.scalar() else { return Some(Value::Vector(Arc::new(items))) };
        let mut buffer = buffer::Builder::new(scalar);
        for item in items {
            let Value::Scalar(literal) = item else { return None };
            buffer.push(&literal)?;
        }
        Some(Value::Scalars(buffer.finish()))
    }

    /// The value whose bits are all zero: `false`, empty vectors and dictionaries. `None` for types that have none.
    pub fn zero(ty: &Ty) -> Option<Value> {
        Some(match ty {
            Ty::Scalar(scalar) => Value::Scalar(zero(*scalar)),
            Ty::Vec(elem) => Value::vector(elem, Vec::new())?,
            Ty::Struct(fields) => Value::Struct(fields.iter().map(Value::zero).collect::<Option<_>>()?),
            Ty::Dict(_) => Value::Dict(Arc::default()),
            Ty::Simd(_) | Ty::Builder(_) | Ty::Infer(_) => return None,
        })
    }

    /// Whether this is a value of type `ty`.
    pub fn fits(&self, ty: &Ty) -> bool {
        match (self, ty) {
            (Value::Scalar(literal), Ty::Scalar(scalar)) => literal.scalar() == Some(*scalar),
            (Value::Scalars(buffer), Ty::Vec(elem)) => elem.scalar() == Some(buffer.scalar()),
            (Value::Vector(items), Ty::Vec(elem)) => {
                elem.scalar().is_none() && items.iter().all(|item| item.fits(elem))
            }
            (Value::Struct(items), Ty::Struct(fields)) => {
                items.len() == fields.len()
                    && items.iter().zip(fields.iter()).all(|(item, field)| item.fits(field))
            }
            (Value::Dict(dict), Ty::Dict(entry)) => dict.entries().iter().all(|item| match item {
                Value::Struct(item) => {
                    matches!(item.as_slice(), [key, value] if key.fits(&entry.0) && value.fits(&entry.1))
                }
                _ => false,
            }),
            (Value::Builder(found, held), Ty::Builder(builder)) => {
                found == ty && held.fits(&builder.result_ty())
            }
            _ => false,
        }
    }
}

fn same_literal(a: &Literal, b: &Literal) -> bool {
    match (a, b) {
        (Literal::F32(a), Literal::F32(b)) if a.is_nan() => b.is_nan(),
        (Literal::F64(a), Literal::F64(b)) if a.is_nan() => b.is_nan(),
        _ => a == b,
    }
}

/// The zero of a scalar type.
pub fn zero(scalar: Scalar) -> Literal {
    Literal::from_i64(scalar, 0)
}
