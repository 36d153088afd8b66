#![forbid(unsafe_code)]
//! Types of programs, operators and annotations.
//!
//! Promises: a type prints as it is written in programs.

use crate::ir::{BinOp, BuilderTy, MergeOp, Scalar, Ty};
use std::collections::BTreeMap;
use std::fmt;

/// A type.
///
/// ```
/// use weld::ast::{ScalarKind, Type};
///
/// let module = weld::WeldModule::compile("|v: vec[f64]| {len(v), v}", &weld::WeldConf::new())?;
/// let doubles = Type::Vector(Box::new(Type::Scalar(ScalarKind::F64)));
/// assert_eq!(module.return_type(), Type::Struct(vec![Type::Scalar(ScalarKind::I64), doubles]));
/// # Ok::<(), weld::WeldError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `i64`, `bool`, ...
    Scalar(ScalarKind),
    /// `simd[T]`
    Simd(ScalarKind),
    /// `vec[T]`
    Vector(Box<Type>),
    /// `dict[K,V]`
    Dict(Box<Type>, Box<Type>),
    /// A builder.
    Builder(BuilderKind, Annotations),
    /// `{T1,...,Tn}`
    Struct(Vec<Type>),
    /// `|T1,...,Tn|(R)`
    Function(Vec<Type>, Box<Type>),
    /// A name for a type.
    Alias(String, Box<Type>),
    /// A type that nobody wrote.
    Unknown,
}

/// A type of numbers or truth values.
///
/// ```
/// use weld::ast::ScalarKind;
///
/// assert_eq!(ScalarKind::U16.to_string(), "u16");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum ScalarKind {
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

/// A kind of builder, with the types in its brackets.
///
/// ```
/// use weld::ast::prelude::*;
///
/// let merger = BuilderKind::Merger(Box::new(Type::Scalar(ScalarKind::I64)), BinOpKind::Max);
/// assert_eq!(merger.to_string(), "merger[i64,max]");
/// assert_eq!(Expr::new_new_builder(merger, None)?.pretty_print(), "merger[i64,max]");
/// # Ok::<(), weld::WeldError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum BuilderKind {
    /// `appender[T]`
    Appender(Box<Type>),
    /// `merger[T,op]`
    Merger(Box<Type>, BinOpKind),
    /// `dictmerger[K,V,op]`
    DictMerger(Box<Type>, Box<Type>, BinOpKind),
    /// `groupmerger[K,V]`
    GroupMerger(Box<Type>, Box<Type>),
    /// `vecmerger[T,op]`
    VecMerger(Box<Type>, BinOpKind),
}

/// An operator of two operands. Builders combine values by `Add`, `Multiply`, `Min` and `Max`.
///
/// ```
/// use weld::ast::prelude::*;
///
/// let (one, two) = (Expr::new_literal(1.into())?, Expr::new_literal(2.into())?);
/// let less = Expr::new_bin_op(BinOpKind::LessThan, one, two)?;
/// assert_eq!((less.pretty_print(), less.ty.to_string()), ("1 < 2".to_string(), "bool".to_string()));
/// # Ok::<(), weld::WeldError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BinOpKind {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    LessThan,
    LessThanOrEqual,
    GreaterThan,
    GreaterThanOrEqual,
    LogicalAnd,
    LogicalOr,
    BitwiseAnd,
    BitwiseOr,
    Xor,
    Max,
    Min,
    Pow,
    /// `<<`, which the original did not have.
    ShiftLeft,
    /// `>>`, which the original did not have.
    ShiftRight,
}

/// Names and values behind `@(...)`.
///
/// ```
/// use weld::ast::prelude::*;
///
/// let mut truth = Expr::new_literal(true.into())?;
/// truth.annotations.set("likely", "true");
/// assert_eq!(truth.pretty_print(), "@(likely: true) true");
/// # Ok::<(), weld::WeldError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Annotations {
    values: BTreeMap<String, String>,
}

impl Annotations {
    /// None.
    ///
    /// ```
    /// assert_eq!(weld::ast::Annotations::new().to_string(), "");
    /// ```
    pub fn new() -> Annotations {
        Annotations::default()
    }

    /// Sets the value of a name.
    ///
    /// ```
    /// let mut annotations = weld::ast::Annotations::new();
    /// annotations.set("size", "3");
    /// annotations.set("size", "4");
    /// assert_eq!(annotations.to_string(), "@(size:4)");
    /// ```
    pub fn set<K: Into<String>, V: Into<String>>(&mut self, name: K, value: V) {
        self.values.insert(name.into(), value.into());
    }

    /// The value of a name.
    ///
    /// ```
    /// let mut annotations = weld::ast::Annotations::new();
    /// annotations.set("size", "3");
    /// assert_eq!(annotations.get("size").map(String::as_str), Some("3"));
    /// assert_eq!(annotations.get("loopsize"), None);
    /// ```
    pub fn get(&self, name: &str) -> Option<&String> {
        self.values.get(name)
    }

