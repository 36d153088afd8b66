#![forbid(unsafe_code)]
//! `:rule`: what a rule does, with an example.

use super::{Command, Wants, usage};
use crate::diag::suggest;
use crate::docs;
use crate::passes::ALL;
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};
use crate::view;

pub(super) static COMMAND: Command = Command {
    names: &["rule", "rules"],
    args: "[NAME]",
    help: "what a rule or pass does, with an example; or all rules",
    more: "",
    examples: &[":rule fuse_loops", ":rule predicate", ":rule"],
    wants: Wants::Rule,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    if args.is_empty() {
        return Ok(Reply::text(view::docs::rules(repl.screen)));
    }
    match docs::pass_or_rule(args) {
        Some(page) => Ok(Reply::text(view::docs::page(&page, repl.screen))),
        None => {
            let help = match suggest(args, ALL.iter().flat_map(|pass| pass.info().names())) {
                Some(near) => format!("did you mean `:rule {near}`?"),
                None => usage(&COMMAND),
            };
            Err(Failure::new(format!("there is no pass or rule `{args}`")).help(help))
        }
    }
}
