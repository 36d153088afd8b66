#![forbid(unsafe_code)]
//! Runs that are measured: one program, or the program after every step of an optimization, and whether the answers agree.
//!
//! Promises: the first run of each program is not counted, for it touches the memory that the others find warm; an error
//! of a program is an outcome to compare, a request to stop ends the measuring. The judge of answers is the interpreter on
//! the program as written, or compiled code of that program where the interpreter would take too long; [`Judge`] says which.

use super::Session;
use super::ready::{CodeStats, Ready};
use super::trust::agree::{self, Outcome};
use super::trust::verify::elements;
use super::trust::watch::Watch;
use crate::ir;
use crate::passes::Trace;
use crate::runtime::RunOptions;
use crate::value::{ErrorKind, RunError, Value};
use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long the interpreter may take to say what the answer is.
const INTERPRETER: Duration = Duration::from_secs(2);

/// One program, run.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// The times of its runs; empty when it failed.
    pub times: Vec<Duration>,
    /// How its outcome compares with what it should be; `None` when nothing was compared.
    pub same: Option<Agreement>,
    /// The kind of error it ended with.
    pub error: Option<String>,
    /// What making its machine code took, if it was made for these runs.
    pub code: Option<CodeStats>,
}

/// How two outcomes compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The same bits, or an error each.
    Same,
    /// Float sums over something else than before, which differ by their rounding alone.
    Rounded,
    /// Another answer.
    Different,
    /// One of them has no answer: time or memory was not enough.
    Unknown,
}

/// Who said what the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// The interpreter.
    Interpreter,
    /// Compiled code of the program as written.
    CompiledCode,
}

/// The program before all passes and after each of them, run.
#[derive(Clone, Debug)]
pub struct Prefixes {
    /// One for step 0 and one for each step; an unchanged step has the times of the one before, and no code.
    pub runs: Vec<Measured>,
    /// Who said what the answer is.
    pub judge: Judge,
}

/// Why there is nothing measured.
#[derive(Clone, Debug)]
pub enum Stop {
    /// No machine code: a bug, in words.
    Code(String),
    /// Somebody stopped it, the time is over, or a bug.
    Run(RunError),
}

/// What is run, and how often.
#[derive(Clone, Copy)]
pub struct Runs<'a> {
    /// The inputs.
    pub args: &'a [Value],
    /// Counted runs of each program.
    pub repeat: u32,
    /// Set to stop.
    pub signal: &'a Arc<AtomicU32>,
}

/// A program on the bench.
struct Subject {
    ready: Ready,
    measured: Measured,
}

impl Session {
    /// Compiles a program and runs it several times.
    pub fn measure(&self, program: &ir::Program, runs: Runs) -> Result<(Outcome, Measured), Stop> {
        let (outcome, subject) = self.warm(program, runs)?;
        let mut subjects = vec![subject];
        self.rounds(&mut subjects, runs)?;
        Ok((outcome, subjects.pop().map(|subject| subject.measured).unwrap_or_default()))
    }

    /// Compiles a program and runs it once, which does not count.
    fn warm(&self, program: &ir::Program, runs: Runs) -> Result<(Outcome, Subject), Stop> {
        go_on(runs.signal)?;
        let ready = self.ready(program).map_err(Stop::Code)?;
        let mut measured = Measured { code: ready.code(), ..Measured::default() };
        go_on(runs.signal)?;
        let outcome = self.run(&ready, runs.args, runs.signal).map(|ran| ran.value);
        if let Err(error) = &outcome {
            self.outcome(error, runs.signal)?;
            measured.error = Some(error.kind.name().to_string());
        }
        Ok((outcome, Subject { ready, measured }))
    }

