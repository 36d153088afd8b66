#![forbid(unsafe_code)]
//! Types: LANGUAGE section 3, and how they are written.

use std::fmt;
use std::sync::Arc;

/// The eleven scalar types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Scalar {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
}

impl Scalar {
    /// All of them, in the order of the reference.
    pub const ALL: [Scalar; 11] = [
        Scalar::Bool,
        Scalar::I8,
        Scalar::I16,
        Scalar::I32,
        Scalar::I64,
        Scalar::U8,
        Scalar::U16,
        Scalar::U32,
        Scalar::U64,
        Scalar::F32,
        Scalar::F64,
    ];

    /// The keyword, which is also the name of the cast.
    pub fn name(self) -> &'static str {
        match self {
            Scalar::Bool => "bool",
            Scalar::I8 => "i8",
            Scalar::I16 => "i16",
            Scalar::I32 => "i32",
            Scalar::I64 => "i64",
            Scalar::U8 => "u8",
            Scalar::U16 => "u16",
            Scalar::U32 => "u32",
            Scalar::U64 => "u64",
            Scalar::F32 => "f32",
            Scalar::F64 => "f64",
        }
    }

    /// Bytes in memory, which is also the alignment.
    pub fn bytes(self) -> usize {
        match self {
            Scalar::Bool | Scalar::I8 | Scalar::U8 => 1,
            Scalar::I16 | Scalar::U16 => 2,
            Scalar::I32 | Scalar::U32 | Scalar::F32 => 4,
            Scalar::I64 | Scalar::U64 | Scalar::F64 => 8,
        }
    }

    /// `f32` or `f64`.
    pub fn is_float(self) -> bool {
        matches!(self, Scalar::F32 | Scalar::F64)
    }

    /// An integer type, signed or not; not `bool`.
    pub fn is_int(self) -> bool {
        !self.is_float() && self != Scalar::Bool
    }

    /// A signed integer type.
    pub fn is_signed(self) -> bool {
        matches!(self, Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64)
    }

    /// An integer or float type: what `+` works on.
    pub fn is_num(self) -> bool {
        self != Scalar::Bool
    }
}

/// Number of lanes of a `simd[s]`, the same for every `s`: values of different widths meet in one expression.
pub const SIMD_LANES: usize = 16;

/// The associative and commutative operators that builders combine values with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum MergeOp {
    Add,
    Mul,
    Min,
    Max,
}

impl MergeOp {
    /// The way it is written in a type.
    pub fn symbol(self) -> &'static str {
        match self {
            MergeOp::Add => "+",
            MergeOp::Mul => "*",
            MergeOp::Min => "min",
            MergeOp::Max => "max",
        }
    }
}

/// A builder type without its annotations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BuilderTy {
    /// `appender[T]`: collects a vector in loop order.
    Appender(Ty),
    /// `merger[T,op]`: combines values; `T` is a number or a struct of numbers.
    Merger(Ty, MergeOp),
    /// `dictmerger[K,V,op]`.
    DictMerger(Ty, Ty, MergeOp),
    /// `groupmerger[K,V]`.
    GroupMerger(Ty, Ty),
    /// `vecmerger[T,op]`.
    VecMerger(Ty, MergeOp),
}

impl BuilderTy {
    /// What `merge` takes as its second argument.
    pub fn merge_ty(&self) -> Ty {
        match self {
            BuilderTy::Appender(elem) => elem.clone(),
            BuilderTy::Merger(value, _) => value.clone(),
            BuilderTy::DictMerger(key, value, _) | BuilderTy::GroupMerger(key, value) => {
                Ty::tuple(vec![key.clone(), value.clone()])
            }
            BuilderTy::VecMerger(elem, _) => Ty::tuple(vec![Ty::I64, elem.clone()]),
        }
    }

