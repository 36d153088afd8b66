#![forbid(unsafe_code)]
//! The optimizer: passes, pipelines of them, and the trace of what they did.
//!
//! Promises: a pass keeps the type and the meaning of a program (`README.md` beside this file states the laws);
//! every rewrite is recorded with its reason; a bug in a pass never panics through: it is reported in
//! [`Optimized::internal_error`] and the last good program is kept.
//! Must not: know syntax, LLVM, or what the trace looks like on a screen.

mod cse;
mod cx;
mod declare;
mod fold_constants;
mod fuse_horizontal;
mod fuse_vertical;
mod inline_apply;
mod inline_let;
mod licm;
mod merge_tables;
mod pattern;
mod pipeline;
mod predicate;
mod rewrite;
mod scalar_structs;
mod size_hints;
mod stages;
mod subst;
mod trace;
mod unroll_loops;
mod uses;
mod vectorize;

pub use cx::PassCx;
pub use declare::{Pass, PassInfo, RuleInfo};
pub use pipeline::{ALL, DEFAULT, find};
pub use stages::{
    ROUNDS, Stage, parse_pipeline, pass_in, pass_names, pipeline_text, switched_off, switched_on, without,
};
pub use trace::{Firing, Miss, Step, Trace};

use crate::ir::{Lambda, Program, verify};
use crate::logging::milliseconds;
use declare::declare_pass;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use trace::Counted;

/// How to optimize.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Verify the program after every pass. On in debug builds.
    pub verify: bool,
    /// A pass stops rewriting after so many firings.
    pub firing_limit: usize,
    /// Whether there is a trace. Without one, nothing is kept, counted or compared for it.
    pub record: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { verify: cfg!(debug_assertions), firing_limit: 1_000_000, record: true }
    }
}

/// The outcome of [`optimize`].
#[derive(Clone, Debug)]
pub struct Optimized {
    /// The program before the first pass.
    pub given: Program,
    /// The program after the last pass.
    pub program: Program,
    /// What each pass did; empty when it was not recorded.
    pub trace: Trace,
    /// Time in the passes themselves.
    pub time: Duration,
    /// Each pass that ran, in order, and its time.
    pub times: Vec<(&'static str, Duration)>,
    /// A bug of a pass, naming it. `program` is then the last good one, and no later pass ran.
    pub internal_error: Option<String>,
    /// More about that bug.
    pub broken: Option<Broken>,
}

/// A pass that panicked or broke a program, with what it had done until then. It stands behind the last step of the
/// trace.
#[derive(Clone, Debug)]
pub struct Broken {
    /// The pass.
    pub pass: &'static PassInfo,
    /// The program that it was given.
    pub before: Program,
    /// Its rewrites, the last one perhaps incomplete.
    pub firings: Vec<Firing>,
    /// What it did wrong: the words of the panic or of the verifier.
    pub why: String,
    /// Whether it panicked; else the verifier refused what it made.
    pub panicked: bool,
}

/// Runs the passes of a pipeline in order, groups until they change nothing.
pub fn optimize<S: Clone + Into<Stage>>(program: &Program, pipeline: &[S], options: &Options) -> Optimized {
    let stages: Vec<Stage> = pipeline.iter().cloned().map(Into::into).collect();
    let optimized = Optimized {
        given: program.clone(),
        program: program.clone(),
        trace: Trace::default(),
        time: Duration::ZERO,
        times: Vec::new(),
        internal_error: None,
        broken: None,
    };
    let mut driver = Driver { optimized, counted: Counted::default(), options };
    driver.stages(&stages, None);
    driver.optimized.trace.drop_superseded();
    driver.optimized
}

/// An optimization under way.
struct Driver<'a> {
    optimized: Optimized,
    /// Counters of the program as it is, for the record.
    counted: Counted,
    options: &'a Options,
}

impl Driver<'_> {
    /// Runs stages in order; false after a bug of a pass.
    fn stages(&mut self, stages: &[Stage], round: Option<usize>) -> bool {
        stages.iter().all(|stage| match stage {
            Stage::Pass(pass) => self.pass(*pass, round),
            Stage::Group(inner) => self.group(inner),
        })
    }

    /// Repeats a group until a round changes nothing; leaves a note when it is stopped before.
    fn group(&mut self, inner: &[Stage]) -> bool {
        let first = self.optimized.trace.steps.len() + 1;
        for round in 1..=ROUNDS {
            let before = self.optimized.program.func.body.clone();
            if !self.stages(inner, Some(round)) {
                return false;
            }
            if before.same(&self.optimized.program.func.body) {
                return true;
            }
        }
        let last = self.optimized.trace.steps.len();
        if let Some(step) = self.optimized.trace.steps.last_mut() {
            step.missed.push(Miss {
                rule: "group_limit",
                condition: format!(
                    "the group of steps {first} to {last} still changed the program in round {ROUNDS}"
                ),
                origin: step.after.func.body.origin.clone(),
                would: Some("write the group twice, one behind the other".to_string()),
            });
        }
        true
    }

    /// Runs one pass; false after a bug of it.
    fn pass(&mut self, pass: &'static dyn Pass, round: Option<usize>) -> bool {
        let before = self.optimized.program.clone();
        let mut names = before.names.clone();
        let mut cx = PassCx::new(&mut names, self.options);
        let start = Instant::now();
        // A panic is a bug of the pass: it costs this step, not the session.
        let ran = catch_unwind(AssertUnwindSafe(|| pass.run(&mut cx, &before.func.body)));
        let time = start.elapsed();
        self.optimized.time += time;
        let (name, count) = (pass.info().name, cx.count());
        self.optimized.times.push((name, time));
        log::debug!("pass {name}: fired {count} in {}", milliseconds(time));
        let (firings, missed) = cx.finish();
        let body = match ran {
            Ok(body) => body,
            Err(panic) => {
                self.optimized.internal_error =
                    Some(format!("internal error in pass `{}`: it panicked", pass.info().name));
                let why = words_of(panic.as_ref());
                self.optimized.broken =
                    Some(Broken { pass: pass.info(), before, firings, why, panicked: true });
                return false;
            }
        };
        let changed = !body.same(&before.func.body);
        let after = if changed {
            Program { func: Lambda { params: before.func.params.clone(), body }, names }
        } else {
            before.clone()
        };
        if self.options.verify
            && changed
            && let Err(why) = verify::verify(&after)
        {
            self.optimized.internal_error =
                Some(format!("internal error in pass `{}`: {why}", pass.info().name));
            self.optimized.broken = Some(Broken { pass: pass.info(), before, firings, why, panicked: false });
            return false;
        }
        if self.options.record {
            let counted = if changed { Counted::default() } else { self.counted.clone() };
            self.optimized.trace.steps.push(Step {
                pass: pass.info(),
                round,
                before,
                after: after.clone(),
                firings,
                missed,
                moot: Vec::new(),
                time,
                counted_before: std::mem::replace(&mut self.counted, counted.clone()),
                counted_after: counted,
            });
        }
        self.optimized.program = after;
        true
    }
}

/// What a panic said.
fn words_of(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(|words| words.to_string());
    words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_string())
}

#[cfg(test)]
mod tests;
