#![forbid(unsafe_code)]
//! The rules of LANGUAGE 11, accepted and rejected.

use super::{accept, error, errors, outcome, rejects, type_of, warnings};
use crate::diag::Code;
use crate::ir::{ExprKind, visit};

#[test]
fn accepted() {
    for (text, ty) in [
        (
            "|v: vec[i64]| let b = appender[i64]; let c = merge(b, 0L);
             result(for(v, c, |a,i,x| if(x > 0L, merge(a, x), a)))",
            "vec[i64]",
        ),
        (
            "|v: vec[f64]| let r = for(v, {merger[f64,+], merger[f64,max]},
               |p,i,x| {merge(p.$0, x), merge(p.$1, x)}); {result(r.$0), result(r.$1)}",
            "{f64,f64}",
        ),
        (
            "|m: vec[vec[i32]]| result(for(m, appender[i32], |b,i,row| for(row, b, |c,j,x| merge(c, x))))",
            "vec[i32]",
        ),
        ("|v: vec[i32]| for(v, appender[i32], |b,i,x| merge(b, x))", "appender[i32]"),
        // L1: only one branch runs, fields are apart, renaming is a use.
        ("|c: bool, b: appender[i64]| if(c, merge(b, 1L), b)", "appender[i64]"),
        ("|b: appender[i64]| let c = b; let d = {c, 3}; {result(d.$0), d.$1, d.$1}", "{vec[i64],i32,i32}"),
        // L2: a builder that only the condition uses.
        ("|b: merger[i64,+]| if(result(b) > 0L, 1, 2)", "i32"),
        // L3: through lets, branches, lambdas and inner loops; whole structs.
        (
            "|v: vec[i64]| for(v, appender[i64], |b,i,x| let c = merge(b, x); if(x > 0L, merge(c, x), let d = c; d))",
            "appender[i64]",
        ),
        (
            "|v: vec[i64]| let f = (|b, x| merge(b, x)); for(v, appender[i64], |b,i,x| f(f(b, x), x))",
            "appender[i64]",
        ),
        (
            "|v: vec[i64]| for(v, {appender[i64], {merger[i64,+], appender[i8]}}, |p,i,x| if(x > 0L, p, {p.$0, {merge(p.$1.$0, x), p.$1.$1}}))",
            "{appender[i64],{merger[i64,+],appender[i8]}}",
        ),
        // Fresh builders with their own result inside the body.
        (
            "|m: vec[vec[i64]]| result(for(m, appender[i64], |b,i,row| merge(b, result(for(row, merger[i64,+], |c,j,x| merge(c, x))))))",
            "vec[i64]",
        ),
        // L4: a lambda applied once may use a builder bound outside it.
        ("|b: appender[i64]| let f = (|x| merge(b, x)); f(1L)", "appender[i64]"),
        ("|b: appender[i64]| (|x| merge(b, x))(1L)", "appender[i64]"),
        // L8: iterate may replace its builders.
        (
            "|| iterate({appender[i64], 0}, |s| {{merge(s.$0, 1L), s.$1 + 1}, s.$1 < 3})",
            "{appender[i64],i32}",
        ),
        (
            "|| iterate({appender[i64], 0}, |s| let n = s.$1 + 1; let r = result(s.$0); {{appender[i64], n}, n < 3})",
            "{appender[i64],i32}",
        ),
    ] {
        assert_eq!(type_of(text), ty, "{text}");
        assert_eq!(warnings(text), [], "{text}");
    }
}

#[test]
fn l1_single_use() {
    rejects("|| let b = appender[i32]; {result(b), result(b)}", Code::BuilderUsedTwice, "b");
    let found = error(
        "|x: i64, y: i64| let b = appender[i64]; let b1 = merge(b, x); let b2 = merge(b, y); {result(b1), result(b2)}",
    );
    assert_eq!(found.code, Code::BuilderUsedTwice);
    assert_eq!(found.related[0].text, "first use: `b` moved into `b1`");
    assert!(found.help.unwrap_or_default().contains("`b1`"));
    // In a branch and after it; in both arguments; whole and field; renamed.
    rejects(
        "|c: bool, b: appender[i64]| let d = if(c, merge(b, 1L), appender[i64]); {result(d), result(b)}",
        Code::BuilderUsedTwice,
        "b",
    );
    rejects("|b: merger[i64,+]| result(b) + result(b)", Code::BuilderUsedTwice, "b");
    rejects("|p: {appender[i64], appender[i64]}| let q = p.$0; {p, result(q)}", Code::BuilderUsedTwice, "p");
    rejects(
        "|p: {appender[i64], appender[i64]}| let q = p; {q, result(p.$1)}",
        Code::BuilderUsedTwice,
        "p.$1",
    );
    rejects("|b: appender[i64]| let c = b; {result(b), result(c)}", Code::BuilderUsedTwice, "b");
    rejects(
        "|v: vec[i64], b: appender[i64]| {for(v, b, |c,i,x| merge(c, x)), b}",
        Code::BuilderUsedTwice,
        "b",
    );
    // Both uses inside one loop body.
    rejects(
        "|v: vec[i64]| for(v, appender[i64], |b,i,x| let c = merge(b, x); merge(b, i))",
        Code::BuilderUsedTwice,
        "b",
    );
    // Of different fields there is one use each.
    accept("|p: {appender[i64], {appender[i8], i64}}| {result(p.$0), result(p.$1.$0), p.$1.$1, p.$1.$1}");
}

