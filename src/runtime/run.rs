//! One execution of a compiled program: its memory, its signal, its workers' contexts, its failure.
//!
//! Promises: the context of slot 0 belongs to the thread that calls [`Run::execute`], the context of slot `k` to
//! worker `k` of the pool while it runs a segment of this run; so no context is ever used by two threads at once.

use super::abi::{Appender, Failure, Status, TaskCtx};
use super::budget::Budget;
use super::memory::{Block, LARGE, Memory, Region, Store, dangling, rounded};
use super::pool::Pool;
use super::trace::Trace;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, OnceLock};

/// How a run is to be executed.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// At most this many threads, the caller included.
    pub threads: usize,
    /// Where the bytes for the program's data are counted.
    pub budget: Arc<Budget>,
    /// 0 while the run may go on. Any thread may store [`RunOptions::CANCEL`] or [`RunOptions::TIMEOUT`].
    pub signal: Arc<AtomicU32>,
}

impl RunOptions {
    /// Signal: end with `Cancelled`.
    pub const CANCEL: u32 = Status::Cancelled as u32;
    /// Signal: end with `Timeout`.
    pub const TIMEOUT: u32 = Status::Timeout as u32;
}

impl Default for RunOptions {
    fn default() -> RunOptions {
        RunOptions { threads: 1, budget: Arc::default(), signal: Arc::default() }
    }
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunStats {
    /// Leaves of all loops.
    pub leaves: u64,
    /// Runs of neighbouring iterations that loops were cut into because somebody was idle.
    pub segments: u64,
    /// Segments that began with a steal: all but the first one of each loop.
    pub steals: u64,
    /// Bytes taken from the system for the program's data.
    pub bytes: u64,
    /// The most bytes that the run's budget had lent at a time.
    pub peak: u64,
}

impl RunStats {
    pub(super) fn add(&mut self, other: &RunStats) {
        self.leaves += other.leaves;
        self.segments += other.segments;
        self.steals += other.steals;
        self.bytes += other.bytes;
        self.peak = self.peak.max(other.peak);
    }
}

/// The runtime's part of a [`TaskCtx`].
pub(super) struct TaskInner {
    pub(super) run: *const RunShared,
    /// Loops run inline: this context is inside a loop that has the pool.
    pub(super) inline: bool,
    /// A loop inside the current one has had the pool.
    pub(super) inner_shared: bool,
    /// The latest failed check or refused allocation of this context.
    pub(super) failure: Option<Failure>,
    pub(super) stats: RunStats,
    region: Region,
    spare: Vec<Block>,
}

/// Scratch blocks of this size are kept for the next loop.
const SPARE_BYTES: usize = 4096;
const SPARES: usize = 4;

impl TaskInner {
    fn new(slot: usize) -> TaskInner {
        TaskInner {
            run: std::ptr::null(),
            inline: slot != 0,
            inner_shared: false,
            failure: None,
            stats: RunStats::default(),
            region: Region::default(),
            spare: Vec::new(),
        }
    }

    pub(super) fn run(&self) -> &RunShared {
        // SAFETY: `Run::new` sets the pointer before anybody gets the context, and the run outlives its contexts.
        unsafe { &*self.run }
    }

    /// Keeps `failure` and gives its status number.
    pub(super) fn fail(&mut self, failure: Failure) -> u32 {
        self.failure = Some(failure);
        failure.status as u32
    }

    /// Room for `bytes` bytes that lives until the end of the run or until it is freed.
    pub(super) fn alloc(&mut self, bytes: usize) -> Result<*mut u8, Failure> {
        // SAFETY: as in `run`; the reference does not come from `self`, which is changed below.
        let store = unsafe { &(*self.run).store };
        if bytes == 0 {
            return Ok(dangling());
        }
        let size = rounded(bytes).ok_or_else(|| store.exhausted(bytes))?;
        if size >= LARGE {
            let data = store.large(size)?;
            self.stats.bytes += size as u64;
            return Ok(data);
        }
        let (data, taken) = self.region.alloc(store, size)?;
        self.stats.bytes += taken as u64;
        Ok(data)
    }

    /// Makes room for `more` further elements of `stride` bytes: twice as many as before, or exactly as many as
    /// needed when that is more or when memory is short.
    pub(super) fn grow(
        &mut self,
        appender: &mut Appender,
        more: usize,
        stride: usize,
    ) -> Result<(), Failure> {
        let len = usize::try_from(appender.len).unwrap_or(0);
        let cap = usize::try_from(appender.cap).unwrap_or(0);
        let need = len.checked_add(more).ok_or_else(|| self.run().store.exhausted(usize::MAX))?;
        if need <= cap {
            return Ok(());
        }
        if stride == 0 {
            appender.data = dangling();
            appender.cap = i64::MAX;
            return Ok(());
        }
        let first = (FIRST_BYTES / stride).max(1);
        let comfortable = need.max(if cap == 0 { first } else { cap.saturating_mul(2) });
        self.resize(appender, comfortable, len, cap, stride).or_else(|failure| {
            if comfortable == need { Err(failure) } else { self.resize(appender, need, len, cap, stride) }
        })
    }

    fn resize(
        &mut self,
        appender: &mut Appender,
        wanted: usize,
        len: usize,
        cap: usize,
        stride: usize,
    ) -> Result<(), Failure> {
        let too_many = || self.run().store.exhausted(usize::MAX);
        let bytes = wanted.checked_mul(stride).and_then(rounded).ok_or_else(too_many)?;
        // `cap * stride` was allocated, so neither the product nor its rounding overflows.
        let old = rounded(cap.saturating_mul(stride)).unwrap_or(usize::MAX);
        let in_place = cap > 0 && bytes < LARGE && self.region.extend(appender.data, old, bytes);
        if !in_place {
            let data = self.alloc(bytes)?;
            if len > 0 {
                // SAFETY: the old data holds `len` elements, the new has room for more, and they are different
                // allocations.
                unsafe { std::ptr::copy_nonoverlapping(appender.data, data, len * stride) };
            }
            if old >= LARGE {
                self.run().store.free(appender.data);
            }
            appender.data = data;
        }
        appender.cap = i64::try_from(bytes / stride).unwrap_or(i64::MAX);
        Ok(())
    }

