//! Weld.
pub mod check;
pub mod diag;
pub mod ir;
pub mod math;
pub mod plan;
pub mod syntax;
