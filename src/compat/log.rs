#![forbid(unsafe_code)]
//! How much is logged, by the numbers of the original.

use crate::logging;
use log::LevelFilter;
use std::fmt;

/// How much is logged: what is said and everything more important.
///
/// ```
/// assert!(weld::WeldLogLevel::Warn < weld::WeldLogLevel::Debug);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u64)]
pub enum WeldLogLevel {
    /// Nothing.
    Off = 0,
    /// What went wrong without stopping anything.
    Error,
    /// Settings that nobody knows or that have no effect.
    Warn,
    /// Compilations and runs.
    Info,
    /// Each pass.
    Debug,
    /// Each rewrite.
    Trace,
}

impl From<u64> for WeldLogLevel {
    /// The level with this number; numbers above 5 are `Trace`.
    fn from(number: u64) -> WeldLogLevel {
        match logging::level(number) {
            LevelFilter::Off => WeldLogLevel::Off,
            LevelFilter::Error => WeldLogLevel::Error,
            LevelFilter::Warn => WeldLogLevel::Warn,
            LevelFilter::Info => WeldLogLevel::Info,
            LevelFilter::Debug => WeldLogLevel::Debug,
            LevelFilter::Trace => WeldLogLevel::Trace,
        }
    }
}

impl fmt::Display for WeldLogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{self:?}").to_lowercase())
    }
}

/// Sets how much is logged on standard error. The first call of the process wins; a process with a logger of its own keeps it.
///
/// ```
/// weld::set_log_level(weld::WeldLogLevel::Warn);
/// assert_eq!(weld::WeldLogLevel::from(7).to_string(), "trace");
/// ```
pub fn set_log_level(level: WeldLogLevel) {
    logging::start(logging::level(level as u64));
}
