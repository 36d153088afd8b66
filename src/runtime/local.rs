//! The table of one chunk of a loop: holds a limited number of keys and becomes rows when it is full.
//!
//! Promises: what a chunk leaves behind depends on its merges alone (`chunks`): a table, or rows whose order is that of the
//! merges they hold. Nothing is left changed when memory runs out.
//! Contract of the `unsafe` blocks: a table is as `abi::Dict` says, was made by [`TaskInner::local_open`], and nobody else
//! uses it during the call.

use super::abi::{Dict, EMPTY_LINE, Failure, LINE, Local, PART_BITS, TableDesc};
use super::chunks::{is_sparse, most_keys};
use super::dict::{capacity, slot_count};
use super::rows::{PIECE_BYTES, Rows};
use super::run::TaskInner;
use std::ptr;

/// Slots that a table begins with, so that a few keys hardly meet.
const FIRST_SLOTS: i64 = 512;

/// A [`Local`] and what only the runtime knows.
#[repr(C)]
struct LocalTable {
    shared: Local,
    /// The iteration with which the table last began without keys.
    since: i64,
    most_keys: i64,
    number_at: u32,
    rows: Rows,
    /// The memory of a table that was given up.
    unused: Option<Room>,
}

#[derive(Clone, Copy)]
struct Room {
    slots: *mut u64,
    mask: i64,
    entries: *mut u8,
}

