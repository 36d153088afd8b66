#![forbid(unsafe_code)]
//! `weld explain`: the whole walk, one step, or one level of one step.

use super::args::{ExplainArgs, StepNumber};
use super::context::{Context, Loaded};
use super::emit;
use super::failure::Failure;
use super::inputs;
use crate::passes::Optimized;
use crate::view::explain::{heading, walk};
use crate::view::stats::{CompileStats, run_line};
use crate::view::steps::{Viewer, program_after};
use crate::view::{json, program, value};
use std::io::Write;

/// Elements of the result that are shown.
const SHOWN_ELEMENTS: usize = 12;

/// Explains a compilation.
pub fn explain(args: &ExplainArgs, cx: &mut Context) -> Result<(), Failure> {
    let loaded = cx.load(&args.source)?;
    let optimized = cx.optimize(&loaded.checked);
    if let Some(step) = args.step {
        check_step(step, &optimized)?;
    }
    match (args.level, args.step) {
        (Some(level), step) => {
            if step.is_some_and(|step| step.firing.is_some()) {
                return Err(Failure::usage(
                    "code exists after a whole step only",
                    Some("write --step P".to_string()),
                ));
            }
            let number = step.map_or(optimized.trace.steps.len(), |step| step.pass);
            let subject = program_after(&loaded.checked.program, &optimized.trace, number);
            let text = emit::level(subject.unwrap_or(&optimized.program), level, cx)?;
            Ok(cx.out.write_all(text.as_bytes())?)
        }
        (None, _) if args.json => print_json(args.step, &loaded, &optimized, cx),
        (None, Some(step)) => print_step(step, &loaded, &optimized, cx),
        (None, None) => print_walk(args, &loaded, &optimized, cx),
    }
}

/// The step and the firing exist.
fn check_step(step: StepNumber, optimized: &Optimized) -> Result<(), Failure> {
    let steps = &optimized.trace.steps;
    let found = step.pass.checked_sub(1).and_then(|at| steps.get(at));
    if step.pass > 0 && found.is_none() {
        let hint = format!("there are steps 0 to {}", steps.len());
        return Err(Failure::usage(format!("there is no step {}", step.pass), Some(hint)));
    }
    let firings = found.map_or(0, |step| step.firings.len());
    match step.firing {
        Some(firing) if firing == 0 || firing > firings => {
            let message = format!("step {} has no firing {firing}", step.pass);
            let plural = if firings == 1 { "" } else { "s" };
            Err(Failure::usage(message, Some(format!("it has {firings} firing{plural}, counted from 1"))))
        }
        _ => Ok(()),
    }
}

fn print_json(
    only: Option<StepNumber>,
    loaded: &Loaded,
    optimized: &Optimized,
    cx: &mut Context,
) -> Result<(), Failure> {
    if only.is_none_or(|step| step.pass == 0) {
        cx.print_json(&json::explain_zero(&loaded.checked.program, loaded.checked.times.total()))?;
    }
    for (at, step) in optimized.trace.steps.iter().enumerate() {
        if only.is_some_and(|only| only.pass != at + 1) {
            continue;
        }
        let firing = only.and_then(|only| only.firing);
        let chosen = firing.and_then(|firing| json::firing_alone(step, firing, cx.session.sources()));
        let object = chosen.unwrap_or_else(|| json::explain_step(at + 1, step, cx.session.sources()));
        cx.print_json(&object)?;
    }
    Ok(())
}

fn print_step(
    number: StepNumber,
    loaded: &Loaded,
    optimized: &Optimized,
    cx: &mut Context,
) -> Result<(), Failure> {
    let viewer = Viewer::full(cx.session.sources(), cx.screen);
    let found = number.pass.checked_sub(1).and_then(|at| optimized.trace.steps.get(at));
    let text = match (found, number.firing) {
        (None, _) => viewer.zero(&loaded.checked.program),
        (Some(step), None) => viewer.step(number.pass, step),
        (Some(step), Some(firing)) => viewer.firing(number.pass, firing, step).unwrap_or_default(),
    };
    Ok(cx.out.write_all(text.as_bytes())?)
}

fn print_walk(
    args: &ExplainArgs,
    loaded: &Loaded,
    optimized: &Optimized,
    cx: &mut Context,
) -> Result<(), Failure> {
    let text = walk(&loaded.checked, optimized, cx.session.sources(), cx.screen);
    cx.out.write_all(text.as_bytes())?;

    let ready = cx.ready(optimized)?;
    let compile = CompileStats { front: loaded.checked.times, optimized, code: ready.code() };
    let table = compile.table(cx.screen);
    write!(cx.out, "\n{}{table}\n{}", heading("statistics", cx.screen), heading("result", cx.screen))?;

    let given = &args.inputs.inputs;
    if given.is_empty() && !inputs::all_given(loaded, given) {
        for need in program::needs(&loaded.checked.program, &|_| false) {
            writeln!(
                cx.out,
                "needs {}: {}   such as -i '{}={}'",
                need.name, need.ty, need.name, need.example
            )?;
        }
        return Ok(());
    }
    let values = inputs::values(loaded, given)?;
    // What can be said before the run is on the screen while it runs.
    cx.out.flush()?;
    let ran = cx.run(&ready, &values)?;
    let ty = &loaded.checked.program.func.body.ty;
    let line = run_line(&[ran.time], cx.session.config().threads, ran.stats.as_ref());
    Ok(writeln!(cx.out, "{}{line}", value::result(&ran.value, ty, SHOWN_ELEMENTS, cx.screen))?)
}
