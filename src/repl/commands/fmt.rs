#![forbid(unsafe_code)]
//! `:fmt`: the program in its canonical form.

use super::{Command, Wants, no_arguments};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};
use crate::session::Unformatted;

pub(super) static COMMAND: Command = Command {
    names: &["fmt"],
    args: "",
    help: "the program in its canonical form",
    more: "Comments stay. `weld fmt FILE` writes that form into a file.",
    examples: &[":fmt"],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    no_arguments(&COMMAND, args)?;
    let source = repl.entered()?.checked.source;
    match repl.session.format(source) {
        Ok(text) => Ok(Reply::text(text.trim_end())),
        Err(Unformatted::Rejected(messages)) => Err(messages.into()),
        Err(Unformatted::Internal(why)) => Err(Failure::internal(why)),
    }
}
