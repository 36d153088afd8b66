#![forbid(unsafe_code)]
//! The scope with its merged loops: each let after what it needs.

use super::explain;
use super::graph::{Graph, Input};
use super::levels::{Group, Length, Plan, Sink};
use super::weave::{self, Used, Woven};
use crate::diag::stack;
use crate::ir::{Expr, ExprKind, Let, Name, Ty, build, visit};
use crate::passes::{PassCx, rewrite};
use std::collections::{HashMap, HashSet};

/// Puts the scope `expr` together again.
pub fn assemble(cx: &mut PassCx, graph: &Graph, plan: &Plan, expr: &Expr) -> Expr {
    let mut group_of = vec![None; graph.nodes.len()];
    let mut count_in = HashMap::new();
    for (number, group) in plan.groups.iter().enumerate().filter(|(_, group)| group.changed) {
        for sink in &group.sinks {
            match sink {
                Sink::Item(at) => group_of[*at] = Some(number),
                Sink::Count(at) => {
                    count_in.insert(*at, number);
                }
            }
        }
    }
    let mut used = Used::default();
    used.unchanged.extend((0..graph.nodes.len()).filter(|at| {
        // The loop of a stream that nothing keeps is gone.
        let member = graph.nodes[*at].member.as_ref();
        group_of[*at].is_none() && member.is_some_and(|member| !member.stream || plan.runs[*at].kept)
    }));
    let mut loops: HashMap<usize, Woven> = HashMap::new();
    for (number, group) in plan.groups.iter().enumerate().filter(|(_, group)| group.changed) {
        // The plan knows all that a loop needs: one that cannot be made is a bug, and leaves the scope as it was.
        let Some(made) = weave::weave(cx, graph, plan, group, &mut used) else { return expr.clone() };
        explain::merged(cx, graph, group, &made.built);
        loops.insert(number, made);
    }
    let mut scope = Scope {
        graph,
        plan,
        group_of,
        count_in,
        loops,
        state: vec![false; graph.nodes.len()],
        made: vec![false; plan.groups.len()],
        names: HashMap::new(),
        lengths: HashMap::new(),
        told: HashSet::new(),
        lets: Vec::new(),
        barriers: barriers(graph),
        bound: bound(graph, plan),
    };
    let last = graph.nodes.len().saturating_sub(1);
    for at in 0..last {
        scope.item(cx, at, false);
    }
    scope.needs(cx, last);
    let Some(node) = graph.nodes.get(last) else { return expr.clone() };
    let value = scope.rewritten(&node.item.value);
    rewrite::settle(&build::block(scope.lets, value, expr.origin.clone()))
}

/// For each let the one before it that calls C functions: everything stays on its side of that.
fn barriers(graph: &Graph) -> Vec<Option<usize>> {
    let mut last = None;
    let mut barriers = Vec::with_capacity(graph.nodes.len());
    for (at, node) in graph.nodes.iter().enumerate() {
        barriers.push(last);
        if node.item.value.facts.calls {
            last = Some(at);
        }
    }
    barriers
}

/// Parts of expressions that need a name: those that merged loops read, whose length stands for other lengths, or
/// whose builders may not be used where they were.
fn bound(graph: &Graph, plan: &Plan) -> HashSet<usize> {
    let changed = plan.groups.iter().filter(|group| group.changed);
    let reads = changed.flat_map(|group| &group.members).filter_map(|at| plan.runs.get(*at));
    let read = reads.flat_map(|run| &run.reads).filter_map(|read| match read {
        Input::Base(base) => Some(*base),
        Input::Stream(_) => None,
    });
    let measured = plan.lengths.values().filter_map(|length| match length {
        Length::Base(base) => Some(*base),
        Length::Kept(_) | Length::Counted(_) => None,
    });
    let bases: HashSet<usize> = read.chain(measured).collect();
    let data = bases.iter().filter_map(|base| graph.bases.get(*base)).flat_map(|base| {
        base.iter.operands().into_iter().flat_map(|operand| {
            let (needs, lens) = graph.needs_of(operand);
            needs.into_iter().chain(lens)
        })
    });
    let kept = plan.lengths.values().filter_map(|length| match length {
        Length::Kept(kept) => Some(*kept),
        Length::Base(_) | Length::Counted(_) => None,
    });
    let results = plan.groups.iter().filter(|group| group.changed).flat_map(|group| &group.sinks);
    let operands = results.filter_map(|sink| match sink {
        Sink::Item(at) => Some(*at).filter(|at| graph.nodes.get(*at).is_some_and(|node| node.item.operand)),
        Sink::Count(_) => None,
    });
    data.chain(kept).chain(operands).collect()
}

struct Scope<'a> {
    graph: &'a Graph,
    plan: &'a Plan,
    /// The merged loop that gives the result of a let.
    group_of: Vec<Option<usize>>,
    /// The merged loop that counts the rows of a stream.
    count_in: HashMap<usize, usize>,
    loops: HashMap<usize, Woven>,
    state: Vec<bool>,
    made: Vec<bool>,
    /// What stands for a variable.
    names: HashMap<Name, Expr>,
    /// What stands for the length of a variable.
    lengths: HashMap<Name, Expr>,
    /// Streams whose length was explained.
    told: HashSet<usize>,
    lets: Vec<Let>,
    barriers: Vec<Option<usize>>,
    /// Lets that were parts of expressions, and have several uses now.
    bound: HashSet<usize>,
}

