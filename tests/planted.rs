//! Wrong rules, put in on purpose: `verify` and `bisect` must catch each one and name it.
//!
//! The rules are in `tests/planted/rules.rs`; they exist in this test only. Most are mistakes that optimizers have made.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "planted/functions.rs"]
mod functions;
#[path = "planted/rules.rs"]
mod rules;

use rules::{Apply, RULES, Wrong};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use weld::config::Config;
use weld::diag::stack;
use weld::ir::{Expr, visit};
use weld::passes::{Pass, PassCx, PassInfo, Stage, parse_pipeline};
use weld::session::trust::bisect::Bisected;
use weld::session::trust::verify::{FaultKind, Request};
use weld::session::{Checked, Session};
use weld::view::Screen;
use weld::view::trust::{Shown, verified_json};

/// A pass with one rule.
struct Planted {
    info: &'static PassInfo,
    rule: &'static str,
    apply: Apply,
}

impl Pass for Planted {
    fn info(&self) -> &'static PassInfo {
        self.info
    }

    fn run(&self, cx: &mut PassCx, root: &Expr) -> Expr {
        self.sweep(cx, root)
    }
}

impl Planted {
    fn sweep(&self, cx: &mut PassCx, root: &Expr) -> Expr {
        stack::deep(|| {
            let expr = visit::map_children(root, &mut |child| self.sweep(cx, child));
            if !cx.may_fire(&expr) {
                return expr;
            }
            match (self.apply)(cx, &expr) {
                Some(wrong) => {
                    cx.fired(self.rule, "somebody thought so", &expr, &wrong);
                    wrong
                }
                None => expr,
            }
        })
    }
}

