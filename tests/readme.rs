//! What README.md shows is what happens, and what the demos claim is true.
#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn weld(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weld"));
    command.args(args).current_dir(root()).stdin(Stdio::null()).output().unwrap()
}

fn demos() -> Vec<String> {
    let mut demos: Vec<String> = fs::read_dir(root().join("demos"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "weld"))
        .map(|path| path.strip_prefix(root()).unwrap().to_string_lossy().into_owned())
        .collect();
    demos.sort();
    demos
}

#[test]
fn the_transcripts_of_the_readme() {
    trycmd::TestCases::new().case("README.md").run();
}

/// The two commands at the top: the first is run with the binary that `cargo run` would run, the second is what CI runs.
#[test]
fn the_two_commands_of_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let line = readme.lines().find(|line| line.starts_with("./setup && cargo run --release -- ")).unwrap();
    let args: Vec<&str> = line.trim_start_matches("./setup && cargo run --release -- ").split(' ').collect();
    let output = weld(&args);
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "385L\n");
    assert!(readme.lines().any(|line| line == "./setup && cargo test"));
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(ci.lines().any(|line| line == "./setup && cargo test"));
}

#[test]
fn demos_keep_their_claims() {
    let demos = demos();
    assert!(demos.len() >= 5, "{demos:?}");
    for demo in &demos {
        let text = fs::read_to_string(root().join(demo)).unwrap();
        for key in ["#@ title", "#@ lesson", "#@ in", "#@ expect  result"] {
            assert!(text.lines().any(|line| line.starts_with(key)), "{demo} has no `{key}` line");
        }
        for threads in ["1", "3"] {
            let output = weld(&["run", demo, "--expect", "-j", threads]);
            let messages = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{demo} on {threads} threads\n{messages}");
        }
    }
}

/// A demo whose claim is wrong must fail, or the test above proves nothing.
#[test]
fn wrong_claims_are_found() {
    let dir = tempfile::tempdir().unwrap();
    for (at, claim) in
        ["result == 386L", "loops == 2", "not fired vectorize", "temps == 1"].iter().enumerate()
    {
        let path = dir.path().join(format!("{at}.weld"));
        let text = fs::read_to_string(root().join("demos/sum-of-squares.weld")).unwrap();
        fs::write(&path, format!("#@ expect {claim}\n{text}")).unwrap();
        let output = weld(&["run", Path::new(&path).to_str().unwrap(), "--expect"]);
        assert_eq!(output.status.code(), Some(3), "{claim}");
    }
}
