#![forbid(unsafe_code)]
//! Constructors of expressions: which there are, and what each is for.

use super::parts::{Iter, LiteralKind, Parameter, Symbol, UnaryOpKind};
use super::types::{BinOpKind, BuilderKind, ScalarKind, Type};
use crate::compat::WeldResult;

/// Constructors of expressions.
///
/// ```
/// use weld::ast::prelude::*;
///
/// let three = Expr::new_literal(3.into())?;
/// let error = Expr::new_bin_op(BinOpKind::Add, three, Expr::new_literal(0.5.into())?).unwrap_err();
/// assert_eq!(error.code(), weld::WeldRuntimeErrno::CompileError);
/// # Ok::<(), weld::WeldError>(())
/// ```
pub trait NewExpr: Sized {
    /// A constant.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// assert_eq!(Expr::new_literal("ab".into())?.ty.to_string(), "vec[i8]");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_literal(kind: LiteralKind) -> WeldResult<Self>;

    /// A use of a name whose value is of this type.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let x = Expr::new_ident(Symbol::new("x", 0), Type::Scalar(ScalarKind::U8))?;
    /// assert_eq!(x.pretty_print(), "x");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_ident(name: Symbol, ty: Type) -> WeldResult<Self>;

    /// `left op right`; `min`, `max` and `pow` are written as functions.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let product = Expr::new_bin_op(BinOpKind::Multiply, Expr::new_literal(2.into())?, Expr::new_literal(3.into())?)?;
    /// assert_eq!((product.pretty_print(), product.ty.to_string()), ("2 * 3".to_string(), "i32".to_string()));
    /// assert!(Expr::new_bin_op(BinOpKind::Add, product, Expr::new_literal(1.5.into())?).is_err());
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_bin_op(kind: BinOpKind, left: Self, right: Self) -> WeldResult<Self>;

    /// A function of floats, or `~value`.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let flipped = Expr::new_unary_op(UnaryOpKind::BitwiseNot, Expr::new_literal(5u8.into())?)?;
    /// assert_eq!(flipped.ty.to_string(), "u8");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_unary_op(kind: UnaryOpKind, value: Self) -> WeldResult<Self>;

    /// The value as another scalar.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let cast = Expr::new_cast(ScalarKind::F32, Expr::new_literal(1.into())?)?;
    /// assert_eq!((cast.pretty_print(), cast.ty.to_string()), ("f32(1)".to_string(), "f32".to_string()));
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_cast(kind: ScalarKind, child_expr: Self) -> WeldResult<Self>;

    /// `-expr`
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let x = Expr::new_ident(Symbol::new("x", 0), Type::Scalar(ScalarKind::F64))?;
    /// assert_eq!(Expr::new_negate(x)?.pretty_print(), "-x");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_negate(expr: Self) -> WeldResult<Self>;

    /// `!expr`
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// assert_eq!(Expr::new_not(Expr::new_literal(true.into())?)?.pretty_print(), "!true");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_not(expr: Self) -> WeldResult<Self>;

    /// The scalar in every lane.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let lanes = Expr::new_broadcast(Expr::new_literal(1.5f32.into())?)?;
    /// assert_eq!(lanes.ty, Type::Simd(ScalarKind::F32));
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_broadcast(expr: Self) -> WeldResult<Self>;

    /// The entries of a dictionary, as a vector of structs.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let (key, value) = (Type::Scalar(ScalarKind::I64), Type::Scalar(ScalarKind::F64));
    /// let dict = Expr::new_ident(Symbol::new("d", 0), Type::Dict(Box::new(key), Box::new(value)))?;
    /// assert_eq!(Expr::new_to_vec(dict)?.ty.to_string(), "vec[{i64,f64}]");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_to_vec(child_expr: Self) -> WeldResult<Self>;

