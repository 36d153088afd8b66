//! Splitting records into buckets by their keys, in parallel over pieces of rows.
//!
//! Promises: stable; what is split and where depends on the records alone. Buckets are chosen by a look at a sample of
//! the keys, so that they are about equal for most data; a split that met keys of another kind is repeated by the caller
//! with their exact range.

use super::crew::{Crew, list};
use super::keys::{Keys, Record, kind};
use crate::runtime::abi::Failure;

/// At most this many buckets: more places that are written to in turn cost the processor more than they bring.
const MOST: usize = 1024;
/// Buckets should have this many bytes.
const BUCKET: usize = 160 * 1024;
/// Keys that are looked at to choose the buckets.
const SAMPLE: usize = 1024;
/// As many of them at either end may lie far off.
const ENDS: usize = 4;
/// Rows of a piece, at least, and between two looks at the signal, at most.
const STRIDE: usize = 64 * 1024;
/// At most this many pieces.
const PIECES: usize = 64;

/// A map of records to buckets that keeps the order of keys.
trait Buckets<T, const KIND: u8>: Copy + Sync {
    /// The bucket of a record: below the number of buckets that the map was made for.
    fn bucket(&self, keys: &Keys<KIND>, record: T) -> usize;
}

/// By the number of the key.
#[derive(Clone, Copy)]
struct Range {
    low: u64,
    /// Bits of a number that are not looked at.
    shift: u32,
    /// Steps of so many numbers between the ends.
    steps: u64,
    /// Buckets per step, times 2^32.
    scale: u64,
}

impl Range {
    /// Buckets for numbers between `low` and `high`, but for a few. If they have a bucket each, then none of them shares
    /// it with smaller or larger ones. As a rule the width is no power of two: places that are a power of two apart
    /// would compete for the same lines of the cache.
    fn new(low: u64, high: u64, buckets: usize) -> Range {
        /// Steps that are fine enough.
        const FINE: u32 = 20;
        let last = buckets as u64 - 1;
        let low = low.saturating_sub((high - low) / last + 1);
        let shift = (u64::BITS - (high - low).leading_zeros()).saturating_sub(FINE);
        let steps = ((high - low) >> shift) + 1;
        Range { low, shift, steps, scale: (last << 32) / steps.max(last) }
    }
}

impl<T: Record, const KIND: u8> Buckets<T, KIND> for Range {
    #[inline(always)]
    fn bucket(&self, keys: &Keys<KIND>, record: T) -> usize {
        let step = (keys.key(record).saturating_sub(self.low) >> self.shift).min(self.steps);
        ((step * self.scale) >> 32) as usize
    }
}

/// By the value of a float.
#[derive(Clone, Copy)]
struct Line {
    low: f64,
    scale: f64,
    last: f64,
}

impl Line {
    /// Buckets for values between `low` and `high`, but for a few; `None` when they are too near or too far.
    fn new(low: f64, high: f64, buckets: usize) -> Option<Line> {
        let scale = (buckets - 2) as f64 / (high - low);
        let low = low - 1.0 / scale;
        let sound = scale.is_finite() && scale > 0.0 && low.is_finite();
        sound.then_some(Line { low, scale, last: (buckets - 1) as f64 })
    }
}

impl<T: Record, const KIND: u8> Buckets<T, KIND> for Line {
    #[inline(always)]
    fn bucket(&self, keys: &Keys<KIND>, record: T) -> usize {
        let at = (keys.value(record) - self.low) * self.scale;
        // Both are one instruction, and neither gives NaN.
        let at = if at > 0.0 { at } else { 0.0 };
        let at = if at < self.last { at } else { self.last };
        // SAFETY: the value is between 0 and `last`, which is below `MOST`.
        unsafe { at.to_int_unchecked::<i32>() as usize }
    }
}

/// Memory that several threads use at once, each at places of its own.
#[derive(Debug)]
pub(super) struct Shared<T>(pub *mut T);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        *self
    }
}

impl<T> Copy for Shared<T> {}

// SAFETY: nothing but an address; who uses it keeps threads apart.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// The address `count` further on, which may be outside of the memory as long as it is not used.
    pub fn add(self, count: usize) -> *mut T {
        self.0.wrapping_add(count)
    }
}

