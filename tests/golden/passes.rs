//! `tests/passes/<pass>/{fold,keep}_*.weld`: one pass alone (or the pipeline that the header names), the program after
//! it, and what fired and nearly fired. `fold_` files fire, `keep_` files stay as they are; every rule has both where
//! it has a near miss, and every rule fires somewhere.

use super::fixture::{Fixture, files};
use crate::support::{compile, optimize_checked};
use libtest_mimic::{Failed, Trial};
use std::fmt::Write as _;
use std::path::Path;
use weld::ir::print;
use weld::passes::{ALL, Optimized, parse_pipeline};

/// A trial per file, and one for what the files together must cover.
pub fn trials() -> Vec<Trial> {
    let files = files("tests/passes");
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let mut trials: Vec<Trial> =
        files.into_iter().map(|(name, path)| Trial::test(name, move || trial(&path))).collect();
    trials.push(Trial::test("every rule has fixtures", move || coverage(&names)));
    trials
}

fn trial(path: &Path) -> Result<(), Failed> {
    let fixture = Fixture::read(path)?;
    let pipeline = fixture.header("pass").ok_or("the header has no `#@ pass: name`")?;
    let pipeline = parse_pipeline(pipeline)?;
    let program = compile(&fixture.program)?;
    let optimized = optimize_checked(&program, &pipeline)?;
    let fires = optimized.trace.steps.iter().any(|step| !step.firings.is_empty());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if fires && name.starts_with("keep_") || !fires && name.starts_with("fold_") {
        return Err("a `fold_` fixture must fire, and a `keep_` fixture must not".into());
    }
    Ok(fixture.expect(&remarks(&optimized))?)
}

fn remarks(optimized: &Optimized) -> String {
    let steps = &optimized.trace.steps;
    let mut text = String::new();
    if steps.iter().any(|step| step.changed()) {
        text.push_str(&print::program(&optimized.program));
    } else {
        text.push_str("unchanged");
    }
    text.push('\n');
    for step in steps {
        let pass = step.pass.name;
        for firing in &step.firings {
            let _ = write!(text, "fired: {pass}/{}:\n  {}\n", firing.rule, firing.reason);
        }
        for miss in &step.missed {
            let _ = write!(text, "missed: {pass}/{}:\n  {}\n", miss.rule, miss.condition);
            if let Some(would) = &miss.would {
                let _ = writeln!(text, "  to fire: {would}");
            }
        }
    }
    text
}

/// Every pass has a `fold_` and a `keep_` fixture, and every rule fires in one.
fn coverage(names: &[String]) -> Result<(), Failed> {
    let mut fired = String::new();
    for name in names {
        fired.push_str(&std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name))?);
    }
    let mut missing = Vec::new();
    for info in ALL.iter().map(|pass| pass.info()) {
        for kind in ["fold", "keep"] {
            let start = format!("tests/passes/{}/{kind}_", info.name);
            if !names.iter().any(|name| name.starts_with(&start)) {
                missing.push(format!("{start}*.weld"));
            }
        }
        for rule in info.rules {
            if !fired.contains(&format!("#> fired: {}/{}:", info.name, rule.name)) {
                missing.push(format!("a fixture where {}/{} fires", info.name, rule.name));
            }
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("missing: {}", missing.join(", ")).into()) }
}
