#![forbid(unsafe_code)]
//! What became of an expression of the source, step by step.
//!
//! Promises: nodes are followed by the places they came from, which passes keep and join; a step is told when it changed
//! how many nodes came from the place, or what they were joined with.

use super::{Fired, Spot};
use crate::diag::{Span, stack};
use crate::ir::{Expr, ExprKind, Program, visit};
use crate::passes::Trace;

/// What a step did to the nodes of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// None is left.
    Removed,
    /// They have been joined with nodes of other places.
    Merged,
    /// There are more of them: the expression was copied.
    Copied,
    /// There are fewer of them.
    Reduced,
    /// As many as before, written in another way.
    Rewritten,
}

/// A step that changed something about the place.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// The number of the step.
    pub step: usize,
    /// The pass.
    pub pass: &'static str,
    /// What it did.
    pub change: Change,
    /// The firings that did it, as far as they know of the place.
    pub fired: Vec<Fired<'a>>,
}

/// The life of an expression.
#[derive(Clone, Debug)]
pub struct Fate<'a> {
    /// The expression in the typed program.
    pub subject: Expr,
    /// What happened, in order.
    pub events: Vec<Event<'a>>,
    /// The largest node of the optimized program that came from it.
    pub end: Option<Expr>,
}

/// Follows the narrowest expression at a spot; `None` where the typed program has none.
pub fn fate<'a>(core: &Program, trace: &'a Trace, spot: Spot) -> Option<Fate<'a>> {
    let subject = narrowest(&core.func.body, spot)?;
    let place = spot.narrowest(&subject.origin).unwrap_or_else(|| subject.origin.primary());
    let mut events = Vec::new();
    let mut before = Holders::of(core, place);
    for (at, step) in trace.steps.iter().enumerate() {
        if !step.changed() {
            continue;
        }
        let after = Holders::of(&step.after, place);
        let number = at + 1;
        let all = step.firings.iter().enumerate().map(|(index, firing)| Fired {
            step: number,
            pass: step.pass.name,
            index: index + 1,
            firing,
        });
        let exact: Vec<Fired> = all.clone().filter(|fired| fired.spans().any(|span| span == place)).collect();
        if let Some(change) = before.change(&after, !exact.is_empty()) {
            // What a rule did to a larger expression it did to this one too.
            let fired = if exact.is_empty() {
                all.filter(|fired| fired.spans().any(|span| covers(span, place))).collect()
            } else {
                exact
            };
            events.push(Event { step: number, pass: step.pass.name, change, fired });
        }
        before = after;
        if before.nodes == 0 {
            break;
        }
    }
    Some(Fate { subject, events, end: before.largest })
}

fn covers(outer: Span, inner: Span) -> bool {
    outer.source == inner.source && outer.lo <= inner.lo && inner.hi <= outer.hi
}

/// The outermost of the nodes with the narrowest place around the spot.
fn narrowest(root: &Expr, spot: Spot) -> Option<Expr> {
    let mut found: Option<(Expr, u32)> = None;
    visit::walk(root, &mut |expr| {
        if let Some(span) = spot.narrowest(&expr.origin) {
            let width = span.hi - span.lo;
            if found.as_ref().is_none_or(|(_, least)| width < *least) {
                found = Some((expr.clone(), width));
            }
        }
    });
    let (expr, _) = found?;
    let ExprKind::Block(lets, _) = &expr.kind else { return Some(expr) };
    // In `let name =` no node begins: the value says what became of it.
    let behind = lets.iter().find(|binding| spot.is_before(binding.value.origin.primary()));
    Some(behind.map_or(expr.clone(), |binding| binding.value.clone()))
}

/// The nodes of a program that came from a place.
#[derive(Default)]
struct Holders {
    nodes: usize,
    /// Those that came from other places too.
    joined: usize,
    largest: Option<Expr>,
}

impl Holders {
    fn of(program: &Program, place: Span) -> Holders {
        let mut holders = Holders::default();
        holders.collect(&program.func.body, place);
        holders
    }

    fn collect(&mut self, expr: &Expr, place: Span) {
        stack::deep(|| {
            if expr.origin.spans().any(|span| span == place) {
                self.nodes += 1;
                self.joined += usize::from(expr.origin.spans().nth(1).is_some());
                let size = |expr: &Expr| expr.facts.nodes;
                if self.largest.as_ref().is_none_or(|largest| size(largest) < size(expr)) {
                    self.largest = Some(expr.clone());
                }
            }
            visit::for_each_child(&expr.kind, &mut |child| self.collect(child, place));
        });
    }

    fn change(&self, after: &Holders, fired: bool) -> Option<Change> {
        if after.nodes == 0 && self.nodes > 0 {
            return Some(Change::Removed);
        }
        if after.joined > self.joined {
            return Some(Change::Merged);
        }
        match after.nodes.cmp(&self.nodes) {
            std::cmp::Ordering::Greater => Some(Change::Copied),
            std::cmp::Ordering::Less => Some(Change::Reduced),
            std::cmp::Ordering::Equal => fired.then_some(Change::Rewritten),
        }
    }
}
