#![forbid(unsafe_code)]
//! Compiled programs: compiling, showing code, running.
//!
//! Promises: a run never changes its inputs; its result owns its memory; a program may be run from several threads.

use super::Session;
use crate::codegen::{CodegenError, Compiled, Engine, Finished, Level, Options, Times};
use crate::config::Config;
use crate::diag::SourceId;
use crate::ir;
use crate::logging::milliseconds;
use crate::passes::Optimized;
use crate::runtime::{Budget, Pool, RunOptions, RunStats};
use crate::value::{RunError, Value};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// LLVM, started at the first use by whoever comes first.
pub(super) type SharedEngine = Arc<OnceLock<Result<Arc<Engine>, CodegenError>>>;

/// What is compiled to warm LLVM up: the shape of most programs, a loop in lanes over two types.
const WARM_UP: &str = "|v: vec[i64], w: vec[f64]| {sum(map(v, |x| x * x)), map(w, |x| x + 1.0)}";

/// A program in machine code, ready to run.
pub struct Program {
    pub(super) compiled: Arc<Compiled>,
    /// Whether it was compiled before.
    pub(super) cached: bool,
    /// The text that was compiled and the equal one that messages show, where these are two.
    pub(super) moved: Option<(SourceId, SourceId)>,
    pub(super) pool: Arc<Pool>,
    threads: usize,
    pub(super) memory_limit: Option<u64>,
    time_limit: Option<Duration>,
}

impl Session {
    /// Compiles an optimized program, and writes the files of code that the settings ask for.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut session = weld::Session::new(weld::Config::default());
    /// let source = session.add_source("demo", "|v: vec[f64]| sum(map(v, |x| x * x))".to_string());
    /// let checked = session.check(source).map_err(|messages| format!("{messages:?}"))?;
    /// let program = session.compile(&session.optimize(&checked)).map_err(|error| error.to_string())?;
    /// assert_eq!(program.result().to_string(), "f64");
    /// # Ok(())
    /// # }
    /// ```
    pub fn compile(&self, optimized: &Optimized) -> Result<Program, CodegenError> {
        self.dump(optimized);
        self.compile_ir(&optimized.program)
    }

    /// Compiles a program as it is; the required lowering is part of code generation, so every step compiles.
    pub fn compile_ir(&self, program: &ir::Program) -> Result<Program, CodegenError> {
        let compiled = self.engine()?.compile(program, &self.libraries, &self.options())?;
        log::info!(
            "compiled: {}, {} bytes of code",
            milliseconds(compiled.times.total()),
            compiled.code_bytes
        );
        Ok(self.runnable(Arc::new(compiled)))
    }

    /// Machine code that runs as the settings say.
    pub(super) fn runnable(&self, compiled: Arc<Compiled>) -> Program {
        Program {
            compiled,
            cached: false,
            moved: None,
            pool: self.pool.clone(),
            threads: self.config.threads,
            memory_limit: self.config.memory_limit,
            time_limit: self.config.time_limit,
        }
    }

    /// One level of code of a program as text.
    pub fn code(&self, program: &ir::Program, level: Level) -> Result<String, CodegenError> {
        let entry = &self.config.run_function;
        self.engine()?.text(program, &self.libraries, &self.options(), entry, level)
    }

    fn options(&self) -> Options<'_> {
        let Config { effort, llvm, trace, .. } = self.config;
        Options { effort, llvm, trace: trace.then_some(&self.sources) }
    }

    /// The processor that programs are compiled for.
    pub fn cpu(&self) -> Result<String, CodegenError> {
        Ok(self.engine()?.cpu())
    }

    /// Starts LLVM in the background and compiles a small program, so that the first real one does not pay for LLVM's own
    /// start (some 20 ms) while there is something else to do: a person types, a file is read.
    pub fn warm_up(&mut self) {
        if log::log_enabled!(log::Level::Info) {
            // What it does would stand in the log between the lines of the program.
            return;
        }
        let (engine, effort) = (self.engine.clone(), self.config.effort);
        // Without a thread the first compilation is slower, that is all.
        let thread = std::thread::Builder::new().name("weld-warm-up".to_string()).spawn(move || {
            let mut session = Session::new(Config { threads: 1, effort, ..Config::default() });
            session.engine = engine;
            let source = session.add_source("warm-up", WARM_UP.to_string());
            if let Ok(checked) = session.check(source) {
                let _ = session.compile(&session.optimize_unrecorded(&checked));
            }
        });
        self.warming = thread.ok();
    }

    fn engine(&self) -> Result<&Arc<Engine>, CodegenError> {
        self.engine.get_or_init(Engine::new).as_ref().map_err(Clone::clone)
    }
}

