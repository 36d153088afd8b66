//! Merges the tables of the chunks of a loop into one.
//!
//! Promises: per key, values meet in the order of the chunks, and in each of them first that of the table and then the
//! rows; entries stand in the order in which their keys first appeared. Neither depends on threads. Few keys are merged
//! one after the other; else each part of the hashes is merged by itself, in parallel, and the order of all keys follows
//! from the places where they first appeared: how many of these are before one is where its entry goes.

use super::job::{left_failure, list};
use super::run_loop;
use crate::runtime::abi::{
    Absorbed, BodyFn, Dict, EMPTY_LINE, Failure, LINE, LoopDesc, PARTS, Status, TableDesc, TaskCtx,
};
use crate::runtime::dict::{MOST_ENTRIES, capacity, next_slots, slot_count};
use crate::runtime::local::{Partial, copy_entry};
use crate::runtime::memory::Temporary;
use crate::runtime::rows::Rows;
use crate::runtime::run::{RunShared, plain_failure};
use std::ptr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Places that one step puts in order together: their entries should stay in a near cache.
const RANGE: i64 = 1 << 16;
/// Words of a set of that many places.
const WORDS: usize = RANGE as usize / 64;
/// The first tables of parts begin with room for at most so many keys, the others for as many as those came to have.
const FIRST_KEYS: usize = 1024;
/// Slots up to here are in the nearest cache, where many of them cost nothing and keys that meet cost a wrong guess.
const NEAR_SLOTS: usize = 4096;
/// There are at most so many ranges; they become longer then.
const MOST_RANGES: i64 = 1 << 14;

/// What is merged: the entries that the loop began with, as rows, or what a chunk left behind.
struct Source {
    rows: Rows,
    /// The place of its first row or entry.
    base: i64,
    /// Whether its values are taken as they are.
    taken: bool,
}

/// One part of the hashes.
struct Merged<'r> {
    table: *mut Dict,
    /// The place where each key first appeared; later where its entry is.
    places: Option<Temporary<'r>>,
    /// The first slots and entries.
    _room: Option<Temporary<'r>>,
}

/// The merging of one table.
struct Gather<'r> {
    run: &'r RunShared,
    desc: &'r TableDesc,
    sources: Vec<Source>,
    merged: Vec<Merged<'r>>,
    /// Keys that a part will have, as far as is known. It has no influence on results.
    expected: AtomicUsize,
    /// Places in a range, and how many ranges there are.
    range: i64,
    n_ranges: usize,
    /// For each range and each part: the number of its keys before the range.
    bounds: *mut u32,
    slots: *mut u64,
    n_slots: usize,
    entries: *mut u8,
}

/// Merges what the chunks left behind into `start`.
///
/// # Safety
/// `ctx` belongs to this thread and nobody refers to its runtime part; the partials are those of all chunks of a loop, in
/// order, `desc` is the table's in this loop and `start` what it began with.
pub(super) unsafe fn gather(
    ctx: *mut TaskCtx,
    desc: &TableDesc,
    start: *mut Dict,
    partials: Vec<Partial>,
) -> Result<(), Failure> {
    let few = partials.iter().all(|partial| !partial.table.is_null());
    // SAFETY: by contract.
    unsafe { if few { in_turn(ctx, desc, start, &partials) } else { by_parts(ctx, desc, start, partials) } }
}

/// Merges small tables one after the other.
unsafe fn in_turn(
    ctx: *mut TaskCtx,
    desc: &TableDesc,
    start: *mut Dict,
    partials: &[Partial],
) -> Result<(), Failure> {
    for partial in partials {
        // SAFETY: the table is whole, and nobody uses it.
        unsafe {
            let (rows, n) = ((*partial.table).entries, (*partial.table).len);
            let stride = i64::from(desc.entry_bytes);
            let env = Absorbed { rows, stride, places: ptr::null_mut(), base: 0, taken: 0 };
            absorb(ctx, desc, start, &env, n)?;
            (*ctx).inner.local_free(partial.table);
        }
    }
    Ok(())
}

unsafe fn absorb(
    ctx: *mut TaskCtx,
    desc: &TableDesc,
    table: *mut Dict,
    env: &Absorbed,
    n: i64,
) -> Result<(), Failure> {
    // SAFETY: by contract of the callers: `n` rows or entries of this table.
    unsafe {
        let code = (desc.absorb)(ctx, (&raw const *env).cast(), table.cast(), 0, n);
        if code == 0 { Ok(()) } else { Err(left_failure(ctx, code)) }
    }
}

