#![forbid(unsafe_code)]
//! A configuration: keys and values as a program hands them in, read as settings when something is compiled or run.
//!
//! Promises: setting never fails and keeps every key; a value that does not parse is an error of who reads it; a key that
//! nobody knows is told once per reading and otherwise ignored.

use super::{WeldError, WeldResult, WeldRuntimeErrno};
use crate::config::{Config, Known};
use std::collections::BTreeMap;
use std::ffi::CString;

/// Keys and values.
///
/// ```
/// let mut conf = weld::WeldConf::new();
/// conf.set(weld::CONF_THREADS_KEY, "2");
/// assert_eq!(conf.get("weld.threads").map(|value| value.to_bytes()), Some(&b"2"[..]));
/// ```
#[derive(Clone, Debug, Default)]
pub struct WeldConf {
    entries: BTreeMap<String, CString>,
}

impl WeldConf {
    /// Without any key.
    ///
    /// ```
    /// assert_eq!(weld::WeldConf::new().get("weld.threads"), None);
    /// ```
    pub fn new() -> WeldConf {
        WeldConf::default()
    }

    /// Sets a key, known or not. A value ends at its first NUL.
    ///
    /// ```
    /// let mut conf = weld::WeldConf::new();
    /// conf.set("weld.memory.limit", "1000000");
    /// conf.set("a key of somebody else", "is kept");
    /// assert!(conf.get("a key of somebody else").is_some());
    /// ```
    pub fn set<K: Into<String>, V: Into<Vec<u8>>>(&mut self, key: K, value: V) {
        let mut value = value.into();
        value.truncate(value.iter().position(|byte| *byte == 0).unwrap_or(value.len()));
        self.entries.insert(key.into(), CString::new(value).unwrap_or_default());
    }

    /// The value that was set.
    ///
    /// ```
    /// let mut conf = weld::WeldConf::new();
    /// conf.set(weld::CONF_THREADS_KEY, "4");
    /// assert_eq!(conf.get(weld::CONF_THREADS_KEY).map(|value| value.to_bytes()), Some(&b"4"[..]));
    /// ```
    pub fn get(&self, key: &str) -> Option<&CString> {
        self.entries.get(key)
    }

    /// The settings that the keys ask for, on top of those of a program that sets nothing.
    pub(super) fn settings(&self) -> WeldResult<Config> {
        let mut config = Config::embedded();
        for (key, value) in &self.entries {
            let refuse = |why: String| {
                WeldError::new(format!("configuration: {key}: {why}"), WeldRuntimeErrno::CompileError)
            };
            let value = value.to_str().map_err(|_| refuse("the value is not UTF-8".to_string()))?;
            match config.set_embedded(key, value).map_err(refuse)? {
                Known::Used => {}
                Known::Ignored(why) => log::warn!("`{key}` has no effect: {why}"),
                Known::Unknown => log::warn!("no key of a configuration is `{key}`"),
            }
        }
        Ok(config)
    }
}
