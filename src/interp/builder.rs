#![forbid(unsafe_code)]
//! Builders being filled: `merge` and `result`, and the accumulators of mergers (LANGUAGE 10).

use super::dict::{DictMerger, GroupMerger};
use super::elements::Elements;
use super::lanes;
use super::slot::Slot;
use crate::ir::{BuilderTy, Literal, MergeOp, Scalar, Ty, op};
use crate::plan::vectors::Vector;
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
    /// A vecmerger.
    Elements(Elements),
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
            BuilderTy::VecMerger(elem, op) => Builder::Elements(Elements::new(elem, *op, &start?)?),
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
            Builder::Elements(elements) => elements.merge(&value),
        }
    }

    /// The index that `value` names and the number of elements, when merging it would miss them.
    pub(super) fn out_of_range(&self, value: &Value) -> Option<(i64, i64)> {
        if let Builder::Elements(elements) = self { elements.out_of_range(value) } else { None }
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
            Builder::Elements(elements) => return elements.result(),
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
pub(super) fn constant(ty: &Ty, of: &dyn Fn(Scalar) -> Literal) -> Option<Value> {
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

/// Iterations of a chunk of an outermost loop, for builders that are filled by chunks and whose order of merges shows.
#[derive(Clone, Copy, Default)]
pub(super) struct Cuts {
    /// Of its dictmergers.
    pub tables: Option<i64>,
    /// Of its vecmergers.
    pub vectors: Option<i64>,
}

impl Cuts {
    fn has_some(self) -> bool {
        self.tables.is_some() || self.vectors.is_some()
    }

    /// Iteration `k` of the loop begins.
    pub(super) fn begin_iteration(self, builder: &mut Slot, k: i64) -> Option<()> {
        if !self.has_some() {
            return Some(());
        }
        each(builder, &mut |builder| match (builder, self) {
            (Builder::Dict(table), Cuts { tables: Some(len), .. }) => table.begin_iteration(k, len),
            (Builder::Elements(elements), Cuts { vectors: Some(len), .. }) => {
                elements.begin_iteration(k, len)
            }
            _ => Some(()),
        })
    }

    /// All iterations are over.
    pub(super) fn end(self, builder: &mut Slot) -> Option<()> {
        if !self.has_some() {
            return Some(());
        }
        each(builder, &mut |builder| match builder {
            Builder::Dict(table) => table.end_chunk(),
            Builder::Elements(elements) => elements.end_chunk(),
            _ => Some(()),
        })
    }
}

/// The vecmergers in `builder`, in the order of the fields.
pub(super) fn vectors(builder: &mut Slot) -> Vec<Vector> {
    let mut vectors = Vec::new();
    let _ = each(builder, &mut |builder| {
        if let Builder::Elements(elements) = builder {
            vectors.push(elements.vector());
        }
        Some(())
    });
    vectors
}

/// Does something to each builder in `slot`.
fn each(slot: &mut Slot, act: &mut dyn FnMut(&mut Builder) -> Option<()>) -> Option<()> {
    match slot {
        Slot::Builder(builder) => act(builder),
        Slot::Struct(items) => items.iter_mut().try_for_each(|item| each(item, act)),
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
