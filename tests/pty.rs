//! The explorer on a real (pseudo) terminal: what transcripts cannot see.
//!
//! Waits for texts, never for times; a text that does not come within the limit fails the test.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use rexpect::session::{PtySession, spawn_command};
use std::path::Path;
use std::process::Command;

/// Milliseconds to wait for a text: generous, for loaded machines.
const PATIENCE: u64 = 60_000;

const PROMPT: &str = "weld> ";

/// The explorer with its history under `state`.
fn start(state: &Path, variables: &[(&str, &str)]) -> PtySession {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weld"));
    command
        .env("XDG_STATE_HOME", state)
        .env("TERM", "xterm")
        .env_remove("COLUMNS")
        .env_remove("CLICOLOR_FORCE");
    command.env("NO_COLOR", "1").envs(variables.iter().copied());
    let mut session = spawn_command(command, Some(PATIENCE)).expect("the explorer starts");
    session.exp_string("weld ").expect("a greeting");
    session.exp_string(PROMPT).expect("a prompt");
    session
}

/// Types keys without Enter.
fn keys(session: &mut PtySession, text: &str) {
    session.send(text).and_then(|_| session.flush()).expect("the terminal takes input");
}

/// Types a line and waits for the prompt behind its answer; gives what was on the screen between.
fn type_line(session: &mut PtySession, line: &str) -> String {
    session.send_line(line).expect("the terminal takes input");
    // The first prompt is the one that the line editor draws around what is typed.
    session.exp_string("\r\n").expect("the line is sent");
    session.exp_string(PROMPT).expect("a prompt")
}

fn quit(mut session: PtySession) {
    session.send_line(":quit").expect("the terminal takes input");
    session.exp_eof().expect("the explorer ends");
}

#[test]
fn a_session_with_stepping_many_lines_and_an_interrupt() {
    let state = tempfile::tempdir().unwrap();
    let mut session = start(state.path(), &[]);

    // A program of one line is sent by Enter; empty lines step through its passes.
    let shown = type_line(&mut session, "|v: vec[i64]| sum(map(v, |x| x * 2L))");
    assert!(shown.contains("needs v: vec[i64]"), "{shown}");
    let shown = type_line(&mut session, "");
    assert!(shown.contains("step 1") && shown.contains("inline-apply"), "{shown}");
    let shown = type_line(&mut session, ":in v = [1L, 2L, 3L]");
    assert!(shown.contains("3 elements"), "{shown}");

    // Enter does not send a program that is not whole.
    session.send_line("|v: vec[i64]|").unwrap();
    session.send_line("  let w = map(v, |x| x + 1L);").unwrap();
    let shown = type_line(&mut session, "  sum(w)");
    let shown = if shown.contains("= 9L") { shown } else { session.exp_string(PROMPT).unwrap() };
    assert!(shown.contains("= 9L"), "{shown}");

    // Ctrl-C stops a program that would run for centuries; the session goes on.
    let endless =
        "|| result(for(rangeiter(0L, 9223372036854775807L, 1L), merger[i64,+], |b,i,e| merge(b, e % 7L)))";
    session.send_line(endless).unwrap();
    session.exp_string("p3 : i64").expect("the program is accepted");
    std::thread::sleep(std::time::Duration::from_millis(500));
    session.send_control('c').unwrap();
    session.exp_string("interrupted after").expect("the run stops");
    session.exp_string(PROMPT).unwrap();
    // The same while its passes are measured.
    session.send_line(":passes run").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    session.send_control('c').unwrap();
    session.exp_string("interrupted after").expect("the measuring stops");
    session.exp_string(PROMPT).unwrap();
    let shown = type_line(&mut session, "|| 1 + 1");
    assert!(shown.contains("= 2"), "{shown}");
    quit(session);

    // A program of several lines is one entry of the history.
    let history = std::fs::read_to_string(state.path().join("weld/history")).unwrap();
    assert!(history.contains(r"|v: vec[i64]|\n  let w = map(v, |x| x + 1L);\n  sum(w)"), "{history}");
}

