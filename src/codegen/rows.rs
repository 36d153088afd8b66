#![forbid(unsafe_code)]
//! Loops that fill tables and compute what they merge: the rows of a block of iterations are computed in lanes and wait in
//! columns, then they are merged one by one.
//!
//! Promises: rows are merged in the order of their iterations. What a row holds is what the scalar loop would merge; a check
//! that fails in lanes hands the rest of the block to the scalar loop, whose rows wait behind the others. Integers of less
//! than four bytes wait as four; a key that is one word waits as that, together with its hash.

use super::CodegenError;
use super::dict::{Entry, key_word_bytes};
use super::func::FnCx;
use super::leaves::{Leaf, LeafTy, Val, int, leaf_at, leaves_of, memory_ty, pointer, width, with_lanes};
use super::shape::{Part, Shape};
use crate::ir::{BinOp, ExprKind, MergeOp, Scalar, Ty, visit};
use crate::plan::merges;
use crate::runtime::abi::HASH_MULTIPLIER;
use inkwell::IntPredicate;
use inkwell::types::{BasicType, BasicTypeEnum, IntType, VectorType};
use inkwell::values::{BasicValueEnum, IntValue, PointerValue, VectorValue};

/// Iterations in a block.
/// Short, so that the machine reads ahead for the next block while rows of this one are merged.
const BLOCK: i64 = 64;
/// Numbers that move together: those of the widest registers.
const TOGETHER: u32 = 16;

/// The rows of a block that are to be merged into a table.
pub(super) struct Rows<'c> {
    table: PointerValue<'c>,
    entry: Entry,
    op: MergeOp,
    /// Bytes of a key that is one word.
    word: Option<usize>,
    /// The key, as a word or leaf by leaf, and the value.
    columns: Vec<Column<'c>>,
    /// The hashes, where keys are words.
    tags: Option<Column<'c>>,
    /// Which iterations have a row, where not each has one.
    picked: Option<Picked<'c>>,
    /// Whether one place merges, so that what is constant there is constant.
    once: bool,
    /// The number in its block of the iteration that is computed.
    at: IntValue<'c>,
}

/// One number of each row, at the place of its iteration.
#[derive(Clone, Copy)]
struct Column<'c> {
    /// As it waits.
    scalar: Scalar,
    rows: PointerValue<'c>,
    /// Those of one block of lanes: a variable.
    lanes: PointerValue<'c>,
    /// What it is in all rows.
    constant: Option<Leaf<'c>>,
}

/// The iterations of a block that have a row.
#[derive(Clone, Copy)]
struct Picked<'c> {
    /// The lanes that have one: a variable.
    keep: PointerValue<'c>,
    /// Their numbers in the block.
    numbers: PointerValue<'c>,
    /// How many there are: a variable.
    count: PointerValue<'c>,
}

impl<'c> Rows<'c> {
    /// Whether they are merged into this table.
    pub fn are_of(&self, table: PointerValue<'c>) -> bool {
        self.table == table
    }
}

