#![forbid(unsafe_code)]
//! Schedules by chance: what a pool for tests decides by dice instead of by time.
//!
//! Promises: nothing here has an influence on results; without chaos nothing here is asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Where the dice of a pool come from.
pub(super) struct Chaos {
    next: AtomicU64,
}

/// Random decisions of one thread (Marsaglia's xorshift).
pub(super) struct Dice(u64);

/// The longest delay.
const MOST_DELAY: u64 = 30;

impl Chaos {
    pub(super) fn new(seed: u64) -> Chaos {
        Chaos { next: AtomicU64::new(seed) }
    }

    /// New dice, which fall differently each time.
    pub(super) fn dice(&self) -> Dice {
        // Steps of the golden ratio are far apart, and the state must not be 0.
        Dice(self.next.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed) | 1)
    }
}

impl Dice {
    /// A number below `n`, or 0.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11).checked_rem(n).unwrap_or(0)
    }

    /// Waits now and then: for the other threads, or some microseconds.
    pub(super) fn delay(&mut self) {
        match self.below(32) {
            0..4 => std::thread::yield_now(),
            4 => {
                let (start, wait) = (Instant::now(), Duration::from_micros(self.below(MOST_DELAY)));
                while start.elapsed() < wait {
                    std::hint::spin_loop();
                }
            }
            _ => {}
        }
    }
}
