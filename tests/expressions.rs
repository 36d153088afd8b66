//! Programs put together with the constructors of `weld::ast`: printed, compiled, run, and taken apart again.
#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::HashMap;
use std::time::Instant;
use weld::ast::prelude::*;
use weld::{Config, Program, Session, WeldConf, WeldModule, WeldRuntimeErrno};

const I32: Type = Type::Scalar(ScalarKind::I32);
const I64: Type = Type::Scalar(ScalarKind::I64);
const F64: Type = Type::Scalar(ScalarKind::F64);

fn vec_of(elem: Type) -> Type {
    Type::Vector(Box::new(elem))
}

fn symbol(name: &str) -> Symbol {
    Symbol::new(name, 0)
}

fn name(text: &str, ty: &Type) -> Expr {
    Expr::new_ident(symbol(text), ty.clone()).unwrap()
}

fn literal(value: impl Into<LiteralKind>) -> Expr {
    Expr::new_literal(value.into()).unwrap()
}

fn op(kind: BinOpKind, left: Expr, right: Expr) -> Expr {
    Expr::new_bin_op(kind, left, right).unwrap()
}

fn lambda(params: &[(&str, &Type)], body: Expr) -> Expr {
    let params = params.iter().map(|(text, ty)| Parameter::new(symbol(text), (*ty).clone()));
    Expr::new_lambda(params.collect(), body).unwrap()
}

fn builder(kind: BuilderKind) -> Expr {
    Expr::new_new_builder(kind, None).unwrap()
}

fn merger(ty: Type, op: BinOpKind) -> Expr {
    builder(BuilderKind::Merger(Box::new(ty), op))
}

/// `for(data, builder, |b, i, x| body)`
fn each(data: Expr, builder: Expr, body: impl FnOnce(Expr, Expr, Expr) -> Expr) -> Expr {
    let Type::Vector(elem) = data.ty.clone() else { panic!() };
    let body = body(name("b", &builder.ty), name("i", &I64), name("x", &elem));
    let func = lambda(&[("b", &builder.ty), ("i", &I64), ("x", &elem)], body);
    Expr::new_for(vec![Iter::new_simple(data)], builder, func).unwrap()
}

fn merge(builder: Expr, value: Expr) -> Expr {
    Expr::new_merge(builder, value).unwrap()
}

fn result(builder: Expr) -> Expr {
    Expr::new_result(builder).unwrap()
}

/// Forgets all types that the tree can do without: not those of free names, parameters and empty vectors.
fn forget(expr: &mut Expr) {
    let keeps = match &expr.kind {
        ExprKind::NewBuilder(_) => true,
        ExprKind::MakeVector { elems } => elems.is_empty(),
        _ => false,
    };
    if !keeps {
        expr.ty = Type::Unknown;
    }
    expr.children_mut().into_iter().for_each(forget);
}

/// The program, after everything that one can do with a tree was done with it.
fn program(expr: &Expr) -> Program {
    let text = expr.pretty_print();
    let module =
        WeldModule::compile(&text, &WeldConf::new()).unwrap_or_else(|error| panic!("{text}\n{error}"));
    if let Type::Function(params, returned) = &expr.ty {
        assert_eq!((&module.param_types(), &module.return_type()), (params, &**returned), "{text}");
    }
    let mut forgotten = expr.clone();
    forget(&mut forgotten);
    forgotten.infer_types().unwrap();
    assert_eq!(forgotten, *expr, "{text}");
    let mut unique = expr.clone();
    unique.uniquify().unwrap();
    assert!(unique.compare_ignoring_symbols(expr).unwrap());
    assert_eq!(unique.hash_ignoring_symbols().unwrap(), expr.hash_ignoring_symbols().unwrap());
    let again = unique.clone();
    unique.uniquify().unwrap();
    assert_eq!(unique, again);
    let session = Session::new(Config { threads: 1, ..Config::default() });
    session.program(&unique.pretty_print()).unwrap()
}

