//! The framework, and programs of the size that libraries write.

mod budgets;

use super::{
    DEFAULT, Optimized, Options, Pass, PassCx, PassInfo, ROUNDS, RuleInfo, Stage, Step, optimize,
    parse_pipeline,
};
use crate::diag::{SourceId, Span};
use crate::ir::{
    BinOp, BuilderTy, Expr, ExprKind, For, Iter, Lambda, Let, MergeOp, Name, Names, Param, Program, Ty,
};
use crate::ir::{Literal, build, print, verify};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn at() -> Span {
    Span::default()
}

fn param(name: &Name, ty: Ty) -> Param {
    Param { name: name.clone(), ty, origin: at().into() }
}

/// A program with one input `v: vec[i64]`.
fn program(make: impl FnOnce(&mut Names, Expr) -> Expr) -> Program {
    let mut names = Names::default();
    let v = names.fresh("v");
    let ty = Ty::vec(Ty::I64);
    let body = make(&mut names, build::var(&v, ty.clone(), at()));
    Program { func: Lambda { params: vec![param(&v, ty)], body }, names }
}

/// `result(for(data, builder, |b, i, x| body(b, x)))`
fn each(names: &mut Names, data: Expr, builder: BuilderTy, body: impl FnOnce(Expr, Expr) -> Expr) -> Expr {
    let ty = Ty::builder(builder);
    let (b, i, x) = (names.fresh("b"), names.fresh("i"), names.fresh("x"));
    let elem = data.ty.elem().cloned().unwrap();
    let body = body(build::var(&b, ty.clone(), at()), build::var(&x, elem.clone(), at()));
    let func = Lambda { params: vec![param(&b, ty.clone()), param(&i, Ty::I64), param(&x, elem)], body };
    let fresh = Expr::new(ExprKind::NewBuilder(None), ty.clone(), at());
    let result_ty = ty.as_builder().unwrap().result_ty();
    let parts = For { iters: vec![Iter::Whole(data)], builder: fresh, func, simd: false };
    let built = Expr::new(ExprKind::For(Arc::new(parts)), ty, at());
    Expr::new(ExprKind::Result(built), result_ty, at())
}

fn map(names: &mut Names, data: Expr, f: impl FnOnce(Expr) -> Expr) -> Expr {
    each(names, data, BuilderTy::Appender(Ty::I64), |b, x| build::merge(b, f(x), at()))
}

fn sum(names: &mut Names, data: Expr) -> Expr {
    each(names, data, BuilderTy::Merger(Ty::I64, MergeOp::Add), |b, x| build::merge(b, x, at()))
}

fn plus(x: Expr, n: i64) -> Expr {
    build::binary(BinOp::Add, x, build::int64(n, at()), at())
}

/// Optimizes with the verifier on. Far above what linear work takes in a debug build, far below what quadratic does.
fn in_time(program: &Program) -> Optimized {
    let start = Instant::now();
    let optimized = optimize(program, DEFAULT, &Options { verify: true, ..Options::default() });
    assert_eq!(optimized.internal_error, None);
    print::program(program);
    print::program(&optimized.program);
    let time = start.elapsed();
    eprintln!("time {time:?}");
    assert!(time < Duration::from_secs(30), "took {time:?}");
    optimized
}

fn loops(optimized: &Optimized) -> u32 {
    optimized.program.func.body.facts.loops
}

const MANY: i64 = 10_000;

#[test]
fn many_lets_used_once() {
    let program = program(|names, v| {
        let mut lets = vec![];
        let mut last = build::len(v, at());
        for n in 0..MANY {
            let name = names.fresh("a");
            lets.push(Let { name: name.clone(), value: plus(last, n) });
            last = build::var(&name, Ty::I64, at());
        }
        build::block(lets, last, at())
    });
    let optimized = in_time(&program);
    assert!(!matches!(optimized.program.func.body.kind, ExprKind::Block(..)));
}

