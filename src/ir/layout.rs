#![forbid(unsafe_code)]
//! Line breaking for printed trees: documents made of text, possible breaks, groups and comments.
//!
//! Promises: linear in the size of the document; a group is one line when that fits in [`WIDTH`] columns,
//! otherwise its own breaks become new lines; a comment ends its line, whatever the document says; no line ends in
//! spaces; documents of any depth are built, rendered and dropped.
//! Must not: know what is printed.

use crate::diag::stack;
use std::borrow::Cow;

/// Columns of a line.
pub const WIDTH: u32 = 88;

/// Deeper nesting is not indented further: the text stays linear in the size of the tree.
const MAX_INDENT: u32 = 60;

/// Wider than any line: the document holds a break that is always taken.
const FORCED: u32 = u32::MAX;

/// A piece of a document. Valid for the [`Layout`] that made it.
#[derive(Clone, Copy)]
pub struct Doc(u32);

enum Kind {
    Text(Cow<'static, str>),
    /// A new line in a broken group, this text in a flat one.
    Break(&'static str),
    /// Always a new line, except in one-line layouts.
    Hard,
    Seq(Vec<Doc>),
    /// Indents the lines that begin inside it.
    Nest(Doc),
    Group(Doc),
    /// `hugged` when `probe` fits on the current line, else `spread`.
    Choice {
        probe: Doc,
        hugged: Doc,
        spread: Doc,
    },
    /// Text to the end of the line: on the line of what stands before it, or on a line of its own.
    Comment {
        text: String,
        trailing: bool,
    },
    /// The next line begins after an empty one.
    Blank,
}

struct Entry {
    kind: Kind,
    /// Columns when everything is on one line.
    width: u32,
    /// Columns before the first possible break.
    lead: u32,
    /// Whether there is no possible break.
    solid: bool,
}

/// The documents of one printing, in an arena: dropping them needs no recursion.
pub struct Layout {
    entries: Vec<Entry>,
    one_line: bool,
    width: u32,
    newline: &'static str,
}

impl Layout {
    /// An empty arena. With `one_line` no break is ever taken.
    pub fn new(one_line: bool) -> Layout {
        Layout { entries: Vec::new(), one_line, width: WIDTH, newline: "\n" }
    }

    /// An empty arena for lines of `width` columns that end with `newline`.
    pub fn with_lines(width: u32, newline: &'static str) -> Layout {
        Layout { entries: Vec::new(), one_line: false, width, newline }
    }

    fn push(&mut self, kind: Kind, width: u32, lead: u32, solid: bool) -> Doc {
        self.entries.push(Entry { kind, width, lead, solid });
        Doc(self.entries.len() as u32 - 1)
    }

    /// Text without line breaks.
    pub fn text(&mut self, text: impl Into<Cow<'static, str>>) -> Doc {
        let text = text.into();
        let width = text.chars().count() as u32;
        self.push(Kind::Text(text), width, width, true)
    }

    /// A break that is `flat` when it is not taken.
    pub fn soft(&mut self, flat: &'static str) -> Doc {
        self.push(Kind::Break(flat), flat.len() as u32, 0, false)
    }

    /// A break that is always taken, except in one-line layouts.
    pub fn hard(&mut self) -> Doc {
        let width = if self.one_line { 1 } else { FORCED };
        self.push(Kind::Hard, width, 0, false)
    }

    /// One after the other.
    pub fn seq(&mut self, items: Vec<Doc>) -> Doc {
        let (mut width, mut lead, mut solid) = (0u32, 0u32, true);
        for item in &items {
            let Some(entry) = self.entries.get(item.0 as usize) else { continue };
            width = width.saturating_add(entry.width);
            if solid {
                lead = lead.saturating_add(entry.lead);
                solid = entry.solid;
            }
        }
        self.push(Kind::Seq(items), width, lead, solid)
    }

    /// Indents the lines that begin inside.
    pub fn nest(&mut self, inner: Doc) -> Doc {
        let (width, lead, solid) = self.measures(inner);
        self.push(Kind::Nest(inner), width, lead, solid)
    }

    /// One line if that fits.
    pub fn group(&mut self, inner: Doc) -> Doc {
        let (width, lead, solid) = self.measures(inner);
        self.push(Kind::Group(inner), width, lead, solid)
    }

    /// `hugged` when `probe` fits on the line where it begins, else `spread`. Both have the same flat form.
    pub fn choice(&mut self, probe: Doc, hugged: Doc, spread: Doc) -> Doc {
        let (width, lead, solid) = self.measures(hugged);
        self.push(Kind::Choice { probe, hugged, spread }, width, lead, solid)
    }

    /// Whether it is a break that may be taken.
    pub fn is_break(&self, doc: Doc) -> bool {
        self.entries.get(doc.0 as usize).is_some_and(|entry| matches!(entry.kind, Kind::Break(_)))
    }

    /// A comment. `trailing`: on the line of what stands before it.
    pub fn comment(&mut self, text: String, trailing: bool) -> Doc {
        self.push(Kind::Comment { text, trailing }, FORCED, 0, false)
    }

    /// Has the next line begin after an empty one, if a new line begins here.
    pub fn blank(&mut self) -> Doc {
        self.push(Kind::Blank, 0, 0, true)
    }

    fn measures(&self, doc: Doc) -> (u32, u32, bool) {
        self.entries.get(doc.0 as usize).map_or((0, 0, true), |entry| (entry.width, entry.lead, entry.solid))
    }

    /// The text of a document.
    pub fn render(&self, doc: Doc) -> String {
        let mut writer = Writer { layout: self, out: String::new(), column: 0, line: None, blank: false };
        writer.put(doc, 0, self.one_line, 0);
        writer.out
    }
}

struct Writer<'a> {
    layout: &'a Layout,
    out: String,
    column: u32,
    /// The indentation of a line that begins here; it is begun when there is something to write on it.
    line: Option<u32>,
    /// Whether an empty line stands before that one.
    blank: bool,
}

impl Writer<'_> {
    /// `tail` is the width of what follows on the same line in any case.
    fn put(&mut self, doc: Doc, indent: u32, flat: bool, tail: u32) {
        let Some(entry) = self.layout.entries.get(doc.0 as usize) else { return };
        match &entry.kind {
            Kind::Text(text) => self.text(text, entry.width),
            Kind::Break(text) if flat => self.text(text, entry.width),
            Kind::Hard if flat => self.text(" ", 1),
            Kind::Break(_) | Kind::Hard => self.end_line(indent),
            Kind::Seq(items) => self.seq(items, indent, flat, tail),
            Kind::Nest(inner) => stack::deep(|| self.put(*inner, (indent + 2).min(MAX_INDENT), flat, tail)),
            Kind::Group(inner) => {
                let flat = flat || self.fits(entry.width.saturating_add(tail));
                stack::deep(|| self.put(*inner, indent, flat, tail));
            }
            Kind::Choice { probe, hugged, spread } => {
                let hug = flat || self.fits(self.layout.measures(*probe).0);
                stack::deep(|| self.put(if hug { *hugged } else { *spread }, indent, flat, tail));
            }
            Kind::Comment { text, trailing } => self.comment(text, *trailing, indent),
            Kind::Blank => self.blank = self.line.is_some(),
        }
    }

