//! Tables of dictionaries: making, copying and growing them. Finding and merging is compiled code.
//!
//! Promises: knows nothing of keys: slots hold the hashes that growth needs; the entries stay in the order of insertion;
//! nothing is left changed when memory runs out. Contract of the `unsafe` blocks: a header is as `abi::Dict` says, and
//! nobody else uses it during the call.

use super::abi::{Appender, Dict, EMPTY_LINE, Failure, LINE};
use super::memory::LARGE;
use super::run::TaskInner;
use std::hash::{BuildHasher, RandomState};
use std::ptr;
use std::slice;
use std::sync::OnceLock;

/// Slots of the first table that has room: little, for a loop may make a dictionary in each iteration.
const FIRST_SLOTS: usize = 16;
/// Up to so many slots a table is in the nearest cache however sparse it is.
const SPARSE_SLOTS: usize = 4096;
/// From so many slots on a table has only few keys for its size until then.
const FIRST_SPARSE: usize = 128;
/// Tickets are 32 bits, and 0 says that a slot is free.
pub(super) const MOST_ENTRIES: usize = u32::MAX as usize - 1;

/// What hashes of this process start from, so that nobody outside knows which keys collide.
pub fn hash_seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| RandomState::new().hash_one(0u64))
}

/// The most entries in a table of `slots` slots. Where a key meets another one in its slot, a loop over a small table
/// guesses its way wrong, so small tables are sparse; large ones are looked at a line at a time.
pub fn capacity(slots: usize) -> usize {
    if (FIRST_SPARSE..=SPARSE_SLOTS).contains(&slots) { slots / 8 } else { slots / 2 }
}

/// How many slots the table after one of `slots` slots has. Small tables grow faster: they are rebuilt often and cost
/// little.
pub fn next_slots(slots: usize) -> usize {
    match slots {
        0..FIRST_SLOTS => FIRST_SLOTS,
        FIRST_SLOTS..FIRST_SPARSE => slots * 4,
        FIRST_SPARSE..=SPARSE_SLOTS => slots * 8,
        _ => slots * 2,
    }
}

/// Puts a slot that is not there where its hash belongs, or into the first line after it that has a free slot. The number
/// of slots is a multiple of [`LINE`] and a power of two.
pub fn put(slots: &mut [u64], slot: u64) {
    let mask = slots.len().wrapping_sub(1);
    let place = (slot >> 32) as usize & mask;
    match slots.get_mut(place) {
        Some(own) if *own == 0 => return *own = slot,
        _ => {}
    }
    let mut line = place - place % LINE;
    for _ in 0..slots.len() / LINE {
        let free = slots.get_mut(line..line + LINE).into_iter().flatten().find(|held| **held == 0);
        if let Some(free) = free {
            return *free = slot;
        }
        line = (line + LINE) & mask;
    }
}

impl TaskInner {
    /// A dictionary without entries, with so many slots if that is not 0.
    pub(super) fn dict_new(&mut self, entry_bytes: i64, n_slots: i64) -> Result<*mut Dict, Failure> {
        let header: *mut Dict = self.alloc(size_of::<Dict>())?.cast();
        let empty = Dict {
            slots: (&raw const EMPTY_LINE).cast_mut().cast(),
            mask: LINE as i64 - 1,
            entries: ptr::null_mut(),
            len: 0,
            cap: 0,
            seed: hash_seed(),
            entry_bytes,
            log: Appender { data: ptr::null_mut(), len: 0, cap: 0 },
            local: ptr::null_mut(),
        };
        // SAFETY: fresh memory of this size.
        unsafe { header.write(empty) };
        if n_slots > 0 {
            // SAFETY: the header was just made.
            unsafe { self.dict_rebuild(header, n_slots as usize) }?;
        }
        Ok(header)
    }

    /// A dictionary that begins with the entries of `from`.
    ///
    /// # Safety
    /// As the module says; a null `from` is an empty dictionary.
    pub(super) unsafe fn dict_copy(
        &mut self,
        from: *const Dict,
        entry_bytes: i64,
    ) -> Result<*mut Dict, Failure> {
        let header = self.dict_new(entry_bytes, 0)?;
        // SAFETY: by contract.
        let Some(from) = (unsafe { from.as_ref() }) else { return Ok(header) };
        if from.len == 0 {
            return Ok(header);
        }
        let n_slots = slot_count(from);
        let (slots, entries) = self.dict_room(n_slots, entry_bytes as usize)?;
        // SAFETY: both tables have this many slots; the new entries have room for as many as the slots allow, which are
        // at least as many as there are.
        unsafe {
            ptr::copy_nonoverlapping(from.slots, slots, n_slots);
            ptr::copy_nonoverlapping(from.entries, entries, from.len as usize * entry_bytes as usize);
            (*header).slots = slots;
            (*header).mask = from.mask;
            (*header).entries = entries;
            (*header).len = from.len;
            (*header).cap = capacity(n_slots) as i64;
            (*header).seed = from.seed;
        }
        Ok(header)
    }

