#![forbid(unsafe_code)]
//! `weld passes`: the table of passes; with `--run` every step is compiled, run and compared with step 0.

use super::args::PassesArgs;
use super::context::{Context, Loaded};
use super::failure::Failure;
use super::inputs;
use crate::ir;
use crate::passes::Optimized;
use crate::value::{ErrorKind, RunError, Value};
use crate::view::json;
use crate::view::passes_table::{Measured, table};
use std::io::Write;
use std::time::Duration;

/// Prints the table.
pub fn passes(args: &PassesArgs, cx: &mut Context) -> Result<(), Failure> {
    let loaded = cx.load(&args.source)?;
    let optimized = cx.optimize(&loaded.checked);
    let runs = if args.run { measure(args, &loaded, &optimized, cx)? } else { Vec::new() };
    let front = loaded.checked.times.total();
    let core = &loaded.checked.program;
    if args.json {
        cx.print_json(&json::passes_zero(core, front, runs.first()))?;
        for (at, step) in optimized.trace.steps.iter().enumerate() {
            cx.print_json(&json::passes_step(at + 1, step, runs.get(at + 1)))?;
        }
    } else {
        let text = table(core, front, &optimized.trace, &runs, cx.screen);
        cx.out.write_all(text.as_bytes())?;
    }
    let differs = runs.iter().any(|run| run.same == Some(false));
    if differs { Err(Failure::CheckFailed) } else { Ok(()) }
}

/// The runs of step 0 and of the program after each pass.
fn measure(
    args: &PassesArgs,
    loaded: &Loaded,
    optimized: &Optimized,
    cx: &Context,
) -> Result<Vec<Measured>, Failure> {
    let values = inputs::values(loaded, &args.inputs.inputs)?;
    let (expected, mut first) = run(&loaded.checked.program, &values, args.repeat, cx)?;
    first.same = None;
    let mut runs = vec![first];
    for step in &optimized.trace.steps {
        let measured = if step.changed() {
            let (outcome, mut measured) = run(&step.after, &values, args.repeat, cx)?;
            measured.same = Some(same(&expected, &outcome));
            measured
        } else {
            let before = runs.last().cloned().unwrap_or_default();
            Measured { same: Some(before.same.unwrap_or(true)), ..before }
        };
        runs.push(measured);
    }
    Ok(runs)
}

/// The value of a run, or the kind of its error.
pub type Outcome = Result<Value, ErrorKind>;

/// Runs a program several times.
pub fn run(
    program: &ir::Program,
    values: &[Value],
    repeat: u32,
    cx: &Context,
) -> Result<(Outcome, Measured), Failure> {
    let ready = cx.ready(program)?;
    let mut times: Vec<Duration> = Vec::new();
    let mut value = None;
    for _ in 0..repeat {
        match cx.run(&ready, values) {
            Ok(ran) => {
                times.push(ran.time);
                value = Some(ran.value);
            }
            Err(error) => return failed(error),
        }
    }
    // `--repeat` is at least 1.
    let outcome = value.ok_or(ErrorKind::Internal);
    Ok((outcome, Measured { times, same: None, error: None }))
}

/// An error of the program is an outcome to compare; everything else ends the command.
fn failed(error: RunError) -> Result<(Outcome, Measured), Failure> {
    match error.kind {
        ErrorKind::Cancelled | ErrorKind::Timeout | ErrorKind::Internal => Err(error.into()),
        kind => {
            Ok((Err(kind), Measured { times: Vec::new(), same: None, error: Some(kind.name().to_string()) }))
        }
    }
}

/// Whether both runs ended alike.
pub fn same(a: &Outcome, b: &Outcome) -> bool {
    match (a, b) {
        (Ok(a), Ok(b)) => a.same(b),
        (Err(a), Err(b)) => a == b,
        _ => false,
    }
}
