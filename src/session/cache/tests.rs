#![forbid(unsafe_code)]

use super::{Cache, CacheStats, Prepared};
use crate::config::Config;
use crate::diag::SourceId;
use crate::ir::Literal;
use crate::session::Session;
use crate::value::Value;
use std::sync::Arc;

const SQUARES: &str = "|v: vec[i64]| sum(map(v, |x| x * x))";

fn session(settings: &[(&str, &str)]) -> (Session, SourceId) {
    let mut config = Config { threads: 1, ..Config::default() };
    for (name, value) in settings {
        config.set(name, value).unwrap();
    }
    let mut session = Session::new(config);
    let source = session.add_source("p", SQUARES.to_string());
    (session, source)
}

fn prepared(session: &Session, source: SourceId) -> Prepared {
    session.prepare(source).unwrap_or_else(|refused| panic!("{refused:?}"))
}

fn number(prepared: &Prepared, args: &[Value]) -> i64 {
    match prepared.program.run(args, &Arc::default()).unwrap().value {
        Value::Scalar(Literal::I64(number)) => number,
        other => panic!("{other:?}"),
    }
}

fn sum_of_squares(prepared: &Prepared) -> i64 {
    let v = crate::inputs::load("[1L, 2L, 3L]", &prepared.program.params()[0]).unwrap();
    number(prepared, &[v])
}

#[test]
fn the_same_text_is_compiled_once() {
    let (session, source) = session(&[]);
    let (first, second) = (prepared(&session, source), prepared(&session, source));
    assert!(!first.program.is_cached() && second.program.is_cached());
    assert!(Arc::ptr_eq(&first.program.compiled, &second.program.compiled));
    assert_eq!((sum_of_squares(&first), sum_of_squares(&second)), (14, 14));
    let CacheStats { hits, misses, programs, bytes } = session.cache_stats();
    assert_eq!((hits, misses, programs), (1, 1, 1));
    assert!(bytes > first.program.code_bytes());
}

#[test]
fn the_settings_of_a_run_are_those_of_who_runs() {
    let (session, source) = session(&[("memory", "1G")]);
    prepared(&session, source);
    let mut tight = session.sibling(Config { memory_limit: Some(64), ..session.config().clone() });
    let source = tight.add_source("p", SQUARES.to_string());
    let again = prepared(&tight, source);
    assert!(again.program.is_cached());
    assert_eq!(again.program.memory_limit, Some(64));
}

#[test]
fn every_setting_that_changes_code_counts() {
    let (first, source) = session(&[]);
    prepared(&first, source);
    let others = [
        ("passes", "none"),
        ("effort", "full"),
        ("effort", "none"),
        ("unroller", "false"),
        ("vectorizer", "false"),
        ("module-opts", "false"),
        ("func-opts", "false"),
    ];
    for (name, value) in others {
        let mut config = first.config().clone();
        config.set(name, value).unwrap();
        let mut other = first.sibling(config);
        let source = other.add_source("p", SQUARES.to_string());
        assert!(!prepared(&other, source).program.is_cached(), "{name}");
        let again = prepared(&other, source);
        assert!(again.program.is_cached(), "{name}");
        assert_eq!(sum_of_squares(&again), 14);
    }
    assert_eq!(first.cache_stats().programs, 1 + others.len());
}

#[test]
fn what_writes_or_tells_is_compiled_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    for settings in [&[("cache", "false")][..], &[("trace", "true")], &[("dump", "true"), ("dump-dir", dir)]]
    {
        let (session, source) = session(settings);
        prepared(&session, source);
        assert!(!prepared(&session, source).program.is_cached(), "{settings:?}");
        assert_eq!(session.cache_stats(), CacheStats::default(), "{settings:?}");
    }
}

#[test]
fn refused_texts_are_refused_again() {
    let (mut session, _) = session(&[]);
    let bad = session.add_source("bad", "|x: i64| x + 1.0".to_string());
    assert!(session.prepare(bad).is_err() && session.prepare(bad).is_err());
    assert_eq!(session.cache_stats().programs, 0);
}

