#![forbid(unsafe_code)]
//! `weld run`: the value on standard output, everything else on standard error.

use super::args::RunArgs;
use super::context::{Context, Loaded};
use super::failure::Failure;
use super::inputs;
use crate::ir::Ty;
use crate::passes::Optimized;
use crate::value::{RunError, Value, print};
use crate::view::stats::{CompileStats, run_line};
use crate::view::{Role, json};
use std::io::Write;

/// Runs a program.
pub fn run(args: &RunArgs, cx: &mut Context) -> Result<(), Failure> {
    let loaded = cx.load(&args.source)?;
    if args.inputs.inputs.iter().any(|input| input.spec.starts_with('@')) {
        // Files take time to read; LLVM can start meanwhile.
        cx.session.warm_up();
    }
    let values = inputs::values(&loaded, &args.inputs.inputs)?;
    // Claims may be about what passes did.
    let optimized =
        if args.expect { cx.optimize(&loaded.checked) } else { cx.optimize_unrecorded(&loaded.checked) };
    let ready = cx.ready(&optimized.program)?;
    let compile = CompileStats { front: loaded.checked.times, optimized: &optimized, code: ready.code() };
    if args.time || cx.verbose {
        cx.say(&format!("{}\n", compile.line()));
    }
    let ty = loaded.checked.program.func.body.ty.clone();
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..args.repeat {
        match cx.run(&ready, &values) {
            Ok(ran) => {
                times.push(ran.time);
                last = Some(ran);
            }
            Err(error) if args.expect => return failed_as_expected(&loaded, &optimized, error, cx),
            Err(error) => return Err(error.into()),
        }
    }
    // `--repeat` is at least 1.
    let Some(ran) = last else { return Ok(()) };
    if args.time || cx.verbose {
        cx.say(&format!("{}\n", run_line(&times, cx.session.config().threads, ran.stats.as_ref())));
    }
    if args.json {
        cx.print_json(&json::run(&ran.value, &ty, compile.total(), &times))?;
    } else {
        print::write_to(&ran.value, &ty, &mut cx.out)?;
        cx.out.write_all(b"\n")?;
    }
    if args.expect { check(&loaded, &optimized, Ok((&ran.value, &ty)), cx) } else { Ok(()) }
}

/// An error is right when a claim says so; without such a claim it stays an error.
fn failed_as_expected(
    loaded: &Loaded,
    optimized: &Optimized,
    error: RunError,
    cx: &mut Context,
) -> Result<(), Failure> {
    let claimed = loaded.header.expects.iter().any(|expect| expect.text.starts_with("error "));
    if !claimed {
        return Err(error.into());
    }
    check(loaded, optimized, Err(&error), cx)
}

/// Checks all claims; tells the false ones.
fn check(
    loaded: &Loaded,
    optimized: &Optimized,
    outcome: Result<(&Value, &Ty), &RunError>,
    cx: &mut Context,
) -> Result<(), Failure> {
    // A claim that cannot be read is not true; `load` has told it unless warnings are off.
    let mut all_hold = loaded.header.problems.is_empty();
    if cx.quiet {
        loaded.header.problems.iter().for_each(|problem| cx.say(&format!("{problem}\n")));
    }
    for expect in &loaded.header.expects {
        if let Err(found) = expect.check(optimized, outcome) {
            all_hold = false;
            let word = cx.error_screen.paint(Role::Error, "false:");
            let words = format!("line {}: expect {}: {found}", expect.line, expect.text);
            cx.say(&cx.error_screen.message(&format!("{word} "), "       ", &words));
        }
    }
    if all_hold { Ok(()) } else { Err(Failure::CheckFailed) }
}
