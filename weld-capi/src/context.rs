//! Contexts.

use crate::guard::{find, free, handle, quietly};
use crate::types::{weld_conf_t, weld_context_t};
use std::ffi::c_int;
use std::ptr;
use std::time::Duration;
use weld_compiler::{WeldConf, WeldContext};

/// A context with the limits of a configuration; NULL when the configuration does not parse; the log says why. Free
/// it with weld_context_free.
#[unsafe(no_mangle)]
pub extern "C" fn weld_context_new(conf: weld_conf_t) -> weld_context_t {
    quietly(ptr::null_mut(), || {
        let conf = find::<WeldConf, _>(conf).map(|held| held.lock().clone());
        match conf.map(|conf| WeldContext::new(&conf)) {
            Some(Ok(context)) => handle(context),
            Some(Err(error)) => {
                // There is no error handle to put the reason into.
                log::error!("{error}");
                ptr::null_mut()
            }
            None => ptr::null_mut(),
        }
    })
}

/// Drops a reference to a context. Its memory goes when all values of it are freed too. Null, and what is no context, does
/// nothing.
#[unsafe(no_mangle)]
pub extern "C" fn weld_context_free(context: weld_context_t) {
    quietly((), || drop(free::<WeldContext, _>(context)));
}

/// Bytes that runs in the context have allocated and that are still there; -1 for what is no context.
#[unsafe(no_mangle)]
pub extern "C" fn weld_context_memory_usage(context: weld_context_t) -> i64 {
    quietly(-1, || find::<WeldContext, _>(context).map_or(-1, |held| held.lock().memory_usage()))
}

/// Stops the run in progress in the context, from any thread: it ends with WELD_ERRNO_CANCELLED. 1 when there was one, 0 when
/// there was none: a run that begins later is not stopped.
#[unsafe(no_mangle)]
pub extern "C" fn weld_context_cancel(context: weld_context_t) -> c_int {
    quietly(0, || {
        let context = find::<WeldContext, _>(context).map(|held| held.lock().clone());
        c_int::from(context.is_some_and(|context| context.cancel()))
    })
}

/// How many seconds a run in the context may take from now on; it ends with WELD_ERRNO_TIMEOUT. 0 or less, or what is no
/// number, for no limit.
#[unsafe(no_mangle)]
pub extern "C" fn weld_context_set_time_limit(context: weld_context_t, seconds: f64) {
    quietly((), || {
        let limit = Some(seconds).filter(|seconds| *seconds > 0.0);
        let limit = limit.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        if let Some(held) = find::<WeldContext, _>(context) {
            held.lock().set_time_limit(limit);
        }
    });
}
