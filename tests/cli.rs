//! The command line as its users see it: transcripts in `tests/cli/*.md`, JSON against its schemas, signals, pipes.
#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "cli/schema.rs"]
mod schema;

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAMS: &str = "tests/cli/programs";

fn weld(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weld"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn lines(args: &[&str], code: i32) -> Vec<String> {
    let output = weld(args).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_string).collect()
}

#[test]
fn transcripts() {
    trycmd::TestCases::new().case("tests/cli/*.md").run();
}

#[test]
fn objects_follow_their_schemas() {
    let squares = &format!("{PROGRAMS}/squares.weld");
    let cases: &[(&str, &[&str], i32)] = &[
        ("run", &["run", "--json", "--repeat", "3", squares], 0),
        ("check", &["check", "--json", "-e", "|v: vec[i64]| @(nokey: 1) sum(v)"], 0),
        ("error", &["check", "--json", &format!("{PROGRAMS}/two-errors.weld")], 1),
        ("error", &["run", "--json", "-e", "1 +"], 1),
        ("error", &["run", "--json", "-e", "|v: vec[i64]| lookup(v, 9L)", "-i", "v=[1L]"], 1),
        ("error", &["run", "--json", "-e", "|v: vec[i64]| v"], 1),
        ("error", &["run", "--json", "-e", "1", "-i", "x=1"], 2),
        ("error", &["run", "--json", "nosuch.weld"], 1),
        ("error", &["run", "--json", "--timeout", "0.2", &format!("{PROGRAMS}/endless.weld")], 124),
        ("passes", &["passes", "--json", squares], 0),
        ("passes", &["passes", "--json", "--run", squares], 0),
        ("passes", &["passes", "--json", "--run", "-e", "|a: i64| 1L / a", "-i", "a=0L"], 0),
        ("verify", &["verify", "--json", "--inputs", "8", squares], 0),
        ("bisect", &["bisect", "--json", "--inputs", "8", squares], 0),
        ("bisect", &["bisect", "--json", squares, "--", "grep", "-q", "squares"], 3),
        ("reduce", &["reduce", "--json", "-e", "1L + 2L * 3L", "--", "false"], 0),
        ("explain", &["explain", "--json", squares], 0),
        ("explain", &["explain", "--json", "--step", "3", squares], 0),
        ("docs", &["docs", "E0203", "--json"], 0),
        ("docs", &["docs", "map", "--json"], 0),
        ("docs", &["docs", "--json"], 0),
        ("error", &["docs", "nosuch", "--json"], 2),
        ("why", &["why", "--json", &format!("{PROGRAMS}/branch.weld")], 0),
        ("why", &["why", "--json", squares, "fuse-vertical", "--at", "6:17"], 0),
        ("error", &["why", "--json", squares, "fuse-verticle"], 2),
        ("origin", &["origin", "--json", squares, "@2:10"], 0),
        ("origin", &["origin", "--json", squares, "v"], 0),
        ("fate", &["fate", "--json", squares, "6:17"], 0),
        ("find", &["find", "--json", squares, "appender"], 0),
        ("error", &["find", "--json", squares], 2),
        ("compare", &["compare", "--json", squares, "--passes", "none"], 0),
        (
            "compare",
            &[
                "compare",
                "--json",
                "--run",
                squares,
                "--passes",
                "default",
                "--passes",
                "[ inline-apply inline-let ]",
            ],
            0,
        ),
        ("bench", &["bench", "--json", squares, "--seconds", "0.01"], 0),
        ("bench", &["bench", "--json", "-e", "|a: i64| 1L / a", "-i", "a=0L"], 0),
        ("error", &["compare", "--json", squares], 2),
        ("passes", &["passes", "--json", squares, "--passes", "[ inline-apply inline-let ]"], 0),
        ("firing", &["explain", "--json", "--step", "3.1", squares], 0),
    ];
    for (name, args, code) in cases {
        let lines = lines(args, *code);
        assert!(!lines.is_empty(), "{args:?}");
        assert!(
            lines.len() == 1 || matches!(*name, "passes" | "explain" | "docs"),
            "{args:?} printed {} lines",
            lines.len()
        );
        for line in lines {
            if let Err(why) = schema::check(name, &line) {
                panic!("{args:?}: {why}\n{line}");
            }
        }
    }
}

/// Traced code is other code: its loops are scalar, and it calls the runtime everywhere.
#[test]
fn traced_programs_give_the_same() {
    let mut programs: Vec<_> =
        std::fs::read_dir("demos").unwrap().map(|entry| entry.unwrap().path()).collect();
    programs.retain(|path| path.extension().is_some_and(|it| it == "weld"));
    assert!(programs.len() > 10);
    for path in programs {
        let path = path.to_str().unwrap();
        for more in [&["-j", "1"][..], &["-j", "3", "--passes", "none"]] {
            let run = |trace: &str| {
                let args = [&["run", path, "--set", trace][..], more].concat();
                weld(&args).output().unwrap()
            };
            let (plain, traced) = (run("trace=false"), run("trace=true"));
            assert_eq!(plain.status.code(), traced.status.code(), "{path}");
            assert_eq!(plain.stdout, traced.stdout, "{path}");
            let told = String::from_utf8_lossy(&traced.stderr);
            assert!(told.lines().any(|line| line.starts_with("[trace] ")), "{path}\n{told}");
            assert!(!String::from_utf8_lossy(&plain.stderr).contains("[trace] "), "{path}");
        }
    }
}

