#![forbid(unsafe_code)]
//! The constructs of the language, sections 1 to 15 of its definition: one table for `weld docs`, `:help` and
//! `docs/CONSTRUCTS.md`.
//!
//! Promises: every keyword is a word of some row; every example says what it gives, and a test runs it; every row names
//! fixtures that prove it and contain its words.
//! Must not: repeat what messages say about mistakes; the codes have pages of their own.

mod builders;
mod collections;
mod control;
mod data;
mod definitions;
mod lexical;
mod loops;
mod scalars;
mod types;

use std::fmt::Write as _;

/// A part of the language.
#[derive(Debug)]
pub struct Construct {
    /// What it is called.
    pub id: &'static str,
    /// The section of the definition of the language.
    pub section: &'static str,
    /// Keywords and symbols that belong to it; each stands in one of the fixtures.
    pub words: &'static [&'static str],
    /// One line: what it is.
    pub what: &'static str,
    /// How it is written.
    pub grammar: &'static str,
    /// What it means.
    pub text: &'static str,
    /// Programs; a last line `# => X` says what they give.
    pub examples: &'static [&'static str],
    /// Files that prove it.
    pub fixtures: &'static [&'static str],
}

/// Every construct, the simple ones first.
pub fn constructs() -> impl Iterator<Item = &'static Construct> {
    let files = [
        lexical::ROWS,
        definitions::ROWS,
        types::ROWS,
        control::ROWS,
        scalars::ROWS,
        collections::ROWS,
        loops::ROWS,
        builders::ROWS,
        data::ROWS,
    ];
    files.into_iter().flatten()
}

/// The text of `docs/CONSTRUCTS.md`.
pub fn table() -> String {
    let mut text = "# Constructs\n\n\
        Every construct of the language, and the fixtures that prove what it does. `tests/docs.rs` makes this file from\n\
        `src/docs/constructs` (`cargo bless --test docs`); `weld docs NAME` shows the page of a construct.\n\n\
        | section | construct | words | what | fixtures |\n|---|---|---|---|---|\n"
        .to_string();
    for row in constructs() {
        let words: Vec<String> = row.words.iter().map(|word| code(word)).collect();
        let fixtures: Vec<String> =
            row.fixtures.iter().map(|path| format!("[{}](../{path})", short(path))).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.section,
            row.id,
            words.join(" "),
            row.what.replace('|', "\\|"),
            fixtures.join(", ")
        );
    }
    text
}

/// A word in backticks; a bar would end the cell of the table.
fn code(word: &str) -> String {
    format!("`{}`", word.replace('|', "\\|"))
}

/// The path of a fixture without what all fixtures have.
fn short(path: &str) -> &str {
    path.trim_start_matches("tests/").trim_start_matches("run/").trim_end_matches(".weld")
}