#[test]
fn many_lets_used_twice() {
    let program = program(|names, v| {
        let mut lets = vec![];
        let mut last = build::len(v, at());
        for _ in 0..MANY {
            let name = names.fresh("a");
            lets.push(Let { name: name.clone(), value: build::binary(BinOp::Mul, last.clone(), last, at()) });
            last = build::var(&name, Ty::I64, at());
        }
        build::block(lets, last, at())
    });
    in_time(&program);
}

/// The first step of a pass.
fn step<'a>(optimized: &'a Optimized, pass: &str) -> &'a Step {
    optimized.trace.steps.iter().find(|step| step.pass.name == pass).unwrap()
}

/// Firings of a pass, which are one for each thing it changes.
fn firings(optimized: &Optimized, pass: &str) -> usize {
    let steps = optimized.trace.steps.iter().filter(|step| step.pass.name == pass);
    steps.map(|step| step.firings.len()).sum()
}

#[test]
fn many_equal_lets() {
    // Pairs of equal lets, each pair made from the pair before it.
    let program = program(|names, v| {
        let mut lets = vec![];
        let mut last = (build::len(v.clone(), at()), build::len(v, at()));
        for n in 0..MANY / 2 {
            let mut twin = |x: Expr| {
                let name = names.fresh("a");
                let value = build::binary(BinOp::Mul, plus(x.clone(), n), x, at());
                lets.push(Let { name: name.clone(), value });
                build::var(&name, Ty::I64, at())
            };
            last = (twin(last.0), twin(last.1));
        }
        build::block(lets, build::binary(BinOp::Sub, last.0, last.1, at()), at())
    });
    let optimized = in_time(&program);
    assert_eq!(firings(&optimized, "cse") as i64, MANY / 2);
}

#[test]
fn many_equal_loops() {
    let program = program(|names, v| {
        let mut total = build::int64(0, at());
        for _ in 0..MANY / 4 {
            let one = sum(names, v.clone());
            total = build::binary(BinOp::Add, total, one, at());
        }
        total
    });
    let optimized = in_time(&program);
    assert_eq!(loops(&optimized), 1);
    assert_eq!(firings(&optimized, "cse") as i64, MANY / 4 - 1);
}

#[test]
fn many_values_leave_nested_loops() {
    // for(v, .., for(v, .., .. )), each body with a length of its own kind that leaves all loops.
    const DEEP: i64 = 100;
    fn nest(names: &mut Names, v: &Expr, depth: i64) -> Expr {
        let inner = if depth == 0 { build::int64(0, at()) } else { nest(names, v, depth - 1) };
        each(names, v.clone(), BuilderTy::Merger(Ty::I64, MergeOp::Add), |b, x| {
            let fixed = plus(build::len(v.clone(), at()), depth + 1);
            let sum = build::binary(BinOp::Add, build::binary(BinOp::Mul, x, fixed, at()), inner, at());
            build::merge(b, sum, at())
        })
    }
    let program = program(|names, v| nest(names, &v, DEEP));
    let optimized = in_time(&program);
    assert!(firings(&optimized, "licm") as i64 > DEEP / 2);
}

#[test]
fn a_sum_of_many_terms() {
    let program = program(|_, v| (0..MANY).fold(build::len(v, at()), plus));
    in_time(&program);
}

#[test]
fn a_long_chain_of_maps() {
    let program = program(|names, v| {
        let mut data = v;
        for n in 0..MANY {
            data = map(names, data, |x| plus(x, n));
        }
        sum(names, data)
    });
    let optimized = in_time(&program);
    assert_eq!(loops(&optimized), 1);
}

