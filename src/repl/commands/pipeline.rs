#![forbid(unsafe_code)]
//! `:pipeline`: which passes run, in which order, and which groups of them repeat.

use super::{Command, Wants, usage};
use crate::passes::parse_pipeline;
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["pipeline"],
    args: "[TEXT]",
    help: "run these passes; `[ a b ]` is repeated",
    more: "A group in brackets repeats until it changes nothing. `default` stands for the default pipeline, `none` for no pass, `-NAME` takes a pass out of what comes before \
           it. A group that still changes something after 8 rounds stops with a note. :undo takes it back.",
    examples: &[
        ":pipeline \"inline-let [ fuse-vertical fold-constants ] vectorize\"",
        ":pipeline default -cse",
        ":pipeline",
    ],
    wants: Wants::Pipeline,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    if args.is_empty() {
        return Ok(Reply::text(repl.render_pipeline()));
    }
    let quoted = args.strip_prefix('"').map(|rest| rest.strip_suffix('"').filter(|text| !text.contains('"')));
    let text = match quoted {
        Some(text) => text.ok_or_else(|| Failure::new("the quote is not closed").help(usage(&COMMAND)))?,
        None => args,
    };
    let stages = parse_pipeline(text).map_err(|why| Failure::new(why).help(":help pipeline"))?;
    repl.change_pipeline(&stages)
}
