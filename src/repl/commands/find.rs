#![forbid(unsafe_code)]
//! `:find`: in which steps a piece of text is part of the program.

use super::{Command, Wants, usage};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["find"],
    args: "TEXT",
    help: "in which steps a text appears and vanishes",
    more: "What is searched is the typed program after each step, where macros such as `map` are written out as loops; \
           :fate follows a place of the text as it was typed.",
    examples: &[":find appender", ":find select("],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    if args.is_empty() {
        return Err(Failure::new("find what?").help(usage(&COMMAND)));
    }
    Ok(Reply::text(repl.render_find(args)?))
}
