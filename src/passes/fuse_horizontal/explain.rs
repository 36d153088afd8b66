#![forbid(unsafe_code)]
//! What the pass says about itself: each loop that went into another one, and each condition that kept two apart.

use super::graph::{Graph, Input, Member};
use super::levels::{Group, MOST_SINKS, Plan, Sink};
use super::weigh::Weighed;
use crate::diag::stack;
use crate::ir::{BuilderTy, Expr, ExprKind, Iter, Literal, Name, Ty, build, print, visit};
use crate::passes::{PassCx, pattern};
use std::collections::HashMap;

/// A let as it is called in a sentence.
fn called(graph: &Graph, at: usize) -> String {
    let Some(node) = graph.nodes.get(at) else { return "a loop".to_string() };
    if !node.item.lifted {
        return format!("`{}`", node.item.name);
    }
    match &node.member {
        Some(member) => format!("the `{}` over {}", member.node.ty, data(graph, at)),
        None => "a loop".to_string(),
    }
}

/// What a member reads.
fn data(graph: &Graph, at: usize) -> String {
    let first = graph.nodes.get(at).and_then(|node| node.member.as_ref()?.inputs.first());
    match first {
        Some(Input::Base(base)) => match graph.bases.get(*base) {
            Some(base) => format!("`{}`", read(graph, &base.iter)),
            None => String::new(),
        },
        Some(Input::Stream(from)) => match graph.nodes.get(*from) {
            Some(node) if !node.item.lifted => format!("`{}`", node.item.name),
            _ => "other rows".to_string(),
        },
        None => "nothing".to_string(),
    }
}

/// What an iterator reads, as it is written: a range stays one, though it has as many rows as some vector.
fn read(graph: &Graph, iter: &Iter) -> String {
    let text = |expr: &Expr| print::short(expr, 40);
    match iter {
        Iter::Whole(data) => match data.var().and_then(|name| graph.nodes.get(*graph.index.get(name)?)) {
            Some(node) if node.item.lifted => text(&node.item.value),
            _ => text(data),
        },
        other => {
            let operands: Vec<String> = other.operands().into_iter().map(text).collect();
            let kind = if matches!(other, Iter::Range { .. }) { "rangeiter" } else { "iter" };
            format!("{kind}({})", operands.join(", "))
        }
    }
}

fn operations(weighed: &Weighed) -> String {
    match weighed.repeated {
        None => "more operations than can be counted".to_string(),
        Some(n) => format!("{n} more operations"),
    }
}

/// A stream is computed where its rows are read.
pub fn absorbed(cx: &mut PassCx, graph: &Graph, at: usize, repeated: Option<&Weighed>, value: &Expr) {
    let Some(node) = graph.nodes.get(at) else { return };
    let Some(member) = &node.member else { return };
    let name = called(graph, at);
    if member.conditions.is_empty() {
        let reason = match repeated {
            None => {
                format!("{name} is computed for each row where the row is used, so the vector is not built")
            }
            Some(weighed) => format!(
                "{name} is computed in each of {} loops: {} than moving {}",
                weighed.loops,
                if weighed.repeated == Some(1) {
                    "1 more operation a row costs less".to_string()
                } else {
                    format!("{} a row cost less", operations(weighed))
                },
                weighed.bytes(graph)
            ),
        };
        cx.fired("absorb_map", reason, &node.item.value, value);
    } else {
        let reason = format!(
            "what reads {name} runs only for the rows that pass its filter, so the vector is not built"
        );
        cx.fired("absorb_filter", reason, &node.item.value, value);
    }
}

/// A condition that was tested already.
pub fn share_filter(cx: &mut PassCx, graph: &Graph, at: usize, maker: Option<usize>, condition: &Expr) {
    let Some(maker) = maker else { return };
    let reason = format!("{} keeps the same rows as {}", called(graph, at), called(graph, maker));
    let yes = build::literal(Literal::Bool(true), condition.origin.clone());
    cx.fired("share_filter", reason, condition, &yes);
}

/// The length of a vector that is not built.
pub fn count_instead_of_len(cx: &mut PassCx, graph: &Graph, at: usize, length: &Expr) {
    let Some(node) = graph.nodes.get(at) else { return };
    let item = &node.item;
    let var = build::var(&item.name, item.value.ty.clone(), item.value.origin.clone());
    let before = build::len(var, item.value.origin.clone());
    let reason = match &length.kind {
        ExprKind::Len(_) => format!("{} is as long as this", called(graph, at)),
        _ => {
            format!("only the number of rows of {} is needed here, and no vector for that", called(graph, at))
        }
    };
    cx.fired("count_instead_of_len", reason, &before, length);
}

