#![forbid(unsafe_code)]
//! `weld replay`: runs a case again and says whether it still goes wrong.

use super::args::{Input, ReplayArgs, Sampling};
use super::context::{Context, read_program};
use super::failure::Failure;
use super::verify::{finish, given, pipeline, request};
use crate::session::trust::case::Case;
use std::time::Duration;

/// How long a case may take.
const BUDGET: Duration = Duration::from_secs(60);

/// Runs a case.
pub fn replay(args: &ReplayArgs, cx: &mut Context) -> Result<(), Failure> {
    let (name, text) = read_program(&args.file)?;
    let case = Case::read(&text).map_err(|message| {
        let hint = Some("`weld verify --case FILE` writes cases".to_string());
        Failure::input(format!("`{name}`: {message}"), hint)
    })?;
    let mut config = cx.session.config().clone();
    config
        .set("passes", &case.passes)
        .map_err(|message| Failure::input(format!("`{name}`: {message}"), None))?;
    cx.session.set_config(config);
    if !cx.quiet && !args.json && !case.reason.is_empty() {
        cx.say(&format!("seen: {}\n", case.reason));
    }
    // The whole file is a program: its own lines are comments, and places are those of the file.
    let loaded = cx.load_text(&name, text, args.file.parent())?;
    let inputs: Vec<Input> = case.inputs.into_iter().map(|(name, spec)| Input { name, spec }).collect();
    // Files named in the head of a program may be far from its case; made-up inputs do then.
    let found = given(&loaded, &inputs);
    let given = if inputs.is_empty() { found.unwrap_or_default() } else { found? };
    let how = Sampling { made: case.made, seed: case.seed, budget: BUDGET };
    let program = &loaded.checked.program;
    let report = cx.quietly(|cx| cx.session.verify(&request(program, &pipeline(cx), &given, how, cx)));
    finish(&report, program, args.json, cx)
}
