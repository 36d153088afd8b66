#![forbid(unsafe_code)]
//! Benchmarks of one program: every pipeline on every number of threads, and whether all give the same answer.
//!
//! Promises: runs take turns, so that a machine that slows down slows all of them; the first run of each is not counted; an
//! answer that differs is told. Compile times are of the whole way, from text to code that can be called, in a process
//! that has compiled before.

use super::measure::{Agreement, Measured, Runs, Stop, compared, go_on};
use super::ready::{CodeStats, Ready};
use super::trust::agree::Outcome;
use super::{Checked, FrontTimes, Session};
use crate::ir;
use crate::passes::Stage;
use crate::plan::cost;
use crate::value::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};

/// A pipeline and what it is called.
#[derive(Clone)]
pub struct Variant {
    /// As the user wrote it.
    pub name: String,
    /// Its passes.
    pub stages: Vec<Stage>,
}

/// What is to be measured.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    /// The pipelines; the first one is what the others are compared with.
    pub variants: &'a [Variant],
    /// The numbers of threads, likewise.
    pub threads: &'a [usize],
    /// The inputs.
    pub args: &'a [Value],
    /// Each combination runs for so long, if it is called often enough by then.
    pub budget: Duration,
    /// Set to stop.
    pub signal: &'a Arc<AtomicU32>,
}

/// One compilation from text to code.
#[derive(Clone, Copy, Debug)]
pub struct Compilation {
    /// Parsing to types.
    pub front: FrontTimes,
    /// The passes.
    pub passes: Duration,
    /// LLVM, if it was used.
    pub code: Option<CodeStats>,
}

impl Compilation {
    /// All stages together.
    pub fn total(&self) -> Duration {
        self.front.total() + self.passes + self.code.map_or(Duration::ZERO, |code| code.total())
    }
}

/// One combination, run.
#[derive(Clone, Debug)]
pub struct Row {
    /// The number of its pipeline.
    pub variant: usize,
    /// Threads.
    pub threads: usize,
    /// Its runs, and how its answer compares with that of the first row.
    pub measured: Measured,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Report {
    /// The compilations of each pipeline, in the order of the pipelines.
    pub compilations: Vec<Vec<Compilation>>,
    /// The estimated traffic of a run of each pipeline's program: the formula, and its value for these inputs.
    pub traffic: Vec<(String, Option<u64>)>,
    /// A row for each pipeline and number of threads.
    pub rows: Vec<Row>,
}

/// Fewer runs say nothing about the spread.
const LEAST_RUNS: usize = 5;
/// More say nothing new.
const MOST_RUNS: usize = 10_000;
/// Compilations of a pipeline: at most so many, and no new one after so long.
const COMPILATIONS: (usize, Duration) = (15, Duration::from_millis(500));

/// A program on the bench.
struct Subject {
    ready: Ready,
    row: Row,
    spent: Duration,
}

impl Session {
    /// Measures; an error of the program ends a row, a request to stop ends all.
    pub fn bench(&self, checked: &Checked, bench: Bench) -> Result<Report, Stop> {
        let (mut compilations, mut traffic, mut subjects) = (Vec::new(), Vec::new(), Vec::new());
        let mut expected: Option<(ir::Program, Outcome)> = None;
        for (variant, pipeline) in bench.variants.iter().enumerate() {
            let (program, times) = self.compile_often(checked, &pipeline.stages, bench.signal)?;
            compilations.push(times);
            let numbers = numbers(&program, bench.args);
            let bytes = cost::traffic(&program, &|name| numbers.get(name).copied());
            traffic.push((cost::counters(&program).bytes, bytes));
            for threads in bench.threads {
                let mut ready = self.ready(&program).map_err(Stop::Code)?;
                ready.set_threads(*threads);
                let mut measured = Measured::default();
                go_on(bench.signal)?;
                let outcome = self.run(&ready, bench.args, bench.signal).map(|ran| ran.value);
                if let Err(error) = &outcome {
                    self.outcome(error, bench.signal)?;
                    measured.error = Some(error.kind.name().to_string());
                }
                let (first, wanted) = expected.get_or_insert_with(|| (program.clone(), outcome.clone()));
                measured.same = Some(if variant == 0 {
                    compared(wanted, &outcome)
                } else {
                    let runs = Runs { args: bench.args, repeat: 0, signal: bench.signal };
                    self.agreement(&checked.program, (first, wanted), (&program, &outcome), runs)
                });
                let row = Row { variant, threads: *threads, measured };
                subjects.push(Subject { ready, row, spent: Duration::ZERO });
            }
        }
        self.in_turns(&mut subjects, bench)?;
        let rows = subjects.into_iter().map(|subject| subject.row).collect();
        Ok(Report { compilations, traffic, rows })
    }

