#![forbid(unsafe_code)]
//! What each let of a scope is, which others it needs, and which vectors have the same length.
//!
//! Promises: two vectors are in one length class only if they have the same length in every run without an error: one
//! is made from the other row by row, or something that is evaluated in any case reads them side by side.

use super::chain::{self, Step};
use super::flat::Item;
use super::numbers::{Numbers, Val};
use crate::diag::stack;
use crate::ir::{BuilderTy, Expr, ExprKind, For, Iter, Name, build, print, visit};
use crate::passes::pattern;
use crate::passes::uses::Uses;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a loop reads, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// An iterator over something that no loop of the scope makes row by row.
    Base(usize),
    /// The rows of another loop of the scope.
    Stream(usize),
}

/// An iterator.
pub struct Base {
    /// As written in the first loop that has it.
    pub iter: Iter,
    /// Its length class.
    pub len: usize,
    /// The number of its element in a row.
    pub val: u32,
    /// The vector, if it reads a whole one; what it counts up to, if it counts all rows of a vector.
    pub text: String,
}

/// A loop that can be merged with others.
pub struct Member {
    /// The loop.
    pub node: Expr,
    /// The same.
    pub parts: Arc<For>,
    /// One for each iterator.
    pub inputs: Vec<Input>,
    /// Whether it appends one value for each row that passes its conditions, and nothing else.
    pub stream: bool,
    /// Whether it reads its index.
    pub index_used: bool,
    /// The numbers of its conditions in order, and whether they must be false.
    pub conditions: Vec<(u32, bool)>,
    /// The work for a row, in units of an addition, what it reads not included; `None` when it is not bounded.
    pub cost: Option<u32>,
    /// The number of the value that a stream appends.
    pub val: Val,
    /// The length class of what it appends.
    pub len: usize,
}

/// One let of the scope.
pub struct Node {
    /// Its name, value and origin.
    pub item: Item,
    /// The loop it is.
    pub member: Option<Member>,
    /// Why it is a loop but no member.
    pub refused: Option<&'static str>,
    /// The lets whose values it needs before it starts.
    pub needs: Vec<usize>,
    /// The streams of which it needs the length.
    pub lens: Vec<usize>,
    /// How many members read it row by row.
    pub readers: usize,
    /// Whether something needs its length.
    pub counted: bool,
    /// Whether its vector is needed as a vector.
    pub whole: bool,
}

/// The lets of a scope.
pub struct Graph {
    /// In order; the last one is the value of the scope.
    pub nodes: Vec<Node>,
    /// All iterators.
    pub bases: Vec<Base>,
    /// By name.
    pub index: HashMap<Name, usize>,
    base_of: HashMap<String, usize>,
    lens: HashMap<String, usize>,
    parents: Vec<usize>,
    numbers: Numbers,
}

impl Graph {
    /// Looks at the lets of a scope.
    pub fn new(items: Vec<Item>) -> Graph {
        let index = items.iter().enumerate().map(|(at, item)| (item.name.clone(), at)).collect();
        let nodes = items.into_iter().map(|item| Node {
            item,
            member: None,
            refused: None,
            needs: Vec::new(),
            lens: Vec::new(),
            readers: 0,
            counted: false,
            whole: false,
        });
        let mut graph = Graph {
            nodes: nodes.collect(),
            bases: Vec::new(),
            index,
            base_of: HashMap::new(),
            lens: HashMap::new(),
            parents: Vec::new(),
            numbers: Numbers::default(),
        };
        for at in 0..graph.nodes.len() {
            graph.find_member(at);
            graph.find_needs(at);
        }
        graph.filtered_lengths();
        graph.filtered_lengths();
        graph
    }

    /// The members in order.
    pub fn members(&self) -> impl Iterator<Item = (usize, &Member)> {
        self.nodes.iter().enumerate().filter_map(|(at, node)| node.member.as_ref().map(|member| (at, member)))
    }

