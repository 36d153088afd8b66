//! What belongs to the whole process: libraries with C functions, the log.

use crate::conf::text;
use crate::guard::{quietly, reporting};
use crate::handles;
use crate::types::{weld_error_t, weld_log_level_t};
use std::ffi::c_char;
use std::sync::Once;
use weld_compiler::{WeldError, WeldLogLevel, WeldRuntimeErrno, compat, logging};

/// Makes the C functions of a shared library known to programs that are compiled from now on: a path, or a plain name that the
/// system looks for.
///
/// # Safety
/// `filename` is null or a C string. Loading a library runs its code.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_load_library(filename: *const c_char, err: weld_error_t) {
    reporting(err, (), || {
        // SAFETY: the caller hands in a C string.
        let name = unsafe { text(filename) };
        let null = || WeldError::new("the name of the library is null", WeldRuntimeErrno::LoadLibraryError);
        compat::load_linked_library(name.ok_or_else(null)?)
    });
}

/// Makes a C function known under a name to programs that are compiled from now on: `cudf[name,R](a, ...)` calls
/// `void function(A *a, ..., R *result)`, which is handed in as `(void (*)(void))function`. A null function takes the name
/// away.
///
/// # Safety
/// `name` is null or a C string; the function is one that the programs call by its types.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_register_function(
    name: *const c_char,
    function: Option<unsafe extern "C" fn()>,
    err: weld_error_t,
) {
    reporting(err, (), || {
        // SAFETY: the caller hands in a C string.
        let name = unsafe { text(name) };
        let null = || WeldError::new("the name of the function is null", WeldRuntimeErrno::InvalidArgument);
        let address = function.map_or(0, |function| function as usize);
        compat::define_function(&name.ok_or_else(null)?, address)
    });
}

/// Gives memory that is kept for later runs back to the system, which would happen by itself when ten seconds pass without use:
/// large freed vectors are kept, up to 1 GiB in the process and up to a quarter of the memory limit of the run that freed them,
/// for fresh memory is slow.
#[unsafe(no_mangle)]
pub extern "C" fn weld_trim_memory() {
    quietly((), compat::trim_memory);
}

/// Sets how much is logged on standard error: one of WELD_LOG_LEVEL_*. The first call of the process wins, and the environment
/// variable WELD_LOG (off, error, warn, info, debug or trace) before it.
#[unsafe(no_mangle)]
pub extern "C" fn weld_set_log_level(level: weld_log_level_t) {
    quietly((), || {
        log_as_asked();
        compat::set_log_level(WeldLogLevel::from(level));
    });
}

/// Starts the log that `WELD_LOG` asks for, once.
pub fn log_as_asked() {
    static ASKED: Once = Once::new();
    ASKED.call_once(|| match logging::parse(&std::env::var("WELD_LOG").unwrap_or_default()) {
        Ok(None) => {}
        Ok(Some(level)) => {
            logging::start(level);
        }
        Err(why) => {
            logging::start(logging::level(WeldLogLevel::Warn as u64));
            log::warn!("WELD_LOG: {why}");
        }
    });
}

/// How many handles have been made and not freed, of all kinds: for finding leaks.
#[unsafe(no_mangle)]
pub extern "C" fn weld_live_handles() -> i64 {
    quietly(0, handles::live)
}
