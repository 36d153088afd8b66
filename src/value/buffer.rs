//! A flat, shared, 64-byte aligned vector of scalars.
//!
//! Promises: bytes are in the C layout of the scalar (bool: 0 or 1), never change after [`Builder::finish`],
//! and live as long as any clone; memory that compiled code allocated is taken over without a copy; a slice
//! shares the memory of its buffer.
//! `unsafe` is confined to the owner of foreign memory, the byte view and one fallible allocation.

use crate::ir::{Literal, Scalar};
use crate::runtime::Allocation;
use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::sync::Arc;

/// The alignment of fresh buffers: a cache line and the widest SIMD register.
const ALIGN: usize = 64;

/// Memory that something else allocated and that is freed when the last buffer over it goes.
pub trait Owner: Send + Sync {
    /// First byte; valid and unchanging for as long as the owner lives.
    fn data(&self) -> *const u8;
}

/// `len` scalars.
#[derive(Clone)]
pub struct Buffer {
    scalar: Scalar,
    /// Element of the owner's memory that this buffer begins with.
    start: usize,
    len: usize,
    owner: Arc<dyn Owner>,
}

/// Bytes with enough slack that the first [`ALIGN`]ed one has room behind it for all elements.
struct Own {
    storage: Vec<u8>,
    start: usize,
}

impl Owner for Own {
    fn data(&self) -> *const u8 {
        self.storage.as_ptr().wrapping_add(self.start)
    }
}

impl Owner for Allocation {
    fn data(&self) -> *const u8 {
        Allocation::data(self)
    }
}

impl Buffer {
    /// A buffer over memory that `owner` keeps.
    ///
    /// # Safety
    /// `owner.data()` is valid for `len * scalar.bytes()` bytes, aligned to the scalar, and nobody writes to
    /// it while the owner lives; bools are 0 or 1.
    pub unsafe fn from_owner(scalar: Scalar, len: usize, owner: Arc<dyn Owner>) -> Buffer {
        Buffer { scalar, start: 0, len, owner }
    }

    /// Copies C-layout bytes; `None` when their number is not a multiple of the element size. Bool bytes other than 0
    /// become 1.
    pub fn from_bytes(scalar: Scalar, bytes: &[u8]) -> Option<Buffer> {
        if !bytes.len().is_multiple_of(scalar.bytes()) {
            return None;
        }
        let mut builder = Builder::with_len(scalar, bytes.len() / scalar.bytes());
        builder.bytes_mut().copy_from_slice(bytes);
        Some(builder.finish())
    }

    /// The element type.
    pub fn scalar(&self) -> Scalar {
        self.scalar
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All bytes, in C layout.
    pub fn bytes(&self) -> &[u8] {
        if self.owner.data().is_null() {
            return &[];
        }
        let size = self.scalar.bytes();
        // An empty part of a buffer has its place too: behind the literal `""` there is a NUL.
        // SAFETY: `from_owner` and `Builder` guarantee that the owner's memory is readable and unchanging;
        // `slice` keeps `start + len` within it.
        unsafe { std::slice::from_raw_parts(self.owner.data().add(self.start * size), self.len * size) }
    }

    /// Element `at`.
    pub fn get(&self, at: usize) -> Option<Literal> {
        if at >= self.len {
            return None;
        }
        let size = self.scalar.bytes();
        decode(self.scalar, self.bytes().get(at * size..)?.get(..size)?)
    }

    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = Literal> + '_ {
        self.bytes().chunks_exact(self.scalar.bytes()).filter_map(|bytes| decode(self.scalar, bytes))
    }

    /// The elements `at .. at + len`, sharing memory; `None` when they are not all there.
    pub fn slice(&self, at: usize, len: usize) -> Option<Buffer> {
        if at > self.len || len > self.len - at {
            return None;
        }
        Some(Buffer { scalar: self.scalar, start: self.start + at, len, owner: self.owner.clone() })
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} x {}", self.len, self.scalar)
    }
}

/// Reads one scalar from exactly its number of bytes.
pub fn decode(scalar: Scalar, bytes: &[u8]) -> Option<Literal> {
    Some(match scalar {
        Scalar::Bool => Literal::Bool(*bytes.first()? != 0),
        Scalar::I8 => Literal::I8(i8::from_ne_bytes(bytes.try_into().ok()?)),
        Scalar::I16 => Literal::I16(i16::from_ne_bytes(bytes.try_into().ok()?)),
        Scalar::I32 => Literal::I32(i32::from_ne_bytes(bytes.try_into().ok()?)),
        Scalar::I64 => Literal::I64(i64::from_ne_bytes(bytes.try_into().ok()?)),
        Scalar::U8 => Literal::U8(u8::from_ne_bytes(bytes.try_into().ok()?)),
        Scalar::U16 => Literal::U16(u16::from_ne_bytes(bytes.try_into().ok()?)),
        Scalar::U32 => Literal::U32(u32::from_ne_bytes(bytes.try_into().ok()?)),
        Scalar::U64 => Literal::U64(u64::from_ne_bytes(bytes.try_into().ok()?)),
        Scalar::F32 => Literal::F32(f32::from_ne_bytes(bytes.try_into().ok()?)),
        Scalar::F64 => Literal::F64(f64::from_ne_bytes(bytes.try_into().ok()?)),
    })
}

/// Appends the bytes of one scalar; strings append nothing.
pub fn encode(literal: &Literal, out: &mut Vec<u8>) {
    let size = literal.scalar().map_or(0, Scalar::bytes);
    if let Some(bits) = literal.bits() {
        // Little-endian machines only, as the whole layout (LANGUAGE 12).
        out.extend_from_slice(&bits.to_le_bytes()[..size]);
    }
}

