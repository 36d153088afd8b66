//! Questions about small programs.

use super::{
    Change, Effect, Focus, Named, Selection, Spot, compare, fate, find, named, node_at, predict, why,
};
use crate::config::Config;
use crate::diag::Place;
use crate::ir::print;
use crate::passes::{Optimized, parse_pipeline};
use crate::session::{Checked, Session};

const SQUARES: &str = "|v: vec[i64]|\n  let squares = map(v, |x| x * x);\n  sum(squares)";
const BRANCH: &str =
    "|v: vec[f64]|\n  result(for(v, merger[f64,+], |b, i, x| if(x > 0.0, merge(b, log(x) * sin(x)), b)))";

fn optimized(text: &str, passes: &str) -> (Session, Checked, Optimized) {
    let mut session = Session::new(Config { passes: passes.to_string(), threads: 1, ..Config::default() });
    let id = session.add_source("p.weld", text.to_string());
    let checked = session.check(id).unwrap();
    let optimized = session.optimize(&checked);
    (session, checked, optimized)
}

fn spot(session: &Session, checked: &Checked, line: usize, column: usize) -> Spot {
    Spot::at(session.sources(), checked.source, Place { line, column }).unwrap()
}

#[test]
fn firings_are_told_where_they_happened() {
    let (session, checked, optimized) = optimized(SQUARES, "default");
    let trace = &optimized.trace;
    let rules = |at: Option<Spot>, name: &str| -> Vec<&str> {
        let answer = why(trace, Some(Selection::named(name).unwrap()), at);
        answer.fired.iter().map(|fired| fired.firing.rule).collect()
    };
    assert_eq!(rules(None, "fuse-vertical"), ["fuse_loops"]);
    assert_eq!(rules(Some(spot(&session, &checked, 3, 4)), "fuse-vertical"), ["fuse_loops"]);
    assert_eq!(rules(Some(spot(&session, &checked, 2, 18)), "fuse-vertical"), ["fuse_loops"]);
    assert!(rules(Some(spot(&session, &checked, 1, 2)), "fuse-vertical").is_empty());
    assert!(rules(None, "predicate").is_empty());
    // Without a question there are near misses only.
    assert!(why(trace, None, None).fired.is_empty());
}

#[test]
fn an_annotation_is_tried() {
    let (session, checked, optimized) = optimized(BRANCH, "default");
    let answer = why(&optimized.trace, Some(Selection::Rule("if_merge")), None);
    let [missed] = answer.missed.as_slice() else { panic!("{answer:?}") };
    assert!(missed.miss.would.is_some());
    let effect = predict(*missed, &checked.program, &session.pipeline(), &optimized);
    let Effect::Tried { without, with, branches, .. } = effect else { panic!("{effect:?}") };
    assert_eq!((without.loops, with.loops), (1, 1));
    assert_eq!(branches, (1, 0));
}

#[test]
fn a_branch_that_is_a_mask_is_told_to_who_asks() {
    let text = "|v: vec[i64]| filter(v, |x| x > 0L)";
    let (session, checked, optimized) = optimized(text, "default");
    let told =
        |selection, at| why(&optimized.trace, selection, at).missed.iter().any(|m| m.miss.rule == "if_merge");
    assert!(!told(None, None));
    assert!(told(Some(Selection::Rule("if_merge")), None));
    assert!(told(None, Some(spot(&session, &checked, 1, 18))));
    // Without lanes the branch is one.
    let (_, _, optimized) = self::optimized(text, "inline-apply inline-let predicate");
    assert!(why(&optimized.trace, None, None).missed.iter().any(|missed| missed.miss.rule == "if_merge"));
}

#[test]
fn a_vector_with_another_use_costs_a_vector_but_no_loop() {
    let text = "|v: vec[i64], k: i64|\n  let a = map(v, |x| x * x);\n  sum(a) + lookup(a, k)";
    let (session, checked, optimized) = optimized(text, "default");
    let answer = why(&optimized.trace, None, Some(spot(&session, &checked, 3, 14)));
    let [missed] = answer.missed.as_slice() else { panic!("{answer:?}") };
    assert_eq!(missed.miss.rule, "fuse_loops");
    let effect = predict(*missed, &checked.program, &session.pipeline(), &optimized);
    assert_eq!(effect, Effect::Fewer { loops: (1, 1), temps: Some((1, 0)) });
}

