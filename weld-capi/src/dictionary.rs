//! Dictionaries of results, read in place.

use crate::guard::quietly;
use std::ffi::c_void;
use std::ptr;
use weld_compiler::runtime::abi::Dict;

/// How many entries a dictionary has. `dict` is what a `dict[K,V]` is in memory: an opaque pointer, null when it is empty.
///
/// # Safety
/// `dict` is null, or comes from a result that is still there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_dict_len(dict: *const c_void) -> i64 {
    // SAFETY: the caller hands in a dictionary of a result.
    quietly(0, || unsafe { dict.cast::<Dict>().as_ref() }.map_or(0, |dict| dict.len))
}

/// The entries of a dictionary in the order in which their keys came first: an array of as many `struct { K key; V value; }`
/// as weld_dict_len says. They are not copied, and stay as long as the result.
///
/// # Safety
/// As for weld_dict_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn weld_dict_entries(dict: *const c_void) -> *const c_void {
    // SAFETY: the caller hands in a dictionary of a result.
    let entries = || unsafe { dict.cast::<Dict>().as_ref() }.map(|dict| dict.entries.cast_const().cast());
    quietly(ptr::null(), || entries().unwrap_or(ptr::null()))
}
