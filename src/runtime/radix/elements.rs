//! Sorting the elements of a vector by a scalar in them.
//!
//! Promises: small elements are moved themselves; of others the keys with their numbers are sorted, and each element is
//! copied once. What was taken for the work is given back.

use super::counting;
use super::crew::{Crew, Team, list};
use super::keys::{Keys, Record, kind};
use super::split::Shared;
use crate::runtime::abi::{Failure, SortKey, TaskCtx};
use crate::runtime::memory::LARGE;

/// Rows of a turn.
const TURN: usize = 32 * 1024;
/// From so many on, numbers of two bytes are counted: there are more of them to look through than for a few elements.
const COUNTED: usize = 16 * 1024;
/// How many elements ahead memory is asked for.
const AHEAD: usize = 24;

/// The elements.
#[derive(Clone, Copy)]
pub(in crate::runtime) struct Elements {
    pub data: *const u8,
    pub len: usize,
    /// Bytes of one.
    pub bytes: usize,
    /// Where its key is.
    pub offset: usize,
    pub key: SortKey,
}

/// What a sort works in.
struct Work {
    ctx: *mut TaskCtx,
    team: Team,
}

impl Work {
    /// Room for `len` items that lives until [`Work::free`] or the end of the run.
    fn room<T>(&self, len: usize) -> Result<Shared<T>, Failure> {
        let bytes = len.saturating_mul(size_of::<T>());
        // SAFETY: the contract of `sort_elements`; no loop is running.
        Ok(Shared(unsafe { (*self.ctx).inner.alloc(bytes)? }.cast()))
    }

    fn free<T>(&self, room: Shared<T>) {
        // SAFETY: as above.
        unsafe { (*self.ctx).inner.run().store.free(room.0.cast()) };
    }