    /// What `result` gives.
    pub fn result_ty(&self) -> Ty {
        match self {
            BuilderTy::Appender(elem) | BuilderTy::VecMerger(elem, _) => Ty::vec(elem.clone()),
            BuilderTy::Merger(value, _) => value.clone(),
            BuilderTy::DictMerger(key, value, _) => Ty::Dict(Arc::new((key.clone(), value.clone()))),
            BuilderTy::GroupMerger(key, value) => Ty::Dict(Arc::new((key.clone(), Ty::vec(value.clone())))),
        }
    }
}

/// A type. Equality is structural; cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ty {
    /// `i64`, `bool`, ...
    Scalar(Scalar),
    /// `simd[s]`.
    Simd(Scalar),
    /// `vec[T]`.
    Vec(Arc<Ty>),
    /// `dict[K,V]`.
    Dict(Arc<(Ty, Ty)>),
    /// `{T1,..,Tn}`.
    Struct(Arc<[Ty]>),
    /// A builder.
    Builder(Arc<BuilderTy>),
    /// An inference variable. Exists only inside `check`; the verifier rejects it.
    Infer(u32),
}

impl Ty {
    /// `bool`.
    pub const BOOL: Ty = Ty::Scalar(Scalar::Bool);
    /// `i64`.
    pub const I64: Ty = Ty::Scalar(Scalar::I64);
    /// `i8`.
    pub const I8: Ty = Ty::Scalar(Scalar::I8);

    /// `vec[elem]`.
    pub fn vec(elem: Ty) -> Ty {
        Ty::Vec(Arc::new(elem))
    }

    /// `{fields}`.
    pub fn tuple(fields: Vec<Ty>) -> Ty {
        Ty::Struct(fields.into())
    }

    /// A builder type.
    pub fn builder(builder: BuilderTy) -> Ty {
        Ty::Builder(Arc::new(builder))
    }

    /// The scalar, if this is one.
    pub fn scalar(&self) -> Option<Scalar> {
        if let Ty::Scalar(scalar) = self { Some(*scalar) } else { None }
    }

    /// The element type, if this is a vector.
    pub fn elem(&self) -> Option<&Ty> {
        if let Ty::Vec(elem) = self { Some(elem) } else { None }
    }

    /// The field types, if this is a struct.
    pub fn fields(&self) -> Option<&[Ty]> {
        if let Ty::Struct(fields) = self { Some(fields) } else { None }
    }

    /// The builder, if this is one (not a struct of them).
    pub fn as_builder(&self) -> Option<&BuilderTy> {
        if let Ty::Builder(builder) = self { Some(builder) } else { None }
    }

    /// Whether this is a builder or a non-empty struct of builder-like types: what `for` takes.
    pub fn is_builder_like(&self) -> bool {
        match self {
            Ty::Builder(_) => true,
            Ty::Struct(fields) => !fields.is_empty() && fields.iter().all(Ty::is_builder_like),
            _ => false,
        }
    }

    /// Whether a builder occurs anywhere in it: values of such types may be used only once.
    pub fn has_builder(&self) -> bool {
        match self {
            Ty::Builder(_) => true,
            Ty::Struct(fields) => fields.iter().any(Ty::has_builder),
            _ => false,
        }
    }

    /// Whether this can be the value of a merger: a number, or a non-empty struct of numbers.
    pub fn is_mergeable(&self) -> bool {
        match self {
            Ty::Scalar(scalar) => scalar.is_num(),
            Ty::Struct(fields) => {
                !fields.is_empty() && fields.iter().all(|field| field.scalar().is_some_and(Scalar::is_num))
            }
            _ => false,
        }
    }

    /// The type of [`SIMD_LANES`] values of this type side by side: `simd` of a scalar, lane by lane for a struct of such.
    pub fn in_lanes(&self) -> Option<Ty> {
        match self {
            Ty::Scalar(scalar) => Some(Ty::Simd(*scalar)),
            Ty::Struct(fields) => fields.iter().map(Ty::in_lanes).collect::<Option<_>>().map(Ty::tuple),
            _ => None,
        }
    }

