#![forbid(unsafe_code)]
//! `weld find`: in which steps a text is part of the program.

use super::args::AskArgs;
use super::context::Context;
use super::failure::Failure;
use crate::session::query::find as search;
use crate::view::json;
use crate::view::steps::Viewer;
use std::io::Write;

/// Prints the answer.
pub fn find(args: &AskArgs, cx: &mut Context) -> Result<(), Failure> {
    let (source, what) = args.question.split().map_err(|why| Failure::usage(why, None))?;
    let what = what.filter(|what| !what.is_empty());
    let what =
        what.ok_or_else(|| Failure::usage("find what?", Some("give a text:  appender".to_string())))?;
    let loaded = cx.load(&source)?;
    let optimized = cx.optimize(&loaded.checked);
    let runs = search(&loaded.checked.program, &optimized.trace, what);
    if args.json {
        return cx.print_json(&json::find(&runs));
    }
    let text = Viewer::brief(cx.session.sources(), cx.screen).found(
        what,
        &runs,
        &optimized.trace,
        loaded.checked.source,
    );
    Ok(cx.out.write_all(text.as_bytes())?)
}
