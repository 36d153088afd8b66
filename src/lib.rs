//! Weld.
pub mod diag;
pub mod ir;
pub mod math;
pub mod plan;
pub mod expand;
pub mod syntax;
