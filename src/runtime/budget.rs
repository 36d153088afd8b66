#![forbid(unsafe_code)]
//! How many bytes may be in use at a time, and how many are.
//!
//! Promises: usage is never above the limit; what was taken and given back is as if it had never been taken. One budget
//! may be shared by several runs, one after the other or at the same time.

use std::sync::atomic::{AtomicU64, Ordering};

/// A limit and the usage under it, in bytes.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    used: AtomicU64,
    peak: AtomicU64,
}

impl Default for Budget {
    /// Without a limit.
    fn default() -> Budget {
        Budget::new(None)
    }
}

impl Budget {
    /// At most `limit` bytes at a time.
    pub fn new(limit: Option<u64>) -> Budget {
        Budget { limit: limit.unwrap_or(u64::MAX), used: AtomicU64::new(0), peak: AtomicU64::new(0) }
    }

    /// The limit; `None` for none.
    pub fn limit(&self) -> Option<u64> {
        (self.limit != u64::MAX).then_some(self.limit)
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// The most bytes that were in use at a time.
    pub fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    /// Takes `bytes`, unless that is beyond the limit.
    pub(super) fn take(&self, bytes: u64) -> bool {
        let within = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within);
        taken.map(|before| self.peak.fetch_max(before + bytes, Ordering::Relaxed)).is_ok()
    }

    /// Gives back what was taken.
    pub(super) fn give_back(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}