    /// Whether there are none.
    ///
    /// ```
    /// assert!(weld::ast::Annotations::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Each name with its value, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.values.iter()
    }

    /// Takes all away.
    ///
    /// ```
    /// let mut annotations = weld::ast::Annotations::new();
    /// annotations.set("size", "3");
    /// annotations.clear();
    /// assert!(annotations.is_empty());
    /// ```
    pub fn clear(&mut self) {
        self.values.clear();
    }
}

impl From<Scalar> for ScalarKind {
    fn from(scalar: Scalar) -> ScalarKind {
        match scalar {
            Scalar::Bool => ScalarKind::Bool,
            Scalar::I8 => ScalarKind::I8,
            Scalar::I16 => ScalarKind::I16,
            Scalar::I32 => ScalarKind::I32,
            Scalar::I64 => ScalarKind::I64,
            Scalar::U8 => ScalarKind::U8,
            Scalar::U16 => ScalarKind::U16,
            Scalar::U32 => ScalarKind::U32,
            Scalar::U64 => ScalarKind::U64,
            Scalar::F32 => ScalarKind::F32,
            Scalar::F64 => ScalarKind::F64,
        }
    }
}

impl From<MergeOp> for BinOpKind {
    fn from(op: MergeOp) -> BinOpKind {
        match op {
            MergeOp::Add => BinOpKind::Add,
            MergeOp::Mul => BinOpKind::Multiply,
            MergeOp::Min => BinOpKind::Min,
            MergeOp::Max => BinOpKind::Max,
        }
    }
}

impl From<&Ty> for Type {
    fn from(ty: &Ty) -> Type {
        let boxed = |ty: &Ty| Box::new(Type::from(ty));
        match ty {
            Ty::Scalar(scalar) => Type::Scalar((*scalar).into()),
            Ty::Simd(scalar) => Type::Simd((*scalar).into()),
            Ty::Vec(elem) => Type::Vector(boxed(elem)),
            Ty::Dict(entry) => Type::Dict(boxed(&entry.0), boxed(&entry.1)),
            Ty::Struct(fields) => Type::Struct(fields.iter().map(Type::from).collect()),
            Ty::Builder(builder) => {
                let kind = match &**builder {
                    BuilderTy::Appender(elem) => BuilderKind::Appender(boxed(elem)),
                    BuilderTy::Merger(value, op) => BuilderKind::Merger(boxed(value), (*op).into()),
                    BuilderTy::DictMerger(key, value, op) => {
                        BuilderKind::DictMerger(boxed(key), boxed(value), (*op).into())
                    }
                    BuilderTy::GroupMerger(key, value) => BuilderKind::GroupMerger(boxed(key), boxed(value)),
                    BuilderTy::VecMerger(elem, op) => BuilderKind::VecMerger(boxed(elem), (*op).into()),
                };
                Type::Builder(kind, Annotations::new())
            }
            Ty::Infer(_) => Type::Unknown,
        }
    }
}

impl fmt::Display for ScalarKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scalar().name())
    }
}

impl BinOpKind {
    /// The operator that it is.
    pub(super) fn op(self) -> BinOp {
        match self {
            BinOpKind::Add => BinOp::Add,
            BinOpKind::Subtract => BinOp::Sub,
            BinOpKind::Multiply => BinOp::Mul,
            BinOpKind::Divide => BinOp::Div,
            BinOpKind::Modulo => BinOp::Rem,
            BinOpKind::Equal => BinOp::Eq,
            BinOpKind::NotEqual => BinOp::Ne,
            BinOpKind::LessThan => BinOp::Lt,
            BinOpKind::LessThanOrEqual => BinOp::Le,
            BinOpKind::GreaterThan => BinOp::Gt,
            BinOpKind::GreaterThanOrEqual => BinOp::Ge,
            BinOpKind::LogicalAnd => BinOp::And,
            BinOpKind::LogicalOr => BinOp::Or,
            BinOpKind::BitwiseAnd => BinOp::BitAnd,
            BinOpKind::BitwiseOr => BinOp::BitOr,
            BinOpKind::Xor => BinOp::BitXor,
            BinOpKind::Max => BinOp::Max,
            BinOpKind::Min => BinOp::Min,
            BinOpKind::Pow => BinOp::Pow,
            BinOpKind::ShiftLeft => BinOp::Shl,
            BinOpKind::ShiftRight => BinOp::Shr,
        }
    }

    /// The operator of builders that it is, if it is one.
    pub(super) fn merge_op(self) -> Option<MergeOp> {
        match self {
            BinOpKind::Add => Some(MergeOp::Add),
            BinOpKind::Multiply => Some(MergeOp::Mul),
            BinOpKind::Min => Some(MergeOp::Min),
            BinOpKind::Max => Some(MergeOp::Max),
            _ => None,
        }
    }
}

