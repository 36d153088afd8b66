#![forbid(unsafe_code)]
//! `weld reduce`: a failing program made small, on standard output.

use super::args::JudgedArgs;
use super::context::{Context, Loaded};
use super::failure::Failure;
use super::judge::{CANNOT_TELL, Judge, cannot_tell};
use super::verify::{given, pipeline, request};
use crate::session::trust::reduce::{Reduced, reduce as search};
use crate::value::print::to_text;
use crate::view::trust::{Shown, reduced_json};
use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Reduces a program.
pub fn reduce(args: &JudgedArgs, cx: &mut Context) -> Result<(), Failure> {
    let loaded = cx.load(&args.source)?;
    let (reduced, shows, head) = if args.command.is_empty() {
        by_verifying(args, &loaded, cx)?
    } else {
        by_command(args, &loaded, cx)?
    };
    let start = &loaded.checked.program;
    if args.json {
        return cx.print_json(&reduced_json(start, &reduced, &shows));
    }
    write!(cx.out, "{head}{}", crate::view::program::core(&reduced.program))?;
    if !cx.quiet {
        let shown = Shown { sources: cx.session.sources(), screen: cx.error_screen };
        cx.say(&shown.reduced(start, &reduced));
    }
    Ok(())
}

/// Keeps what `weld verify` finds wrong. The head gives the inputs that show it.
fn by_verifying(
    args: &JudgedArgs,
    loaded: &Loaded,
    cx: &mut Context,
) -> Result<(Reduced, String, String), Failure> {
    let given = given(loaded, &args.inputs.inputs)?;
    let program = &loaded.checked.program;
    let passes = pipeline(cx);
    let found = cx.quietly(|cx| {
        let request = request(program, &passes, &given, args.how, cx);
        let fault = cx.session.verify(&request).fault?;
        let (reduced, verified) = cx.session.reduce(&request, &fault);
        Some((reduced, fault.shows(), verified))
    });
    let Some((reduced, shows, verified)) = found else {
        let hint = "give a command that fails:  weld reduce FILE -- COMMAND".to_string();
        return Err(Failure::input(
            "`weld verify` finds nothing wrong, so there is nothing to keep",
            Some(hint),
        ));
    };
    let inputs = verified.fault.and_then(|fault| fault.inputs).unwrap_or_default();
    let params = reduced.program.func.params.iter().zip(&inputs);
    let head = params.map(|(param, value)| format!("#@ in {} = {}\n", param.name, to_text(value, &param.ty)));
    let head = head.collect();
    Ok((reduced, shows, head))
}

/// Keeps the exit code of a command.
fn by_command(
    args: &JudgedArgs,
    loaded: &Loaded,
    cx: &mut Context,
) -> Result<(Reduced, String, String), Failure> {
    let judge = Judge::new(&args.command, loaded)?;
    let program = &loaded.checked.program;
    let wanted = judge.ask(program)?;
    if wanted == CANNOT_TELL {
        return Err(cannot_tell("the program as it was written"));
    }
    if wanted == 0 {
        let hint = "a program fails when the command ends with another exit code than 0".to_string();
        return Err(Failure::input(
            "the command succeeds on this program: there is nothing to keep",
            Some(hint),
        ));
    }
    let end = Instant::now().checked_add(args.how.budget);
    let mut over = || end.is_some_and(|end| Instant::now() >= end) || cx.signal.load(Ordering::Relaxed) != 0;
    let reduced =
        search(program, &mut over, &mut |program| judge.ask(program).is_ok_and(|code| code == wanted));
    Ok((reduced, format!("exit code {wanted}"), String::new()))
}
