#![forbid(unsafe_code)]
//! Whether a loop can run in SIMD lanes, and if not, the first thing in the way.
//!
//! Promises: the pass that marks loops and the planner that obeys the mark ask the same question here, so a mark written
//! by hand on a loop that has no lanes is harmless. A branch is a mask over the lanes; a check that fails in a lane hands
//! the rest of the leaf to the scalar loop, which fails at the right place or does not.

use super::merges::{self, Count, Merges};
use super::neighbours;
use crate::diag::{Origin, stack};
use crate::ir::{BinOp, BuilderTy, Expr, ExprKind, For, Iter, Literal, Scalar, Ty, UnOp, print, visit};

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
    iterators(at, parts)?;
    builders(at, &parts.builder.ty, neighbours::are_changed(parts))?;
    // What stands in the body is a better reason than the number of merges, which depends on it.
    body(&parts.func.body)?;
    appends(at, &parts.builder.ty, &merges::per_iteration(&parts.func))
}

/// Whether what the loop `parts` of the node `at` merges into tables can be computed in lanes: an iteration has one row for a
/// table at most.
pub fn rows(at: &Expr, parts: &For) -> bool {
    fn tables(ty: &Ty, merges: &Merges) -> bool {
        match (ty, merges) {
            (Ty::Struct(fields), _) => {
                fields.iter().enumerate().all(|(k, field)| tables(field, &merges.component(k)))
            }
            (_, Merges::One(Count { max: Some(0 | 1), .. })) => match ty.as_builder() {
                Some(BuilderTy::DictMerger(key, value, _)) => {
                    is_lane(key) && is_lane(value) && scalars(key) + scalars(value) <= MOST_COLUMNS
                }
                _ => false,
            },
            _ => false,
        }
    }
    iterators(at, parts).is_ok()
        && body(&parts.func.body).is_ok()
        && tables(&parts.builder.ty, &merges::per_iteration(&parts.func))
}

/// Scalars of a row: each waits in a place of its own.
const MOST_COLUMNS: usize = 16;

/// Whether the elements of a loop can be read in lanes.
fn iterators(at: &Expr, parts: &For) -> Result<(), Blocked> {
    for iter in &parts.iters {
        let data = iter.data().unwrap_or(at);
        match iter {
            Iter::Simd(_) | Iter::Fringe(_) | Iter::Nd(_) => {
                let condition = "the iterator says itself how elements are grouped";
                return block(data, condition, Some("loop over the vector as it is"));
            }
            Iter::Strided { stride, .. } if stride.literal().and_then(Literal::as_i64) != Some(1) => {
                let condition = "`iter` with a stride other than `1L` does not read neighbouring elements";
                return block(
                    data,
                    condition,
                    Some("loop over neighbours; `slice` makes a vector of a part"),
                );
            }
            Iter::Range { .. } | Iter::Strided { .. } | Iter::Whole(_) => {}
        }
        let elem = iter.elem_ty();
        narrow(data, &elem)?;
        if !is_lane(&elem) {
            let condition = format!("the elements are `{elem}`; lanes hold scalars and structs of scalars");
            return block(
                data,
                condition,
                Some("keep what the loop needs in vectors of scalars and zip them"),
            );
        }
    }
    Ok(())
}

/// Whether skipping a branch that no lane takes is worth the question.
pub fn is_worth_skipping(arm: &Expr) -> bool {
    // So large that it is, and that counting at each branch in a branch would take long.
    if arm.facts.nodes > 64 {
        return true;
    }
    let mut work = 0u32;
    visit::walk(arm, &mut |expr| {
        work = work.saturating_add(match &expr.kind {
            ExprKind::Lookup(..) => 16,
            ExprKind::Binary(BinOp::Pow, ..) => 20,
            ExprKind::Binary(BinOp::Div | BinOp::Rem, ..) | ExprKind::Unary(UnOp::Sqrt, _) => 8,
            ExprKind::Unary(UnOp::Neg | UnOp::Not | UnOp::BitNot, _)
            | ExprKind::Binary(..)
            | ExprKind::Cast(..)
            | ExprKind::Select(..) => 1,
            ExprKind::Unary(..) => 20,
            _ => 0,
        });
    });
    work >= 16
}

