#![forbid(unsafe_code)]
use super::{expand, macro_names, standard_macros};
use crate::diag::{Code, Diagnostics, SourceId};
use crate::syntax::ast::{Expr, ExprKind};
use crate::syntax::{parse, print};

fn expanded(text: &str) -> (Expr, Diagnostics) {
    let (program, messages) = parse(SourceId(0), text);
    assert!(!messages.has_errors(), "{text}: {messages:?}");
    expand(&program)
}

/// The expanded program as text; it must have no error.
fn text(source: &str) -> String {
    let (expr, messages) = expanded(source);
    assert!(!messages.has_errors(), "{source}: {messages:?}");
    let text = print(&expr, 10_000);
    let (_, messages) = parse(SourceId(0), &text);
    assert!(!messages.has_errors(), "{text}: {messages:?}");
    // Lets stand on lines of their own.
    text.replace(";\n", "; ")
}

fn codes(source: &str) -> Vec<Code> {
    expanded(source).1.0.iter().map(|message| message.code).collect()
}

#[test]
fn standard_macros_expand_to_loops() {
    assert_eq!(
        text("|v: vec[i64]| map(v, |x| x * 2L)"),
        "|v: vec[i64]| result(for(v, appender, |acc__1, k__1, x__1| merge(acc__1, (|x| x * 2L)(x__1))))"
    );
    assert_eq!(text("sum(v)"), "result(for(v, merger[?,+], |acc__1, k__1, x__1| merge(acc__1, x__1)))");
    assert_eq!(text("compare(a, b)"), "if(a > b, 1, if(a < b, -1, 0))");
}

#[test]
fn every_standard_macro_expands() {
    for def in standard_macros() {
        let args: Vec<String> = (0..def.params.len()).map(|at| format!("a{at}")).collect();
        let call = format!("{}({})", def.name.text, args.join(", "));
        let expanded = text(&call);
        let (program, _) = parse(SourceId(0), &expanded);
        for name in macro_names(&program) {
            assert!(
                !expanded.contains(&format!("{name}(")) || ["min", "max"].contains(&name),
                "{call}: {expanded}"
            );
        }
    }
    assert_eq!(standard_macros().len(), 26);
}

#[test]
fn names_of_a_body_never_capture_those_of_arguments() {
    assert_eq!(
        text("macro m(a) = (let t = 1; t + a); let t = 5; m(t)"),
        "let t = 5; (let t__1 = 1; t__1 + t)"
    );
    // A body may bind a name spelled like its parameter, and nest.
    assert_eq!(
        text("macro m(x) = (let y = x; let x = 2; x + y); m(7)"),
        "let y__1 = 7; let x__1 = 2; x__1 + y__1"
    );
    assert_eq!(
        text(
            "macro twice(f, x) = f(f(x)); macro inc(n) = (let one = 1; n + one); let one = 3; twice(inc, one)"
        ),
        "let one = 3; (let one__3 = 1; (let one__5 = 1; one + one__5) + one__3)"
    );
}

#[test]
fn the_printed_names_avoid_those_of_the_source() {
    assert_eq!(
        text("macro m(a) = (let t = a; t); let t__1 = 5; m(t__1)"),
        "let t__1 = 5; (let t__1_ = t__1; t__1_)"
    );
}

#[test]
fn arguments_are_replaced_simultaneously() {
    assert_eq!(text("macro pair(a, b) = {a, b}; |b: i32| pair(b, 1)"), "|b: i32| {b, 1}");
}

#[test]
fn free_names_mean_the_call_site_and_are_warned_about_once() {
    let source = "macro m(a) = a + y; let y = 1; m(2) + m(3)";
    assert_eq!(text(source), "let y = 1; 2 + y + (3 + y)");
    assert_eq!(codes(source), [Code::FreeMacroName]);
}

#[test]
fn repeated_arguments_are_evaluated_once() {
    // Evaluated in any case, so it may fail.
    assert_eq!(text("macro m(a) = a + a; m(lookup(v, 0L))"), "let a__2 = lookup(v, 0L); a__2 + a__2");
    // Under a loop it may be evaluated never: only what cannot fail is bound.
    assert_eq!(
        text("map(v, |x| x) + fill(3L, 1 + 2)"),
        "result(for(v, appender, |acc__1, k__1, x__1| merge(acc__1, (|x| x)(x__1)))) + \
         (let x__4 = 1 + 2; result(for(rangeiter(0L, 3L, 1L), appender, |acc__3, k__3, j__3| merge(acc__3, x__4))))"
    );
    assert!(text("fill(3L, 1 / n)").contains("merge(acc__1, 1 / n)"));
    assert!(
        text("macro m(c, a) = if(c, a + a, 0); m(c, lookup(v, 0L))")
            .contains("lookup(v, 0L) + lookup(v, 0L)")
    );
    assert!(text("macro m(c, a) = if(c, a + a, 0); m(c, len(v))").starts_with("let a__2 = len(v);"));
    // One use, a name, a literal or a field needs no name.
    assert_eq!(text("macro m(a) = a + a; m(p.$0) + m(1)"), "p.$0 + p.$0 + (1 + 1)");
    // Unused: not evaluated.
    assert_eq!(text("macro m(a) = 1; m(1 / 0)"), "1");
}

