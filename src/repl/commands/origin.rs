#![forbid(unsafe_code)]
//! `:origin`: which source a part of the optimized program came from.

use super::{Command, Wants, usage};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["origin"],
    args: "NAME|LINE:COL",
    help: "where optimized code came from",
    more: "The place is one of what `:show weld` prints.",
    examples: &[":origin 2:3", ":origin v"],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    if args.is_empty() || args.contains(char::is_whitespace) {
        return Err(Failure::new("the origin of what?").help(usage(&COMMAND)));
    }
    Ok(Reply::text(repl.render_origin(args)?))
}
