//! The functions that code of the original called while it ran. Ours does not; tools that link them find them here.
//!
//! Promises: the memory of a run handle is counted against its limit, and goes with the handle. Where the original left the
//! function by unwinding (an error, a failed assertion), these record the error and return.
//! Must not: do anything itself; `weld_compiler::runtime::ffi` does.

use crate::guard::quietly;
use std::ffi::{c_char, c_void};
use std::ptr;
use weld_compiler::WeldRuntimeErrno;
use weld_compiler::runtime::ffi;

/// Does nothing: all that is needed is made when it is.
#[unsafe(no_mangle)]
pub extern "C" fn weld_init() {
    ffi::weld_init();
}

/// A run handle with a limit in bytes. Release it with weld_runst_release.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_init(nworkers: i32, memlimit: i64) -> *mut c_void {
    quietly(ptr::null_mut(), || ffi::weld_runst_init(nworkers, memlimit))
}

/// Frees a run handle and all memory of it.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_release(run: *mut c_void) {
    quietly((), || ffi::weld_runst_release(run));
}

/// Zeroed memory of the run; NULL for no bytes, and when the limit is reached, which is recorded as an error.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_malloc(run: *mut c_void, size: i64) -> *mut u8 {
    quietly(ptr::null_mut(), || ffi::weld_runst_malloc(run, size))
}

/// Memory of another size with the same contents; the old one is freed. NULL, and the old one stays, when the limit is
/// reached.
///
/// # Safety
/// `data` is null or memory of the run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_runst_realloc(run: *mut c_void, data: *mut u8, newsize: i64) -> *mut u8 {
    quietly(ptr::null_mut(), || ffi::weld_runst_realloc(run, data, newsize))
}

/// Frees memory of the run; what is none does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_free(run: *mut c_void, data: *mut u8) {
    quietly((), || ffi::weld_runst_free(run, data));
}

/// Keeps a result.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_set_result(run: *mut c_void, data: *mut u8) {
    quietly((), || ffi::weld_runst_set_result(run, data));
}

/// The result that was kept.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_get_result(run: *mut c_void) -> *mut u8 {
    quietly(ptr::null_mut(), || ffi::weld_runst_get_result(run))
}

/// Records an error: one of WELD_ERRNO_*. Unlike the original's this returns.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_set_errno(run: *mut c_void, code: u64) {
    quietly((), || ffi::weld_runst_set_errno(run, code));
}

/// The error that was recorded, or 0.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_get_errno(run: *mut c_void) -> u64 {
    quietly(WeldRuntimeErrno::Unknown as u64, || ffi::weld_runst_get_errno(run))
}

/// 1 when the condition is not 0; else records WELD_ERRNO_ASSERTION_ERROR and gives 0, where the original's did not return.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_assert(run: *mut c_void, cond: u8) -> u8 {
    quietly(0, || ffi::weld_runst_assert(run, cond))
}

/// Prints a line.
///
/// # Safety
/// `text` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_runst_print(run: *mut c_void, text: *const c_char) {
    // SAFETY: the caller hands in a C string.
    quietly((), || unsafe { ffi::weld_runst_print(run, text) });
}
