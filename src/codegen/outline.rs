#![forbid(unsafe_code)]
//! Outermost loops as functions that the runtime calls with ranges of iterations, on any thread.
//!
//! Promises: the body reads what it captured from a constant record and touches only its own frame and, for in-place
//! appenders, its own elements; the descriptor is constant data as `abi::LoopDesc` says.

use super::CodegenError;
use super::dict::Entry;
use super::emit::COMBINE;
use super::func::FnCx;
use super::leaves::{LeafTy, Val, int, leaf_at, leaves_of, pointer};
use super::scatter::RowForm;
use super::shape::{Part, Shape};
use crate::ir::{Literal, Name, Scalar, Ty};
use inkwell::AddressSpace;
use inkwell::module::Linkage;
use inkwell::values::{FunctionValue, IntValue, PointerValue, StructValue};

/// Where the builders of a loop are in a frame.
pub(super) struct Frame {
    /// Offset of each part of the shape; in-place appenders have none.
    pub offsets: Vec<Option<usize>>,
    merger_bytes: usize,
    bytes: usize,
}

/// The bytes of an `abi::Appender`.
const APPENDER_BYTES: usize = 24;
const POINTER_BYTES: usize = 8;

impl Frame {
    fn new(builders: &[Part]) -> Frame {
        let mut frame = Frame { offsets: vec![None; builders.len()], merger_bytes: 0, bytes: 0 };
        for (part, offset) in builders.iter().zip(&mut frame.offsets) {
            if let Part::Merger { scalar, .. } = part {
                let at = frame.merger_bytes.next_multiple_of(scalar.bytes());
                *offset = Some(at);
                frame.merger_bytes = at + scalar.bytes();
            }
        }
        frame.bytes = frame.merger_bytes.next_multiple_of(8);
        for (part, offset) in builders.iter().zip(&mut frame.offsets) {
            if let Part::Grow { .. } = part {
                *offset = Some(frame.bytes);
                frame.bytes += APPENDER_BYTES;
            }
        }
        for (part, offset) in builders.iter().zip(&mut frame.offsets) {
            if let Part::Table { .. } = part {
                *offset = Some(frame.bytes);
                frame.bytes += POINTER_BYTES;
            }
        }
        for (part, offset) in builders.iter().zip(&mut frame.offsets) {
            if let Part::Vector { .. } = part {
                *offset = Some(frame.bytes);
                frame.bytes += 2 * POINTER_BYTES;
            }
        }
        frame
    }
}

/// The leaves of a part that a body reads from its record: they are the same for all iterations.
fn carried(part: &Part) -> std::ops::Range<usize> {
    match part {
        Part::InPlace { at, .. } => *at..*at + 1,
        Part::Target { at, width } => *at..*at + width,
        Part::Merger { at, .. }
        | Part::Grow { at, .. }
        | Part::Table { at, .. }
        | Part::Vector { at, .. } => *at..*at,
    }
}

