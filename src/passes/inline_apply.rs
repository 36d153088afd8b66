#![forbid(unsafe_code)]
//! `inline-apply`: applied lambdas become lets.

use super::rewrite::{self, Rewrite};
use super::{PassCx, declare_pass};
use crate::ir::{Expr, ExprKind, Let, build};

declare_pass! {
    /// Turn the application of a lambda into lets for its arguments.
    ///
    /// Why: lets are the one form of naming a value that other passes look through. The argument is bound, never
    /// copied and never dropped, so its work and its errors stay as they are.
    ///
    /// ```weld
    /// |v: vec[i64]| (|t| t * t)(lookup(v, 0L))
    /// ```
    /// becomes
    /// ```weld
    /// |v: vec[i64]|
    ///   let t = lookup(v, 0L);
    ///   t * t
    /// ```
    pub struct InlineApply = "inline-apply";
    aliases: [];
    rules: ["apply_to_let"];
    run: run;
}

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    rewrite::bottom_up(cx, root, &mut |_, expr| apply_to_let(expr))
}

/// `(|t| e)(a)` => `let t = a; e`
fn apply_to_let(expr: &Expr) -> Option<Rewrite> {
    let ExprKind::Apply(lambda, args) = &expr.kind else { return None };
    let bindings = lambda.params.iter().zip(args);
    let lets = bindings.map(|(param, arg)| Let { name: param.name.clone(), value: arg.clone() }).collect();
    let to = build::block(lets, lambda.body.clone(), expr.origin.clone());
    Some(Rewrite::new(
        "apply_to_let",
        to,
        "binding the argument once is the same as applying the lambda to it",
    ))
}
