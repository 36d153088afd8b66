#![forbid(unsafe_code)]
//! `:inputs`: what was given and what is missing.

use super::{Command, Wants, no_arguments};
use crate::repl::Repl;
use crate::repl::reply::{Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["inputs"],
    args: "",
    help: "the inputs, given and missing",
    more: "",
    examples: &[":inputs"],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    no_arguments(&COMMAND, args)?;
    Ok(Reply::text(repl.render_inputs()))
}
