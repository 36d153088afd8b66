#![forbid(unsafe_code)]
//! Times for people.
//!
//! Promises: three significant digits at most, always with the unit; the middle and the spread of several runs.

use std::time::Duration;

/// A time such as `1.30 s`, `12.3 ms` or `0.042 ms`.
pub fn short(time: Duration) -> String {
    let ms = milliseconds(time);
    match ms {
        _ if ms >= 999.5 => format!("{:.2} s", ms / 1e3),
        _ if ms >= 99.95 => format!("{ms:.0} ms"),
        _ if ms >= 9.995 => format!("{ms:.1} ms"),
        _ if ms >= 0.1 => format!("{ms:.2} ms"),
        _ => format!("{ms:.3} ms"),
    }
}

/// The same for times that may be far below a millisecond: `35 ns`, `1.52 µs`.
pub fn fine(time: Duration) -> String {
    match time.as_nanos() {
        nanos @ 0..1_000 => format!("{nanos} ns"),
        nanos @ 1_000..100_000 => format!("{:.2} µs", nanos as f64 / 1e3),
        _ => short(time),
    }
}

/// A time in milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Milliseconds to a tenth of a microsecond, for JSON.
pub fn rounded_milliseconds(time: Duration) -> f64 {
    (milliseconds(time) * 1e4).round() / 1e4
}

/// The middle one of several times; zero of none.
pub fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// One time, or the middle of several with their spread: `0.98 ms  [0.95 ms .. 1.04 ms, 21 runs]`.
pub fn spread(times: &[Duration]) -> String {
    let middle = short(median(times));
    match (times.iter().min(), times.iter().max()) {
        (Some(least), Some(most)) if times.len() > 1 => {
            format!("{middle}  [{} .. {}, {} runs]", short(*least), short(*most), times.len())
        }
        _ => middle,
    }
}

#[cfg(test)]
mod tests {
    use super::{fine, median, short, spread};
    use std::time::Duration;

    #[test]
    fn units_and_digits() {
        assert_eq!(short(Duration::from_nanos(0)), "0.000 ms");
        assert_eq!(short(Duration::from_nanos(42_000)), "0.042 ms");
        assert_eq!(
            [350, 1_520, 980_000].map(|n| fine(Duration::from_nanos(n))),
            ["350 ns", "1.52 µs", "0.98 ms"]
        );
        assert_eq!(short(Duration::from_micros(980)), "0.98 ms");
        assert_eq!(short(Duration::from_micros(9_996)), "10.0 ms");
        assert_eq!(short(Duration::from_micros(12_345)), "12.3 ms");
        assert_eq!(short(Duration::from_millis(123)), "123 ms");
        assert_eq!(short(Duration::from_micros(999_600)), "1.00 s");
        assert_eq!(short(Duration::from_secs(90)), "90.00 s");
    }

    #[test]
    fn the_spread_is_shown_only_when_there_is_one() {
        let times = [3, 1, 2].map(Duration::from_millis);
        assert_eq!(median(&times), Duration::from_millis(2));
        assert_eq!(median(&[]), Duration::ZERO);
        assert_eq!(spread(&times), "2.00 ms  [1.00 ms .. 3.00 ms, 3 runs]");
        assert_eq!(spread(&times[..1]), "3.00 ms");
    }
}
