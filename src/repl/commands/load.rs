#![forbid(unsafe_code)]
//! `:load` and `:reload`: programs from files.

use super::{Command, Wants, no_arguments, usage};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome};
use crate::syntax::MAX_SOURCE_BYTES;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) static LOAD: Command = Command {
    names: &["load", "l"],
    args: "FILE",
    help: "read a program",
    more: "Lines `#@ in NAME = VALUE` at the head of the file give its inputs. `load FILE` works without the colon too.",
    examples: &[":load demos/04-zip.weld"],
    wants: Wants::Path,
    run: load,
};

pub(super) static RELOAD: Command = Command {
    names: &["reload"],
    args: "",
    help: "read its file again",
    more: "Inputs that still fit are kept.",
    examples: &[":reload"],
    wants: Wants::Nothing,
    run: reload,
};

fn load(repl: &mut Repl, args: &str) -> Outcome {
    let path = unquoted(args);
    if path.is_empty() {
        return Err(Failure::new("which file?").help(usage(&LOAD)));
    }
    let path = home(path);
    let text = read(&path)?;
    repl.enter(Some(path), &text)
}

fn reload(repl: &mut Repl, args: &str) -> Outcome {
    no_arguments(&RELOAD, args)?;
    let path = repl.entered()?.path.clone();
    let path = path.ok_or_else(|| {
        Failure::new("the program was typed, not loaded").help(":edit opens it in your editor")
    })?;
    let text = read(&path)?;
    repl.enter(Some(path), &text)
}

/// The text of a program file.
fn read(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let size = fs::metadata(path)
        .map_err(|error| Failure::new(format!("cannot read `{shown}`: {}", reason(&error))))?;
    if size.is_dir() {
        return Err(Failure::new(format!("`{shown}` is a directory")));
    }
    if size.len() > MAX_SOURCE_BYTES as u64 {
        return Err(Failure::new(format!("`{shown}` is larger than {MAX_SOURCE_BYTES} bytes")));
    }
    let bytes =
        fs::read(path).map_err(|error| Failure::new(format!("cannot read `{shown}`: {}", reason(&error))))?;
    String::from_utf8(bytes).map_err(|_| Failure::new(format!("`{shown}` is not a text in UTF-8")))
}

/// The words of the system, in our case.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_string(),
        std::io::ErrorKind::PermissionDenied => "you may not read it".to_string(),
        _ => error.to_string(),
    }
}

/// A path without quotes around it.
fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// A path with `~/` spelled out.
fn home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}
