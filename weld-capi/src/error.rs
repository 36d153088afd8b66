//! Errors: what became of the last call that was handed the error.

use crate::guard::{find, free, handle, quietly};
use crate::types::{weld_errno_t, weld_error_t};
use std::ffi::c_char;
use std::ptr;
use weld_compiler::{WeldError, WeldRuntimeErrno};

/// A new error: code 0 and an empty message. Free it with weld_error_free.
#[unsafe(no_mangle)]
pub extern "C" fn weld_error_new() -> weld_error_t {
    quietly(ptr::null_mut(), || handle(WeldError::default()))
}

/// Frees an error. Null, and what is no error, does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn weld_error_free(err: weld_error_t) {
    quietly((), || drop(free::<WeldError, _>(err)));
}

/// What became of the last call: one of WELD_ERRNO_*. Of what is no error: WELD_ERRNO_INVALID_HANDLE.
#[unsafe(no_mangle)]
pub extern "C" fn weld_error_code(err: weld_error_t) -> weld_errno_t {
    let errno = |err| match find::<WeldError, _>(err) {
        Some(held) => held.lock().code(),
        None => WeldRuntimeErrno::InvalidHandle,
    };
    quietly(WeldRuntimeErrno::Unknown, || errno(err)) as weld_errno_t
}

/// The same in words: "Success" after a call that went well. The string belongs to the error, and stays until the error is
/// used for another call or freed.
#[unsafe(no_mangle)]
pub extern "C" fn weld_error_message(err: weld_error_t) -> *const c_char {
    quietly(ptr::null(), || match find::<WeldError, _>(err) {
        Some(held) => {
            let error = held.lock();
            held.texts.keep("message", error.message().to_bytes())
        }
        None => c"the error is null, freed, or no error".as_ptr(),
    })
}

/// A way to mend it, where one is known; else NULL. The string belongs to the error.
#[unsafe(no_mangle)]
pub extern "C" fn weld_error_hint(err: weld_error_t) -> *const c_char {
    quietly(ptr::null(), || {
        let Some(held) = find::<WeldError, _>(err) else { return ptr::null() };
        let error = held.lock();
        error.hint().map_or(ptr::null(), |hint| held.texts.keep("hint", hint.to_bytes()))
    })
}

/// The line of the program that the error is about, from 1; 0 when it is about no place.
#[unsafe(no_mangle)]
pub extern "C" fn weld_error_line(err: weld_error_t) -> i64 {
    place(err).0
}

/// The column of the program that the error is about, in characters from 1; 0 when it is about no place.
#[unsafe(no_mangle)]
pub extern "C" fn weld_error_column(err: weld_error_t) -> i64 {
    place(err).1
}

fn place(err: weld_error_t) -> (i64, i64) {
    quietly((0, 0), || {
        let place = find::<WeldError, _>(err).and_then(|held| held.lock().place());
        place.map_or((0, 0), |(line, column)| (line as i64, column as i64))
    })
}
