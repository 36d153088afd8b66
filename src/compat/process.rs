#![forbid(unsafe_code)]
//! What all contexts and modules of a process share: LLVM, the threads, and the loaded libraries.
//!
//! Promises: nothing is started before the first use. This is the one place with state of the process; everything below
//! takes what it needs from its caller.

use super::{WeldError, WeldResult, WeldRuntimeErrno};
use crate::config::Config;
use crate::runtime::Pool;
use crate::session::Session;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// The most threads of a run: the most that `weld.threads` may ask for. They start when a run wants them.
const MOST_THREADS: usize = 512;

static HOME: LazyLock<Mutex<Session>> = LazyLock::new(|| {
    let mut session = Session::with_pool(Config::embedded(), Pool::new(MOST_THREADS));
    session
        .tell_loading("`weld_load_library`, in Rust `load_linked_library`, before the program is compiled");
    Mutex::new(session)
});

fn home() -> MutexGuard<'static, Session> {
    HOME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A session with these settings.
pub(super) fn session(config: Config) -> Session {
    home().sibling(config)
}

/// Makes the C functions of a library known to programs that are compiled from now on: a path, or a plain name that the
/// system looks for. Loading it runs its code.
///
/// ```
/// let error = weld::load_linked_library("/no/such/library.so").unwrap_err();
/// assert_eq!(error.code(), weld::WeldRuntimeErrno::LoadLibraryError);
/// ```
pub fn load_linked_library<S: AsRef<str>>(filename: S) -> WeldResult<()> {
    if filename.as_ref().is_empty() {
        return Err(WeldError::new("the name of the library is empty", WeldRuntimeErrno::LoadLibraryError));
    }
    let loaded = home().load_library(filename.as_ref());
    loaded.map_err(|why| WeldError::new(why, WeldRuntimeErrno::LoadLibraryError))
}

/// Makes the C function at `address` known as `name` to programs that are compiled from now on. It is found before functions of
/// the process and of libraries; an address of 0 takes the name away. Programs call it as LANGUAGE 14 says; whoever names it
/// vouches for that.
///
/// ```
/// # fn main() -> Result<(), weld::WeldError> {
/// use weld::{WeldConf, WeldContext, WeldModule, WeldValue};
///
/// extern "C" fn seven(result: *mut i64) {
///     // SAFETY: programs call it with room for an `i64`.
///     unsafe { *result = 7 };
/// }
///
/// weld::define_function("example_seven", seven as *const () as usize)?;
/// let module = WeldModule::compile("cudf[example_seven,i64]() * 6L", &WeldConf::new())?;
/// let mut context = WeldContext::new(&WeldConf::new())?;
/// // SAFETY: a program without parameters takes anything, and its result is an `i64`.
/// let result = unsafe { module.run(&mut context, &WeldValue::new_from_data(std::ptr::null()))? };
/// assert_eq!(unsafe { *(result.data() as *const i64) }, 42);
/// # Ok(())
/// # }
/// ```
pub fn define_function(name: &str, address: usize) -> WeldResult<()> {
    let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !is_name(name) {
        let message = format!("`{}` is no name of a C function", name.escape_default());
        return Err(WeldError::new(message, WeldRuntimeErrno::InvalidArgument));
    }
    home().libraries_mut().define(name, address);
    Ok(())
}

/// Gives memory that is kept for later runs back to the system, which would happen by itself when ten seconds pass without use:
/// large freed vectors are kept, up to 1 GiB in the process and up to a quarter of the memory limit of the run that freed them,
/// for fresh memory is slow.
///
/// ```
/// weld::trim_memory();
/// ```
pub fn trim_memory() {
    crate::runtime::trim_memory();
}