/// Whether each appender gets at most one value from each iteration.
fn appends(at: &Expr, ty: &Ty, merges: &Merges) -> Result<(), Blocked> {
    match (ty, merges) {
        (Ty::Struct(fields), _) => {
            fields.iter().enumerate().try_for_each(|(k, field)| appends(at, field, &merges.component(k)))
        }
        _ if !matches!(ty.as_builder(), Some(BuilderTy::Appender(_))) => Ok(()),
        (_, Merges::One(Count { max: Some(0 | 1), .. })) => Ok(()),
        (_, merges) => {
            let most = match merges {
                Merges::One(Count { max: Some(most), .. }) => format!("up to {most}"),
                _ => "any number of".to_string(),
            };
            let condition = format!("an iteration appends {most} values, in lanes it can be one");
            block(
                at,
                condition,
                Some("append to several builders, or loop again over what one iteration appends"),
            )
        }
    }
}

fn builders(at: &Expr, ty: &Ty, neighbours: bool) -> Result<(), Blocked> {
    let in_turn = |what: &str| block(at, format!("`{ty}` {what}, so values are merged in turn"), None);
    match ty {
        Ty::Struct(fields) => fields.iter().try_for_each(|field| builders(at, field, neighbours)),
        Ty::Builder(builder) => match &**builder {
            // What can be merged is a scalar or a struct of scalars: both have lanes.
            BuilderTy::Merger(..) => Ok(()),
            BuilderTy::Appender(elem) if !is_lane(elem) => block(
                at,
                format!("the loop appends `{elem}`; lanes hold scalars and structs of scalars"),
                None,
            ),
            BuilderTy::Appender(elem) => narrow(at, elem),
            BuilderTy::DictMerger(..) | BuilderTy::GroupMerger(..) => {
                in_turn("looks each key up in a table that the value before may have changed")
            }
            BuilderTy::VecMerger(..) if neighbours => Ok(()),
            BuilderTy::VecMerger(..) => block(
                at,
                format!(
                    "`{ty}` adds to elements that the value before may have changed, so values are merged in turn"
                ),
                Some(
                    "merge once in each iteration, a scalar, at the index of the loop or a fixed distance from it",
                ),
            ),
        },
        _ => block(at, format!("the loop builds `{ty}`, which is no builder"), None),
    }
}

/// Fields of a struct that registers have room for when there are as many of each as there are lanes.
const MOST_FIELDS: usize = 8;

fn scalars(ty: &Ty) -> usize {
    ty.fields().map_or(1, |fields| fields.iter().map(scalars).sum())
}

fn narrow(at: &Expr, elem: &Ty) -> Result<(), Blocked> {
    let count = scalars(elem);
    if count <= MOST_FIELDS {
        return Ok(());
    }
    block(
        at,
        format!("a struct has {count} fields, and registers have room for the lanes of {MOST_FIELDS}"),
        Some("keep what the loop needs in vectors of scalars and zip them"),
    )
}

/// A scalar constant, a variable, or a projection of a variable: a leaf of the body.
fn is_trivial(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Var(_) => true,
        ExprKind::Field(a, _) => is_trivial(a),
        _ => false,
    }
}

/// A scalar or a struct of scalars.
pub fn is_lane(ty: &Ty) -> bool {
    match ty {
        Ty::Scalar(_) => true,
        Ty::Struct(fields) => !fields.is_empty() && fields.iter().all(is_lane),
        _ => false,
    }
}

