#![forbid(unsafe_code)]
//! Declarations for programs that call Weld: what the argument and the result of a program are in memory, in the words
//! of another language.
//!
//! Promises: sizes and offsets are those of `value::layout`, and the languages that can say so check it when the text is
//! compiled or loaded; the text is complete, needs no other file of ours, and compiles without warnings. The C++ form is
//! that of the older tool `hdrgen`, whose clients read it. Must not: look at more of a program than its types and names.

mod c;
mod collect;
mod cpp;
mod fields;
mod python;
mod rust;

pub use c::is_prefix;

use crate::ir::{Param, Program, Ty};
use std::fmt;

/// A language that declarations can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// C++98 and later.
    Cpp,
    /// C99 and later.
    C,
    /// Rust, no crates needed.
    Rust,
    /// Python with `ctypes`.
    Python,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 4] = [Language::Cpp, Language::C, Language::Rust, Language::Python];
}

/// What a program takes and gives.
struct Signature<'a> {
    params: &'a [Param],
    result: &'a Ty,
}

impl Signature<'_> {
    fn of(program: &Program) -> Signature<'_> {
        Signature { params: &program.func.params, result: &program.func.body.ty }
    }
}

/// A type that the form of `hdrgen` has no words for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoForm {
    /// The parameter that has it; none is the result.
    pub param: Option<String>,
    /// The type.
    pub ty: Ty,
}

impl fmt::Display for NoForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.param {
            Some(name) => write!(f, "the parameter `{name}` has")?,
            None => write!(f, "the result has")?,
        }
        write!(f, " the type `{}` in it, which the C++ header cannot say", self.ty)
    }
}

/// The C header of a program, with `prefix` before all its names, so that several go together; empty for none. A prefix is
/// a name of C, as [`is_prefix`] says, with `_` at its end.
pub fn c_header(program: &Program, prefix: &str) -> String {
    c::print(&Signature::of(program), prefix)
}

/// The declarations of a program's argument and result.
pub fn declarations(program: &Program, language: Language) -> Result<String, NoForm> {
    let signature = Signature::of(program);
    match language {
        Language::Cpp => cpp::print(&signature),
        Language::C => Ok(c::print(&signature, "")),
        Language::Rust => Ok(rust::print(&signature)),
        Language::Python => Ok(python::print(&signature)),
    }
}