impl Scope<'_> {
    /// Whether the loop of a let is in other loops now, and nothing needs its vector.
    fn is_absorbed(&self, at: usize) -> bool {
        let stream = self.graph.nodes[at].member.as_ref().is_some_and(|member| member.stream);
        stream && !self.plan.runs[at].kept
    }

    /// All that a let needs, before it.
    fn needs(&mut self, cx: &mut PassCx, at: usize) {
        let node = &self.graph.nodes[at];
        if let Some(barrier) = self.barriers[at] {
            self.item(cx, barrier, true);
        }
        if node.item.value.facts.calls {
            let from = self.barriers[at].map_or(0, |barrier| barrier + 1);
            (from..at).for_each(|before| self.item(cx, before, true));
        }
        for need in &node.needs {
            self.item(cx, *need, true);
        }
        for stream in &node.lens {
            self.length(cx, *stream);
        }
        for read in self.plan.runs[at].reads.iter() {
            if let Input::Base(base) = read
                && let Some(data) = self.graph.bases[*base].iter.data()
                && let Some(needed) = data.var().and_then(|name| self.graph.index.get(name))
            {
                self.item(cx, *needed, true);
            }
        }
    }

    /// Emits a let. A merged loop comes where its last let is, or where it is needed.
    fn item(&mut self, cx: &mut PassCx, at: usize, needed: bool) {
        if self.state[at] || self.is_absorbed(at) {
            return;
        }
        if let Some(number) = self.group_of[at] {
            let group = &self.plan.groups[number];
            let last = group.sinks.iter().rev().find_map(|sink| match sink {
                Sink::Item(at) => Some(*at),
                Sink::Count(_) => None,
            });
            if needed || last == Some(at) {
                stack::deep(|| self.group(cx, number));
            }
            return;
        }
        self.state[at] = true;
        stack::deep(|| self.needs(cx, at));
        let item = &self.graph.nodes[at].item;
        let value = self.rewritten(item.zip.as_ref().unwrap_or(&item.value));
        self.emit(at, value);
    }

    /// A value under its name, or in the expression that it was a part of.
    fn emit(&mut self, at: usize, value: Expr) {
        let item = &self.graph.nodes[at].item;
        if item.lifted && !self.bound.contains(&at) {
            self.names.insert(item.name.clone(), value);
        } else {
            self.lets.push(Let { name: item.name.clone(), value });
        }
    }

    fn group(&mut self, cx: &mut PassCx, number: usize) {
        if std::mem::replace(&mut self.made[number], true) {
            return;
        }
        let group: &Group = &self.plan.groups[number];
        for at in &group.members {
            self.needs(cx, *at);
        }
        let Some(woven) = self.loops.remove(&number) else { return };
        let built = self.rewritten(&woven.built);
        let whole = match woven.name {
            Some(name) => {
                let var = build::var(&name, built.ty.clone(), built.origin.clone());
                self.lets.push(Let { name, value: built });
                var
            }
            None => built,
        };
        for (k, sink) in group.sinks.iter().enumerate() {
            let one = if group.sinks.len() == 1 {
                whole.clone()
            } else {
                let field = build::field(whole.clone(), k as u32, whole.origin.clone());
                field.unwrap_or_else(|| whole.clone())
            };
            match sink {
                Sink::Item(at) => {
                    let item = &self.graph.nodes[*at].item;
                    self.state[*at] = true;
                    let value = match &item.value.kind {
                        ExprKind::Result(_) => item.value.with_kind(ExprKind::Result(one)),
                        _ => one,
                    };
                    self.emit(*at, value);
                }
                Sink::Count(at) => {
                    let origin = self.graph.nodes[*at].item.value.origin.clone();
                    let value = Expr::new(ExprKind::Result(one), Ty::I64, origin.clone());
                    let name = cx.fresh("count");
                    let var = build::var(&name, Ty::I64, origin);
                    self.lets.push(Let { name, value });
                    self.lengths.insert(self.graph.nodes[*at].item.name.clone(), var);
                }
            }
        }
    }

    /// Makes the length of a stream known.
    fn length(&mut self, cx: &mut PassCx, stream: usize) {
        let name = &self.graph.nodes[stream].item.name;
        let value = match self.plan.lengths.get(&stream) {
            None => return self.item(cx, stream, true),
            Some(Length::Base(base)) => {
                let length = weave::length(&self.graph.bases[*base].iter);
                length.map(|length| {
                    let (needs, lens) = self.graph.needs_of(&length);
                    needs.into_iter().for_each(|need| self.item(cx, need, true));
                    lens.into_iter().for_each(|stream| stack::deep(|| self.length(cx, stream)));
                    self.rewritten(&length)
                })
            }
            Some(Length::Kept(kept)) => {
                self.item(cx, *kept, true);
                let item = &self.graph.nodes[*kept].item;
                let var = build::var(&item.name, item.value.ty.clone(), item.value.origin.clone());
                Some(build::len(var, item.value.origin.clone()))
            }
            Some(Length::Counted(counted)) => {
                if let Some(number) = self.count_in.get(counted) {
                    self.group(cx, *number);
                }
                self.lengths.get(&self.graph.nodes[*counted].item.name).cloned()
            }
        };
        if let Some(value) = value
            && self.told.insert(stream)
        {
            explain::count_instead_of_len(cx, self.graph, stream, &value);
            self.lengths.insert(name.clone(), value);
        }
    }

    /// An expression with everything in it that stands for something else now.
    fn rewritten(&self, expr: &Expr) -> Expr {
        if self.names.is_empty() && self.lengths.is_empty() {
            return expr.clone();
        }
        stack::deep(|| match &expr.kind {
            ExprKind::Var(name) => self.names.get(name).cloned().unwrap_or_else(|| expr.clone()),
            ExprKind::Len(v) => match v.var().and_then(|name| self.lengths.get(name)) {
                Some(length) => length.clone(),
                None => visit::map_children(expr, &mut |child| self.rewritten(child)),
            },
            _ => rewrite::settle(&visit::map_children(expr, &mut |child| self.rewritten(child))),
        })
    }
}
