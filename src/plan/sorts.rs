#![forbid(unsafe_code)]
//! How vectors are sorted: the one algorithm of interpreter and compiled code, and the plan of each `sort`.
//!
//! The algorithm is a stable merge sort whose tree of merges depends on the number of elements alone. The vector is cut
//! into blocks of [`BLOCK`] elements, which are sorted one by one, and these into runs of [`RUN`]. A run is sorted by
//! insertion: element `i` moves left past each neighbour that belongs
//! after it. As soon as two neighbouring blocks of the same size are sorted they are merged: not at all if the last
//! element of the left one does not belong after the first of the right one, else element by element, the right one
//! first only if the left one belongs after it. [`steps`] says the order of all this within a block. Sorted blocks are
//! merged level by level: the result of a level is cut into pieces of [`PIECE`] elements, [`pieces`] searches which
//! elements become which piece, and then each piece is merged. So blocks and pieces may be worked on by several threads;
//! a failure is that of the first block, else of the first search, else of the first piece that has one. *Belongs after* is the only
//! question that is ever asked: `f(a, b) > 0`, or for keys `key(a) > key(b)`. So a comparator that contradicts itself
//! gives the same permutation in both engines, after a number of questions that is bounded by the length alone.
//!
//! Where the questions have the answers of a total order, any stable algorithm gives the same permutation: compiled code
//! then sorts by the numbers of the keys, with `runtime::radix`.

use crate::diag::{Origin, stack};
use crate::ir::{BinOp, Expr, ExprKind, Lambda, Literal, Name, Program, Ty, visit};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

/// Elements of a run; a power of two.
pub const RUN: usize = 16;

/// Elements of a block: a run doubled so many times that its elements, which go to and fro, are where they began.
pub const BLOCK: usize = RUN << 8;

/// Elements of a piece of a level.
pub const PIECE: usize = 2 * BLOCK;

/// Fewer elements than this are merged even if their keys could be distributed.
pub const LEAST_FOR_DIGITS: i64 = 256;

const _: () = assert!(LEAST_FOR_DIGITS <= BLOCK as i64);

/// A part of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sort `lo..hi` by insertion.
    Run {
        #[allow(missing_docs)]
        lo: usize,
        #[allow(missing_docs)]
        hi: usize,
    },
    /// Merge `lo..mid` and `mid..hi`; neither is empty.
    Merge {
        #[allow(missing_docs)]
        lo: usize,
        #[allow(missing_docs)]
        mid: usize,
        #[allow(missing_docs)]
        hi: usize,
    },
}

/// The steps of sorting a block of `len` elements, in order. Merges come as early as they can, while their elements are still in
/// the cache.
pub fn steps(len: usize) -> impl Iterator<Item = Step> {
    let runs = len.div_ceil(RUN);
    (0..runs.next_power_of_two()).flat_map(move |run| {
        let lo = run * RUN;
        let end = lo + RUN;
        let sorted = (lo < len).then(|| Step::Run { lo, hi: end.min(len) });
        let merged = (0..(run + 1).trailing_zeros()).filter_map(move |level| {
            let half = RUN << level;
            let (lo, mid) = (end - 2 * half, end - half);
            (mid < len).then(|| Step::Merge { lo, mid, hi: end.min(len) })
        });
        sorted.into_iter().chain(merged)
    })
}

/// A part of a level: elements of two sorted blocks that become neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Of the left block.
    pub left: Range<usize>,
    /// Of the right one.
    pub right: Range<usize>,
}

/// The pieces of the level that merges blocks of `half` elements, in order. `after` says whether the first element belongs
/// after the second. What a comparator that contradicts itself says changes what becomes of which piece, but each element
/// is in one: a search begins where the last one ended.
pub fn pieces<E>(
    len: usize,
    half: usize,
    mut after: impl FnMut(usize, usize) -> Result<bool, E>,
) -> Result<Vec<Piece>, E> {
    let mut pieces: Vec<Piece> = Vec::new();
    for at in (0..len).step_by(PIECE) {
        let lo = at - at % (2 * half);
        let (mid, hi) = (len.min(lo + half), len.min(lo + 2 * half));
        let mut start = lo;
        if at > lo
            && let Some(last) = pieces.last_mut()
        {
            let mut end = mid.min(last.left.start + PIECE);
            start = last.left.start.max((mid + at).saturating_sub(hi));
            while start < end {
                let middle = (start + end) / 2;
                if after(middle, mid + at - middle - 1)? {
                    end = middle;
                } else {
                    start = middle + 1;
                }
            }
            last.left.end = start;
            last.right.end = mid + at - start;
        }
        pieces.push(Piece { left: start..mid, right: mid + at - start..hi });
    }
    Ok(pieces)
}