    /// Gives `with` room for `len` items that is given back afterwards. A little does not count in the memory of the run:
    /// sorts in inner loops would fill it.
    fn with_spare<T, R>(
        &self,
        len: usize,
        with: impl FnOnce(Shared<T>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        if len.saturating_mul(size_of::<T>()) < LARGE {
            let mut words = list::<T>(&self.team, len)?;
            return with(Shared(words.as_mut_ptr()));
        }
        let room = self.room(len)?;
        let result = with(room);
        self.free(room);
        result
    }
}

/// Sorts elements; gives the place where they are, or null if a key is NaN.
///
/// # Safety
/// `ctx` belongs to this thread, and nobody refers to its runtime part; `elements` are there, and nobody writes to them;
/// the key is within an element and does not cross a multiple of 8 bytes.
pub(in crate::runtime) unsafe fn sort_elements(
    ctx: *mut TaskCtx,
    elements: Elements,
) -> Result<*mut u8, Failure> {
    // SAFETY: by contract.
    let work = unsafe { Work { ctx, team: Team::new(ctx) } };
    // SAFETY: by contract.
    unsafe {
        match elements.bytes {
            1 => counted::<u8>(&work, elements),
            2 if elements.key.bytes() == 2 && elements.len >= COUNTED => counted::<u16>(&work, elements),
            4 => moved::<u32>(&work, elements),
            8 => moved::<u64>(&work, elements),
            16 => moved::<[u64; 2]>(&work, elements),
            _ => by_numbers(&work, elements),
        }
    }
}

/// Sorts records of two words by the first; the result is at `data` again.
///
/// # Safety
/// `ctx` is as for [`sort_elements`]; `data` holds `len` records, and nobody else uses it.
pub(in crate::runtime) unsafe fn sort_records(
    ctx: *mut TaskCtx,
    data: *mut [u64; 2],
    len: usize,
) -> Result<(), Failure> {
    // SAFETY: by contract.
    let work = unsafe { Work { ctx, team: Team::new(ctx) } };
    let data = Shared(data);
    let keys = Keys::of_word(0);
    // SAFETY: by contract.
    work.with_spare(len, |spare| unsafe { super::sort(&keys, &work.team, data, spare, data, len) })?;
    Ok(())
}

unsafe fn counted<T: counting::Small>(work: &Work, elements: Elements) -> Result<*mut u8, Failure> {
    let out = work.room::<T>(elements.len)?;
    let input = Shared(elements.data.cast_mut().cast());
    // SAFETY: by contract of `sort_elements`.
    unsafe { counting::sort(&work.team, input, out, elements.len, elements.key.flip() as usize)? };
    Ok(out.0.cast())
}

unsafe fn moved<T: Record>(work: &Work, elements: Elements) -> Result<*mut u8, Failure> {
    let width = size_of::<T>().min(8);
    // SAFETY: by contract of `sort_elements`.
    unsafe {
        match (elements.key.is_float(), elements.key.bytes()) {
            (true, 8) => moved_by::<T, { kind::F64 }>(work, elements),
            (true, _) => moved_by::<T, { kind::F32 }>(work, elements),
            (false, bytes) if bytes == width => moved_by::<T, { kind::WHOLE }>(work, elements),
            _ => moved_by::<T, { kind::PART }>(work, elements),
        }
    }
}

unsafe fn moved_by<T: Record, const KIND: u8>(work: &Work, elements: Elements) -> Result<*mut u8, Failure> {
    let keys = Keys::<KIND> {
        at: elements.offset / 8,
        shift: 8 * (elements.offset % 8) as u32,
        mask: elements.key.mask(),
        flip: elements.key.flip(),
        descending: elements.key.descending(),
    };
    let out = work.room::<T>(elements.len)?;
    let input = Shared(elements.data.cast_mut().cast());
    // SAFETY: by contract of `sort_elements`; `out` and `spare` are new.
    let sorted = work.with_spare(elements.len, |spare| unsafe {
        super::sort(&keys, &work.team, input, spare, out, elements.len)
    })?;
    if sorted {
        return Ok(out.0.cast());
    }
    work.free(out);
    Ok(std::ptr::null_mut())
}

/// Sorts keys with the numbers of their elements.
unsafe fn by_numbers(work: &Work, elements: Elements) -> Result<*mut u8, Failure> {
    let len = elements.len;
    if elements.key.bytes() <= 4 && u32::try_from(len).is_ok() {
        let keys = Keys::<{ kind::PART }> {
            at: 0,
            shift: 32,
            mask: u64::from(u32::MAX),
            flip: 0,
            descending: false,
        };
        let record = |number: u64, at: usize| (number << 32) | at as u64;
        // SAFETY: by contract of `sort_elements`.
        return unsafe { numbered(work, elements, &keys, record, |record| record as u32 as usize) };
    }
    let keys = Keys::of_word(0);
    let record = |number: u64, at: usize| [number, at as u64];
    // SAFETY: as above.
    unsafe { numbered(work, elements, &keys, record, |[_, at]| at as usize) }
}

unsafe fn numbered<T: Record, const KIND: u8>(
    work: &Work,
    elements: Elements,
    keys: &Keys<KIND>,
    record: impl Fn(u64, usize) -> T + Sync,
    number: impl Fn(T) -> usize + Sync,
) -> Result<*mut u8, Failure> {
    let (len, team) = (elements.len, &work.team);
    work.with_spare(len, |records: Shared<T>| {
        // SAFETY: by contract of `sort_elements`; the records and what is spare are new.
        unsafe {
            if !keyed(team, elements, records, &record)? {
                return Ok(std::ptr::null_mut());
            }
            work.with_spare(len, |spare| super::sort(keys, team, records, spare, records, len))?;
            let out = work.room::<u8>(len.saturating_mul(elements.bytes))?;
            gather(team, elements, records, &number, out)?;
            Ok(out.0)
        }
    })
}

/// Makes the records; false if a key is NaN.
unsafe fn keyed<T: Record>(
    crew: &dyn Crew,
    elements: Elements,
    records: Shared<T>,
    record: &(impl Fn(u64, usize) -> T + Sync),
) -> Result<bool, Failure> {
    // SAFETY: by contract of `sort_elements`, and keys have as many bytes as are loaded.
    unsafe {
        match (elements.key.is_float(), elements.key.bytes()) {
            (true, 8) => keyed_by::<T, u64, { kind::F64 }>(crew, elements, records, record),
            (true, _) => keyed_by::<T, u32, { kind::F32 }>(crew, elements, records, record),
            (_, 1) => keyed_by::<T, u8, { kind::WHOLE }>(crew, elements, records, record),
            (_, 2) => keyed_by::<T, u16, { kind::WHOLE }>(crew, elements, records, record),
            (_, 4) => keyed_by::<T, u32, { kind::WHOLE }>(crew, elements, records, record),
            _ => keyed_by::<T, u64, { kind::WHOLE }>(crew, elements, records, record),
        }
    }
}

unsafe fn keyed_by<T: Record, K: Copy + Into<u64> + Send, const KIND: u8>(
    crew: &dyn Crew,
    elements: Elements,
    records: Shared<T>,
    record: &(impl Fn(u64, usize) -> T + Sync),
) -> Result<bool, Failure> {
    let (flip, descending) = (elements.key.flip(), elements.key.descending());
    let keys = Keys::<KIND> { at: 0, shift: 0, mask: elements.key.mask(), flip, descending };
    let found = std::sync::atomic::AtomicBool::new(false);
    let data = Shared(elements.data.cast_mut());
    crew.each(elements.len.div_ceil(TURN), &|turn| {
        let mut nan = false;
        for at in turn * TURN..elements.len.min((turn + 1) * TURN) {
            // SAFETY: by contract; turns are disjoint.
            unsafe {
                let word =
                    data.add(at * elements.bytes + elements.offset).cast::<K>().read_unaligned().into();
                nan |= keys.oddities(word).0;
                records.add(at).write(record(keys.key(word), at));
            }
        }
        if nan {
            found.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        true
    })?;
    Ok(!found.into_inner())
}

/// Copies the elements in the order of the records.
unsafe fn gather<T: Record>(
    crew: &dyn Crew,
    elements: Elements,
    records: Shared<T>,
    number: &(impl Fn(T) -> usize + Sync),
    out: Shared<u8>,
) -> Result<(), Failure> {
    // SAFETY: by contract, and the copies have as many bytes as an element.
    unsafe {
        match elements.bytes {
            12 => gather_by(crew, elements, records, number, out, &copy::<12>),
            24 => gather_by(crew, elements, records, number, out, &copy::<24>),
            32 => gather_by(crew, elements, records, number, out, &copy::<32>),
            40 => gather_by(crew, elements, records, number, out, &copy::<40>),
            48 => gather_by(crew, elements, records, number, out, &copy::<48>),
            64 => gather_by(crew, elements, records, number, out, &copy::<64>),
            bytes => gather_by(crew, elements, records, number, out, &|from, to| {
                std::ptr::copy_nonoverlapping(from, to, bytes);
            }),
        }
    }
}

/// Copies `BYTES` bytes.
fn copy<const BYTES: usize>(from: *const u8, to: *mut u8) {
    // SAFETY: `gather` says that an element has this many bytes.
    unsafe { std::ptr::copy_nonoverlapping(from, to, BYTES) };
}

unsafe fn gather_by<T: Record>(
    crew: &dyn Crew,
    elements: Elements,
    records: Shared<T>,
    number: &(impl Fn(T) -> usize + Sync),
    out: Shared<u8>,
    copy: &(impl Fn(*const u8, *mut u8) + Sync),
) -> Result<(), Failure> {
    let data = Shared(elements.data.cast_mut());
    crew.each(elements.len.div_ceil(TURN), &|turn| {
        for at in turn * TURN..elements.len.min((turn + 1) * TURN) {
            // SAFETY: by contract: the records have the number of each element once; turns are disjoint.
            unsafe {
                let ahead = (at + AHEAD).min(elements.len - 1);
                prefetch(data.add(number(*records.add(ahead)) * elements.bytes));
                let from = data.add(number(*records.add(at)) * elements.bytes);
                copy(from, out.add(at * elements.bytes));
            }
        }
        true
    })
}

/// Asks for the memory at an address, which will be read soon.
#[inline(always)]
fn prefetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which reads nothing.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