#[test]
fn vectors_are_added() {
    let pair = Type::Struct(vec![F64, F64]);
    let appender = builder(BuilderKind::Appender(Box::new(F64)));
    let field = |at| Expr::new_get_field(name("x", &pair), at).unwrap();
    let body = merge(name("b", &appender.ty), op(BinOpKind::Add, field(0), field(1)));
    let func = lambda(&[("b", &appender.ty), ("i", &I64), ("x", &pair)], body);
    let iters = ["v", "w"].map(|text| Iter::new_simple(name(text, &vec_of(F64))));
    let added = result(Expr::new_for(iters.into(), appender, func).unwrap());
    let add = program(&lambda(&[("v", &vec_of(F64)), ("w", &vec_of(F64))], added));
    assert_eq!(add.call::<Vec<f64>>((&[1.0, 2.0], &[10.0, 20.0])).unwrap(), [11.0, 22.0]);
}

#[test]
fn filtered_and_summed() {
    let sum = each(name("v", &vec_of(I64)), merger(I64, BinOpKind::Add), |b, _, x| {
        let positive = op(BinOpKind::GreaterThan, x.clone(), literal(0i64));
        Expr::new_if(positive, merge(b.clone(), x), b).unwrap()
    });
    let sum = program(&lambda(&[("v", &vec_of(I64))], result(sum)));
    assert_eq!(sum.call::<i64>(&[5i64, -3, 7]).unwrap(), 12);
}

#[test]
fn words_are_counted() {
    let word = vec_of(Type::Scalar(ScalarKind::I8));
    let counts = BuilderKind::DictMerger(Box::new(word.clone()), Box::new(I64), BinOpKind::Add);
    let counted = each(name("words", &vec_of(word.clone())), builder(counts), |b, _, x| {
        merge(b, Expr::new_make_struct(vec![x, literal(1i64)]).unwrap())
    });
    let count = program(&lambda(&[("words", &vec_of(word.clone()))], result(counted)));
    let counts: HashMap<String, i64> = count.call(&["to", "be", "to"]).unwrap();
    assert_eq!(counts, HashMap::from([("to".to_string(), 2), ("be".to_string(), 1)]));

    // And looked up in what came out, given as a map of Rust.
    let dict = Type::Dict(Box::new(word.clone()), Box::new(I64));
    let (d, w) = (name("d", &dict), name("w", &word));
    let known = Expr::new_key_exists(d.clone(), w.clone()).unwrap();
    let found = Expr::new_if(known, Expr::new_lookup(d.clone(), w.clone()).unwrap(), literal(-1i64)).unwrap();
    let maybe = Expr::new_opt_lookup(d.clone(), w).unwrap();
    let parts = vec![found, maybe, Expr::new_length(Expr::new_to_vec(d).unwrap()).unwrap()];
    let look = program(&lambda(&[("d", &dict), ("w", &word)], Expr::new_make_struct(parts).unwrap()));
    assert_eq!(look.call::<(i64, (bool, i64), i64)>((&counts, "to")).unwrap(), (2, (true, 2), 2));
    assert_eq!(look.call::<(i64, (bool, i64), i64)>((&counts, "or")).unwrap(), (-1, (false, 0), 2));
}

#[test]
fn lets_shadow_and_lambdas_are_applied() {
    // let x = n + 1; let x = x * 2; let double = |y| y * 2; double(x) + (|z| z - n)(x)
    let n = || name("n", &I32);
    let double = lambda(&[("y", &I32)], op(BinOpKind::Multiply, name("y", &I32), literal(2)));
    let minus = lambda(&[("z", &I32)], op(BinOpKind::Subtract, name("z", &I32), n()));
    let called = Expr::new_apply(name("double", &double.ty), vec![name("x", &I32)]).unwrap();
    let applied = Expr::new_apply(minus, vec![name("x", &I32)]).unwrap();
    let sum = op(BinOpKind::Add, called, applied);
    let sum = Expr::new_let(symbol("double"), double, sum).unwrap();
    let sum = Expr::new_let(symbol("x"), op(BinOpKind::Multiply, name("x", &I32), literal(2)), sum).unwrap();
    let sum = Expr::new_let(symbol("x"), op(BinOpKind::Add, n(), literal(1)), sum).unwrap();
    let sum = program(&lambda(&[("n", &I32)], sum));
    assert_eq!(sum.call::<i32>(4).unwrap(), 26);
}

