#![forbid(unsafe_code)]
use super::run;
use crate::diag::{Origin, SourceId, Span};
use crate::ir::{
    BinOp, BuilderTy, Expr, ExprKind, For, Iter, Lambda, Let, Literal, MergeOp, Name, Names, Param, Program,
    Scalar, Ty, build,
};
use crate::plan;
use crate::value::literal::parse_value;
use crate::value::print::to_text;
use crate::value::{ErrorKind, RunError, Value};
use std::sync::atomic::AtomicU32;

const F64: Ty = Ty::Scalar(Scalar::F64);
const I32: Ty = Ty::Scalar(Scalar::I32);

fn here() -> Origin {
    Origin::from(Span::new(SourceId(0), 3, 7))
}

fn param(name: &Name, ty: &Ty) -> Param {
    Param { name: name.clone(), ty: ty.clone(), origin: here() }
}

fn var(name: &Name, ty: &Ty) -> Expr {
    build::var(name, ty.clone(), here())
}

fn int32(value: i32) -> Expr {
    build::literal(Literal::I32(value), here())
}

fn int64(value: i64) -> Expr {
    build::int64(value, here())
}

fn vector(items: Vec<Expr>, elem: Ty) -> Expr {
    Expr::new(ExprKind::Vector(items), Ty::vec(elem), here())
}

fn numbers(values: &[i64]) -> Expr {
    vector(values.iter().map(|value| int64(*value)).collect(), Ty::I64)
}

fn fresh(builder: BuilderTy, start: Option<Expr>) -> Expr {
    Expr::new(ExprKind::NewBuilder(start), Ty::builder(builder), here())
}

fn result(builder: Expr) -> Expr {
    let ty = builder.ty.as_builder().unwrap().result_ty();
    Expr::new(ExprKind::Result(builder), ty, here())
}

/// `for(iters, builder, body)`.
fn each(
    names: &mut Names,
    iters: Vec<Iter>,
    builder: Expr,
    body: impl FnOnce(&mut Names, Expr, Expr, Expr) -> Expr,
) -> Expr {
    let elem_ty = match iters.as_slice() {
        [one] => one.elem_ty(),
        many => Ty::tuple(many.iter().map(Iter::elem_ty).collect()),
    };
    let (b, i, e) = (names.fresh("b"), names.fresh("i"), names.fresh("e"));
    let ty = builder.ty.clone();
    let params = vec![param(&b, &ty), param(&i, &Ty::I64), param(&e, &elem_ty)];
    let body = body(names, var(&b, &ty), var(&i, &Ty::I64), var(&e, &elem_ty));
    let func = Lambda { params, body };
    Expr::new(ExprKind::For(For { iters, builder, func, simd: false }.into()), ty, here())
}

fn program(params: Vec<Param>, body: Expr) -> Program {
    Program { func: Lambda { params, body }, names: Names::default() }
}

fn go(program: &Program, args: &[Value]) -> Result<Value, RunError> {
    run(program, args, &AtomicU32::new(0))
}

/// The printed value of a closed expression, or the name of its error and its message.
fn answer(body: Expr) -> String {
    let ty = body.ty.clone();
    match go(&program(vec![], body), &[]) {
        Ok(value) => to_text(&value, &ty),
        Err(error) => format!("{}: {}", error.kind.name(), error.message),
    }
}

fn floats(values: &[f64]) -> Value {
    Value::vector(&F64, values.iter().map(|x| Value::Scalar(Literal::F64(*x))).collect()).unwrap()
}

fn float(value: Value) -> f64 {
    match value {
        Value::Scalar(Literal::F64(x)) => x,
        other => panic!("{other:?}"),
    }
}

/// Numbers whose sum depends on the order of adding.
fn noise(n: usize) -> Vec<f64> {
    let mut state = 12345u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / 1e15 - 4.0
    };
    (0..n).map(|_| next() * 10f64.powi((next() * 2.0) as i32)).collect()
}

/// The tree of RUNTIME 4.2 written a second time, as recursion over aligned ranges of leaves.
fn tree_sum(values: &[f64], leaf: usize) -> Option<f64> {
    fn fold_leaf(values: &[f64]) -> f64 {
        let mut lanes = [-0.0; 16];
        values.iter().enumerate().for_each(|(k, x)| lanes[k % 16] += x);
        for half in [8, 4, 2, 1] {
            (0..half).for_each(|j| lanes[j] += lanes[j + half]);
        }
        lanes[0]
    }
    fn aligned(leaves: &[f64]) -> f64 {
        let n = leaves.len();
        if n == 1 {
            return leaves[0];
        }
        let left = if n.is_power_of_two() { n / 2 } else { 1 << n.ilog2() };
        aligned(&leaves[..left]) + aligned(&leaves[left..])
    }
    let leaves: Vec<f64> = values.chunks(leaf).map(fold_leaf).collect();
    (!leaves.is_empty()).then(|| aligned(&leaves))
}