/// What decides the order of a sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// A key function, called once per element, in order.
    Key,
    /// A comparator that compares the same part of both elements: these fields, from the outside in.
    Part {
        #[allow(missing_docs)]
        path: Vec<u32>,
        #[allow(missing_docs)]
        descending: bool,
    },
    /// Any other comparator.
    Comparator,
}

/// How one sort will run.
#[derive(Clone, Debug)]
pub struct SortPlan {
    /// `S1`, `S2`, ... in evaluation order.
    pub id: usize,
    /// Where the sort came from.
    pub origin: Origin,
    /// What decides the order.
    pub order: Order,
    /// The type of the keys; `None` for a comparator.
    pub key: Option<Ty>,
    /// Why keys are not distributed by digits, if they are not.
    pub missed: Option<String>,
}

/// The plan of the sort `expr` of elements of type `elem` by `func`.
pub fn sort_plan(expr: &Expr, elem: &Ty, func: &Lambda) -> SortPlan {
    let (order, key, missed) = match func.params.as_slice() {
        [_] => {
            let key = func.body.ty.clone();
            let missed = key.scalar().is_none().then(|| too_wide(&key));
            (Order::Key, Some(key), missed)
        }
        _ => match recognise(func, elem) {
            Ok((path, descending, key)) => {
                let missed = key.scalar().is_none().then(|| too_wide(&key));
                (Order::Part { path, descending }, Some(key), missed)
            }
            Err(why) => (Order::Comparator, None, Some(why)),
        },
    };
    SortPlan { id: 0, origin: expr.origin.clone(), order, key, missed }
}

/// The plans of all sorts of a program.
pub fn sorts(program: &Program) -> Vec<SortPlan> {
    let mut plans = Vec::new();
    collect(&program.func.body, &mut plans);
    plans
}

fn collect(expr: &Expr, plans: &mut Vec<SortPlan>) {
    stack::deep(|| {
        visit::for_each_child(&expr.kind, &mut |child| collect(child, plans));
        if let ExprKind::Sort(data, func) = &expr.kind
            && let Some(elem) = data.ty.elem()
        {
            let plan = sort_plan(expr, elem, func);
            plans.push(SortPlan { id: plans.len() + 1, ..plan });
        }
    });
}

fn too_wide(key: &Ty) -> String {
    format!("the keys are `{key}`; digits are those of a scalar")
}

/// The part of the elements that a comparator of the form `compare(x.$k, y.$k)` compares, whether larger ones come
/// first, and its type; or why it has another form.
fn recognise(func: &Lambda, elem: &Ty) -> Result<(Vec<u32>, bool, Ty), String> {
    let [x, y] = func.params.as_slice() else { return Err("it is no comparator".to_string()) };
    let mut form = Form { params: [&x.name, &y.name], bound: HashMap::new() };
    let other = || "the comparator is not `compare` of one part of both elements".to_string();
    // Each side decides for itself how it answers; both must answer the same question.
    let (first, positive, rest) = form.choice(&func.body).ok_or_else(other)?;
    let (second, negative, rest) = form.choice(rest).ok_or_else(other)?;
    if form.number(rest) != Some(0) || positive.signum() != -negative.signum() || positive == 0 {
        return Err(other());
    }
    if first.path != second.path || first.greater == second.greater {
        return Err(other());
    }
    let mut ty = elem;
    for k in &first.path {
        ty = ty.fields().and_then(|fields| fields.get(*k as usize)).ok_or_else(other)?;
    }
    Ok((first.path, first.greater != (positive > 0), ty.clone()))
}

/// `x.path > y.path`, or less.
struct Question {
    path: Vec<u32>,
    greater: bool,
}

/// A comparator being taken apart.
struct Form<'a> {
    params: [&'a Name; 2],
    /// Lets, and parameters of lambdas that are applied.
    bound: HashMap<&'a Name, &'a Expr>,
}

