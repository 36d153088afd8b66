//! Limits instead of overflow: for each limit of the language the last program that is accepted and the first that is
//! refused, both on a small stack.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "support/outcome.rs"]
mod outcome;

use outcome::outcome;
use std::time::{Duration, Instant};
use weld::config::Config;
use weld::session::Session;

/// The largest `n` up to `most` for which the program is accepted; there is one such limit only.
fn last_accepted(most: usize, code: &str, program: &dyn Fn(usize) -> String) -> usize {
    let (mut good, mut bad) = (0, most + 1);
    while bad - good > 1 {
        let middle = good.midpoint(bad);
        match outcome(program(middle), false).as_str() {
            "ok" => good = middle,
            found => {
                assert_eq!(found, code, "{middle} of {:.60}", program(1));
                bad = middle;
            }
        }
    }
    good
}

/// The codes of all errors of a text.
fn errors(text: &str) -> Vec<&'static str> {
    let mut session = Session::new(Config { threads: 1, ..Config::default() });
    let source = session.add_source("p.weld", text.to_string());
    let messages = session.check(source).map_or_else(|messages| messages.0, |checked| checked.warnings.0);
    messages.iter().filter(|message| message.code.is_error()).map(|message| message.code.id()).collect()
}

/// What stands before and behind the middle at each level, the code of what is too deep, and the last depth accepted.
/// A level is an expression inside another: two where a construct has parentheses or a lambda of its own.
const NESTS: &[(&str, &str, &str, &str, usize)] = &[
    ("parentheses", "(", ")", "E0501", 4094),
    ("if", "if(true, ", ", 0L)", "E0501", 4094),
    ("lambda", "(|y| ", ")(1L)", "E0501", 2047),
    ("minus", "-", "", "E0501", 4096),
    ("minus of parentheses", "(-", ")", "E0501", 4094),
    ("not", "!", "", "E0501", 4096),
    ("vector", "len([", "])", "E0501", 2047),
    ("vector type", "[", "]", "E0503", 255),
    ("struct", "{", "}.$0", "E0501", 4094),
    ("struct type", "{", "}", "E0503", 255),
    ("let in a value", "let a = (", "); a", "E0501", 4094),
    ("let in an operand", "(let a = 1L; ", " + a)", "E0501", 4094),
    ("loop", "result(for([1L], merger[i64,+], |b, i, e| merge(b, ", ")))", "E0501", 256),
];

#[test]
fn nesting() {
    for (what, open, close, code, expected) in NESTS {
        let ty = if *what == "not" { "bool" } else { "i64" };
        let program = |n: usize| format!("|x: {ty}| {}x{}", open.repeat(n), close.repeat(n));
        assert_eq!(last_accepted(4500, code, &program), *expected, "{what}");
        // The deepest one also gets through everything that comes after checking.
        assert_eq!(outcome(program(*expected), true), "ok", "{what}");
    }
}

#[test]
fn types_that_are_deep_or_wide() {
    let vectors = |n: usize| format!("|v: {}i64{}| v", "vec[".repeat(n), "]".repeat(n));
    assert_eq!(last_accepted(1000, "E0503", &vectors), 255);
    let structs = |n: usize| format!("|v: {}i64{}| v", "{".repeat(n), "}".repeat(n));
    assert_eq!(last_accepted(1000, "E0503", &structs), 255);
    let aliases = |n: usize| {
        let chain: String = (0..n).map(|at| format!("type t{} = vec[t{at}]; ", at + 1)).collect();
        format!("type t0 = i64; {chain}|v: t{n}| v")
    };
    assert_eq!(last_accepted(1000, "E0503", &aliases), 255);
    for n in [255, 256] {
        let expected = if n == 255 { "ok" } else { "E0503" };
        // Three elements at each of 255 levels would be too many to run it on.
        assert_eq!(outcome(vectors(n), false), expected);
        assert_eq!(outcome(structs(n), n == 255), expected);
    }
    let fields = |n: usize| format!("|p: {{{}}}| p.${}", vec!["i64"; n].join(","), n - 1);
    assert_eq!((outcome(fields(4096), true), outcome(fields(4097), false)), ("ok".into(), "E0503".into()));
    let values = |n: usize| format!("|x: i64| {{{}}}.${}", vec!["x"; n].join(","), n - 1);
    assert_eq!((outcome(values(4096), true), outcome(values(4097), false)), ("ok".into(), "E0503".into()));
    // All fields count: those of fields, too, and both of the outer struct.
    let both = |n: usize| format!("|p: {{{{{}}},i64}}| p.$1", vec!["i64"; n].join(","));
    assert_eq!(last_accepted(4200, "E0503", &both), 4094);
}

