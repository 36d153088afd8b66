//! All engines on one program. They must agree.
//!
//! Promises: the meaning is what the interpreter says of the unoptimized program. On the same IR every engine gives
//! the same bits or the same error at the same place; across passes the same bits, or an error when there is one.
//! A panic, an internal error or a run that does not end is a complaint, never the end of the process.

#![allow(dead_code, reason = "each test binary uses a part")]

pub mod fixture;
pub mod forms;
mod library;
mod single;
mod watchdog;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};
use std::time::Duration;
use watchdog::Watchdog;
use weld::config::Config;
use weld::diag::Diagnostics;
use weld::ir::{self, Ty};
use weld::passes::{Options, optimize, parse_pipeline};
use weld::plan::Effort;
use weld::runtime::Pool;
use weld::session::{Checked, Session};
use weld::value::{ErrorKind, RunError, Value, print};

/// What a run ended with.
pub type Outcome = Result<Value, RunError>;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// The program is not accepted: the id of the first error, and all messages.
    Rejected(String, String),
    /// The reference run did not end in time: says nothing about the engines.
    TooSlow,
    /// Engines disagree, or one of them broke.
    Wrong(String),
}

/// How thoroughly to compare.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whether values must have the same bits across passes. False for float reductions that round.
    pub exact: bool,
    /// The relative difference across passes that is allowed when `exact` is false; `None` for any.
    pub tolerance: Option<f64>,
    /// Pipelines for the interpreter alone, besides the default one.
    pub pipelines: Vec<String>,
    /// Compile the program after this step too.
    pub step: Option<usize>,
    /// Compile the program after every step that changed it.
    pub every_step: bool,
    /// Numbers of threads for compiled code.
    pub threads: Vec<usize>,
    /// LLVM's effort.
    pub effort: Effort,
    /// A program whose reference run takes longer than this is too slow to be compared.
    pub reference_limit: Duration,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            exact: true,
            tolerance: None,
            pipelines: Vec::new(),
            step: None,
            every_step: false,
            threads: vec![1, 2, 3, 8],
            effort: Effort::Short,
            reference_limit: RUN_LIMIT,
        }
    }
}

/// What a comparison saw.
#[derive(Debug, Default)]
pub struct Report {
    /// The reference outcome of each input.
    pub outcomes: Vec<Outcome>,
    /// Rules of passes that fired, as `pass/rule`, and how often.
    pub rules: BTreeMap<String, u64>,
    /// What loops in lanes contain after all passes.
    pub forms: BTreeMap<String, u64>,
    /// Runs of all engines.
    pub runs: u64,
    /// Parts of loops that another thread than the first one ran.
    pub steals: u64,
}

/// How long one run may take, on a machine that may be busy.
const RUN_LIMIT: Duration = Duration::from_secs(60);

/// The engines, made once.
pub struct Engines {
    session: Session,
    watchdog: Watchdog,
}

static QUIET: Once = Once::new();