#[test]
fn builders_and_functions_are_never_bound() {
    assert_eq!(text("macro two(b) = {b, b}; two(appender[i32])"), "{appender[i32], appender[i32]}");
    assert_eq!(
        text("macro adder(n) = (|x| x + n); map(v, adder(len(w)))"),
        "result(for(v, appender, |acc__1, k__1, x__1| merge(acc__1, (|x__3| x__3 + len(w))(x__1))))"
    );
    let source = "let mk = (|u: i32| appender[i32]); let sq = (|u: i32| u * u); macro_here";
    let source =
        format!("macro two(b) = {{b, b}}; {}", source.replace("macro_here", "{two(mk(0)), two(sq(3))}"));
    assert!(text(&source).ends_with("{{mk(0), mk(0)}, let b__4 = sq(3); {b__4, b__4}}"), "{}", text(&source));
}

#[test]
fn zipped_data_reaches_the_loop() {
    let (expr, _) = expanded("map(zip(a, b), |p| p.$0)");
    let ExprKind::Call(_, args) = &expr.kind else { panic!("{expr:?}") };
    let ExprKind::For { iters, zipped, .. } = &args[0].kind else { panic!("{expr:?}") };
    assert!(*zipped && iters.len() == 2);
    assert!(
        text("macro firsts(v) = map(v, |p| p.$0); firsts(zip(a, b))").starts_with("result(for(zip(a, b), ")
    );
}

#[test]
fn locals_shadow_macros() {
    assert_eq!(text("let map = (|x| x); map(1)"), "let map = (|x| x); map(1)");
    assert_eq!(text("|sum: i32| (|sum| sum + 1)(sum)"), "|sum: i32| (|sum| sum + 1)(sum)");
    // After the binding's scope the macro is visible again, and the value of a let does not see its name.
    assert_eq!(text("(let compare = (|x| x); compare(1)) + compare(2, 3)").matches("if(").count(), 2);
    assert!(text("let sum = sum(v); sum").starts_with("let sum = result("));
    // Bodies of standard macros mean the standard macros.
    assert!(text("macro count(v) = len(v); {any(v, p), count(v)}").contains("merger[i64,+]"));
    assert!(text("let map = 1; keys(d)").contains("for(tovec(d)"));
}

#[test]
fn macros_as_arguments() {
    assert_eq!(text("macro inc(x) = x + 1; macro ap(f, x) = f(x); ap(inc, 2)"), "2 + 1");
    assert_eq!(
        text("macro inc(x) = x + 1; macro ap(f, x) = f(x); macro ap2(g, y) = ap(g, y); ap2(inc, 2)"),
        "2 + 1"
    );
    assert!(text("macro inc(x) = x + 1; map(v, inc)").contains("merge(acc__1, x__1 + 1)"));
    assert_eq!(
        text("macro inc(x) = x + 1; macro ap(f, x) = f(x); let inc = (|x| x); ap(inc, 2)"),
        "let inc = (|x| x); inc(2)"
    );
    // Calling itself through a parameter can end.
    assert_eq!(text("macro ap(f, x) = f(x); macro k(f) = f(1); macro id(x) = x; ap(k, id)"), "1");
}

#[test]
fn definitions_that_clash() {
    assert_eq!(codes("macro map(v, f) = 1; 2"), [Code::DuplicateName]);
    assert_eq!(codes("macro m(a) = 1; macro m(a) = 2; 3"), [Code::DuplicateName]);
    assert_eq!(codes("macro mean(v) = 1; mean(3)"), []);
    assert_eq!(text("macro mean(v) = 1; mean(3)"), "1");
}

#[test]
fn wrong_counts_name_the_parameters() {
    let (_, messages) = expanded("map(v)");
    assert_eq!(messages.0[0].code, Code::MacroArguments);
    assert_eq!(messages.0[0].title, "the macro `map(v, f)` takes 2 arguments, found 1");
}

#[test]
fn endless_macros_name_the_cycle() {
    let (_, messages) =
        expanded("macro f(x) = g(x) + f(x); macro g(x) = h(x) * h(x); macro h(x) = g(x) + g(x); f(1)");
    assert_eq!(messages.0[0].code, Code::RecursiveMacro);
    assert_eq!(messages.0[0].title, "the macro `g` expands to itself: g -> h -> g");
    assert_eq!(messages.0.len(), 1);
    assert_eq!(codes("macro w(f) = f(f); w(w)"), [Code::RecursiveMacro]);
    assert_eq!(codes("macro w(f) = {f(f), f(f)}; w(w)"), [Code::RecursiveMacro]);
    let chain: String = (0..40).map(|at| format!("macro m{at}(x) = m{}(x);", at + 1)).collect();
    assert_eq!(codes(&(chain + "m0(1)")), [Code::RecursiveMacro]);
}

