#![forbid(unsafe_code)]
//! `weld verify`: does every rewrite keep the meaning?

use super::args::{Input, Sampling, VerifyArgs};
use super::context::{Context, Loaded};
use super::failure::Failure;
use super::inputs;
use crate::ir::Program;
use crate::passes::{self, Stage};
use crate::session::trust::case::Case;
use crate::session::trust::verify::{Request, Verified};
use crate::value::{RunError, Value};
use crate::view::trust::{Shown, verified_json};
use std::io::Write;
use std::path::Path;

/// Verifies a program.
pub fn verify(args: &VerifyArgs, cx: &mut Context) -> Result<(), Failure> {
    let loaded = cx.load(&args.source)?;
    let given = given(&loaded, &args.inputs.inputs)?;
    let program = &loaded.checked.program;
    let report = cx.quietly(|cx| cx.session.verify(&request(program, &pipeline(cx), &given, args.how, cx)));
    if let (Some(path), Some(_)) = (&args.case, &report.fault) {
        write_case(path, &case(&loaded, &report, args.how, cx), cx)?;
    }
    finish(&report, program, args.json, cx)
}

/// The inputs of the command line and of the header, if there are any.
pub fn given(loaded: &Loaded, given: &[Input]) -> Result<Vec<Vec<Value>>, Failure> {
    if given.is_empty() && !inputs::all_given(loaded, given) {
        return Ok(Vec::new());
    }
    Ok(vec![inputs::values(loaded, given)?])
}

/// The pipeline of the settings.
pub fn pipeline(cx: &Context) -> Vec<Stage> {
    passes::parse_pipeline(&cx.session.config().passes).unwrap_or_default()
}

/// What is asked of the session.
pub fn request<'a>(
    program: &'a Program,
    passes: &'a [Stage],
    given: &'a [Vec<Value>],
    how: Sampling,
    cx: &'a Context,
) -> Request<'a> {
    Request {
        program,
        passes,
        given,
        inputs: how.made,
        seed: how.seed,
        small: true,
        compiled: true,
        limit: how.budget,
        signal: &cx.signal,
    }
}

/// Tells what was found.
pub fn finish(report: &Verified, program: &Program, as_json: bool, cx: &mut Context) -> Result<(), Failure> {
    if as_json {
        let object = verified_json(report, program, cx.session.sources());
        cx.print_json(&object)?;
    } else {
        let text = Shown { sources: cx.session.sources(), screen: cx.screen }.verified(report, program);
        cx.out.write_all(text.as_bytes())?;
    }
    if report.stopped {
        return Err(RunError::cancelled().into());
    }
    if report.fault.is_some() || report.inputs == 0 { Err(Failure::CheckFailed) } else { Ok(()) }
}

/// The case of a fault.
fn case(loaded: &Loaded, report: &Verified, how: Sampling, cx: &Context) -> Case {
    let fault = report.fault.as_deref();
    let inputs = fault.and_then(|fault| fault.inputs.as_deref());
    let case = Case {
        reason: fault.map(|fault| fault.shows()).unwrap_or_default(),
        passes: cx.session.config().passes.clone(),
        seed: how.seed,
        // Inputs that show it need no others beside them.
        made: if inputs.is_some() { 0 } else { how.made },
        inputs: Vec::new(),
        program: cx.session.sources().text(loaded.checked.source).to_string(),
    };
    case.with_inputs(&loaded.checked.program, inputs.unwrap_or_default())
}

/// Writes a case into a file and says so.
pub fn write_case(path: &Path, case: &Case, cx: &Context) -> Result<(), Failure> {
    let name = path.display();
    std::fs::write(path, case.text())
        .map_err(|error| Failure::input(format!("`{name}` cannot be written: {error}"), None))?;
    cx.say(&format!("written: {name}   run it again:  weld replay {name}\n"));
    Ok(())
}
