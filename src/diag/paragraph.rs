#![forbid(unsafe_code)]
//! Words in lines: the one place that breaks prose.
//!
//! Promises: a line is broken between words only; what stands in backticks is one word where a line has room for it, and
//! code behind two blanks is never broken, however long, so that it can be copied.

/// `words` in lines of at most `width` columns, `head` before the first line and `indent` before the others. Ends with a
/// line break.
pub fn paragraph(head: &str, indent: &str, words: &str, width: usize) -> String {
    let mut text = head.to_string();
    // Escape codes take no room.
    let mut column = visible(head);
    let mut fresh = true;
    for (gap, piece) in pieces(words, width.saturating_sub(indent.chars().count())) {
        let length = piece.chars().count();
        if !fresh && column.saturating_add(gap + length) > width {
            text.push('\n');
            text.push_str(indent);
            column = indent.chars().count();
            fresh = true;
        }
        if !fresh {
            text.push_str(&" ".repeat(gap));
            column += gap;
        }
        text.push_str(piece);
        column += length;
        fresh = false;
    }
    text.push('\n');
    text
}

/// The pieces that stay whole, each with the blanks before it.
fn pieces(words: &str, room: usize) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut rest = words.trim_end();
    let mut first = true;
    while !rest.is_empty() {
        let from = rest.trim_start();
        let blanks = rest.get(..rest.len() - from.len()).unwrap_or("");
        // A line break is as good as a blank.
        let gap = if blanks.contains('\n') { 1 } else { blanks.len() };
        let end = if gap > 1 && !first { from.find("  ").unwrap_or(from.len()) } else { word(from, room) };
        let (piece, behind) = from.split_at(end);
        found.push((gap, piece));
        rest = behind;
        first = false;
    }
    found
}

/// The length of the word that the text begins with. Blanks inside backticks belong to it, unless it gets too long.
fn word(text: &str, room: usize) -> usize {
    let blank = |from: usize| text.get(from..).and_then(|rest| rest.find(char::is_whitespace));
    let short = blank(0).unwrap_or(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or("");
        let Some(next) = rest.find(|c: char| c == '`' || c.is_whitespace()) else { return text.len() };
        if !rest.get(next..).is_some_and(|rest| rest.starts_with('`')) {
            at += next;
            break;
        }
        let inside = at + next + 1;
        match text.get(inside..).and_then(|rest| rest.find('`')) {
            Some(length) => at = inside + length + 1,
            None => {
                at = blank(inside).map_or(text.len(), |length| inside + length);
                break;
            }
        }
    }
    let fits = text.get(..at).is_some_and(|word| word.chars().count() <= room);
    if fits { at } else { short }
}

/// Characters without escape codes of colours.
pub fn visible(text: &str) -> usize {
    let mut escape = false;
    let counted = text.chars().filter(|c| {
        let hidden = escape || *c == '\u{1b}';
        escape = hidden && *c != 'm';
        !hidden
    });
    counted.count()
}

#[cfg(test)]
mod tests {
    use super::paragraph;

    #[test]
    fn words_are_filled_into_lines() {
        assert_eq!(paragraph("", "", "one two three four", 13), "one two three\nfour\n");
        assert_eq!(paragraph("- ", "  ", " one\n two  ", 7), "- one\n  two\n");
        assert_eq!(paragraph("\u{1b}[1ma:\u{1b}[0m ", "", "b c", 6), "\u{1b}[1ma:\u{1b}[0m b c\n");
        assert_eq!(paragraph("", "", "", 10), "\n");
        assert_eq!(paragraph("", "", "extraordinary", 5), "extraordinary\n");
    }

    #[test]
    fn code_stays_whole() {
        assert_eq!(paragraph("", " ", "write `a + b`, then", 9), "write\n `a + b`,\n then\n");
        // No line has room for it.
        assert_eq!(paragraph("", "", "`a b c d e`", 5), "`a b\nc d\ne`\n");
        assert_eq!(paragraph("", "", "an ` alone", 6), "an `\nalone\n");
        let help = "type  |v: vec[i64]| sum(v)  or  :load FILE";
        assert_eq!(paragraph("", "  ", help, 14), "type\n  |v: vec[i64]| sum(v)\n  or\n  :load FILE\n");
        assert_eq!(paragraph("", "", help, 80), format!("{help}\n"));
    }
}
