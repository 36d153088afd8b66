//! The driver of a loop: runs a segment chunk by chunk, gives half of it away when somebody is idle.
//!
//! Promises: timing decides who runs what, never what is computed; every segment that is begun gives up its count in
//! the job, whatever happens in it.

use super::Shared;
use super::chaos::{Chaos, Dice};
use super::job::{Job, MOST_LEAVES, Segment, Task, left_failure};
use crate::runtime::abi::{Status, TaskCtx};
use crate::runtime::run::plain_failure;
use crossbeam_deque::Worker;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, MutexGuard};
use std::time::Instant;

/// Where a thread sits in the pool while it runs a segment.
pub(super) struct Seat<'p> {
    pub(super) pool: &'p Arc<Shared>,
    pub(super) slot: usize,
    /// Our deque. The thread that began the loop takes slot 0 only when it first has something to give away.
    pub(super) deque: Option<MutexGuard<'p, Worker<Task>>>,
    /// When the loop began.
    pub(super) start: Instant,
    /// What decides instead of time.
    dice: Option<Dice>,
}

impl<'p> Seat<'p> {
    /// The seat of `slot`, now.
    pub(super) fn new(
        pool: &'p Arc<Shared>,
        slot: usize,
        deque: Option<MutexGuard<'p, Worker<Task>>>,
    ) -> Seat<'p> {
        let dice = pool.policy.chaos.as_ref().map(Chaos::dice);
        Seat { pool, slot, deque, start: Instant::now(), dice }
    }
}

impl Seat<'_> {
    /// Gives the upper half of `segment` away if that pays. `chunk` iterations take about as long as a chunk should.
    fn offer(&mut self, job: &Job, segment: &mut Segment, ctx: *mut TaskCtx, chunk: i64, now: Instant) {
        let left = segment.hi - segment.lo;
        let pays = match &mut self.dice {
            Some(dice) => dice.below(2) == 0,
            None => {
                left >= chunk.saturating_mul(2)
                    && job.working.load(Ordering::Relaxed) < self.pool.usable(job.threads)
            }
        };
        if !pays {
            return;
        }
        if self.deque.is_none() && !self.take_pool(job, left, ctx, now) {
            return;
        }
        let Some(deque) = &self.deque else { return };
        // The first border from the middle on.
        let unit = job.work.unit();
        let (part, crowded) = match &mut self.dice {
            Some(dice) => (dice.below(left.unsigned_abs()) as i64, false),
            None => (left / 2, !deque.is_empty()),
        };
        let middle = ((segment.lo + part - 1) / unit).saturating_add(1).saturating_mul(unit);
        if middle <= segment.lo || middle >= segment.hi || crowded {
            return;
        }
        job.pending.fetch_add(1, Ordering::Relaxed);
        deque.push(Task { job, lo: middle, hi: segment.hi });
        segment.hi = middle;
        self.pool.wake_one(job.threads);
        while now.elapsed() < self.pool.policy.linger && !deque.is_empty() {
            std::thread::yield_now();
        }
    }

    /// Takes the pool for this loop, unless it is too early or another loop has it.
    fn take_pool(&mut self, job: &Job, left: i64, ctx: *mut TaskCtx, now: Instant) -> bool {
        if now - self.start < self.pool.policy.alone {
            return false;
        }
        // SAFETY: the context belongs to this thread, and no body is running.
        let inner = unsafe { &mut (*ctx).inner };
        // Few leaves whose own loops keep the pool busy are better run one after the other.
        if inner.inner_shared && left / job.work.leaf < 4 * job.threads as i64 {
            return false;
        }
        self.deque = self.pool.acquire(job.threads);
        inner.inline = self.deque.is_some();
        self.deque.is_some()
    }

    /// Takes back the latest half given away, if nobody has begun it.
    fn reclaim(&mut self, job: &Job, segment: &mut Segment) -> bool {
        let Some(deque) = &self.deque else { return false };
        let Some(task) = deque.pop() else { return false };
        if !std::ptr::eq(task.job, job) || task.lo != segment.hi {
            // Not the rest of this segment: leave it to whoever looks for work next, which may be us.
            deque.push(task);
            return false;
        }
        segment.hi = task.hi;
        // Never the last count: the segment has one too.
        job.pending.fetch_sub(1, Ordering::Relaxed);
        true
    }

    /// Runs `segment` to its end; whether it got there.
    ///
    /// # Safety
    /// `ctx` is this thread's context in the job's run, and no body is running.
    pub(super) unsafe fn drive(&mut self, job: &Job, segment: &mut Segment, ctx: *mut TaskCtx) -> bool {
        let leaf = job.work.leaf;
        let mut chunk_leaves = 1;
        let mut before = if self.slot == 0 && segment.first == 0 { self.start } else { Instant::now() };
        loop {
            while segment.lo < segment.hi {
                if job.run().stopped() {
                    job.fail(segment.lo, plain_failure(job.run().stop_status()));
                }
                if job.pointless(segment.lo) {
                    return false;
                }
                if let Some(dice) = &mut self.dice {
                    chunk_leaves = 1 + dice.below(4) as i64;
                    dice.delay();
                }
                let chunk = leaf.saturating_mul(chunk_leaves);
                let end = segment.lo.saturating_add(chunk).min(segment.hi);
                #[cfg(test)]
                self.pool.policy.maybe_panic(segment.lo, end);
                job.mark(segment.lo, end);
                // SAFETY: by contract.
                let code = unsafe { segment.step(ctx, &job.work, end) };
                if code != 0 {
                    // SAFETY: by contract; the body is over.
                    job.fail(segment.lo, unsafe { left_failure(ctx, code) });
                    return false;
                }
                let now = Instant::now();
                let took = now - before;
                before = now;
                if took * 2 < self.pool.policy.chunk {
                    chunk_leaves = (chunk_leaves * 2).min(MOST_LEAVES);
                } else if took > self.pool.policy.chunk * 2 {
                    chunk_leaves = (chunk_leaves / 2).max(1);
                }
                self.offer(job, segment, ctx, leaf.saturating_mul(chunk_leaves), now);
            }
            if !self.reclaim(job, segment) {
                return true;
            }
        }
    }

    /// Runs a task as a segment of its own.
    ///
    /// # Safety
    /// The task was taken out of a deque, and this thread is worker `slot` of the job's run.
    pub(super) unsafe fn run_task(&mut self, task: Task) {
        let job: *const Job = task.job;
        // SAFETY: the task counts in `pending`, so the job is alive until `release`.
        unsafe {
            self.run_counted(&*job, &task);
            release(self.pool, &raw const (*job).working, &raw const (*job).pending);
        }
    }

    fn run_counted(&mut self, job: &Job, task: &Task) {
        job.working.fetch_add(1, Ordering::Relaxed);
        let Some(ctx) = job.run().context(self.slot) else {
            return job.fail(task.lo, plain_failure(Status::Internal));
        };
        // A panic is a bug of ours: it costs the run, not the process.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            if job.pointless(task.lo) {
                return;
            }
            // SAFETY: this slot's context is used by this thread only, and no body is running.
            unsafe {
                (*ctx).inner.stats.segments += 1;
                (*ctx).inner.stats.steals += 1;
                match Segment::fresh(ctx, &job.work, task.lo, task.hi) {
                    Err(failure) => job.fail(task.lo, failure),
                    Ok(mut segment) => {
                        if self.drive(job, &mut segment, ctx) {
                            job.keep(segment);
                        } else {
                            segment.recycle(ctx);
                        }
                    }
                }
            }
        }));
        if outcome.is_err() {
            job.fail(task.lo, plain_failure(Status::Internal));
        }
    }
}

