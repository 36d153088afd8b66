#![forbid(unsafe_code)]
//! Expressions as plain trees, to be built, looked at and changed.
//!
//! Promises: children come in one order everywhere; trees of any depth can be cloned, compared, hashed, shown and dropped.
//! Must not: know what the operations mean; a tree that was changed by hand may be wrong until somebody checks it.

use super::parts::{Iter, IterKind, LiteralKind, Parameter, Symbol, UnaryOpKind};
use super::types::{Annotations, BinOpKind, ScalarKind, Type};
use crate::diag::stack::deep;
use std::fmt;
use std::hash::{Hash, Hasher};

/// An expression: what it does, the type of its value, and its annotations.
///
/// The constructors of [`NewExpr`](super::NewExpr) fill in the type. Parts are taken out with `std::mem::replace`, not by
/// patterns: a tree may be deep, and is taken apart step by step when it is dropped.
///
/// ```
/// use weld::ast::prelude::*;
///
/// let mut sum = Expr::new_bin_op(
///     BinOpKind::Add,
///     Expr::new_literal(LiteralKind::I64Literal(1))?,
///     Expr::new_ident(Symbol::new("n", 0), Type::Scalar(ScalarKind::I64))?,
/// )?;
/// assert_eq!((sum.to_string(), sum.ty.to_string()), ("1L + n".to_string(), "i64".to_string()));
/// if let ExprKind::BinOp { kind, .. } = &mut sum.kind {
///     *kind = BinOpKind::Max;
/// }
/// assert_eq!(sum.to_string(), "max(1L, n)");
/// # Ok::<(), weld::WeldError>(())
/// ```
pub struct Expr {
    /// The type of its value; of a lambda, that of the function.
    pub ty: Type,
    /// What it does.
    pub kind: ExprKind,
    /// `@(...)` before it.
    pub annotations: Annotations,
}

/// What an expression does.
///
/// ```
/// use weld::ast::prelude::*;
///
/// /// How many loops there are.
/// fn loops(expr: &Expr) -> usize {
///     let own = usize::from(matches!(expr.kind, ExprKind::For { .. }));
///     own + expr.children().into_iter().map(loops).sum::<usize>()
/// }
///
/// assert_eq!(loops(&Expr::new_literal(true.into())?), 0);
/// # Ok::<(), weld::WeldError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ExprKind {
    Literal(LiteralKind),
    Ident(Symbol),
    Negate(Box<Expr>),
    /// `!`
    Not(Box<Expr>),
    BinOp {
        kind: BinOpKind,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    UnaryOp {
        kind: UnaryOpKind,
        value: Box<Expr>,
    },
    Cast {
        kind: ScalarKind,
        child_expr: Box<Expr>,
    },
    /// A scalar in every lane.
    Broadcast(Box<Expr>),
    /// The entries of a dictionary.
    ToVec {
        child_expr: Box<Expr>,
    },
    MakeStruct {
        elems: Vec<Expr>,
    },
    /// The type of the elements is that of the expression where there are none.
    MakeVector {
        elems: Vec<Expr>,
    },
    Zip {
        vectors: Vec<Expr>,
    },
    GetField {
        expr: Box<Expr>,
        index: u32,
    },
    Length {
        data: Box<Expr>,
    },
    Lookup {
        data: Box<Expr>,
        index: Box<Expr>,
    },
    OptLookup {
        data: Box<Expr>,
        index: Box<Expr>,
    },
    KeyExists {
        data: Box<Expr>,
        key: Box<Expr>,
    },
    Slice {
        data: Box<Expr>,
        index: Box<Expr>,
        size: Box<Expr>,
    },
    Sort {
        data: Box<Expr>,
        cmpfunc: Box<Expr>,
    },
    Let {
        name: Symbol,
        value: Box<Expr>,
        body: Box<Expr>,
    },
    If {
        cond: Box<Expr>,
        on_true: Box<Expr>,
        on_false: Box<Expr>,
    },
    Select {
        cond: Box<Expr>,
        on_true: Box<Expr>,
        on_false: Box<Expr>,
    },
    Iterate {
        initial: Box<Expr>,
        update_func: Box<Expr>,
    },
    Lambda {
        params: Vec<Parameter>,
        body: Box<Expr>,
    },
    Apply {
        func: Box<Expr>,
        params: Vec<Expr>,
    },
    /// A call of a C function.
    CUDF {
        sym_name: String,
        args: Vec<Expr>,
        return_ty: Box<Type>,
    },
    Serialize(Box<Expr>),
    Deserialize {
        value: Box<Expr>,
        value_ty: Box<Type>,
    },
    Assert(Box<Expr>),
    /// A fresh builder of the type of the expression, with its argument.
    NewBuilder(Option<Box<Expr>>),
    For {
        iters: Vec<Iter>,
        builder: Box<Expr>,
        func: Box<Expr>,
    },
    Merge {
        builder: Box<Expr>,
        value: Box<Expr>,
    },
    /// The result of a builder.
    Res {
        builder: Box<Expr>,
    },
}

