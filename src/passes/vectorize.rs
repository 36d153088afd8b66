#![forbid(unsafe_code)]
//! `vectorize`: innermost loops that can run in SIMD lanes are marked.

use super::{PassCx, declare_pass, pattern};
use crate::diag::{Origin, stack};
use crate::ir::{BinOp, BuilderTy, Expr, ExprKind, For, Iter, Ty, UnOp, print, visit};
use crate::plan::merges::{self, Merges};
use std::sync::Arc;

declare_pass! {
    /// Mark the innermost loops that compute several iterations at once, one in each SIMD lane.
    ///
    /// Why: a processor adds eight numbers as fast as one. The meaning of the loop stays that of its scalar body, the
    /// order of float additions included; only how code is made for it changes. The body must be straight: no branches,
    /// no lookups, nothing that fails, only operations that work on lanes. `@(vectorize:false)` forbids.
    ///
    /// ```weld
    /// |v: vec[i64]| result(for(v, merger[i64,+], |b, i, x| merge(b, x * x)))
    /// ```
    /// becomes
    /// ```weld
    /// |v: vec[i64]|
    ///   result(@(simd:true) for(v, merger[i64,+], |b, i, x| merge(b, x * x)))
    /// ```
    pub struct Vectorize = "vectorize";
    aliases: [];
    rules: ["vectorize_loop"];
    run: run;
}

const RULE: &str = "vectorize_loop";

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    stack::deep(|| {
        let expr = visit::map_children(root, &mut |child| run(cx, child));
        vectorize_loop(cx, &expr).unwrap_or(expr)
    })
}

/// `for(v, b, f)` => `@(simd:true) for(v, b, f)`
fn vectorize_loop(cx: &mut PassCx, expr: &Expr) -> Option<Expr> {
    let ExprKind::For(parts) = &expr.kind else { return None };
    // Only innermost loops have lanes; the others are not worth a remark.
    if parts.simd || parts.func.body.facts.loops > 0 || !cx.may_fire(expr) {
        return None;
    }
    if let Err(blocked) = check(expr, parts) {
        cx.missed(RULE, &blocked.origin, blocked.condition, blocked.would);
        return None;
    }
    let to = expr.with_kind(ExprKind::For(Arc::new(For { simd: true, ..For::clone(parts) })));
    cx.fired(RULE, "the body is straight and all of its operations work on lanes", expr, &to);
    Some(to)
}

/// The first thing in the way.
struct Blocked {
    origin: Origin,
    condition: String,
    would: Option<String>,
}

fn block<T>(at: &Expr, condition: impl Into<String>, would: Option<&str>) -> Result<T, Blocked> {
    Err(Blocked { origin: at.origin.clone(), condition: condition.into(), would: would.map(str::to_string) })
}

fn check(expr: &Expr, parts: &For) -> Result<(), Blocked> {
    if expr.note("vectorize") == Some("false") {
        return block(expr, "`@(vectorize:false)` forbids it", None);
    }
    for iter in &parts.iters {
        match iter {
            Iter::Range { .. } => {}
            Iter::Strided { data, .. } => {
                let condition = "`iter` with bounds does not read neighbouring elements";
                return block(data, condition, Some("loop over a whole vector; `slice` makes one of a part"));
            }
            Iter::Whole(data) if iter.elem_ty().scalar().is_none() => {
                let condition = format!("the elements are `{}`; lanes hold scalars", iter.elem_ty());
                return block(data, condition, Some("keep each field in a vector of its own and zip them"));
            }
            Iter::Whole(_) => {}
        }
    }
    lanes_of_builder(expr, &parts.builder.ty)?;
    body(&parts.func.body)?;
    if !appends_once(&parts.builder.ty, &merges::per_iteration(&parts.func)) {
        return block(expr, "the loop does not append exactly one value per iteration", None);
    }
    Ok(())
}

/// Whether each appender gets one value from each iteration.
fn appends_once(ty: &Ty, merges: &Merges) -> bool {
    match ty {
        Ty::Struct(fields) => fields.iter().enumerate().all(|(k, field)| appends_once(field, &merges.component(k))),
        _ => merges.is_once() || !matches!(ty.as_builder(), Some(BuilderTy::Appender(_))),
    }
}