    /// Makes room for more entries.
    ///
    /// # Safety
    /// As the module says.
    pub(super) unsafe fn dict_grow(&mut self, header: *mut Dict) -> Result<(), Failure> {
        // SAFETY: by contract.
        let dict = unsafe { &*header };
        if dict.len as usize >= MOST_ENTRIES {
            return Err(self.run().store.exhausted(usize::MAX));
        }
        let mut n_slots = if dict.cap == 0 { FIRST_SLOTS } else { next_slots(slot_count(dict)) };
        // The table may be fuller than others of its size.
        while capacity(n_slots) <= dict.len as usize {
            n_slots = next_slots(n_slots);
        }
        // SAFETY: by contract; this many slots have room for more entries.
        unsafe { self.dict_rebuild(header, n_slots) }
    }

    /// Gives a dictionary a larger table.
    ///
    /// # Safety
    /// As the module says; `n_slots`, a power of two, has room for the entries.
    unsafe fn dict_rebuild(&mut self, header: *mut Dict, n_slots: usize) -> Result<(), Failure> {
        // SAFETY: by contract.
        let dict = unsafe { &mut *header };
        let (len, old_slots, entry_bytes) = (dict.len as usize, slot_count(dict), dict.entry_bytes as usize);
        let (slots, entries) = self.dict_room(n_slots, entry_bytes)?;
        // SAFETY: the tables have this many slots, and the new one is zeroed before anybody reads it; the entries have room
        // for as many as there are.
        unsafe {
            slots.write_bytes(0, n_slots);
            let table = slice::from_raw_parts_mut(slots, n_slots);
            for slot in slice::from_raw_parts(dict.slots, old_slots) {
                if *slot != 0 {
                    put(table, *slot);
                }
            }
            if len > 0 {
                ptr::copy_nonoverlapping(dict.entries, entries, len * entry_bytes);
            }
        }
        let old_bytes = (dict.cap as usize).saturating_mul(entry_bytes);
        self.dict_free(dict.slots.cast(), old_slots * size_of::<u64>());
        self.dict_free(dict.entries, old_bytes);
        dict.slots = slots;
        dict.mask = n_slots as i64 - 1;
        dict.entries = entries;
        dict.cap = capacity(n_slots).min(MOST_ENTRIES) as i64;
        Ok(())
    }

    /// Gives back what only the building needed.
    ///
    /// # Safety
    /// As the module says.
    pub(super) unsafe fn dict_seal(&mut self, header: *mut Dict) {
        // SAFETY: by contract.
        let dict = unsafe { &mut *header };
        self.run().store.free(dict.log.data);
        dict.log = Appender { data: ptr::null_mut(), len: 0, cap: 0 };
    }

    /// Room for a table of so many slots, not initialised, and for as many entries as they allow.
    pub(super) fn dict_room(
        &mut self,
        slots: usize,
        entry_bytes: usize,
    ) -> Result<(*mut u64, *mut u8), Failure> {
        let too_many = || self.run().store.exhausted(usize::MAX);
        let slot_bytes = slots.checked_mul(size_of::<u64>()).ok_or_else(too_many)?;
        let entries_bytes = capacity(slots).checked_mul(entry_bytes).ok_or_else(too_many)?;
        let table = self.alloc(slot_bytes)?;
        let entries = self.alloc(entries_bytes).inspect_err(|_| self.run().store.free(table))?;
        Ok((table.cast(), entries))
    }

    pub(super) fn dict_free(&self, data: *const u8, bytes: usize) {
        // Small ones stay until the end of the run.
        if bytes + ALIGN_SLACK >= LARGE {
            self.run().store.free(data);
        }
    }
}

/// Sizes are rounded up before they count as large.
const ALIGN_SLACK: usize = 64;

/// The slots of a table.
pub(super) fn slot_count(dict: &Dict) -> usize {
    dict.mask as usize + 1
}
