#![forbid(unsafe_code)]
//! Iterators of loops: their bounds, their counts, and the element of one iteration or of all lanes.
//!
//! Promises: every index that an iterator will touch is inside its vector before the first iteration (LANGUAGE 9.1).

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, Val, int, leaf_at, pointer};
use super::module::Check;
use crate::diag::Origin;
use crate::ir::{BinOp, Iter, NdIter, SIMD_LANES, Scalar, Ty};
use inkwell::IntPredicate;
use inkwell::values::{BasicValueEnum, IntValue, PointerValue};

/// An evaluated iterator.
#[derive(Clone)]
pub(super) enum IterVal<'c> {
    /// `halves`: an inner loop reads the vector once: see `reads`.
    Whole {
        elem: Ty,
        data: PointerValue<'c>,
        halves: bool,
    },
    Strided {
        elem: Ty,
        data: PointerValue<'c>,
        start: IntValue<'c>,
        stride: IntValue<'c>,
    },
    Range {
        start: IntValue<'c>,
        stride: IntValue<'c>,
    },
    Blocks {
        elem: Ty,
        data: PointerValue<'c>,
    },
    Fringe {
        elem: Ty,
        data: PointerValue<'c>,
        start: IntValue<'c>,
    },
    Nd {
        elem: Ty,
        data: PointerValue<'c>,
        space: PointerValue<'c>,
        row: Option<RowSlots<'c>>,
    },
}

/// Where a running loop keeps the row of an `nditer` that it is in: fields of `runtime::nd::Row`. The runtime writes into
/// `fresh`; the others never leave the function, so that they become registers.
#[derive(Clone, Copy)]
pub(super) struct RowSlots<'c> {
    fresh: PointerValue<'c>,
    fields: [PointerValue<'c>; ROW_FIELDS],
}

/// End, base and stride.
const ROW_FIELDS: usize = 3;
/// The words of an `abi::NdSpace`.
const SPACE_WORDS: u32 = 5;

