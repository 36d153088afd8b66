#![forbid(unsafe_code)]
//! `:history`: what was typed before.

use super::{Command, Wants};
use crate::repl::Repl;
use crate::repl::reply::{Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["history"],
    args: "[N] [TEXT]",
    help: "the last N inputs (20) with TEXT",
    more: "The arrow keys and Ctrl-R bring them back.",
    examples: &[":history", ":history 5", ":history sum"],
    wants: Wants::Nothing,
    run,
};

/// Inputs shown when no number is given.
const SHOWN: usize = 20;

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let (first, rest) = args.split_once(char::is_whitespace).unwrap_or((args, ""));
    let (count, text) = first.parse().map_or((SHOWN, args), |count: usize| (count, rest.trim()));
    // This command is the last entry itself.
    let before = repl.history.len().saturating_sub(1);
    let entries = repl.history.iter().enumerate().take(before).filter(|(_, entry)| entry.contains(text));
    let found: Vec<(usize, &String)> = entries.collect();
    let mut shown = String::new();
    for (at, entry) in found.iter().skip(found.len().saturating_sub(count)) {
        let indented = entry.replace('\n', "\n       ");
        shown += &format!("{:>5}  {indented}\n", at + 1);
    }
    Ok(Reply::text(shown))
}
