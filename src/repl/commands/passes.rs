#![forbid(unsafe_code)]
//! `:passes`: the table of what every pass did.

use super::{Command, Wants, no_arguments};
use crate::repl::Repl;
use crate::repl::reply::{Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["passes"],
    args: "",
    help: "the table of what every pass did",
    more: ":step N shows one of them; :set passes changes the pipeline.",
    examples: &[":passes"],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    no_arguments(&COMMAND, args)?;
    Ok(Reply::text(repl.render_passes()?))
}
