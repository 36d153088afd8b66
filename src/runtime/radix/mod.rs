//! Stable sorting of records by numbers, on all threads of a run.
//!
//! Promises: near-linear whatever the keys are; equal keys keep their order, so that the result depends on the records
//! alone. Records in order cost one look. How: rows are split into buckets ([`split`]), buckets that do not fit into the
//! cache are split again, the others are sorted there ([`leaf`]), each by one thread.

mod counting;
pub(super) mod crew;
pub(super) mod elements;
mod keys;
mod leaf;
mod split;
#[cfg(test)]
mod tests;

use super::abi::Failure;
use crew::{Crew, list};
use keys::{Keys, Record, kind};
use split::{Job, Outcome, Shared};
use std::ops::Range;

/// Buckets of more bytes are split again.
const CACHE: usize = 512 * 1024;
/// A thread takes about this many records at a time.
const TURN: usize = 32 * 1024;

/// Neighbouring records whose place in the result is known, but not their order.
struct Segment {
    rows: Range<usize>,
    /// Whether they are in the memory of the result, or in the spare one.
    home: bool,
    /// Whether they are in order already.
    in_order: bool,
}

/// The memory of a sort.
#[derive(Clone, Copy)]
struct Memory<T> {
    spare: Shared<T>,
    out: Shared<T>,
}

/// Sorts the `len` records at `input`, which need not be aligned, into `out`. False if a key is NaN: then what `out`
/// holds does not matter. `spare` is for the work.
///
/// # Safety
/// `input` holds as many records, and nobody writes to it; `spare` and `out` have room for as many, are aligned, and
/// nobody else uses them. `input` may be `out`.
unsafe fn sort<T: Record, const KIND: u8>(
    keys: &Keys<KIND>,
    crew: &dyn Crew,
    input: Shared<T>,
    spare: Shared<T>,
    out: Shared<T>,
    len: usize,
) -> Result<bool, Failure> {
    let memory = Memory { spare, out };
    let blank = |_: Shared<T>, _: usize| {};
    // SAFETY: by contract, here and below.
    unsafe {
        if len <= CACHE / size_of::<T>() {
            let mut nan = false;
            for at in 0..len {
                let record = input.add(at).read_unaligned();
                nan |= keys.oddities(record).0;
                spare.add(at).write(record);
            }
            if !nan {
                leaf::sort(keys, spare.0, out.0, spare.0, len);
            }
            return Ok(!nan);
        }
        let job = Job { keys, crew, from: input, to: spare, len, encode: true };
        match job.split(false)? {
            Outcome::Nan => return Ok(false),
            Outcome::InOrder => copy(crew, input, out, len)?,
            Outcome::Split { starts, encoded: false } => {
                finish(keys, crew, memory, &starts, &blank)?;
            }
            Outcome::Split { starts, encoded: true } => {
                let words = Keys::<{ kind::WHOLE }>::of_word(keys.at);
                let decode = |from: Shared<T>, len: usize| {
                    for at in 0..len {
                        let record = from.add(at);
                        record.write(keys.decoded(record.read()));
                    }
                };
                finish(&words, crew, memory, &starts, &decode)?;
            }
        }
    }
    Ok(true)
}

/// Copies records that need not be aligned, on all threads.
///
/// # Safety
/// `from` holds `len` records, `to` has room for them, and nobody else uses it.
unsafe fn copy<T: Record>(
    crew: &dyn Crew,
    from: Shared<T>,
    to: Shared<T>,
    len: usize,
) -> Result<(), Failure> {
    if from.0 == to.0 {
        return Ok(());
    }
    crew.each(len.div_ceil(TURN), &|turn| {
        let lo = turn * TURN;
        let count = TURN.min(len - lo) * size_of::<T>();
        // SAFETY: by contract; the turns are disjoint.
        unsafe { std::ptr::copy_nonoverlapping(from.add(lo).cast::<u8>(), to.add(lo).cast::<u8>(), count) };
        true
    })
}

/// Sorts buckets in the spare memory into the result, and does `last` to each range of it.
///
/// # Safety
/// As for [`sort`]; the buckets are those of a split into the spare memory.
unsafe fn finish<T: Record, const KIND: u8>(
    keys: &Keys<KIND>,
    crew: &dyn Crew,
    memory: Memory<T>,
    starts: &[usize],
    last: &(dyn Fn(Shared<T>, usize) + Sync),
) -> Result<(), Failure> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut large: Vec<(Segment, bool)> = Vec::new();
    let mut sort_out = |large: &mut Vec<(Segment, bool)>, starts: &[usize], base: usize, home: bool| {
        segments.try_reserve(starts.len()).map_err(|_| crew.exhausted(starts.len()))?;
        large.try_reserve(starts.len()).map_err(|_| crew.exhausted(starts.len()))?;
        let total = starts.last().copied().unwrap_or(0);
        for (lo, hi) in starts.iter().zip(starts.iter().skip(1)) {
            let segment = Segment { rows: base + lo..base + hi, home, in_order: false };
            match hi - lo {
                0 => {}
                // Where the sample said nothing about most records, their range has to.
                len if len * size_of::<T>() > CACHE => large.push((segment, len > total / 2)),
                _ => segments.push(segment),
            }
        }
        Ok::<(), Failure>(())
    };
    sort_out(&mut large, starts, 0, false)?;
    let mut ordered: Vec<Segment> = Vec::new();
    while let Some((segment, exact)) = large.pop() {
        let (from, to) = if segment.home { (memory.out, memory.spare) } else { (memory.spare, memory.out) };
        let (base, len) = (segment.rows.start, segment.rows.len());
        let job =
            Job { keys, crew, from: Shared(from.add(base)), to: Shared(to.add(base)), len, encode: false };
        // SAFETY: by contract; the rows of a segment are in one memory, and those of the other are free.
        match unsafe { job.split(exact)? } {
            Outcome::Split { starts, .. } => sort_out(&mut large, &starts, base, !segment.home)?,
            Outcome::InOrder | Outcome::Nan => {
                ordered.try_reserve(len / TURN + 1).map_err(|_| crew.exhausted(len))?;
                ordered.extend(segment.rows.clone().step_by(TURN).map(|lo| Segment {
                    rows: lo..segment.rows.end.min(lo + TURN),
                    home: segment.home,
                    in_order: true,
                }));
            }
        }
    }
    segments.try_reserve(ordered.len()).map_err(|_| crew.exhausted(ordered.len()))?;
    segments.append(&mut ordered);

    // Small segments go together.
    let mut turns: Vec<usize> = list(crew, segments.len() + 1)?;
    let mut rows = TURN;
    for (at, segment) in segments.iter().enumerate() {
        if rows >= TURN {
            turns.push(at);
            rows = 0;
        }
        rows += segment.rows.len();
    }
    turns.push(segments.len());
    crew.each(turns.len() - 1, &|turn| {
        let (Some(lo), Some(hi)) = (turns.get(turn), turns.get(turn + 1)) else { return true };
        for segment in segments.get(*lo..*hi).unwrap_or_default() {
            let (base, len) = (segment.rows.start, segment.rows.len());
            let (spare, out) = (memory.spare.add(base), memory.out.add(base));
            // SAFETY: by contract; segments are disjoint, and each is in one turn.
            unsafe {
                match (segment.in_order, segment.home) {
                    (true, true) => {}
                    (true, false) => std::ptr::copy_nonoverlapping(spare, out, len),
                    (false, home) => leaf::sort(keys, if home { out } else { spare }, out, spare, len),
                }
            }
            last(Shared(out), len);
        }
        true
    })
}
