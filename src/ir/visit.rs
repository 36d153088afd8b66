#![forbid(unsafe_code)]
//! The only exhaustive walk over the tree: children, rebuilding, facts.
//!
//! Promises: children come in evaluation order; [`map_children`] returns the very same node when no child changed.

#[cfg(test)]
use super::tally;
use super::{BinOp, BuilderTy, Expr, ExprKind, Facts, For, Iter, Lambda, Let, Literal};
use crate::diag::stack;
use std::sync::Arc;

/// Calls `f` with each direct child, in evaluation order; lambda bodies last.
pub fn for_each_child<'a>(kind: &'a ExprKind, f: &mut dyn FnMut(&'a Expr)) {
    #[cfg(test)]
    let f = &mut |child: &'a Expr| {
        tally::count();
        f(child);
    };
    match kind {
        ExprKind::Literal(_) | ExprKind::Var(_) | ExprKind::NewBuilder(None) => {}
        ExprKind::Block(lets, body) => {
            lets.iter().for_each(|binding| f(&binding.value));
            f(body);
        }
        ExprKind::Unary(_, a)
        | ExprKind::Cast(_, a)
        | ExprKind::Field(a, _)
        | ExprKind::Broadcast(a)
        | ExprKind::Len(a)
        | ExprKind::ToVec(a)
        | ExprKind::Assert(a)
        | ExprKind::Serialize(a)
        | ExprKind::Deserialize(a)
        | ExprKind::NewBuilder(Some(a))
        | ExprKind::Result(a) => f(a),
        ExprKind::Binary(_, a, b)
        | ExprKind::Lookup(a, b)
        | ExprKind::OptLookup(a, b)
        | ExprKind::KeyExists(a, b)
        | ExprKind::Merge(a, b) => {
            f(a);
            f(b);
        }
        ExprKind::If(a, b, c) | ExprKind::Select(a, b, c) | ExprKind::Slice(a, b, c) => {
            f(a);
            f(b);
            f(c);
        }
        ExprKind::Struct(items)
        | ExprKind::Vector(items)
        | ExprKind::Zip(items)
        | ExprKind::CUdf(_, items) => items.iter().for_each(f),
        ExprKind::Apply(lambda, args) => {
            args.iter().for_each(&mut *f);
            f(&lambda.body);
        }
        ExprKind::For(parts) => {
            f(&parts.builder);
            parts.iters.iter().flat_map(Iter::operands).for_each(&mut *f);
            f(&parts.func.body);
        }
        ExprKind::Iterate(start, lambda) | ExprKind::Sort(start, lambda) => {
            f(start);
            f(&lambda.body);
        }
    }
}

/// Calls `f` with every node of the tree, parents first.
pub fn walk<'a>(expr: &'a Expr, f: &mut dyn FnMut(&'a Expr)) {
    stack::deep(|| {
        f(expr);
        for_each_child(&expr.kind, &mut |child| walk(child, f));
    });
}

/// Rebuilds a node from `f` of its children. The same node when `f` changed none of them.
pub fn map_children(expr: &Expr, f: &mut dyn FnMut(&Expr) -> Expr) -> Expr {
    let mut changed = false;
    let mut go = |child: &Expr| {
        #[cfg(test)]
        tally::count();
        let new = f(child);
        changed |= !new.same(child);
        new
    };
    let lambda = |old: &Lambda, body: Expr| Lambda { params: old.params.clone(), body };
    let kind = match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Var(_) | ExprKind::NewBuilder(None) => return expr.clone(),
        ExprKind::Block(lets, body) => {
            let lets = lets.iter().map(|l| Let { name: l.name.clone(), value: go(&l.value) }).collect();
            ExprKind::Block(lets, go(body))
        }
        ExprKind::Unary(op, a) => ExprKind::Unary(*op, go(a)),
        ExprKind::Cast(to, a) => ExprKind::Cast(*to, go(a)),
        ExprKind::Field(a, k) => ExprKind::Field(go(a), *k),
        ExprKind::Broadcast(a) => ExprKind::Broadcast(go(a)),
        ExprKind::Len(a) => ExprKind::Len(go(a)),
        ExprKind::ToVec(a) => ExprKind::ToVec(go(a)),
        ExprKind::Assert(a) => ExprKind::Assert(go(a)),
        ExprKind::Serialize(a) => ExprKind::Serialize(go(a)),
        ExprKind::Deserialize(a) => ExprKind::Deserialize(go(a)),
        ExprKind::NewBuilder(Some(a)) => ExprKind::NewBuilder(Some(go(a))),
        ExprKind::Result(a) => ExprKind::Result(go(a)),
        ExprKind::Binary(op, a, b) => ExprKind::Binary(*op, go(a), go(b)),
        ExprKind::Lookup(a, b) => ExprKind::Lookup(go(a), go(b)),
        ExprKind::OptLookup(a, b) => ExprKind::OptLookup(go(a), go(b)),
        ExprKind::KeyExists(a, b) => ExprKind::KeyExists(go(a), go(b)),
        ExprKind::Merge(a, b) => ExprKind::Merge(go(a), go(b)),
        ExprKind::If(a, b, c) => ExprKind::If(go(a), go(b), go(c)),
        ExprKind::Select(a, b, c) => ExprKind::Select(go(a), go(b), go(c)),
        ExprKind::Slice(a, b, c) => ExprKind::Slice(go(a), go(b), go(c)),
        ExprKind::Struct(items) => ExprKind::Struct(items.iter().map(go).collect()),
        ExprKind::Vector(items) => ExprKind::Vector(items.iter().map(go).collect()),
        ExprKind::Zip(items) => ExprKind::Zip(items.iter().map(go).collect()),
        ExprKind::CUdf(name, items) => ExprKind::CUdf(name.clone(), items.iter().map(go).collect()),
        ExprKind::Apply(func, args) => {
            let args = args.iter().map(&mut go).collect();
            ExprKind::Apply(Arc::new(lambda(func, go(&func.body))), args)
        }
        ExprKind::For(parts) => {
            let builder = go(&parts.builder);
            let iters = parts.iters.iter().map(|iter| iter.map(&mut go)).collect();
            let func = lambda(&parts.func, go(&parts.func.body));
            ExprKind::For(Arc::new(For { iters, builder, func, simd: parts.simd }))
        }
        ExprKind::Iterate(start, func) => {
            let start = go(start);
            ExprKind::Iterate(start, Arc::new(lambda(func, go(&func.body))))
        }
        ExprKind::Sort(data, func) => {
            let data = go(data);
            ExprKind::Sort(data, Arc::new(lambda(func, go(&func.body))))
        }
    };
    if changed { expr.with_kind(kind) } else { expr.clone() }
}

