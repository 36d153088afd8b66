#![forbid(unsafe_code)]
//! Byte ranges in named sources, and line and column of a byte.
//!
//! Promises: a `Span` is 12 bytes and valid for the `SourceMap` that made its `SourceId`; positions
//! are counted in bytes, lines and columns from 1, columns in characters.

use std::sync::Arc;

/// One text added to a [`SourceMap`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// The bytes `lo..hi` of one source. In code that a macro wrote, the call that wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The text this span points into.
    pub source: SourceId,
    /// First byte.
    pub lo: u32,
    /// One past the last byte.
    pub hi: u32,
}

impl Span {
    /// The bytes `lo..hi` of `source`.
    pub fn new(source: SourceId, lo: u32, hi: u32) -> Span {
        Span { source, lo, hi }
    }

    /// The smallest span that covers both; `self` alone when the sources differ.
    pub fn to(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { source: self.source, lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }
}

/// Where an IR node came from: one place, or several after a rewrite joined them (fusion).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    first: Span,
    rest: Option<Arc<[Span]>>,
}

impl From<Span> for Origin {
    fn from(span: Span) -> Origin {
        Origin { first: span, rest: None }
    }
}

impl Origin {
    /// The place to show when there is room for one only.
    pub fn primary(&self) -> Span {
        self.first
    }

    /// All places, without repetition, the primary one first.
    pub fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        std::iter::once(self.first).chain(self.rest.iter().flat_map(|rest| rest.iter().copied()))
    }

    /// The same places of an equal text.
    pub fn moved(&self, from: SourceId, to: SourceId) -> Origin {
        let moved = |span: Span| if span.source == from { Span { source: to, ..span } } else { span };
        let rest = self.rest.as_ref().map(|rest| rest.iter().copied().map(moved).collect());
        Origin { first: moved(self.first), rest }
    }

    /// The union of both sets; the primary place stays that of `self`. Keeps at most 16 places:
    /// more cannot be shown, and long fusion chains must stay linear.
    pub fn join(&self, other: &Origin) -> Origin {
        let mut spans: Vec<Span> = self.spans().collect();
        for span in other.spans() {
            if spans.len() < 16 && !spans.contains(&span) {
                spans.push(span);
            }
        }
        let rest = if spans.len() > 1 { Some(spans[1..].into()) } else { None };
        Origin { first: self.first, rest }
    }
}

/// A line and column, both from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

struct Source {
    name: String,
    text: Arc<str>,
    line_starts: Vec<u32>,
    /// Where the last word ends.
    words: u32,
}

/// The texts of one session.
#[derive(Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl SourceMap {
    /// Adds a text under the name shown in messages.
    pub fn add(&mut self, name: &str, text: String) -> SourceId {
        let starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at as u32 + 1));
        let line_starts = starts.collect();
        let words = text.trim_end().len() as u32;
        self.sources.push(Source { name: name.to_string(), text: text.into(), line_starts, words });
        SourceId(self.sources.len() as u32 - 1)
    }

    /// The name given to [`SourceMap::add`]; empty for a foreign id.
    pub fn name(&self, id: SourceId) -> &str {
        self.sources.get(id.0 as usize).map_or("", |source| &source.name)
    }

    /// The whole text; empty for a foreign id.
    pub fn text(&self, id: SourceId) -> Arc<str> {
        self.sources.get(id.0 as usize).map_or_else(|| "".into(), |source| source.text.clone())
    }

    /// The text under a span; empty when the span is out of range or cuts a character.
    pub fn snippet(&self, span: Span) -> &str {
        self.sources
            .get(span.source.0 as usize)
            .and_then(|source| source.text.get(span.lo as usize..span.hi as usize))
            .unwrap_or("")
    }

    /// Line and column of the first byte of a span. The end of a text is the end of its last word.
    pub fn place(&self, span: Span) -> Place {
        let Some(source) = self.sources.get(span.source.0 as usize) else {
            return Place { line: 1, column: 1 };
        };
        let lo = span.lo.min(source.words);
        let line = source.line_starts.partition_point(|start| *start <= lo).max(1);
        let start = source.line_starts.get(line - 1).copied().unwrap_or(0) as usize;
        let end = lo as usize;
        let column =
            source.text.get(start..end).map_or(end.saturating_sub(start), |text| text.chars().count()) + 1;
        Place { line, column }
    }

    /// The byte at a line and column; `None` where the text has no character.
    pub fn byte(&self, id: SourceId, place: Place) -> Option<u32> {
        let source = self.sources.get(id.0 as usize)?;
        let start = *source.line_starts.get(place.line.checked_sub(1)?)? as usize;
        let line = source.text.get(start..)?.lines().next()?;
        let (at, _) = line.char_indices().nth(place.column.checked_sub(1)?)?;
        u32::try_from(start + at).ok()
    }
}
