#![forbid(unsafe_code)]
//! `weld rules`: the passes with their rules, or the page of one of them.

use super::args::RulesArgs;
use super::context::Context;
use super::failure::Failure;
use crate::diag::suggest;
use crate::docs;
use crate::passes::ALL;
use crate::view;
use std::io::Write;

/// Lists all rules, or shows the page of the pass or rule with this name.
pub fn rules(args: &RulesArgs, cx: &mut Context) -> Result<(), Failure> {
    let Some(id) = &args.id else {
        return Ok(cx.out.write_all(view::docs::rules(cx.screen).as_bytes())?);
    };
    let Some(topic) = docs::pass_or_rule(id) else {
        let names = ALL.iter().flat_map(|pass| pass.info().names());
        let hint = match (suggest(id, names), docs::find(id)) {
            (_, Some(page)) => format!("`weld docs {}` has a page about it", page.id),
            (Some(near), None) => format!("did you mean `{near}`?"),
            (None, None) => "`weld rules` lists them".to_string(),
        };
        return Err(Failure::usage(format!("there is no pass or rule `{id}`"), Some(hint)));
    };
    Ok(cx.out.write_all(view::docs::page(&topic, cx.screen).as_bytes())?)
}