impl<'c> FnCx<'_, 'c> {
    /// Runs a loop through the runtime, in parallel when it pays.
    pub fn run_outlined(
        &mut self,
        shape: &Shape<'_, 'c>,
        n: IntValue<'c>,
        start: &Val<'c>,
    ) -> Result<Val<'c>, CodegenError> {
        let number = self.m.next_body();
        let captured = self.captured(&shape.parts.func.body);
        let frame = Frame::new(&shape.builders);

        // The record of captured registers: names, iterators, data of in-place appenders and other targets; eight bytes each.
        let mut record = self.captured_leaves(&captured);
        for iter in &shape.iters {
            record.extend(iter.leaves().into_iter().map(|leaf| (leaf_ty(leaf), leaf)));
        }
        for part in &shape.builders {
            for at in carried(part) {
                let leaf = leaf_at(start, at)?;
                record.push((leaf_ty(leaf), leaf));
            }
        }
        let streams = self.streams(shape, n)?;
        record.extend(streams.map(|streams| (LeafTy::Scalar(Scalar::Bool), streams.into())));
        let env = self.store_record(&record)?;
        let tys: Vec<LeafTy> = record.iter().map(|(ty, _)| *ty).collect();
        let body =
            self.outlined_body(&format!("loop_{number}_body"), shape, &captured, &tys, &frame, vec![])?;
        let scatter = match self.row_forms(shape) {
            Some(forms) => {
                let name = format!("loop_{number}_scatter");
                Some(self.outlined_body(&name, shape, &captured, &tys, &frame, forms)?)
            }
            None => None,
        };
        let vectors = self.vectors_descriptor(number, shape, &frame, scatter)?;
        let combine = self.combiner(number, shape, &frame)?;
        let tables = self.table_descriptors(number, shape, &frame)?;
        let descriptor = self.descriptor(number, shape, &frame, (body, combine), (&tables, vectors))?;

        let slot = self.alloca(self.m.context.i8_type().array_type(frame.bytes as u32).into(), "frame")?;
        for (part, offset) in shape.builders.iter().zip(&frame.offsets) {
            match (part, offset) {
                (Part::Grow { at, .. }, Some(offset)) => {
                    let state = start.get(*at..*at + 3).unwrap_or_default();
                    self.store_appender(state, self.offset(slot, *offset)?)?;
                }
                (Part::Table { at, .. }, Some(offset)) => {
                    self.b.build_store(self.offset(slot, *offset)?, leaf_at(start, *at)?)?;
                }
                (Part::Vector { at, .. }, Some(offset)) => {
                    self.b.build_store(self.offset(slot, *offset)?, leaf_at(start, *at)?)?;
                    let len = self.offset(slot, *offset + POINTER_BYTES)?;
                    self.b.build_store(len, leaf_at(start, *at + 1)?)?;
                }
                _ => {}
            }
        }
        self.call_runtime("weld_rt_for", &[descriptor.into(), env.into(), slot.into(), n.into()])?;
        let totals = self.read_frame(shape, &frame, slot, start)?;
        let mut value = totals.clone();
        for part in &shape.builders {
            if let Part::Merger { at, scalar, op } = part {
                let sum = self.combine(*op, *scalar, leaf_at(start, *at)?, leaf_at(&totals, *at)?)?;
                value.splice(*at..*at + 1, [sum]);
            }
        }
        Ok(value)
    }

    /// `u32 body(TaskCtx*, const u8 *env, u8 *frame, i64 lo, i64 hi)`. With forms of rows, merges into vecmergers write these.
    fn outlined_body(
        &mut self,
        name: &str,
        shape: &Shape<'_, 'c>,
        captured: &[(Name, Ty)],
        record: &[LeafTy],
        frame: &Frame,
        rows: Vec<RowForm>,
    ) -> Result<FunctionValue<'c>, CodegenError> {
        let (ptr, i64_ty) = (self.m.context.ptr_type(AddressSpace::default()), self.m.context.i64_type());
        let args = [ptr.into(), ptr.into(), ptr.into(), i64_ty.into(), i64_ty.into()];
        let ty = self.m.context.i32_type().fn_type(&args, false);
        let function = self.m.add_function(name, ty, Linkage::Internal);
        let mut cx = FnCx::new(self.m, function)?;
        cx.in_loop = true;
        cx.rows = rows;
        let (env, slot) = (cx.param_ptr(1)?, cx.param_ptr(2)?);
        let (lo, hi) = (int(cx.param(3)?)?, int(cx.param(4)?)?);

        let mut leaves = cx.load_record(env, record)?.into_iter();
        cx.bind_captured(captured, &mut leaves);
        let mut inner = shape.clone();
        for iter in &mut inner.iters {
            let own: Val<'c> = leaves.by_ref().take(iter.leaves().len()).collect();
            *iter = iter.with_leaves(&own)?;
        }
        cx.start_iterators(&mut inner.iters)?;
        let blank = cx.blank(&shape.parts.builder.ty)?;
        let mut start = cx.read_frame(&inner, frame, slot, &blank)?;
        for part in &inner.builders {
            for at in carried(part) {
                let data =
                    leaves.next().ok_or_else(|| CodegenError("the data of a builder is missing".into()))?;
                start.splice(at..at + 1, [data]);
            }
        }
        for part in &inner.builders {
            if let Part::Table { at, .. } = part {
                cx.hold_header(pointer(leaf_at(&start, *at)?)?)?;
            }
        }
        inner.streams = leaves.next().map(int).transpose()?;
        if !cx.rows.is_empty() {
            // A row is written for one iteration.
            inner.lanes = None;
        }
        let value = if inner.tree {
            cx.run_leaf(&inner, lo, hi, &start)?
        } else {
            cx.run_exact(&inner, lo, hi, &start)?
        };
        cx.write_frame(&inner, frame, slot, &value)?;
        cx.b.build_return(Some(&cx.int32(0)))?;
        cx.finish()?;
        Ok(function)
    }

    /// A value whose leaves are all zero.
    pub fn blank(&self, ty: &Ty) -> Result<Val<'c>, CodegenError> {
        let leaves = leaves_of(ty).into_iter();
        leaves
            .map(|leaf| match leaf {
                LeafTy::Scalar(scalar) => self.constant(&Literal::from_i64(scalar, 0)),
                LeafTy::Lanes(_) => Err(CodegenError("a builder of SIMD values".into())),
                LeafTy::Pointer => Ok(self.m.context.ptr_type(AddressSpace::default()).const_null().into()),
            })
            .collect()
    }

    /// `blank` with the builders of a frame.
    fn read_frame(
        &self,
        shape: &Shape<'_, 'c>,
        frame: &Frame,
        slot: PointerValue<'c>,
        blank: &Val<'c>,
    ) -> Result<Val<'c>, CodegenError> {
        let mut value = blank.clone();
        for (part, offset) in shape.builders.iter().zip(&frame.offsets) {
            let Some(offset) = offset else { continue };
            let address = self.offset(slot, *offset)?;
            match part {
                Part::Merger { at, scalar, .. } => {
                    value.splice(*at..*at + 1, [self.load_scalar(*scalar, address, None)?]);
                }
                Part::Grow { at, .. } | Part::InPlace { at, .. } => {
                    value.splice(*at..*at + 3, self.load_appender(address)?);
                }
                Part::Table { at, .. } => {
                    value.splice(*at..*at + 1, [self.b.build_load(self.ptr_ty(), address, "table")?]);
                }
                Part::Vector { at, .. } => {
                    let data = self.b.build_load(self.ptr_ty(), address, "data")?;
                    let len = self.b.build_load(
                        self.m.context.i64_type(),
                        self.offset(address, POINTER_BYTES)?,
                        "len",
                    )?;
                    value.splice(*at..*at + 2, [data, len]);
                }
                Part::Target { .. } => {}
            }
        }
        Ok(value)
    }

    fn write_frame(
        &self,
        shape: &Shape<'_, 'c>,
        frame: &Frame,
        slot: PointerValue<'c>,
        value: &Val<'c>,
    ) -> Result<(), CodegenError> {
        for (part, offset) in shape.builders.iter().zip(&frame.offsets) {
            let Some(offset) = offset else { continue };
            let address = self.offset(slot, *offset)?;
            match part {
                Part::Merger { at, scalar, .. } => {
                    self.store_scalar(*scalar, leaf_at(value, *at)?, address)?
                }
                Part::Grow { at, .. } | Part::InPlace { at, .. } => {
                    self.store_appender(value.get(*at..*at + 3).unwrap_or_default(), address)?;
                }
                // The body changes tables and vectors, not the pointers to them.
                Part::Table { .. } | Part::Vector { .. } | Part::Target { .. } => {}
            }
        }
        Ok(())
    }

    /// `void combine(u8 *left, const u8 *right)`: the mergers of `left` := `left op right`.
    fn combiner(
        &mut self,
        number: u32,
        shape: &Shape<'_, 'c>,
        frame: &Frame,
    ) -> Result<FunctionValue<'c>, CodegenError> {
        let ptr = self.m.context.ptr_type(AddressSpace::default());
        let ty = self.m.context.void_type().fn_type(&[ptr.into(), ptr.into()], false);
        let function = self.m.add_function(&format!("loop_{number}{COMBINE}"), ty, Linkage::Internal);
        let cx = FnCx::new(self.m, function)?;
        let (left, right) = (pointer(cx.param(0)?)?, pointer(cx.param(1)?)?);
        for (part, offset) in shape.builders.iter().zip(&frame.offsets) {
            if let (Part::Merger { scalar, op, .. }, Some(offset)) = (part, offset) {
                let (a, b) = (cx.offset(left, *offset)?, cx.offset(right, *offset)?);
                let (x, y) = (cx.load_scalar(*scalar, a, None)?, cx.load_scalar(*scalar, b, None)?);
                cx.store_scalar(*scalar, cx.combine(*op, *scalar, x, y)?, a)?;
            }
        }
        cx.b.build_return(None)?;
        cx.finish()?;
        Ok(function)
    }

    /// The constant `abi::TableDesc`s.
    fn table_descriptors(
        &mut self,
        number: u32,
        shape: &Shape<'_, 'c>,
        frame: &Frame,
    ) -> Result<Vec<StructValue<'c>>, CodegenError> {
        let mut tables = Vec::new();
        for (part, offset) in shape.builders.iter().zip(&frame.offsets) {
            let (Part::Table { key, value, op, .. }, Some(offset)) = (part, offset) else { continue };
            let entry = Entry::new(key, value);
            let name = format!("loop_{number}_absorb_{}", tables.len());
            let absorb = self.absorber(&name, &entry, *op)?;
            let int32 = |value: usize| self.int32(value as u32).into();
            let row = entry.row();
            let fields = [
                absorb.as_global_value().as_pointer_value().into(),
                int32(*offset),
                int32(entry.bytes()),
                int32(row.bytes),
                int32(row.number_at),
                int32(usize::from(shape.indexed)),
            ];
            tables.push(self.m.context.const_struct(&fields, false));
        }
        Ok(tables)
    }

    /// The constant `abi::LoopDesc`.
    fn descriptor(
        &mut self,
        number: u32,
        shape: &Shape<'_, 'c>,
        frame: &Frame,
        (body, combine): (FunctionValue<'c>, FunctionValue<'c>),
        (tables, vectors): (&[StructValue<'c>], PointerValue<'c>),
    ) -> Result<PointerValue<'c>, CodegenError> {
        let (context, int32) = (self.m.context, |value: usize| self.int32(value as u32));
        let mut neutral = vec![0u8; frame.merger_bytes];
        let mut appenders = Vec::new();
        for (part, offset) in shape.builders.iter().zip(&frame.offsets) {
            let Some(offset) = *offset else { continue };
            match part {
                Part::Merger { scalar, op, .. } => {
                    let bits = op.neutral(*scalar).bits().unwrap_or(0).to_le_bytes();
                    if let (Some(to), Some(from)) =
                        (neutral.get_mut(offset..offset + scalar.bytes()), bits.get(..scalar.bytes()))
                    {
                        to.copy_from_slice(from);
                    }
                }
                Part::Grow { elem, .. } | Part::InPlace { elem, .. } => {
                    let stride = crate::value::layout::layout(elem).size;
                    appenders
                        .push(context.const_struct(&[int32(offset).into(), int32(stride).into()], false));
                }
                Part::Table { .. } | Part::Vector { .. } | Part::Target { .. } => {}
            }
        }
        let neutral = context.const_string(&neutral, false);
        let neutral = self.m.constant(&format!("loop_{number}_neutral"), neutral.get_type().into(), &neutral);
        neutral.set_alignment(64);
        let pair = context.struct_type(&[context.i32_type().into(), context.i32_type().into()], false);
        let n_appenders = appenders.len();
        let appenders = pair.const_array(&appenders);
        let appenders =
            self.m.constant(&format!("loop_{number}_appenders"), appenders.get_type().into(), &appenders);
        let n_tables = tables.len();
        let tables = match tables.first() {
            None => context.ptr_type(AddressSpace::default()).const_null(),
            Some(first) => {
                let tables = first.get_type().const_array(tables);
                let global =
                    self.m.constant(&format!("loop_{number}_tables"), tables.get_type().into(), &tables);
                global.as_pointer_value()
            }
        };
        let fields = context.const_struct(
            &[
                body.as_global_value().as_pointer_value().into(),
                combine.as_global_value().as_pointer_value().into(),
                neutral.as_pointer_value().into(),
                appenders.as_pointer_value().into(),
                self.int64(shape.leaf).into(),
                int32(frame.bytes).into(),
                int32(frame.merger_bytes).into(),
                int32(n_appenders).into(),
                int32(usize::from(shape.tree)).into(),
                int32(usize::from(!shape.parallel)).into(),
                int32(n_tables).into(),
                tables.into(),
                vectors.into(),
            ],
            false,
        );
        let global = self.m.constant(&format!("loop_{number}"), fields.get_type().into(), &fields);
        Ok(global.as_pointer_value())
    }
}

/// The kind of a register that is a pointer or an `i64`.
pub(super) fn leaf_ty(leaf: super::leaves::Leaf<'_>) -> LeafTy {
    if leaf.is_pointer_value() { LeafTy::Pointer } else { LeafTy::Scalar(Scalar::I64) }
}
