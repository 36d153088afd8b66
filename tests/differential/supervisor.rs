//! Starts workers, reads what they say, turns a crash or a hang into a failing program, and reports.

use super::choices::Choices;
use super::coverage::Coverage;
use super::generate::generate;
use super::shrink::shrink;
use super::worker::{self, SHRINK_LIMIT, TASK};
use crate::engines::Complaint;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Programs of a run that asks for no number.
const PROGRAMS: u64 = 400;

/// A worker that says nothing for so long hangs.
const SILENCE: Duration = Duration::from_secs(120);

/// What one worker saw.
#[derive(Default)]
struct Sum {
    coverage: Vec<String>,
    programs: u64,
    runs: u64,
    steals: u64,
    slow: u64,
    failures: Vec<String>,
}

/// Runs all programs. The error is the report of the failures.
pub fn run() -> Result<(), String> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let programs = number("WELD_PROGRAMS").unwrap_or(PROGRAMS);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    // A seed that is asked for is the only one; else half of the programs are always the same.
    let bases = match number("WELD_SEED") {
        Some(seed) => vec![(seed, programs)],
        None => vec![(0, programs.div_ceil(2)), (now % 1_000_000_000, programs / 2)],
    };
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get()).min(16) as u64;
    let start = Instant::now();
    let mut total = Sum::default();
    for (base, count) in &bases {
        println!("WELD_SEED={base}: {count} programs");
        let sums: Vec<Sum> = std::thread::scope(|scope| {
            let handles: Vec<_> = (0..workers)
                .map(|first| scope.spawn(move || supervise(*base, first, workers, *count)))
                .collect();
            handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
        });
        if sums.len() as u64 != workers {
            return Err("a thread of the supervisor panicked".to_string());
        }
        for sum in sums {
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
    if total.programs + total.slow + (total.failures.len() as u64) < programs {
        total.failures.push("some programs were not run".to_string());
    }
    if total.failures.is_empty() { Ok(()) } else { Err(total.failures.join("\n\n")) }
}

/// Has the programs `first`, `first + stride`, ... run, with a new worker after each crash.
fn supervise(base: u64, first: u64, stride: u64, end: u64) -> Sum {
    let mut sum = Sum::default();
    let mut next = first;
    while next < end {
        let task = format!("run {base} {next} {stride} {end}");
        let Ok(mut child) = start(&task) else {
            sum.failures.push("a worker could not be started".to_string());
            return sum;
        };
        let current = listen(&mut child, &mut sum);
        let ended = child.wait();
        match (current, ended) {
            (None, Ok(status)) if status.success() => return sum,
            (Some(index), ended) => {
                let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                sum.failures.push(crashed(base, index, &how));
                next = index + stride;
            }
            (None, ended) => {
                sum.failures.push(format!("a worker ended between programs: {ended:?}"));
                return sum;
            }
        }
    }
    sum
}

fn start(task: &str) -> std::io::Result<Child> {
    let own = std::env::current_exe()?;
    Command::new(own).env(TASK, task).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()
}

/// Reads until the worker ends. The program that it was at, when it ended in the middle of one.
fn listen(child: &mut Child, sum: &mut Sum) -> Option<u64> {
    let out = child.stdout.take()?;
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let mut current = None;
    loop {
        let line = match lines.recv_timeout(SILENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => {
                // It hangs where nothing looks at the signal: as bad as a crash.
                let _ = child.kill();
                return current;
            }
            Err(RecvTimeoutError::Disconnected) => return current,
        };
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            "begin" => current = rest.split(' ').nth(1).and_then(|index| index.parse().ok()),
            "count" => sum.coverage.push(rest.to_string()),
            "ok" => {
                current = None;
                sum.programs += 1;
                let mut numbers = rest.split(' ').map(|number| number.parse::<u64>().unwrap_or(0));
                sum.runs += numbers.next().unwrap_or(0);
                sum.steals += numbers.next().unwrap_or(0);
            }
            "slow" => {
                current = None;
                sum.slow += 1;
            }
            "fail" => {
                current = None;
                let text = std::fs::read_to_string(rest).unwrap_or_default();
                sum.failures.push(format!("{rest}:\n{text}"));
            }
            _ => {}
        }
    }
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
    let text = worker::report(&small, &Complaint::Wrong(format!("the process died: {how}")), base, index);
    let path = worker::file(base, index, "weld");
    let _ = std::fs::write(&path, &text);
    format!("{}:\n{text}", path.display())
}

/// Whether a process that runs this program dies or hangs.
fn kills(choices: &[u64], scratch: &Path) -> bool {
    let text: Vec<String> = choices.iter().map(u64::to_string).collect();
    if std::fs::write(scratch, text.join(" ")).is_err() {
        return false;
    }
    let Ok(mut child) = start(&format!("one {}", scratch.display())) else { return false };
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return !matches!(status.code(), Some(0 | worker::DISAGREES)),
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(2)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return true;
            }
        }
    }
}