#[test]
fn a_long_chain_of_maps_that_use_their_element_twice() {
    let program = program(|names, v| {
        let mut lets = vec![];
        let mut data = v;
        for _ in 0..MANY {
            let name = names.fresh("m");
            let value = map(names, data, |x| build::binary(BinOp::Mul, x.clone(), x, at()));
            lets.push(Let { name: name.clone(), value });
            data = build::var(&name, Ty::vec(Ty::I64), at());
        }
        let body = sum(names, data);
        build::block(lets, body, at())
    });
    let optimized = in_time(&program);
    assert_eq!(loops(&optimized), 1);
}

#[test]
fn many_independent_loops() {
    let program = program(|names, v| {
        let mut total = build::int64(0, at());
        for n in 0..MANY / 4 {
            let data = map(names, v.clone(), |x| plus(x, n));
            let one = sum(names, data);
            total = build::binary(BinOp::Add, total, one, at());
        }
        total
    });
    let optimized = in_time(&program);
    // At most 256 results a loop.
    assert_eq!(i64::from(loops(&optimized)), (MANY / 4 + 255) / 256);
}

/// `let m1 = f(v); let m2 = f(m1); ...`, then the sum of the last one.
fn shared_chain(f: impl Fn(&mut Names, i64, Expr) -> Expr) -> Program {
    program(|names, v| {
        let mut lets = vec![];
        let mut data = v;
        for n in 0..MANY {
            let name = names.fresh("m");
            let value = f(names, n, data);
            lets.push(Let { name: name.clone(), value });
            data = build::var(&name, Ty::vec(Ty::I64), at());
        }
        let body = sum(names, data);
        build::block(lets, body, at())
    })
}

/// `result(for(zip(a, b), appender, |p, i, e| merge(p, e.$0 op e.$1)))`
fn combine(names: &mut Names, op: BinOp, a: Expr, b: Expr) -> Expr {
    let ty = Ty::builder(BuilderTy::Appender(Ty::I64));
    let elem = Ty::tuple(vec![Ty::I64, Ty::I64]);
    let (p, i, e) = (names.fresh("p"), names.fresh("i"), names.fresh("e"));
    let var = build::var(&e, elem.clone(), at());
    let field = |k| build::field(var.clone(), k, at()).unwrap();
    let body =
        build::merge(build::var(&p, ty.clone(), at()), build::binary(op, field(0), field(1), at()), at());
    let func = Lambda { params: vec![param(&p, ty.clone()), param(&i, Ty::I64), param(&e, elem)], body };
    let builder = Expr::new(ExprKind::NewBuilder(None), ty.clone(), at());
    let parts = For { iters: vec![Iter::Whole(a), Iter::Whole(b)], builder, func, simd: false };
    let built = Expr::new(ExprKind::For(Arc::new(parts)), ty, at());
    Expr::new(ExprKind::Result(built), Ty::vec(Ty::I64), at())
}

#[test]
fn a_long_chain_of_maps_that_are_used_twice() {
    let program = shared_chain(|names, n, data| {
        let squares = combine(names, BinOp::Mul, data.clone(), data);
        map(names, squares, |x| plus(x, -n))
    });
    let optimized = in_time(&program);
    assert_eq!(loops(&optimized), 1);
    let fusion = step(&optimized, "fuse-horizontal");
    // One firing for each vector that is gone, and a body that does not grow: nothing is computed twice.
    assert_eq!(fusion.firings.len() as i64, MANY - 1);
    assert!(i64::from(optimized.program.func.body.facts.nodes) < 12 * MANY);
}

#[test]
fn a_long_chain_of_filters_that_are_used_twice() {
    let program = program(|names, v| {
        let mut lets = vec![];
        let mut data = v;
        let mut total = build::int64(0, at());
        for n in 0..MANY / 10 {
            let name = names.fresh("m");
            let value = each(names, data, BuilderTy::Appender(Ty::I64), |b, x| {
                let c = build::binary(BinOp::Gt, x.clone(), build::int64(n, at()), at());
                build::if_else(c, build::merge(b.clone(), x, at()), b, at())
            });
            lets.push(Let { name: name.clone(), value });
            data = build::var(&name, Ty::vec(Ty::I64), at());
            if n % 10 == 0 {
                let one = sum(names, data.clone());
                total = build::binary(BinOp::Add, total, one, at());
            }
        }
        build::block(lets, total, at())
    });
    let optimized = in_time(&program);
    assert_eq!(loops(&optimized), 1);
}

