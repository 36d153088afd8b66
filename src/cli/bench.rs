#![forbid(unsafe_code)]
//! `weld bench`: compile and run times of a program, with their spread, for pipelines and numbers of threads.

use super::args::BenchArgs;
use super::context::Context;
use super::failure::Failure;
use super::inputs;
use crate::passes::parse_pipeline;
use crate::session::bench::{Bench, Variant};
use crate::view::{bench as table, json};
use std::io::Write;

/// Measures; a different answer is exit code 3.
pub fn bench(args: &BenchArgs, cx: &mut Context) -> Result<(), Failure> {
    let loaded = cx.load(&args.source)?;
    let values = inputs::values(&loaded, &args.inputs.inputs)?;
    let given =
        if cx.pipelines.is_empty() { vec![cx.session.config().passes.clone()] } else { cx.pipelines.clone() };
    let variant = |name: String| {
        let stages = parse_pipeline(&name).map_err(|why| Failure::usage(why, None))?;
        Ok(Variant { name, stages })
    };
    let variants = given.into_iter().map(variant).collect::<Result<Vec<_>, Failure>>()?;
    let threads = threads(&args.threads_list, cx.session.config().threads);
    let bench = Bench {
        variants: &variants,
        threads: &threads,
        args: &values,
        budget: args.seconds,
        signal: &cx.signal,
    };
    let report = cx.session.bench(&loaded.checked, bench)?;
    if args.json {
        cx.print_json(&json::bench(&report, &variants))?;
    } else {
        cx.out.write_all(table::bench(&report, &variants, cx.screen).as_bytes())?;
    }
    if report.same_answer() == Some(false) { Err(Failure::CheckFailed) } else { Ok(()) }
}

/// The numbers of threads to run on: those that were asked for, else one and `most`.
fn threads(asked: &[u32], most: usize) -> Vec<usize> {
    if asked.is_empty() {
        return if most > 1 { vec![1, most] } else { vec![1] };
    }
    asked.iter().map(|threads| *threads as usize).collect()
}