#[test]
fn ctrl_c_clears_the_line_and_ctrl_d_leaves() {
    let state = tempfile::tempdir().unwrap();
    let mut session = start(state.path(), &[]);
    keys(&mut session, "nonsense");
    session.exp_string("nonsense").unwrap();
    session.send_control('c').unwrap();
    session.exp_string(PROMPT).unwrap();
    let shown = type_line(&mut session, "|| 20 + 3");
    assert!(shown.contains("= 23"), "{shown}");
    session.send_control('d').unwrap();
    session.exp_eof().expect("Ctrl-D leaves");
}

#[test]
fn two_blank_lines_give_up_an_unfinished_program() {
    let state = tempfile::tempdir().unwrap();
    let mut session = start(state.path(), &[]);
    session.send_line("sum(").unwrap();
    session.send_line("").unwrap();
    session.send_line("").unwrap();
    session.exp_string("E01").expect("an error about what is missing");
    session.exp_string(PROMPT).unwrap();
    let shown = type_line(&mut session, "|| 7");
    assert!(shown.contains("= 7"), "{shown}");
    quit(session);
}

#[test]
fn tab_completes_and_arrows_bring_back() {
    let state = tempfile::tempdir().unwrap();
    let mut session = start(state.path(), &[]);
    keys(&mut session, ":inp\t");
    session.exp_string(":inputs").expect("the command is completed");
    session.send_line("").unwrap();
    session.exp_string("no inputs").unwrap();
    session.exp_string(PROMPT).unwrap();
    type_line(&mut session, "|| 40 + 2");
    // Up arrow.
    keys(&mut session, "\u{1b}[A");
    session.exp_string("|| 40 + 2").unwrap();
    session.send_line("").unwrap();
    session.exp_string("= 42").expect("the earlier program runs again");
    session.exp_string(PROMPT).unwrap();
    quit(session);
}

#[test]
fn the_editor_changes_the_program_or_nothing() {
    let state = tempfile::tempdir().unwrap();
    let script = state.path().join("editor");
    std::fs::write(&script, "sed -i s/1/5/ \"$2\"; exit $1\n").unwrap();
    let editor = format!("sh {} 0", script.display());
    let mut session = start(state.path(), &[("VISUAL", &editor)]);
    type_line(&mut session, "|| 1 + 2");
    let shown = type_line(&mut session, ":edit");
    assert!(shown.contains("= 7"), "{shown}");
    quit(session);

    let editor = format!("sh {} 3", script.display());
    let mut session = start(state.path(), &[("VISUAL", &editor)]);
    type_line(&mut session, "|| 1 + 2");
    let shown = type_line(&mut session, ":edit");
    assert!(shown.contains("nothing was changed"), "{shown}");
    quit(session);
}

#[test]
fn colours_come_unless_refused() {
    let state = tempfile::tempdir().unwrap();
    let mut session = start(state.path(), &[("NO_COLOR", "")]);
    let shown = type_line(&mut session, "|| 1 + (2L)");
    assert!(
        shown.contains("\u{1b}[1m") || shown.contains("\u{1b}[36m") || shown.contains("\u{1b}[33m"),
        "{shown:?}"
    );
    quit(session);
    let mut session = start(state.path(), &[]);
    let shown = type_line(&mut session, "|| 1 + (2L)");
    assert!(!shown.contains("\u{1b}[36m") && !shown.contains("\u{1b}[33m"), "{shown:?}");
    quit(session);
}

#[test]
fn a_large_paste_does_not_hang() {
    let state = tempfile::tempdir().unwrap();
    let mut session = start(state.path(), &[]);
    let lines: Vec<String> = (0..3000).map(|at| format!("let x{at} = {at}L;")).collect();
    // The terminal brackets what is pasted.
    keys(&mut session, &format!("\u{1b}[200~{}\nx2999\u{1b}[201~", lines.join("\n")));
    session.send_line("").unwrap();
    session.exp_string("= 2999L").expect("the pasted program runs");
    session.exp_string(PROMPT).unwrap();
    quit(session);
}
