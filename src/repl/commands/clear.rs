#![forbid(unsafe_code)]
//! `:clear`: an empty screen.

use super::{Command, Wants, no_arguments};
use crate::repl::Repl;
use crate::repl::reply::{Next, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["clear"],
    args: "",
    help: "clear the screen",
    more: "The program, its inputs and the history stay.",
    examples: &[":clear"],
    wants: Wants::Nothing,
    run,
};

fn run(_: &mut Repl, args: &str) -> Outcome {
    no_arguments(&COMMAND, args)?;
    Ok(Reply::then(Next::Clear))
}
