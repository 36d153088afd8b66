//! Loops whose chunks fill tables of their own.
//!
//! Promises: a chunk is run by one thread, from its begin to its end; the tables that the loop began with are changed by
//! nobody until all chunks are over.

use super::gather::gather;
use super::job::list;
use crate::runtime::abi::{Dict, Failure, LoopDesc, TableDesc, TaskCtx};
use crate::runtime::chunks::chunk_len;
use crate::runtime::local::Partial;
use crate::runtime::run::RunShared;
use std::cell::UnsafeCell;

/// The chunks of a loop.
pub(super) struct Chunked<'d> {
    /// Iterations of each, but for the last one.
    pub(super) len: i64,
    n: i64,
    tables: &'d [TableDesc],
    /// What the loop began with.
    starts: Vec<*mut Dict>,
    /// What the chunks left behind, table by table.
    partials: Vec<UnsafeCell<Option<Partial>>>,
}

// SAFETY: each place of `partials` is written by the thread that runs its chunk, and read when all are over; the rest does
// not change.
unsafe impl Sync for Chunked<'_> {}

impl<'d> Chunked<'d> {
    /// The chunks of a loop of `n` iterations; `None` when it has no tables, or is one chunk, which fills the tables that
    /// it began with.
    ///
    /// # Safety
    /// The contract of `weld_rt_for`.
    pub(super) unsafe fn new(
        desc: &'d LoopDesc,
        run: &RunShared,
        frame: *mut u8,
        n: i64,
    ) -> Result<Option<Chunked<'d>>, Failure> {
        let len = chunk_len(n, desc.leaf);
        if desc.n_tables == 0 || n <= len {
            return Ok(None);
        }
        // SAFETY: the contract of `LoopDesc`.
        let tables = unsafe { std::slice::from_raw_parts(desc.tables, desc.n_tables as usize) };
        let chunks = ((n - 1) / len + 1) as usize;
        let mut starts = list(run, tables.len())?;
        let mut partials = list(run, chunks * tables.len())?;
        partials.extend((0..chunks * tables.len()).map(|_| UnsafeCell::new(None)));
        for table in tables {
            // SAFETY: the frame holds a pointer there, which each thread will replace by that of its own table.
            unsafe {
                let at = place(frame, table);
                starts.push(*at);
                *at = std::ptr::null_mut();
            }
        }
        Ok(Some(Chunked { len, n, tables, starts, partials }))
    }

    /// Where the chunk of an iteration ends.
    pub(super) fn end_of(&self, iteration: i64) -> i64 {
        (iteration / self.len + 1).saturating_mul(self.len).min(self.n)
    }

    /// Begins the chunk of iteration `lo`.
    ///
    /// # Safety
    /// `ctx` belongs to this thread and nobody refers to its runtime part; `frame` is a frame of the loop.
    pub(super) unsafe fn open(&self, ctx: *mut TaskCtx, frame: *mut u8, lo: i64) -> Result<(), Failure> {
        for table in self.tables {
            // SAFETY: by contract.
            unsafe {
                let at = place(frame, table);
                *at = (*ctx).inner.local_open(*at, table, lo, self.len)?;
            }
        }
        Ok(())
    }

    /// Ends the chunk that began with iteration `first`.
    ///
    /// # Safety
    /// As [`Chunked::open`], which began it.
    pub(super) unsafe fn close(&self, ctx: *mut TaskCtx, frame: *mut u8, first: i64) -> Result<(), Failure> {
        let chunk = (first / self.len) as usize * self.tables.len();
        for (table, partial) in self.tables.iter().zip(self.partials.iter().skip(chunk)) {
            // SAFETY: by contract; the place is that of this chunk.
            unsafe {
                let at = place(frame, table);
                let (left, free) = (*ctx).inner.local_close(*at)?;
                *at = free;
                *partial.get() = Some(left);
            }
        }
        Ok(())
    }

    /// Frees what a frame keeps for a next chunk.
    ///
    /// # Safety
    /// As [`Chunked::open`]; the frame is used no more.
    pub(super) unsafe fn release(&self, ctx: *mut TaskCtx, frame: *mut u8) {
        for table in self.tables {
            // SAFETY: by contract.
            unsafe {
                let at = place(frame, table);
                (*ctx).inner.local_free(*at);
                *at = std::ptr::null_mut();
            }
        }
    }

    /// Merges what the chunks left behind into the tables that the loop began with, and puts these into `frame` again.
    ///
    /// # Safety
    /// As [`Chunked::open`]; all chunks are over.
    pub(super) unsafe fn finish(self, ctx: *mut TaskCtx, frame: *mut u8) -> Result<(), Failure> {
        let Chunked { tables, starts, partials, .. } = self;
        // SAFETY: by contract; the run outlives its contexts.
        let run = unsafe { &*(*ctx).inner.run };
        let mut left: Vec<Option<Partial>> = list(run, partials.len())?;
        left.extend(partials.into_iter().map(UnsafeCell::into_inner));
        for (k, (table, start)) in tables.iter().zip(starts).enumerate() {
            let mut own = list(run, left.len() / tables.len())?;
            own.extend(left.iter_mut().skip(k).step_by(tables.len()).filter_map(Option::take));
            // SAFETY: by contract.
            unsafe {
                gather(ctx, table, start, own)?;
                *place(frame, table) = start;
            }
        }
        Ok(())
    }
}

/// Where the pointer to a table is in a frame.
///
/// # Safety
/// `frame` is a frame of the loop.
unsafe fn place(frame: *mut u8, table: &TableDesc) -> *mut *mut Dict {
    // SAFETY: by contract.
    unsafe { frame.add(table.offset as usize).cast() }
}
