#![forbid(unsafe_code)]
//! `weld fmt`: programs in their canonical form.
//!
//! Promises: a file is replaced whole or not at all, and only when its text changes; a program that does not parse stays
//! as it was, and the others are formatted all the same; with `--check` nothing is written.

use super::args::FmtArgs;
use super::context::{Context, read_program};
use super::failure::{Failure, code};
use crate::session::Unformatted;
use crate::view::diff::{Extent, unified};
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Where a program goes.
enum Target<'a> {
    File(&'a Path),
    Output,
}

/// Formats programs.
pub fn fmt(args: &FmtArgs, cx: &mut Context) -> Result<(), Failure> {
    if let Some(expr) = &args.sources.expr {
        let differs = one("-e", expr.clone(), &Target::Output, args.check, cx)?;
        return if differs { Err(Failure::CheckFailed) } else { Ok(()) };
    }
    let (mut differs, mut failed) = (false, None);
    for path in &args.sources.files {
        let target = if path.as_os_str() == "-" { Target::Output } else { Target::File(path) };
        let done = read_program(path).and_then(|(name, text)| one(&name, text, &target, args.check, cx));
        match done {
            Ok(found) => differs |= found,
            // The caller tells the last failure.
            Err(failure) => {
                if let Some(earlier) = failed.replace(failure) {
                    cx.say(&earlier.text(cx.session.sources(), cx.error_screen));
                }
            }
        }
    }
    match failed {
        Some(failure) => Err(failure),
        None if differs => Err(Failure::CheckFailed),
        None => Ok(()),
    }
}

/// Formats one program. With `check`, whether it would change.
fn one(name: &str, text: String, target: &Target, check: bool, cx: &mut Context) -> Result<bool, Failure> {
    let source = cx.session.add_source(name, text.clone());
    let formatted = cx.session.format(source).map_err(|failure| match failure {
        Unformatted::Rejected(messages) => Failure::Rejected(messages),
        Unformatted::Internal(why) => Failure::internal(&format!("{name}: {why}")),
    })?;
    if check {
        if formatted != text {
            writeln!(cx.out, "{name} is not formatted")?;
            // A difference in spaces at the ends of lines cannot be shown.
            cx.out.write_all(unified(&text, &formatted, Extent::BRIEF, cx.screen).as_bytes())?;
        }
        return Ok(formatted != text);
    }
    match target {
        Target::Output => cx.out.write_all(formatted.as_bytes())?,
        Target::File(path) if formatted != text => replace(path, &formatted).map_err(|error| {
            let message = format!("cannot write `{name}`: {error}");
            Failure::Other { exit: code::FAILED, code: "OutputError", message, hint: None }
        })?,
        Target::File(_) => {}
    }
    Ok(false)
}

/// Puts a new file in the place of this one, or of the file that it links to.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let scratch = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let write = || {
        let mut file = fs::File::create_new(&scratch)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.sync_all()?;
        fs::rename(&scratch, &path)
    };
    write().inspect_err(|_| {
        // What is left of an attempt helps nobody.
        let _ = fs::remove_file(&scratch);
    })
}
