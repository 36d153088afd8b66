#![forbid(unsafe_code)]
//! What expressions are made of besides expressions: names, parameters, constants, iterators.

use super::expr::{Expr, ExprKind};
use super::types::{ScalarKind, Type};
use std::fmt;

/// A name: its letters, and a number that tells it from others with the same letters.
///
/// ```
/// use weld::ast::Symbol;
///
/// let (x, other) = (Symbol::new("x", 0), Symbol::new("x", 1));
/// assert_ne!(x, other);
/// assert_eq!((x.to_string(), other.to_string()), ("x".to_string(), "x__1".to_string()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    name: String,
    id: i32,
}

impl Symbol {
    /// The name with these letters and this number.
    ///
    /// ```
    /// let symbol = weld::ast::Symbol::new("x", 2);
    /// assert_eq!((symbol.name(), symbol.id()), ("x", 2));
    /// ```
    pub fn new<S: Into<String>>(name: S, id: i32) -> Symbol {
        Symbol { name: name.into(), id }
    }

    /// The letters.
    ///
    /// ```
    /// assert_eq!(weld::ast::Symbol::new("x", 2).name(), "x");
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number.
    ///
    /// ```
    /// assert_eq!(weld::ast::Symbol::new("x", 2).id(), 2);
    /// ```
    pub fn id(&self) -> i32 {
        self.id
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            0 => f.write_str(&self.name),
            id => write!(f, "{}__{id}", self.name),
        }
    }
}

/// A parameter of a lambda.
///
/// ```
/// use weld::ast::prelude::*;
///
/// let n = Parameter::new(Symbol::new("n", 0), Type::Scalar(ScalarKind::I64));
/// let body = Expr::new_ident(n.name.clone(), n.ty.clone())?;
/// assert_eq!(Expr::new_lambda(vec![n], body)?.pretty_print(), "|n: i64| n");
/// # Ok::<(), weld::WeldError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// Its type.
    pub ty: Type,
    /// Its name.
    pub name: Symbol,
}

impl Parameter {
    /// A parameter with this name and type.
    ///
    /// ```
    /// use weld::ast::{Parameter, Symbol, Type};
    ///
    /// let untyped = Parameter::new(Symbol::new("x", 0), Type::Unknown);
    /// assert_eq!(untyped.name.to_string(), "x");
    /// ```
    pub fn new(name: Symbol, ty: Type) -> Parameter {
        Parameter { ty, name }
    }
}

/// A constant. Floats are their bits, so that every one equals itself and can be hashed.
///
/// ```
/// use weld::ast::prelude::*;
///
/// let half = Expr::new_literal(LiteralKind::from(0.5f64))?;
/// assert_eq!(half.kind, ExprKind::Literal(LiteralKind::F64Literal(0.5f64.to_bits())));
/// assert_eq!((half.to_string(), half.ty.to_string()), ("0.5".to_string(), "f64".to_string()));
/// # Ok::<(), weld::WeldError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum LiteralKind {
    BoolLiteral(bool),
    I8Literal(i8),
    I16Literal(i16),
    I32Literal(i32),
    I64Literal(i64),
    U8Literal(u8),
    U16Literal(u16),
    U32Literal(u32),
    U64Literal(u64),
    /// The bits of an `f32`.
    F32Literal(u32),
    /// The bits of an `f64`.
    F64Literal(u64),
    /// A `vec[i8]`.
    StringLiteral(String),
}

macro_rules! literals {
    ($($rust:ty, $name:ident |$x:ident| $value:expr;)+) => {$(
        impl From<$rust> for LiteralKind {
            fn from($x: $rust) -> LiteralKind {
                LiteralKind::$name($value)
            }
        }
    )+};
}

literals! {
    bool, BoolLiteral |x| x;
    i8, I8Literal |x| x;
    i16, I16Literal |x| x;
    i32, I32Literal |x| x;
    i64, I64Literal |x| x;
    u8, U8Literal |x| x;
    u16, U16Literal |x| x;
    u32, U32Literal |x| x;
    u64, U64Literal |x| x;
    f32, F32Literal |x| x.to_bits();
    f64, F64Literal |x| x.to_bits();
    &str, StringLiteral |x| x.to_string();
}

/// A function or operator of one operand. Negation and `!` are kinds of expressions of their own.
///
/// ```
/// use weld::ast::prelude::*;
///
/// let root = Expr::new_unary_op(UnaryOpKind::Sqrt, Expr::new_literal(2.0.into())?)?;
/// assert_eq!(root.pretty_print(), "sqrt(2.0)");
/// assert!(Expr::new_unary_op(UnaryOpKind::Sqrt, Expr::new_literal(2.into())?).is_err());
/// # Ok::<(), weld::WeldError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum UnaryOpKind {
    Exp,
    Log,
    Sqrt,
    Sin,
    Cos,
    Tan,
    ASin,
    ACos,
    ATan,
    Sinh,
    Cosh,
    Tanh,
    Erf,
    /// `~`, which the original did not have.
    BitwiseNot,
}

