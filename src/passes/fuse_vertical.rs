#![forbid(unsafe_code)]
//! `fuse-vertical`: a loop and the loop that makes its vector become one.

mod join;
mod loops;
mod shared;
mod zip;

use super::uses::Uses;
use super::{PassCx, declare_pass, pattern, rewrite};
use crate::diag::stack;
use crate::ir::{Expr, ExprKind, For, Iter, Name, visit};
use std::collections::HashSet;
use std::sync::Arc;

declare_pass! {
    /// Run a loop inside the loop that makes its vector, so that the vector is never built.
    ///
    /// Why: a vector between two loops costs a write and a read of memory for each element. The body of the second
    /// loop moves to where the first one merges; filters, flattened loops and zips of maps go the same way. Where the
    /// first one merges in one of several branches, it chooses the value first, so that a large body is written once.
    /// Loops stay apart when the second one counts the elements of the first (its index), takes only a part of them,
    /// or would have to be copied to many places.
    ///
    /// ```weld
    /// |v: vec[i64]|
    ///   result(for(
    ///     result(for(v, appender[i64], |b, i, x| if(x > 0L, merge(b, x), b))),
    ///     merger[i64,+],
    ///     |c, j, y| merge(c, y * y)))
    /// ```
    /// becomes
    /// ```weld
    /// |v: vec[i64]|
    ///   result(for(v, merger[i64,+], |b, i, x| if(x > 0L, merge(b, x * x), b)))
    /// ```
    pub struct FuseVertical = "fuse-vertical";
    aliases: ["loop-fusion", "inline-zip"];
    rules: ["fuse_loops", "join_merges", "fuse_zip", "zip_to_iterators"];
    run: run;
}

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    let uses = Uses::of(root);
    shared::explain(cx, root, &uses);
    let mut sweep = Sweep { cx, uses, producers: HashSet::new() };
    sweep.expr(root)
}

/// Chains up to this long are fused from the source on, one link after the other, which reads best.
const SHORT_CHAIN: usize = 8;

struct Sweep<'a, 'b> {
    cx: &'a mut PassCx<'b>,
    uses: Uses,
    /// Lets whose value is a loop that could be fused if the name were used once.
    producers: HashSet<Name>,
}

impl Sweep<'_, '_> {
    fn expr(&mut self, expr: &Expr) -> Expr {
        stack::deep(|| match &expr.kind {
            ExprKind::For(parts) => self.chain(expr, parts),
            ExprKind::Block(lets, _) => {
                let made = lets.iter().filter(|binding| pattern::producer(&binding.value).is_some());
                self.producers.extend(made.map(|binding| binding.name.clone()));
                rewrite::settle(&visit::map_children(expr, &mut |child| self.expr(child)))
            }
            _ => rewrite::settle(&visit::map_children(expr, &mut |child| self.expr(child))),
        })
    }

    /// A loop over the result of a loop over ... : fuses what can be fused.
    fn chain(&mut self, last: &Expr, parts: &For) -> Expr {
        let mut levels = vec![(last, parts)];
        let mut results = Vec::new();
        let mut source = parts;
        while let [Iter::Whole(data) | Iter::Strided { data, .. }] = source.iters.as_slice()
            && let Some((built, producer)) = pattern::producer(data)
        {
            results.push(data);
            levels.push((built, producer));
            source = producer;
        }
        // The insides first, from the source on; each level but the first reads the one before it.
        let mut loops: Vec<Expr> = Vec::with_capacity(levels.len());
        let innermost = levels.len() - 1;
        for (at, (node, parts)) in levels.iter().enumerate() {
            loops.push(self.insides(node, parts, at == innermost));
        }
        let fused = self.fuse(&loops, &results, 0);
        // What could not be fused reads its producer as before.
        let mut rest = fused.into_iter().rev();
        let Some((mut current, mut first)) = rest.next() else { return last.clone() };
        for (consumer, level) in rest {
            let Some(data) = results.get(first - 1) else { break };
            current = with_data(&consumer, with_result(data, &current));
            first = level;
        }
        current
    }

    /// A loop with its builder, its body and, for the innermost one of a chain, what it reads rewritten.
    fn insides(&mut self, node: &Expr, parts: &For, innermost: bool) -> Expr {
        let chained = if innermost { None } else { parts.iters.first().and_then(Iter::data) };
        let swept = visit::map_children(node, &mut |child| {
            if chained.is_some_and(|data| data.same(child)) { child.clone() } else { self.expr(child) }
        });
        if !innermost {
            return swept;
        }
        for iter in &parts.iters {
            self.explain_looped(iter);
        }
        let swept = zip::zip_to_iterators(self.cx, &swept);
        let swept = zip::fuse_zip(self.cx, &swept);
        rewrite::settle(&swept)
    }

    /// Fuses a chain of loops, the last consumer first; gives what remains, each with its number in the whole chain.
    /// Halving keeps long chains nearly linear: composition does not care where one begins.
    fn fuse(&mut self, loops: &[Expr], results: &[&Expr], offset: usize) -> Vec<(Expr, usize)> {
        if let [only] = loops {
            return vec![(only.clone(), offset)];
        }
        let middle = if loops.len() <= SHORT_CHAIN { 1 } else { loops.len() / 2 };
        let (consumers, producers) = loops.split_at(middle);
        // Producers first: the trace then tells the story in the order of the data.
        let producers = self.fuse(producers, results, offset + middle);
        let mut consumers = self.fuse(consumers, results, offset);
        let mut producers = producers.into_iter();
        if let (Some((consumer, at)), Some((producer, from))) = (consumers.pop(), producers.next()) {
            let producer = join::join_merges(self.cx, &consumer, &producer).unwrap_or(producer);
            let shown = results.get(from - 1).map(|data| with_result(data, &producer));
            let before = shown.map_or_else(|| consumer.clone(), |data| with_data(&consumer, data));
            match loops::fuse_pair(self.cx, &before, &consumer, &producer) {
                Some(fused) => consumers.push((fused, at)),
                None => consumers.extend([(consumer, at), (producer, from)]),
            }
        }
        consumers.extend(producers);
        consumers
    }

    /// Says why a loop in a loop over a let-bound result of a loop stays apart from it.
    fn explain_looped(&mut self, iter: &Iter) {
        let Iter::Whole(data) = iter else { return };
        let Some(name) = data.var().filter(|name| self.producers.contains(*name)) else { return };
        if self.uses.name(name).looped {
            let condition =
                format!("`{name}` is used inside another loop, which would run its loop again in each turn");
            self.cx.missed("fuse_loops", &data.origin, condition, None);
        }
    }
}

/// The node `result(built)`.
fn with_result(result: &Expr, built: &Expr) -> Expr {
    match &result.kind {
        ExprKind::Result(old) if old.same(built) => result.clone(),
        _ => result.with_kind(ExprKind::Result(built.clone())),
    }
}

/// The loop over `data` instead of what its first iterator reads.
fn with_data(consumer: &Expr, data: Expr) -> Expr {
    let ExprKind::For(parts) = &consumer.kind else { return consumer.clone() };
    if parts.iters.first().and_then(Iter::data).is_some_and(|old| old.same(&data)) {
        return consumer.clone();
    }
    let mut new = For::clone(parts);
    if let Some(Iter::Whole(old) | Iter::Strided { data: old, .. }) = new.iters.first_mut() {
        *old = data;
    }
    consumer.with_kind(ExprKind::For(Arc::new(new)))
}