/// Several loops are one.
pub fn merged(cx: &mut PassCx, graph: &Graph, group: &Group, built: &Expr) {
    let sinks: Vec<usize> = group
        .sinks
        .iter()
        .filter_map(|sink| if let Sink::Item(at) = sink { Some(*at) } else { None })
        .collect();
    let [first, second, rest @ ..] = sinks.as_slice() else { return };
    let values = sinks.iter().filter_map(|at| graph.nodes.get(*at)).map(|node| node.item.value.clone());
    let more = match rest.len() {
        0 => String::new(),
        1 => " and one more loop".to_string(),
        n => format!(" and {n} more loops"),
    };
    let reason = format!(
        "{} and {}{more} run over the same rows, so one loop reads them once",
        called(graph, *first),
        called(graph, *second)
    );
    let before = build::tuple(values.collect(), built.origin.clone());
    cx.fired("merge_loops", reason, &before, built);
}

/// The loops that cannot be merged with the others of the scope.
pub fn refused(cx: &mut PassCx, graph: &Graph) {
    if graph.members().next().is_none() {
        return;
    }
    for node in &graph.nodes {
        if let Some(why) = node.refused {
            cx.missed("merge_loops", &node.item.value.origin, why, None);
        }
    }
}

/// The loops in branches that read a vector which a loop of the scope reads in any case. Looks into the branches of the
/// scope, not into those inside of them, so that each place is looked at twice at most.
pub fn conditional(cx: &mut PassCx, graph: &Graph) {
    if !cx.records() {
        return;
    }
    let mut always: HashMap<&Name, &Expr> = HashMap::new();
    for (_, member) in graph.members() {
        for data in member.parts.iters.iter().filter_map(Iter::data) {
            if let Some(name) = data.var() {
                always.entry(name).or_insert(&member.node);
            }
        }
    }
    if always.is_empty() {
        return;
    }
    let mut branches = Branches { always, found: Vec::new() };
    for node in graph.nodes.iter().filter(|node| node.member.is_none()) {
        branches.expr(&node.item.value, false);
    }
    for (sometimes, name, loop_) in branches.found {
        let condition = format!(
            "a loop in a branch reads `{name}` only where the branch is taken, and another one reads it in any case"
        );
        // An error that the branch skips must stay there.
        let would = pattern::is_droppable(sometimes)
            .then(|| "bind what the loop gives before the `if`: it runs in any case then".to_string());
        cx.missed("merge_loops", &sometimes.origin.join(&loop_.origin), condition, would);
    }
}

struct Branches<'a> {
    /// Vectors that a loop of the scope reads, and the loop.
    always: HashMap<&'a Name, &'a Expr>,
    /// Loops in branches, what they read, and the loop that reads it in any case.
    found: Vec<(&'a Expr, &'a Name, &'a Expr)>,
}

impl<'a> Branches<'a> {
    fn expr(&mut self, expr: &'a Expr, inside: bool) {
        if expr.facts.loops == 0 {
            return;
        }
        stack::deep(|| match &expr.kind {
            ExprKind::If(c, a, b) => {
                self.expr(c, inside);
                if !inside {
                    self.expr(a, true);
                    self.expr(b, true);
                }
            }
            ExprKind::For(parts) => {
                let names = parts.iters.iter().filter_map(Iter::data).filter_map(Expr::var);
                let known = names.filter_map(|name| self.always.get_key_value(name)).next();
                if let Some((name, node)) = known.filter(|_| inside && !expr.facts.calls) {
                    self.found.push((expr, *name, *node));
                }
            }
            kind if super::flat::lambda(kind).is_some() => {}
            kind => visit::for_each_child(kind, &mut |child| self.expr(child, inside)),
        });
    }
}

/// The conditions that kept loops apart.
pub fn near_misses(cx: &mut PassCx, graph: &Graph, plan: &Plan) {
    for (at, member) in graph.members() {
        if let Some(why) = plan.runs.get(at).and_then(|run| run.apart.clone()) {
            cx.missed("absorb_filter", &member.node.origin, why, None);
        }
    }
    for weighed in &plan.too_expensive {
        let Some(node) = graph.nodes.get(weighed.at) else { continue };
        let again = match weighed.saved {
            ..=0 => "computing it again reads as much as its vector has".to_string(),
            _ => format!(
                "computing it again takes {} a row, to move {} less",
                operations(weighed),
                weighed.bytes(graph)
            ),
        };
        let condition = format!(
            "{} loops read {}, one after the other, and {again}",
            weighed.loops,
            called(graph, weighed.at)
        );
        cx.missed("absorb_map", &node.item.value.origin, condition, None);
    }
    if !cx.records() {
        return;
    }
    let mut earlier: HashMap<usize, u32> = HashMap::new();
    let mut sums: HashMap<u32, usize> = HashMap::new();
    for group in &plan.groups {
        let Some(Sink::Item(at) | Sink::Count(at)) = group.sinks.first().copied() else { continue };
        let (Some(run), Some(node)) = (plan.runs.get(at), graph.nodes.get(at)) else { continue };
        let Some(level) = earlier.get(&run.rows.len) else {
            earlier.insert(run.rows.len, group.level);
            other_rows(cx, graph, plan, group, &mut sums);
            continue;
        };
        let condition = if *level == group.level {
            format!("one loop has {MOST_SINKS} results already")
        } else {
            let (name, awaited) = (called(graph, at), awaited(graph, plan, at));
            format!("{name} needs {}, which must end before it can begin", result_of(graph, awaited))
        };
        cx.missed("merge_loops", &node.item.value.origin, condition, None);
    }
}

