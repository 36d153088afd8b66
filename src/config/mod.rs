#![forbid(unsafe_code)]
//! The settings of a session, typed, with one table that names them for every shell.
//!
//! Promises: a setting is reached by the same name or key from the command line, the REPL, C and Rust; an unknown name or
//! a bad value is an error that says what is allowed. Must not: read the environment, or log.

mod dump;
mod ignored;
mod settings;
mod values;

pub use dump::{Dump, Format};
pub use ignored::{IGNORED, Ignored};
pub use settings::{SETTINGS, Setting};
pub use values::{parse_bytes, parse_seconds, parse_threads};

use crate::diag::suggest;
use crate::plan::{Effort, LlvmPasses};
use std::time::Duration;

/// What a session does by default.
///
/// ```
/// let config = weld::Config { threads: 4, memory_limit: Some(1 << 30), ..weld::Config::default() };
/// assert_eq!(config.passes, "default");
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// Threads of a run, the calling one included. At least 1.
    pub threads: usize,
    /// The pipeline, as `passes::parse_pipeline` reads it.
    pub passes: String,
    /// LLVM's effort.
    pub effort: Effort,
    /// Which of LLVM's passes may run at that effort.
    pub llvm: LlvmPasses,
    /// Whether compiled programs are kept for who compiles the same text again.
    pub cache: bool,
    /// Bytes that a run may allocate; `None` for no limit of ours.
    pub memory_limit: Option<u64>,
    /// How long a run may take; `None` for no limit.
    pub time_limit: Option<Duration>,
    /// Whether programs say on standard error what they do, step by step.
    pub trace: bool,
    /// The files of code that a compilation writes.
    pub dump: Dump,
    /// What the function of the program is called in code that is shown or written.
    pub run_function: String,
}

impl Default for Config {
    fn default() -> Config {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        Config {
            threads,
            passes: "default".to_string(),
            effort: Effort::Short,
            llvm: LlvmPasses::default(),
            cache: true,
            memory_limit: None,
            time_limit: None,
            trace: false,
            dump: Dump::default(),
            run_function: "run".to_string(),
        }
    }
}

/// What a key turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// A setting, which has its new value.
    Used,
    /// A key that has no effect here, and why.
    Ignored(&'static str),
    /// No key of ours.
    Unknown,
}

impl Config {
    /// What a program that embeds Weld gets when it sets nothing: one thread, and 1,000,000,000 bytes for a context.
    pub fn embedded() -> Config {
        Config { threads: 1, memory_limit: Some(1_000_000_000), ..Config::default() }
    }

    /// Sets one setting by its name or its key. A key without effect has its value checked.
    ///
    /// ```
    /// # fn main() -> Result<(), String> {
    /// let mut config = weld::Config::default();
    /// config.set("threads", "2")?;
    /// config.set("weld.threads", "3")?;
    /// assert_eq!(config.threads, 3);
    /// assert!(config.set("thread", "2").is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match self.set_embedded(name, value)? {
            Known::Unknown => Err(unknown(name)),
            Known::Used | Known::Ignored(_) => Ok(()),
        }
    }

    /// As [`Config::set`], for configurations that may hold keys of other versions: an unknown key is no error, and the
    /// caller can tell about it and about one without effect. The error is a value that does not parse.
    pub fn set_embedded(&mut self, key: &str, value: &str) -> Result<Known, String> {
        if let Some(setting) = Setting::find(key) {
            return setting.set(self, value).map(|()| Known::Used);
        }
        match Ignored::find(key) {
            Some(ignored) => ignored.check(value.trim()).map(|()| Known::Ignored(ignored.why)),
            None => Ok(Known::Unknown),
        }
    }
}

/// The name or key that is most like this one.
pub fn nearest(name: &str) -> Option<String> {
    let names = SETTINGS.iter().flat_map(|setting| [setting.name, setting.key]);
    suggest(name, names.chain(IGNORED.iter().map(|ignored| ignored.key)))
}

/// The error of a name that no setting has.
pub fn unknown(name: &str) -> String {
    match nearest(name) {
        Some(near) => format!("no setting is named `{name}`; did you mean `{near}`?"),
        None => {
            let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
            format!("no setting is named `{name}`; there are {}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests;
