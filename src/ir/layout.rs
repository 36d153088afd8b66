#![forbid(unsafe_code)]
//! Line breaking for printed trees: documents made of text, possible breaks and groups.
//!
//! Promises: linear in the size of the document; a group is one line when that fits in [`WIDTH`] columns,
//! otherwise its own breaks become new lines; documents of any depth are built, rendered and dropped.
//! Must not: know what is printed.

use crate::diag::stack;
use std::borrow::Cow;

/// Columns of a line.
const WIDTH: u32 = 88;

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
}

impl Layout {
    /// An empty arena. With `one_line` no break is ever taken.
    pub fn new(one_line: bool) -> Layout {
        Layout { entries: Vec::new(), one_line }
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

    fn measures(&self, doc: Doc) -> (u32, u32, bool) {
        self.entries.get(doc.0 as usize).map_or((0, 0, true), |entry| (entry.width, entry.lead, entry.solid))
    }

    /// The text of a document.
    pub fn render(&self, doc: Doc) -> String {
        let mut writer = Writer { layout: self, out: String::new(), column: 0 };
        writer.put(doc, 0, self.one_line, 0);
        writer.out
    }
}

struct Writer<'a> {
    layout: &'a Layout,
    out: String,
    column: u32,
}

impl Writer<'_> {
    /// `tail` is the width of what follows on the same line in any case.
    fn put(&mut self, doc: Doc, indent: u32, flat: bool, tail: u32) {
        let Some(entry) = self.layout.entries.get(doc.0 as usize) else { return };
        match &entry.kind {
            Kind::Text(text) => self.text(text, entry.width),
            Kind::Break(text) if flat => self.text(text, entry.width),
            Kind::Hard if flat => self.text(" ", 1),
            Kind::Break(_) | Kind::Hard => {
                self.out.push('\n');
                self.out.extend(std::iter::repeat_n(' ', indent as usize));
                self.column = indent;
            }
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
        self.column.saturating_add(width) <= WIDTH
    }

    fn text(&mut self, text: &str, width: u32) {
        self.out.push_str(text);
        self.column = self.column.saturating_add(width);
    }
}
