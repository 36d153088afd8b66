//! Values: arguments and results.

use crate::conf::text;
use crate::guard::{find, free, handle, quietly, reporting};
use crate::types::{weld_context_t, weld_error_t, weld_value_t};
use std::ffi::{c_char, c_void};
use std::ptr;
use weld_compiler::{WeldError, WeldRuntimeErrno, WeldValue};

/// Wraps memory of the caller, without a copy: a struct of the parameters of a program. Free the wrapper with
/// weld_value_free; the memory stays the caller's.
#[unsafe(no_mangle)]
pub extern "C" fn weld_value_new(data: *const c_void) -> weld_value_t {
    quietly(ptr::null_mut(), || handle(WeldValue::new_from_data(data)))
}

/// The same with the type of the memory, as it is written in programs: "{vec[i64],f64}" for two parameters. A run compares it
/// with the parameters of the program and looks at all lengths and pointers first; a wrong layout is an error. NULL when the
/// type is none.
///
/// # Safety
/// `type_text` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_value_new_typed(
    type_text: *const c_char,
    data: *const c_void,
    err: weld_error_t,
) -> weld_value_t {
    reporting(err, ptr::null_mut(), || {
        // SAFETY: the caller hands in a C string.
        let ty = unsafe { text(type_text) };
        let ty = ty.ok_or_else(|| WeldError::new("the type is null", WeldRuntimeErrno::InvalidArgument))?;
        Ok(handle(WeldValue::new_typed(&ty, data)?))
    })
}

/// Frees the wrapper of an argument or a result. The memory of a result stays with its context, for later results may point
/// into it; see weld_value_release. Null, and what is no value, does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn weld_value_free(value: weld_value_t) {
    quietly((), || drop(free::<WeldValue, _>(value)));
}

/// Frees a result with the memory that its run allocated. Only for results that no later result points into.
#[unsafe(no_mangle)]
pub extern "C" fn weld_value_release(value: weld_value_t) {
    quietly((), || {
        if let Some(held) = free::<WeldValue, _>(value) {
            let value = held.lock().clone();
            value.release();
        }
    });
}

/// Where the value is. A result stays until the context and all values of it are freed.
#[unsafe(no_mangle)]
pub extern "C" fn weld_value_data(value: weld_value_t) -> *mut c_void {
    quietly(ptr::null_mut(), || {
        find::<WeldValue, _>(value).map_or(ptr::null_mut(), |held| held.lock().data().cast_mut())
    })
}

/// The run that the value is the result of, numbered from 0 in its context; -1 for memory of the caller.
#[unsafe(no_mangle)]
pub extern "C" fn weld_value_run(value: weld_value_t) -> i64 {
    quietly(-1, || find::<WeldValue, _>(value).and_then(|held| held.lock().run_id()).unwrap_or(-1))
}

/// A new reference to the context of a result, to be freed with weld_context_free; NULL for memory of the caller.
#[unsafe(no_mangle)]
pub extern "C" fn weld_value_context(value: weld_value_t) -> weld_context_t {
    quietly(ptr::null_mut(), || {
        let context = find::<WeldValue, _>(value).and_then(|held| held.lock().context());
        context.map_or(ptr::null_mut(), handle)
    })
}

/// Bytes that the run of a result allocated and that are still there; 0 for memory of the caller.
#[unsafe(no_mangle)]
pub extern "C" fn weld_value_memory_usage(value: weld_value_t) -> i64 {
    quietly(0, || find::<WeldValue, _>(value).map_or(0, |held| held.lock().memory_usage()))
}

/// The type of a value as text, where it is known: of results, and of arguments made with a type; else NULL. The string
/// belongs to the value.
#[unsafe(no_mangle)]
pub extern "C" fn weld_value_type(value: weld_value_t) -> *const c_char {
    quietly(ptr::null(), || {
        let Some(held) = find::<WeldValue, _>(value) else { return ptr::null() };
        let ty = held.lock().ty().map(ToString::to_string);
        ty.map_or(ptr::null(), |ty| held.texts.keep("type", ty.as_bytes()))
    })
}
