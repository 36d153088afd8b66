//! The source of decisions of the generator: a list of small numbers.
//!
//! Promises: the same list gives the same program; a list that ends early goes on with zeros; zero is always the
//! simplest decision. So a failing program is made smaller by making its list smaller, and whatever comes out is
//! still typed and linear, for it went through the generator.

use crate::workers::random::Random;

/// Decisions being made: new ones from a seed, or those of a list again.
pub struct Choices {
    /// What has been decided so far.
    pub taken: Vec<u64>,
    /// Which decisions made one part of the program: from, to.
    pub spans: Vec<(usize, usize)>,
    replay: Option<Vec<u64>>,
    random: Random,
}

/// The longest list: a generator that draws more than this is cut short by zeros.
const LONGEST: usize = 20_000;

impl Choices {
    /// New decisions.
    pub fn from_seed(seed: u64) -> Choices {
        Choices { taken: Vec::new(), spans: Vec::new(), replay: None, random: Random::new(seed) }
    }

    /// The decisions of a list.
    pub fn replay(list: Vec<u64>) -> Choices {
        Choices { taken: Vec::new(), spans: Vec::new(), replay: Some(list), random: Random::new(0) }
    }

    /// Decides on a number below `n`.
    pub fn draw(&mut self, n: u64) -> u64 {
        let at = self.taken.len();
        let choice = match &self.replay {
            Some(list) => list.get(at).copied().unwrap_or(0) % n.max(1),
            None if at >= LONGEST => 0,
            None => self.random.below(n),
        };
        self.taken.push(choice);
        choice
    }

    /// Decides yes with a probability of `percent`; no is the simple answer.
    pub fn chance(&mut self, percent: u64) -> bool {
        let choice = self.draw(100);
        choice >= 100 - percent.min(100)
    }

    /// Decides on one of the weights; the first one is the simple answer.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let total: u64 = weights.iter().sum();
        let mut choice = self.draw(total);
        for (at, weight) in weights.iter().enumerate() {
            if choice < *weight {
                return at;
            }
            choice -= weight;
        }
        0
    }

    /// Decides on an element; the first one is the simple answer.
    pub fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let at = self.draw(items.len() as u64) as usize;
        &items[at.min(items.len() - 1)]
    }

    /// Marks what `part` decides as one part of the program.
    pub fn begin(&self) -> usize {
        self.taken.len()
    }

    /// Ends the part that began at `start`.
    pub fn end(&mut self, start: usize) {
        if self.taken.len() > start {
            self.spans.push((start, self.taken.len()));
        }
    }
}
