#![forbid(unsafe_code)]
//! `for`: iterators, and the tree that fixes the order of float reductions (LANGUAGE 9 and 10.6, RUNTIME 4.2).
//!
//! Promises: iterations run in order. Mergers that round are combined like this: the iterations are cut into leaves of
//! [`plan::leaf_len`]; in a leaf, iteration `k` merges into lane `k % 16`, all lanes starting from the
//! neutral value; the lanes fold 8-4-2-1; leaf values meet in aligned pairs, pairs of pairs, and so on; what
//! is left over folds from the right; last comes `start op total`.
//! Dictmergers and vecmergers that round may be filled chunk by chunk (`dict`, `elements`).

use super::builder::{Cuts, combine, exchange, mergers, vectors};
use super::eval::equal_lengths;
use super::slot::Slot;
use super::{Machine, Outcome, lanes, malformed};
use crate::diag::Origin;
use crate::ir::{Expr, For, Iter, Literal, MergeOp, NdIter, SIMD_LANES};
use crate::plan;
use crate::value::{RunError, Value, nd};

/// An evaluated iterator of `count` elements.
struct Source {
    data: Option<Value>,
    steps: Steps,
    count: i64,
}

/// Where the elements of an iterator are.
enum Steps {
    /// Element `k` is `data[start + k * stride]`, or that number itself without data.
    Line { start: i64, stride: i64 },
    /// `simditer`: element `k` is the block of lanes that begins at `k * SIMD_LANES`.
    Blocks,
    /// `fringeiter`: element `k` is `data[start + k]`.
    Fringe { start: i64 },
    /// `nditer`: start, shape and strides.
    Nd { start: i64, shape: Vec<i64>, strides: Vec<i64> },
}

impl Source {
    /// Checks start, end and stride: LANGUAGE 9.1.
    fn new(data: Option<Value>, start: i64, end: i64, stride: i64, origin: &Origin) -> Outcome<Source> {
        let count = end.checked_sub(start).and_then(|distance| {
            let is_whole = distance.checked_rem(stride)? == 0;
            distance.checked_div(stride).filter(|count| is_whole && *count >= 0)
        });
        let bad = || Box::new(RunError::bad_iterator(origin, start, end));
        let count = count.ok_or_else(bad)?;
        if let Some(data) = &data {
            let len = data.len().ok_or_else(|| malformed(origin, "an iterator over no vector"))? as i64;
            let inside = |at: i64| (0..len).contains(&at);
            // The last index lies between start and end, so this cannot overflow.
            if count > 0 && !(inside(start) && inside(end - stride)) {
                return Err(bad());
            }
        }
        Ok(Source { data, steps: Steps::Line { start, stride }, count })
    }

    fn element(&self, k: i64) -> Option<Value> {
        let at = match &self.steps {
            Steps::Line { start, stride } => start + k * stride,
            Steps::Fringe { start } => start + k,
            Steps::Blocks => {
                let (data, first) = (self.data.as_ref()?, usize::try_from(k).ok()? * SIMD_LANES);
                let values: Option<Vec<Value>> = (first..first + SIMD_LANES).map(|at| data.at(at)).collect();
                return lanes::join(&values?);
            }
            Steps::Nd { start, shape, strides } => nd::Row::of(k, *start, shape, strides).element(k),
        };
        match &self.data {
            Some(data) => data.at(usize::try_from(at).ok()?),
            None => Some(Value::Scalar(Literal::I64(at))),
        }
    }

    /// The index that the iterator gives to iteration `k`, when it is not `k` itself.
    fn index(&self, k: i64) -> Option<i64> {
        match self.steps {
            Steps::Blocks => Some(k * SIMD_LANES as i64),
            Steps::Fringe { start } => Some(start + k),
            Steps::Line { .. } | Steps::Nd { .. } => None,
        }
    }
}