fn planted(rule: &'static str, apply: Apply) -> &'static dyn Pass {
    let info =
        PassInfo { name: "planted", aliases: &[], summary: "wrong", doc: "", rules: &[], required: false };
    Box::leak(Box::new(Planted { info: Box::leak(Box::new(info)), rule, apply }))
}

/// Real passes around the wrong one, which must not be blamed.
fn pipeline(wrong: &Wrong) -> Vec<Stage> {
    let mut stages = parse_pipeline("inline-apply inline-let [ fold-constants cse ] vectorize").unwrap();
    stages.insert(2, Stage::Pass(planted(wrong.rule, wrong.apply)));
    stages
}

fn session() -> Session {
    let mut session = Session::new(Config { threads: 2, ..Config::default() });
    session.load_library(&functions::path().to_string_lossy()).unwrap();
    session
}

fn check(session: &mut Session, text: &str) -> Checked {
    let source = session.add_source("planted", text.to_string());
    session.check(source).unwrap_or_else(|messages| panic!("{text}\n{messages:?}"))
}

fn with_request<T>(
    session: &Session,
    checked: &Checked,
    passes: &[Stage],
    ask: impl FnOnce(&Session, &Request) -> T,
) -> T {
    let signal = Arc::new(AtomicU32::new(0));
    let request = Request {
        program: &checked.program,
        passes,
        given: &[],
        inputs: 64,
        seed: 1,
        small: true,
        compiled: true,
        limit: Duration::from_secs(60),
        signal: &signal,
    };
    ask(session, &request)
}

#[test]
fn every_wrong_rule_is_caught_and_named() {
    assert!(RULES.len() >= 25, "{}", RULES.len());
    let mut session = session();
    let mut missed = Vec::new();
    for wrong in RULES {
        let checked = check(&mut session, wrong.program);
        let passes = pipeline(wrong);
        let report = with_request(&session, &checked, &passes, |session, request| session.verify(request));
        let Some(fault) = &report.fault else {
            missed.push(format!("{}: verify saw nothing in {} inputs", wrong.rule, report.inputs));
            continue;
        };
        let culprit = fault.culprit.as_ref();
        let named = culprit.map(|culprit| (culprit.pass.name, culprit.rule()));
        let right = match wrong.rule {
            // The firing was not written down before the panic.
            "panics" => named.is_some_and(|(pass, _)| pass == "planted"),
            rule => named == Some(("planted", Some(rule))),
        };
        if !right || culprit.is_none_or(|culprit| culprit.step != 3) {
            missed.push(format!("{}: verify blamed {named:?}", wrong.rule));
        }
        let kind = match wrong.rule {
            "panics" => matches!(fault.kind, FaultKind::Panic(_)),
            "other_type" | "builder_twice" => matches!(fault.kind, FaultKind::Invalid(_)),
            _ => fault.kind == FaultKind::Answer,
        };
        if !kind {
            missed.push(format!("{}: verify saw {:?}", wrong.rule, fault.kind));
        }
        let size: usize = fault.inputs.iter().flatten().map(weld::session::trust::verify::elements).sum();
        if size > wrong.elements {
            missed.push(format!("{}: {size} elements are left: {:?}", wrong.rule, fault.inputs));
        }
        let found = with_request(&session, &checked, &passes, |session, request| session.bisect(request));
        let Bisected::Guilty(guilty) = found else {
            missed.push(format!("{}: bisect found {found:?}", wrong.rule));
            continue;
        };
        let right = match wrong.rule {
            "panics" => guilty.culprit.pass.name == "planted",
            rule => guilty.culprit.rule() == Some(rule) && guilty.good_without != Some(false),
        };
        if !right {
            missed.push(format!("{}: bisect blamed {:?}", wrong.rule, guilty.culprit.rule()));
        }
        let shown =
            Shown { sources: session.sources(), screen: Screen { color: false, width: 60, bounded: true } };
        let text = shown.verified(&report, &checked.program);
        // The difference of the trees is as wide as they are.
        let wide = text.lines().find(|line| line.chars().count() > 60 && !line.starts_with("    "));
        if let Some(line) = wide {
            missed.push(format!("{}: too wide: {line}", wrong.rule));
        }
        let object = verified_json(&report, &checked.program, session.sources());
        if object["verified"] != false || object["fault"]["pass"] != "planted" {
            missed.push(format!("{}: {object}", wrong.rule));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Programs whose float sums run over other rows after fusion, and round otherwise then.
const ROUNDING: [&str; 4] = [
    "|v: vec[f64]| sum(filter(v, |x| x > 0.5))",
    "|v: vec[f64]| let pos = filter(v, |x| x != 2.0); sum(map(pos, |x| x * 0.1)) / f64(len(pos))",
    "|v: vec[f32]| {sum(filter(v, |x| x < 3.0F)), result(for(filter(v, |x| x > 1.0F), merger[f32,*], |b, i, x| merge(b, x)))}",
    "|v: vec[f64], w: vec[vec[f64]]| map(w, |u| sum(filter(u, |x| x > 0.1)) - sum(v))",
];

#[test]
fn right_passes_are_not_blamed() {
    let mut session = session();
    let passes = &parse_pipeline("default").unwrap();
    for program in RULES.iter().map(|wrong| wrong.program).chain(ROUNDING) {
        let checked = check(&mut session, program);
        let report = with_request(&session, &checked, passes, |session, request| session.verify(request));
        assert!(report.fault.is_none(), "{program}: {:?}", report.fault);
        assert!(report.inputs > 0, "{program}");
    }
}

#[test]
fn faults_are_reduced() {
    let mut session = session();
    for rule in ["mul_div", "index_after_filter", "min_identity", "panics"] {
        let wrong = RULES.iter().find(|wrong| wrong.rule == rule).unwrap();
        // The same program with much around it that has nothing to do with the fault.
        let (params, body) = wrong.program.split_at(wrong.program.match_indices('|').nth(1).unwrap().0 + 1);
        let text = format!(
            "{params} let a1 = len(v) + 3L; let a2 = map(v, |q| q > lookup(v, 0L)); let core = {body}; \
             let a3 = if(a1 > 2L, a1 * 2L, a1); {{a3, core, len(a2)}}"
        );
        let checked = check(&mut session, &text);
        let passes = pipeline(wrong);
        let (reduced, verified) = with_request(&session, &checked, &passes, |session, request| {
            let fault = session.verify(request).fault.expect("the fault is still there");
            session.reduce(request, &fault)
        });
        let before = checked.program.func.body.facts.nodes;
        let after = reduced.program.func.body.facts.nodes;
        assert!(
            after <= 24 && after < before,
            "{rule}: {before} -> {after}\n{}",
            weld::ir::print::program(&reduced.program)
        );
        let fault = verified.fault.expect("the small program shows it");
        assert_eq!(fault.culprit.unwrap().pass.name, "planted");
    }
}
