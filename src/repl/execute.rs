#![forbid(unsafe_code)]
//! Running the current program.
//!
//! Promises: machine code is made once per program; a stop request ends a run, and a compilation between its stages.

use super::Repl;
use super::reply::{Failure, Outcome, Reply};
use crate::session::measure::Stop;
use crate::value::{ErrorKind, RunError, Value};
use std::time::Duration;

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
        let compiled = self.compile()?;
        let ran = self.run_once(&args)?;
        let ty = &self.entered()?.checked.program.func.body.ty;
        Ok(Reply::text(self.render_result(&ran.value, ty) + &self.render_times(compiled, &[ran.time])?))
    }

    /// The inputs of the current program, or the one that is missing.
    pub(super) fn arguments(&self) -> Result<Vec<Value>, Failure> {
        let entered = self.entered()?;
        self.inputs.arguments(&entered.checked.program).map_err(|name| {
            let failure = Failure::new(format!("the input `{name}` is missing"));
            failure.maybe_help(self.how_to_give(&name))
        })
    }

    /// Makes machine code, and says so, if there is none yet.
    #[cfg(feature = "jit")]
    pub(super) fn compile(&mut self) -> Result<bool, Failure> {
        let entered = self.entered()?;
        if entered.compiled.is_some() {
            return Ok(false);
        }
        let compiled = self.session.compile_checked(&entered.checked, &entered.optimized)?;
        if let Some(entered) = &mut self.program {
            entered.compiled = Some(compiled);
        }
        self.stop_if_asked()?;
        Ok(true)
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
    pub(super) fn compile(&mut self) -> Result<bool, Failure> {
        Ok(false)
    }

    /// Interprets the program: this build has no LLVM.
    #[cfg(not(feature = "jit"))]
    pub(super) fn run_once(&self, args: &[Value]) -> Result<Ran, Failure> {
        let program = &self.entered()?.optimized.program;
        let start = std::time::Instant::now();
        let value =
            self.session.interpret(program, args, &self.signal).map_err(|error| self.run_failure(error))?;
        Ok(Ran { value, time: start.elapsed() })
    }

    /// Why nothing was measured.
    pub(super) fn measure_failure(&self, stop: Stop) -> Failure {
        match stop {
            Stop::Code(why) => Failure::internal(why),
            Stop::Run(error) => self.run_failure(error),
        }
    }

    pub(super) fn run_failure(&self, error: RunError) -> Failure {
        if error.kind == ErrorKind::Cancelled {
            Failure::Stopped(self.started.elapsed())
        } else {
            Failure::Run(error)
        }
    }
}
