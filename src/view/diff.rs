#![forbid(unsafe_code)]
//! The difference of two texts, line by line.
//!
//! Promises: every changed line begins with `-` or `+`, so the signs alone tell the story; changed words stand out on a
//! coloured screen; unlike texts cost no more than a bounded time. Must not: hide what was cut without saying so.

use super::{Role, Screen};
use similar::{ChangeTag, DiffOp, TextDiff};
use std::time::Duration;

/// After this time the smallest difference is no longer searched for, only some difference.
const PATIENCE: Duration = Duration::from_millis(300);

/// How much of a difference to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Unchanged lines around each change.
    pub context: usize,
    /// Lines in all.
    pub lines: usize,
}

impl Extent {
    /// Everything that changed.
    pub const FULL: Extent = Extent { context: 3, lines: usize::MAX };
    /// What fits on a few screens.
    pub const BRIEF: Extent = Extent { context: 2, lines: 120 };
}

/// The lines that differ, with some lines around them; empty for equal texts.
pub fn unified(before: &str, after: &str, extent: Extent, screen: Screen) -> String {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(extent.context).iter().enumerate() {
        if at > 0 {
            lines.push(screen.paint(Role::Dim, "  ..."));
        }
        for op in group {
            push_changes(&diff, op, screen, &mut lines);
        }
    }
    if lines.len() > extent.lines {
        let cut = lines.len() - extent.lines;
        lines.truncate(extent.lines);
        lines.push(screen.paint(Role::Dim, &format!("  ... cut, {cut} more lines of this difference")));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn push_changes<'a>(diff: &TextDiff<'a, 'a, str>, op: &DiffOp, screen: Screen, lines: &mut Vec<String>) {
    if !screen.color {
        lines.extend(diff.iter_changes(op).map(|change| {
            format!("{} {}", change.tag(), change.value().trim_end_matches('\n')).trim_end().to_string()
        }));
        return;
    }
    for change in diff.iter_inline_changes(op) {
        let (sign, plain, word) = match change.tag() {
            ChangeTag::Equal => (" ", None, None),
            ChangeTag::Delete => ("-", Some(Role::Removed), Some(Role::RemovedWord)),
            ChangeTag::Insert => ("+", Some(Role::Added), Some(Role::AddedWord)),
        };
        let mut line = plain.map_or_else(|| sign.to_string(), |role| screen.paint(role, sign));
        line.push(' ');
        for (emphasized, text) in change.iter_strings_lossy() {
            let text = text.trim_end_matches('\n');
            match if emphasized { word } else { plain } {
                Some(role) => line.push_str(&screen.paint(role, text)),
                None => line.push_str(text),
            }
        }
        lines.push(line.trim_end().to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::{Extent, unified};
    use crate::view::Screen;

    #[test]
    fn signs_tell_what_changed() {
        let (before, after) = ("a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\ne\nf\nX\nh\n");
        let shown = unified(before, after, Extent::BRIEF, Screen::plain());
        assert_eq!(shown, "  e\n  f\n- g\n+ X\n  h\n");
    }

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(unified("a\nb", "a\nb", Extent::FULL, Screen::plain()), "");
    }

    #[test]
    fn a_missing_last_line_break_does_no_harm() {
        assert_eq!(unified("a", "b", Extent::FULL, Screen::plain()), "- a\n+ b\n");
    }

    #[test]
    fn a_cut_says_how_much() {
        let before: String = (0..50).map(|n| format!("a{n}\n")).collect();
        let after: String = (0..50).map(|n| format!("b{n}\n")).collect();
        let shown = unified(&before, &after, Extent { context: 2, lines: 10 }, Screen::plain());
        assert_eq!(shown.lines().count(), 11);
        assert!(shown.ends_with("... cut, 90 more lines of this difference\n"), "{shown}");
    }

    #[test]
    fn colour_marks_words_and_keeps_signs() {
        let screen = Screen { color: true, width: 80, bounded: true };
        let shown = unified("let x = 1L;\n", "let x = 2L;\n", Extent::FULL, screen);
        assert!(shown.contains("\u{1b}["));
        let plain: Vec<&str> = shown.lines().collect();
        assert_eq!(plain.len(), 2);
        assert!(plain.iter().all(|line| line.contains('-') || line.contains('+')));
    }
}
