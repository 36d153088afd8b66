#![forbid(unsafe_code)]
//! One test for every code of types and names, and for the fixes that messages offer.

use super::{accept, codes, error, errors, fix, fixed_by, outcome, rejects};
use crate::check::check;
use crate::diag::{Code, SourceId};
use crate::syntax;

#[test]
fn operand_mismatch() {
    let found = error("|x: i64| x > 0");
    assert_eq!(found.code, Code::OperandMismatch);
    assert_eq!(found.title, "this literal is an `i32`, but it is compared with an `i64`");
    assert_eq!(found.primary.text, "an `i32`; Weld never converts silently");
    assert_eq!(found.related.len(), 1);
    assert_eq!(found.related[0].text, "so `x` is an `i64`");
    assert_eq!(error("|v: vec[i64]| len(v) > 0").related[0].text, "an `i64`");
    fixed_by("|x: i64| x > 0", "x > 0", "x > 0L");
    fixed_by("|x: i64| -3 * x", "-3 * x", "-3L * x");
    fixed_by("|x: f64| x + 1", "x + 1", "x + 1.0");
    fixed_by("|x: f32| 2 * (x - 1.0f)", "2 * (x - 1.0f)", "2.0F * (x - 1.0F)");
    fixed_by("|x: u8| x + 1", "x + 1", "x + u8(1)");
    fixed_by("|x: i64, y: i32| x + y", "x + y", "x + i64(y)");
    fixed_by("|x: i32, y: f64| x * 2 - y", "x * 2 - y", "f64(x * 2) - y");
    fixed_by("|x: i64| x + 1.5", "x + 1.5", "f64(x) + 1.5");
    fixed_by("|x: i64, y: u8| min(x, y)", "min(x, y)", "min(x, i64(y))");
    fixed_by("|x: i32, y: i64, b: bool| (x < y) == b", "x < y", "i64(x) < y");
    // The type comes from the declaration of `v`, through the macro and its lambda.
    let text = "|v: vec[i64]| filter(v, |x| x > 0)";
    let found = error(text);
    let label = &found.related[0];
    assert_eq!(label.text, "so `x` is an `i64`");
    assert_eq!(text.get(label.span.lo as usize..label.span.hi as usize), Some("vec[i64]"));
    // Long operands are not repeated.
    fixed_by("|x: i64| (let y = x; y) > 0", "0", "0L");
}

#[test]
fn operand_kind() {
    rejects("|v: vec[f64]| v + 1.0", Code::OperandKind, "v");
    rejects("|| true + true", Code::OperandKind, "true");
    rejects("|| 1.5 & 2.5", Code::OperandKind, "1.5");
    rejects("|b: appender[i64], c: appender[i64]| b == c", Code::OperandKind, "b");
    rejects("|| !1", Code::OperandKind, "1");
    rejects("|| -true", Code::OperandKind, "true");
    rejects("|| ~1.0", Code::OperandKind, "1.0");
    rejects("|v: vec[bool]| merger[vec[bool],+]", Code::OperandKind, "vec[bool]");
    rejects("|| result(merge(merger[?,+], true))", Code::OperandKind, "?");
    assert_eq!(fix("|x: i64| x && true"), "x != 0L");
    accept("|x: i64| x != 0L && true");
    fixed_by("|x: i64| !x", "!x", "x == 0L");
    fixed_by("|x: f32| !(x + 1.0f)", "!(x + 1.0f)", "x + 1.0F == 0.0F");
    fixed_by("|x: i64| sqrt(x)", "sqrt(x)", "sqrt(f64(x))");
    fixed_by("|| sqrt(2)", "sqrt(2)", "sqrt(2.0)");
    fixed_by("|| pow(2, 3)", "pow(2, 3)", "pow(2.0, 3.0)");
    // Known only later.
    assert_eq!(
        codes("|| let v = []; let x = lookup(v, 0L) + lookup(v, 1L); [v, [true]]")[0].0,
        Code::OperandKind
    );
}

