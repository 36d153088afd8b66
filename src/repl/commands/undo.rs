#![forbid(unsafe_code)]
//! `:undo`: the settings as they were before they were changed last.

use super::{Command, Wants, no_arguments};
use crate::repl::Repl;
use crate::repl::reply::{Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["undo"],
    args: "",
    help: "take back the last :set, :pass or :pipeline",
    more: "Again and again, back to how the session began.",
    examples: &[":undo"],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    no_arguments(&COMMAND, args)?;
    Ok(Reply::text(repl.undo()?))
}