/// What a chunk leaves behind: a table, or rows if it is null.
pub(super) struct Partial {
    pub(super) table: *mut Dict,
    pub(super) rows: Rows,
    /// How many rows or keys.
    pub(super) len: i64,
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
        let new = LocalTable {
            shared: Local { next: 0, parts: ptr::null_mut() },
            since: first,
            most_keys: most_keys(len),
            number_at: desc.number_at,
            rows: Rows::new(desc.row_bytes as usize),
            unused: None,
        };
        // SAFETY: `old` is a table of ours; new headers are fresh memory.
        unsafe {
            if old.is_null() {
                let dict = self.dict_new(i64::from(desc.entry_bytes), FIRST_SLOTS)?;
                (*dict).cap = (*dict).cap.min(new.most_keys);
                let local: *mut LocalTable = self.alloc(size_of::<LocalTable>())?.cast();
                local.write(new);
                (*dict).local = local.cast();
                return Ok(dict);
            }
            let (dict, local) = (&mut *old, local_of(old));
            let rows = Rows::after(&local.rows);
            if let Some(room) = local.unused {
                (dict.slots, dict.mask, dict.entries) = (room.slots, room.mask, room.entries);
            }
            *local = LocalTable { rows, ..new };
            clear(dict, local.most_keys);
        }
        Ok(old)
    }

    /// Iteration `iteration` merges into a key that is not in the full table: afterwards it has room or is given up.
    ///
    /// # Safety
    /// As the module says.
    pub(super) unsafe fn local_full(&mut self, header: *mut Dict, iteration: i64) -> Result<(), Failure> {
        // SAFETY: by contract.
        let (dict, local) = unsafe { (&mut *header, local_of(header)) };
        if dict.cap < local.most_keys {
            // SAFETY: by contract.
            unsafe { self.dict_grow(header)? };
            dict.cap = dict.cap.min(local.most_keys);
            return Ok(());
        }
        // SAFETY: by contract.
        unsafe { self.local_write(dict, local)? };
        if is_sparse(iteration - local.since, dict.len) {
            local.rows.begin(self)?;
            local.shared.parts = local.rows.parts;
            local.unused = Some(Room { slots: dict.slots, mask: dict.mask, entries: dict.entries });
            dict.slots = (&raw const EMPTY_LINE).cast_mut().cast();
            (dict.mask, dict.entries, dict.len, dict.cap) = (LINE as i64 - 1, ptr::null_mut(), 0, 0);
        } else {
            local.since = iteration;
            // SAFETY: by contract.
            unsafe { clear(dict, local.most_keys) };
        }
        Ok(())
    }

    /// Makes room in a part of the rows of a table that was given up.
    ///
    /// # Safety
    /// As the module says.
    pub(super) unsafe fn local_grow(&mut self, header: *mut Dict, part: usize) -> Result<(), Failure> {
        // SAFETY: by contract.
        let local = unsafe { local_of(header) };
        local.check_numbers(self, 0)?;
        // SAFETY: by contract.
        unsafe { local.rows.grow(self, part) }
    }

    /// The chunk of a table is over. Its memory serves the next chunk of this thread, if the table that comes back is
    /// not null.
    ///
    /// # Safety
    /// As the module says.
    pub(super) unsafe fn local_close(&mut self, header: *mut Dict) -> Result<(Partial, *mut Dict), Failure> {
        // SAFETY: by contract.
        let (dict, local) = unsafe { (&mut *header, local_of(header)) };
        if !local.rows.is_begun() {
            return Ok((Partial { table: header, rows: local.rows, len: dict.len }, ptr::null_mut()));
        }
        // SAFETY: by contract.
        unsafe {
            self.local_write(dict, local)?;
            local.rows.close();
        }
        Ok((Partial { table: ptr::null_mut(), rows: local.rows, len: local.shared.next }, header))
    }

    /// The rows of a table that a chunk left behind.
    ///
    /// # Safety
    /// As the module says.
    pub(super) unsafe fn local_rows(&mut self, header: *mut Dict) -> Result<Rows, Failure> {
        // SAFETY: by contract.
        let (dict, local) = unsafe { (&*header, local_of(header)) };
        // SAFETY: by contract.
        unsafe {
            self.local_write(dict, local)?;
            local.rows.close();
        }
        Ok(local.rows)
    }

    /// Turns the entries of a table into rows.
    ///
    /// # Safety
    /// As the module says.
    unsafe fn local_write(&mut self, dict: &Dict, local: &mut LocalTable) -> Result<(), Failure> {
        local.check_numbers(self, dict.len)?;
        // SAFETY: by contract.
        unsafe { self.write_rows(dict, &mut local.rows, local.number_at, local.shared.next)? };
        local.shared.next += dict.len;
        Ok(())
    }

    /// Writes the entries of a table as rows with the numbers from `first` on, in their order.
    ///
    /// # Safety
    /// `dict` is a table that nobody changes; the rows are those of its loop.
    pub(super) unsafe fn write_rows(
        &mut self,
        dict: &Dict,
        rows: &mut Rows,
        number_at: u32,
        first: i64,
    ) -> Result<(), Failure> {
        if dict.len == 0 {
            return Ok(());
        }
        rows.begin(self)?;
        let len = dict.len as usize;
        // SAFETY: the run outlives its contexts.
        let tags = unsafe { &(*self.run).store }.temporary(len * size_of::<u32>())?;
        let tags = tags.data().cast::<u32>();
        let entry_bytes = dict.entry_bytes as usize;
        // SAFETY: slots hold the tickets of entries, which are below `len`; there is a tag for each entry.
        unsafe {
            for at in 0..slot_count(dict) {
                let slot = *dict.slots.add(at);
                let ticket = (slot & 0xffff_ffff) as usize;
                if ticket != 0 {
                    *tags.add(ticket - 1) = (slot >> 32) as u32;
                }
            }
            for ticket in 0..len {
                let tag = *tags.add(ticket);
                let row = rows.push(self, (tag >> (u32::BITS - PART_BITS)) as usize)?;
                copy_entry(dict.entries.add(ticket * entry_bytes), row, entry_bytes);
                let words = row.add(number_at as usize).cast::<[u32; 2]>();
                words.write_unaligned([first as u32 + ticket as u32, tag]);
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

impl LocalTable {
    /// Whether the numbers of so many more rows fit.
    fn check_numbers(&self, inner: &TaskInner, more: i64) -> Result<(), Failure> {
        let last = self.shared.next.saturating_add(more).saturating_add(PIECE_BYTES as i64);
        if last > i64::from(u32::MAX) { Err(inner.run().store.exhausted(usize::MAX)) } else { Ok(()) }
    }
}

/// Takes all keys out of a table that may have `most_keys`.
///
/// # Safety
/// As the module says.
unsafe fn clear(dict: &mut Dict, most_keys: i64) {
    dict.len = 0;
    // SAFETY: the table has this many slots, which belong to it.
    unsafe { dict.slots.write_bytes(0, slot_count(dict)) };
    dict.cap = (capacity(slot_count(dict)) as i64).min(most_keys);
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
