#![forbid(unsafe_code)]
//! `:show`: the program at one level of code, after any pass.

use super::{Command, Wants, usage};
use crate::diag::suggest;
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};
use crate::repl::stepper::no_step;

pub(super) static COMMAND: Command = Command {
    names: &["show"],
    args: "[LEVEL] [@STEP]",
    help: "weld, plan, llvm, llvm-opt or asm of the program",
    more: "@3 is the program after step 3, @0 before all passes; without it the last one. A pass may be named: \
           @inline-let. Without a level it is weld.",
    examples: &[":show weld @0", ":show plan", ":show llvm"],
    wants: Wants::Level,
    run,
};

/// The levels of code.
pub(in crate::repl) const LEVELS: &[&str] = &["weld", "plan", "llvm", "llvm-opt", "asm"];

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let mut words = args.split_whitespace();
    let first = words.next().unwrap_or("weld");
    let (level, step) = if first.starts_with('@') { ("weld", Some(first)) } else { (first, words.next()) };
    if words.next().is_some() {
        return Err(Failure::new("a level and a step are all that `:show` takes").help(usage(&COMMAND)));
    }
    if !LEVELS.contains(&level) {
        let near = suggest(level, LEVELS.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        let help = near.unwrap_or_else(|| format!("there are {}", LEVELS.join(", ")));
        return Err(Failure::new(format!("`{level}` is no level of code")).help(help));
    }
    let step = step.map(|text| step_number(repl, text)).transpose()?;
    Ok(Reply::text(repl.render_level(level, step)?))
}

/// The number of the step in `@3` or `@inline-let`; 0 is the program before all passes.
fn step_number(repl: &Repl, text: &str) -> Result<usize, Failure> {
    let steps = &repl.entered()?.optimized.trace.steps;
    let name = text.strip_prefix('@').unwrap_or(text);
    if let Ok(number) = name.parse::<usize>() {
        return if number <= steps.len() { Ok(number) } else { Err(no_step(number, steps.len())) };
    }
    // The last pass of a name, as the program ends up.
    match steps.iter().rposition(|step| step.pass.name == name) {
        Some(at) => Ok(at + 1),
        None => {
            let near = suggest(name, steps.iter().map(|step| step.pass.name));
            let help =
                near.map_or(":passes lists them".to_string(), |near| format!("did you mean `@{near}`?"));
            Err(Failure::new(format!("no pass of this pipeline is named `{name}`")).help(help))
        }
    }
}
