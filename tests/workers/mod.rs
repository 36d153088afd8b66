//! Work by dice in processes of its own, so that a crash is a failure like any other.
//!
//! A supervisor starts itself again as a worker, with the work in an environment variable: `run BASE FIRST STRIDE END` or
//! `one FILE`. A worker says `begin BASE INDEX` before each piece, then one of `ok ...`, `slow`, `fail FILE`; other lines
//! are for the supervisor of that kind of work. A new worker goes on behind the piece that killed the one before.

pub mod random;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What one supervising thread collects.
pub trait Watch: Default + Send {
    /// The environment variable with the work.
    const TASK: &'static str;

    /// A worker that says nothing for so long hangs.
    const SILENCE: Duration;

    /// A line of a worker that is not about where it is.
    fn line(&mut self, word: &str, rest: &str);

    /// A failure, as text.
    fn fail(&mut self, text: String);

    /// The report about a piece of work that killed its worker.
    fn crashed(base: u64, index: u64, how: &str) -> String;
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// The seeds of a run, each with a number of pieces. `count` is the environment variable with the number.
pub fn seeds(count: &str, default: u64) -> Vec<(u64, u64)> {
    let count = number(count).unwrap_or(default);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    // A seed that is asked for is the only one; else half of the work is always the same.
    match number("WELD_SEED") {
        Some(seed) => vec![(seed, count)],
        None => vec![(0, count.div_ceil(2)), (now % 1_000_000_000, count / 2)],
    }
}

/// Has the pieces `0..count` of a seed worked on by `workers` processes.
pub fn run<W: Watch>(base: u64, count: u64, workers: u64) -> Result<Vec<W>, String> {
    let watches: Vec<W> = std::thread::scope(|scope| {
        let handles: Vec<_> =
            (0..workers).map(|first| scope.spawn(move || supervise(base, first, workers, count))).collect();
        handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
    });
    if watches.len() as u64 == workers {
        Ok(watches)
    } else {
        Err("a thread of the supervisor panicked".to_string())
    }
}

/// Has the pieces `first`, `first + stride`, ... worked on, with a new worker after each crash.
fn supervise<W: Watch>(base: u64, first: u64, stride: u64, end: u64) -> W {
    let mut watch = W::default();
    let mut next = first;
    while next < end {
        let Ok(mut child) = start(W::TASK, &format!("run {base} {next} {stride} {end}")) else {
            watch.fail("a worker could not be started".to_string());
            return watch;
        };
        let current = listen(&mut child, &mut watch);
        let ended = child.wait();
        match (current, ended) {
            (None, Ok(status)) if status.success() => return watch,
            (Some(index), ended) => {
                let how = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                watch.fail(W::crashed(base, index, &how));
                next = index + stride;
            }
            (None, ended) => {
                watch.fail(format!("a worker ended between pieces of work: {ended:?}"));
                return watch;
            }
        }
    }
    watch
}

fn start(variable: &str, task: &str) -> std::io::Result<Child> {
    let own = std::env::current_exe()?;
    Command::new(own).env(variable, task).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()
}

/// Reads until the worker ends. The piece that it was at, when it ended in the middle of one.
fn listen<W: Watch>(child: &mut Child, watch: &mut W) -> Option<u64> {
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
        let line = match lines.recv_timeout(W::SILENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => {
                // It hangs where nothing looks at a signal: as bad as a crash.
                let _ = child.kill();
                return current;
            }
            Err(RecvTimeoutError::Disconnected) => return current,
        };
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            "begin" => current = rest.split(' ').nth(1).and_then(|index| index.parse().ok()),
            "fail" => {
                current = None;
                let text = std::fs::read_to_string(rest).unwrap_or_default();
                watch.fail(format!("{rest}:\n{text}"));
            }
            "ok" | "slow" => {
                current = None;
                watch.line(word, rest);
            }
            _ => watch.line(word, rest),
        }
    }
}

/// Whether a process with the task `one FILE` dies or hangs; the codes of `survives` are ordinary ends.
pub fn kills<W: Watch>(file: &Path, survives: &[i32]) -> bool {
    let Ok(mut child) = start(W::TASK, &format!("one {}", file.display())) else { return false };
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return !status.code().is_some_and(|code| survives.contains(&code)),
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(2)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return true;
            }
        }
    }
}

/// What a worker has to do.
pub enum Task {
    Run { base: u64, first: u64, stride: u64, end: u64 },
    One(PathBuf),
}

impl Task {
    /// The task of this process, if it is a worker.
    pub fn of_this_process<W: Watch>() -> Option<Task> {
        let task = std::env::var(W::TASK).ok()?;
        let number = |text: &str| text.parse::<u64>().unwrap_or(0);
        let words: Vec<&str> = task.split(' ').collect();
        match words[..] {
            ["run", base, first, stride, end] => Some(Task::Run {
                base: number(base),
                first: number(first),
                stride: number(stride).max(1),
                end: number(end),
            }),
            _ => task.strip_prefix("one ").map(|file| Task::One(PathBuf::from(file))),
        }
    }
}

/// Tells the supervisor a line.
pub fn say(line: &str) {
    // The supervisor reads a pipe; without it there is nobody to tell.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// Where the failing pieces of a kind of work go.
pub fn file(kind: &str, base: u64, index: u64, extension: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(kind);
    let _ = std::fs::create_dir_all(&folder);
    folder.join(format!("{base}-{index}.{extension}"))
}
