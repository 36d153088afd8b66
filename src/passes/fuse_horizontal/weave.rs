#![forbid(unsafe_code)]
//! One loop out of several: their bodies, one after the other, for each row.

use super::chain::{self, Step};
use super::explain;
use super::graph::{Graph, Input, Member};
use super::levels::{Group, Plan, Sink};
use super::regions::{self, ALL_ROWS, Regions};
use crate::diag::Origin;
use crate::ir::{BuilderTy, Expr, ExprKind, For, Iter, Lambda, MergeOp, Name, Param, Ty, build};
use crate::passes::{PassCx, pattern, subst};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A loop that gives several results.
pub struct Woven {
    /// The loop.
    pub built: Expr,
    /// The variable that holds the struct of its builders, if they are several.
    pub name: Option<Name>,
}

/// Which bodies stand somewhere already: the next one needs binders of its own.
#[derive(Default)]
pub struct Used {
    /// Loops that also stay as they are.
    pub unchanged: HashSet<usize>,
    /// Members of merged loops.
    pub woven: HashSet<usize>,
}

/// Makes the loop of a group.
pub fn weave(cx: &mut PassCx, graph: &Graph, plan: &Plan, group: &Group, used: &mut Used) -> Option<Woven> {
    let members: Vec<(usize, &Member)> =
        group.members.iter().filter_map(|at| Some((*at, graph.nodes.get(*at)?.member.as_ref()?))).collect();
    let origin = members.iter().fold(None, |origin: Option<Origin>, (_, member)| {
        Some(origin.map_or_else(|| member.node.origin.clone(), |origin| origin.join(&member.node.origin)))
    })?;
    let (iters, placed) = iterators(graph, plan, group);
    let mut types: Vec<Ty> = iters.iter().map(Iter::elem_ty).collect();
    let elem_ty = if types.len() == 1 { types.pop()? } else { Ty::tuple(types) };
    let builders = group.sinks.iter().map(|sink| match sink {
        Sink::Item(at) => plan_builder(graph, *at),
        Sink::Count(_) => {
            let ty = Ty::builder(BuilderTy::Merger(Ty::I64, MergeOp::Add));
            Some(Expr::new(ExprKind::NewBuilder(None), ty, origin.clone()))
        }
    });
    let builders: Vec<Expr> = builders.collect::<Option<_>>()?;
    let sinks = builders.len();
    let builder =
        if let [only] = builders.as_slice() { only.clone() } else { build::tuple(builders, origin.clone()) };
    let names = (cx.fresh("b"), cx.fresh("i"), cx.fresh("row"));
    let own = build::var(&names.0, builder.ty.clone(), origin.clone());
    let row = build::var(&names.2, elem_ty.clone(), origin.clone());
    let index = build::var(&names.1, Ty::I64, origin.clone());
    let base_values = placed.into_iter().map(|(base, place)| {
        let value = match place {
            Place::Index => Some(index.clone()),
            Place::Only => Some(row.clone()),
            Place::Field(k) => build::field(row.clone(), k, origin.clone()),
        };
        value.map(|value| (base, value))
    });
    let base_values: HashMap<usize, Expr> = base_values.collect::<Option<_>>()?;
    let mut body = Body {
        graph,
        plan,
        regions: Regions::new(own, sinks),
        base_values,
        values: HashMap::new(),
        index,
        makers: HashMap::new(),
    };
    let mut number = group.sinks.iter().enumerate().peekable();
    for (at, member) in members {
        let again = !used.woven.insert(at);
        let copy = again || used.unchanged.contains(&at);
        let sink = number.next_if(|(_, sink)| **sink == Sink::Item(at)).map(|(k, _)| k);
        body.member(cx, at, member, sink, Seen { again, copy })?;
        if let Some((k, _)) = number.next_if(|(_, sink)| **sink == Sink::Count(at)) {
            let (region, _) = body.values.get(&at)?;
            let one = build::int64(1, member.node.origin.clone());
            let merged = build::merge(body.regions.builder(k), one, member.node.origin.clone());
            body.regions.merge(*region, k, merged);
        }
    }
    let body = body.regions.body(cx, &origin);
    let param = |name: Name, ty: Ty| Param { name, ty, origin: origin.clone() };
    let ty = builder.ty.clone();
    let func = Lambda {
        params: vec![param(names.0, ty.clone()), param(names.1, Ty::I64), param(names.2, elem_ty)],
        body,
    };
    let built = ExprKind::For(Arc::new(For { iters, builder, func, simd: false }));
    let built = Expr::new(built, ty, origin);
    let name = (sinks > 1).then(|| cx.fresh("all"));
    Some(Woven { built, name })
}

/// The builder that a member starts with.
fn plan_builder(graph: &Graph, at: usize) -> Option<Expr> {
    Some(graph.nodes.get(at)?.member.as_ref()?.parts.builder.clone())
}

/// Where the element of an iterator is found.
enum Place {
    /// It counts the rows.
    Index,
    /// It is the element.
    Only,
    /// It is this field of the element.
    Field(u32),
}

