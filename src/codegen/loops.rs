#![forbid(unsafe_code)]
//! Loops: iterators, one iteration, runs of iterations on scalars or in lanes, and the fixed reduction tree.
//!
//! Promises: iteration `i` of a loop that rounds uses lane `i mod 16` of its leaf, lanes fold 8-4-2-1, leaves combine
//! as aligned powers of two, whatever the machine or the strategy (RUNTIME 4.2); the interpreter does the same.

use super::CodegenError;
use super::builders::UNCHECKED;
use super::func::FnCx;
use super::leaves::{Val, int, leaf_at, memory_ty, pointer, with_lanes};
use super::module::Check;
use super::shape::{Part, Shape, shape};
use crate::ir::{Expr, For, SIMD_LANES};
use crate::plan::LANES;
use inkwell::IntPredicate;
use inkwell::values::IntValue;

/// One step of a loop: its number, and what is carried before it and after it.
pub(super) type Body<'b, 'c, Cx> =
    dyn FnMut(&mut Cx, IntValue<'c>, Val<'c>) -> Result<Val<'c>, CodegenError> + 'b;

impl<'c> FnCx<'_, 'c> {
    /// `for(..)`.
    pub fn for_loop(&mut self, parts: &For, expr: &Expr) -> Result<Val<'c>, CodegenError> {
        let only_entries = std::mem::take(&mut self.tables.only_entries);
        let mut start = self.expr(&parts.builder)?;
        let (mut iters, mut counts) = (Vec::new(), Vec::new());
        for iter in &parts.iters {
            let (iter, count) = self.iterator(iter, &expr.origin)?;
            iters.push(iter);
            counts.push(count);
        }
        let n = self.equal_counts(&counts, &expr.origin)?;
        if let Some(promised) = expr.loop_size() {
            let promised = self.int64(promised);
            let kept = self.b.build_int_compare(IntPredicate::EQ, n, promised, "kept")?;
            self.check(kept, Check::LoopSize, &expr.origin, n, promised)?;
        }
        let mut shape = shape(expr, parts, iters, usize::from(self.in_loop));
        shape.indexed = !only_entries;
        shape.rests = self.in_loop && self.has_rests(&shape);
        if self.m.traced.is_some() {
            // A trace tells of one iteration at a time; the bits are the same.
            shape.lanes = None;
        }
        let traced = self.trace_loop(expr, n)?;
        for part in &shape.builders {
            if let Part::InPlace { at, elem } = part {
                let data = self.allocate(elem, n)?;
                start.splice(*at..*at + 3, [data.into(), n.into(), self.int64(UNCHECKED).into()]);
            }
        }
        let mut value = if self.in_loop {
            let mut shape = shape.clone();
            self.start_iterators(&mut shape.iters)?;
            let around = std::mem::replace(&mut self.in_loop, true);
            let value = self.run_here(&shape, n, &start)?;
            self.in_loop = around;
            value
        } else {
            self.run_outlined(&shape, n, &start)?
        };
        self.trace_loop_end(traced, n)?;
        for part in &shape.builders {
            if let Part::InPlace { at, .. } = part {
                let data = leaf_at(&start, *at)?;
                value.splice(*at..*at + 3, [data, n.into(), n.into()]);
            }
        }
        Ok(value)
    }

    /// `for i in (lo..hi).step_by(step)` with carried leaves.
    pub fn counted(
        &mut self,
        lo: IntValue<'c>,
        hi: IntValue<'c>,
        step: i64,
        carried: Val<'c>,
        body: &mut Body<'_, 'c, Self>,
    ) -> Result<Val<'c>, CodegenError> {
        let outer = self.bail.take();
        let done = self.stepped(lo, hi, step, carried, body);
        self.bail = outer;
        Ok(done?.0)
    }

    /// The same, and the `i` at which it ended: `hi`, or earlier where the body left through `bail`, before anything of that
    /// step was carried. Whether there is another step is asked behind each, so that there is one jump in each.
    pub fn stepped(
        &mut self,
        lo: IntValue<'c>,
        hi: IntValue<'c>,
        step: i64,
        carried: Val<'c>,
        body: &mut Body<'_, 'c, Self>,
    ) -> Result<(Val<'c>, IntValue<'c>), CodegenError> {
        let before = self.here()?;
        let (inside, end) = (self.block("body"), self.block("end"));
        let some = self.b.build_int_compare(IntPredicate::SLT, lo, hi, "some")?;
        self.b.build_conditional_branch(some, inside, end)?;
        self.b.position_at_end(inside);
        let mut first = vec![lo.into()];
        first.extend(carried);
        let phis = self.phis(&first, before)?;
        let now: Val<'c> = phis.iter().map(|phi| phi.as_basic_value()).collect();
        let i = int(leaf_at(&now, 0)?)?;
        let bail = self.lanes.map(|_| self.block("bail"));
        self.bail = bail;
        let mut next = body(self, i, now.get(1..).unwrap_or_default().to_vec())?;
        let after = self.b.build_int_add(i, self.int64(step), "i")?;
        next.insert(0, after.into());
        let last = self.here()?;
        self.close_phis(&phis, &next, last);
        let more = self.b.build_int_compare(IntPredicate::SLT, after, hi, "more")?;
        self.b.build_conditional_branch(more, inside, end)?;
        self.b.position_at_end(end);
        let ends = self.phis(&first, before)?;
        self.close_phis(&ends, &next, last);
        if let Some(bail) = bail {
            // Where no check can fail nothing leads there, and LLVM drops the block.
            self.close_phis(&ends, &now, bail);
            self.b.position_at_end(bail);
            self.b.build_unconditional_branch(end)?;
            self.b.position_at_end(end);
        }
        let mut done: Val<'c> = ends.iter().map(|phi| phi.as_basic_value()).collect();
        let i = int(done.remove(0))?;
        Ok((done, i))
    }

    /// One iteration, or `self.lanes` of them: binds the parameters and emits the body.
    pub fn iteration(
        &mut self,
        shape: &Shape<'_, 'c>,
        i: IntValue<'c>,
        mut builder: Val<'c>,
    ) -> Result<Val<'c>, CodegenError> {
        let before = builder.clone();
        for part in &shape.builders {
            match (part, self.lanes) {
                (Part::InPlace { at, elem } | Part::Grow { at, elem }, Some(lanes)) => {
                    builder.splice(*at..*at + 3, self.waiting(elem, lanes)?);
                }
                (Part::InPlace { at, .. }, None) => {
                    builder.splice(*at + 1..*at + 3, [i.into(), self.int64(UNCHECKED).into()]);
                }
                _ => {}
            }
        }
        let [b, index, elem] = shape.parts.func.params.as_slice() else {
            return Err(CodegenError("a loop body needs three parameters".into()));
        };
        let mut element = Vec::new();
        for iter in &shape.iters {
            element.extend(self.element_of(iter, i)?);
        }
        self.bind(&b.name, builder);
        if shape.uses_index {
            let first = self.index_of(&shape.iters, i)?;
            let value = self.lane_numbers(first, self.int64(1))?;
            self.bind(&index.name, vec![value]);
        }
        self.bind(&elem.name, element);
        let mut after = self.expr(&shape.parts.func.body)?;
        let Some(lanes) = self.lanes else { return Ok(after) };
        for part in &shape.builders {
            let three = |at: usize, value: &Val<'c>| value.get(at..at + 3).unwrap_or_default().to_vec();
            match part {
                Part::InPlace { at, elem } => {
                    let data = pointer(leaf_at(&before, *at)?)?;
                    self.write_in_place(elem, data, i, &three(*at, &after), lanes)?;
                }
                Part::Grow { at, elem } => {
                    let grown = self.write_compact(elem, &three(*at, &before), &three(*at, &after), lanes)?;
                    after.splice(*at..*at + 3, grown);
                }
                Part::Target { .. } | Part::Vector { .. } => {
                    let range = part.target();
                    self.write_neighbours(after.get(range.clone()).unwrap_or_default())?;
                    after.splice(range.clone(), before.get(range).unwrap_or_default().to_vec());
                }
                Part::Merger { .. } | Part::Table { .. } => {}
            }
        }
        Ok(after)
    }

    /// The iterations `lo..hi` of a loop whose combining is exact, going on with `start`.
    pub fn run_exact(
        &mut self,
        shape: &Shape<'_, 'c>,
        lo: IntValue<'c>,
        hi: IntValue<'c>,
        start: &Val<'c>,
    ) -> Result<Val<'c>, CodegenError> {
        if shape.blocks {
            return self.run_blocks(shape, lo, hi, start);
        }
        if let Some(lanes) = shape.rows.filter(|_| self.m.can_compress(4) && self.m.traced.is_none()) {
            self.rows_in_lanes(shape, (lo, hi), start, lanes)?;
            return Ok(start.clone());
        }
        let mut value = start.clone();
        let mut lo = lo;
        if let Some(lanes) = shape.lanes {
            let (accumulators, middle) = self.lanes_and_rest(shape, lo, hi, lanes, start)?;
            value.clone_from(&accumulators);
            for part in &shape.builders {
                if let Part::Merger { at, scalar, op } = part {
                    let folded = self.fold_lanes(*op, *scalar, leaf_at(&accumulators, *at)?)?;
                    let total = self.accumulate(*op, *scalar, leaf_at(start, *at)?, folded)?;
                    value.splice(*at..*at + 1, [total]);
                }
            }
            if shape.is_through() {
                return Ok(value);
            }
            lo = middle;
        }
        self.iterations(shape, lo, hi, value, &mut |cx, i, builder| {
            let fixed = builder.clone();
            let next = cx.numbered_iteration(shape, i, builder, start)?;
            Ok(keep_in_place(shape, next, &fixed))
        })
    }

    /// One iteration; where tables are filled by chunks, merges know its number. `fixed` has their tables.
    fn numbered_iteration(
        &mut self,
        shape: &Shape<'_, 'c>,
        i: IntValue<'c>,
        mut builder: Val<'c>,
        fixed: &Val<'c>,
    ) -> Result<Val<'c>, CodegenError> {
        let around = self.tables.chunked_at;
        for part in &shape.builders {
            if let Part::Table { at, .. } = part {
                builder.splice(*at..*at + 1, [leaf_at(fixed, *at)?]);
                self.tables.chunked_at = Some(i);
            }
        }
        let next = self.iteration(shape, i, builder);
        self.tables.chunked_at = around;
        next
    }

    /// As [`FnCx::run_exact`] for a loop over `simditer`, an iteration being a block: mergers keep a value per lane, which is
    /// exact, and fold at the end.
    fn run_blocks(
        &mut self,
        shape: &Shape<'_, 'c>,
        lo: IntValue<'c>,
        hi: IntValue<'c>,
        start: &Val<'c>,
    ) -> Result<Val<'c>, CodegenError> {
        let mut neutral = start.clone();
        for part in &shape.builders {
            if let Part::Merger { at, scalar, op } = part {
                let one = self.constant(&op.neutral(*scalar))?;
                neutral.splice(*at..*at + 1, [self.splat(one, SIMD_LANES as u32)?]);
            }
        }
        let mut value = self.counted(lo, hi, 1, neutral, &mut |cx, i, builder| {
            let fixed = builder.clone();
            let next = cx.numbered_iteration(shape, i, builder, start)?;
            Ok(keep_in_place(shape, next, &fixed))
        })?;
        for part in &shape.builders {
            if let Part::Merger { at, scalar, op } = part {
                let folded = self.fold_lanes(*op, *scalar, leaf_at(&value, *at)?)?;
                let total = self.accumulate(*op, *scalar, leaf_at(start, *at)?, folded)?;
                value.splice(*at..*at + 1, [total]);
            }
        }
        Ok(value)
    }

    /// The iterations `lo..hi`, `lanes` at a time; mergers start neutral and come back as vectors. The scalar loop goes on at
    /// the iteration that comes back with them: `hi`, or the begin of the first block in which a check failed.
    pub fn in_lanes(
        &mut self,
        shape: &Shape<'_, 'c>,
        lo: IntValue<'c>,
        hi: IntValue<'c>,
        lanes: u32,
        start: &Val<'c>,
    ) -> Result<(Val<'c>, IntValue<'c>), CodegenError> {
        let mut neutral = start.clone();
        for part in &shape.builders {
            if let Part::Merger { at, scalar, op } = part {
                let one = self.constant(&op.neutral(*scalar))?;
                neutral.splice(*at..*at + 1, [self.splat(one, lanes)?]);
            }
        }
        let Some(streams) = shape.streams else { return self.blocks_of_lanes(shape, lo, hi, lanes, neutral) };
        let (past, through, done) = (self.block("past"), self.block("through"), self.block("done"));
        self.b.build_conditional_branch(streams, past, through)?;
        self.b.position_at_end(past);
        self.streaming = true;
        let (mut far, end) = self.blocks_of_lanes(shape, lo, hi, lanes, neutral.clone())?;
        self.streaming = false;
        far.push(end.into());
        self.end_of_stream()?;
        let from_past = self.here()?;
        self.b.build_unconditional_branch(done)?;
        self.b.position_at_end(through);
        let (mut near, end) = self.blocks_of_lanes(shape, lo, hi, lanes, neutral)?;
        near.push(end.into());
        let from_through = self.here()?;
        self.enter(done)?;
        let mut value = self.join((&far, from_past), (&near, from_through))?;
        let end = value.pop().ok_or_else(|| CodegenError("the end of a loop is missing".into()))?;
        Ok((value, int(end)?))
    }

    fn blocks_of_lanes(
        &mut self,
        shape: &Shape<'_, 'c>,
        lo: IntValue<'c>,
        hi: IntValue<'c>,
        lanes: u32,
        neutral: Val<'c>,
    ) -> Result<(Val<'c>, IntValue<'c>), CodegenError> {
        self.lanes = Some(lanes);
        let value = self.stepped(lo, hi, i64::from(lanes), neutral, &mut |cx, i, builder| {
            let fixed = builder.clone();
            let next = cx.iteration(shape, i, builder)?;
            Ok(keep_in_place(shape, next, &fixed))
        });
        self.lanes = None;
        self.bail = None;
        value
    }

    /// One leaf `lo..hi` of a loop that rounds. The mergers of `start` are ignored; those of the result are the leaf's
    /// value alone.
    pub fn run_leaf(
        &mut self,
        shape: &Shape<'_, 'c>,
        lo: IntValue<'c>,
        hi: IntValue<'c>,
        start: &Val<'c>,
    ) -> Result<Val<'c>, CodegenError> {
        let lanes = LANES as u32;
        let mut value = start.clone();
        if shape.lanes.is_none() {
            for part in &shape.builders {
                if let Part::Merger { at, scalar, op } = part {
                    let neutral = self.splat(self.constant(&op.neutral(*scalar))?, lanes)?;
                    value.splice(*at..*at + 1, [neutral]);
                }
            }
            value = self.ones_of_leaf(shape, (lo, lo, hi), start, value)?;
        } else {
            let from;
            (value, from) = self.lanes_and_rest(shape, lo, hi, lanes, start)?;
            if !shape.is_through() {
                let (ones, done) = (self.block("ones"), self.block("through"));
                let left = self.b.build_int_compare(IntPredicate::SLT, from, hi, "left")?;
                let before = self.here()?;
                self.b.build_conditional_branch(left, ones, done)?;
                self.b.position_at_end(ones);
                let after = self.ones_of_leaf(shape, (lo, from, hi), start, value.clone())?;
                let last = self.here()?;
                self.enter(done)?;
                value = self.join((&value, before), (&after, last))?;
            }
        }
        for part in &shape.builders {
            if let Part::Merger { at, scalar, op } = part {
                let folded = self.fold_lanes(*op, *scalar, leaf_at(&value, *at)?)?;
                value.splice(*at..*at + 1, [folded]);
            }
        }
        Ok(value)
    }

    /// The iterations `from..hi` of a leaf that begins at `lo`, one at a time. `value` has the lanes of the mergers, which
    /// are in memory meanwhile.
    fn ones_of_leaf(
        &mut self,
        shape: &Shape<'_, 'c>,
        (lo, from, hi): (IntValue<'c>, IntValue<'c>, IntValue<'c>),
        start: &Val<'c>,
        value: Val<'c>,
    ) -> Result<Val<'c>, CodegenError> {
        let lanes = LANES as u32;
        let mut slots = Vec::new();
        let mut carried = value.clone();
        for part in &shape.builders {
            let Part::Merger { at, scalar, .. } = part else { continue };
            let slot = self.alloca(with_lanes(memory_ty(self.m.context, *scalar), Some(lanes)), "lanes")?;
            self.store_scalar(*scalar, leaf_at(&value, *at)?, slot)?;
            carried.splice(*at..*at + 1, [leaf_at(start, *at)?]);
            slots.push((*at, *scalar, slot));
        }
        let mut value = self.iterations(shape, from, hi, carried, &mut |cx, i, builder| {
            let from = cx.b.build_int_sub(i, lo, "from")?;
            let lane = cx.b.build_and(from, cx.int64(i64::from(lanes) - 1), "lane")?;
            let mut now = builder.clone();
            for (at, scalar, slot) in &slots {
                let address = cx.element(memory_ty(cx.m.context, *scalar), *slot, lane)?;
                now.splice(*at..*at + 1, [cx.load_scalar(*scalar, address, None)?]);
            }
            let mut next = cx.numbered_iteration(shape, i, now, start)?;
            for (at, scalar, slot) in &slots {
                let address = cx.element(memory_ty(cx.m.context, *scalar), *slot, lane)?;
                cx.store_scalar(*scalar, leaf_at(&next, *at)?, address)?;
                next.splice(*at..*at + 1, [leaf_at(&builder, *at)?]);
            }
            Ok(keep_in_place(shape, next, &builder))
        })?;
        for (at, scalar, slot) in slots {
            let all = self.load_scalar(scalar, slot, Some(lanes))?;
            value.splice(at..at + 1, [all]);
        }
        Ok(value)
    }
}

/// In-place appenders carry nothing: their data never moves and their length is the iteration number.
fn keep_in_place<'c>(shape: &Shape<'_, 'c>, mut next: Val<'c>, carried: &Val<'c>) -> Val<'c> {
    for part in &shape.builders {
        if let Part::InPlace { at, .. } = part {
            let range = *at..*at + 3;
            if let Some(fixed) = carried.get(range.clone()) {
                next.splice(range, fixed.to_vec());
            }
        }
    }
    next
}
