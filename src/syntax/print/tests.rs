#![forbid(unsafe_code)]
use super::print;
use crate::diag::SourceId;
use crate::syntax::ast::Expr;
use crate::syntax::{parse, same_expr};

fn parsed(text: &str) -> Expr {
    let (program, messages) = parse(SourceId(0), text);
    assert!(!messages.has_errors(), "{text}: {messages:?}");
    program.body
}

#[test]
fn prints_what_parses_back_to_the_same_tree() {
    let programs = [
        "1 - (2 - 3) * -4 + -(5) - -6L",
        "(a < b) == (c < d) && !(e || f) | g & h ^ ~i << 2 >> 1",
        "(a == b) == c",
        "(a < b) < c",
        "-p.$0 + (-p).$0 + (-5).$0 + f(1)(2).$1",
        "(let a = 1; a) + (|x| x)(3)",
        "|v: vec[i64], w: {i32,dict[i8,u8]}| let a: vec[?] = [] : vec[i64]; let b = (|| 3); {a, b()}",
        "for(zip(a, iter(b, 0L, 1L, 1L)), {appender, merger[i64,+](3L)}, |b, i, x| {merge(b.$0, x.$0), b.$1})",
        "for((zip(a, b)), appender[f32](10L), |b, i, x| b)",
        "for(zip(zip(a, b), c), vecmerger[i32,max](v), |b, i, x| b)",
        "for(rangeiter(0L, 1L, 1L), dictmerger[i64,i64,*], |b, i, x| b)",
        "for(nditer(v, 0L, 1L, 1L, s, t), groupmerger[i64,?], |b, i, x| b)",
        "@(predicate: true, n: -3, s: \"a b\", t: e\"q\\\"\") if(@(x: y) a + b, (@(z: w) f)(1), @(q: 1) (a + b))",
        "@(a: b) -x + @(c: d) @(e: f) y",
        "(appender)(3) + (merger[i32,+])(4) + min(a, b) + pow(x, 2.0) + exp(y)",
        "a : i32 * (b * c : f64)",
        "deserialize[{i32,vec[i8]}](s) + cudf[f,vec[i64]](a, 1.5F, 2e300, 1e999, 3usi, 4ul, 5uc, 6u, 7c, 8si)",
        "\"plain \\ # text\" + e\"\\n\\x00\\\"q\\\\\" + \"\u{e9}\"",
        "a - b * c / d % e - (f - g) - (h + i)",
        "(|x| (|y| x + y))(1)(2)",
        "select(c, iterate(a, |s| {s, true}), sort(v, |p, q| 0))",
        "{} == {} && [] == []",
        "x.$0.$4294967295",
        "-(3)(4) + -(3).$0 + (3)(4)",
        "let a = 1; (let b = 2; (let c = 3; |x| x))",
        "for((zip(a, b).$0 : vec[i64]) + c, appender, |b, i, x| b)",
        "-(5) - (-5) - -5u - -1.5 - --7L",
    ];
    for text in programs {
        let tree = parsed(text);
        for width in [1, 20, 60, 1000] {
            let printed = print(&tree, width);
            assert!(same_expr(&parsed(&printed), &tree), "{text}\n{printed}");
        }
    }
}

#[test]
fn keeps_to_the_width_and_breaks_sensibly() {
    let tree = parsed(
        "|v: vec[i64]| let a = filter(v, |x| x > 0L); result(for(a, appender, |b, i, x| merge(b, x * x)))",
    );
    assert_eq!(
        print(&tree, 46),
        "\
|v: vec[i64]|
  let a = filter(v, |x| x > 0L);
  result(for(a, appender, |b, i, x|
    merge(b, x * x)))"
    );
    assert_eq!(print(&parsed("|v| sum(map(v, |x| x*x))"), 200), "|v| sum(map(v, |x| x * x))");
}

#[test]
fn large_trees_take_linear_time() {
    let sum = vec!["x"; 20_000].join(" + ");
    let printed = print(&parsed(&sum), 80);
    assert_eq!(printed.matches('x').count(), 20_000);
    let nested = format!("{}x{}", "f(".repeat(4000), ")".repeat(4000));
    assert_eq!(print(&parsed(&nested), 80).matches('f').count(), 4000);
}
