//! Nasty texts get an answer: a result or a clear message, soon, and never a crash, on a small stack too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "support/outcome.rs"]
mod outcome;

use outcome::outcome;
use std::io::Write as _;
use std::process::{Command, Stdio};
use weld::config::Config;
use weld::session::Session;

/// What stands before and behind `x` at each level, and whether 1000 and 3000 levels make a program.
const NESTS: &[(&str, &str, &str)] = &[
    ("(", ")", "ok"),
    ("-", "", "ok"),
    ("~", "", "ok"),
    ("(-", ")", "ok"),
    ("i64(", ")", "ok"),
    ("if(true, ", ", 0L)", "ok"),
    ("select(true, ", ", 0L)", "ok"),
    ("(let a = 1L; ", ")", "ok"),
    ("let a = (", "); a", "ok"),
    ("(|y| ", ")(1L)", "ok"),
    ("{", "}.$0", "ok"),
    ("(", " : i64)", "ok"),
    ("@(size: 1)", "", "ok"),
    ("(1L + ", ")", "ok"),
    ("lookup([", "], 0L)", "ok"),
    ("len([", "])", "ok"),
    ("min(1L, ", ")", "ok"),
    ("lookup([1L], ", ")", "ok"),
    ("{", "}", "E0503"),
    ("[", "]", "E0503"),
    ("f(", ")", "E0404"),
    ("|y| ", "", "E0210"),
    ("result(", ")", "E0209"),
    ("merge(b, ", ")", "E0401"),
    ("(", "", "E0104"),
    ("[{(", "", "E0104"),
];

#[test]
fn every_kind_of_nesting() {
    for (open, close, expected) in NESTS {
        let text = |levels: usize| format!("|x: i64| {}x{}", open.repeat(levels), close.repeat(levels));
        let levels = 4096 / open.matches(['(', '[', '{', '|']).count().max(1) - 10;
        assert_eq!(outcome(text(levels.min(1000)), *expected == "ok"), *expected, "1000 levels of {open}");
        assert_eq!(outcome(text(levels), false), *expected, "{levels} levels of {open}");
        let deep = outcome(text(5000), false);
        assert!(deep == "E0501" || deep == *expected, "5000 levels of {open}: {deep}");
    }
}

#[test]
fn nested_loops_and_macros() {
    let sums = format!("|x: i64| {}x{}", "sum([".repeat(300), "])".repeat(300));
    assert_eq!(outcome(sums, true), "ok");
    let maps = format!("|v: vec[i64]| {}v{}", "map(".repeat(300), ", |x| x + 1L)".repeat(300));
    assert_eq!(outcome(maps, true), "ok");
    let open = "result(for([1L], merger[i64,+], |b, i, e| merge(b, ";
    let close = ")))";
    assert_eq!(outcome(format!("|x: i64| {}x{}", open.repeat(100), close.repeat(100)), true), "ok");
    assert_eq!(outcome(format!("|x: i64| {}x{}", open.repeat(257), close.repeat(257)), true), "E0501");
    let iterates =
        |n: usize| format!("|x: i64| {}x{}", "iterate(1L, |s| {".repeat(n), " + s, false})".repeat(n));
    assert_eq!(outcome(iterates(256), true), "ok");
    assert_eq!(outcome(iterates(257), true), "E0501");
}

#[test]
fn hundred_thousand_brackets() {
    for text in ["(", ")", "[{(", "!", "|", "-", "vec[", "@(a:1)", ";", "f(,", "'", "\"", ".$0", "x x "] {
        for start in ["", "|x: i64| x", "|x: i64| ", "|x: "] {
            let found = outcome(format!("{start}{}", text.repeat(100_000)), false);
            assert!(found.starts_with('E'), "{start}{text}...: {found}");
        }
    }
    assert_eq!(outcome(format!("|x: i64| {}x{}", "(".repeat(100_000), ")".repeat(100_000)), false), "E0501");
}

#[test]
fn long_flat_programs_run() {
    let each = |count: usize, part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<String>();
    let sum = |count: usize, name: &str| {
        (0..count).map(|at| format!("{name}{at}")).collect::<Vec<String>>().join(" + ")
    };
    for text in [
        format!("|x0: i64| {} x10000", each(10_000, &|at| format!("let x{} = x{at} * 3L + x0; ", at + 1))),
        format!("|x: i64| {}", vec!["x"; 10_000].join(" + ")),
        format!("|x: i64| {}", (0..10_000).map(|at| format!("x > {at}L")).collect::<Vec<_>>().join(" || ")),
        format!(
            "|x: i64| {} {}",
            each(5_000, &|at| format!("let y{at} = if(x > {at}L, 1L, 2L); ")),
            sum(5_000, "y")
        ),
        format!(
            "|x: i64| {} {}",
            each(3_000, &|at| format!("let y{at} = {at}L / (x + 3000L); ")),
            sum(3_000, "y")
        ),
        format!("|x: i64| {} {}", each(10_000, &|at| format!("let y{at} = x * {at}L; ")), sum(10_000, "y")),
        format!(
            "|v: vec[i64]| {} {}",
            each(2_000, &|at| format!("let y{at} = lookup(v, {}L); ", at % 3)),
            sum(2_000, "y")
        ),
        format!("|x: i64| let y = {{x, x}}; {} y.$0", "let y = {y.$1, x}; ".repeat(10_000)),
        format!("{} |x: i64| m9999(x)", each(10_000, &|at| format!("macro m{at}(x) = x + {at}L; "))),
        format!("|x: i64| lookup([{}], 7L)", vec!["x"; 50_000].join(", ")),
    ] {
        assert_eq!(outcome(text.clone(), true), "ok", "{:.80}", text);
    }
}