#[test]
fn sorted_sliced_and_serialized() {
    let (v, elems) = (name("v", &vec_of(I64)), vec_of(I64));
    let key = lambda(&[("x", &I64)], Expr::new_negate(name("x", &I64)).unwrap());
    let compared = Expr::new_if(
        op(BinOpKind::LessThan, name("a", &I64), name("c", &I64)),
        literal(-1),
        Expr::new_cast(ScalarKind::I32, op(BinOpKind::GreaterThan, name("a", &I64), name("c", &I64)))
            .unwrap(),
    );
    let compare = lambda(&[("a", &I64), ("c", &I64)], compared.unwrap());
    let down = Expr::new_sort(v.clone(), key).unwrap();
    let up = Expr::new_sort(v, compare).unwrap();
    let first = Expr::new_slice(up, literal(0i64), literal(2i64)).unwrap();
    let bytes = Expr::new_serialize(first).unwrap();
    let back = Expr::new_deserialize(bytes, elems.clone()).unwrap();
    let pair = program(&lambda(&[("v", &elems)], Expr::new_make_struct(vec![down, back]).unwrap()));
    let (down, back): (Vec<i64>, Vec<i64>) = pair.call(&[5i64, 9, 7]).unwrap();
    assert_eq!((down, back), (vec![9, 7, 5], vec![5, 7]));
}

extern "C" fn twice(x: *const i64, result: *mut i64) {
    // SAFETY: the program calls it with an `i64` and room for one.
    unsafe { *result = *x * 2 };
}

#[test]
fn c_functions_are_called() {
    weld::define_function("expressions_twice", twice as *const () as usize).unwrap();
    let call = Expr::new_cudf("expressions_twice".to_string(), vec![name("n", &I64)], I64).unwrap();
    let text = lambda(&[("n", &I64)], call).pretty_print();
    let module = WeldModule::compile(text, &WeldConf::new()).unwrap();
    let mut context = weld::WeldContext::new(&WeldConf::new()).unwrap();
    let argument = weld::WeldValue::new_from_data((&raw const *Box::leak(Box::new(21i64))).cast());
    // SAFETY: the argument is an `i64`, and so is the result.
    let found = unsafe { *module.run(&mut context, &argument).unwrap().data().cast::<i64>() };
    assert_eq!(found, 42);
}

