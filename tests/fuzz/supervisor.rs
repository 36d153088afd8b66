//! What the workers found, turned into a report.

use super::mutate::Maker;
use super::shrink::shrink;
use super::worker::{self, SHRINK_LIMIT};
use crate::workers::{self, Watch};
use std::time::{Duration, Instant};

/// Inputs of a run that asks for no number.
const INPUTS: u64 = 20_000;

/// What one worker saw.
#[derive(Default)]
pub struct Sum {
    inputs: u64,
    parsed: u64,
    checked: u64,
    /// Microseconds of the slowest input, and its number.
    slowest: (u64, u64),
    failures: Vec<String>,
}

impl Watch for Sum {
    const TASK: &'static str = "WELD_FUZZ_TASK";
    const SILENCE: Duration = Duration::from_secs(60);

    fn line(&mut self, word: &str, rest: &str) {
        let numbers: Vec<u64> = rest.split(' ').filter_map(|number| number.parse().ok()).collect();
        if let ("ok", [inputs, parsed, checked, micros, index]) = (word, numbers.as_slice()) {
            self.inputs += inputs;
            self.parsed += parsed;
            self.checked += checked;
            self.slowest = self.slowest.max((*micros, *index));
        }
    }

    fn fail(&mut self, text: String) {
        println!("{text}\n");
        self.failures.push(text);
    }

    /// Makes an input that kills its worker smaller, each candidate in a process of its own.
    fn crashed(base: u64, index: u64, how: &str) -> String {
        let scratch = worker::file(base, index, "candidate");
        let mut kills = |text: &str| {
            std::fs::write(&scratch, text).is_ok() && workers::kills::<Sum>(&scratch, &[0, worker::WRONG])
        };
        let small = shrink(&Maker::new().input(base, index), SHRINK_LIMIT * 2, &mut kills);
        let _ = std::fs::remove_file(&scratch);
        let text = worker::report(&small, &format!("the process died: {how}"), base, index);
        let path = worker::file(base, index, "weld");
        let _ = std::fs::write(&path, &text);
        format!("{}:\n{text}", path.display())
    }
}

/// Tries all inputs. The error is the report of the failures.
pub fn run() -> Result<(), String> {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get()).min(16) as u64;
    let asked = std::env::var("WELD_WORKERS").ok().and_then(|text| text.parse().ok());
    let workers = asked.unwrap_or(cores).max(1);
    let start = Instant::now();
    let mut failures = Vec::new();
    for (base, count) in workers::seeds("WELD_INPUTS", INPUTS) {
        println!("WELD_SEED={base}: {count} inputs");
        let mut total = Sum::default();
        for sum in workers::run::<Sum>(base, count, workers)? {
            total.inputs += sum.inputs;
            total.parsed += sum.parsed;
            total.checked += sum.checked;
            total.slowest = total.slowest.max(sum.slowest);
            failures.extend(sum.failures);
        }
        let slowest = worker::file(base, total.slowest.1, "slowest");
        let _ = std::fs::write(&slowest, Maker::new().input(base, total.slowest.1));
        println!(
            "{} inputs, {} parsed, {} checked; the slowest took {:.1} ms: {}",
            total.inputs,
            total.parsed,
            total.checked,
            total.slowest.0 as f64 / 1e3,
            slowest.display()
        );
        println!(
            "{:.0} inputs per second on {workers} workers",
            total.inputs as f64 / start.elapsed().as_secs_f64()
        );
        // A worker that dies takes its last numbers along.
        if total.inputs < count && failures.is_empty() {
            failures.push("some inputs were not tried".to_string());
        }
    }
    println!("{} failures", failures.len());
    if failures.is_empty() { Ok(()) } else { Err(format!("{} failures, see above", failures.len())) }
}