impl ScalarKind {
    /// The scalar that it is.
    pub(super) fn scalar(self) -> Scalar {
        match self {
            ScalarKind::Bool => Scalar::Bool,
            ScalarKind::I8 => Scalar::I8,
            ScalarKind::I16 => Scalar::I16,
            ScalarKind::I32 => Scalar::I32,
            ScalarKind::I64 => Scalar::I64,
            ScalarKind::U8 => Scalar::U8,
            ScalarKind::U16 => Scalar::U16,
            ScalarKind::U32 => Scalar::U32,
            ScalarKind::U64 => Scalar::U64,
            ScalarKind::F32 => Scalar::F32,
            ScalarKind::F64 => Scalar::F64,
        }
    }
}

impl Type {
    /// Whether nobody wrote a part of it.
    pub(super) fn has_unknown(&self) -> bool {
        match self {
            Type::Unknown => true,
            Type::Scalar(_) | Type::Simd(_) => false,
            Type::Vector(elem) | Type::Alias(_, elem) => elem.has_unknown(),
            Type::Dict(key, value) => key.has_unknown() || value.has_unknown(),
            Type::Struct(fields) => fields.iter().any(Type::has_unknown),
            Type::Function(params, result) => params.iter().any(Type::has_unknown) || result.has_unknown(),
            Type::Builder(kind, _) => match kind {
                BuilderKind::Appender(elem)
                | BuilderKind::Merger(elem, _)
                | BuilderKind::VecMerger(elem, _) => elem.has_unknown(),
                BuilderKind::DictMerger(key, value, _) | BuilderKind::GroupMerger(key, value) => {
                    key.has_unknown() || value.has_unknown()
                }
            },
        }
    }
}

impl fmt::Display for BinOpKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.op().symbol())
    }
}

impl fmt::Display for BuilderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuilderKind::Appender(elem) => write!(f, "appender[{elem}]"),
            BuilderKind::Merger(value, op) => write!(f, "merger[{value},{op}]"),
            BuilderKind::DictMerger(key, value, op) => write!(f, "dictmerger[{key},{value},{op}]"),
            BuilderKind::GroupMerger(key, value) => write!(f, "groupmerger[{key},{value}]"),
            BuilderKind::VecMerger(elem, op) => write!(f, "vecmerger[{elem},{op}]"),
        }
    }
}

impl fmt::Display for Annotations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return Ok(());
        }
        let values: Vec<String> = self.values.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        write!(f, "@({})", values.join(","))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |types: &[Type]| types.iter().map(Type::to_string).collect::<Vec<_>>().join(",");
        match self {
            Type::Scalar(scalar) => write!(f, "{scalar}"),
            Type::Simd(scalar) => write!(f, "simd[{scalar}]"),
            Type::Vector(elem) => write!(f, "vec[{elem}]"),
            Type::Dict(key, value) => write!(f, "dict[{key},{value}]"),
            Type::Builder(kind, annotations) => write!(f, "{annotations}{kind}"),
            Type::Struct(fields) => write!(f, "{{{}}}", list(fields)),
            Type::Function(params, result) => write!(f, "|{}|({result})", list(params)),
            Type::Alias(name, _) => f.write_str(name),
            Type::Unknown => f.write_str("?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Annotations, BuilderKind, ScalarKind, Type};
    use crate::ir::{BuilderTy, MergeOp, Scalar, Ty};

    #[test]
    fn types_print_as_the_compilers_own_do() {
        let mut types: Vec<Ty> = Scalar::ALL.into_iter().map(Ty::Scalar).collect();
        let (k, v) = (Ty::vec(Ty::I8), Ty::tuple(vec![Ty::I64, Ty::BOOL]));
        types.extend([k.clone(), v.clone(), Ty::Dict((k.clone(), v.clone()).into())]);
        for op in [MergeOp::Add, MergeOp::Mul, MergeOp::Min, MergeOp::Max] {
            types.push(Ty::builder(BuilderTy::Merger(Ty::I64, op)));
            types.push(Ty::builder(BuilderTy::DictMerger(k.clone(), Ty::I64, op)));
            types.push(Ty::builder(BuilderTy::VecMerger(Ty::I64, op)));
        }
        types.push(Ty::builder(BuilderTy::Appender(v.clone())));
        types.push(Ty::builder(BuilderTy::GroupMerger(k, v)));
        for ty in types {
            assert_eq!(Type::from(&ty).to_string(), ty.to_string());
        }
    }

    #[test]
    fn functions_and_annotations_print() {
        let int = Type::Scalar(ScalarKind::I64);
        let function = Type::Function(vec![int.clone(), Type::Unknown], Box::new(int.clone()));
        assert_eq!(function.to_string(), "|i64,?|(i64)");
        let mut annotations = Annotations::new();
        annotations.set("size", "3");
        let builder = Type::Builder(BuilderKind::Appender(Box::new(int)), annotations);
        assert_eq!(builder.to_string(), "@(size:3)appender[i64]");
    }
}
