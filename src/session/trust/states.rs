#![forbid(unsafe_code)]
//! The program after each single rewrite of a pass.
//!
//! A trace keeps each rewrite by itself, not the whole program around it. The program after firing `k` is made by
//! running the pass again with a limit of `k` firings: the path that is looked at is the path that ran.
//! Promises: the same pass on the same program fires the same way every time, so that state `k` is one step of the run;
//! some rewrites tidy up after others and ask no limit, and they are then part of the state before.

use super::Culprit;
use crate::ir::Program;
use crate::passes::{self, Broken, Firing, Options, Pass};

/// A program in the middle of a pass.
#[derive(Clone, Debug)]
pub struct State {
    /// The program.
    pub program: Program,
    /// The rewrites that led to it from the program before the pass.
    pub firings: Vec<Firing>,
    /// The pass panicked, or the verifier refused its program, which is then the one before the pass.
    pub broken: Option<Broken>,
}

/// The program after at most `limit` firings of a pass.
pub fn after(pass: &'static dyn Pass, before: &Program, limit: usize) -> State {
    let options = Options { verify: true, firing_limit: limit, record: true };
    let mut optimized = passes::optimize(before, &[pass], &options);
    let step = optimized.trace.steps.pop();
    let firings = match (&optimized.broken, step) {
        (Some(broken), _) => broken.firings.clone(),
        (None, Some(step)) => step.firings,
        (None, None) => Vec::new(),
    };
    State { program: optimized.program, firings, broken: optimized.broken }
}

/// A pass and the program that it was given: a step of an optimization.
#[derive(Clone, Copy)]
pub struct PassRun<'a> {
    /// The number of the step, from 1.
    pub step: usize,
    /// The pass.
    pub pass: &'static dyn Pass,
    /// The program before.
    pub before: &'a Program,
    /// How many firings it had, or began.
    pub firings: usize,
}

impl PassRun<'_> {
    /// The firing that turned a good program into a bad one: `good` firings are good and `bad` are not, and what lies
    /// between is asked of `is_bad`, in few questions.
    pub fn narrow(
        &self,
        mut good: usize,
        mut bad: usize,
        is_bad: &mut dyn FnMut(&State) -> bool,
    ) -> (Culprit, State, State) {
        let mut last_bad = after(self.pass, self.before, bad);
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            let state = after(self.pass, self.before, middle);
            if is_bad(&state) {
                (bad, last_bad) = (middle, state);
            } else {
                good = middle;
            }
        }
        let last_good = after(self.pass, self.before, good);
        if good == 0 && !last_good.firings.is_empty() && is_bad(&last_good) {
            // What asks no limit did it. Of several such rewrites none can be told from the others.
            let before = State { program: self.before.clone(), firings: Vec::new(), broken: None };
            let mut culprit = self.culprit(1, &before, &last_good);
            if last_good.firings.len() > 1 {
                (culprit.number, culprit.firing) = (None, None);
            }
            return (culprit, before, last_good);
        }
        (self.culprit(bad, &last_good, &last_bad), last_good, last_bad)
    }

    /// Firing `number`, the first of `bad` that `good` does not have.
    pub fn culprit(&self, number: usize, good: &State, bad: &State) -> Culprit {
        let mut culprit =
            Culprit { step: self.step, pass: self.pass.info(), number: None, of: self.firings, firing: None };
        // Rewrites that ask no limit shift the numbers: the first rewrite that differs is the one.
        let same = good.firings.iter().zip(&bad.firings).take_while(|(a, b)| is_same(a, b)).count();
        let at = if same < bad.firings.len() { same } else { number.saturating_sub(1) };
        if let Some(firing) = bad.firings.get(at) {
            culprit.number = Some(at + 1);
            culprit.firing = Some(firing.clone());
        }
        culprit
    }
}

fn is_same(a: &Firing, b: &Firing) -> bool {
    a.rule == b.rule
        && a.origin == b.origin
        && a.before.facts == b.before.facts
        && a.after.facts == b.after.facts
}
