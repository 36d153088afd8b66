//! Rows of keys and values that are distributed by the hash of the key while they are written, and read part by part.
//!
//! Promises: a part gives its rows back in the order in which they came; rows never move. Memory comes in slabs that
//! count against the budget and are freed together.
//! Contract of the `unsafe` blocks: pieces and slabs are allocations of the run that belong to these rows alone, each
//! with a header; between `next` and `end` of a part is free room of its last piece.

use super::abi::{Failure, PARTS, Part};
use super::memory::LARGE;
use super::run::{RunShared, TaskInner};
use std::ptr;

/// The header of a piece; its rows follow.
#[repr(C)]
pub(super) struct Piece {
    /// The piece after this one.
    next: *mut Piece,
    /// Behind its last row; only the part knows it for the last piece.
    used: *mut u8,
}

/// Bytes of the first piece of a part, and of the largest ones, unless one row is larger.
const FIRST_BYTES: usize = 512;
const PIECE_BYTES: usize = 4096;
/// Slabs become larger up to this.
const MOST_SLAB_BYTES: usize = 1 << 20;
/// Everything begins at multiples of this.
const STEP: usize = 64;

/// The header of a slab.
#[repr(C)]
struct Slab {
    before: *mut Slab,
}

/// Rows of one size, in parts.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Rows {
    /// [`PARTS`] of them; null before the first row.
    pub(super) parts: *mut Part,
    slab: *mut Slab,
    /// Free room in the latest slab.
    at: *mut u8,
    left: usize,
    slab_bytes: usize,
    row_bytes: usize,
}

impl Rows {
    /// No rows.
    pub(super) fn new(row_bytes: usize) -> Rows {
        let (parts, slab, at) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        Rows { parts, slab, at, left: 0, slab_bytes: LARGE / 2, row_bytes }
    }

    /// Whether rows may be there.
    pub(super) fn is_begun(&self) -> bool {
        !self.parts.is_null()
    }

    /// Room for the parts.
    pub(super) fn begin(&mut self, inner: &mut TaskInner) -> Result<(), Failure> {
        if self.is_begun() {
            return Ok(());
        }
        let parts: *mut Part = self.room(inner, PARTS * size_of::<Part>())?.cast();
        // SAFETY: fresh memory of this size. A part of zeros is an empty one.
        unsafe { ptr::write_bytes(parts, 0, PARTS) };
        self.parts = parts;
        Ok(())
    }

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
        Ok(room)
    }

    /// Gives a part room for one more row at least.
    ///
    /// # Safety
    /// The rows are begun and used by nobody else.
    pub(super) unsafe fn grow(&mut self, inner: &mut TaskInner, part: usize) -> Result<(), Failure> {
        let header = size_of::<Piece>();
        // SAFETY: the part belongs to these rows.
        let latest = unsafe {
            let part = &*self.parts.add(part % PARTS);
            part.end.addr() - part.last.addr()
        };
        let wanted = (2 * latest).clamp(FIRST_BYTES, PIECE_BYTES);
        let rows = ((wanted - header) / self.row_bytes.max(1)).max(1);
        let bytes = rows.checked_mul(self.row_bytes).and_then(|bytes| bytes.checked_add(header));
        let bytes = bytes.ok_or_else(|| inner.run().store.exhausted(usize::MAX))?;
        let piece: *mut Piece = self.room(inner, bytes)?.cast();
        // SAFETY: the piece is fresh memory of this size; the part belongs to these rows.
        unsafe {
            let part = &mut *self.parts.add(part % PARTS);
            piece.write(Piece { next: ptr::null_mut(), used: ptr::null_mut() });
            match part.last.cast::<Piece>().as_mut() {
                None => part.first = piece.cast(),
                Some(last) => {
                    last.next = piece;
                    last.used = part.next;
                }
            }
            part.last = piece.cast();
            part.next = piece.cast::<u8>().add(header);
            part.end = part.next.add(rows * self.row_bytes);
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

    /// Hands the rows of a part to `read` in pieces: where they begin, and how many.
    ///
    /// # Safety
    /// Nobody changes the rows meanwhile.
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
            let part = &*self.parts.add(part % PARTS);
            let mut piece = part.first.cast::<Piece>();
            while !piece.is_null() {
                let rows = piece.cast::<u8>().add(size_of::<Piece>());
                let used = if (*piece).next.is_null() { part.next } else { (*piece).used };
                let bytes = used.addr() - rows.addr();
                read(rows, bytes.checked_div(self.row_bytes).unwrap_or(0))?;
                piece = (*piece).next;
            }
        }
        Ok(())
    }

    /// Gives the memory back.
    ///
    /// # Safety
    /// Nobody uses the rows any more.
    pub(super) unsafe fn free(&mut self, run: &RunShared) {
        let mut slab = self.slab;
        while !slab.is_null() {
            // SAFETY: by contract; each slab begins with its header.
            let before = unsafe { (*slab).before };
            run.store.free(slab.cast());
            slab = before;
        }
        *self = Rows::new(self.row_bytes);
    }
}