impl Machine<'_> {
    /// The builder after all iterations.
    pub(super) fn run_loop(&mut self, parts: &For, expr: &Expr) -> Outcome<Slot> {
        let origin = &expr.origin;
        let mut start = self.eval(&parts.builder)?;
        let sources: Outcome<Vec<Source>> =
            parts.iters.iter().map(|iter| self.source(iter, origin)).collect();
        let sources = sources?;
        let count = equal_lengths(sources.iter().map(|source| source.count), origin)?;
        if let Some(promised) = expr.loop_size()
            && promised != count
        {
            return Err(Box::new(RunError::wrong_loop_size(origin, count, promised)));
        }
        let cuts = if self.inside == 0 { cuts(parts, expr, count, &mut start) } else { Cuts::default() };
        if self.inside == 0 {
            self.cuts = cuts;
        }
        let result = if plan::rounds(&parts.builder.ty) {
            self.tree((expr, parts), &sources, count, start, origin)
        } else {
            // Exact operators give the same in any order, so in this one.
            (0..count).try_fold(start, |builder, k| self.iteration(parts, &sources, k, builder, origin))
        };
        parts.func.params.iter().for_each(|param| self.unbind(&param.name));
        let mut result = result?;
        cuts.end(&mut result).ok_or_else(|| malformed(origin, "a builder of another type"))?;
        Ok(result)
    }

    fn source(&mut self, iter: &Iter, origin: &Origin) -> Outcome<Source> {
        match iter {
            Iter::Whole(data) => {
                let data = self.value(data)?;
                let len = data.len().ok_or_else(|| malformed(origin, "a loop over no vector"))? as i64;
                Ok(Source { data: Some(data), steps: Steps::Line { start: 0, stride: 1 }, count: len })
            }
            Iter::Strided { data, start, end, stride } => {
                let data = self.value(data)?;
                let (start, end, stride) = (self.int(start)?, self.int(end)?, self.int(stride)?);
                Source::new(Some(data), start, end, stride, origin)
            }
            Iter::Range { start, end, stride } => {
                let (start, end, stride) = (self.int(start)?, self.int(end)?, self.int(stride)?);
                Source::new(None, start, end, stride, origin)
            }
            Iter::Nd(nd) => self.nd_source(nd, origin),
            Iter::Simd(data) | Iter::Fringe(data) => {
                let data = self.value(data)?;
                let len = data.len().ok_or_else(|| malformed(origin, "a loop over no vector"))?;
                let (blocks, rest) = (len / SIMD_LANES, len % SIMD_LANES);
                let (steps, count) = match iter {
                    Iter::Simd(_) => (Steps::Blocks, blocks),
                    _ => (Steps::Fringe { start: (len - rest) as i64 }, rest),
                };
                Ok(Source { data: Some(data), steps, count: count as i64 })
            }
        }
    }

    fn nd_source(&mut self, iter: &NdIter, origin: &Origin) -> Outcome<Source> {
        let data = self.value(&iter.data)?;
        let len = data.len().ok_or_else(|| malformed(origin, "an iterator over no vector"))? as i64;
        let start = self.int(&iter.start)?;
        // Both are evaluated and ignored.
        self.int(&iter.end)?;
        self.int(&iter.stride)?;
        let (shape, strides) = (self.ints(&iter.shape)?, self.ints(&iter.strides)?);
        let count = nd::count(len, start, &shape, &strides)
            .ok_or_else(|| Box::new(RunError::bad_nd_iterator(origin, start, len)))?;
        Ok(Source { data: Some(data), steps: Steps::Nd { start, shape, strides }, count })
    }

    /// A vector of `i64`.
    fn ints(&mut self, expr: &Expr) -> Outcome<Vec<i64>> {
        let Value::Scalars(buffer) = self.value(expr)? else {
            return Err(malformed(&expr.origin, "a vector of i64 was expected"));
        };
        let numbers: Option<Vec<i64>> = buffer.iter().map(|literal| literal.as_i64()).collect();
        numbers.ok_or_else(|| malformed(&expr.origin, "a vector of i64 was expected"))
    }

    /// `func(builder, k, element)`.
    fn iteration(
        &mut self,
        parts: &For,
        sources: &[Source],
        k: i64,
        mut builder: Slot,
        origin: &Origin,
    ) -> Outcome<Slot> {
        self.turn()?;
        if self.inside == 0 {
            let begun = self.cuts.begin_iteration(&mut builder, k);
            begun.ok_or_else(|| malformed(origin, "a builder of another type"))?;
        }
        let [builder_param, index_param, element_param] = parts.func.params.as_slice() else {
            return Err(malformed(origin, "`for` takes a function of three parameters"));
        };
        let element = match sources {
            [source] => source.element(k),
            _ => sources.iter().map(|source| source.element(k)).collect::<Option<_>>().map(Value::Struct),
        };
        let element = element.ok_or_else(|| malformed(origin, "an element out of range"))?;
        self.bind(&builder_param.name, builder);
        let index = sources.iter().find_map(|source| source.index(k)).unwrap_or(k);
        self.bind(&index_param.name, Slot::Plain(Value::Scalar(Literal::I64(index))));
        self.bind(&element_param.name, Slot::Plain(element));
        self.inside += 1;
        let after = self.eval(&parts.func.body);
        self.inside -= 1;
        after
    }

    /// A loop whose mergers round.
    fn tree(
        &mut self,
        (expr, parts): (&Expr, &For),
        sources: &[Source],
        count: i64,
        start: Slot,
        origin: &Origin,
    ) -> Outcome<Slot> {
        let broken = || malformed(origin, "a merger of another type");
        let kinds = mergers(&parts.builder.ty).ok_or_else(broken)?;
        let reduction = Reduction { ops: kinds.iter().map(|(op, _)| *op).collect() };
        let neutral: Vec<Value> = kinds.into_iter().map(|(_, neutral)| neutral).collect();
        let leaf = plan::leaf_len(expr, parts).max(1);
        let mut partials = Vec::new();

        // Between iterations `builder` holds the neutral values in place of its mergers' own.
        let mut builder = start;
        let mut totals = neutral.clone();
        exchange(&mut builder, &mut totals);
        let mut first = 0;
        while first < count {
            let end = count.min(first.saturating_add(leaf));
            let mut lanes = vec![neutral.clone(); plan::LANES];
            for k in first..end {
                let lane = lanes.get_mut((k - first) as usize % plan::LANES).ok_or_else(broken)?;
                exchange(&mut builder, lane);
                builder = self.iteration(parts, sources, k, builder, origin)?;
                exchange(&mut builder, lane);
            }
            let leaf_value = reduction.fold_lanes(lanes).ok_or_else(broken)?;
            reduction.add_leaf(&mut partials, leaf_value).ok_or_else(broken)?;
            first = end;
        }
        if let Some(total) = reduction.total(partials).ok_or_else(broken)? {
            reduction.combine(&mut totals, &total).ok_or_else(broken)?;
        }
        exchange(&mut builder, &mut totals);
        Ok(builder)
    }
}

