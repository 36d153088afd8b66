#![deny(unsafe_code)]
//! The front door for Rust programs: compile once, call with borrowed slices, get results that own their memory.
//!
//! Promises: types are compared with the program's before anything runs, and a wrong one is an [`Error`] that says which;
//! flat data is copied neither on the way in nor, if it is large, on the way out; no safe code can make a program read
//! what is not there, whatever it implements ([`Input`] and [`Output`] are open). Must not: know a shell.
//!
//! [`Session::program`](crate::Session::program) compiles; [`Program::call`] runs; [`Program::typed`] settles the types, so
//! that wrong inputs do not compile; [`CallOptions`] has threads and limits, [`Cancel`] stops a call from another thread.

/// The program in README.md, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod array;
#[cfg(feature = "arrow")]
mod arrow;
mod error;
mod input;
mod memory;
#[cfg(feature = "ndarray")]
mod nd;
mod options;
mod output;
mod place;
mod program;
mod types;

pub use array::Array;
pub use error::{Error, Failure, Messages, Parameter, Spot};
pub use input::{Input, Inputs, Values};
pub use memory::Source;
pub use options::{CallOptions, Cancel};
pub use output::Output;
pub use place::{Fields, Place, Unfit};
pub use program::{Program, Typed};
pub use types::{Any, Dictionary, Params, Primitive, Text, Type, Vector};
