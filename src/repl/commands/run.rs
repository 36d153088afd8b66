#![forbid(unsafe_code)]
//! `:run`: the result of the program on its inputs.

use super::{Command, Wants, no_arguments};
use crate::repl::Repl;
use crate::repl::reply::Outcome;

pub(super) static COMMAND: Command = Command {
    names: &["run"],
    args: "",
    help: "run the program on its inputs",
    more: "Ctrl-C interrupts a run; inputs and history are kept.",
    examples: &[":run"],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    no_arguments(&COMMAND, args)?;
    repl.run_program()
}
