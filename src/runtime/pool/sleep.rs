//! How one thread sleeps until another wakes it, without losing a wake-up.
//!
//! The sleeper announces itself, then looks once more for a reason to stay awake; the waker first makes the
//! reason visible, then looks for sleepers. With a full fence on both sides, at least one of them sees the other.

use crate::runtime::lock;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Condvar, Mutex, PoisonError};

/// The bed of one thread.
#[derive(Default)]
pub(super) struct Sleeper {
    asleep: AtomicBool,
    gate: Mutex<()>,
    bell: Condvar,
}

impl Sleeper {
    /// Sleeps until somebody calls [`Sleeper::wake`], but not at all if `reason` to stay awake holds by now.
    pub(super) fn sleep(&self, reason: impl FnOnce() -> bool) {
        self.asleep.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if reason() {
            self.asleep.store(false, Ordering::SeqCst);
            return;
        }
        let mut gate = lock(&self.gate);
        while self.asleep.load(Ordering::SeqCst) {
            gate = self.bell.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Wakes the thread if it sleeps or is about to; whether it did. Call it after a full fence that follows
    /// whatever makes the sleeper's reason true.
    pub(super) fn wake(&self) -> bool {
        let asleep = self.asleep.load(Ordering::Relaxed)
            && self.asleep.compare_exchange(true, false, Ordering::SeqCst, Ordering::Relaxed).is_ok();
        if asleep {
            // Through the gate: the sleeper has either not yet looked at `asleep` or is waiting for the bell.
            drop(lock(&self.gate));
            self.bell.notify_one();
        }
        asleep
    }

    #[cfg(test)]
    pub(super) fn asleep(&self) -> bool {
        self.asleep.load(Ordering::Relaxed)
    }
}