fn sum_program(start: Option<f64>) -> Program {
    let mut names = Names::default();
    let v = names.fresh("v");
    let vec = Ty::vec(F64);
    let start = start.map(|x| build::literal(Literal::F64(x), here()));
    let builder = fresh(BuilderTy::Merger(F64, MergeOp::Add), start);
    let sum =
        each(&mut names, vec![Iter::Whole(var(&v, &vec))], builder, |_, b, _, e| build::merge(b, e, here()));
    program(vec![param(&v, &vec)], result(sum))
}

#[test]
fn float_sums_follow_the_tree() {
    for n in [0, 1, 2, 15, 16, 17, 100, 4095, 4096, 4097, 5 * 4096, 7 * 4096 + 9, 40_000] {
        let values = noise(n);
        let total = tree_sum(&values, 4096);
        let found = float(go(&sum_program(None), &[floats(&values)]).unwrap());
        assert_eq!(found.to_bits(), total.map_or(0.0, |total| 0.0 + total).to_bits(), "{n}");
        let found = float(go(&sum_program(Some(-0.0)), &[floats(&values)]).unwrap());
        assert_eq!(found.to_bits(), total.map_or(-0.0, |total| -0.0 + total).to_bits(), "{n}");
    }
    // The test must be able to fail: the order shows in the bits.
    let values = noise(40_000);
    assert_ne!(tree_sum(&values, 4096), Some(values.iter().sum()));
}

#[test]
fn nested_loops_thread_the_lane_through() {
    let mut names = Names::default();
    let m = names.fresh("m");
    let rows_ty = Ty::vec(Ty::vec(F64));
    let builder = fresh(BuilderTy::Merger(F64, MergeOp::Add), None);
    let sum = each(&mut names, vec![Iter::Whole(var(&m, &rows_ty))], builder, |names, b, _, row| {
        each(names, vec![Iter::Whole(row)], b, |_, b, _, e| build::merge(b, e, here()))
    });
    let program = program(vec![param(&m, &rows_ty)], result(sum));
    for count in [0, 1, 16, 17, 50] {
        let rows: Vec<Vec<f64>> = (0..count).map(|k| noise(6000 + k)[..k * 113].to_vec()).collect();
        let mut leaves = Vec::new();
        for leaf in rows.chunks(16) {
            let mut lanes = [-0.0; 16];
            for (k, row) in leaf.iter().enumerate() {
                if let Some(total) = tree_sum(row, 4096) {
                    lanes[k] += total;
                }
            }
            for half in [8, 4, 2, 1] {
                (0..half).for_each(|j| lanes[j] += lanes[j + half]);
            }
            leaves.push(lanes[0]);
        }
        let expected = match leaves.as_slice() {
            [] => 0.0,
            [a] => 0.0 + *a,
            [a, b] => 0.0 + (a + b),
            [a, b, c] => 0.0 + ((a + b) + c),
            [a, b, c, d] => 0.0 + ((a + b) + (c + d)),
            other => panic!("{}", other.len()),
        };
        let value = Value::Vector(rows.iter().map(|row| floats(row)).collect::<Vec<_>>().into());
        assert_eq!(float(go(&program, &[value]).unwrap()).to_bits(), expected.to_bits(), "{count}");
    }
}

#[test]
fn a_struct_of_builders_fills_in_order() {
    let mut names = Names::default();
    let builders = [
        fresh(BuilderTy::Appender(Ty::I64), None),
        fresh(BuilderTy::Merger(F64, MergeOp::Add), Some(build::literal(Literal::F64(0.5), here()))),
        fresh(BuilderTy::Merger(Ty::I64, MergeOp::Max), None),
    ];
    let start = build::tuple(builders.to_vec(), here());
    let looped = each(&mut names, vec![Iter::Whole(numbers(&[3, -4, 5]))], start, |_, b, i, e| {
        let part = |k| build::field(b.clone(), k, here()).unwrap();
        let one = build::literal(Literal::F64(0.25), here());
        let merged = vec![
            build::merge(part(0), build::binary(BinOp::Mul, i, e.clone(), here()), here()),
            build::merge(part(1), one, here()),
            build::merge(part(2), e, here()),
        ];
        build::tuple(merged, here())
    });
    let r = names.fresh("r");
    let ty = looped.ty.clone();
    let results = (0..3).map(|k| result(build::field(var(&r, &ty), k, here()).unwrap())).collect();
    let body = build::block(vec![Let { name: r, value: looped }], build::tuple(results, here()), here());
    assert_eq!(answer(body), "{[0L, -4L, 10L], 1.25, 5L}");
}

