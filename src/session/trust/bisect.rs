#![forbid(unsafe_code)]
//! Which pass, and which of its firings, turns a good program into a bad one; what bad means is asked for.
//!
//! Promises: the state before the culprit was judged good and the one after it bad; few questions, for an answer may be
//! a program that somebody runs; nothing is kept between two searches.

use super::Culprit;
use super::states::{PassRun, State};
use crate::ir::Program;
use crate::passes::{self, Options, Stage};

/// What is thought of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Nothing can be said, or no more shall be asked: ends the search.
    Stop,
}

/// What a search found.
#[derive(Clone, Debug)]
pub enum Bisected {
    /// The program is good after all passes too.
    Clean,
    /// It is bad without any pass: no pass is to blame.
    WithoutPasses,
    /// A pass is to blame.
    Guilty(Box<Guilty>),
    /// The search was stopped.
    Stopped,
}

/// A culprit and its deed.
#[derive(Clone, Debug)]
pub struct Guilty {
    /// Pass and firing.
    pub culprit: Culprit,
    /// The program before the firing.
    pub before: Program,
    /// The program after it.
    pub after: Program,
    /// Whether it is good when that pass alone is left out; `None` when nobody asked.
    pub good_without: Option<bool>,
    /// What a pass that broke said.
    pub broken: Option<String>,
    /// How many programs were judged.
    pub questions: usize,
}

/// Searches. A pass that panics or makes an invalid program is found without any question.
pub fn bisect(
    program: &Program,
    pipeline: &[Stage],
    judge: &mut dyn FnMut(&Program) -> Judgement,
) -> Bisected {
    let mut search = Search { judge, questions: 0, stopped: false };
    let options = Options { verify: true, ..Options::default() };
    let optimized = passes::optimize(program, pipeline, &options);
    let states: Vec<&Program> =
        std::iter::once(program).chain(optimized.trace.steps.iter().map(|step| &step.after)).collect();
    let (mut good, mut bad) = (0, states.len() - 1);
    let ends_bad = search.is_bad(&optimized.program);
    if search.stopped {
        return Bisected::Stopped;
    }
    if !ends_bad {
        let Some(broken) = &optimized.broken else { return Bisected::Clean };
        let Some(pass) = passes::pass_in(pipeline, broken.pass) else { return Bisected::Clean };
        // A panic comes before the next firing is written down: it is one more than there are.
        let firings = broken.firings.len();
        let run = PassRun { step: states.len(), pass, before: &broken.before, firings };
        let is_broken = &mut |state: &State| state.broken.is_some();
        let (culprit, before, after) = run.narrow(0, firings + 1, is_broken);
        let why = after.broken.map_or_else(|| broken.why.clone(), |broken| broken.why);
        return Bisected::Guilty(Box::new(Guilty {
            culprit,
            before: before.program,
            after: after.program,
            good_without: None,
            broken: Some(why),
            questions: search.questions,
        }));
    }
    if search.is_bad(program) {
        return if search.stopped { Bisected::Stopped } else { Bisected::WithoutPasses };
    }
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        let Some(state) = states.get(middle) else { break };
        // Equal programs have equal judgements.
        let same_as_good = states.get(good).is_some_and(|other| other.func.body.same(&state.func.body));
        let same_as_bad = states.get(bad).is_some_and(|other| other.func.body.same(&state.func.body));
        if !same_as_good && (same_as_bad || search.is_bad(state)) {
            bad = middle;
        } else {
            good = middle;
        }
    }
    let Some(step) = bad.checked_sub(1).and_then(|at| optimized.trace.steps.get(at)) else {
        return Bisected::Stopped;
    };
    let Some(pass) = passes::pass_in(pipeline, step.pass) else { return Bisected::Stopped };
    let run = PassRun { step: bad, pass, before: &step.before, firings: step.firings.len() };
    let (culprit, before, after) =
        run.narrow(0, run.firings, &mut |state| state.broken.is_some() || search.is_bad(&state.program));
    let mut others = pipeline.to_vec();
    passes::without(&mut others, step.pass.name);
    let without = passes::optimize(program, &others, &options).program;
    let good_without = !search.is_bad(&without);
    if search.stopped {
        return Bisected::Stopped;
    }
    Bisected::Guilty(Box::new(Guilty {
        culprit,
        before: before.program,
        after: after.program,
        good_without: Some(good_without),
        broken: None,
        questions: search.questions,
    }))
}

struct Search<'a> {
    judge: &'a mut dyn FnMut(&Program) -> Judgement,
    questions: usize,
    stopped: bool,
}

impl Search<'_> {
    fn is_bad(&mut self, program: &Program) -> bool {
        if self.stopped {
            return false;
        }
        self.questions += 1;
        match (self.judge)(program) {
            Judgement::Good => false,
            Judgement::Bad => true,
            Judgement::Stop => {
                self.stopped = true;
                false
            }
        }
    }
}