    /// A block for the runtime's own use.
    pub(super) fn scratch(&mut self, bytes: usize) -> Result<Block, Failure> {
        if bytes <= SPARE_BYTES
            && let Some(block) = self.spare.pop()
        {
            return Ok(block);
        }
        self.run().store.scratch(bytes.max(SPARE_BYTES))
    }

    /// Takes back a block from [`TaskInner::scratch`] of this or another context.
    pub(super) fn recycle(&mut self, block: Block) {
        if block.bytes() == SPARE_BYTES && self.spare.len() < SPARES && self.spare.try_reserve(1).is_ok() {
            self.spare.push(block);
        }
    }
}

/// The first room of an appender.
const FIRST_BYTES: usize = 128;

/// What all workers of a run share.
pub(super) struct RunShared {
    pub(super) store: Store,
    pub(super) pool: Arc<Pool>,
    pub(super) threads: usize,
    /// There when the program was compiled to say what it does.
    pub(super) trace: OnceLock<Trace>,
    signal: Arc<AtomicU32>,
    slots: Box<[Slot]>,
}

/// A context alone on its cache lines (two: processors fetch them in pairs).
#[repr(align(128))]
struct Slot(UnsafeCell<TaskCtx>);

impl RunShared {
    /// The context of worker `slot`; `None` when the run has no such worker.
    pub(super) fn context(&self, slot: usize) -> Option<*mut TaskCtx> {
        self.slots.get(slot).map(|slot| slot.0.get())
    }
}

/// One execution.
pub struct Run {
    shared: Arc<RunShared>,
}

impl Run {
    /// Gets ready to run on `pool`.
    // The contexts make this `Arc` one that stays on its thread; workers reach it through a job, which ends first.
    #[allow(clippy::arc_with_non_send_sync)]
    pub fn new(pool: &Arc<Pool>, options: RunOptions) -> Run {
        let threads = options.threads.clamp(1, pool.max_threads());
        let signal: *const AtomicU32 = Arc::as_ptr(&options.signal);
        let slots =
            (0..threads).map(|slot| Slot(UnsafeCell::new(TaskCtx { signal, inner: TaskInner::new(slot) })));
        let shared = Arc::new(RunShared {
            store: Store::new(options.budget),
            pool: Arc::clone(pool),
            threads,
            trace: OnceLock::new(),
            signal: options.signal,
            slots: slots.collect(),
        });
        for slot in &shared.slots {
            // SAFETY: nobody else knows the contexts yet.
            unsafe { (*slot.0.get()).inner.run = Arc::as_ptr(&shared) };
        }
        Run { shared }
    }

    /// Calls compiled code with the context of this thread. `entry` returns a [`Status`] number.
    pub fn execute(&mut self, entry: impl FnOnce(*mut TaskCtx) -> u32) -> Result<(), Failure> {
        let Some(ctx) = self.shared.context(0) else { return Err(plain_failure(Status::Internal)) };
        let code = catch_unwind(AssertUnwindSafe(|| entry(ctx))).unwrap_or(Status::Internal as u32);
        // SAFETY: `entry` is over, and with it every loop; the context is ours again.
        let failure = unsafe { (*ctx).inner.failure.take() };
        if let Some(trace) = self.shared.trace.get() {
            trace.finish();
        }
        settle(code, failure)
    }

    /// Ends the run: what it did, and all memory that results may point into.
    pub fn finish(self) -> (RunStats, Memory) {
        let mut stats = RunStats::default();
        let mut regions = Vec::new();
        for slot in &self.shared.slots {
            // SAFETY: no loop is running (`execute` needs the run alone and is over), so the contexts are ours.
            let inner = unsafe { &mut (*slot.0.get()).inner };
            stats.add(&inner.stats);
            regions.push(std::mem::take(&mut inner.region));
        }
        stats.peak = self.shared.store.peak();
        // Workers hold no `Arc` of the run, so this is the last one.
        let store =
            Arc::into_inner(self.shared).map_or_else(|| Store::new(Arc::default()), |shared| shared.store);
        (stats, Memory::new(store, regions))
    }

    #[cfg(test)]
    pub(super) fn store(&self) -> &Store {
        &self.shared.store
    }
}

/// The result behind the status number `code`, with the details that were recorded for it.
pub(super) fn settle(code: u32, failure: Option<Failure>) -> Result<(), Failure> {
    let status = Status::from_code(code);
    if status == Status::Ok {
        return Ok(());
    }
    Err(failure.filter(|failure| failure.status == status).unwrap_or(plain_failure(status)))
}

/// A failure without details.
pub(super) fn plain_failure(status: Status) -> Failure {
    Failure { status, site: u32::MAX, a: 0, b: 0 }
}

impl RunShared {
    /// The status that a raised signal asks for.
    pub(super) fn stop_status(&self) -> Status {
        match Status::from_code(self.signal.load(std::sync::atomic::Ordering::Relaxed)) {
            Status::Timeout => Status::Timeout,
            // Also when the signal was taken back after somebody saw it: the run has stopped all the same.
            _ => Status::Cancelled,
        }
    }

    /// Whether somebody asked the run to stop.
    pub(super) fn stopped(&self) -> bool {
        self.signal.load(std::sync::atomic::Ordering::Relaxed) != 0
    }
}
