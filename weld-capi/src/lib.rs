//! The C API: `libweld.so` and `libweld.a`, described by `include/weld.h`, which is generated from this crate.
//!
//! Promises: the names, types and ownership of the original's functions, of both its generations; whatever is handed in (null,
//! stale and foreign handles, handles of another kind, in any order, from any thread) is an error or does nothing, and nothing
//! unwinds into C. What cannot be seen, a pointer to nowhere or a wrong length, stays in the caller's hands.
//! Must not: do anything itself; the meaning is in `weld_compiler::compat`, this crate is its handles and C strings.
#![allow(non_camel_case_types, reason = "the names of the C API")]

mod conf;
mod context;
mod dictionary;
mod error;
mod guard;
mod handles;
mod library;
mod module;
mod runst;
mod texts;
mod types;
mod value;
