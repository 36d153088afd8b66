#![forbid(unsafe_code)]
//! Pages of the documentation on a screen, the list of them, and the line behind an error that names its page.
//!
//! Promises: code is indented, everything else is the Markdown of the page.

use super::{Role, Screen};
use crate::diag::{Diagnostics, paragraph};
use crate::docs::{Kind, Topic, topics};
use crate::passes::{ALL, PassInfo};
use crate::value::RunError;

/// Lines longer than this are hard to read.
const MOST_COLUMNS: usize = 88;

/// One page.
pub fn page(topic: &Topic, screen: Screen) -> String {
    let id = screen.paint(Role::Heading, topic.id);
    let head = screen.paragraph(&format!("{id}  {}: ", topic.kind.name()), "    ", &topic.title);
    format!("{head}\n{}", laid_out(&topic.text, screen))
}

/// All topics, one line each, by kind.
pub fn list(screen: Screen) -> String {
    let topics = topics();
    let mut text = String::new();
    for kind in Kind::ALL {
        let of_kind = || topics.iter().filter(|topic| topic.kind == *kind);
        let width = of_kind().map(|topic| topic.id.chars().count()).max().unwrap_or(0);
        let space = if text.is_empty() { "" } else { "\n" };
        text += &format!("{space}{}\n", screen.paint(Role::Heading, kind.heading()));
        for topic in of_kind() {
            text += &row(topic.id, width, &topic.title, screen);
        }
    }
    text
}

/// All rules, one line each, under their passes.
pub fn rules(screen: Screen) -> String {
    let infos = || ALL.iter().map(|pass| pass.info());
    let width = infos().flat_map(PassInfo::names).map(str::len).max().unwrap_or(0);
    let mut text = String::new();
    for info in infos() {
        let name = screen.paint(Role::Heading, info.name);
        text += &screen.paragraph(&format!("{name}: "), "    ", info.summary.trim().trim_end_matches('.'));
        for rule in info.rules {
            text += &row(rule.name, width, rule.summary(), screen);
        }
    }
    text
}

/// A name in a column of `width` characters, and what it is.
fn row(name: &str, width: usize, what: &str, screen: Screen) -> String {
    let name = screen.paint(Role::Rule, &format!("{name:width$}"));
    screen.paragraph(&format!("  {name}  "), &" ".repeat(width + 4), what)
}

/// The question behind an unknown name, if something is like it; `look_up` shows a page.
pub fn did_you_mean(near: &[String], look_up: &str) -> Option<String> {
    let quoted: Vec<String> = near.iter().map(|name| format!("`{look_up} {name}`")).collect();
    let (last, others) = quoted.split_last()?;
    let others = if others.is_empty() { String::new() } else { format!("{} or ", others.join(", ")) };
    Some(format!("did you mean {others}{last}?"))
}

/// The line that names the page of the first error; `look_up` shows a page.
pub fn more_about(messages: &Diagnostics, look_up: &str, screen: Screen) -> String {
    messages.first_error().map_or(String::new(), |error| more(error.code.id(), look_up, screen))
}

/// The line that names the page of an error that a place of the program is to blame for.
pub fn more_about_run(error: &RunError, look_up: &str, screen: Screen) -> String {
    error.origin.as_ref().map_or(String::new(), |_| more(error.kind.name(), look_up, screen))
}

fn more(id: &str, look_up: &str, screen: Screen) -> String {
    format!("{}\n", screen.paint(Role::Dim, &format!("more: {look_up} {id}")))
}

/// A page for a screen: paragraphs as wide as it is, code indented instead of fenced.
fn laid_out(page: &str, screen: Screen) -> String {
    let width = screen.width.min(MOST_COLUMNS);
    let mut text = String::new();
    let mut words = String::new();
    let mut in_code = false;
    for line in page.trim_end().lines().chain([""]) {
        let is_fence = line.starts_with("```");
        if in_code && !is_fence {
            let indent = if line.is_empty() { "" } else { "    " };
            text += &format!("{indent}{line}\n");
            continue;
        }
        if !is_fence && !line.is_empty() {
            words += &format!("{} ", line.trim());
            continue;
        }
        // The end of a paragraph or of code.
        let ended = std::mem::take(&mut words);
        if !ended.is_empty() {
            text += &paragraph("", "", &ended, width);
        }
        if !text.is_empty() && !text.ends_with("\n\n") {
            text.push('\n');
        }
        in_code = is_fence && !in_code;
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::{laid_out, list, page, rules};
    use crate::docs::topics;
    use crate::view::Screen;

    #[test]
    fn paragraphs_are_filled_and_code_is_not() {
        let text = "one two three\nfour\n```weld\n1 +\n\n  2\n```\nbecomes\n\n\nend\n";
        let shown = laid_out(text, Screen { color: false, width: 14, bounded: true });
        assert_eq!(shown, "one two three\nfour\n\n    1 +\n\n      2\n\nbecomes\n\nend\n");
    }

    #[test]
    fn pages_fit_on_screens() {
        let screen = Screen { color: false, width: 80, bounded: true };
        for topic in topics() {
            let shown = page(&topic, screen);
            // Code is not cut; it is meant to be typed.
            let long = |line: &&str| !line.starts_with("    ") && line.chars().count() > 80;
            assert_eq!(shown.lines().find(long), None, "{}", topic.id);
        }
        assert!(list(screen).lines().count() > 100);
        let wide = |text: &str| text.lines().find(|line| line.chars().count() > 80).map(str::to_string);
        assert_eq!((wide(&list(screen)), wide(&rules(screen))), (None, None));
    }
}
