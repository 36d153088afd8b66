//! `tests/print/*.weld`: how a checked program prints, and that the text reads back as the same text.

use super::fixture::{Fixture, files};
use crate::support::compile;
use libtest_mimic::{Failed, Trial};
use std::path::Path;
use weld::ir::{print, verify};

/// A trial per file.
pub fn trials() -> Vec<Trial> {
    let files = files("tests/print").into_iter();
    files.map(|(name, path)| Trial::test(name, move || trial(&path))).collect()
}

fn trial(path: &Path) -> Result<(), Failed> {
    let fixture = Fixture::read(path)?;
    let program = compile(&fixture.program)?;
    verify::verify(&program)?;
    let text = print::program(&program);
    let again = print::program(&compile(&text)?);
    if again != text {
        return Err(format!("the text reads back differently:\n{text}\n---\n{again}").into());
    }
    if let Some(line) = text.lines().find(|line| line.chars().count() > 88) {
        return Err(format!("a long line: {line}").into());
    }
    for max in [0, 1, 3, 4, 10, 40, 88, 2000] {
        let short = print::short(&program.func.body, max);
        if short.contains('\n') || short.chars().count() > max.max(3) {
            return Err(format!("not a short form for {max}: {short}").into());
        }
    }
    Ok(fixture.expect(&text)?)
}
