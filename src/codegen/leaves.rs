#![forbid(unsafe_code)]
//! How a value of any type is held in LLVM registers: as a flat list of leaves.
//!
//! Promises: the list of leaves depends on the type alone, so joining branches and carrying loop state are one phi a
//! leaf, and a field of a struct is a range of its list. No aggregate ever reaches LLVM.
//! A vector is its pointer and its length, and so is a vecmerger; an appender pointer, length and capacity; a merger the value it accumulates.

use super::CodegenError;
use crate::ir::{BuilderTy, SIMD_LANES, Scalar, Ty};
use inkwell::AddressSpace;
use inkwell::context::Context;
use inkwell::types::{BasicType, BasicTypeEnum};
use inkwell::values::{BasicValueEnum, FloatValue, IntValue, PointerValue};

/// One LLVM value; in SIMD loops it may be a vector with one element per lane.
pub(super) type Leaf<'c> = BasicValueEnum<'c>;

/// The leaves of one value.
pub(super) type Val<'c> = Vec<Leaf<'c>>;

/// What a leaf is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeafTy {
    Scalar(Scalar),
    /// The lanes of a SIMD value of the program.
    Lanes(Scalar),
    Pointer,
}

/// Appends the leaf types of `ty`.
pub(super) fn leaf_tys(ty: &Ty, out: &mut Vec<LeafTy>) {
    let count = LeafTy::Scalar(Scalar::I64);
    match ty {
        Ty::Scalar(scalar) => out.push(LeafTy::Scalar(*scalar)),
        Ty::Simd(scalar) => out.push(LeafTy::Lanes(*scalar)),
        Ty::Vec(_) => out.extend([LeafTy::Pointer, count]),
        Ty::Struct(fields) => fields.iter().for_each(|field| leaf_tys(field, out)),
        Ty::Builder(builder) => match &**builder {
            BuilderTy::Appender(_) => out.extend([LeafTy::Pointer, count, count]),
            BuilderTy::Merger(value, _) => leaf_tys(value, out),
            BuilderTy::VecMerger(..) => out.extend([LeafTy::Pointer, count]),
            BuilderTy::DictMerger(..) | BuilderTy::GroupMerger(..) => out.push(LeafTy::Pointer),
        },
        Ty::Dict(_) | Ty::Infer(_) => out.push(LeafTy::Pointer),
    }
}

/// The leaf types of `ty`.
pub(super) fn leaves_of(ty: &Ty) -> Vec<LeafTy> {
    let mut out = Vec::new();
    leaf_tys(ty, &mut out);
    out
}

/// Number of leaves of `ty`.
pub(super) fn width(ty: &Ty) -> usize {
    leaves_of(ty).len()
}

/// Where the leaves of field `k` are in those of the struct.
pub(super) fn field_range(fields: &[Ty], k: usize) -> std::ops::Range<usize> {
    let start: usize = fields.iter().take(k).map(width).sum();
    start..start + fields.get(k).map_or(0, width)
}

/// The register type of a leaf: `bool` is `i1`.
pub(super) fn register_ty<'c>(context: &'c Context, leaf: LeafTy) -> BasicTypeEnum<'c> {
    match leaf {
        LeafTy::Scalar(Scalar::Bool) => context.bool_type().into(),
        LeafTy::Scalar(scalar) => memory_ty(context, scalar),
        LeafTy::Lanes(scalar) => {
            with_lanes(register_ty(context, LeafTy::Scalar(scalar)), Some(SIMD_LANES as u32))
        }
        LeafTy::Pointer => context.ptr_type(AddressSpace::default()).into(),
    }
}

/// The memory type of a scalar: `bool` is a byte.
pub(super) fn memory_ty<'c>(context: &'c Context, scalar: Scalar) -> BasicTypeEnum<'c> {
    match scalar {
        Scalar::Bool | Scalar::I8 | Scalar::U8 => context.i8_type().into(),
        Scalar::I16 | Scalar::U16 => context.i16_type().into(),
        Scalar::I32 | Scalar::U32 => context.i32_type().into(),
        Scalar::I64 | Scalar::U64 => context.i64_type().into(),
        Scalar::F32 => context.f32_type().into(),
        Scalar::F64 => context.f64_type().into(),
    }
}

/// `ty`, or a vector of `lanes` of it.
pub(super) fn with_lanes<'c>(ty: BasicTypeEnum<'c>, lanes: Option<u32>) -> BasicTypeEnum<'c> {
    match (ty, lanes) {
        (_, None) => ty,
        (BasicTypeEnum::IntType(int), Some(lanes)) => int.vec_type(lanes).as_basic_type_enum(),
        (BasicTypeEnum::FloatType(float), Some(lanes)) => float.vec_type(lanes).as_basic_type_enum(),
        (BasicTypeEnum::PointerType(pointer), Some(lanes)) => pointer.vec_type(lanes).as_basic_type_enum(),
        (other, Some(_)) => other,
    }
}

/// How many lanes a value has; nothing for a scalar.
pub(super) fn lanes_of(leaf: Leaf<'_>) -> Option<u32> {
    if let BasicValueEnum::VectorValue(vector) = leaf { Some(vector.get_type().get_size()) } else { None }
}

/// The leaf as a scalar integer.
pub(super) fn int<'c>(leaf: Leaf<'c>) -> Result<IntValue<'c>, CodegenError> {
    if let BasicValueEnum::IntValue(value) = leaf { Ok(value) } else { Err(wrong("an integer", leaf)) }
}

/// The leaf as a scalar float.
pub(super) fn float<'c>(leaf: Leaf<'c>) -> Result<FloatValue<'c>, CodegenError> {
    if let BasicValueEnum::FloatValue(value) = leaf { Ok(value) } else { Err(wrong("a float", leaf)) }
}

/// The leaf as a pointer.
pub(super) fn pointer<'c>(leaf: Leaf<'c>) -> Result<PointerValue<'c>, CodegenError> {
    if let BasicValueEnum::PointerValue(value) = leaf { Ok(value) } else { Err(wrong("a pointer", leaf)) }
}

/// The only leaf of a value.
pub(super) fn single<'c>(val: &[Leaf<'c>]) -> Result<Leaf<'c>, CodegenError> {
    match val {
        [leaf] => Ok(*leaf),
        _ => Err(CodegenError(format!("one leaf expected, found {}", val.len()))),
    }
}

/// Leaf `at` of a value.
pub(super) fn leaf_at<'c>(val: &[Leaf<'c>], at: usize) -> Result<Leaf<'c>, CodegenError> {
    val.get(at).copied().ok_or_else(|| CodegenError(format!("leaf {at} of {} is missing", val.len())))
}

fn wrong(wanted: &str, found: Leaf<'_>) -> CodegenError {
    CodegenError(format!("{wanted} expected, found {}", found.get_type()))
}
