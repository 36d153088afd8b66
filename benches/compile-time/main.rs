#![forbid(unsafe_code)]
//! Compile time against the size of the program: passes, LLVM and memory, for the shapes of programs that libraries write.
//!
//!     cargo bench --bench compile-time [-- [SHAPE..] [--sizes 10,100,1000,10000] [--most SECONDS]]
//!
//! Promises: each program is compiled in a process of its own, so that its peak of memory is its own; the figures of small
//! programs are the least of several compilations, those of large ones are time on the processor, for other work on the
//! machine must not count. Must not: check anything; `src/passes/tests.rs` counts.

mod programs;

use programs::{SHAPES, largest, text};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use weld::plan::Effort;
use weld::{Config, Session};

/// Compilations are repeated until so much time has passed, and then the least times are told.
const ENOUGH: Duration = Duration::from_millis(300);

/// The columns behind shape and size.
const HEADINGS: [&str; 9] = [
    "front ms",
    "passes ms",
    "recorded ms",
    "emit ms",
    "LLVM ms",
    "codegen ms",
    "link ms",
    "whole ms",
    "peak MiB",
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let (mut shapes, mut sizes, mut most) = (Vec::new(), vec![10, 100, 1_000, 10_000], 300);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--one" => return one(&words.next().unwrap_or_default(), words.next().as_deref()),
            "--sizes" => {
                let list = words.next().unwrap_or_default();
                sizes = list.split(',').filter_map(|size| size.parse().ok()).collect();
            }
            "--most" => most = words.next().and_then(|text| text.parse().ok()).unwrap_or(most),
            shape if SHAPES.contains(&shape) => shapes.push(shape.to_string()),
            other => {
                eprintln!("`{other}` is no shape: {}", SHAPES.join(", "));
                return ExitCode::from(2);
            }
        }
    }
    if shapes.is_empty() {
        shapes = SHAPES.map(str::to_string).to_vec();
    }
    println!("| program | size | {} |", HEADINGS.join(" | "));
    println!("|---|---:|{}", "---:|".repeat(HEADINGS.len()));
    for shape in &shapes {
        for size in &sizes {
            if *size <= largest(shape) {
                println!("| {shape} | {size} | {} |", measured(shape, *size, Duration::from_secs(most)));
            }
        }
    }
    ExitCode::SUCCESS
}

/// The cells of one row, from a process of its own.
fn measured(shape: &str, size: usize, most: Duration) -> String {
    let Ok(program) = std::env::current_exe() else { return "no process".to_string() };
    let size = size.to_string();
    let child = Command::new(program).args(["--one", shape, &size]).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return "no process".to_string() };
    let start = Instant::now();
    while child.try_wait().is_ok_and(|ended| ended.is_none()) {
        if start.elapsed() > most {
            let _ = child.kill();
            let _ = child.wait();
            return format!("more than {} s", most.as_secs());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    match child.wait_with_output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim().replace('\t', " | ")
        }
        _ => "failed".to_string(),
    }
}

/// Compiles one program and prints its cells.
fn one(shape: &str, size: Option<&str>) -> ExitCode {
    let size = size.and_then(|size| size.parse().ok()).unwrap_or(10);
    let start = Instant::now();
    let mut least: Option<[Duration; 8]> = None;
    loop {
        let times = match compile(&text(shape, size)) {
            Ok(times) => times,
            Err(why) => {
                eprintln!("{shape} {size}: {why}");
                return ExitCode::FAILURE;
            }
        };
        least = Some(match least {
            Some(before) => std::array::from_fn(|at| before[at].min(times[at])),
            None => times,
        });
        if start.elapsed() > ENOUGH {
            break;
        }
    }
    let mut cells: Vec<String> =
        least.unwrap_or_default().iter().map(|time| format!("{:.2}", time.as_secs_f64() * 1e3)).collect();
    cells.push(peak_mib().map_or("?".to_string(), |peak| peak.to_string()));
    println!("{}", cells.join("\t"));
    ExitCode::SUCCESS
}

/// The times of one compilation, in the order of the columns. Optimizing is done twice: as the explorer does it, and
/// as a run does it, without a record; the whole is what a run waits for.
fn compile(text: &str) -> Result<[Duration; 8], String> {
    let mut session = Session::new(Config { threads: 1, effort: Effort::Short, ..Config::default() });
    let source = session.add_source("program", text.to_string());
    let start = Start::now();
    let checked = session.check(source).map_err(|messages| format!("{messages:?}"))?;
    let front = start.elapsed();
    let start = Start::now();
    let recorded = session.optimize(&checked);
    let record = start.elapsed();
    drop(recorded);
    let start = Start::now();
    let optimized = session.optimize_unrecorded(&checked);
    let passes = start.elapsed();
    if let Some(bug) = &optimized.internal_error {
        return Err(bug.clone());
    }
    let start = Start::now();
    let times = session.compile(&optimized).map_err(|error| error.to_string())?.times();
    // The stages tell time on the wall.
    let share = start.elapsed().as_secs_f64() / start.wall.elapsed().as_secs_f64();
    let stages = [times.emit, times.optimize, times.generate, times.link].map(|time| time.mul_f64(share));
    drop(optimized);
    let [emit, optimize, generate, link] = stages;
    let whole = front + passes + emit + optimize + generate + link;
    Ok([front, passes, record, emit, optimize, generate, link, whole])
}

/// When something began.
struct Start {
    wall: Instant,
    processor: Option<Duration>,
}

impl Start {
    fn now() -> Start {
        Start { wall: Instant::now(), processor: on_processor() }
    }

    /// Time on the processor; below what its clock can tell, time on the wall.
    fn elapsed(&self) -> Duration {
        let wall = self.wall.elapsed();
        match (self.processor, on_processor()) {
            (Some(before), Some(now)) if wall > COARSE => wall.min(now.saturating_sub(before)),
            _ => wall,
        }
    }
}

/// The clock of the processor moves at the ticks of the scheduler.
const COARSE: Duration = Duration::from_millis(50);

/// How long this thread has been on a processor.
fn on_processor() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

/// The most memory that this process has had.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}