    fn seq(&mut self, items: &[Doc], indent: u32, flat: bool, tail: u32) {
        let mut tails = vec![tail; items.len()];
        let mut after = tail;
        for (item, slot) in items.iter().zip(tails.iter_mut()).rev() {
            *slot = after;
            let (_, lead, solid) = self.layout.measures(*item);
            after = if solid { lead.saturating_add(after) } else { lead };
        }
        for (item, tail) in items.iter().zip(tails) {
            stack::deep(|| self.put(*item, indent, flat, tail));
        }
    }

    fn fits(&self, width: u32) -> bool {
        self.column.saturating_add(width) <= self.layout.width
    }

    fn end_line(&mut self, indent: u32) {
        self.line = Some(indent);
        self.column = indent;
    }

    fn begin_line(&mut self) {
        let blank = std::mem::take(&mut self.blank);
        let Some(indent) = self.line.take() else { return };
        if self.out.is_empty() {
            return;
        }
        self.trim();
        self.out.push_str(self.layout.newline);
        if blank {
            self.out.push_str(self.layout.newline);
        }
        self.out.extend(std::iter::repeat_n(' ', indent as usize));
    }

    /// No line ends in spaces.
    fn trim(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
    }

    fn text(&mut self, text: &str, width: u32) {
        let begins = self.line.is_some();
        let shown = if begins { text.trim_start_matches(' ') } else { text };
        if shown.is_empty() {
            return;
        }
        self.begin_line();
        self.out.push_str(shown);
        // A string may go over several lines.
        self.column = match shown.rfind('\n') {
            Some(at) => shown[at + 1..].chars().count() as u32,
            None => self.column.saturating_add(width - (text.len() - shown.len()) as u32),
        };
    }

    fn comment(&mut self, text: &str, trailing: bool, indent: u32) {
        if trailing && !self.out.is_empty() {
            // The line that was to begin here begins behind the comment.
            self.trim();
            self.out.push(' ');
            self.out.push_str(text);
            self.end_line(self.line.unwrap_or(indent));
            return;
        }
        let indent = self.line.unwrap_or(indent);
        self.line = Some(indent);
        self.begin_line();
        self.out.push_str(text);
        self.end_line(indent);
    }
}