impl<'c> FnCx<'_, 'c> {
    /// The iterations `lo..hi` of a loop that fills tables, whose rows are computed `lanes` at a time.
    pub fn rows_in_lanes(
        &mut self,
        shape: &Shape<'_, 'c>,
        (lo, hi): (IntValue<'c>, IntValue<'c>),
        start: &Val<'c>,
        lanes: u32,
    ) -> Result<(), CodegenError> {
        self.tables.rows = self.no_rows(shape, start, lanes)?;
        self.counted(lo, hi, BLOCK, Vec::new(), &mut |cx, from, carried| {
            let end = cx.b.build_int_add(from, cx.int64(BLOCK), "end")?;
            let to = int(cx.binary(BinOp::Min, Scalar::I64, end.into(), hi.into())?)?;
            for picked in cx.tables.rows.iter().filter_map(|rows| rows.picked) {
                cx.b.build_store(picked.count, cx.int64(0))?;
            }
            let middle = cx.whole_lanes(from, to, lanes)?;
            cx.lanes = Some(lanes);
            let computed = cx.stepped(from, middle, i64::from(lanes), Vec::new(), &mut |cx, i, carried| {
                cx.begin_lanes(lanes)?;
                cx.iteration(shape, i, start.clone())?;
                let at = cx.b.build_int_sub(i, from, "at")?;
                for k in 0..cx.tables.rows.len() {
                    cx.keep_lanes(k, at, lanes)?;
                }
                Ok(carried)
            });
            cx.lanes = None;
            cx.bail = None;
            let (_, reached) = computed?;
            cx.counted(reached, to, 1, Vec::new(), &mut |cx, i, carried| {
                let at = cx.b.build_int_sub(i, from, "at")?;
                cx.tables.rows.iter_mut().for_each(|rows| rows.at = at);
                cx.iteration(shape, i, start.clone())?;
                Ok(carried)
            })?;
            let all = std::mem::take(&mut cx.tables.rows);
            for rows in &all {
                cx.merge_rows(rows, (from, to))?;
            }
            cx.tables.rows = all;
            Ok(carried)
        })?;
        self.tables.rows.clear();
        Ok(())
    }

    /// Room for the rows of a block.
    fn no_rows(
        &mut self,
        shape: &Shape<'_, 'c>,
        start: &Val<'c>,
        lanes: u32,
    ) -> Result<Vec<Rows<'c>>, CodegenError> {
        let mut all = Vec::new();
        let merges = merges::per_iteration(&shape.parts.func);
        let mut places = 0;
        visit::walk(&shape.parts.func.body, &mut |expr| {
            places += usize::from(matches!(expr.kind, ExprKind::Merge(..)));
        });
        let once = places == shape.builders.len();
        for (k, part) in shape.builders.iter().enumerate() {
            let Part::Table { at, key, value, op } = part else {
                return Err(CodegenError("rows for a builder that is no table".into()));
            };
            // In a struct in a struct, it may be that not each iteration has a row.
            let always = match shape.parts.builder.ty.fields() {
                None => merges.is_once(),
                Some(fields) => fields.len() == shape.builders.len() && merges.component(k).is_once(),
            };
            let word = key_word_bytes(key);
            let mut scalars = Vec::new();
            match word {
                Some(bytes) => scalars.push(if bytes > 4 { Scalar::I64 } else { Scalar::I32 }),
                None => scalars.extend(waiting_scalars(key)?),
            }
            scalars.extend(waiting_scalars(value)?);
            let columns = scalars.into_iter().map(|scalar| self.column(scalar, lanes));
            let columns = columns.collect::<Result<_, _>>()?;
            let tags = word.map(|_| self.column(Scalar::I32, lanes)).transpose()?;
            let picked = if always { None } else { Some(self.picked_rows(lanes)?) };
            let table = pointer(leaf_at(start, *at)?)?;
            let (entry, op, at) = (Entry::new(key, value), *op, self.int64(0));
            all.push(Rows { table, entry, op, word, columns, tags, picked, once, at });
        }
        Ok(all)
    }

    fn picked_rows(&self, lanes: u32) -> Result<Picked<'c>, CodegenError> {
        let context = self.m.context;
        let keep = self.alloca(context.bool_type().vec_type(lanes).into(), "keep")?;
        // The register of the last ones is written as a whole.
        let numbers = context.i32_type().array_type(BLOCK as u32 + TOGETHER);
        let numbers = self.alloca(numbers.into(), "numbers")?;
        let count = self.alloca(context.i64_type().into(), "count")?;
        Ok(Picked { keep, numbers, count })
    }

    fn column(&self, scalar: Scalar, lanes: u32) -> Result<Column<'c>, CodegenError> {
        let ty = memory_ty(self.m.context, scalar);
        let rows = self.alloca(ty.array_type(BLOCK as u32).into(), "rows")?;
        let lanes = self.alloca(with_lanes(ty, Some(lanes)), "lanes")?;
        Ok(Column { scalar, rows, lanes, constant: None })
    }

    /// Nothing is known of the lanes that are computed next.
    fn begin_lanes(&self, lanes: u32) -> Result<(), CodegenError> {
        for rows in &self.tables.rows {
            if let Some(picked) = rows.picked {
                self.b.build_store(picked.keep, self.no_lanes(lanes)?)?;
            }
            for column in &rows.columns {
                let ty = with_lanes(memory_ty(self.m.context, column.scalar), Some(lanes));
                if let BasicTypeEnum::VectorType(ty) = ty {
                    self.b.build_store(column.lanes, ty.get_poison())?;
                }
            }
        }
        Ok(())
    }

    /// `merge(b, {key, value})` into the table of these rows.
    pub fn wait(&mut self, k: usize, pair: &[Leaf<'c>]) -> Result<(), CodegenError> {
        let Some(rows) = self.tables.rows.get_mut(k) else { return Ok(()) };
        let keys = width(&rows.entry.key);
        if rows.once {
            let values = rows.columns.iter_mut().rev().zip(pair.iter().skip(keys).rev());
            for (column, value) in values {
                column.constant = Some(*value).filter(is_const);
            }
        }
        let (table, at, picked, word) = (rows.table, rows.at, rows.picked, rows.word);
        let (columns, tags, key_ty) = (rows.columns.clone(), rows.tags, rows.entry.key.clone());
        let row = self.row_of(&key_ty, word, pair)?;
        let stored = columns.iter().zip(row).filter(|(column, _)| column.constant.is_none());
        if let Some(lanes) = self.lanes {
            for (column, value) in stored {
                let value = match self.mask {
                    Some(mask) => {
                        let before = self.load_scalar(column.scalar, column.lanes, self.lanes)?;
                        self.select(mask, value, before)?
                    }
                    None => value,
                };
                self.store_scalar(column.scalar, value, column.lanes)?;
            }
            if let Some(Picked { keep, .. }) = picked {
                let before = self.b.build_load(self.m.context.bool_type().vec_type(lanes), keep, "keep")?;
                let active = self.active(lanes)?;
                self.b.build_store(keep, self.binary(BinOp::BitOr, Scalar::Bool, before, active)?)?;
            }
            return Ok(());
        }
        for (column, value) in stored {
            self.store_scalar(column.scalar, value, self.row_at(column, at)?)?;
        }
        if let Some(tags) = tags {
            let key = pair.get(..keys).unwrap_or_default();
            let hash = self.hash(&key_ty, key, self.seed_of(table)?)?;
            let tag = self.tag_of(hash)?;
            self.store_scalar(tags.scalar, tag.into(), self.row_at(&tags, at)?)?;
        }
        let Some(Picked { numbers, count, .. }) = picked else { return Ok(()) };
        let n = int(self.b.build_load(self.m.context.i64_type(), count, "count")?)?;
        let i32_ty = self.m.context.i32_type();
        let number = self.b.build_int_truncate(at, i32_ty, "number")?;
        self.b.build_store(self.element(i32_ty.into(), numbers, n)?, number)?;
        self.b.build_store(count, self.b.build_int_add(n, self.int64(1), "count")?)?;
        Ok(())
    }

    /// Where a number of the row of iteration `at` is.
    fn row_at(&self, column: &Column<'c>, at: IntValue<'c>) -> Result<PointerValue<'c>, CodegenError> {
        self.element(memory_ty(self.m.context, column.scalar), column.rows, at)
    }

    /// A row as it waits.
    fn row_of(&mut self, key: &Ty, word: Option<usize>, pair: &[Leaf<'c>]) -> Result<Val<'c>, CodegenError> {
        let (own, value) = pair.split_at(width(key).min(pair.len()));
        let mut row = Vec::new();
        match word {
            None => {
                for leaf in own {
                    row.push(self.waiting_leaf(*leaf, 4)?);
                }
            }
            Some(bytes) => {
                let wide = if bytes > 4 { 8 } else { 4 };
                let mut used = 0;
                let mut all: Option<Leaf<'c>> = None;
                for (leaf, ty) in own.iter().zip(leaves_of(key)) {
                    let bits = self.waiting_leaf(*leaf, wide)?;
                    let scalar = if wide == 8 { Scalar::U64 } else { Scalar::U32 };
                    all = Some(match all {
                        None => bits,
                        Some(before) => {
                            let step = self.constant(&crate::ir::Literal::from_i64(scalar, used))?;
                            let placed = self.binary(BinOp::Shl, scalar, bits, step)?;
                            self.binary(BinOp::BitOr, scalar, before, placed)?
                        }
                    });
                    if let LeafTy::Scalar(scalar) = ty {
                        used += scalar.bytes() as i64 * 8;
                    }
                }
                row.extend(all);
            }
        }
        for leaf in value {
            row.push(self.waiting_leaf(*leaf, 4)?);
        }
        Ok(row)
    }

    /// A leaf of at least so many bytes; in lanes, a vector.
    fn waiting_leaf(&self, leaf: Leaf<'c>, bytes: u32) -> Result<Leaf<'c>, CodegenError> {
        let leaf = match self.lanes {
            Some(lanes) => self.splat(leaf, lanes)?,
            None => leaf,
        };
        let ty = self.int_of_bytes(bytes);
        Ok(match leaf {
            BasicValueEnum::IntValue(value) if value.get_type().get_bit_width() < bytes * 8 => {
                self.b.build_int_z_extend(value, ty, "wide")?.into()
            }
            BasicValueEnum::VectorValue(value) => match value.get_type().get_element_type() {
                BasicTypeEnum::IntType(own) if own.get_bit_width() < bytes * 8 => {
                    self.b.build_int_z_extend(value, ty.vec_type(value.get_type().get_size()), "wide")?.into()
                }
                _ => leaf,
            },
            _ => leaf,
        })
    }

    fn int_of_bytes(&self, bytes: u32) -> IntType<'c> {
        if bytes == 8 { self.m.context.i64_type() } else { self.m.context.i32_type() }
    }

    /// The lanes that were computed become rows.
    fn keep_lanes(&mut self, k: usize, at: IntValue<'c>, lanes: u32) -> Result<(), CodegenError> {
        let Some(rows) = self.tables.rows.get(k) else { return Ok(()) };
        for (k, column) in rows.columns.iter().enumerate() {
            if column.constant.is_some() {
                continue;
            }
            let value = self.load_scalar(column.scalar, column.lanes, Some(lanes))?;
            self.store_scalar(column.scalar, value, self.row_at(column, at)?)?;
            if let (0, Some(tags)) = (k, rows.tags) {
                let seed = self.seed_of(rows.table)?;
                let tag = self.tags_in_lanes(value.into_vector_value(), seed, lanes)?;
                self.store_scalar(tags.scalar, tag.into(), self.row_at(&tags, at)?)?;
            }
        }
        let Some(Picked { keep, numbers, count }) = rows.picked else { return Ok(()) };
        let i32_ty = self.m.context.i32_type();
        let keep = self.b.build_load(self.m.context.bool_type().vec_type(lanes), keep, "keep")?;
        let keep = keep.into_vector_value();
        let first = self.b.build_int_truncate(at, i32_ty, "first")?;
        let mut n = int(self.b.build_load(self.m.context.i64_type(), count, "count")?)?;
        for start in (0..lanes).step_by(TOGETHER as usize) {
            let picks: Vec<u32> = (start..start + TOGETHER).collect();
            let mask = self.shuffled(keep, keep, &picks)?;
            let steps: Vec<IntValue<'c>> = picks.iter().map(|lane| self.int32(*lane)).collect();
            let first = self.splat(first.into(), TOGETHER)?.into_vector_value();
            let own = self.b.build_int_add(first, VectorType::const_vector(&steps), "numbers")?;
            let args = [own.into(), mask.into(), own.get_type().get_poison().into()];
            let moved =
                self.intrinsic("llvm.experimental.vector.compress", &[own.get_type().into()], &args)?;
            self.store_scalar(Scalar::I32, moved, self.element(i32_ty.into(), numbers, n)?)?;
            let bits = self.b.build_bit_cast(mask, self.m.context.i16_type(), "bits")?;
            let kept = int(self.intrinsic("llvm.ctpop", &[bits.get_type()], &[bits])?)?;
            let kept = self.b.build_int_z_extend(kept, self.m.context.i64_type(), "kept")?;
            n = self.b.build_int_add(n, kept, "count")?;
        }
        self.b.build_store(count, n)?;
        Ok(())
    }

    /// The hashes of words, as [`FnCx::tag_of`] gives them: products of 64 bits from those of 32.
    fn tags_in_lanes(
        &self,
        words: VectorValue<'c>,
        seed: IntValue<'c>,
        lanes: u32,
    ) -> Result<VectorValue<'c>, CodegenError> {
        let ty = self.m.context.i64_type().vec_type(lanes);
        let all = |value: u64| {
            let value = self.m.context.i64_type().const_int(value, false);
            Ok::<_, CodegenError>(self.splat(value.into(), lanes)?.into_vector_value())
        };
        let (half, low) = (all(32)?, all(u64::from(u32::MAX))?);
        let upper = |value| self.b.build_right_shift(value, half, false, "upper");
        let words = self.b.build_int_z_extend_or_bit_cast(words, ty, "words")?;
        let seed = self.splat(seed.into(), lanes)?.into_vector_value();
        let mixed = self.b.build_xor(words, seed, "mixed")?;
        let (a, b) = (self.b.build_and(mixed, low, "a")?, upper(mixed)?);
        let (c, d) = (all(HASH_MULTIPLIER & u64::from(u32::MAX))?, all(HASH_MULTIPLIER >> 32)?);
        let product = |x, y| self.b.build_int_mul(x, y, "product");
        let (ac, ad, bc, bd) = (product(a, c)?, product(a, d)?, product(b, c)?, product(b, d)?);
        let add = |x, y| self.b.build_int_add(x, y, "sum");
        let lower = |value| self.b.build_and(value, low, "lower");
        let middle = add(add(upper(ac)?, lower(ad)?)?, lower(bc)?)?;
        let high = add(add(bd, upper(ad)?)?, add(upper(bc)?, upper(middle)?)?)?;
        let tags = self.b.build_xor(upper(high)?, middle, "tags")?;
        let ty = self.m.context.i32_type().vec_type(lanes);
        let tags = self.b.build_int_truncate(tags, ty, "tags")?;
        let one = self.splat(self.int32(1).into(), lanes)?;
        Ok(self.intrinsic("llvm.umax", &[ty.into()], &[tags.into(), one])?.into_vector_value())
    }

    /// Merges the rows of the iterations `from..to`.
    fn merge_rows(
        &mut self,
        rows: &Rows<'c>,
        (from, to): (IntValue<'c>, IntValue<'c>),
    ) -> Result<(), CodegenError> {
        let (i32_ty, i64_ty) = (self.m.context.i32_type(), self.m.context.i64_type());
        let n = match rows.picked {
            Some(picked) => int(self.b.build_load(i64_ty, picked.count, "count")?)?,
            None => self.b.build_int_sub(to, from, "count")?,
        };
        self.counted(self.int64(0), n, 1, Vec::new(), &mut |cx, k, carried| {
            let at = match rows.picked {
                Some(picked) => {
                    let number = cx.element(i32_ty.into(), picked.numbers, k)?;
                    let number = int(cx.b.build_load(i32_ty, number, "number")?)?;
                    cx.b.build_int_z_extend(number, i64_ty, "at")?
                }
                None => k,
            };
            let around = cx.tables.chunked_at;
            cx.tables.chunked_at = Some(cx.b.build_int_add(from, at, "i")?);
            let mut row = Vec::new();
            for column in &rows.columns {
                row.push(match column.constant {
                    Some(value) => cx.waiting_leaf(value, 4)?,
                    None => cx.load_scalar(column.scalar, cx.row_at(column, at)?, None)?,
                });
            }
            let pair = cx.pair_of(rows, &row)?;
            let tag = match &rows.tags {
                Some(tags) => int(cx.load_scalar(tags.scalar, cx.row_at(tags, at)?, None)?)?,
                None => {
                    let key = pair.get(..width(&rows.entry.key)).unwrap_or_default();
                    cx.key_tag(&rows.entry, rows.table, key)?
                }
            };
            cx.merge_row(&rows.entry, rows.op, rows.table, &pair, tag)?;
            cx.tables.chunked_at = around;
            Ok(carried)
        })?;
        Ok(())
    }

    /// The leaves of a row that waited.
    fn pair_of(&self, rows: &Rows<'c>, row: &[Leaf<'c>]) -> Result<Val<'c>, CodegenError> {
        let mut pair = Vec::new();
        let mut at = 0;
        if rows.word.is_some() {
            let word = int(leaf_at(row, 0)?)?;
            let mut used = 0;
            for leaf in leaves_of(&rows.entry.key) {
                let LeafTy::Scalar(scalar) = leaf else { continue };
                let step = word.get_type().const_int(used, false);
                let bits = self.b.build_right_shift(word, step, false, "bits")?;
                pair.push(self.narrow(scalar, bits.into())?);
                used += scalar.bytes() as u64 * 8;
            }
            at = 1;
        } else {
            for leaf in leaves_of(&rows.entry.key) {
                if let LeafTy::Scalar(scalar) = leaf {
                    pair.push(self.narrow(scalar, leaf_at(row, at)?)?);
                }
                at += 1;
            }
        }
        for leaf in leaves_of(&rows.entry.value) {
            if let LeafTy::Scalar(scalar) = leaf {
                pair.push(self.narrow(scalar, leaf_at(row, at)?)?);
            }
            at += 1;
        }
        Ok(pair)
    }

    /// A leaf of its own width.
    fn narrow(&self, scalar: Scalar, leaf: Leaf<'c>) -> Result<Leaf<'c>, CodegenError> {
        let BasicValueEnum::IntValue(value) = leaf else { return Ok(leaf) };
        if scalar == Scalar::Bool {
            let none = value.get_type().const_zero();
            return Ok(self.b.build_int_compare(IntPredicate::NE, value, none, "bool")?.into());
        }
        match memory_ty(self.m.context, scalar) {
            BasicTypeEnum::IntType(ty) => Ok(self.b.build_int_truncate_or_bit_cast(value, ty, "own")?.into()),
            _ => Ok(leaf),
        }
    }
}

/// The scalars of a type as they wait.
fn waiting_scalars(ty: &Ty) -> Result<Vec<Scalar>, CodegenError> {
    let scalar = |leaf| match leaf {
        LeafTy::Scalar(scalar) if scalar.bytes() < 4 => Ok(Scalar::I32),
        LeafTy::Scalar(scalar) => Ok(scalar),
        _ => Err(CodegenError("lanes hold scalars".into())),
    };
    leaves_of(ty).into_iter().map(scalar).collect()
}

fn is_const(leaf: &Leaf<'_>) -> bool {
    match leaf {
        BasicValueEnum::IntValue(value) => value.is_const(),
        BasicValueEnum::FloatValue(value) => value.is_const(),
        _ => false,
    }
}