#[test]
fn builders_come_back_as_themselves() {
    let mut names = Names::default();
    let start = build::tuple(vec![fresh(BuilderTy::Appender(Ty::I64), None), int32(7)], here());
    assert_eq!(answer(start), "{<appender[i64], 0 elements; call `result` on it>, 7}");
    let builder = fresh(BuilderTy::Appender(Ty::I64), Some(int64(-5)));
    let looped = each(&mut names, vec![Iter::Whole(numbers(&[3, 4]))], builder, |_, b, _, e| {
        build::merge(b, e, here())
    });
    assert_eq!(answer(looped), "<appender[i64], 2 elements; call `result` on it>");
}

#[test]
fn iterators_are_checked_for_all_small_numbers() {
    let len = 4i64;
    let data: Vec<i64> = (0..len).map(|k| k * 10).collect();
    for start in -2..=len + 2 {
        for end in -2..=len + 2 {
            for stride in -3..=3 {
                let steps = (stride != 0 && (end - start) % stride == 0)
                    .then(|| (end - start) / stride)
                    .filter(|n| *n >= 0);
                let places: Option<Vec<i64>> = steps.map(|n| (0..n).map(|k| start + k * stride).collect());
                let over = |with_data: bool| {
                    let (start, end, stride) = (int64(start), int64(end), int64(stride));
                    let iter = match with_data {
                        true => Iter::Strided { data: numbers(&data), start, end, stride },
                        false => Iter::Range { start, end, stride },
                    };
                    let builder = fresh(BuilderTy::Appender(Ty::I64), None);
                    answer(result(each(&mut Names::default(), vec![iter], builder, |_, b, _, e| {
                        build::merge(b, e, here())
                    })))
                };
                let show = |values: Vec<i64>| {
                    to_text(
                        &Value::vector(
                            &Ty::I64,
                            values.into_iter().map(|x| Value::Scalar(Literal::I64(x))).collect(),
                        )
                        .unwrap(),
                        &Ty::vec(Ty::I64),
                    )
                };
                let expect = |found: String, wanted: Option<Vec<i64>>| match wanted {
                    Some(values) => assert_eq!(found, show(values), "{start} {end} {stride}"),
                    None => {
                        assert!(found.starts_with("BadIteratorLength: "), "{start} {end} {stride}: {found}")
                    }
                };
                expect(over(false), places.clone());
                let inside = places.filter(|places| places.iter().all(|at| (0..len).contains(at)));
                expect(over(true), inside.map(|places| places.into_iter().map(|at| at * 10).collect()));
            }
        }
    }
}

#[test]
fn iterator_arithmetic_does_not_overflow() {
    let range = |start, end, stride| {
        let iter = Iter::Range { start: int64(start), end: int64(end), stride: int64(stride) };
        let builder = fresh(BuilderTy::Appender(Ty::I64), None);
        answer(result(each(&mut Names::default(), vec![iter], builder, |_, b, _, e| {
            build::merge(b, e, here())
        })))
    };
    assert!(range(i64::MIN, i64::MAX, 1).starts_with("BadIteratorLength"));
    assert!(range(0, i64::MIN, -1).starts_with("BadIteratorLength"));
    assert_eq!(range(i64::MAX - 1, i64::MAX, 1), "[9223372036854775806L]");
    assert_eq!(range(0, i64::MIN, i64::MIN), "[0L]");
}