#[test]
fn l2_branches() {
    let text = "|b: merger[i64,+]| if(result(b) > 0L, merge(b, 1L), merger[i64,+])";
    rejects(text, Code::BuilderInBranches, "b");
    rejects(
        "|c: bool, b: merger[i64,+]| select(c, merge(b, 1L), b)",
        Code::BuilderInBranches,
        "select(c, merge(b, 1L), b)",
    );
    rejects("|c: bool, b: merger[i64,+]| c && result(b) > 0L", Code::BuilderInBranches, "b");
    rejects("|c: bool, b: merger[i64,+]| result(b) > 0L || c", Code::BuilderInBranches, "b");
    rejects("|c: bool, b: merger[i64,+]| select(c, result(b), 1L)", Code::BuilderInBranches, "b");
    // A loop with a builder of its own is a plain value.
    accept("|c: bool, v: vec[i64]| c && result(for(v, merger[i64,+], |b,i,x| merge(b, x))) > 0L");
}

#[test]
fn l3_loop_bodies() {
    for (text, place) in [
        ("|| for([1], appender[i32], |b,i,x| appender[i32])", "appender[i32]"),
        ("|v: vec[i32]| for(v, {appender[i32],appender[i32]}, |p,i,x| {p.$1, p.$0})", "{p.$1, p.$0}"),
        (
            "|v: vec[i32]| for(v, appender[i32], |b,i,x| let c = appender[i32]; if(x > 0, b, merge(c, x)))",
            "if(x > 0, b, merge(c, x))",
        ),
        (
            "|v: vec[i32]| for(v, {appender[i32],appender[i32]}, |p,i,x| let q = {p.$0, merge(appender[i32], x)}; q)",
            "q",
        ),
        (
            "|v: vec[i32]| for(v, appender[i32], |b,i,x| for(v, appender[i32], |c,j,y| merge(c, y)))",
            "for(v, appender[i32], |c,j,y| merge(c, y))",
        ),
    ] {
        rejects(text, Code::NotDerived, place);
    }
    assert!(
        error("|v: vec[i32]| for(v, {appender[i32],appender[i32]}, |p,i,x| {p.$1, p.$0})")
            .primary
            .text
            .contains("`p.$1` stands where `p.$0` belongs")
    );
    // The inner body gives the builder of the outer loop.
    let text = "|v: vec[i32]| for(v, appender[i32], |b,i,x| for(v, appender[i32], |c,j,y| b))";
    let found: Vec<Code> = errors(text).iter().map(|error| error.code).collect();
    assert_eq!(found, [Code::BuilderCaptured]);
}

#[test]
fn l4_captures() {
    let text = "|v: vec[i32]| let d = merger[i32,+]; for(v, appender[i32], |b,i,x| let q = merge(d,x); b)";
    rejects(text, Code::BuilderCaptured, "d");
    rejects(
        "|d: merger[i32,+]| iterate(1, |s| let q = merge(d, s); {s + 1, s < 5})",
        Code::BuilderCaptured,
        "d",
    );
    // A lambda that is called more than once.
    let text = "|d: appender[i64]| let f = (|x| merge(d, x)); {f(1L), f(2L)}";
    rejects(text, Code::BuilderCaptured, "d");
    // A loop inside a loop reports the capture where it is used.
    let text = "|v: vec[i32], d: appender[i32]| for(v, appender[i32], |b,i,x| let r = result(for(v, merger[i32,+], |m,j,y| let e = merge(d, y); m)); b)";
    rejects(text, Code::BuilderCaptured, "d");
    rejects(
        "|v: vec[i64], d: appender[i64]| let f = (|x| merge(d, x)); for(v, appender[i64], |b,i,x| let q = f(x); b)",
        Code::BuilderCaptured,
        "d",
    );
}

