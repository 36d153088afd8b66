#![forbid(unsafe_code)]
//! `:passes`: the table of what every pass did, and with runs what it earned.

use super::{Command, Wants, usage};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["passes"],
    args: "[run [RUNS]]",
    help: "what every pass did; with `run`, what it earned",
    more: ":passes run compiles and runs the program after every pass on its inputs, 5 times without a number, and compares \
           with the interpreter's answer. :step N shows one pass; :set passes changes the pipeline.",
    examples: &[":passes", ":passes run", ":passes run 3"],
    wants: Wants::Nothing,
    run,
};

/// Runs of each program when no number is given, and the most.
const RUNS: (u32, u32) = (5, 1_000_000);

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let mut words = args.split_whitespace();
    let repeat = match (words.next(), words.next(), words.next()) {
        (None, ..) => return Ok(Reply::text(repl.render_passes(None)?)),
        (Some("run"), None, _) => RUNS.0,
        (Some("run"), Some(number), None) => runs(number)?,
        _ => return Err(Failure::new(format!("`{args}` is not understood")).help(usage(&COMMAND))),
    };
    Ok(Reply::text(repl.render_passes(Some(repeat))?))
}

fn runs(text: &str) -> Result<u32, Failure> {
    let number = text.parse().ok().filter(|n| (1..=RUNS.1).contains(n));
    number.ok_or_else(|| {
        Failure::new(format!("`{text}` is no number of runs from 1 to 1,000,000")).help(usage(&COMMAND))
    })
}
