#![forbid(unsafe_code)]
//! How often one iteration of a loop merges into each of its builders.
//!
//! Promises: a number is exact for every path through the body; `None` means "differs or unknown". Linear in the body.

use crate::diag::stack;
use crate::ir::{Expr, ExprKind, Lambda, Name, Ty};
use std::collections::HashMap;

type Counts = Vec<Option<u32>>;

/// The number of merges per iteration into each single builder of the loop parameter, in field order.
pub fn merges_per_iteration(func: &Lambda) -> Vec<Option<u32>> {
    let Some(builder) = func.params.first() else { return Vec::new() };
    let mut known = HashMap::from([(builder.name.clone(), vec![Some(0); width(&builder.ty)])]);
    count(&func.body, &mut known)
}

/// Number of single builders in a builder-like type.
fn width(ty: &Ty) -> usize {
    match ty {
        Ty::Struct(fields) => fields.iter().map(width).sum(),
        Ty::Builder(_) => 1,
        _ => 0,
    }
}

fn count(expr: &Expr, known: &mut HashMap<Name, Counts>) -> Counts {
    stack::deep(|| {
        let unknown = || vec![None; width(&expr.ty)];
        match &expr.kind {
            ExprKind::Var(name) => known.get(name).cloned().unwrap_or_else(unknown),
            ExprKind::Merge(builder, _) => {
                let counts = count(builder, known);
                counts.into_iter().map(|count| count.map(|count| count + 1)).collect()
            }
            ExprKind::Struct(items) => items.iter().flat_map(|item| count(item, known)).collect(),
            ExprKind::Field(builder, k) => {
                let Some(fields) = builder.ty.fields() else { return unknown() };
                let before: usize = fields.iter().take(*k as usize).map(width).sum();
                count(builder, known).into_iter().skip(before).take(width(&expr.ty)).collect()
            }
            ExprKind::If(_, yes, no) => {
                let (yes, no) = (count(yes, known), count(no, known));
                yes.into_iter().zip(no).map(|(yes, no)| if yes == no { yes } else { None }).collect()
            }
            ExprKind::Block(lets, body) => {
                for binding in lets {
                    if binding.value.ty.is_builder_like() {
                        let counts = count(&binding.value, known);
                        known.insert(binding.name.clone(), counts);
                    }
                }
                count(body, known)
            }
            ExprKind::Apply(lambda, args) => {
                for (param, arg) in lambda.params.iter().zip(args) {
                    if arg.ty.is_builder_like() {
                        let counts = count(arg, known);
                        known.insert(param.name.clone(), counts);
                    }
                }
                count(&lambda.body, known)
            }
            _ => unknown(),
        }
    })
}
