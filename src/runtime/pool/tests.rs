//! placeholder
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// What a test lets go wrong in a pool.
pub(super) struct Faults {
    /// The chunk with this iteration panics; -1 for none.
    pub(super) panic_at: AtomicI64,
    /// The system refuses every thread.
    pub(super) refuse_threads: AtomicBool,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults { panic_at: AtomicI64::new(-1), refuse_threads: AtomicBool::new(false) }
    }
}

impl super::Policy {
    pub(super) fn maybe_panic(&self, lo: i64, hi: i64) {
        if (lo..hi).contains(&self.faults.panic_at.load(Ordering::Relaxed)) {
            panic!("a panic that a test asked for");
        }
    }
}
