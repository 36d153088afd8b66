#![forbid(unsafe_code)]
//! `weld bisect`: the pass and the firing that make a program wrong.

use super::args::JudgedArgs;
use super::context::Context;
use super::failure::Failure;
use super::judge::Judge;
use super::verify::{given, pipeline, request};
use crate::session::trust::bisect::{Bisected, Judgement, bisect as search};
use crate::value::RunError;
use crate::view::trust::{Shown, bisected_json};
use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The exit code of a command that cannot judge.
const CANNOT_TELL: i32 = 125;

/// Searches; ends with exit code 3 when a pass is guilty.
pub fn bisect(args: &JudgedArgs, cx: &mut Context) -> Result<(), Failure> {
    let loaded = cx.load(&args.source)?;
    let program = &loaded.checked.program;
    let passes = pipeline(cx);
    let found = if args.command.is_empty() {
        let given = given(&loaded, &args.inputs.inputs)?;
        cx.quietly(|cx| cx.session.bisect(&request(program, &passes, &given, args.how, cx)))
    } else {
        let judge = Judge::new(&args.command, &loaded)?;
        let end = Instant::now().checked_add(args.how.budget);
        let mut trouble = None;
        let found = cx.quietly(|cx| {
            search(program, &passes, &mut |program| {
                let over = end.is_some_and(|end| Instant::now() >= end);
                if over || cx.signal.load(Ordering::Relaxed) != 0 {
                    return Judgement::Stop;
                }
                match judge.ask(program) {
                    Ok(0) => Judgement::Good,
                    Ok(CANNOT_TELL) => Judgement::Stop,
                    Ok(_) => Judgement::Bad,
                    Err(failure) => {
                        trouble = Some(failure);
                        Judgement::Stop
                    }
                }
            })
        });
        if let Some(failure) = trouble {
            return Err(failure);
        }
        found
    };
    if args.json {
        let object = bisected_json(&found, cx.session.sources());
        cx.print_json(&object)?;
    } else {
        let text = Shown { sources: cx.session.sources(), screen: cx.screen }.bisected(&found);
        cx.out.write_all(text.as_bytes())?;
    }
    match found {
        Bisected::Clean => Ok(()),
        Bisected::Stopped if cx.signal.load(Ordering::Relaxed) != 0 => Err(RunError::cancelled().into()),
        Bisected::Guilty(_) | Bisected::WithoutPasses | Bisected::Stopped => Err(Failure::CheckFailed),
    }
}
