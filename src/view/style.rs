#![forbid(unsafe_code)]
//! Colours by role, and what a screen is like: the only file that knows the colour crate.
//!
//! Promises: `--color` beats the environment, `NO_COLOR` beats `CLICOLOR_FORCE`, both beat what the stream is; a plain
//! screen gets no escape code at all. Must not: carry meaning by colour alone; callers write a sign or a word as well.

use crate::diag::render::RenderOptions;
use crate::diag::{paragraph, visible};
use colored::{Color, ColoredString, Colorize, control};

/// What `--color` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// As the environment and the stream suggest.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A line that a pass added.
    Added,
    /// The words of an added line that are new.
    AddedWord,
    /// A line that a pass removed.
    Removed,
    /// The words of a removed line that are gone.
    RemovedWord,
    /// The id of a pass or a rule.
    Rule,
    /// A time, a size or a count.
    Cost,
    /// Something that went wrong.
    Error,
    /// What matters less.
    Dim,
    /// A heading.
    Heading,
}

/// What the screen is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Whether to write colours.
    pub color: bool,
    /// Columns.
    pub width: usize,
    /// Whether lines end at the width. What is no terminal has room for any table; prose is filled all the same.
    pub bounded: bool,
}

/// Characters between two parts of a line.
const GAP: usize = 3;

/// Columns of what is no terminal.
const PLAIN_WIDTH: usize = 100;

impl Screen {
    /// A screen without colours, as wide as messages in files are.
    pub fn plain() -> Screen {
        Screen { color: false, width: PLAIN_WIDTH, bounded: false }
    }

    /// The screen of standard output, if `terminal` says that it is one.
    pub fn new(choice: ColorChoice, terminal: bool) -> Screen {
        let variable = |name: &str| std::env::var(name).ok();
        let color = wants_color(choice, terminal, &variable);
        let columns = variable("COLUMNS").and_then(|text| text.parse().ok());
        let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        let bounded = terminal || columns.is_some();
        let width = columns.or_else(|| if terminal { measured() } else { None }).unwrap_or(PLAIN_WIDTH);
        Screen { color, width: width.max(20), bounded }
    }

    /// Words on lines of the screen, `head` before the first and `indent` before the others.
    pub fn paragraph(&self, head: &str, indent: &str, words: &str) -> String {
        paragraph(head, indent, words, self.width)
    }

    /// As [`Screen::paragraph`] for errors and warnings, whose lines are whole where no screen breaks them, so that logs
    /// can be searched.
    pub fn message(&self, head: &str, indent: &str, words: &str) -> String {
        paragraph(head, indent, words, if self.bounded { self.width } else { usize::MAX })
    }

    /// Parts with a gap between them, as many on a line as there is room for; the first begins the first line. Escape codes
    /// of colours take no room.
    pub fn parts(&self, parts: &[String]) -> String {
        let mut text = String::new();
        let mut column = 0;
        for part in parts {
            let length = visible(part);
            if column > 0 && column + GAP + length > self.width {
                text.push_str("\n  ");
                column = 2;
            } else if column > 0 {
                text.push_str(&" ".repeat(GAP));
                column += GAP;
            }
            text.push_str(part);
            column += length;
        }
        text
    }

    /// Lines of code, those that are too long for the screen broken at blanks. What is no screen gets them as they are.
    pub fn code(&self, text: &str) -> String {
        if !self.bounded {
            return text.to_string();
        }
        text.lines().map(|line| broken(line, self.width) + "\n").collect()
    }

    /// `text` in the colour of its role.
    pub fn paint(&self, role: Role, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_string();
        }
        // The crate would ask the environment once more; this screen has already decided.
        control::set_override(true);
        let painted: ColoredString = match role {
            Role::Added => text.color(Color::Green),
            Role::AddedWord => text.color(Color::Green).bold().underline(),
            Role::Removed => text.color(Color::Red),
            Role::RemovedWord => text.color(Color::Red).bold().underline(),
            Role::Rule => text.color(Color::Cyan),
            Role::Cost => text.color(Color::Yellow),
            Role::Error => text.color(Color::Red).bold(),
            Role::Dim => text.dimmed(),
            Role::Heading => text.bold(),
        };
        painted.to_string()
    }

    /// The same screen for messages about source text.
    pub fn render_options(&self) -> RenderOptions {
        RenderOptions { color: self.color, width: self.width, bounded: self.bounded }
    }
}