/// The children of a kind, as `$reference`s, in the order in which they are written.
macro_rules! children_of {
    ($kind:expr, $reference:ty) => {{
        let mut out: Vec<$reference> = Vec::new();
        match $kind {
            ExprKind::Literal(_) | ExprKind::Ident(_) | ExprKind::NewBuilder(None) => {}
            ExprKind::Negate(a)
            | ExprKind::Not(a)
            | ExprKind::UnaryOp { value: a, .. }
            | ExprKind::Cast { child_expr: a, .. }
            | ExprKind::Broadcast(a)
            | ExprKind::ToVec { child_expr: a }
            | ExprKind::GetField { expr: a, .. }
            | ExprKind::Length { data: a }
            | ExprKind::Lambda { body: a, .. }
            | ExprKind::Serialize(a)
            | ExprKind::Deserialize { value: a, .. }
            | ExprKind::Assert(a)
            | ExprKind::NewBuilder(Some(a))
            | ExprKind::Res { builder: a } => out.push(a),
            ExprKind::BinOp { left: a, right: b, .. }
            | ExprKind::Lookup { data: a, index: b }
            | ExprKind::OptLookup { data: a, index: b }
            | ExprKind::KeyExists { data: a, key: b }
            | ExprKind::Sort { data: a, cmpfunc: b }
            | ExprKind::Let { value: a, body: b, .. }
            | ExprKind::Iterate { initial: a, update_func: b }
            | ExprKind::Merge { builder: a, value: b } => {
                out.push(a);
                out.push(b);
            }
            ExprKind::Slice { data: a, index: b, size: c }
            | ExprKind::If { cond: a, on_true: b, on_false: c }
            | ExprKind::Select { cond: a, on_true: b, on_false: c } => {
                out.push(a);
                out.push(b);
                out.push(c);
            }
            ExprKind::MakeStruct { elems }
            | ExprKind::MakeVector { elems }
            | ExprKind::Zip { vectors: elems }
            | ExprKind::CUDF { args: elems, .. } => out.extend(elems),
            ExprKind::Apply { func, params } => {
                out.push(func);
                out.extend(params);
            }
            ExprKind::For { iters, builder, func } => {
                for Iter { data, start, end, stride, kind, shape, strides } in iters {
                    if *kind != IterKind::RangeIter {
                        out.push(data);
                    }
                    for part in [start, end, stride, shape, strides].into_iter().flatten() {
                        out.push(part);
                    }
                }
                out.push(builder);
                out.push(func);
            }
        }
        out
    }};
}

impl Expr {
    /// An expression without annotations, whose type the caller knows.
    pub(super) fn bare(kind: ExprKind, ty: Type) -> Expr {
        Expr { ty, kind, annotations: Annotations::new() }
    }

    /// The expressions in it, in the order in which they are written.
    ///
    /// ```
    /// use weld::ast::prelude::*;
    ///
    /// let pair = Expr::new_make_struct(vec![Expr::new_literal(1.into())?, Expr::new_literal(true.into())?])?;
    /// let types: Vec<String> = pair.children().iter().map(|child| child.ty.to_string()).collect();
    /// assert_eq!(types, ["i32", "bool"]);
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    pub fn children(&self) -> Vec<&Expr> {
        children_of!(&self.kind, &Expr)
    }

    /// The same, to be changed.
    ///
    /// ```
    /// use weld::ast::prelude::*;
    ///
    /// let mut pair = Expr::new_make_struct(vec![Expr::new_literal(1.into())?, Expr::new_literal(true.into())?])?;
    /// for child in pair.children_mut() {
    ///     *child = Expr::new_literal(0.5.into())?;
    /// }
    /// pair.infer_types()?;
    /// assert_eq!(pair.ty.to_string(), "{f64,f64}");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        children_of!(&mut self.kind, &mut Expr)
    }
}

// What would be derived, but with a stack that grows: a chain of ten thousand lets is as deep.

impl Clone for Expr {
    fn clone(&self) -> Expr {
        let clone =
            || Expr { ty: self.ty.clone(), kind: self.kind.clone(), annotations: self.annotations.clone() };
        deep(clone)
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        deep(|| self.ty == other.ty && self.annotations == other.annotations && self.kind == other.kind)
    }
}

impl Eq for Expr {}

impl Hash for Expr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        deep(|| {
            self.ty.hash(state);
            self.kind.hash(state);
            self.annotations.hash(state);
        });
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        deep(|| {
            let mut shown = f.debug_struct("Expr");
            let shown = shown.field("ty", &self.ty).field("kind", &self.kind);
            shown.field("annotations", &self.annotations).finish()
        })
    }
}

impl Drop for Expr {
    fn drop(&mut self) {
        if !matches!(self.kind, ExprKind::Literal(_) | ExprKind::Ident(_)) {
            let kind = std::mem::replace(&mut self.kind, ExprKind::Literal(LiteralKind::BoolLiteral(false)));
            deep(|| drop(kind));
        }
    }
}