#[test]
fn merge_mismatch() {
    let text = "|v: vec[i32]| result(for(v, merger[i64,+], |b, i, x| merge(b, x * 2)))";
    let found = error(text);
    assert_eq!(found.code, Code::MergeMismatch);
    assert_eq!(found.title, "this merge adds an `i32` to a builder of `i64`");
    assert_eq!(found.related[0].text, "collects `i64` values");
    fixed_by(text, "merge(b, x * 2)", "merge(b, i64(x * 2))");
    fixed_by("|v: vec[i32]| for(v, merger[i64,+], |b, i, x| merge(b, 1))", "merge(b, 1)", "merge(b, 1L)");
    fixed_by("|v: vec[i64]| for(v, appender[i8], |b, i, x| merge(b, x))", "merge(b, x)", "merge(b, i8(x))");
    rejects(
        "|v: vec[i64]| for(v, appender[{i64,i64}], |b, i, x| merge(b, {x, 1}))",
        Code::MergeMismatch,
        "{x, 1}",
    );
}

#[test]
fn type_mismatch() {
    fixed_by("|| let x: i64 = 3; x", "3", "3L");
    fixed_by("|v: vec[i8], at: i32| lookup(v, at + 1)", "at + 1", "i64(at + 1)");
}

#[test]
fn type_mismatch_places() {
    rejects("|| let x: vec[i64] = 3; x", Code::TypeMismatch, "3");
    rejects("|| (3 : i64)", Code::TypeMismatch, "3");
    rejects("|c: bool| if(c, 1, 2L)", Code::TypeMismatch, "1");
    rejects("|c: bool| if(c, 1L, 2)", Code::TypeMismatch, "2");
    rejects("|| if(1, 2, 3)", Code::TypeMismatch, "1");
    rejects("|| [1, 2, 3L]", Code::TypeMismatch, "3L");
    rejects("|v: vec[i8]| lookup(v, 0)", Code::TypeMismatch, "0");
    rejects("|v: vec[i8]| slice(v, 0L, 1.5)", Code::TypeMismatch, "1.5");
    rejects("|| assert(1)", Code::TypeMismatch, "1");
    rejects("|| len(3)", Code::TypeMismatch, "3");
    rejects("|| zip([1], 2)", Code::TypeMismatch, "2");
    rejects("|| appender[i64](3)", Code::TypeMismatch, "3");
    rejects("|| merger[i64,+](3)", Code::TypeMismatch, "3");
    rejects("|| (|x: i64| x)(1)", Code::TypeMismatch, "i64");
    rejects("|| iterate(1, |s| s + 1)", Code::TypeMismatch, "s + 1");
    rejects("|| iterate(1, |s| let t = 2L; {t, true})", Code::TypeMismatch, "{t, true}");
    rejects("|v: vec[i64]| for(v, appender[i64], |b,i,x| x)", Code::TypeMismatch, "x");
    rejects("|v: vec[i64]| for(v, appender[i64], |b, i: i32, x| b)", Code::TypeMismatch, "i32");
    rejects("|| for(rangeiter(0, 3L, 1L), appender[i64], |b,i,x| merge(b, x))", Code::TypeMismatch, "0");
}

#[test]
fn cannot_infer() {
    rejects("|| appender", Code::CannotInfer, "appender");
    rejects("|| []", Code::CannotInfer, "[]");
    rejects("|| let a = []; let b = a; len(b)", Code::CannotInfer, "[]");
    rejects("|| merger[?,+]", Code::CannotInfer, "?");
    rejects("|| let f = (|x| x); 3", Code::CannotInfer, "x");
    rejects("|| let f = (|x| x.$0); 3", Code::CannotInfer, "x");
    rejects("|| let e = []; let x = lookup(e, 0L).$0 + 1; x", Code::CannotInfer, "[]");
    assert!(error("|| appender").help.unwrap_or_default().contains("`appender[T]`"));
    // An unused lambda with types is no mistake, and neither is one that others use.
    accept("|| let f = (|x: i64| x); let g = (|x: i64| f(x)); 3");
    // It is checked all the same.
    rejects("|| let f = (|x: i64| x + 1); 3", Code::OperandMismatch, "1");
    accept("|| []:vec[i64]");
}

