#![forbid(unsafe_code)]
//! The types of operations whose operands hold no builders.
//!
//! Promises: `Ok` means that the type of the node follows from those of its operands (LANGUAGE 5).

use super::{Verifier, wrong};
use crate::ir::{BinOp, BuilderTy, Expr, ExprKind, Scalar, Ty, build, op::Operands};

impl Verifier {
    /// Nodes whose operands hold no builders.
    pub(super) fn plain(&self, expr: &Expr) -> Result<(), String> {
        let ty = match &expr.kind {
            ExprKind::Literal(value) => value.ty(),
            ExprKind::Unary(op, a) => {
                if !suits(op.operands(), &a.ty) {
                    return wrong(expr, "an operand has no such operation");
                }
                a.ty.clone()
            }
            ExprKind::Binary(op, a, b) => {
                self.same(expr, &a.ty, &b.ty)?;
                if !suits(op.operands(), &a.ty) {
                    return wrong(expr, "an operand has no such operation");
                }
                result_of(*op, a)
            }
            ExprKind::Cast(to, a) => match a.ty {
                Ty::Scalar(_) => Ty::Scalar(*to),
                Ty::Simd(_) => Ty::Simd(*to),
                _ => return wrong(expr, "a cast of something that is no scalar"),
            },
            ExprKind::Broadcast(a) => match a.ty {
                Ty::Scalar(scalar) => Ty::Simd(scalar),
                _ => return wrong(expr, "a broadcast of something that is no scalar"),
            },
            ExprKind::Vector(items) => {
                let Some(elem) = expr.ty.elem() else {
                    return wrong(expr, "a vector literal of another type");
                };
                for item in items {
                    self.same(expr, &item.ty, elem)?;
                }
                expr.ty.clone()
            }
            ExprKind::Select(c, a, b) => {
                let lanes = matches!((&c.ty, &a.ty), (Ty::Simd(Scalar::Bool), Ty::Simd(_)));
                if c.ty != Ty::BOOL && !lanes {
                    return wrong(expr, "a condition that is no bool");
                }
                self.same(expr, &a.ty, &b.ty)?;
                if a.ty.has_builder() {
                    return wrong(expr, "a builder in `select`");
                }
                a.ty.clone()
            }
            ExprKind::Len(a) => match a.ty {
                Ty::Vec(_) | Ty::Dict(_) => Ty::I64,
                _ => return wrong(expr, "the length of something without one"),
            },
            ExprKind::Lookup(v, i) => match &v.ty {
                Ty::Vec(elem) => {
                    self.same(expr, &i.ty, &Ty::I64)?;
                    (**elem).clone()
                }
                Ty::Dict(entry) => {
                    self.same(expr, &i.ty, &entry.0)?;
                    entry.1.clone()
                }
                _ => return wrong(expr, "a lookup in something that is no collection"),
            },
            ExprKind::OptLookup(d, k) | ExprKind::KeyExists(d, k) => {
                let Some((key, value)) = d.ty.entry() else {
                    return wrong(expr, "a lookup in something that is no dictionary");
                };
                self.same(expr, &k.ty, key)?;
                if matches!(expr.kind, ExprKind::KeyExists(..)) {
                    Ty::BOOL
                } else {
                    Ty::tuple(vec![Ty::BOOL, value.clone()])
                }
            }
            ExprKind::ToVec(d) => match d.ty.entry() {
                Some((key, value)) => Ty::vec(Ty::tuple(vec![key.clone(), value.clone()])),
                None => return wrong(expr, "the entries of something that is no dictionary"),
            },
            ExprKind::Serialize(a) if a.ty.is_serializable() => Ty::vec(Ty::Scalar(Scalar::U8)),
            ExprKind::Serialize(_) => return wrong(expr, "a value that cannot be serialized"),
            ExprKind::Deserialize(a) => match a.ty.elem().and_then(Ty::scalar) {
                Some(Scalar::U8 | Scalar::I8) if expr.ty.is_serializable() => expr.ty.clone(),
                _ => return wrong(expr, "bytes that cannot be deserialized"),
            },
            ExprKind::CUdf(_, args) => {
                if args.iter().any(|arg| arg.ty.has_builder() || arg.ty.has_simd()) || expr.ty.has_builder() {
                    return wrong(expr, "a builder or SIMD value across a C function");
                }
                expr.ty.clone()
            }
            ExprKind::Slice(v, i, n) => {
                self.same(expr, &i.ty, &Ty::I64)?;
                self.same(expr, &n.ty, &Ty::I64)?;
                if v.ty.elem().is_none() {
                    return wrong(expr, "a slice of something that is no vector");
                }
                v.ty.clone()
            }
            ExprKind::Assert(c) => {
                self.same(expr, &c.ty, &Ty::BOOL)?;
                Ty::BOOL
            }
            ExprKind::Zip(items) => {
                let elems: Option<Vec<Ty>> = items.iter().map(|item| item.ty.elem().cloned()).collect();
                match elems {
                    Some(elems) if !elems.is_empty() => Ty::vec(Ty::tuple(elems)),
                    _ => return wrong(expr, "a zip of something that is no vector"),
                }
            }
            ExprKind::NewBuilder(arg) => {
                let Some(builder) = expr.ty.as_builder() else {
                    return wrong(expr, "a builder of another type");
                };
                let wanted = match builder {
                    BuilderTy::Appender(_) => Some(Ty::I64),
                    BuilderTy::Merger(value, _) => Some(value.clone()),
                    BuilderTy::DictMerger(..) | BuilderTy::VecMerger(..) => Some(builder.result_ty()),
                    BuilderTy::GroupMerger(..) => None,
                };
                match (arg, wanted) {
                    (Some(arg), Some(wanted)) => self.same(expr, &arg.ty, &wanted)?,
                    (Some(_), None) => return wrong(expr, "an argument for a builder that takes none"),
                    (None, _) if matches!(builder, BuilderTy::VecMerger(..)) => {
                        return wrong(expr, "a vecmerger without its vector");
                    }
                    (None, _) => {}
                }
                expr.ty.clone()
            }
            ExprKind::Result(b) => match b.ty.as_builder() {
                Some(builder) => builder.result_ty(),
                None => return wrong(expr, "the result of something that is no builder"),
            },
            _ => return Ok(()),
        };
        self.same(expr, &expr.ty, &ty)
    }
}

/// The type of a binary operation on operands like `a`.
fn result_of(op: BinOp, a: &Expr) -> Ty {
    build::binary(op, a.clone(), a.clone(), a.origin.clone()).ty.clone()
}

/// Whether an operator works on a type; SIMD values follow their lanes.
fn suits(operands: Operands, ty: &Ty) -> bool {
    let scalar = match ty {
        Ty::Scalar(scalar) | Ty::Simd(scalar) => Some(*scalar),
        _ => None,
    };
    match operands {
        Operands::Num => scalar.is_some_and(Scalar::is_num),
        Operands::Int => scalar.is_some_and(Scalar::is_int),
        Operands::Float => scalar.is_some_and(Scalar::is_float),
        Operands::Bits => scalar.is_some_and(|scalar| scalar.is_int() || scalar == Scalar::Bool),
        Operands::Bool => scalar == Some(Scalar::Bool),
        Operands::Ordered => scalar.is_some(),
        Operands::Equal | Operands::Compared => ty.has_equality(),
    }
}
