//! The fifteen demos: each is small, its claims hold, `weld verify` has nothing against it, and its lesson can be seen in
//! `weld explain`.
#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Lines of program that a reader takes in at one look.
const MOST_LINES: usize = 14;

/// How long a run with the demo's own inputs may take.
const MOST_MILLISECONDS: f64 = 50.0;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn weld(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weld"));
    command.args(args).env("COLUMNS", "400").current_dir(root()).stdin(Stdio::null()).output().unwrap()
}

/// The standard output of a command that must end well.
fn good(args: &[&str]) -> String {
    let output = weld(args);
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "weld {}\n{messages}", args.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

/// Paths and texts, in order.
fn demos() -> Vec<(String, String)> {
    let folder = fs::read_dir(root().join("demos")).unwrap();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|it| it == "weld"));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).unwrap())
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn each_has_its_number_and_its_parts() {
    let demos = demos();
    assert_eq!(demos.len(), 15);
    for (at, (name, text)) in demos.iter().enumerate() {
        assert!(name.starts_with(&format!("demos/{:02}-", at + 1)), "{name}");
        for key in ["#@ title", "#@ lesson", "#@ in", "#@ expect  result ==", "#@ quiz"] {
            assert!(text.lines().any(|line| line.starts_with(key)), "{name} has no `{key}` line");
        }
        let quiz = text.lines().find(|line| line.starts_with("#@ quiz")).unwrap();
        assert!(quiz.contains("? ") || quiz.contains(". "), "{name}: the quiz asks nothing");
        let answer = quiz.rsplit_once("answer ").unwrap().1;
        assert!(quiz.contains(&format!("{answer}) ")), "{name}: `{answer}` is none of the answers");
        assert!(
            text.lines().last().unwrap().starts_with("# To break: "),
            "{name} ends with nothing to break"
        );
        assert!(text.lines().filter(|line| !line.starts_with('#')).count() <= MOST_LINES, "{name} is long");
        good(&["fmt", "--check", name]);
    }
}

#[test]
fn their_claims_hold() {
    for (name, _) in demos() {
        for threads in ["1", "3"] {
            good(&["run", &name, "--expect", "-j", threads]);
        }
    }
}

#[test]
fn they_run_at_once() {
    for (name, _) in demos() {
        let output = good(&["run", &name, "--repeat", "5", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&output).unwrap();
        let times = json["run_ms"].as_array().unwrap();
        let least = times.iter().map(|time| time.as_f64().unwrap()).fold(f64::INFINITY, f64::min);
        assert!(least < MOST_MILLISECONDS, "{name} takes {least} ms");
    }
}

#[test]
fn verify_has_nothing_against_them() {
    for (name, _) in demos() {
        good(&["verify", &name, "--inputs", "6", "-j", "2"]);
    }
}

/// What a claim is about must be in the text that a student reads: the counters, the rule where it fired, and the
/// reason where it did not.
#[test]
fn their_lessons_are_seen() {
    for (name, text) in demos() {
        let shown = good(&["explain", &name]);
        let claims = text.lines().filter_map(|line| line.strip_prefix("#@ expect"));
        let claims: Vec<&str> = claims.flat_map(|claims| claims.split(',')).map(str::trim).collect();
        for claim in &claims {
            if let Some(rule) = claim.strip_prefix("fired ") {
                let fired = |line: &str| {
                    let line = line.trim_start();
                    line.starts_with(&format!("{rule} at ")) || line.starts_with(&format!("{rule} ("))
                };
                assert!(shown.lines().any(fired), "{name}: `{rule}` is not seen\n{shown}");
            }
            if let Some(rule) = claim.strip_prefix("missed ") {
                let missed = format!("not done: {rule} at ");
                assert!(
                    shown.contains(&missed),
                    "{name}: no reason is seen why `{rule}` did not fire\n{shown}"
                );
            }
            if *claim == "simd" {
                assert!(shown.contains(", simd, "), "{name}: no lanes are seen\n{shown}");
            }
        }
        let is_event = |claim: &&&str| claim.starts_with("fired ") || claim.starts_with("missed ");
        assert!(name.contains("01-") || claims.iter().any(|claim| is_event(&claim)), "{name} claims no rule");
    }
}

/// A demo whose claim is wrong must fail, with what was found instead, or the tests above prove nothing.
#[test]
fn wrong_claims_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(root().join("demos/03-filter-map-sum.weld")).unwrap();
    for (at, (claim, found)) in [
        ("result == 386L", "the result is 90L"),
        ("loops == 2", "there are 1"),
        ("temps >= 1", "there are 0"),
        ("nodes <= 3", "there are "),
        ("not fired vectorize", "it fired in step 13.1"),
        ("fired fuse_zip", "it did not fire"),
        ("missed vectorize", "there is no near miss"),
        ("not simd", "a loop computes several elements at once"),
        ("error DivideByZero", "the run has a result"),
    ]
    .iter()
    .enumerate()
    {
        let path = dir.path().join(format!("{at}.weld"));
        fs::write(&path, format!("#@ expect {claim}\n{text}")).unwrap();
        let output = weld(&["run", Path::new(&path).to_str().unwrap(), "--expect"]);
        assert_eq!(output.status.code(), Some(3), "{claim}");
        let messages = String::from_utf8_lossy(&output.stderr);
        let wanted = format!("line 1: expect {claim}: {found}");
        assert!(messages.contains(&wanted), "{wanted}\n{messages}");
    }
}
