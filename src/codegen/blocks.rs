#![forbid(unsafe_code)]
//! Merge sort on all threads: the blocks, levels and pieces of `plan::sorts`.
//!
//! Promises: asks the questions that the interpreter asks; a failure is that of the lowest block or piece, whatever the
//! schedule; all memory but that of the result is given back.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, LeafTy, Val, int, leaf_at, pointer};
use super::sort::{After, Elements};
use crate::ir::{BinOp, Expr, Scalar, Ty};
use crate::plan::calls_serially;
use crate::plan::sorts::{BLOCK, PIECE};
use inkwell::module::Linkage;
use inkwell::values::{IntValue, PointerValue};
use inkwell::{AddressSpace, IntPredicate};

/// Emits one turn of a loop: what was handed to the loop, and the number of the turn.
type Turn<'f, 'c> = dyn FnMut(&mut FnCx<'_, 'c>, Val<'c>, IntValue<'c>) -> Result<(), CodegenError> + 'f;

/// A loop of the sort: a function of the module, and what calls of the runtime need.
struct Turns<'c> {
    descriptor: PointerValue<'c>,
    tys: Vec<LeafTy>,
    /// What the turns read of the function around.
    captured: Vec<(LeafTy, Leaf<'c>)>,
}

/// Where a merge is: `lo..mid` and `mid..hi` become one.
struct Merge<'c> {
    mid: IntValue<'c>,
    hi: IntValue<'c>,
    /// The first element of the piece.
    at: IntValue<'c>,
    /// Whether the merge begins there.
    first: IntValue<'c>,
}

