//! The functions that code of the original called while it ran. Ours does not; tools that link them find them here.
//!
//! Promises: the memory of a run handle is counted against its limit, and goes with the handle. Where the original left the
//! function by unwinding (an error, a failed assertion), these record the error and return.

use crate::conf::bytes;
use crate::guard::quietly;
use crate::handles::lock;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::collections::HashMap;
use std::ffi::{c_char, c_void};
use std::io::Write;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use weld_compiler::WeldRuntimeErrno;

/// The state behind a run handle.
struct RunState {
    limit: u64,
    used: u64,
    /// Allocations by address, with their sizes.
    memory: HashMap<usize, usize>,
    result: usize,
    errno: u64,
}

/// Run handles are numbers, as all handles are: whoever hands in another one is answered with null.
static RUNS: LazyLock<Mutex<HashMap<usize, Arc<Mutex<RunState>>>>> = LazyLock::new(Mutex::default);

/// The next run handle. No number comes twice, and none is an address or another handle, for the upper bits are neither's.
static NEXT: AtomicUsize = AtomicUsize::new(0x57e2 << 48);

const ALIGN: usize = 64;

impl RunState {
    fn alloc(&mut self, size: usize) -> Option<*mut u8> {
        let used = self.used.checked_add(size as u64).filter(|used| *used <= self.limit)?;
        let layout = Layout::from_size_align(size, ALIGN).ok().filter(|layout| layout.size() > 0)?;
        // SAFETY: the layout has a size.
        let data = unsafe { alloc_zeroed(layout) };
        if data.is_null() {
            return None;
        }
        self.used = used;
        self.memory.insert(data.expose_provenance(), size);
        Some(data)
    }

    fn free(&mut self, data: *mut u8) {
        let Some(size) = self.memory.remove(&data.addr()) else { return };
        self.used -= size as u64;
        if let Ok(layout) = Layout::from_size_align(size, ALIGN) {
            // SAFETY: `alloc` made it with this layout, and it was still in the list.
            unsafe { dealloc(data, layout) };
        }
    }
}

impl Drop for RunState {
    fn drop(&mut self) {
        for address in self.memory.keys().copied().collect::<Vec<_>>() {
            self.free(ptr::with_exposed_provenance_mut(address));
        }
    }
}

/// Does something with the state of a run; `otherwise` when there is no such run.
fn with<T>(run: *mut c_void, otherwise: T, act: impl FnOnce(&mut RunState) -> T) -> T {
    let found = quietly(None, || lock(&RUNS).get(&run.addr()).cloned());
    match found {
        Some(state) => act(&mut lock(&state)),
        None => otherwise,
    }
}

/// Does nothing: all that is needed is made when it is.
#[unsafe(no_mangle)]
pub extern "C" fn weld_init() {}

/// A run handle with a limit in bytes. Release it with weld_runst_release.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_init(_nworkers: i32, memlimit: i64) -> *mut c_void {
    quietly(ptr::null_mut(), || {
        let limit = u64::try_from(memlimit).unwrap_or(0);
        let state = RunState { limit, used: 0, memory: HashMap::new(), result: 0, errno: 0 };
        let handle = NEXT.fetch_add(1, Ordering::Relaxed);
        lock(&RUNS).insert(handle, Arc::new(Mutex::new(state)));
        ptr::without_provenance_mut(handle)
    })
}

/// Frees a run handle and all memory of it.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_release(run: *mut c_void) {
    quietly((), || {
        let state = lock(&RUNS).remove(&run.addr());
        drop(state);
    });
}

/// Zeroed memory of the run; NULL for no bytes, and when the limit is reached, which is recorded as an error.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_malloc(run: *mut c_void, size: i64) -> *mut u8 {
    with(run, ptr::null_mut(), |state| match usize::try_from(size) {
        Ok(0) | Err(_) => ptr::null_mut(),
        Ok(size) => state.alloc(size).unwrap_or_else(|| {
            state.errno = WeldRuntimeErrno::OutOfMemory as u64;
            ptr::null_mut()
        }),
    })
}

/// Memory of another size with the same contents; the old one is freed. NULL, and the old one stays, when the limit is
/// reached.
///
/// # Safety
/// `data` is null or memory of the run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_runst_realloc(run: *mut c_void, data: *mut u8, newsize: i64) -> *mut u8 {
    let new = weld_runst_malloc(run, newsize);
    if new.is_null() {
        return new;
    }
    with(run, ptr::null_mut(), |state| {
        let kept =
            state.memory.get(&data.addr()).copied().unwrap_or(0).min(usize::try_from(newsize).unwrap_or(0));
        // SAFETY: the old memory has `kept` bytes or more, being in the list, and the new one too; both are live and apart.
        unsafe { ptr::copy_nonoverlapping(data, new, kept) };
        state.free(data);
        new
    })
}

/// Frees memory of the run; what is none does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_free(run: *mut c_void, data: *mut u8) {
    with(run, (), |state| state.free(data));
}

/// Keeps a result.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_set_result(run: *mut c_void, data: *mut u8) {
    with(run, (), |state| state.result = data.expose_provenance());
}

/// The result that was kept.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_get_result(run: *mut c_void) -> *mut u8 {
    with(run, ptr::null_mut(), |state| ptr::with_exposed_provenance_mut(state.result))
}

/// Records an error: one of WELD_ERRNO_*. Unlike the original's this returns.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_set_errno(run: *mut c_void, code: u64) {
    with(run, (), |state| state.errno = code);
}

/// The error that was recorded, or 0.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_get_errno(run: *mut c_void) -> u64 {
    with(run, WeldRuntimeErrno::InvalidHandle as u64, |state| state.errno)
}

/// 1 when the condition is not 0; else records WELD_ERRNO_ASSERTION_ERROR and gives 0, where the original's did not return.
#[unsafe(no_mangle)]
pub extern "C" fn weld_runst_assert(run: *mut c_void, cond: u8) -> u8 {
    if cond == 0 {
        weld_runst_set_errno(run, WeldRuntimeErrno::AssertionError as u64);
    }
    u8::from(cond != 0)
}

/// Prints a line.
///
/// # Safety
/// `text` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_runst_print(_run: *mut c_void, text: *const c_char) {
    // SAFETY: the caller hands in a C string.
    let text = unsafe { bytes(text) }.unwrap_or_default();
    quietly((), || {
        let mut out = std::io::stdout().lock();
        // A reader that has gone is no concern of the program.
        let _ = out.write_all(text).and_then(|()| out.write_all(b"\n"));
    });
}
