#![forbid(unsafe_code)]
//! `:whatif`: what would be if the failed condition of a near miss held.

use super::{Command, Wants, usage};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["whatif"],
    args: "RULE [LINE:COL]",
    help: "what would be if the rule had fired",
    more: "What an annotation would bring is tried on the program; what a rule saves by its nature is told; the rest \
           cannot be told, and the answer says why.",
    examples: &[":whatif vectorize", ":whatif if_merge"],
    wants: Wants::Rule,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let asked = repl.asked(args, &COMMAND)?;
    if asked.selection.is_none() {
        return Err(Failure::new("what if which rule fired?").help(usage(&COMMAND)));
    }
    Ok(Reply::text(repl.render_what_if(&asked)?))
}
