#![forbid(unsafe_code)]
//! The headers of the tables that a loop fills, in registers: a merge writes into an entry, and LLVM could not tell that the
//! header in memory stays as it was.
//!
//! Promises: what is held is what memory says: it is read again after everything that may change a header.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{int, pointer};
use super::rows::Rows;
use crate::runtime::abi::Dict;
use inkwell::values::{IntValue, PointerValue};
use std::mem::offset_of;

/// The tables that a function fills.
#[derive(Default)]
pub(super) struct Tables<'c> {
    /// Inside a loop whose tables are filled chunk by chunk: the number of its iteration.
    pub chunked_at: Option<IntValue<'c>>,
    /// What is merged into these tables waits.
    pub rows: Vec<Rows<'c>>,
    /// Of the tables that the next loop fills only the entries will be read.
    pub only_entries: bool,
    held: Vec<Held<'c>>,
}

/// A header that is held. The places are variables on the stack, which become registers.
struct Held<'c> {
    table: PointerValue<'c>,
    slots: PointerValue<'c>,
    mask: PointerValue<'c>,
    entries: PointerValue<'c>,
    seed: IntValue<'c>,
}

impl<'c> FnCx<'_, 'c> {
    /// Holds the header of a table from here on.
    pub fn hold_header(&mut self, table: PointerValue<'c>) -> Result<(), CodegenError> {
        let (ptr, i64_ty) = (self.ptr_ty(), self.m.context.i64_type().into());
        let (slots, entries) = (self.alloca(ptr, "slots")?, self.alloca(ptr, "entries")?);
        let mask = self.alloca(i64_ty, "mask")?;
        let seed = self.table_int(table, offset_of!(Dict, seed))?;
        let held = Held { table, slots, mask, entries, seed };
        self.read_header(&held)?;
        self.tables.held.push(held);
        Ok(())
    }

    /// Reads all headers again that are held: tables may have grown.
    pub fn renew_headers(&self) -> Result<(), CodegenError> {
        self.tables.held.iter().try_for_each(|held| self.read_header(held))
    }

    fn read_header(&self, held: &Held<'c>) -> Result<(), CodegenError> {
        self.b.build_store(held.slots, self.table_ptr(held.table, offset_of!(Dict, slots))?)?;
        self.b.build_store(held.mask, self.table_int(held.table, offset_of!(Dict, mask))?)?;
        self.b.build_store(held.entries, self.table_ptr(held.table, offset_of!(Dict, entries))?)?;
        Ok(())
    }

    fn held(&self, table: PointerValue<'c>) -> Option<&Held<'c>> {
        self.tables.held.iter().find(|held| held.table == table)
    }

    /// The slots of a table.
    pub fn slots_of(&self, table: PointerValue<'c>) -> Result<PointerValue<'c>, CodegenError> {
        match self.held(table) {
            Some(held) => pointer(self.b.build_load(self.ptr_ty(), held.slots, "slots")?),
            None => self.table_ptr(table, offset_of!(Dict, slots)),
        }
    }

    /// One less than the number of its slots.
    pub fn mask_of(&self, table: PointerValue<'c>) -> Result<IntValue<'c>, CodegenError> {
        match self.held(table) {
            Some(held) => int(self.b.build_load(self.m.context.i64_type(), held.mask, "mask")?),
            None => self.table_int(table, offset_of!(Dict, mask)),
        }
    }

    /// Its entries.
    pub fn entries_of(&self, table: PointerValue<'c>) -> Result<PointerValue<'c>, CodegenError> {
        match self.held(table) {
            Some(held) => pointer(self.b.build_load(self.ptr_ty(), held.entries, "entries")?),
            None => self.table_ptr(table, offset_of!(Dict, entries)),
        }
    }

    /// What its hashes start from.
    pub fn seed_of(&self, table: PointerValue<'c>) -> Result<IntValue<'c>, CodegenError> {
        match self.held(table) {
            Some(held) => Ok(held.seed),
            None => self.table_int(table, offset_of!(Dict, seed)),
        }
    }
}