fn lanes_of_builder(at: &Expr, ty: &Ty) -> Result<(), Blocked> {
    match ty {
        Ty::Struct(fields) => fields.iter().try_for_each(|field| lanes_of_builder(at, field)),
        Ty::Builder(builder) => match &**builder {
            // What can be merged is a scalar or a struct of scalars: both have lanes.
            BuilderTy::Merger(..) => Ok(()),
            BuilderTy::Appender(elem) if elem.scalar().is_none() => {
                block(at, format!("the loop appends `{elem}`; lanes hold scalars"), None)
            }
            BuilderTy::Appender(_) => Ok(()),
            other => block(at, format!("`{other}` takes one value at a time"), None),
        },
        _ => block(at, "the loop has no builder with lanes", None),
    }
}

fn is_lane(ty: &Ty) -> bool {
    match ty {
        Ty::Scalar(_) => true,
        Ty::Struct(fields) => !fields.is_empty() && fields.iter().all(is_lane),
        _ => false,
    }
}

/// Whether every operation works on lanes.
fn body(expr: &Expr) -> Result<(), Blocked> {
    let no_form = |name: &str| block(expr, format!("`{name}` has no SIMD form yet"), None);
    let text = |at: &Expr| print::short(at, 48);
    match &expr.kind {
        ExprKind::Var(_) if expr.ty.has_builder() || is_lane(&expr.ty) => Ok(()),
        ExprKind::Literal(_) if expr.ty.scalar().is_some() => Ok(()),
        ExprKind::Var(_) | ExprKind::Literal(_) => {
            block(expr, format!("`{}` is `{}`; lanes hold scalars", text(expr), expr.ty), None)
        }
        ExprKind::Unary(UnOp::Neg | UnOp::Not | UnOp::BitNot | UnOp::Sqrt, _) => Ok(()),
        ExprKind::Unary(op, _) => no_form(op.symbol()),
        ExprKind::Binary(op, a, _) => {
            let Some(scalar) = a.ty.scalar() else {
                return block(expr, format!("`{}` compares `{}`; lanes hold scalars", text(expr), a.ty), None);
            };
            match op {
                BinOp::Div | BinOp::Rem if scalar.is_int() => {
                    let condition = format!("`{}` divides integers, which no SIMD unit does", text(expr));
                    block(expr, condition, Some("divide floats, or shift by a constant"))
                }
                BinOp::Rem | BinOp::Pow => no_form(op.symbol()),
                BinOp::And | BinOp::Or => {
                    let condition = format!("`{}` evaluates its right side only sometimes", text(expr));
                    block(expr, condition, Some("`&` and `|` evaluate both sides"))
                }
                _ => Ok(()),
            }
        }
        ExprKind::Cast(..) | ExprKind::Block(..) | ExprKind::Select(..) | ExprKind::Struct(_) | ExprKind::Merge(..) => {
            Ok(())
        }
        ExprKind::Field(..) if expr.ty.has_builder() || is_lane(&expr.ty) => Ok(()),
        ExprKind::Field(..) => block(expr, format!("`{}` is `{}`; lanes hold scalars", text(expr), expr.ty), None),
        ExprKind::If(..) => {
            let condition = format!("the body branches: `{}`", text(expr));
            block(expr, condition, Some("the pass `predicate` removes branches that are cheap and cannot fail"))
        }
        ExprKind::Lookup(..) => block(expr, format!("`{}` reads memory at computed places", text(expr)), None),
        ExprKind::Len(_) => no_form("len"),
        ExprKind::Slice(..) => no_form("slice"),
        ExprKind::Assert(_) => no_form("assert"),
        ExprKind::Zip(_) => no_form("zip"),
        ExprKind::Iterate(..) => no_form("iterate"),
        ExprKind::Vector(_) => block(expr, format!("`{}` makes a vector in each iteration", text(expr)), None),
        ExprKind::Apply(..) => block(expr, "a lambda is applied in the body", Some("the pass `inline-apply` removes it")),
        ExprKind::NewBuilder(_) | ExprKind::Result(_) => {
            block(expr, format!("`{}` makes a builder in each iteration", text(expr)), None)
        }
        ExprKind::For(_) => block(expr, "the loop contains another loop", None),
    }?;
    if let ExprKind::Select(_, a, _) = &expr.kind
        && !is_lane(&a.ty)
    {
        return block(expr, format!("`{}` chooses between values of `{}`; lanes hold scalars", text(expr), a.ty), None);
    }
    let mut result = Ok(());
    // A projection of a variable is a leaf: the variable itself may hold more than lanes.
    if !pattern::is_trivial(expr) {
        visit::for_each_child(&expr.kind, &mut |child| {
            if result.is_ok() {
                result = stack::deep(|| body(child));
            }
        });
    }
    result
}
