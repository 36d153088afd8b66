#![forbid(unsafe_code)]
//! Programs that are accepted, and what they become.

use super::{accept, outcome, type_of, warnings};
use crate::diag::Code;
use crate::ir::{Expr, ExprKind, Iter, Literal, visit};
use std::collections::HashSet;

/// The acceptance programs of LANGUAGE 20 that need no macro and nothing that is not built.
#[test]
fn acceptance_programs() {
    for (text, ty) in [
        ("|| 2 + 3 * 4", "i32"),
        ("|| 10 - 2 - 3", "i32"),
        ("|| 7 % -3", "i32"),
        ("|| i32(3.99)", "i32"),
        ("|| i8(300)", "i8"),
        ("|| u32(-1)", "u32"),
        ("|| i32(1.0e20)", "i32"),
        ("|| let x = 3; let x = x + 1; x", "i32"),
        ("|| (|a, b| a * b)(6, 7)", "i32"),
        ("|| let sq = (|t| t * t); sq(3) + sq(4)", "i32"),
        ("|| if(true, 1, lookup([1], 9L))", "i32"),
        ("|| false && lookup([true], 5L)", "bool"),
        ("|| {1, 2L}.$1", "i64"),
        ("|| -{1, 2}.$0", "i32"),
        ("|| len([]:vec[f32])", "i64"),
        ("|| slice([1,2,3], 1L, 100L)", "vec[i32]"),
        ("|| lookup([1,2], 2L)", "i32"),
        ("|| 1 / 0", "i32"),
        ("|| iterate(1, |n| {n * 2, n < 50})", "i32"),
        ("|| [3,1,2] < [3,2]", "bool"),
        ("|| result(for([5,6,7], appender, |b,i,e| merge(b, i)))", "vec[i64]"),
        ("|| result(for(iter([1,2,3,4],1L,3L,1L), merger[i32,*], |b,i,e| merge(b,e)))", "i32"),
        ("|| result(for(rangeiter(5L,0L,-1L), appender[i64], |b,i,e| merge(b,e)))", "vec[i64]"),
        ("|| result(for(zip([1],[2,3]), merger[i32,+], |b,i,e| merge(b,e.$0)))", "i32"),
        ("|| result(for([-4,-9], merger[i32,max], |b,i,e| merge(b,e)))", "i32"),
        ("|| result(for([]:vec[f64], merger[f64,min], |b,i,e| merge(b,e)))", "f64"),
        ("|| len(\"a#b\")", "i64"),
        (
            "|v: vec[i32]| let pos = result(for(v, appender, |b,i,x| if(x > 0, merge(b, x), b)));
               result(for(pos, appender, |b,i,x| merge(b, {x, i})))",
            "vec[{i32,i64}]",
        ),
    ] {
        assert_eq!(type_of(text), ty, "{text}");
    }
}

/// Those that need macros, and a sample of the standard macros (LANGUAGE 15).
#[test]
fn macros() {
    for (text, ty) in [
        ("macro pair(a,b) = {a,b}; |b: i32| pair(b, 1)", "{i32,i32}"),
        ("type p = {i32,i32}; |q: vec[p]| map(q, |e| e.$0 + e.$1)", "vec[i32]"),
        (
            "|v: vec[i32]| let pos = filter(v, |x| x > 0); result(for(pos, appender, |b,i,x| merge(b, {x, i})))",
            "vec[{i32,i64}]",
        ),
        ("|v: vec[i64], w: vec[f64]| map(zip(v, w), |p| f64(p.$0) + p.$1)", "vec[f64]"),
        ("|m: vec[vec[i8]]| flatten(m)", "vec[i8]"),
        ("|v: vec[{i64,f64}]| sum(v)", "{i64,f64}"),
        ("|v: vec[f32]| mean(map(v, |x| x * 2.0f))", "f64"),
        ("|v: vec[i64]| let double = (|x| x * 2L); map(filter(v, |x| x > 0L), double)", "vec[i64]"),
        ("|a: vec[f64], b: vec[f64]| dot(a, b) / f64(len(a))", "f64"),
        ("|n: i64| map2(range(n), fill(n, 1.5), |a, b| f64(a) * b)", "vec[f64]"),
        (
            "|v: vec[i64]| {product(v), minimum(v), maximum(v), count(v, |x| x > 0L), any(v, |x| x == 1L)}",
            "{i64,i64,i64,i64,bool}",
        ),
        ("|v: vec[i64], ix: vec[i64]| reverse(gather(v, ix))", "vec[i64]"),
        ("|x: i32| compare(clamp(x, 1, 5), 3)", "i32"),
        ("|v: vec[i64]| mapi(v, |i, x| i * x)", "vec[i64]"),
        ("|x: i64| let map = x; map + 1L", "i64"),
    ] {
        assert_eq!(type_of(text), ty, "{text}");
    }
}

