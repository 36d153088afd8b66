#![forbid(unsafe_code)]
//! `:time`: how long runs take.

use super::{Command, Wants, usage};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};
use std::time::{Duration, Instant};

pub(super) static COMMAND: Command = Command {
    names: &["time"],
    args: "[RUNS]",
    help: "run several times: middle time and spread",
    more: "Without a number it runs 3 to 100 times, until half a second has passed. One run before the first is not \
           counted.",
    examples: &[":time 5"],
    wants: Wants::Nothing,
    run,
};

/// Runs when no number is given: at least and at most so many.
const RUNS: (usize, usize) = (3, 100);

/// How long to go on between those two.
const BUDGET: Duration = Duration::from_millis(500);

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let wanted = if args.is_empty() { None } else { Some(runs(args)?) };
    let values = repl.arguments()?;
    let compiled = repl.compile()?;
    // The first run touches the memory that the others find warm.
    repl.run_once(&values)?;
    let start = Instant::now();
    let mut times = Vec::new();
    loop {
        let enough = match wanted {
            Some(wanted) => times.len() >= wanted,
            None => times.len() >= RUNS.1 || (times.len() >= RUNS.0 && start.elapsed() > BUDGET),
        };
        if enough {
            return Ok(Reply::text(repl.render_times(compiled, &times)?));
        }
        times.push(repl.run_once(&values)?.time);
    }
}

fn runs(text: &str) -> Result<usize, Failure> {
    let number = text.parse().ok().filter(|n| (1..=1_000_000).contains(n));
    number.ok_or_else(|| {
        Failure::new(format!("`{text}` is no number of runs from 1 to 1,000,000")).help(usage(&COMMAND))
    })
}
