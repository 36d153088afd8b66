#![forbid(unsafe_code)]
//! The settings that are about LLVM change its code, each in the way that it says.

use crate::codegen::Level;
use crate::config::Config;
use crate::session::Session;

/// Straight through a vector: what LLVM's vectorizer is made for when ours is off.
const SQUARES: &str = "|v: vec[i64]| result(for(v, merger[i64,+], |b, i, x| merge(b, x * x)))";

/// Six turns for each element, and no other loop inside.
const TURNS: &str =
    "|v: vec[f64]| map(v, |y| iterate({y, 0}, |s| {{s.$0 * y + 1.0, s.$1 + 1}, s.$1 < 5}).$0)";

fn code(program: &str, settings: &[(&str, &str)], level: Level) -> String {
    let mut config = Config { threads: 1, passes: "none".to_string(), ..Config::default() };
    for (name, value) in settings {
        config.set(name, value).unwrap();
    }
    let mut session = Session::new(config);
    let source = session.add_source("p", program.to_string());
    let checked = session.check(source).unwrap();
    session.code(&checked.program, level).unwrap()
}

fn optimized(program: &str, settings: &[(&str, &str)]) -> String {
    code(program, settings, Level::LlvmOptimized)
}

#[test]
fn the_level_decides_what_llvm_does() {
    const LEVEL: &str = "weld.llvm.optimization.level";
    let emitted = code(SQUARES, &[], Level::Llvm);
    let by_level = |level| optimized(SQUARES, &[(LEVEL, level)]);
    assert_eq!(by_level("0"), emitted);
    assert_ne!(by_level("2"), emitted);
    assert_eq!(by_level("1"), by_level("2"));
    assert_ne!(by_level("3"), by_level("2"));
    let assembly = |level| code(SQUARES, &[(LEVEL, level)], Level::Assembly);
    assert_ne!(assembly("0"), assembly("2"));
    assert_ne!(assembly("2"), assembly("3"));
}

#[test]
fn the_vectorizer_makes_vectors_of_loops() {
    let full = |on| optimized(SQUARES, &[("effort", "full"), ("weld.llvm.optimization.vectorizer", on)]);
    assert!(full("true").contains("vector.body:"));
    assert!(!full("false").contains("vector.body:"));
    assert!(!full("false").contains("noimplicitfloat"));
}

#[test]
fn the_unroller_repeats_the_body_of_a_loop() {
    let products = |on| {
        let text = optimized(TURNS, &[("effort", "full"), ("weld.llvm.optimization.unroller", on)]);
        text.matches(" fmul ").count()
    };
    assert_eq!(products("false"), 1);
    assert!(products("true") > 3);
}

#[test]
fn passes_over_modules_are_those_of_full_effort() {
    const MODULE: &str = "weld.llvm.optimization.moduleOpts";
    let without = optimized(SQUARES, &[("effort", "full"), (MODULE, "false")]);
    assert_eq!(without, optimized(SQUARES, &[("effort", "short")]));
    assert_ne!(without, optimized(SQUARES, &[("effort", "full")]));
}

#[test]
fn passes_over_functions_are_those_of_short_effort() {
    const FUNCTION: &str = "weld.llvm.optimization.funcOpts";
    assert_eq!(optimized(SQUARES, &[(FUNCTION, "false")]), code(SQUARES, &[], Level::Llvm));
    // Full effort has other passes.
    let full = |on| optimized(SQUARES, &[("effort", "full"), (FUNCTION, on)]);
    assert_eq!(full("true"), full("false"));
}

#[test]
fn the_name_of_the_function_is_in_the_code() {
    let named = |level| code(SQUARES, &[("weld.llvm.runFunctionName", "my_squares")], level);
    assert!(named(Level::Llvm).contains("@my_squares("));
    assert!(named(Level::Assembly).contains("my_squares:"));
}

#[test]
fn the_trace_is_code() {
    let traced = |on| code(SQUARES, &[("weld.compile.traceExecution", on)], Level::Llvm);
    assert!(traced("true").contains("call i32 @weld_rt_trace_loop("));
    assert!(!traced("false").contains("call i32 @weld_rt_trace"));
}