#[test]
fn the_size_of_the_text() {
    const LIMIT: usize = 64 << 20;
    let program = "|x: i64| x";
    let padded = |bytes: usize| format!("{program}{}", " ".repeat(bytes - program.len()));
    assert_eq!(outcome(padded(LIMIT), false), "ok");
    let mut session = Session::new(Config { threads: 1, ..Config::default() });
    let source = session.add_source("p.weld", padded(LIMIT + 1));
    let start = Instant::now();
    let messages = session.check(source).unwrap_err();
    assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
    assert_eq!(messages.0[0].code.id(), "E0502");
    assert!(messages.0[0].title.contains("67108864"), "{}", messages.0[0].title);
}

#[test]
fn operands_of_a_program() {
    let items = |n: usize| format!("|x: i64| len([{}])", vec!["x"; n].join(","));
    assert_eq!(outcome(items(900_000), false), "ok");
    assert_eq!(outcome(items(1_000_001), false), "E0502");
}

/// Lets are a row and no nesting. LLVM's own passes take time that is more than linear, so they are left out here.
#[test]
fn a_hundred_thousand_lets() {
    let lets: String = (0..100_000).map(|at| format!("let x{} = x{at} * 3L + x0; ", at + 1)).collect();
    let text = format!("|x0: i64| {lets}x100000");
    let config = Config { threads: 1, effort: weld::plan::Effort::None, ..Config::default() };
    assert_eq!(outcome::with(config, text, true), "ok");
}

#[test]
fn what_macros_write() {
    let calls = |count: usize| {
        let body = vec!["x"; 100].join(" + ");
        format!("macro m(x) = {body}; |a: i64| len([{}])", vec!["m(a)"; count].join(","))
    };
    let most = last_accepted(10_100, "E0502", &calls);
    // About three hundred a call: its operands, operators, and the copies of its argument.
    assert!((3_300..=3_400).contains(&most), "{most}");
    let start = Instant::now();
    let doubling: String =
        (1..=60).map(|at| format!("macro m{at}(x) = m{}(x) + m{}(x); ", at - 1, at - 1)).collect();
    assert_eq!(outcome(format!("macro m0(x) = x; {doubling}|a: i64| m28(a)"), false), "E0502");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    // Deeper ones are refused before they grow.
    assert_eq!(outcome(format!("macro m0(x) = x; {doubling}|a: i64| m60(a)"), false), "E0406");
}

#[test]
fn macros_that_call_macros() {
    let chain = |n: usize| {
        let defs: String = (1..n).map(|at| format!("macro m{at}(x) = m{}(x); ", at - 1)).collect();
        format!("macro m0(x) = x + 1L; {defs}|a: i64| m{}(a)", n - 1)
    };
    assert_eq!(last_accepted(100, "E0406", &|n| chain(n.max(1))), 29);
    assert_eq!(outcome(chain(29), true), "ok");
    let cycle = |n: usize| {
        let defs: String = (0..n).map(|at| format!("macro m{at}(x) = m{}(x); ", (at + 1) % n)).collect();
        let mut session = Session::new(Config { threads: 1, ..Config::default() });
        let source = session.add_source("p.weld", format!("{defs}|a: i64| m0(a)"));
        session.check(source).unwrap_err().0[0].title.clone()
    };
    assert!(cycle(1).ends_with("m0 -> m0"), "{}", cycle(1));
    assert!(cycle(3).ends_with("m0 -> m1 -> m2 -> m0"), "{}", cycle(3));
}

