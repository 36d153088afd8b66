//! The table of one chunk of a loop: holds a limited number of keys and writes what it cannot hold as rows.
//!
//! Promises: what a table holds and what it spills depends on the merges of its chunk alone (`chunks`). Per key, the entry
//! of the table comes first, then the rows in their order. Nothing is left changed when memory runs out.
//! Contract of the `unsafe` blocks: a table is as `abi::Dict` says, was made by [`TaskInner::local_open`], and nobody else
//! uses it during the call.

use super::abi::{Dict, EMPTY_LINE, Failure, LINE, Local, PART_BITS, TableDesc};
use super::chunks::{is_sparse, most_keys, sample};
use super::dict::{capacity, slot_count};
use super::rows::Rows;
use super::run::TaskInner;
use std::ptr;

/// A table with more keys than this is written as rows at the end of its chunk, so that its memory serves the next one.
const MOST_KEPT: i64 = 4096;

/// Slots that a table begins with, so that a few keys hardly meet.
const FIRST_SLOTS: i64 = 512;

/// A [`Local`] and what only the runtime knows.
#[repr(C)]
struct LocalTable {
    shared: Local,
    /// The first iteration of the chunk.
    first: i64,
    /// The table grows up to this many keys.
    limit: i64,
    most_keys: i64,
    number_at: u32,
    /// The entries of the table, when it was written as rows.
    table: Rows,
    spilled: Rows,
    /// The memory of a table that was given up.
    unused: Option<Room>,
}

#[derive(Clone, Copy)]
struct Room {
    slots: *mut u64,
    mask: i64,
    entries: *mut u8,
}

/// What a chunk leaves behind.
pub(super) struct Partial {
    /// A small table, or null.
    pub(super) kept: *mut Dict,
    /// Rows of keys that are all different, numbered in their order.
    pub(super) table: Rows,
    /// Further rows.
    pub(super) spilled: Rows,
    /// One more than the highest number.
    pub(super) numbers: i64,
}

/// The runtime's part of the table of a chunk.
///
/// # Safety
/// As the module says. The result is used before anybody else uses the table.
unsafe fn local_of<'a>(dict: *mut Dict) -> &'a mut LocalTable {
    // SAFETY: `local_open` made it, `Local` being its first field.
    unsafe { &mut *(*dict).local.cast::<LocalTable>() }
}

impl TaskInner {
    /// An empty table for a chunk of `len` iterations that begins with iteration `first`. `old` is null or the table of
    /// a chunk that is over.
    ///
    /// # Safety
    /// As the module says.
    pub(super) unsafe fn local_open(
        &mut self,
        old: *mut Dict,
        desc: &TableDesc,
        first: i64,
        len: i64,
    ) -> Result<*mut Dict, Failure> {
        let most_keys = most_keys(len);
        let row_bytes = desc.row_bytes as usize;
        let shared = Local { spills: 0, next: 0, parts: ptr::null_mut() };
        let rows = Rows::new(row_bytes);
        let limit = sample(most_keys);
        let number_at = desc.number_at;
        let new = LocalTable {
            shared,
            first,
            limit,
            most_keys,
            number_at,
            table: rows,
            spilled: rows,
            unused: None,
        };
        // SAFETY: `old` is a table of ours; new headers are fresh memory.
        unsafe {
            if old.is_null() {
                let dict = self.dict_new(i64::from(desc.entry_bytes), FIRST_SLOTS)?;
                (*dict).cap = (*dict).cap.min(limit);
                let local: *mut LocalTable = self.alloc(size_of::<LocalTable>())?.cast();
                local.write(new);
                (*dict).local = local.cast();
                return Ok(dict);
            }
            let (dict, local) = (&mut *old, local_of(old));
            if let Some(room) = local.unused {
                (dict.slots, dict.mask, dict.entries) = (room.slots, room.mask, room.entries);
            }
            *local = new;
            dict.len = 0;
            dict.cap = 0;
            // A table that was given up and had no room is all that has no entries.
            if !dict.entries.is_null() {
                dict.slots.write_bytes(0, slot_count(dict));
                dict.cap = (capacity(slot_count(dict)) as i64).min(limit);
            }
        }
        Ok(old)
    }

    /// Iteration `iteration` merges into a key that is not in the full table.
    ///
    /// # Safety
    /// As the module says.
    pub(super) unsafe fn local_full(&mut self, header: *mut Dict, iteration: i64) -> Result<(), Failure> {
        // SAFETY: by contract.
        let (dict, local) = unsafe { (&mut *header, local_of(header)) };
        if dict.cap < local.limit {
            // SAFETY: by contract.
            unsafe { self.dict_grow(header)? };
            dict.cap = dict.cap.min(local.limit);
            return Ok(());
        }
        if local.limit < local.most_keys {
            if !is_sparse(iteration - local.first, dict.len) {
                local.limit = local.most_keys;
                dict.cap = (capacity(slot_count(dict)) as i64).min(local.limit);
                return Ok(());
            }
            local.spilled.begin(self)?;
            // SAFETY: by contract.
            unsafe { self.local_write(dict, &mut local.table, local.number_at)? };
            local.shared.next = dict.len;
            local.unused = Some(Room { slots: dict.slots, mask: dict.mask, entries: dict.entries });
            dict.slots = (&raw const EMPTY_LINE).cast_mut().cast();
            (dict.mask, dict.entries, dict.len, dict.cap) = (LINE as i64 - 1, ptr::null_mut(), 0, 0);
        } else {
            local.spilled.begin(self)?;
            local.shared.next = dict.len;
        }
        local.shared.parts = local.spilled.parts;
        local.shared.spills = 1;
        Ok(())
    }

