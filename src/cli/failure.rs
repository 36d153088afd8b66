#![forbid(unsafe_code)]
//! Why a command ended early, as text, as JSON and as an exit code.
//!
//! Promises: with `--json` the error is one object on standard output, else text on standard error; a reader that went
//! away is no error to talk about.

use crate::diag::{Diagnostics, SourceMap};
use crate::value::{ErrorKind, RunError};
use crate::view::{Screen, docs, error, json};
use std::io;

/// Exit codes, as `weld --help` lists them.
pub mod code {
    /// The program was rejected or failed at run time.
    pub const FAILED: i32 = 1;
    /// The command line is wrong.
    pub const USAGE: i32 = 2;
    /// A check is false.
    pub const CHECK: i32 = 3;
    /// A bug of ours.
    pub const INTERNAL: i32 = 4;
    /// The time limit passed.
    pub const TIMEOUT: i32 = 124;
    /// Ctrl-C.
    pub const INTERRUPTED: i32 = 130;
    /// The reader of standard output went away.
    pub const CLOSED: i32 = 141;
}

/// What shows a page of the documentation.
const LOOK_UP: &str = "weld docs";

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// The program breaks a static rule.
    Rejected(Diagnostics),
    /// The run ended with an error.
    Run(RunError),
    /// Something else, with the name of its kind in JSON.
    Other { exit: i32, code: &'static str, message: String, hint: Option<String> },
    /// A check was false; everything has been said already.
    CheckFailed,
    /// Standard output cannot be written.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Failure {
        Failure::Run(error)
    }
}

#[cfg(feature = "jit")]
impl From<crate::codegen::CodegenError> for Failure {
    fn from(error: crate::codegen::CodegenError) -> Failure {
        Failure::internal(&error)
    }
}

impl Failure {
    /// An input that is missing, unreadable or of another type.
    pub fn input(message: impl Into<String>, hint: Option<String>) -> Failure {
        Failure::Other { exit: code::FAILED, code: "InputError", message: message.into(), hint }
    }

    /// A command line that cannot be meant.
    pub fn usage(message: impl Into<String>, hint: Option<String>) -> Failure {
        Failure::Other { exit: code::USAGE, code: "UsageError", message: message.into(), hint }
    }

    /// A bug of ours.
    pub fn internal(what: &dyn std::fmt::Display) -> Failure {
        let message = format!("internal error: {what}");
        Failure::Other { exit: code::INTERNAL, code: "Unknown", message, hint: None }
    }

    /// The same without what is said to do about it.
    pub fn without_hint(self) -> Failure {
        match self {
            Failure::Other { exit, code, message, .. } => Failure::Other { exit, code, message, hint: None },
            other => other,
        }
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> i32 {
        match self {
            Failure::Run(error) => match error.kind {
                ErrorKind::Timeout => code::TIMEOUT,
                ErrorKind::Cancelled => code::INTERRUPTED,
                ErrorKind::Internal => code::INTERNAL,
                _ => code::FAILED,
            },
            Failure::Rejected(_) => code::FAILED,
            Failure::Other { exit, .. } => *exit,
            Failure::CheckFailed => code::CHECK,
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => code::CLOSED,
            Failure::Output(_) => code::FAILED,
        }
    }

    /// What standard error gets.
    pub fn text(&self, sources: &SourceMap, screen: Screen) -> String {
        match self {
            Failure::Rejected(messages) => {
                error::diagnostics(messages, sources, screen) + &docs::more_about(messages, LOOK_UP, screen)
            }
            Failure::Run(failed) if matches!(failed.kind, ErrorKind::Cancelled | ErrorKind::Timeout) => {
                error::plain(&failed.message, None, screen)
            }
            Failure::Run(failed) => {
                error::run_error(failed, sources, screen) + &docs::more_about_run(failed, LOOK_UP, screen)
            }
            Failure::Other { message, hint, .. } => error::plain(message, hint.as_deref(), screen),
            Failure::Output(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                error::plain(&format!("the output cannot be written: {error}"), None, screen)
            }
            Failure::CheckFailed | Failure::Output(_) => String::new(),
        }
    }

    /// What standard output gets with `--json`.
    pub fn json(&self, sources: &SourceMap) -> Option<serde_json::Value> {
        match self {
            Failure::Rejected(messages) => Some(json::rejected(messages, sources)),
            Failure::Run(error) => Some(json::run_error(error, sources)),
            Failure::Other { code, message, hint, .. } => {
                Some(json::plain_error(code, message, hint.as_deref()))
            }
            Failure::CheckFailed | Failure::Output(_) => None,
        }
    }
}
