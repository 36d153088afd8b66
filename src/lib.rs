//! Weld.
pub mod diag;
pub mod ir;
pub mod math;
pub mod passes;
pub mod plan;
pub mod syntax;
