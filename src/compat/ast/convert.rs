#![forbid(unsafe_code)]
//! From the public tree to the one that the parser makes, and so to text.
//!
//! Promises: different names stay different, and none is a reserved word; every node, and every parameter of a lambda, gets the
//! next number as its place, in the order of [`Expr::children`], so that a walk over the public tree finds what was found out
//! about each; linear time, whatever the depth.

use super::expr::{Expr, ExprKind};
use super::parts::{Iter, IterKind, LiteralKind, Parameter, Symbol, UnaryOpKind};
use super::types::{Annotations, BuilderKind, Type};
use crate::diag::stack::deep;
use crate::diag::{SourceId, Span};
use crate::ir::layout::WIDTH;
use crate::ir::{BinOp, Literal, UnOp};
use crate::syntax::ast::{self, Builtin, Ident, Let, Note, Param, Ty, TyKind};
use crate::syntax::{self, TokenKind};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// Text that can be compiled.
///
/// ```
/// use weld::ast::prelude::*;
///
/// let n = Symbol::new("n", 0);
/// let int = Type::Scalar(ScalarKind::I64);
/// let square = Expr::new_bin_op(
///     BinOpKind::Multiply,
///     Expr::new_ident(n.clone(), int.clone())?,
///     Expr::new_ident(n.clone(), int.clone())?,
/// )?;
/// let program = Expr::new_lambda(vec![Parameter::new(n, int)], square)?;
/// assert_eq!(program.pretty_print(), "|n: i64| n * n");
/// weld::WeldModule::compile(program.pretty_print(), &weld::WeldConf::new())?;
/// # Ok::<(), weld::WeldError>(())
/// ```
pub trait PrettyPrint {
    /// The text.
    ///
    /// ```
    /// use weld::ast::prelude::*;
    ///
    /// assert_eq!(Expr::new_negate(Expr::new_literal(1.5f32.into())?)?.pretty_print(), "-1.5F");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn pretty_print(&self) -> String;
}

impl PrettyPrint for Expr {
    fn pretty_print(&self) -> String {
        syntax::print(&Converter::default().expr(self), WIDTH)
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pretty_print())
    }
}

/// One conversion.
#[derive(Default)]
pub(super) struct Converter {
    /// The number of the next node.
    next: u32,
    names: HashMap<Symbol, (String, u32)>,
    taken: HashSet<(String, u32)>,
}

impl Converter {
    fn number(&mut self) -> Span {
        let number = self.next;
        self.next = number.saturating_add(1);
        Span::new(SourceId::default(), number, number.saturating_add(1))
    }

    /// How many numbers were given.
    pub(super) fn count(&self) -> usize {
        self.next as usize
    }

    fn ident(&mut self, symbol: &Symbol, span: Span) -> Ident {
        if !self.names.contains_key(symbol) {
            let text = if is_name(symbol.name()) { symbol.name() } else { "name" };
            // A number after the letters is added where the mark is not 0.
            let mut name = (text.to_string(), u32::from_ne_bytes(symbol.id().to_ne_bytes()));
            while self.taken.contains(&name) {
                name.1 = name.1.wrapping_add(1);
            }
            self.taken.insert(name.clone());
            self.names.insert(symbol.clone(), name);
        }
        let (text, mark) = self.names.get(symbol).map_or(("", 0), |name| (&*name.0, name.1));
        Ident { text: text.into(), mark, span }
    }

    /// A parameter, with a number of its own.
    pub(super) fn param(&mut self, param: &Parameter) -> Param {
        let span = self.number();
        let name = self.ident(&param.name, span);
        Param { name, ty: written(&param.ty, span) }
    }

