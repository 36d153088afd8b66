//! What a run says about itself, step by step, when its code was made to do so.
//!
//! Promises: each line is written whole, to standard error; a line that is executed again and again is told [`FEW`]
//! times and counted from then on; the counts come at the end. Must not: cost anything where nobody asked for it.
//! Contract of the `unsafe` blocks: the table of lines is constant data of the program whose run this is, which lives as
//! long as the run.

use super::abi::{TraceKind, TraceLine, TraceTable};
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
            let [place, name, code] = parts(line);
            logging::write(LEVEL, &format!("{place}: let {name} = {code}"));
        }
    }

    /// The value of a `let` is there.
    pub(super) fn value(&self, number: u32, bits: i64) {
        let Some((line, counts)) = self.at(number) else { return };
        if is_told(&counts.values) {
            let [place, name, _] = parts(line);
            logging::write(LEVEL, &format!("{place}: {name} {}", shown(line.kind, bits)));
        }
    }

    /// A loop of `n` iterations begins; the time to hand in when it ends, negative when that is not to be told.
    pub(super) fn enter(&self, number: u32, n: i64) -> i64 {
        let Some((line, counts)) = self.at(number) else { return -1 };
        if !is_told(&counts.begun) {
            return -1;
        }
        let [place, _, code] = parts(line);
        logging::write(LEVEL, &format!("{place}: loop of {n} iterations: {code}"));
        i64::try_from(self.start.elapsed().as_nanos()).unwrap_or(i64::MAX)
    }

    /// A loop ends.
    pub(super) fn leave(&self, number: u32, n: i64, began: i64) {
        let (Some((line, _)), Ok(began)) = (self.at(number), u64::try_from(began)) else { return };
        let took = self.start.elapsed().saturating_sub(Duration::from_nanos(began));
        let [place, ..] = parts(line);
        let took = logging::milliseconds(took);
        logging::write(LEVEL, &format!("{place}: loop of {n} iterations done in {took}"));
    }

    /// Tells how often the lines were executed that were not told each time.
    pub(super) fn finish(&self) {
        for (line, counts) in self.lines.iter().zip(&self.counts) {
            let begun = counts.begun.load(Ordering::Relaxed);
            if begun > FEW {
                let [place, name, _] = parts(line);
                let what = if line.kind == TraceKind::LOOP { "the loop" } else { &format!("let {name}") };
                logging::write(LEVEL, &format!("{place}: {what} ran {begun} times, {FEW} of them are told"));
            }
        }
    }
}

/// Counts an execution; whether it is one of the first.
fn is_told(count: &AtomicU64) -> bool {
    count.fetch_add(1, Ordering::Relaxed) < FEW
}

/// Place, name and code of a line.
fn parts(line: &TraceLine) -> [String; 3] {
    let mut from = line.text;
    [line.place, line.name, line.code].map(|bytes| {
        // SAFETY: the text of a line is these three parts in a row, constant data of the program.
        let part = unsafe { std::slice::from_raw_parts(from, bytes as usize) };
        from = from.wrapping_add(bytes as usize);
        String::from_utf8_lossy(part).into_owned()
    })
}

/// A value behind its name.
fn shown(kind: u32, bits: i64) -> String {
    match kind {
        TraceKind::BOOL => format!("= {}", bits != 0),
        TraceKind::SIGNED => format!("= {bits}"),
        TraceKind::UNSIGNED => format!("= {}", bits as u64),
        TraceKind::F32 => format!("= {:?}", f32::from_bits(bits as u32)),
        TraceKind::F64 => format!("= {:?}", f64::from_bits(bits as u64)),
        TraceKind::LENGTH => format!("has {bits} elements"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{FEW, Trace, is_told, parts, shown};
    use crate::runtime::abi::{TraceKind, TraceLine, TraceTable};
    use std::sync::atomic::AtomicU64;

    #[test]
    fn values_are_told_by_kind() {
        assert_eq!(shown(TraceKind::SIGNED, -5), "= -5");
        assert_eq!(shown(TraceKind::UNSIGNED, -1), "= 18446744073709551615");
        assert_eq!(shown(TraceKind::F64, 2.0f64.to_bits() as i64), "= 2.0");
        assert_eq!(shown(TraceKind::F32, i64::from(0.1f32.to_bits())), "= 0.1");
        assert_eq!(shown(TraceKind::BOOL, 1), "= true");
        assert_eq!(shown(TraceKind::LENGTH, 7), "has 7 elements");
    }

    #[test]
    fn a_line_has_three_parts() {
        let text = "p:1:2x: i64a + b";
        let line = TraceLine { text: text.as_ptr(), place: 5, name: 6, code: 5, kind: TraceKind::SIGNED };
        assert_eq!(parts(&line), ["p:1:2", "x: i64", "a + b"]);
    }

    #[test]
    fn a_few_executions_are_told() {
        let count = AtomicU64::new(0);
        assert_eq!((0..1000).filter(|_| is_told(&count)).count() as u64, FEW);
    }

    #[test]
    fn numbers_that_no_line_has_are_nothing() {
        // SAFETY: a table of no lines.
        let trace = unsafe { Trace::new(&TraceTable { lines: std::ptr::null(), n: 0 }) };
        trace.begin(7);
        trace.value(7, 1);
        assert_eq!(trace.enter(7, 1), -1);
        trace.leave(7, 1, -1);
        trace.finish();
    }
}
