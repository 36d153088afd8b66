#![forbid(unsafe_code)]
//! `:quit`: leave.

use super::{Command, Wants, no_arguments};
use crate::repl::Repl;
use crate::repl::reply::{Next, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["quit", "q", "exit"],
    args: "",
    help: "leave; so does Ctrl-D",
    more: "",
    examples: &[":quit"],
    wants: Wants::Nothing,
    run,
};

fn run(_: &mut Repl, args: &str) -> Outcome {
    no_arguments(&COMMAND, args)?;
    Ok(Reply::then(Next::Quit))
}
