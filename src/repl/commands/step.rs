#![forbid(unsafe_code)]
//! `:step` and `:back`: one pass at a time.

use super::{Command, Wants, no_arguments, usage};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome};

pub(super) static STEP: Command = Command {
    names: &["step", "s"],
    args: "[STEP[.FIRING]]",
    help: "next step with changes; step 3; its firing 3.2",
    more: "An empty line does the same as :step. `:passes` numbers the steps; 0 is the program before all passes.",
    examples: &[":step", ":step 1"],
    wants: Wants::Nothing,
    run: step,
};

pub(super) static BACK: Command = Command {
    names: &["back", "b"],
    args: "",
    help: "the step with changes before the last shown",
    more: "",
    examples: &[":back"],
    wants: Wants::Nothing,
    run: back,
};

fn step(repl: &mut Repl, args: &str) -> Outcome {
    repl.entered()?;
    if args.is_empty() {
        return repl.step_on();
    }
    let (pass, firing) = args.split_once('.').map_or((args, None), |(pass, firing)| (pass, Some(firing)));
    let number = |text: &str| {
        text.parse().map_err(|_| Failure::new(format!("`{args}` is no step")).help(usage(&STEP)))
    };
    repl.step_to(number(pass)?, firing.map(number).transpose()?)
}

fn back(repl: &mut Repl, args: &str) -> Outcome {
    no_arguments(&BACK, args)?;
    repl.step_back()
}
