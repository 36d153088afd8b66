//! Rows of keys and values that are distributed by the hash of the key while they are written, and read part by part.
//!
//! Promises: a part gives its rows back in the order in which they came; rows never move. Memory comes in slabs that
//! count against the budget and are freed together. Rows that one thread writes after others go on in the memory that those
//! had left, so that a part is read in long runs.
//! Contract of the `unsafe` blocks: pieces and slabs are allocations of the run that belong to these rows alone, or to those
//! that they [go on](Rows::after) from; between `next` and `end` of a part is free room of its last piece.

use super::abi::{Failure, PARTS, Part};
use super::memory::LARGE;
use super::run::{RunShared, TaskInner};
use std::ptr;

/// A run of rows of a part.
struct Piece {
    begin: *mut u8,
    /// Behind its last row; only the part knows it for the last piece of rows that are not closed.
    end: *mut u8,
    next: *mut Piece,
}

/// The pieces of a part.
struct Pieces {
    first: *mut Piece,
    last: *mut Piece,
}

/// Bytes of the first pieces of a part, and of the largest ones, unless one row is larger.
const FIRST_BYTES: usize = 512;
pub(super) const PIECE_BYTES: usize = 32 * 1024;
/// Slabs become larger up to this.
const MOST_SLAB_BYTES: usize = 1 << 24;
/// Everything begins at multiples of this.
const STEP: usize = 64;

/// The header of a slab.
struct Slab {
    before: *mut Slab,
}

/// Memory that is handed out front to back.
#[derive(Clone, Copy)]
struct Yard {
    slab: *mut Slab,
    /// Free room in the latest slab.
    at: *mut u8,
    left: usize,
    slab_bytes: usize,
    /// How many bytes, by those it goes on from as well.
    handed_out: usize,
}

/// Rows of one size, in parts.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    /// [`PARTS`] of them; null before the first row.
    pub(super) parts: *mut Part,
    /// As many; null before the first row of these.
    pieces: *mut Pieces,
    yard: Yard,
    row_bytes: usize,
}

impl Rows {
    /// No rows.
    pub(super) fn new(row_bytes: usize) -> Rows {
        let yard = Yard {
            slab: ptr::null_mut(),
            at: ptr::null_mut(),
            left: 0,
            slab_bytes: LARGE / 2,
            handed_out: 0,
        };
        Rows { parts: ptr::null_mut(), pieces: ptr::null_mut(), yard, row_bytes }
    }

    /// No rows; the first ones will go where `before`, which are closed, have room left.
    pub(super) fn after(before: &Rows) -> Rows {
        let yard = Yard { slab: ptr::null_mut(), ..before.yard };
        Rows { parts: before.parts, pieces: ptr::null_mut(), yard, row_bytes: before.row_bytes }
    }

    /// Whether rows may be there.
    pub(super) fn is_begun(&self) -> bool {
        !self.pieces.is_null()
    }

    /// Room for the parts.
    pub(super) fn begin(&mut self, inner: &mut TaskInner) -> Result<(), Failure> {
        if self.is_begun() {
            return Ok(());
        }
        let mut parts = self.parts;
        if parts.is_null() {
            parts = self.yard.room(inner, PARTS * size_of::<Part>())?.cast();
            // SAFETY: fresh memory of this size. A part of zeros has no room.
            unsafe { ptr::write_bytes(parts, 0, PARTS) };
        }
        let pieces: *mut Pieces = self.yard.room(inner, PARTS * size_of::<Pieces>())?.cast();
        let firsts: *mut Piece = self.yard.room(inner, PARTS * size_of::<Piece>())?.cast();
        for part in 0..PARTS {
            // SAFETY: fresh memory of these sizes; there are this many parts.
            unsafe {
                let begin = (*parts.add(part)).next;
                let first = firsts.add(part);
                first.write(Piece { begin, end: begin, next: ptr::null_mut() });
                pieces.add(part).write(Pieces { first, last: first });
            }
        }
        (self.parts, self.pieces) = (parts, pieces);
        Ok(())
    }

