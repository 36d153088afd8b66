//! What a run says about itself, step by step, when its code was made to do so.
//!
//! Promises: each line is written whole, to standard error; a line that is executed again and again is told [`FEW`]
//! times and counted from then on; the counts come at the end. Must not: cost anything where nobody asked for it.
//! Contract of the `unsafe` blocks: the table of lines is constant data of the program whose run this is, which lives as
//! long as the run; compiled code hands in the words of a value that the form of its line counts.

use super::abi::{TraceForm, TraceKind, TraceLine, TraceTable};
use crate::logging;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often a line is told.
const FEW: u64 = 3;

/// The level in front of the lines.
const LEVEL: &str = "trace";

/// The lines of a program and how often they were executed.
pub(super) struct Trace {
    lines: &'static [TraceLine],
    counts: Box<[Counts]>,
    start: Instant,
}

/// Executions of one line: begun, and those with a value.
#[derive(Default)]
struct Counts {
    begun: AtomicU64,
    values: AtomicU64,
}

impl Trace {
    /// # Safety
    /// `table` is the table of the program that runs; the trace is gone before the program is.
    pub(super) unsafe fn new(table: &TraceTable) -> Trace {
        let n = usize::try_from(table.n).unwrap_or(0);
        // SAFETY: by contract: constant data of so many lines, alive as long as this is used.
        let lines = if n == 0 { &[] } else { unsafe { std::slice::from_raw_parts(table.lines, n) } };
        Trace { lines, counts: (0..n).map(|_| Counts::default()).collect(), start: Instant::now() }
    }

    /// The line and its counts.
    fn at(&self, number: u32) -> Option<(&TraceLine, &Counts)> {
        let number = number as usize;
        Some((self.lines.get(number)?, self.counts.get(number)?))
    }

    /// A `let` begins.
    pub(super) fn begin(&self, number: u32) {
        let Some((line, counts)) = self.at(number) else { return };
        if is_told(&counts.begun) {
            let [place, name, code, _] = parts(line);
            logging::write(LEVEL, &format!("{place}: let {name} = {code}"));
        }
    }

    /// The value of a `let` is there.
    ///
    /// # Safety
    /// `words` are those of the form of the line.
    pub(super) unsafe fn value(&self, number: u32, words: *const i64) {
        let Some((line, counts)) = self.at(number) else { return };
        if is_told(&counts.values) {
            let [place, name, _, form] = parts(line);
            // SAFETY: by contract.
            let value = unsafe { shown(line, words) };
            let is_count =
                [TraceForm::ELEMENTS, TraceForm::KEYS].iter().any(|count| form.starts_with(*count));
            let is = if is_count { "has" } else { "=" };
            logging::write(LEVEL, &format!("{place}: {name} {is} {value}"));
        }
    }

    /// Turn `turn` of an `iterate` begins.
    ///
    /// # Safety
    /// `words` are those of the form of the line.
    pub(super) unsafe fn turn(&self, number: u32, turn: i64, words: *const i64) {
        let Some((line, counts)) = self.at(number) else { return };
        if is_told(&counts.begun) {
            let [place, _, code, _] = parts(line);
            // SAFETY: by contract.
            let value = unsafe { shown(line, words) };
            logging::write(LEVEL, &format!("{place}: turn {turn} with {value}: {code}"));
        }
    }

    /// An `iterate` is over after so many turns.
    ///
    /// # Safety
    /// `words` are those of the form of the line.
    pub(super) unsafe fn turns(&self, number: u32, turns: i64, words: *const i64) {
        let Some((line, counts)) = self.at(number) else { return };
        if is_told(&counts.values) {
            let [place, ..] = parts(line);
            // SAFETY: by contract.
            let value = unsafe { shown(line, words) };
            logging::write(LEVEL, &format!("{place}: {} done, with {value}", counted(turns, "turn")));
        }
    }

    /// A loop of `n` iterations begins; the time to hand in when it ends, negative when that is not to be told.
    pub(super) fn enter(&self, number: u32, n: i64) -> i64 {
        let Some((line, counts)) = self.at(number) else { return -1 };
        if !is_told(&counts.begun) {
            return -1;
        }
        let [place, _, code, _] = parts(line);
        logging::write(LEVEL, &format!("{place}: loop of {}: {code}", counted(n, "iteration")));
        i64::try_from(self.start.elapsed().as_nanos()).unwrap_or(i64::MAX)
    }

    /// A loop ends.
    pub(super) fn leave(&self, number: u32, n: i64, began: i64) {
        let (Some((line, _)), Ok(began)) = (self.at(number), u64::try_from(began)) else { return };
        let took = self.start.elapsed().saturating_sub(Duration::from_nanos(began));
        let [place, ..] = parts(line);
        let took = logging::milliseconds(took);
        logging::write(LEVEL, &format!("{place}: loop of {} done in {took}", counted(n, "iteration")));
    }

    /// Tells how often the lines were executed that were not told each time.
    pub(super) fn finish(&self) {
        for (line, counts) in self.lines.iter().zip(&self.counts) {
            let begun = counts.begun.load(Ordering::Relaxed);
            if begun > FEW {
                let [place, name, ..] = parts(line);
                let what = match line.kind {
                    TraceKind::LOOP => "the loop ran",
                    TraceKind::ITERATE => "the turns ran",
                    _ => &format!("let {name} ran"),
                };
                logging::write(LEVEL, &format!("{place}: {what} {begun} times, {FEW} of them are told"));
            }
        }
    }
}

