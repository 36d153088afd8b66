#![forbid(unsafe_code)]
//! A stream that several loops read, one after the other: compute it in each of them, or build its vector in the first?
//!
//! Promises: counts work repeated against bytes saved, by row, and says both. A row is a row whatever filters leave of
//! it: they leave as much of the work as of the vector.

use super::graph::{Graph, Input};
use super::levels::{Group, Run};
use super::weave;
use crate::ir::print;
use crate::plan::cost;
use std::collections::{HashMap, HashSet};

/// What computing a stream again costs and saves.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// The stream.
    pub at: usize,
    /// The loops that read it.
    pub loops: usize,
    /// Operations for a row beyond those that are needed once; `None` when they cannot be counted.
    pub repeated: Option<u32>,
    /// Bytes for a row that are neither written nor read then; less than none when its sources are wider than it is.
    pub saved: i64,
}

impl Weighed {
    /// Whether to compute it again. An operation in lanes takes about the time in which a byte comes from memory.
    pub fn pays(&self) -> bool {
        self.repeated.is_some_and(|operations| i64::from(operations) <= self.saved)
    }

    /// The bytes as a formula.
    pub fn bytes(&self, graph: &Graph) -> String {
        let root = graph.root(self.at).and_then(|base| graph.bases.get(base));
        match root.and_then(|base| weave::length(&base.iter)) {
            Some(length) => format!("{}*{} bytes", self.saved, print::short(&length, 24)),
            None => format!("{} bytes a row", self.saved),
        }
    }
}

/// Streams to be weighed, in a plan.
pub struct Scales<'a> {
    graph: &'a Graph,
    runs: &'a [Run],
    within: &'a [Vec<usize>],
    /// The work for a row of each stream from its vectors on; the largest number where it is not known.
    work: &'a [u32],
    /// How many members of a group read a vector.
    readers: HashMap<(usize, usize), usize>,
}

impl<'a> Scales<'a> {
    /// Of the groups of a plan.
    pub fn new(
        graph: &'a Graph,
        runs: &'a [Run],
        groups: &[Group],
        within: &'a [Vec<usize>],
        work: &'a [u32],
    ) -> Scales<'a> {
        let mut readers = HashMap::new();
        for (number, group) in groups.iter().enumerate() {
            for read in group.members.iter().flat_map(|member| &runs[*member].reads) {
                if let Input::Base(base) = read {
                    *readers.entry((number, *base)).or_default() += 1;
                }
            }
        }
        Scales { graph, runs, within, work, readers }
    }

    /// Weighs a stream.
    pub fn weigh(&self, at: usize) -> Weighed {
        let groups = &self.within[at];
        let vector = self.graph.nodes[at].item.value.ty.elem().map_or(8, cost::element_bytes) as i64;
        let again = groups.len().saturating_sub(1);
        let repeated = Some(self.work[at]).filter(|work| *work != u32::MAX);
        let repeated = repeated.and_then(|work| work.checked_mul(u32::try_from(again).ok()?));
        let mut weighed = Weighed { at, loops: groups.len(), repeated, saved: vector * groups.len() as i64 };
        // Sources only make it worse: no need to look for them.
        if weighed.pays() {
            weighed.saved -= self.sources(at);
        }
        weighed
    }

    /// Bytes for a row of what only this stream reads in the loops after the first.
    fn sources(&self, at: usize) -> i64 {
        let mut own: HashMap<usize, usize> = HashMap::new();
        let (mut seen, mut pending) = (HashSet::from([at]), vec![at]);
        while let Some(member) = pending.pop() {
            for read in &self.runs[member].reads {
                match read {
                    Input::Base(base) => *own.entry(*base).or_default() += 1,
                    Input::Stream(from) if seen.insert(*from) => pending.push(*from),
                    Input::Stream(_) => {}
                }
            }
        }
        let mut bytes = 0;
        for group in self.within[at].iter().skip(1) {
            for (base, own) in &own {
                let all = self.readers.get(&(*group, *base)).copied().unwrap_or(0);
                let iter = &self.graph.bases[*base].iter;
                if all <= *own && iter.data().is_some() {
                    bytes += cost::element_bytes(&iter.elem_ty()) as i64;
                }
            }
        }
        bytes
    }
}
