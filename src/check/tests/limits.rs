#![forbid(unsafe_code)]
//! Large programs and large types.

use super::{accept, codes, errors, outcome, type_of};
use crate::diag::{Code, SourceId};
use std::time::{Duration, Instant};

/// Ten thousand of something ordinary must not take noticeable time.
fn quickly(text: &str, ty: &str) {
    let (program, _) = crate::syntax::parse(crate::diag::SourceId(0), text);
    let start = Instant::now();
    let (checked, messages) = crate::check::check(&program.body, &[]);
    let time = start.elapsed();
    let checked = checked.unwrap_or_else(|| panic!("{:?}", messages.0));
    assert_eq!(checked.func.body.ty.to_string(), ty);
    assert!(time < Duration::from_millis(1500), "took {time:?}");
}

#[test]
fn long_programs() {
    let lets: String = (0..10_000).map(|at| format!("let x{} = x{at} + 1L; ", at + 1)).collect();
    quickly(&format!("|x0: i64| {lets} x10000"), "i64");
    let terms: Vec<String> = (0..10_000).map(|at| format!("{at}L")).collect();
    quickly(&format!("|| {}", terms.join(" + ")), "i64");
    let shadowed: String = (0..10_000).map(|_| "let x = x + 1L; ").collect();
    quickly(&format!("|x: i64| {shadowed} x"), "i64");
    let merges: String = (0..10_000).map(|at| format!("let b{} = merge(b{at}, {at}L); ", at + 1)).collect();
    quickly(&format!("|b0: appender[i64]| {merges} result(b10000)"), "vec[i64]");
    let unknown: String = (0..10_000).map(|at| format!("let v{} = [lookup(v{at}, 0L)]; ", at + 1)).collect();
    quickly(&format!("|| let v0 = []; {unknown} [v0, [1]]"), "vec[vec[i32]]");
    let lambdas: String =
        (0..10_000).map(|at| format!("let f{at} = (|x| x + {at}); let y{at} = f{at}(1); ")).collect();
    quickly(&format!("|| {lambdas} y3"), "i32");
    let calls: String = (0..5_000).map(|at| format!("let g{} = (|x| g{at}(x) + 1); ", at + 1)).collect();
    quickly(&format!("|| let g0 = (|x| x); {calls} g5000(1)"), "i32");
    let branches: String = (0..1_000).map(|at| format!("if(x == {at}L, merge(b, {at}L), ")).collect();
    quickly(&format!("|x: i64, b: appender[i64]| {branches} b {}", ")".repeat(1_000)), "appender[i64]");
}

#[test]
fn a_long_vector_literal() {
    quickly(&format!("|| [{}]", vec!["1L"; 100_000].join(",")), "vec[i64]");
}

#[test]
fn programs_that_explode_are_stopped() {
    let mut text = "|| let g0 = (|x| x + 1); ".to_string();
    for at in 1..40 {
        text += &format!("let g{at} = (|x| g{}(g{}(x))); ", at - 1, at - 1);
    }
    let found = errors(&format!("{text} g39(1)"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].code, Code::ProgramTooLarge);
}

#[test]
fn large_types() {
    let wide = |n: usize| format!("|| {{{}}}", vec!["1"; n].join(","));
    assert!(type_of(&wide(4096)).starts_with("{i32,"));
    assert_eq!(errors(&wide(4097))[0].code, Code::TypeTooLarge);
    let deep = |n: usize| format!("|v: {}i64{}| v", "vec[".repeat(n), "]".repeat(n));
    accept(&deep(255));
    let nested = |n: usize| format!("|| {}1{}", "[".repeat(n), "]".repeat(n));
    accept(&nested(255));
    assert_eq!(codes(&nested(256)).len(), 1);
    // Small in memory, large as a type.
    let doubled: String = (0..200).map(|at| format!("let x{} = {{x{at}, x{at}}}; ", at + 1)).collect();
    assert_eq!(errors(&format!("|x0: i64| {doubled} x200"))[0].code, Code::TypeTooLarge);
    let unknown: String = (0..11).map(|at| format!("let x{} = {{x{at}, x{at}}}; ", at + 1)).collect();
    let text = format!("|big: {{{}}}| let x0 = []; {unknown} [x0, [big]]", vec!["i64"; 4000].join(","));
    assert_eq!(errors(&text)[0].code, Code::TypeTooLarge);
}

#[test]
fn deep_expressions() {
    let text = format!("|x: i64| {}x{}", "(-".repeat(2_000), ")".repeat(2_000));
    assert_eq!(type_of(&text), "i64");
    let (program, _) = outcome(&format!("|x: bool| {}x", "!".repeat(2_000)));
    assert!(program.is_some());
}

/// Programs with a few tokens lost, doubled or moved: whatever they are, checking ends, and what it accepts is
/// well formed.
#[test]
fn broken_programs_do_no_harm() {
    let texts = [
        "|v: vec[i64], w: vec[f64]| let f = (|x, y| x * y); let r = for(zip(v, w), {merger[i64,+], appender},
           |b, i, p| {merge(b.$0, f(p.$0, i)), merge(b.$1, if(p.$1 > 0.5, {p.$1, []}, {1.5, [i]}))});
         {result(r.$0), result(r.$1), iterate({1, 2L}, |s| {{s.$0 + 1, s.$1}, s.$0 < 3})}",
        "|xs: vec[vec[i32]], p: bool, m: merger[i32,max]| let k = lookup(xs, 0L);
           let out = for(xs, appender[i32](5L), |b0, i, row| for(row, b0, |b1, j, y| if(p && y > -3, merge(b0, y), b0)));
           {result(out), filter(k, |x| x % 2 == 0), sum(map(k, |x| f64(x) / 2.0)), result(for(k, m, |b, i, x| merge(b, x)))}",
    ];
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut n_accepted = 0;
    for _ in 0..3_000 {
        let text = texts[random(texts.len())];
        let (tokens, _) = crate::syntax::lex(SourceId(0), text);
        let mut pieces: Vec<&str> = tokens
            .iter()
            .filter_map(|token| text.get(token.span.lo as usize..token.span.hi as usize))
            .collect();
        for _ in 0..1 + random(3) {
            let at = random(pieces.len());
            let piece = pieces[random(pieces.len())];
            match random(3) {
                0 => pieces[at] = piece,
                1 => drop(pieces.remove(at)),
                _ => pieces.insert(at, piece),
            }
        }
        let broken = pieces.join(" ");
        let (program, messages) = crate::syntax::parse(SourceId(0), &broken);
        if messages.has_errors() {
            continue;
        }
        let (body, messages) = crate::expand::expand(&program);
        if messages.has_errors() {
            continue;
        }
        let (checked, messages) = crate::check::check(&body, &[]);
        assert_eq!(checked.is_none(), messages.has_errors(), "{broken}");
        if let Some(checked) = checked {
            n_accepted += 1;
            let printed = crate::ir::print::program(&checked);
            assert_eq!(crate::ir::verify::verify(&checked), Ok(()), "{broken}\n{printed}");
        }
    }
    assert!(n_accepted > 20, "{n_accepted}");
}
