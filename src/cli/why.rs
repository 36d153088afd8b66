#![forbid(unsafe_code)]
//! `weld why`: what happened at a place of a program, what nearly did, and what would be then.

use super::args::WhyArgs;
use super::context::Context;
use super::failure::Failure;
use crate::session::query::{Missed, Selection, Spot, is_place, parse_place, predict, why as ask};
use crate::view::json;
use crate::view::queries::nothing;
use crate::view::steps::Viewer;
use std::io::Write;

/// Prints the answer.
pub fn why(args: &WhyArgs, cx: &mut Context) -> Result<(), Failure> {
    let usage = |why: String, hint: Option<&str>| Failure::usage(why, hint.map(str::to_string));
    let (source, what) = args.question.split().map_err(|why| usage(why, None))?;
    let (rule, at) = match what.filter(|what| is_place(what)) {
        Some(_) if args.at.is_some() => return Err(usage("two places are asked about".to_string(), None)),
        Some(place) => (None, Some(parse_place(place).map_err(|why| usage(why, None))?)),
        None => (what, args.at),
    };
    let selection = rule.map(Selection::named).transpose();
    let selection = selection.map_err(|why| usage(why, Some("`weld rules` lists them")))?;
    let loaded = cx.load(&source)?;
    let spot = at.map(|place| Spot::at(cx.session.sources(), loaded.checked.source, place)).transpose();
    let spot = spot.map_err(|why| usage(why, None))?;
    let optimized = cx.optimize(&loaded.checked);
    let pipeline = cx.session.pipeline();
    let answer = ask(&optimized.trace, selection, spot);
    let predict = |missed: Missed<'_>| predict(missed, &loaded.checked.program, &pipeline, &optimized);
    if args.json {
        let object = json::why(&answer, &predict, cx.session.sources());
        return cx.print_json(&object);
    }
    if answer.fired.is_empty() && answer.missed.is_empty() {
        let text = cx.screen.paragraph("", "    ", &nothing(selection, at, &pipeline));
        return Ok(cx.out.write_all(text.as_bytes())?);
    }
    let text = Viewer::brief(cx.session.sources(), cx.screen).why(&answer, &predict);
    Ok(cx.out.write_all(text.as_bytes())?)
}
