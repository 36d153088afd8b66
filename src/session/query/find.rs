#![forbid(unsafe_code)]
//! In which steps a piece of text is part of the program.
//!
//! Promises: each program is printed once; steps that changed nothing cost nothing.

use crate::ir::{Program, print};
use crate::passes::Trace;

/// A run of steps after which the program has the text in the same lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The first step.
    pub first: usize,
    /// The last step.
    pub last: usize,
    /// The lines with the text; empty where it is not.
    pub lines: Vec<String>,
}

/// The runs of steps, from 0 to the last one, with the lines that contain `text`.
pub fn find(core: &Program, trace: &Trace, text: &str) -> Vec<Found> {
    let lines = |program: &Program| -> Vec<String> {
        let printed = print::program(program);
        printed.lines().filter(|line| line.contains(text)).map(|line| line.trim().to_string()).collect()
    };
    let mut runs = vec![Found { first: 0, last: 0, lines: lines(core) }];
    for (at, step) in trace.steps.iter().enumerate() {
        if !step.changed() {
            if let Some(run) = runs.last_mut() {
                run.last = at + 1;
            }
            continue;
        }
        let now = lines(&step.after);
        match runs.last_mut().filter(|run| run.lines == now) {
            Some(run) => run.last = at + 1,
            None => runs.push(Found { first: at + 1, last: at + 1, lines: now }),
        }
    }
    runs
}
