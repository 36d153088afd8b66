#![forbid(unsafe_code)]
//! The part of a text that a message shows, made safe to print.
//!
//! Promises: an excerpt is at most some 100 KiB of any text; its labels lie inside it, on character borders.

use crate::diag::{Label, Place, SourceId, SourceMap, Span};
use annotate_snippets::{Annotation, AnnotationKind, Snippet};
use std::ops::Range;

/// Labels further apart than this are shown in excerpts of their own.
const MAX_GAP: usize = 8 << 10;
/// Lines longer than this are cut around their labels.
const MAX_LINE: usize = 2 << 10;
/// What is kept on each side of the labels of a cut line.
const MARGIN: usize = 200;
/// Titles and labels are cut after this many characters.
const MAX_WORDS: usize = 600;

/// Some lines with labels.
pub(super) struct Excerpt {
    /// The name of the source.
    name: String,
    /// Line and column of the first thing to see.
    place: Place,
    /// The column that it has in `text`.
    shown_column: usize,
    text: String,
    first_line: usize,
    labels: Vec<Marked>,
}

struct Marked {
    range: Range<usize>,
    text: String,
    is_primary: bool,
}

impl Excerpt {
    /// The heading as the drawing library writes it and as it should be, when they differ.
    pub(super) fn headings(&self) -> Option<(String, String)> {
        let Place { line, column } = self.place;
        let heading = |column: usize| format!("{}:{line}:{column}", self.name);
        (column != self.shown_column).then(|| (heading(self.shown_column), heading(column)))
    }

    pub(super) fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        let annotations = self.labels.iter().map(|label| {
            let kind = if label.is_primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let words = if label.text.is_empty() { None } else { Some(label.text.as_str()) };
            kind.span(label.range.clone()).label(words)
        });
        Snippet::source(self.text.as_str())
            .path(self.name.as_str())
            .line_start(self.first_line)
            .annotations(annotations)
    }
}

/// The excerpts for a message: the one with the primary place first, then those that are far from it.
pub(super) fn excerpts(primary: &Label, related: &[Label], sources: &SourceMap) -> Vec<Excerpt> {
    let mut labels: Vec<(SourceId, Marked)> = std::iter::once((primary, true))
        .chain(related.iter().map(|label| (label, false)))
        .map(|(label, is_primary)| {
            let range =
                clamp(label.span.lo as usize..label.span.hi as usize, &sources.text(label.span.source));
            (label.span.source, Marked { range, text: clean(&label.text), is_primary })
        })
        .collect();
    labels.sort_by_key(|(source, label)| (*source, label.range.start, label.range.end));
    let mut groups: Vec<(SourceId, Vec<Marked>)> = Vec::new();
    for (source, label) in labels {
        match groups.last_mut() {
            Some((last, group))
                if *last == source
                    && group.iter().any(|other| label.range.end <= other.range.start + MAX_GAP) =>
            {
                group.push(label);
            }
            _ => groups.push((source, vec![label])),
        }
    }
    // A stable sort: only the group with the primary place moves.
    groups.sort_by_key(|(_, group)| !group.iter().any(|label| label.is_primary));
    groups.into_iter().map(|(source, group)| cut(source, group, sources)).collect()
}

