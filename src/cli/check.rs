#![forbid(unsafe_code)]
//! `weld check`: the type of a program, or what is wrong with it.

use super::args::CheckArgs;
use super::context::Context;
use super::failure::Failure;
use crate::view::{json, program};
use std::io::Write;

/// Checks a program.
pub fn check(args: &CheckArgs, cx: &mut Context) -> Result<(), Failure> {
    let loaded = cx.load(&args.source)?;
    let checked = &loaded.checked;
    if args.json {
        let object = json::check(&checked.program, &checked.warnings, cx.session.sources());
        return cx.print_json(&object);
    }
    Ok(writeln!(cx.out, "{}", program::signature(&checked.program))?)
}
