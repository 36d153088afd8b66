//! The work-stealing pool: see `README.md` beside this file for the protocol.
//!
//! Promises: one loop at a time has the pool, all others run on the thread that began them; threads start when the
//! first loop has work to give away, sleep when there is none, and end with the pool.

mod chaos;
mod chunked;
mod gather;
mod job;
mod join;
mod partials;
mod sleep;
mod worker;

use super::abi::{LoopDesc, Status, TaskCtx};
use super::lock;
use super::run::plain_failure;
use chaos::Chaos;
use chunked::Chunked;
use crossbeam_deque::{Steal, Stealer, Worker};
use job::{Job, Segment, Task, Work, left_failure};
use sleep::Sleeper;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};
use worker::Seat;

/// Threads for parallel loops. Keep one per process.
pub struct Pool {
    shared: Arc<Shared>,
}

const MOST_THREADS: usize = 1024;

impl Pool {
    /// A pool of at most `max_threads` threads, the one that begins a loop included. No thread is started yet.
    pub fn new(max_threads: usize) -> Arc<Pool> {
        Pool::with_policy(max_threads, Policy::default())
    }

    /// A pool that gives work away as early and as often as it can. It is slow; tests use it to see many schedules.
    pub fn eager(max_threads: usize) -> Arc<Pool> {
        let policy = Policy {
            alone: Duration::ZERO,
            chunk: Duration::ZERO,
            spin: Duration::from_micros(200),
            linger: Duration::from_micros(50),
            chaos: None,
            #[cfg(test)]
            faults: tests::Faults::default(),
        };
        Pool::with_policy(max_threads, policy)
    }

    /// A pool that splits, steals and waits by chance. It is slow; tests use it to see schedules that time does not bring.
    pub fn chaotic(max_threads: usize, seed: u64) -> Arc<Pool> {
        let policy = Policy {
            alone: Duration::ZERO,
            chunk: Duration::ZERO,
            chaos: Some(Chaos::new(seed)),
            ..Policy::default()
        };
        Pool::with_policy(max_threads, policy)
    }

    fn with_policy(max_threads: usize, policy: Policy) -> Arc<Pool> {
        let slots = (0..max_threads.clamp(1, MOST_THREADS)).map(|_| {
            let deque = Worker::new_lifo();
            Slot { stealer: deque.stealer(), deque: Mutex::new(deque), sleeper: Sleeper::default() }
        });
        let slots: Box<[Slot]> = slots.collect();
        let shared = Shared {
            ceiling: AtomicUsize::new(slots.len()),
            slots,
            started: AtomicUsize::new(1),
            starting: Mutex::new(()),
            limit: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            policy,
        };
        Arc::new(Pool { shared: Arc::new(shared) })
    }

    /// The most threads that a loop can have.
    pub fn max_threads(&self) -> usize {
        self.shared.slots.len()
    }
}

impl Drop for Pool {
    /// Tells all threads to end, without waiting for them. No loop is running: a run keeps its pool.
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        for slot in &self.shared.slots {
            slot.sleeper.wake();
        }
    }
}

/// When work is given away. It has no influence on results.
struct Policy {
    /// A loop runs alone for this long.
    alone: Duration,
    /// A chunk should take about this long.
    chunk: Duration,
    /// An idle thread looks for work for this long before it sleeps.
    spin: Duration,
    /// A thread that has given work away waits up to this long for somebody to take it.
    linger: Duration,
    /// What decides instead of time.
    chaos: Option<Chaos>,
    #[cfg(test)]
    faults: tests::Faults,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            alone: Duration::from_micros(20),
            chunk: Duration::from_micros(10),
            spin: Duration::from_micros(10),
            linger: Duration::ZERO,
            chaos: None,
            #[cfg(test)]
            faults: tests::Faults::default(),
        }
    }
}

/// What the pool's threads share. Slot 0 belongs to the thread whose loop has the pool, the others to workers.
struct Shared {
    slots: Box<[Slot]>,
    /// Slots in use: those of the started workers, and slot 0.
    started: AtomicUsize,
    /// No more slots than this will be in use: lowered when the system refuses a thread.
    ceiling: AtomicUsize,
    starting: Mutex<()>,
    /// Only slots below this may look for work; 0 while no loop has the pool.
    limit: AtomicUsize,
    closing: AtomicBool,
    policy: Policy,
}

/// One thread's part, alone on its cache lines.
#[repr(align(128))]
struct Slot {
    /// Locked by the owner for as long as it uses it: a worker for life, slot 0 for one loop.
    deque: Mutex<Worker<Task>>,
    stealer: Stealer<Task>,
    sleeper: Sleeper,
}

impl Shared {
    fn closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// How many threads a loop that may have `threads` can have.
    fn usable(&self, threads: usize) -> usize {
        threads.min(self.ceiling.load(Ordering::Relaxed))
    }