/// A line of code on several lines, those behind the first four characters further in. Words stay whole.
fn broken(line: &str, width: usize) -> String {
    if visible(line) <= width {
        return line.to_string();
    }
    let words: Vec<&str> = line.split(' ').collect();
    let is_sign = |word: &str| visible(word) == 1 && word.contains(['-', '+']);
    // Blanks at the begin are empty words; the sign of a difference is followed by more of them.
    let begin = words.iter().take_while(|word| visible(word) == 0 || is_sign(word)).count();
    let indent = words.iter().take(begin).map(|word| visible(word) + 1).sum::<usize>();
    let further = (indent + 4).min(width / 2);
    let mut text =
        words.get(..begin).unwrap_or_default().iter().map(|word| format!("{word} ")).collect::<String>();
    let (mut column, mut first) = (indent, true);
    for word in words.into_iter().skip(begin) {
        if !first && column + 1 + visible(word) > width {
            text.push('\n');
            text.push_str(&" ".repeat(further));
            column = further;
        } else if !first {
            text.push(' ');
            column += 1;
        }
        first = false;
        text.push_str(word);
        column += visible(word);
    }
    text
}

/// Whether to write colours, from the choice, the stream and the environment.
fn wants_color(choice: ColorChoice, terminal: bool, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
        ColorChoice::Auto if is_set("CLICOLOR_FORCE") => true,
        ColorChoice::Auto if variable("TERM").is_some_and(|value| value == "dumb") => false,
        ColorChoice::Auto => terminal,
    }
}

#[cfg(test)]
mod tests {
    use super::{ColorChoice, Role, Screen, wants_color};

    fn wants(choice: ColorChoice, terminal: bool, variables: &[(&str, &str)]) -> bool {
        wants_color(choice, terminal, &|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
        })
    }

    #[test]
    fn the_option_beats_the_environment() {
        assert!(wants(ColorChoice::Always, false, &[("NO_COLOR", "1"), ("TERM", "dumb")]));
        assert!(!wants(ColorChoice::Never, true, &[("CLICOLOR_FORCE", "1")]));
    }

    #[test]
    fn the_environment_beats_the_stream() {
        assert!(wants(ColorChoice::Auto, true, &[]));
        assert!(!wants(ColorChoice::Auto, false, &[]));
        assert!(!wants(ColorChoice::Auto, true, &[("NO_COLOR", "1")]));
        assert!(wants(ColorChoice::Auto, true, &[("NO_COLOR", "")]));
        assert!(!wants(ColorChoice::Auto, true, &[("TERM", "dumb")]));
        assert!(wants(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!wants(ColorChoice::Auto, true, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
        assert!(wants(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")]));
        assert!(!wants(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "0")]));
    }

    #[test]
    fn parts_and_code_stay_on_the_screen() {
        let narrow = Screen { color: false, width: 20, bounded: true };
        let parts = ["step 3".to_string(), "fired 1".to_string(), "nodes 17 -> 11".to_string()];
        assert_eq!(narrow.parts(&parts), "step 3   fired 1\n  nodes 17 -> 11");
        assert_eq!(
            narrow.code("  + for(v, appender, |b, i| b)\n  x\n"),
            "  + for(v, appender,\n        |b, i| b)\n  x\n"
        );
        let colored = "\u{1b}[32m+\u{1b}[0m let x = aaaaaaaaaaaaaaaa\n";
        assert_eq!(narrow.code(colored), "\u{1b}[32m+\u{1b}[0m let x =\n      aaaaaaaaaaaaaaaa\n");
        assert_eq!(narrow.code("aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
        let wide = "x ".repeat(60) + "\n";
        assert_eq!(Screen::plain().code(&wide), wide);
    }

    #[test]
    fn plain_screens_get_no_escape_codes() {
        assert_eq!(Screen::plain().paint(Role::Error, "no"), "no");
        let colored = Screen { color: true, width: 80, bounded: true };
        assert!(colored.paint(Role::Added, "+ x").contains("\u{1b}["));
        assert!(colored.paint(Role::Added, "+ x").contains("+ x"));
    }
}
