#![forbid(unsafe_code)]
//! `weld rules`: the passes with their rules, or one of them in full.

use super::args::RulesArgs;
use super::context::Context;
use super::failure::Failure;
use crate::diag::suggest;
use crate::passes::{ALL, PassInfo};
use crate::view::Role;
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

/// Two lines for each pass.
fn list(cx: &Context) -> String {
    let width = ALL.iter().map(|pass| pass.info().name.len()).max().unwrap_or(0);
    let lines = ALL.iter().map(|pass| {
        let info = pass.info();
        let name = cx.screen.paint(Role::Rule, &format!("{:width$}", info.name));
        format!("{name}  {}\n{:width$}  rules: {}\n", info.summary.trim(), "", info.rules.join(", "))
    });
    lines.collect()
}
