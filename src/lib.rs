//! Weld.
pub mod check;
pub mod diag;
pub mod expand;
pub mod inputs;
pub mod interp;
pub mod ir;
pub mod math;
pub mod plan;
pub mod syntax;
pub mod value;
