#![allow(unsafe_code, reason = "one call of C, and one of the loader")]
//! The end of the process. LLVM's own state goes with it, in destructors that do not ask whether another thread is compiling.
//!
//! Promises: the thread that ends the process waits until nobody else is inside LLVM, and whoever comes later waits for ever,
//! which is not long. It waits before anything goes that LLVM had made by then, which is why `start` makes most of it early. It
//! cannot help every process that ends while LLVM starts or compiles its first program: what LLVM makes in that very moment is
//! destroyed before anybody is asked. The ending thread itself
//! is let in, for what a client destroys at the end may be programs.

use std::cell::Cell;
use std::ffi::c_int;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Once, PoisonError, RwLock, RwLockReadGuard};
use std::thread;

/// The thread that ends the process, as [`me`] calls it.
static ENDING: RwLock<Option<usize>> = RwLock::new(None);

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Run when the code is loaded, behind what LLVM does then: the end of a process that has just begun with its first program
/// is noticed before LLVM's own state goes.
#[cfg(target_os = "linux")]
#[used]
// SAFETY: the section holds functions like this one, which the loader calls once each.
#[unsafe(link_section = ".init_array")]
static AT_LOAD: extern "C" fn() = register;

/// Held by a thread while it uses LLVM.
pub struct Stay {
    _others_may_too: RwLockReadGuard<'static, Option<usize>>,
}

/// Begins a stay inside LLVM; does not return when another thread is ending the process.
pub fn enter() -> Stay {
    // Before anything of LLVM is used, where loading has not done it.
    static FIRST: Once = Once::new();
    FIRST.call_once(|| register());
    let ending = ENDING.read().unwrap_or_else(PoisonError::into_inner);
    if ending.is_some_and(|thread| thread != me()) {
        drop(ending);
        loop {
            thread::park();
        }
    }
    INSIDE.set(true);
    Stay { _others_may_too: ending }
}

impl Stay {
    /// Has the ending thread wait before anything goes that LLVM has made until now.
    pub fn goes_first(&self) {
        register();
    }
}

/// Last registered is first called.
extern "C" fn register() {
    // SAFETY: the function takes and gives nothing, and does not unwind. It may refuse, and then things are as before.
    let _ = unsafe { atexit(end) };
}

impl Drop for Stay {
    fn drop(&mut self) {
        static STAYS: AtomicUsize = AtomicUsize::new(0);
        INSIDE.set(false);
        // LLVM registers what it makes when it first needs it: most of it early.
        let stays = STAYS.fetch_add(1, Ordering::Relaxed);
        if stays < 64 || stays.is_power_of_two() {
            register();
        }
    }
}

/// A number for this thread. The identity in `std` is gone when the main thread ends.
fn me() -> usize {
    INSIDE.with(|inside| std::ptr::from_ref(inside).addr())
}

extern "C" fn end() {
    // LLVM ends the process itself when it meets a bug of its own: then there is nobody to wait for but oneself.
    if !INSIDE.get() {
        *ENDING.write().unwrap_or_else(PoisonError::into_inner) = Some(me());
    }
}

unsafe extern "C" {
    fn atexit(function: extern "C" fn()) -> c_int;
}
