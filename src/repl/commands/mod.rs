#![forbid(unsafe_code)]
//! The commands: rows of one table, found by any unique beginning of their names.
//!
//! Promises: help, completion and the tests read the same table that runs them; an ambiguous or unknown name is never
//! guessed.

mod bench;
mod clear;
mod compare;
mod edit;
mod fate;
mod find;
mod fmt;
mod focus;
mod generate;
mod give;
mod help;
mod history;
mod inputs;
mod library;
mod load;
mod origin;
mod pass;
mod passes;
mod pipeline;
mod quit;
mod rule;
mod run;
mod set;
mod show;
mod stats;
mod step;
mod time;
mod type_of;
mod undo;
mod verify;
mod what_if;
mod why;

pub(super) use help::topics;
pub(super) use show::LEVELS;

use super::Repl;
use super::reply::{Failure, Outcome};
use crate::diag::suggest;

/// A command.
pub(super) struct Command {
    /// Its name without the colon, then its other names.
    pub names: &'static [&'static str],
    /// Its arguments, for people.
    pub args: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// More about it; may be empty.
    pub more: &'static str,
    /// Lines that work after the program of the help tests was typed.
    pub examples: &'static [&'static str],
    /// What its first argument is, for completion.
    pub wants: Wants,
    /// Runs it on the text behind its name.
    pub run: fn(&mut Repl, &str) -> Outcome,
}

/// What an argument can be completed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// Nothing.
    Nothing,
    /// Program text.
    Program,
    /// The path of a file.
    Path,
    /// The name of an input of the program.
    Input,
    /// A level of code.
    Level,
    /// A setting.
    Setting,
    /// A rule or a pass.
    Rule,
    /// `off`, `on` or `only`, then passes.
    Pass,
    /// Words of a pipeline.
    Pipeline,
    /// A command or a topic of help.
    Topic,
}

/// Every command, in the order of the help.
pub(super) static COMMANDS: &[&Command] = &[
    &load::LOAD,
    &load::RELOAD,
    &edit::COMMAND,
    &fmt::COMMAND,
    &give::COMMAND,
    &generate::COMMAND,
    &inputs::COMMAND,
    &library::COMMAND,
    &run::COMMAND,
    &time::COMMAND,
    &bench::COMMAND,
    &type_of::COMMAND,
    &show::COMMAND,
    &passes::COMMAND,
    &step::STEP,
    &step::BACK,
    &focus::COMMAND,
    &find::COMMAND,
    &why::COMMAND,
    &what_if::COMMAND,
    &rule::COMMAND,
    &origin::COMMAND,
    &fate::COMMAND,
    &pass::COMMAND,
    &pipeline::COMMAND,
    &compare::COMMAND,
    &verify::VERIFY,
    &verify::BISECT,
    &verify::REDUCE,
    &stats::COMMAND,
    &set::COMMAND,
    &undo::COMMAND,
    &history::COMMAND,
    &help::COMMAND,
    &clear::COMMAND,
    &quit::COMMAND,
];

/// Words that are commands without a colon too, unless they make a program.
const BARE: &[Bare] = &[
    Bare { word: "load", takes_arguments: true },
    Bare { word: "help", takes_arguments: true },
    Bare { word: "quit", takes_arguments: false },
    Bare { word: "exit", takes_arguments: false },
];

struct Bare {
    word: &'static str,
    takes_arguments: bool,
}

impl Command {
    /// Its first name.
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or("")
    }
}

/// Runs `line`, a command without its colon.
pub(super) fn run(repl: &mut Repl, line: &str) -> Outcome {
    let line = line.trim();
    let (name, args) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let command = find(if name.is_empty() { "help" } else { name })?;
    (command.run)(repl, args.trim())
}

/// The command called `name`, or whose name begins so and no other does.
pub(super) fn find(name: &str) -> Result<&'static Command, Failure> {
    if let Some(command) = COMMANDS.iter().find(|command| command.names.contains(&name)) {
        return Ok(command);
    }
    let begins = |command: &&&'static Command| command.name().starts_with(name);
    let found: Vec<&'static Command> = COMMANDS.iter().filter(begins).copied().collect();
    match found.as_slice() {
        [command] => Ok(command),
        [] => {
            let all = COMMANDS.iter().flat_map(|command| command.names.iter().copied());
            let help = match suggest(name, all) {
                Some(near) => format!("did you mean `:{near}`?"),
                None => ":help lists the commands".to_string(),
            };
            Err(Failure::new(format!("there is no command `:{name}`")).help(help))
        }
        several => {
            let names: Vec<String> = several.iter().map(|command| format!(":{}", command.name())).collect();
            Err(Failure::new(format!("`:{name}` can be {}", names.join(", "))))
        }
    }
}

/// The command in a line without a colon, such as `load a.weld`.
pub(super) fn without_colon(line: &str) -> Option<&str> {
    if line.contains('\n') {
        return None;
    }
    let (word, args) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let bare = BARE.iter().find(|bare| bare.word == word)?;
    (bare.takes_arguments || args.trim().is_empty()).then_some(line)
}

/// Refuses arguments of a command that takes none.
fn no_arguments(command: &Command, args: &str) -> Result<(), Failure> {
    if args.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("`:{}` takes no arguments", command.name())))
}

/// How a command is called, as help behind an error.
fn usage(command: &Command) -> String {
    let example =
        command.examples.first().map_or(String::new(), |example| format!("   for example  {example}"));
    format!(":{} {}{example}", command.name(), command.args)
}

#[cfg(test)]
mod tests;
