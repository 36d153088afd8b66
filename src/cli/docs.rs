#![forbid(unsafe_code)]
//! `weld docs`: the page of one thing, or the list of all things that have one.
//!
//! Must not: know what there is to look up; that is the business of `docs`.

use super::args::DocsArgs;
use super::context::Context;
use super::failure::Failure;
use crate::docs::{find, nearest, topics};
use crate::view;
use std::io::Write;

/// Shows the page of a topic, or lists all topics.
pub fn docs(args: &DocsArgs, cx: &mut Context) -> Result<(), Failure> {
    let Some(id) = &args.id else {
        if args.json {
            return topics().iter().try_for_each(|topic| cx.print_json(&view::json::topic(topic)));
        }
        return Ok(cx.out.write_all(view::docs::list(cx.screen).as_bytes())?);
    };
    let Some(topic) = find(id) else {
        let hint = view::docs::did_you_mean(&nearest(id), "weld docs");
        let hint = hint.unwrap_or("`weld docs` lists everything there is a page about".to_string());
        return Err(Failure::usage(format!("there is no page about `{id}`"), Some(hint)));
    };
    if args.json {
        return cx.print_json(&view::json::topic(&topic));
    }
    Ok(cx.out.write_all(view::docs::page(&topic, cx.screen).as_bytes())?)
}
