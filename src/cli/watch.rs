#![forbid(unsafe_code)]
//! Ctrl-C and the time limit: first a request to the run, then the end of the process.
//!
//! Promises: a run stops at its next leaf; what cannot be asked to stop (LLVM, reading files) ends with the process soon
//! after, with the same exit code.

use super::failure::code;
use crate::runtime::RunOptions;
use crate::view::json::plain_error;
use serde_json::Value as Json;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use signal_hook::low_level;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// How long a run may take to stop by itself.
const GRACE: Duration = Duration::from_millis(30);
/// How long saying so may take: nobody may be reading.
const LAST_WORDS: Duration = Duration::from_millis(15);

/// A reason to stop.
struct Stop {
    request: u32,
    exit: i32,
    /// For standard error.
    words: &'static str,
    /// For standard output with `--json`.
    object: Json,
}

/// Starts watching for Ctrl-C and for the end of `limit`.
pub fn watch(signal: &Arc<AtomicU32>, limit: Option<Duration>, as_json: bool) {
    // Without a handler Ctrl-C ends the process at once, which is good enough.
    if let Ok(mut signals) = Signals::new([SIGINT]) {
        let signal = signal.clone();
        thread::spawn(move || {
            if signals.forever().next().is_some() {
                let object = plain_error("Cancelled", "interrupted", None);
                stop(
                    &signal,
                    Stop {
                        request: RunOptions::CANCEL,
                        exit: code::INTERRUPTED,
                        words: "error: interrupted",
                        object,
                    },
                    as_json,
                );
            }
        });
    }
    if let Some(limit) = limit {
        let signal = signal.clone();
        thread::spawn(move || {
            thread::sleep(limit);
            let words = "error: the time limit passed";
            let object = plain_error("Timeout", "the time limit passed", None);
            stop(&signal, Stop { request: RunOptions::TIMEOUT, exit: code::TIMEOUT, words, object }, as_json);
        });
    }
}

/// Asks the run to stop, and ends the process when it is still there a moment later.
fn stop(signal: &AtomicU32, stop: Stop, as_json: bool) {
    // The first request decides how the run ends.
    let _ = signal.compare_exchange(0, stop.request, Ordering::Relaxed, Ordering::Relaxed);
    thread::sleep(GRACE);
    let exit = stop.exit;
    let (said, wait) = mpsc::channel();
    thread::spawn(move || {
        let _ = if as_json {
            writeln!(io::stdout().lock(), "{}", stop.object)
        } else {
            writeln!(io::stderr().lock(), "{}", stop.words)
        };
        let _ = said.send(());
    });
    let _ = wait.recv_timeout(LAST_WORDS);
    // Not `exit`: other threads still use what destructors would take away.
    low_level::exit(exit);
}
