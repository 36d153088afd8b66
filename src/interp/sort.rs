#![forbid(unsafe_code)]
//! `sort`: LANGUAGE 8.4, by the algorithm that [`crate::plan::sorts`] describes.
//!
//! Promises: the same questions in the same order as compiled code asks, so that a comparator that contradicts itself
//! gives the same permutation and one that fails fails at the same place.

use super::compare::compare;
use super::slot::Slot;
use super::{Machine, Outcome, malformed};
use crate::diag::Origin;
use crate::ir::{BinOp, Expr, Lambda, Literal, Name};
use crate::plan::sorts::{BLOCK, Step, pieces, steps};
use crate::value::Value;
use std::ops::Range;

/// Whether the first element, given by its number, belongs after the second.
type After<'f> = dyn FnMut(usize, usize) -> Outcome<bool> + 'f;

impl Machine<'_> {
    /// `sort(data, func)`.
    pub(super) fn sort(&mut self, data: &Expr, func: &Lambda, origin: &Origin) -> Outcome<Value> {
        let vector = self.value(data)?;
        let broken = || malformed(origin, "a sort of no vector");
        let (elem, len) = data.ty.elem().zip(vector.len()).ok_or_else(broken)?;
        let element = |at: usize| vector.at(at).ok_or_else(broken);
        let order = match func.params.as_slice() {
            [x, y] => permutation(len, &mut |a, b| {
                let args = [(&x.name, element(a)?), (&y.name, element(b)?)];
                match self.called(func, args)? {
                    Value::Scalar(Literal::I32(order)) => Ok(order > 0),
                    _ => Err(malformed(origin, "a comparator that gives no `i32`")),
                }
            })?,
            [x] => {
                let keys: Outcome<Vec<Value>> =
                    (0..len).map(|at| self.called(func, [(&x.name, element(at)?)])).collect();
                let keys = keys?;
                permutation(len, &mut |a, b| {
                    self.turn()?;
                    let after = keys.get(a).zip(keys.get(b)).and_then(|(a, b)| compare(BinOp::Gt, a, b));
                    after.ok_or_else(|| malformed(origin, "keys without an order"))
                })?
            }
            _ => return Err(malformed(origin, "a sort function of another form")),
        };
        let items: Outcome<Vec<Value>> = order.into_iter().map(element).collect();
        Value::vector(elem, items?).ok_or_else(broken)
    }

    fn called<const N: usize>(&mut self, func: &Lambda, args: [(&Name, Value); N]) -> Outcome<Value> {
        self.turn()?;
        for (name, value) in args {
            self.bind(name, Slot::Plain(value));
        }
        let result = self.value(&func.body);
        func.params.iter().for_each(|param| self.unbind(&param.name));
        result
    }
}

/// The numbers of the elements in sorted order.
fn permutation(len: usize, after: &mut After<'_>) -> Outcome<Vec<usize>> {
    let mut order: Vec<usize> = (0..len).collect();
    for block in order.chunks_mut(BLOCK) {
        sort_block(block, after)?;
    }
    let mut half = BLOCK;
    while half < len {
        let numbers = |a: usize, b: usize| order.get(a).copied().zip(order.get(b).copied());
        let found = pieces(len, half, |a, b| numbers(a, b).map_or(Ok(false), |(a, b)| after(a, b)))?;
        let mut merged = Vec::with_capacity(len);
        for piece in found {
            let part = |rows: Range<usize>| order.get(rows).unwrap_or_default();
            merge((part(piece.left), part(piece.right)), after, &mut merged)?;
        }
        order = merged;
        half *= 2;
    }
    Ok(order)
}

fn sort_block(order: &mut [usize], after: &mut After<'_>) -> Outcome<()> {
    for step in steps(order.len()) {
        match step {
            Step::Run { lo, hi } => insert(order.get_mut(lo..hi).unwrap_or_default(), after)?,
            Step::Merge { lo, mid, hi } => {
                let block = order.get_mut(lo..hi).unwrap_or_default();
                let (left, right) = block.split_at(mid - lo);
                if let (Some(last), Some(first)) = (left.last(), right.first())
                    && after(*last, *first)?
                {
                    let mut merged = Vec::with_capacity(hi - lo);
                    merge((left, right), after, &mut merged)?;
                    block.copy_from_slice(&merged);
                }
            }
        }
    }
    Ok(())
}

fn insert(run: &mut [usize], after: &mut After<'_>) -> Outcome<()> {
    for i in 1..run.len() {
        let mut to = i;
        while let Some((&left, &own)) = to.checked_sub(1).and_then(|left| run.get(left).zip(run.get(i)))
            && after(left, own)?
        {
            to -= 1;
        }
        run.get_mut(to..=i).unwrap_or_default().rotate_right(1);
    }
    Ok(())
}

fn merge((left, right): (&[usize], &[usize]), after: &mut After<'_>, merged: &mut Vec<usize>) -> Outcome<()> {
    let (mut i, mut j) = (0, 0);
    while let (Some(&a), Some(&b)) = (left.get(i), right.get(j)) {
        if after(a, b)? {
            merged.push(b);
            j += 1;
        } else {
            merged.push(a);
            i += 1;
        }
    }
    merged.extend(left.iter().skip(i).chain(right.iter().skip(j)));
    Ok(())
}
