//! Sorting what fits into the cache: by digits from the lowest up that matters, and by insertion what these leave.
//!
//! Promises: stable; reads and writes `len` records at the two places it is given and nothing else; near-linear
//! whatever the keys are.

use super::keys::{Keys, Record};

/// Up to this many records are sorted by insertion alone.
const FEW: usize = 40;
/// Values of a digit.
const DIGITS: usize = 256;
/// Bits of a digit.
const BITS: u32 = 8;
/// Digits that are counted together.
const MOST: usize = 4;
/// Random keys are told apart by as many bits as their number has, and this many more, but for a few of them.
const EXTRA: u32 = 8;

/// Sorts the `len` records at `from` into `to`. What `from` and `other` hold afterwards does not matter.
///
/// # Safety
/// `from` is `to` or `other`, and holds `len` records; both have room for as many, do not overlap, are aligned, and
/// nobody else uses them. `len` is below 2^32.
pub(super) unsafe fn sort<T: Record, const KIND: u8>(
    keys: &Keys<KIND>,
    from: *mut T,
    to: *mut T,
    other: *mut T,
    len: usize,
) {
    // SAFETY: by contract, here and below.
    unsafe {
        if len <= FEW {
            insert(keys, from, to, len, usize::MAX);
            return;
        }
        let (mut or, mut and) = (0, u64::MAX);
        for at in 0..len {
            let key = keys.key(*from.add(at));
            or |= key;
            and &= key;
        }
        let varying = or ^ and;
        let top = u64::BITS - varying.leading_zeros();
        let low = varying.trailing_zeros().min(top);
        let enough = usize::BITS - len.leading_zeros() + EXTRA;
        let shift = top.saturating_sub((top - low).min(enough).next_multiple_of(BITS));
        let mut now = Places { from, to: if from == to { other } else { to } };
        now.distribute(keys, len, shift, top);
        if shift <= low {
            now.settle(to, len);
        } else if !insert(keys, now.from, to, len, 4 * len) {
            // Keys that differ far below take all their digits.
            let mut now = Places { from: to, to: other };
            now.distribute(keys, len, low, top);
            now.settle(to, len);
        }
    }
}

/// Where the records are, and where they go next.
struct Places<T> {
    from: *mut T,
    to: *mut T,
}

impl<T: Record> Places<T> {
    /// Sorts by the bits `low..top` of the keys, stably.
    ///
    /// # Safety
    /// As for [`sort`].
    unsafe fn distribute<const KIND: u8>(&mut self, keys: &Keys<KIND>, len: usize, low: u32, top: u32) {
        let mut low = low;
        while low < top {
            let digits = (top - low).div_ceil(BITS).min(MOST as u32);
            // SAFETY: by contract.
            unsafe {
                match digits {
                    1 => self.passes::<KIND, 1>(keys, len, low),
                    2 => self.passes::<KIND, 2>(keys, len, low),
                    3 => self.passes::<KIND, 3>(keys, len, low),
                    _ => self.passes::<KIND, MOST>(keys, len, low),
                }
            }
            low += digits * BITS;
        }
    }

    /// Sorts by the `N` digits above the lowest `low` bits.
    ///
    /// # Safety
    /// As for [`sort`].
    unsafe fn passes<const KIND: u8, const N: usize>(&mut self, keys: &Keys<KIND>, len: usize, low: u32) {
        let mut counts = [[0u32; DIGITS]; N];
        // SAFETY: by contract; the records of a digit have as many places as it was counted, behind those of smaller
        // digits, so that all places are below `len`.
        unsafe {
            for at in 0..len {
                let key = keys.key(*self.from.add(at));
                for (number, counts) in counts.iter_mut().enumerate() {
                    counts[digit(key, low, number)] += 1;
                }
            }
            for (number, counts) in counts.iter_mut().enumerate() {
                let first = digit(keys.key(*self.from), low, number);
                if counts[first] as usize == len {
                    continue;
                }
                let mut start = 0;
                for count in counts.iter_mut() {
                    start += std::mem::replace(count, start);
                }
                for at in 0..len {
                    let record = *self.from.add(at);
                    let next = &mut counts[digit(keys.key(record), low, number)];
                    self.to.add(*next as usize).write(record);
                    *next += 1;
                }
                std::mem::swap(&mut self.from, &mut self.to);
            }
        }
    }

    /// The records go to `to`, if they are not there.
    ///
    /// # Safety
    /// As for [`sort`].
    unsafe fn settle(&self, to: *mut T, len: usize) {
        if self.from != to {
            // SAFETY: by contract.
            unsafe { std::ptr::copy_nonoverlapping(self.from, to, len) };
        }
    }
}

/// A digit of a key.
#[inline(always)]
fn digit(key: u64, low: u32, number: usize) -> usize {
    usize::from((key >> (low + BITS * number as u32)) as u8)
}

/// Sorts by insertion from `from` into `to`, which may be the same place; whether it came to the end before records
/// were moved by more than `budget` places altogether. When not, all records are in `to`, and those that were equal keep
/// their order.
///
/// # Safety
/// As for [`sort`], but `from` may be any of the two.
unsafe fn insert<T: Record, const KIND: u8>(
    keys: &Keys<KIND>,
    from: *mut T,
    to: *mut T,
    len: usize,
    budget: usize,
) -> bool {
    let (mut last, mut left) = (0, budget);
    // SAFETY: by contract.
    unsafe {
        for at in 0..len {
            let record = *from.add(at);
            let key = keys.key(record);
            if key >= last {
                to.add(at).write(record);
                last = key;
                continue;
            }
            let mut place = at;
            while place > 0 {
                let before = *to.add(place - 1);
                if keys.key(before) <= key {
                    break;
                }
                to.add(place).write(before);
                place -= 1;
            }
            to.add(place).write(record);
            let moved = at - place;
            if moved > left {
                if from != to {
                    std::ptr::copy_nonoverlapping(from.add(at + 1), to.add(at + 1), len - at - 1);
                }
                return false;
            }
            left -= moved;
        }
    }
    true
}
