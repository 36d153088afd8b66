//! Dictionaries and the world outside the program: memory limits, cancelling, messages, plans.
#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use weld::config::Config;
use weld::session::Session;
use weld::value::literal::parse_value;
use weld::value::{ErrorKind, RunError, Value, print};

const SIGNAL: u32 = 17;

fn session(memory_limit: Option<u64>) -> Session {
    Session::new(Config { threads: 2, memory_limit, ..Config::default() })
}

/// What compiled code gives.
fn run(session: &mut Session, text: &str, signal: &Arc<AtomicU32>) -> Result<String, RunError> {
    let source = session.add_source("p.weld", text.to_string());
    let checked = session.check(source).unwrap_or_else(|messages| panic!("{text}: {messages:?}"));
    let program = session.compile(&session.optimize(&checked)).unwrap();
    let ty = checked.program.func.body.ty.clone();
    program.run(&[], signal).map(|finished| print::to_text(&finished.value, &ty))
}

#[test]
fn tables_keep_to_the_memory_limit() {
    let texts = [
        "len(result(for(rangeiter(0L, 100000L, 1L), dictmerger[i64,i64,+], |b, i, x| merge(b, {x, 1L}))))",
        "len(result(for(rangeiter(0L, 100000L, 1L), groupmerger[i64,i64], |b, i, x| merge(b, {x % 3L, x}))))",
        "len(result(dictmerger[i64,i64,+](countby(range(5000L)))))",
        "lookup(countby([1L]), 2L)",
    ];
    for text in texts {
        let signal = Arc::default();
        let free = run(&mut session(None), text, &signal);
        let mut refused = 0;
        for limit in (6..28).map(|power| 1u64 << power) {
            match (run(&mut session(Some(limit)), text, &signal), &free) {
                (Ok(found), Ok(wanted)) => assert_eq!(found, *wanted, "{text} with {limit}"),
                (Err(error), _) if error.kind == ErrorKind::OutOfMemory => refused += 1,
                (Err(error), Err(wanted)) => assert_eq!(error.message, wanted.message, "{text} with {limit}"),
                (found, _) => panic!("{text} with {limit}: {found:?}"),
            }
        }
        assert!((1..22).contains(&refused), "{text}: {refused}");
    }
}

#[test]
fn loops_that_fill_tables_can_be_cancelled() {
    for text in [
        "result(for(rangeiter(0L, 1000000000000L, 1L), dictmerger[i64,i64,+], |b, i, x| merge(b, {x % 5L, 1L})))",
        "result(for(rangeiter(0L, 1000000L, 1L), dictmerger[i64,i64,+], |b, i, x|
           for(rangeiter(0L, 1000000L, 1L), b, |c, j, y| merge(c, {y % 5L, 1L}))))",
    ] {
        let signal = Arc::new(AtomicU32::new(0));
        let other = Arc::clone(&signal);
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            other.store(SIGNAL, Ordering::Relaxed);
        });
        let error = run(&mut session(None), text, &signal).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Cancelled);
        stopper.join().unwrap();
    }
}

#[test]
fn missing_keys_are_named() {
    let cases = [
        ("dict[i64,i32]", "[{1L, 2}, {3L, 4}]", "9L", "key 9L is not in the dictionary of 2 keys"),
        (
            "dict[vec[i8],i32]",
            "[{\"a b\", 2}]",
            "\"no such\"",
            "key \"no such\" is not in the dictionary of 1 key",
        ),
        ("dict[{bool,f64},i8]", "[]", "{true, -0.0}", "key {true, -0.0} is not in the dictionary of 0 keys"),
        (
            "dict[vec[i64],i8]",
            "[]",
            "[1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L, 12L, 13L]",
            "key [1L, 2L, 3L, 4L, 5L, 6L, ... 5 more, 12L, 13L] is not in the dictionary of 0 keys",
        ),
    ];
    for (ty, dict, key, message) in cases {
        let mut session = session(None);
        let key_ty = &ty[5..ty.rfind(',').unwrap()];
        let text = format!("|d: {ty}, k: {key_ty}| lookup(d, k)");
        let source = session.add_source("p.weld", text);
        let checked = session.check(source).unwrap();
        let params = &checked.program.func.params;
        let args: Vec<Value> =
            vec![parse_value(dict, &params[0].ty).unwrap(), parse_value(key, &params[1].ty).unwrap()];
        let signal = Arc::default();
        let meaning = session.interpret(&checked.program, &args, &signal).unwrap_err();
        let program = session.compile(&session.optimize(&checked)).unwrap();
        let found = program.run(&args, &signal).unwrap_err();
        assert_eq!(meaning.message, message);
        assert_eq!(found, meaning);
    }
}

#[test]
fn results_are_inputs_again() {
    let mut session = session(None);
    let text = "|d: dict[vec[i8],vec[i64]], k: vec[i8]|
                let e = result(for(tovec(d), groupmerger[vec[i8],i64], |b, i, p| for(p.$1, b, |c, j, x| merge(c, {p.$0, x}))));
                result(merge(dictmerger[vec[i8],i64,+], {k, len(lookup(e, k))}))";
    let source = session.add_source("p.weld", text.to_string());
    let checked = session.check(source).unwrap();
    let program = session.compile(&session.optimize(&checked)).unwrap();
    let ty = checked.program.func.params[0].ty.clone();
    let key_ty = checked.program.func.params[1].ty.clone();
    let build = "groupby([\"x\", \"y\", \"x\", \"longer than a word\"], [1L, 2L, 3L, 4L])";
    let made = run(&mut session, build, &Arc::default()).unwrap();
    let args = vec![parse_value(&made, &ty).unwrap(), parse_value("\"x\"", &key_ty).unwrap()];
    assert_eq!(print::to_text(&args[0], &ty), made);
    let found = program.run(&args, &Arc::default()).unwrap().value;
    assert_eq!(print::to_text(&found, &checked.program.func.body.ty), "[{[120c], 2L}]:dict[vec[i8],i64]");
}

#[test]
fn plans_say_how_tables_are_filled() {
    let mut session = session(None);
    let text = "|v: vec[i64]| {countby(v), groupby(v, v), sum(v)}";
    let source = session.add_source("p.weld", text.to_string());
    let checked = session.check(source).unwrap();
    let plans: Vec<String> = weld::plan::plan(&checked.program).iter().map(ToString::to_string).collect();
    assert!(plans[0].starts_with("L1  parallel, "), "{}", plans[0]);
    assert!(plans[0].ends_with("a table a chunk, merged in order"), "{}", plans[0]);
    assert!(plans[1].starts_with("L2  sequential, "), "{}", plans[1]);
    assert!(plans[1].ends_with("merged in order, on one thread"), "{}", plans[1]);
    assert!(plans[2].starts_with("L3  parallel, "), "{}", plans[2]);
}