/// The iterators of a loop, each vector once, and where their elements are.
fn iterators(graph: &Graph, plan: &Plan, group: &Group) -> (Vec<Iter>, Vec<(usize, Place)>) {
    let reads = group.members.iter().filter_map(|at| plan.runs.get(*at)).flat_map(|run| &run.reads);
    let mut bases: Vec<usize> = Vec::new();
    let mut seen = HashSet::new();
    for read in reads {
        if let Input::Base(base) = read
            && seen.insert(*base)
        {
            bases.push(*base);
        }
    }
    let base = |at: &usize| graph.bases.get(*at);
    let vectors: HashSet<&str> = bases
        .iter()
        .filter_map(base)
        .filter(|base| matches!(base.iter, Iter::Whole(_)))
        .map(|base| base.text.as_str())
        .collect();
    // Counting the rows of a vector that is read anyway needs no iterator.
    let counts = |at: &usize| {
        base(at).is_some_and(|base| base.iter.data().is_none() && vectors.contains(base.text.as_str()))
    };
    let (counted, read): (Vec<usize>, Vec<usize>) = bases.into_iter().partition(counts);
    let iters = read.iter().filter_map(base).map(|base| base.iter.clone()).collect();
    let only = read.len() == 1;
    let mut placed: Vec<(usize, Place)> = counted.into_iter().map(|base| (base, Place::Index)).collect();
    for (k, base) in read.into_iter().enumerate() {
        placed.push((base, if only { Place::Only } else { Place::Field(k as u32) }));
    }
    (iters, placed)
}

struct Body<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    regions: Regions,
    base_values: HashMap<usize, Expr>,
    /// The value that a stream has for a row, and where it has one.
    values: HashMap<usize, (usize, Expr)>,
    index: Expr,
    /// The member that first filtered for a region.
    makers: HashMap<usize, usize>,
}

/// Where the body of a member was before.
#[derive(Clone, Copy)]
struct Seen {
    /// In another merged loop.
    again: bool,
    /// Anywhere.
    copy: bool,
}

impl Body<'_> {
    fn member(
        &mut self,
        cx: &mut PassCx,
        at: usize,
        member: &Member,
        sink: Option<usize>,
        seen: Seen,
    ) -> Option<()> {
        let run = self.plan.runs.get(at)?;
        let mut region = ALL_ROWS;
        let mut values = Vec::with_capacity(run.reads.len());
        for read in &run.reads {
            match read {
                Input::Base(base) => values.push(self.base_values.get(base)?.clone()),
                Input::Stream(from) => {
                    let (at, value) = self.values.get(from)?;
                    region = *at;
                    values.push(value.clone());
                }
            }
        }
        let origin = &member.node.origin;
        let elem = if values.len() == 1 { values.pop()? } else { build::tuple(values, origin.clone()) };
        let [own, ..] = member.parts.func.params.as_slice() else { return None };
        let own = match sink {
            Some(k) if !member.stream => self.regions.builder(k),
            _ => build::var(&own.name, own.ty.clone(), own.origin.clone()),
        };
        let args = vec![own.clone(), self.index.clone(), elem];
        let body = subst::instantiate(cx, &member.parts.func, args, seen.copy);
        let chain = chain::chain(&body, &own);
        let mut conditions = member.conditions.iter();
        for step in chain.steps {
            match step {
                Step::Let(binding) => self.regions.add(region, [binding]),
                Step::Only { condition, negated } => {
                    let (number, _) = conditions.next()?;
                    let before = condition.clone();
                    let (part, known) = self.regions.part(region, condition, *number, negated);
                    region = part;
                    if known {
                        explain::share_filter(cx, self.graph, at, self.makers.get(&part).copied(), &before);
                    } else {
                        self.makers.insert(part, at);
                    }
                }
            }
        }
        if !member.stream {
            self.regions.merge(region, sink?, chain.last);
            return Some(());
        }
        let item = &self.graph.nodes.get(at)?.item;
        let value = chain::appended(&chain.last, &own)?;
        let mut lets = Vec::new();
        let base = if item.lifted { "x" } else { item.name.text() };
        let value = regions::bound(cx, base, value, &mut lets);
        self.regions.add(region, lets);
        if let Some(k) = sink {
            let builder = self.regions.builder(k);
            self.regions.merge(region, k, build::merge(builder, value.clone(), origin.clone()));
        } else if !seen.again {
            explain::absorbed(cx, self.graph, at, self.plan.repeated.get(&at), &value);
        }
        self.values.insert(at, (region, value));
        Some(())
    }
}

/// The length of what an iterator reads, where that is a short expression.
pub fn length(iter: &Iter) -> Option<Expr> {
    match iter {
        Iter::Whole(data) => Some(build::len(data.clone(), data.origin.clone())),
        Iter::Range { start, end, stride }
            if pattern::is_integer(start, 0) && pattern::is_integer(stride, 1) && end.facts.nodes <= 2 =>
        {
            Some(end.clone())
        }
        _ => None,
    }
}