#[test]
fn at_most_twenty_errors() {
    for (what, mistake, code) in [
        ("syntax", "let a = ; ", "E0103"),
        ("literals", "let a = 3000000000; ", "E0102"),
        ("macros", "let a = map(1); ", "E0405"),
        ("types", "let a = 1 + 1L; ", "E0201"),
        ("names", "let a = nothing; ", "E0401"),
        ("builders", "let a = (let b = appender[i64]; {b, b}); ", "E0310"),
    ] {
        for n in [1, 2, 19, 20, 21, 500] {
            let found = errors(&format!("|x: i64| {}x", mistake.repeat(n)));
            assert_eq!(found, vec![code; n.min(20)], "{what} {n}");
        }
    }
}

#[test]
fn integers_at_the_ends_of_their_types() {
    for (suffix, ty, low, high) in [
        ("c", "i8", i128::from(i8::MIN), i128::from(i8::MAX)),
        ("si", "i16", i16::MIN.into(), i16::MAX.into()),
        ("", "i32", i32::MIN.into(), i32::MAX.into()),
        ("L", "i64", i64::MIN.into(), i64::MAX.into()),
        ("uc", "u8", 0, u8::MAX.into()),
        ("usi", "u16", 0, u16::MAX.into()),
        ("u", "u32", 0, u32::MAX.into()),
        ("ul", "u64", 0, u64::MAX.into()),
    ] {
        let literal = |value: i128| outcome(format!("let x: {ty} = {value}{suffix}; x"), true);
        assert_eq!((literal(high), literal(high + 1)), ("ok".into(), "E0102".into()), "{ty}");
        assert_eq!(literal(low), "ok", "{ty}");
        if low < 0 {
            assert_eq!(literal(low - 1), "E0102", "{ty}");
        }
        if !suffix.starts_with('c') {
            let hexadecimal = |value: i128| outcome(format!("let x: {ty} = 0x{value:x}{suffix}; x"), true);
            assert_eq!((hexadecimal(high), hexadecimal(high + 1)), ("ok".into(), "E0102".into()), "{ty}");
        }
    }
    // A float of any length and size is the nearest one.
    for (text, value) in [
        ("1.7976931348623157e308", "1.7976931348623157e308"),
        ("1e999999", "1.0/0.0"),
        ("4.9e-324", "5e-324"),
        ("1e-999999", "0.0"),
        ("0.1000000000000000055511151231257827021181583404541015625", "0.1"),
    ] {
        let mut session = Session::new(Config { threads: 1, ..Config::default() });
        let source = session.add_source("p.weld", format!("{text} == {value}"));
        let checked = session.check(source).unwrap();
        let found = session.interpret(&checked.program, &[], &Default::default()).unwrap();
        assert_eq!(format!("{found:?}"), "Scalar(Bool(true))", "{text}");
    }
    assert_eq!(outcome(format!("0.{}", "1".repeat(1_000_000)), true), "ok");
}

#[test]
fn names_that_are_given_twice() {
    for (text, expected) in [
        ("|x: i64, x: i64| x", "E0403"),
        ("|x: i64, y: i64| x", "ok"),
        ("(|x, x| x)(1, 2)", "E0403"),
        ("macro m(a, a) = a; m(1, 2)", "E0403"),
        ("macro m(a) = a; macro m(a) = a; m(1)", "E0403"),
        ("macro sum(v) = v; 1", "E0403"),
        ("macro mean(v) = v; mean(1)", "ok"),
        ("|x: i64| let x = x + 1L; (|x| x)(x)", "ok"),
        ("macro m(a) = (let a = a + 1; a); m(1)", "ok"),
    ] {
        assert_eq!(outcome(text.to_string(), true), expected, "{text}");
    }
}

#[test]
fn types_without_end_or_without_a_cause() {
    for (text, expected) in [
        ("let a = []; [a, lookup(a, 0L)]", "E0206"),
        ("let a = []; {a, [[a], a]}", "E0206"),
        ("let b = appender; merge(b, [result(b)])", "E0206"),
        ("iterate([], |s| {[s], false})", "E0206"),
        ("let f = (|x| {x, f(x)}); f(1)", "E0404"),
        ("(|x| x(x))(|x| x(x))", "E0210"),
        ("len([])", "E0205"),
        ("result(merger[?,+])", "E0205"),
        ("|x: ?| x", "E0205"),
    ] {
        let mut found = errors(text);
        found.truncate(1);
        assert_eq!(found, [expected], "{text}");
    }
}
