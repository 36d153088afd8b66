//! The functions that code of the original called while it ran, over handles. Ours does not; tools that link them find them
//! here, and under their C names in `libweld`, which calls these.
//!
//! Promises: a handle is a number, so that one that was freed or never made is answered with null or an error. Where the
//! original left the function by unwinding (an error, a failed assertion), these record the error and return.
//!
//! ```
//! use weld::runtime::ffi;
//!
//! let run = ffi::weld_runst_init(1, 1000);
//! let data = ffi::weld_runst_malloc(run, 8);
//! ffi::weld_runst_set_result(run, data);
//! assert_eq!(ffi::weld_runst_get_result(run), data);
//! ffi::weld_runst_release(run);
//! assert!(ffi::weld_runst_get_result(run).is_null());
//! ```

use super::abi::Status;
use super::lock;
use super::runst::{Ptr, WeldRuntimeContext};
use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_void};
use std::io::Write;
use std::ptr;
use std::sync::{Arc, LazyLock, Mutex};

type Runs = HashMap<usize, Arc<Mutex<WeldRuntimeContext>>>;

static RUNS: LazyLock<Mutex<Runs>> = LazyLock::new(Mutex::default);

/// Above the numbers of states: no handle is an address, or a handle of another kind, whose upper bits are others.
const HANDLES: usize = 0x57e2 << 48;

/// The error of a handle that is none: `WELD_ERRNO_INVALID_HANDLE`.
const INVALID_HANDLE: u64 = 21;

/// Does something with a state; `otherwise` when there is none behind the handle.
fn with<T>(run: *mut c_void, otherwise: T, act: impl FnOnce(&mut WeldRuntimeContext) -> T) -> T {
    let found = lock(&RUNS).get(&run.addr()).cloned();
    match found {
        Some(state) => act(&mut lock(&state)),
        None => otherwise,
    }
}

/// Does nothing: all that is needed is made when it is.
///
/// ```
/// weld::runtime::ffi::weld_init();
/// ```
pub fn weld_init() {}

/// A run handle with a number of workers and a limit in bytes.
///
/// ```
/// use weld::runtime::ffi;
///
/// let run = ffi::weld_runst_init(1, 1000);
/// assert!(!run.is_null());
/// ffi::weld_runst_release(run);
/// ```
pub fn weld_runst_init(workers: i32, memory_limit: i64) -> *mut c_void {
    let state = WeldRuntimeContext::new(workers, memory_limit);
    let handle = HANDLES.wrapping_add(usize::try_from(state.run_id()).unwrap_or(0));
    lock(&RUNS).insert(handle, Arc::new(Mutex::new(state)));
    ptr::without_provenance_mut(handle)
}

/// Frees a run handle and all memory of it.
///
/// ```
/// use weld::runtime::ffi;
///
/// let run = ffi::weld_runst_init(1, 1000);
/// ffi::weld_runst_release(run);
/// ffi::weld_runst_release(run);
/// ```
pub fn weld_runst_release(run: *mut c_void) {
    let state = lock(&RUNS).remove(&run.addr());
    drop(state);
}

/// Zeroed memory of the run: [`WeldRuntimeContext::malloc`].
///
/// ```
/// use weld::runtime::ffi;
///
/// let run = ffi::weld_runst_init(1, 1000);
/// assert!(!ffi::weld_runst_malloc(run, 8).is_null());
/// assert!(ffi::weld_runst_malloc(std::ptr::null_mut(), 8).is_null());
/// ffi::weld_runst_release(run);
/// ```
pub fn weld_runst_malloc(run: *mut c_void, size: i64) -> Ptr {
    with(run, ptr::null_mut(), |state| state.malloc(size))
}

