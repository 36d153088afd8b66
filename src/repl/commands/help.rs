#![forbid(unsafe_code)]
//! `:help`: the commands, the keys, a pass or an error code.

use super::{COMMANDS, Command, Wants, find};
use crate::diag::{Code, suggest};
use crate::passes;
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["help", "h", "?"],
    args: "[TOPIC]",
    help: "this list, or more about one thing",
    more: "Topics: the commands, the passes, the codes of errors, and `keys`.",
    examples: &[":help", ":help load", ":help keys", ":help E0203"],
    wants: Wants::Topic,
    run,
};

/// The keys of the prompt.
const KEYS: &str = "\
Enter        sends a whole program, else begins a new line; on an empty line: the next pass
Alt-Enter    begins a new line anywhere
Tab          completes commands, files, names, settings
Up, Down     earlier inputs; Ctrl-R searches them; Right takes the grey proposal
Ctrl-C       clears the line; while a program runs, stops it
Ctrl-D       leaves, on an empty line
Ctrl-A, -E   begin and end of the line; Ctrl-W, -U, -K delete a word, to the begin, to the end
";

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let topic = args.trim_start_matches(':');
    if topic.is_empty() {
        return Ok(Reply::text(repl.render_help()));
    }
    if topic == "keys" {
        return Ok(Reply::text(KEYS));
    }
    if let Some(pass) = passes::find(topic) {
        let info = pass.info();
        return Ok(Reply::text(format!("pass {}\n{}", info.name, without_fences(info.doc))));
    }
    if let Some(code) = Code::ALL.iter().find(|code| code.id().eq_ignore_ascii_case(topic)) {
        return Ok(Reply::text(format!("{} ({}): {}", code.id(), code.class(), code.about())));
    }
    match find(topic) {
        Ok(command) => Ok(Reply::text(about(command))),
        Err(failure) if COMMANDS.iter().any(|command| command.name().starts_with(topic)) => Err(failure),
        Err(_) => {
            let near = suggest(topic, topics());
            let help = near.map_or(":help lists the commands".to_string(), |near| {
                format!("did you mean `:help {near}`?")
            });
            Err(Failure::new(format!("there is no help about `{topic}`")).help(help))
        }
    }
}

/// Everything there is help about, but error codes.
pub(in crate::repl) fn topics() -> impl Iterator<Item = &'static str> {
    let commands = COMMANDS.iter().map(|command| command.name());
    let passes = passes::ALL.iter().map(|pass| pass.info().name);
    commands.chain(passes).chain(["keys"])
}

/// A doc comment for a screen: code is indented, not fenced.
fn without_fences(doc: &str) -> String {
    let mut text = String::new();
    let mut in_code = false;
    // Every line of a doc comment begins with a blank.
    for line in doc.trim_end().lines().map(|line| line.strip_prefix(' ').unwrap_or(line)) {
        if line.starts_with("```") {
            in_code = !in_code;
            continue;
        }
        let indent = if in_code { "    " } else { "" };
        text += &format!("{indent}{line}\n");
    }
    text
}

fn about(command: &Command) -> String {
    let mut text = format!(":{} {}\n  {}\n", command.name(), command.args, command.help);
    if !command.more.is_empty() {
        text += &format!("  {}\n", command.more);
    }
    for example in command.examples {
        text += &format!("  for example  {example}\n");
    }
    if command.names.len() > 1 {
        let others: Vec<String> = command.names.iter().skip(1).map(|name| format!(":{name}")).collect();
        text += &format!("  also  {}\n", others.join("  "));
    }
    text
}
