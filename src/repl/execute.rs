#![forbid(unsafe_code)]
//! Running the current program.
//!
//! Promises: machine code is made once per program; a stop request ends a run, and a compilation between its stages.

use super::Repl;
use super::reply::{Failure, Outcome, Reply};
use crate::ir::Ty;
use crate::value::{ErrorKind, RunError, Value};
use std::time::{Duration, Instant};

/// One finished run.
pub(super) struct Ran {
    /// The result.
    pub value: Value,
    /// How long compiled code ran.
    pub time: Duration,
}

impl Repl {
    /// Runs the current program once and shows its result with the times.
    pub(super) fn run_program(&mut self) -> Outcome {
        let args = self.arguments()?;
        let compile = self.compile()?;
        let ran = self.run_once(&args)?;
        let ty = self.result_ty()?;
        Ok(Reply::text(self.render_result(&ran.value, &ty) + &self.render_times(compile, &[ran.time])))
    }

    /// The inputs of the current program, or the one that is missing.
    pub(super) fn arguments(&self) -> Result<Vec<Value>, Failure> {
        let entered = self.entered()?;
        self.inputs.arguments(&entered.checked.program).map_err(|name| {
            let failure = Failure::new(format!("the input `{name}` is missing"));
            failure.maybe_help(self.how_to_give(&name))
        })
    }

    /// The type of the result of the current program.
    pub(super) fn result_ty(&self) -> Result<Ty, Failure> {
        Ok(self.entered()?.checked.program.func.body.ty.clone())
    }

    /// Makes machine code if there is none yet; says how long that took.
    #[cfg(feature = "jit")]
    pub(super) fn compile(&mut self) -> Result<Option<Duration>, Failure> {
        let entered = self.entered()?;
        if entered.compiled.is_some() {
            return Ok(None);
        }
        let start = Instant::now();
        let compiled = self.session.compile(&entered.optimized)?;
        let time = start.elapsed();
        if let Some(entered) = &mut self.program {
            entered.compiled = Some(compiled);
        }
        self.stop_if_asked()?;
        Ok(Some(time))
    }

    /// Runs machine code; [`Repl::compile`] has made it.
    #[cfg(feature = "jit")]
    pub(super) fn run_once(&self, args: &[Value]) -> Result<Ran, Failure> {
        let compiled = self.entered()?.compiled.as_ref();
        let compiled = compiled.ok_or_else(|| Failure::internal("the program is not compiled"))?;
        let finished = compiled.run(args, &self.signal).map_err(|error| self.run_failure(error))?;
        Ok(Ran { value: finished.value, time: finished.time })
    }

    /// The interpreter needs no machine code.
    #[cfg(not(feature = "jit"))]
    pub(super) fn compile(&mut self) -> Result<Option<Duration>, Failure> {
        Ok(None)
    }

    /// Interprets the program: this build has no LLVM.
    #[cfg(not(feature = "jit"))]
    pub(super) fn run_once(&self, args: &[Value]) -> Result<Ran, Failure> {
        let program = &self.entered()?.optimized.program;
        let start = Instant::now();
        let value = self.session.interpret(program, args, &self.signal).map_err(|error| self.run_failure(error))?;
        Ok(Ran { value, time: start.elapsed() })
    }

    fn run_failure(&self, error: RunError) -> Failure {
        if error.kind == ErrorKind::Cancelled { Failure::Stopped(self.started.elapsed()) } else { Failure::Run(error) }
    }
}
