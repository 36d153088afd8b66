//! Loops of the runtime itself on the threads of a run.
//!
//! Promises: every number is worked on once, by one thread; an early end is an error, whoever asked for it.

use crate::runtime::abi::{Failure, LoopDesc, Status, TaskCtx};
use crate::runtime::pool::run_loop;
use crate::runtime::run::{plain_failure, settle};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Work on some number; false when it was stopped before its end.
pub(in crate::runtime) type Turn<'f> = dyn Fn(usize) -> bool + Sync + 'f;

/// Those who do the work.
pub(in crate::runtime) trait Crew: Sync {
    /// Calls `turn` with each number below `n`, on any thread.
    fn each(&self, n: usize, turn: &Turn<'_>) -> Result<(), Failure>;

    /// Whether the work should end.
    fn stopped(&self) -> bool;

    /// The failure of a request for `bytes`.
    fn exhausted(&self, bytes: usize) -> Failure;
}

/// An empty list with room for `count` items.
pub(in crate::runtime) fn list<T>(crew: &dyn Crew, count: usize) -> Result<Vec<T>, Failure> {
    let mut list = Vec::new();
    match list.try_reserve_exact(count) {
        Ok(()) => Ok(list),
        Err(_) => Err(crew.exhausted(count.saturating_mul(size_of::<T>()))),
    }
}

/// The threads of a run.
pub(in crate::runtime) struct Team(*mut TaskCtx);

// SAFETY: other threads only ask `stopped`, which reads the address of the signal and the signal itself; both stay as
// they are and where they are for the length of the run.
unsafe impl Sync for Team {}

impl Team {
    /// The team of the thread that uses `ctx`.
    ///
    /// # Safety
    /// `ctx` belongs to this thread for as long as the team is there, and nobody refers to its runtime part.
    pub unsafe fn new(ctx: *mut TaskCtx) -> Team {
        Team(ctx)
    }
}

impl Crew for Team {
    fn each(&self, n: usize, turn: &Turn<'_>) -> Result<(), Failure> {
        let desc = LoopDesc::without_builders(body);
        let env: *const &Turn<'_> = &turn;
        // SAFETY: the context is ours; the loop has no builders, so its frame is never used, and `turn` outlives it.
        let code = unsafe { run_loop(self.0, &desc, env.cast(), std::ptr::null_mut(), n as i64) };
        if code == 0 {
            return Ok(());
        }
        // SAFETY: by the contract of `new`; the loop is over.
        let failure = unsafe { (*self.0).inner.failure.take() };
        settle(code, failure)
    }

    fn stopped(&self) -> bool {
        // SAFETY: by the contract of `new`; see above for other threads.
        unsafe { (*(*self.0).signal).load(std::sync::atomic::Ordering::Relaxed) != 0 }
    }

    fn exhausted(&self, bytes: usize) -> Failure {
        // SAFETY: by the contract of `new`.
        unsafe { (*self.0).inner.run().store.exhausted(bytes) }
    }
}

/// The body of such a loop: `env` points to the work.
unsafe extern "C" fn body(ctx: *mut TaskCtx, env: *const u8, _: *mut u8, lo: i64, hi: i64) -> u32 {
    // SAFETY: `each` made it so, and waits for the end of the loop.
    let turn = unsafe { *env.cast::<&Turn<'_>>() };
    let all = || {
        // SAFETY: the context belongs to this thread, and its runtime part is used by nobody else.
        let stopped = || unsafe { (*ctx).inner.run().stopped() };
        (lo..hi).all(|at| !stopped() && turn(at as usize))
    };
    let done = catch_unwind(AssertUnwindSafe(all));
    if matches!(done, Ok(true)) {
        return 0;
    }
    // SAFETY: as above.
    let inner = unsafe { &mut (*ctx).inner };
    let status = if done.is_ok() { inner.run().stop_status() } else { Status::Internal };
    inner.fail(plain_failure(status))
}
