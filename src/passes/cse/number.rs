#![forbid(unsafe_code)]
//! Value numbers: expressions with equal numbers have equal values where both are in scope.
//!
//! Promises: numbers are exact, for whole keys are compared and not their hashes; a node costs time in its own operands,
//! since the key of a node holds the numbers of its operands; names of binders do not matter. A let has the number of
//! its value; a parameter of a loop is numbered by the operands of the loop and by how deep it stands, so that no two
//! parameters in scope share a number while loops over the same data, which are never in scope together, do.

use crate::ir::{Expr, ExprKind, Iter, Lambda, Literal, Name, Ty};
use crate::passes::pattern;
use std::collections::HashMap;
use std::mem::Discriminant;

/// The number of a value.
pub type Value = u32;

#[derive(PartialEq, Eq, Hash)]
struct Key {
    kind: Discriminant<ExprKind>,
    ty: u32,
    notes: u32,
    /// What the node holds besides operands, and the numbers of the operands.
    words: Box<[u32]>,
}

/// The numbers given so far.
#[derive(Default)]
pub struct Numbers {
    keys: HashMap<Key, Value>,
    types: HashMap<Ty, u32>,
    texts: HashMap<Box<[u8]>, u32>,
    params: HashMap<(Value, u32, usize), Value>,
    names: HashMap<Name, Value>,
    next: Value,
}

impl Numbers {
    /// The number of a variable. One that was never bound here is an input of the program.
    pub fn name(&mut self, name: &Name) -> Value {
        if let Some(value) = self.names.get(name) {
            return *value;
        }
        let value = self.unlike_any();
        self.names.insert(name.clone(), value);
        value
    }

    /// From now on `name` stands for `value`.
    pub fn bind(&mut self, name: &Name, value: Value) {
        self.names.insert(name.clone(), value);
    }

    /// A number that nothing else has.
    pub fn unlike_any(&mut self) -> Value {
        self.next += 1;
        self.next
    }

    /// Numbers the parameters of the function in `expr`, whose operands have the numbers `operands`, below `depth`
    /// other such functions.
    pub fn params(&mut self, expr: &Expr, operands: &[Value], lambda: &Lambda, depth: u32) {
        if let ExprKind::Apply(..) = expr.kind {
            for (param, operand) in lambda.params.iter().zip(operands) {
                self.bind(&param.name, *operand);
            }
            return;
        }
        let whole = self.node(expr, operands);
        for (k, param) in lambda.params.iter().enumerate() {
            let known = self.params.get(&(whole, depth, k)).copied();
            let value = known.unwrap_or_else(|| self.unlike_any());
            self.params.insert((whole, depth, k), value);
            self.bind(&param.name, value);
        }
    }

    /// The number of a node whose operands have the numbers `operands`.
    pub fn node(&mut self, expr: &Expr, operands: &[Value]) -> Value {
        if let (ExprKind::Block(lets, _), Some((body, values))) = (&expr.kind, operands.split_last()) {
            // Only a let that may fail matters beyond its uses.
            let needed =
                lets.iter().zip(values).filter(|(binding, _)| !pattern::is_droppable(&binding.value));
            let mut words: Vec<Value> = needed.map(|(_, value)| *value).collect();
            if words.is_empty() {
                return *body;
            }
            words.push(*body);
            return self.key(expr, words);
        }
        if matches!(expr.kind, ExprKind::CUdf(..)) && expr.facts.calls {
            return self.unlike_any();
        }
        let mut words = self.payload(&expr.kind);
        words.extend(operands);
        self.key(expr, words)
    }

    fn key(&mut self, expr: &Expr, words: Vec<u32>) -> Value {
        let count = u32::try_from(self.types.len()).unwrap_or(u32::MAX);
        let ty = *self.types.entry(expr.ty.clone()).or_insert(count);
        let notes = expr.notes.as_ref().map_or(0, |notes| {
            let text: Vec<String> = notes.iter().map(|(key, value)| format!("{key}:{value}")).collect();
            self.text(text.join(",").as_bytes())
        });
        let key = Key { kind: std::mem::discriminant(&expr.kind), ty, notes, words: words.into() };
        if let Some(value) = self.keys.get(&key) {
            return *value;
        }
        let value = self.unlike_any();
        self.keys.insert(key, value);
        value
    }

    fn text(&mut self, text: &[u8]) -> u32 {
        let count = u32::try_from(self.texts.len() + 1).unwrap_or(u32::MAX);
        *self.texts.entry(text.into()).or_insert(count)
    }

    /// What a node holds besides operands and type.
    fn payload(&mut self, kind: &ExprKind) -> Vec<u32> {
        match kind {
            ExprKind::Literal(Literal::Str(bytes)) => vec![self.text(bytes)],
            ExprKind::Literal(value) => {
                let bits = value.bits().unwrap_or_default();
                vec![(bits >> 32) as u32, bits as u32]
            }
            ExprKind::Var(name) => vec![self.name(name)],
            ExprKind::Unary(op, _) => vec![*op as u32],
            ExprKind::Binary(op, ..) => vec![*op as u32],
            ExprKind::Cast(to, _) => vec![*to as u32],
            ExprKind::Field(_, k) => vec![*k],
            ExprKind::CUdf(name, _) => vec![self.text(name.as_bytes())],
            ExprKind::For(parts) => {
                let iter = |iter: &Iter| match iter {
                    Iter::Whole(_) => 0,
                    Iter::Strided { .. } => 1,
                    Iter::Range { .. } => 2,
                    Iter::Nd(_) => 3,
                    Iter::Simd(_) => 4,
                    Iter::Fringe(_) => 5,
                };
                std::iter::once(u32::from(parts.simd)).chain(parts.iters.iter().map(iter)).collect()
            }
            ExprKind::Sort(_, lambda) => vec![lambda.params.len() as u32],
            ExprKind::Block(..)
            | ExprKind::Struct(_)
            | ExprKind::Vector(_)
            | ExprKind::If(..)
            | ExprKind::Select(..)
            | ExprKind::Broadcast(_)
            | ExprKind::Len(_)
            | ExprKind::Lookup(..)
            | ExprKind::OptLookup(..)
            | ExprKind::KeyExists(..)
            | ExprKind::ToVec(_)
            | ExprKind::Slice(..)
            | ExprKind::Assert(_)
            | ExprKind::Zip(_)
            | ExprKind::Apply(..)
            | ExprKind::Iterate(..)
            | ExprKind::Serialize(_)
            | ExprKind::Deserialize(_)
            | ExprKind::NewBuilder(_)
            | ExprKind::Merge(..)
            | ExprKind::Result(_) => Vec::new(),
        }
    }
}
