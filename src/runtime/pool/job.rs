//! A parallel loop in flight, and the segments it is cut into.
//!
//! Promises: a [`Job`] lives on the stack of the thread that began the loop, which does not leave before `pending`
//! is 0; every task and every running segment counts in `pending`, and giving up that count is the last thing anybody
//! does to a job.

use super::chunked::Chunked;
use super::partials::Partials;
use super::vectors::Vectors;
use crate::runtime::abi::{Failure, LoopDesc, Status, TaskCtx};
use crate::runtime::lock;
use crate::runtime::memory::Block;
use crate::runtime::run::{RunShared, plain_failure};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

/// Neighbouring leaves between two looks at the signal, and at what else there is to do: should the later leaves be
/// much more expensive than the first ones, this much work cannot be split or stopped.
pub(super) const MOST_LEAVES: i64 = 64;

/// Work that somebody may take: the iterations `lo..hi` of a job.
pub(super) struct Task {
    pub(super) job: *const Job,
    pub(super) lo: i64,
    pub(super) hi: i64,
}

// SAFETY: a task counts in its job's `pending`, so the job is alive wherever the task goes, and what it refers to may
// be used from any thread: see `Job`.
unsafe impl Send for Task {}

/// The loop itself: what does not change while it runs.
#[derive(Clone, Copy)]
pub(super) struct Work<'d> {
    pub(super) desc: &'d LoopDesc,
    pub(super) env: *const u8,
    /// Number of iterations.
    pub(super) n: i64,
    /// Iterations per leaf, at least 1.
    pub(super) leaf: i64,
    /// Where chunks fill tables of their own.
    pub(super) chunked: Option<&'d Chunked<'d>>,
    /// Where merges into vectors need not be made in order.
    pub(super) vectors: Option<&'d Vectors>,
}

impl Work<'_> {
    /// Ranges are cut at multiples of it.
    pub(super) fn unit(&self) -> i64 {
        self.chunk().unwrap_or(self.leaf)
    }

    /// Iterations of a chunk, where chunks matter. Tables and vectors have the same ones.
    fn chunk(&self) -> Option<i64> {
        let of_vectors = || self.vectors.and_then(Vectors::chunk);
        self.chunked.map(|chunked| chunked.len).or_else(of_vectors)
    }

    /// Number of leaves.
    pub(super) fn leaves(&self) -> i64 {
        if self.n <= 0 { 0 } else { (self.n - 1) / self.leaf + 1 }
    }

    /// The neutral merger part goes to `frame`.
    ///
    /// # Safety
    /// `frame` is a frame of this loop.
    pub(super) unsafe fn clear_mergers(&self, frame: *mut u8) {
        let bytes = self.desc.merger_bytes as usize;
        if bytes > 0 {
            // SAFETY: by contract, and `neutral` holds a merger part.
            unsafe { std::ptr::copy_nonoverlapping(self.desc.neutral, frame, bytes) };
        }
    }
}

/// A loop in flight.
pub(super) struct Job {
    pub(super) work: Work<'static>,
    pub(super) run: *const RunShared,
    /// At most this many threads work on it.
    pub(super) threads: usize,
    /// Tasks that wait plus segments that run.
    pub(super) pending: AtomicUsize,
    /// Segments that run.
    pub(super) working: AtomicUsize,
    /// Nothing from this iteration on matters any more.
    stop_at: AtomicI64,
    failure: Mutex<Option<(i64, Failure)>>,
    /// Segments that ran to their end, but for the first one.
    finished: Mutex<Vec<Segment>>,
    #[cfg(debug_assertions)]
    ran: Vec<std::sync::atomic::AtomicBool>,
}

/// A failure that makes the whole loop pointless, wherever it happened.
pub(super) const EVERYWHERE: i64 = i64::MIN;

impl Job {
    /// A job with one running segment: the caller's.
    ///
    /// # Safety
    /// Everything that `work` refers to outlives the job.
    pub(super) unsafe fn new(work: Work<'_>, run: &RunShared) -> Job {
        // SAFETY: only the lifetime changes, and by contract it is long enough.
        let work = unsafe { std::mem::transmute::<Work<'_>, Work<'static>>(work) };
        Job {
            work,
            run,
            threads: run.threads,
            pending: AtomicUsize::new(1),
            working: AtomicUsize::new(1),
            stop_at: AtomicI64::new(i64::MAX),
            failure: Mutex::new(None),
            finished: Mutex::new(Vec::new()),
            #[cfg(debug_assertions)]
            ran: marks(work.leaves()),
        }
    }

    pub(super) fn run(&self) -> &RunShared {
        // SAFETY: the run outlives its loops.
        unsafe { &*self.run }
    }

    /// Whether the iterations from `lo` on are pointless.
    pub(super) fn pointless(&self, lo: i64) -> bool {
        lo >= self.stop_at.load(Ordering::Relaxed)
    }

