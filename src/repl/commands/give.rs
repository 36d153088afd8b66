#![forbid(unsafe_code)]
//! `:in`: an input of the program, as a literal or from a file.

use super::{Command, Wants, usage};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["in"],
    args: "NAME = VALUE | NAME @FILE",
    help: "give an input",
    more: "The type comes from the program. Files are .csv .npy .json .jsonl .bin; @FILE.csv:COLUMN takes one column.",
    examples: &[":in v = [1L, -2L, 3L]"],
    wants: Wants::Input,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let file = args.split_once(char::is_whitespace).filter(|(_, rest)| rest.trim_start().starts_with('@'));
    let Some((name, value)) = file.or_else(|| args.split_once('=')) else {
        return Err(Failure::new("an input needs a name and a value").help(usage(&COMMAND)));
    };
    let (name, value) = (name.trim(), value.trim());
    let given = repl.give(name, value)?;
    Ok(Reply::text(repl.render_input(name, &given)))
}
