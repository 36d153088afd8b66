#![forbid(unsafe_code)]
//! `:why`: what happened at a place, and what nearly did.

use super::{Command, Wants};
use crate::repl::Repl;
use crate::repl::reply::{Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["why"],
    args: "[RULE] [LINE:COL]",
    help: "what fired, what nearly did, and why not",
    more: "RULE is a rule or a pass; the place is one of the program text. Without either: all near misses, the most \
           interesting first.",
    examples: &[":why", ":why fuse-vertical", ":why 1:20", ":why fuse_loops 1:23"],
    wants: Wants::Rule,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let asked = repl.asked(args, &COMMAND)?;
    Ok(Reply::text(repl.render_why(&asked)?))
}
