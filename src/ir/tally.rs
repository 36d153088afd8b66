#![forbid(unsafe_code)]
//! How much walking is done: what tests compare instead of times.
//!
//! Promises: counts the children that [`super::visit`] looks at or rebuilds, for each thread by itself; only in tests.

use std::cell::Cell;

thread_local! {
    static VISITS: Cell<u64> = const { Cell::new(0) };
}

pub(super) fn count() {
    VISITS.set(VISITS.get() + 1);
}

/// The children that this thread has looked at or rebuilt.
pub fn visits() -> u64 {
    VISITS.get()
}
