#![forbid(unsafe_code)]
//! Vecmergers of loops on several threads: merges that are written as rows, and how rows and copies get into the vector.
//!
//! Promises: rows lie as `runtime::abi::VectorDesc` says; a slot is looked at before its row is written, so a wrong one
//! fails in its iteration.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::LeafTy;
use super::leaves::{Leaf, Val, int, leaf_at, leaves_of, memory_ty, pointer};
use super::outline::Frame;
use super::shape::{Part, Shape};
use crate::diag::Origin;
use crate::ir::{BuilderTy, Literal, MergeOp, Scalar, Ty};
use crate::plan::vectors::{ROW_BITS, constant, vector_merges, vector_rounds};
use crate::runtime::abi::{PIECE, SheetHead};
use crate::value::layout;
use inkwell::module::Linkage;
use inkwell::values::{BasicValue, FunctionValue, IntValue, PointerValue};
use inkwell::{AddressSpace, IntPredicate};
use std::mem::offset_of;

/// Rows with more bytes are not worth it.
const MOST_ROW_BYTES: usize = 256;
/// The bytes of the lowest bits of a slot.
const SLOT_BYTES: usize = ROW_BITS as usize / 8;

/// What the rows of one kind of vecmerger look like.
#[derive(Clone)]
pub(super) struct RowForm {
    pub kind: BuilderTy,
    elem: Ty,
    op: MergeOp,
    /// The value of all merges, which is in no row.
    value: Option<Literal>,
}

impl RowForm {
    fn new(shape: &Shape<'_, '_>, kind: &BuilderTy) -> Result<RowForm, CodegenError> {
        let BuilderTy::VecMerger(elem, op) = kind else {
            return Err(CodegenError("a vecmerger expected".into()));
        };
        let value = constant(&shape.parts.func, kind);
        Ok(RowForm { kind: kind.clone(), elem: elem.clone(), op: *op, value })
    }

    /// The scalars of a value, and where they are in a row.
    fn scalars(&self) -> Vec<(Scalar, usize)> {
        if self.value.is_some() {
            return Vec::new();
        }
        let mut at = 0;
        let scalars = leaves_of(&self.elem).into_iter().filter_map(|leaf| match leaf {
            LeafTy::Scalar(scalar) => Some(scalar),
            LeafTy::Lanes(_) | LeafTy::Pointer => None,
        });
        scalars
            .map(|scalar| {
                at += scalar.bytes();
                (scalar, at - scalar.bytes())
            })
            .collect()
    }

    /// Where the bits of the slot are.
    fn slot_at(&self) -> usize {
        self.scalars().last().map_or(0, |(scalar, at)| at + scalar.bytes())
    }

    fn bytes(&self) -> usize {
        self.slot_at() + SLOT_BYTES
    }
}

