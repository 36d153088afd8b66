//! Rows of a vecmerger: merges that are written part by part of the vector, and applied later.
//!
//! Promises: a part gives its rows back in the order in which they came. Memory counts against the budget and goes with the
//! sheet.
//! Contract of the `unsafe` blocks: a sheet is used by one thread at a time, and all pieces lie in its slabs, which are
//! aligned to [`PIECE`].

use super::abi::{Failure, PIECE, SheetHead, Status};
use super::memory::Temporary;
use super::run::{RunShared, plain_failure};
use std::ptr;

/// The header of a piece. Its rows end where the piece does, but for the last one of a part.
#[repr(C)]
struct Piece {
    /// The piece after this one.
    next: *mut Piece,
    /// Its first row.
    rows: *mut u8,
}

/// The pieces of a part.
#[derive(Clone, Copy)]
struct Part {
    first: *mut Piece,
    last: *mut Piece,
}

/// Bytes of the largest slab, large enough for large pages, and of the smallest one.
const MOST_SLAB_BYTES: usize = 8 << 20;
const LEAST_SLAB_BYTES: usize = 64 << 10;

/// The rows that one run of neighbouring iterations merges into one vecmerger.
pub(super) struct Sheet<'r> {
    run: &'r RunShared,
    /// The [`SheetHead`] and where the next row of each part goes.
    head: Temporary<'r>,
    parts: Vec<Part>,
    slabs: Vec<Temporary<'r>>,
    /// Free room in the latest slab.
    at: *mut u8,
    left: usize,
    slab_bytes: usize,
    row_bytes: usize,
}

// SAFETY: its pointers lead into memory that it owns, or to the run, which all threads may use.
unsafe impl Send for Sheet<'_> {}

/// A sheet that stays where it is: its head leads back to it.
pub(super) struct Placed<'r>(*mut Sheet<'r>);

// SAFETY: it owns the sheet.
unsafe impl Send for Placed<'_> {}

impl<'r> Placed<'r> {
    /// The sheet, once nobody writes rows any more.
    pub(super) fn sheet(&self) -> &Sheet<'r> {
        // SAFETY: it was made in `Sheet::place` and goes with this.
        unsafe { &*self.0 }
    }

    /// What compiled code gets.
    pub(super) fn head(&self) -> *mut SheetHead {
        self.sheet().head()
    }
}

impl Drop for Placed<'_> {
    fn drop(&mut self) {
        // SAFETY: it was a box in `Sheet::place`, and this is its only owner.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

impl<'r> Sheet<'r> {
    /// An empty sheet of so many parts, for a vector whose slots are in part `slot >> shift`. About `expected` bytes of
    /// rows will come.
    pub(super) fn place(
        run: &'r RunShared,
        (shift, parts): (u32, usize),
        row_bytes: usize,
        expected: usize,
    ) -> Result<Placed<'r>, Failure> {
        let bytes = parts.saturating_mul(size_of::<*mut u8>()).saturating_add(size_of::<SheetHead>());
        let head = run.store.temporary(bytes)?;
        // SAFETY: fresh memory of this size. A null is a full piece.
        unsafe { ptr::write_bytes(head.data(), 0, bytes) };
        let mut list = Vec::new();
        if list.try_reserve_exact(parts).is_err() {
            return Err(run.store.exhausted(parts.saturating_mul(size_of::<Part>())));
        }
        list.resize(parts, Part { first: ptr::null_mut(), last: ptr::null_mut() });
        let slab_bytes = (expected / 8).clamp(LEAST_SLAB_BYTES, MOST_SLAB_BYTES).next_multiple_of(PIECE);
        let (slabs, at) = (Vec::new(), ptr::null_mut());
        let sheet = Box::new(Sheet { run, head, parts: list, slabs, at, left: 0, slab_bytes, row_bytes });
        let to = sheet.head();
        let sheet = Placed(Box::into_raw(sheet));
        // SAFETY: there is room for it.
        unsafe { to.write(SheetHead { shift: u64::from(shift), sheet: sheet.0.cast() }) };
        Ok(sheet)
    }

    fn head(&self) -> *mut SheetHead {
        self.head.data().cast()
    }

    /// Where the next row of a part goes.
    fn next(&self, part: usize) -> *mut *mut u8 {
        // SAFETY: there is one for each part behind the head.
        unsafe { self.head().add(1).cast::<*mut u8>().add(part) }
    }

    /// A piece of a new or the latest slab.
    fn piece(&mut self) -> Result<*mut Piece, Failure> {
        if self.left < PIECE {
            if self.slabs.try_reserve(1).is_err() {
                return Err(self.run.store.exhausted(self.slab_bytes));
            }
            let slab = self.run.store.temporary(self.slab_bytes + PIECE)?;
            let skipped = slab.data().align_offset(PIECE);
            // SAFETY: the slab is one piece longer than what is used of it.
            self.at = unsafe { slab.data().add(skipped) };
            self.left = self.slab_bytes;
            self.slabs.push(slab);
        }
        let piece = self.at.cast();
        // SAFETY: `left` bytes are free there.
        self.at = unsafe { self.at.add(PIECE) };
        self.left -= PIECE;
        Ok(piece)
    }

    fn grow(&mut self, part: usize) -> Result<(), Failure> {
        let piece = self.piece()?;
        let next = self.next(part);
        let Some(pieces) = self.parts.get_mut(part) else { return Err(plain_failure(Status::Internal)) };
        let row_bytes = self.row_bytes.max(1);
        let mut rows = (PIECE - size_of::<Piece>()) / row_bytes;
        if pieces.first.is_null() {
            // The first pieces have different lengths: full ones would all be written to at about the same distance from
            // their begin, and these places share few lines of the nearest cache.
            rows -= part * (64 / row_bytes).max(1) % rows.max(1);
            pieces.first = piece;
        } else {
            // SAFETY: the last piece is one of ours.
            unsafe { (*pieces.last).next = piece };
        }
        pieces.last = piece;
        // SAFETY: the piece is free memory, and so many rows and the header fit into it.
        unsafe {
            let first = piece.cast::<u8>().add(PIECE - rows * row_bytes);
            piece.write(Piece { next: ptr::null_mut(), rows: first });
            next.write(first);
        }
        Ok(())
    }

    /// Hands the rows of a part to `read` in pieces: where they begin, and how many.
    ///
    /// # Safety
    /// Nobody writes rows any more.
    pub(super) unsafe fn each(
        &self,
        part: usize,
        read: &mut dyn FnMut(*const u8, usize) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Some(pieces) = self.parts.get(part) else { return Ok(()) };
        let mut piece = pieces.first;
        while !piece.is_null() {
            // SAFETY: the pieces are ours; behind the rows of the last one is where the next row would go.
            unsafe {
                let is_last = (*piece).next.is_null();
                let end = if is_last { *self.next(part) } else { piece.cast::<u8>().add(PIECE) };
                let bytes = end.addr() - (*piece).rows.addr();
                read((*piece).rows, bytes.checked_div(self.row_bytes).unwrap_or(0))?;
                piece = (*piece).next;
            }
        }
        Ok(())
    }
}

/// Makes room for a row in a part.
///
/// # Safety
/// `head` is that of a sheet which nobody else uses.
pub(super) unsafe fn grow(head: *mut SheetHead, part: usize) -> Result<(), Failure> {
    // SAFETY: by contract; the sheet has not moved since its head was written.
    let sheet = unsafe { &mut *(*head).sheet.cast::<Sheet<'_>>() };
    sheet.grow(part)
}