impl<'c> FnCx<'_, 'c> {
    /// Evaluates an iterator and checks its bounds.
    pub fn iterator(
        &mut self,
        iter: &Iter,
        origin: &Origin,
    ) -> Result<(IterVal<'c>, IntValue<'c>), CodegenError> {
        match iter {
            Iter::Whole(data) => {
                let vector = self.expr(data)?;
                let data = pointer(leaf_at(&vector, 0)?)?;
                let halves = self.in_loop && !self.is_from_outside(data);
                Ok((IterVal::Whole { elem: iter.elem_ty(), data, halves }, int(leaf_at(&vector, 1)?)?))
            }
            Iter::Strided { data, start, end, stride } => {
                let vector = self.expr(data)?;
                let (start, end, stride) =
                    (int(self.leaf(start)?)?, int(self.leaf(end)?)?, int(self.leaf(stride)?)?);
                let count = self.count(start, end, stride, origin)?;
                let len = int(leaf_at(&vector, 1)?)?;
                let last = self.b.build_int_sub(end, stride, "last")?;
                let none = self.b.build_int_compare(IntPredicate::EQ, count, self.int64(0), "none")?;
                let first_in = self.b.build_int_compare(IntPredicate::ULT, start, len, "first_in")?;
                let last_in = self.b.build_int_compare(IntPredicate::ULT, last, len, "last_in")?;
                let inside = self.b.build_or(none, self.b.build_and(first_in, last_in, "both")?, "inside")?;
                self.check(inside, Check::Iterator, origin, start, end)?;
                Ok((
                    IterVal::Strided {
                        elem: iter.elem_ty(),
                        data: pointer(leaf_at(&vector, 0)?)?,
                        start,
                        stride,
                    },
                    count,
                ))
            }
            Iter::Range { start, end, stride } => {
                let (start, end, stride) =
                    (int(self.leaf(start)?)?, int(self.leaf(end)?)?, int(self.leaf(stride)?)?);
                let count = self.count(start, end, stride, origin)?;
                Ok((IterVal::Range { start, stride }, count))
            }
            Iter::Nd(nd) => self.nd_iterator(nd, &iter.elem_ty(), origin),
            Iter::Simd(data) | Iter::Fringe(data) => {
                let vector = self.expr(data)?;
                let elem =
                    data.ty.elem().cloned().ok_or_else(|| CodegenError("a loop over no vector".into()))?;
                let (data, len) = (pointer(leaf_at(&vector, 0)?)?, int(leaf_at(&vector, 1)?)?);
                let lanes = SIMD_LANES as i64;
                if let Iter::Simd(_) = iter {
                    let shift = self.int64(i64::from(lanes.trailing_zeros()));
                    let blocks = self.b.build_right_shift(len, shift, false, "blocks")?;
                    return Ok((IterVal::Blocks { elem, data }, blocks));
                }
                let start = self.b.build_and(len, self.int64(-lanes), "whole")?;
                let rest = self.b.build_and(len, self.int64(lanes - 1), "rest")?;
                Ok((IterVal::Fringe { elem, data, start }, rest))
            }
        }
    }

    fn nd_iterator(
        &mut self,
        nd: &NdIter,
        elem: &Ty,
        origin: &Origin,
    ) -> Result<(IterVal<'c>, IntValue<'c>), CodegenError> {
        let vector = self.expr(&nd.data)?;
        let start = self.leaf(&nd.start)?;
        // Both are evaluated and ignored.
        self.leaf(&nd.end)?;
        self.leaf(&nd.stride)?;
        let mut words = vec![start];
        words.extend(self.expr(&nd.shape)?);
        words.extend(self.expr(&nd.strides)?);
        let word = self.m.context.i64_type();
        let space = self.alloca(word.array_type(SPACE_WORDS).into(), "space")?;
        for (at, word) in words.into_iter().enumerate() {
            self.b.build_store(self.offset(space, at * 8)?, word)?;
        }
        let (data, len) = (pointer(leaf_at(&vector, 0)?)?, int(leaf_at(&vector, 1)?)?);
        let out = self.alloca(word.into(), "nd_count")?;
        self.call_runtime("weld_rt_nd_count", &[len.into(), space.into(), out.into()])?;
        let count = int(self.b.build_load(word, out, "count")?)?;
        let inside = self.b.build_int_compare(IntPredicate::SGE, count, self.int64(0), "inside")?;
        self.check(inside, Check::NdIterator, origin, int(start)?, len)?;
        Ok((IterVal::Nd { elem: elem.clone(), data, space, row: None }, count))
    }

    /// Gives the iterators of a loop that starts here what they remember from one iteration to the next.
    pub fn start_iterators(&mut self, iters: &mut [IterVal<'c>]) -> Result<(), CodegenError> {
        for iter in iters {
            let IterVal::Nd { row, .. } = iter else { continue };
            let word = self.m.context.i64_type();
            let fresh = self.alloca(word.array_type(ROW_FIELDS as u32).into(), "fresh_row")?;
            let mut fields = [fresh; ROW_FIELDS];
            for field in &mut fields {
                *field = self.alloca(word.into(), "row")?;
                // No iteration is in a row that ends at 0.
                self.b.build_store(*field, self.int64(0))?;
            }
            *row = Some(RowSlots { fresh, fields });
        }
        Ok(())
    }

    /// The element of a vector that iteration `i` of an `nditer` reads. Iterations come in order, so a row is asked for once.
    fn nd_index(
        &mut self,
        space: PointerValue<'c>,
        row: RowSlots<'c>,
        i: IntValue<'c>,
    ) -> Result<IntValue<'c>, CodegenError> {
        let word = self.m.context.i64_type();
        let [end, base, stride] = row.fields;
        let end = int(self.b.build_load(word, end, "row_end")?)?;
        let over = self.b.build_int_compare(IntPredicate::SGE, i, end, "over")?;
        let (next, inside) = (self.block("next_row"), self.block("in_row"));
        self.b.build_conditional_branch(over, next, inside)?;
        self.b.position_at_end(next);
        self.call_runtime("weld_rt_nd_row", &[i.into(), space.into(), row.fresh.into()])?;
        for (at, field) in row.fields.into_iter().enumerate() {
            let fresh = self.b.build_load(word, self.offset(row.fresh, at * 8)?, "fresh")?;
            self.b.build_store(field, fresh)?;
        }
        self.enter(inside)?;
        let base = int(self.b.build_load(word, base, "row_base")?)?;
        let stride = int(self.b.build_load(word, stride, "row_stride")?)?;
        let steps = self.b.build_int_mul(i, stride, "steps")?;
        Ok(self.b.build_int_add(base, steps, "at")?)
    }

    /// `(end - start) / stride`, which must be a whole number that is not negative.
    fn count(
        &mut self,
        start: IntValue<'c>,
        end: IntValue<'c>,
        stride: IntValue<'c>,
        origin: &Origin,
    ) -> Result<IntValue<'c>, CodegenError> {
        let bad = Check::Iterator;
        let moves = self.b.build_int_compare(IntPredicate::NE, stride, self.int64(0), "moves")?;
        let span = self.b.build_int_sub(end, start, "span")?;
        // The difference wrapped around exactly when its sign is not that of the comparison.
        let negative = self.b.build_int_compare(IntPredicate::SLT, span, self.int64(0), "negative")?;
        let below = self.b.build_int_compare(IntPredicate::SLT, end, start, "below")?;
        let exact = self.b.build_int_compare(IntPredicate::EQ, negative, below, "exact")?;
        self.check(self.b.build_and(moves, exact, "ok")?, bad, origin, start, end)?;
        // MIN / -1 traps in hardware.
        let down = self.b.build_int_compare(IntPredicate::EQ, stride, self.int64(-1), "down")?;
        let safe = int(self.b.build_select(down, self.int64(1), stride, "safe")?)?;
        let quotient = self.b.build_int_signed_div(span, safe, "quotient")?;
        let negated = self.b.build_int_sub(self.int64(0), span, "negated")?;
        let count = int(self.b.build_select(down, negated, quotient, "count")?)?;
        let rest = self.b.build_int_signed_rem(span, safe, "rest")?;
        let whole = self.b.build_int_compare(IntPredicate::EQ, rest, self.int64(0), "whole")?;
        let forward = self.b.build_int_compare(IntPredicate::SGE, count, self.int64(0), "forward")?;
        self.check(self.b.build_and(whole, forward, "ok")?, bad, origin, start, end)?;
        Ok(count)
    }

    /// The common count of zipped iterators.
    pub fn equal_counts(
        &mut self,
        counts: &[IntValue<'c>],
        origin: &Origin,
    ) -> Result<IntValue<'c>, CodegenError> {
        let (first, rest) = counts.split_first().ok_or_else(|| CodegenError("a loop over nothing".into()))?;
        for count in rest {
            if count != first {
                let equal = self.b.build_int_compare(IntPredicate::EQ, *first, *count, "equal")?;
                self.check(equal, Check::Zip, origin, *first, *count)?;
            }
        }
        Ok(*first)
    }

    /// The element of an iterator at iteration `i`, or those of all lanes from `i` on.
    pub fn element_of(&mut self, iter: &IterVal<'c>, i: IntValue<'c>) -> Result<Val<'c>, CodegenError> {
        match iter {
            IterVal::Whole { elem, data, halves } => {
                let address = self.elem_address(elem, *data, i)?;
                match self.lanes {
                    None => self.load(elem, address),
                    Some(lanes) => self.read_lanes(elem, address, lanes, *halves),
                }
            }
            IterVal::Strided { elem, data, start, stride } => {
                let steps = self.b.build_int_mul(i, *stride, "steps")?;
                let at = self.b.build_int_add(*start, steps, "at")?;
                let address = self.elem_address(elem, *data, at)?;
                match self.lanes {
                    None => self.load(elem, address),
                    // Only a stride of 1 runs in lanes.
                    Some(lanes) => self.read_lanes(elem, address, lanes, false),
                }
            }
            IterVal::Blocks { elem, data } => {
                let first = self.b.build_int_mul(i, self.int64(SIMD_LANES as i64), "first")?;
                self.load_lanes(elem, self.elem_address(elem, *data, first)?, SIMD_LANES as u32)
            }
            IterVal::Fringe { elem, data, start } => {
                let at = self.b.build_int_add(*start, i, "at")?;
                let address = self.elem_address(elem, *data, at)?;
                self.load(elem, address)
            }
            IterVal::Nd { elem, data, space, row } => {
                let row =
                    row.ok_or_else(|| CodegenError("a loop over an `nditer` that was not started".into()))?;
                let at = self.nd_index(*space, row, i)?;
                let address = self.elem_address(elem, *data, at)?;
                self.load(elem, address)
            }
            IterVal::Range { start, stride } => {
                let steps = self.b.build_int_mul(i, *stride, "steps")?;
                let first = self.b.build_int_add(*start, steps, "first")?;
                Ok(vec![self.lane_numbers(first, *stride)?])
            }
        }
    }

    /// The index that the body of a loop gets in iteration `i`: the first iterator that counts elements gives it.
    pub fn index_of(&mut self, iters: &[IterVal<'c>], i: IntValue<'c>) -> Result<IntValue<'c>, CodegenError> {
        for iter in iters {
            match iter {
                IterVal::Blocks { .. } => {
                    return Ok(self.b.build_int_mul(i, self.int64(SIMD_LANES as i64), "index")?);
                }
                IterVal::Fringe { start, .. } => return Ok(self.b.build_int_add(*start, i, "index")?),
                _ => {}
            }
        }
        Ok(i)
    }

    /// `first`, or in lanes `first + lane * stride`.
    pub fn lane_numbers(
        &mut self,
        first: IntValue<'c>,
        stride: IntValue<'c>,
    ) -> Result<Leaf<'c>, CodegenError> {
        let Some(lanes) = self.lanes else { return Ok(first.into()) };
        let numbers: Vec<IntValue<'c>> = (0..lanes).map(|lane| self.int64(i64::from(lane))).collect();
        let numbers = inkwell::types::VectorType::const_vector(&numbers);
        let steps = self.binary(BinOp::Mul, Scalar::I64, numbers.into(), stride.into())?;
        self.binary(BinOp::Add, Scalar::I64, first.into(), steps)
    }
}