/// What an iterator gives: see [`Iter`].
///
/// ```
/// use weld::ast::prelude::*;
///
/// let vector = Type::Vector(Box::new(Type::Scalar(ScalarKind::F32)));
/// let mut iter = Iter::new_simple(Expr::new_ident(Symbol::new("v", 0), vector)?);
/// assert_eq!(iter.kind, IterKind::ScalarIter);
/// iter.kind = IterKind::SimdIter;
/// assert!(!iter.is_simple());
/// # Ok::<(), weld::WeldError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IterKind {
    /// One element at a time: the vector itself, or `iter(data, start, end, stride)`.
    ScalarIter,
    /// `simditer(data)`.
    SimdIter,
    /// `fringeiter(data)`.
    FringeIter,
    /// `nditer(data, start, end, stride, shape, strides)`.
    NdIter,
    /// `rangeiter(start, end, stride)`; the data is not looked at.
    RangeIter,
}

/// What a loop runs over.
///
/// ```
/// use weld::ast::prelude::*;
///
/// let bound = |n: i64| Expr::new_literal(n.into());
/// let range = Iter::new_range(bound(0)?, bound(10)?, bound(1)?);
/// assert_eq!(range.kind, IterKind::RangeIter);
/// # Ok::<(), weld::WeldError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Iter {
    /// The vector.
    pub data: Box<Expr>,
    /// The first index.
    pub start: Option<Box<Expr>>,
    /// The index behind the last one.
    pub end: Option<Box<Expr>>,
    /// From one index to the next.
    pub stride: Option<Box<Expr>>,
    /// What it gives.
    pub kind: IterKind,
    /// Of `nditer`: the lengths of the dimensions.
    pub shape: Option<Box<Expr>>,
    /// Of `nditer`: from one index of each dimension to the next.
    pub strides: Option<Box<Expr>>,
}

impl Iter {
    /// Every element of a vector.
    ///
    /// ```
    /// use weld::ast::prelude::*;
    ///
    /// let v = Expr::new_ident(Symbol::new("v", 0), Type::Vector(Box::new(Type::Scalar(ScalarKind::I8))))?;
    /// assert!(Iter::new_simple(v).is_simple());
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    pub fn new_simple(data: Expr) -> Iter {
        let kind = IterKind::ScalarIter;
        Iter { data: Box::new(data), start: None, end: None, stride: None, kind, shape: None, strides: None }
    }

    /// The elements of a vector from `start` to `end`, one in `stride`.
    ///
    /// ```
    /// use weld::ast::prelude::*;
    ///
    /// let v = Expr::new_ident(Symbol::new("v", 0), Type::Vector(Box::new(Type::Scalar(ScalarKind::I8))))?;
    /// let bound = |n: i64| Expr::new_literal(n.into());
    /// assert!(!Iter::new_strided(v, bound(0)?, bound(10)?, bound(2)?).is_simple());
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    pub fn new_strided(data: Expr, start: Expr, end: Expr, stride: Expr) -> Iter {
        let boxed = |bound| Some(Box::new(bound));
        Iter { start: boxed(start), end: boxed(end), stride: boxed(stride), ..Iter::new_simple(data) }
    }

    /// The numbers from `start` to `end`, one in `stride`.
    ///
    /// ```
    /// use weld::ast::prelude::*;
    ///
    /// let bound = |n: i64| Expr::new_literal(n.into());
    /// let range = Iter::new_range(bound(0)?, bound(3)?, bound(1)?);
    /// assert_eq!(range.end, Some(Box::new(bound(3)?)));
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    pub fn new_range(start: Expr, end: Expr, stride: Expr) -> Iter {
        let numbers = Type::Vector(Box::new(Type::Scalar(ScalarKind::I64)));
        let data = Expr::bare(ExprKind::MakeVector { elems: Vec::new() }, numbers);
        Iter { kind: IterKind::RangeIter, ..Iter::new_strided(data, start, end, stride) }
    }

    /// Whether it gives every element of a vector, one at a time.
    ///
    /// ```
    /// use weld::ast::prelude::*;
    ///
    /// let bound = |n: i64| Expr::new_literal(n.into());
    /// assert!(!Iter::new_range(bound(0)?, bound(3)?, bound(1)?).is_simple());
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    pub fn is_simple(&self) -> bool {
        self.kind == IterKind::ScalarIter && self.start.is_none()
    }
}