/// The facts of a node, from those of its children.
pub(super) fn facts(kind: &ExprKind) -> Facts {
    let mut facts = Facts {
        nodes: 1,
        loops: 0,
        may_fail: own_failure(kind),
        iterates: matches!(kind, ExprKind::Iterate(..)),
        calls: false,
    };
    facts.loops = u32::from(matches!(kind, ExprKind::For(_)));
    for_each_child(kind, &mut |child| {
        facts.nodes = facts.nodes.saturating_add(child.facts.nodes);
        facts.loops = facts.loops.saturating_add(child.facts.loops);
        facts.may_fail |= child.facts.may_fail;
        facts.iterates |= child.facts.iterates;
        facts.calls |= child.facts.calls;
    });
    facts
}

/// Whether the operation itself, apart from its operands, can raise a run-time error.
fn own_failure(kind: &ExprKind) -> bool {
    match kind {
        ExprKind::Lookup(..) | ExprKind::Slice(..) | ExprKind::Assert(_) | ExprKind::Deserialize(_) => true,
        ExprKind::Binary(BinOp::Div | BinOp::Rem, _, divisor) => {
            let is_float = divisor.ty.scalar().is_none_or(|scalar| scalar.is_float());
            !is_float && divisor.literal().and_then(Literal::as_i64).is_none_or(|value| value == 0)
        }
        ExprKind::Zip(items) => items.len() > 1,
        // A vecmerger checks its index.
        ExprKind::Merge(b, _) => matches!(b.ty.as_builder(), Some(BuilderTy::VecMerger(..))),
        ExprKind::For(parts) => match parts.iters.as_slice() {
            [Iter::Whole(_) | Iter::Simd(_) | Iter::Fringe(_)] => false,
            [Iter::Range { start, end, stride }] => !is_valid_range(start, end, stride),
            // Equal lengths are certain only when all run over the same variable.
            iters => {
                let first = match iters.first() {
                    Some(Iter::Whole(data)) => data.var(),
                    _ => None,
                };
                first.is_none()
                    || !iters.iter().all(|iter| matches!(iter, Iter::Whole(data) if data.var() == first))
            }
        },
        _ => false,
    }
}

/// Whether the bounds are constants that give a whole number of iterations.
fn is_valid_range(start: &Expr, end: &Expr, stride: &Expr) -> bool {
    let number = |expr: &Expr| expr.literal().and_then(Literal::as_i64);
    let (Some(start), Some(end), Some(stride)) = (number(start), number(end), number(stride)) else {
        return false;
    };
    let Some(length) = end.checked_sub(start) else { return false };
    // One overflows when it divides the smallest number by -1.
    length.checked_rem(stride) == Some(0) && length.checked_div(stride).is_some_and(|turns| turns >= 0)
}

/// Moves the children out of a node that is being dropped.
pub(super) fn take_children(kind: &mut ExprKind, out: &mut Vec<Expr>) {
    let kind = std::mem::replace(kind, ExprKind::NewBuilder(None));
    for_each_child(&kind, &mut |child| out.push(child.clone()));
}
