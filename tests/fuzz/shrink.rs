//! Making a failing text smaller.
//!
//! Promises: the result still fails and is never longer; it ends after a bounded time.

use super::corpus::cut;
use std::time::{Duration, Instant};

/// Leaves out tokens, then characters, in pieces of halving size, as long as `fails` says so.
pub fn shrink(text: &str, limit: Duration, fails: &mut dyn FnMut(&str) -> bool) -> String {
    let end = Instant::now() + limit;
    let mut best = text.to_string();
    loop {
        let before = best.len();
        best = leave_out(best, end, fails, &|text| {
            let tokens = cut(text);
            let starts = tokens.iter().map(|token| token.start);
            std::iter::once(0).chain(starts).chain([text.len()]).collect()
        });
        best = leave_out(best, end, fails, &|text| {
            text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
        });
        if best.len() == before || Instant::now() > end {
            return best;
        }
    }
}

/// Leaves out what stands between some of the `borders` of a text.
fn leave_out(
    mut best: String,
    end: Instant,
    fails: &mut dyn FnMut(&str) -> bool,
    borders: &dyn Fn(&str) -> Vec<usize>,
) -> String {
    let mut size = borders(&best).len() / 2;
    while size > 0 {
        let (mut at, mut places) = (0, borders(&best));
        while at + size < places.len() {
            if Instant::now() > end {
                return best;
            }
            let candidate = format!("{}{}", &best[..places[at]], &best[places[at + size]..]);
            if candidate.len() < best.len() && fails(&candidate) {
                best = candidate;
                places = borders(&best);
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    best
}
