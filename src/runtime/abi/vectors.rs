#![forbid(unsafe_code)]
//! Vecmergers at the line to compiled code: what a loop says about them, and where it writes rows.
//!
//! Promises: as `abi`: what is here is the only declaration.

use super::BodyFn;

/// A vecmerger of a loop that may merge into copies, or write rows: see `vectors`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct VectorDesc {
    /// `to[i] := to[i] op from[i]` for the slots `lo..hi`: `frame` is `to`, `env` is `from`.
    pub fold: BodyFn,
    /// Merges the rows `lo..hi` at `env`: `frame` is the element of the slots whose lowest bits are all 0.
    pub apply: BodyFn,
    /// The neutral element.
    pub neutral: *const u8,
    /// Where its [`WeldVec`](super::WeldVec) is in the frame. Bodies that write rows have a [`SheetHead`] for the data.
    pub offset: u32,
    /// Bytes of an element.
    pub elem_bytes: u32,
    /// Bytes of a row: the value, if not all have the same one, and the lowest bits of the slot (`u16`), without gaps.
    pub row_bytes: u32,
    /// 1: the order of merges shows.
    pub rounds: u32,
}

/// All vecmergers of such a loop.
#[repr(C)]
pub struct VectorsDesc {
    /// The body that writes rows; null when there is none.
    pub scatter: Option<BodyFn>,
    /// The vecmergers.
    pub vectors: *const VectorDesc,
    /// How many there are.
    pub n: u32,
    /// 1: an iteration may have a loop that merges into one.
    pub nested: u32,
    /// The most rows that an iteration writes for one vecmerger.
    pub most_rows: u32,
}

/// Where rows of one vecmerger are written. Behind it comes, for each part of the vector, where its next row goes: in
/// front of a multiple of [`PIECE`], where `weld_rt_sheet_grow` makes room.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SheetHead {
    /// `slot >> shift` is the part of a slot.
    pub shift: u64,
    /// For the runtime.
    pub(in crate::runtime) sheet: *mut u8,
}

/// Bytes of a piece of rows, and what its place is a multiple of.
pub const PIECE: usize = 4096;
