//! Tables of dictionaries: making, copying and growing them. Finding and merging is compiled code.
//!
//! Promises: knows nothing of keys: slots hold the hashes that growth needs; the entries stay in the order of insertion;
//! nothing is left changed when memory runs out. Contract of the `unsafe` blocks: a header is as `abi::Dict` says, and
//! nobody else uses it during the call.

use super::abi::{Appender, Dict, EMPTY_SLOT, Failure};
use super::memory::LARGE;
use super::run::TaskInner;
use std::hash::{BuildHasher, RandomState};
use std::ptr;
use std::sync::OnceLock;

/// Slots of the first table that has room.
const FIRST_SLOTS: usize = 16;
/// Tickets are 32 bits, and 0 says that a slot is free.
pub(super) const MOST_ENTRIES: usize = u32::MAX as usize - 1;

/// What hashes of this process start from, so that nobody outside knows which keys collide.
pub fn hash_seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| RandomState::new().hash_one(0u64))
}

/// The most entries in a table of `slots` slots.
pub fn capacity(slots: usize) -> usize {
    slots / 10 * 7 + slots % 10 * 7 / 10
}

impl TaskInner {
    /// A dictionary without entries.
    pub(super) fn dict_new(&mut self, entry_bytes: i64) -> Result<*mut Dict, Failure> {
        let header: *mut Dict = self.alloc(size_of::<Dict>())?.cast();
        let empty = Dict {
            slots: (&raw const EMPTY_SLOT).cast_mut(),
            mask: 0,
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
        let header = self.dict_new(entry_bytes)?;
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
        let dict = unsafe { &mut *header };
        let (len, old_slots, entry_bytes) = (dict.len as usize, slot_count(dict), dict.entry_bytes as usize);
        if len >= MOST_ENTRIES {
            return Err(self.run().store.exhausted(usize::MAX));
        }
        // Small tables grow faster: they are rebuilt often and cost little.
        let factor = if old_slots < 4096 { 4 } else { 2 };
        let n_slots = if old_slots <= 1 { FIRST_SLOTS } else { old_slots * factor };
        let (slots, entries) = self.dict_room(n_slots, entry_bytes)?;
        let mask = n_slots - 1;
        // SAFETY: the new table is larger than the old one, so there are free slots, and every index is below its size.
        unsafe {
            slots.write_bytes(0, n_slots);
            for at in 0..old_slots {
                let slot = *dict.slots.add(at);
                if slot != 0 {
                    let mut to = (slot >> 32) as usize & mask;
                    while *slots.add(to) != 0 {
                        to = (to + 1) & mask;
                    }
                    *slots.add(to) = slot;
                }
            }
            if len > 0 {
                ptr::copy_nonoverlapping(dict.entries, entries, len * entry_bytes);
            }
        }
        let old_bytes = capacity(old_slots).saturating_mul(entry_bytes);
        self.dict_free(dict.slots.cast(), old_slots * size_of::<u64>());
        self.dict_free(dict.entries, old_bytes);
        dict.slots = slots;
        dict.mask = mask as i64;
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
