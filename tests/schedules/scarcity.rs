//! Memory that ends: each allocation of a run fails once, and all after it.
//!
//! Promises: what fails is what the runtime allocates for programs, which alone asks for this alignment; the rest of the
//! process goes on.

use super::corpus::subjects;
use crate::engines::Engines;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use weld::plan::Effort;
use weld::runtime;
use weld::value::ErrorKind;

/// The alignment of the memory of programs.
const ALIGN: usize = 64;

/// The system's memory, which ends when asked to.
pub struct Scarce {
    /// So many allocations are left; none fails below 0.
    left: AtomicI64,
    /// Bytes in use.
    used: AtomicI64,
}

impl Scarce {
    /// Memory without end.
    pub const fn new() -> Scarce {
        Scarce { left: AtomicI64::new(-1), used: AtomicI64::new(0) }
    }

    /// Bytes in use when kept blocks are given back, which may have to wait for whoever looks after these.
    fn used_after_trim(&self, expected: i64) -> i64 {
        for _ in 0..20 {
            runtime::trim_memory();
            if self.used.load(Ordering::Relaxed) <= expected {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.used.load(Ordering::Relaxed)
    }

    fn is_counted(layout: Layout) -> bool {
        // Larger alignments but those of whole pages are other people's.
        layout.align() == ALIGN || layout.align() >= 4096
    }
}

// SAFETY: all memory is the system's; a null pointer says that there is none.
unsafe impl GlobalAlloc for Scarce {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if Scarce::is_counted(layout) {
            let enough = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| match left {
                0 => None,
                left => Some((left - 1).max(-1)),
            });
            if enough.is_err() {
                return std::ptr::null_mut();
            }
            self.used.fetch_add(layout.size() as i64, Ordering::Relaxed);
        }
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, data: *mut u8, layout: Layout) {
        if Scarce::is_counted(layout) {
            self.used.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        }
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(data, layout) }
    }
}

/// Fails each allocation of each program.
pub fn run(memory: &Scarce) {
    let mut engines = Engines::new();
    // What fails here is told at once.
    drop(std::panic::take_hook());
    let subjects = subjects(&mut engines, Effort::Short);
    let (mut failed, mut passed) = (0, 0);
    for threads in [1, 3] {
        for subject in &subjects {
            subject.compiled.borrow_mut().set_threads(threads);
            let code = subject.compiled.borrow();
            let mut with = |left: i64| {
                let what = format!("{} on {threads} threads with {left} allocations", subject.name);
                runtime::trim_memory();
                let before = memory.used.load(Ordering::Relaxed);
                memory.left.store(left, Ordering::Relaxed);
                let outcome = engines.execute(&what, &code, &subject.args);
                let rest = memory.left.swap(-1, Ordering::Relaxed);
                let outcome = outcome.unwrap_or_else(|complaint| panic!("{what}: {complaint:?}"));
                let good = match (&subject.meaning, &outcome) {
                    (_, Err(error)) if error.kind == ErrorKind::OutOfMemory => None,
                    (Ok(wanted), Ok(found)) => Some(wanted.same(&found.value)),
                    (Err(wanted), Err(found)) => Some(wanted.kind == found.kind),
                    _ => Some(false),
                };
                assert!(good != Some(false), "{what}: {:?}", outcome.map(|finished| finished.value));
                drop(outcome);
                let after = memory.used_after_trim(before);
                assert!(after <= before, "{what}: {before} bytes became {after}");
                (left - rest, good.is_some())
            };
            const PLENTY: i64 = 1 << 40;
            let (allocations, _) = with(PLENTY);
            for left in 0..allocations {
                *if with(left).1 { &mut passed } else { &mut failed } += 1;
            }
            assert!(with(PLENTY).1, "{}: memory did not come back", subject.name);
        }
    }
    println!("{} programs, {failed} runs without memory, {passed} that did with less", subjects.len());
    assert!(failed > passed, "{failed} of {passed}");
}