thread_local! {
    /// What the latest panic of this thread said.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Engines {
    /// Starts them.
    pub fn new() -> Engines {
        // The complaint tells what a panic said.
        QUIET.call_once(|| {
            std::panic::set_hook(Box::new(|info| PANIC.with(|last| *last.borrow_mut() = info.to_string())));
        });
        Engines::on(Pool::eager(8))
    }

    /// Engines whose threads, up to so many, split, steal and wait by chance.
    pub fn chaotic(threads: usize, seed: u64) -> Engines {
        Engines::on(Pool::chaotic(threads, seed))
    }

    fn on(pool: Arc<Pool>) -> Engines {
        let config = Config { threads: pool.max_threads(), ..Config::default() };
        Engines { session: Session::with_pool(config, pool), watchdog: Watchdog::start() }
    }

    /// Engines for generated programs, which call C functions.
    pub fn with_functions() -> Engines {
        let mut engines = Engines::new();
        let library = library::path();
        let loaded = engines.session.load_library(&library.to_string_lossy());
        assert!(loaded.is_ok(), "{loaded:?}");
        engines
    }

    /// Checks a program.
    pub fn check(&mut self, name: &str, text: &str) -> Result<Checked, Complaint> {
        self.caught("checking", |engines| {
            let source = engines.session.add_source(name, text.to_string());
            engines.session.check(source).map_err(|messages| rejected(&messages))
        })
    }

    /// Runs the interpreter on the program as written.
    pub fn interpret(&mut self, checked: &Checked, inputs: &[Vec<Value>]) -> Result<Vec<Outcome>, Complaint> {
        self.interpret_all("interpreting the program as written", &checked.program, inputs)
    }

    /// Runs every engine on every input and compares. The complaint says which engine disagrees about what.
    pub fn compare(
        &mut self,
        checked: &Checked,
        inputs: &[Vec<Value>],
        plan: &Plan,
    ) -> Result<Report, Complaint> {
        let mut report = Report::default();
        let start = &checked.program;
        let what = "interpreting the program as written";
        report.outcomes = self.interpret_for(plan.reference_limit, what, start, inputs)?;
        report.runs += inputs.len() as u64;
        if report.outcomes.iter().any(is_cancelled) {
            return Err(Complaint::TooSlow);
        }
        let mut last = start.clone();
        let mut states = Vec::new();
        let pipelines = std::iter::once("default").chain(plan.pipelines.iter().map(String::as_str));
        for (nth, pipeline) in pipelines.enumerate() {
            let optimized = self.caught(&format!("passes `{pipeline}`"), |_| {
                let passes = parse_pipeline(pipeline).map_err(Complaint::Wrong)?;
                Ok(optimize(start, &passes, &Options { verify: true, ..Options::default() }))
            })?;
            if let Some(error) = &optimized.internal_error {
                return Err(Complaint::Wrong(format!("passes `{pipeline}`: {error}")));
            }
            for (at, step) in optimized.trace.steps.iter().enumerate() {
                for firing in &step.firings {
                    *report.rules.entry(format!("{}/{}", step.pass.name, firing.rule)).or_default() += 1;
                }
                if !step.changed() {
                    continue;
                }
                let name = format!("step {} `{}` of passes `{pipeline}`", at + 1, step.pass.name);
                let outcomes =
                    self.interpret_all(&format!("interpreting after {name}"), &step.after, inputs)?;
                report.runs += inputs.len() as u64;
                for (input, (meaning, found)) in report.outcomes.iter().zip(&outcomes).enumerate() {
                    let found = as_complaint(agree_across(meaning, found, plan), || {
                        let rules: Vec<&str> = step.firings.iter().map(|firing| firing.rule).collect();
                        format!(
                            "{name} (rules: {}) changed the meaning on input {}",
                            rules.join(", "),
                            input + 1
                        )
                    });
                    found.map_err(|complaint| {
                        explain(complaint, &step.before, &step.after, &start.func.body.ty)
                    })?;
                }
                self.read_again(&name, &step.after, inputs, &outcomes)?;
                if nth == 0 {
                    states.push((name, step.after.clone()));
                }
            }
            if nth == 0 {
                last = optimized.program;
                forms::count(&last, &mut report.forms);
            }
        }
        let mut compiled = vec![("without passes".to_string(), start.clone())];
        if !last.func.body.same(&start.func.body) {
            compiled.push(("with all passes".to_string(), last));
        }
        if plan.every_step {
            // The last state is the one with all passes.
            states.pop();
            compiled.extend(states.into_iter().map(|(name, program)| (format!("after {name}"), program)));
        } else if let Some(step) = plan.step
            && !states.is_empty()
        {
            let (name, program) = &states[step % states.len()];
            compiled.push((format!("after {name}"), program.clone()));
        }
        for (name, program) in compiled {
            self.compiled(&name, &program, inputs, plan, &mut report)?;
        }
        Ok(report)
    }

    /// The program printed and read again must mean the same.
    fn read_again(
        &mut self,
        name: &str,
        program: &ir::Program,
        inputs: &[Vec<Value>],
        meaning: &[Outcome],
    ) -> Result<(), Complaint> {
        let text = ir::print::program(program);
        let again = self.check("printed", &text).map_err(|complaint| match complaint {
            Complaint::Rejected(_, messages) => {
                Complaint::Wrong(format!("the printed program after {name} is rejected: {messages}\n{text}"))
            }
            other => other,
        })?;
        // Equal text is an equal tree: nothing to run.
        if ir::print::program(&again.program) == text {
            return Ok(());
        }
        let found = self.interpret_all("interpreting a printed program", &again.program, inputs)?;
        for (meaning, found) in meaning.iter().zip(&found) {
            as_complaint(agree_kind(meaning, found), || {
                format!("the printed program after {name} has another meaning:\n{text}\n")
            })
            .map_err(|complaint| explain(complaint, program, &again.program, &program.func.body.ty))?;
        }
        Ok(())
    }

    /// Compiles one state of the program, runs it with each number of threads, and compares with the interpreter.
    fn compiled(
        &mut self,
        name: &str,
        program: &ir::Program,
        inputs: &[Vec<Value>],
        plan: &Plan,
        report: &mut Report,
    ) -> Result<(), Complaint> {
        let meaning = self.interpret_all(&format!("interpreting {name}"), program, inputs)?;
        let mut compiled = self.compile(name, program, plan.effort)?;
        for threads in &plan.threads {
            compiled.set_threads(*threads);
            for (input, (meaning, args)) in meaning.iter().zip(inputs).enumerate() {
                let what = format!("compiled code {name} on {threads} threads, input {}", input + 1);
                report.steals += self.run(&what, (program, &compiled), args, meaning)?;
                report.runs += 1;
            }
        }
        Ok(())
    }

    fn interpret_all(
        &mut self,
        what: &str,
        program: &ir::Program,
        inputs: &[Vec<Value>],
    ) -> Result<Vec<Outcome>, Complaint> {
        self.interpret_for(RUN_LIMIT, what, program, inputs)
    }

    fn interpret_for(
        &mut self,
        limit: Duration,
        what: &str,
        program: &ir::Program,
        inputs: &[Vec<Value>],
    ) -> Result<Vec<Outcome>, Complaint> {
        self.caught(what, |engines| {
            let run = |args: &Vec<Value>| {
                engines.watchdog.guard(limit, |signal| engines.session.interpret(program, args, signal))
            };
            Ok(inputs.iter().map(run).collect())
        })
    }

    /// Turns a panic into a complaint.
    fn caught<T>(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut Engines) -> Result<T, Complaint>,
    ) -> Result<T, Complaint> {
        match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(outcome) => outcome,
            Err(_) => {
                let said = PANIC.with(|last| last.borrow().clone());
                Err(Complaint::Wrong(format!("{what}: {said}")))
            }
        }
    }
}