    /// Whether a `simd` occurs in it.
    pub fn has_simd(&self) -> bool {
        match self {
            Ty::Simd(_) => true,
            Ty::Struct(fields) => fields.iter().any(Ty::has_simd),
            _ => false,
        }
    }

    /// Whether `<` works on it, and `sort`: scalars, vectors and structs of such.
    pub fn is_ordered(&self) -> bool {
        match self {
            Ty::Scalar(_) => true,
            Ty::Vec(elem) => elem.is_ordered(),
            Ty::Struct(fields) => fields.iter().all(Ty::is_ordered),
            Ty::Simd(_) | Ty::Dict(_) | Ty::Builder(_) | Ty::Infer(_) => false,
        }
    }

    /// Whether it can be the key of a dictionary: scalars, vectors and structs of such.
    pub fn is_hashable(&self) -> bool {
        self.is_ordered()
    }

    /// Whether `serialize` takes it: everything but SIMD values and builders.
    pub fn is_serializable(&self) -> bool {
        match self {
            Ty::Scalar(_) => true,
            Ty::Vec(elem) => elem.is_serializable(),
            Ty::Dict(entry) => entry.0.is_serializable() && entry.1.is_serializable(),
            Ty::Struct(fields) => fields.iter().all(Ty::is_serializable),
            Ty::Simd(_) | Ty::Builder(_) | Ty::Infer(_) => false,
        }
    }

    /// Key and value, if this is a dictionary.
    pub fn entry(&self) -> Option<&(Ty, Ty)> {
        if let Ty::Dict(entry) = self { Some(entry) } else { None }
    }

    /// Whether it contains no pointer: no vector, dictionary or builder at any depth.
    pub fn is_flat(&self) -> bool {
        match self {
            Ty::Scalar(_) | Ty::Simd(_) => true,
            Ty::Struct(fields) => fields.iter().all(Ty::is_flat),
            Ty::Vec(_) | Ty::Dict(_) | Ty::Builder(_) | Ty::Infer(_) => false,
        }
    }

    /// Whether `==` works on it.
    pub fn has_equality(&self) -> bool {
        match self {
            Ty::Scalar(_) | Ty::Simd(_) => true,
            Ty::Vec(elem) => !matches!(**elem, Ty::Simd(_)) && elem.has_equality(),
            Ty::Struct(fields) => {
                fields.iter().all(|field| !matches!(field, Ty::Simd(_)) && field.has_equality())
            }
            Ty::Dict(_) | Ty::Builder(_) | Ty::Infer(_) => false,
        }
    }
}

impl From<Scalar> for Ty {
    fn from(scalar: Scalar) -> Ty {
        Ty::Scalar(scalar)
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for BuilderTy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuilderTy::Appender(elem) => write!(f, "appender[{elem}]"),
            BuilderTy::Merger(value, op) => write!(f, "merger[{value},{}]", op.symbol()),
            BuilderTy::DictMerger(key, value, op) => write!(f, "dictmerger[{key},{value},{}]", op.symbol()),
            BuilderTy::GroupMerger(key, value) => write!(f, "groupmerger[{key},{value}]"),
            BuilderTy::VecMerger(elem, op) => write!(f, "vecmerger[{elem},{}]", op.symbol()),
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::Scalar(scalar) => write!(f, "{scalar}"),
            Ty::Simd(scalar) => write!(f, "simd[{scalar}]"),
            Ty::Vec(elem) => write!(f, "vec[{elem}]"),
            Ty::Dict(entry) => write!(f, "dict[{},{}]", entry.0, entry.1),
            Ty::Struct(fields) => {
                f.write_str("{")?;
                for (at, field) in fields.iter().enumerate() {
                    if at > 0 {
                        f.write_str(",")?;
                    }
                    write!(f, "{field}")?;
                }
                f.write_str("}")
            }
            Ty::Builder(builder) => write!(f, "{builder}"),
            Ty::Infer(_) => f.write_str("?"),
        }
    }
}