#[test]
fn every_operator() {
    for (text, ty) in [
        ("|x: u8, y: u8| (x << y) ^ (x >> y) & ~x | y", "u8"),
        ("|x: f32| pow(x, 2.0f) + exp(-x) % min(x, 1.0f)", "f32"),
        ("|a: bool, b: bool| max(a, b) == (a & b) || !(a ^ b)", "bool"),
        ("|a: {i64,vec[i8]}, b: {i64,vec[i8]}| a < b && a != b", "bool"),
        ("|a: bool| {bool(3), i8(a), f64(a), u64(-1), bool(0.5)}", "{bool,i8,f64,u64,bool}"),
        ("|| {} == {}", "bool"),
        ("|| assert(1 < 2)", "bool"),
        ("|c: bool| select(c, 1si, 2si)", "i16"),
        ("|v: vec[i64], w: vec[f64]| zip(v, w)", "vec[{i64,f64}]"),
        ("|| \"abc\"", "vec[i8]"),
        ("|| {}", "{}"),
        ("|x: u8| -x", "u8"),
        ("3", "i32"),
    ] {
        assert_eq!(type_of(text), ty, "{text}");
    }
}

/// LANGUAGE 4: what unification finds.
#[test]
fn inference() {
    for (text, ty) in [
        ("|| let b = merger[?,+]; result(merge(b, 1L))", "i64"),
        ("|| let a = []; [a, [1]]", "vec[vec[i32]]"),
        ("|| let a: vec[f64] = []; a", "vec[f64]"),
        ("|| (|x| x + 1)(2)", "i32"),
        ("|| let id = (|x| x); {id(1), id(2L)}", "{i32,i64}"),
        ("|v: vec[?]| result(for(v, appender[i8], |b,i,x| merge(b, x)))", "vec[i8]"),
        ("|v: vec[f64]| result(for(v, merger[?,+](0.0), |b,i,x| merge(b, x)))", "f64"),
        // The type of `p` is known only after its field was read.
        (
            "|| let vs = []; let f = lookup(vs, 0L).$1; let more = [vs, [{1, 2L}]]; {f, more}",
            "{i64,vec[vec[{i32,i64}]]}",
        ),
        ("|| let vs = []; let f = lookup(vs, 0L) + lookup(vs, 1L); [vs, [2.5]]", "vec[vec[f64]]"),
        (
            "|| let a = appender; let b = merge(a, {1, []}); result(merge(b, {2, [true]}))",
            "vec[{i32,vec[bool]}]",
        ),
        ("|| iterate({0, []}, |s| {{s.$0 + 1, [1L]}, s.$0 < 5}).$1", "vec[i64]"),
        ("|| let e = []; if(true, e, [1.5f])", "vec[f32]"),
        ("|| let e = []; let c = i64(lookup(e, 0L)); [e, [1si]]", "vec[vec[i16]]"),
        ("|| let x = []; let y = lookup(x, 0L) && true; x", "vec[bool]"),
    ] {
        assert_eq!(type_of(text), ty, "{text}");
    }
}

#[test]
fn structs_of_builders() {
    assert_eq!(
        type_of(
            "|v: vec[f64]| let r = for(v, {merger[f64,+], merger[f64,max]},
               |p,i,x| {merge(p.$0, x), merge(p.$1, x)}); {result(r.$0), result(r.$1)}"
        ),
        "{f64,f64}"
    );
    assert_eq!(
        type_of("|v: vec[i64]| result(for(v, merger[{i64,f64},min], |b,i,x| merge(b, {x, f64(i)})))"),
        "{i64,f64}"
    );
    assert_eq!(type_of("|v: vec[i32]| for(v, appender[i32](len(v)), |b,i,x| merge(b, x))"), "appender[i32]");
}

#[test]
fn a_lambda_sees_the_names_of_its_place() {
    let text = "|| let y = 1; let f = (|x| x + y); let y = 2L; {f(3), y}";
    assert_eq!(type_of(text), "{i32,i64}");
    // Names are not visible before or after their scope.
    let text = "|x: i64| let f = (|a| (|b| b + x)(a)); let g = (|x| f(x) * x); (|x| {g(x), x})(7L)";
    assert_eq!(type_of(text), "{i64,i64}");
    let text = "|| let f = (|x| x); let g = f; let h = (|f| g(f)); h(1c)";
    assert_eq!(type_of(text), "i8");
}

#[test]
fn lambdas_are_functions_of_loops_by_name() {
    let text = "|v: vec[i64]| let step = (|b, i, x| merge(b, x + i));
                {result(for(v, merger[i64,+], step)), result(for(v, appender[i64], step))}";
    assert_eq!(type_of(text), "{i64,vec[i64]}");
    assert_eq!(type_of("|| let go = (|s| {s + 1, s < 3}); iterate(0, go)"), "i32");
}

