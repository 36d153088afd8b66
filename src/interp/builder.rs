#![forbid(unsafe_code)]
//! Builders being filled: `merge` and `result`, and the accumulators of mergers (LANGUAGE 10).

use super::dict::{DictMerger, GroupMerger};
use super::lanes;
use super::slot::Slot;
use crate::ir::{BuilderTy, Literal, MergeOp, Scalar, Ty, op};
use crate::value::{Value, buffer};
use std::sync::Arc;

/// A live builder.
pub(super) enum Builder {
    /// An appender of scalars.
    Flat(buffer::Builder),
    /// An appender of anything else.
    Items(Vec<Value>),
    /// A merger.
    Merger { value: Value, op: MergeOp },
    /// A dictmerger.
    Dict(DictMerger),
    /// A groupmerger.
    Groups(GroupMerger),
    /// A vecmerger: a copy of its vector.
    Elements { values: Vec<Value>, elem: Ty, op: MergeOp },
}

impl Builder {
    /// A fresh builder. `None` for the kinds that are not built yet, or a start value that does not fit.
    pub(super) fn new(ty: &BuilderTy, start: Option<Value>) -> Option<Builder> {
        Some(match ty {
            // The argument of an appender is only a hint.
            BuilderTy::Appender(elem) => match elem.scalar() {
                Some(scalar) => Builder::Flat(buffer::Builder::new(scalar)),
                None => Builder::Items(Vec::new()),
            },
            BuilderTy::Merger(value_ty, op) => {
                let value = match start {
                    Some(value) => value,
                    None => constant(value_ty, &|scalar| op.identity(scalar))?,
                };
                Builder::Merger { value, op: *op }
            }
            BuilderTy::DictMerger(_, value_ty, op) => {
                let identity = constant(value_ty, &|scalar| op.identity(scalar))?;
                Builder::Dict(DictMerger::new(*op, identity, start)?)
            }
            BuilderTy::GroupMerger(_, value_ty) => {
                Builder::Groups(GroupMerger::new(BuilderTy::Appender(value_ty.clone())))
            }
            BuilderTy::VecMerger(elem, op) => {
                let start = start?;
                let values = (0..start.len()?).map(|at| start.at(at)).collect::<Option<_>>()?;
                Builder::Elements { values, elem: elem.clone(), op: *op }
            }
        })
    }

    /// `merge(self, value)`.
    pub(super) fn merge(&mut self, value: Value) -> Option<()> {
        match self {
            Builder::Flat(buffer) => match value {
                Value::Scalar(literal) => buffer.push(&literal),
                _ => None,
            },
            Builder::Items(items) => {
                items.push(value);
                Some(())
            }
            Builder::Merger { value: acc, op } => combine(*op, acc, &value),
            Builder::Dict(dict) => dict.merge(value),
            Builder::Groups(groups) => groups.merge(value),
            Builder::Elements { values, op, .. } => {
                let (at, value) = slot(&value)?;
                combine(*op, values.get_mut(usize::try_from(at).ok()?)?, value)
            }
        }
    }

    /// The index that `value` names and the number of elements, when merging it would miss them.
    pub(super) fn out_of_range(&self, value: &Value) -> Option<(i64, i64)> {
        let Builder::Elements { values, .. } = self else { return None };
        let (at, len) = (slot(value)?.0, values.len() as i64);
        (!(0..len).contains(&at)).then_some((at, len))
    }

    /// A value in lanes folded to one value 8-4-2-1, for a merger; `None` for other builders, which take the lanes in order.
    pub(super) fn folded(&self, value: &Value) -> Option<Value> {
        let Builder::Merger { op, .. } = self else { return None };
        let mut values = lanes::split(value)?;
        while values.len() > 1 {
            let upper = values.split_off(values.len() / 2);
            values.iter_mut().zip(&upper).try_for_each(|(lower, upper)| combine(*op, lower, upper))?;
        }
        values.pop()
    }

    /// `result(self)`.
    pub(super) fn result(self) -> Option<Value> {
        Some(match self {
            Builder::Flat(buffer) => Value::Scalars(buffer.finish()),
            Builder::Items(items) => Value::Vector(Arc::new(items)),
            Builder::Merger { value, .. } => value,
            Builder::Dict(dict) => dict.result(),
            Builder::Groups(groups) => return groups.result(),
            Builder::Elements { values, elem, .. } => return Value::vector(&elem, values),
        })
    }

