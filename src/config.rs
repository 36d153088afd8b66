#![forbid(unsafe_code)]
//! The settings of a session, typed, with one table that names them for every shell.
//!
//! Promises: a setting is reached by the same name from the command line, the REPL and the library; an unknown name or a
//! bad value is an error that says what is allowed. Must not: read the environment.

use crate::plan::Effort;
use std::time::Duration;

/// What a session does by default.
#[derive(Clone, Debug)]
pub struct Config {
    /// Threads of a run, the calling one included. At least 1.
    pub threads: usize,
    /// The pipeline, as `passes::parse_pipeline` reads it.
    pub passes: String,
    /// LLVM's effort.
    pub effort: Effort,
    /// Bytes that a run may allocate; `None` for no limit of ours.
    pub memory_limit: Option<u64>,
    /// How long a run may take; `None` for no limit.
    pub time_limit: Option<Duration>,
}

impl Default for Config {
    fn default() -> Config {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        Config {
            threads,
            passes: "default".to_string(),
            effort: Effort::Short,
            memory_limit: None,
            time_limit: None,
        }
    }
}

/// One setting of the table.
pub struct Setting {
    /// Its name, as in `:set threads 4`.
    pub name: &'static str,
    /// Its name in the configurations that programs hand in, as in `weld_conf_set(conf, "weld.threads", "4")`.
    pub key: &'static str,
    /// What it means and which values it takes.
    pub about: &'static str,
    /// Its value as text.
    pub show: fn(&Config) -> String,
    /// Sets it; the error says what is allowed.
    pub set: fn(&mut Config, &str) -> Result<(), String>,
}

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "threads",
        key: "weld.threads",
        about: "threads of a run: 1 to 512",
        show: |config| config.threads.to_string(),
        set: |config, text| {
            let threads = text.parse().ok().filter(|n| (1..=512).contains(n));
            config.threads =
                threads.ok_or_else(|| format!("`{text}` is not a number of threads from 1 to 512"))?;
            Ok(())
        },
    },
    Setting {
        name: "passes",
        key: "weld.optimization.passes",
        about: "the pipeline: `default`, `none`, names in order, `-NAME`, groups `[ a b ]`",
        show: |config| config.passes.clone(),
        set: |config, text| {
            crate::passes::parse_pipeline(text)?;
            config.passes = text.to_string();
            Ok(())
        },
    },
    Setting {
        name: "effort",
        key: "weld.llvm.optimization.level",
        about: "what LLVM does: none (0), short (1 or 2) or full (3)",
        show: |config| match config.effort {
            Effort::None => "none".to_string(),
            Effort::Short => "short".to_string(),
            Effort::Full => "full".to_string(),
        },
        set: |config, text| {
            config.effort = match text {
                "none" | "0" => Effort::None,
                "short" | "1" | "2" => Effort::Short,
                "full" | "3" => Effort::Full,
                _ => return Err(format!("`{text}` is no effort: none (0), short (1 or 2) or full (3)")),
            };
            Ok(())
        },
    },
    Setting {
        name: "memory",
        key: "weld.memory.limit",
        about: "bytes that a run may allocate, such as 500M or 8G, or `none`",
        show: |config| config.memory_limit.map_or_else(|| "none".to_string(), |bytes| bytes.to_string()),
        set: |config, text| {
            config.memory_limit = if text == "none" { None } else { Some(parse_bytes(text)?) };
            Ok(())
        },
    },
    Setting {
        name: "timeout",
        key: "weld.time.limit",
        about: "seconds that a run may take, or `none`",
        show: |config| {
            config.time_limit.map_or_else(|| "none".to_string(), |limit| limit.as_secs_f64().to_string())
        },
        set: |config, text| {
            config.time_limit = if text == "none" { None } else { Some(parse_seconds(text)?) };
            Ok(())
        },
    },
];

impl Setting {
    /// The setting with this name or key.
    pub fn find(name: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.name == name || setting.key == name)
    }
}

impl Config {
    /// What a program that embeds Weld gets when it sets nothing: one thread, and 1,000,000,000 bytes for a context.
    pub fn embedded() -> Config {
        Config { threads: 1, memory_limit: Some(1_000_000_000), ..Config::default() }
    }

    /// Sets one setting by its name or its key.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match Setting::find(name) {
            Some(setting) => (setting.set)(self, value),
            None => {
                let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
                Err(format!("no setting is named `{name}`; there are {}", names.join(", ")))
            }
        }
    }
}

/// Reads `500`, `500K`, `500M` or `8G`.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.trim().chars().last() {
        Some('k' | 'K') => (text.trim().trim_end_matches(['k', 'K']), 1 << 10),
        Some('m' | 'M') => (text.trim().trim_end_matches(['m', 'M']), 1 << 20),
        Some('g' | 'G') => (text.trim().trim_end_matches(['g', 'G']), 1 << 30),
        _ => (text.trim(), 1u64),
    };
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|n| n.checked_mul(factor))
        .ok_or_else(|| format!("`{text}` is no number of bytes, such as 500M or 8G"))
}

/// Reads a positive number of seconds.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|s| *s > 0.0);
    let limit = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    limit.ok_or_else(|| format!("`{text}` is no positive number of seconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_settings_and_bad_values_are_refused() {
        let mut config = Config::default();
        assert!(config.set("threads", "0").is_err());
        assert!(config.set("threads", "3").is_ok());
        assert_eq!(config.threads, 3);
        assert!(config.set("thread", "3").unwrap_err().contains("threads"));
        assert!(config.set("passes", "no-such-pass").is_err());
        assert!(config.set("timeout", "-1").is_err());
    }

    #[test]
    fn bytes_have_suffixes() {
        assert_eq!(parse_bytes("2K"), Ok(2048));
        assert_eq!(parse_bytes("3G"), Ok(3 << 30));
        assert!(parse_bytes("x").is_err());
        assert!(parse_bytes("99999999999G").is_err());
    }
}