#[test]
fn the_fate_of_a_loop_that_is_fused() {
    let (session, checked, optimized) = optimized(SQUARES, "default");
    let life = fate(&checked.program, &optimized.trace, spot(&session, &checked, 2, 17)).unwrap();
    let changes: Vec<(&str, Change)> = life.events.iter().map(|event| (event.pass, event.change)).collect();
    assert!(changes.iter().any(|(pass, _)| *pass == "fuse-vertical"), "{changes:?}");
    assert!(life.end.is_some());
    // What nothing uses is removed.
    let (session, checked, optimized) =
        self::optimized("|v: vec[i64]|\n  let unused = 3L + len(v);\n  sum(v)", "default");
    let life = fate(&checked.program, &optimized.trace, spot(&session, &checked, 2, 16)).unwrap();
    assert!(life.end.is_none() && life.events.last().is_some_and(|event| event.change == Change::Removed));
}

#[test]
fn a_place_in_let_is_that_let() {
    let text = "|v: vec[i64]|\n  let a = map(v, |x| x + 1L);\n  let b = map(a, |x| x * 2L);\n  sum(b)";
    let (session, checked, optimized) = optimized(text, "default");
    for column in [3, 7] {
        let life = fate(&checked.program, &optimized.trace, spot(&session, &checked, 3, column)).unwrap();
        let value = fate(&checked.program, &optimized.trace, spot(&session, &checked, 3, 11)).unwrap();
        assert_eq!(life.events.len(), value.events.len());
        assert!(life.end.is_some());
    }
}

#[test]
fn every_place_of_a_printed_program_has_an_origin() {
    for text in [SQUARES, BRANCH, "|x: i64| let y = -x; {y, -3L, [1.5, 2.0], \"text\"}"] {
        for passes in ["none", "default"] {
            let (mut session, _, optimized) = optimized(text, passes);
            let program = &optimized.program;
            let printed = print::program(program);
            // The body begins on the last line, or behind the parameters on the only one.
            let line = printed.lines().count();
            let column = match line {
                1 => printed.find("| ").unwrap() + 3,
                _ => printed.lines().last().unwrap().chars().take_while(|c| *c == ' ').count() + 1,
            };
            let node = node_at(&mut session, program, Place { line, column });
            assert!(node.is_ok(), "{printed}\n{line}:{column} {node:?}");
            assert!(node_at(&mut session, program, Place { line: line + 1, column: 1 }).is_err());
        }
    }
}

#[test]
fn names_have_origins() {
    let (_, checked, _) = optimized(SQUARES, "none");
    assert!(matches!(named(&checked.program, "squares"), Ok(Named::Let(_))));
    assert!(matches!(named(&checked.program, "v"), Ok(Named::Param(_))));
    assert!(named(&checked.program, "square").unwrap_err().contains("did you mean `squares`?"));
}

#[test]
fn texts_appear_and_vanish() {
    let (_, checked, optimized) = optimized(SQUARES, "inline-apply inline-let fuse-vertical cse");
    let runs = find(&checked.program, &optimized.trace, "appender");
    let ranges: Vec<(usize, usize, bool)> =
        runs.iter().map(|run| (run.first, run.last, run.lines.is_empty())).collect();
    assert_eq!(ranges.first().map(|run| run.2), Some(false));
    assert_eq!(ranges.last(), Some(&(3, 4, true)));
}

#[test]
fn a_focus_shows_one_loop() {
    let text = "|v: vec[i64], w: vec[f64]| {sum(map(v, |x| x * 2L)), sum(map(w, |x| x + 1.0))}";
    let (_, checked, optimized) = optimized(text, "default");
    let focus = Focus::on(&optimized.program, 2).unwrap();
    assert!(focus.text(&optimized.program).contains("for(w"));
    assert!(!focus.text(&optimized.program).contains("for(v"));
    assert!(focus.text(&checked.program).contains("for("));
    assert!(Focus::on(&optimized.program, 9).unwrap_err().contains("L1 to L2"));
}

#[test]
fn pipelines_part_where_they_differ() {
    let (session, checked, a) = optimized(SQUARES, "default");
    let other = |text: &str| session.optimize_by(&checked, &parse_pipeline(text).unwrap());
    let core = &checked.program;
    let none = other("none");
    let comparison = compare((core, &a), (core, &none));
    assert_eq!(comparison.first.unwrap().steps, [Some((1, "inline-apply")), None]);
    assert!(!comparison.same_program);
    assert_eq!((comparison.counters[0].loops, comparison.counters[1].loops), (1, 2));
    // A pass that does nothing is no difference.
    let without = other("default -cse");
    assert!(compare((core, &a), (core, &without)).first.is_none());
}