impl<'a> Form<'a> {
    /// The value of an expression, past the lets and calls around it.
    fn value(&mut self, mut expr: &'a Expr) -> &'a Expr {
        loop {
            expr = match &expr.kind {
                ExprKind::Block(lets, body) => {
                    self.bound.extend(lets.iter().map(|binding| (&binding.name, &binding.value)));
                    body
                }
                ExprKind::Apply(lambda, args) => {
                    self.bound.extend(lambda.params.iter().map(|param| &param.name).zip(args));
                    &lambda.body
                }
                ExprKind::Var(name) => match self.bound.get(name) {
                    Some(value) => value,
                    None => return expr,
                },
                _ => return expr,
            };
        }
    }

    /// `if(question, number, rest)`.
    fn choice(&mut self, expr: &'a Expr) -> Option<(Question, i64, &'a Expr)> {
        let (c, a, b) = match &self.value(expr).kind {
            ExprKind::If(c, a, b) | ExprKind::Select(c, a, b) => (c, a, b),
            _ => return None,
        };
        let ExprKind::Binary(op, l, r) = &self.value(c).kind else { return None };
        let greater = match op {
            BinOp::Gt => true,
            BinOp::Lt => false,
            _ => return None,
        };
        let ((left, path), (right, other)) = (self.part(l)?, self.part(r)?);
        if left == right || path != other {
            return None;
        }
        // Asked the other way round, the answer is the other one.
        let question = Question { path, greater: greater == (left == 0) };
        Some((question, self.number(a)?, b))
    }

    fn number(&mut self, expr: &'a Expr) -> Option<i64> {
        self.value(expr).literal().and_then(Literal::as_i64)
    }

    /// The element, 0 or 1, and the fields of it that an expression takes.
    fn part(&mut self, expr: &'a Expr) -> Option<(usize, Vec<u32>)> {
        let mut path = Vec::new();
        let mut at = self.value(expr);
        while let ExprKind::Field(inner, k) = &at.kind {
            path.push(*k);
            at = self.value(inner);
        }
        path.reverse();
        let name = at.var()?;
        Some((self.params.iter().position(|param| *param == name)?, path))
    }
}

impl fmt::Display for SortPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S{}  ", self.id)?;
        match &self.order {
            Order::Key => f.write_str("sort by a key, computed once per element")?,
            Order::Comparator => f.write_str("sort by a comparator")?,
            Order::Part { path, descending } => {
                let fields: String = path.iter().map(|k| format!(".${k}")).collect();
                let direction = if *descending { ", descending" } else { "" };
                if path.is_empty() {
                    write!(f, "sort by the elements{direction}")?;
                } else {
                    write!(f, "sort by the part `{fields}`{direction}")?;
                }
            }
        }
        match &self.missed {
            None => {
                write!(f, ": 8-byte keys distributed by digits; merged if one is NaN, or if there are few")
            }
            Some(why) => write!(f, ": runs of {RUN}, merged\n      no digits: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, PIECE, Piece, RUN, Step, pieces, steps};

    #[test]
    fn steps_sort_every_length() {
        for len in (0..200).chain([1000, 4096, 5000]) {
            let mut blocks: Vec<(usize, usize)> = Vec::new();
            for step in steps(len) {
                match step {
                    Step::Run { lo, hi } => blocks.push((lo, hi)),
                    Step::Merge { lo, mid, hi } => {
                        assert!(lo < mid && mid < hi && hi <= len);
                        assert_eq!((blocks.pop(), blocks.pop()), (Some((mid, hi)), Some((lo, mid))));
                        blocks.push((lo, hi));
                    }
                }
            }
            assert_eq!(blocks, if len == 0 { vec![] } else { vec![(0, len)] }, "{len}");
        }
        assert!(RUN.is_power_of_two());
    }

    /// The pieces of a level hold each element once, and as many as they should.
    fn whole(len: usize, half: usize, pieces: &[Piece]) {
        let mut at = 0;
        for piece in pieces {
            let lo = at - at % (2 * half);
            assert!(piece.left.start >= lo && piece.left.end <= len.min(lo + half), "{piece:?}");
            assert_eq!(piece.left.start + piece.right.start, at + len.min(lo + half));
            assert_eq!(piece.left.len() + piece.right.len(), PIECE.min(len - at));
            at += piece.left.len() + piece.right.len();
        }
        assert_eq!(at, len);
    }

    #[test]
    fn levels_sort_every_length() {
        for len in [BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1, 5 * BLOCK - 3, 9 * BLOCK + 17] {
            let mut keys: Vec<(usize, usize)> = (0..len).map(|at| (at * 7919 % 1009, at)).collect();
            let mut wanted = keys.clone();
            wanted.sort();
            keys.chunks_mut(BLOCK).for_each(<[_]>::sort);
            let mut half = BLOCK;
            while half < len {
                let found = pieces(len, half, |a, b| Ok::<bool, ()>(keys[a].0 > keys[b].0)).unwrap();
                whole(len, half, &found);
                let mut next = Vec::new();
                for piece in found {
                    let mut both = [&keys[piece.left], &keys[piece.right]].concat();
                    both.sort();
                    next.extend(both);
                }
                keys = next;
                half *= 2;
            }
            assert_eq!(keys, wanted, "{len}");
        }
        assert_eq!((BLOCK / RUN).trailing_zeros() % 2, 0);
    }

    #[test]
    fn answers_that_make_no_sense_lose_nothing() {
        let mut dice = 1u64;
        for len in [3 * BLOCK, 6 * BLOCK + 5, 8 * BLOCK - 1] {
            for half in [BLOCK, 2 * BLOCK, 4 * BLOCK] {
                for odds in [0, 1, 2, 4] {
                    let answer = |a: usize, b: usize| {
                        assert!(a < b && b < len);
                        dice = dice.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                        Ok::<bool, ()>(dice >> 62 < odds)
                    };
                    whole(len, half, &pieces(len, half, answer).unwrap());
                }
            }
        }
    }
}
