#![forbid(unsafe_code)]
//! Structs of scalars in lanes: many neighbouring structs in memory, one vector for each field in registers.
//!
//! Promises: memory is read and written as words of the alignment of the struct, each of which holds whole fields, so that
//! wide accesses and shuffles do what an access for each field and lane would do. Padding is written as zeros.

use super::CodegenError;
use super::func::FnCx;
use super::leaves::{Leaf, LeafTy, Val, leaves_of, memory_ty, with_lanes};
use crate::ir::{Literal, Scalar, Ty};
use crate::value::layout;
use inkwell::IntPredicate;
use inkwell::types::{BasicTypeEnum, IntType, VectorType};
use inkwell::values::{BasicValue, BasicValueEnum, PointerValue, VectorValue};

/// The scalars of a struct and where they are, in words.
struct Words {
    /// Bytes of a word.
    bytes: usize,
    /// Words of a struct.
    count: usize,
    fields: Vec<(Scalar, usize)>,
}

impl Words {
    fn of(elem: &Ty) -> Result<Words, CodegenError> {
        let layout = layout::layout(elem);
        let mut fields = Vec::new();
        for (leaf, offset) in leaves_of(elem).into_iter().zip(layout::leaf_offsets(elem)) {
            let LeafTy::Scalar(scalar) = leaf else {
                return Err(CodegenError(format!("`{elem}` has no lanes")));
            };
            fields.push((scalar, offset));
        }
        Ok(Words { bytes: layout.align, count: layout.size / layout.align.max(1), fields })
    }
}