/// However much there is to do, a trace stays short, and its lines whole.
#[test]
fn traces_of_large_runs_are_short() {
    let program =
        "|v: vec[i64]| let w = map(v, |x| let y = x * 3L; y + 1L); sum(map(w, |x| let z = x; z * z))";
    let mut child = weld(&["run", "--set", "trace=true", "-j", "4", "--passes", "none", "-e", program]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.bin");
    std::fs::write(&path, vec![0u8; 8 * 1_000_000]).unwrap();
    let output = child.args(["-i", &format!("v=@{}", path.display())]).output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, b"1000000L\n");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.lines().count() < 40, "{told}");
    assert!(told.lines().all(|line| line.starts_with("[trace] ") && line.matches("[trace]").count() == 1));
    assert!(told.contains(" let y: i64 ran 1000000 times, 3 of them are told"), "{told}");
}

#[test]
fn examples_of_the_help_work() {
    for command in ["why", "origin", "fate", "find", "compare", "bench", "header"] {
        let help = lines(&[command, "-h"], 0).join("\n");
        let example = help.lines().find_map(|line| line.strip_prefix("Try: weld ")).unwrap();
        let call = format!("exec {} {example}", env!("CARGO_BIN_EXE_weld"));
        let output = Command::new("sh").args(["-c", &call]).output().unwrap();
        assert!(output.status.success(), "{example}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty(), "{example}");
    }
}

#[test]
fn files_are_formatted_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let untidy = std::fs::read_to_string(format!("{PROGRAMS}/untidy.weld")).unwrap();
    std::fs::write(path("a.weld"), &untidy).unwrap();
    std::fs::write(path("broken.weld"), "1 +").unwrap();
    std::fs::write(path("good.weld"), "1 + 2\n").unwrap();
    let before = std::fs::metadata(path("good.weld")).unwrap().modified().unwrap();
    let run = |args: &[&str]| weld(args).current_dir(&folder).output().unwrap();

    assert_eq!(run(&["fmt", "--check", "a.weld", "good.weld"]).status.code(), Some(3));
    assert_eq!(std::fs::read_to_string(path("a.weld")).unwrap(), untidy);
    // The broken one stays, the others are formatted all the same.
    let output = run(&["fmt", "broken.weld", "a.weld", "good.weld"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("broken.weld:1:4"));
    assert_eq!(std::fs::read_to_string(path("broken.weld")).unwrap(), "1 +");
    let tidy = std::fs::read_to_string(path("a.weld")).unwrap();
    assert!(tidy.contains("  let a = map(v, |x| x * x); # squares\n\n  # the sum\n"), "{tidy}");
    assert_eq!(run(&["fmt", "--check", "a.weld", "good.weld"]).status.code(), Some(0));
    assert_eq!(std::fs::metadata(path("good.weld")).unwrap().modified().unwrap(), before);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 3);

    let mut child = weld(&["fmt", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(untidy.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap(), tidy);
}

#[test]
fn json_numbers_steps_in_order() {
    let lines = lines(&["passes", "--json", "--run", &format!("{PROGRAMS}/squares.weld")], 0);
    for (at, line) in lines.iter().enumerate() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(object["step"], at);
        assert_eq!(object["same"], true);
        assert_eq!(object["run_ms"].as_array().unwrap().len(), 5);
    }
    let fused: serde_json::Value = serde_json::from_str(&lines[3]).unwrap();
    assert_eq!(fused["pass"], "fuse-vertical");
    assert_eq!(fused["loops"], serde_json::json!([2, 1]));
}

#[test]
fn a_program_is_read_from_standard_input() {
    let mut child = weld(&["run", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"1 +\n  1").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "2\n");
}

#[test]
fn warnings_go_to_standard_error_unless_quiet() {
    let program = "let b = appender[i64]; 1";
    let output = weld(&["run", "-e", program]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"1\n".as_slice()));
    assert!(String::from_utf8_lossy(&output.stderr).contains("warning[W0301]"));
    let output = weld(&["run", "-q", "-e", program]).output().unwrap();
    assert!(output.stderr.is_empty());
}

fn interrupt(child: &Child) {
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

#[test]
fn control_c_ends_an_endless_run() {
    let child = weld(&["run", &format!("{PROGRAMS}/endless.weld")]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let start = Instant::now();
    interrupt(&child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    // 50 ms on an idle machine; tests share theirs.
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert!(output.stdout.is_empty());
}

#[test]
fn control_c_ends_a_command_that_waits_for_input() {
    let mut child = weld(&["run", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take();
    std::thread::sleep(Duration::from_millis(500));
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(stdin);
}

#[test]
fn a_reader_that_goes_away_is_no_error_to_talk_about() {
    let program = "result(for(rangeiter(0L, 2000000L, 1L), appender[i64], |b, i, e| merge(b, e)))";
    let mut child = weld(&["run", "-e", program]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn large_programs_are_explained_in_bounded_time() {
    let lets: String = (0..3000).map(|n| format!("let x{} = x{n} + x{n} * 3L;\n", n + 1)).collect();
    let program = format!("|x0: i64|\n{lets}x3000");
    let mut child =
        weld(&["explain", "--effort", "none", "-", "-i", "x0=1L"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(program.as_bytes()));
    let start = Instant::now();
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn completions_and_manual_pages_are_made() {
    assert!(lines(&["completions", "bash"], 0).iter().any(|line| line.contains("weld")));
    let page = lines(&["man"], 0).join("\n");
    assert!(page.starts_with(".ie") || page.contains(".TH weld"), "{page}");
    assert!(page.contains("weld-explain") || page.contains("weld\\-explain"));
}