    /// Records that iteration `at`, or the chunk that begins there, failed. The lowest failure stays: it is
    /// what a sequential run meets first.
    pub(super) fn fail(&self, at: i64, failure: Failure) {
        // Whoever asked for the end does not care where it was noticed, and a bug of ours spoils everything.
        let everywhere = matches!(failure.status, Status::Cancelled | Status::Timeout | Status::Internal);
        let at = if everywhere { EVERYWHERE } else { at };
        let mut lowest = lock(&self.failure);
        if lowest.is_none_or(|(old, _)| at < old) {
            *lowest = Some((at, failure));
            self.stop_at.store(at, Ordering::Relaxed);
        }
    }

    /// Keeps a segment that ran to its end.
    pub(super) fn keep(&self, segment: Segment) {
        let mut finished = lock(&self.finished);
        if finished.try_reserve(1).is_ok() {
            finished.push(segment);
        } else {
            let bytes = size_of::<Segment>();
            drop(finished);
            self.fail(segment.first, self.run().store.exhausted(bytes));
        }
    }

    /// The end: the failure, or all segments but the first one, in order.
    pub(super) fn outcome(&mut self) -> Result<Vec<Segment>, Failure> {
        if let Some((_, failure)) = *lock(&self.failure) {
            return Err(failure);
        }
        let mut segments = std::mem::take(&mut *lock(&self.finished));
        segments.sort_unstable_by_key(|segment| segment.first);
        #[cfg(debug_assertions)]
        for (leaf, mark) in self.ran.iter().enumerate() {
            assert!(mark.load(Ordering::Relaxed), "leaf {leaf} did not run");
        }
        Ok(segments)
    }

    /// Notes in debug builds that the leaves of `lo..hi` run now, and that none of them ran before.
    #[inline]
    pub(super) fn mark(&self, lo: i64, hi: i64) {
        #[cfg(debug_assertions)]
        {
            let (first, last) = ((lo / self.work.leaf) as usize, ((hi - 1) / self.work.leaf) as usize);
            for mark in self.ran.iter().take(last + 1).skip(first) {
                assert!(!mark.swap(true, Ordering::Relaxed), "a leaf in {lo}..{hi} runs twice");
            }
        }
        let _ = (lo, hi);
    }
}

/// One mark per leaf; none for loops with absurdly many.
#[cfg(debug_assertions)]
fn marks(leaves: i64) -> Vec<std::sync::atomic::AtomicBool> {
    let count = usize::try_from(leaves).ok().filter(|count| *count <= 1 << 22).unwrap_or(0);
    std::iter::repeat_with(|| std::sync::atomic::AtomicBool::new(false)).take(count).collect()
}

/// A run of neighbouring iterations that share a frame.
pub(super) struct Segment {
    /// Its first iteration.
    pub(super) first: i64,
    /// The next iteration to run.
    pub(super) lo: i64,
    /// Its end.
    pub(super) hi: i64,
    pub(super) frame: *mut u8,
    /// The memory of `frame`; `None` when the caller of the loop owns it.
    owned: Option<Block>,
    /// The leaves so far, for loops whose mergers round.
    pub(super) partials: Option<Partials>,
}

// SAFETY: a segment owns its memory, except for the first one, which stays with the caller of the loop.
unsafe impl Send for Segment {}

impl Segment {
    /// The segment that starts a loop, in the caller's frame.
    ///
    /// # Safety
    /// `ctx` belongs to this thread and nobody else refers to its runtime part; `frame` is a frame of this loop.
    pub(super) unsafe fn first(
        ctx: *mut TaskCtx,
        work: &Work<'_>,
        frame: *mut u8,
    ) -> Result<Segment, Failure> {
        // SAFETY: by contract.
        let partials = unsafe { tree(ctx, work)? };
        if let Some(vectors) = work.vectors {
            // SAFETY: by contract.
            unsafe { vectors.enter(frame, 0)? };
        }
        Ok(Segment { first: 0, lo: 0, hi: work.n, frame, owned: None, partials })
    }

    /// A segment with a fresh frame: neutral mergers, empty appenders.
    ///
    /// # Safety
    /// As for [`Segment::first`].
    pub(super) unsafe fn fresh(
        ctx: *mut TaskCtx,
        work: &Work<'_>,
        lo: i64,
        hi: i64,
    ) -> Result<Segment, Failure> {
        let bytes = work.desc.frame_bytes as usize;
        // SAFETY: by contract.
        let block = unsafe { &mut (*ctx).inner }.scratch(bytes)?;
        let frame = block.data();
        // SAFETY: the block has room for a frame. Appenders of zeros are empty ones.
        unsafe {
            std::ptr::write_bytes(frame, 0, bytes);
            work.clear_mergers(frame);
        }
        // SAFETY: by contract.
        let partials = unsafe { tree(ctx, work)? };
        if let Some(vectors) = work.vectors {
            // SAFETY: the frame is fresh.
            unsafe { vectors.enter(frame, lo)? };
        }
        Ok(Segment { first: lo, lo, hi, frame, owned: Some(block), partials })
    }

    /// The segment is over: what it has of the vectors may be used by others.
    ///
    /// # Safety
    /// `work` is the loop of this segment, and nobody uses its frame any more.
    pub(super) unsafe fn leave(&self, work: &Work<'_>) {
        if let Some(vectors) = work.vectors {
            // SAFETY: by contract.
            unsafe { vectors.leave(self.frame) };
        }
    }