#[test]
fn two_hundred_maps_and_sums_over_one_input() {
    let program = program(|names, v| {
        let mut lets = vec![];
        let mut items = vec![];
        for n in 0..200 {
            let name = names.fresh("m");
            let value = map(names, v.clone(), |x| plus(x, n));
            lets.push(Let { name: name.clone(), value });
            let data = build::var(&name, Ty::vec(Ty::I64), at());
            items.push(sum(names, data.clone()));
            items.push(each(names, data, BuilderTy::Merger(Ty::I64, MergeOp::Max), |b, x| {
                build::merge(b, x, at())
            }));
        }
        build::block(lets, build::tuple(items, at()), at())
    });
    let optimized = in_time(&program);
    // 400 results: at most 256 a loop.
    assert_eq!(loops(&optimized), 2);
}

#[test]
fn deeply_nested_branches() {
    let program = program(|names, v| {
        let data = v.clone();
        each(names, data, BuilderTy::Merger(Ty::I64, MergeOp::Add), |b, x| {
            let mut arm = build::merge(b.clone(), x.clone(), at());
            for n in 0..MANY {
                let c = build::binary(BinOp::Gt, x.clone(), build::int64(n, at()), at());
                arm = if n % 2 == 0 {
                    build::if_else(c, arm, b.clone(), at())
                } else {
                    build::if_else(c, b.clone(), arm, at())
                };
            }
            arm
        })
    });
    in_time(&program);
}

/// A pass that breaks programs.
struct Broken(bool);

impl Pass for Broken {
    fn info(&self) -> &'static PassInfo {
        static INFO: PassInfo =
            PassInfo { name: "broken", aliases: &[], summary: "", doc: "", rules: &[], required: false };
        &INFO
    }

    fn run(&self, _: &mut PassCx, root: &Expr) -> Expr {
        if self.0 {
            panic!("on purpose");
        }
        root.with_kind(ExprKind::Literal(Literal::Bool(true)))
    }
}

#[test]
fn a_broken_pass_is_named_and_the_last_good_program_kept() {
    static WRONG: Broken = Broken(false);
    static PANICS: Broken = Broken(true);
    let program = program(|names, v| {
        let squares = map(names, v, |x| x);
        sum(names, squares)
    });
    for pass in [&WRONG, &PANICS] {
        let mut pipeline = parse_pipeline("default").unwrap();
        pipeline.insert(3, Stage::Pass(pass));
        let optimized = optimize(&program, &pipeline, &Options { verify: true, ..Options::default() });
        let broken = optimized.broken.unwrap();
        assert_eq!((broken.pass.name, broken.panicked), ("broken", pass.0));
        assert!(!broken.panicked || broken.why == "on purpose", "{}", broken.why);
        assert!(optimized.internal_error.unwrap().starts_with("internal error in pass `broken`: "));
        assert_eq!(optimized.trace.steps.len(), 3);
        assert_eq!(optimized.program.func.body.facts.loops, 1);
        verify::verify(&optimized.program).unwrap();
    }
}

#[test]
fn the_firing_limit_is_kept_and_told() {
    let program = program(|_, v| (0..9).fold(build::len(v, at()), |sum, _| plus(sum, 0)));
    let pipeline = parse_pipeline("fold-constants").unwrap();
    let optimized = optimize(&program, &pipeline, &Options { verify: true, firing_limit: 4, record: true });
    let step = &optimized.trace.steps[0];
    assert_eq!(step.firings.len(), 4);
    assert_eq!(step.missed.iter().map(|miss| miss.rule).collect::<Vec<_>>(), ["firing_limit"]);
    assert_eq!(print::program(&optimized.program), "|v: vec[i64]| len(v) + 0L + 0L + 0L + 0L + 0L");
}

