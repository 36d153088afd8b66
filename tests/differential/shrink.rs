//! Making a failing list of decisions smaller.
//!
//! Promises: the result still fails; it is never longer than the start; it ends after a bounded number of trials.

use super::choices::Choices;
use super::generate::{Generated, generate};
use std::time::{Duration, Instant};

/// Makes `list` smaller as long as `fails` says that its program still fails.
pub fn shrink(list: Vec<u64>, limit: Duration, fails: &mut dyn FnMut(&Generated) -> bool) -> Vec<u64> {
    let mut shrinker =
        Shrinker { best: list, spans: Vec::new(), fails, end: Instant::now() + limit, text: String::new() };
    let (_, spans, text) = build(shrinker.best.clone());
    (shrinker.spans, shrinker.text) = (spans, text);
    loop {
        let before = shrinker.best.clone();
        shrinker.hoist_parts();
        shrinker.empty_parts();
        for size in [64, 16, 8, 4, 3, 2, 1] {
            shrinker.delete_blocks(size);
        }
        shrinker.lower_numbers();
        if shrinker.best == before || Instant::now() > shrinker.end {
            return shrinker.best;
        }
    }
}

fn build(list: Vec<u64>) -> (Generated, Vec<(usize, usize)>, String) {
    let mut choices = Choices::replay(list);
    let mut generated = generate(&mut choices);
    generated.choices = choices.taken;
    let text = generated.fixture(&[]);
    (generated, choices.spans, text)
}

struct Shrinker<'a> {
    best: Vec<u64>,
    spans: Vec<(usize, usize)>,
    fails: &'a mut dyn FnMut(&Generated) -> bool,
    end: Instant,
    /// The program of `best` with its inputs.
    text: String,
}

impl Shrinker<'_> {
    /// Takes a candidate that is smaller and still fails.
    fn try_list(&mut self, list: Vec<u64>) -> bool {
        if Instant::now() > self.end {
            return false;
        }
        let (generated, spans, text) = build(list);
        let list = generated.choices.clone();
        // Fewer decisions, or the same number and smaller ones; the same program need not run again.
        let smaller = (list.len(), &list) < (self.best.len(), &self.best);
        if !smaller {
            return false;
        }
        if text != self.text && !(self.fails)(&generated) {
            return false;
        }
        (self.best, self.spans, self.text) = (list, spans, text);
        true
    }

    /// Puts a part of a part in its place.
    fn hoist_parts(&mut self) {
        let mut at = 0;
        while at < self.spans.len() {
            let (start, end) = self.spans[at];
            let inner: Vec<(usize, usize)> = self
                .spans
                .iter()
                .copied()
                .filter(|(s, e)| *s > start && *e <= end && e - s < end - start)
                .collect();
            let hoisted = inner.iter().any(|(s, e)| {
                let mut list = self.best[..start].to_vec();
                list.extend_from_slice(&self.best[*s..*e]);
                list.extend_from_slice(&self.best[end..]);
                self.try_list(list)
            });
            if !hoisted {
                at += 1;
            }
        }
    }

    /// Replaces a part by the simplest thing of its type, and cuts it out.
    fn empty_parts(&mut self) {
        let mut at = self.spans.len();
        while at > 0 {
            at = (at - 1).min(self.spans.len().saturating_sub(1));
            let Some((start, end)) = self.spans.get(at).copied() else { return };
            for zeros in [1, 0] {
                let mut list = self.best[..start].to_vec();
                list.extend(std::iter::repeat_n(0, zeros));
                list.extend_from_slice(&self.best[end..]);
                if end - start > zeros && self.try_list(list) {
                    break;
                }
            }
        }
    }

    fn delete_blocks(&mut self, size: usize) {
        let mut at = self.best.len();
        while at >= size {
            let mut list = self.best[..at - size].to_vec();
            list.extend_from_slice(&self.best[at..]);
            if !self.try_list(list) {
                at -= 1;
            }
            at = at.min(self.best.len());
        }
    }

    fn lower_numbers(&mut self) {
        let mut at = 0;
        while at < self.best.len() {
            let value = self.best[at];
            let mut tries = vec![0, 1, 2, value / 2, value.saturating_sub(1)];
            tries.retain(|smaller| *smaller < value);
            tries.dedup();
            for smaller in tries {
                let mut list = self.best.clone();
                list[at] = smaller;
                if self.try_list(list) {
                    break;
                }
            }
            at += 1;
        }
    }
}
