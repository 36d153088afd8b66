#![forbid(unsafe_code)]
//! C strings that belong to an object: what `const char *` results point at.
//!
//! Promises: a string stays where it is until another takes its place under the same name, or the object goes.

use crate::handles::lock;
use std::collections::HashMap;
use std::ffi::{CString, c_char};
use std::sync::Mutex;

/// Strings by name.
#[derive(Default)]
pub struct Texts {
    strings: Mutex<HashMap<String, CString>>,
}

impl Texts {
    /// Keeps a string under a name and gives its place. The one that was there goes, unless it is the same.
    pub fn keep(&self, name: &str, text: &[u8]) -> *const c_char {
        let mut strings = lock(&self.strings);
        if let Some(same) = strings.get(name).filter(|kept| kept.to_bytes() == text) {
            return same.as_ptr();
        }
        let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
        let text = CString::new(text.get(..end).unwrap_or_default()).unwrap_or_default();
        let place = text.as_ptr();
        strings.insert(name.to_string(), text);
        place
    }
}
