#![forbid(unsafe_code)]
//! Where things are in source text, and what can be said about them.
//!
//! Promises: every error of the compiler becomes a [`Diagnostic`] with a [`Code`], a place and, where
//! one exists, a fix; only [`render`] knows how a diagnostic looks on a screen.
//! Must not: read files or the environment, or know any other module of the crate.

mod code;
mod diagnostic;
mod paragraph;
pub mod render;
mod span;
pub mod stack;
mod suggest;

pub use code::Code;
pub use diagnostic::{Diagnostic, Diagnostics, Label};
pub use paragraph::{paragraph, visible};
pub use span::{Origin, Place, SourceId, SourceMap, Span};
pub use suggest::suggest;