#[test]
fn every_iterator_and_lanes() {
    let bound = |n: i64| literal(n);
    let strided = Iter::new_strided(name("v", &vec_of(I64)), bound(0), bound(4), bound(2));
    let range = Iter::new_range(bound(0), bound(2), bound(1));
    let pair = Type::Struct(vec![I64, I64]);
    let sum = merger(I64, BinOpKind::Add);
    let x = || name("x", &pair);
    let product =
        op(BinOpKind::Multiply, Expr::new_get_field(x(), 0).unwrap(), Expr::new_get_field(x(), 1).unwrap());
    let func = lambda(&[("b", &sum.ty), ("i", &I64), ("x", &pair)], merge(name("b", &sum.ty), product));
    let looped = Expr::new_for(vec![strided, range], sum, func).unwrap();
    let dot = program(&lambda(&[("v", &vec_of(I64))], result(looped)));
    assert_eq!(dot.call::<i64>(&[1i64, 2, 3, 4]).unwrap(), 3);

    // Blocks of lanes, and what is left.
    let lanes = Type::Simd(ScalarKind::F64);
    let square = |ty: &Type| op(BinOpKind::Multiply, name("x", ty), name("x", ty));
    let loop_over = |kind: IterKind, from: Expr, ty: &Type| {
        let iter = Iter { kind, ..Iter::new_simple(name("v", &vec_of(F64))) };
        let body = merge(name("b", &from.ty), square(ty));
        let func = lambda(&[("b", &from.ty), ("i", &I64), ("x", ty)], body);
        Expr::new_for(vec![iter], from, func).unwrap()
    };
    let blocks = loop_over(IterKind::SimdIter, merger(F64, BinOpKind::Add), &lanes);
    let squares = result(loop_over(IterKind::FringeIter, blocks, &F64));
    let squares = program(&lambda(&[("v", &vec_of(F64))], squares));
    assert_eq!(squares.call::<f64>(&vec![2.0; 35]).unwrap(), 140.0);
    let choice = Expr::new_broadcast(literal(1.5)).unwrap();
    assert_eq!(op(BinOpKind::Max, choice.clone(), choice).ty, lanes);

    let nd = Iter {
        kind: IterKind::NdIter,
        shape: Some(Box::new(Expr::new_make_vector(vec![bound(2), bound(2)]).unwrap())),
        strides: Some(Box::new(Expr::new_make_vector(vec![bound(1), bound(2)]).unwrap())),
        ..Iter::new_strided(name("v", &vec_of(I64)), bound(0), bound(4), bound(1))
    };
    let appender = builder(BuilderKind::Appender(Box::new(I64)));
    let body = merge(name("b", &appender.ty), name("x", &I64));
    let func = lambda(&[("b", &appender.ty), ("i", &I64), ("x", &I64)], body);
    let turned = result(Expr::new_for(vec![nd], appender, func).unwrap());
    let turned = program(&lambda(&[("v", &vec_of(I64))], turned));
    assert_eq!(turned.call::<Vec<i64>>(&[1i64, 2, 3, 4]).unwrap(), [1, 3, 2, 4]);
}

#[test]
fn structs_of_builders_iterate_and_zip() {
    let smallest = merger(I64, BinOpKind::Min);
    let largest = merger(I64, BinOpKind::Max);
    let both = Expr::new_make_struct(vec![smallest, largest]).unwrap();
    let pairs = Expr::new_zip(vec![name("v", &vec_of(I64)), name("v", &vec_of(I64))]).unwrap();
    let looped = each(pairs, both, |b, _, x| {
        let field = |of: &Expr, at| Expr::new_get_field(of.clone(), at).unwrap();
        let merged = vec![merge(field(&b, 0), field(&x, 0)), merge(field(&b, 1), field(&x, 1))];
        Expr::new_make_struct(merged).unwrap()
    });
    let r = name("r", &looped.ty);
    let field = |at| result(Expr::new_get_field(r.clone(), at).unwrap());
    let body = Expr::new_make_struct(vec![field(0), field(1)]).unwrap();
    let range = Expr::new_let(symbol("r"), looped, body).unwrap();
    let range = program(&lambda(&[("v", &vec_of(I64))], range));
    assert_eq!(range.call::<(i64, i64)>(&[4i64, -1, 9]).unwrap(), (-1, 9));

    // iterate({appender, n}, |s| {{merge(s.$0, s.$1), s.$1 - 1}, s.$1 > 1})
    let appender = builder(BuilderKind::Appender(Box::new(I64)));
    let state = Type::Struct(vec![appender.ty.clone(), I64]);
    let field = |at| Expr::new_get_field(name("s", &state), at).unwrap();
    let next = vec![merge(field(0), field(1)), op(BinOpKind::Subtract, field(1), literal(1i64))];
    let update =
        vec![Expr::new_make_struct(next).unwrap(), op(BinOpKind::GreaterThan, field(1), literal(1i64))];
    let update = lambda(&[("s", &state)], Expr::new_make_struct(update).unwrap());
    let start = Expr::new_make_struct(vec![appender, name("n", &I64)]).unwrap();
    let last = Expr::new_iterate(start, update).unwrap();
    let counted = result(Expr::new_get_field(last, 0).unwrap());
    let count = program(&lambda(&[("n", &I64)], counted));
    assert_eq!(count.call::<Vec<i64>>(3i64).unwrap(), [3, 2, 1]);
}