    /// Gives a part room for one more row at least.
    ///
    /// # Safety
    /// The rows are begun and used by nobody else.
    pub(super) unsafe fn grow(&mut self, inner: &mut TaskInner, part: usize) -> Result<(), Failure> {
        // SAFETY: the part belongs to these rows.
        let (part, pieces) =
            unsafe { (&mut *self.parts.add(part % PARTS), &mut *self.pieces.add(part % PARTS)) };
        // As much again as the parts have on the average.
        let wanted = (self.yard.handed_out / PARTS).next_power_of_two().clamp(FIRST_BYTES, PIECE_BYTES);
        let rows = (wanted / self.row_bytes.max(1)).max(1);
        let bytes =
            rows.checked_mul(self.row_bytes).ok_or_else(|| inner.run().store.exhausted(usize::MAX))?;
        let begin = self.yard.room(inner, bytes)?;
        let piece: *mut Piece = self.yard.room(inner, size_of::<Piece>())?.cast();
        // SAFETY: fresh memory of these sizes; the last piece belongs to this part.
        unsafe {
            piece.write(Piece { begin, end: begin, next: ptr::null_mut() });
            (*pieces.last).end = part.next;
            (*pieces.last).next = piece;
            pieces.last = piece;
            (part.next, part.end) = (begin, begin.add(rows * self.row_bytes));
        }
        Ok(())
    }

    /// Room for one more row of a part.
    ///
    /// # Safety
    /// As [`Rows::grow`].
    pub(super) unsafe fn push(&mut self, inner: &mut TaskInner, part: usize) -> Result<*mut u8, Failure> {
        // SAFETY: by contract.
        unsafe {
            let at = self.parts.add(part % PARTS);
            if (*at).next == (*at).end {
                self.grow(inner, part)?;
            }
            let row = (*at).next;
            (*at).next = row.add(self.row_bytes);
            Ok(row)
        }
    }

    /// No more rows will come to these.
    ///
    /// # Safety
    /// As [`Rows::grow`].
    pub(super) unsafe fn close(&mut self) {
        for part in 0..if self.is_begun() { PARTS } else { 0 } {
            // SAFETY: there are this many parts, and each has a piece.
            unsafe { (*(*self.pieces.add(part)).last).end = (*self.parts.add(part)).next };
        }
    }

    /// Hands the rows of a part to `read` in pieces: where they begin, and how many.
    ///
    /// # Safety
    /// The rows are closed.
    pub(super) unsafe fn each(
        &self,
        part: usize,
        read: &mut dyn FnMut(*const u8, usize) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if !self.is_begun() {
            return Ok(());
        }
        // SAFETY: by contract.
        unsafe {
            let mut piece = (*self.pieces.add(part % PARTS)).first;
            while let Some(Piece { begin, end, next }) = piece.as_ref() {
                let rows = (end.addr() - begin.addr()).checked_div(self.row_bytes).unwrap_or(0);
                if rows > 0 {
                    read(*begin, rows)?;
                }
                piece = *next;
            }
        }
        Ok(())
    }

    /// Gives the memory back.
    ///
    /// # Safety
    /// Nobody uses the rows any more, nor those that go on from them.
    pub(super) unsafe fn free(&mut self, run: &RunShared) {
        let mut slab = self.yard.slab;
        while !slab.is_null() {
            // SAFETY: by contract; each slab begins with its header.
            let before = unsafe { (*slab).before };
            run.store.free(slab.cast());
            slab = before;
        }
        *self = Rows::new(self.row_bytes);
    }
}

impl Yard {
    /// `bytes` bytes of a slab.
    fn room(&mut self, inner: &mut TaskInner, bytes: usize) -> Result<*mut u8, Failure> {
        let too_many = || inner.run().store.exhausted(usize::MAX);
        let bytes = bytes.checked_next_multiple_of(STEP).ok_or_else(too_many)?;
        if self.left < bytes {
            self.slab_bytes = (self.slab_bytes * 2).min(MOST_SLAB_BYTES);
            let size = self.slab_bytes.max(bytes.checked_add(STEP).ok_or_else(too_many)?);
            let slab: *mut Slab = inner.alloc(size)?.cast();
            // SAFETY: fresh memory, larger than the header, which takes one step.
            unsafe {
                slab.write(Slab { before: self.slab });
                self.at = slab.cast::<u8>().add(STEP);
            }
            self.slab = slab;
            self.left = size - STEP;
        }
        let room = self.at;
        // SAFETY: `left` bytes are free there.
        self.at = unsafe { room.add(bytes) };
        self.left -= bytes;
        self.handed_out += bytes;
        Ok(room)
    }
}