    /// The expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> ast::Expr {
        deep(|| match &expr.kind {
            ExprKind::Let { .. } => self.lets(expr),
            _ => {
                let span = self.number();
                let kind = self.kind(expr, span);
                let mut notes = notes(&expr.annotations, span);
                if let (ExprKind::NewBuilder(_), Type::Builder(_, own)) = (&expr.kind, &expr.ty) {
                    notes.extend(self::notes(own, span));
                }
                ast::Expr::with_notes(kind, span, notes)
            }
        })
    }

    /// A run of lets as one block.
    fn lets(&mut self, expr: &Expr) -> ast::Expr {
        let (mut lets, mut at, mut first) = (Vec::new(), expr, None);
        while let ExprKind::Let { name, value, body } = &at.kind
            && (lets.is_empty() || at.annotations.is_empty())
        {
            let span = self.number();
            first.get_or_insert(span);
            let name = self.ident(name, span);
            lets.push(Let { name, ty: None, value: self.expr(value) });
            at = body;
        }
        let body = self.expr(at);
        let span = first.unwrap_or_default();
        ast::Expr::with_notes(ast::ExprKind::Block(lets, body), span, notes(&expr.annotations, span))
    }

    fn list(&mut self, items: &[Expr]) -> Vec<ast::Expr> {
        items.iter().map(|item| self.expr(item)).collect()
    }

    fn call(&mut self, builtin: Builtin, args: &[&Expr]) -> ast::ExprKind {
        ast::ExprKind::Call(builtin, args.iter().map(|arg| self.expr(arg)).collect())
    }

    fn kind(&mut self, expr: &Expr, span: Span) -> ast::ExprKind {
        use ast::ExprKind as To;
        match &expr.kind {
            ExprKind::Literal(value) => literal(value, span),
            ExprKind::Ident(name) => To::Ident(self.ident(name, span)),
            ExprKind::Negate(a) => To::Unary(UnOp::Neg, self.expr(a)),
            ExprKind::Not(a) => To::Unary(UnOp::Not, self.expr(a)),
            ExprKind::BinOp { kind, left, right } => {
                let left = self.expr(left);
                To::Binary(kind.op(), left, self.expr(right))
            }
            ExprKind::UnaryOp { kind, value } => To::Unary(unary(*kind), self.expr(value)),
            ExprKind::Cast { kind, child_expr } => To::Cast(kind.scalar(), self.expr(child_expr)),
            ExprKind::Broadcast(a) => self.call(Builtin::Broadcast, &[a]),
            ExprKind::ToVec { child_expr } => self.call(Builtin::ToVec, &[child_expr]),
            ExprKind::MakeStruct { elems } => To::Struct(self.list(elems)),
            ExprKind::MakeVector { elems } => {
                let vector = To::Vector(self.list(elems));
                match written(&expr.ty, span).filter(|_| elems.is_empty()) {
                    Some(ty) => To::Ascribe(ast::Expr::new(vector, span), ty),
                    None => vector,
                }
            }
            ExprKind::Zip { vectors } => To::Call(Builtin::Zip, self.list(vectors)),
            ExprKind::GetField { expr, index } => To::Field(self.expr(expr), *index, span),
            ExprKind::Length { data } => self.call(Builtin::Len, &[data]),
            ExprKind::Lookup { data, index } => self.call(Builtin::Lookup, &[data, index]),
            ExprKind::OptLookup { data, index } => self.call(Builtin::OptLookup, &[data, index]),
            ExprKind::KeyExists { data, key } => self.call(Builtin::KeyExists, &[data, key]),
            ExprKind::Slice { data, index, size } => self.call(Builtin::Slice, &[data, index, size]),
            ExprKind::Sort { data, cmpfunc } => self.call(Builtin::Sort, &[data, cmpfunc]),
            // A run of lets is converted as a whole.
            ExprKind::Let { .. } => To::Error,
            ExprKind::If { cond, on_true, on_false } => self.call(Builtin::If, &[cond, on_true, on_false]),
            ExprKind::Select { cond, on_true, on_false } => {
                self.call(Builtin::Select, &[cond, on_true, on_false])
            }
            ExprKind::Iterate { initial, update_func } => {
                self.call(Builtin::Iterate, &[initial, update_func])
            }
            ExprKind::Lambda { params, body } => {
                let params = params.iter().map(|param| self.param(param)).collect();
                To::Lambda(params, self.expr(body))
            }
            ExprKind::Apply { func, params } => {
                let func = self.expr(func);
                To::Apply(func, self.list(params))
            }
            ExprKind::CUDF { sym_name, args, return_ty } => {
                let name = Ident { text: sym_name.as_str().into(), mark: 0, span };
                To::CUdf { name, ty: ty(return_ty, span), args: self.list(args) }
            }
            ExprKind::Serialize(a) => self.call(Builtin::Serialize, &[a]),
            ExprKind::Deserialize { value, value_ty } => {
                To::Deserialize(ty(value_ty, span), self.expr(value))
            }
            ExprKind::Assert(a) => self.call(Builtin::Assert, &[a]),
            ExprKind::NewBuilder(arg) => {
                To::NewBuilder(ty(&expr.ty, span), arg.as_ref().map(|arg| self.expr(arg)))
            }
            ExprKind::For { iters, builder, func } => {
                let iters: Vec<ast::Iter> = iters.iter().map(|iter| self.iter(iter, span)).collect();
                let (zipped, builder) = (iters.len() > 1, self.expr(builder));
                To::For { iters, zipped, builder, func: self.expr(func) }
            }
            ExprKind::Merge { builder, value } => self.call(Builtin::Merge, &[builder, value]),
            ExprKind::Res { builder } => self.call(Builtin::Result, &[builder]),
        }
    }

    fn iter(&mut self, iter: &Iter, span: Span) -> ast::Iter {
        let Iter { data, start, end, stride, kind, shape, strides } = iter;
        let data = (*kind != IterKind::RangeIter).then_some(data);
        let parts = [data, start.as_ref(), end.as_ref(), stride.as_ref(), shape.as_ref(), strides.as_ref()];
        let kind = match kind {
            IterKind::ScalarIter => ast::IterKind::Iter,
            IterKind::SimdIter => ast::IterKind::SimdIter,
            IterKind::FringeIter => ast::IterKind::FringeIter,
            IterKind::NdIter => ast::IterKind::NdIter,
            IterKind::RangeIter => ast::IterKind::RangeIter,
        };
        ast::Iter { kind, args: parts.into_iter().flatten().map(|part| self.expr(part)).collect(), span }
    }
}

