#![forbid(unsafe_code)]
//! What happened at a place and what nearly did.
//!
//! Promises: firings in the order of the trace; near misses with the most interesting first, which is the one that
//! would save most.

use super::{Spot, what_if};
use crate::diag::{Span, suggest};
use crate::passes::{self, ALL, Firing, Miss, Trace};

/// A rule, or a pass with all of its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// One rule.
    Rule(&'static str),
    /// The name of a pass.
    Pass(&'static str),
}

impl Selection {
    /// The rule or pass with this name; of a name that is both, the pass, which has the rule.
    pub fn named(name: &str) -> Result<Selection, String> {
        if let Some(pass) = passes::find(name) {
            return Ok(Selection::Pass(pass.info().name));
        }
        let rules = || ALL.iter().flat_map(|pass| pass.info().rules.iter().map(|rule| rule.name));
        if let Some(rule) = rules().find(|rule| *rule == name) {
            return Ok(Selection::Rule(rule));
        }
        let names = ALL
            .iter()
            .flat_map(|pass| std::iter::once(pass.info().name).chain(pass.info().aliases.iter().copied()));
        Err(match suggest(name, names.chain(rules())) {
            Some(near) => format!("there is no pass or rule `{name}`; did you mean `{near}`?"),
            None => format!("there is no pass or rule `{name}`"),
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Selection::Rule(name) | Selection::Pass(name) => name,
        }
    }

    fn has(self, pass: &str, rule: &str) -> bool {
        match self {
            Selection::Rule(name) => name == rule,
            Selection::Pass(name) => name == pass,
        }
    }
}

/// A rewrite with its number: firing `index` of step `step`, both from 1.
#[derive(Clone, Copy, Debug)]
pub struct Fired<'a> {
    /// The number of the step.
    pub step: usize,
    /// The pass.
    pub pass: &'static str,
    /// Which firing of the step.
    pub index: usize,
    /// The rewrite.
    pub firing: &'a Firing,
}

impl Fired<'_> {
    /// The places of the expression before and of the one after: a fused loop knows both loops.
    pub(super) fn spans(&self) -> impl Iterator<Item = Span> {
        self.firing.origin.spans().chain(self.firing.after.origin.spans())
    }
}

/// A near miss with the number of its step.
#[derive(Clone, Copy, Debug)]
pub struct Missed<'a> {
    /// The number of the step.
    pub step: usize,
    /// The pass.
    pub pass: &'static str,
    /// The near miss.
    pub miss: &'a Miss,
}

/// What happened and what nearly did.
#[derive(Clone, Debug, Default)]
pub struct Why<'a> {
    /// The rewrites, in order.
    pub fired: Vec<Fired<'a>>,
    /// The near misses, the most interesting first.
    pub missed: Vec<Missed<'a>>,
}

/// The firings and near misses of a rule at a place; without either, no firings and all near misses but moot ones.
pub fn why<'a>(trace: &'a Trace, selection: Option<Selection>, spot: Option<Spot>) -> Why<'a> {
    let mut found = Why::default();
    let at = |span: Span| spot.is_none_or(|spot| spot.is_in(span));
    let wanted = |pass: &str, rule: &str| selection.is_none_or(|selection| selection.has(pass, rule));
    for (number, step) in trace.steps.iter().enumerate() {
        let (number, pass) = (number + 1, step.pass.name);
        if selection.is_some() || spot.is_some() {
            let fired = step.firings.iter().enumerate().map(|(index, firing)| Fired {
                step: number,
                pass,
                index: index + 1,
                firing,
            });
            found
                .fired
                .extend(fired.filter(|fired| wanted(pass, fired.firing.rule) && fired.spans().any(at)));
        }
        let asked = selection.is_some() || spot.is_some();
        let moot = step.moot.iter().filter(|_| asked);
        let here = step.missed.iter().chain(moot).filter(|miss| wanted(pass, miss.rule) && miss.origin.spans().any(at));
        found.missed.extend(here.map(|miss| Missed { step: number, pass, miss }));
    }
    // Among equals the one that can be satisfied by an edit comes first, then the order of the trace.
    found.missed.sort_by_key(|missed| (what_if::rank(missed.miss.rule), missed.miss.would.is_none()));
    found
}

#[cfg(test)]
mod tests {
    use super::Selection;

    #[test]
    fn names_of_rules_and_passes() {
        assert_eq!(Selection::named("vectorize"), Ok(Selection::Pass("vectorize")));
        assert_eq!(Selection::named("loop-fusion"), Ok(Selection::Pass("fuse-vertical")));
        assert_eq!(Selection::named("if_merge"), Ok(Selection::Rule("if_merge")));
        assert!(Selection::named("if_mergee").unwrap_err().contains("did you mean `if_merge`?"));
    }
}