#[test]
fn exploding_macros_stop_early() {
    let double: String = (0..25).map(|at| format!("macro d{}(x) = d{at}({{x, x}});", at + 1)).collect();
    // Doubling a value names it at each level, doubling code does not.
    assert!(text(&format!("macro d0(x) = x; {double} d25(a + 1)")).len() < 2000);
    assert_eq!(codes(&format!("macro d0(x) = x; {double} d25(appender[i64])")), [Code::ProgramTooLarge]);
    let calls: String = (0..28).map(|at| format!("macro d{}(x) = {{d{at}(x), d{at}(x)}};", at + 1)).collect();
    assert_eq!(codes(&format!("macro d0(x) = x; {calls} d28(1)")), [Code::ProgramTooLarge]);
    // Arguments that are thrown away cost, too.
    let waste: String =
        (0..28).map(|at| format!("macro d{}(x) = d({{d{at}(x), d{at}(x)}});", at + 1)).collect();
    assert_eq!(codes(&format!("macro d(x) = 1; macro d0(x) = x; {waste} d28(1)")), [Code::ProgramTooLarge]);
}

#[test]
fn aliases() {
    assert_eq!(
        text("type a = i32; type p = {a, vec[a]}; |x: p, y: simd[a]| a(1.5) : a"),
        "|x: {i32,vec[i32]}, y: simd[i32]| i32(1.5) : i32"
    );
    assert_eq!(text("type a = i64; macro m(x) = (x : a); m(1L)"), "1L : i64");
    assert_eq!(codes("type b = a; type a = i32; 1"), [Code::UnknownType]);
    assert_eq!(codes("type a = i32; type a = i64; 1"), [Code::DuplicateName]);
    let help = |source| expanded(source).1.0[0].help.clone().unwrap_or_default();
    assert_eq!(help("|x: int| x"), "did you mean `i32`?");
    assert_eq!(help("type point = i32; |x: piont| x"), "did you mean `point`?");
    let double: String = (0..60).map(|at| format!("type t{} = {{t{at}, t{at}}};", at + 1)).collect();
    assert!(codes(&format!("type t0 = i32; {double} |x: t60| x")).contains(&Code::TypeTooLarge));
}

#[test]
fn places_of_expanded_code() {
    let source = "macro m(a) = (let t = a + 1; t); 5 * m(2 + x)";
    let (expr, _) = expanded(source);
    let ExprKind::Binary(_, _, block) = &expr.kind else { panic!("{expr:?}") };
    let at = |expr: &Expr| &source[expr.span.lo as usize..expr.span.hi as usize];
    let ExprKind::Block(lets, body) = &block.kind else { panic!("{expr:?}") };
    assert_eq!((at(block), at(body), at(&lets[0].value)), ("m(2 + x)", "m(2 + x)", "m(2 + x)"));
    let ExprKind::Binary(_, arg, _) = &lets[0].value.kind else { panic!("{expr:?}") };
    assert_eq!(at(arg), "2 + x");
}

#[test]
fn annotations_of_a_call_move_to_its_loop() {
    assert!(text("@(grain_size: 7) map(v, f)").starts_with("result(@(grain_size: 7) for("));
    assert_eq!(text("macro m(a) = a; @(size: 7) m(x + 1)"), "@(size: 7) (x + 1)");
}

#[test]
fn old_builder_names() {
    assert_eq!(codes("for(v, vecbuilder, |b, i, x| merge(b, x))"), [Code::RenamedKeyword]);
    assert_eq!(codes("let vecbuilder = 1; vecbuilder"), []);
}

#[test]
fn ordinary_large_programs() {
    let sum = format!("macro inc(x) = x + 1; {}", vec!["inc(a)"; 10_000].join(" + "));
    assert!(codes(&sum).is_empty());
    let lets = format!("{}x", "let x = map(x, |y| y + 1);".repeat(10_000));
    assert!(codes(&lets).is_empty());
    // A program without macros may be of any size.
    let (program, _) = parse(SourceId(0), &format!("[{}]", "1,".repeat(1_100_000)));
    assert!(expand(&program).1.0.is_empty());
}

#[test]
fn names_of_macros_for_completion() {
    let (program, _) = parse(SourceId(0), "macro mine(x) = x; 1");
    let names: Vec<&str> = macro_names(&program).collect();
    assert!(names.contains(&"map") && names.contains(&"clamp") && names.contains(&"mine"));
}