/// Memory of another size: [`WeldRuntimeContext::realloc`].
///
/// ```
/// use weld::runtime::ffi;
///
/// let run = ffi::weld_runst_init(1, 1000);
/// let data = ffi::weld_runst_malloc(run, 8);
/// assert!(!ffi::weld_runst_realloc(run, data, 100).is_null());
/// ffi::weld_runst_release(run);
/// ```
pub fn weld_runst_realloc(run: *mut c_void, data: Ptr, size: i64) -> Ptr {
    with(run, ptr::null_mut(), |state| state.realloc(data, size))
}

/// Frees memory of the run; what is none does nothing.
///
/// ```
/// use weld::runtime::ffi;
///
/// let run = ffi::weld_runst_init(1, 1000);
/// let data = ffi::weld_runst_malloc(run, 8);
/// ffi::weld_runst_free(run, data);
/// ffi::weld_runst_release(run);
/// ```
pub fn weld_runst_free(run: *mut c_void, data: Ptr) {
    with(run, (), |state| state.free(data));
}

/// Keeps a result.
///
/// ```
/// use weld::runtime::ffi;
///
/// let run = ffi::weld_runst_init(1, 1000);
/// ffi::weld_runst_set_result(run, ffi::weld_runst_malloc(run, 8));
/// ffi::weld_runst_release(run);
/// ```
pub fn weld_runst_set_result(run: *mut c_void, data: Ptr) {
    with(run, (), |state| state.set_result(data));
}

/// The result that was kept.
///
/// ```
/// use weld::runtime::ffi;
///
/// assert!(ffi::weld_runst_get_result(ffi::weld_runst_init(1, 1000)).is_null());
/// ```
pub fn weld_runst_get_result(run: *mut c_void) -> Ptr {
    with(run, ptr::null_mut(), |state| state.result())
}

/// Records an error, by its number.
///
/// ```
/// use weld::runtime::ffi;
///
/// let run = ffi::weld_runst_init(1, 1000);
/// ffi::weld_runst_set_errno(run, 4);
/// assert_eq!(ffi::weld_runst_get_errno(run), 4);
/// ffi::weld_runst_release(run);
/// ```
pub fn weld_runst_set_errno(run: *mut c_void, errno: u64) {
    with(run, (), |state| state.set_errno(errno));
}

/// The error that was recorded, or 0.
///
/// ```
/// // The number of a handle that is none, of `WeldRuntimeErrno::InvalidHandle`.
/// assert_eq!(weld::runtime::ffi::weld_runst_get_errno(std::ptr::null_mut()), 21);
/// ```
pub fn weld_runst_get_errno(run: *mut c_void) -> u64 {
    with(run, INVALID_HANDLE, |state| state.errno())
}

/// 1 when the condition is not 0; else records that an assertion failed and gives 0.
///
/// ```
/// use weld::runtime::ffi;
///
/// let run = ffi::weld_runst_init(1, 1000);
/// assert_eq!((ffi::weld_runst_assert(run, 1), ffi::weld_runst_assert(run, 0)), (1, 0));
/// assert_eq!(ffi::weld_runst_get_errno(run), 12);
/// ffi::weld_runst_release(run);
/// ```
pub fn weld_runst_assert(run: *mut c_void, cond: u8) -> u8 {
    if cond == 0 {
        weld_runst_set_errno(run, Status::AssertionError as u64);
    }
    u8::from(cond != 0)
}

/// Prints a line.
///
/// # Safety
/// `text` is null or a C string.
///
/// ```
/// let run = weld::runtime::ffi::weld_runst_init(1, 1000);
/// // SAFETY: it is a C string.
/// unsafe { weld::runtime::ffi::weld_runst_print(run, c"a line".as_ptr()) };
/// ```
pub unsafe fn weld_runst_print(_run: *mut c_void, text: *const c_char) {
    let text = match text.is_null() {
        true => &[],
        // SAFETY: the caller hands in a C string.
        false => unsafe { CStr::from_ptr(text) }.to_bytes(),
    };
    let mut out = std::io::stdout().lock();
    // A reader that has gone is no concern of the program.
    let _ = out.write_all(text).and_then(|()| out.write_all(b"\n"));
}