impl<'c> FnCx<'_, 'c> {
    /// Sorts elements, copied from `source` first where there is one; gives the place where they are. `asked` is the
    /// code that `after` emits, if it is of the program.
    pub fn merge_sort(
        &mut self,
        elements: Elements<'_, 'c>,
        source: Option<PointerValue<'c>>,
        asked: Option<&Expr>,
        after: &mut After<'_, 'c>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let Elements { elem, data, len } = elements;
        let scratch = self.allocate(elem, len)?;
        let serial = asked.is_some_and(calls_serially);
        let mut args = vec![
            (LeafTy::Pointer, data.into()),
            (LeafTy::Pointer, scratch.into()),
            (LeafTy::Scalar(Scalar::I64), len.into()),
        ];
        args.extend(source.map(|source| (LeafTy::Pointer, source.into())));
        let blocks = self.turns("sort_blocks", asked, &args, serial, &mut |cx, args, block| {
            let (data, scratch) = (pointer(leaf_at(&args, 0)?)?, pointer(leaf_at(&args, 1)?)?);
            let lo = cx.b.build_int_mul(block, cx.int64(BLOCK as i64), "lo")?;
            let count = cx.b.build_int_sub(int(leaf_at(&args, 2)?)?, lo, "left")?;
            let most = cx.int64(BLOCK as i64);
            let count = int(cx.binary(BinOp::Min, Scalar::I64, count.into(), most.into())?)?;
            let own = cx.elem_address(elem, data, lo)?;
            if let Some(source) = args.get(3) {
                let zero = cx.int64(0);
                cx.copy_elements(elem, (own, zero), (pointer(*source)?, lo), count)?;
            }
            let scratch = cx.elem_address(elem, scratch, lo)?;
            cx.sort_block(Elements { elem, data: own, len: count }, scratch, after)
        })?;
        let count = self.blocks_of(len, BLOCK)?;
        self.run_turns(&blocks, &args, count)?;
        let sorted = self.merge_levels(elements, scratch, asked, after)?;
        let is_data = self.b.build_int_compare(IntPredicate::EQ, sorted, data, "is_data")?;
        let spare = self.b.build_select(is_data, scratch, data, "spare")?;
        self.call_runtime("weld_rt_free", &[spare.into()])?;
        Ok(sorted)
    }

    /// Merges sorted blocks, level by level; gives the place where the elements are.
    fn merge_levels(
        &mut self,
        elements: Elements<'_, 'c>,
        scratch: PointerValue<'c>,
        asked: Option<&Expr>,
        after: &mut After<'_, 'c>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let Elements { elem, data, len } = elements;
        let number = LeafTy::Scalar(Scalar::I64);
        let serial = asked.is_some_and(calls_serially);
        let (several, levels, level, done) =
            (self.block("several"), self.block("levels"), self.block("level"), self.block("merged_all"));
        let one = self.here()?;
        let many = self.b.build_int_compare(IntPredicate::SGT, len, self.int64(BLOCK as i64), "many")?;
        self.b.build_conditional_branch(many, several, done)?;

        self.b.position_at_end(several);
        let count = self.blocks_of(len, PIECE)?;
        let starts = self.allocate(&Ty::I64, count)?;
        let tys = [LeafTy::Pointer, LeafTy::Pointer, LeafTy::Pointer, number, number];
        let shape = [data.into(), scratch.into(), starts.into(), len.into(), len.into()];
        let args = |leaves: [Leaf<'c>; 5]| tys.into_iter().zip(leaves).collect::<Vec<_>>();
        let pieces = self.turns("sort_pieces", asked, &args(shape), serial, &mut |cx, args, piece| {
            let (from, to) = (pointer(leaf_at(&args, 0)?)?, pointer(leaf_at(&args, 1)?)?);
            let starts = pointer(leaf_at(&args, 2)?)?;
            let (len, half) = (int(leaf_at(&args, 3)?)?, int(leaf_at(&args, 4)?)?);
            cx.merge_piece(elem, (from, to), starts, (len, half, piece), after)
        })?;
        let before = self.here()?;
        self.b.build_unconditional_branch(levels)?;

        self.b.position_at_end(levels);
        let phis = self.phis(&[data.into(), scratch.into(), self.int64(BLOCK as i64).into()], before)?;
        let now: Val<'c> = phis.iter().map(|phi| phi.as_basic_value()).collect();
        let (from, to) = (pointer(leaf_at(&now, 0)?)?, pointer(leaf_at(&now, 1)?)?);
        let half = int(leaf_at(&now, 2)?)?;
        let more = self.b.build_int_compare(IntPredicate::SLT, half, len, "more")?;
        let free = self.block("free");
        self.b.build_conditional_branch(more, level, free)?;

        self.b.position_at_end(level);
        self.counted(self.int64(0), count, 1, Vec::new(), &mut |cx, piece, carried| {
            cx.poll()?;
            cx.search_piece(elem, from, starts, (len, half, piece), after)?;
            Ok(carried)
        })?;
        let args = args([from.into(), to.into(), starts.into(), len.into(), half.into()]);
        self.run_turns(&pieces, &args, count)?;
        let twice = self.b.build_left_shift(half, self.int64(1), "twice")?;
        let turned = self.here()?;
        self.close_phis(&phis, &[to.into(), from.into(), twice.into()], turned);
        self.b.build_unconditional_branch(levels)?;

        self.b.position_at_end(free);
        self.call_runtime("weld_rt_free", &[starts.into()])?;
        let freed = self.here()?;
        self.enter(done)?;
        let joined = self.join((&vec![data.into()], one), (&vec![from.into()], freed))?;
        pointer(leaf_at(&joined, 0)?)
    }

    /// `len / size`, rounded up.
    fn blocks_of(&self, len: IntValue<'c>, size: usize) -> Result<IntValue<'c>, CodegenError> {
        let rounded = self.b.build_int_add(len, self.int64(size as i64 - 1), "rounded")?;
        let shift = self.int64(i64::from(size.trailing_zeros()));
        Ok(self.b.build_right_shift(rounded, shift, false, "whole")?)
    }

    fn min(&mut self, a: IntValue<'c>, b: IntValue<'c>) -> Result<IntValue<'c>, CodegenError> {
        int(self.binary(BinOp::Min, Scalar::I64, a.into(), b.into())?)
    }

    /// The merge that a piece is of.
    fn merge_of(
        &mut self,
        (len, half, piece): (IntValue<'c>, IntValue<'c>, IntValue<'c>),
    ) -> Result<Merge<'c>, CodegenError> {
        let at = self.b.build_int_mul(piece, self.int64(PIECE as i64), "at")?;
        let twice = self.b.build_left_shift(half, self.int64(1), "twice")?;
        let below = self.b.build_int_sub(twice, self.int64(1), "below")?;
        let inside = self.b.build_and(at, below, "inside")?;
        let lo = self.b.build_int_sub(at, inside, "lo")?;
        let (mid, hi) = (self.b.build_int_add(lo, half, "mid")?, self.b.build_int_add(lo, twice, "hi")?);
        let (mid, hi) = (self.min(mid, len)?, self.min(hi, len)?);
        let first = self.b.build_int_compare(IntPredicate::EQ, inside, self.int64(0), "first")?;
        Ok(Merge { mid, hi, at, first })
    }

    /// Searches where the left part of a piece begins: `plan::sorts::pieces`. That of the piece before is known.
    fn search_piece(
        &mut self,
        elem: &Ty,
        from: PointerValue<'c>,
        starts: PointerValue<'c>,
        place: (IntValue<'c>, IntValue<'c>, IntValue<'c>),
        after: &mut After<'_, 'c>,
    ) -> Result<(), CodegenError> {
        let Merge { mid, hi, at, first } = self.merge_of(place)?;
        let (one, whole) = (self.int64(1), self.int64(PIECE as i64));
        let (search, head, ask, found) =
            (self.block("search"), self.block("head"), self.block("ask"), self.block("found"));
        let entry = self.here()?;
        self.b.build_conditional_branch(first, found, search)?;

        self.b.position_at_end(search);
        let before = self.b.build_int_sub(place.2, one, "before")?;
        let last = self.elem_address(&Ty::I64, starts, before)?;
        let last = int(self.load_scalar(Scalar::I64, last, None)?)?;
        let most = self.b.build_int_add(last, whole, "most")?;
        let end = self.min(mid, most)?;
        let both = self.b.build_int_add(mid, at, "both")?;
        let least = self.b.build_int_sub(both, hi, "least")?;
        let start = int(self.binary(BinOp::Max, Scalar::I64, last.into(), least.into())?)?;
        let searched = self.here()?;
        self.b.build_unconditional_branch(head)?;

        self.b.position_at_end(head);
        let phis = self.phis(&[start.into(), end.into()], searched)?;
        let now: Val<'c> = phis.iter().map(|phi| phi.as_basic_value()).collect();
        let (start, end) = (int(leaf_at(&now, 0)?)?, int(leaf_at(&now, 1)?)?);
        let open = self.b.build_int_compare(IntPredicate::SLT, start, end, "open")?;
        self.b.build_conditional_branch(open, ask, found)?;

        self.b.position_at_end(ask);
        let sum = self.b.build_int_add(start, end, "sum")?;
        let middle = self.b.build_right_shift(sum, one, false, "middle")?;
        let right = self.b.build_int_sub(both, middle, "right")?;
        let right = self.b.build_int_sub(right, one, "right")?;
        let a = self.load(elem, self.elem_address(elem, from, middle)?)?;
        let b = self.load(elem, self.elem_address(elem, from, right)?)?;
        let lower = after(self, a, b)?;
        let next = self.b.build_int_add(middle, one, "next")?;
        let start_next = self.b.build_select(lower, start, next, "start")?;
        let end_next = self.b.build_select(lower, middle, end, "end")?;
        let turned = self.here()?;
        self.close_phis(&phis, &[start_next, end_next], turned);
        self.b.build_unconditional_branch(head)?;

        self.b.position_at_end(found);
        let own = self.join((&vec![at.into()], entry), (&vec![start.into()], head))?;
        let to = self.elem_address(&Ty::I64, starts, place.2)?;
        self.store_scalar(Scalar::I64, leaf_at(&own, 0)?, to)
    }

    /// Merges a piece.
    fn merge_piece(
        &mut self,
        elem: &Ty,
        (from, to): (PointerValue<'c>, PointerValue<'c>),
        starts: PointerValue<'c>,
        place: (IntValue<'c>, IntValue<'c>, IntValue<'c>),
        after: &mut After<'_, 'c>,
    ) -> Result<(), CodegenError> {
        self.poll()?;
        let Merge { mid, hi, at, .. } = self.merge_of(place)?;
        let (one, whole) = (self.int64(1), self.int64(PIECE as i64));
        let start = self.elem_address(&Ty::I64, starts, place.2)?;
        let start = int(self.load_scalar(Scalar::I64, start, None)?)?;
        let end = self.b.build_int_add(at, whole, "end")?;
        let inner = self.b.build_int_compare(IntPredicate::SLT, end, hi, "inner")?;
        // The last piece of a merge has all that is left; the next entry is of another merge, or none.
        let step = int(self.b.build_select(inner, one, self.int64(0), "step")?)?;
        let next = self.b.build_int_add(place.2, step, "next")?;
        let next = self.elem_address(&Ty::I64, starts, next)?;
        let next = int(self.load_scalar(Scalar::I64, next, None)?)?;
        let left_end = int(self.b.build_select(inner, next, mid, "left_end")?)?;
        let end = self.min(end, hi)?;
        let right = |at, start| {
            let both = self.b.build_int_add(mid, at, "both")?;
            self.b.build_int_sub(both, start, "right")
        };
        let (right_start, right_end) = (right(at, start)?, right(end, left_end)?);

        let left_some = self.b.build_int_compare(IntPredicate::SLT, start, left_end, "left_some")?;
        let right_some = self.b.build_int_compare(IntPredicate::SLT, right_start, right_end, "right_some")?;
        let both = self.b.build_and(left_some, right_some, "both")?;
        let (pairs, whole, done) = (self.block("both"), self.block("whole"), self.block("merged"));
        self.b.build_conditional_branch(both, pairs, whole)?;
        self.b.position_at_end(whole);
        let source = int(self.b.build_select(left_some, start, right_start, "source")?)?;
        let count = self.b.build_int_sub(end, at, "count")?;
        self.copy_elements(elem, (to, at), (from, source), count)?;
        self.b.build_unconditional_branch(done)?;
        self.b.position_at_end(pairs);
        self.merge_pairs(elem, (from, to), [(start, left_end), (right_start, right_end)], mid, after)?;
        self.enter(done)
    }

    /// A new loop: `emit` writes what is done in each turn. Turns read what `args` were when the loop is run, and the names
    /// of this function that `body` uses.
    fn turns(
        &mut self,
        name: &str,
        body: Option<&Expr>,
        args: &[(LeafTy, Leaf<'c>)],
        serial: bool,
        emit: &mut Turn<'_, 'c>,
    ) -> Result<Turns<'c>, CodegenError> {
        let captured = body.map(|body| self.captured(body)).unwrap_or_default();
        let leaves = self.captured_leaves(&captured);
        let tys: Vec<LeafTy> = leaves.iter().chain(args).map(|(ty, _)| *ty).collect();
        let name = format!("{name}_{}", self.m.next_body());

        let (ptr, i64_ty) = (self.m.context.ptr_type(AddressSpace::default()), self.m.context.i64_type());
        let params = [ptr.into(), ptr.into(), ptr.into(), i64_ty.into(), i64_ty.into()];
        let ty = self.m.context.i32_type().fn_type(&params, false);
        let function = self.m.add_function(&name, ty, Linkage::Internal);
        let mut cx = FnCx::new(self.m, function)?;
        cx.in_loop = true;
        let (lo, hi) = (int(cx.param(3)?)?, int(cx.param(4)?)?);
        let mut record = cx.load_record(cx.param_ptr(1)?, &tys)?.into_iter();
        cx.bind_captured(&captured, &mut record);
        let own: Val<'c> = record.collect();
        cx.counted(lo, hi, 1, Vec::new(), &mut |cx, turn, carried| {
            emit(cx, own.clone(), turn)?;
            Ok(carried)
        })?;
        cx.b.build_return(Some(&cx.int32(0)))?;
        cx.finish()?;

        let body = function.as_global_value().as_pointer_value();
        let descriptor = self.plain_descriptor(&name, body, serial)?;
        Ok(Turns { descriptor, tys, captured: leaves })
    }

    /// Runs `count` turns.
    fn run_turns(
        &mut self,
        turns: &Turns<'c>,
        args: &[(LeafTy, Leaf<'c>)],
        count: IntValue<'c>,
    ) -> Result<(), CodegenError> {
        let mut record = turns.captured.clone();
        record.extend_from_slice(args);
        if record.len() != turns.tys.len() {
            return Err(CodegenError("a loop with other arguments".into()));
        }
        let env = self.store_record(&record)?;
        let frame = self.alloca(self.m.context.i64_type().into(), "frame")?;
        let args = [turns.descriptor.into(), env.into(), frame.into(), count.into()];
        self.call_runtime("weld_rt_for", &args)
    }

    /// The constant `abi::LoopDesc` of a loop without builders.
    fn plain_descriptor(
        &mut self,
        name: &str,
        body: PointerValue<'c>,
        serial: bool,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let none = self.m.context.ptr_type(AddressSpace::default()).const_null();
        let zero = self.int32(0).into();
        // Nothing is combined; a function pointer must not be null all the same.
        let combine = body;
        let fields = [
            body.into(),
            combine.into(),
            none.into(),
            none.into(),
            self.int64(1).into(),
            zero,
            zero,
            zero,
            zero,
            self.int32(u32::from(serial)).into(),
            zero,
            none.into(),
            none.into(),
        ];
        let fields = self.m.context.const_struct(&fields, false);
        let global = self.m.constant(&format!("{name}_loop"), fields.get_type().into(), &fields);
        Ok(global.as_pointer_value())
    }
}
