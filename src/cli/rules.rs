#![forbid(unsafe_code)]
//! `weld rules`: the passes with their rules, or one of them in full.

use super::args::RulesArgs;
use super::context::Context;
use super::failure::Failure;
use crate::diag::suggest;
use crate::passes::{ALL, PassInfo};
use crate::view::Role;
use crate::view::table::{Column, Field, render};
use std::io::Write;

/// Lists all passes, or describes the one with this name or with this rule.
pub fn rules(args: &RulesArgs, cx: &mut Context) -> Result<(), Failure> {
    let Some(id) = &args.id else {
        let text = list(cx);
        return Ok(cx.out.write_all(text.as_bytes())?);
    };
    let infos = || ALL.iter().map(|pass| pass.info());
    let named = |info: &&PassInfo| {
        info.name == id || info.aliases.contains(&id.as_str()) || info.rules.contains(&id.as_str())
    };
    let Some(info) = infos().find(named) else {
        let names = infos().flat_map(|info| std::iter::once(&info.name).chain(info.rules)).copied();
        let hint = suggest(id, names).map(|near| format!("did you mean `{near}`?"));
        return Err(Failure::usage(format!("there is no pass or rule `{id}`"), hint));
    };
    writeln!(cx.out, "{}\n", cx.screen.paint(Role::Rule, info.name))?;
    for line in info.doc.lines() {
        writeln!(cx.out, "{}", line.strip_prefix(' ').unwrap_or(line))?;
    }
    Ok(writeln!(cx.out, "\nrules: {}", info.rules.join(", "))?)
}

fn list(cx: &Context) -> String {
    const COLUMNS: &[Column] = &[
        Column { heading: "pass", right: false, least: 8 },
        Column { heading: "what it does", right: false, least: 20 },
        Column { heading: "rules", right: false, least: 10 },
    ];
    let rows: Vec<Vec<Field>> = ALL
        .iter()
        .map(|pass| {
            let info = pass.info();
            vec![
                Field::from(info.name).role(Role::Rule),
                Field::from(info.summary.trim()),
                Field::from(info.rules.join(", ")),
            ]
        })
        .collect();
    render(COLUMNS, &rows, cx.screen)
}
