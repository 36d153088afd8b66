#![forbid(unsafe_code)]
//! `sort` by merging: the algorithm of `plan::sorts` on elements in memory.
//!
//! Promises: asks the same questions in the same order as the interpreter; a comparator that contradicts itself stays
//! inside the blocks; stops between two blocks when asked to. The question is emitted in place, never called through a
//! pointer.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, LeafTy, Val, field_range, int, leaf_at, pointer};
use crate::ir::{BinOp, Expr, ExprKind, Lambda, Literal, Scalar, Ty, visit};
use crate::plan::sorts::{Order, RUN, sort_plan};
use crate::value::layout;
use inkwell::IntPredicate;
use inkwell::values::{BasicValue, IntValue, PointerValue};

/// Larger elements are inserted as bytes.
const IN_REGISTERS: usize = 16;

/// Emits whether the first of two loaded elements belongs after the second.
pub(super) type After<'f, 'c> =
    dyn FnMut(&mut FnCx<'_, 'c>, Val<'c>, Val<'c>) -> Result<IntValue<'c>, CodegenError> + 'f;

/// Elements in memory.
#[derive(Clone, Copy)]
pub(super) struct Elements<'t, 'c> {
    pub elem: &'t Ty,
    pub data: PointerValue<'c>,
    pub len: IntValue<'c>,
}

