#![forbid(unsafe_code)]
//! Which loops become one: loops over the same rows whose data is there at the same time.
//!
//! Promises: a loop that needs the result of another one gets a higher level, and only loops of one level are merged,
//! so there is never a cycle. A stream is computed in each loop that reads its rows, so its vector is kept only if
//! something needs it as a vector, or if computing it in a second loop costs more than reading it there.

use super::graph::{Graph, Input, Node};
use super::weave;
use super::weigh::{Scales, Weighed};
use crate::ir::{Iter, build};
use crate::passes::pattern;
use std::collections::{HashMap, HashSet};

/// The rows that a loop runs over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// A length class: the rows of its vectors.
    pub len: usize,
    /// Those of them that pass these conditions; 0 for all.
    pub path: u32,
}

/// How one let runs.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Members of one level may run in one loop.
    pub level: u32,
    /// The first level at which its result can be used.
    pub done: u32,
    /// Whether its vector is built.
    pub kept: bool,
    /// What it reads: a stream that was kept by an earlier loop is read as a vector.
    pub reads: Vec<Input>,
    /// The rows it runs over.
    pub rows: Rows,
    /// The rows that it gives a value for.
    pub out: Rows,
    /// The first stream with the same rows: as many are in both.
    pub alike: usize,
    /// Why it reads vectors where it could have read rows.
    pub apart: Option<String>,
}

/// What a loop gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// The result of this let.
    Item(usize),
    /// The number of rows of this stream.
    Count(usize),
}

/// Loops that become one.
#[derive(Debug, Default)]
pub struct Group {
    /// What it gives, in the order of the source.
    pub sinks: Vec<Sink>,
    /// All members whose bodies run in it, in the order of the source.
    pub members: Vec<usize>,
    /// Whether it is more than one loop of the source.
    pub changed: bool,
    /// Its level.
    pub level: u32,
}

/// How the length of a stream without a vector is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// It is that of what this iterator reads.
    Base(usize),
    /// It is that of this stream, which is built.
    Kept(usize),
    /// The rows of this stream are counted.
    Counted(usize),
}

/// The decision.
pub struct Plan {
    /// One for each let.
    pub runs: Vec<Run>,
    /// The loops to be.
    pub groups: Vec<Group>,
    /// By stream.
    pub lengths: HashMap<usize, Length>,
    /// Streams that are kept because several loops read them and computing them again costs too much.
    pub too_expensive: Vec<Weighed>,
    /// Streams that several loops compute, since that costs less.
    pub repeated: HashMap<usize, Weighed>,
}

/// More results than this in one loop would not fit in registers and caches anyway.
pub const MOST_SINKS: usize = 256;

/// Each round keeps more vectors; real programs need two.
const ROUNDS: usize = 8;

/// Decides which loops are merged. `None` when there are none, or no decision is stable.
pub fn plan(graph: &mut Graph) -> Option<Plan> {
    if graph.members().count() < 2 && graph.nodes.iter().all(|node| node.lens.is_empty()) {
        return None;
    }
    let alone = |node: &Node| node.whole || (node.readers == 0 && !node.counted);
    let mut kept: Vec<bool> = graph.nodes.iter().map(alone).collect();
    let mut earliest: HashMap<usize, u32> = HashMap::new();
    let mut too_expensive = Vec::new();
    for _ in 0..ROUNDS {
        let levels = Levels {
            graph,
            runs: Vec::new(),
            paths: HashMap::new(),
            alike: HashMap::new(),
            earliest: &earliest,
        };
        let runs = levels.run(&kept);
        let lengths = lengths(graph, &runs);
        let (groups, within) = groups(graph, &runs, &lengths);
        let mut more = Vec::new();
        for (at, member) in graph.members() {
            // Nothing computes it any more: fine, unless an error would be lost.
            let lost = within[at].is_empty() && !pattern::is_droppable(&graph.nodes[at].item.value);
            if member.stream && !runs[at].kept && lost {
                more.push(at);
            }
        }
        let work = work(graph, &runs);
        let scales = Scales::new(graph, &runs, &groups, &within, &work);
        let mut repeated = HashMap::new();
        for (at, level) in read_again(&runs, &groups, &within) {
            if runs[at].kept {
                continue;
            }
            let weighed = scales.weigh(at);
            if weighed.pays() {
                repeated.insert(at, weighed);
            } else {
                more.push(at);
                earliest.insert(at, level);
                too_expensive.push(weighed);
            }
        }
        if more.is_empty() {
            return Some(Plan { runs, groups, lengths, too_expensive, repeated });
        }
        for (kept, run) in kept.iter_mut().zip(&runs) {
            *kept |= run.kept;
        }
        more.into_iter().for_each(|at| kept[at] = true);
    }
    None
}

