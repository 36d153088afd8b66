//! What the workers saw, turned into a report.

use super::choices::Choices;
use super::coverage::Coverage;
use super::generate::generate;
use super::shrink::shrink;
use super::worker::{self, SHRINK_LIMIT};
use crate::engines::Complaint;
use crate::workers::{self, Watch};
use std::path::Path;
use std::time::{Duration, Instant};

/// Programs of a run that asks for no number.
const PROGRAMS: u64 = 400;

/// What one worker saw.
#[derive(Default)]
pub struct Sum {
    coverage: Vec<String>,
    programs: u64,
    runs: u64,
    steals: u64,
    slow: u64,
    failures: Vec<String>,
}

impl Watch for Sum {
    const TASK: &'static str = "WELD_DIFFERENTIAL_TASK";
    const SILENCE: Duration = Duration::from_secs(120);

    fn line(&mut self, word: &str, rest: &str) {
        match word {
            "count" => self.coverage.push(rest.to_string()),
            "ok" => {
                self.programs += 1;
                let mut numbers = rest.split(' ').map(|number| number.parse::<u64>().unwrap_or(0));
                self.runs += numbers.next().unwrap_or(0);
                self.steals += numbers.next().unwrap_or(0);
            }
            "slow" => self.slow += 1,
            _ => {}
        }
    }

    fn fail(&mut self, text: String) {
        self.failures.push(text);
    }

    /// Makes a program that kills its worker smaller, each candidate in a process of its own.
    fn crashed(base: u64, index: u64, how: &str) -> String {
        let generated = worker::program(base, index);
        let scratch = worker::file(base, index, "choices");
        let end = Instant::now() + SHRINK_LIMIT * 3;
        let list = shrink(generated.choices, SHRINK_LIMIT * 3, &mut |candidate| {
            Instant::now() < end && kills(&candidate.choices, &scratch)
        });
        let _ = std::fs::remove_file(&scratch);
        let small = generate(&mut Choices::replay(list));
        let story = Complaint::Wrong(format!("the process died: {how}"));
        let text = worker::report(&small, &story, base, index);
        let path = worker::file(base, index, "weld");
        let _ = std::fs::write(&path, &text);
        format!("{}:\n{text}", path.display())
    }
}

/// Runs all programs. The error is the report of the failures.
pub fn run() -> Result<(), String> {
    let seeds = workers::seeds("WELD_PROGRAMS", PROGRAMS);
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get()).min(16) as u64;
    let start = Instant::now();
    let mut total = Sum::default();
    for (base, count) in &seeds {
        println!("WELD_SEED={base}: {count} programs");
        for sum in workers::run::<Sum>(*base, *count, workers)? {
            total.coverage.extend(sum.coverage);
            total.programs += sum.programs;
            total.runs += sum.runs;
            total.steals += sum.steals;
            total.slow += sum.slow;
            total.failures.extend(sum.failures);
        }
    }
    let mut coverage = Coverage::default();
    total.coverage.iter().for_each(|line| coverage.add(line));
    println!("{}", coverage.table());
    let wanted: u64 = seeds.iter().map(|(_, count)| count).sum();
    // A hundred programs make one of everything, roughly.
    let least = (wanted / 100).max(1);
    println!("constructs and rules met less than {least} times: {}\n", coverage.rare(least).join(", "));
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} programs, {} runs, {} steals, {:.0} programs per second, {} too slow, {} failures",
        total.programs,
        total.runs,
        total.steals,
        total.programs as f64 / seconds,
        total.slow,
        total.failures.len()
    );
    if total.programs + total.slow + (total.failures.len() as u64) < wanted {
        total.failures.push("some programs were not run".to_string());
    }
    if total.failures.is_empty() { Ok(()) } else { Err(total.failures.join("\n\n")) }
}

/// Whether a process that runs this program dies or hangs.
fn kills(choices: &[u64], scratch: &Path) -> bool {
    let text: Vec<String> = choices.iter().map(u64::to_string).collect();
    std::fs::write(scratch, text.join(" ")).is_ok() && workers::kills::<Sum>(scratch, &[0, worker::DISAGREES])
}
