#![forbid(unsafe_code)]
//! `:focus`: one loop of the plan instead of the whole program.

use super::{Command, Wants, usage};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["focus"],
    args: "[LOOP|off]",
    help: ":show weld and :step of one loop only",
    more: "`:show plan` numbers the loops. Another program or pipeline ends it.",
    examples: &[":focus L1", ":focus off", ":focus"],
    wants: Wants::Nothing,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    repl.entered()?;
    match args {
        "" => {}
        "off" => repl.focus_on(None)?,
        text => {
            let number = text.trim_start_matches(['L', 'l']).parse().ok();
            let number: usize =
                number.ok_or_else(|| Failure::new(format!("`{text}` is no loop")).help(usage(&COMMAND)))?;
            repl.focus_on(Some(number))?;
        }
    }
    Ok(Reply::text(repl.render_focus()?))
}
