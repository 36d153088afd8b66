//! Weld.
pub mod diag;
pub mod inputs;
pub mod interp;
pub mod ir;
pub mod math;
pub mod plan;
pub mod value;
