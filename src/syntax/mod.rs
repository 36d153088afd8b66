#![forbid(unsafe_code)]
//! From text to an untyped tree.
//!
//! Promises: [`lex`] and [`parse`] accept any text, never panic, and report several independent errors;
//! a tree without [`ast::ExprKind::Error`] comes back when there was none.
//! Must not: know types of expressions, macros or what names mean.

pub mod ast;
mod format;
mod lexer;
mod parser;
mod print;
mod same;
mod token;

pub use format::{Unformatted, format};
pub use lexer::lex;
pub use parser::{is_complete, parse};
pub use print::print;
pub use same::{same, same_expr};
pub use token::{BuilderKind, Keyword, Token, TokenKind, foreign_function, foreign_type, renamed};

/// The largest program text in bytes. Positions are 32 bits wide, and memory is about 30 times the text.
pub const MAX_SOURCE_BYTES: usize = 64 << 20;