/// LANGUAGE 9.2: a zip as the only data is several iterators, and its element a struct.
#[test]
fn zips_become_iterators() {
    let iters = |text: &str| {
        let program = accept(text);
        let mut found = Vec::new();
        visit::walk(&program.func.body, &mut |expr| {
            if let ExprKind::For(parts) = &expr.kind {
                found = parts.iters.iter().map(|iter| iter.elem_ty().to_string()).collect();
            }
            assert!(!matches!(expr.kind, ExprKind::Zip(_)), "{text}");
        });
        found
    };
    let plain = "|v: vec[i8], w: vec[f64]| for(zip(v, w), appender, |b,i,p| merge(b, p.$1))";
    assert_eq!(iters(plain), ["i8", "f64"]);
    // As a macro would leave it: the zip in parentheses is an expression.
    let expression = "|v: vec[i8], w: vec[f64]| for(iter(zip(v, w)), appender, |b,i,p| merge(b, p.$1))";
    assert_eq!(iters(expression), ["i8", "f64"]);
    assert_eq!(iters("|v: vec[i8]| for(zip(v), appender, |b,i,x| merge(b, x))"), ["i8"]);
    let mixed =
        "|v: vec[i8]| for(zip(v, rangeiter(0L,3L,1L), iter(v,0L,3L,1L)), appender, |b,i,p| merge(b, p.$1))";
    assert_eq!(iters(mixed), ["i8", "i64", "i8"]);
}

#[test]
fn names_are_unique_and_avoid_the_text() {
    let program = accept("|x: i64| let x__1 = x + 1L; let f = (|x| x * x__1); let x = f(x); f(x) + f(x)");
    let mut names = HashSet::new();
    names.insert(program.func.params[0].name.text().to_string());
    let mut add = |name: &crate::ir::Name| assert!(names.insert(name.text().to_string()), "{name} twice");
    visit::walk(&program.func.body, &mut |expr| match &expr.kind {
        ExprKind::Block(lets, _) => lets.iter().for_each(|binding| add(&binding.name)),
        ExprKind::Apply(func, _) => func.params.iter().for_each(|param| add(&param.name)),
        _ => {}
    });
    assert!(names.contains("x__1"));
    assert_eq!(names.len(), 6);
    // Fresh names of later passes go on from there.
    let mut supply = program.names.clone();
    assert!(!names.contains(supply.fresh("x").text()));
}

#[test]
fn lets_are_one_flat_block() {
    let program = accept("|| let a = 1; let f = (|x| x); (let b = f(a); (let c = b; a + b + c))");
    let ExprKind::Block(lets, body) = &program.func.body.kind else { panic!("no block") };
    assert_eq!(lets.iter().map(|binding| binding.name.text()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(matches!(body.kind, ExprKind::Binary(..)));
    // Blocks of nothing but lambdas vanish.
    let program = accept("|| let f = (|x: i64| x); 3");
    assert_eq!(program.func.body.literal(), Some(&Literal::I32(3)));
}

#[test]
fn facts_are_those_of_the_final_types() {
    // The divisor is an unknown when the division is checked.
    let program = accept("|| let vs = []; let q = 1 / lookup(vs, 0L); let w: vec[i32] = vs; q");
    let mut divisions = 0;
    visit::walk(&program.func.body, &mut |expr: &Expr| {
        if let ExprKind::Binary(crate::ir::BinOp::Div, ..) = &expr.kind {
            divisions += 1;
            assert!(expr.facts.may_fail);
        }
    });
    assert_eq!(divisions, 1);
}

#[test]
fn annotations() {
    let program = accept(
        "|v: vec[i64]| result(@(simd:true, loopsize: 3L, grain_size: 5) for(v, merger[i64,+], |b,i,x| merge(b, x)))",
    );
    let ExprKind::Result(inner) = &program.func.body.kind else { panic!("no result") };
    let ExprKind::For(parts) = &inner.kind else { panic!("no loop") };
    assert!(parts.simd);
    assert_eq!(inner.note("loopsize"), Some("3"));
    assert_eq!(inner.note("grain_size"), Some("5"));
    assert_eq!(inner.note("simd"), None);
    let text = "|c: bool| @(predicate:true) if(c, 1, 2)";
    assert_eq!(accept(text).func.body.note("predicate"), Some("true"));
    assert_eq!(warnings("|| @(predicat:true) if(true, 1, 2)"), [Code::UnknownAnnotation]);
    let (_, messages) = outcome("|| @(predicat:true) 3");
    assert!(messages.0[0].primary.text.contains("`predicate`"));
}

#[test]
fn iterators_keep_their_kind() {
    let program = accept("|v: vec[i64]| for(iter(v, 0L, 4L, 2L), appender, |b,i,x| merge(b, x))");
    let ExprKind::For(parts) = &program.func.body.kind else { panic!("no loop") };
    assert!(matches!(parts.iters.as_slice(), [Iter::Strided { .. }]));
}