    fn deque(&self, slot: usize) -> Option<MutexGuard<'_, Worker<Task>>> {
        self.slots.get(slot).map(|slot| lock(&slot.deque))
    }

    /// Takes the pool for a loop of `threads` threads; `None` while another loop has it.
    fn acquire(&self, threads: usize) -> Option<MutexGuard<'_, Worker<Task>>> {
        let deque = match self.slots.first()?.deque.try_lock() {
            Ok(deque) => deque,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        self.limit.store(threads, Ordering::Relaxed);
        Some(deque)
    }

    /// The slots of running threads.
    fn live(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().take(self.started.load(Ordering::Acquire))
    }

    /// Wakes or starts a thread for the task that the caller has just pushed, if one of the first `threads` is asleep
    /// or missing.
    fn wake_one(self: &Arc<Shared>, threads: usize) {
        fence(Ordering::SeqCst);
        if self.live().take(threads).any(|slot| slot.sleeper.wake()) {
            return;
        }
        if self.started.load(Ordering::Relaxed) < self.usable(threads) {
            self.start_one(threads);
        }
    }

    fn start_one(self: &Arc<Shared>, threads: usize) {
        let Ok(_starting) = self.starting.try_lock() else { return };
        let slot = self.started.load(Ordering::Relaxed);
        if slot >= self.usable(threads) {
            return;
        }
        let shared = Arc::clone(self);
        let builder = std::thread::Builder::new().name(format!("weld-{slot}")).stack_size(8 << 20);
        #[cfg(test)]
        let refused = self.policy.faults.refuse_threads.load(Ordering::Relaxed);
        #[cfg(not(test))]
        let refused = false;
        let started = !refused && builder.spawn(move || worker::work(&shared, slot)).is_ok();
        if started {
            self.started.store(slot + 1, Ordering::Release);
        } else {
            // The loop goes on with the threads there are; asking again and again would cost more than it brings.
            self.ceiling.store(slot, Ordering::Relaxed);
        }
    }

    fn wake_initiator(&self) {
        if let Some(slot) = self.slots.first() {
            slot.sleeper.wake();
        }
    }

    /// Whether `slot` would find work.
    fn has_work(&self, slot: usize) -> bool {
        slot < self.limit.load(Ordering::Relaxed) && self.live().any(|victim| !victim.stealer.is_empty())
    }

    /// Takes a task from somebody, the oldest one and thus the largest.
    fn find(&self, slot: usize) -> Option<Task> {
        if slot >= self.limit.load(Ordering::Relaxed) {
            return None;
        }
        let live = self.started.load(Ordering::Acquire);
        // Each thief begins at its right neighbour, so that they do not all ask the same one.
        let first = match &self.policy.chaos {
            None => slot + 1,
            Some(chaos) => chaos.dice().below(live as u64) as usize,
        };
        let victims = self.slots.iter().take(live).cycle().skip(first).take(live);
        for victim in victims.filter(|victim| !victim.stealer.is_empty()) {
            loop {
                match victim.stealer.steal() {
                    Steal::Success(task) => return Some(task),
                    Steal::Empty => break,
                    Steal::Retry => std::hint::spin_loop(),
                }
            }
        }
        None
    }

    /// Looks for a task for a few microseconds, or until `enough`.
    fn find_or_spin(&self, slot: usize, enough: impl Fn() -> bool) -> Option<Task> {
        let task = self.find(slot);
        if task.is_some() || enough() {
            return task;
        }
        let start = Instant::now();
        while start.elapsed() < self.policy.spin {
            for _ in 0..8 {
                std::hint::spin_loop();
            }
            if enough() {
                return None;
            }
            let task = self.find(slot);
            if task.is_some() {
                return task;
            }
        }
        None
    }

    fn sleep(&self, slot: usize, reason: impl FnOnce() -> bool) {
        if let Some(slot) = self.slots.get(slot) {
            slot.sleeper.sleep(reason);
        }
    }
}

