#![forbid(unsafe_code)]
//! Inputs and results of a program in memory, and builders among them.
//!
//! Promises: a builder crosses as what `result` would give, at the start of its own memory (LANGUAGE 17 gives the sizes); a
//! builder that comes in goes on from there, and what it came from is not changed.

use super::CodegenError;
use super::dict::Entry;
use super::func::FnCx;
use super::leaves::{Val, field_range, int, leaf_at, pointer, single};
use crate::ir::{BuilderTy, Ty};
use crate::value::layout;
use inkwell::values::PointerValue;

impl<'c> FnCx<'_, 'c> {
    /// The input of type `ty` at `from`.
    pub fn input(&mut self, ty: &Ty, from: PointerValue<'c>) -> Result<Val<'c>, CodegenError> {
        match ty {
            Ty::Builder(builder) => {
                let held = self.load(&builder.result_ty(), from)?;
                self.holding(builder, held)
            }
            Ty::Struct(fields) if ty.has_builder() => {
                let mut value = Vec::new();
                for (field, offset) in fields.iter().zip(layout::field_offsets(fields)) {
                    value.extend(self.input(field, self.offset(from, offset)?)?);
                }
                Ok(value)
            }
            _ => self.load(ty, from),
        }
    }

    /// Writes the result of a program, of type `ty`.
    pub fn output(&mut self, ty: &Ty, value: &Val<'c>, to: PointerValue<'c>) -> Result<(), CodegenError> {
        match ty {
            Ty::Builder(builder) => {
                let held = self.result(ty, value.clone())?;
                self.store(&builder.result_ty(), &held, to)
            }
            Ty::Struct(fields) if ty.has_builder() => {
                for (k, (field, offset)) in fields.iter().zip(layout::field_offsets(fields)).enumerate() {
                    let part = value.get(field_range(fields, k)).unwrap_or_default().to_vec();
                    self.output(field, &part, self.offset(to, offset)?)?;
                }
                Ok(())
            }
            _ => self.store(ty, value, to),
        }
    }

    /// `result(b)` of a builder of type `ty`.
    pub fn result(&mut self, ty: &Ty, mut state: Val<'c>) -> Result<Val<'c>, CodegenError> {
        match ty.as_builder() {
            Some(BuilderTy::Appender(_)) => state.truncate(2),
            Some(kind @ BuilderTy::GroupMerger(_, elem)) => {
                self.finish_groups(&Entry::of(&kind.result_ty())?, elem, single(&state)?)?;
            }
            _ => {}
        }
        Ok(state)
    }

    /// A builder of which `result` would give `held`.
    fn holding(&mut self, builder: &BuilderTy, held: Val<'c>) -> Result<Val<'c>, CodegenError> {
        match builder {
            // Full, so that the first merge makes room elsewhere.
            BuilderTy::Appender(_) => {
                let len = leaf_at(&held, 1)?;
                Ok(vec![leaf_at(&held, 0)?, len, len])
            }
            BuilderTy::Merger(..) => Ok(held),
            BuilderTy::VecMerger(elem, _) => self.copied(elem, &held),
            BuilderTy::DictMerger(..) => {
                self.new_table(&Entry::of(&builder.result_ty())?, Some(single(&held)?))
            }
            BuilderTy::GroupMerger(_, elem) => {
                let (entry, entries) = self.entries(&builder.result_ty(), &held)?;
                let table = single(&self.new_table(&entry, None)?)?;
                let (first, count) = (pointer(leaf_at(&entries, 0)?)?, int(leaf_at(&entries, 1)?)?);
                self.polled(count, Vec::new(), &mut |cx, at, carried| {
                    let pair = cx.load(&entry.pair, cx.elem_address(&entry.pair, first, at)?)?;
                    let key = pair.get(..pair.len().saturating_sub(2)).unwrap_or_default().to_vec();
                    let values = pair.get(key.len()..).unwrap_or_default().to_vec();
                    let (data, n) = (pointer(leaf_at(&values, 0)?)?, int(leaf_at(&values, 1)?)?);
                    cx.counted(cx.int64(0), n, 1, Vec::new(), &mut |cx, k, carried| {
                        let mut row = key.clone();
                        row.extend(cx.load(elem, cx.elem_address(elem, data, k)?)?);
                        cx.merge_group(&entry, elem, table, &row, None)?;
                        Ok(carried)
                    })?;
                    Ok(carried)
                })?;
                Ok(vec![table])
            }
        }
    }
}
