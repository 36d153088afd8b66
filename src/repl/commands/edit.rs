#![forbid(unsafe_code)]
//! `:edit`: the last program in the user's editor.

use super::{Command, Wants, no_arguments};
use crate::repl::Repl;
use crate::repl::reply::{Next, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["edit", "e"],
    args: "",
    help: "change the program in your editor",
    more: "The editor is $VISUAL, $EDITOR or vi. When it ends with an error, or the text is the same as before, nothing changes.",
    examples: &[":edit"],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    no_arguments(&COMMAND, args)?;
    let text = repl.program.as_ref().map_or(String::new(), |entered| entered.text.clone());
    Ok(Reply::then(Next::Edit(text)))
}