#[test]
fn infinite_types() {
    assert_eq!(error("|| let a = []; [a, lookup(a, 0L)]").code, Code::InfiniteType);
    assert_eq!(error("|| let b = appender; merge(b, [result(b)])").code, Code::InfiniteType);
}

#[test]
fn calls() {
    rejects("|| (|a, b| a)(1)", Code::ArgumentCount, "(|a, b| a)(1)");
    rejects("|| let f = (|a| a); f(1, 2)", Code::ArgumentCount, "f(1, 2)");
    rejects("|| iterate(1, |a, b| {a, true})", Code::ArgumentCount, "|a, b| {a, true}");
    rejects("|x: i64| x(1)", Code::NotALambda, "x");
    rejects("|| let f = (|x| x); f", Code::NotALambda, "f");
    rejects("|| {1, |x| x}", Code::NotALambda, "|x| x");
    rejects("|| 3(4)", Code::NotALambda, "3");
    rejects("|v: vec[i64]| for(v, appender[i64], 3)", Code::NotALambda, "3");
    rejects("|| let f: i64 = (|x: i64| x); f(1L)", Code::NotALambda, "i64");
    rejects("|a: i64, a: i64| a", Code::DuplicateName, "a");
    rejects("|| (|a, a| a)(1, 2)", Code::DuplicateName, "a");
}

#[test]
fn fields_and_casts() {
    rejects("|| {1, 2}.$2", Code::NoSuchField, "$2");
    rejects("|v: vec[{i64}]| v.$0", Code::NoSuchField, "$0");
    rejects("|| i64([1])", Code::BadCast, "[1]");
    fixed_by("|v: vec[i32]| i64(v)", "i64(v)", "map(v, |x| i64(x))");
    rejects("|| i64({1})", Code::BadCast, "{1}");
    // Decided when the type becomes known.
    rejects("|| let v = []; let x = lookup(v, 0L).$3; [v, [{1, 2}]]", Code::NoSuchField, "$3");
    rejects("|| let v = []; let x = i64(lookup(v, 0L)); [v, [{1, 2}]]", Code::BadCast, "lookup(v, 0L)");
}

#[test]
fn builders_where_they_belong() {
    rejects("|| merge(1, 2)", Code::NotABuilder, "1");
    rejects("|| result([1])", Code::NotABuilder, "[1]");
    rejects("|v: vec[i64]| for(v, v, |b,i,x| b)", Code::NotABuilder, "v");
    rejects("|v: vec[i64]| for(v, {appender[i64], 1}, |b,i,x| b)", Code::NotABuilder, "{appender[i64], 1}");
    rejects("|v: vec[i64]| for(v, {}, |b,i,x| b)", Code::NotABuilder, "{}");
    let text = "|p: {merger[i64,+], appender[i8]}| result(p)";
    fixed_by(text, "result(p)", "{result(p.$0), result(p.$1)}");
}

#[test]
fn loops() {
    rejects("|| for(3L, appender[i64], |b,i,x| b)", Code::BadFor, "3L");
    rejects("|v: vec[i64]| for(v, appender[i64], |b, x| merge(b, x))", Code::BadFor, "|b, x| merge(b, x)");
}

