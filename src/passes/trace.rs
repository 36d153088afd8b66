#![forbid(unsafe_code)]
//! What an optimization did and why: data that the REPL, the CLI and JSON show.
//!
//! Promises: every rewrite is a [`Firing`] with its reason; a [`Miss`] names the one condition that failed and is
//! never about a place where the same rule fired after all; trees are shared, so a trace is small.

use super::PassInfo;
use crate::diag::Origin;
use crate::ir::{Expr, ExprKind, Program, visit};
use crate::plan::cost::{self, Counters};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// One rewrite.
#[derive(Clone, Debug)]
pub struct Firing {
    /// The rule.
    pub rule: &'static str,
    /// Why the rewrite is right and useful.
    pub reason: Cow<'static, str>,
    /// Where the expression came from; of a fusion all of its sources, the consumer first.
    pub origin: Origin,
    /// The expression before.
    pub before: Expr,
    /// The expression after.
    pub after: Expr,
}

/// A rule that nearly fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// The rule.
    pub rule: &'static str,
    /// The one condition that failed.
    pub condition: String,
    /// The expression that it failed on.
    pub origin: Origin,
    /// What would satisfy it.
    pub would: Option<String>,
}

/// One pass over the program.
#[derive(Clone, Debug)]
pub struct Step {
    /// The pass.
    pub pass: &'static PassInfo,
    /// In a group that repeats: which round this is, from 1, of the innermost group.
    pub round: Option<usize>,
    /// The program before.
    pub before: Program,
    /// The program after; the same body when nothing fired.
    pub after: Program,
    /// The rewrites, in order.
    pub firings: Vec<Firing>,
    /// The near misses, in order.
    pub missed: Vec<Miss>,
    /// Near misses that a later pass made moot without firing the rule: told to who asks for the rule or the place.
    pub moot: Vec<Miss>,
    /// Time in the pass itself.
    pub time: Duration,
    /// Counters of `before`.
    pub(super) counted_before: Counted,
    /// Counters of `after`, shared with the next step.
    pub(super) counted_after: Counted,
}

/// Counters that are counted when somebody looks at them: the record itself costs little.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted(Arc<OnceLock<Counters>>);

impl Step {
    /// Counters of `before`.
    pub fn counters_before(&self) -> &Counters {
        self.counted_before.0.get_or_init(|| cost::counters(&self.before))
    }

    /// Counters of `after`.
    pub fn counters_after(&self) -> &Counters {
        self.counted_after.0.get_or_init(|| cost::counters(&self.after))
    }

    /// Whether the pass rewrote anything.
    pub fn changed(&self) -> bool {
        !self.before.func.body.same(&self.after.func.body)
    }
}

/// The steps of an optimization, one for each pass of the pipeline.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// In the order they ran.
    pub steps: Vec<Step>,
}

impl Trace {
    /// When a pass ran several times, its last word counts: drops misses of earlier runs that a later run of the
    /// same pass repeats or overcomes.
    pub(super) fn drop_superseded(&mut self) {
        for at in 0..self.steps.len() {
            let (earlier, later) = self.steps.split_at_mut(at + 1);
            let Some(step) = earlier.last_mut() else { continue };
            if step.missed.is_empty() {
                continue;
            }
            let name = step.pass.name;
            // What one kind of fusion could not do, the other one may have done, or has better reasons not to do.
            for other in later.iter() {
                let absorbed = other.firings.iter().filter(|firing| firing.rule.starts_with("absorb_"));
                let weighed = other.missed.iter().filter(|miss| miss.rule == "absorb_map");
                let origins = absorbed.map(|firing| &firing.origin).chain(weighed.map(|miss| &miss.origin));
                let told: HashSet<_> = origins.map(Origin::primary).collect();
                step.missed.retain(|miss| {
                    !miss.rule.starts_with("fuse_") || !miss.origin.spans().any(|span| told.contains(&span))
                });
            }
            for other in later.iter().filter(|other| other.pass.name == name) {
                let fired = places(&other.firings);
                step.missed.retain(|miss| {
                    !fired.contains(&place(miss.rule, &miss.origin)) && !other.missed.contains(miss)
                });
            }
            // Where a loop runs in lanes, its branches are masks, and those that no edit would remove are no loss.
            if step.missed.iter().any(is_mask) {
                let vectorized = later.iter().flat_map(|other| &other.firings);
                let masks = masks(vectorized.filter(|firing| firing.rule == "vectorize_loop"));
                let (moot, missed) = std::mem::take(&mut step.missed)
                    .into_iter()
                    .partition(|miss| is_mask(miss) && masks.contains(&miss.origin.primary()));
                step.missed = missed;
                step.moot = moot;
            }
        }
    }
}

/// Whether it is about a branch that stays, whatever is written before it.
fn is_mask(miss: &Miss) -> bool {
    miss.rule == "if_merge" && miss.would.is_none()
}

/// The branches in these loops.
fn masks<'a>(loops: impl Iterator<Item = &'a Firing>) -> HashSet<crate::diag::Span> {
    let mut masks = HashSet::new();
    for firing in loops {
        let ExprKind::For(parts) = &firing.after.kind else { continue };
        visit::walk(&parts.func.body, &mut |expr| {
            if matches!(expr.kind, ExprKind::If(..)) {
                masks.insert(expr.origin.primary());
            }
        });
    }
    masks
}

type Place = (&'static str, crate::diag::Span);

fn place(rule: &'static str, origin: &Origin) -> Place {
    (rule, origin.primary())
}

/// Where rules fired. Trees without source, all at the empty span, have no places.
fn places(firings: &[Firing]) -> HashSet<Place> {
    let places = firings.iter().map(|firing| place(firing.rule, &firing.origin));
    places.filter(|(_, span)| span.hi > span.lo).collect()
}

/// The misses worth telling: no repetitions, none where the same rule fired later.
pub(super) fn interesting(missed: Vec<Miss>, firings: &[Firing]) -> Vec<Miss> {
    let fired = places(firings);
    let mut seen = HashSet::new();
    let mut kept = missed;
    kept.retain(|miss| {
        let place = place(miss.rule, &miss.origin);
        !fired.contains(&place) && seen.insert((place, miss.condition.clone()))
    });
    kept
}