/// Whether the text is a name: no reserved word, and nothing but a name.
fn is_name(text: &str) -> bool {
    let (tokens, messages) = syntax::lex(SourceId::default(), text);
    let is_one = match tokens.as_slice() {
        [name, end] => {
            name.kind == TokenKind::Ident
                && end.kind == TokenKind::End
                && (name.span.lo, name.span.hi as usize) == (0, text.len())
        }
        _ => false,
    };
    is_one && !messages.has_errors()
}

fn notes(annotations: &Annotations, span: Span) -> Vec<Note> {
    let note = |(key, value): (&String, &String)| Note {
        key: Ident { text: key.as_str().into(), mark: 0, span },
        value: value.clone(),
    };
    annotations.iter().map(note).collect()
}

fn literal(value: &LiteralKind, span: Span) -> ast::ExprKind {
    let float = |value: Literal, is_nan: bool, zero: Literal| {
        if !is_nan {
            return ast::ExprKind::Literal(value);
        }
        // No literal is a NaN.
        let zero = || ast::Expr::new(ast::ExprKind::Literal(zero.clone()), span);
        ast::ExprKind::Binary(BinOp::Div, zero(), zero())
    };
    ast::ExprKind::Literal(match value {
        LiteralKind::BoolLiteral(value) => Literal::Bool(*value),
        LiteralKind::I8Literal(value) => Literal::I8(*value),
        LiteralKind::I16Literal(value) => Literal::I16(*value),
        LiteralKind::I32Literal(value) => Literal::I32(*value),
        LiteralKind::I64Literal(value) => Literal::I64(*value),
        LiteralKind::U8Literal(value) => Literal::U8(*value),
        LiteralKind::U16Literal(value) => Literal::U16(*value),
        LiteralKind::U32Literal(value) => Literal::U32(*value),
        LiteralKind::U64Literal(value) => Literal::U64(*value),
        LiteralKind::StringLiteral(text) => Literal::Str(text.as_bytes().into()),
        LiteralKind::F32Literal(bits) => {
            let value = f32::from_bits(*bits);
            return float(Literal::F32(value), value.is_nan(), Literal::F32(0.0));
        }
        LiteralKind::F64Literal(bits) => {
            let value = f64::from_bits(*bits);
            return float(Literal::F64(value), value.is_nan(), Literal::F64(0.0));
        }
    })
}