    /// A struct with these fields.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let pair = Expr::new_make_struct(vec![Expr::new_literal(1.into())?, Expr::new_literal(true.into())?])?;
    /// assert_eq!((pair.pretty_print(), pair.ty.to_string()), ("{1, true}".to_string(), "{i32,bool}".to_string()));
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_make_struct(elems: Vec<Self>) -> WeldResult<Self>;

    /// A vector of these elements, of which there must be one: see [`NewExpr::new_make_vector_typed`].
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let vector = Expr::new_make_vector(vec![Expr::new_literal(1.into())?, Expr::new_literal(2.into())?])?;
    /// assert_eq!((vector.pretty_print(), vector.ty.to_string()), ("[1, 2]".to_string(), "vec[i32]".to_string()));
    /// assert!(Expr::new_make_vector(vec![]).is_err());
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_make_vector(elems: Vec<Self>) -> WeldResult<Self>;

    /// A vector of elements of this type; there may be none.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let none = Expr::new_make_vector_typed(vec![], Type::Scalar(ScalarKind::I64))?;
    /// assert_eq!(none.pretty_print(), "[]:vec[i64]");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_make_vector_typed(elems: Vec<Self>, ty: Type) -> WeldResult<Self>;

    /// A vector of structs of the elements at one index. The original had no constructor for it.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let v = Expr::new_ident(Symbol::new("v", 0), Type::Vector(Box::new(Type::Scalar(ScalarKind::I64))))?;
    /// assert_eq!(Expr::new_zip(vec![v.clone(), v])?.ty.to_string(), "vec[{i64,i64}]");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_zip(vectors: Vec<Self>) -> WeldResult<Self>;

    /// `expr.$index`
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let pair = Type::Struct(vec![Type::Scalar(ScalarKind::I64), Type::Scalar(ScalarKind::Bool)]);
    /// let field = Expr::new_get_field(Expr::new_ident(Symbol::new("p", 0), pair)?, 1)?;
    /// assert_eq!((field.pretty_print(), field.ty.to_string()), ("p.$1".to_string(), "bool".to_string()));
    /// assert!(Expr::new_get_field(field, 0).is_err());
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_get_field(expr: Self, index: u32) -> WeldResult<Self>;

    /// The number of elements of a vector, or of entries of a dictionary.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let len = Expr::new_length(Expr::new_literal("abc".into())?)?;
    /// assert_eq!((len.pretty_print(), len.ty.to_string()), ("len(\"abc\")".to_string(), "i64".to_string()));
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_length(data: Self) -> WeldResult<Self>;

    /// The element of a vector at an index, or the value of a key in a dictionary.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let first = Expr::new_lookup(Expr::new_literal("abc".into())?, Expr::new_literal(0i64.into())?)?;
    /// assert_eq!(first.ty.to_string(), "i8");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_lookup(data: Self, index: Self) -> WeldResult<Self>;

    /// `{true, value}` of a key in a dictionary; `{false, zero}` where it is not there.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let (key, value) = (Type::Scalar(ScalarKind::I64), Type::Scalar(ScalarKind::F64));
    /// let dict = Expr::new_ident(Symbol::new("d", 0), Type::Dict(Box::new(key), Box::new(value)))?;
    /// assert_eq!(Expr::new_opt_lookup(dict, Expr::new_literal(7i64.into())?)?.ty.to_string(), "{bool,f64}");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_opt_lookup(data: Self, index: Self) -> WeldResult<Self>;

    /// Whether a key is in a dictionary.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let (key, value) = (Type::Scalar(ScalarKind::I64), Type::Scalar(ScalarKind::F64));
    /// let dict = Expr::new_ident(Symbol::new("d", 0), Type::Dict(Box::new(key), Box::new(value)))?;
    /// assert_eq!(Expr::new_key_exists(dict, Expr::new_literal(7i64.into())?)?.pretty_print(), "keyexists(d, 7L)");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_key_exists(data: Self, key: Self) -> WeldResult<Self>;

