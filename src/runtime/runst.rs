//! The state of a run as programs that were written for the original hold it: memory under a limit, a result, an error.
//!
//! Promises: no pointer that is handed in is followed unless it is memory of the state; everything goes with the state. No
//! program of ours uses it: their memory is `memory`.

use super::abi::Status;
use super::budget::Budget;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::collections::HashMap;
use std::ptr;
use std::sync::atomic::{AtomicI64, Ordering};

/// Memory of a [`WeldRuntimeContext`].
///
/// ```
/// use weld::runtime::{Ptr, WeldRuntimeContext};
///
/// let mut context = WeldRuntimeContext::new(1, 1000);
/// let data: Ptr = context.malloc(8);
/// assert!(!data.is_null());
/// ```
pub type Ptr = *mut u8;

/// The number of the next state.
static NEXT: AtomicI64 = AtomicI64::new(0);

/// Allocations begin at multiples of it.
const ALIGN: usize = 64;

/// The state of a run.
///
/// ```
/// use weld::runtime::WeldRuntimeContext;
///
/// let mut context = WeldRuntimeContext::new(4, 1000);
/// assert_eq!((context.threads(), context.memory_limit()), (4, 1000));
/// let data = context.malloc(600);
/// assert!(context.malloc(600).is_null(), "the limit is reached");
/// assert_eq!((context.memory_usage(), context.errno()), (600, 7));
/// context.free(data);
/// assert_eq!(context.memory_usage(), 0);
/// ```
#[derive(Debug)]
pub struct WeldRuntimeContext {
    run_id: i64,
    threads: i32,
    budget: Budget,
    /// Allocations by address, with their sizes.
    memory: HashMap<usize, usize>,
    /// An address.
    result: usize,
    errno: u64,
}

impl WeldRuntimeContext {
    /// A state for a number of workers and a limit in bytes; a negative one allows none.
    ///
    /// ```
    /// assert_eq!(weld::runtime::WeldRuntimeContext::new(1, 1 << 20).memory_usage(), 0);
    /// ```
    pub fn new(threads: i32, memory_limit: i64) -> WeldRuntimeContext {
        WeldRuntimeContext {
            run_id: NEXT.fetch_add(1, Ordering::Relaxed),
            threads,
            budget: Budget::new(Some(u64::try_from(memory_limit).unwrap_or(0))),
            memory: HashMap::new(),
            result: 0,
            errno: 0,
        }
    }

    /// Zeroed memory; null for no bytes, and when the limit is reached, which is recorded as an error.
    ///
    /// ```
    /// let mut context = weld::runtime::WeldRuntimeContext::new(1, 1000);
    /// let data = context.malloc(16);
    /// assert_eq!(data.addr() % 64, 0);
    /// assert!(context.malloc(0).is_null() && context.malloc(-1).is_null());
    /// ```
    pub fn malloc(&mut self, size: i64) -> Ptr {
        let Some(size) = usize::try_from(size).ok().filter(|size| *size > 0) else { return ptr::null_mut() };
        self.alloc(size).unwrap_or_else(|| {
            self.errno = Status::OutOfMemory as u64;
            ptr::null_mut()
        })
    }

    fn alloc(&mut self, size: usize) -> Option<Ptr> {
        let layout = Layout::from_size_align(size, ALIGN).ok().filter(|layout| layout.size() > 0)?;
        if !self.budget.take(size as u64) {
            return None;
        }
        // SAFETY: the layout has a size.
        let data = unsafe { alloc_zeroed(layout) };
        if data.is_null() {
            self.budget.give_back(size as u64);
            return None;
        }
        self.memory.insert(data.expose_provenance(), size);
        Some(data)
    }

    /// Memory of another size with the same contents; the old one is freed. Null, and the old one stays, when the limit is
    /// reached.
    ///
    /// ```
    /// let mut context = weld::runtime::WeldRuntimeContext::new(1, 1000);
    /// let data = context.malloc(8);
    /// let data = context.realloc(data, 80);
    /// assert_eq!(context.memory_usage(), 80);
    /// # context.free(data);
    /// ```
    pub fn realloc(&mut self, data: Ptr, size: i64) -> Ptr {
        let new = self.malloc(size);
        if new.is_null() {
            return new;
        }
        let old = self.memory.get(&data.addr()).copied().unwrap_or(0);
        let kept = old.min(usize::try_from(size).unwrap_or(0));
        let from: *const u8 = ptr::with_exposed_provenance(data.addr());
        // SAFETY: the old memory has `kept` bytes or more, being in the list, and the new one too; both are live and apart.
        unsafe { ptr::copy_nonoverlapping(from, new, kept) };
        self.free(data);
        new
    }

