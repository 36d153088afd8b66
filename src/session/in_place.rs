#![allow(unsafe_code, reason = "memory of callers, by their contracts")]
//! Running programs on memory that somebody else laid out: C programs, and borrowed slices of Rust programs.
//!
//! Promises: nothing is copied on the way in, and nothing on the way out until somebody reads the result as a value.
//! Must not: decide what the memory is; the callers' contracts say so, and `unsafe` is only in their hands.

use super::program::{Program, log_run, within};
use crate::codegen::Placed;
use crate::runtime::RunOptions;
use crate::value::{RunError, Value};
use std::time::Duration;

impl Program {
    /// Runs on inputs that lie in memory, and leaves the result there. Threads, budget and signal are those of `options`.
    ///
    /// # Safety
    /// `args` leads to a struct of the parameters as LANGUAGE 17 lays it out, unchanged during the call. What they point
    /// into must live as long as the result is looked at.
    pub unsafe fn run_in_place(
        &self,
        args: *const u8,
        options: RunOptions,
        time_limit: Option<Duration>,
    ) -> Result<Placed, RunError> {
        let (signal, threads) = (options.signal.clone(), options.threads);
        let ended = within(time_limit, &signal, || {
            // SAFETY: the caller's contract is that of the function called.
            unsafe { self.compiled.run_in_place(args, &self.pool, options) }
        });
        let ended = ended.map_err(|error| self.placed(error));
        log_run(ended.as_ref().map(|placed| (placed.time, &placed.stats)), threads);
        ended
    }

    /// The result of such a run as a value that owns its memory. Large vectors of the run are taken over, the rest is
    /// copied.
    ///
    /// # Safety
    /// `placed` is the result of a run of this program, and the inputs that it may point into are still there.
    pub unsafe fn read(&self, placed: &mut Placed) -> Value {
        // SAFETY: the caller's contract is that of the function called.
        unsafe { self.compiled.read(placed) }
    }
}