#[test]
fn names() {
    rejects("|| y", Code::UnknownName, "y");
    rejects("|| let x = x; x", Code::UnknownName, "x");
    rejects("|| (let y = 1; y) + y", Code::UnknownName, "y");
    rejects("|| lokup([1], 0L)", Code::UnknownFunction, "lokup");
    assert!(error("|| lokup([1], 0L)").primary.text.contains("`lookup`"));
    assert!(error("|count: i64| cuont + 1L").primary.text.contains("`count`"));
    assert_eq!(error("|| inf").help.as_deref(), Some("write `1.0/0.0`"));
    assert_eq!(error("|| nan").help.as_deref(), Some("write `0.0/0.0`"));
    let found = error("|| let f = (|x: i64| x); let g = (|x| g(x)); g(1)");
    assert!(found.help.unwrap_or_default().contains("iterate"));
    rejects("|x| x + 1", Code::ParameterType, "x");
    for (text, example) in [
        ("|x| x", "`x: vec[i64]`"),
        ("|x| x + 1", "`x: i32`"),
        ("|v: vec[i64], k| result(for(v, appender, |b, i, x| merge(b, x + k)))", "`k: i64`"),
        ("|v| result(for(v, merger[f64,+], |b, i, x| merge(b, x)))", "`v: vec[f64]`"),
        ("|x| sqrt(x)", "`x: f64`"),
        ("|x| !x", "`x: bool`"),
        ("|x| lookup(x, 0L)", "`x: vec[i64]`"),
        ("|x| {x.$0 + 1.5, x.$1}", "`x: vec[i64]`"),
    ] {
        let help = error(text).help.unwrap_or_default();
        assert!(help.ends_with(&format!("for example {example}")), "{text}: {help}");
    }
    let all: Vec<String> = errors("|a, b| a * b").into_iter().filter_map(|error| error.help).collect();
    assert!(all.iter().all(|help| help.contains(": i64`")) && all.len() == 2, "{all:?}");
    // Macros are suggested too.
    let (program, _) = syntax::parse(SourceId(0), "|v: vec[i64]| filtr(v, |x| x > 0L)");
    let (_, messages) = check(&program.body, &["map".to_string(), "filter".to_string()]);
    assert_eq!(messages.0.len(), 1);
    assert_eq!(messages.0[0].code, Code::UnknownFunction);
    assert_eq!(messages.0[0].primary.text, "did you mean `filter`?");
    assert_eq!(messages.0[0].help.as_deref(), Some("macros here: map, filter"));
}

#[test]
fn independent_mistakes_are_reported_once_each_in_order() {
    let text = "|x: i64| let a = x + 1; let b = undefined; let c = a + b; let d = sqrt(x); {c, d, !x}";
    let found: Vec<Code> = errors(text).iter().map(|error| error.code).collect();
    assert_eq!(found, [Code::OperandMismatch, Code::UnknownName, Code::OperandKind, Code::OperandKind]);
    // A lambda that is used twice has its mistake once, with the place that uses it.
    let found = errors("|| let f = (|x| x + 1L); {f(1), f(2)}");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].related.last().map(|label| label.text.as_str()), Some("in this use of `f`"));
    let many: String = (0..100).map(|at| format!("let x{at} = y{at}; ")).collect();
    assert_eq!(errors(&format!("|| {many} 1")).len(), 20);
}

#[test]
fn nothing_follows_from_a_mistake() {
    for text in [
        "|| for(nothing, appender, |b,i,x| merge(b, x.$0 + 1))",
        "|| let x = nothing; let y = x.$1; {x + 1, x + 1L, y(3), len(x)}",
        "|| iterate(nothing, |s| {s + 1, s})",
        "|| let f = (|x| nothing); f(1) + f(2L)",
        "|v: vec[i64]| result(for(v, nothing, |b,i,x| merge(b, x)))",
        "|| if(nothing, nothing, 1)",
        "|| result(merge(appender, nothing))",
        "|| let v: vec[?] = nothing; v",
    ] {
        let found = codes(text);
        assert!(
            found.iter().all(|(code, _)| matches!(code, Code::UnknownName | Code::NotALambda)),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn every_message_is_in_house_style() {
    for text in
        ["|| 1 + 1L", "|| [1, 2L]", "|| appender", "|| y", "|| {1}.$1", "|x| x", "|v: vec[i64]| v + 1L"]
    {
        let (_, messages) = outcome(text);
        for message in &messages.0 {
            let first = message.title.chars().next().unwrap_or('A');
            assert!(!first.is_uppercase() && !message.title.ends_with('.'), "{message:?}");
            assert!(!message.primary.text.ends_with('.'), "{message:?}");
        }
    }
}
