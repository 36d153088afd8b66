#![forbid(unsafe_code)]
//! A program that is ready to run: machine code, or the program itself in a build without LLVM.
//!
//! Promises: whoever measures runs need not know which of the two it is.

use super::Session;
#[cfg(feature = "jit")]
use crate::codegen::Times;
use crate::ir;
use crate::passes::Optimized;
use crate::runtime::RunStats;
use crate::value::{RunError, Value};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// One finished run.
pub struct Ran {
    /// The result.
    pub value: Value,
    /// How long it took.
    pub time: Duration,
    /// What the runtime did; the interpreter does not say.
    pub stats: Option<RunStats>,
}

/// What making machine code took.
#[derive(Clone, Copy, Debug, Default)]
pub struct CodeStats {
    /// Making LLVM IR.
    pub emit: Duration,
    /// LLVM's passes.
    pub optimize: Duration,
    /// Instruction selection.
    pub generate: Duration,
    /// Linking into the process.
    pub link: Duration,
    /// Bytes of object code.
    pub code_bytes: usize,
    /// Functions that were too large for LLVM's passes, and were translated as they stand.
    pub spared: usize,
    /// Whether all this had been done before, for the same text, and took no time now.
    pub cached: bool,
}

impl CodeStats {
    /// All stages together.
    pub fn total(&self) -> Duration {
        self.emit + self.optimize + self.generate + self.link
    }
}

/// A program that is ready to run.
pub struct Ready {
    #[cfg(feature = "jit")]
    program: super::Program,
    #[cfg(not(feature = "jit"))]
    program: ir::Program,
}

impl Session {
    /// Makes machine code. The error is a bug, in words.
    #[cfg(feature = "jit")]
    pub fn ready(&self, program: &ir::Program) -> Result<Ready, String> {
        let program = self.compile_ir(program).map_err(|error| error.to_string())?;
        Ok(Ready { program })
    }

    /// Makes machine code of an optimized program, and writes the files of code that the settings ask for.
    pub fn ready_optimized(&self, optimized: &Optimized) -> Result<Ready, String> {
        self.dump(optimized);
        self.ready(&optimized.program)
    }

    /// The interpreter needs no machine code.
    #[cfg(not(feature = "jit"))]
    pub fn ready(&self, program: &ir::Program) -> Result<Ready, String> {
        Ok(Ready { program: program.clone() })
    }

    /// Runs once.
    #[cfg(feature = "jit")]
    pub fn run(&self, ready: &Ready, args: &[Value], signal: &Arc<AtomicU32>) -> Result<Ran, RunError> {
        let finished = ready.program.run(args, signal)?;
        Ok(Ran { value: finished.value, time: finished.time, stats: Some(finished.stats) })
    }

    /// Interprets once.
    #[cfg(not(feature = "jit"))]
    pub fn run(&self, ready: &Ready, args: &[Value], signal: &Arc<AtomicU32>) -> Result<Ran, RunError> {
        let start = std::time::Instant::now();
        let value = self.interpret(&ready.program, args, signal)?;
        Ok(Ran { value, time: start.elapsed(), stats: None })
    }
}

impl Ready {
    /// Changes the number of threads of later runs, up to that of the session.
    #[cfg(feature = "jit")]
    pub fn set_threads(&mut self, threads: usize) {
        self.program.set_threads(threads);
    }

    /// The interpreter has one.
    #[cfg(not(feature = "jit"))]
    pub fn set_threads(&mut self, _threads: usize) {}

    /// What making machine code took.
    #[cfg(feature = "jit")]
    pub fn code(&self) -> Option<CodeStats> {
        Some(CodeStats::from(&self.program))
    }

    /// The interpreter makes none.
    #[cfg(not(feature = "jit"))]
    pub fn code(&self) -> Option<CodeStats> {
        None
    }
}

#[cfg(feature = "jit")]
impl From<&super::Program> for CodeStats {
    fn from(program: &super::Program) -> CodeStats {
        let times = if program.is_cached() { Times::default() } else { program.times() };
        CodeStats {
            emit: times.emit,
            optimize: times.optimize,
            generate: times.generate,
            link: times.link,
            code_bytes: program.code_bytes(),
            spared: program.spared_functions(),
            cached: program.is_cached(),
        }
    }
}
