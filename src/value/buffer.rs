//! A flat, shared, 64-byte aligned vector of scalars.
//!
//! Promises: bytes are in the C layout of the scalar (bool: 0 or 1), never change after [`Builder::finish`],
//! and live as long as any clone; memory that compiled code allocated is taken over without a copy.
//! `unsafe` is confined to the owner of foreign memory and the byte views.

use crate::ir::{Literal, Scalar};
use std::sync::Arc;

/// Memory that something else allocated and that is freed when the last buffer over it goes.
pub trait Owner: Send + Sync {
    /// First byte; valid and unchanging for as long as the owner lives.
    fn data(&self) -> *const u8;
}

/// `len` scalars.
#[derive(Clone)]
pub struct Buffer {
    scalar: Scalar,
    len: usize,
    owner: Arc<dyn Owner>,
}

struct Own(Vec<Block>);

/// The unit of alignment: a cache line and the widest SIMD register.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Block([u8; 64]);

impl Owner for Own {
    fn data(&self) -> *const u8 {
        self.0.as_ptr().cast()
    }
}

impl Buffer {
    /// A buffer over memory that `owner` keeps.
    ///
    /// # Safety
    /// `owner.data()` is valid for `len * scalar.bytes()` bytes, aligned to the scalar, and nobody writes to
    /// it while the owner lives; bools are 0 or 1.
    pub unsafe fn from_owner(scalar: Scalar, len: usize, owner: Arc<dyn Owner>) -> Buffer {
        Buffer { scalar, len, owner }
    }

    /// Copies C-layout bytes; `None` when their number is not a multiple of the element size. Bool bytes other than 0
    /// become 1.
    pub fn from_bytes(scalar: Scalar, bytes: &[u8]) -> Option<Buffer> {
        let mut builder = Builder::with_len(scalar, bytes.len() / scalar.bytes());
        if bytes.len() % scalar.bytes() != 0 {
            return None;
        }
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
        if self.len == 0 {
            return &[];
        }
        // SAFETY: `from_owner` and `Builder` guarantee this many readable, unchanging bytes.
        unsafe { std::slice::from_raw_parts(self.owner.data(), self.len * self.scalar.bytes()) }
    }

    /// Element `at`.
    pub fn get(&self, at: usize) -> Option<Literal> {
        let size = self.scalar.bytes();
        let bytes = self.bytes().get(at.checked_mul(size)?..)?.get(..size)?;
        decode(self.scalar, bytes)
    }

    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = Literal> + '_ {
        self.bytes().chunks_exact(self.scalar.bytes()).filter_map(|bytes| decode(self.scalar, bytes))
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
    blocks: Vec<Block>,
}

impl Builder {
    /// An empty one.
    pub fn new(scalar: Scalar) -> Builder {
        Builder { scalar, len: 0, blocks: Vec::new() }
    }

    /// One of `len` zeros.
    pub fn with_len(scalar: Scalar, len: usize) -> Builder {
        let blocks = (len * scalar.bytes()).div_ceil(64);
        Builder { scalar, len, blocks: vec![Block([0; 64]); blocks] }
    }

    /// All bytes, to be filled in C layout.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let bytes = self.len * self.scalar.bytes();
        // SAFETY: `Block` is plain bytes without padding, and `blocks` holds at least `bytes` of them.
        unsafe { std::slice::from_raw_parts_mut(self.blocks.as_mut_ptr().cast(), bytes) }
    }

    /// Appends one element; `None` when it has another type.
    pub fn push(&mut self, literal: &Literal) -> Option<()> {
        if literal.scalar() != Some(self.scalar) {
            return None;
        }
        let size = self.scalar.bytes();
        let at = self.len * size;
        if at + size > self.blocks.len() * 64 {
            self.blocks.push(Block([0; 64]));
        }
        self.len += 1;
        let bits = literal.bits()?.to_le_bytes();
        self.bytes_mut()[at..at + size].copy_from_slice(&bits[..size]);
        Some(())
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
        Buffer { scalar: self.scalar, len: self.len, owner: Arc::new(Own(self.blocks)) }
    }
}
