#![forbid(unsafe_code)]
//! Two optimizations side by side: two pipelines for one program, or two programs.
//!
//! Promises: steps are aligned by what they left, so that passes that did nothing do not matter; programs are compared as
//! text.

use crate::ir::{Program, print};
use crate::passes::{Optimized, Trace};
use crate::plan::cost::{Counters, counters};
use std::time::Duration;

/// Where two optimizations part: on each side the step that first left something that the other one has not at that
/// point; `None` where a side has no further change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Step numbers with the names of the passes; step 0 is the program before all passes.
    pub steps: [Option<(usize, &'static str)>; 2],
}

/// What is to be compared.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Where they part; `None` when every change is the same.
    pub first: Option<Difference>,
    /// Whether both end with the same text.
    pub same_program: bool,
    /// The counters at the end.
    pub counters: [Counters; 2],
    /// Firings in all.
    pub firings: [usize; 2],
    /// Time in the passes.
    pub time: [Duration; 2],
}

/// Compares two optimizations, each with its program before all passes.
pub fn compare(a: (&Program, &Optimized), b: (&Program, &Optimized)) -> Comparison {
    let states = [states(a.0, &a.1.trace), states(b.0, &b.1.trace)];
    let [left, right] = &states;
    let texts = |at: usize| [left, right].map(|states| states.get(at).map(|state| &state.text));
    let apart = (0..left.len().max(right.len())).find(|at| {
        let [a, b] = texts(*at);
        a != b
    });
    let step = |states: &[State], at: usize| states.get(at).map(|state| (state.number, state.pass));
    let ends = [left.last().map(|state| &state.text), right.last().map(|state| &state.text)];
    let sides = [a.1, b.1];
    Comparison {
        first: apart.map(|at| Difference { steps: [step(left, at), step(right, at)] }),
        same_program: ends[0] == ends[1],
        counters: sides.map(|side| counters(&side.program)),
        firings: sides.map(|side| side.trace.steps.iter().map(|step| step.firings.len()).sum()),
        time: sides.map(|side| side.trace.steps.iter().map(|step| step.time).sum()),
    }
}

/// A program and the step that left it.
struct State {
    number: usize,
    pass: &'static str,
    text: String,
}

/// The typed program and what each step that changed it left.
fn states(core: &Program, trace: &Trace) -> Vec<State> {
    let zero = State { number: 0, pass: "macros, types", text: print::program(core) };
    let steps = trace.steps.iter().enumerate().filter(|(_, step)| step.changed());
    let later = steps.map(|(at, step)| State {
        number: at + 1,
        pass: step.pass.name,
        text: print::program(&step.after),
    });
    std::iter::once(zero).chain(later).collect()
}