#[test]
fn steps_carry_counters_and_nothing_changes_without_a_firing() {
    let program = program(|names, v| {
        let squares = map(names, v, |x| build::binary(BinOp::Mul, x.clone(), x, at()));
        sum(names, squares)
    });
    let optimized = optimize(&program, DEFAULT, &Options::default());
    let fusion = &optimized.trace.steps[2];
    assert_eq!(fusion.pass.name, "fuse-vertical");
    assert_eq!((fusion.counters_before().loops, fusion.counters_after().loops), (2, 1));
    assert_eq!((fusion.counters_before().temps, fusion.counters_after().temps), (1, 0));
    assert_eq!(fusion.counters_before().bytes, "24*len(v)");
    assert_eq!(fusion.counters_after().bytes, "8*len(v)");
    for step in &optimized.trace.steps {
        assert_eq!(step.changed(), !step.firings.is_empty(), "{}", step.pass.name);
    }
    // Running it all again finds nothing.
    let again = optimize(&optimized.program, DEFAULT, &Options::default());
    assert!(again.program.func.body.same(&optimized.program.func.body));
}

#[test]
fn a_miss_that_a_later_firing_overcomes_is_dropped() {
    let span = Span::new(SourceId(0), 3, 9);
    let program = program(|names, v| {
        let y = names.fresh("y");
        each(names, v, BuilderTy::Merger(Ty::I64, MergeOp::Add), |b, x| {
            let lambda = Lambda { params: vec![param(&y, Ty::I64)], body: build::var(&y, Ty::I64, at()) };
            build::merge(b, build::apply(lambda, vec![x], span), at())
        })
    });
    let missed = |text: &str| {
        let optimized = optimize(&program, &parse_pipeline(text).unwrap(), &Options::default());
        optimized.trace.steps.iter().map(|step| step.missed.len()).sum::<usize>()
    };
    assert_eq!(missed("vectorize"), 1);
    assert_eq!(missed("vectorize vectorize"), 1);
    assert_eq!(missed("inline-apply vectorize"), 0);
}

/// A pass that never has enough.
struct Restless;

impl Pass for Restless {
    fn info(&self) -> &'static PassInfo {
        static INFO: PassInfo = PassInfo {
            name: "restless",
            aliases: &[],
            summary: "",
            doc: "",
            rules: &[RuleInfo { name: "again", page: "" }],
            required: false,
        };
        &INFO
    }

    fn run(&self, cx: &mut PassCx, root: &Expr) -> Expr {
        let to = plus(root.clone(), 0);
        cx.fired("again", "more", root, &to);
        to
    }
}

#[test]
fn a_group_repeats_until_nothing_changes_or_says_that_it_was_stopped() {
    let program = program(|_, v| plus(plus(build::len(v, at()), 0), 0));
    let run = |stages: &[Stage]| optimize(&program, stages, &Options { verify: true, ..Options::default() });
    let settled = run(&parse_pipeline("[ fold-constants cse ]").unwrap());
    let rounds: Vec<Option<usize>> = settled.trace.steps.iter().map(|step| step.round).collect();
    assert_eq!(rounds, [Some(1), Some(1), Some(2), Some(2)]);
    assert!(settled.trace.steps.iter().all(|step| step.missed.iter().all(|miss| miss.rule != "group_limit")));

    static RESTLESS: Restless = Restless;
    let stopped = run(&[Stage::Group(vec![Stage::Pass(&RESTLESS)])]);
    assert_eq!(stopped.trace.steps.len(), ROUNDS);
    let notes: Vec<&str> =
        stopped.trace.steps.iter().flat_map(|step| &step.missed).map(|miss| miss.rule).collect();
    assert_eq!(notes, ["group_limit"]);
}
