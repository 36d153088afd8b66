#![forbid(unsafe_code)]
//! "Did you mean": the nearest of the names that exist.
//!
//! Promises: the answer depends on the names alone, not on their order; a name too unlike all others gets none.

/// Names longer than this are not compared: nobody mistypes them by hand.
const MAX_LENGTH: usize = 64;

/// The candidate nearest to `name`, if one is near enough to have been meant.
pub fn suggest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let length = name.chars().count();
    if length == 0 || length > MAX_LENGTH {
        return None;
    }
    let folded = name.to_lowercase();
    let near = candidates.filter(|candidate| *candidate != name && candidate.chars().count() <= MAX_LENGTH);
    let scored = near.filter_map(|candidate| {
        let lower = candidate.to_lowercase();
        // Other capitals are the smallest mistake; more than a third of the letters is another word.
        let score = if lower == folded { 0 } else { distance(&folded, &lower) };
        let allowed = (length.max(candidate.chars().count()) / 3).max(usize::from(length > 1));
        // Of two that are equally near, the one with the same letters was mistyped.
        (score <= allowed).then(|| (score, letters(&lower) != letters(&folded), candidate))
    });
    scored.min().map(|(_, _, candidate)| candidate.to_string())
}

/// The letters in the order of the alphabet.
fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters
}

/// How many letters must be added, removed, replaced or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (row, x) in a.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, y) in b.iter().enumerate() {
            let replaced = above[column] + usize::from(x != y);
            let mut best = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *x == b[column - 1] && a[row - 1] == *y {
                best = best.min(before[column - 1] + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{distance, suggest};

    #[test]
    fn distances() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("filtr", "filter"), 1);
        assert_eq!(distance("fitler", "filter"), 1);
        assert_eq!(distance("abc", "xyz"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn nearest_name_wins_whatever_the_order() {
        let names = ["map", "filter", "flatten", "sum"];
        assert_eq!(suggest("filtr", names.into_iter()), Some("filter".to_string()));
        assert_eq!(suggest("filtr", names.into_iter().rev()), Some("filter".to_string()));
        assert_eq!(suggest("SUM", names.into_iter()), Some("sum".to_string()));
        assert_eq!(suggest("i46", ["i16", "i64"].into_iter()), Some("i64".to_string()));
    }

    #[test]
    fn no_far_fetched_names() {
        assert_eq!(suggest("zebra", ["map", "sum"].into_iter()), None);
        assert_eq!(suggest("x", ["y", "z"].into_iter()), None);
        assert_eq!(suggest("", ["y"].into_iter()), None);
        assert_eq!(suggest("map", ["map"].into_iter()), None);
    }
}
