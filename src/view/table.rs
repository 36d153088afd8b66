#![forbid(unsafe_code)]
//! Tables: the only file that knows the table crate.
//!
//! Promises: no row is wider than the screen; control characters never reach it; colours come after cutting, so they
//! never break a column. Must not: drop text without `..` in its place.

use super::{Role, Screen};
use prettytable::format::{Alignment, FormatBuilder};
use prettytable::{Cell, Row, Table};

/// One cell: its text and its colour.
#[derive(Clone, Debug, Default)]
pub struct Field {
    text: String,
    role: Option<Role>,
}

impl From<&str> for Field {
    fn from(text: &str) -> Field {
        Field { text: text.to_string(), role: None }
    }
}

impl From<String> for Field {
    fn from(text: String) -> Field {
        Field { text, role: None }
    }
}

impl Field {
    /// The same text in a colour.
    pub fn role(mut self, role: Role) -> Field {
        self.role = Some(role);
        self
    }
}

/// A column: its heading, whether it holds numbers, and how narrow it may be made.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What stands above it.
    pub heading: &'static str,
    /// Numbers stand at the right.
    pub right: bool,
    /// Never cut below so many characters; columns are cut from the widest on.
    pub least: usize,
}

/// Characters between two columns.
const GAP: usize = 2;

/// The table as text.
pub fn render(columns: &[Column], rows: &[Vec<Field>], screen: Screen) -> String {
    let cleaned: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|field| clean(&field.text)).collect()).collect();
    let widths = widths(columns, &cleaned, screen.width);
    let mut table = Table::new();
    table.set_format(FormatBuilder::new().padding(0, GAP).build());
    let headings = columns.iter().zip(&widths);
    let headings =
        headings.map(|(column, width)| cell(column, &cut(column.heading, *width), Some(Role::Dim), screen));
    table.add_row(Row::new(headings.collect()));
    for (row, cleaned) in rows.iter().zip(&cleaned) {
        let cells = columns.iter().zip(&widths).enumerate().map(|(at, (column, width))| {
            let text = cleaned.get(at).map_or("", String::as_str);
            cell(column, &cut(text, *width), row.get(at).and_then(|field| field.role), screen)
        });
        table.add_row(Row::new(cells.collect()));
    }
    table.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn cell(column: &Column, text: &str, role: Option<Role>, screen: Screen) -> Cell {
    let painted = role.map_or_else(|| text.to_string(), |role| screen.paint(role, text));
    Cell::new_align(&painted, if column.right { Alignment::RIGHT } else { Alignment::LEFT })
}

/// Characters for each column: as many as it wants, or fewer for the widest ones until all fit.
fn widths(columns: &[Column], rows: &[Vec<String>], available: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|column| column.heading.chars().count()).collect();
    for row in rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.chars().count());
        }
    }
    loop {
        let total: usize = widths.iter().map(|width| width + GAP).sum();
        let candidates = widths.iter_mut().zip(columns).filter(|(width, column)| **width > column.least);
        match candidates.map(|(width, _)| width).max() {
            Some(widest) if total > available + GAP => *widest -= 1,
            _ => return widths,
        }
    }
}

/// Text on one line without control characters.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// At most `width` characters, with `..` for what is left out.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    text.chars().take(width.saturating_sub(2)).chain("..".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Column, Field, render};
    use crate::view::{Role, Screen};

    const COLUMNS: &[Column] =
        &[Column { heading: "#", right: true, least: 2 }, Column { heading: "pass", right: false, least: 4 }];

    #[test]
    fn columns_line_up() {
        let rows = vec![
            vec![Field::from("1"), Field::from("cse")],
            vec![Field::from("10"), Field::from("vectorize")],
        ];
        assert_eq!(render(COLUMNS, &rows, Screen::plain()), " #  pass\n 1  cse\n10  vectorize\n");
    }

    #[test]
    fn nothing_is_wider_than_the_screen() {
        let rows = vec![vec![Field::from("1"), Field::from("x".repeat(200))]];
        let shown = render(COLUMNS, &rows, Screen { color: false, width: 20 });
        assert!(shown.lines().all(|line| line.chars().count() <= 20), "{shown}");
        assert!(shown.contains(".."), "{shown}");
    }

    #[test]
    fn control_characters_do_not_get_through() {
        let rows = vec![vec![Field::from("\u{1b}[31m"), Field::from("a\tb\nc")]];
        let shown = render(COLUMNS, &rows, Screen::plain());
        assert!(!shown.contains('\u{1b}') && shown.lines().count() == 2, "{shown:?}");
    }

    #[test]
    fn colours_do_not_move_columns() {
        let rows = |role| vec![vec![Field::from("1"), Field { text: "cse".into(), role }, Field::from("x")]];
        let columns = [COLUMNS[0], COLUMNS[1], Column { heading: "last", right: false, least: 1 }];
        let plain = render(&columns, &rows(None), Screen::plain());
        let colored = render(&columns, &rows(Some(Role::Rule)), Screen { color: true, width: 100 });
        let stripped: String = strip(&colored);
        assert_eq!(stripped, plain);
    }

    fn strip(text: &str) -> String {
        let mut out = String::new();
        let mut escape = false;
        for c in text.chars() {
            match c {
                '\u{1b}' => escape = true,
                'm' if escape => escape = false,
                _ if !escape => out.push(c),
                _ => {}
            }
        }
        out
    }
}
