#![forbid(unsafe_code)]
//! Inputs of programs: from literals, files and generators to values.
//!
//! Promises: all of a file or an error, never a part; errors name the file and the place in it; nothing is converted
//! silently; memory is bounded by the size of the file, whatever its header says.
//! Must not: guess types: the program says what it wants.

mod binary;
mod csv;
mod describe;
mod edges;
mod generate;
mod json;
mod npy;
mod shrink;

#[cfg(test)]
mod tests;

pub use describe::{describe, size};
pub use edges::edge_case;
pub use generate::generate;
pub use shrink::shrink;

use crate::ir::Ty;
use crate::value::{Value, literal};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

/// What is wrong with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputErrorKind {
    /// The text of a literal.
    Literal,
    /// A file that is not there or cannot be read.
    Io,
    /// A file of another type than the program wants.
    TypeMismatch,
    /// A file that is damaged or badly written.
    Corrupt,
    /// A kind of file, type or request that there is no way to serve.
    Unsupported,
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// What is wrong.
    pub kind: InputErrorKind,
    /// One line with file, place and text.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl InputError {
    fn new(kind: InputErrorKind, message: impl Into<String>) -> InputError {
        InputError { kind, message: message.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> InputError {
        self.hint = Some(hint.into());
        self
    }

    /// An error of the system about `path`.
    fn io(path: &Path, error: &io::Error) -> InputError {
        let path = path.display();
        let message = match error.kind() {
            io::ErrorKind::NotFound => format!("there is no file `{path}`"),
            io::ErrorKind::PermissionDenied => format!("no permission to read `{path}`"),
            io::ErrorKind::IsADirectory => format!("`{path}` is a directory"),
            _ => format!("cannot read `{path}`: {error}"),
        };
        InputError::new(InputErrorKind::Io, message)
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InputError {}

/// The kinds of files, for messages and help.
pub const EXTENSIONS: [&str; 5] = [".csv", ".npy", ".json", ".jsonl", ".bin"];

/// The value of type `ty` that `spec` describes: a literal, or `@FILE` or `@FILE:COLUMN`.
///
/// ```
/// # fn main() -> Result<(), weld::inputs::InputError> {
/// use weld::inputs;
/// use weld::ir::Ty;
///
/// let numbers = inputs::load("[1L, 2L]", &Ty::vec(Ty::I64))?;
/// assert!(matches!(numbers, weld::Value::Scalars(_)));
/// let error = inputs::load("@no-such-file.csv:price", &Ty::vec(Ty::I64)).unwrap_err();
/// assert_eq!(error.message, "there is no file `no-such-file.csv`");
/// # Ok(())
/// # }
/// ```
pub fn load(spec: &str, ty: &Ty) -> Result<Value, InputError> {
    match spec.trim().strip_prefix('@') {
        Some(file) => load_file(file, ty),
        None => literal::parse_value(spec, ty)
            .map_err(|message| InputError::new(InputErrorKind::Literal, message)),
    }
}

fn load_file(file: &str, ty: &Ty) -> Result<Value, InputError> {
    // A file whose name has a colon in it wins over a column.
    let (path, column) = match file.rsplit_once(':') {
        Some((path, column)) if !column.is_empty() && !Path::new(file).exists() => (path, Some(column)),
        _ => (file, None),
    };
    let path = Path::new(path);
    let extension =
        path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    let (metadata, file) = opened.map_err(|error| InputError::io(path, &error))?;
    if metadata.is_dir() {
        return Err(InputError::io(path, &io::Error::from(io::ErrorKind::IsADirectory)));
    }
    if column.is_some() && extension != "csv" {
        let message = format!("`{}` has no columns to choose from", path.display());
        return Err(
            InputError::new(InputErrorKind::Unsupported, message).hint("columns exist in .csv files only")
        );
    }
    match extension.as_str() {
        "csv" => csv::read(path, file, column, ty),
        "npy" => npy::read(path, file, metadata.len(), ty),
        "json" => json::read(path, file, ty),
        "jsonl" => json::read_lines(path, file, ty),
        "bin" => binary::read(path, file, metadata.len(), ty),
        _ => {
            let message = format!("`{}` is of no kind that can be read", path.display());
            let hint = format!("the kinds are {}", EXTENSIONS.join(", "));
            Err(InputError::new(InputErrorKind::Unsupported, message).hint(hint))
        }
    }
}
