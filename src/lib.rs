//! Weld.
pub mod check;
#[cfg(feature = "jit")]
pub mod codegen;
pub mod config;
pub mod diag;
pub mod expand;
pub mod inputs;
pub mod interp;
pub mod ir;
pub mod math;
pub mod passes;
pub mod plan;
pub mod runtime;
pub mod session;
pub mod syntax;
pub mod value;