impl<'c> IterVal<'c> {
    /// Whether any element can be read at any time, one scalar or struct for each iteration.
    pub fn is_random_access(&self) -> bool {
        !matches!(self, IterVal::Blocks { .. } | IterVal::Nd { .. })
    }

    /// The registers an outlined body needs.
    pub fn leaves(&self) -> Val<'c> {
        match self {
            IterVal::Whole { data, .. } | IterVal::Blocks { data, .. } => vec![(*data).into()],
            IterVal::Fringe { data, start, .. } => vec![(*data).into(), (*start).into()],
            IterVal::Strided { data, start, stride, .. } => {
                vec![(*data).into(), (*start).into(), (*stride).into()]
            }
            IterVal::Range { start, stride } => vec![(*start).into(), (*stride).into()],
            // The space is on the stack of who starts the loop, and stays there until it ends.
            IterVal::Nd { data, space, .. } => vec![(*data).into(), (*space).into()],
        }
    }

    /// The same iterator with other registers.
    pub fn with_leaves(&self, leaves: &[BasicValueEnum<'c>]) -> Result<IterVal<'c>, CodegenError> {
        Ok(match self {
            IterVal::Whole { elem, halves, .. } => {
                IterVal::Whole { elem: elem.clone(), data: pointer(leaf_at(leaves, 0)?)?, halves: *halves }
            }
            IterVal::Blocks { elem, .. } => {
                IterVal::Blocks { elem: elem.clone(), data: pointer(leaf_at(leaves, 0)?)? }
            }
            IterVal::Fringe { elem, .. } => IterVal::Fringe {
                elem: elem.clone(),
                data: pointer(leaf_at(leaves, 0)?)?,
                start: int(leaf_at(leaves, 1)?)?,
            },
            IterVal::Strided { elem, .. } => IterVal::Strided {
                elem: elem.clone(),
                data: pointer(leaf_at(leaves, 0)?)?,
                start: int(leaf_at(leaves, 1)?)?,
                stride: int(leaf_at(leaves, 2)?)?,
            },
            IterVal::Nd { elem, .. } => IterVal::Nd {
                elem: elem.clone(),
                data: pointer(leaf_at(leaves, 0)?)?,
                space: pointer(leaf_at(leaves, 1)?)?,
                row: None,
            },
            IterVal::Range { .. } => {
                IterVal::Range { start: int(leaf_at(leaves, 0)?)?, stride: int(leaf_at(leaves, 1)?)? }
            }
        })
    }
}
