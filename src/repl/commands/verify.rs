#![forbid(unsafe_code)]
//! `:verify`, `:bisect` and `:reduce`: does every rewrite keep the meaning, which does not, and how small can it be shown?

use super::{Command, Wants, usage};
use crate::passes;
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};
use crate::session::trust::verify::Request;
use crate::value::Value;
use crate::value::print::to_text;
use crate::view;
use crate::view::trust::Shown;
use std::time::Duration;

pub(super) static VERIFY: Command = Command {
    names: &["verify"],
    args: "[INPUTS] [seed=S]",
    help: "compare the program after every rewrite",
    more: "Made-up inputs with lengths and numbers at the edges, and those of :in, run in the interpreter after every \
           firing and in compiled code. A difference names pass, firing, rule and place.",
    examples: &[":verify", ":verify 8 seed=3"],
    wants: Wants::Nothing,
    run: verify,
};

pub(super) static BISECT: Command = Command {
    names: &["bisect"],
    args: "[INPUTS] [seed=S]",
    help: "which pass and firing changes the answer",
    more: "On the same inputs as :verify. `weld bisect FILE -- COMMAND` lets a command judge.",
    examples: &[":bisect 8"],
    wants: Wants::Nothing,
    run: bisect,
};

pub(super) static REDUCE: Command = Command {
    names: &["reduce"],
    args: "[INPUTS] [seed=S]",
    help: "a small program with the same fault",
    more: "Keeps what :verify finds wrong. `weld reduce FILE -- COMMAND` keeps how a command fails.",
    examples: &[":reduce 8"],
    wants: Wants::Nothing,
    run: reduce,
};

/// How many inputs are made up, and which, when nothing else is said.
const USUAL: (usize, u64) = (64, 1);

/// How long a search may take.
const BUDGET: Duration = Duration::from_secs(60);

fn verify(repl: &mut Repl, args: &str) -> Outcome {
    let (inputs, seed) = numbers(&VERIFY, args)?;
    let report = repl.asking(inputs, seed, |repl, request| repl.session.verify(request))?;
    repl.stop_if_asked()?;
    let text = repl.shown().verified(&report, &repl.entered()?.checked.program);
    Ok(Reply { failed: report.fault.is_some(), ..Reply::text(text) })
}

fn bisect(repl: &mut Repl, args: &str) -> Outcome {
    let (inputs, seed) = numbers(&BISECT, args)?;
    let found = repl.asking(inputs, seed, |repl, request| repl.session.bisect(request))?;
    repl.stop_if_asked()?;
    Ok(Reply::text(repl.shown().bisected(&found)))
}

fn reduce(repl: &mut Repl, args: &str) -> Outcome {
    let (inputs, seed) = numbers(&REDUCE, args)?;
    let found = repl.asking(inputs, seed, |repl, request| {
        let fault = repl.session.verify(request).fault?;
        Some(repl.session.reduce(request, &fault))
    })?;
    repl.stop_if_asked()?;
    let Some((reduced, verified)) = found else {
        return Ok(Reply::text("nothing differs, so there is nothing to keep"));
    };
    let mut text = repl.shown().reduced(&repl.entered()?.checked.program, &reduced);
    let values = verified.fault.and_then(|fault| fault.inputs).unwrap_or_default();
    for (param, value) in reduced.program.func.params.iter().zip(&values) {
        text += &format!("#@ in {} = {}\n", param.name, to_text(value, &param.ty));
    }
    Ok(Reply::text(text + &view::program::core(&reduced.program)))
}

/// `64 seed=7`, both optional.
fn numbers(command: &Command, args: &str) -> Result<(usize, u64), Failure> {
    let (mut inputs, mut seed) = USUAL;
    for word in args.split_whitespace() {
        let wrong = |_| Failure::new(format!("`{word}` is not understood here")).help(usage(command));
        match word.strip_prefix("seed=") {
            Some(number) => seed = number.parse().map_err(wrong)?,
            None => inputs = word.parse().map_err(wrong)?,
        }
    }
    Ok((inputs, seed))
}

impl Repl {
    fn shown(&self) -> Shown<'_> {
        Shown { sources: self.session.sources(), screen: self.screen }
    }

    /// Asks the session about the current program, with its inputs if all are given.
    fn asking<T>(
        &self,
        inputs: usize,
        seed: u64,
        ask: impl FnOnce(&Repl, &Request) -> T,
    ) -> Result<T, Failure> {
        let program = &self.entered()?.checked.program;
        let passes = passes::parse_pipeline(&self.session.config().passes).map_err(Failure::new)?;
        let given: Vec<Vec<Value>> = self.inputs.arguments(program).into_iter().collect();
        Ok(ask(
            self,
            &Request {
                program,
                passes: &passes,
                given: &given,
                inputs,
                seed,
                small: true,
                compiled: true,
                limit: BUDGET,
                signal: &self.signal,
            },
        ))
    }
}
