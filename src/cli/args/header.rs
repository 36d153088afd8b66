#![forbid(unsafe_code)]
//! The arguments of `weld header` and of the older tool `hdrgen`. Must not: write declarations.

use super::Source;
use crate::view::bindings::Language;
use clap::{Args, Parser, ValueEnum};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub struct HeaderArgs {
    #[command(flatten)]
    pub source: Source,
    /// The language of the caller
    #[arg(long, value_enum, value_name = "LANGUAGE", default_value = "cpp")]
    pub lang: Lang,
}

/// A language of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// The header that `hdrgen` prints; no dictionaries, no builders
    Cpp,
    /// A header for C99 and later
    C,
    /// A module for Rust
    Rust,
    /// A module for Python, with ctypes
    Python,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Language {
        match lang {
            Lang::Cpp => Language::Cpp,
            Lang::C => Language::C,
            Lang::Rust => Language::Rust,
            Lang::Python => Language::Python,
        }
    }
}

/// `hdrgen ...`
#[derive(Debug, Parser)]
#[command(
    name = "hdrgen",
    version,
    about = "Print the C++ header of a Weld program: `weld header` under its older name"
)]
pub struct HdrgenArgs {
    /// The program; `-` is standard input
    #[arg(short, long, value_name = "FILE")]
    pub input: PathBuf,
}
