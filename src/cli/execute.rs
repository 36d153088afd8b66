#![forbid(unsafe_code)]
//! From an optimized program to machine code to results; by the interpreter in a build without LLVM.

use super::context::Context;
use super::failure::Failure;
use crate::passes::Optimized;
use crate::session::measure::Stop;
use crate::session::ready::{Ran, Ready};
use crate::value::{RunError, Value};

impl Context {
    /// Makes machine code.
    pub fn ready(&self, optimized: &Optimized) -> Result<Ready, Failure> {
        self.session.ready_optimized(optimized).map_err(|why| Failure::internal(&why))
    }

    /// Runs once.
    pub fn run(&self, ready: &Ready, args: &[Value]) -> Result<Ran, RunError> {
        self.session.run(ready, args, &self.signal)
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Failure {
        match stop {
            Stop::Code(why) => Failure::internal(&why),
            Stop::Run(error) => error.into(),
        }
    }
}