#[test]
fn megabytes() {
    let text = format!("# {}\n|x: i64| x", "a".repeat(10_000_000));
    assert_eq!(outcome(text, true), "ok");
    assert_eq!(outcome(format!("|| len(\"{}\")", "a".repeat(10_000_000)), true), "ok");
    assert_eq!(outcome(format!("|x: i64| x + {}", "9".repeat(10_000_000)), false), "E0102");
    assert_eq!(outcome(format!("|| {}", "a".repeat(10_000_000)), false), "E0401");
    assert_eq!(outcome(format!("|x: i64| {}x", "x + ".repeat(2_500_000)), false), "E0502");
    assert_eq!(outcome(format!("|| len([{}1])", "1,".repeat(2_500_000)), false), "E0502");
    assert_eq!(outcome("\0".repeat(1_000_000), false), "E0101");
    let garbage: String =
        (0..1_000_000u32).map(|at| char::from((at.wrapping_mul(7919) % 95 + 32) as u8)).collect();
    assert!(outcome(garbage, false).starts_with('E'));
    assert_eq!(outcome("é".repeat(1_000_000), false), "E0101");
}

#[test]
fn many_mistakes() {
    assert_eq!(outcome(format!("|| [{}]", vec!["y"; 100_000].join(",")), false), "E0401");
    assert_eq!(outcome(format!("|| {} 1", "let a = 1 + 1L; ".repeat(50_000)), false), "E0201");
    assert_eq!(outcome(format!("|| {} 1", "let a = ; ".repeat(100_000)), false), "E0103");
    assert_eq!(outcome(format!("|| {} 1", "let f = (|y| y + zz); ".repeat(10_000)), false), "E0401");
    let mut session = Session::new(Config { threads: 1, ..Config::default() });
    let source = session.add_source("p.weld", format!("|| {}1", "@(a: 1) ".repeat(100_000)));
    assert_eq!(session.check(source).unwrap().warnings.0.len(), 20);
}

#[test]
fn odd_characters() {
    for (text, expected) in [
        ("", "E0103"),
        ("   \n\n\t\n", "E0103"),
        ("# only\n# comments\n#", "E0103"),
        ("|x: i64|\n\t\tx\t+\t1L", "ok"),
        ("|x: i64|\r\n  let y = x + 1L;\r\n  y\r\n", "ok"),
        ("|x: i64|\r  x + 1L\r", "ok"),
        ("|x: i64|\r\n\tx + 1\r\n", "E0201"),
        ("\u{feff}|x: i64| x", "E0101"),
        ("|x: i64| x\0 + 1L", "E0101"),
        ("|x: i64|\u{a0}x", "E0101"),
        ("|x: i64| x \u{202e}+ 1L", "E0101"),
        ("|x: i64| \"\u{1f600}\" == \"\u{1f600}\"", "ok"),
        ("|x: i64| \u{1f600}", "E0101"),
        ("|x: i64| x + 1\u{301}", "E0101"),
        ("\"", "E0104"),
        ("e\"\\", "E0104"),
        ("e\"\\x\u{e9}\"", "E0102"),
    ] {
        assert_eq!(outcome(text.to_string(), true), expected, "{text:?}");
    }
}

/// Runs the binary on a program from standard input: its exit code, output and messages.
fn weld(command: &str, program: &[u8]) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_weld"))
        .args([command, "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(program).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_line_answers_odd_bytes() {
    for command in ["check", "run", "explain"] {
        let (code, out, error) = weld(command, b"|| 1 + \xff 2");
        assert_eq!((code, out.as_str()), (Some(1), ""), "{command}: {error}");
        assert!(error.contains("is not UTF-8 text: byte 8 is wrong"), "{error}");
        let utf16: Vec<u8> = "|| 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (code, _, error) = weld(command, &utf16);
        assert_eq!(code, Some(1), "{command}: {error}");
        assert!(error.contains("NUL"), "{error}");
        let (code, _, error) = weld(command, b"");
        assert_eq!(code, Some(1), "{command}: {error}");
        assert!(error.contains("expected an expression, but the program ends"), "{error}");
        let (code, _, error) = weld(command, b"\xef\xbb\xbf|| 1");
        assert_eq!(code, Some(1), "{command}: {error}");
        assert!(error.contains("save the file without a byte order mark"), "{error}");
        let (code, out, error) = weld(command, b"||\r\n\t1 + 2\r\n");
        assert_eq!(code, Some(0), "{command}: {error}");
        assert!(!out.is_empty());
    }
}
