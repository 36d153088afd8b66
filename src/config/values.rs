#![forbid(unsafe_code)]
//! Values of settings, read from text.
//!
//! Promises: the error quotes the text and says what would be one. Numbers are read in one place, in all forms that people
//! write them in. Blanks around a value are taken off before it comes here.

use std::path::PathBuf;
use std::time::Duration;

/// Reads `true` or `false`, and nothing else.
pub fn parse_bool(text: &str) -> Result<bool, String> {
    let meant = match text.to_ascii_lowercase().as_str() {
        "true" if text == "true" => return Ok(true),
        "false" if text == "false" => return Ok(false),
        "true" | "on" | "yes" | "1" => "; did you mean `true`?",
        "false" | "off" | "no" | "0" => "; did you mean `false`?",
        _ => "",
    };
    Err(format!("`{text}` is neither `true` nor `false`{meant}"))
}

/// Reads a number without sign, such as `2`, `1.5` or `1e9`; no whole one of at most 64 bits loses a digit.
fn parse_number(text: &str) -> Option<Number> {
    // Words such as `inf` are numbers to Rust.
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if let Ok(whole) = text.parse() {
        return Some(Number::Whole(whole));
    }
    let number: f64 = text.parse().ok()?;
    // Above 2^53 not every number of this type has a neighbour one above, but all of them are whole.
    let is_whole = number.fract() == 0.0 && number < 18_446_744_073_709_551_616.0;
    Some(if is_whole { Number::Whole(number as u64) } else { Number::Broken(number) })
}

enum Number {
    Whole(u64),
    Broken(f64),
}

/// Reads a number of threads.
pub fn parse_threads(text: &str) -> Result<usize, String> {
    let threads = match parse_number(text.trim()) {
        Some(Number::Whole(threads @ 1..=512)) => Some(threads as usize),
        _ => None,
    };
    threads.ok_or_else(|| format!("`{text}` is not a number of threads from 1 to 512"))
}

/// The units of memory, by their letter.
const UNITS: [(char, u64); 4] = [('K', 1 << 10), ('M', 1 << 20), ('G', 1 << 30), ('T', 1 << 40)];

/// Reads `500`, `1e9`, `500K`, `500M`, `1.5G` or `1T`.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let given = text.trim();
    let unit = |(letter, factor): (char, u64)| {
        let digits = given.strip_suffix(letter).or_else(|| given.strip_suffix(letter.to_ascii_lowercase()));
        Some((digits?, factor))
    };
    let (digits, factor) = UNITS.into_iter().find_map(unit).unwrap_or((given, 1));
    let bytes = match parse_number(digits) {
        Some(Number::Whole(number)) => number.checked_mul(factor),
        // A part of a byte is none.
        Some(Number::Broken(number)) if factor > 1 && number < 1e15 => Some((number * factor as f64) as u64),
        _ => None,
    };
    bytes.ok_or_else(|| format!("`{text}` is no number of bytes, such as 500M or 8G"))
}

/// Reads a positive number of seconds.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = parse_number(text.trim()).map(|number| match number {
        Number::Whole(number) => number as f64,
        Number::Broken(number) => number,
    });
    let limit = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let limit = limit.filter(|limit| !limit.is_zero());
    limit.ok_or_else(|| format!("`{text}` is no positive number of seconds"))
}

/// Reads a limit, or `none` for none.
pub fn parse_limit<T>(text: &str, read: fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text == "none" {
        return Ok(None);
    }
    read(text).map(Some).map_err(|why| format!("{why}; `none` is no limit"))
}

/// Reads the path of a folder.
pub fn parse_folder(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("the name of a folder is empty; this one is `.`".to_string());
    }
    if text.starts_with('~') {
        return Err(format!(
            "`{text}` begins with `~`, which shells replace and this does not; write the whole path"
        ));
    }
    Ok(PathBuf::from(text))
}

/// Reads what a function may be called.
pub fn parse_symbol(text: &str) -> Result<String, String> {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if first && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(text.to_string());
    }
    Err(format!("`{text}` is no name of a function: letters, digits and `_`, such as `run`"))
}

/// Reads the name of a file without a folder.
pub fn parse_file_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(['/', '\0']) {
        return Err(format!("`{text}` is no name of a file without its folder, such as `code`"));
    }
    Ok(text.to_string())
}