fn unary(kind: UnaryOpKind) -> UnOp {
    match kind {
        UnaryOpKind::Exp => UnOp::Exp,
        UnaryOpKind::Log => UnOp::Log,
        UnaryOpKind::Sqrt => UnOp::Sqrt,
        UnaryOpKind::Sin => UnOp::Sin,
        UnaryOpKind::Cos => UnOp::Cos,
        UnaryOpKind::Tan => UnOp::Tan,
        UnaryOpKind::ASin => UnOp::Asin,
        UnaryOpKind::ACos => UnOp::Acos,
        UnaryOpKind::ATan => UnOp::Atan,
        UnaryOpKind::Sinh => UnOp::Sinh,
        UnaryOpKind::Cosh => UnOp::Cosh,
        UnaryOpKind::Tanh => UnOp::Tanh,
        UnaryOpKind::Erf => UnOp::Erf,
        UnaryOpKind::BitwiseNot => UnOp::BitNot,
    }
}

/// A type as somebody would write it, where one can: functions have none in programs.
fn written(of: &Type, span: Span) -> Option<Ty> {
    (!matches!(of, Type::Unknown | Type::Function(..))).then(|| ty(of, span))
}

/// Whether two types are the same in a program, where neither aliases nor annotations count.
pub(super) fn same_type(a: &Type, b: &Type) -> bool {
    ty(a, Span::default()) == ty(b, Span::default())
}

fn ty(of: &Type, span: Span) -> Ty {
    let boxed = |of: &Type| Box::new(ty(of, span));
    let pair = |a: &Type, b: &Type| Box::new((ty(a, span), ty(b, span)));
    let kind = deep(|| match of {
        Type::Scalar(scalar) => TyKind::Scalar(scalar.scalar()),
        Type::Simd(scalar) => TyKind::Simd(boxed(&Type::Scalar(*scalar))),
        Type::Vector(elem) => TyKind::Vec(boxed(elem)),
        Type::Dict(key, value) => TyKind::Dict(pair(key, value)),
        Type::Struct(fields) => TyKind::Struct(fields.iter().map(|field| ty(field, span)).collect()),
        Type::Alias(_, stands_for) => ty(stands_for, span).kind,
        Type::Function(..) | Type::Unknown => TyKind::Hole,
        Type::Builder(kind, _) => {
            let known = match kind {
                BuilderKind::Appender(elem) => Some(TyKind::Appender(boxed(elem))),
                BuilderKind::Merger(value, op) => op.merge_op().map(|op| TyKind::Merger(boxed(value), op)),
                BuilderKind::DictMerger(key, value, op) => {
                    op.merge_op().map(|op| TyKind::DictMerger(pair(key, value), op))
                }
                BuilderKind::GroupMerger(key, value) => Some(TyKind::GroupMerger(pair(key, value))),
                BuilderKind::VecMerger(elem, op) => {
                    op.merge_op().map(|op| TyKind::VecMerger(boxed(elem), op))
                }
            };
            // An operator that no builder has is printed all the same, for the parser to refuse.
            known.unwrap_or_else(|| TyKind::Alias(Ident { text: kind.to_string().into(), mark: 0, span }))
        }
    });
    Ty { kind, span }
}
