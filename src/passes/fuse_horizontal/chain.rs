#![forbid(unsafe_code)]
//! The body of a loop as a chain: lets and conditions, then what is done with a row that passes them.
//!
//! Promises: the steps in order, then `last`, mean the same as the body.

use crate::ir::{Expr, ExprKind, Let, Name, build};
use crate::passes::pattern;

/// One step of a body.
pub enum Step {
    /// A value for what follows.
    Let(Let),
    /// What follows happens only where this holds, or does not hold.
    Only {
        /// The condition.
        condition: Expr,
        /// Whether it must be false.
        negated: bool,
    },
}

/// A body taken apart.
pub struct Chain {
    /// In order.
    pub steps: Vec<Step>,
    /// The builder after a row that passed all conditions.
    pub last: Expr,
}

/// Takes a body apart whose builder is `own`: a variable, or a field of one.
pub fn chain(body: &Expr, own: &Expr) -> Chain {
    let mut steps = Vec::new();
    let mut last = body.clone();
    loop {
        let next = match &last.kind {
            ExprKind::Block(lets, value) if lets.iter().all(|binding| !binding.value.ty.has_builder()) => {
                steps.extend(lets.iter().cloned().map(Step::Let));
                value.clone()
            }
            ExprKind::If(condition, a, b) if is_untouched(b, own) => {
                steps.push(Step::Only { condition: condition.clone(), negated: false });
                a.clone()
            }
            ExprKind::If(condition, a, b) if is_untouched(a, own) => {
                steps.push(Step::Only { condition: condition.clone(), negated: true });
                b.clone()
            }
            _ => return Chain { steps, last },
        };
        last = next;
    }
}

/// The value that `last` appends to `own`, if that is all it does.
pub fn appended<'a>(last: &'a Expr, own: &Expr) -> Option<&'a Expr> {
    match &last.kind {
        ExprKind::Merge(b, x) if pattern::same_place(b, own) => Some(x),
        _ => None,
    }
}

/// Whether `expr` is `own`, as a whole or field by field.
fn is_untouched(expr: &Expr, own: &Expr) -> bool {
    pattern::same_place(expr, own)
        || match &expr.kind {
            ExprKind::Struct(items) => {
                !items.is_empty()
                    && items.iter().enumerate().all(|(k, item)| {
                        build::field(own.clone(), k as u32, own.origin.clone())
                            .is_some_and(|field| is_untouched(item, &field))
                    })
            }
            _ => false,
        }
}

/// The variable `name` of the type of `like`.
pub fn own(name: &Name, like: &Expr) -> Expr {
    build::var(name, like.ty.clone(), like.origin.clone())
}