#[test]
fn zips_need_one_length() {
    let pair = |a: &[i64], b: &[i64]| vec![Iter::Whole(numbers(a)), Iter::Whole(numbers(b))];
    let sum = |iters| {
        let builder = fresh(BuilderTy::Merger(Ty::I64, MergeOp::Add), None);
        let body = |_: &mut Names, b, _, e: Expr| {
            let part = |k| build::field(e.clone(), k, here()).unwrap();
            build::merge(b, build::binary(BinOp::Mul, part(0), part(1), here()), here())
        };
        answer(result(each(&mut Names::default(), iters, builder, body)))
    };
    assert_eq!(sum(pair(&[1, 2], &[30, 40])), "110L");
    assert_eq!(sum(pair(&[1], &[2, 3])), "MismatchedZipSize: zipped lengths differ: 1 and 2");
    let zip = |a: &[i64], b: &[i64]| {
        let ty = Ty::vec(Ty::tuple(vec![Ty::I64, Ty::I64]));
        answer(Expr::new(ExprKind::Zip(vec![numbers(a), numbers(b)]), ty, here()))
    };
    assert_eq!(zip(&[1, 2], &[3, 4]), "[{1L, 3L}, {2L, 4L}]");
    assert_eq!(zip(&[1, 2], &[3]), "MismatchedZipSize: zipped lengths differ: 2 and 1");
    assert_eq!(zip(&[], &[]), "[]:vec[{i64,i64}]");
}

#[test]
fn lookups_and_slices() {
    let lookup = |i| answer(Expr::new(ExprKind::Lookup(numbers(&[5, 6]), int64(i)), Ty::I64, here()));
    assert_eq!(lookup(1), "6L");
    assert_eq!(lookup(2), "ArrayOutOfBounds: lookup index 2 out of range for length 2");
    assert_eq!(lookup(-1), "ArrayOutOfBounds: lookup index -1 out of range for length 2");
    let slice = |i, n| {
        answer(Expr::new(ExprKind::Slice(numbers(&[1, 2, 3]), int64(i), int64(n)), Ty::vec(Ty::I64), here()))
    };
    assert_eq!(slice(1, 100), "[2L, 3L]");
    assert_eq!(slice(1, -1), "[2L, 3L]");
    assert_eq!(slice(0, i64::MIN), "[1L, 2L, 3L]");
    assert_eq!(slice(1, 1), "[2L]");
    assert_eq!(slice(3, 5), "[]:vec[i64]");
    assert_eq!(slice(4, 1), "ArrayOutOfBounds: slice start 4 out of range for length 3");
    assert_eq!(slice(-1, 1), "ArrayOutOfBounds: slice start -1 out of range for length 3");
}

#[test]
fn only_the_taken_branch_runs() {
    let bad = || Expr::new(ExprKind::Lookup(vector(vec![], Ty::BOOL), int64(0)), Ty::BOOL, here());
    let truth = |value| build::literal(Literal::Bool(value), here());
    assert_eq!(answer(build::if_else(truth(true), truth(false), bad(), here())), "false");
    assert_eq!(answer(build::binary(BinOp::And, truth(false), bad(), here())), "false");
    assert_eq!(answer(build::binary(BinOp::Or, truth(true), bad(), here())), "true");
    assert!(answer(build::binary(BinOp::And, truth(true), bad(), here())).starts_with("ArrayOutOfBounds"));
    assert!(answer(build::select(truth(true), truth(false), bad(), here())).starts_with("ArrayOutOfBounds"));
    let failing = Expr::new(ExprKind::Assert(truth(false)), Ty::BOOL, here());
    assert_eq!(answer(failing), "AssertionError: assertion failed");
}

#[test]
fn errors_know_their_place() {
    let division = build::binary(BinOp::Div, int32(1), int32(0), here());
    let error = go(&program(vec![], division), &[]).unwrap_err();
    assert_eq!((error.kind, error.origin), (ErrorKind::DivideByZero, Some(here())));
}

