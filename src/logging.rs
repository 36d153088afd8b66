#![forbid(unsafe_code)]
//! The log: lines of the shape `[level] HH:MM:SS.mmm: text` on standard error, times in UTC.
//!
//! Promises: each line is written whole; the first level that somebody asks for stays; without one, and in a process that
//! has a logger of its own, there is none of ours. Everybody below says what happens through the crate `log`, which costs
//! a comparison where nobody listens. Must not: read the environment.

use log::{LevelFilter, Log, Metadata, Record};
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The only logger.
static LOGGER: Stderr = Stderr;

struct Stderr;

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record) {
        // Libraries that we use have logs of their own.
        if self.enabled(record.metadata()) && record.target().split("::").next() == Some(OURS) {
            write(&record.level().as_str().to_lowercase(), &record.args().to_string());
        }
    }

    fn flush(&self) {}
}

/// The target of all our lines begins with the name of the crate.
const OURS: &str = "weld";

/// Logs lines of this level and those that are more important, from now on. The first call wins; the answer is whether
/// this was it.
pub fn start(level: LevelFilter) -> bool {
    let first = log::set_logger(&LOGGER).is_ok();
    if first {
        log::set_max_level(level);
    }
    first
}

/// The level of a number, as C programs give it: 0 off, 1 errors, 2 warnings, 3 what happened, 4 debug, 5 and more trace.
pub fn level(number: u64) -> LevelFilter {
    match number {
        0 => LevelFilter::Off,
        1 => LevelFilter::Error,
        2 => LevelFilter::Warn,
        3 => LevelFilter::Info,
        4 => LevelFilter::Debug,
        _ => LevelFilter::Trace,
    }
}

/// The level that a text asks for, as the environment gives it: a name in any case, or a number; nothing asks for nothing.
pub fn parse(text: &str) -> Result<Option<LevelFilter>, String> {
    let text = text.trim();
    let number = text.parse().map(level).ok();
    match number.or_else(|| text.parse().ok()) {
        None if !text.is_empty() => {
            Err(format!("`{text}` is no level of the log: off, error, warn, info, debug or trace"))
        }
        level => Ok(level),
    }
}

/// Writes one line. Nobody can do anything about a standard error that is gone.
pub fn write(level: &str, text: &str) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let line = line(level, now, text);
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// A line, `now` after the beginning of 1970.
fn line(level: &str, now: Duration, text: &str) -> String {
    let seconds = now.as_secs();
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("[{level}] {hours:02}:{minutes:02}:{:02}.{:03}: {text}\n", seconds % 60, now.subsec_millis())
}

/// Milliseconds, for lines of the log.
pub fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::{level, line, milliseconds, parse};
    use log::LevelFilter;
    use std::time::Duration;

    #[test]
    fn levels_are_read_as_people_write_them() {
        assert_eq!(parse(""), Ok(None));
        for text in ["warn", "WARN", " Warn ", "2"] {
            assert_eq!(parse(text), Ok(Some(LevelFilter::Warn)));
        }
        assert!(parse("loud").is_err());
    }

    #[test]
    fn lines_have_level_and_time() {
        let now = Duration::from_millis(86_400_000 * 20_000 + 3_723_045);
        assert_eq!(line("info", now, "all good"), "[info] 01:02:03.045: all good\n");
        assert_eq!(milliseconds(Duration::from_micros(1500)), "1.500 ms");
    }

    #[test]
    fn numbers_above_the_last_level_are_that_level() {
        assert_eq!(level(0), LevelFilter::Off);
        assert_eq!(level(2), LevelFilter::Warn);
        assert_eq!(level(u64::MAX), LevelFilter::Trace);
    }
}