    /// Runs all programs in turn, again and again: when the machine slows down, all of them do.
    fn rounds(&self, subjects: &mut [Subject], runs: Runs) -> Result<(), Stop> {
        for _ in 0..runs.repeat {
            for Subject { ready, measured } in subjects.iter_mut() {
                if measured.error.is_some() {
                    continue;
                }
                go_on(runs.signal)?;
                match self.run(ready, runs.args, runs.signal) {
                    Ok(ran) => measured.times.push(ran.time),
                    Err(error) => {
                        self.outcome(&error, runs.signal)?;
                        measured.times.clear();
                        measured.error = Some(error.kind.name().to_string());
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether an error is an outcome of the program. A time limit of each run is one of that program, not of the others.
    pub(super) fn outcome(&self, error: &RunError, signal: &AtomicU32) -> Result<(), Stop> {
        match error.kind {
            ErrorKind::Timeout if self.config.time_limit.is_some() => {
                let _ = signal.compare_exchange(RunOptions::TIMEOUT, 0, Ordering::Relaxed, Ordering::Relaxed);
                Ok(())
            }
            ErrorKind::Cancelled | ErrorKind::Timeout | ErrorKind::Internal => Err(Stop::Run(error.clone())),
            _ => Ok(()),
        }
    }

    /// Runs the program as written and after each step that changed it.
    pub fn measure_prefixes(&self, core: &ir::Program, trace: &Trace, runs: Runs) -> Result<Prefixes, Stop> {
        let (first, mut subject) = self.warm(core, runs)?;
        let (judge, wanted) = self.answer(core, runs, &first)?;
        let bench = Bench { session: self, core, runs, wanted, sizes: OnceCell::new() };
        subject.measured.same = Some(bench.judged(core, &first));
        drop(first);
        let mut subjects = vec![subject];
        for step in trace.steps.iter().filter(|step| step.changed()) {
            let (outcome, mut subject) = self.warm(&step.after, runs)?;
            subject.measured.same = Some(bench.judged(&step.after, &outcome));
            subjects.push(subject);
        }
        self.rounds(&mut subjects, runs)?;
        let mut measured = subjects.into_iter().map(|subject| subject.measured);
        let mut all: Vec<Measured> = measured.next().into_iter().collect();
        for step in &trace.steps {
            let unchanged = || Measured { code: None, ..all.last().cloned().unwrap_or_default() };
            let next = if step.changed() { measured.next() } else { None };
            all.push(next.unwrap_or_else(unchanged));
        }
        Ok(Prefixes { runs: all, judge })
    }

    /// What the answer is, and who says so.
    fn answer(&self, core: &ir::Program, runs: Runs, compiled: &Outcome) -> Result<(Judge, Outcome), Stop> {
        let watch = Watch::start(INTERPRETER, runs.signal);
        let said = watch.guard(INTERPRETER, |flag| self.interpret(core, runs.args, flag));
        go_on(runs.signal)?;
        Ok(if agree::is_undecided(&said) {
            (Judge::CompiledCode, compiled.clone())
        } else {
            (Judge::Interpreter, said)
        })
    }
}

/// What answers are compared with.
struct Bench<'a> {
    session: &'a Session,
    core: &'a ir::Program,
    runs: Runs<'a>,
    wanted: Outcome,
    /// What float sums may differ by, when that is asked.
    sizes: OnceCell<Option<Value>>,
}

impl Bench<'_> {
    fn judged(&self, program: &ir::Program, found: &Outcome) -> Agreement {
        judged((self.core, &self.wanted), (program, found), self.runs.args, || {
            self.sizes.get_or_init(|| self.session.sizes(self.core, self.runs)).clone()
        })
    }
}

impl Session {
    /// How the outcomes of two optimizations of `core` compare. Sums of floats that run over other loops may differ by
    /// their rounding.
    pub fn agreement(
        &self,
        core: &ir::Program,
        wanted: (&ir::Program, &Outcome),
        found: (&ir::Program, &Outcome),
        runs: Runs,
    ) -> Agreement {
        judged(wanted, found, runs.args, || self.sizes(core, runs))
    }

    /// What float sums may differ by.
    fn sizes(&self, core: &ir::Program, runs: Runs) -> Option<Value> {
        let runs = Runs { repeat: 0, ..runs };
        self.measure(&agree::sizes(core), runs).ok().and_then(|(outcome, _)| outcome.ok())
    }
}

fn judged(
    wanted: (&ir::Program, &Outcome),
    found: (&ir::Program, &Outcome),
    args: &[Value],
    sizes: impl FnOnce() -> Option<Value>,
) -> Agreement {
    let agreement = compared(wanted.1, found.1);
    let (Agreement::Different, Ok(a), Ok(b)) = (agreement, wanted.1, found.1) else { return agreement };
    if agree::rounding_loops(wanted.0) == agree::rounding_loops(found.0) {
        return agreement;
    }
    let count = args.iter().map(elements).sum();
    if agree::nearly(a, b, sizes().as_ref(), count) { Agreement::Rounded } else { agreement }
}

/// How two outcomes compare, bit for bit.
pub(super) fn compared(wanted: &Outcome, found: &Outcome) -> Agreement {
    if agree::is_undecided(wanted) || agree::is_undecided(found) {
        return Agreement::Unknown;
    }
    if agree::across(wanted, found) { Agreement::Same } else { Agreement::Different }
}

/// Fails when somebody asked to stop.
pub(super) fn go_on(signal: &AtomicU32) -> Result<(), Stop> {
    match signal.load(Ordering::Relaxed) {
        0 => Ok(()),
        RunOptions::TIMEOUT => Err(Stop::Run(RunError::timeout())),
        _ => Err(Stop::Run(RunError::cancelled())),
    }
}
