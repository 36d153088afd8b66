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

/// A column: its heading and what happens to it on a narrow screen.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    heading: &'static str,
    right: bool,
    least: usize,
    drop: u8,
}

impl Column {
    /// Text, which may be cut to `least` characters.
    pub const fn text(heading: &'static str, least: usize) -> Column {
        Column { heading, right: false, least, drop: 0 }
    }

    /// Numbers: at the right, never cut.
    pub const fn number(heading: &'static str) -> Column {
        Column { heading, right: true, least: usize::MAX, drop: 0 }
    }

    /// Leaves the column out where there is no room; larger numbers go first. The table then says so.
    pub const fn optional(mut self, drop: u8) -> Column {
        self.drop = drop;
        self
    }
}

/// Characters between two columns.
const GAP: usize = 2;

/// The table as text.
pub fn render(columns: &[Column], rows: &[Vec<Field>], screen: Screen) -> String {
    let cleaned: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|field| clean(&field.text)).collect()).collect();
    let (widths, left_out) = widths(columns, &cleaned, screen.width);
    let shown: Vec<(usize, &Column, usize)> = columns
        .iter()
        .zip(&widths)
        .enumerate()
        .filter_map(|(at, (column, width))| Some((at, column, (*width)?)))
        .collect();
    let mut table = Table::new();
    table.set_format(FormatBuilder::new().padding(0, GAP).build());
    let headings = shown.iter().map(|(_, column, width)| cell(column, column.heading, *width));
    table.add_row(Row::new(headings.collect()));
    for cleaned in &cleaned {
        let text = |at: usize| cleaned.get(at).map_or("", String::as_str);
        let cells = shown.iter().map(|(at, column, width)| cell(column, text(*at), *width));
        table.add_row(Row::new(cells.collect()));
    }
    let mut text = String::new();
    for (number, line) in table.to_string().lines().enumerate() {
        let role = |at: usize| match number.checked_sub(1) {
            None => Some(Role::Dim),
            Some(row) => rows.get(row).and_then(|row| row.get(at)).and_then(|field| field.role),
        };
        let roles = shown.iter().map(|(at, _, width)| (width + GAP, role(*at)));
        text.push_str(painted(line, roles, screen).trim_end());
        text.push('\n');
    }
    if !left_out.is_empty() {
        let note = format!("no room for: {}", left_out.join(", "));
        text.push_str(&format!("{}\n", screen.paint(Role::Dim, &note)));
    }
    text
}

fn cell(column: &Column, text: &str, width: usize) -> Cell {
    Cell::new_align(&cut(text, width), if column.right { Alignment::RIGHT } else { Alignment::LEFT })
}

/// The line in pieces of the given widths, each in its colour. The table crate miscounts escape codes, so they come last.
fn painted(line: &str, pieces: impl Iterator<Item = (usize, Option<Role>)>, screen: Screen) -> String {
    let mut text = String::new();
    let mut rest = line.trim_end().chars();
    for (width, role) in pieces {
        let piece: String = rest.by_ref().take(width).collect();
        let word = piece.trim();
        match role.filter(|_| !word.is_empty()) {
            Some(role) => text.push_str(&piece.replacen(word, &screen.paint(role, word), 1)),
            None => text.push_str(&piece),
        }
    }
    text.extend(rest);
    text
}

/// Characters for each column, `None` for those left out, and the headings of these. What does not fit is first left
/// out, as far as it is optional, then cut, the widest text first.
fn widths(
    columns: &[Column],
    rows: &[Vec<String>],
    available: usize,
) -> (Vec<Option<usize>>, Vec<&'static str>) {
    let mut wanted: Vec<usize> = columns.iter().map(|column| column.heading.chars().count()).collect();
    for row in rows {
        for (width, text) in wanted.iter_mut().zip(row) {
            *width = (*width).max(text.chars().count());
        }
    }
    let mut widths: Vec<Option<usize>> = wanted.into_iter().map(Some).collect();
    let mut left_out = Vec::new();
    let total = |widths: &[Option<usize>]| widths.iter().flatten().map(|width| width + GAP).sum::<usize>();
    // The gap after the last column does not count.
    let fits = |total: usize| total <= available.saturating_add(GAP);
    loop {
        let least: Vec<Option<usize>> = widths
            .iter()
            .zip(columns)
            .map(|(width, column)| width.map(|width| width.min(column.least)))
            .collect();
        let kept =
            widths.iter_mut().zip(columns).filter(|(width, column)| width.is_some() && column.drop > 0);
        match kept.max_by_key(|(_, column)| column.drop) {
            Some((width, column)) if !fits(total(&least)) => {
                *width = None;
                left_out.push(column.heading);
            }
            _ => break,
        }
    }
    while !fits(total(&widths)) {
        let cuttable = widths
            .iter_mut()
            .zip(columns)
            .filter_map(|(width, column)| width.as_mut().filter(|width| **width > column.least));
        match cuttable.max() {
            Some(widest) => *widest -= 1,
            None => break,
        }
    }
    left_out.retain(|heading| !heading.is_empty());
    (widths, left_out)
}

/// Text on one line without control characters.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// At most `width` characters, with `..` for what is left out.
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    text.chars().take(width.saturating_sub(2)).chain("..".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Column, Field, render};
    use crate::view::{Role, Screen};

    const COLUMNS: &[Column] = &[Column::number("#"), Column::text("pass", 4)];

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
        let shown = render(COLUMNS, &rows, Screen { color: false, width: 20, bounded: true });
        assert!(shown.lines().all(|line| line.chars().count() <= 20), "{shown}");
        assert!(shown.contains(".."), "{shown}");
    }

    #[test]
    fn optional_columns_go_first_and_are_named() {
        let columns =
            [Column::number("#"), Column::number("nodes").optional(1), Column::number("bytes").optional(2)];
        let rows = vec![["1", "28 -> 17", "24*len(v)"].map(Field::from).to_vec()];
        let wide = render(&columns, &rows, Screen { color: false, width: 30, bounded: true });
        assert!(
            wide.contains("28 -> 17") && wide.contains("24*len(v)") && !wide.contains("no room"),
            "{wide}"
        );
        let narrow = render(&columns, &rows, Screen { color: false, width: 20, bounded: true });
        assert!(narrow.contains("28 -> 17") && narrow.ends_with("no room for: bytes\n"), "{narrow}");
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
        let columns = [COLUMNS[0], COLUMNS[1], Column::text("last", 1)];
        let plain = render(&columns, &rows(None), Screen::plain());
        let colored =
            render(&columns, &rows(Some(Role::Rule)), Screen { color: true, width: 100, bounded: true });
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