#[test]
fn literals_keep_their_bits() {
    let kinds: Vec<LiteralKind> = vec![
        true.into(),
        i8::MIN.into(),
        i16::MIN.into(),
        i32::MIN.into(),
        i64::MIN.into(),
        u8::MAX.into(),
        u16::MAX.into(),
        u32::MAX.into(),
        u64::MAX.into(),
        (-0.0f32).into(),
        f32::INFINITY.into(),
        f64::NEG_INFINITY.into(),
        5e-324f64.into(),
        "a \"quoted\" word\n\u{e9}".into(),
    ];
    for kind in kinds {
        let expr = Expr::new_literal(kind.clone()).unwrap();
        match kind {
            LiteralKind::F64Literal(bits) => {
                assert_eq!(program(&expr).call::<f64>(()).unwrap().to_bits(), bits);
            }
            LiteralKind::F32Literal(bits) => {
                assert_eq!(program(&expr).call::<f32>(()).unwrap().to_bits(), bits);
            }
            LiteralKind::I64Literal(value) => assert_eq!(program(&expr).call::<i64>(()).unwrap(), value),
            LiteralKind::U64Literal(value) => assert_eq!(program(&expr).call::<u64>(()).unwrap(), value),
            LiteralKind::StringLiteral(text) => {
                assert_eq!(program(&expr).call::<String>(()).unwrap(), text);
            }
            _ => drop(program(&expr)),
        }
    }
    // Where a division would take part in one: 2.0 / NaN is no number.
    let nan = op(BinOpKind::Divide, literal(2.0), literal(f64::NAN));
    assert!(program(&nan).call::<f64>(()).unwrap().is_nan());
    let minus = op(BinOpKind::Subtract, literal(1i64), literal(-2i64));
    assert_eq!(program(&minus).call::<i64>(()).unwrap(), 3);
}

#[test]
fn odd_names_and_annotations() {
    // Reserved words, no names, and names that look like numbered ones.
    let names = ["for", "1x", "", "x__1", "a b", "map"].map(|text| Symbol::new(text, 0));
    let numbered = [Symbol::new("x", 1), Symbol::new("x", -1), Symbol::new("name", 0)];
    let symbols: Vec<Symbol> = names.into_iter().chain(numbered).collect();
    let fields = symbols.iter().map(|name| Expr::new_ident(name.clone(), I64).unwrap()).collect();
    let params = symbols.iter().map(|name| Parameter::new(name.clone(), I64)).collect();
    let same = Expr::new_lambda(params, Expr::new_make_struct(fields).unwrap()).unwrap();
    let numbers = (1i64, 2i64, 3i64, 4i64, 5i64, 6i64, 7i64, 8i64, 9i64);
    type Nine = (i64, i64, i64, i64, i64, i64, i64, i64, i64);
    assert_eq!(program(&same).call::<Nine>(numbers).unwrap(), numbers);

    let mut sized = Annotations::new();
    sized.set("size", "3");
    let mut appender = builder(BuilderKind::Appender(Box::new(I64)));
    appender.ty = Type::Builder(BuilderKind::Appender(Box::new(I64)), sized.clone());
    let mut looped = each(name("v", &vec_of(I64)), appender, |b, _, x| merge(b, x));
    assert_eq!(looped.ty.to_string(), "appender[i64]");
    looped.annotations.set("loopsize", "3L");
    let text = result(looped).pretty_print();
    assert!(text.contains("@(size: 3)") && text.contains("@(loopsize: \"3L\")"), "{text}");
    WeldModule::compile(format!("|v: vec[i64]| {text}"), &WeldConf::new()).unwrap();
}

