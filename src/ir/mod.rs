#![forbid(unsafe_code)]
//! The typed intermediate representation: immutable trees with a type and a place on every node.
//!
//! Promises: a tree is never changed, only replaced, so "changed" is pointer identity
//! ([`Expr::same`]); every binder has a name that no other binder of the program has; `ty` is always
//! known after checking.
//! Must not: know syntax, values in memory, LLVM or any pass.

pub mod build;
mod expr;
pub(crate) mod layout;
mod literal;
mod name;
pub mod op;
pub mod print;
#[cfg(test)]
pub mod tally;
mod ty;
pub mod verify;
pub mod visit;

pub use expr::MAX_C_ARGS;
pub use expr::{Expr, ExprKind, Facts, For, Iter, Lambda, Let, NdIter, Node, Notes, Param, Program};
pub use literal::{Literal, format_f32, format_f64};
pub use name::{Name, Names};
pub use op::{BinOp, UnOp};
pub use ty::{BuilderTy, MergeOp, SIMD_LANES, Scalar, Ty};
