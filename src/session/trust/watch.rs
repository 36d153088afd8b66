#![forbid(unsafe_code)]
//! Runs that end: a thread that stops the interpreter when its time is over or somebody asks for it.

use crate::runtime::RunOptions;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the signal of the user is looked at.
const POLL: Duration = Duration::from_millis(10);

struct Shared {
    /// What the runs watch.
    flag: Arc<AtomicU32>,
    /// What the user sets.
    signal: Arc<AtomicU32>,
    /// When the current run ends; whether the thread goes on.
    state: Mutex<(Option<Instant>, bool)>,
    changed: Condvar,
}

/// The thread that watches.
pub struct Watch {
    shared: Arc<Shared>,
    end: Instant,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Watches until `limit` is over, or `signal` is set.
    pub fn start(limit: Duration, signal: &Arc<AtomicU32>) -> Watch {
        let shared = Arc::new(Shared {
            flag: Arc::new(AtomicU32::new(0)),
            signal: signal.clone(),
            state: Mutex::new((None, true)),
            changed: Condvar::new(),
        });
        let own = shared.clone();
        // Without a thread runs end by themselves or not at all.
        let thread =
            std::thread::Builder::new().name("weld-watch".to_string()).spawn(move || watch(&own)).ok();
        // A limit that no clock can tell is no limit.
        let now = Instant::now();
        Watch { shared, end: now.checked_add(limit).unwrap_or(now + Duration::from_secs(1 << 30)), thread }
    }

    /// Whether the time is over or somebody asked to stop.
    pub fn is_over(&self) -> bool {
        self.is_stopped() || Instant::now() >= self.end
    }

    /// Whether somebody asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.shared.signal.load(Ordering::Relaxed) != 0
    }

    /// Runs `work` with a flag that becomes non-zero after `limit`.
    pub fn guard<T>(&self, limit: Duration, work: impl FnOnce(&Arc<AtomicU32>) -> T) -> T {
        let set = |end: Option<Instant>| {
            self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).0 = end;
            self.shared.changed.notify_all();
        };
        self.shared.flag.store(0, Ordering::Relaxed);
        set(Some((Instant::now() + limit).min(self.end)));
        let done = work(&self.shared.flag);
        set(None);
        done
    }
}

fn watch(shared: &Shared) {
    let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
    while state.1 {
        let Some(end) = state.0 else {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let now = Instant::now();
        if shared.signal.load(Ordering::Relaxed) != 0 {
            shared.flag.store(RunOptions::CANCEL, Ordering::Relaxed);
        } else if now >= end {
            shared.flag.store(RunOptions::TIMEOUT, Ordering::Relaxed);
        }
        let wait = end.saturating_duration_since(now).clamp(Duration::from_millis(1), POLL);
        let waited = shared.changed.wait_timeout(state, wait);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).1 = false;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