    /// The stream that a variable names.
    fn stream(&self, expr: &Expr) -> Option<usize> {
        let at = *self.index.get(expr.var()?)?;
        self.nodes.get(at)?.member.as_ref().is_some_and(|member| member.stream).then_some(at)
    }

    // Length classes: union-find.

    fn new_len(&mut self) -> usize {
        self.parents.push(self.parents.len());
        self.parents.len() - 1
    }

    /// The representative of a length class.
    pub fn find(&mut self, len: usize) -> usize {
        let mut root = len;
        while self.parents[root] != root {
            root = self.parents[root];
        }
        let mut at = len;
        while self.parents[at] != root {
            at = std::mem::replace(&mut self.parents[at], root);
        }
        root
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.parents[a.max(b)] = a.min(b);
    }

    fn len_of_text(&mut self, text: String) -> usize {
        if let Some(known) = self.lens.get(&text) {
            return *known;
        }
        let len = self.new_len();
        self.lens.insert(text, len);
        len
    }

    /// The length class of a vector.
    fn len_of(&mut self, vector: &Expr) -> usize {
        if let Some(at) = self.stream(vector)
            && let Some(member) = &self.nodes[at].member
        {
            return member.len;
        }
        self.len_of_text(print::expr(vector))
    }

    /// Filters of vectors of one length by the same conditions have one length.
    fn filtered_lengths(&mut self) {
        let mut known: HashMap<(usize, Vec<(u32, bool)>), usize> = HashMap::new();
        for at in 0..self.nodes.len() {
            let Some(member) = &self.nodes[at].member else { continue };
            if !member.stream || member.conditions.is_empty() {
                continue;
            }
            let (len, conditions) = (member.len, member.conditions.clone());
            let Some(input) = member.inputs.first().copied() else { continue };
            let from = self.input_len(input);
            let from = self.find(from);
            match known.get(&(from, conditions.clone())) {
                Some(other) => self.unite(*other, len),
                None => {
                    known.insert((from, conditions), len);
                }
            }
        }
    }

    /// The length class of what a loop reads.
    pub fn input_len(&self, input: Input) -> usize {
        match input {
            Input::Base(base) => self.bases[base].len,
            Input::Stream(at) => self.nodes[at].member.as_ref().map_or(0, |member| member.len),
        }
    }

    // Members.

    fn find_member(&mut self, at: usize) {
        let value = self.nodes[at].item.value.clone();
        let Some((node, wrapped)) = as_loop(&value) else { return };
        let ExprKind::For(parts) = &node.kind else { return };
        // What was vectorized has been through this pass.
        if parts.simd {
            return;
        }
        if let Some(why) = refusal(&node, parts) {
            self.nodes[at].refused = Some(why);
            return;
        }
        let [own, index, elem] = parts.func.params.as_slice() else { return };
        let mut inputs = Vec::with_capacity(parts.iters.len());
        for iter in &parts.iters {
            inputs.push(match iter {
                Iter::Whole(data) if self.stream(data).is_some() => {
                    let Some(stream) = self.stream(data) else { return };
                    self.nodes[stream].readers += 1;
                    Input::Stream(stream)
                }
                iter => Input::Base(self.base(iter)),
            });
        }
        let vals: Vec<Val> = inputs.iter().map(|input| self.input_val(*input)).collect();
        let lens: Vec<usize> = inputs.iter().map(|input| self.input_len(*input)).collect();
        let Some(first) = lens.first().copied() else { return };
        lens.iter().for_each(|len| self.unite(first, *len));
        // The same value of a row has the same number in all loops.
        let val = match vals.as_slice() {
            [only] => only.clone(),
            _ => Val::Fields(vals.into()),
        };
        self.numbers.bind(&elem.name, val);
        let own_var = build::var(&own.name, own.ty.clone(), own.origin.clone());
        let chain = chain::chain(&parts.func.body, &own_var);
        let mut conditions = Vec::new();
        let mut cost = Some(0u32);
        let add = |cost: &mut Option<u32>, expr: &Expr| {
            *cost = cost.zip(pattern::scalar_cost(expr)).map(|(a, b)| a.saturating_add(b));
        };
        for step in &chain.steps {
            match step {
                Step::Let(binding) => {
                    let val = self.numbers.of(&binding.value);
                    self.numbers.bind(&binding.name, val);
                    add(&mut cost, &binding.value);
                }
                Step::Only { condition, negated } => {
                    let val = self.numbers.of(condition);
                    conditions.push((self.numbers.whole(&val), *negated));
                    add(&mut cost, condition);
                }
            }
        }
        let fresh = matches!(&parts.builder.kind, ExprKind::NewBuilder(hint) if hint.as_ref().is_none_or(pattern::is_droppable));
        let appends = matches!(own.ty.as_builder(), Some(BuilderTy::Appender(_)));
        let appended = chain::appended(&chain.last, &own_var).filter(|_| wrapped && fresh && appends);
        let (stream, val) = match appended {
            Some(x) => {
                add(&mut cost, x);
                (true, self.numbers.of(x))
            }
            None => (false, Val::One(self.numbers.unique())),
        };
        let len = if conditions.is_empty() && stream { first } else { self.new_len() };
        let index_used = Uses::of(&parts.func.body).name(&index.name).count > 0;
        self.nodes[at].member = Some(Member {
            node: node.clone(),
            parts: parts.clone(),
            inputs,
            stream,
            index_used,
            conditions,
            cost,
            val,
            len,
        });
    }