/// Whether every operation works on lanes.
fn body(expr: &Expr) -> Result<(), Blocked> {
    let text = |at: &Expr| print::short(at, 48);
    let holds_scalars = |verb: &str, ty: &Ty| {
        let condition = format!("`{}` {verb} `{ty}`; lanes hold scalars and structs of scalars", text(expr));
        block(expr, condition, None)
    };
    let one_at_a_time = |why: &str| block(expr, format!("`{}` {why}", text(expr)), None);
    match &expr.kind {
        ExprKind::Var(_) | ExprKind::Field(..) if expr.ty.has_builder() || is_lane(&expr.ty) => Ok(()),
        ExprKind::Literal(_) if expr.ty.scalar().is_some() => Ok(()),
        ExprKind::Var(_) | ExprKind::Literal(_) | ExprKind::Field(..) => holds_scalars("is", &expr.ty),
        ExprKind::Unary(..) => Ok(()),
        ExprKind::Binary(op, a, b) => match a.ty.scalar() {
            Some(scalar) => binary(expr, *op, scalar, b),
            None => holds_scalars("compares", &a.ty),
        },
        ExprKind::If(..) if expr.note("predicate") == Some("false") => {
            let condition = "`@(predicate:false)` keeps the branch";
            block(expr, condition, Some("leave the annotation out; `vectorize` makes the branch a mask"))
        }
        ExprKind::If(_, a, _) | ExprKind::Select(_, a, _) if !a.ty.has_builder() && !is_lane(&a.ty) => {
            holds_scalars("chooses between values of", &a.ty)
        }
        ExprKind::Cast(..)
        | ExprKind::Block(..)
        | ExprKind::If(..)
        | ExprKind::Select(..)
        | ExprKind::Struct(_)
        | ExprKind::Assert(_)
        | ExprKind::Merge(..) => Ok(()),
        ExprKind::Lookup(v, index) if v.ty.elem().is_some() && is_trivial(v) => {
            return if is_lane(&expr.ty) {
                stack::deep(|| body(index))
            } else {
                holds_scalars("gives", &expr.ty)
            };
        }
        ExprKind::Len(v) if v.ty.elem().is_some() && is_trivial(v) => return Ok(()),
        ExprKind::Lookup(v, _) | ExprKind::Len(v) if v.ty.elem().is_some() => {
            return block(
                v,
                format!("`{}` is a vector that each iteration computes", text(v)),
                Some("bind it before the loop, where it is the same in each iteration"),
            );
        }
        ExprKind::Lookup(..) | ExprKind::OptLookup(..) | ExprKind::KeyExists(..) => {
            one_at_a_time("probes a table, one key at a time: lanes do not help")
        }
        ExprKind::Len(_) => one_at_a_time("counts the keys of a table"),
        ExprKind::Slice(..) | ExprKind::Vector(_) | ExprKind::Zip(_) | ExprKind::ToVec(_) => {
            one_at_a_time("makes a vector in each iteration")
        }
        ExprKind::Serialize(_) | ExprKind::Deserialize(_) => {
            one_at_a_time("works on bytes in memory, one after the other")
        }
        ExprKind::Sort(..) => one_at_a_time("sorts in each iteration"),
        ExprKind::Iterate(..) => {
            one_at_a_time("repeats as often as each value needs, lanes would wait for the slowest")
        }
        ExprKind::CUdf(..) => one_at_a_time("calls a C function, which takes one value at a time"),
        ExprKind::Apply(..) => {
            block(expr, "a lambda is applied in the body", Some("the pass `inline-apply` removes it"))
        }
        ExprKind::NewBuilder(_) | ExprKind::Result(_) => one_at_a_time("makes a builder in each iteration"),
        ExprKind::For(_) => block(expr, "the loop contains another loop", None),
        ExprKind::Broadcast(_) => block(
            expr,
            format!("`{}` is a SIMD value of its own", text(expr)),
            Some("write the loop on scalars"),
        ),
    }?;
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

/// Whether the operator works on lanes of `scalar`. Integers of 64 bits are divided one by one on every machine; narrower
/// ones divide as floats, whose quotient is exact enough, and a division by a constant is a multiplication.
fn binary(expr: &Expr, op: BinOp, scalar: Scalar, divisor: &Expr) -> Result<(), Blocked> {
    match op {
        BinOp::Div | BinOp::Rem
            if scalar.is_int()
                && scalar.bytes() == 8
                && divisor.literal().and_then(Literal::as_i64).is_none_or(|value| value == 0) =>
        {
            block(
                expr,
                format!(
                    "`{}` divides integers of 64 bits by what is no constant, which no SIMD unit does",
                    print::short(expr, 48)
                ),
                Some("divide by a constant, or numbers of 32 bits, or floats"),
            )
        }
        _ => Ok(()),
    }
}
