#![forbid(unsafe_code)]
//! Places that people write, `LINE:COLUMN`, as bytes of a source.
//!
//! Promises: a place that the text does not have is an error that says what it has.

use crate::diag::{Origin, Place, SourceId, SourceMap, Span};

/// One byte of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    source: SourceId,
    byte: u32,
}

impl Spot {
    /// The byte at a line and column.
    pub fn at(sources: &SourceMap, source: SourceId, place: Place) -> Result<Spot, String> {
        match sources.byte(source, place) {
            Some(byte) => Ok(Spot { source, byte }),
            None => {
                let text = sources.text(source);
                let lines = text.lines().count().max(1);
                Err(match text.lines().nth(place.line.saturating_sub(1)) {
                    Some(line) if place.line > 0 => {
                        format!(
                            "line {} has {} columns, not {}",
                            place.line,
                            line.chars().count(),
                            place.column
                        )
                    }
                    _ => format!("the program has lines 1 to {lines}, not {}", place.line),
                })
            }
        }
    }

    /// Whether the span covers it.
    pub fn is_in(self, span: Span) -> bool {
        span.source == self.source && span.lo <= self.byte && self.byte < span.hi
    }

    /// Whether the span begins behind it.
    pub fn is_before(self, span: Span) -> bool {
        span.source == self.source && self.byte < span.lo
    }

    /// The narrowest of the places of an origin that cover it.
    pub fn narrowest(self, origin: &Origin) -> Option<Span> {
        origin.spans().filter(|span| self.is_in(*span)).min_by_key(|span| span.hi - span.lo)
    }
}

/// Whether somebody means a place and no name: names begin with a letter and have no colon.
pub fn is_place(text: &str) -> bool {
    text.starts_with('@') || text.contains(':') || text.starts_with(|first: char| first.is_ascii_digit())
}

/// Reads `LINE:COLUMN`, with or without `@` before it.
pub fn parse_place(text: &str) -> Result<Place, String> {
    let wrong = || format!("`{text}` is no place; write LINE:COLUMN, such as 2:13");
    let (line, column) = text.strip_prefix('@').unwrap_or(text).split_once(':').ok_or_else(wrong)?;
    let number = |digits: &str| digits.parse::<usize>().ok().filter(|number| *number > 0).ok_or_else(wrong);
    Ok(Place { line: number(line)?, column: number(column)? })
}

#[cfg(test)]
mod tests {
    use super::{Spot, is_place, parse_place};
    use crate::diag::{Place, SourceMap, Span};

    #[test]
    fn places() {
        assert_eq!(parse_place("@2:13"), Ok(Place { line: 2, column: 13 }));
        assert_eq!(parse_place("2:13"), Ok(Place { line: 2, column: 13 }));
        for wrong in ["", "2", "2:", ":3", "0:1", "1:0", "a:b", "1:2:3", "-1:2"] {
            assert!(parse_place(wrong).is_err(), "{wrong}");
        }
        assert!(["2:13", "@2:13", "@", "2", "a:b"].into_iter().all(is_place));
        assert!(!["", "v", "x__2", "fuse-vertical"].into_iter().any(is_place));
    }

    #[test]
    fn bytes_of_places() {
        let mut sources = SourceMap::default();
        let id = sources.add("p", "aé\nxyz".to_string());
        let spot = |line, column| Spot::at(&sources, id, Place { line, column });
        assert!(spot(1, 2).unwrap().is_in(Span::new(id, 1, 3)));
        assert!(spot(2, 3).unwrap().is_in(Span::new(id, 6, 7)));
        assert_eq!(spot(2, 4).unwrap_err(), "line 2 has 3 columns, not 4");
        assert_eq!(spot(3, 1).unwrap_err(), "the program has lines 1 to 2, not 3");
    }
}
