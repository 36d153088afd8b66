//! Memory of a run: one region of small allocations per worker, and a table of large ones, within a [`Budget`].
//!
//! Promises: every allocation is 64-byte aligned and fallible; nothing is handed out beyond the limit; what was
//! not freed or taken lives until [`Memory`] goes. Small allocations are never freed one by one; large ones are kept for
//! the next run ([`retained`]).

use super::abi::{Failure, Status};
use super::budget::Budget;
use super::{lock, retained};
use std::alloc::Layout;
use std::collections::HashMap;
use std::ptr::NonNull;
#[cfg(test)]
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Alignment of everything: a cache line and the widest SIMD register.
pub(super) const ALIGN: usize = 64;
/// From this size on an allocation stands alone: it can be freed early and taken over by a value.
pub(super) const LARGE: usize = 64 * 1024;
const FIRST_CHUNK: usize = 16 * 1024;
const LAST_CHUNK: usize = 1024 * 1024;

/// From this size on large pages are asked for: tables that are read at random places miss fewer translations, and
/// fresh memory needs fewer faults.
const HUGE: usize = 4 * 1024 * 1024;
const HUGE_PAGE: usize = 2 * 1024 * 1024;

/// Asks the system for large pages. It may refuse: nothing but speed depends on it.
fn advise_huge(data: *mut u8, bytes: usize) {
    #[cfg(target_os = "linux")]
    {
        unsafe extern "C" {
            fn madvise(data: *mut u8, bytes: usize, advice: i32) -> i32;
        }
        /// As `<sys/mman.h>` has it on Linux.
        const MADV_HUGEPAGE: i32 = 14;
        // SAFETY: the range is a fresh allocation of ours that begins at a page, and the advice changes no contents.
        let _ = unsafe { madvise(data, bytes, MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (data, bytes);
}

/// What an allocation of no bytes points at: never read, but aligned and not null.
pub(super) fn dangling() -> *mut u8 {
    std::ptr::without_provenance_mut(ALIGN)
}

/// `bytes` rounded up to whole alignment units; `None` beyond what an object may have.
pub(super) fn rounded(bytes: usize) -> Option<usize> {
    bytes.checked_next_multiple_of(ALIGN).filter(|bytes| isize::try_from(*bytes).is_ok())
}

/// One piece of memory from the system. On drop it is kept for the next one who asks for as much, or given back.
pub(super) struct Block {
    data: NonNull<u8>,
    layout: Layout,
    /// How many bytes were asked for: at most those of the layout.
    bytes: usize,
    /// It is kept if that makes at most so many kept bytes in the process.
    keep_within: usize,
}

// SAFETY: a block owns its memory alone and lets nobody read or write it; who uses `data` keeps the aliasing rules.
unsafe impl Send for Block {}
// SAFETY: as above: through a shared block one can only learn the address.
unsafe impl Sync for Block {}

impl Block {
    /// At least `bytes` bytes, with what was written to them before.
    fn new(bytes: usize, keep_within: usize) -> Option<Block> {
        let bytes = rounded(bytes.max(1))?;
        if bytes >= retained::FROM
            && let Some(mut block) = retained::take(bytes)
        {
            (block.bytes, block.keep_within) = (bytes, keep_within);
            return Some(block);
        }
        Block::fresh(bytes, keep_within).or_else(|| {
            retained::clear();
            Block::fresh(bytes, keep_within)
        })
    }

    fn fresh(bytes: usize, keep_within: usize) -> Option<Block> {
        let align = if bytes >= HUGE { HUGE_PAGE } else { ALIGN };
        let layout = Layout::from_size_align(bytes, align).ok()?;
        // SAFETY: the layout has a non-zero size.
        let data = NonNull::new(unsafe { std::alloc::alloc(layout) })?;
        if bytes >= HUGE {
            advise_huge(data.as_ptr(), bytes);
        }
        Some(Block { data, layout, bytes, keep_within })
    }

    pub(super) fn data(&self) -> *mut u8 {
        self.data.as_ptr()
    }

    /// How many bytes were asked for, rounded up.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many bytes there are.
    pub(super) fn room(&self) -> usize {
        self.layout.size()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if self.keep_within > 0 && self.room() >= retained::FROM {
            let block = Block { keep_within: 0, ..*self };
            return retained::keep(block, self.keep_within);
        }
        // SAFETY: `fresh` allocated `data` with exactly this layout, and a block that is kept or reused is not dropped
        // but becomes another one, so only this drop frees it.
        unsafe { std::alloc::dealloc(self.data.as_ptr(), self.layout) }
    }
}

/// Memory that all workers of a run share: the budget and the large allocations.
pub(super) struct Store {
    budget: Arc<Budget>,
    /// See [`Block`]: a quarter of the limit, so that a program with a small one does not leave much behind.
    keep_within: usize,
    large: Mutex<HashMap<usize, Block>>,
    #[cfg(test)]
    pub(super) faults: Faults,
}

/// Which allocation a test lets fail.
#[cfg(test)]
#[derive(Default)]
pub(super) struct Faults {
    /// Allocations so far.
    pub(super) count: AtomicU64,
    /// Fails the allocation with this number (from 1) and all after it; 0 for none.
    pub(super) from: AtomicU64,
}

impl Store {
    pub(super) fn new(budget: Arc<Budget>) -> Store {
        let quarter = budget.limit().map_or(u64::MAX, |limit| limit / 4);
        Store {
            keep_within: usize::try_from(quarter).unwrap_or(usize::MAX),
            budget,
            large: Mutex::new(HashMap::new()),
            #[cfg(test)]
            faults: Faults::default(),
        }
    }

    /// The most bytes that the budget had lent at a time.
    pub(super) fn peak(&self) -> u64 {
        self.budget.peak()
    }

    #[cfg(test)]
    pub(super) fn used(&self) -> u64 {
        self.budget.used()
    }

    /// The failure of a request for `bytes`.
    pub(super) fn exhausted(&self, bytes: usize) -> Failure {
        let limit = self.budget.limit().map_or(0, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let asked = i64::try_from(bytes).unwrap_or(i64::MAX);
        Failure { status: Status::OutOfMemory, site: u32::MAX, a: asked, b: limit }
    }

    /// A block outside the budget, for the runtime's own bookkeeping: a few KiB per segment of a loop.
    pub(super) fn scratch(&self, bytes: usize) -> Result<Block, Failure> {
        #[cfg(test)]
        {
            let number = self.faults.count.fetch_add(1, Ordering::Relaxed) + 1;
            let from = self.faults.from.load(Ordering::Relaxed);
            if from != 0 && number >= from {
                return Err(self.exhausted(bytes));
            }
        }
        Block::new(bytes, self.keep_within).ok_or_else(|| self.exhausted(bytes))
    }

    /// A block within the budget. The budget is taken first, so that usage is never above the limit.
    fn counted(&self, bytes: usize) -> Result<Block, Failure> {
        let size = rounded(bytes).ok_or_else(|| self.exhausted(bytes))?;
        if !self.budget.take(size as u64) {
            return Err(self.exhausted(bytes));
        }
        self.scratch(size).inspect_err(|_| self.budget.give_back(size as u64))
    }

    /// Memory within the budget for the runtime's own use.
    pub(super) fn temporary(&self, bytes: usize) -> Result<Temporary<'_>, Failure> {
        Ok(Temporary { block: self.counted(bytes.max(1))?, store: self })
    }

    /// A new large allocation.
    pub(super) fn large(&self, bytes: usize) -> Result<*mut u8, Failure> {
        let block = self.counted(bytes)?;
        let data = block.data();
        let mut table = lock(&self.large);
        if table.try_reserve(1).is_err() {
            self.budget.give_back(block.bytes() as u64);
            return Err(self.exhausted(bytes));
        }
        table.insert(data.addr(), block);
        Ok(data)
    }

    /// Frees the large allocation at `data`, if there is one; small ones stay until the end of the run.
    pub(super) fn free(&self, data: *const u8) {
        let block = lock(&self.large).remove(&data.addr());
        if let Some(block) = block {
            self.budget.give_back(block.bytes() as u64);
        }
    }
}

/// Memory within the budget, given back on drop.
pub(super) struct Temporary<'s> {
    block: Block,
    store: &'s Store,
}

impl Temporary<'_> {
    pub(super) fn data(&self) -> *mut u8 {
        self.block.data()
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        self.store.budget.give_back(self.block.bytes() as u64);
    }
}

/// The small allocations of one worker: chunks that are handed out front to back.
#[derive(Default)]
pub(super) struct Region {
    chunks: Vec<Block>,
    /// Bytes handed out of the last chunk.
    used: usize,
}

impl Region {
    /// `bytes` (a multiple of the alignment) of the last chunk, or of a new one. Returns the data and the number of
    /// bytes newly taken from the system.
    pub(super) fn alloc(&mut self, store: &Store, bytes: usize) -> Result<(*mut u8, usize), Failure> {
        if let Some(chunk) = self.chunks.last()
            && chunk.bytes() - self.used >= bytes
        {
            // SAFETY: `used + bytes` is within the chunk.
            let data = unsafe { chunk.data().add(self.used) };
            self.used += bytes;
            return Ok((data, 0));
        }
        let next = self
            .chunks
            .last()
            .map_or(FIRST_CHUNK, |chunk| (chunk.bytes() * 2).clamp(FIRST_CHUNK, LAST_CHUNK));
        self.chunks.try_reserve(1).map_err(|_| store.exhausted(bytes))?;
        // Near the limit a whole chunk may be too much while the request itself still fits.
        let chunk = store.counted(next.max(bytes)).or_else(|_| store.counted(bytes))?;
        let (data, size) = (chunk.data(), chunk.bytes());
        self.chunks.push(chunk);
        self.used = bytes;
        Ok((data, size))
    }

    /// Makes the allocation `data` of `old` bytes `new` bytes long where it is: possible when it is the latest one and
    /// its chunk has room.
    pub(super) fn extend(&mut self, data: *const u8, old: usize, new: usize) -> bool {
        let Some(chunk) = self.chunks.last() else { return false };
        let Some(start) = data.addr().checked_sub(chunk.data().addr()) else { return false };
        let latest = start < chunk.bytes() && start + old == self.used;
        if latest && chunk.bytes() - start >= new {
            self.used = start + new;
            return true;
        }
        false
    }
}

/// Everything that a run allocated and did not free. Results point into it. Its bytes count against the budget of the run
/// for as long as it lives.
pub struct Memory {
    large: HashMap<usize, Block>,
    regions: Vec<Region>,
    budget: Arc<Budget>,
}

impl Memory {
    pub(super) fn new(store: Store, regions: Vec<Region>) -> Memory {
        let large = store.large.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Memory { large, regions, budget: store.budget }
    }

    /// Hands over the large allocation that starts exactly at `data`; `None` when there is none (it is small, or was
    /// taken before). What is not taken is freed with this value.
    pub fn take(&mut self, data: *const u8) -> Option<Allocation> {
        let block = self.large.remove(&data.addr())?;
        Some(Allocation { block, budget: self.budget.clone() })
    }

    /// How many bytes it holds.
    pub fn bytes(&self) -> u64 {
        let chunks = self.regions.iter().flat_map(|region| &region.chunks);
        self.large.values().chain(chunks).map(|block| block.bytes() as u64).sum()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes());
    }
}

/// One large allocation of a run that is over, freed on drop.
pub struct Allocation {
    block: Block,
    budget: Arc<Budget>,
}

impl Allocation {
    /// First byte, 64-byte aligned.
    pub fn data(&self) -> *const u8 {
        self.block.data()
    }

    /// How many bytes there are: at least as many as were asked for. Those that no code wrote are not initialised.
    pub fn bytes(&self) -> usize {
        self.block.bytes()
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        self.budget.give_back(self.block.bytes() as u64);
    }
}
