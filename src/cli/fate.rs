#![forbid(unsafe_code)]
//! `weld fate`: what became of a source expression.

use super::args::AskArgs;
use super::context::Context;
use super::failure::Failure;
use crate::session::query::{Spot, fate as follow, parse_place};
use crate::view::json;
use crate::view::steps::Viewer;
use std::io::Write;

/// Prints the answer.
pub fn fate(args: &AskArgs, cx: &mut Context) -> Result<(), Failure> {
    let (source, what) = args.question.split().map_err(|why| Failure::usage(why, None))?;
    let what = what.ok_or_else(|| {
        Failure::usage("the fate of what?", Some("give a place of the program:  2:13".to_string()))
    })?;
    let place = parse_place(what).map_err(|why| Failure::usage(why, None))?;
    let loaded = cx.load(&source)?;
    let spot = Spot::at(cx.session.sources(), loaded.checked.source, place);
    let spot = spot.map_err(|why| Failure::usage(why, None))?;
    let optimized = cx.optimize(&loaded.checked);
    let trace = &optimized.trace;
    let fate = follow(&loaded.checked.program, trace, spot);
    let nowhere = || Failure::usage(format!("no expression of the typed program came from {place}"), None);
    let fate = fate.ok_or_else(nowhere)?;
    if args.json {
        let object = json::fate(&fate, cx.session.sources());
        return cx.print_json(&object);
    }
    let text = Viewer::brief(cx.session.sources(), cx.screen).fate(&fate, trace.steps.len());
    Ok(cx.out.write_all(text.as_bytes())?)
}
