#![forbid(unsafe_code)]
//! The rule `fuse_loops`: one consumer, one producer.

use crate::diag::stack;
use crate::ir::{Expr, ExprKind, For, Iter, Lambda, Let, Name, Param, build, print, visit};
use crate::passes::uses::Uses;
use crate::passes::{PassCx, pattern, subst};
use crate::plan::merges;
use std::collections::HashSet;
use std::sync::Arc;

const RULE: &str = "fuse_loops";

/// The body of a consumer is copied when the copies together stay below this many nodes.
const COPIED_NODES: u32 = 96;

/// `for(result(for(v, appender, g)), b, f)` => `for(v, b, g with f in place of merges)`. `before` is the consumer
/// reading the producer.
pub fn fuse_pair(cx: &mut PassCx, before: &Expr, consumer: &Expr, producer: &Expr) -> Option<Expr> {
    let (ExprKind::For(outer), ExprKind::For(inner)) = (&consumer.kind, &producer.kind) else { return None };
    let checked = check(outer, inner, consumer, producer);
    if let Err((condition, would)) = checked.and_then(|sites| check_copies(outer, sites)) {
        cx.missed(RULE, &before.origin, condition, would.map(str::to_string));
        return None;
    }
    if !cx.may_fire(before) {
        return None;
    }
    let [own, index, elem] = inner.func.params.as_slice() else { return None };
    let builder = &outer.builder;
    let mut weave = Weave {
        consumer: &outer.func,
        index: build::var(&index.name, index.ty.clone(), index.origin.clone()),
        builders: HashSet::from([own.name.clone()]),
        builder,
        used: false,
    };
    let body = weave.expr(cx, &inner.func.body);
    let own = Param { ty: builder.ty.clone(), ..own.clone() };
    let func = Lambda { params: vec![own, index.clone(), elem.clone()], body };
    let fused = For { iters: inner.iters.clone(), builder: builder.clone(), func, simd: false };
    let origin = consumer.origin.join(&producer.origin);
    let fused =
        Expr::with_notes(ExprKind::For(Arc::new(fused)), consumer.ty.clone(), origin, consumer.notes.clone());
    let reason =
        "each value goes straight from one loop into the other, so the vector between them is not built";
    cx.fired(RULE, reason, before, &fused);
    Some(fused)
}

/// The one condition that does not hold, and what would make it hold.
type Refusal = (String, Option<&'static str>);

/// In how many places the producer merges, if the consumer can be put there.
pub fn check(outer: &For, inner: &For, consumer: &Expr, producer: &Expr) -> Result<u32, Refusal> {
    let refuse = |condition: &str, would| Err((condition.to_string(), would));
    if !matches!(outer.iters.as_slice(), [Iter::Whole(_)]) {
        return refuse(
            "the loop takes only a part of the vector (`iter` with bounds)",
            Some("loop over all of it"),
        );
    }
    if outer.simd || inner.simd {
        return refuse(
            "one of the two loops runs in lanes already (`@(simd:true)`)",
            Some("fuse before vectorize"),
        );
    }
    if consumer.note("loopsize").is_some() || producer.note("loopsize").is_some() {
        return refuse(
            "`@(loopsize)` promises a number of iterations that fusion may change",
            Some("drop `@(loopsize)`"),
        );
    }
    match &inner.builder.kind {
        ExprKind::NewBuilder(hint) if hint.as_ref().is_none_or(pattern::is_droppable) => {}
        ExprKind::NewBuilder(_) => {
            return refuse("the capacity given to the appender may fail to compute", None);
        }
        _ => {
            return refuse(
                "the appender of the first loop holds values already",
                Some("start it with a fresh appender"),
            );
        }
    }
    if pattern::calls_interleave(&outer.func.body, &inner.func.body) {
        return refuse(
            "C functions are called, and in one loop they would be called in another order",
            Some("annotate functions that only compute: `@(pure:true)`"),
        );
    }
    let sites = match merge_sites(&inner.func) {
        Ok(sites) => sites,
        Err(through) => {
            let text = print::short(&through, 40);
            return refuse(
                &format!("the builder of the first loop goes through `{text}`, which is no merge"),
                None,
            );
        }
    };
    if merges_lanes(&inner.func.body) {
        return refuse(
            "the first loop merges SIMD values, and each of them is several elements of the vector",
            Some("write the first loop on scalars; `vectorize` finds the lanes"),
        );
    }
    let uses = Uses::of(&outer.func.body);
    if let [_, index, _] = outer.func.params.as_slice()
        && uses.name(&index.name).count > 0
        && inner.iters.iter().any(Iter::counts_elements)
    {
        return refuse(
            "the loop reads its index, and that of the first loop is the index of an element of `simditer` or `fringeiter`",
            None,
        );
    }
    if let [_, index, _] = outer.func.params.as_slice()
        && uses.name(&index.name).count > 0
        && !merges::per_iteration(&inner.func).is_once()
    {
        let condition = format!(
            "the loop reads its index `{}`, which counts the values of the first loop, and that one does not merge \
             exactly once per iteration",
            index.name
        );
        return Err((
            condition,
            Some("if the place in the source is meant, carry it along: merge `{x, i}` in the first loop"),
        ));
    }
    Ok(sites)
}

/// Whether the body of the consumer is small enough for so many copies.
pub fn check_copies(outer: &For, sites: u32) -> Result<(), Refusal> {
    let copied = outer.func.body.facts.nodes;
    if sites > 1 && copied.saturating_mul(sites) > COPIED_NODES {
        let body = print::short(&outer.func.body, 40);
        let condition = format!("the body `{body}` of {copied} nodes would be copied to {sites} places");
        return Err((condition, Some("merge in fewer places: all copies together may have 96 nodes")));
    }
    Ok(())
}

/// Whether a SIMD value is merged somewhere.
fn merges_lanes(body: &Expr) -> bool {
    let mut found = false;
    visit::walk(body, &mut |expr| {
        found |= matches!(&expr.kind, ExprKind::Merge(_, value) if value.ty.has_simd());
    });
    found
}

/// In how many places a loop body merges; the error is the expression through which fusion cannot follow its builder.
fn merge_sites(func: &Lambda) -> Result<u32, Expr> {
    let mut builders = HashSet::new();
    builders.extend(func.params.first().map(|param| param.name.clone()));
    count_sites(&func.body, &mut builders)
}

/// The same, with the names that hold the builder: those that are in `builders`, and those that it adds there.
pub fn count_sites(expr: &Expr, builders: &mut HashSet<Name>) -> Result<u32, Expr> {
    stack::deep(|| match &expr.kind {
        ExprKind::Var(name) if builders.contains(name) => Ok(0),
        ExprKind::Merge(b, _) => Ok(count_sites(b, builders)?.saturating_add(1)),
        ExprKind::If(_, a, b) => Ok(count_sites(a, builders)?.saturating_add(count_sites(b, builders)?)),
        ExprKind::Block(lets, body) => {
            let mut sites = 0u32;
            for binding in lets.iter().filter(|binding| binding.value.ty.has_builder()) {
                // A builder of its own, in a struct or with a loop of its own, is no business of this loop.
                if let Ok(more) = count_sites(&binding.value, builders) {
                    builders.insert(binding.name.clone());
                    sites = sites.saturating_add(more);
                }
            }
            Ok(sites.saturating_add(count_sites(body, builders)?))
        }
        ExprKind::For(parts) if !parts.simd => {
            let before = count_sites(&parts.builder, builders)?;
            builders.extend(parts.func.params.first().map(|param| param.name.clone()));
            Ok(before.saturating_add(count_sites(&parts.func.body, builders)?))
        }
        _ => Err(expr.clone()),
    })
}

/// Rebuilds the chain of merges of the producer around the body of the consumer.
struct Weave<'a> {
    consumer: &'a Lambda,
    /// The index of the producer, which is that of the consumer where the consumer reads it.
    index: Expr,
    /// The names that hold the producer's builder, now the consumer's.
    builders: HashSet<Name>,
    /// The consumer's builder, for its type.
    builder: &'a Expr,
    /// Whether the body of the consumer was used once already.
    used: bool,
}

