//! Running compiled code on values.
//!
//! Promises: inputs are passed as C memory without copying flat vectors; large flat results are taken over, not copied;
//! a failed check becomes the error that the interpreter would give.

use super::jit::Compiled;
use super::module::Check;
use crate::ir::Ty;
use crate::runtime::{Failure, Memory, Pool, Run, RunOptions, RunStats, Status};
use crate::value::buffer::Owner;
use crate::value::serial::Corrupt;
use crate::value::{RunError, Value, layout, marshal};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The result.
    pub value: Value,
    /// From the first to the last instruction of compiled code.
    pub time: Duration,
    /// What the runtime did.
    pub stats: RunStats,
}

/// A piece of result memory, aligned for every type.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Slot([u8; 64]);

/// A run that is over, with its result where compiled code wrote it.
pub struct Placed {
    result: Box<[Slot]>,
    /// What the result points into, besides the inputs and the constants of the program.
    pub memory: Memory,
    /// From the first to the last instruction of compiled code.
    pub time: Duration,
    /// What the runtime did.
    pub stats: RunStats,
}

impl Placed {
    /// The result, laid out as LANGUAGE 17 says; valid while this and what it points into live.
    pub fn data(&self) -> *const u8 {
        self.result.as_ptr().cast()
    }
}

impl Compiled {
    /// The types of the inputs.
    pub fn params(&self) -> &[Ty] {
        &self.params
    }

    /// The type of the result.
    pub fn result(&self) -> &Ty {
        &self.result
    }

    /// Runs the program on values of its parameter types.
    pub fn run(&self, args: &[Value], pool: &Arc<Pool>, options: RunOptions) -> Result<Finished, RunError> {
        let arguments = marshal::Arguments::new(args, &self.params)
            .map_err(|message| RunError::internal(None, message))?;
        // SAFETY: `arguments` are laid out for `params`, and outlive the call.
        let mut placed = unsafe { self.run_in_place(arguments.as_ptr(), pool, options)? };
        // SAFETY: what the result points at is in `placed`, in `arguments` or in the constants of `self`, all alive.
        let value = unsafe { self.read(&mut placed) };
        Ok(Finished { value, time: placed.time, stats: placed.stats })
    }

    /// Runs the program on inputs that lie in memory, and leaves the result there.
    ///
    /// # Safety
    /// `args` leads to a struct of the parameters as LANGUAGE 17 lays it out, unchanged during the call. What they point
    /// into must live as long as the result is looked at.
    pub unsafe fn run_in_place(
        &self,
        args: *const u8,
        pool: &Arc<Pool>,
        options: RunOptions,
    ) -> Result<Placed, RunError> {
        let slots = layout::layout(&self.result).size.div_ceil(size_of::<Slot>()).max(1);
        let mut result = Vec::new();
        if result.try_reserve_exact(slots).is_err() {
            let limit = options.budget.limit().map_or(0, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
            return Err(RunError::out_of_memory((slots * size_of::<Slot>()) as i64, limit));
        }
        result.resize(slots, Slot([0; 64]));
        let mut result = result.into_boxed_slice();
        let to: *mut u8 = result.as_mut_ptr().cast();
        let mut run = Run::new(pool, options);
        let start = Instant::now();
        // SAFETY: the caller says that `args` are laid out for `params`; `result` has room for the type of the result; both
        // outlive the call; `execute` hands over a live context.
        let ended = run.execute(|task| unsafe { self.call(task, args, to) });
        let time = start.elapsed();
        let (stats, memory) = run.finish();
        ended.map_err(|failure| self.error(failure, &memory))?;
        Ok(Placed { result, memory, time, stats })
    }

    /// The result as a value that owns its memory. Large vectors of the run are taken over, the rest is copied.
    ///
    /// # Safety
    /// `placed` is the result of a run of this program, and the inputs that it may point into are still there.
    pub unsafe fn read(&self, placed: &mut Placed) -> Value {
        let Placed { result, memory, .. } = placed;
        let mut take = |data: *const u8| -> Option<Arc<dyn Owner>> { Some(Arc::new(memory.take(data)?)) };
        // SAFETY: compiled code wrote a value of this type there; the caller's contract keeps what it points at.
        unsafe { marshal::read(result.as_ptr().cast(), &self.result, &mut take) }
    }

    /// The error behind a failure; `_memory` holds the key that a failed lookup points at.
    fn error(&self, failure: Failure, _memory: &Memory) -> RunError {
        let site = self.sites.get(failure.site as usize);
        match (failure.status, site) {
            (Status::OutOfMemory, _) => RunError::out_of_memory(failure.a, failure.b),
            (Status::Cancelled, _) => RunError::cancelled(),
            (Status::Timeout, _) => RunError::timeout(),
            (_, Some(site)) => match site.check {
                Check::Lookup => RunError::lookup_out_of_bounds(&site.origin, failure.a, failure.b),
                Check::MergeIndex => RunError::merge_out_of_bounds(&site.origin, failure.a, failure.b),
                Check::Slice => RunError::slice_out_of_bounds(&site.origin, failure.a, failure.b),
                Check::Iterator => RunError::bad_iterator(&site.origin, failure.a, failure.b),
                Check::NdIterator => RunError::bad_nd_iterator(&site.origin, failure.a, failure.b),
                Check::LoopSize => RunError::wrong_loop_size(&site.origin, failure.a, failure.b),
                Check::Zip => RunError::mismatched_zip(&site.origin, failure.a, failure.b),
                Check::Assert => RunError::assertion(&site.origin),
                Check::SerialShort => {
                    RunError::corrupt(&site.origin, Corrupt::Short { offset: failure.a, len: failure.b })
                }
                Check::SerialCount => {
                    RunError::corrupt(&site.origin, Corrupt::Count { offset: failure.a, count: failure.b })
                }
                Check::SerialRest => {
                    RunError::corrupt(&site.origin, Corrupt::Rest { offset: failure.a, len: failure.b })
                }
                Check::Division => RunError::divide_by_zero(&site.origin),
                Check::Key => match &site.key {
                    Some(ty) => {
                        let at = std::ptr::with_exposed_provenance(failure.b as usize);
                        // SAFETY: compiled code stored a key of this type there before it failed, in memory that is
                        // alive until the end of the call; it was allocated there, so its address is exposed.
                        let key = unsafe { marshal::read(at, ty, &mut |_| None) };
                        RunError::key_not_found(&site.origin, &key, ty, failure.a)
                    }
                    None => RunError::internal(Some(&site.origin), "a key without a type"),
                },
            },
            (status, None) => RunError::internal(None, format!("the run ended with {}", status.name())),
        }
    }
}