    /// Frees memory of the state; what is none does nothing.
    ///
    /// ```
    /// let mut context = weld::runtime::WeldRuntimeContext::new(1, 1000);
    /// let data = context.malloc(16);
    /// context.free(data);
    /// context.free(data);
    /// assert_eq!(context.memory_usage(), 0);
    /// ```
    pub fn free(&mut self, data: Ptr) {
        let Some(size) = self.memory.remove(&data.addr()) else { return };
        self.budget.give_back(size as u64);
        if let Ok(layout) = Layout::from_size_align(size, ALIGN) {
            let allocated = ptr::with_exposed_provenance_mut(data.addr());
            // SAFETY: `alloc` made it with this layout, and it was still in the list.
            unsafe { dealloc(allocated, layout) };
        }
    }

    /// Bytes that were allocated and are still there.
    ///
    /// ```
    /// let mut context = weld::runtime::WeldRuntimeContext::new(1, 1000);
    /// context.malloc(16);
    /// assert_eq!(context.memory_usage(), 16);
    /// ```
    pub fn memory_usage(&self) -> i64 {
        i64::try_from(self.budget.used()).unwrap_or(i64::MAX)
    }

    /// Its number; no other state of the process has it.
    ///
    /// ```
    /// use weld::runtime::WeldRuntimeContext;
    ///
    /// assert_ne!(WeldRuntimeContext::new(1, 0).run_id(), WeldRuntimeContext::new(1, 0).run_id());
    /// ```
    pub fn run_id(&self) -> i64 {
        self.run_id
    }

    /// The number of workers.
    ///
    /// ```
    /// assert_eq!(weld::runtime::WeldRuntimeContext::new(8, 1000).threads(), 8);
    /// ```
    pub fn threads(&self) -> i32 {
        self.threads
    }

    /// The most bytes there may be at a time.
    ///
    /// ```
    /// assert_eq!(weld::runtime::WeldRuntimeContext::new(8, 1000).memory_limit(), 1000);
    /// ```
    pub fn memory_limit(&self) -> i64 {
        self.budget.limit().map_or(i64::MAX, |limit| i64::try_from(limit).unwrap_or(i64::MAX))
    }

    /// The result that was kept; null when there is none.
    ///
    /// ```
    /// assert!(weld::runtime::WeldRuntimeContext::new(1, 1000).result().is_null());
    /// ```
    pub fn result(&self) -> Ptr {
        ptr::with_exposed_provenance_mut(self.result)
    }

    /// Keeps a result.
    ///
    /// ```
    /// let mut context = weld::runtime::WeldRuntimeContext::new(1, 1000);
    /// let data = context.malloc(8);
    /// context.set_result(data);
    /// assert_eq!(context.result(), data);
    /// ```
    pub fn set_result(&mut self, data: Ptr) {
        self.result = data.expose_provenance();
    }

    /// The number of the error that was recorded, or 0.
    ///
    /// ```
    /// assert_eq!(weld::runtime::WeldRuntimeContext::new(1, 1000).errno(), 0);
    /// ```
    pub fn errno(&self) -> u64 {
        self.errno
    }

    /// Records an error, by its number. It returns, where the original's left the run.
    ///
    /// ```
    /// use weld::runtime::{Status, WeldRuntimeContext};
    ///
    /// let mut context = WeldRuntimeContext::new(1, 1000);
    /// context.set_errno(Status::AssertionError as u64);
    /// assert_eq!(context.errno(), 12);
    /// ```
    pub fn set_errno(&mut self, errno: u64) {
        self.errno = errno;
    }
}

impl Drop for WeldRuntimeContext {
    fn drop(&mut self) {
        for address in self.memory.keys().copied().collect::<Vec<_>>() {
            self.free(ptr::with_exposed_provenance_mut(address));
        }
    }
}