/// Says why the first loop over its rows is not one with a loop over others: for loops that combine the elements of a
/// vector, which could be one if they read the vectors side by side. `sums` are such loops, by level.
fn other_rows(cx: &mut PassCx, graph: &Graph, plan: &Plan, group: &Group, sums: &mut HashMap<u32, usize>) {
    let mut sinks = group.sinks.iter().map(|(Sink::Item(at) | Sink::Count(at))| *at);
    let Some((at, vector)) = sinks.find_map(|at| Some((at, combined(graph, at)?))) else { return };
    let origin = |at: usize| graph.nodes.get(at).map(|node| &node.item.value.origin);
    let Some(own) = origin(at) else { return };
    if let Some(awaited) = awaited(graph, plan, at)
        && combined(graph, awaited).is_some()
    {
        let result = result_of(graph, Some(awaited));
        let condition = format!("{} needs {result}, which must end before it can begin", called(graph, at));
        let origin = origin(awaited).map_or_else(|| own.clone(), |other| own.join(other));
        cx.missed("merge_loops", &origin, condition, None);
    } else if let Some(other) = sums.get(&group.level).copied()
        && let Some(first) = combined(graph, other)
        && alike(graph, other, at)
    {
        let condition = format!("`{first}` and `{vector}` are different vectors, whose lengths may differ");
        let would = format!(
            "if they have one length, loop over `zip({first}, {vector})`, which fails where they do not"
        );
        let origin = origin(other).map_or_else(|| own.clone(), |other| own.join(other));
        cx.missed("merge_loops", &origin, condition, Some(would));
    }
    sums.entry(group.level).or_insert(at);
}

/// The vector whose elements a loop combines to one value, if that is all it reads and the source names it.
fn combined(graph: &Graph, at: usize) -> Option<&Name> {
    let member = graph.nodes.get(at)?.member.as_ref()?;
    matches!(member.node.ty.as_builder(), Some(BuilderTy::Merger(..))).then_some(())?;
    let ([Iter::Whole(data)], [Input::Base(_)]) = (member.parts.iters.as_slice(), member.inputs.as_slice())
    else {
        return None;
    };
    let lifted =
        |name| graph.index.get(name).and_then(|at| graph.nodes.get(*at)).is_some_and(|node| node.item.lifted);
    data.var().filter(|name| !lifted(*name))
}

/// Whether two loops do the same kind of work: elements of one type combined by one operator. A loop that may fail looks
/// up or divides, and reads its vector for something else than the other one.
fn alike(graph: &Graph, a: usize, b: usize) -> bool {
    let member = |at: usize| graph.nodes.get(at).and_then(|node| node.member.as_ref());
    let (Some(a), Some(b)) = (member(a), member(b)) else { return false };
    let types = |member: &Member| member.parts.iters.iter().map(Iter::elem_ty).collect::<Vec<Ty>>();
    a.node.ty == b.node.ty
        && types(a) == types(b)
        && !a.parts.func.body.facts.may_fail
        && !b.parts.func.body.facts.may_fail
}

/// Lets between a loop and the one that it waits for are followed so far.
const FOLLOWED: usize = 16;

/// The loop whose end a loop waits for, if its result goes there straight or through a few lets.
fn awaited(graph: &Graph, plan: &Plan, at: usize) -> Option<usize> {
    let level = plan.runs.get(at)?.level;
    let mut at = at;
    for _ in 0..FOLLOWED {
        let needs = &graph.nodes.get(at)?.needs;
        at = *needs.iter().find(|need| plan.runs.get(**need).is_some_and(|run| run.done == level))?;
        if graph.nodes.get(at)?.member.is_some() {
            return Some(at);
        }
    }
    None
}

fn result_of(graph: &Graph, awaited: Option<usize>) -> String {
    match awaited {
        Some(at) if graph.nodes.get(at).is_some_and(|node| node.item.lifted) => {
            format!("the result of {}", called(graph, at))
        }
        Some(at) => format!("{}, the result of another loop", called(graph, at)),
        None => "the result of another loop".to_string(),
    }
}