/// What became of a split.
pub(super) enum Outcome {
    /// They are at the other place; bucket `k` is `starts[k]..starts[k + 1]`.
    Split {
        /// The begin of each bucket, and the end of all.
        starts: Vec<usize>,
        /// In the place of the keys are their numbers.
        encoded: bool,
    },
    /// Nothing: the records are in order where they are.
    InOrder,
    /// Nothing: a key is NaN.
    Nan,
}

/// What is split: `len` records go from one place to another. What lies at `from` need not be aligned.
pub(super) struct Job<'a, T, const KIND: u8> {
    pub keys: &'a Keys<KIND>,
    pub crew: &'a dyn Crew,
    pub from: Shared<T>,
    pub to: Shared<T>,
    pub len: usize,
    /// Whether the numbers of the keys may take their place.
    pub encode: bool,
}

/// What a thread saw in its piece.
#[derive(Clone, Copy)]
struct Seen<T> {
    first: T,
    last: T,
    in_order: bool,
    nan: bool,
    negative_zero: bool,
}

impl<T: Record, const KIND: u8> Job<'_, T, KIND> {
    /// Splits by a sample of the keys, or by all of them if `exact`, which makes buckets that are at least
    /// hundreds of times narrower than the range of the keys.
    ///
    /// # Safety
    /// `from` holds the records and `to` has room for as many; they do not overlap, and nobody writes to the one or uses
    /// the other. There are at least [`SAMPLE`] records.
    pub unsafe fn split(&self, exact: bool) -> Result<Outcome, Failure> {
        let buckets = (self.len / (BUCKET / size_of::<T>())).next_power_of_two().clamp(16, MOST);
        if exact {
            // SAFETY: by contract.
            let (low, high) = unsafe { self.range()? };
            // SAFETY: by contract.
            return unsafe { self.by(buckets, Range::new(low, high, buckets)) };
        }
        let mut sample = list(self.crew, SAMPLE)?;
        // SAFETY: by contract; each is below the length.
        sample.extend((0..SAMPLE).map(|k| unsafe { self.record(self.len / SAMPLE * k) }));
        sample.sort_unstable_by_key(|record| self.keys.key(*record));
        let (Some(low), Some(high)) = (sample.get(ENDS), sample.get(SAMPLE - 1 - ENDS)) else {
            return Ok(Outcome::InOrder);
        };
        let range = Range::new(self.keys.key(*low), self.keys.key(*high), buckets);
        let line = Line::new(self.keys.value(*low), self.keys.value(*high), buckets);
        match line.filter(|_| Keys::<KIND>::FLOATS) {
            // SAFETY: by contract.
            Some(line) if self.pairs(&sample, line) < self.pairs(&sample, range) => unsafe {
                self.by(buckets, line)
            },
            // SAFETY: by contract.
            _ => unsafe { self.by(buckets, range) },
        }
    }

    /// How many pairs of a sorted sample share a bucket.
    fn pairs(&self, sample: &[T], map: impl Buckets<T, KIND>) -> usize {
        let (mut pairs, mut run, mut last) = (0, 0, usize::MAX);
        for record in sample {
            let bucket = map.bucket(self.keys, *record);
            run = if bucket == last { run + 1 } else { 0 };
            pairs += run;
            last = bucket;
        }
        pairs
    }

    #[inline(always)]
    unsafe fn record(&self, at: usize) -> T {
        // SAFETY: by contract of the caller: `at` is below the length.
        unsafe { self.from.add(at).read_unaligned() }
    }

    fn pieces(&self) -> usize {
        (self.len / STRIDE).clamp(1, PIECES)
    }

    /// Runs `work` on all rows, piece by piece, in ranges of at most [`STRIDE`]; it also gets the number of the piece.
    fn each_stride(&self, work: &(dyn Fn(usize, usize, usize) + Sync)) -> Result<(), Failure> {
        let pieces = self.pieces();
        let begin = |piece: usize| (self.len as u128 * piece as u128 / pieces as u128) as usize;
        self.crew.each(pieces, &|piece| {
            let end = begin(piece + 1);
            for lo in (begin(piece)..end).step_by(STRIDE) {
                if self.crew.stopped() {
                    return false;
                }
                work(piece, lo, end.min(lo + STRIDE));
            }
            true
        })
    }

    /// The smallest and the largest key.
    unsafe fn range(&self) -> Result<(u64, u64), Failure> {
        let mut ranges = list(self.crew, self.pieces())?;
        ranges.resize(self.pieces(), (u64::MAX, 0));
        let all = Shared(ranges.as_mut_ptr());
        self.each_stride(&|piece, lo, hi| {
            // SAFETY: by contract; the piece is run by one thread.
            unsafe {
                let (mut low, mut high) = *all.add(piece);
                for at in lo..hi {
                    let key = self.keys.key(self.record(at));
                    (low, high) = (low.min(key), high.max(key));
                }
                *all.add(piece) = (low, high);
            }
        })?;
        let both = |a: (u64, u64), b: (u64, u64)| (a.0.min(b.0), a.1.max(b.1));
        Ok(ranges.into_iter().reduce(both).unwrap_or_default())
    }

    unsafe fn by(&self, buckets: usize, map: impl Buckets<T, KIND>) -> Result<Outcome, Failure> {
        let pieces = self.pieces();
        let mut counts = list(self.crew, pieces * buckets)?;
        counts.resize(pieces * buckets, 0usize);
        let mut seen = list(self.crew, pieces)?;
        seen.resize(pieces, None::<Seen<T>>);
        let (places, notes) = (Shared(counts.as_mut_ptr()), Shared(seen.as_mut_ptr()));
        self.each_stride(&|piece, lo, hi| {
            // SAFETY: by contract; a piece is run by one thread, and its counts and notes are its own.
            unsafe {
                let first = self.record(lo);
                let blank = Seen { first, last: first, in_order: true, nan: false, negative_zero: false };
                let mut seen = (*notes.add(piece)).unwrap_or(blank);
                let own = places.add(piece * buckets);
                for at in lo..hi {
                    let record = self.record(at);
                    *own.add(map.bucket(self.keys, record)) += 1;
                    seen.in_order &= !self.keys.before(record, seen.last);
                    let (nan, negative_zero) = self.keys.oddities(record);
                    seen.nan |= nan;
                    seen.negative_zero |= negative_zero;
                    seen.last = record;
                }
                *notes.add(piece) = Some(seen);
            }
        })?;
        let seen = || seen.iter().flatten();
        if seen().any(|seen| seen.nan) {
            return Ok(Outcome::Nan);
        }
        let meet = |(a, b): (&Seen<T>, &Seen<T>)| !self.keys.before(b.first, a.last);
        if seen().all(|seen| seen.in_order) && seen().zip(seen().skip(1)).all(meet) {
            return Ok(Outcome::InOrder);
        }
        let mut starts = list(self.crew, buckets + 1)?;
        let mut start = 0;
        for bucket in 0..buckets {
            starts.push(start);
            for count in counts.iter_mut().skip(bucket).step_by(buckets) {
                start += std::mem::replace(count, start);
            }
        }
        starts.push(start);
        let fills = KIND == kind::F64 || (KIND == kind::F32 && size_of::<T>() == 4);
        let encoded = self.encode && fills && !seen().any(|seen| seen.negative_zero);
        // SAFETY: by contract; `places` are those of the counts.
        unsafe {
            if encoded {
                self.scatter(buckets, map, places, |record| self.keys.encoded(record))?;
            } else {
                self.scatter(buckets, map, places, |record| record)?;
            }
        }
        Ok(Outcome::Split { starts, encoded })
    }

    /// Each record goes to the next place of its bucket and piece, as `change` says.
    unsafe fn scatter(
        &self,
        buckets: usize,
        map: impl Buckets<T, KIND>,
        places: Shared<usize>,
        change: impl Fn(T) -> T + Sync,
    ) -> Result<(), Failure> {
        self.each_stride(&|piece, lo, hi| {
            // SAFETY: by contract; a piece is run by one thread, its places are its own and, as long as nobody writes
            // to the records, nobody else's. Should somebody do so all the same, no place is outside.
            unsafe {
                let own = places.add(piece * buckets);
                for at in lo..hi {
                    let record = self.record(at);
                    let next = own.add(map.bucket(self.keys, record));
                    let place = *next;
                    *next = place + 1;
                    if place < self.len {
                        self.to.add(place).write(change(record));
                    }
                }
            }
        })
    }
}
