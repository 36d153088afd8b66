//! Transcripts: the Markdown files under `tests/repl` are sessions fed to `Repl::feed`, and their answers.
//!
//! In a code block marked `weld`, a line that begins with `weld> ` is an input, lines that begin with five dots continue
//! it, and what follows is the answer. `WELD_BLESS=1 cargo test --test repl` rewrites the answers; read the difference
//! before you commit it. Times and sizes of machine code are shown as `_`, and runs of blanks as one, so that
//! answers are the same everywhere. Words after `weld` set the session up: `width=60`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};
use weld::config::Config;
use weld::repl::{Next, Repl};
use weld::view::Screen;

const PROMPT: &str = "weld> ";
const CONTINUED: &str = "..... ";

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/repl");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the transcripts are there")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let trials = files.into_iter().map(|path| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        Trial::test(name, move || check(&path))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn check(path: &Path) -> Result<(), Failed> {
    let written = fs::read_to_string(path)?;
    let actual = replay(&written);
    if actual == written {
        return Ok(());
    }
    if std::env::var_os("WELD_BLESS").is_some() && std::env::var_os("CI").is_none() {
        fs::write(path, actual)?;
        return Ok(());
    }
    let difference = similar::TextDiff::from_lines(&written, &actual);
    let shown = difference.unified_diff().header("written", "actual").to_string();
    Err(format!("{}\n{shown}\nto accept: WELD_BLESS=1 cargo test --test repl", path.display()).into())
}

/// The file with the answers that the explorer gives now.
fn replay(written: &str) -> String {
    let mut actual = String::new();
    let mut lines = written.lines().peekable();
    while let Some(line) = lines.next() {
        actual += &format!("{line}\n");
        let Some(marks) = line.strip_prefix("```weld") else { continue };
        let mut repl = session(marks);
        while let Some(line) = lines.next() {
            if line == "```" {
                actual += "```\n";
                break;
            }
            // Old answers are skipped.
            let Some(first) = line.strip_prefix(PROMPT).or((line == PROMPT.trim()).then_some("")) else {
                continue;
            };
            let mut input = first.to_string();
            actual += &format!("{line}\n");
            while let Some(more) = lines.peek().and_then(|line| line.strip_prefix(CONTINUED)) {
                input += &format!("\n{more}");
                actual += &format!("{CONTINUED}{more}\n");
                lines.next();
            }
            actual += &masked(&answer(&mut repl, &input));
        }
    }
    actual
}

fn session(marks: &str) -> Repl {
    let config = Config { threads: 2, ..Config::default() };
    let width =
        marks.split_whitespace().find_map(|mark| mark.strip_prefix("width=")?.parse().ok()).unwrap_or(100);
    Repl::new(config, Screen { color: false, width, bounded: true })
}

fn answer(repl: &mut Repl, input: &str) -> String {
    let mut reply = repl.feed(input);
    let mut text = reply.out + &reply.err;
    if reply.next == Next::GoOn {
        reply = repl.go_on();
        text = text + &reply.out + &reply.err;
    }
    match reply.next {
        Next::Quit => text + "(leaves)\n",
        Next::Clear => text + "(clears the screen)\n",
        Next::Edit(_) => text + "(opens the editor)\n",
        Next::Prompt | Next::GoOn => text,
    }
}

/// The text without what differs from run to run.
fn masked(text: &str) -> String {
    let lines: Vec<(String, Vec<String>)> = text.lines().map(masked_words).collect();
    // The width of a column of times depends on the times, so the whole answer loses its columns.
    let changed = text.lines().zip(&lines).any(|(line, (_, words))| line.split_whitespace().ne(words));
    if !changed {
        return text.to_string();
    }
    lines.iter().map(|(indent, words)| format!("{indent}{}\n", words.join(" "))).collect()
}

/// The words of a line, with `_` in place of times, shares and sizes of machine code, and the blanks before them.
fn masked_words(line: &str) -> (String, Vec<String>) {
    let indent = line.chars().take_while(|c| *c == ' ').collect();
    let mut words: Vec<String> = line.split_whitespace().map(str::to_string).collect();
    for at in 1..words.len() {
        let unit = words[at].trim_end_matches([',', ')', ';', ']']);
        let number = words[at - 1].trim_start_matches(['[', '(']);
        let is_time = number.parse::<f64>().is_ok() && ["ms", "s", "%"].contains(&unit);
        if is_time || (unit == "bytes" && (line.starts_with("machine code") || line.starts_with("cache:"))) {
            words[at - 1] = words[at - 1].replace(number, "_");
        }
    }
    (indent, words)
}
