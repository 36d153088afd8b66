#![forbid(unsafe_code)]
//! `:help`: the commands, the keys, and the pages of `weld docs`.

use super::{COMMANDS, Command, Wants, find};
use crate::diag::suggest;
use crate::docs;
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};
use crate::view::{self, Screen};

pub(super) static COMMAND: Command = Command {
    names: &["help", "h", "?"],
    args: "[TOPIC]",
    help: "this list, or more about one thing",
    more: "Topics: the commands, `keys`, and everything that `topics` lists: errors, passes, rules, macros, the language.",
    examples: &[":help", ":help load", ":help keys", ":help E0203", ":help appender"],
    wants: Wants::Topic,
    run,
};

/// The keys of the prompt and what they do.
const KEYS: &[(&str, &str)] = &[
    ("Enter", "sends a whole program, else begins a new line; on an empty line: the next step with changes"),
    ("Alt-Enter", "begins a new line anywhere"),
    ("Tab", "completes commands, files, names, settings"),
    ("Up, Down", "earlier inputs; Ctrl-R searches them; Right takes the grey proposal"),
    ("Ctrl-C", "clears the line, or interrupts a run"),
    ("Ctrl-D", "leaves, on an empty line"),
    ("Ctrl-A, -E", "begin and end of the line; Ctrl-W, -U, -K delete a word, to the begin, to the end"),
];

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let topic = args.trim_start_matches(':');
    match topic {
        "" => return Ok(Reply::text(repl.render_help())),
        "keys" => {
            let line = |(key, does): &(&str, &str)| {
                repl.screen.paragraph(&format!("{key:11}  "), &" ".repeat(13), does)
            };
            return Ok(Reply::text(KEYS.iter().map(line).collect::<String>()));
        }
        "topics" => return Ok(Reply::text(view::docs::list(repl.screen))),
        _ => {}
    }
    // `type` is a command and a keyword; with its colon it is the command.
    let page = if args.starts_with(':') { None } else { docs::find(topic) };
    let command = COMMANDS.iter().find(|command| command.names.contains(&topic));
    match (command, page) {
        (Some(command), None) => Ok(Reply::text(about(command, repl.screen))),
        (None, Some(page)) => Ok(Reply::text(view::docs::page(&page, repl.screen))),
        (Some(command), Some(page)) => Ok(Reply::text(format!(
            "{}\n{}",
            about(command, repl.screen),
            view::docs::page(&page, repl.screen)
        ))),
        (None, None) => match find(topic) {
            Ok(command) => Ok(Reply::text(about(command, repl.screen))),
            Err(failure) if COMMANDS.iter().any(|command| command.name().starts_with(topic)) => Err(failure),
            Err(_) => Err(unknown(topic)),
        },
    }
}

fn unknown(topic: &str) -> Failure {
    let near = match suggest(topic, COMMANDS.iter().map(|command| command.name())) {
        Some(command) => vec![command],
        None => docs::nearest(topic),
    };
    let help = view::docs::did_you_mean(&near, ":help")
        .unwrap_or(":help lists the commands, :help topics the pages".to_string());
    Failure::new(format!("there is no help about `{topic}`")).help(help)
}

/// Everything there is help about.
pub(in crate::repl) fn topics() -> impl Iterator<Item = String> {
    let commands = COMMANDS.iter().map(|command| command.name().to_string());
    let pages = docs::topics().into_iter().map(|topic| topic.id.to_string());
    commands.chain(pages).chain(["keys".to_string(), "topics".to_string()])
}

fn about(command: &Command, screen: Screen) -> String {
    let mut text = format!(":{} {}\n", command.name(), command.args);
    for words in [command.help, command.more].iter().filter(|words| !words.is_empty()) {
        text += &screen.paragraph("  ", "  ", words);
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
