#![forbid(unsafe_code)]
//! Values of settings, read from text.
//!
//! Promises: the error quotes the text and says what would be one.

use std::time::Duration;

/// Reads `true` or `false`, and nothing else.
pub fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("`{text}` is neither `true` nor `false`")),
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