/// Counts an execution; whether it is one of the first.
fn is_told(count: &AtomicU64) -> bool {
    count.fetch_add(1, Ordering::Relaxed) < FEW
}

/// Place, name, code and form of a line.
fn parts(line: &TraceLine) -> [String; 4] {
    let mut from = line.text;
    [line.place, line.name, line.code, line.form].map(|bytes| {
        // SAFETY: the text of a line is these parts in a row, constant data of the program.
        let part = unsafe { std::slice::from_raw_parts(from, bytes as usize) };
        from = from.wrapping_add(bytes as usize);
        String::from_utf8_lossy(part).into_owned()
    })
}

/// A value.
///
/// # Safety
/// `words` are those of the form of the line.
unsafe fn shown(line: &TraceLine, words: *const i64) -> String {
    let [.., form] = parts(line);
    let n = form.chars().filter(|c| TraceForm::WORDS.contains(c)).count();
    // SAFETY: by contract; without words there may be no place for them.
    let words = if n == 0 { &[] } else { unsafe { std::slice::from_raw_parts(words, n) } };
    written(&form, words)
}

/// A form with its words filled in.
fn written(form: &str, words: &[i64]) -> String {
    let mut words = words.iter();
    let filled = form.chars().map(|c| {
        if !TraceForm::WORDS.contains(&c) {
            return c.to_string();
        }
        let bits = words.next().copied().unwrap_or(0);
        match c {
            TraceForm::BOOL => (bits != 0).to_string(),
            TraceForm::SIGNED => bits.to_string(),
            TraceForm::UNSIGNED => (bits as u64).to_string(),
            TraceForm::F32 => {
                float(f64::from(f32::from_bits(bits as u32)), &format!("{:?}", f32::from_bits(bits as u32)))
            }
            TraceForm::F64 => {
                float(f64::from_bits(bits as u64), &format!("{:?}", f64::from_bits(bits as u64)))
            }
            TraceForm::ELEMENTS => counted(bits, "element"),
            _ => counted(bits, "key"),
        }
    });
    filled.collect()
}

/// A float as programs write it: what has no digits as the operation that makes it.
fn float(value: f64, digits: &str) -> String {
    match value {
        _ if value.is_nan() => "0.0/0.0".to_string(),
        f64::INFINITY => "1.0/0.0".to_string(),
        f64::NEG_INFINITY => "-1.0/0.0".to_string(),
        _ => digits.to_string(),
    }
}

/// "1 turn", "2 turns".
fn counted(n: i64, noun: &str) -> String {
    if n == 1 { format!("{n} {noun}") } else { format!("{n} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::{FEW, Trace, is_told, parts, written};
    use crate::runtime::abi::{TraceKind, TraceLine, TraceTable};
    use std::sync::atomic::AtomicU64;

    #[test]
    fn values_are_told_by_their_form() {
        assert_eq!(written("i", &[-5]), "-5");
        assert_eq!(written("u", &[-1]), "18446744073709551615");
        assert_eq!(written("d", &[2.0f64.to_bits() as i64]), "2.0");
        assert_eq!(written("f", &[i64::from(0.1f32.to_bits())]), "0.1");
        assert_eq!(written("b", &[1]), "true");
        assert_eq!(written("v", &[7]), "7 elements");
        assert_eq!(written("{i, {v, k}, ..}", &[1, 1, 2]), "{1, {1 element, 2 keys}, ..}");
    }

    #[test]
    fn floats_are_written_as_in_programs() {
        let told = |value: f64| written("d", &[value.to_bits() as i64]);
        assert_eq!((told(f64::NAN), told(-0.0)), ("0.0/0.0".to_string(), "-0.0".to_string()));
        assert_eq!(
            (told(f64::INFINITY), told(-f64::INFINITY)),
            ("1.0/0.0".to_string(), "-1.0/0.0".to_string())
        );
        assert_eq!(written("f", &[i64::from(f32::NAN.to_bits())]), "0.0/0.0");
    }

    #[test]
    fn a_line_has_four_parts() {
        let text = "p:1:2x: i64a + bi";
        let kind = TraceKind::LET;
        let line = TraceLine { text: text.as_ptr(), place: 5, name: 6, code: 5, form: 1, kind };
        assert_eq!(parts(&line), ["p:1:2", "x: i64", "a + b", "i"]);
    }

    #[test]
    fn a_few_executions_are_told() {
        let count = AtomicU64::new(0);
        assert_eq!((0..1000).filter(|_| is_told(&count)).count() as u64, FEW);
    }

    #[test]
    fn numbers_that_no_line_has_are_nothing() {
        // SAFETY: a table of no lines, so that no words are read.
        unsafe {
            let trace = Trace::new(&TraceTable { lines: std::ptr::null(), n: 0 });
            trace.begin(7);
            trace.value(7, std::ptr::null());
            trace.turn(7, 1, std::ptr::null());
            trace.turns(7, 1, std::ptr::null());
            assert_eq!(trace.enter(7, 1), -1);
            trace.leave(7, 1, -1);
            trace.finish();
        }
    }
}
