#![forbid(unsafe_code)]
//! What the pass says about itself: each loop that went into another one, and each condition that kept two apart.

use super::graph::{Graph, Input};
use super::levels::{Group, MOST_SINKS, Plan, Sink};
use super::weigh::Weighed;
use crate::ir::{Expr, ExprKind, Literal, build};
use crate::passes::PassCx;
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
        Some(Input::Base(base)) => {
            graph.bases.get(*base).map_or(String::new(), |base| format!("`{}`", base.text))
        }
        Some(Input::Stream(from)) => match graph.nodes.get(*from) {
            Some(node) if !node.item.lifted => format!("`{}`", node.item.name),
            _ => "other rows".to_string(),
        },
        None => "nothing".to_string(),
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
    let mut earlier: HashMap<usize, u32> = HashMap::new();
    for group in &plan.groups {
        let Some(Sink::Item(at) | Sink::Count(at)) = group.sinks.first().copied() else { continue };
        let (Some(run), Some(node)) = (plan.runs.get(at), graph.nodes.get(at)) else { continue };
        let Some(level) = earlier.get(&run.rows.len) else {
            earlier.insert(run.rows.len, group.level);
            continue;
        };
        let condition = if *level == group.level {
            format!("one loop has {MOST_SINKS} results already")
        } else {
            format!(
                "{} needs the result of another loop, which must end before it can begin",
                called(graph, at)
            )
        };
        cx.missed("merge_loops", &node.item.value.origin, condition, None);
    }
}