impl<'c> FnCx<'_, 'c> {
    /// What the rows of a loop look like; nothing where it writes none.
    pub fn row_forms(&self, shape: &Shape<'_, 'c>) -> Option<Vec<RowForm>> {
        let mut forms: Vec<RowForm> = Vec::new();
        for part in &shape.builders {
            if let Part::Vector { kind, .. } = part
                && forms.iter().all(|form| form.kind != *kind)
            {
                forms.push(RowForm::new(shape, kind).ok()?);
            }
        }
        let small = forms.iter().all(|form| form.bytes() <= MOST_ROW_BYTES);
        // A trace tells of each loop once.
        let emitted_once = self.m.traced.is_some();
        let worth_it = !forms.is_empty() && small && !emitted_once;
        (worth_it && vector_merges(shape.parts).rows.is_some()).then_some(forms)
    }

    /// Writes the merged value `{slot, x}` as a row of the form with this number.
    pub fn scatter(
        &mut self,
        form: usize,
        state: Val<'c>,
        item: &[Leaf<'c>],
        origin: &Origin,
    ) -> Result<Val<'c>, CodegenError> {
        let form = self.rows.get(form).cloned().ok_or_else(|| CodegenError("no such row".into()))?;
        let head = pointer(leaf_at(&state, 0)?)?;
        let slot = self.checked_slot(&state, item, origin)?;
        let shift = self.table_int(head, offset_of!(SheetHead, shift))?;
        let number = self.b.build_right_shift(slot, shift, false, "part")?;
        let places = self.offset(head, size_of::<SheetHead>())?;
        let place = self.element(self.ptr_ty(), places, number)?;
        let next = self.table_int(place, 0)?;
        let in_piece = self.b.build_and(next, self.int64(PIECE as i64 - 1), "in_piece")?;
        let full = self.b.build_int_compare(IntPredicate::EQ, in_piece, self.int64(0), "full")?;
        let (grow, roomy) = (self.block("grow_sheet"), self.block("roomy"));
        self.b.build_conditional_branch(full, grow, roomy)?;
        self.b.position_at_end(grow);
        self.call_runtime("weld_rt_sheet_grow", &[head.into(), number.into()])?;
        self.enter(roomy)?;
        let row = self.table_ptr(place, 0)?;
        for (k, (scalar, at)) in form.scalars().into_iter().enumerate() {
            let store = self.b.build_store(self.offset(row, at)?, leaf_at(item, k + 1)?)?;
            unaligned(Some(store), scalar.bytes())?;
        }
        let low = self.b.build_int_truncate(slot, self.m.context.i16_type(), "low")?;
        unaligned(Some(self.b.build_store(self.offset(row, form.slot_at())?, low)?), SLOT_BYTES)?;
        self.b.build_store(place, self.offset(row, form.bytes())?)?;
        Ok(state)
    }

    /// A function of the form `abi::BodyFn`.
    fn body_fn(&self, name: &str) -> FunctionValue<'c> {
        let (ptr, i64_ty) = (self.m.context.ptr_type(AddressSpace::default()), self.m.context.i64_type());
        let args = [ptr.into(), ptr.into(), ptr.into(), i64_ty.into(), i64_ty.into()];
        self.m.add_function(name, self.m.context.i32_type().fn_type(&args, false), Linkage::Internal)
    }

    /// The function `apply` of an `abi::VectorDesc`.
    fn applier(&mut self, name: &str, form: &RowForm) -> Result<FunctionValue<'c>, CodegenError> {
        let function = self.body_fn(name);
        let mut cx = FnCx::new(self.m, function)?;
        let (rows, data) = (cx.param_ptr(1)?, cx.param_ptr(2)?);
        let (lo, hi) = (int(cx.param(3)?)?, int(cx.param(4)?)?);
        let row_ty = cx.m.context.i8_type().array_type(form.bytes() as u32).into();
        cx.counted(lo, hi, 1, Vec::new(), &mut |cx, i, carried| {
            let row = cx.element(row_ty, rows, i)?;
            let mut value = Vec::new();
            for (scalar, at) in form.scalars() {
                let ty = memory_ty(cx.m.context, scalar);
                let leaf = cx.b.build_load(ty, cx.offset(row, at)?, "value")?;
                unaligned(leaf.as_instruction_value(), scalar.bytes())?;
                value.push(leaf);
            }
            if let Some(literal) = &form.value {
                value.push(cx.constant(literal)?);
            }
            let low = cx.b.build_load(cx.m.context.i16_type(), cx.offset(row, form.slot_at())?, "low")?;
            unaligned(low.as_instruction_value(), SLOT_BYTES)?;
            let low = cx.b.build_int_z_extend(int(low)?, cx.m.context.i64_type(), "low")?;
            let address = cx.elem_address(&form.elem, data, low)?;
            cx.combine_in_place(&form.elem, form.op, address, &value)?;
            Ok(carried)
        })?;
        cx.b.build_return(Some(&cx.int32(0)))?;
        cx.finish()?;
        Ok(function)
    }

    /// The function `fold` of an `abi::VectorDesc`.
    fn folder(&mut self, name: &str, elem: &Ty, op: MergeOp) -> Result<FunctionValue<'c>, CodegenError> {
        let function = self.body_fn(name);
        let mut cx = FnCx::new(self.m, function)?;
        let (from, to) = (cx.param_ptr(1)?, cx.param_ptr(2)?);
        let (lo, hi) = (int(cx.param(3)?)?, int(cx.param(4)?)?);
        cx.counted(lo, hi, 1, Vec::new(), &mut |cx, i, carried| {
            let value = cx.load(elem, cx.elem_address(elem, from, i)?)?;
            let address = cx.elem_address(elem, to, i)?;
            cx.combine_in_place(elem, op, address, &value)?;
            Ok(carried)
        })?;
        cx.b.build_return(Some(&cx.int32(0)))?;
        cx.finish()?;
        Ok(function)
    }

    /// `*at := *at op value`.
    pub fn combine_in_place(
        &mut self,
        elem: &Ty,
        op: MergeOp,
        at: PointerValue<'c>,
        value: &[Leaf<'c>],
    ) -> Result<(), CodegenError> {
        let old = self.load(elem, at)?;
        let new = self.combine_values(elem, op, &old, value)?;
        self.store(elem, &new, at)
    }

    /// The bytes of the neutral element.
    fn neutral_element(&self, name: &str, elem: &Ty, op: MergeOp) -> Result<PointerValue<'c>, CodegenError> {
        let mut bytes = vec![0u8; layout::layout(elem).size];
        let offsets = elem.fields().map_or_else(|| vec![0], layout::field_offsets);
        let own = [elem.clone()];
        for (field, at) in elem.fields().unwrap_or(&own).iter().zip(offsets) {
            let scalar = super::expr::scalar_of(field)?;
            let bits = op.neutral(scalar).bits().unwrap_or(0).to_le_bytes();
            if let (Some(to), Some(from)) =
                (bytes.get_mut(at..at + scalar.bytes()), bits.get(..scalar.bytes()))
            {
                to.copy_from_slice(from);
            }
        }
        let bytes = self.m.context.const_string(&bytes, false);
        let global = self.m.constant(name, bytes.get_type().into(), &bytes);
        global.set_alignment(64);
        Ok(global.as_pointer_value())
    }

    /// The constant `abi::VectorsDesc`, or null.
    pub(super) fn vectors_descriptor(
        &mut self,
        number: u32,
        shape: &Shape<'_, 'c>,
        frame: &Frame,
        scatter: Option<FunctionValue<'c>>,
    ) -> Result<PointerValue<'c>, CodegenError> {
        let null = self.m.context.ptr_type(AddressSpace::default()).const_null();
        let mut all = Vec::new();
        for (part, offset) in shape.builders.iter().zip(&frame.offsets) {
            let (Part::Vector { kind, .. }, Some(offset)) = (part, offset) else { continue };
            let form = RowForm::new(shape, kind)?;
            let name = |what: &str| format!("loop_{number}_{what}_{}", all.len());
            let neutral = self.neutral_element(&name("neutral"), &form.elem, form.op)?;
            let fold = self.folder(&name("fold"), &form.elem, form.op)?;
            let apply = match scatter {
                Some(_) => self.applier(&name("apply"), &form)?.as_global_value().as_pointer_value(),
                None => null,
            };
            let int32 = |value: usize| self.int32(value as u32).into();
            let fields = [
                fold.as_global_value().as_pointer_value().into(),
                apply.into(),
                neutral.into(),
                int32(*offset),
                int32(layout::layout(&form.elem).size),
                int32(form.bytes()),
                int32(usize::from(vector_rounds(&form.elem, form.op))),
            ];
            all.push(self.m.context.const_struct(&fields, false));
        }
        let Some(first) = all.first() else { return Ok(null) };
        let vectors = first.get_type().const_array(&all);
        let list = self.m.constant(&format!("loop_{number}_vectors"), vectors.get_type().into(), &vectors);
        let merges = vector_merges(shape.parts);
        let count = |value: u32| -> IntValue<'c> { self.int32(value) };
        let fields = self.m.context.const_struct(
            &[
                scatter.map_or(null, |scatter| scatter.as_global_value().as_pointer_value()).into(),
                list.as_pointer_value().into(),
                count(all.len() as u32).into(),
                count(u32::from(merges.nested)).into(),
                count(merges.rows.unwrap_or(0)).into(),
                // The end of the struct is aligned to its pointers.
                count(0).into(),
            ],
            false,
        );
        let global = self.m.constant(&format!("loop_{number}_merges"), fields.get_type().into(), &fields);
        Ok(global.as_pointer_value())
    }
}

/// Says that an access to a value of so many bytes is aligned to nothing.
fn unaligned(
    access: Option<inkwell::values::InstructionValue<'_>>,
    bytes: usize,
) -> Result<(), CodegenError> {
    match access {
        Some(access) if bytes > 1 => access.set_alignment(1).map_err(|error| CodegenError(error.to_string())),
        _ => Ok(()),
    }
}
