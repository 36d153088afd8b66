#![forbid(unsafe_code)]
//! `weld bisect`: the pass and the firing that make a program wrong.
//!
//! Promises: exit code 3 says that something is wrong; a search without an answer is an error.

use super::args::JudgedArgs;
use super::context::Context;
use super::failure::Failure;
use super::judge::{CANNOT_TELL, Judge, cannot_tell};
use super::verify::{given, pipeline, request};
use crate::session::trust::bisect::{Bisected, Judgement, bisect as search};
use crate::value::RunError;
use crate::view::trust::{Shown, bisected_json};
use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Instant;

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
        let (mut trouble, mut asked) = (None, 0);
        let found = cx.quietly(|cx| {
            search(program, &passes, &mut |program| {
                let over = end.is_some_and(|end| Instant::now() >= end);
                if over || cx.signal.load(Ordering::Relaxed) != 0 {
                    return Judgement::Stop;
                }
                asked += 1;
                match judge.ask(program) {
                    Ok(0) => Judgement::Good,
                    Ok(CANNOT_TELL) => {
                        trouble = Some(cannot_tell(match asked {
                            1 => "the program after all passes",
                            2 => "the program as it was written",
                            _ => "a program between two passes",
                        }));
                        Judgement::Stop
                    }
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
    if matches!(found, Bisected::Stopped) {
        if cx.signal.load(Ordering::Relaxed) != 0 {
            return Err(RunError::cancelled().into());
        }
        let hint = "`--for SECONDS` gives it more".to_string();
        return Err(Failure::input("the time was over before the culprit was found", Some(hint)));
    }
    if args.json {
        let object = bisected_json(&found, cx.session.sources());
        cx.print_json(&object)?;
    } else {
        let text = Shown { sources: cx.session.sources(), screen: cx.screen }.bisected(&found);
        cx.out.write_all(text.as_bytes())?;
    }
    match found {
        Bisected::Clean | Bisected::Stopped => Ok(()),
        Bisected::Guilty(_) | Bisected::WithoutPasses => Err(Failure::CheckFailed),
    }
}
