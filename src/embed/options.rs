#![forbid(unsafe_code)]
//! How one call is to be run: threads, limits, and a handle that stops it.
//!
//! Promises: what is not said is as in the session's settings; a token that was cancelled stays so, and stops no run but
//! those that it was given to.

use crate::runtime::{Budget, RunOptions};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// How one call is to be run.
///
/// ```
/// # fn main() -> Result<(), weld::Error> {
/// use weld::CallOptions;
/// use weld::value::ErrorKind;
///
/// let session = weld::Session::new(weld::Config::default());
/// let program =
///     session.program("|n: i64| result(for(rangeiter(0L, n, 1L), appender[i64], |b, i, x| merge(b, x * x)))")?;
/// let options = CallOptions::new().threads(1).memory_limit(1 << 20);
/// let squares: weld::Array<i64> = program.call_with(&options, 1000i64)?;
/// assert_eq!(squares[999], 998_001);
/// let Err(weld::Error::Run(failure)) = program.call_with::<weld::Array<i64>>(&options, 1_000_000i64) else {
///     panic!()
/// };
/// assert_eq!(failure.kind(), ErrorKind::OutOfMemory);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    pub(super) threads: Option<usize>,
    pub(super) budget: Limit,
    pub(super) time_limit: Option<Duration>,
    pub(super) cancel: Option<Cancel>,
}

/// Where the bytes of a call are counted.
#[derive(Clone, Debug, Default)]
pub(super) enum Limit {
    /// As in the settings.
    #[default]
    Default,
    /// In a budget of the call alone.
    Bytes(u64),
    /// In this one.
    Shared(Arc<Budget>),
}

impl CallOptions {
    /// Everything as in the session's settings.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// assert_eq!(session.program("1L")?.call_with::<i64>(&weld::CallOptions::new(), ())?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new() -> CallOptions {
        CallOptions::default()
    }

    /// At most this many threads, the caller included; no more than the session has.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let sum = session.program("|v: vec[i64]| sum(v)")?;
    /// let alone = weld::CallOptions::new().threads(1);
    /// assert_eq!(sum.call_with::<i64>(&alone, &[1i64, 2])?, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn threads(mut self, threads: usize) -> CallOptions {
        self.threads = Some(threads.max(1));
        self
    }

    /// At most so many bytes for what the program allocates, its result included.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let double = session.program("|v: vec[i64]| map(v, |x| x + x)")?;
    /// let small = weld::CallOptions::new().memory_limit(1000);
    /// let Err(weld::Error::Run(failure)) = double.call_with::<Vec<i64>>(&small, &[7i64; 1000]) else { panic!() };
    /// assert_eq!(failure.kind(), weld::value::ErrorKind::OutOfMemory);
    /// # Ok(())
    /// # }
    /// ```
    pub fn memory_limit(mut self, bytes: u64) -> CallOptions {
        self.budget = Limit::Bytes(bytes);
        self
    }

    /// Counts bytes in a budget that other calls may share, and in which results stay counted while they live.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// use std::sync::Arc;
    /// use weld::{CallOptions, runtime::Budget};
    ///
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|v: vec[f64]| map(v, |x| x + 1.0)")?;
    /// let budget = Arc::new(Budget::default());
    /// let options = CallOptions::new().budget(&budget);
    /// let result: weld::Array<f64> = program.call_with(&options, &vec![0.0; 100_000])?;
    /// assert!(budget.used() >= 800_000 && budget.used() < 900_000);
    /// drop(result);
    /// assert_eq!(budget.used(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn budget(mut self, budget: &Arc<Budget>) -> CallOptions {
        self.budget = Limit::Shared(budget.clone());
        self
    }

    /// How long it may take.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let forever = session.program("iterate(0L, |n| {n + 1L, n >= 0L})")?;
    /// let soon = weld::CallOptions::new().time_limit(std::time::Duration::from_millis(20));
    /// let Err(weld::Error::Run(failure)) = forever.call_with::<i64>(&soon, ()) else { panic!() };
    /// assert_eq!(failure.kind(), weld::value::ErrorKind::Timeout);
    /// # Ok(())
    /// # }
    /// ```
    pub fn time_limit(mut self, limit: Duration) -> CallOptions {
        self.time_limit = Some(limit);
        self
    }

    /// What stops it.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let sum = session.program("|v: vec[i64]| sum(v)")?;
    /// let stop = weld::Cancel::new();
    /// let options = weld::CallOptions::new().cancel(&stop);
    /// assert_eq!(sum.call_with::<i64>(&options, &[1i64, 2])?, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(mut self, cancel: &Cancel) -> CallOptions {
        self.cancel = Some(cancel.clone());
        self
    }
}

/// Stops calls from another thread. Clones are the same token.
///
/// ```
/// # fn main() -> Result<(), weld::Error> {
/// use std::time::Duration;
/// use weld::{CallOptions, Cancel, value::ErrorKind};
///
/// let session = weld::Session::new(weld::Config::default());
/// let forever = session.program("|n: i64| iterate(n, |x| {x + 1L, x >= 0L})")?;
/// let cancel = Cancel::new();
/// let other = cancel.clone();
/// let thread = std::thread::spawn(move || {
///     std::thread::sleep(Duration::from_millis(20));
///     other.cancel();
/// });
/// let Err(weld::Error::Run(failure)) = forever.call_with::<i64>(&CallOptions::new().cancel(&cancel), 0i64) else {
///     panic!()
/// };
/// assert_eq!(failure.kind(), ErrorKind::Cancelled);
/// # thread.join().unwrap();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Mutex<Calls>>);

#[derive(Debug, Default)]
struct Calls {
    cancelled: bool,
    /// The signals of the runs under way. Each has its own, for the time limit of one is nothing to the others.
    signals: Vec<Weak<AtomicU32>>,
}

impl Cancel {
    /// A token that has not been used.
    ///
    /// ```
    /// assert!(!weld::Cancel::new().is_cancelled());
    /// ```
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Stops the calls under way that have this token, and all later ones.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let sum = session.program("|v: vec[i64]| sum(v)")?;
    /// let stop = weld::Cancel::new();
    /// let options = weld::CallOptions::new().cancel(&stop);
    /// stop.cancel();
    /// let Err(weld::Error::Run(failure)) = sum.call_with::<i64>(&options, &[1i64, 2]) else { panic!() };
    /// assert_eq!(failure.kind(), weld::value::ErrorKind::Cancelled);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(&self) {
        let mut calls = self.calls();
        calls.cancelled = true;
        for signal in calls.signals.drain(..).filter_map(|signal| signal.upgrade()) {
            signal.store(RunOptions::CANCEL, Ordering::Relaxed);
        }
    }

    /// Whether it was used.
    ///
    /// ```
    /// let stop = weld::Cancel::new();
    /// stop.clone().cancel();
    /// assert!(stop.is_cancelled());
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.calls().cancelled
    }

    /// Stops the run with this signal, too, at once if it is too late.
    pub(super) fn watch(&self, signal: &Arc<AtomicU32>) {
        let mut calls = self.calls();
        if calls.cancelled {
            signal.store(RunOptions::CANCEL, Ordering::Relaxed);
            return;
        }
        calls.signals.retain(|signal| signal.strong_count() > 0);
        calls.signals.push(Arc::downgrade(signal));
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