    /// The program under a pipeline, and how long the whole way took each time.
    fn compile_often(
        &self,
        checked: &Checked,
        stages: &[Stage],
        signal: &Arc<AtomicU32>,
    ) -> Result<(ir::Program, Vec<Compilation>), Stop> {
        let (most, budget) = COMPILATIONS;
        let mut times = Vec::new();
        let start = Instant::now();
        loop {
            go_on(signal)?;
            // It was accepted once, and the same text is accepted again.
            let again = self.check(checked.source).unwrap_or_else(|_| checked.clone());
            let optimized = self.optimize_unrecorded_by(&again, stages);
            let ready = self.ready(&optimized.program).map_err(Stop::Code)?;
            // The first one may wait for LLVM to start.
            if times.len() > most || (times.len() > 1 && start.elapsed() > budget) {
                times.remove(0);
                return Ok((optimized.program, times));
            }
            times.push(Compilation { front: again.times, passes: optimized.time, code: ready.code() });
        }
    }

    /// Runs all in turn until each has had its time.
    fn in_turns(&self, subjects: &mut [Subject], bench: Bench) -> Result<(), Stop> {
        loop {
            let mut ran_any = false;
            for Subject { ready, row: Row { measured, .. }, spent } in subjects.iter_mut() {
                let runs = measured.times.len();
                let over = (*spent >= bench.budget && runs >= LEAST_RUNS) || runs >= MOST_RUNS;
                if over || measured.error.is_some() {
                    continue;
                }
                go_on(bench.signal)?;
                ran_any = true;
                match self.run(ready, bench.args, bench.signal) {
                    Ok(ran) => {
                        *spent += ran.time;
                        measured.times.push(ran.time);
                    }
                    Err(error) => {
                        self.outcome(&error, bench.signal)?;
                        measured.times.clear();
                        measured.error = Some(error.kind.name().to_string());
                    }
                }
            }
            if !ran_any {
                return Ok(());
            }
        }
    }
}

impl Report {
    /// Whether all answers are the same; `None` when that is not known of all.
    pub fn same_answer(&self) -> Option<bool> {
        let mut known = true;
        for row in &self.rows {
            match row.measured.same {
                Some(Agreement::Different) => return Some(false),
                Some(Agreement::Same | Agreement::Rounded) => {}
                Some(Agreement::Unknown) | None => known = false,
            }
        }
        known.then_some(true)
    }
}

/// What formulas may name: the lengths of the inputs, and their numbers.
fn numbers(program: &ir::Program, args: &[Value]) -> HashMap<String, u64> {
    let mut numbers = HashMap::new();
    for (param, arg) in program.func.params.iter().zip(args) {
        named(param.name.text(), arg, &mut numbers);
    }
    numbers
}

fn named(path: &str, value: &Value, numbers: &mut HashMap<String, u64>) {
    if let Value::Struct(fields) = value {
        for (k, field) in fields.iter().enumerate() {
            named(&format!("{path}.${k}"), field, numbers);
        }
    } else if let Value::Scalar(number) = value {
        let number = number.as_i64().and_then(|number| u64::try_from(number).ok());
        numbers.extend(number.map(|number| (path.to_string(), number)));
    } else if let Some(len) = value.len() {
        numbers.insert(format!("len({path})"), len as u64);
    }
}