impl<'c> FnCx<'_, 'c> {
    /// `sort(data, func)`.
    pub fn sort(&mut self, data: &Expr, func: &Lambda, expr: &Expr) -> Result<Val<'c>, CodegenError> {
        let elem = data.ty.elem().ok_or_else(|| CodegenError("a sort of no vector".into()))?;
        let plan = sort_plan(expr, elem, func);
        let vector = self.expr(data)?;
        let tys = [LeafTy::Pointer, LeafTy::Scalar(Scalar::I64)];
        let args: Vec<(LeafTy, Leaf<'c>)> = tys.into_iter().zip(vector.iter().copied()).collect();
        let name = format!("sort_{}", self.m.next_body());
        let sorted = self.aside(&name, Some(&func.body), &args, &[LeafTy::Pointer], &mut |cx, leaves| {
            let elements =
                Elements { elem, data: pointer(leaf_at(&leaves, 0)?)?, len: int(leaf_at(&leaves, 1)?)? };
            let sorted = match (&plan.order, &plan.key) {
                (Order::Part { path, descending }, Some(key)) if key.scalar().is_none() => {
                    let order = if *descending { -1i64 } else { 1 };
                    cx.merge_elements(elements, None, &mut |cx, a, b| {
                        let (a, b) = (part(elem, a, path)?, part(elem, b, path)?);
                        let found = cx.order(key, &a, &b)?;
                        let wanted = found.get_type().const_int(order as u64, true);
                        Ok(cx.b.build_int_compare(IntPredicate::EQ, found, wanted, "after")?)
                    })?
                }
                (Order::Comparator, _) | (_, None) => {
                    cx.merge_elements(elements, Some(&func.body), &mut |cx, a, b| cx.ask(func, a, b))?
                }
                (order @ Order::Part { .. }, Some(key)) if *key != Ty::Scalar(Scalar::Bool) => {
                    cx.sort_parts(elements, func, order, key)?
                }
                (order, Some(key)) => cx.sort_records(elements, func, order, key)?,
            };
            Ok(vec![sorted.into()])
        })?;
        Ok(vec![leaf_at(&sorted, 0)?, leaf_at(&vector, 1)?])
    }

    /// Whether a comparator gives a positive number.
    fn ask(&mut self, func: &Lambda, a: Val<'c>, b: Val<'c>) -> Result<IntValue<'c>, CodegenError> {
        for (param, value) in func.params.iter().zip([a, b]) {
            self.bind(&param.name, value);
        }
        let order = if is_plain(&func.body) { self.chosen(&func.body)? } else { self.leaf(&func.body)? };
        int(self.binary(BinOp::Gt, Scalar::I32, order, self.constant(&Literal::I32(0))?)?)
    }

    /// A plain expression whose branches are both computed, so that nothing jumps.
    fn chosen(&mut self, expr: &Expr) -> Result<Leaf<'c>, CodegenError> {
        let ExprKind::If(c, yes, no) = &expr.kind else { return self.leaf(expr) };
        let (c, yes, no) = (self.chosen(c)?, self.chosen(yes)?, self.chosen(no)?);
        self.select(c, yes, no)
    }

    /// Sorts a copy of the elements by merging; `asked` is the code that `after` emits, if it is of the program.
    pub fn merge_elements(
        &mut self,
        elements: Elements<'_, 'c>,
        asked: Option<&Expr>,
        after: &mut After<'_, 'c>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let Elements { elem, data, len } = elements;
        let own = self.allocate(elem, len)?;
        self.merge_sort(Elements { elem, data: own, len }, Some(data), asked, after)
    }

    /// Sorts a copy of few elements by merging: not more than a block has.
    pub fn merge_few(
        &mut self,
        elements: Elements<'_, 'c>,
        after: &mut After<'_, 'c>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let Elements { elem, data, len } = elements;
        let (own, scratch) = (self.allocate(elem, len)?, self.allocate(elem, len)?);
        self.copy_elements(elem, (own, self.int64(0)), (data, self.int64(0)), len)?;
        self.sort_block(Elements { elem, data: own, len }, scratch, after)?;
        Ok(own)
    }

    /// Sorts the elements of a block where they are. `scratch` is as large.
    pub fn sort_block(
        &mut self,
        elements: Elements<'_, 'c>,
        scratch: PointerValue<'c>,
        after: &mut After<'_, 'c>,
    ) -> Result<(), CodegenError> {
        let Elements { elem, data, len } = elements;
        let i64_ty = self.m.context.i64_type();
        let no = self.constant(&Literal::Bool(false))?;
        let shift = self.int64(i64::from(RUN.trailing_zeros()));
        let rounded = self.b.build_int_add(len, self.int64(RUN as i64 - 1), "rounded")?;
        let runs = self.b.build_right_shift(rounded, shift, false, "runs")?;
        let runs = self.binary(BinOp::Max, Scalar::I64, runs.into(), self.int64(1).into())?;
        let last = self.b.build_int_sub(int(runs)?, self.int64(1), "last")?;
        let zeros = self.intrinsic("llvm.ctlz", &[i64_ty.into()], &[last.into(), no])?;
        let levels = self.b.build_int_sub(self.int64(64), int(zeros)?, "levels")?;
        let turns = self.b.build_left_shift(self.int64(1), levels, "turns")?;
        self.counted(self.int64(0), turns, 1, Vec::new(), &mut |cx, run, carried| {
            cx.poll()?;
            let lo = cx.b.build_left_shift(run, shift, "lo")?;
            let end = cx.b.build_int_add(lo, cx.int64(RUN as i64), "end")?;
            let hi = int(cx.binary(BinOp::Min, Scalar::I64, end.into(), len.into())?)?;
            let there = cx.b.build_int_compare(IntPredicate::SLT, lo, len, "there")?;
            cx.when(there, &mut |cx| cx.insert(elem, data, (lo, hi), after))?;
            let next = cx.b.build_int_add(run, cx.int64(1), "next")?;
            let merges = int(cx.intrinsic("llvm.cttz", &[i64_ty.into()], &[next.into(), no])?)?;
            cx.counted(cx.int64(0), merges, 1, Vec::new(), &mut |cx, level, carried| {
                cx.poll()?;
                let (from, to) = (cx.side(level, data, scratch)?, cx.side(level, scratch, data)?);
                let half = cx.b.build_left_shift(cx.int64(RUN as i64), level, "half")?;
                let mid = cx.b.build_int_sub(end, half, "mid")?;
                let lo = cx.b.build_int_sub(mid, half, "lo")?;
                let there = cx.b.build_int_compare(IntPredicate::SLT, lo, len, "there")?;
                cx.when(there, &mut |cx| cx.merge_blocks(elem, (from, to), [lo, mid, hi], after))?;
                Ok(carried)
            })?;
            Ok(carried)
        })?;
        let odd = self.b.build_int_truncate(levels, self.m.context.bool_type(), "odd")?;
        let zero = self.int64(0);
        self.when(odd, &mut |cx| cx.copy_elements(elem, (data, zero), (scratch, zero), len))
    }

    /// `even` for an even level, else `odd`: levels go to and fro.
    pub fn side(
        &self,
        level: IntValue<'c>,
        even: PointerValue<'c>,
        odd: PointerValue<'c>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let is_odd = self.b.build_int_truncate(level, self.m.context.bool_type(), "odd")?;
        pointer(self.b.build_select(is_odd, odd, even, "side")?)
    }

    /// Runs code only if `holds`.
    pub fn when(
        &mut self,
        holds: IntValue<'c>,
        body: &mut dyn FnMut(&mut Self) -> Result<(), CodegenError>,
    ) -> Result<(), CodegenError> {
        let (then, done) = (self.block("then"), self.block("done"));
        self.b.build_conditional_branch(holds, then, done)?;
        self.b.position_at_end(then);
        body(self)?;
        self.enter(done)
    }

    /// Sorts `lo..hi` by insertion.
    fn insert(
        &mut self,
        elem: &Ty,
        data: PointerValue<'c>,
        (lo, hi): (IntValue<'c>, IntValue<'c>),
        after: &mut After<'_, 'c>,
    ) -> Result<(), CodegenError> {
        let one = self.int64(1);
        let second = self.b.build_int_add(lo, one, "second")?;
        // What is wide is moved as bytes: of its fields, only those that are compared become registers.
        let size = layout::layout(elem);
        let bytes = self.int64(size.size as i64);
        let aside = if size.size > IN_REGISTERS {
            let ty = self.m.context.i8_type().array_type(size.size as u32);
            Some(self.alloca(ty.into(), "own")?)
        } else {
            None
        };
        self.counted(second, hi, 1, Vec::new(), &mut |cx, i, carried| {
            let from = cx.elem_address(elem, data, i)?;
            let own = cx.load(elem, from)?;
            if let Some(aside) = aside {
                cx.copy_bytes(aside, from, bytes, size.align)?;
            }
            let before = cx.here()?;
            let (head, test, shift, placed) =
                (cx.block("head"), cx.block("test"), cx.block("shift"), cx.block("placed"));
            cx.enter(head)?;
            let phi = cx.b.build_phi(cx.m.context.i64_type(), "to")?;
            phi.add_incoming(&[(&i, before)]);
            let to = int(phi.as_basic_value())?;
            let more = cx.b.build_int_compare(IntPredicate::SGT, to, lo, "more")?;
            cx.b.build_conditional_branch(more, test, placed)?;
            cx.b.position_at_end(test);
            let before = cx.b.build_int_sub(to, one, "before")?;
            let left_at = cx.elem_address(elem, data, before)?;
            let left = cx.load(elem, left_at)?;
            let moves = after(cx, left.clone(), own.clone())?;
            cx.b.build_conditional_branch(moves, shift, placed)?;
            cx.b.position_at_end(shift);
            let place = cx.elem_address(elem, data, to)?;
            match aside {
                Some(_) => cx.copy_bytes(place, left_at, bytes, size.align)?,
                None => cx.store(elem, &left, place)?,
            }
            phi.add_incoming(&[(&before, shift)]);
            cx.b.build_unconditional_branch(head)?;
            cx.b.position_at_end(placed);
            let place = cx.elem_address(elem, data, to)?;
            match aside {
                Some(aside) => cx.copy_bytes(place, aside, bytes, size.align)?,
                None => cx.store(elem, &own, place)?,
            }
            Ok(carried)
        })?;
        Ok(())
    }

    /// Merges `lo..mid` and `mid..hi` from one place to the same indices of another. The second block may be missing.
    fn merge_blocks(
        &mut self,
        elem: &Ty,
        (from, to): (PointerValue<'c>, PointerValue<'c>),
        [lo, mid, hi]: [IntValue<'c>; 3],
        after: &mut After<'_, 'c>,
    ) -> Result<(), CodegenError> {
        let (ask, whole, pairs, done) =
            (self.block("ask"), self.block("whole"), self.block("pairs"), self.block("merged"));
        let two = self.b.build_int_compare(IntPredicate::SLT, mid, hi, "two")?;
        self.b.build_conditional_branch(two, ask, whole)?;

        self.b.position_at_end(ask);
        let last = self.b.build_int_sub(mid, self.int64(1), "last")?;
        let a = self.load(elem, self.elem_address(elem, from, last)?)?;
        let b = self.load(elem, self.elem_address(elem, from, mid)?)?;
        let mixed = after(self, a, b)?;
        self.b.build_conditional_branch(mixed, pairs, whole)?;

        self.b.position_at_end(whole);
        let count = self.b.build_int_sub(hi, lo, "count")?;
        self.copy_elements(elem, (to, lo), (from, lo), count)?;
        self.b.build_unconditional_branch(done)?;

        self.b.position_at_end(pairs);
        self.merge_pairs(elem, (from, to), [(lo, mid), (mid, hi)], mid, after)?;
        self.enter(done)
    }

    /// Merges two ranges, none of them empty, from one place to another. With `mid` elements from both in front of the
    /// whole, an element goes to the sum of the indices less `mid`.
    pub fn merge_pairs(
        &mut self,
        elem: &Ty,
        (from, to): (PointerValue<'c>, PointerValue<'c>),
        [(lo, left_end), (right_start, hi)]: [(IntValue<'c>, IntValue<'c>); 2],
        mid: IntValue<'c>,
        after: &mut After<'_, 'c>,
    ) -> Result<(), CodegenError> {
        let size = layout::layout(elem);
        let (pairs, rest) = (self.block("pair"), self.block("rest"));
        let asked = self.here()?;
        self.b.build_unconditional_branch(pairs)?;
        self.b.position_at_end(pairs);
        let phis = self.phis(&[lo.into(), right_start.into()], asked)?;
        let now: Val<'c> = phis.iter().map(|phi| phi.as_basic_value()).collect();
        let (i, j) = (int(leaf_at(&now, 0)?)?, int(leaf_at(&now, 1)?)?);
        let (left, right) = (self.elem_address(elem, from, i)?, self.elem_address(elem, from, j)?);
        let (a, b) = (self.load(elem, left)?, self.load(elem, right)?);
        let takes_right = after(self, a, b)?;
        let taken = self.b.build_select(takes_right, right, left, "taken")?;
        self.unpredictable(&taken)?;
        let taken = pointer(taken)?;
        let place = self.merged_place(i, j, mid)?;
        let place = self.elem_address(elem, to, place)?;
        self.copy_bytes(place, taken, self.int64(size.size as i64), size.align)?;
        let step = self.b.build_int_z_extend(takes_right, self.m.context.i64_type(), "step")?;
        let j = self.b.build_int_add(j, step, "j")?;
        let other = self.b.build_int_sub(self.int64(1), step, "other")?;
        let i = self.b.build_int_add(i, other, "i")?;
        let more_left = self.b.build_int_compare(IntPredicate::SLT, i, left_end, "more_left")?;
        let more_right = self.b.build_int_compare(IntPredicate::SLT, j, hi, "more_right")?;
        let more = self.b.build_and(more_left, more_right, "more")?;
        let turned = self.here()?;
        self.close_phis(&phis, &[i.into(), j.into()], turned);
        self.b.build_conditional_branch(more, pairs, rest)?;

        self.b.position_at_end(rest);
        let at = int(self.b.build_select(more_left, i, j, "at")?)?;
        let end = int(self.b.build_select(more_left, left_end, hi, "end")?)?;
        let count = self.b.build_int_sub(end, at, "count")?;
        let place = self.merged_place(i, j, mid)?;
        self.copy_elements(elem, (to, place), (from, at), count)
    }

    /// Keeps a choice from becoming a jump, which the processor would guess wrong every other time.
    fn unpredictable(&self, choice: &Leaf<'c>) -> Result<(), CodegenError> {
        let Some(select) = choice.as_instruction_value() else { return Ok(()) };
        let node = self.m.context.metadata_node(&[]);
        let kind = self.m.context.get_kind_id("unpredictable");
        select.set_metadata(node, kind).map_err(|error| CodegenError(error.to_string()))
    }

    /// Where the next element of a merge goes, after `i - lo` from the left and `j - mid` from the right.
    fn merged_place(
        &self,
        i: IntValue<'c>,
        j: IntValue<'c>,
        mid: IntValue<'c>,
    ) -> Result<IntValue<'c>, CodegenError> {
        let taken = self.b.build_int_sub(j, mid, "taken")?;
        Ok(self.b.build_int_add(i, taken, "place")?)
    }

    /// Copies `count` elements between vectors that do not overlap.
    pub fn copy_elements(
        &self,
        elem: &Ty,
        (to, at): (PointerValue<'c>, IntValue<'c>),
        (from, start): (PointerValue<'c>, IntValue<'c>),
        count: IntValue<'c>,
    ) -> Result<(), CodegenError> {
        let size = layout::layout(elem);
        let bytes = self.b.build_int_mul(count, self.int64(size.size as i64), "bytes")?;
        let (to, from) = (self.elem_address(elem, to, at)?, self.elem_address(elem, from, start)?);
        self.copy_bytes(to, from, bytes, size.align)
    }
}