impl Weave<'_> {
    fn expr(&mut self, cx: &mut PassCx, expr: &Expr) -> Expr {
        let ty = self.builder.ty.clone();
        let node =
            |kind: ExprKind| Expr::with_notes(kind, ty.clone(), expr.origin.clone(), expr.notes.clone());
        stack::deep(|| match &expr.kind {
            ExprKind::Var(name) => build::var(name, ty.clone(), expr.origin.clone()),
            ExprKind::Merge(b, x) => {
                let b = self.expr(cx, b);
                let copy = std::mem::replace(&mut self.used, true);
                subst::instantiate(cx, self.consumer, vec![b, self.index.clone(), x.clone()], copy)
            }
            ExprKind::If(c, a, b) => {
                let (a, b) = (self.expr(cx, a), self.expr(cx, b));
                node(ExprKind::If(c.clone(), a, b))
            }
            ExprKind::Block(lets, body) => {
                let mut woven = Vec::with_capacity(lets.len());
                for binding in lets {
                    let value = if binding.value.ty.has_builder() && self.follows(&binding.value) {
                        self.builders.insert(binding.name.clone());
                        self.expr(cx, &binding.value)
                    } else {
                        binding.value.clone()
                    };
                    match &value.kind {
                        ExprKind::Block(inner, value) => {
                            woven.extend(inner.iter().cloned());
                            woven.push(Let { name: binding.name.clone(), value: value.clone() });
                        }
                        _ => woven.push(Let { name: binding.name.clone(), value }),
                    }
                }
                let body = self.expr(cx, body);
                build::block(woven, body, expr.origin.clone())
            }
            ExprKind::For(parts) => {
                let mut params = parts.func.params.clone();
                if let Some(own) = params.first_mut() {
                    own.ty = ty.clone();
                    self.builders.insert(own.name.clone());
                }
                let builder = self.expr(cx, &parts.builder);
                let func = Lambda { params, body: self.expr(cx, &parts.func.body) };
                node(ExprKind::For(Arc::new(For { iters: parts.iters.clone(), builder, func, simd: false })))
            }
            _ => expr.clone(),
        })
    }

    /// Whether a let-bound builder is the one of the loop.
    fn follows(&self, value: &Expr) -> bool {
        count_sites(value, &mut self.builders.clone()).is_ok()
    }
}
