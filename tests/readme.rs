//! What README.md shows is what happens.
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
    assert_eq!(String::from_utf8_lossy(&output.stdout), "[2L, 5L, 10L]\n");
    assert!(readme.lines().any(|line| line == "./setup && cargo test"));
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(ci.lines().any(|line| line == "./setup && cargo test"));
}
