#![forbid(unsafe_code)]
//! How messages look on a screen: a title, an excerpt with carets, a fix.
//!
//! Promises: any message about any text can be shown: control characters are escaped, long lines cut around
//! what matters, spans outside the text moved to its end. The cost depends on what is shown, not on the
//! size of the program.
//! Must not: decide where the text goes or whether the screen has colours; the caller says.

mod excerpt;
#[cfg(test)]
mod tests;

use super::{Diagnostic, Diagnostics, Label, SourceMap, paragraph};
use annotate_snippets::{Level, Renderer};
use excerpt::{Excerpt, clean, clean_lines, excerpts};

/// What the screen is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RenderOptions {
    /// Whether to write terminal colours.
    pub color: bool,
    /// Columns.
    pub width: usize,
    /// Whether lines end there: else only excerpts are cut, and words stay in one line.
    pub bounded: bool,
}

impl Default for RenderOptions {
    fn default() -> RenderOptions {
        RenderOptions { color: false, width: 120, bounded: false }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Severity {
    Error,
    Warning,
    Note,
}

/// A message ready to be drawn: a [`Diagnostic`], or a run-time error, which has an id of its own and perhaps no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Such as `E0203` or `R002`; may be empty.
    pub id: String,
    /// How bad it is.
    pub severity: Severity,
    /// What stands before the id, such as `type error`; empty for the name of the severity.
    pub class: String,
    /// One line: what is wrong.
    pub title: String,
    /// The place where it is wrong, if it has one.
    pub primary: Option<Label>,
    /// Other places that explain it.
    pub related: Vec<Label>,
    /// A fix.
    pub help: Option<String>,
}

impl From<&Diagnostic> for Report {
    fn from(diagnostic: &Diagnostic) -> Report {
        let code = diagnostic.code;
        // A syntax error is seen to be one; the other classes say which part of the compiler objects.
        let class = if code.class() == "syntax error" { "" } else { code.class() };
        let rule = code.rule().map_or(String::new(), |rule| format!(" (rule {rule})"));
        Report {
            id: code.id().to_string(),
            severity: if code.is_error() { Severity::Error } else { Severity::Warning },
            class: class.to_string(),
            title: format!("{}{rule}", diagnostic.title),
            primary: Some(diagnostic.primary.clone()),
            related: diagnostic.related.clone(),
            help: diagnostic.help.clone(),
        }
    }
}

/// All messages, with an empty line between two.
pub fn render(diagnostics: &Diagnostics, sources: &SourceMap, options: RenderOptions) -> String {
    let shown: Vec<String> =
        diagnostics.0.iter().map(|diagnostic| render_report(&diagnostic.into(), sources, options)).collect();
    shown.join("\n")
}

/// One message, which ends with a line break.
pub fn render_report(report: &Report, sources: &SourceMap, options: RenderOptions) -> String {
    let level = match report.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let level = if report.class.is_empty() { level } else { level.with_name(report.class.as_str()) };
    let mut title = level.primary_title(title(report, options));
    if !report.id.is_empty() {
        title = title.id(report.id.as_str());
    }
    let excerpts =
        report.primary.as_ref().map_or(Vec::new(), |primary| excerpts(primary, &report.related, sources));
    let mut group = title.elements(excerpts.iter().map(Excerpt::snippet));
    if let Some(help) = &report.help {
        group = group.element(Level::HELP.message(filled(&clean_lines(help), options, "   = help: ")));
    }
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.term_width(options.width.max(20)).render(&[group]);
    for excerpt in &excerpts {
        // The drawing library counts columns in what is left of a cut line.
        if let Some((shown, actual)) = excerpt.headings() {
            text = text.replacen(&shown, &actual, 1);
        }
    }
    text.push('\n');
    text
}

/// The title in lines of the screen; the drawing library puts the class and the id before the first one and as many
/// blanks before the others.
fn title(report: &Report, options: RenderOptions) -> String {
    let class = match report.severity {
        _ if !report.class.is_empty() => report.class.as_str(),
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let id = if report.id.is_empty() { String::new() } else { format!("[{}]", report.id) };
    filled(&clean(&report.title), options, &format!("{class}{id}: "))
}

/// Each line of a text in lines of the screen behind a head.
fn filled(text: &str, options: RenderOptions, head: &str) -> String {
    if !options.bounded {
        return text.to_string();
    }
    // A title of a few words each line is no use.
    let width = options.width.saturating_sub(head.chars().count()).max(30);
    let lines: Vec<String> =
        text.split('\n').map(|line| paragraph("", "", line, width).trim_end().to_string()).collect();
    lines.join("\n")
}

/// The message as one line without a place, its class first: `linearity error[L1]: builder ...`.
pub fn one_line(diagnostic: &Diagnostic) -> String {
    let rule = diagnostic.code.rule().map_or(String::new(), |rule| format!("[{rule}]"));
    format!("{}{rule}: {}", diagnostic.code.class(), clean(&diagnostic.title))
}
