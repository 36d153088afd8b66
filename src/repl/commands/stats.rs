#![forbid(unsafe_code)]
//! `:stats`: where compile time goes.

use super::{Command, Wants, no_arguments};
use crate::repl::Repl;
use crate::repl::reply::{Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["stats"],
    args: "",
    help: "where the compile time went",
    more: "",
    examples: &[":stats"],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    no_arguments(&COMMAND, args)?;
    repl.compile()?;
    Ok(Reply::text(repl.render_stats()?))
}
