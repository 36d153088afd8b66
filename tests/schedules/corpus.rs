//! Short programs over all builders, and what they must give.
//!
//! Promises: the programs are the fixtures of `tests/run` that fill builders, sort or fail, with their own inputs, and those
//! below, whose leaves are a few iterations long, so that a short loop has many borders.

use crate::engines::fixture;
use crate::engines::{Complaint, Engines, Outcome};
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};
use weld::ir::Program;
use weld::plan::Effort;
use weld::session::Program as Compiled;
use weld::value::Value;

/// A program with one input.
pub struct Subject {
    /// What it is called in messages.
    pub name: String,
    /// As it is compiled.
    pub program: Program,
    /// Machine code, the same for all inputs.
    pub compiled: Rc<RefCell<Compiled>>,
    /// Its input.
    pub args: Vec<Value>,
    /// What it must give.
    pub meaning: Outcome,
}

const AREAS: [&str; 12] = [
    "appenders",
    "builders",
    "dicts",
    "errors",
    "fusion",
    "groups",
    "iterate",
    "lanes",
    "mergers",
    "nested",
    "sort",
    "vecmergers",
];

/// Programs with short leaves. `v` and `w` have some hundred elements.
const SHORT: [&str; 16] = [
    "|v: vec[i64], w: vec[f64]| result(@(grain_size: 4) for(zip(v, w), dictmerger[i64,f64,+], |b,i,e| merge(b, e)))",
    "|v: vec[i64], w: vec[f64]| tovec(result(@(grain_size: 1) for(zip(v, w), dictmerger[i64,f64,+], |b,i,e| \
     merge(b, {e.$0 % 5L, e.$1}))))",
    "|v: vec[i64], w: vec[f64]| tovec(result(@(grain_size: 2) for(zip(v, w), dictmerger[{i64,i64},f64,*], |b,i,e| \
     if(e.$0 % 3L != 0L, merge(b, {{e.$0 % 7L, i % 11L}, e.$1 / 50.0}), b))))",
    "|v: vec[i64], w: vec[f64]| result(@(grain_size: 2) for(v, groupmerger[i64,i64], |b,i,x| merge(b, {x % 9L, i})))",
    "|v: vec[i64], w: vec[f64]| result(@(grain_size: 1) for(w, merger[f64,+], |b,i,x| merge(b, x)))",
    "|v: vec[i64], w: vec[f64]| result(@(grain_size: 4) for(w, merger[f64,*](2.0), |b,i,x| merge(b, x / 50.0)))",
    "|v: vec[i64], w: vec[f64]| result(@(grain_size: 1) for(v, appender[i64], |b,i,x| if(x % 3L == 0L, merge(b, x), b)))",
    "|v: vec[i64], w: vec[f64]| result(@(grain_size: 2) for(w, appender[f64], |b,i,x| merge(b, sqrt(x * x))))",
    "|v: vec[i64], w: vec[f64]| result(@(grain_size: 1) for(v, appender[vec[i64]], |b,i,x| \
     merge(b, result(for(rangeiter(0L, x % 6L, 1L), appender[i64], |c,j,y| merge(c, y + i))))))",
    "|v: vec[i64], w: vec[f64]| let z = result(for(rangeiter(0L, 40L, 1L), appender[f64], |b,i,x| merge(b, 0.5))); \
     result(@(grain_size: 2) for(zip(v, w), vecmerger[f64,+](z), |b,i,e| merge(b, {e.$0 % 40L, e.$1})))",
    "|v: vec[i64], w: vec[f64]| let z = result(for(rangeiter(0L, 40L, 1L), appender[i64], |b,i,x| merge(b, x))); \
     result(@(grain_size: 1) for(v, vecmerger[i64,max](z), |b,i,x| merge(b, {x % 40L, x * i})))",
    "|v: vec[i64], w: vec[f64]| let z = result(for(rangeiter(0L, 20L, 1L), appender[i64], |b,i,x| merge(b, x))); \
     result(@(grain_size: 1) for(v, vecmerger[i64,+](z), |b,i,x| merge(b, {x % 21L, x})))",
    "|v: vec[i64], w: vec[f64]| let r = @(grain_size: 2) for(zip(v, w), {appender[i64], merger[f64,+], \
     dictmerger[i64,i64,+]}, |b,i,e| {if(e.$0 > 50L, merge(b.$0, i), b.$0), merge(b.$1, e.$1), merge(b.$2, {e.$0 % 4L, i})}); \
     {result(r.$0), result(r.$1), tovec(result(r.$2))}",
    "|v: vec[i64], w: vec[f64]| result(@(grain_size: 1) for(v, merger[i64,+], |b,i,x| merge(b, 100L / (x - 77L))))",
    "|v: vec[i64], w: vec[f64]| sort(v, |a, b| compare(a % 10L, b % 10L))",
    "|v: vec[i64], w: vec[f64]| result(@(grain_size: 1) for(v, dictmerger[i64,i64,min], |b,i,x| \
     merge(b, {x, lookup(v, x * 2L)})))",
];

/// A run that takes longer than this is not short.
const SHORT_RUN: Duration = Duration::from_millis(3);

/// All programs that run in a short time, without passes and with all.
pub fn subjects(engines: &mut Engines, effort: Effort) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (at, text) in SHORT.iter().enumerate() {
        let header = format!("#@ gen: v = {n} seed {at} range 0 100; w = {n} seed 7\n", n = 150 + 40 * at);
        add(&format!("short program {at}"), &format!("{header}{text}"), engines, effort, &mut subjects);
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/run");
    for area in AREAS {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(root.join(area)).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            add(&file.display().to_string(), &text, engines, effort, &mut subjects);
        }
    }
    assert!(subjects.len() > 200, "the corpus shrank to {}", subjects.len());
    subjects
}

fn add(name: &str, text: &str, engines: &mut Engines, effort: Effort, subjects: &mut Vec<Subject>) {
    let fixture = fixture::read(text).unwrap_or_else(|why| panic!("{name}: {why}"));
    let checked = match engines.check(name, text) {
        Ok(checked) => checked,
        // Fixtures of the checker.
        Err(Complaint::Rejected(..)) if !name.starts_with("short") => return,
        Err(complaint) => panic!("{name}: {complaint:?}"),
    };
    let inputs: Vec<Vec<Value>> =
        fixture.cases.iter().map(|case| case.inputs(&checked.program).unwrap()).collect();
    let optimized = engines.optimized(&checked).unwrap();
    for (state, program) in [("as written", &checked.program), ("optimized", &optimized)] {
        let mut program_code = None;
        for (case, args) in inputs.iter().enumerate() {
            let begin = Instant::now();
            let meaning = engines.interpret_one(program, args).unwrap();
            // The interpreter takes far longer than compiled code.
            if begin.elapsed() > SHORT_RUN * 10 {
                continue;
            }
            let name = format!("{name}, {state}, input {}", case + 1);
            if program_code.is_none() {
                let code = engines.compile(&name, program, effort).unwrap();
                program_code = Some(Rc::new(RefCell::new(code)));
            }
            let Some(compiled) = program_code.clone() else { continue };
            subjects.push(Subject { name, program: program.clone(), compiled, args: args.clone(), meaning });
        }
    }
}
