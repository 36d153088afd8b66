#![forbid(unsafe_code)]
//! `fuse-horizontal`: loops over the same rows become one loop.
//!
//! Promises: looks at one flat run of lets at a time (the body of the program, of a loop, a branch), in time nearly
//! linear in its size; each value of a row is computed once in a loop, under exactly the conditions under which it was
//! computed before.

mod assemble;
mod chain;
mod explain;
mod flat;
mod graph;
mod levels;
mod numbers;
mod regions;
mod weave;
mod weigh;

use super::{PassCx, declare_pass, rewrite};
use crate::diag::stack;
use crate::ir::{BinOp, Expr, ExprKind, Let, visit};

declare_pass! {
    /// Run all loops over the same rows as one loop, without the vectors between them.
    ///
    /// Why: data-frame libraries emit one operation at a time, and use masks and columns many times. Each vector
    /// between two loops costs a write and a read of memory for each row, and each loop reads its columns again. Here
    /// maps, zips and filters over the same rows are computed row by row in one loop, with one builder for each
    /// result that is needed: sums, dictionaries, vectors that are part of the result. A loop that needs the result of
    /// another one over the same rows stays a second loop; what both read is computed in both where the work repeated
    /// is less than the bytes saved.
    ///
    /// ```weld
    /// |v: vec[i64]|
    ///   let w = result(for(v, appender[i64], |b, i, x| if(x > 0L, merge(b, x * x), b)));
    ///   {
    ///     result(for(w, merger[i64,+], |c, j, y| merge(c, y))),
    ///     result(for(w, merger[i64,max], |d, k, z| merge(d, z)))
    ///   }
    /// ```
    /// becomes
    /// ```weld
    /// |v: vec[i64]|
    ///   let all = for(v, {merger[i64,+], merger[i64,max]}, |b__1, i__1, row|
    ///     if(row > 0L,
    ///       let w__1 = row * row; {merge(b__1.$0, w__1), merge(b__1.$1, w__1)},
    ///       b__1));
    ///   {result(all.$0), result(all.$1)}
    /// ```
    pub struct FuseHorizontal = "fuse-horizontal";
    aliases: ["merge-loops"];
    rules: ["merge_loops", "absorb_map", "absorb_filter", "share_filter", "count_instead_of_len"];
    run: run;
}

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    Sweep { cx }.scope(root)
}

struct Sweep<'a, 'b> {
    cx: &'a mut PassCx<'b>,
}

impl Sweep<'_, '_> {
    /// Something that is evaluated as a whole or not at all: its loops, then what is inside of them.
    fn scope(&mut self, expr: &Expr) -> Expr {
        if expr.facts.loops == 0 {
            return expr.clone();
        }
        stack::deep(|| {
            let fused = fuse(self.cx, expr).unwrap_or_else(|| expr.clone());
            let walked = match &fused.kind {
                ExprKind::Block(..) => visit::map_children(&fused, &mut |child| self.inside(child)),
                _ => self.inside(&fused),
            };
            rewrite::settle(&walked)
        })
    }

    /// A part of a scope that is evaluated whenever the scope is.
    fn inside(&mut self, expr: &Expr) -> Expr {
        if expr.facts.loops == 0 {
            return expr.clone();
        }
        stack::deep(|| match &expr.kind {
            ExprKind::Block(..) => self.scope(expr),
            ExprKind::If(c, _, _) => visit::map_children(expr, &mut |child| {
                if child.same(c) { self.inside(child) } else { self.scope(child) }
            }),
            ExprKind::Binary(BinOp::And | BinOp::Or, a, _) => visit::map_children(expr, &mut |child| {
                if child.same(a) { self.inside(child) } else { self.scope(child) }
            }),
            kind => {
                let body = flat::lambda(kind).map(|lambda| lambda.body.clone());
                visit::map_children(expr, &mut |child| {
                    if body.as_ref().is_some_and(|body| body.same(child)) {
                        self.scope(child)
                    } else {
                        self.inside(child)
                    }
                })
            }
        })
    }
}

/// The scope with its loops merged; `None` when there is nothing to merge.
fn fuse(cx: &mut PassCx, expr: &Expr) -> Option<Expr> {
    // A zip is a loop too, as is a length.
    if expr.facts.loops < 2 && !matches!(expr.kind, ExprKind::Block(..)) {
        return None;
    }
    let items = flat::items(cx, expr);
    let mut graph = graph::Graph::new(items);
    explain::refused(cx, &graph);
    explain::conditional(cx, &graph);
    let plan = levels::plan(&mut graph)?;
    explain::near_misses(cx, &graph, &plan);
    let changed = !plan.lengths.is_empty() || plan.groups.iter().any(|group| group.changed);
    if !changed || !cx.may_fire(expr) {
        return None;
    }
    Some(assemble::assemble(cx, &graph, &plan, expr))
}

/// The lets and the value of an expression.
fn split(expr: &Expr) -> (&[Let], &Expr) {
    match &expr.kind {
        ExprKind::Block(lets, value) => (lets, value),
        _ => (&[], expr),
    }
}
