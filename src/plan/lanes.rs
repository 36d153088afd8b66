#![forbid(unsafe_code)]
//! Whether a loop can run in SIMD lanes, and if not, the first thing in the way.
//!
//! Promises: the pass that marks loops and the planner that obeys the mark ask the same question here, so a mark written
//! by hand on a loop that has no lanes is harmless.

use super::merges::{self, Merges};
use crate::diag::{Origin, stack};
use crate::ir::{BinOp, BuilderTy, Expr, ExprKind, For, Iter, Ty, print, visit};

/// The first thing in the way.
pub struct Blocked {
    /// Where it is.
    pub origin: Origin,
    /// The condition that failed.
    pub condition: String,
    /// What would satisfy it.
    pub would: Option<String>,
}

fn block<T>(at: &Expr, condition: impl Into<String>, would: Option<&str>) -> Result<T, Blocked> {
    Err(Blocked { origin: at.origin.clone(), condition: condition.into(), would: would.map(str::to_string) })
}

/// Whether the loop `parts` of the node `at` can run in lanes.
pub fn check(at: &Expr, parts: &For) -> Result<(), Blocked> {
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
            Iter::Simd(_) | Iter::Fringe(_) | Iter::Nd(_) => {
                let condition = "the iterator says itself how elements are grouped";
                return block(iter.data().unwrap_or(at), condition, Some("loop over the vector as it is"));
            }
        }
    }
    lanes_of_builder(at, Some(&parts.builder), &parts.builder.ty)?;
    // A branch is a better reason than the number of merges, which depends on it.
    body(&parts.func.body)?;
    if !appends_once(&parts.builder.ty, &merges::per_iteration(&parts.func)) {
        return block(at, "the loop does not append exactly one value per iteration", None);
    }
    Ok(())
}

/// Whether each appender gets one value from each iteration.
fn appends_once(ty: &Ty, merges: &Merges) -> bool {
    match ty {
        Ty::Struct(fields) => {
            fields.iter().enumerate().all(|(k, field)| appends_once(field, &merges.component(k)))
        }
        _ => merges.is_once() || !matches!(ty.as_builder(), Some(BuilderTy::Appender(_))),
    }
}

/// `start` is the builder the loop starts with, where it is written out.
fn lanes_of_builder(at: &Expr, start: Option<&Expr>, ty: &Ty) -> Result<(), Blocked> {
    match ty {
        Ty::Struct(fields) => {
            for (k, field) in fields.iter().enumerate() {
                let start = match start.map(|start| &start.kind) {
                    Some(ExprKind::Struct(items)) => items.get(k),
                    _ => None,
                };
                lanes_of_builder(at, start, field)?;
            }
            Ok(())
        }
        Ty::Builder(builder) => match &**builder {
            // What can be merged is a scalar or a struct of scalars: both have lanes.
            BuilderTy::Merger(..) => Ok(()),
            BuilderTy::Appender(elem) if elem.scalar().is_none() => {
                block(at, format!("the loop appends `{elem}`; lanes hold scalars"), None)
            }
            BuilderTy::Appender(_)
                if !start.is_some_and(|start| matches!(start.kind, ExprKind::NewBuilder(_))) =>
            {
                block(
                    at,
                    "the appender does not start fresh at this loop, so its place in memory is not known",
                    None,
                )
            }
            BuilderTy::Appender(_) => Ok(()),
            other => block(at, format!("`{other}` takes one value at a time"), None),
        },
        _ => block(at, "the loop has no builder with lanes", None),
    }
}

/// A scalar constant, a variable, or a projection of a variable: a leaf of the body.
fn is_trivial(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Var(_) => true,
        ExprKind::Field(a, _) => is_trivial(a),
        _ => false,
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
        ExprKind::Unary(..) => Ok(()),
        ExprKind::Binary(op, a, _) => {
            let Some(scalar) = a.ty.scalar() else {
                return block(
                    expr,
                    format!("`{}` compares `{}`; lanes hold scalars", text(expr), a.ty),
                    None,
                );
            };
            match op {
                BinOp::Div | BinOp::Rem if scalar.is_int() => {
                    let condition = format!("`{}` divides integers, which no SIMD unit does", text(expr));
                    block(expr, condition, Some("divide floats, or shift by a constant"))
                }
                BinOp::And | BinOp::Or => {
                    let condition = format!("`{}` evaluates its right side only sometimes", text(expr));
                    block(expr, condition, Some("`&` and `|` evaluate both sides"))
                }
                _ => Ok(()),
            }
        }
        ExprKind::Cast(..)
        | ExprKind::Block(..)
        | ExprKind::Select(..)
        | ExprKind::Struct(_)
        | ExprKind::Merge(..) => Ok(()),
        ExprKind::Field(..) if expr.ty.has_builder() || is_lane(&expr.ty) => Ok(()),
        ExprKind::Field(..) => {
            block(expr, format!("`{}` is `{}`; lanes hold scalars", text(expr), expr.ty), None)
        }
        ExprKind::If(..) => {
            let condition = format!("the body branches: `{}`", text(expr));
            block(
                expr,
                condition,
                Some("the pass `predicate` removes branches that are cheap and cannot fail"),
            )
        }
        ExprKind::Lookup(..) => {
            block(expr, format!("`{}` reads memory at computed places", text(expr)), None)
        }
        ExprKind::Len(_) => no_form("len"),
        ExprKind::Slice(..) => no_form("slice"),
        ExprKind::Assert(_) => no_form("assert"),
        ExprKind::Zip(_) => no_form("zip"),
        ExprKind::Iterate(..) => no_form("iterate"),
        ExprKind::Vector(_) => {
            block(expr, format!("`{}` makes a vector in each iteration", text(expr)), None)
        }
        ExprKind::Apply(..) => {
            block(expr, "a lambda is applied in the body", Some("the pass `inline-apply` removes it"))
        }
        ExprKind::NewBuilder(_) | ExprKind::Result(_) => {
            block(expr, format!("`{}` makes a builder in each iteration", text(expr)), None)
        }
        ExprKind::For(_) => block(expr, "the loop contains another loop", None),
        ExprKind::Broadcast(_) => block(
            expr,
            format!("`{}` is a SIMD value of its own", text(expr)),
            Some("write the loop on scalars"),
        ),
        ExprKind::OptLookup(..) => no_form("optlookup"),
        ExprKind::KeyExists(..) => no_form("keyexists"),
        ExprKind::ToVec(_) => no_form("tovec"),
        ExprKind::Sort(..) => no_form("sort"),
        ExprKind::Serialize(_) => no_form("serialize"),
        ExprKind::Deserialize(_) => no_form("deserialize"),
        ExprKind::CUdf(..) => no_form("cudf"),
    }?;
    if let ExprKind::Select(_, a, _) = &expr.kind
        && !is_lane(&a.ty)
    {
        return block(
            expr,
            format!("`{}` chooses between values of `{}`; lanes hold scalars", text(expr), a.ty),
            None,
        );
    }
    let mut result = Ok(());
    // A projection of a variable is a leaf: the variable itself may hold more than lanes.
    if !is_trivial(expr) {
        visit::for_each_child(&expr.kind, &mut |child| {
            if result.is_ok() {
                result = stack::deep(|| body(child));
            }
        });
    }
    result
}
