#![forbid(unsafe_code)]
//! `:fate`: what became of a source expression.

use super::{Command, Wants, usage};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["fate"],
    args: "LINE:COL",
    help: "what became of a source expression, step by step",
    more: "The place is one of the program text.",
    examples: &[":fate 1:23"],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    if args.is_empty() {
        return Err(Failure::new("the fate of what?").help(usage(&COMMAND)));
    }
    Ok(Reply::text(repl.render_fate(args)?))
}
