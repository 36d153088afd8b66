#![forbid(unsafe_code)]
//! The constructors at work: expressions whose parts fit, with their types.
//!
//! Promises: an expression that was made here has the type that it has in a program, or one that is unknown because that of a
//! part is; what does not fit is an error with the words of the checker.

use super::expr::{Expr, ExprKind};
use super::infer::{complete, typed};
use super::new::NewExpr;
use super::parts::{Iter, LiteralKind, Parameter, Symbol, UnaryOpKind};
use super::types::{Annotations, BinOpKind, BuilderKind, ScalarKind, Type};
use crate::compat::{WeldError, WeldResult, WeldRuntimeErrno};

/// An expression whose type its parts decide.
fn known(kind: ExprKind) -> WeldResult<Expr> {
    typed(kind, Type::Unknown)
}

impl NewExpr for Expr {
    fn new_literal(kind: LiteralKind) -> WeldResult<Expr> {
        let ty = match &kind {
            LiteralKind::BoolLiteral(_) => ScalarKind::Bool,
            LiteralKind::I8Literal(_) => ScalarKind::I8,
            LiteralKind::I16Literal(_) => ScalarKind::I16,
            LiteralKind::I32Literal(_) => ScalarKind::I32,
            LiteralKind::I64Literal(_) => ScalarKind::I64,
            LiteralKind::U8Literal(_) => ScalarKind::U8,
            LiteralKind::U16Literal(_) => ScalarKind::U16,
            LiteralKind::U32Literal(_) => ScalarKind::U32,
            LiteralKind::U64Literal(_) => ScalarKind::U64,
            LiteralKind::F32Literal(_) => ScalarKind::F32,
            LiteralKind::F64Literal(_) => ScalarKind::F64,
            LiteralKind::StringLiteral(_) => {
                let ty = Type::Vector(Box::new(Type::Scalar(ScalarKind::I8)));
                return Ok(Expr::bare(ExprKind::Literal(kind), ty));
            }
        };
        Ok(Expr::bare(ExprKind::Literal(kind), Type::Scalar(ty)))
    }

    fn new_ident(name: Symbol, ty: Type) -> WeldResult<Expr> {
        Ok(Expr::bare(ExprKind::Ident(name), ty))
    }

    fn new_bin_op(kind: BinOpKind, left: Expr, right: Expr) -> WeldResult<Expr> {
        known(ExprKind::BinOp { kind, left: Box::new(left), right: Box::new(right) })
    }

    fn new_unary_op(kind: UnaryOpKind, value: Expr) -> WeldResult<Expr> {
        known(ExprKind::UnaryOp { kind, value: Box::new(value) })
    }

    fn new_cast(kind: ScalarKind, child_expr: Expr) -> WeldResult<Expr> {
        known(ExprKind::Cast { kind, child_expr: Box::new(child_expr) })
    }

    fn new_negate(expr: Expr) -> WeldResult<Expr> {
        known(ExprKind::Negate(Box::new(expr)))
    }

    fn new_not(expr: Expr) -> WeldResult<Expr> {
        known(ExprKind::Not(Box::new(expr)))
    }

    fn new_broadcast(expr: Expr) -> WeldResult<Expr> {
        known(ExprKind::Broadcast(Box::new(expr)))
    }

    fn new_to_vec(child_expr: Expr) -> WeldResult<Expr> {
        known(ExprKind::ToVec { child_expr: Box::new(child_expr) })
    }

    fn new_make_struct(elems: Vec<Expr>) -> WeldResult<Expr> {
        known(ExprKind::MakeStruct { elems })
    }

    fn new_make_vector(elems: Vec<Expr>) -> WeldResult<Expr> {
        known(ExprKind::MakeVector { elems })
    }

    fn new_make_vector_typed(elems: Vec<Expr>, ty: Type) -> WeldResult<Expr> {
        let ty = Type::Vector(Box::new(ty));
        let vector = typed(ExprKind::MakeVector { elems }, ty.clone())?;
        if vector.ty != ty && !ty.has_unknown() && !vector.ty.has_unknown() {
            let message = format!("the vector is of type `{}`, not of type `{ty}`", vector.ty);
            return Err(WeldError::new(message, WeldRuntimeErrno::CompileError));
        }
        Ok(vector)
    }

    fn new_zip(vectors: Vec<Expr>) -> WeldResult<Expr> {
        known(ExprKind::Zip { vectors })
    }

