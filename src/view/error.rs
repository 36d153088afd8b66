#![forbid(unsafe_code)]
//! Errors and warnings for people: of programs, of their heads, of runs, and of everything else.
//!
//! Promises: what happened, where in the source, with the values; control characters are escaped.

use super::{Role, Screen};
use crate::diag::render::{Report, Severity, render, render_report};
use crate::diag::{Diagnostics, Label, SourceMap};
use crate::session::header::Problem;
use crate::value::RunError;

/// Messages about a program.
pub fn diagnostics(messages: &Diagnostics, sources: &SourceMap, screen: Screen) -> String {
    render(messages, sources, screen.render_options())
}

/// Why a run has no value, with the place under it.
pub fn run_error(error: &RunError, sources: &SourceMap, screen: Screen) -> String {
    let report = Report {
        id: error.kind.id(),
        severity: Severity::Error,
        class: "run-time error".to_string(),
        title: error.message.clone(),
        primary: error.origin.as_ref().map(|origin| Label::new(origin.primary(), error.kind.name())),
        related: Vec::new(),
        help: None,
    };
    render_report(&report, sources, screen.render_options())
}

/// An error that is not about a place in a program.
pub fn plain(message: &str, hint: Option<&str>, screen: Screen) -> String {
    let head = format!("{} ", screen.paint(Role::Error, "error:"));
    let mut text = screen.message(&head, "       ", &clean(message));
    for (at, line) in hint.iter().flat_map(|hint| hint.lines()).enumerate() {
        let head = if at == 0 { "  = help: " } else { "          " };
        text += &screen.message(head, "          ", &clean(line));
    }
    text
}

/// A line of the head of a program that is written wrongly.
pub fn problem(name: &str, problem: &Problem, screen: Screen) -> String {
    screen.message("warning: ", "         ", &clean(&format!("{name}, {problem}")))
}

fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{plain, run_error};
    use crate::diag::{Origin, SourceMap, Span};
    use crate::value::RunError;
    use crate::view::Screen;

    #[test]
    fn plain_errors_have_hints_and_no_control_characters() {
        let shown = plain("no \u{1b} file", Some("try this\nor that"), Screen::plain());
        assert_eq!(shown, "error: no \u{fffd} file\n  = help: try this\n          or that\n");
    }

    #[test]
    fn run_errors_show_place_and_values() {
        let mut sources = SourceMap::default();
        let id = sources.add("p.weld", "|v: vec[i64]|\n  lookup(v, 7L)".to_string());
        let error = RunError::lookup_out_of_bounds(&Origin::from(Span::new(id, 16, 29)), 7, 3);
        let shown = run_error(&error, &sources, Screen::plain());
        for part in [
            "run-time error[R004]",
            "lookup index 7 out of range for length 3",
            "p.weld:2:3",
            "^^^^",
            "ArrayOutOfBounds",
        ] {
            assert!(shown.contains(part), "{part} in\n{shown}");
        }
    }
}