/// Whether computing all of an expression costs next to nothing and cannot fail: a few scalar operations.
fn is_plain(expr: &Expr) -> bool {
    const FEW: u32 = 40;
    let facts = &expr.facts;
    let mut plain = facts.nodes <= FEW && !facts.may_fail && !facts.calls && !facts.iterates;
    visit::walk(expr, &mut |part| {
        plain &= match &part.kind {
            ExprKind::Binary(op, a, _) => a.ty.scalar().is_some() && *op != BinOp::Pow,
            ExprKind::Literal(_) | ExprKind::Var(_) | ExprKind::Field(..) | ExprKind::If(..) => true,
            ExprKind::Select(..) | ExprKind::Cast(..) => true,
            _ => false,
        }
    });
    plain
}

/// The registers of a part of a value.
pub(super) fn part<'c>(ty: &Ty, value: Val<'c>, path: &[u32]) -> Result<Val<'c>, CodegenError> {
    let (mut ty, mut value) = (ty, value);
    for k in path {
        let found =
            ty.fields().and_then(|fields| Some((fields.get(*k as usize)?, field_range(fields, *k as usize))));
        let (field, range) = found.ok_or_else(|| CodegenError("a part is missing".into()))?;
        value = value.get(range).unwrap_or_default().to_vec();
        ty = field;
    }
    Ok(value)
}
