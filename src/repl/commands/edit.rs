#![forbid(unsafe_code)]
//! `:edit`: the last program in the user's editor.

use super::{Command, Wants, no_arguments};
use crate::repl::reply::{Next, Outcome, Reply};
use crate::repl::Repl;

pub(super) static COMMAND: Command = Command {
    names: &["edit", "e"],
    args: "",
    help: "open the program in $VISUAL or $EDITOR",
    more: "When the editor ends with an error, or the text is the same as before, nothing changes.",
    examples: &[":edit"],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    no_arguments(&COMMAND, args)?;
    let text = repl.program.as_ref().map_or(String::new(), |entered| entered.text.clone());
    Ok(Reply::then(Next::Edit(text)))
}