/// Gives up a segment's counts. The job may be gone when this returns, so it gets no reference to it.
///
/// # Safety
/// Both counters are those of a living job in which the caller has a count that it has not given up.
pub(super) unsafe fn release(
    pool: &Shared,
    working: *const std::sync::atomic::AtomicUsize,
    pending: *const std::sync::atomic::AtomicUsize,
) {
    // SAFETY: by contract. After the second line the pool is all that is left to touch.
    let last = unsafe {
        (*working).fetch_sub(1, Ordering::Relaxed);
        (*pending).fetch_sub(1, Ordering::AcqRel) == 1
    };
    if last {
        fence(Ordering::SeqCst);
        pool.wake_initiator();
    }
}

/// The life of worker `slot`.
pub(super) fn work(pool: &Arc<Shared>, slot: usize) {
    let Some(deque) = pool.deque(slot) else { return };
    let mut seat = Seat::new(pool, slot, Some(deque));
    while !pool.closing() {
        let Some(task) = pool.find_or_spin(slot, || pool.closing()) else {
            pool.sleep(slot, || pool.closing() || pool.has_work(slot));
            continue;
        };
        // SAFETY: the task counts in `pending`, so its job is alive.
        let threads = unsafe { (*task.job).threads };
        if slot >= threads {
            // The task is of a later loop than the one that we were allowed to look for. It stays stealable here.
            if let Some(deque) = &seat.deque {
                deque.push(task);
            }
            pool.wake_one(threads);
            continue;
        }
        // SAFETY: the task came out of a deque, and `slot` is a worker of its run.
        unsafe { seat.run_task(task) };
    }
}
