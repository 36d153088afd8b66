//! Sorting numbers of one or two bytes by counting how often each occurs.
//!
//! Promises: the smallest first, or the largest; numbers that are equal are the same, so that order among them means
//! nothing.

use super::crew::{Crew, list};
use super::split::Shared;
use crate::runtime::abi::Failure;

/// At most this many pieces of rows are counted apart.
const PIECES: usize = 16;
/// Rows of a piece, at least, and of a turn.
const STRIDE: usize = 64 * 1024;

/// A number of one or two bytes.
pub(super) trait Small: Copy + Send + Sync {
    /// How many there are.
    const VALUES: usize;
    /// The bits.
    fn bits(self) -> usize;
    /// The number with these bits.
    fn of(bits: usize) -> Self;
}

impl Small for u8 {
    const VALUES: usize = 1 << 8;
    fn bits(self) -> usize {
        usize::from(self)
    }
    fn of(bits: usize) -> u8 {
        bits as u8
    }
}

impl Small for u16 {
    const VALUES: usize = 1 << 16;
    fn bits(self) -> usize {
        usize::from(self)
    }
    fn of(bits: usize) -> u16 {
        bits as u16
    }
}

/// Sorts the `len` numbers at `input` into `out`; `flip` makes their order of the order of their bits.
///
/// # Safety
/// `input` holds as many, which need not be aligned; `out` has room for them, and nobody else uses it.
pub(super) unsafe fn sort<T: Small>(
    crew: &dyn Crew,
    input: Shared<T>,
    out: Shared<T>,
    len: usize,
    flip: usize,
) -> Result<(), Failure> {
    let pieces = (len / (2 * STRIDE)).clamp(1, PIECES);
    let mut counts = list(crew, pieces * T::VALUES)?;
    counts.resize(pieces * T::VALUES, 0usize);
    let all = Shared(counts.as_mut_ptr());
    let begin = |piece: usize| (len as u128 * piece as u128 / pieces as u128) as usize;
    crew.each(pieces, &|piece| {
        let end = begin(piece + 1);
        for lo in (begin(piece)..end).step_by(STRIDE) {
            if crew.stopped() {
                return false;
            }
            for at in lo..end.min(lo + STRIDE) {
                // SAFETY: by contract; the counts of a piece are used by one thread, and there is one for each number.
                unsafe {
                    let number = input.add(at).read_unaligned();
                    *all.add(piece * T::VALUES + (number.bits() ^ flip)) += 1;
                }
            }
        }
        true
    })?;
    let mut ends = list(crew, T::VALUES)?;
    let mut end = 0;
    for value in 0..T::VALUES {
        end += counts.iter().skip(value).step_by(T::VALUES).sum::<usize>();
        ends.push(end);
    }
    crew.each(len.div_ceil(STRIDE), &|turn| {
        let (mut lo, hi) = (turn * STRIDE, len.min((turn + 1) * STRIDE));
        let first = ends.partition_point(|end| *end <= lo);
        for (value, end) in ends.iter().enumerate().skip(first) {
            let end = hi.min(*end);
            for at in lo..end {
                // SAFETY: by contract; turns are disjoint.
                unsafe { out.add(at).write(T::of(value ^ flip)) };
            }
            lo = end;
            if lo >= hi {
                break;
            }
        }
        true
    })
}