/// How an outermost loop of `count` iterations is cut.
fn cuts(parts: &For, expr: &Expr, count: i64, start: &mut Slot) -> Cuts {
    let chunk = plan::chunks::chunk_len(count, plan::leaf_len(expr, parts));
    let tables = (count > chunk && plan::rounds_by_chunks(expr, parts)).then_some(chunk);
    Cuts { tables, vectors: plan::vectors::vector_chunk(expr, parts, count, &vectors(start)) }
}

/// One value per merger of a loop.
type Values = Vec<Value>;

/// The value of `2^level` neighbouring leaves.
struct Partial {
    level: u32,
    values: Values,
}

/// How the values of a loop combine: one operator per merger.
struct Reduction {
    ops: Vec<MergeOp>,
}

impl Reduction {
    /// `left := left op right`.
    fn combine(&self, left: &mut Values, right: &Values) -> Option<()> {
        let pairs = left.iter_mut().zip(right);
        self.ops.iter().zip(pairs).try_for_each(|(op, (left, right))| combine(*op, left, right))
    }

    /// Lane `j` takes lane `j + 8`, then `j + 4`, `j + 2`, `j + 1`.
    fn fold_lanes(&self, mut lanes: Vec<Values>) -> Option<Values> {
        let mut half = lanes.len() / 2;
        while half > 0 {
            let upper = lanes.split_off(half);
            lanes.iter_mut().zip(&upper).try_for_each(|(lower, upper)| self.combine(lower, upper))?;
            half /= 2;
        }
        lanes.pop()
    }

    /// Adds the next leaf: like adding one to a binary number, equal neighbours combine.
    fn add_leaf(&self, partials: &mut Vec<Partial>, values: Values) -> Option<()> {
        let mut new = Partial { level: 0, values };
        while let Some(mut left) = partials.pop_if(|left| left.level == new.level) {
            self.combine(&mut left.values, &new.values)?;
            new = Partial { level: left.level + 1, values: left.values };
        }
        partials.push(new);
        Some(())
    }

    /// What is left, folded from the right; nothing when there was no leaf.
    fn total(&self, mut partials: Vec<Partial>) -> Option<Option<Values>> {
        let Some(last) = partials.pop() else { return Some(None) };
        let mut total = last.values;
        while let Some(mut left) = partials.pop() {
            self.combine(&mut left.values, &total)?;
            total = left.values;
        }
        Some(Some(total))
    }
}