    /// So many elements of a vector from an index on.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let (index, size) = (Expr::new_literal(1i64.into())?, Expr::new_literal(2i64.into())?);
    /// assert_eq!(Expr::new_slice(Expr::new_literal("abc".into())?, index, size)?.ty.to_string(), "vec[i8]");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_slice(data: Self, index: Self, size: Self) -> WeldResult<Self>;

    /// A vector in order: by a function of two elements that gives an `i32`, or by one that gives the key of an element.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let (x, byte) = (Symbol::new("x", 0), Type::Scalar(ScalarKind::I8));
    /// let key = Expr::new_lambda(vec![Parameter::new(x.clone(), byte.clone())], Expr::new_ident(x, byte)?)?;
    /// let sorted = Expr::new_sort(Expr::new_literal("cab".into())?, key)?;
    /// assert_eq!(sorted.pretty_print(), "sort(\"cab\", |x: i8| x)");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_sort(data: Self, cmpfunc: Self) -> WeldResult<Self>;

    /// `let name = value; body`
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let x = Symbol::new("x", 0);
    /// let body = Expr::new_ident(x.clone(), Type::Scalar(ScalarKind::I32))?;
    /// assert_eq!(Expr::new_let(x, Expr::new_literal(1.into())?, body)?.pretty_print(), "let x = 1; x");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_let(name: Symbol, value: Self, body: Self) -> WeldResult<Self>;

    /// One of two values; the other one is not computed.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let literal = |n: i32| Expr::new_literal(n.into());
    /// let choice = Expr::new_if(Expr::new_literal(true.into())?, literal(1)?, literal(2)?)?;
    /// assert_eq!(choice.pretty_print(), "if(true, 1, 2)");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_if(cond: Self, on_true: Self, on_false: Self) -> WeldResult<Self>;

    /// One of two values; both are computed.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let literal = |n: i32| Expr::new_literal(n.into());
    /// let choice = Expr::new_select(Expr::new_literal(true.into())?, literal(1)?, literal(2)?)?;
    /// assert_eq!(choice.pretty_print(), "select(true, 1, 2)");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_select(cond: Self, on_true: Self, on_false: Self) -> WeldResult<Self>;

    /// The state that a function of the state, which says whether to go on, ends with. The original had no constructor for it.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let (n, int) = (Symbol::new("n", 0), Type::Scalar(ScalarKind::I32));
    /// let name = || Expr::new_ident(n.clone(), int.clone());
    /// let less = Expr::new_bin_op(BinOpKind::LessThan, name()?, Expr::new_literal(100.into())?)?;
    /// let double = Expr::new_bin_op(BinOpKind::Add, name()?, name()?)?;
    /// let update =
    ///     Expr::new_lambda(vec![Parameter::new(n.clone(), int.clone())], Expr::new_make_struct(vec![double, less])?)?;
    /// assert_eq!(Expr::new_iterate(Expr::new_literal(1.into())?, update)?.ty, int);
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_iterate(initial: Self, update_func: Self) -> WeldResult<Self>;

    /// A function.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let n = Parameter::new(Symbol::new("n", 0), Type::Scalar(ScalarKind::I64));
    /// let body = Expr::new_ident(n.name.clone(), n.ty.clone())?;
    /// assert_eq!(Expr::new_lambda(vec![n], body)?.ty.to_string(), "|i64|(i64)");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_lambda(params: Vec<Parameter>, body: Self) -> WeldResult<Self>;

    /// A call of a lambda, or of a name that a let gave to one.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let n = Parameter::new(Symbol::new("n", 0), Type::Scalar(ScalarKind::I64));
    /// let body = Expr::new_ident(n.name.clone(), n.ty.clone())?;
    /// let identity = Expr::new_lambda(vec![n], body)?;
    /// let applied = Expr::new_apply(identity.clone(), vec![Expr::new_literal(5i64.into())?])?;
    /// assert_eq!((applied.pretty_print(), applied.ty.to_string()), ("(|n: i64| n)(5L)".to_string(), "i64".to_string()));
    /// assert!(Expr::new_apply(identity, vec![]).is_err());
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_apply(func: Self, params: Vec<Self>) -> WeldResult<Self>;

