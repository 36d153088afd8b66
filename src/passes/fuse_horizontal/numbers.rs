#![forbid(unsafe_code)]
//! Numbers for the values of a row, so that equal conditions are seen to be equal.
//!
//! Promises: values with the same number are equal in every row. The converse is not promised.

use crate::diag::stack;
use crate::ir::{Expr, ExprKind, Name, print};
use std::collections::HashMap;
use std::sync::Arc;

/// The number of a value, or of each field of a struct that is written out.
#[derive(Clone, Debug)]
pub enum Val {
    /// Of the whole value.
    One(u32),
    /// Of its fields.
    Fields(Arc<[Val]>),
}

/// The numbers given so far.
#[derive(Default)]
pub struct Numbers {
    table: HashMap<(String, Vec<u32>), u32>,
    names: HashMap<Name, Val>,
    next: u32,
}

impl Numbers {
    /// A number that nothing else has.
    pub fn unique(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// The number of an operation on numbered operands.
    pub fn intern(&mut self, operation: String, operands: Vec<u32>) -> u32 {
        if let Some(known) = self.table.get(&(operation.clone(), operands.clone())) {
            return *known;
        }
        let number = self.unique();
        self.table.insert((operation, operands), number);
        number
    }

    /// Says what a name stands for.
    pub fn bind(&mut self, name: &Name, val: Val) {
        self.names.insert(name.clone(), val);
    }

    /// One number for a value.
    pub fn whole(&mut self, val: &Val) -> u32 {
        match val {
            Val::One(number) => *number,
            Val::Fields(fields) => {
                let fields = stack::deep(|| fields.iter().map(|field| self.whole(field)).collect());
                self.intern("{}".to_string(), fields)
            }
        }
    }

    /// The number of an expression.
    pub fn of(&mut self, expr: &Expr) -> Val {
        stack::deep(|| match &expr.kind {
            ExprKind::Var(name) => match self.names.get(name) {
                Some(val) => val.clone(),
                None => Val::One(self.intern(format!("var {}", name.id()), Vec::new())),
            },
            ExprKind::Field(a, k) => match self.of(a) {
                Val::Fields(fields) => match fields.get(*k as usize) {
                    Some(field) => field.clone(),
                    None => Val::One(self.unique()),
                },
                Val::One(number) => Val::One(self.intern(format!("field {k}"), vec![number])),
            },
            ExprKind::Struct(items) => Val::Fields(items.iter().map(|item| self.of(item)).collect()),
            ExprKind::Block(lets, body) => {
                for binding in lets {
                    let val = self.of(&binding.value);
                    self.bind(&binding.name, val);
                }
                self.of(body)
            }
            ExprKind::Literal(_) => {
                Val::One(self.intern(format!("{}: {}", print::expr(expr), expr.ty), Vec::new()))
            }
            ExprKind::Unary(op, a) => self.operation(format!("{op:?}"), &[a]),
            ExprKind::Binary(op, a, b) => self.operation(format!("{op:?}"), &[a, b]),
            ExprKind::Cast(to, a) => self.operation(format!("cast {to}"), &[a]),
            ExprKind::Select(c, a, b) => self.operation("select".to_string(), &[c, a, b]),
            ExprKind::If(c, a, b) => self.operation("if".to_string(), &[c, a, b]),
            ExprKind::Len(a) => self.operation("len".to_string(), &[a]),
            ExprKind::Lookup(a, b) => self.operation("lookup".to_string(), &[a, b]),
            ExprKind::KeyExists(a, b) => self.operation("keyexists".to_string(), &[a, b]),
            ExprKind::Slice(a, b, c) => self.operation("slice".to_string(), &[a, b, c]),
            _ => Val::One(self.unique()),
        })
    }

    fn operation(&mut self, operation: String, operands: &[&Expr]) -> Val {
        let mut numbers = Vec::with_capacity(operands.len());
        for operand in operands {
            let val = self.of(operand);
            numbers.push(self.whole(&val));
        }
        Val::One(self.intern(operation, numbers))
    }
}