    fn input_val(&self, input: Input) -> Val {
        match input {
            Input::Base(base) => Val::One(self.bases[base].val),
            Input::Stream(at) => match &self.nodes[at].member {
                Some(member) => member.val.clone(),
                None => Val::One(0),
            },
        }
    }

    /// The iterator, known by its text.
    pub fn base(&mut self, iter: &Iter) -> usize {
        let (key, text, len) = match iter {
            Iter::Whole(data) => {
                let text = print::expr(data);
                (text.clone(), text, self.len_of(data))
            }
            Iter::Range { start, end, stride }
                if pattern::is_integer(start, 0) && pattern::is_integer(stride, 1) =>
            {
                let counted = self.counted(end);
                let key = format!("rangeiter to {}", print::expr(end));
                match counted {
                    Some(vector) => {
                        let text = self.vector_text(&vector);
                        (key, text, self.len_of(&vector))
                    }
                    None => (key.clone(), key.clone(), self.len_of_text(key)),
                }
            }
            other => {
                let operands: Vec<String> = other.operands().into_iter().map(print::expr).collect();
                let kind = if matches!(other, Iter::Range { .. }) { "rangeiter" } else { "iter" };
                let key = format!("{kind}({})", operands.join(", "));
                (key.clone(), key.clone(), self.len_of_text(key))
            }
        };
        if let Some(known) = self.base_of.get(&key) {
            return *known;
        }
        let val = self.numbers.unique();
        self.bases.push(Base { iter: iter.clone(), len, val, text });
        self.base_of.insert(key, self.bases.len() - 1);
        self.bases.len() - 1
    }

    /// The vector whose length an expression is.
    fn counted(&self, end: &Expr) -> Option<Expr> {
        let end = match end.var().and_then(|name| self.index.get(name)) {
            Some(at) => &self.nodes[*at].item.value,
            None => end,
        };
        match &end.kind {
            ExprKind::Len(v) if pattern::is_trivial(v) && v.ty.elem().is_some() => Some(v.clone()),
            _ => None,
        }
    }

    /// The text of the vector that a stream without conditions runs over in the end.
    fn vector_text(&self, vector: &Expr) -> String {
        let root = self.stream(vector).and_then(|at| self.root(at));
        root.map_or_else(|| print::expr(vector), |base| self.bases[base].text.clone())
    }

