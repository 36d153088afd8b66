#![forbid(unsafe_code)]
//! Builders as values: `merger` is its accumulator, `appender` is pointer, length and capacity, `vecmerger` the pointer
//! and length of a vector that is its own: a copy, unless what it starts with was made for it.
//!
//! Promises: a merge writes only past the end of what the appender holds, so the old value of a builder, which linearity
//! makes unreachable, is all that changes. An appender of capacity [`UNCHECKED`] has room for every merge of its loop.

use super::CodegenError;
use super::dict::Entry;
use super::expr::scalar_of;
use super::func::FnCx;
use super::leaves::{Leaf, Val, int, leaf_at, pointer, single};
use super::module::Check;
use crate::diag::Origin;
use crate::ir::{BuilderTy, Expr, ExprKind, MergeOp, SIMD_LANES, Scalar, Ty};
use crate::value::layout;
use inkwell::IntPredicate;
use inkwell::values::{IntValue, PointerValue};

/// The capacity that says: the loop has allocated one element per iteration, no check is needed.
pub(super) const UNCHECKED: i64 = i64::MAX;

/// Whether a vector was made for this place, so that nobody else sees it change.
fn is_fresh(vector: &Expr) -> bool {
    let mut vector = vector;
    while let ExprKind::Block(_, body) = &vector.kind {
        vector = body;
    }
    let ExprKind::Result(builder) = &vector.kind else { return false };
    let ExprKind::For(parts) = &builder.kind else { return false };
    // A builder that comes from elsewhere may hold what others see.
    matches!(parts.builder.kind, ExprKind::NewBuilder(_))
        && matches!(builder.ty.as_builder(), Some(BuilderTy::Appender(_)))
}