    /// A call of a C function that gives a value of this type.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let call = Expr::new_cudf("next".into(), vec![Expr::new_literal(1i64.into())?], Type::Scalar(ScalarKind::I64))?;
    /// assert_eq!(call.pretty_print(), "cudf[next,i64](1L)");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_cudf(sym_name: String, args: Vec<Self>, return_ty: Type) -> WeldResult<Self>;

    /// A fresh builder, with its argument: a start value, or the size of an appender.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let merger = BuilderKind::Merger(Box::new(Type::Scalar(ScalarKind::I64)), BinOpKind::Add);
    /// let from_ten = Expr::new_new_builder(merger, Some(Expr::new_literal(10i64.into())?))?;
    /// assert_eq!(from_ten.pretty_print(), "merger[i64,+](10L)");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_new_builder(kind: BuilderKind, expr: Option<Self>) -> WeldResult<Self>;

    /// A loop: `func` takes the builder, the index and the element, and gives the builder back.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// // for("abc", appender[i8], |b, i, x| merge(b, x))
    /// let (b, i, x) = (Symbol::new("b", 0), Symbol::new("i", 0), Symbol::new("x", 0));
    /// let byte = Type::Scalar(ScalarKind::I8);
    /// let appender = Expr::new_new_builder(BuilderKind::Appender(Box::new(byte.clone())), None)?;
    /// let params = vec![
    ///     Parameter::new(b.clone(), appender.ty.clone()),
    ///     Parameter::new(i, Type::Scalar(ScalarKind::I64)),
    ///     Parameter::new(x.clone(), byte.clone()),
    /// ];
    /// let merge = Expr::new_merge(Expr::new_ident(b, appender.ty.clone())?, Expr::new_ident(x, byte)?)?;
    /// let text = Iter::new_simple(Expr::new_literal("abc".into())?);
    /// let copied = Expr::new_for(vec![text], appender, Expr::new_lambda(params, merge)?)?;
    /// assert_eq!(copied.ty.to_string(), "appender[i8]");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_for(iters: Vec<Iter>, builder: Self, func: Self) -> WeldResult<Self>;

    /// The builder with one more value.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let appender = Expr::new_new_builder(BuilderKind::Appender(Box::new(Type::Scalar(ScalarKind::I32))), None)?;
    /// let merged = Expr::new_merge(appender, Expr::new_literal(1.into())?)?;
    /// assert_eq!(merged.pretty_print(), "merge(appender[i32], 1)");
    /// assert!(Expr::new_merge(merged, Expr::new_literal(true.into())?).is_err());
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_merge(builder: Self, value: Self) -> WeldResult<Self>;

    /// What a builder holds in the end.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let appender = Expr::new_new_builder(BuilderKind::Appender(Box::new(Type::Scalar(ScalarKind::I32))), None)?;
    /// assert_eq!(Expr::new_result(appender)?.ty.to_string(), "vec[i32]");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_result(builder: Self) -> WeldResult<Self>;

    /// The bytes of a value.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// assert_eq!(Expr::new_serialize(Expr::new_literal(1.into())?)?.ty.to_string(), "vec[u8]");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_serialize(expr: Self) -> WeldResult<Self>;

    /// The value of this type whose bytes these are.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// let bytes = Expr::new_serialize(Expr::new_literal(1.into())?)?;
    /// let back = Expr::new_deserialize(bytes, Type::Scalar(ScalarKind::I32))?;
    /// assert_eq!(back.pretty_print(), "deserialize[i32](serialize(1))");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_deserialize(value: Self, ty: Type) -> WeldResult<Self>;

    /// True, or the end of the run. The original had no constructor for it.
    ///
    /// ```
    /// # use weld::ast::prelude::*;
    /// assert_eq!(Expr::new_assert(Expr::new_literal(true.into())?)?.pretty_print(), "assert(true)");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn new_assert(expr: Self) -> WeldResult<Self>;
}