fn rejected(messages: &Diagnostics) -> Complaint {
    let id = messages.first_error().map_or("none", |error| error.code.id());
    let lines = messages.0.iter().map(|message| {
        format!(
            "{} at byte {}: {} {}",
            message.code.id(),
            message.primary.span.lo,
            message.title,
            message.primary.text
        )
    });
    Complaint::Rejected(id.to_string(), lines.collect::<Vec<_>>().join("\n"))
}

fn is_cancelled(outcome: &Outcome) -> bool {
    outcome.as_ref().is_err_and(|error| error.kind == ErrorKind::Cancelled)
}

/// Two outcomes that do not agree.
struct Difference {
    wanted: Outcome,
    found: Outcome,
}

fn difference(wanted: &Outcome, found: &Outcome) -> Result<(), Difference> {
    Err(Difference { wanted: wanted.clone(), found: found.clone() })
}

/// No engine may end with these, whatever the others say.
fn is_broken(found: &Outcome) -> bool {
    found.as_ref().is_err_and(|error| {
        matches!(error.kind, ErrorKind::Internal | ErrorKind::Cancelled | ErrorKind::Timeout)
    })
}

/// Same bits, or the same error at the same place: what engines owe each other on the same IR.
fn agree_exactly(wanted: &Outcome, found: &Outcome) -> Result<(), Difference> {
    let agrees = match (wanted, found) {
        (Ok(wanted), Ok(found)) => wanted.same(found),
        (Err(wanted), Err(found)) => {
            let (place, other) = (&wanted.origin, &found.origin);
            wanted.kind == found.kind && place == other && wanted.values == found.values
        }
        _ => false,
    };
    if agrees && !is_broken(found) { Ok(()) } else { difference(wanted, found) }
}

