//! The process that tries inputs.
//!
//! Besides what all workers say: `ok INPUTS PARSED CHECKED MICROSECONDS INDEX` now and then, with the slowest input so
//! far; `alive` while a failing input is made smaller.

use super::judge::Judge;
use super::mutate::Maker;
use super::shrink::shrink;
use crate::workers::{self, Task, say};
use std::path::PathBuf;
use std::time::Duration;

/// How a `one` task ends when something is wrong that is no crash.
pub const WRONG: i32 = 3;

/// How long one failing input is made smaller.
pub const SHRINK_LIMIT: Duration = Duration::from_secs(30);

/// More failing inputs than this are only written down.
const MOST_SHRUNK: u64 = 4;

/// So many inputs make one line of numbers.
const LINE: u64 = 500;

/// A stack as large as that of a main thread, whatever the machine gives to ours.
const STACK: usize = 8 << 20;

/// Does the work of a task.
pub fn work(task: Task) {
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || match task {
        Task::Run { base, first, stride, end } => run(base, first, stride, end),
        Task::One(file) => {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let found = Judge::new().judge(&text).0;
            std::process::exit(if found.is_err() { WRONG } else { 0 });
        }
    });
    if thread.is_ok_and(|thread| thread.join().is_err()) {
        std::process::exit(1);
    }
}

/// Where failing inputs go.
pub fn file(base: u64, index: u64, extension: &str) -> PathBuf {
    workers::file("fuzz", base, index, extension)
}

fn run(base: u64, first: u64, stride: u64, end: u64) {
    let (judge, maker) = (Judge::new(), Maker::new());
    let (mut inputs, mut parsed, mut checked, mut shrunk) = (0, 0, 0, 0);
    let mut slowest = (Duration::ZERO, first);
    let mut index = first;
    while index < end {
        say(&format!("begin {base} {index}"));
        let text = maker.input(base, index);
        let (found, took) = judge.judge(&text);
        inputs += 1;
        match found {
            Ok(answer) => {
                parsed += u64::from(answer.parsed);
                checked += u64::from(answer.checked);
                if took > slowest.0 {
                    slowest = slowest.max((judge.processor_time(&text), index));
                }
            }
            Err(why) => {
                shrunk += 1;
                let small = if shrunk > MOST_SHRUNK { text } else { smaller(&judge, &text, &why) };
                let path = file(base, index, "weld");
                let _ = std::fs::write(&path, report(&small, &why, base, index));
                say(&format!("fail {}", path.display()));
            }
        }
        index += stride;
        if inputs == LINE || index >= end {
            say(&format!("ok {inputs} {parsed} {checked} {} {}", slowest.0.as_micros(), slowest.1));
            (inputs, parsed, checked) = (0, 0, 0);
        }
    }
}

/// A smaller input with the same kind of failure.
fn smaller(judge: &Judge, text: &str, why: &str) -> String {
    // Numbers and quoted text in the story may change while it stays the same failure.
    let kind = |why: &str| why.chars().take_while(|c| !c.is_ascii_digit()).take(24).collect::<String>();
    shrink(text, SHRINK_LIMIT, &mut |candidate| {
        say("alive");
        judge.judge(candidate).0.is_err_and(|found| kind(&found) == kind(why))
    })
}

/// The failing input under its story.
pub fn report(text: &str, why: &str, base: u64, index: u64) -> String {
    let story: String = why.lines().map(|line| format!("# {line}\n")).collect();
    format!("# WELD_SEED={base}, input {index}\n{story}{text}")
}
