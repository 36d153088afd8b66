//! Merges into long vectors: rows are written, and applied part by part of the vector when the loop is over.
//!
//! Promises: a part of a vector is changed by one thread, in the order of the iterations.

use super::{Target, parallel, place};
use crate::runtime::abi::{BodyFn, Failure, TaskCtx, VectorsDesc};
use crate::runtime::lock;
use crate::runtime::pool::job::{left_failure, list};
use crate::runtime::run::{RunShared, plain_failure};
use crate::runtime::sheets::{Placed, Sheet};
use crate::runtime::vectors::{ROW_BITS, Vector, part_shift};
use std::sync::Mutex;

pub(super) struct RowSets {
    run: &'static RunShared,
    /// Runs the iterations and writes the rows.
    pub(super) scatter: BodyFn,
    /// For each vector.
    parts: Vec<Parts>,
    /// The sheets of the segments, for each vector, with the first iteration of the segment.
    sets: Mutex<Vec<(i64, Vec<Placed<'static>>)>>,
}

/// The parts of one vector.
#[derive(Clone, Copy)]
struct Parts {
    shift: u32,
    count: usize,
    row_bytes: usize,
    /// Bytes of the rows of a segment, about.
    expected: usize,
}

impl RowSets {
    /// `None` when the loop cannot write rows, or when there is no room for as many as it may write.
    pub(super) fn new(
        run: &'static RunShared,
        desc: &VectorsDesc,
        targets: &[Target],
        vectors: &[Vector],
        n: i64,
    ) -> Option<RowSets> {
        let scatter = desc.scatter?;
        let rows = usize::try_from(n).ok()?.checked_mul(desc.most_rows as usize)?;
        let mut parts = list(run, targets.len()).ok()?;
        let mut all = 0usize;
        for (target, vector) in targets.iter().zip(vectors) {
            let shift = part_shift(vector);
            let count = ((vector.len - 1).max(0) >> shift) as usize + 1;
            let row_bytes = target.desc.row_bytes as usize;
            let bytes = rows.checked_mul(row_bytes)?;
            all = all.checked_add(bytes)?;
            parts.push(Parts { shift, count, row_bytes, expected: bytes / run.threads });
        }
        if !run.store.has_room(all.checked_add(all / 4)?) {
            return None;
        }
        Some(RowSets { run, scatter, parts, sets: Mutex::new(Vec::new()) })
    }

    pub(super) unsafe fn enter(&self, targets: &[Target], frame: *mut u8, first: i64) -> Result<(), Failure> {
        let mut sheets = list(self.run, targets.len())?;
        for (target, parts) in targets.iter().zip(&self.parts) {
            let sheet = Sheet::place(self.run, (parts.shift, parts.count), parts.row_bytes, parts.expected)?;
            // SAFETY: by contract.
            let vector = unsafe { &mut *place(frame, target.desc) };
            vector.len = target.start.len;
            vector.data = sheet.head().cast();
            sheets.push(sheet);
        }
        let mut sets = lock(&self.sets);
        if sets.try_reserve(1).is_err() {
            return Err(self.run.store.exhausted(sheets.len() * size_of::<Placed<'_>>()));
        }
        sets.push((first, sheets));
        Ok(())
    }

    pub(super) unsafe fn apply(&self, ctx: *mut TaskCtx, targets: &[Target]) -> Result<(), Failure> {
        let mut sets = lock(&self.sets);
        sets.sort_unstable_by_key(|(first, _)| *first);
        for (at, (target, parts)) in targets.iter().zip(&self.parts).enumerate() {
            let mut sheets = list(self.run, sets.len())?;
            sheets.extend(sets.iter().filter_map(|(_, all)| all.get(at).map(Placed::sheet)));
            let apply = Apply { run: self.run, target, shift: parts.shift, sheets };
            // SAFETY: the iterations are over; each step changes another part.
            unsafe { parallel(ctx, apply_parts, &apply, parts.count)? };
        }
        Ok(())
    }
}

/// The merging of all rows of one vector.
struct Apply<'a> {
    run: &'a RunShared,
    target: &'a Target,
    shift: u32,
    /// In the order of the iterations.
    sheets: Vec<&'a Sheet<'static>>,
}

impl Apply<'_> {
    /// # Safety
    /// As for [`RowSets::apply`]; nobody else changes this part.
    unsafe fn part(&self, ctx: *mut TaskCtx, part: usize) -> Result<(), Failure> {
        let Target { desc, start } = self.target;
        let slot = (part << self.shift) >> ROW_BITS << ROW_BITS;
        // SAFETY: the vector has slots in this part.
        let data = unsafe { start.data.add(slot * desc.elem_bytes as usize) };
        for sheet in &self.sheets {
            if self.run.stopped() {
                return Err(plain_failure(self.run.stop_status()));
            }
            // SAFETY: so many rows are there, and their slots were looked at when they were written.
            let mut read = |rows: *const u8, n: usize| unsafe {
                let code = (desc.apply)(ctx, rows, data, 0, n as i64);
                if code == 0 { Ok(()) } else { Err(left_failure(ctx, code)) }
            };
            // SAFETY: the iterations are over.
            unsafe { sheet.each(part, &mut read)? };
        }
        Ok(())
    }
}

/// The body of the loop over parts: `env` is an [`Apply`].
unsafe extern "C" fn apply_parts(ctx: *mut TaskCtx, env: *const u8, _: *mut u8, lo: i64, hi: i64) -> u32 {
    // SAFETY: as `RowSets::apply` passes it.
    let apply = unsafe { &*env.cast::<Apply<'_>>() };
    for part in lo..hi {
        // SAFETY: this step alone has this part.
        if let Err(failure) = unsafe { apply.part(ctx, part as usize) } {
            // SAFETY: the context is valid, and its runtime part is not used by anybody else.
            return unsafe { (*ctx).inner.fail(failure) };
        }
    }
    0
}
