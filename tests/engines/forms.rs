//! What loops in lanes contain: the forms that code generation has for them.

use std::collections::BTreeMap;
use weld::ir::{BinOp, BuilderTy, Expr, ExprKind, For, Literal, Program, visit};
use weld::plan::{Strategy, loop_plan};

/// All forms.
pub const FORMS: [&str; 16] = [
    "loop in lanes",
    "branch in lanes",
    "branch with merges in lanes",
    "float sum under a branch in lanes",
    "lazy logic in lanes",
    "lookup in lanes",
    "division in lanes",
    "division by a constant in lanes",
    "assert in lanes",
    "math function in lanes",
    "pow in lanes",
    "float remainder in lanes",
    "struct elements in lanes",
    "structs written in lanes",
    "compacted appender",
    "compacted appender of structs",
];

/// How often each form is in a program.
pub fn count(program: &Program, forms: &mut BTreeMap<String, u64>) {
    visit::walk(&program.func.body, &mut |expr| {
        if let ExprKind::For(parts) = &expr.kind
            && parts.simd
        {
            of_loop(expr, parts, forms);
        }
    });
}

fn of_loop(expr: &Expr, parts: &For, forms: &mut BTreeMap<String, u64>) {
    let plan = loop_plan(expr, parts, 0);
    if plan.lanes.is_none() {
        return;
    }
    let mut see = |form: &str| *forms.entry(form.to_string()).or_default() += 1;
    see("loop in lanes");
    if parts.iters.iter().any(|iter| iter.elem_ty().scalar().is_none()) {
        see("struct elements in lanes");
    }
    for (ty, strategy) in &plan.builders {
        let Some(BuilderTy::Appender(elem)) = ty.as_builder() else { continue };
        let scalar = elem.scalar().is_some();
        match strategy {
            Strategy::Compact if scalar => see("compacted appender"),
            Strategy::Compact => see("compacted appender of structs"),
            _ if scalar => {}
            _ => see("structs written in lanes"),
        }
    }
    let tree = plan.builders.iter().any(|(_, strategy)| *strategy == Strategy::Tree);
    visit::walk(&parts.func.body, &mut |expr| match &expr.kind {
        ExprKind::If(..) if expr.ty.has_builder() => {
            see("branch with merges in lanes");
            if tree {
                see("float sum under a branch in lanes");
            }
        }
        ExprKind::If(..) => see("branch in lanes"),
        ExprKind::Binary(BinOp::And | BinOp::Or, ..) => see("lazy logic in lanes"),
        ExprKind::Lookup(..) => see("lookup in lanes"),
        ExprKind::Assert(_) => see("assert in lanes"),
        ExprKind::Unary(op, _) if op.math().is_some() => see("math function in lanes"),
        ExprKind::Binary(BinOp::Pow, ..) => see("pow in lanes"),
        ExprKind::Binary(BinOp::Rem, a, _) if a.ty.scalar().is_some_and(|scalar| scalar.is_float()) => {
            see("float remainder in lanes");
        }
        ExprKind::Binary(BinOp::Div | BinOp::Rem, _, b)
            if b.ty.scalar().is_some_and(|scalar| scalar.is_int()) =>
        {
            if b.literal().and_then(Literal::as_i64).is_some() {
                see("division by a constant in lanes");
            } else {
                see("division in lanes");
            }
        }
        _ => {}
    });
}