    /// Makes room in a part of what a table spills.
    ///
    /// # Safety
    /// As the module says.
    pub(super) unsafe fn local_grow(&mut self, header: *mut Dict, part: usize) -> Result<(), Failure> {
        // SAFETY: by contract.
        unsafe { local_of(header).spilled.grow(self, part) }
    }

    /// The chunk of a table is over. Its memory serves the next chunk of this thread, if the table that comes back is
    /// not null.
    ///
    /// # Safety
    /// As the module says.
    pub(super) unsafe fn local_close(&mut self, header: *mut Dict) -> Result<(Partial, *mut Dict), Failure> {
        // SAFETY: by contract.
        let (dict, local) = unsafe { (&mut *header, local_of(header)) };
        let numbers = if local.shared.spills == 0 { dict.len } else { local.shared.next };
        if local.shared.spills == 0 && dict.len <= MOST_KEPT {
            let none = Rows::new(1);
            return Ok((Partial { kept: header, table: none, spilled: none, numbers }, ptr::null_mut()));
        }
        // A table that was given up has no entries any more.
        // SAFETY: by contract.
        unsafe { self.local_write(dict, &mut local.table, local.number_at)? };
        let partial = Partial { kept: ptr::null_mut(), table: local.table, spilled: local.spilled, numbers };
        Ok((partial, header))
    }

    /// Writes the entries of a table as rows, in their order.
    ///
    /// # Safety
    /// `dict` is a table that nobody changes; the rows are those of its loop.
    pub(super) unsafe fn local_write(
        &mut self,
        dict: &Dict,
        rows: &mut Rows,
        number_at: u32,
    ) -> Result<(), Failure> {
        if dict.len == 0 {
            return Ok(());
        }
        rows.begin(self)?;
        let len = dict.len as usize;
        // SAFETY: the run outlives its contexts.
        let parts = unsafe { &(*self.run).store }.temporary(len * size_of::<u16>())?;
        let part_of = parts.data().cast::<u16>();
        let entry_bytes = dict.entry_bytes as usize;
        // SAFETY: slots hold the tickets of entries, which are below `len`; there is a number for each entry.
        unsafe {
            for at in 0..slot_count(dict) {
                let slot = *dict.slots.add(at);
                let ticket = (slot & 0xffff_ffff) as usize;
                if ticket != 0 {
                    *part_of.add(ticket - 1) = (slot >> (64 - PART_BITS)) as u16;
                }
            }
            for ticket in 0..len {
                let row = rows.push(self, usize::from(*part_of.add(ticket)))?;
                copy_entry(dict.entries.add(ticket * entry_bytes), row, entry_bytes);
                row.add(number_at as usize).cast::<i64>().write_unaligned(ticket as i64);
            }
        }
        Ok(())
    }

    /// Gives the memory of the table of a chunk back.
    ///
    /// # Safety
    /// As the module says; nobody uses it any more.
    pub(super) unsafe fn local_free(&mut self, header: *mut Dict) {
        if header.is_null() {
            return;
        }
        // SAFETY: by contract.
        let (dict, local) = unsafe { (&*header, local_of(header)) };
        let store = &self.run().store;
        store.free(dict.slots.cast());
        store.free(dict.entries);
        if let Some(room) = local.unused.take() {
            store.free(room.slots.cast());
            store.free(room.entries);
        }
    }
}

/// Copies an entry. The common sizes need no call.
///
/// # Safety
/// Both have `bytes` bytes and are different memory.
#[inline]
pub(super) unsafe fn copy_entry(from: *const u8, to: *mut u8, bytes: usize) {
    // SAFETY: by contract.
    unsafe {
        match bytes {
            8 => to.cast::<[u8; 8]>().write(*from.cast::<[u8; 8]>()),
            12 => to.cast::<[u8; 12]>().write(*from.cast::<[u8; 12]>()),
            16 => to.cast::<[u8; 16]>().write(*from.cast::<[u8; 16]>()),
            24 => to.cast::<[u8; 24]>().write(*from.cast::<[u8; 24]>()),
            32 => to.cast::<[u8; 32]>().write(*from.cast::<[u8; 32]>()),
            _ => ptr::copy_nonoverlapping(from, to, bytes),
        }
    }
}