struct Levels<'a> {
    graph: &'a mut Graph,
    runs: Vec<Run>,
    /// Conditions after other conditions.
    paths: HashMap<(u32, u32, bool), u32>,
    /// The first stream for these rows.
    alike: HashMap<(usize, u32), usize>,
    /// Levels that streams wait for, so that they are computed in a loop that reads them.
    earliest: &'a HashMap<usize, u32>,
}

impl Levels<'_> {
    fn run(mut self, kept: &[bool]) -> Vec<Run> {
        // Calls of C functions keep their places: what comes later stays later.
        let (mut most, mut floor) = (0, 0);
        for (at, kept) in kept.iter().copied().enumerate() {
            let node = &self.graph.nodes[at];
            let mut level = floor.max(self.earliest.get(&at).copied().unwrap_or(0));
            for need in &node.needs {
                level = level.max(self.runs.get(*need).map_or(0, |run| run.done));
            }
            for stream in &node.lens {
                level = level.max(self.length_done(*stream));
            }
            let calls = node.item.value.facts.calls;
            if calls {
                level = level.max(most);
            }
            let mut run = Run { level, done: level, kept, alike: at, ..Run::default() };
            if node.member.is_some() {
                self.member(at, &mut run, floor);
            }
            most = most.max(run.done);
            if calls {
                floor = most;
            }
            self.runs.push(run);
        }
        self.runs
    }

    fn length_done(&self, stream: usize) -> u32 {
        let Some(run) = self.runs.get(stream) else { return 0 };
        let alike = self.runs.get(run.alike).map_or(0, |run| run.done);
        if run.kept { run.done } else { run.done.max(alike) }
    }

    fn member(&mut self, at: usize, run: &mut Run, floor: u32) {
        let Some(member) = &self.graph.nodes[at].member else { return };
        let (stream, index_used) = (member.stream, member.index_used);
        let (inputs, conditions) = (member.inputs.clone(), member.conditions.clone());
        for input in &inputs {
            if let Input::Stream(from) = input {
                let node = &self.graph.nodes[*from].item.value;
                let source = &mut self.runs[*from];
                run.level = run.level.max(source.level);
                // Its errors stay before the call.
                if source.level < floor && !pattern::is_droppable(node) {
                    source.kept = true;
                }
            }
        }
        let mut rows: Vec<Rows> = Vec::with_capacity(inputs.len());
        for input in &inputs {
            let read = match input {
                Input::Stream(from) if self.runs[*from].kept && self.runs[*from].level < run.level => {
                    Input::Base(self.kept_base(*from))
                }
                input => *input,
            };
            rows.push(self.rows(read));
            run.reads.push(read);
        }
        let first = rows.first().copied().unwrap_or_default();
        let apart = if rows.iter().any(|other| *other != first) {
            Some("the loop reads vectors side by side that have different rows: not all went through the same filter".to_string())
        } else if index_used && first.path != 0 {
            let index =
                self.graph.nodes[at].member.as_ref().and_then(|member| member.parts.func.params.get(1));
            let index = index.map_or("i", |param| param.name.text());
            Some(format!("the loop reads its index `{index}`, which counts the rows that passed the filter"))
        } else {
            None
        };
        run.rows = first;
        if apart.is_some() {
            run.apart = apart;
            run.reads.clear();
            for input in &inputs {
                let base = match input {
                    Input::Base(base) => *base,
                    Input::Stream(from) => {
                        self.runs[*from].kept = true;
                        run.level = run.level.max(self.runs[*from].done);
                        self.kept_base(*from)
                    }
                };
                run.reads.push(Input::Base(base));
                run.rows = self.rows(Input::Base(base));
            }
        }
        run.done = run.level + 1;
        if stream {
            run.out = run.rows;
            for (condition, negated) in conditions {
                let next = self.paths.len() as u32 + 1;
                run.out.path = *self.paths.entry((run.out.path, condition, negated)).or_insert(next);
            }
            run.alike = *self.alike.entry((run.out.len, run.out.path)).or_insert(at);
        } else {
            run.kept = true;
        }
    }

    /// A stream as a vector.
    fn kept_base(&mut self, stream: usize) -> usize {
        let item = &self.graph.nodes[stream].item;
        let var = build::var(&item.name, item.value.ty.clone(), item.value.origin.clone());
        self.graph.base(&Iter::Whole(var))
    }

    fn rows(&mut self, read: Input) -> Rows {
        match read {
            Input::Base(base) => {
                let len = self.graph.input_len(Input::Base(base));
                Rows { len: self.graph.find(len), path: 0 }
            }
            Input::Stream(from) => self.runs[from].out,
        }
    }
}

