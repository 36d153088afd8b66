#![forbid(unsafe_code)]
//! Ctrl-C and the time limit: first a request to the run, then the end of the process.
//!
//! Promises: a run stops at its next leaf; what cannot be asked to stop (LLVM, reading files) ends with the process soon
//! after, with the same exit code.

use super::failure::code;
use crate::runtime::RunOptions;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use signal_hook::low_level;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// How long a run may take to stop by itself.
const GRACE: Duration = Duration::from_millis(40);

/// Starts watching for Ctrl-C and for the end of `limit`.
pub fn watch(signal: &Arc<AtomicU32>, limit: Option<Duration>) {
    // Without a handler Ctrl-C ends the process at once, which is good enough.
    if let Ok(mut signals) = Signals::new([SIGINT]) {
        let signal = signal.clone();
        thread::spawn(move || {
            if signals.forever().next().is_some() {
                stop(&signal, RunOptions::CANCEL, "interrupted", code::INTERRUPTED);
            }
        });
    }
    if let Some(limit) = limit {
        let signal = signal.clone();
        thread::spawn(move || {
            thread::sleep(limit);
            stop(&signal, RunOptions::TIMEOUT, "error: the time limit passed", code::TIMEOUT);
        });
    }
}

fn stop(signal: &AtomicU32, request: u32, words: &str, exit: i32) {
    // The first request decides how the run ends.
    let _ = signal.compare_exchange(0, request, Ordering::Relaxed, Ordering::Relaxed);
    thread::sleep(GRACE);
    let _ = writeln!(std::io::stderr().lock(), "{words}");
    // Not `exit`: other threads still use what destructors would take away.
    low_level::exit(exit);
}