    /// Gives the runtime's memory back for reuse by `ctx`.
    ///
    /// # Safety
    /// `ctx` belongs to this thread and nobody else refers to its runtime part.
    pub(super) unsafe fn recycle(self, ctx: *mut TaskCtx) {
        // SAFETY: by contract.
        let inner = unsafe { &mut (*ctx).inner };
        for block in self.owned.into_iter().chain(self.partials.map(Partials::into_block)) {
            inner.recycle(block);
        }
    }

    /// Runs the iterations up to `end`, a leaf border. Returns the status and moves `lo` past what ran well.
    ///
    /// # Safety
    /// `ctx` belongs to this thread and nobody refers to its runtime part; `work` is the loop of this segment.
    pub(super) unsafe fn step(&mut self, ctx: *mut TaskCtx, work: &Work<'_>, end: i64) -> u32 {
        let block = if self.partials.is_some() { work.leaf } else { work.leaf.saturating_mul(MOST_LEAVES) };
        while self.lo < end {
            // SAFETY: by contract.
            let inner = unsafe { &mut (*ctx).inner };
            if inner.run().stopped() {
                let status = inner.run().stop_status();
                return inner.fail(plain_failure(status));
            }
            let mut block_end = self.lo.saturating_add(block).min(end);
            if let Some(chunk) = work.chunk() {
                block_end = block_end.min((self.lo / chunk + 1).saturating_mul(chunk));
                if self.lo % chunk == 0
                    // SAFETY: by contract.
                    && let Err(failure) = unsafe { self.open(ctx, work) }
                {
                    // SAFETY: by contract.
                    return unsafe { (*ctx).inner.fail(failure) };
                }
            }
            // SAFETY: the contract of `weld_rt_for`; `partials` belongs to this loop.
            let code = unsafe { self.block(ctx, work, block_end) };
            if code != 0 {
                return code;
            }
            if let Some(chunked) = work.chunked
                && chunked.end_of(self.lo) == block_end
            {
                let first = self.lo - self.lo % chunked.len;
                // SAFETY: by contract.
                if let Err(failure) = unsafe { chunked.close(ctx, self.frame, first) } {
                    // SAFETY: by contract.
                    return unsafe { (*ctx).inner.fail(failure) };
                }
            }
            self.lo = block_end;
        }
        0
    }

    /// Begins the chunk at `lo`.
    ///
    /// # Safety
    /// As for [`Segment::step`].
    unsafe fn open(&mut self, ctx: *mut TaskCtx, work: &Work<'_>) -> Result<(), Failure> {
        // SAFETY: by contract.
        unsafe {
            if let Some(vectors) = work.vectors {
                vectors.open(self.frame, self.lo);
            }
            work.chunked.map_or(Ok(()), |chunked| chunked.open(ctx, self.frame, self.lo))
        }
    }

    /// Runs the iterations up to `end`: one leaf where mergers round.
    ///
    /// # Safety
    /// As for [`Segment::step`].
    unsafe fn block(&mut self, ctx: *mut TaskCtx, work: &Work<'_>, end: i64) -> u32 {
        // SAFETY: by contract.
        unsafe {
            if self.partials.is_some() {
                work.clear_mergers(self.frame);
            }
            let body = work.vectors.map_or(work.desc.body, |vectors| vectors.body(work.desc.body));
            let code = body(ctx, work.env, self.frame, self.lo, end);
            if code == 0
                && let Some(partials) = &mut self.partials
                && let Err(failure) = partials.push_leaf(self.lo / work.leaf, self.frame, work.desc.combine)
            {
                return (*ctx).inner.fail(failure);
            }
            code
        }
    }
}

/// An empty stack of partial results, if the loop needs one.
///
/// # Safety
/// `ctx` belongs to this thread and nobody else refers to its runtime part.
unsafe fn tree(ctx: *mut TaskCtx, work: &Work<'_>) -> Result<Option<Partials>, Failure> {
    if work.desc.tree == 0 || work.desc.merger_bytes == 0 {
        return Ok(None);
    }
    // SAFETY: by contract.
    unsafe { Partials::new(ctx, work.desc.merger_bytes as usize, work.leaves()).map(Some) }
}

/// An empty list with room for `count` items.
pub(super) fn list<T>(run: &RunShared, count: usize) -> Result<Vec<T>, Failure> {
    let mut list = Vec::new();
    match list.try_reserve_exact(count) {
        Ok(()) => Ok(list),
        Err(_) => Err(run.store.exhausted(count.saturating_mul(size_of::<T>()))),
    }
}

/// What a body left behind when it returned `code`.
///
/// # Safety
/// `ctx` belongs to this thread and nobody else refers to its runtime part.
pub(super) unsafe fn left_failure(ctx: *mut TaskCtx, code: u32) -> Failure {
    // SAFETY: by contract.
    let recorded = unsafe { (*ctx).inner.failure.take() };
    let status = Status::from_code(code);
    recorded.filter(|failure| failure.status == status).unwrap_or(plain_failure(status))
}
