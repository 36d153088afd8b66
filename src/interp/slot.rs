#![forbid(unsafe_code)]
//! What expressions evaluate to and binders stand for: values, live builders, and structs of both.
//!
//! Promises: a builder has one owner; using a variable moves it out, as the linearity rules allow, so merging
//! works in place.

use super::builder::Builder;
use crate::ir::{Expr, ExprKind, Ty};
use crate::value::Value;
use std::sync::Arc;

/// A value or builders.
pub(super) enum Slot {
    /// Nothing is bound, or a builder that was moved out.
    Empty,
    /// A value without builders.
    Plain(Value),
    /// A builder.
    Builder(Box<Builder>),
    /// A struct with a builder somewhere in it.
    Struct(Vec<Slot>),
}

/// Something inside the scope.
pub(super) enum Place<'a> {
    Slot(&'a mut Slot),
    /// Inside a plain value.
    Value(&'a Value),
}

impl Slot {
    /// A struct.
    pub(super) fn tuple(items: Vec<Slot>) -> Slot {
        if items.iter().any(|item| !matches!(item, Slot::Plain(_))) {
            return Slot::Struct(items);
        }
        let plain = items
            .into_iter()
            .filter_map(|item| if let Slot::Plain(value) = item { Some(value) } else { None });
        Slot::Plain(Value::Struct(plain.collect()))
    }

    /// A use: values are copied, builders move.
    pub(super) fn take(&mut self) -> Slot {
        match self {
            Slot::Plain(value) => Slot::Plain(value.clone()),
            Slot::Struct(items) => Slot::Struct(items.iter_mut().map(Slot::take).collect()),
            Slot::Builder(_) | Slot::Empty => std::mem::replace(self, Slot::Empty),
        }
    }

    /// Field `k` of a struct that nobody else sees.
    pub(super) fn into_field(self, k: usize) -> Option<Slot> {
        match self {
            Slot::Plain(Value::Struct(mut items)) if k < items.len() => {
                Some(Slot::Plain(items.swap_remove(k)))
            }
            Slot::Struct(mut items) if k < items.len() => Some(items.swap_remove(k)),
            _ => None,
        }
    }

    /// The result of a program: live builders become their type and what they hold.
    pub(super) fn finish(self, ty: &Ty) -> Value {
        match self {
            Slot::Plain(value) => value,
            Slot::Builder(builder) => match builder.result() {
                Some(held) => Value::Builder(ty.clone(), held.into()),
                None => nothing(ty),
            },
            Slot::Struct(items) => {
                let fields = ty.fields().unwrap_or(&[]);
                Value::Struct(items.into_iter().zip(fields).map(|(item, field)| item.finish(field)).collect())
            }
            Slot::Empty => nothing(ty),
        }
    }

    /// An input of a program. `None` for a builder that does not hold what its type says.
    pub(super) fn input(value: Value) -> Option<Slot> {
        match value {
            Value::Builder(ty, held) => {
                let held = Arc::unwrap_or_clone(held);
                Some(Slot::Builder(Box::new(Builder::holding(ty.as_builder()?, held)?)))
            }
            Value::Struct(items) => {
                items.into_iter().map(Slot::input).collect::<Option<_>>().map(Slot::tuple)
            }
            other => Some(Slot::Plain(other)),
        }
    }
}

/// What the verifier would have rejected.
fn nothing(ty: &Ty) -> Value {
    Value::Builder(ty.clone(), Value::Struct(Vec::new()).into())
}

impl<'a> Place<'a> {
    /// The part of the scope that a variable or a field of one stands for; `None` for other expressions.
    pub(super) fn find(scope: &'a mut [Slot], expr: &Expr) -> Option<Place<'a>> {
        match &expr.kind {
            ExprKind::Var(name) => scope.get_mut(name.id() as usize).map(Place::Slot),
            ExprKind::Field(inner, k) => {
                let k = *k as usize;
                match Place::find(scope, inner)? {
                    Place::Slot(Slot::Struct(items)) => items.get_mut(k).map(Place::Slot),
                    Place::Slot(Slot::Plain(Value::Struct(items))) => items.get(k).map(Place::Value),
                    Place::Value(Value::Struct(items)) => items.get(k).map(Place::Value),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The value there, to look at.
    pub(super) fn value(self) -> Option<&'a Value> {
        match self {
            Place::Slot(Slot::Plain(value)) => Some(value),
            Place::Value(value) => Some(value),
            Place::Slot(_) => None,
        }
    }

    /// A use of what is there.
    pub(super) fn take(self) -> Slot {
        match self {
            Place::Slot(slot) => slot.take(),
            Place::Value(value) => Slot::Plain(value.clone()),
        }
    }
}
