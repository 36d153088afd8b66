//! What the counters say about programs, before and after optimizing.

#![allow(clippy::unwrap_used, reason = "a test stops at the first wrong thing")]

mod support;

use support::compile;
use weld::ir::print;
use weld::passes::{DEFAULT, Options, optimize};
use weld::plan::cost::counters;

fn bytes(text: &str) -> String {
    counters(&compile(text).unwrap()).bytes
}

fn temps(text: &str) -> u32 {
    counters(&compile(text).unwrap()).temps
}

#[test]
fn traffic_is_a_formula_in_the_inputs() {
    assert_eq!(bytes("|v: vec[i64]| v"), "0");
    assert_eq!(bytes("|v: vec[i64]| sum(v)"), "8*len(v)");
    assert_eq!(bytes("|v: vec[i32]| map(v, |x| x + 1)"), "8*len(v)");
    assert_eq!(bytes("|v: vec[i64]| sum(map(v, |x| x + 1L))"), "24*len(v)");
    assert_eq!(bytes("|v: vec[{i8, i64}]| map(v, |x| x.$1)"), "24*len(v)");
    assert_eq!(bytes("|v: vec[i64], w: vec[i64]| {sum(v), sum(w)}"), "8*len(v) + 8*len(w)");
    assert_eq!(bytes("|p: {vec[i64], f64}| sum(p.$0)"), "8*len(p.$0)");
    assert_eq!(bytes("|| sum([1L, 2L, 3L])"), "24");
    assert_eq!(
        bytes("|n: i64| sum(result(for(rangeiter(0L, n, 1L), appender[i64], |b,i,x| merge(b, x))))"),
        "16*n"
    );
}

#[test]
fn what_is_not_known_is_bounded_or_marked() {
    assert_eq!(bytes("|v: vec[i64]| filter(v, |x| x > 0L)"), "<= 16*len(v)");
    assert_eq!(bytes("|v: vec[i64]| sum(filter(v, |x| x > 0L))"), "<= 24*len(v)");
    assert_eq!(bytes("|m: vec[vec[i64]]| sum(flatten(m))"), "16*len(m) + ?");
    assert_eq!(bytes("|v: vec[i64], n: i64| sum(slice(v, 0L, n))"), "<= 8*len(v)");
    assert_eq!(bytes("|v: vec[i64], n: i64| iterate(n, |s| {s + sum(v), s < 9L})"), "?");
    // A loop in a loop runs as often as both together.
    let nested = "|v: vec[i64], w: vec[i64]| map(v, |x| x + sum(w))";
    assert_eq!(bytes(nested), "8*len(v)*len(w) + 16*len(v)");
}

#[test]
fn many_inputs_are_cut_short() {
    let params: Vec<String> = (0..40).map(|k| format!("v{k}: vec[i64]")).collect();
    let sums: Vec<String> = (0..40).map(|k| format!("sum(v{k})")).collect();
    let text = format!("|{}| {}", params.join(", "), sums.join(" + "));
    assert!(bytes(&text).ends_with(" + ..."), "{}", bytes(&text));
}

#[test]
fn temporaries_are_vectors_that_are_not_in_the_result() {
    assert_eq!(temps("|v: vec[i64]| map(v, |x| x)"), 0);
    assert_eq!(temps("|v: vec[i64]| sum(map(v, |x| x))"), 1);
    assert_eq!(temps("|v: vec[i64]| let a = map(v, |x| x); {a, sum(a)}"), 0);
    assert_eq!(temps("|v: vec[i64]| let a = map(v, |x| x); let b = a; {1, if(len(v) > 1L, b, v)}"), 0);
    assert_eq!(temps("|v: vec[i64]| let a = map(v, |x| x); map(a, |x| x)"), 1);
    assert_eq!(temps("|m: vec[vec[i64]]| map(m, |r| map(r, |x| x))"), 0);
    assert_eq!(temps("|m: vec[vec[i64]]| map(m, |r| sum(map(r, |x| x)))"), 1);
    assert_eq!(temps("|v: vec[i64]| len(zip(v, v))"), 1);
}

#[test]
fn the_demos_get_cheaper() {
    let optimized = |text: &str| {
        let program = compile(text).unwrap();
        let optimized = optimize(&program, DEFAULT, &Options { verify: true, ..Options::default() });
        assert_eq!(optimized.internal_error, None);
        counters(&optimized.program)
    };
    let squares = optimized("|v: vec[i64]| let squares = map(v, |x| x * x); sum(squares)");
    assert_eq!((squares.loops, squares.temps, squares.bytes.as_str()), (1, 0, "8*len(v)"));
    let filtered = optimized("|v: vec[i64]| sum(map(filter(v, |x| x > 0L), |x| x * x))");
    assert_eq!((filtered.loops, filtered.temps, filtered.bytes.as_str()), (1, 0, "8*len(v)"));
    let zipped =
        optimized("|a: vec[f64], b: vec[f64]| sum(map(zip(map(a, |x| x + 1.0), b), |p| p.$0 * p.$1))");
    assert_eq!((zipped.loops, zipped.temps, zipped.bytes.as_str()), (1, 0, "16*len(a)"));
}

/// The programs of `tests/workloads` are what libraries emit, one operation a let; loops and temporaries of the form
/// that one would write by hand.
#[test]
fn what_libraries_emit_reaches_the_fused_form() {
    let known: &[(&str, u32, u32)] = &[
        ("blackscholes", 1, 0),
        ("data_cleaning", 1, 0),
        ("filter_sum", 1, 0),
        // One loop fills the dictionary, one takes its entries apart.
        ("groupby_sum", 2, 0),
        ("hash_join", 2, 0),
        // The zeros that it starts with, and the rows.
        ("histogram", 2, 1),
        // One loop over the rows with two inside; the zeros, and the new weights with the gradient.
        ("linreg_step_grad", 5, 2),
        ("linreg_step_matvec", 2, 0),
        ("sort_f64", 0, 0),
        ("sort_i64", 0, 0),
        ("sum_squares_f64", 1, 0),
        ("sum_squares_i64", 1, 0),
        // The rows, and the groups, which are sorted.
        ("tpch_q1", 2, 1),
        ("tpch_q6", 1, 0),
        ("vector_add", 1, 0),
    ];
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/workloads")).unwrap();
    assert_eq!(folder.count(), known.len());
    for (name, loops, temps) in known {
        let path = format!("{}/tests/workloads/{name}.weld", env!("CARGO_MANIFEST_DIR"));
        let program = compile(&std::fs::read_to_string(path).unwrap()).unwrap();
        let optimized = optimize(&program, DEFAULT, &Options { verify: true, ..Options::default() });
        assert_eq!(optimized.internal_error, None, "{name}");
        let counters = counters(&optimized.program);
        assert_eq!((counters.loops, counters.temps), (*loops, *temps), "{name}");
        if *name == "tpch_q1" {
            // Six group-bys with the same keys probe one dictionary once a row, and nothing is looked up again.
            let text = print::program(&optimized.program);
            assert_eq!(text.matches("dictmerger").count(), 1, "{text}");
            assert!(!text.contains("lookup"), "{text}");
        }
    }
}
