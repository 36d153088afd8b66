//! `verify` on programs whose passes are right: no false alarm, and nothing that breaks in the middle of a pass.
//! `WELD_PROGRAMS=all` takes all programs of `tests/run`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use weld::config::Config;
use weld::passes::parse_pipeline;
use weld::session::Session;
use weld::session::trust::verify::Request;

fn programs(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            programs(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "weld") {
            found.push(path);
        }
    }
}

#[test]
fn right_programs_are_verified() {
    let mut paths = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    programs(&root.join("tests/run"), &mut paths);
    programs(&root.join("demos"), &mut paths);
    paths.sort();
    // All of them take a minute.
    if std::env::var_os("WELD_PROGRAMS").is_none() {
        paths = paths.into_iter().step_by(5).collect();
    }
    let pipeline = parse_pipeline("default").unwrap();
    let (mut wrong, mut verified) = (Vec::new(), 0);
    for path in &paths {
        let mut session = Session::new(Config { threads: 1, ..Config::default() });
        let source = session.add_source("program", std::fs::read_to_string(path).unwrap());
        // Programs that are refused, and those that call functions of no library here, are other tests' business.
        let Ok(checked) = session.check(source) else { continue };
        if checked.program.func.body.facts.calls {
            continue;
        }
        let request = Request {
            program: &checked.program,
            passes: &pipeline,
            given: &[],
            inputs: 6,
            seed: 5,
            small: false,
            compiled: false,
            limit: Duration::from_secs(20),
            signal: &Arc::new(AtomicU32::new(0)),
        };
        let report = session.verify(&request);
        verified += usize::from(report.inputs > 0);
        if let Some(fault) = report.fault {
            wrong.push(format!(
                "{}: {} {:?}\n{:?}\n{:?}",
                path.display(),
                fault.shows(),
                fault.kind,
                fault.wanted,
                fault.found
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(verified > paths.len() / 2, "{verified} of {}", paths.len());
}
