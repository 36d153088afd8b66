#![forbid(unsafe_code)]
//! `:library`: libraries of C functions for `cudf`.

use super::{Command, Wants};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["library"],
    args: "[LIB]",
    help: "load C functions, or list what is loaded",
    more: "A path, or a name that the system looks for. Functions of the process itself need no library.",
    examples: &[":library"],
    wants: Wants::Path,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    if !args.is_empty() {
        repl.session.load_library(args).map_err(|why| {
            Failure::new(why)
                .help("a path needs a slash: `./libNAME.so`; a plain name is looked for by the system")
        })?;
        return Ok(Reply::text(format!("loaded {args}\n")));
    }
    let names: Vec<&str> = repl.session.libraries().names().collect();
    Ok(Reply::text(if names.is_empty() { "no libraries\n".to_string() } else { names.join("\n") + "\n" }))
}