    /// The iterator that gives a stream without conditions its length.
    pub fn root(&self, stream: usize) -> Option<usize> {
        let mut at = stream;
        loop {
            let member = self.nodes[at].member.as_ref()?;
            if !member.conditions.is_empty() {
                return None;
            }
            match member.inputs.first()? {
                Input::Base(base) => return Some(*base),
                Input::Stream(from) => at = *from,
            }
        }
    }

    /// A stream, and all that it is made from, the streams that they are made from included.
    pub fn sources(&self, stream: usize) -> impl Iterator<Item = usize> {
        let (mut seen, mut open) = (HashSet::from([stream]), vec![stream]);
        std::iter::from_fn(move || {
            let at = open.pop()?;
            for input in self.nodes[at].member.iter().flat_map(|member| member.inputs.iter().copied()) {
                if let Input::Stream(from) = input
                    && seen.insert(from)
                {
                    open.push(from);
                }
            }
            Some(at)
        })
    }

    // Needs.

    /// The lets that an expression needs, and the streams whose length it needs.
    pub fn needs_of(&self, expr: &Expr) -> (Vec<usize>, Vec<usize>) {
        let mut found = Needs { needs: Vec::new(), lens: Vec::new() };
        found.expr(self, expr);
        (found.needs, found.lens)
    }

    fn find_needs(&mut self, at: usize) {
        let mut found = Needs { needs: Vec::new(), lens: Vec::new() };
        match &self.nodes[at].member {
            Some(member) => {
                let parts = member.parts.clone();
                found.expr(self, &parts.builder);
                for (iter, input) in parts.iters.iter().zip(&member.inputs) {
                    if matches!(input, Input::Base(_)) {
                        iter.operands().into_iter().for_each(|operand| found.expr(self, operand));
                    }
                }
                found.expr(self, &parts.func.body);
            }
            None => {
                let value = self.nodes[at].item.value.clone();
                found.expr(self, &value);
            }
        }
        found.needs.iter().for_each(|needed| self.nodes[*needed].whole = true);
        found.lens.iter().for_each(|stream| self.nodes[*stream].counted = true);
        for list in [&mut found.needs, &mut found.lens] {
            list.sort_unstable();
            list.dedup();
        }
        self.nodes[at].needs = found.needs;
        self.nodes[at].lens = found.lens;
    }
}

struct Needs {
    needs: Vec<usize>,
    lens: Vec<usize>,
}

impl Needs {
    fn expr(&mut self, graph: &Graph, expr: &Expr) {
        stack::deep(|| match &expr.kind {
            ExprKind::Var(name) => self.needs.extend(graph.index.get(name)),
            ExprKind::Len(v) => match graph.stream(v) {
                Some(at) => self.lens.push(at),
                None => self.expr(graph, v),
            },
            kind => visit::for_each_child(kind, &mut |child| self.expr(graph, child)),
        });
    }
}

/// The loop that a let is, and whether its result is taken. A zip is a loop that appends structs.
fn as_loop(value: &Expr) -> Option<(Expr, bool)> {
    match &value.kind {
        ExprKind::For(_) => Some((value.clone(), false)),
        ExprKind::Result(built) if matches!(built.kind, ExprKind::For(_)) => Some((built.clone(), true)),
        _ => None,
    }
}

/// Why a loop cannot be merged with others.
fn refusal(node: &Expr, parts: &For) -> Option<&'static str> {
    if node.facts.calls {
        return Some("the loop calls a C function, and calls keep their order");
    }
    if node.notes.is_some() {
        return Some("the loop has annotations, `@(...)`, which are about this loop alone");
    }
    let plain = |iter: &Iter| matches!(iter, Iter::Whole(_) | Iter::Strided { .. } | Iter::Range { .. });
    if !parts.iters.iter().all(plain) {
        return Some("the loop reads its vectors by `simditer`, `fringeiter` or `nditer`, not row by row");
    }
    None
}