/// Runs a loop: the work behind `weld_rt_for`. Returns a status number; its details are in the context.
///
/// # Safety
/// The contract of `weld_rt_for`. Nobody refers to the runtime part of `ctx`.
pub(super) unsafe fn run_loop(
    ctx: *mut TaskCtx,
    desc: &LoopDesc,
    env: *const u8,
    frame: *mut u8,
    n: i64,
) -> u32 {
    let work = Work { desc, env, n, leaf: desc.leaf.max(1), chunked: None };
    // SAFETY: by contract.
    unsafe { work.clear_mergers(frame) };
    if n <= work.leaf {
        if n <= 0 {
            return 0;
        }
        // SAFETY: by contract.
        unsafe {
            (*ctx).inner.stats.leaves += 1;
            return (desc.body)(ctx, env, frame, 0, n);
        }
    }
    // SAFETY: by contract. The run outlives the loop.
    let (run, alone) = unsafe {
        let inner = &mut (*ctx).inner;
        inner.stats.leaves += work.leaves() as u64;
        (&*inner.run, inner.inline || (*inner.run).threads == 1 || desc.sequential != 0)
    };
    // SAFETY: by contract.
    let outcome = unsafe {
        Chunked::new(desc, run, frame, n).and_then(|chunked| match chunked {
            // The tables of a loop that is one chunk are filled by one thread.
            None => run_work(ctx, &work, frame, run, alone || desc.n_tables > 0),
            Some(chunked) => {
                run_work(ctx, &Work { chunked: Some(&chunked), ..work }, frame, run, alone)?;
                chunked.finish(ctx, frame)
            }
        })
    };
    match outcome {
        Ok(()) => 0,
        // SAFETY: by contract; no body is running.
        Err(failure) => unsafe { (*ctx).inner.fail(failure) },
    }
}

/// Runs the iterations of a loop.
///
/// # Safety
/// As for [`run_loop`]; `run` is the run of `ctx`.
unsafe fn run_work(
    ctx: *mut TaskCtx,
    work: &Work<'_>,
    frame: *mut u8,
    run: &super::run::RunShared,
    alone: bool,
) -> Result<(), super::abi::Failure> {
    // SAFETY: by contract.
    unsafe {
        let segment = Segment::first(ctx, work, frame)?;
        if alone { run_inline(ctx, work, segment) } else { run_shared(ctx, work, segment, run) }
    }
}

/// Runs a loop on this thread.
///
/// # Safety
/// As for [`run_loop`].
unsafe fn run_inline(
    ctx: *mut TaskCtx,
    work: &Work<'_>,
    mut segment: Segment,
) -> Result<(), super::abi::Failure> {
    // SAFETY: by contract.
    unsafe {
        let code = segment.step(ctx, work, work.n);
        if code != 0 {
            let failure = left_failure(ctx, code);
            segment.recycle(ctx);
            return Err(failure);
        }
        join::join(ctx, work, segment, Vec::new())
    }
}

/// Runs a loop on this thread, and on others when it takes longer.
///
/// # Safety
/// As for [`run_loop`]; `run` is the run of `ctx`.
unsafe fn run_shared(
    ctx: *mut TaskCtx,
    work: &Work<'_>,
    mut segment: Segment,
    run: &super::run::RunShared,
) -> Result<(), super::abi::Failure> {
    // SAFETY: by contract; the job ends in this function.
    let mut job = unsafe { Job::new(*work, run) };
    let pool = &run.pool.shared;
    // SAFETY: by contract; no body is running.
    let outer = unsafe { std::mem::replace(&mut (*ctx).inner.inner_shared, false) };
    let mut seat = Seat::new(pool, 0, None);
    // The job must not go while others work on it, so a panic has to wait too.
    // SAFETY: by contract.
    let driven = catch_unwind(AssertUnwindSafe(|| unsafe { seat.drive(&job, &mut segment, ctx) }));
    if driven.is_err() {
        job.fail(0, plain_failure(Status::Internal));
    }
    let shared = seat.deque.is_some();
    // SAFETY: our segment is over and its count not given up yet.
    unsafe { worker::release(pool, &raw const job.working, &raw const job.pending) };
    if shared {
        wait(&mut seat, &job);
    }
    if shared {
        pool.limit.store(0, Ordering::Relaxed);
        drop(seat);
        // SAFETY: by contract; all segments are over.
        let inner = unsafe { &mut (*ctx).inner };
        inner.inline = false;
        inner.stats.segments += 1;
    }
    // SAFETY: as above.
    unsafe { (*ctx).inner.inner_shared = outer || shared };
    match job.outcome() {
        // SAFETY: all segments are over.
        Ok(rest) => unsafe { join::join(ctx, work, segment, rest) },
        Err(failure) => {
            // SAFETY: as above.
            unsafe { segment.recycle(ctx) };
            Err(failure)
        }
    }
}

/// Helps with the job until all its segments are over. Only its tasks are in the deques: it has the pool.
fn wait(seat: &mut Seat<'_>, job: &Job) {
    let pool = seat.pool;
    let done = || job.pending.load(Ordering::Acquire) == 0;
    while !done() {
        // Own tasks are found like anybody else's: our deque is one of the victims, the last one.
        if let Some(task) = pool.find_or_spin(0, done) {
            // SAFETY: the task came out of a deque of this job, and this thread is slot 0 of its run.
            unsafe { seat.run_task(task) };
        } else {
            pool.sleep(0, || done() || pool.has_work(0));
        }
    }
}

#[cfg(test)]
mod tests;