#[test]
fn the_one_used_least_recently_goes() {
    let (mut session, first) = session(&[]);
    session.cache = Arc::new(Cache::bounded(2, usize::MAX));
    let [second, third] = [2, 3].map(|n| session.add_source("p", format!("|x: i64| x + {n}L")));
    let held = prepared(&session, first);
    prepared(&session, second);
    prepared(&session, first);
    prepared(&session, third);
    assert!(prepared(&session, first).program.is_cached());
    assert!(!prepared(&session, second).program.is_cached());
    assert!(!prepared(&session, third).program.is_cached());
    assert_eq!(session.cache_stats().programs, 2);
    // The first one has gone by now; who holds it runs it.
    assert!(!prepared(&session, first).program.is_cached());
    assert_eq!(sum_of_squares(&held), 14);
}

#[test]
fn bytes_are_bounded() {
    let (mut session, source) = session(&[]);
    let bytes = {
        prepared(&session, source);
        session.cache_stats().bytes
    };
    session.cache = Arc::new(Cache::bounded(100, bytes + bytes / 2));
    prepared(&session, source);
    assert_eq!(session.cache_stats(), CacheStats { hits: 0, misses: 1, programs: 1, bytes });
    let other = session.add_source("p", SQUARES.replace("x * x", "x + x"));
    prepared(&session, other);
    assert_eq!(session.cache_stats().programs, 1);
    assert!(prepared(&session, other).program.is_cached());
    session.cache = Arc::new(Cache::bounded(100, bytes / 2));
    prepared(&session, source);
    assert_eq!(session.cache_stats(), CacheStats { hits: 0, misses: 1, programs: 0, bytes: 0 });
}

#[test]
fn messages_point_into_the_text_that_was_asked_for() {
    let (mut session, _) = session(&[]);
    let text = "|v: vec[i64]| lookup(v, 7L)";
    let sources = ["first", "second"].map(|name| session.add_source(name, text.to_string()));
    let shown = sources.map(|source| {
        let checked = session.check(source).unwrap();
        let program = session.compile_checked(&checked, &session.optimize(&checked)).unwrap();
        let v = crate::inputs::load("[1L]", &program.params()[0]).unwrap();
        let error = program.run(&[v], &Arc::default()).unwrap_err();
        let span = error.origin.unwrap().primary();
        (program.is_cached(), session.sources().name(span.source).to_string(), (span.lo, span.hi))
    });
    assert_eq!(shown[0], (false, "first".to_string(), (14, 27)));
    assert_eq!(shown[1], (true, "second".to_string(), (14, 27)));
    // What leads to the program is wanted too here, and that is of the other text.
    assert!(!prepared(&session, sources[1]).program.is_cached());
    assert!(prepared(&session, sources[1]).program.is_cached());
}

extern "C" fn one(result: &mut i64) {
    *result = 1;
}

extern "C" fn two(result: &mut i64) {
    *result = 2;
}

#[test]
fn a_function_that_is_another_one_now_is_called() {
    let (mut session, _) = session(&[]);
    let source = session.add_source("p", "cudf[cache_tests_number,i64]() * 10L".to_string());
    for (function, expected) in [(one as *const () as usize, 10), (two as *const () as usize, 20)] {
        session.libraries_mut().define("cache_tests_number", function);
        let (first, second) = (prepared(&session, source), prepared(&session, source));
        assert_eq!((number(&first, &[]), number(&second, &[])), (expected, expected));
        assert_eq!((first.program.is_cached(), second.program.is_cached()), (false, true));
    }
    session.libraries_mut().define("cache_tests_number", 0);
    assert!(session.prepare(source).is_err());
}

#[test]
fn siblings_share_and_others_do_not() {
    let (first, source) = session(&[]);
    prepared(&first, source);
    let mut sibling = first.sibling(first.config().clone());
    let same = sibling.add_source("another name", SQUARES.to_string());
    assert!(prepared(&sibling, same).program.is_cached());
    let (other, source) = session(&[]);
    assert!(!prepared(&other, source).program.is_cached());
}

#[test]
fn threads_compile_the_same_text_at_once() {
    let (first, _) = session(&[]);
    let first = &first;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                let mut own = first.sibling(first.config().clone());
                let source = own.add_source("p", SQUARES.to_string());
                for _ in 0..20 {
                    assert_eq!(sum_of_squares(&prepared(&own, source)), 14);
                }
            });
        }
    });
    let stats = first.cache_stats();
    assert_eq!((stats.programs, stats.hits + stats.misses), (1, 80));
    assert!(stats.misses <= 4, "{stats:?}");
}