/// Merges the parts of the hashes in parallel.
unsafe fn by_parts(
    ctx: *mut TaskCtx,
    desc: &TableDesc,
    start: *mut Dict,
    partials: Vec<Partial>,
) -> Result<(), Failure> {
    // SAFETY: by contract; the run outlives its contexts.
    let run = unsafe { &*(*ctx).inner.run };
    let mut sources = list(run, partials.len() + 1)?;
    let mut base = 0;
    // SAFETY: by contract: the start and the kept tables are used by nobody else.
    unsafe {
        let mut first = Rows::new(desc.row_bytes as usize);
        (*ctx).inner.write_rows(&*start, &mut first, desc.number_at, 0)?;
        first.close();
        sources.push(Source { rows: first, base, taken: true });
        base += (*start).len;
        for mut partial in partials {
            if !partial.table.is_null() {
                partial.rows = (*ctx).inner.local_rows(partial.table)?;
                (*ctx).inner.local_free(partial.table);
            }
            sources.push(Source { rows: partial.rows, base, taken: false });
            base += partial.len;
        }
    }
    let places = base.max(1);
    let range = ((places - 1) / MOST_RANGES / RANGE + 1) * RANGE;
    let n_ranges = ((places - 1) / range + 1) as usize;
    let bounds = run.store.temporary((n_ranges + 1) * PARTS * size_of::<u32>())?;
    let mut merged = list(run, PARTS)?;
    merged.extend((0..PARTS).map(|_| Merged { table: ptr::null_mut(), places: None, _room: None }));
    let mut all = Gather {
        run,
        desc,
        sources,
        merged,
        expected: AtomicUsize::new(FIRST_KEYS.min(places as usize / PARTS)),
        range,
        n_ranges,
        bounds: bounds.data().cast(),
        slots: ptr::null_mut(),
        n_slots: 0,
        entries: ptr::null_mut(),
    };
    // SAFETY: the phases follow one another; each step of a phase writes what only it writes.
    unsafe {
        all.parallel(ctx, merge_part, PARTS)?;
        for source in &mut all.sources {
            source.rows.free(run);
        }
        let count: usize = all.merged.iter().map(|part| (*part.table).len as usize).sum();
        if count > MOST_ENTRIES {
            return Err(run.store.exhausted(usize::MAX));
        }
        all.n_slots = next_slots(0);
        while capacity(all.n_slots) < count {
            all.n_slots = next_slots(all.n_slots);
        }
        let entry_bytes = desc.entry_bytes as usize;
        if desc.indexed == 0 {
            all.entries = (*ctx).inner.alloc(count * entry_bytes)?;
        } else {
            (all.slots, all.entries) = (*ctx).inner.dict_room(all.n_slots, entry_bytes)?;
            all.parallel(ctx, clear_slots, all.n_slots.div_ceil(CLEARED))?;
        }
        all.parallel(ctx, put_in_order, n_ranges)?;
        if desc.indexed != 0 {
            all.parallel(ctx, fill_slots, PARTS)?;
        }
        let inner = &mut (*ctx).inner;
        for part in &all.merged {
            inner.run().store.free((*part.table).slots.cast());
            inner.run().store.free((*part.table).entries);
        }
        let dict = &mut *start;
        inner.run().store.free(dict.slots.cast());
        inner.run().store.free(dict.entries);
        dict.entries = all.entries;
        dict.len = count as i64;
        if desc.indexed == 0 {
            dict.slots = (&raw const EMPTY_LINE).cast_mut().cast();
            (dict.mask, dict.cap) = (LINE as i64 - 1, dict.len);
        } else {
            dict.slots = all.slots;
            dict.mask = all.n_slots as i64 - 1;
            dict.cap = capacity(all.n_slots).min(MOST_ENTRIES) as i64;
        }
    }
    Ok(())
}