#[test]
fn what_does_not_fit_is_an_error_and_says_why() {
    let told = |made: weld::WeldResult<Expr>| {
        let error = made.unwrap_err();
        assert_eq!(error.code(), WeldRuntimeErrno::CompileError);
        error.to_string()
    };
    let (v, b) = (name("v", &vec_of(I64)), merger(I64, BinOpKind::Add));
    assert!(told(Expr::new_bin_op(BinOpKind::Add, literal(1), literal(1i64))).starts_with("E0201: "));
    told(Expr::new_not(literal(1)));
    told(Expr::new_get_field(v.clone(), 0));
    told(Expr::new_merge(b.clone(), literal(1)));
    told(Expr::new_merge(literal(1), literal(1)));
    told(Expr::new_result(v.clone()));
    told(Expr::new_apply(literal(1), vec![]));
    told(Expr::new_lookup(v.clone(), literal(1)));
    told(Expr::new_sort(v.clone(), literal(1)));
    told(Expr::new_for(vec![Iter::new_simple(v.clone())], b.clone(), lambda(&[], literal(1))));
    told(Expr::new_for(vec![], b.clone(), lambda(&[], literal(1))));
    told(Expr::new_make_vector(vec![literal(1), literal(true)]));
    told(Expr::new_make_vector_typed(vec![literal(1)], I64));
    told(Expr::new_new_builder(BuilderKind::Merger(Box::new(I64), BinOpKind::Subtract), None));
    told(Expr::new_new_builder(BuilderKind::Merger(Box::new(I64), BinOpKind::Add), Some(literal(1))));
    told(Expr::new_if(literal(1), literal(1), literal(1)));
    let half = Iter { start: Some(Box::new(literal(0i64))), ..Iter::new_simple(v.clone()) };
    let func = lambda(&[("b", &b.ty), ("i", &I64), ("x", &I64)], name("b", &b.ty));
    told(Expr::new_for(vec![half], b.clone(), func.clone()));
    // The function gives no builder back.
    let wrong = lambda(&[("b", &b.ty), ("i", &I64), ("x", &I64)], name("x", &I64));
    told(Expr::new_for(vec![Iter::new_simple(v.clone())], b.clone(), wrong));
    assert!(Expr::new_for(vec![Iter::new_simple(v)], b, func).is_ok());
    // Free names need types; so does what nothing decides.
    let mut unknown = Expr::new_ident(symbol("x"), Type::Unknown).unwrap();
    assert!(unknown.infer_types().is_err());
}

/// A constructor asks about its own node only, and nothing is lost on the way down.
#[test]
fn large_trees_are_made_in_linear_time() {
    let time = |count: i64| {
        let start = Instant::now();
        let (mut sum, mut lets) = (literal(0i64), name("x0", &I64));
        for at in 0..count {
            sum = op(BinOpKind::Add, sum, literal(at));
        }
        for at in (0..count).rev() {
            lets = Expr::new_let(Symbol::new("x", at as i32), literal(at), lets).unwrap();
        }
        sum = op(BinOpKind::Add, sum, Expr::new_let(symbol("x0"), literal(1i64), lets).unwrap());
        let mut copy = sum.clone();
        copy.infer_types().unwrap();
        assert_eq!(copy, sum);
        copy.uniquify().unwrap();
        assert!(copy.compare_ignoring_symbols(&sum).unwrap());
        assert!(sum.pretty_print().len() > 10 * count as usize);
        assert!(!format!("{sum:?}").is_empty());
        start.elapsed()
    };
    let few = time(1_000);
    let many = time(10_000);
    assert!(many < few * 40, "{few:?} for 1,000, {many:?} for 10,000");
}
