#![forbid(unsafe_code)]
//! What would be if the failed condition of a near miss held.
//!
//! Promises: what an annotation would bring is tried, not guessed; what a rule saves by its nature is told as such; nothing
//! is predicted about a loop that is gone or about rules whose effect depends on what comes behind them.

use super::Missed;
use crate::diag::{Span, stack};
use crate::ir::{Expr, ExprKind, Lambda, Program, visit};
use crate::passes::{self, Miss, Optimized, Options, Stage};
use crate::plan::cost::Counters;

/// What a rule saves when it fires once. The order is that of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Saves {
    /// A loop, and the vector that it makes.
    LoopAndVector,
    /// A vector: its loop is one with others anyway.
    Vector,
    /// A loop.
    Loop,
    /// Nothing is left out, but iterations run at once.
    Lanes,
    /// A branch in a loop.
    Branch,
    /// The growth of a vector.
    Growth,
    /// Work in each iteration.
    Work,
    /// A dictionary that is filled.
    Table,
    /// A vector that a loop reads.
    Column,
    /// Copies of the body of a loop.
    Copies,
    /// A struct.
    Struct,
    /// A name between a value and its use.
    Name,
    /// A value that nothing needs.
    Value,
    /// An operation.
    Operation,
    /// It depends.
    Else,
}

fn saves(rule: &str) -> Saves {
    match rule {
        "fuse_loops" | "fuse_zip" | "absorb_filter" => Saves::LoopAndVector,
        "absorb_map" => Saves::Vector,
        "merge_loops" | "unroll_loop" => Saves::Loop,
        "vectorize_loop" => Saves::Lanes,
        "if_merge" | "if_value" | "eager_logic" => Saves::Branch,
        "appender_size" => Saves::Growth,
        "move_out" | "share_value" => Saves::Work,
        "merge_tables" => Saves::Table,
        "drop_iterator" => Saves::Column,
        "join_merges" => Saves::Copies,
        "split_choice" | "project_choice" | "project_literal" => Saves::Struct,
        "inline_once" => Saves::Name,
        "drop_unused" => Saves::Value,
        "fold_branch" | "identity" | "mul_zero" | "same_operands" | "mask" | "not_compare"
        | "double_cast" | "same_branches" | "fold_operator" | "fold_cast" | "reassociate" => Saves::Operation,
        _ => Saves::Else,
    }
}

/// How interesting a near miss of a rule is: smaller is more.
pub(super) fn rank(rule: &str) -> usize {
    saves(rule) as usize
}

