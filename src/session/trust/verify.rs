#![forbid(unsafe_code)]
//! Does every rewrite keep the meaning? The interpreter runs the program after each of them, on inputs with edges.
//!
//! Promises: the meaning is that of the program as written; a difference comes with the firing that made it and with
//! inputs made small; what was not looked at (too slow, out of time) is counted, never passed over in silence.

use super::Culprit;
use super::agree::{self, Outcome};
use super::states::{PassRun, State, after};
use super::watch::Watch;
use crate::inputs;
use crate::ir::{Expr, ExprKind, Program, Ty, visit};
use crate::passes::{self, Broken, Optimized, Options, Stage};
use crate::plan;
use crate::session::Session;
use crate::value::{ErrorKind, Value};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// How long one run of the interpreter may take.
pub(super) const ONE_RUN: Duration = Duration::from_secs(2);

/// How long inputs are made smaller.
const SHRINKING: Duration = Duration::from_secs(10);

/// Firings of one pass after which the program is looked at; of more, so many at equal distances.
pub const LOOKS: usize = 32;

/// What to verify.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The program as written.
    pub program: &'a Program,
    /// The pipeline.
    pub passes: &'a [Stage],
    /// Inputs to run first.
    pub given: &'a [Vec<Value>],
    /// How many inputs to make up.
    pub inputs: usize,
    /// Which ones.
    pub seed: u64,
    /// Whether to make inputs that show a fault small.
    pub small: bool,
    /// Whether to look at compiled code too.
    pub compiled: bool,
    /// When to stop.
    pub limit: Duration,
    /// Set to stop at once.
    pub signal: &'a Arc<AtomicU32>,
}

/// What verifying saw.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// Inputs that ran.
    pub inputs: usize,
    /// Of these, inputs on which the program itself ends with an error.
    pub failing: usize,
    /// Inputs on which the program as written took too long.
    pub slow: usize,
    /// Inputs that were left out because they were there already.
    pub repeated: usize,
    /// The seed of the inputs.
    pub seed: u64,
    /// Steps of the optimization that changed the program.
    pub steps: usize,
    /// Their firings.
    pub firings: usize,
    /// Programs in between that were looked at.
    pub states: usize,
    /// Runs of the interpreter and of compiled code.
    pub runs: usize,
    /// Whether compiled code was compared too.
    pub compiled: bool,
    /// Whether the time was over before everything was looked at.
    pub cut: bool,
    /// Whether somebody stopped it.
    pub stopped: bool,
    /// What is wrong.
    pub fault: Option<Box<Fault>>,
}

/// Something wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What it is.
    pub kind: FaultKind,
    /// Who did it; `None` for compiled code, which no rewrite makes.
    pub culprit: Option<Culprit>,
    /// Inputs that show it.
    pub inputs: Option<Vec<Value>>,
    /// How many elements the inputs had before they were made small.
    pub elements: usize,
    /// What the program gives on them.
    pub wanted: Option<Outcome>,
    /// What it gives after the rewrite.
    pub found: Option<Outcome>,
    /// The program before the guilty firing, and after it.
    pub programs: Option<(Program, Program)>,
}

/// The ways in which things go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Another answer, or an error in place of an answer, or the other way round.
    Answer,
    /// The pass made a program that breaks the rules of types, names or builders.
    Invalid(String),
    /// The pass panicked.
    Panic(String),
    /// Compiled code disagrees with the interpreter on the same program.
    Compiled {
        /// Whether it is the program after the passes.
        passes: bool,
        /// The threads it ran on.
        threads: usize,
    },
    /// The program cannot be compiled.
    Codegen(String),
}

impl Session {
    /// Compares the program after every firing, and its compiled code, with what the program as written means.
    pub fn verify(&self, request: &Request) -> Verified {
        let optimized = passes::optimize(request.program, request.passes, &options());
        let mut checker = Checker::new(self, request);
        checker.reference();
        let fault = checker.rewrites(&optimized);
        #[cfg(feature = "jit")]
        let fault = if request.compiled { fault.or_else(|| checker.machine_code(&optimized)) } else { fault };
        let Checker { mut report, watch, .. } = checker;
        report.stopped = watch.is_stopped();
        report.fault = fault.map(Box::new);
        report
    }
}

/// Each pass is verified, whatever the build.
fn options() -> Options {
    Options { verify: true, ..Options::default() }
}

/// One set of inputs with what the program means on them.
pub(super) struct Case {
    pub(super) inputs: Vec<Value>,
    pub(super) wanted: Outcome,
}

pub(super) struct Checker<'a> {
    pub(super) session: &'a Session,
    pub(super) request: &'a Request<'a>,
    pub(super) watch: Watch,
    pub(super) cases: Vec<Case>,
    /// What the float sums of the program as written run over.
    rounding: Vec<String>,
    pub(super) report: Verified,
}

