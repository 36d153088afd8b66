#![forbid(unsafe_code)]
//! `weld passes`: the table of passes; with `--run` every step is compiled, run and compared with the interpreter's answer.

use super::args::PassesArgs;
use super::context::Context;
use super::failure::Failure;
use super::inputs;
use crate::session::measure::{Agreement, Runs};
use crate::view::json;
use crate::view::passes_table::table;
use std::io::Write;

/// Prints the table.
pub fn passes(args: &PassesArgs, cx: &mut Context) -> Result<(), Failure> {
    let loaded = cx.load(&args.source)?;
    let optimized = cx.optimize(&loaded.checked);
    let (core, trace) = (&loaded.checked.program, &optimized.trace);
    let prefixes = if args.run {
        let values = inputs::values(&loaded, &args.inputs.inputs)?;
        let runs = Runs { args: &values, repeat: args.repeat, signal: &cx.signal };
        Some(cx.session.measure_prefixes(core, trace, runs)?)
    } else {
        None
    };
    let front = loaded.checked.times.total();
    let runs = prefixes.as_ref().map_or(&[][..], |prefixes| &prefixes.runs);
    if args.json {
        let judge = prefixes.as_ref().map(|prefixes| prefixes.judge);
        cx.print_json(&json::passes_zero(core, front, runs.first(), judge))?;
        for (at, step) in trace.steps.iter().enumerate() {
            let object = json::passes_step(at + 1, step, runs.get(at), runs.get(at + 1));
            cx.print_json(&object)?;
        }
    } else {
        let text = table(core, front, trace, prefixes.as_ref(), cx.screen);
        cx.out.write_all(text.as_bytes())?;
    }
    let differs = runs.iter().any(|run| run.same == Some(Agreement::Different));
    if differs { Err(Failure::CheckFailed) } else { Ok(()) }
}