/// What would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The program was optimized once more with an annotation: how it counts without and with it, and how many of its
    /// loops run in lanes.
    Tried {
        /// The annotation, as it is written.
        annotation: &'static str,
        /// Without it.
        without: Counters,
        /// With it.
        with: Counters,
        /// Loops in lanes without and with it.
        in_lanes: (usize, usize),
        /// Branches without and with it.
        branches: (usize, usize),
    },
    /// The counters would change by so much.
    Fewer {
        /// Loops before and after.
        loops: (u32, u32),
        /// Vectors before and after; `None` when the rule does not promise any.
        temps: Option<(u32, u32)>,
    },
    /// No counter would change, but this would.
    Otherwise(&'static str),
    /// It cannot be told, and why.
    Unknown(&'static str),
}

/// Says what would be if the condition of a near miss held. `core` is the program before all passes.
pub fn predict(missed: Missed, core: &Program, pipeline: &[Stage], optimized: &Optimized) -> Effect {
    let miss = missed.miss;
    let place = miss.origin.primary();
    let last = optimized.trace.steps.last().map(|step| step.counters_after());
    let program = &optimized.program;
    let kind = match saves(miss.rule) {
        Saves::LoopAndVector if merged(miss, optimized) => Saves::Vector,
        kind => kind,
    };
    match (kind, last) {
        (Saves::Branch, Some(without)) if miss.would.is_some() => {
            tried(place, core, pipeline, program, without)
        }
        (Saves::LoopAndVector | Saves::Vector | Saves::Loop | Saves::Lanes, _) if !has(program, place) => {
            Effect::Unknown(
                "nothing of this place is left in the optimized program, so there is nothing to gain there",
            )
        }
        (kind @ (Saves::LoopAndVector | Saves::Loop), Some(now))
            if now.loops > 1 || kind == Saves::Loop && now.loops == 1 =>
        {
            Effect::Fewer {
                loops: (now.loops, now.loops - 1),
                temps: (kind == Saves::LoopAndVector && now.temps > 0).then(|| (now.temps, now.temps - 1)),
            }
        }
        (Saves::Vector, Some(now)) if now.temps > 0 => {
            Effect::Fewer { loops: (now.loops, now.loops), temps: Some((now.temps, now.temps - 1)) }
        }
        // The vectors of results are no temporaries.
        (Saves::Vector, Some(_)) => Effect::Otherwise("the vector would not be built"),
        (Saves::Lanes, _) => Effect::Otherwise(
            "the loop would compute several iterations at once; how much that saves, a run must tell",
        ),
        (Saves::Branch, _) => Effect::Otherwise(
            "both branches would be computed in every iteration, and the loop would have one branch fewer",
        ),
        (Saves::Growth, _) => Effect::Otherwise("the vector would be allocated once and written in place"),
        (Saves::Work, _) => Effect::Otherwise("the value would be computed once instead of several times"),
        (Saves::Table, _) => Effect::Otherwise("each row would probe one dictionary fewer"),
        (Saves::Column, _) => Effect::Otherwise("the loop would read one vector fewer"),
        (Saves::Copies, _) => {
            Effect::Otherwise("the body of the next loop would be written once, whatever its size")
        }
        (Saves::Struct, _) => Effect::Otherwise("no struct would be made, and scalars fit lanes"),
        (Saves::Name, _) => Effect::Otherwise(
            "the value would stand at its use, where a loop that makes it and one that reads it can become one",
        ),
        (Saves::Value, _) => Effect::Otherwise("the value would not be computed"),
        (Saves::Operation, _) => {
            Effect::Otherwise("one operation fewer would be computed, and other rules would see more")
        }
        _ => Effect::Unknown("what this rule saves depends on what the passes behind it make of the result"),
    }
}

/// Whether the loop that did not go into the one that makes its vector was merged with that one, side by side. The
/// first place of such a near miss is the loop that reads, the last one that which makes the vector.
fn merged(miss: &Miss, optimized: &Optimized) -> bool {
    let Some(maker) = miss.origin.spans().skip(1).last() else { return false };
    let firings = optimized.trace.steps.iter().flat_map(|step| &step.firings);
    firings.filter(|firing| firing.rule == "merge_loops").any(|firing| {
        let spans = || firing.after.origin.spans();
        let within = |span: Span| span.source == maker.source && span.lo >= maker.lo && span.hi <= maker.hi;
        spans().any(|span| span == miss.origin.primary()) && spans().any(within)
    })
}

/// Optimizes once more, with `@(predicate:true)` on the branch at `place`.
fn tried(place: Span, core: &Program, pipeline: &[Stage], program: &Program, without: &Counters) -> Effect {
    let mut found = false;
    let body = annotated(&core.func.body, place, &mut found);
    if !found {
        return Effect::Unknown(
            "the branch is not in the program as it was typed, so no annotation can be tried",
        );
    }
    let func = Lambda { params: core.func.params.clone(), body };
    let again = passes::optimize(&Program { func, names: core.names.clone() }, pipeline, &Options::default());
    match (&again.internal_error, again.trace.steps.last()) {
        (None, Some(step)) => Effect::Tried {
            annotation: "@(predicate:true)",
            without: without.clone(),
            with: step.counters_after().clone(),
            in_lanes: (in_lanes(program), in_lanes(&again.program)),
            branches: (branches(program), branches(&again.program)),
        },
        _ => Effect::Unknown("the passes do not get through with the annotation"),
    }
}

/// The tree with the annotation on each branch that came from exactly this place.
fn annotated(expr: &Expr, place: Span, found: &mut bool) -> Expr {
    stack::deep(|| {
        let new = visit::map_children(expr, &mut |child| annotated(child, place, found));
        if !matches!(new.kind, ExprKind::If(..)) || new.origin.primary() != place {
            return new;
        }
        *found = true;
        let note = ("predicate".to_string(), "true".to_string());
        let notes = new.notes.iter().flat_map(|notes| notes.iter().cloned()).chain([note]);
        Expr::with_notes(new.kind.clone(), new.ty.clone(), new.origin.clone(), Some(notes.collect()))
    })
}

fn in_lanes(program: &Program) -> usize {
    crate::plan::plan(program).iter().filter(|plan| plan.lanes.is_some()).count()
}

fn branches(program: &Program) -> usize {
    let mut count = 0;
    visit::walk(&program.func.body, &mut |expr| count += usize::from(matches!(expr.kind, ExprKind::If(..))));
    count
}

/// Whether anything in the program came from this place.
fn has(program: &Program, place: Span) -> bool {
    let mut found = false;
    visit::walk(&program.func.body, &mut |expr| found |= expr.origin.spans().any(|span| span == place));
    found
}