/// As [`agree_exactly`] without places: for the same IR read from another text.
fn agree_kind(wanted: &Outcome, found: &Outcome) -> Result<(), Difference> {
    let agrees = match (wanted, found) {
        (Ok(wanted), Ok(found)) => wanted.same(found),
        (Err(wanted), Err(found)) => wanted.kind == found.kind,
        _ => false,
    };
    if agrees && !is_broken(found) { Ok(()) } else { difference(wanted, found) }
}

/// The same value, or some error each: what a pass owes the program before it.
fn agree_across(wanted: &Outcome, found: &Outcome, plan: &Plan) -> Result<(), Difference> {
    let agrees = match (wanted, found) {
        (Ok(wanted), Ok(found)) if plan.exact => wanted.same(found),
        (Ok(wanted), Ok(found)) => plan.tolerance.is_none_or(|tolerance| close(wanted, found, tolerance)),
        (Err(_), Err(_)) => true,
        // Where floats may differ, so may decisions that depend on them.
        _ => !plan.exact && plan.tolerance.is_none(),
    };
    if agrees && !is_broken(found) { Ok(()) } else { difference(wanted, found) }
}

/// Whether two values differ in floats only, and there by at most `tolerance` of the larger one.
fn close(a: &Value, b: &Value, tolerance: f64) -> bool {
    use ir::Literal::{F32, F64};
    let near = |a: f64, b: f64| (a - b).abs() <= tolerance * a.abs().max(b.abs());
    match (a, b) {
        (Value::Scalar(F32(x)), Value::Scalar(F32(y))) => a.same(b) || near(f64::from(*x), f64::from(*y)),
        (Value::Scalar(F64(x)), Value::Scalar(F64(y))) => a.same(b) || near(*x, *y),
        (Value::Struct(a), Value::Struct(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b, tolerance))
        }
        _ => {
            match (a.len(), b.len()) {
                (Some(n), Some(m)) => n == m
                    && (0..n).all(
                        |at| matches!((a.at(at), b.at(at)), (Some(a), Some(b)) if close(&a, &b, tolerance)),
                    ),
                _ => a.same(b),
            }
        }
    }
}

/// A complaint whose outcomes are still to be shown.
struct Open {
    what: String,
    difference: Difference,
}

fn as_complaint(agreed: Result<(), Difference>, what: impl FnOnce() -> String) -> Result<(), Open> {
    agreed.map_err(|difference| Open { what: what(), difference })
}

fn explain(open: Open, before: &ir::Program, after: &ir::Program, ty: &Ty) -> Complaint {
    let mut story = format!("{}\n  wanted: {}", open.what, show(&open.difference.wanted, ty));
    story += &format!("\n  found:  {}", show(&open.difference.found, ty));
    story += &format!("\n  before: {}", ir::print::program(before));
    if !before.func.body.same(&after.func.body) {
        story += &format!("\n  after:  {}", ir::print::program(after));
    }
    Complaint::Wrong(story)
}

/// An outcome as text of bounded length.
pub fn show(outcome: &Outcome, ty: &Ty) -> String {
    match outcome {
        Ok(value) => print::preview(value, ty, 24),
        Err(error) => {
            let place = error.origin.as_ref().map(|origin| origin.primary());
            format!(
                "error {} ({}) at {:?}",
                error.kind.name(),
                error.message,
                place.map(|span| (span.lo, span.hi))
            )
        }
    }
}
