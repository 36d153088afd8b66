//! `tests/run/<area>/*.weld`: programs with inputs and results. Each runs in the interpreter as written, after every
//! pass, and as compiled code without and with passes on 1, 2, 3 and 8 threads; all must agree.

use super::fixture::files;
use crate::engines::fixture::{self, Case, Fixture, Wanted};
use crate::engines::{Complaint, Engines, Outcome, Plan, show};
use libtest_mimic::{Failed, Trial};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use weld::ir::Ty;
use weld::value::literal;

/// Engines that no trial is using: starting LLVM once per file would take longer than the runs.
static IDLE: Mutex<Vec<Engines>> = Mutex::new(Vec::new());

/// A trial per file.
pub fn trials() -> Vec<Trial> {
    let files = files("tests/run").into_iter();
    files.map(|(name, path)| Trial::test(name, move || trial(&path))).collect()
}

fn trial(path: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(path)?;
    let fixture = fixture::read(&text)?;
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut engines = idle.unwrap_or_else(Engines::new);
    let outcome = check(&mut engines, &text, &fixture);
    IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(engines);
    Ok(outcome?)
}

fn check(engines: &mut Engines, text: &str, fixture: &Fixture) -> Result<(), String> {
    let checked = match engines.check("fixture", text) {
        Ok(checked) => checked,
        Err(Complaint::Rejected(id, messages)) => {
            let wanted = fixture.cases.iter().all(|case| case.wanted == Wanted::Rejected(id.clone()));
            return if wanted { Ok(()) } else { Err(messages) };
        }
        Err(Complaint::TooSlow) => return Err("checking took too long".to_string()),
        Err(Complaint::Wrong(story)) => return Err(story),
    };
    let inputs =
        fixture.cases.iter().map(|case| case.inputs(&checked.program)).collect::<Result<Vec<_>, _>>()?;
    let plan = Plan {
        exact: !fixture.rounds && fixture.tolerance.is_none(),
        tolerance: fixture.tolerance,
        every_step: true,
        ..Plan::default()
    };
    let ty = checked.program.func.body.ty.clone();
    // What the program gives comes first: engines that agree on something wrong are wrong.
    let outcomes = engines.interpret(&checked, &inputs).map_err(story)?;
    for (case, outcome) in fixture.cases.iter().zip(&outcomes) {
        expect(case, outcome, &ty)?;
    }
    engines.compare(&checked, &inputs, &plan).map_err(story)?;
    Ok(())
}

fn story(complaint: Complaint) -> String {
    match complaint {
        Complaint::Wrong(story) | Complaint::Rejected(_, story) => story,
        Complaint::TooSlow => "the program does not end in time".to_string(),
    }
}

fn expect(case: &Case, outcome: &Outcome, ty: &Ty) -> Result<(), String> {
    let fits = match (&case.wanted, outcome) {
        (Wanted::Anything, _) => true,
        (Wanted::Value(text), Ok(value)) => {
            literal::parse_value(text, ty).map_err(|why| format!("{}: {why}", case.line))?.same(value)
        }
        (Wanted::Error(name), Err(error)) => error.kind.name() == name,
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("{}\n  found: {}", case.line, show(outcome, ty))) }
}