/// A buffer being filled.
pub struct Builder {
    scalar: Scalar,
    len: usize,
    own: Own,
}

impl Own {
    /// Room for `bytes` zero bytes; `None` when the system has not that much memory. Big blocks come as
    /// untouched zero pages, so that filling them costs one pass.
    fn zeroed(bytes: usize) -> Option<Own> {
        let layout = Layout::array::<u8>(bytes.checked_add(ALIGN - 1)?).ok()?;
        // SAFETY: the size is at least `ALIGN - 1`, so not zero.
        let memory = unsafe { alloc_zeroed(layout) };
        if memory.is_null() {
            return None;
        }
        // SAFETY: `memory` was just allocated by the global allocator with exactly this layout (align 1), and
        // all of it is initialised.
        let storage = unsafe { Vec::from_raw_parts(memory, layout.size(), layout.size()) };
        let start = (storage.as_ptr() as usize).wrapping_neg() % ALIGN;
        Some(Own { storage, start })
    }

    fn zeroed_or_abort(bytes: usize) -> Own {
        Own::zeroed(bytes).unwrap_or_else(|| {
            handle_alloc_error(Layout::from_size_align(bytes, 1).unwrap_or(Layout::new::<u64>()))
        })
    }

    /// Bytes there is room for.
    fn room(&self) -> usize {
        self.storage.len().saturating_sub(self.start)
    }
}

impl Builder {
    /// An empty one.
    pub fn new(scalar: Scalar) -> Builder {
        Builder { scalar, len: 0, own: Own { storage: Vec::new(), start: 0 } }
    }

    /// One of `len` zeros.
    pub fn with_len(scalar: Scalar, len: usize) -> Builder {
        Builder { scalar, len, own: Own::zeroed_or_abort(len.saturating_mul(scalar.bytes())) }
    }

    /// One of `len` zeros, or `None` when there is not enough memory.
    pub fn try_with_len(scalar: Scalar, len: usize) -> Option<Builder> {
        Some(Builder { scalar, len, own: Own::zeroed(len.checked_mul(scalar.bytes())?)? })
    }

    /// All bytes, to be filled in C layout.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let end = self.own.start + self.len * self.scalar.bytes();
        self.own.storage.get_mut(self.own.start..end).unwrap_or_default()
    }

    /// Appends one element; `None` when it has another type.
    pub fn push(&mut self, literal: &Literal) -> Option<()> {
        if literal.scalar() != Some(self.scalar) {
            return None;
        }
        let size = self.scalar.bytes();
        let bits = literal.bits()?.to_le_bytes();
        let at = self.len * size;
        if at + size > self.own.room() {
            self.grow();
        }
        let at = self.own.start + at;
        self.own.storage.get_mut(at..at + size)?.copy_from_slice(bits.get(..size)?);
        self.len += 1;
        Some(())
    }

    /// Doubles the room.
    fn grow(&mut self) {
        let mut own = Own::zeroed_or_abort((self.own.room() * 2).max(ALIGN));
        let old = self.bytes_mut();
        if let Some(new) = own.storage.get_mut(own.start..own.start + old.len()) {
            new.copy_from_slice(old);
        }
        self.own = own;
    }

    /// The element type.
    pub fn scalar(&self) -> Scalar {
        self.scalar
    }

    /// Number of elements so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The finished, immutable buffer.
    pub fn finish(mut self) -> Buffer {
        if self.scalar == Scalar::Bool {
            for byte in self.bytes_mut() {
                *byte = u8::from(*byte != 0);
            }
        }
        Buffer { scalar: self.scalar, start: 0, len: self.len, owner: Arc::new(self.own) }
    }
}

#[cfg(test)]
mod tests {
    use super::{ALIGN, Buffer, Builder};
    use crate::ir::{Literal, Scalar};

    #[test]
    fn pushes_survive_growth_and_stay_aligned() {
        for n in [0, 1, 7, 8, 9, 1000] {
            let mut builder = Builder::new(Scalar::I64);
            for value in 0..n {
                assert_eq!(builder.push(&Literal::I64(value * 3)), Some(()));
            }
            let buffer = builder.finish();
            assert_eq!(buffer.len() as i64, n);
            assert!(buffer.iter().enumerate().all(|(at, found)| found == Literal::I64(at as i64 * 3)));
            assert!(n == 0 || (buffer.bytes().as_ptr() as usize).is_multiple_of(ALIGN));
        }
    }

    #[test]
    fn rejects_foreign_elements_and_odd_lengths() {
        assert_eq!(Builder::new(Scalar::I32).push(&Literal::I64(1)), None);
        assert!(Buffer::from_bytes(Scalar::I32, &[1, 2, 3]).is_none());
        assert!(Builder::try_with_len(Scalar::F64, usize::MAX / 2).is_none());
    }

    #[test]
    fn bools_become_zero_or_one() {
        let buffer = Buffer::from_bytes(Scalar::Bool, &[0, 2, 255]).unwrap();
        assert_eq!(buffer.bytes(), [0, 1, 1]);
    }

    #[test]
    fn slices_share_and_stay_inside() {
        let buffer = Buffer::from_bytes(Scalar::I8, &[1, 2, 3, 4]).unwrap();
        let middle = buffer.slice(1, 2).unwrap();
        assert_eq!(middle.bytes(), [2, 3]);
        assert_eq!(middle.get(2), None);
        assert_eq!(middle.slice(1, 1).unwrap().get(0), Some(Literal::I8(3)));
        assert!(
            middle.slice(1, 2).is_none()
                && middle.slice(3, 0).is_none()
                && middle.slice(usize::MAX, 2).is_none()
        );
        assert!(middle.slice(2, 0).unwrap().bytes().is_empty());
    }
}
