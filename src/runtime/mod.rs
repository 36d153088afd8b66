//! What compiled code runs on: memory, failures, and parallel loops on a work-stealing pool.
//!
//! Promises: knows no compiler type and no LLVM; compiled code meets it only through [`abi`]. Whatever the number
//! of threads and the schedule, a loop gives the same bits. A failure is a [`Failure`], never an unwinding or an
//! abort; a run never uses more memory than its limit.

pub mod abi;
mod budget;
pub mod chunks;
pub mod dict;
pub mod ffi;
mod libraries;
mod local;
mod memory;
pub mod nd;
pub mod pool;
mod radix;
mod retained;
mod rows;
mod run;
mod runst;
mod sheets;
mod shims;
#[cfg(test)]
mod tests;
mod trace;
pub mod vectors;

pub use abi::{Failure, Status};
pub use budget::Budget;
pub use libraries::{Function, Libraries, MAX_C_ARGS};
pub use memory::{Allocation, Memory};
pub use pool::Pool;
pub use run::{Run, RunOptions, RunStats};
pub use runst::{Ptr, WeldRuntimeContext};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Gives memory that is kept for later runs back to the system. It would go by itself when ten seconds pass without use.
pub fn trim_memory() {
    retained::clear();
}

/// Locks a mutex whose data stays valid when a holder panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