#[test]
fn comparisons() {
    let check = |ty: &Ty, a: &str, b: &str, holds: &[BinOp]| {
        let all = [BinOp::Eq, BinOp::Ne, BinOp::Lt, BinOp::Le, BinOp::Gt, BinOp::Ge];
        let (a, b) = (parse_value(a, ty).unwrap(), parse_value(b, ty).unwrap());
        for op in all {
            assert_eq!(super::compare::compare(op, &a, &b), Some(holds.contains(&op)), "{a:?} {op:?} {b:?}");
        }
    };
    let less = [BinOp::Ne, BinOp::Lt, BinOp::Le];
    let more = [BinOp::Ne, BinOp::Gt, BinOp::Ge];
    let equal = [BinOp::Eq, BinOp::Le, BinOp::Ge];
    let neither = [BinOp::Ne];
    let ints = Ty::vec(I32);
    check(&ints, "[3, 1, 2]", "[3, 2]", &less);
    check(&ints, "[3]", "[3, -9]", &less);
    check(&ints, "[]", "[]", &equal);
    let text = Ty::vec(Ty::I8);
    check(&text, "[-1c]", "[1c]", &more);
    check(&Ty::tuple(vec![Ty::I8]), "{-1c}", "{1c}", &less);
    check(&Ty::vec(Scalar::U16.into()), "[u16(256)]", "[u16(1)]", &more);
    check(&Ty::vec(Scalar::U64.into()), "[u64(-1L)]", "[u64(1)]", &more);
    let floats = Ty::vec(F64);
    check(&floats, "[0.0/0.0]", "[0.0/0.0]", &neither);
    check(&floats, "[1.0, 0.0/0.0]", "[2.0, 0.0]", &less);
    check(&floats, "[1.0, 0.0/0.0, 1.0]", "[1.0, 0.0, 9.0]", &neither);
    check(&floats, "[-0.0]", "[0.0]", &equal);
    let mixed = Ty::vec(Ty::tuple(vec![Ty::vec(Ty::I8), Ty::BOOL]));
    check(&mixed, "[{\"a\", false}]", "[{\"a\", true}]", &less);
    check(&Ty::tuple(vec![]), "{}", "{}", &equal);
}

fn doubling(limit: i32) -> Expr {
    let mut names = Names::default();
    let n = names.fresh("n");
    let doubled = build::binary(BinOp::Mul, var(&n, &I32), int32(2), here());
    let go_on = build::binary(BinOp::Lt, var(&n, &I32), int32(limit), here());
    let body = build::tuple(vec![doubled, go_on], here());
    let lambda = Lambda { params: vec![param(&n, &I32)], body };
    Expr::new(ExprKind::Iterate(int32(1), lambda.into()), I32, here())
}

#[test]
fn iterate_returns_the_state_made_with_false() {
    assert_eq!(answer(doubling(50)), "128");
    assert_eq!(answer(doubling(-50)), "2");
}

#[test]
fn cancelling_stops_loops_and_iterate() {
    let cancel = AtomicU32::new(1);
    let error = run(&program(vec![], doubling(50)), &[], &cancel).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Cancelled);
    let iter = Iter::Range { start: int64(0), end: int64(1 << 40), stride: int64(1) };
    let builder = fresh(BuilderTy::Merger(Ty::I64, MergeOp::Add), None);
    let endless = each(&mut Names::default(), vec![iter], builder, |_, b, _, e| build::merge(b, e, here()));
    let endless = program(vec![], endless);
    let error = run(&endless, &[], &cancel).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Cancelled);
    let error = run(&endless, &[], &AtomicU32::new(ErrorKind::Timeout.code())).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
}

#[test]
fn deep_and_long_programs() {
    let mut names = Names::default();
    let sum = (0..100_000).fold(int64(0), |sum, _| build::binary(BinOp::Add, sum, int64(1), here()));
    let mut lets = Vec::new();
    let mut last = sum;
    for _ in 0..20_000 {
        let x = names.fresh("x");
        lets.push(Let { name: x.clone(), value: last });
        last = build::binary(BinOp::Add, var(&x, &Ty::I64), int64(1), here());
    }
    assert_eq!(answer(build::block(lets, last, here())), "120000L");
}

#[test]
fn calls_and_strings() {
    let mut names = Names::default();
    let (a, b) = (names.fresh("a"), names.fresh("b"));
    let body = build::binary(BinOp::Sub, var(&a, &I32), var(&b, &I32), here());
    let lambda = Lambda { params: vec![param(&a, &I32), param(&b, &I32)], body };
    assert_eq!(answer(build::apply(lambda, vec![int32(9), int32(2)], here())), "7");
    let text = build::literal(Literal::Str(b"a#b".as_slice().into()), here());
    assert_eq!(answer(build::len(text, here())), "3L");
    let cast = |to: Scalar, from: Literal| {
        answer(Expr::new(ExprKind::Cast(to, build::literal(from, here())), to.into(), here()))
    };
    assert_eq!(cast(Scalar::I8, Literal::I32(300)), "44c");
    assert_eq!(cast(Scalar::I32, Literal::F64(1e20)), "2147483647");
}

#[test]
fn leaves_are_those_of_the_plan() {
    // The oracle above writes these numbers out.
    assert_eq!(plan::LANES, 16);
    let ExprKind::Result(looped) = &sum_program(None).func.body.kind else { panic!() };
    let ExprKind::For(parts) = &looped.kind else { panic!() };
    assert_eq!(plan::leaf_len(looped, parts), 4096);
}
