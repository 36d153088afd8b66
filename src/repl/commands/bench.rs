#![forbid(unsafe_code)]
//! `:bench`: compile and run times of the current program on one and on all threads.

use super::{Command, Wants, usage};
use crate::config::parse_seconds;
use crate::passes::pipeline_text;
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};
use crate::session::bench::{Bench, Variant};
use crate::view::bench::bench as table;
use std::time::Duration;

pub(super) static COMMAND: Command = Command {
    names: &["bench"],
    args: "[SECONDS]",
    help: "compile and run times on more threads",
    more: "One thread and all threads run for a second each, or as long as you say, in turns. The rate counts the bytes of the formula. \
           `weld bench` compares pipelines too.",
    examples: &[":bench 0.1"],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let wrong = |why: String| Failure::new(why).help(usage(&COMMAND));
    let budget = if args.is_empty() { Duration::from_secs(1) } else { parse_seconds(args).map_err(wrong)? };
    let values = repl.arguments()?;
    let stages = repl.session.pipeline();
    let variants = [Variant { name: pipeline_text(&stages), stages }];
    let most = repl.session.config().threads;
    let threads = if most > 1 { vec![1, most] } else { vec![1] };
    let bench = Bench { variants: &variants, threads: &threads, args: &values, budget, signal: &repl.signal };
    let report = repl.session.bench(&repl.entered()?.checked, bench);
    let report = report.map_err(|stop| repl.measure_failure(stop))?;
    Ok(Reply::text(table(&report, &variants, repl.screen)))
}
