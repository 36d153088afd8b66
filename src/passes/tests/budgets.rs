//! Limits of passes and the notes they leave; work that grows with the program and no faster; no record, no cost.

use super::{MANY, at, combine, each, map, plus, program, shared_chain, sum};
use crate::ir::{BinOp, BuilderTy, Expr, Let, MergeOp, Names, Program, Ty, build, print, tally::visits};
use crate::passes::rewrite::{Rewrite, bottom_up};
use crate::passes::{DEFAULT, Options, Pass, PassCx, PassInfo, RuleInfo, Stage, optimize, parse_pipeline};

fn notes(program: &Program, stages: &[Stage]) -> Vec<(&'static str, String)> {
    let optimized = optimize(program, stages, &Options { verify: true, ..Options::default() });
    let missed = optimized.trace.steps.iter().flat_map(|step| &step.missed);
    missed.map(|miss| (miss.rule, miss.condition.clone())).collect()
}

/// A pass whose rule always finds something to do.
struct Endless;

impl Pass for Endless {
    fn info(&self) -> &'static PassInfo {
        static INFO: PassInfo = PassInfo {
            name: "endless",
            aliases: &[],
            summary: "",
            doc: "",
            rules: &[RuleInfo { name: "turn", page: "" }],
            required: false,
        };
        &INFO
    }

    fn run(&self, cx: &mut PassCx, root: &Expr) -> Expr {
        bottom_up(cx, root, &mut |_, expr| {
            // `a + b` => `b + a`, again and again.
            let crate::ir::ExprKind::Binary(BinOp::Add, a, b) = &expr.kind else { return None };
            Some(Rewrite::new("turn", build::binary(BinOp::Add, b.clone(), a.clone(), at()), "why not"))
        })
    }
}

#[test]
fn a_rule_that_never_declines_is_stopped_and_told() {
    static ENDLESS: Endless = Endless;
    let program = program(|_, v| plus(build::len(v, at()), 7));
    let notes = notes(&program, &[Stage::Pass(&ENDLESS)]);
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].0, "round_limit");
    assert!(notes[0].1.contains("`turn` fired 8 times"), "{}", notes[0].1);
}

#[test]
fn loops_too_deep_for_licm_are_told() {
    fn deep(names: &mut Names, v: &Expr, depth: i64) -> Expr {
        let inner = if depth == 0 { plus(build::len(v.clone(), at()), 1) } else { deep(names, v, depth - 1) };
        each(names, v.clone(), BuilderTy::Merger(Ty::I64, MergeOp::Add), |b, x| {
            build::merge(b, build::binary(BinOp::Add, x, inner, at()), at())
        })
    }
    let stages = parse_pipeline("licm").unwrap();
    let told = |depth| {
        let program = program(|names, v| deep(names, &v, depth));
        notes(&program, &stages).iter().filter(|note| note.1.contains("nested")).count()
    };
    assert_eq!(told(40), 0);
    assert_eq!(told(80), 1);
}

#[test]
fn loops_with_too_many_results_are_told() {
    let program = program(|names, v| {
        let sums = (0..300).map(|n| {
            let data = map(names, v.clone(), |x| plus(x, n));
            sum(names, data)
        });
        build::tuple(sums.collect(), at())
    });
    let notes = notes(&program, &parse_pipeline("fuse-vertical fuse-horizontal").unwrap());
    assert!(notes.iter().any(|note| note.1 == "one loop has 256 results already"), "{notes:?}");
}

/// Programs of any size, as libraries write them.
fn shapes(size: i64) -> Vec<(&'static str, Program)> {
    let chain = |twice: bool| {
        program(|names, v| {
            let mut lets = vec![];
            let mut data = v;
            for n in 0..size {
                let name = names.fresh("m");
                let value = if twice {
                    let squares = combine(names, BinOp::Mul, data.clone(), data);
                    map(names, squares, |x| plus(x, -n))
                } else {
                    map(names, data, |x| plus(x, n))
                };
                lets.push(Let { name: name.clone(), value });
                data = build::var(&name, Ty::vec(Ty::I64), at());
            }
            let body = sum(names, data);
            build::block(lets, body, at())
        })
    };
    let independent = program(|names, v| {
        let mut total = build::int64(0, at());
        for n in 0..size {
            let data = map(names, v.clone(), |x| plus(x, n));
            total = build::binary(BinOp::Add, total, sum(names, data), at());
        }
        total
    });
    let terms = program(|names, v| {
        let data = map(names, v, |x| (0..size).fold(x, plus));
        sum(names, data)
    });
    vec![
        ("maps", chain(false)),
        ("maps twice", chain(true)),
        ("independent", independent),
        ("terms", terms),
        ("branches", branches(size)),
    ]
}

#[test]
fn the_work_of_passes_grows_with_the_program() {
    let (small, large) = (MANY / 40, MANY / 4);
    for ((name, small), (_, large)) in shapes(small).into_iter().zip(shapes(large)) {
        let work = |program: &Program| {
            let before = visits();
            optimize(program, DEFAULT, &Options { verify: false, record: false, ..Options::default() });
            visits() - before
        };
        let (few, many) = (work(&small), work(&large));
        // Ten times the program: a third more than ten times the visits is allowed, a hundred times is not.
        eprintln!("{name}: {few} visits, then {many}");
        assert!(few > 0 && many < few * 13, "{name}: {few} visits, then {many}");
    }
}

/// A chain of loops, each of which merges in one of two branches.
fn branches(size: i64) -> Program {
    program(|names, v| {
        let mut data = v;
        for n in 0..size {
            data = each(names, data, BuilderTy::Appender(Ty::I64), |b, x| {
                let c = build::binary(BinOp::Gt, x.clone(), build::int64(n, at()), at());
                let other = build::merge(b.clone(), plus(x.clone(), n), at());
                build::if_else(c, build::merge(b, plus(x, -n), at()), other, at())
            });
        }
        sum(names, data)
    })
}

#[test]
fn a_chain_of_branches_is_not_a_tree_of_copies() {
    let fused = |size| {
        let stages = parse_pipeline("fuse-vertical").unwrap();
        let optimized = optimize(&branches(size), &stages, &Options { verify: true, ..Options::default() });
        assert_eq!(optimized.program.func.body.facts.loops, 1, "{size}");
        let step = &optimized.trace.steps[0];
        (
            optimized.program.func.body.facts.nodes,
            step.firings.iter().filter(|f| f.rule == "join_merges").count(),
        )
    };
    let (six, twelve, more) = (fused(6), fused(12), fused(200));
    // Each link adds its own nodes and one choice.
    assert!(twelve.0 < 2 * six.0 && more.0 < 20 * twelve.0, "{six:?} {twelve:?} {more:?}");
    assert_eq!((six.1, twelve.1, more.1), (5, 11, 199));
}

#[test]
fn without_a_record_the_program_is_the_same_and_nothing_is_kept() {
    let program = shared_chain(|names, n, data| map(names, data, |x| plus(x, n % 3)));
    let options = Options { verify: false, ..Options::default() };
    let recorded = optimize(&program, DEFAULT, &options);
    let plain = optimize(&program, DEFAULT, &Options { record: false, ..options });
    assert!(plain.trace.steps.is_empty() && !recorded.trace.steps.is_empty());
    assert_eq!(print::program(&plain.program), print::program(&recorded.program));
    // A limit holds without a record too.
    let limited = |record| {
        let options = Options { firing_limit: 4, record, verify: false };
        print::program(&optimize(&program, DEFAULT, &options).program)
    };
    assert_eq!(limited(true), limited(false));
    assert_ne!(limited(true), print::program(&recorded.program));
}
