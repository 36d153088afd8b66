#![forbid(unsafe_code)]
//! Contexts: the memory, the limits and the runs of one client.
//!
//! Promises: what a run allocated lives until the context and every value of it are gone, or until the value's memory is
//! released by itself; a context runs one program at a time and says so otherwise; a cancel from another thread ends the run
//! in progress and no other.

use super::{WeldConf, WeldError, WeldResult, WeldRuntimeErrno};
use crate::codegen::Placed;
use crate::runtime::{Budget, RunOptions};
use crate::session::Program;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The number of a run of its context, from 0.
///
/// ```
/// let argument = 1i64;
/// let value = weld::WeldValue::new_from_data(&raw const argument as weld::Data);
/// let run: Option<weld::RunId> = value.run_id();
/// assert_eq!(run, None);
/// ```
pub type RunId = i64;

/// A counted reference to a context.
///
/// ```
/// # fn main() -> Result<(), weld::WeldError> {
/// let mut conf = weld::WeldConf::new();
/// conf.set(weld::CONF_MEMORY_LIMIT_KEY, "1000000");
/// let context = weld::WeldContext::new(&conf)?;
/// assert_eq!((context.memory_usage(), context.memory_limit()), (0, 1_000_000));
/// assert!(!context.cancel(), "nothing runs that could be stopped");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct WeldContext {
    inner: Arc<Inner>,
}

struct Inner {
    threads: usize,
    budget: Arc<Budget>,
    state: Mutex<State>,
}

struct State {
    /// The signal of the run in progress.
    running: Option<Arc<AtomicU32>>,
    time_limit: Option<Duration>,
    next: RunId,
    outputs: HashMap<RunId, Output>,
}

/// A result and what it points into: the memory of the run, and the constants of the program.
struct Output {
    placed: Placed,
    _program: Arc<Program>,
}

impl WeldContext {
    /// A context with the limits of a configuration.
    ///
    /// ```
    /// let mut conf = weld::WeldConf::new();
    /// conf.set(weld::CONF_MEMORY_LIMIT_KEY, "much");
    /// let error = weld::WeldContext::new(&conf).unwrap_err();
    /// assert_eq!(error.code(), weld::WeldRuntimeErrno::CompileError);
    /// ```
    pub fn new(conf: &WeldConf) -> WeldResult<WeldContext> {
        let config = conf.settings()?;
        let state = State { running: None, time_limit: config.time_limit, next: 0, outputs: HashMap::new() };
        let inner = Inner {
            threads: config.threads,
            budget: Arc::new(Budget::new(config.memory_limit)),
            state: Mutex::new(state),
        };
        Ok(WeldContext { inner: Arc::new(inner) })
    }

    /// Bytes that runs in this context have allocated and that are still there.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// let module = weld::WeldModule::compile("|n: i64| map([1L, 2L], |x| x * n)", &weld::WeldConf::new())?;
    /// let mut context = weld::WeldContext::new(&weld::WeldConf::new())?;
    /// let n = 3i64;
    /// let argument = weld::WeldValue::new_from_data(&raw const n as weld::Data);
    /// // SAFETY: the argument leads to the parameter of the program.
    /// let result = unsafe { module.run(&mut context, &argument)? };
    /// assert!(context.memory_usage() >= 16);
    /// result.release();
    /// assert_eq!(context.memory_usage(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn memory_usage(&self) -> i64 {
        i64::try_from(self.inner.budget.used()).unwrap_or(i64::MAX)
    }

    /// The most bytes there may be at a time.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// assert_eq!(weld::WeldContext::new(&weld::WeldConf::new())?.memory_limit(), weld::CONF_MEMORY_LIMIT_DEFAULT);
    /// # Ok(())
    /// # }
    /// ```
    pub fn memory_limit(&self) -> i64 {
        self.inner.budget.limit().map_or(i64::MAX, |limit| i64::try_from(limit).unwrap_or(i64::MAX))
    }

    /// How long a run may take from now on; `None` for no limit.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// use std::time::Duration;
    /// use weld::{WeldConf, WeldContext, WeldModule, WeldRuntimeErrno, WeldValue};
    ///
    /// let forever = WeldModule::compile("iterate(0L, |n| {n + 1L, n >= 0L})", &WeldConf::new())?;
    /// let mut context = WeldContext::new(&WeldConf::new())?;
    /// context.set_time_limit(Some(Duration::from_millis(20)));
    /// // SAFETY: a program without parameters takes anything.
    /// let outcome = unsafe { forever.run(&mut context, &WeldValue::new_from_data(std::ptr::null())) };
    /// assert_eq!(outcome.unwrap_err().code(), WeldRuntimeErrno::Timeout);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_time_limit(&self, limit: Option<Duration>) {
        self.state().time_limit = limit;
    }

    /// Stops the run in progress, from any thread. False when there is none: a run that begins later is not stopped.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// assert!(!weld::WeldContext::new(&weld::WeldConf::new())?.cancel(), "nothing runs that could be stopped");
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&self) -> bool {
        match &self.state().running {
            Some(signal) => {
                // A time limit that has passed already stays one.
                let _ = signal.compare_exchange(0, RunOptions::CANCEL, Ordering::Relaxed, Ordering::Relaxed);
                true
            }
            None => false,
        }
    }

    /// Runs something in this context: `run` gets the options and the time limit. The result is kept; its number and its
    /// place are given back.
    pub(super) fn run(
        &self,
        program: &Arc<Program>,
        run: impl FnOnce(RunOptions, Option<Duration>) -> WeldResult<Placed>,
    ) -> WeldResult<(RunId, *const u8)> {
        let signal = Arc::new(AtomicU32::new(0));
        let mut state = self.state();
        if state.running.is_some() {
            let message = "the context is running another program; a context runs one at a time";
            let hint = "give each thread a context of its own; a module may be shared";
            return Err(WeldError::new(message, WeldRuntimeErrno::InvalidArgument).with_hint(hint));
        }
        state.running = Some(signal.clone());
        let limit = state.time_limit;
        drop(state);
        let options = RunOptions { threads: self.inner.threads, budget: self.inner.budget.clone(), signal };
        let placed = run(options, limit);
        let mut state = self.state();
        state.running = None;
        let placed = placed?;
        let (number, data) = (state.next, placed.data());
        state.next += 1;
        state.outputs.insert(number, Output { placed, _program: program.clone() });
        Ok((number, data))
    }

    /// Frees the result of a run and the memory that only this run allocated. False when that has been done.
    pub(super) fn release(&self, run: RunId) -> bool {
        let output = self.state().outputs.remove(&run);
        output.is_some()
    }

    /// Bytes that a run allocated and that are still there; `None` when it has been released.
    pub(super) fn run_memory(&self, run: RunId) -> Option<u64> {
        Some(self.state().outputs.get(&run)?.placed.memory.bytes())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialEq for WeldContext {
    /// Whether both are references to the same context.
    fn eq(&self, other: &WeldContext) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl fmt::Debug for WeldContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (used, limit) = (self.memory_usage(), self.memory_limit());
        write!(f, "WeldContext({used} of {limit} bytes)")
    }
}