    /// A builder of which `result` would give `held`.
    pub(super) fn holding(ty: &BuilderTy, held: Value) -> Option<Builder> {
        match (ty, held) {
            (BuilderTy::Appender(_), held) => {
                let mut builder = Builder::new(ty, None)?;
                (0..held.len()?).try_for_each(|at| builder.merge(held.at(at)?))?;
                Some(builder)
            }
            (BuilderTy::GroupMerger(..), Value::Dict(dict)) => {
                let mut builder = Builder::new(ty, None)?;
                for entry in dict.entries().iter() {
                    let Value::Struct(entry) = entry else { return None };
                    let [key, values] = entry.as_slice() else { return None };
                    for at in 0..values.len()? {
                        builder.merge(Value::Struct(vec![key.clone(), values.at(at)?]))?;
                    }
                }
                Some(builder)
            }
            (_, held) => Builder::new(ty, Some(held)),
        }
    }
}

/// The index and the value that are merged into a vecmerger.
fn slot(merged: &Value) -> Option<(i64, &Value)> {
    match merged {
        Value::Struct(items) => match items.as_slice() {
            [Value::Scalar(Literal::I64(at)), value] => Some((*at, value)),
            _ => None,
        },
        _ => None,
    }
}

/// `acc := acc op value`, field by field.
pub(super) fn combine(op: MergeOp, acc: &mut Value, value: &Value) -> Option<()> {
    match (acc, value) {
        (Value::Scalar(acc), Value::Scalar(value)) => {
            *acc = op::binary(op.binop(), acc, value).ok()?;
            Some(())
        }
        (Value::Struct(accs), Value::Struct(values)) if accs.len() == values.len() => {
            accs.iter_mut().zip(values).try_for_each(|(acc, value)| combine(op, acc, value))
        }
        _ => None,
    }
}

/// The same constant in each scalar of a mergeable type.
fn constant(ty: &Ty, of: &dyn Fn(Scalar) -> Literal) -> Option<Value> {
    match ty {
        Ty::Scalar(scalar) => Some(Value::Scalar(of(*scalar))),
        Ty::Struct(fields) => {
            fields.iter().map(|field| constant(field, of)).collect::<Option<_>>().map(Value::Struct)
        }
        _ => None,
    }
}

/// Operator and neutral value of each merger in a builder type, in order.
pub(super) fn mergers(ty: &Ty) -> Option<Vec<(MergeOp, Value)>> {
    match ty {
        Ty::Struct(fields) => {
            let parts: Option<Vec<_>> = fields.iter().map(mergers).collect();
            parts.map(|parts| parts.into_iter().flatten().collect())
        }
        Ty::Builder(builder) => match &**builder {
            BuilderTy::Merger(value, op) => Some(vec![(*op, constant(value, &|scalar| op.neutral(scalar))?)]),
            _ => Some(Vec::new()),
        },
        _ => Some(Vec::new()),
    }
}

/// Does something to each dictmerger in `builder`.
pub(super) fn each_table(
    builder: &mut Slot,
    act: &mut dyn FnMut(&mut DictMerger) -> Option<()>,
) -> Option<()> {
    match builder {
        Slot::Builder(builder) => match &mut **builder {
            Builder::Dict(table) => act(table),
            _ => Some(()),
        },
        Slot::Struct(items) => items.iter_mut().try_for_each(|item| each_table(item, act)),
        Slot::Plain(_) | Slot::Empty => Some(()),
    }
}

/// Swaps the accumulators of the mergers in `builder`, in the order of [`mergers`], with those of the list.
pub(super) fn exchange(builder: &mut Slot, values: &mut [Value]) {
    fn go<'a>(builder: &mut Slot, values: &mut impl Iterator<Item = &'a mut Value>) {
        match builder {
            Slot::Builder(builder) => {
                if let Builder::Merger { value, .. } = &mut **builder
                    && let Some(other) = values.next()
                {
                    std::mem::swap(value, other);
                }
            }
            Slot::Struct(items) => items.iter_mut().for_each(|item| go(item, values)),
            Slot::Plain(_) | Slot::Empty => {}
        }
    }
    go(builder, &mut values.iter_mut());
}