/// A range inside `text`, on character borders, of at most [`MAX_GAP`] bytes; a place behind the last word is moved to its end.
fn clamp(range: Range<usize>, text: &str) -> Range<usize> {
    let words = text.trim_end().len();
    let mut start = floor(text, range.start);
    let mut end = floor(text, range.end.max(start)).min(start + MAX_GAP);
    if start >= end && start > words {
        start = words;
        end = words;
    }
    end = floor(text, end).max(start);
    start..end
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Copies the lines of `labels` and moves the labels to where their text went.
fn cut(source: SourceId, labels: Vec<Marked>, sources: &SourceMap) -> Excerpt {
    let text = sources.text(source);
    let lo = labels.iter().map(|label| label.range.start).min().unwrap_or(0);
    let hi = labels.iter().map(|label| label.range.end).max().unwrap_or(lo);
    let start = text[..lo].rfind('\n').map_or(0, |at| at + 1);
    let end = text[hi..].find('\n').map_or(text.len(), |at| hi + at);
    let anchor = labels.iter().find(|label| label.is_primary).map_or(lo, |label| label.range.start);
    let mut marks: Vec<(usize, usize)> =
        labels.iter().flat_map(|label| [label.range.start, label.range.end]).map(|at| (at, 0)).collect();
    marks.sort_unstable();
    let mut copy = Copy { out: String::new(), marks, next: 0 };
    let mut line_start = start;
    loop {
        let line_end = text[line_start..end].find('\n').map_or(end, |at| line_start + at);
        copy.line(&text, line_start..line_end);
        if line_end >= end {
            break;
        }
        copy.out.push('\n');
        line_start = line_end + 1;
    }
    copy.reach(usize::MAX);
    let place = |at: usize| copy.marks.iter().find(|mark| mark.0 == at).map_or(0, |mark| mark.1);
    let moved = labels
        .into_iter()
        .map(|label| Marked { range: place(label.range.start)..place(label.range.end), ..label })
        .collect();
    let at = place(anchor);
    let shown_column = copy.out[..at].rsplit('\n').next().map_or(1, |before| before.chars().count() + 1);
    let span = |at: usize| Span::new(source, at as u32, at as u32);
    let first_line = sources.place(span(start)).line;
    let place = sources.place(span(anchor));
    Excerpt {
        name: clean(sources.name(source)),
        place,
        shown_column,
        text: copy.out,
        first_line,
        labels: moved,
    }
}

/// A text being copied, and where the marked bytes of the original go: pairs of old and new place, in order.
struct Copy {
    out: String,
    marks: Vec<(usize, usize)>,
    next: usize,
}

impl Copy {
    /// Settles the marks up to the old place `at`, which is about to be copied to the end.
    fn reach(&mut self, at: usize) {
        while let Some(mark) = self.marks.get_mut(self.next).filter(|mark| mark.0 <= at) {
            mark.1 = self.out.len();
            self.next += 1;
        }
    }

    fn line(&mut self, text: &str, line: Range<usize>) {
        let (mut from, mut to) = (line.start, line.end);
        if line.len() > MAX_LINE {
            let inside: Vec<usize> = self
                .marks
                .iter()
                .map(|mark| mark.0)
                .filter(|at| line.contains(at) || *at == line.end)
                .collect();
            let first = inside.first().copied().unwrap_or(line.start);
            let last = inside.last().copied().unwrap_or(line.start);
            from = floor(text, first.saturating_sub(MARGIN).max(line.start));
            to = floor(text, (last + MARGIN).min(line.end));
        }
        if from > line.start {
            self.out.push_str("...");
        }
        for (offset, character) in text[from..to].char_indices() {
            self.reach(from + offset);
            if character == '\r' && from + offset + 1 == line.end {
                continue;
            }
            self.out.push(visible(character));
        }
        self.reach(to);
        if to < line.end {
            self.out.push_str("...");
        }
    }
}

/// The character, or a sign in its place when it would move the cursor or hide.
fn visible(character: char) -> char {
    match character {
        '\t' => '\t',
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(character)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        _ if hides(character) => '\u{fffd}',
        _ => character,
    }
}

/// Controls of the second set, and marks that change the direction of writing or take no room.
fn hides(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Words of a message in one line, with controls escaped.
pub(super) fn clean(text: &str) -> String {
    escape(text, false, MAX_WORDS)
}

/// As [`clean`], but line breaks stay.
pub(super) fn clean_lines(text: &str) -> String {
    escape(text, true, 4 * MAX_WORDS)
}

fn escape(text: &str, lines: bool, limit: usize) -> String {
    let mut out = String::new();
    for (count, character) in text.chars().enumerate() {
        if count >= limit {
            out.push_str("...");
            break;
        }
        match character {
            '\n' if lines => out.push('\n'),
            '\n' => out.push_str("\\n"),
            '\t' => out.push(' '),
            _ if hides(character) => out.extend(character.escape_unicode()),
            _ => out.push(character),
        }
    }
    out
}
