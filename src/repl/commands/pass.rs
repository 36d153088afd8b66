#![forbid(unsafe_code)]
//! `:pass`: single passes off and on.

use super::{Command, Wants, usage};
use crate::diag::suggest;
use crate::passes::{Stage, parse_pipeline, switched_off, switched_on};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["pass"],
    args: "[off|on|only NAMES]",
    help: "take passes out, put them back, keep only these",
    more: "`on` puts a pass where the default pipeline has it; `only` runs them in the order given. :undo takes it back.",
    examples: &[":pass off cse licm", ":pass only inline-let fuse-vertical", ":pass"],
    wants: Wants::Pass,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let (word, names) = args.split_once(char::is_whitespace).unwrap_or((args, ""));
    if word.is_empty() {
        return Ok(Reply::text(repl.render_pipeline()));
    }
    if !["off", "on", "only"].contains(&word) {
        let near = suggest(word, ["off", "on", "only"].into_iter());
        let help = near.map_or_else(|| usage(&COMMAND), |near| format!("did you mean `:pass {near}`?"));
        return Err(Failure::new(format!("`{word}` is none of off, on, only")).help(help));
    }
    if names.trim().is_empty() {
        return Err(Failure::new(format!("which passes {word}?")).help(usage(&COMMAND)));
    }
    let wrong = |why: String| Failure::new(why).help(":pass shows the pipeline");
    let mut stages: Vec<Stage> = repl.session.pipeline();
    if word == "only" {
        stages = parse_pipeline(names).map_err(wrong)?;
    } else {
        for name in names.split([' ', '\t', ',']).filter(|name| !name.is_empty()) {
            let switched = if word == "off" { switched_off } else { switched_on };
            stages = switched(&stages, name).map_err(wrong)?;
        }
    }
    repl.change_pipeline(&stages)
}
