//! Copies of the vectors of a loop, which begin neutral.
//!
//! Promises: where values round, each chunk has a copy, and these are folded in their order. Else each thread has one at
//! most, and the order does not matter; the first segment uses the vector itself. All memory is asked for before the
//! loop begins, so that it does not depend on the schedule whether it is there.

use super::{Target, parallel, place};
use crate::runtime::abi::{Failure, Status, TaskCtx};
use crate::runtime::lock;
use crate::runtime::memory::Temporary;
use crate::runtime::pool::job::{left_failure, list};
use crate::runtime::run::{RunShared, plain_failure};
use std::ptr;
use std::sync::Mutex;

pub(super) struct Copies {
    run: &'static RunShared,
    chunk: i64,
    rounds: bool,
    /// For each vector.
    rooms: Vec<Room>,
}

/// The copies of one vector.
struct Room {
    block: Temporary<'static>,
    /// Bytes from one copy to the next.
    stride: usize,
    count: usize,
    shared: Mutex<Shared>,
}

/// Copies that segments share, one after the other.
struct Shared {
    /// Those that were given out and came back, and the vector itself.
    free: Vec<*mut u8>,
    /// How many were given out.
    used: usize,
}

/// A step folds about so many bytes of each copy.
const STEP: usize = 64 << 10;
/// Copies begin at other lines of the nearest cache than each other.
const LINE: usize = 64;

impl Copies {
    /// `None` when there is no room for them and nothing depends on them, or when nobody would need them.
    pub(super) fn new(
        run: &'static RunShared,
        targets: &[Target],
        n: i64,
        chunk: i64,
        alone: bool,
    ) -> Result<Option<Copies>, Failure> {
        let rounds = targets.iter().any(|target| target.desc.rounds != 0);
        if alone && !rounds {
            return Ok(None);
        }
        let others = if alone { 0 } else { run.threads - 1 };
        let mut rooms = list(run, targets.len())?;
        for target in targets {
            let bytes = target.bytes();
            let stride = bytes.next_multiple_of(LINE) + LINE;
            let count = if target.desc.rounds != 0 { ((n - 1) / chunk + 1) as usize } else { others };
            let block = match run.store.temporary(stride.saturating_mul(count)) {
                Ok(block) => block,
                Err(failure) if rounds => return Err(failure),
                Err(_) => return Ok(None),
            };
            let shared = Mutex::new(Shared { free: list(run, run.threads)?, used: 0 });
            rooms.push(Room { block, stride, count, shared });
        }
        Ok(Some(Copies { run, chunk, rounds, rooms }))
    }

    pub(super) fn chunk(&self) -> Option<i64> {
        self.rounds.then_some(self.chunk)
    }

    pub(super) unsafe fn enter(&self, targets: &[Target], frame: *mut u8, first: i64) -> Result<(), Failure> {
        for (target, room) in targets.iter().zip(&self.rooms) {
            // SAFETY: by contract.
            let vector = unsafe { &mut *place(frame, target.desc) };
            vector.len = target.start.len;
            if target.desc.rounds != 0 || first == 0 {
                vector.data = target.start.data;
                continue;
            }
            let mut shared = lock(&room.shared);
            vector.data = match shared.free.pop() {
                Some(data) => data,
                // As many segments run at a time as there are threads, and the first one has the vector itself.
                None if shared.used == room.count => return Err(plain_failure(Status::Internal)),
                None => {
                    shared.used += 1;
                    let at = shared.used - 1;
                    drop(shared);
                    // SAFETY: nobody has had this copy.
                    unsafe { room.cleared(at, target) }
                }
            };
        }
        Ok(())
    }

    pub(super) unsafe fn leave(&self, targets: &[Target], frame: *mut u8) {
        for (target, room) in targets.iter().zip(&self.rooms).filter(|(target, _)| target.desc.rounds == 0) {
            // SAFETY: by contract.
            let data = unsafe { (*place(frame, target.desc)).data };
            // There is room for one from each thread.
            lock(&room.shared).free.push(data);
        }
    }

    pub(super) unsafe fn open(&self, targets: &[Target], frame: *mut u8, lo: i64) {
        for (target, room) in targets.iter().zip(&self.rooms).filter(|(target, _)| target.desc.rounds != 0) {
            // SAFETY: by contract; each chunk is begun once.
            unsafe { (*place(frame, target.desc)).data = room.cleared((lo / self.chunk) as usize, target) };
        }
    }

    pub(super) unsafe fn fold(&self, ctx: *mut TaskCtx, targets: &[Target]) -> Result<(), Failure> {
        for (target, room) in targets.iter().zip(&self.rooms) {
            let count = if target.desc.rounds != 0 { room.count } else { lock(&room.shared).used };
            let elem_bytes = target.desc.elem_bytes as usize;
            let step = (STEP / elem_bytes.max(1)).max(1);
            let fold = Fold { run: self.run, target, room, count, step };
            let steps = (target.start.len as usize).div_ceil(step);
            // SAFETY: the iterations are over; each step changes other slots.
            unsafe { parallel(ctx, fold_steps, &fold, steps)? };
        }
        Ok(())
    }
}

impl Target {
    /// Bytes of the vector.
    fn bytes(&self) -> usize {
        self.start.len as usize * self.desc.elem_bytes as usize
    }
}

impl Room {
    fn copy(&self, at: usize) -> *mut u8 {
        // SAFETY: the block has `count` copies.
        unsafe { self.block.data().add(at.min(self.count.saturating_sub(1)) * self.stride) }
    }

    /// Copy `at`, all neutral.
    ///
    /// # Safety
    /// Nobody uses it.
    unsafe fn cleared(&self, at: usize, target: &Target) -> *mut u8 {
        let (to, bytes, elem) = (self.copy(at), target.bytes(), target.desc.elem_bytes as usize);
        if bytes == 0 {
            return to;
        }
        // SAFETY: the copy has room for so many bytes, whole elements; what is written already is copied on behind itself.
        unsafe {
            ptr::copy_nonoverlapping(target.desc.neutral, to, elem);
            let mut done = elem;
            while done < bytes {
                let more = done.min(bytes - done);
                ptr::copy_nonoverlapping(to, to.add(done), more);
                done += more;
            }
        }
        to
    }
}

/// The folding of the copies of one vector.
struct Fold<'a> {
    run: &'a RunShared,
    target: &'a Target,
    room: &'a Room,
    count: usize,
    /// Slots of a step.
    step: usize,
}

/// The body of the loop over steps: `env` is a [`Fold`].
unsafe extern "C" fn fold_steps(ctx: *mut TaskCtx, env: *const u8, _: *mut u8, lo: i64, hi: i64) -> u32 {
    // SAFETY: as `Copies::fold` passes it.
    let fold = unsafe { &*env.cast::<Fold<'_>>() };
    let Target { desc, start } = fold.target;
    for at in lo..hi {
        let first = at * fold.step as i64;
        let end = (first + fold.step as i64).min(start.len);
        for copy in 0..fold.count {
            // SAFETY: by contract of the caller of the loop.
            unsafe {
                if fold.run.stopped() {
                    return (*ctx).inner.fail(plain_failure(fold.run.stop_status()));
                }
                let code = (desc.fold)(ctx, fold.room.copy(copy), start.data, first, end);
                if code != 0 {
                    let failure = left_failure(ctx, code);
                    return (*ctx).inner.fail(failure);
                }
            }
        }
    }
    0
}