#[test]
fn l5_result_inside_the_loop() {
    let text = "|v: vec[i64]| for(v, appender[i64], |b, i, x| merge(b, len(result(b))))";
    rejects(text, Code::ResultInLoop, "result(b)");
    let text = "|v: vec[i32]| for(v, merger[i32,+], |b,i,x| let t = result(b); merger[i32,+])";
    rejects(text, Code::ResultInLoop, "result(b)");
    // Through a name, a field, and from an inner loop.
    for text in [
        "|v: vec[i64]| for(v, merger[i64,+], |b,i,x| let c = merge(b, x); let t = result(c); c)",
        "|v: vec[i64]| for(v, {merger[i64,+], merger[i64,+]}, |p,i,x| {merge(p.$0, result(p.$1)), p.$1})",
        "|v: vec[i64]| for(v, merger[i64,+], |b,i,x| let s = result(for(v, merger[i64,*], |c,j,y| merge(c, result(b)))); b)",
    ] {
        assert!(
            errors(text).iter().all(|error| error.code == Code::ResultInLoop),
            "{text}: {:#?}",
            errors(text)
        );
    }
}

#[test]
fn l6_placement() {
    rejects("|| [appender[i64]]", Code::BuilderPlacement, "appender[i64]");
    rejects("|v: vec[appender[i64]]| 1", Code::BuilderPlacement, "appender[i64]");
    rejects("|| appender[{i64, merger[i64,+]}]", Code::BuilderPlacement, "{i64, merger[i64,+]}");
    rejects("|| result(merge(appender, {1, appender[i64]}))", Code::BuilderPlacement, "appender");
    accept("|b: {appender[i64], i64}| {b.$0, b.$1}");
}

#[test]
fn l7_dropping_warns() {
    assert_eq!(warnings("|b: appender[i64]| 1"), [Code::BuilderDropped]);
    assert_eq!(warnings("|| let b = merge(appender, 1); 2"), [Code::BuilderDropped]);
    assert_eq!(warnings("|c: bool, b: appender[i64]| if(c, b, appender[i64])"), []);
    let (_, messages) = outcome("|p: {appender[i64], i64, appender[i8]}| result(p.$0)");
    assert_eq!(messages.0[0].title, "builder `p.$2` is never used");
}

#[test]
fn l8_iterate() {
    let text = "|| iterate({appender[i64], appender[i64]}, |s| {{s.$1, s.$0}, false})";
    rejects(text, Code::IterateBuilder, "{{s.$1, s.$0}, false}");
    accept("|| iterate({appender[i64], appender[i64]}, |s| {{s.$0, appender[i64]}, false})");
    // What iterate gives may be a new builder: no body may return it as its own.
    let text = "|v: vec[i64]| for(v, appender[i64], |b,i,x| iterate(b, |s| {appender[i64], false}))";
    rejects(text, Code::NotDerived, "iterate(b, |s| {appender[i64], false})");
    accept("|v: vec[i64]| for(v, appender[i64], |b,i,x| iterate(b, |s| {merge(s, x), false}))");
}

#[test]
fn the_outer_name_inside_a_loop_is_its_builder() {
    let text = "|xs: vec[i64], p: bool| for(xs, appender[i64], |b0,i,x| for(xs, b0, |b1,j,y| if(p, merge(b0, y), b0)))";
    assert_eq!(warnings(text), [Code::OuterBuilderName, Code::OuterBuilderName]);
    let program = accept(text);
    visit::walk(&program.func.body, &mut |expr| {
        if let ExprKind::Merge(b, _) = &expr.kind {
            assert_eq!(b.var().map(|name| name.text()), Some("b1"));
        }
    });
    // One field of a struct of builders, and two levels of loops.
    let text = "|v: vec[i64]| for(v, {appender[i64], appender[i64]}, |p,i,x|
                  {for(v, p.$0, |c,j,y| merge(p.$0, y)), p.$1})";
    assert_eq!(warnings(text), [Code::OuterBuilderName]);
    let text = "|v: vec[i64], b: appender[i64]| for(v, b, |c,i,x| for(v, c, |d,j,y| merge(b, y)))";
    assert_eq!(warnings(text).len(), 1);
    // After the loop the name is the outer one again, and used up.
    rejects(
        "|v: vec[i64], b: appender[i64]| {for(v, b, |c,i,x| merge(c, x)), b}",
        Code::BuilderUsedTwice,
        "b",
    );
    // Used once for each name, it is used twice.
    rejects(
        "|v: vec[i64], b: appender[i64]| for(v, b, |c,i,x| let d = merge(c, x); merge(b, x))",
        Code::BuilderUsedTwice,
        "b",
    );
    // A parameter of the same name is no outer name.
    assert_eq!(warnings("|v: vec[i64], b: appender[i64]| for(v, b, |b,i,x| merge(b, x))"), []);
}

#[test]
fn unused_lambdas_keep_the_rules_too() {
    let text = "|| let f = (|b: appender[i64]| {result(b), result(b)}); 1";
    rejects(text, Code::BuilderUsedTwice, "b");
}
