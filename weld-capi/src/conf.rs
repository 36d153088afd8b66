//! Configurations.

use crate::guard::{find, free, handle, quietly};
use crate::library;
use crate::types::weld_conf_t;
use std::ffi::{CStr, c_char};
use std::ptr;
use weld_compiler::WeldConf;

/// An empty configuration. Free it with weld_conf_free.
#[unsafe(no_mangle)]
pub extern "C" fn weld_conf_new() -> weld_conf_t {
    quietly(ptr::null_mut(), || {
        // Every client makes a configuration before anything that is logged.
        library::log_as_asked();
        handle(WeldConf::new())
    })
}

/// Frees a configuration. Null, and what is no configuration, does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn weld_conf_free(conf: weld_conf_t) {
    quietly((), || drop(free::<WeldConf, _>(conf)));
}

/// The value of a key; NULL when it has not been set. The string belongs to the configuration, and stays until the key is set
/// again or the configuration is freed.
///
/// # Safety
/// `key` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_conf_get(conf: weld_conf_t, key: *const c_char) -> *const c_char {
    quietly(ptr::null(), || {
        // SAFETY: the caller hands in a C string.
        let (Some(held), Some(key)) = (find::<WeldConf, _>(conf), unsafe { text(key) }) else {
            return ptr::null();
        };
        let conf = held.lock();
        conf.get(&key).map_or(ptr::null(), |value| held.texts.keep(&key, value.to_bytes()))
    })
}

/// Sets a key to a value; both are copied. Any key may be set; values are read when the configuration is used.
///
/// # Safety
/// `key` and `value` are null or C strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_conf_set(conf: weld_conf_t, key: *const c_char, value: *const c_char) {
    quietly((), || {
        // SAFETY: the caller hands in C strings.
        let (key, value) = unsafe { (text(key), bytes(value)) };
        if let (Some(held), Some(key), Some(value)) = (find::<WeldConf, _>(conf), key, value) {
            held.lock().set(key, value);
        }
    });
}

/// The bytes of a C string; `None` for null.
///
/// # Safety
/// `text` is null or a C string.
pub unsafe fn bytes<'a>(text: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: the caller says that it is a C string when it is not null.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// The characters of a C string, with a mark in place of bytes that are no UTF-8; `None` for null.
///
/// # Safety
/// `text` is null or a C string.
pub unsafe fn text(text: *const c_char) -> Option<String> {
    // SAFETY: the caller's contract.
    unsafe { bytes(text) }.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}