/// How the lengths that are asked for are known.
fn lengths(graph: &Graph, runs: &[Run]) -> HashMap<usize, Length> {
    let mut lengths = HashMap::new();
    for stream in graph.nodes.iter().flat_map(|node| &node.lens) {
        let Some(run) = runs.get(*stream).filter(|run| !run.kept) else { continue };
        let whole = graph.root(*stream).filter(|base| {
            let measured = weave::length(&graph.bases[*base].iter).is_some();
            // What nothing computes any more may not hide an error, nor may what was computed for that alone.
            let droppable = |at: usize| pattern::is_droppable(&graph.nodes[at].item.value);
            let read = graph.nodes[*stream].readers > 0;
            measured && (read || graph.sources(*stream).all(droppable))
        });
        let length = match whole {
            Some(base) => Length::Base(base),
            None if runs[run.alike].kept => Length::Kept(run.alike),
            None => Length::Counted(run.alike),
        };
        lengths.insert(*stream, length);
    }
    lengths
}

/// The loops to be, and for each let those in which its body runs.
fn groups(graph: &Graph, runs: &[Run], lengths: &HashMap<usize, Length>) -> (Vec<Group>, Vec<Vec<usize>>) {
    let counted: HashSet<usize> = lengths
        .values()
        .filter_map(|length| if let Length::Counted(stream) = length { Some(*stream) } else { None })
        .collect();
    let mut groups: Vec<Group> = Vec::new();
    let mut last: HashMap<(usize, u32), usize> = HashMap::new();
    let mut within: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    for (at, _) in graph.members() {
        let run = &runs[at];
        let own = run.kept.then_some(Sink::Item(at));
        for sink in own.into_iter().chain(counted.contains(&at).then_some(Sink::Count(at))) {
            let key = (run.rows.len, run.level);
            let group = match last.get(&key) {
                Some(group) if groups[*group].sinks.len() < MOST_SINKS => *group,
                _ => {
                    groups.push(Group { level: run.level, ..Group::default() });
                    groups.len() - 1
                }
            };
            last.insert(key, group);
            groups[group].sinks.push(sink);
        }
    }
    for (number, group) in groups.iter_mut().enumerate() {
        let mut pending: Vec<usize> =
            group.sinks.iter().map(|(Sink::Item(at) | Sink::Count(at))| *at).collect();
        while let Some(at) = pending.pop() {
            if within[at].last() == Some(&number) {
                continue;
            }
            within[at].push(number);
            group.members.push(at);
            let soft = runs[at].reads.iter();
            pending.extend(
                soft.filter_map(|read| if let Input::Stream(from) = read { Some(*from) } else { None }),
            );
        }
        group.members.sort_unstable();
        // Counting stands for building a vector.
        let counts = group.sinks.iter().any(|sink| matches!(sink, Sink::Count(_)));
        group.changed = counts || group.sinks.len() > 1 || group.members.len() > 1;
    }
    (groups, within)
}

/// The streams that several loops compute though they could read them, and the level of the first of these loops.
fn read_again(runs: &[Run], groups: &[Group], within: &[Vec<usize>]) -> Vec<(usize, u32)> {
    let mut again = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        for member in &group.members {
            for read in &runs[*member].reads {
                let Input::Stream(from) = read else { continue };
                let first = within[*from].iter().min_by_key(|number| groups[**number].level);
                let Some(first) = first.filter(|first| **first != number) else { continue };
                // Where the reader itself is computed again, its own vector is the better one to keep.
                if groups[*first].level < group.level && !within[*member].contains(first) {
                    again.push((*from, groups[*first].level));
                }
            }
        }
    }
    again.sort_unstable();
    again.dedup();
    again
}

/// The work for a row of each stream from its vectors on.
fn work(graph: &Graph, runs: &[Run]) -> Vec<u32> {
    let mut work = vec![u32::MAX; runs.len()];
    for (at, member) in graph.members() {
        let mut sum = member.cost.unwrap_or(u32::MAX);
        for read in &runs[at].reads {
            if let Input::Stream(from) = read {
                sum = sum.saturating_add(work[*from]);
            }
        }
        work[at] = sum;
    }
    work
}