impl Gather<'_> {
    /// Runs `n` steps of a phase.
    unsafe fn parallel(&self, ctx: *mut TaskCtx, body: BodyFn, n: usize) -> Result<(), Failure> {
        let desc = LoopDesc::without_builders(body);
        // SAFETY: the loop has no builders, so its frame is never used, and `self` outlives it.
        let code = unsafe { run_loop(ctx, &desc, (&raw const *self).cast(), ptr::null_mut(), n as i64) };
        // SAFETY: by contract of the caller.
        if code == 0 { Ok(()) } else { Err(unsafe { left_failure(ctx, code) }) }
    }

    /// Merges the rows of a part into a table of its own.
    unsafe fn merge_part(&self, ctx: *mut TaskCtx, part: usize) -> Result<(), Failure> {
        let entry_bytes = self.desc.entry_bytes as usize;
        // SAFETY: this step alone writes this part.
        let merged = unsafe { &mut *self.merged.as_ptr().cast_mut().add(part) };
        let expected = self.expected.load(Ordering::Relaxed);
        // SAFETY: by contract of the phases.
        let table = unsafe {
            let inner = &mut (*ctx).inner;
            let table = inner.dict_new(i64::from(self.desc.entry_bytes), 0)?;
            let sparse = (expected * 6).next_power_of_two().clamp(2 * LINE, NEAR_SLOTS);
            let slots = sparse.max((expected / 16 * 27).next_power_of_two());
            // Looked at a line at a time, fuller tables than usual are fine.
            let cap = slots / 8 * 5;
            let bytes = slots * size_of::<u64>();
            let room = self.run.store.temporary(bytes + cap * entry_bytes)?;
            ptr::write_bytes(room.data(), 0, bytes);
            (*table).slots = room.data().cast();
            (*table).mask = slots as i64 - 1;
            (*table).entries = room.data().add(bytes);
            (*table).cap = cap as i64;
            merged._room = Some(room);
            merged.table = table;
            table
        };
        let mut room = 0;
        for source in &self.sources {
            let mut read = |rows: *const u8, n: usize| {
                // SAFETY: by contract of the phases.
                unsafe {
                    if self.run.stopped() {
                        return Err(plain_failure(self.run.stop_status()));
                    }
                    let len = (*table).len as usize;
                    if len + n > room {
                        room = (len + n).max(room * 2).max(expected);
                        let new = self.run.store.temporary(room * size_of::<i64>())?;
                        if let Some(old) = &merged.places {
                            ptr::copy_nonoverlapping(old.data(), new.data(), len * size_of::<i64>());
                        }
                        merged.places = Some(new);
                    }
                    let places = merged.places.as_ref().map_or(ptr::null_mut(), |it| it.data().cast());
                    let stride = i64::from(self.desc.row_bytes);
                    let (base, taken) = (source.base, i64::from(source.taken));
                    let env = Absorbed { rows, stride, places, base, taken };
                    absorb(ctx, self.desc, table, &env, n as i64)
                }
            };
            // SAFETY: the chunks are over.
            unsafe { source.rows.each(part, &mut read)? };
        }
        // SAFETY: as above.
        self.expected.fetch_max(unsafe { (*table).len as usize }, Ordering::Relaxed);
        if self.desc.indexed == 0 {
            // SAFETY: nobody looks for a key of this part any more.
            unsafe {
                self.run.store.free((*table).slots.cast());
                (*table).slots = ptr::null_mut();
            }
        }
        // SAFETY: each key has its place, in ascending order; the bounds of this part are written here alone.
        unsafe {
            let places = &*self.places(part, 0..(*table).len as usize);
            let mut at = 0;
            for range in 0..=self.n_ranges {
                let begin = range as i64 * self.range;
                at += places.get(at..).unwrap_or_default().partition_point(|place| *place < begin);
                *self.bounds.add(range * PARTS + part) = at as u32;
            }
        }
        Ok(())
    }

    /// The places of these keys of a part.
    ///
    /// # Safety
    /// The part is merged and has these keys.
    unsafe fn places(&self, part: usize, tickets: std::ops::Range<usize>) -> *mut [i64] {
        let places = self.merged.get(part).and_then(|merged| merged.places.as_ref());
        let Some(places) = places else { return &mut [] };
        // SAFETY: there is one for each key.
        let first = unsafe { places.data().cast::<i64>().add(tickets.start) };
        ptr::slice_from_raw_parts_mut(first, tickets.len())
    }

    /// Writes the entries whose places are in a range.
    unsafe fn put_in_order(&self, range: usize) {
        // SAFETY: the bounds are written; parts and ranges are within them.
        let bound = |range: usize, part: usize| unsafe { *self.bounds.add(range * PARTS + part) as usize };
        let mut first: usize = (0..PARTS).map(|part| bound(range, part)).sum();
        let bytes = self.desc.entry_bytes as usize;
        // A range may be longer than the set: then it is looked at piece by piece.
        let begin = range as i64 * self.range;
        let mut from: [u32; PARTS] = std::array::from_fn(|part| bound(range, part) as u32);
        for piece in 0..self.range / RANGE {
            let begin = begin + piece * RANGE;
            let mut set = [0u64; WORDS];
            let mut to = from;
            for (part, to) in to.iter_mut().enumerate() {
                // SAFETY: the part is merged; its places from `to` up to the next range belong to this one.
                let places = unsafe { &*self.places(part, *to as usize..bound(range + 1, part)) };
                for place in places.iter().map(|place| place - begin).take_while(|place| *place < RANGE) {
                    if let Some(word) = set.get_mut(place as usize / 64) {
                        *word |= 1 << (place % 64);
                    }
                    *to += 1;
                }
            }
            let mut before = [0u32; WORDS];
            let mut count = 0;
            for (before, word) in before.iter_mut().zip(&set) {
                *before = count;
                count += word.count_ones();
            }
            for (part, (from, to)) in from.iter().zip(&to).enumerate() {
                let tickets = *from as usize..*to as usize;
                // SAFETY: as above; nobody else has these places.
                let places = unsafe { &mut *self.places(part, tickets.clone()) };
                let Some(merged) = self.merged.get(part) else { continue };
                for (ticket, place) in tickets.zip(places) {
                    let at = (*place - begin) as usize;
                    let (word, bit) = (at / 64, at % 64);
                    let smaller = set.get(word).map_or(0, |set| (set & ((1 << bit) - 1)).count_ones());
                    let entry = first + (before.get(word).copied().unwrap_or(0) + smaller) as usize;
                    *place = entry as i64;
                    // SAFETY: there are as many entries as keys, and this one is written here alone.
                    unsafe {
                        let key = (*merged.table).entries.add(ticket * bytes);
                        copy_entry(key, self.entries.add(entry * bytes), bytes);
                    }
                }
            }
            from = to;
            first += count as usize;
        }
    }

    /// Puts the keys of a part into the slots.
    unsafe fn fill_slots(&self, part: usize) {
        let Some(merged) = self.merged.get(part) else { return };
        let mask = self.n_slots - 1;
        // SAFETY: by contract of the phases: the slots are cleared, larger in number than the keys, and changed in
        // atomic steps only.
        unsafe {
            let places = &*self.places(part, 0..(*merged.table).len as usize);
            for at in 0..slot_count(&*merged.table) {
                let slot = *(*merged.table).slots.add(at);
                let ticket = (slot & 0xffff_ffff) as usize;
                let Some(place) = ticket.checked_sub(1).and_then(|ticket| places.get(ticket)) else {
                    continue;
                };
                let new = slot & 0xffff_ffff_0000_0000 | (*place as u64 + 1);
                let put = |at: usize| {
                    let free = AtomicU64::from_ptr(self.slots.add(at));
                    free.load(Ordering::Relaxed) == 0
                        && free.compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed).is_ok()
                };
                // As `runtime::dict::put`: a line that is full stays so.
                let own = (slot >> 32) as usize & mask;
                let mut line = own - own % LINE;
                if !put(own) {
                    while !(line..line + LINE).any(put) {
                        line = (line + LINE) & mask;
                    }
                }
            }
        }
    }
}

