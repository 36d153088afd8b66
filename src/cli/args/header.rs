#![forbid(unsafe_code)]
//! The arguments of `weld header` and of the older tool `hdrgen`. Must not: write declarations.

use super::Source;
use crate::view::bindings::{Language, is_prefix};
use clap::{Args, Parser, ValueEnum};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub struct HeaderArgs {
    #[command(flatten)]
    pub source: Source,
    /// The language of the caller
    #[arg(long, value_enum, value_name = "LANGUAGE", default_value = "cpp")]
    pub lang: Lang,
    /// With --lang c: what stands before all names, so that headers go together [default: from the name of the file]
    #[arg(long, value_name = "NAME", value_parser = parse_prefix)]
    pub prefix: Option<String>,
    /// Whether the command line was that of `hdrgen`
    #[arg(skip)]
    pub is_hdrgen: bool,
}

fn parse_prefix(text: &str) -> Result<String, String> {
    if text.is_empty() || is_prefix(text) {
        return Ok(text.to_string());
    }
    Err("a prefix is letters, digits and `_`, a letter first".to_string())
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
