#![forbid(unsafe_code)]
//! From an optimized program to machine code to results; by the interpreter in a build without LLVM.

use super::context::Context;
use super::failure::Failure;
use crate::ir;
use crate::runtime::RunStats;
use crate::value::{RunError, Value};
use crate::view::stats::CodeStats;
use std::time::Duration;

/// One finished run.
pub struct Ran {
    /// The result.
    pub value: Value,
    /// How long it took.
    pub time: Duration,
    /// What the runtime did.
    pub stats: Option<RunStats>,
}

/// A program that is ready to run.
pub struct Ready {
    #[cfg(feature = "jit")]
    program: crate::session::Program,
    #[cfg(not(feature = "jit"))]
    program: ir::Program,
}

impl Context {
    /// Makes machine code.
    #[cfg(feature = "jit")]
    pub fn ready(&self, program: &ir::Program) -> Result<Ready, Failure> {
        Ok(Ready { program: self.session.compile_ir(program)? })
    }

    /// The interpreter needs no machine code.
    #[cfg(not(feature = "jit"))]
    pub fn ready(&self, program: &ir::Program) -> Result<Ready, Failure> {
        Ok(Ready { program: program.clone() })
    }

    /// Runs once.
    #[cfg(feature = "jit")]
    pub fn run(&self, ready: &Ready, args: &[Value]) -> Result<Ran, RunError> {
        let finished = ready.program.run(args, &self.signal)?;
        Ok(Ran { value: finished.value, time: finished.time, stats: Some(finished.stats) })
    }

    /// Interprets once.
    #[cfg(not(feature = "jit"))]
    pub fn run(&self, ready: &Ready, args: &[Value]) -> Result<Ran, RunError> {
        let start = std::time::Instant::now();
        let value = self.session.interpret(&ready.program, args, &self.signal)?;
        Ok(Ran { value, time: start.elapsed(), stats: None })
    }
}

impl Ready {
    /// What making machine code took.
    pub fn code(&self) -> Option<CodeStats> {
        #[cfg(feature = "jit")]
        return Some(CodeStats::from(&self.program));
        #[cfg(not(feature = "jit"))]
        None
    }
}