    fn new_get_field(expr: Expr, index: u32) -> WeldResult<Expr> {
        known(ExprKind::GetField { expr: Box::new(expr), index })
    }

    fn new_length(data: Expr) -> WeldResult<Expr> {
        known(ExprKind::Length { data: Box::new(data) })
    }

    fn new_lookup(data: Expr, index: Expr) -> WeldResult<Expr> {
        known(ExprKind::Lookup { data: Box::new(data), index: Box::new(index) })
    }

    fn new_opt_lookup(data: Expr, index: Expr) -> WeldResult<Expr> {
        known(ExprKind::OptLookup { data: Box::new(data), index: Box::new(index) })
    }

    fn new_key_exists(data: Expr, key: Expr) -> WeldResult<Expr> {
        known(ExprKind::KeyExists { data: Box::new(data), key: Box::new(key) })
    }

    fn new_slice(data: Expr, index: Expr, size: Expr) -> WeldResult<Expr> {
        known(ExprKind::Slice { data: Box::new(data), index: Box::new(index), size: Box::new(size) })
    }

    fn new_sort(data: Expr, cmpfunc: Expr) -> WeldResult<Expr> {
        known(ExprKind::Sort { data: Box::new(data), cmpfunc: Box::new(cmpfunc) })
    }

    fn new_let(name: Symbol, value: Expr, body: Expr) -> WeldResult<Expr> {
        let ty = body.ty.clone();
        Ok(Expr::bare(ExprKind::Let { name, value: Box::new(value), body: Box::new(body) }, ty))
    }

    fn new_if(cond: Expr, on_true: Expr, on_false: Expr) -> WeldResult<Expr> {
        known(ExprKind::If { cond: Box::new(cond), on_true: Box::new(on_true), on_false: Box::new(on_false) })
    }

    fn new_select(cond: Expr, on_true: Expr, on_false: Expr) -> WeldResult<Expr> {
        known(ExprKind::Select {
            cond: Box::new(cond),
            on_true: Box::new(on_true),
            on_false: Box::new(on_false),
        })
    }

    fn new_iterate(initial: Expr, update_func: Expr) -> WeldResult<Expr> {
        known(ExprKind::Iterate { initial: Box::new(initial), update_func: Box::new(update_func) })
    }

    fn new_lambda(params: Vec<Parameter>, body: Expr) -> WeldResult<Expr> {
        let types = params.iter().map(|param| param.ty.clone()).collect();
        let ty = Type::Function(types, Box::new(body.ty.clone()));
        Ok(Expr::bare(ExprKind::Lambda { params, body: Box::new(body) }, ty))
    }

    fn new_apply(func: Expr, params: Vec<Expr>) -> WeldResult<Expr> {
        known(ExprKind::Apply { func: Box::new(func), params })
    }

    fn new_cudf(sym_name: String, args: Vec<Expr>, return_ty: Type) -> WeldResult<Expr> {
        let ty = return_ty.clone();
        typed(ExprKind::CUDF { sym_name, args, return_ty: Box::new(return_ty) }, ty)
    }

    fn new_new_builder(kind: BuilderKind, expr: Option<Expr>) -> WeldResult<Expr> {
        let ty = Type::Builder(kind, Annotations::new());
        typed(ExprKind::NewBuilder(expr.map(Box::new)), ty)
    }

    fn new_for(iters: Vec<Iter>, builder: Expr, func: Expr) -> WeldResult<Expr> {
        complete(&iters)?;
        known(ExprKind::For { iters, builder: Box::new(builder), func: Box::new(func) })
    }

    fn new_merge(builder: Expr, value: Expr) -> WeldResult<Expr> {
        known(ExprKind::Merge { builder: Box::new(builder), value: Box::new(value) })
    }

    fn new_result(builder: Expr) -> WeldResult<Expr> {
        known(ExprKind::Res { builder: Box::new(builder) })
    }

    fn new_serialize(expr: Expr) -> WeldResult<Expr> {
        known(ExprKind::Serialize(Box::new(expr)))
    }

    fn new_deserialize(value: Expr, ty: Type) -> WeldResult<Expr> {
        let value_ty = Box::new(ty.clone());
        typed(ExprKind::Deserialize { value: Box::new(value), value_ty }, ty)
    }

    fn new_assert(expr: Expr) -> WeldResult<Expr> {
        known(ExprKind::Assert(Box::new(expr)))
    }
}