impl<'c> FnCx<'_, 'c> {
    /// The `lanes` structs or scalars that begin at `from`.
    pub fn load_lanes(&self, elem: &Ty, from: PointerValue<'c>, lanes: u32) -> Result<Val<'c>, CodegenError> {
        if let Some(scalar) = elem.scalar() {
            return Ok(vec![self.load_scalar(scalar, from, Some(lanes))?]);
        }
        let words = Words::of(elem)?;
        if words.fields.is_empty() {
            return Ok(Vec::new());
        }
        let ty = self.word_ty(&words);
        let load = self.b.build_load(ty.vec_type(lanes * words.count as u32), from, "structs")?;
        if let Some(load) = load.as_instruction_value() {
            load.set_alignment(words.bytes as u32).map_err(|error| CodegenError(error.to_string()))?;
        }
        let all = load.into_vector_value();
        let mut columns = Vec::new();
        for word in 0..words.count {
            let picks: Vec<u32> = (0..lanes).map(|lane| lane * words.count as u32 + word as u32).collect();
            columns.push(self.shuffled(all, all, &picks)?);
        }
        let mut out = Vec::new();
        for (scalar, offset) in &words.fields {
            let column = columns.get(offset / words.bytes).copied();
            let column = column.ok_or_else(|| CodegenError("a field is outside of its struct".into()))?;
            out.push(self.field_of_word(column, *scalar, offset % words.bytes, lanes)?);
        }
        Ok(out)
    }

    /// The words of `lanes` structs, or the scalars as they are in memory.
    pub fn columns(
        &self,
        elem: &Ty,
        values: &[Leaf<'c>],
        lanes: u32,
    ) -> Result<Vec<VectorValue<'c>>, CodegenError> {
        if let (Some(scalar), [value]) = (elem.scalar(), values) {
            return Ok(vec![self.in_memory(scalar, *value, lanes)?]);
        }
        let words = Words::of(elem)?;
        let ty = self.word_ty(&words).vec_type(lanes);
        let mut columns = vec![ty.const_zero(); words.count];
        for ((scalar, offset), value) in words.fields.iter().zip(values) {
            let bits = self.lane_bits(*scalar, *value, lanes)?;
            let wide = self.b.build_int_z_extend_or_bit_cast(bits, ty, "word")?;
            let shift = self.int_of(&words, offset % words.bytes * 8);
            let shift = self.splat(shift, lanes)?.into_vector_value();
            let placed = self.b.build_left_shift(wide, shift, "placed")?;
            if let Some(column) = columns.get_mut(offset / words.bytes) {
                *column = self.b.build_or(*column, placed, "word")?;
            }
        }
        Ok(columns)
    }

    /// Writes columns as neighbouring elements.
    pub fn store_columns(
        &self,
        columns: &[VectorValue<'c>],
        align: usize,
        to: PointerValue<'c>,
    ) -> Result<(), CodegenError> {
        let (Some(first), count) = (columns.first(), columns.len() as u32) else { return Ok(()) };
        let lanes = first.get_type().get_size();
        // The columns one after the other, doubled in width as long as there are some; then in the order of memory.
        let mut all = columns.to_vec();
        while all.len() > 1 {
            let mut next = Vec::new();
            for pair in all.chunks(2) {
                let (low, high) = match pair {
                    [low, high] => (*low, *high),
                    [low, ..] => (*low, low.get_type().get_poison()),
                    [] => continue,
                };
                let both: Vec<u32> = (0..2 * low.get_type().get_size()).collect();
                next.push(self.shuffled(low, high, &both)?);
            }
            all = next;
        }
        let mut value = all.first().copied().unwrap_or(*first);
        if count > 1 {
            let order: Vec<u32> =
                (0..lanes).flat_map(|lane| (0..count).map(move |word| word * lanes + lane)).collect();
            value = self.shuffled(value, value, &order)?;
        }
        let store = self.b.build_store(to, value)?;
        store.set_alignment(align as u32).map_err(|error| CodegenError(error.to_string()))
    }

    /// The elements `picks` of two vectors in a row.
    pub fn shuffled(
        &self,
        a: VectorValue<'c>,
        b: VectorValue<'c>,
        picks: &[u32],
    ) -> Result<VectorValue<'c>, CodegenError> {
        let picks: Vec<_> = picks.iter().map(|pick| self.int32(*pick)).collect();
        Ok(self.b.build_shuffle_vector(a, b, VectorType::const_vector(&picks), "shuffled")?)
    }

    fn word_ty(&self, words: &Words) -> IntType<'c> {
        match words.bytes {
            1 => self.m.context.i8_type(),
            2 => self.m.context.i16_type(),
            4 => self.m.context.i32_type(),
            _ => self.m.context.i64_type(),
        }
    }

    fn int_of(&self, words: &Words, value: usize) -> Leaf<'c> {
        self.word_ty(words).const_int(value as u64, false).into()
    }

    /// The field of type `scalar` at byte `offset` of each word.
    fn field_of_word(
        &self,
        word: VectorValue<'c>,
        scalar: Scalar,
        offset: usize,
        lanes: u32,
    ) -> Result<Leaf<'c>, CodegenError> {
        let ty = word.get_type().get_element_type().into_int_type();
        let shift = self.splat(ty.const_int(offset as u64 * 8, false).into(), lanes)?.into_vector_value();
        let low = self.b.build_right_shift(word, shift, false, "low")?;
        let bits = self.bits_ty(scalar).vec_type(lanes);
        let bits = self.b.build_int_truncate_or_bit_cast(low, bits, "bits")?;
        if scalar == Scalar::Bool {
            let none = bits.get_type().const_zero();
            return Ok(self.b.build_int_compare(IntPredicate::NE, bits, none, "bool")?.into());
        }
        Ok(self.b.build_bit_cast(
            bits,
            with_lanes(memory_ty(self.m.context, scalar), Some(lanes)),
            "field",
        )?)
    }

    /// A vector of scalars as it is in memory.
    pub fn in_memory(
        &self,
        scalar: Scalar,
        value: Leaf<'c>,
        lanes: u32,
    ) -> Result<VectorValue<'c>, CodegenError> {
        let value = self.splat(value, lanes)?.into_vector_value();
        if scalar == Scalar::Bool {
            return Ok(self.b.build_int_z_extend(
                value,
                self.m.context.i8_type().vec_type(lanes),
                "bytes",
            )?);
        }
        Ok(value)
    }

    fn lane_bits(
        &self,
        scalar: Scalar,
        value: Leaf<'c>,
        lanes: u32,
    ) -> Result<VectorValue<'c>, CodegenError> {
        let value = self.in_memory(scalar, value, lanes)?;
        Ok(self.b.build_bit_cast(value, self.bits_ty(scalar).vec_type(lanes), "bits")?.into_vector_value())
    }

    /// The integer type as wide as a scalar in memory.
    fn bits_ty(&self, scalar: Scalar) -> IntType<'c> {
        match scalar.bytes() {
            1 => self.m.context.i8_type(),
            2 => self.m.context.i16_type(),
            4 => self.m.context.i32_type(),
            _ => self.m.context.i64_type(),
        }
    }

    /// The zero of a type of lanes.
    pub fn no_lanes(&self, lanes: u32) -> Result<Leaf<'c>, CodegenError> {
        self.splat(self.constant(&Literal::Bool(false))?, lanes)
    }

    /// One element of a vector, which may be of lanes that are computed when the program runs.
    pub fn picked(&self, column: VectorValue<'c>, lane: u32) -> Result<BasicValueEnum<'c>, CodegenError> {
        Ok(self.b.build_extract_element(column, self.int32(lane), "lane")?)
    }
}

/// The type of a column, as a type of LLVM.
pub(super) fn column_ty(column: VectorValue<'_>) -> BasicTypeEnum<'_> {
    column.get_type().into()
}
