//! What inputs are made from: all programs of the repository, cut into tokens.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use weld::diag::SourceId;
use weld::syntax::lex;

/// Longer programs make few inputs a second, and their parts stand in shorter ones.
const LONGEST: usize = 2_000;

/// A program and where its tokens are.
pub struct Program {
    pub text: String,
    pub tokens: Vec<Range<usize>>,
    /// Whether it grows up to the limit of the compiler: a thousand times the time of others.
    pub explodes: bool,
}

/// Where the tokens of a text are; comments are tokens.
pub fn cut(text: &str) -> Vec<Range<usize>> {
    let (tokens, _) = lex(SourceId::default(), text);
    let ranges = tokens.iter().map(|token| token.span.lo as usize..token.span.hi as usize);
    ranges.filter(|range| !range.is_empty()).collect()
}

/// The programs, always in the same order.
pub fn read() -> Vec<Program> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["demos", "tests", "benches"] {
        find(&root.join(folder), &mut files);
    }
    files.sort();
    let program = |path: &PathBuf| {
        // What is expected of a fixture is no part of its program.
        let text = fs::read_to_string(path).ok()?;
        let lines = text.lines().filter(|line| !line.starts_with("#>"));
        let text: String = lines.flat_map(|line| [line, "\n"]).collect();
        let explodes = path.components().any(|part| part.as_os_str() == "E0502");
        (text.len() <= LONGEST).then(|| Program { tokens: cut(&text), text, explodes })
    };
    files.iter().filter_map(program).collect()
}

fn find(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "weld") {
            out.push(path);
        }
    }
}
