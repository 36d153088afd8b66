#![forbid(unsafe_code)]
//! `weld origin`: which source a part of the optimized program came from.

use super::args::AskArgs;
use super::context::Context;
use super::failure::Failure;
use crate::session::query::{is_place, named, node_at, parse_place};
use crate::view::json;
use crate::view::steps::Viewer;
use std::io::Write;

/// Prints the answer.
pub fn origin(args: &AskArgs, cx: &mut Context) -> Result<(), Failure> {
    let (source, what) = args.question.split().map_err(|why| Failure::usage(why, None))?;
    let what = what.ok_or_else(|| {
        Failure::usage(
            "the origin of what?",
            Some("give a name, or a place of what `weld emit weld` prints:  2:3".to_string()),
        )
    })?;
    let wrong = |why: String| {
        Failure::usage(why, Some("`weld emit weld` prints the program with its names and places".to_string()))
    };
    let loaded = cx.load(&source)?;
    let program = cx.optimize_unrecorded(&loaded.checked).program;
    let (object, text) = if is_place(what) {
        let place = parse_place(what).map_err(wrong)?;
        let node = node_at(&mut cx.session, &program, place).map_err(wrong)?;
        let viewer = Viewer::brief(cx.session.sources(), cx.screen);
        (json::origin(what, &node.origin, cx.session.sources()), viewer.origin(&node))
    } else {
        let found = named(&program, what).map_err(wrong)?;
        let viewer = Viewer::brief(cx.session.sources(), cx.screen);
        (json::origin(what, found.origin(), cx.session.sources()), viewer.named(what, &found))
    };
    if args.json {
        return cx.print_json(&object);
    }
    Ok(cx.out.write_all(text.as_bytes())?)
}
