//! A time limit for runs: a thread that sets the signal of a run that takes too long.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use weld::runtime::RunOptions;

type Watched = Arc<Mutex<Option<(Instant, Arc<AtomicU32>)>>>;

/// Watches one run at a time.
pub struct Watchdog {
    watched: Watched,
}

impl Watchdog {
    /// Starts the thread, which ends with the process.
    pub fn start() -> Watchdog {
        let watched: Watched = Arc::default();
        let shared = watched.clone();
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_millis(20));
                let watched = shared.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((end, signal)) = &*watched
                    && Instant::now() > *end
                {
                    signal.store(RunOptions::CANCEL, Ordering::Relaxed);
                }
            }
        });
        Watchdog { watched }
    }

    /// Calls `run` with a signal that is set after `limit`.
    pub fn guard<T>(&self, limit: Duration, run: impl FnOnce(&Arc<AtomicU32>) -> T) -> T {
        let signal = Arc::new(AtomicU32::new(0));
        let set = |watched| *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = watched;
        set(Some((Instant::now() + limit, signal.clone())));
        let outcome = run(&signal);
        set(None);
        outcome
    }
}