impl<'c> FnCx<'_, 'c> {
    /// A fresh builder of type `ty`.
    pub fn new_builder(&mut self, ty: &Ty, arg: Option<&Expr>) -> Result<Val<'c>, CodegenError> {
        let builder = ty.as_builder().ok_or_else(|| CodegenError(format!("`{ty}` is no builder")))?;
        match builder {
            BuilderTy::Appender(_) => {
                // The size hint matters to loops that start here (see `for_loop`); otherwise only its errors do.
                if let Some(arg) = arg {
                    self.expr(arg)?;
                }
                let zero = self.int64(0).into();
                Ok(vec![
                    self.m.context.ptr_type(inkwell::AddressSpace::default()).const_null().into(),
                    zero,
                    zero,
                ])
            }
            BuilderTy::Merger(value, op) => match arg {
                Some(arg) => self.expr(arg),
                None => self.merger_start(value, *op),
            },
            BuilderTy::DictMerger(..) | BuilderTy::GroupMerger(..) => {
                let entry = Entry::of(&builder.result_ty())?;
                let from = arg.map(|arg| self.leaf(arg)).transpose()?;
                self.new_table(&entry, from)
            }
            BuilderTy::VecMerger(elem, _) => {
                let arg = arg.ok_or_else(|| CodegenError("a vecmerger without its vector".into()))?;
                let vector = self.expr(arg)?;
                if is_fresh(arg) { Ok(vector) } else { self.copied(elem, &vector) }
            }
        }
    }

    /// The value of a fresh merger.
    pub fn merger_start(&mut self, value: &Ty, op: MergeOp) -> Result<Val<'c>, CodegenError> {
        match value {
            Ty::Struct(fields) => {
                let mut out = Vec::new();
                for field in fields.iter() {
                    out.extend(self.merger_start(field, op)?);
                }
                Ok(out)
            }
            _ => Ok(vec![self.constant(&op.identity(scalar_of(value)?))?]),
        }
    }

    /// `merge(b, x)`.
    pub fn merge(&mut self, builder: &Expr, value: &Expr, origin: &Origin) -> Result<Val<'c>, CodegenError> {
        let (state, item) = (self.expr(builder)?, self.expr(value)?);
        let kind =
            builder.ty.as_builder().ok_or_else(|| CodegenError(format!("`{}` is no builder", builder.ty)))?;
        match kind {
            BuilderTy::Appender(elem) if value.ty.has_simd() => self.append_lanes(elem, &state, &item),
            // Its accumulators know what to do with lanes.
            BuilderTy::Merger(..) => self.merge_one(kind, state, &item, None, origin),
            _ if value.ty.has_simd() => (0..SIMD_LANES as u32).try_fold(state, |state, lane| {
                let item = self.lane_values(&item, lane)?;
                self.merge_one(kind, state, &item, None, origin)
            }),
            _ => self.merge_one(kind, state, &item, self.hint(builder, value), origin),
        }
    }

    fn merge_one(
        &mut self,
        kind: &BuilderTy,
        state: Val<'c>,
        item: &Val<'c>,
        hint: Option<IntValue<'c>>,
        origin: &Origin,
    ) -> Result<Val<'c>, CodegenError> {
        match kind {
            BuilderTy::Appender(elem) => self.append(elem, &state, item),
            BuilderTy::Merger(ty, op) => self.combine_values(ty, *op, &state, item),
            BuilderTy::DictMerger(_, _, op) => {
                self.merge_dict(&Entry::of(&kind.result_ty())?, *op, single(&state)?, item, hint)?;
                Ok(state)
            }
            BuilderTy::GroupMerger(_, elem) => {
                self.merge_group(&Entry::of(&kind.result_ty())?, elem, single(&state)?, item, hint)?;
                Ok(state)
            }
            BuilderTy::VecMerger(elem, op) => {
                let form = self.rows.iter().position(|form| form.kind == *kind);
                match (form, self.lanes) {
                    (Some(form), _) => self.scatter(form, state, item, origin),
                    (None, Some(lanes)) => self.merge_neighbours(elem, *op, &state, item, lanes),
                    (None, None) => self.merge_at(elem, *op, state, item, origin),
                }
            }
        }
    }

    /// The value in one lane of a value of lanes.
    fn lane_values(&self, item: &[Leaf<'c>], lane: u32) -> Result<Val<'c>, CodegenError> {
        item.iter().map(|leaf| self.lane(*leaf, lane)).collect()
    }

    /// Appends the lanes of a SIMD value in order.
    fn append_lanes(
        &mut self,
        elem: &Ty,
        state: &[Leaf<'c>],
        item: &[Leaf<'c>],
    ) -> Result<Val<'c>, CodegenError> {
        let (data, len, cap) =
            (pointer(leaf_at(state, 0)?)?, int(leaf_at(state, 1)?)?, int(leaf_at(state, 2)?)?);
        let (data, cap) = self.grow_when_full(elem, data, len, cap, SIMD_LANES as i64)?;
        match elem.scalar() {
            Some(scalar) => self.store_scalar(scalar, single(item)?, self.elem_address(elem, data, len)?)?,
            None => {
                for lane in 0..SIMD_LANES as u32 {
                    let at = self.b.build_int_add(len, self.int64(i64::from(lane)), "at")?;
                    let value = self.lane_values(item, lane)?;
                    self.store(elem, &value, self.elem_address(elem, data, at)?)?;
                }
            }
        }
        let len = self.b.build_int_add(len, self.int64(SIMD_LANES as i64), "len")?;
        Ok(vec![data.into(), len.into(), cap])
    }

    /// `a op b` field by field.
    pub fn combine_values(
        &mut self,
        ty: &Ty,
        op: MergeOp,
        a: &[Leaf<'c>],
        b: &[Leaf<'c>],
    ) -> Result<Val<'c>, CodegenError> {
        let mut scalars: Vec<Scalar> = Vec::new();
        match ty {
            Ty::Struct(fields) => {
                for field in fields.iter() {
                    scalars.push(scalar_of(field)?);
                }
            }
            _ => scalars.push(scalar_of(ty)?),
        }
        scalars
            .iter()
            .enumerate()
            .map(|(k, scalar)| self.accumulate(op, *scalar, leaf_at(a, k)?, leaf_at(b, k)?))
            .collect()
    }

    /// A vector of its own with the same elements.
    pub fn copied(&mut self, elem: &Ty, vector: &[Leaf<'c>]) -> Result<Val<'c>, CodegenError> {
        let (from, len) = (pointer(leaf_at(vector, 0)?)?, int(leaf_at(vector, 1)?)?);
        let to = self.allocate(elem, len)?;
        let size = layout::layout(elem);
        let bytes = self.b.build_int_mul(len, self.int64(size.size as i64), "bytes")?;
        self.copy_bytes(to, from, bytes, size.align)?;
        Ok(vec![to.into(), len.into()])
    }

    /// `v[i] := v[i] op x` in the memory of a vecmerger, for the merged value `{i, x}`.
    fn merge_at(
        &mut self,
        elem: &Ty,
        op: MergeOp,
        state: Val<'c>,
        item: &[Leaf<'c>],
        origin: &Origin,
    ) -> Result<Val<'c>, CodegenError> {
        let data = pointer(leaf_at(&state, 0)?)?;
        let index = self.checked_slot(&state, item, origin)?;
        let address = self.elem_address(elem, data, index)?;
        self.combine_in_place(elem, op, address, item.get(1..).unwrap_or_default())?;
        Ok(state)
    }

    /// The slot of a merged value, which is in the vector.
    pub fn checked_slot(
        &mut self,
        state: &[Leaf<'c>],
        item: &[Leaf<'c>],
        origin: &Origin,
    ) -> Result<IntValue<'c>, CodegenError> {
        let (index, len) = (int(leaf_at(item, 0)?)?, int(leaf_at(state, 1)?)?);
        // A negative index is a huge unsigned number.
        let inside = self.b.build_int_compare(IntPredicate::ULT, index, len, "inside")?;
        self.check(inside, Check::MergeIndex, origin, index, len)?;
        Ok(index)
    }

    fn append(&mut self, elem: &Ty, state: &[Leaf<'c>], item: &[Leaf<'c>]) -> Result<Val<'c>, CodegenError> {
        if let Some(lanes) = self.lanes {
            return self.append_later(elem, state, item, lanes);
        }
        let (data, len, cap) = (pointer(leaf_at(state, 0)?)?, int(leaf_at(state, 1)?)?, leaf_at(state, 2)?);
        let (data, cap) = if Self::is_constant(cap, UNCHECKED) {
            (data, cap)
        } else {
            self.grow_when_full(elem, data, len, int(cap)?, 1)?
        };
        let address = self.elem_address(elem, data, len)?;
        self.store(elem, item, address)?;
        let len = self.b.build_int_add(len, self.int64(1), "len")?;
        Ok(vec![data.into(), len.into(), cap])
    }

    /// The data and the capacity of an appender that has room for `more` values.
    pub fn grow_when_full(
        &mut self,
        elem: &Ty,
        data: PointerValue<'c>,
        len: IntValue<'c>,
        cap: IntValue<'c>,
        more: i64,
    ) -> Result<(PointerValue<'c>, Leaf<'c>), CodegenError> {
        let full = if more == 1 {
            self.b.build_int_compare(IntPredicate::EQ, len, cap, "full")?
        } else {
            let room = self.b.build_int_sub(cap, len, "room")?;
            self.b.build_int_compare(IntPredicate::SLT, room, self.int64(more), "full")?
        };
        let from = self.here()?;
        let (grow, roomy) = (self.block("grow"), self.block("roomy"));
        self.b.build_conditional_branch(full, grow, roomy)?;
        self.b.position_at_end(grow);
        let slot = self.alloca(self.m.context.i64_type().array_type(3).into(), "appender")?;
        self.store_appender(&[data.into(), len.into(), cap.into()], slot)?;
        let stride = self.int64(layout::layout(elem).size as i64);
        self.call_runtime("weld_rt_grow", &[slot.into(), self.int64(more).into(), stride.into()])?;
        let grown = self.load_appender(slot)?;
        let to = self.here()?;
        self.enter(roomy)?;
        let joined = self.join(
            (&vec![data.into(), cap.into()], from),
            (&vec![leaf_at(&grown, 0)?, leaf_at(&grown, 2)?], to),
        )?;
        Ok((pointer(leaf_at(&joined, 0)?)?, leaf_at(&joined, 1)?))
    }

    /// Writes an appender as `abi::Appender`.
    pub fn store_appender(&self, state: &[Leaf<'c>], to: PointerValue<'c>) -> Result<(), CodegenError> {
        for slot in 0..3 {
            self.b.build_store(self.offset(to, slot * 8)?, leaf_at(state, slot)?)?;
        }
        Ok(())
    }

    /// Reads an `abi::Appender`.
    pub fn load_appender(&self, from: PointerValue<'c>) -> Result<Val<'c>, CodegenError> {
        let count = self.m.context.i64_type();
        Ok(vec![
            self.b.build_load(self.ptr_ty(), from, "data")?,
            self.b.build_load(count, self.offset(from, 8)?, "len")?,
            self.b.build_load(count, self.offset(from, 16)?, "cap")?,
        ])
    }
}