impl Drop for Session {
    /// A process must not end while a thread is inside LLVM, whose global state ends with it.
    fn drop(&mut self) {
        if let Some(thread) = self.warming.take() {
            let _ = thread.join();
        }
    }
}

impl Program {
    /// Changes the number of threads of later runs. The session's own number is the most that have an effect.
    pub fn set_threads(&mut self, threads: usize) {
        self.threads = threads.max(1);
    }

    /// The types of the inputs.
    pub fn params(&self) -> &[ir::Ty] {
        self.compiled.params()
    }

    /// The type of the result.
    pub fn result(&self) -> &ir::Ty {
        self.compiled.result()
    }

    /// Runs on values of the parameter types. `signal` becomes `RunOptions::CANCEL` to stop it.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut session = weld::Session::new(weld::Config::default());
    /// let source = session.add_source("demo", "|v: vec[f64]| sum(map(v, |x| x * x))".to_string());
    /// let checked = session.check(source).map_err(|messages| format!("{messages:?}"))?;
    /// let program = session.compile(&session.optimize(&checked)).map_err(|error| error.to_string())?;
    /// let v = weld::inputs::load("[1.0, 2.0]", &program.params()[0])?;
    /// let finished = program.run(&[v], &Default::default())?;
    /// assert!(matches!(finished.value, weld::Value::Scalar(weld::ir::Literal::F64(5.0))));
    /// # Ok(())
    /// # }
    /// ```
    pub fn run(&self, args: &[Value], signal: &Arc<AtomicU32>) -> Result<Finished, RunError> {
        let budget = Arc::new(Budget::new(self.memory_limit));
        let options = RunOptions { threads: self.threads, budget, signal: signal.clone() };
        let ended = within(self.time_limit, signal, || self.compiled.run(args, &self.pool, options));
        let ended = ended.map_err(|error| self.placed(error));
        log_run(ended.as_ref().map(|finished| (finished.time, &finished.stats)), self.threads);
        ended
    }

    /// The error of a run, in the text that this program was compiled from.
    pub(super) fn placed(&self, error: RunError) -> RunError {
        let Some((from, to)) = self.moved else { return error };
        RunError { origin: error.origin.map(|origin| origin.moved(from, to)), ..error }
    }

    /// Whether it had been compiled before.
    pub fn is_cached(&self) -> bool {
        self.cached
    }

    /// How long each stage of code generation took.
    pub fn times(&self) -> Times {
        self.compiled.times
    }

    /// Functions that were too large for LLVM's passes, and were translated as they stand.
    pub fn spared_functions(&self) -> usize {
        self.compiled.spared
    }

    /// Bytes of object code.
    pub fn code_bytes(&self) -> usize {
        self.compiled.code_bytes
    }
}

/// Says how a run ended.
pub(super) fn log_run(ended: Result<(Duration, &RunStats), &RunError>, threads: usize) {
    match ended {
        Ok((time, stats)) => {
            let (bytes, time) = (stats.bytes, milliseconds(time));
            log::info!("run finished: {time}, {bytes} bytes, threads {threads}");
        }
        Err(error) => log::info!("run ended with {}: {}", error.kind.name(), error.message),
    }
}

/// Runs something that stops when the signal says so, with a watchdog that says so at the limit.
pub(super) fn within<T>(limit: Option<Duration>, signal: &AtomicU32, run: impl FnOnce() -> T) -> T {
    let Some(limit) = limit else { return run() };
    let done = (Mutex::new(false), Condvar::new());
    std::thread::scope(|scope| {
        // It wakes at the limit or when the run ends, whichever is first.
        scope.spawn(|| {
            let lock = done.0.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = done.1.wait_timeout_while(lock, limit, |done| !*done);
            if waited.is_ok_and(|(_, timeout)| timeout.timed_out()) {
                // Somebody's cancel stays a cancel.
                let _ = signal.compare_exchange(0, RunOptions::TIMEOUT, Ordering::Relaxed, Ordering::Relaxed);
            }
        });
        let finished = run();
        *done.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        done.1.notify_all();
        finished
    })
}
