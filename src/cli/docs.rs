#![forbid(unsafe_code)]
//! `weld docs`: the page of one thing, or the list of all things that have one.
//!
//! Must not: know what there is to look up; that is the business of `docs`.

use super::args::DocsArgs;
use super::context::Context;
use super::failure::Failure;
use crate::docs::{Topic, find, nearest, topics};
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
    let mut topic = look_up(id)?;
    if let Some(part) = &args.part {
        topic = topic.part(part).ok_or_else(|| {
            let hint = match find(part) {
                Some(found) => format!("`weld docs {}` shows its page", found.id),
                None => format!("`weld docs {}` shows the whole page", topic.id),
            };
            Failure::usage(format!("the page about `{}` has no part `{part}`", topic.id), Some(hint))
        })?;
    }
    if args.json {
        return cx.print_json(&view::json::topic(&topic));
    }
    Ok(cx.out.write_all(view::docs::page(&topic, cx.screen).as_bytes())?)
}

fn look_up(id: &str) -> Result<Topic, Failure> {
    find(id).ok_or_else(|| {
        let hint = view::docs::did_you_mean(&nearest(id), "weld docs");
        let hint = hint.unwrap_or("`weld docs` lists everything there is a page about".to_string());
        Failure::usage(format!("there is no page about `{id}`"), Some(hint))
    })
}
