#![forbid(unsafe_code)]
//! Which files of code a compilation writes, and where.
//!
//! Must not: write them; that is the session's.

use std::path::PathBuf;

/// One kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The typed program.
    Weld,
    /// The program after the passes.
    WeldOpt,
    /// How its loops will run.
    Sir,
    /// LLVM IR.
    Llvm,
    /// LLVM IR after LLVM's passes.
    LlvmOpt,
    /// Assembly.
    Assembly,
}

impl Format {
    /// All of them, in the order in which they come to be.
    pub const ALL: [Format; 6] =
        [Format::Weld, Format::WeldOpt, Format::Sir, Format::Llvm, Format::LlvmOpt, Format::Assembly];

    /// The name in a list of formats.
    pub fn name(self) -> &'static str {
        match self {
            Format::Weld => "weld",
            Format::WeldOpt => "weldopt",
            Format::Sir => "sir",
            Format::Llvm => "llvm",
            Format::LlvmOpt => "llvmopt",
            Format::Assembly => "assembly",
        }
    }

    /// What the name of its file ends with, behind the base name.
    pub fn ending(self) -> &'static str {
        match self {
            Format::Weld => ".weld",
            Format::WeldOpt => "-opt.weld",
            Format::Sir => ".sir",
            Format::Llvm => ".ll",
            Format::LlvmOpt => "-opt.ll",
            Format::Assembly => ".S",
        }
    }

    /// Reads a list of names between commas, in any capitals, with one behind the last; `all` stands for all of them.
    pub fn parse_list(text: &str) -> Result<Vec<Format>, String> {
        let mut formats = Vec::new();
        let text = text.trim();
        for name in text.strip_suffix(',').unwrap_or(text).split(',').map(str::trim) {
            if name.eq_ignore_ascii_case("all") {
                formats.extend(Format::ALL);
                continue;
            }
            let known = Format::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name));
            formats.push(known.ok_or_else(|| {
                let names: Vec<&str> = Format::ALL.into_iter().map(Format::name).collect();
                format!("`{name}` is no format of code; there are {}", names.join(", "))
            })?);
        }
        Ok(Format::ALL.into_iter().filter(|format| formats.contains(format)).collect())
    }
}

/// The files of code that a compilation writes.
#[derive(Clone, Debug)]
pub struct Dump {
    /// Whether it writes any.
    pub on: bool,
    /// Their folder.
    pub dir: PathBuf,
    /// The base of their names; `None` makes one up for each compilation.
    pub name: Option<String>,
    /// Which.
    pub formats: Vec<Format>,
}

impl Default for Dump {
    fn default() -> Dump {
        Dump { on: false, dir: PathBuf::from("."), name: None, formats: Format::ALL.to_vec() }
    }
}
