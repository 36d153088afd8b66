//! Running compiled code on values.
//!
//! Promises: inputs are passed as C memory without copying flat vectors; large flat results are taken over, not copied;
//! a failed check becomes the error that the interpreter would give.

use super::jit::Compiled;
use super::module::Check;
use crate::runtime::{Failure, Memory, Pool, Run, RunOptions, RunStats, Status};
use crate::value::buffer::Owner;
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

/// Sixteen bytes of result memory, aligned for every type.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Slot([u8; 64]);

struct Taken(crate::runtime::Allocation);

impl Owner for Taken {
    fn data(&self) -> *const u8 {
        self.0.data()
    }
}

impl Compiled {
    /// Runs the program on values of its parameter types.
    pub fn run(&self, args: &[Value], pool: &Arc<Pool>, options: RunOptions) -> Result<Finished, RunError> {
        let arguments = marshal::Arguments::new(args, &self.params)
            .map_err(|message| RunError::internal(None, message))?;
        let mut result = vec![Slot([0; 64]); layout::layout(&self.result).size.div_ceil(64).max(1)];
        let to: *mut u8 = result.as_mut_ptr().cast();
        let mut run = Run::new(pool, options);
        let start = Instant::now();
        // SAFETY: `arguments` and `result` are laid out for `params` and `result`, the types the code was compiled for, and
        // outlive the call; `execute` hands over a live context.
        let ended = run.execute(|task| unsafe { self.call(task, arguments.as_ptr(), to) });
        let time = start.elapsed();
        let (stats, mut memory) = run.finish();
        ended.map_err(|failure| self.error(failure, &memory))?;
        let mut take =
            |data: *const u8| -> Option<Arc<dyn Owner>> { Some(Arc::new(Taken(memory.take(data)?))) };
        // SAFETY: compiled code wrote a value of type `result` there; what it points at is in `memory`, in `arguments` or
        // in the constants of `self`, all alive.
        let value = unsafe { marshal::read(to, &self.result, &mut take) };
        Ok(Finished { value, time, stats })
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
