#![forbid(unsafe_code)]
//! The optimizer: passes, pipelines of them, and the trace of what they did.
//!
//! Promises: a pass keeps the type and the meaning of a program (`README.md` beside this file states the laws);
//! every rewrite is recorded with its reason; a bug in a pass never panics through: it is reported in
//! [`Optimized::internal_error`] and the last good program is kept.
//! Must not: know syntax, LLVM, or what the trace looks like on a screen.

mod cse;
mod cx;
mod fold_constants;
mod fuse_horizontal;
mod fuse_vertical;
mod inline_apply;
mod inline_let;
mod licm;
mod pattern;
mod pipeline;
mod predicate;
mod rewrite;
mod scalar_structs;
mod size_hints;
mod subst;
mod trace;
mod unroll_loops;
mod uses;
mod vectorize;

pub use cx::PassCx;
pub use pipeline::{ALL, DEFAULT, find, parse_pipeline};
pub use trace::{Firing, Miss, Step, Trace};

use crate::ir::{Expr, Lambda, Program, verify};
use crate::plan::cost;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// What is known about a pass without running it.
#[derive(Debug)]
pub struct PassInfo {
    /// The one name: in pipelines, fixtures and remarks.
    pub name: &'static str,
    /// Names that the original gave to passes with this task.
    pub aliases: &'static [&'static str],
    /// One sentence.
    pub summary: &'static str,
    /// All of its documentation, with examples.
    pub doc: &'static str,
    /// The rules it may report.
    pub rules: &'static [&'static str],
    /// Whether code generation relies on it. No pass of this version is required.
    pub required: bool,
}

/// A transformation of programs.
pub trait Pass: Sync {
    /// Its name and documentation.
    fn info(&self) -> &'static PassInfo;
    /// The new body: same type, same meaning; the same node when nothing fired.
    fn run(&self, cx: &mut PassCx, root: &Expr) -> Expr;
}

/// Declares a pass from its documentation, its rules and the function that runs it.
macro_rules! declare_pass {
    (
        #[doc = $summary:literal]
        $(#[doc = $doc:literal])*
        pub struct $name:ident = $text:literal;
        aliases: [$($alias:literal),*];
        rules: [$($rule:literal),*];
        run: $run:path;
    ) => {
        #[doc = $summary]
        $(#[doc = $doc])*
        pub struct $name;

        impl $crate::passes::Pass for $name {
            fn info(&self) -> &'static $crate::passes::PassInfo {
                static INFO: $crate::passes::PassInfo = $crate::passes::PassInfo {
                    name: $text,
                    aliases: &[$($alias),*],
                    summary: $summary,
                    doc: concat!($summary, "\n", $($doc, "\n",)*),
                    rules: &[$($rule),*],
                    required: false,
                };
                &INFO
            }

            fn run(&self, cx: &mut $crate::passes::PassCx, root: &$crate::ir::Expr) -> $crate::ir::Expr {
                $run(cx, root)
            }
        }
    };
}
use declare_pass;

/// How to optimize.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Verify the program after every pass. On in debug builds.
    pub verify: bool,
    /// A pass stops rewriting after so many firings.
    pub firing_limit: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { verify: cfg!(debug_assertions), firing_limit: 1_000_000 }
    }
}

/// The outcome of [`optimize`].
#[derive(Clone, Debug)]
pub struct Optimized {
    /// The program after the last pass.
    pub program: Program,
    /// What each pass did.
    pub trace: Trace,
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

/// Runs the passes of a pipeline in order.
pub fn optimize(program: &Program, pipeline: &[&'static dyn Pass], options: &Options) -> Optimized {
    let mut optimized =
        Optimized { program: program.clone(), trace: Trace::default(), internal_error: None, broken: None };
    let mut counters = cost::counters(program);
    for pass in pipeline {
        let before = optimized.program.clone();
        let mut names = before.names.clone();
        let mut cx = PassCx::new(&mut names, options.firing_limit);
        let start = Instant::now();
        // A panic is a bug of the pass: it costs this step, not the session.
        let ran = catch_unwind(AssertUnwindSafe(|| pass.run(&mut cx, &before.func.body)));
        let time = start.elapsed();
        let (firings, missed) = cx.finish();
        let body = match ran {
            Ok(body) => body,
            Err(panic) => {
                optimized.internal_error =
                    Some(format!("internal error in pass `{}`: it panicked", pass.info().name));
                let why = words_of(panic.as_ref());
                optimized.broken = Some(Broken { pass: pass.info(), before, firings, why, panicked: true });
                break;
            }
        };
        let changed = !body.same(&before.func.body);
        let after = if changed {
            Program { func: Lambda { params: before.func.params.clone(), body }, names }
        } else {
            before.clone()
        };
        if options.verify
            && changed
            && let Err(why) = verify::verify(&after)
        {
            optimized.internal_error = Some(format!("internal error in pass `{}`: {why}", pass.info().name));
            optimized.broken = Some(Broken { pass: pass.info(), before, firings, why, panicked: false });
            break;
        }
        let counters_after = if changed { cost::counters(&after) } else { counters.clone() };
        optimized.trace.steps.push(Step {
            pass: pass.info(),
            before,
            after: after.clone(),
            firings,
            missed,
            time,
            counters_before: std::mem::replace(&mut counters, counters_after.clone()),
            counters_after,
        });
        optimized.program = after;
    }
    optimized.trace.drop_superseded();
    optimized
}

/// What a panic said.
fn words_of(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(|words| words.to_string());
    words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_string())
}

#[cfg(test)]
mod tests;
