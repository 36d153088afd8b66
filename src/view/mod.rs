#![forbid(unsafe_code)]
//! What the shells show: text for people and JSON for programs, made from data of the compiler.
//!
//! Promises: the command line and the REPL show the same thing the same way, because both call these functions; colour
//! is never the only sign; control characters of the user's text never reach the terminal; what is cut says so.
//! Must not: run anything, read files, or decide where text goes.

pub mod bench;
pub mod bindings;
pub mod compare;
pub mod diff;
pub mod docs;
pub mod duration;
pub mod error;
pub mod explain;
pub mod json;
pub mod passes_table;
pub mod program;
pub mod queries;
pub mod stats;
pub mod steps;
pub mod style;
pub mod table;
pub mod trust;
pub mod value;

pub use style::{ColorChoice, Role, Screen};