impl<'a> Checker<'a> {
    pub(super) fn new(session: &'a Session, request: &'a Request<'a>) -> Checker<'a> {
        Checker {
            session,
            request,
            watch: Watch::start(request.limit, request.signal),
            cases: Vec::new(),
            rounding: agree::rounding_loops(request.program),
            report: Verified { seed: request.seed, ..Verified::default() },
        }
    }

    /// Runs the program as written on all inputs.
    pub(super) fn reference(&mut self) {
        let types = types(self.request.program);
        let lengths = lengths(self.request.program);
        let mut seen = BTreeSet::new();
        let made = (0..self.request.inputs)
            .filter_map(|number| inputs::edge_case(&types, &lengths, number, self.request.seed));
        let all: Vec<Vec<Value>> = self.request.given.iter().cloned().chain(made).collect();
        for inputs in all {
            if !seen.insert(text_of(&inputs, &types)) {
                // A program without inputs has one case.
                self.report.repeated += usize::from(!types.is_empty());
                continue;
            }
            if self.watch.is_over() {
                self.report.cut = true;
                return;
            }
            match self.interpret(self.request.program, &inputs) {
                None => self.report.slow += 1,
                Some(wanted) => {
                    self.report.inputs += 1;
                    self.report.failing += usize::from(wanted.is_err());
                    self.cases.push(Case { inputs, wanted });
                }
            }
        }
    }

    /// The outcome; `None` when it took too long.
    pub(super) fn interpret(&mut self, program: &Program, inputs: &[Value]) -> Option<Outcome> {
        self.report.runs += 1;
        let outcome = self.watch.guard(ONE_RUN, |flag| self.session.interpret(program, inputs, flag));
        let stopped = outcome
            .as_ref()
            .is_err_and(|error| matches!(error.kind, ErrorKind::Timeout | ErrorKind::Cancelled));
        (!stopped).then_some(outcome)
    }

    /// Looks at the program after every firing of every step.
    fn rewrites(&mut self, optimized: &Optimized) -> Option<Fault> {
        for (at, step) in optimized.trace.steps.iter().enumerate() {
            if !step.changed() {
                continue;
            }
            let Some(pass) = passes::pass_in(self.request.passes, step.pass) else { continue };
            self.report.steps += 1;
            self.report.firings += step.firings.len();
            let run = PassRun { step: at + 1, pass, before: &step.before, firings: step.firings.len() };
            let mut good = 0;
            for look in looks(run.firings) {
                if self.watch.is_over() {
                    self.report.cut = true;
                    return None;
                }
                let state = if look == run.firings {
                    State { program: step.after.clone(), firings: step.firings.clone(), broken: None }
                } else {
                    after(run.pass, run.before, look)
                };
                self.report.states += 1;
                if let Some(broken) = &state.broken {
                    return Some(self.broken(&run, good, look, broken.clone()));
                }
                if let Some(case) = self.first_difference(&state.program) {
                    return Some(self.answer(&run, good, look, case));
                }
                good = look;
            }
        }
        let broken = optimized.broken.clone()?;
        let at = optimized.trace.steps.len();
        let pass = passes::pass_in(self.request.passes, broken.pass)?;
        let before = broken.before.clone();
        let firings = broken.firings.len();
        let run = PassRun { step: at + 1, pass, before: &before, firings };
        // A panic comes before the next firing is written down.
        Some(self.broken(&run, 0, firings + 1, broken))
    }

    /// The first case on which a program means something else.
    pub(super) fn first_difference(&mut self, program: &Program) -> Option<usize> {
        let exact = agree::rounding_loops(program) == self.rounding;
        (0..self.cases.len()).find(|at| {
            let Some(inputs) = self.cases.get(*at).map(|case| case.inputs.clone()) else { return false };
            !self.watch.is_over() && self.differs(program, exact, &inputs, Some(*at)).is_some()
        })
    }

    /// The two outcomes, when a program means something else than the program as written.
    fn differs(
        &mut self,
        program: &Program,
        exact: bool,
        inputs: &[Value],
        case: Option<usize>,
    ) -> Option<(Outcome, Outcome)> {
        let known = case.and_then(|at| self.cases.get(at)).map(|case| case.wanted.clone());
        let wanted = match known {
            Some(wanted) => wanted,
            None => self.interpret(self.request.program, inputs)?,
        };
        let found = self.interpret(program, inputs)?;
        if agree::across(&wanted, &found) {
            return None;
        }
        if !exact && let (Ok(a), Ok(b)) = (&wanted, &found) {
            let sizes = self.interpret(&agree::sizes(self.request.program), inputs);
            let sizes = sizes.and_then(Result::ok);
            if agree::nearly(a, b, sizes.as_ref(), inputs.iter().map(elements).sum()) {
                return None;
            }
        }
        Some((wanted, found))
    }

    /// Finds the firing behind a wrong answer, and makes the inputs small.
    fn answer(&mut self, run: &PassRun, good: usize, bad: usize, case: usize) -> Fault {
        let inputs = self.cases.get(case).map(|case| case.inputs.clone()).unwrap_or_default();
        let (culprit, last_good, last_bad) = run.narrow(good, bad, &mut |state| {
            let exact = agree::rounding_loops(&state.program) == self.rounding;
            state.broken.is_some() || self.differs(&state.program, exact, &inputs, Some(case)).is_some()
        });
        let exact = agree::rounding_loops(&last_bad.program) == self.rounding;
        let elements = inputs.iter().map(elements).sum();
        let inputs = self.shrink(inputs, &mut |checker, inputs| {
            checker.differs(&last_bad.program, exact, inputs, None).is_some()
        });
        let found = self.differs(&last_bad.program, exact, &inputs, None);
        let (wanted, found) = found.map_or((None, None), |(wanted, found)| (Some(wanted), Some(found)));
        Fault {
            kind: FaultKind::Answer,
            culprit: Some(culprit),
            inputs: Some(inputs),
            elements,
            wanted,
            found,
            programs: Some((last_good.program, last_bad.program)),
        }
    }

    /// Finds the firing behind a panic or an invalid program.
    fn broken(&mut self, run: &PassRun, good: usize, bad: usize, broken: Broken) -> Fault {
        let (culprit, last_good, last_bad) =
            run.narrow(good, bad, &mut |state: &State| state.broken.is_some());
        let Broken { why, panicked, .. } = last_bad.broken.unwrap_or(broken);
        Fault {
            kind: if panicked { FaultKind::Panic(why) } else { FaultKind::Invalid(why) },
            culprit: Some(culprit),
            inputs: None,
            elements: 0,
            wanted: None,
            found: None,
            programs: Some((last_good.program, last_bad.program)),
        }
    }

    /// Makes inputs small in a time of its own.
    pub(super) fn shrink(
        &mut self,
        inputs: Vec<Value>,
        shows: &mut dyn FnMut(&mut Self, &[Value]) -> bool,
    ) -> Vec<Value> {
        if !self.request.small {
            return inputs;
        }
        self.watch = Watch::start(SHRINKING, self.request.signal);
        let types = types(self.request.program);
        inputs::shrink(inputs, &types, &mut |inputs| !self.watch.is_over() && shows(self, inputs))
    }
}

impl Fault {
    /// What went wrong and who did it: equal for faults of the same kind.
    pub fn shows(&self) -> String {
        let kind = match &self.kind {
            FaultKind::Answer => "answer",
            FaultKind::Invalid(_) => "invalid",
            FaultKind::Panic(_) => "panic",
            FaultKind::Compiled { .. } => "compiled",
            FaultKind::Codegen(_) => "codegen",
        };
        let culprit = self.culprit.as_ref();
        let who = culprit.map(|culprit| format!(" {}/{}", culprit.pass.name, culprit.rule().unwrap_or("-")));
        format!("{kind}{}", who.unwrap_or_default())
    }
}

/// The numbers of firings after which to look; the last one is all of them.
fn looks(firings: usize) -> Vec<usize> {
    if firings <= LOOKS {
        return (1..=firings.max(1)).map(|look| look.min(firings)).collect();
    }
    (1..=LOOKS).map(|look| look * firings / LOOKS).collect()
}

/// The types of the inputs.
pub fn types(program: &Program) -> Vec<Ty> {
    program.func.params.iter().map(|param| param.ty.clone()).collect()
}

fn text_of(inputs: &[Value], types: &[Ty]) -> String {
    let texts = inputs.iter().zip(types).map(|(value, ty)| crate::value::print::to_text(value, ty));
    texts.collect::<Vec<_>>().join(" ")
}

/// Elements of vectors in a value, at any depth, and scalars.
pub fn elements(value: &Value) -> usize {
    match value {
        Value::Scalars(buffer) => buffer.len(),
        Value::Vector(items) => items.iter().map(elements).sum::<usize>() + items.len(),
        Value::Struct(items) => items.iter().map(elements).sum(),
        Value::Dict(dict) => dict.entries().iter().map(elements).sum(),
        Value::Builder(_, held) => elements(held),
        Value::Scalar(_) | Value::Lanes(_) => 1,
    }
}

/// Lengths of vectors around the borders where code changes: none, one, a block of lanes, a leaf of each kind of loop.
fn lengths(program: &Program) -> Vec<usize> {
    let mut lengths = vec![0, 1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 64];
    let mut leaves = BTreeSet::new();
    visit::walk(&program.func.body, &mut |expr: &Expr| {
        if let ExprKind::For(parts) = &expr.kind {
            leaves.insert(plan::leaf_len(expr, parts));
        }
    });
    // The interpreter is slow: one length at each side of a long leaf, and two leaves of a short one.
    for leaf in leaves.into_iter().filter_map(|leaf| usize::try_from(leaf).ok()) {
        lengths.extend([leaf + 1, leaf - 1]);
        if leaf < 100 {
            lengths.push(2 * leaf + 1);
        }
    }
    lengths
}