/// Slots that one step clears.
const CLEARED: usize = 1 << 16;

/// The steps `lo..hi` of a phase: `env` points to the [`Gather`].
unsafe fn steps(
    ctx: *mut TaskCtx,
    env: *const u8,
    range: std::ops::Range<i64>,
    step: impl Fn(&Gather<'_>, usize) -> Result<(), Failure>,
) -> u32 {
    // SAFETY: by contract of the loop.
    let all = unsafe { &*env.cast::<Gather<'_>>() };
    for at in range {
        let outcome = match all.run.stopped() {
            true => Err(plain_failure(all.run.stop_status())),
            false => step(all, at as usize),
        };
        if let Err(failure) = outcome {
            // SAFETY: the context is this thread's.
            return unsafe { (*ctx).inner.fail(failure) };
        }
    }
    Status::Ok as u32
}

unsafe extern "C" fn merge_part(ctx: *mut TaskCtx, env: *const u8, _: *mut u8, lo: i64, hi: i64) -> u32 {
    // SAFETY: as `steps`.
    unsafe { steps(ctx, env, lo..hi, |all, part| all.merge_part(ctx, part)) }
}

unsafe extern "C" fn clear_slots(ctx: *mut TaskCtx, env: *const u8, _: *mut u8, lo: i64, hi: i64) -> u32 {
    let clear = |all: &Gather<'_>, step: usize| {
        let first = step * CLEARED;
        // SAFETY: slots of this step alone.
        unsafe { all.slots.add(first).write_bytes(0, CLEARED.min(all.n_slots - first)) };
        Ok(())
    };
    // SAFETY: as `steps`.
    unsafe { steps(ctx, env, lo..hi, clear) }
}

unsafe extern "C" fn put_in_order(ctx: *mut TaskCtx, env: *const u8, _: *mut u8, lo: i64, hi: i64) -> u32 {
    // SAFETY: as `steps`.
    unsafe {
        steps(ctx, env, lo..hi, |all, range| {
            all.put_in_order(range);
            Ok(())
        })
    }
}

unsafe extern "C" fn fill_slots(ctx: *mut TaskCtx, env: *const u8, _: *mut u8, lo: i64, hi: i64) -> u32 {
    // SAFETY: as `steps`.
    unsafe {
        steps(ctx, env, lo..hi, |all, part| {
            all.fill_slots(part);
            Ok(())
        })
    }
}
