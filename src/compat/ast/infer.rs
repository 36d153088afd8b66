#![forbid(unsafe_code)]
//! Types of trees, as the checker finds them.
//!
//! Promises: what has a type here, has it in a program. A constructor asks about its own node only: names with the types of
//! the parts stand in for these, so that a tree of any size is put together in linear time.

use super::convert::{Converter, same_type};
use super::expr::{Expr, ExprKind};
use super::parts::{Iter, IterKind, LiteralKind, Parameter, Symbol};
use super::symbols::free;
use super::types::{ScalarKind, Type};
use crate::compat::{WeldError, WeldResult, WeldRuntimeErrno};
use crate::diag::stack::deep;
use crate::diag::{Diagnostics, Origin};
use crate::ir::{self, Ty, visit};
use crate::syntax::ast;
use crate::{check, diag};

/// Trees whose types can be found out.
///
/// ```
/// use weld::ast::prelude::*;
///
/// // let x = 2; x * x, by somebody who does not know what `x` is.
/// let x = Symbol::new("x", 0);
/// let unknown = Expr::new_ident(x.clone(), Type::Unknown)?;
/// let square = Expr::new_bin_op(BinOpKind::Multiply, unknown.clone(), unknown)?;
/// let mut program = Expr::new_let(x, Expr::new_literal(2.into())?, square)?;
/// assert_eq!(program.ty, Type::Unknown);
/// program.infer_types()?;
/// assert_eq!(program.ty, Type::Scalar(ScalarKind::I32));
/// # Ok::<(), weld::WeldError>(())
/// ```
pub trait InferTypes {
    /// Finds the types of all parts. The types of free names must be known. What no program can be about, such as the types in
    /// a lambda that nothing calls, stays as it is.
    ///
    /// ```
    /// use weld::ast::prelude::*;
    ///
    /// let mut sum = Expr::new_literal(1.into())?;
    /// sum.kind = ExprKind::Not(Box::new(sum.clone()));
    /// let error = sum.infer_types().unwrap_err();
    /// assert_eq!(error.code(), weld::WeldRuntimeErrno::CompileError);
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn infer_types(&mut self) -> WeldResult<()>;
}

impl InferTypes for Expr {
    fn infer_types(&mut self) -> WeldResult<()> {
        let mut converter = Converter::default();
        let tree = converter.expr(self);
        let mut found = vec![None; converter.count()];
        let program = checked(tree, &free(self), &mut converter)?;
        params(&program.func, &mut found);
        visit::walk(&program.func.body, &mut |node| {
            record(&node.origin, &node.ty, &mut found);
            match &node.kind {
                ir::ExprKind::For(parts) => params(&parts.func, &mut found),
                ir::ExprKind::Apply(func, _)
                | ir::ExprKind::Sort(_, func)
                | ir::ExprKind::Iterate(_, func) => params(func, &mut found),
                _ => {}
            }
        });
        assign(self, &mut found.into_iter());
        Ok(())
    }
}

fn params(func: &ir::Lambda, found: &mut [Option<Ty>]) {
    func.params.iter().for_each(|param| record(&param.origin, &param.ty, found));
}

/// Keeps the type of the node with this number; the first one, where a lambda is used with several.
fn record(origin: &Origin, ty: &Ty, found: &mut [Option<Ty>]) {
    if let Some(place) = found.get_mut(origin.primary().lo as usize) {
        place.get_or_insert_with(|| ty.clone());
    }
}

/// Gives each node the type with its number; `found` goes on with that of the next node.
fn assign(expr: &mut Expr, found: &mut dyn Iterator<Item = Option<Ty>>) {
    deep(|| {
        let own = found.next().flatten();
        if let ExprKind::Lambda { params, .. } = &mut expr.kind {
            for param in params {
                found.next().flatten().iter().for_each(|ty| set(&mut param.ty, ty));
            }
        }
        expr.children_mut().into_iter().for_each(|child| assign(child, found));
        match (&expr.kind, own) {
            (ExprKind::Lambda { params, body }, _) => {
                let params = params.iter().map(|param| param.ty.clone()).collect();
                expr.ty = Type::Function(params, Box::new(body.ty.clone()));
            }
            (ExprKind::Let { body, .. }, _) => expr.ty = body.ty.clone(),
            (_, Some(ty)) => set(&mut expr.ty, &ty),
            // What a loop runs over is no vector of its own there.
            (ExprKind::Zip { vectors }, None) => {
                let elem = |vector: &Expr| match &vector.ty {
                    Type::Vector(elem) => Type::clone(elem),
                    _ => Type::Unknown,
                };
                expr.ty = Type::Vector(Box::new(Type::Struct(vectors.iter().map(elem).collect())));
            }
            (_, None) => {}
        }
        // A name of a lambda is no value, so that only its calls have types.
        let Expr { ty, kind: ExprKind::Apply { func, params }, .. } = expr else { return };
        if func.ty.has_unknown() {
            let params = params.iter().map(|param| param.ty.clone()).collect();
            func.ty = Type::Function(params, Box::new(ty.clone()));
        }
    });
}

/// Sets a type; a builder keeps its annotations.
fn set(place: &mut Type, ty: &Ty) {
    let mut new = Type::from(ty);
    if let (Type::Builder(_, kept), Type::Builder(_, annotations)) = (&mut *place, &mut new) {
        *annotations = std::mem::take(kept);
    }
    *place = new;
}

/// The checked program whose parameters are the free names, and those of the tree if it is a lambda.
fn checked(tree: ast::Expr, free: &[Parameter], converter: &mut Converter) -> WeldResult<ir::Program> {
    let mut params: Vec<ast::Param> = free.iter().map(|param| converter.param(param)).collect();
    let body = match &tree.kind {
        ast::ExprKind::Lambda(own, body) => {
            params.extend(own.iter().cloned());
            body.clone()
        }
        _ => tree.clone(),
    };
    let lambda = ast::Expr::with_notes(ast::ExprKind::Lambda(params, body), tree.span, tree.notes.clone());
    let (program, messages) = check::check(&lambda, &[]);
    program.ok_or_else(|| refused(&messages))
}

fn refused(messages: &Diagnostics) -> WeldError {
    let Some(diag::Diagnostic { code, title, help, .. }) = messages.first_error() else {
        return WeldError::new_unknown("an expression was refused without a reason");
    };
    let error = WeldError::new(format!("{}: {title}", code.id()), WeldRuntimeErrno::CompileError);
    match help {
        Some(help) => error.with_hint(help.as_str()),
        None => error,
    }
}

/// An expression of this kind with its type; `ty` is what is known of that already. Unknown as long as the type of a part is.
pub(super) fn typed(kind: ExprKind, ty: Type) -> WeldResult<Expr> {
    let mut expr = Expr::bare(kind, ty);
    if expr.ty.has_unknown() && matches!(expr.kind, ExprKind::NewBuilder(_)) {
        return Ok(expr);
    }
    if expr.children().iter().any(|part| part.ty.has_unknown()) {
        return Ok(expr);
    }
    let parts = expr.children_mut().into_iter().enumerate();
    let parts: Vec<Expr> = parts
        .map(|(at, part)| std::mem::replace(part, stand_in(&format!("operand{at}"), &part.ty)))
        .collect();
    // As the value of a let it may be what no result of a program may be: lanes.
    let (name, ty) = (Symbol::new("value", 0), Type::Scalar(ScalarKind::Bool));
    let body = Expr::bare(ExprKind::Literal(LiteralKind::BoolLiteral(false)), ty.clone());
    let binding = ExprKind::Let { name, value: Box::new(expr), body: Box::new(body) };
    let mut program = Expr::bare(binding, ty);
    let mut converter = Converter::default();
    let tree = converter.expr(&program);
    let checked = checked(tree, &free(&program), &mut converter);
    let ExprKind::Let { value, .. } = &mut program.kind else { return Ok(program) };
    let mut expr = std::mem::replace(&mut **value, stand_in("value", &Type::Unknown));
    expr.children_mut().into_iter().zip(parts).for_each(|(place, part)| *place = part);
    if let ir::ExprKind::Block(lets, _) = &checked?.func.body.kind
        && let Some(binding) = lets.first()
    {
        set(&mut expr.ty, &binding.value.ty);
    }
    Ok(expr)
}

/// Something small of this type. Free names are what it is made of.
fn stand_in(name: &str, ty: &Type) -> Expr {
    let kind = match ty {
        Type::Function(params, result) => {
            let param =
                |(at, ty): (usize, &Type)| Parameter::new(Symbol::new("param", at as i32), ty.clone());
            let params: Vec<Parameter> = params.iter().enumerate().map(param).collect();
            let body = Box::new(given_back(params.first(), name, result));
            ExprKind::Lambda { params, body }
        }
        // Lanes are never handed in.
        Type::Simd(scalar) => ExprKind::Broadcast(Box::new(stand_in(name, &Type::Scalar(*scalar)))),
        Type::Struct(fields) if fields.iter().any(has_lanes) => {
            let field = |(at, field): (usize, &Type)| stand_in(&format!("{name}_{at}"), field);
            ExprKind::MakeStruct { elems: fields.iter().enumerate().map(field).collect() }
        }
        _ => ExprKind::Ident(Symbol::new(name, 0)),
    };
    Expr::bare(kind, ty.clone())
}

fn has_lanes(ty: &Type) -> bool {
    match ty {
        Type::Simd(_) => true,
        Type::Struct(fields) => fields.iter().any(has_lanes),
        _ => false,
    }
}

/// The value of a function: what it got, wherever that has the type, for the builders of a loop must be given back.
fn given_back(param: Option<&Parameter>, name: &str, ty: &Type) -> Expr {
    match (param, ty) {
        (Some(param), _) if same_type(&param.ty, ty) => {
            Expr::bare(ExprKind::Ident(param.name.clone()), ty.clone())
        }
        (Some(_), Type::Struct(fields)) => {
            let field = |(at, field): (usize, &Type)| given_back(param, &format!("{name}_{at}"), field);
            let elems = fields.iter().enumerate().map(field).collect();
            Expr::bare(ExprKind::MakeStruct { elems }, ty.clone())
        }
        _ => stand_in(name, ty),
    }
}

/// The iterators whose bounds a tree may leave out must have all or none.
pub(super) fn complete(iters: &[Iter]) -> WeldResult<()> {
    for Iter { kind, start, end, stride, shape, strides, .. } in iters {
        let bounds = [start, end, stride].into_iter().flatten().count();
        let dimensions = [shape, strides].into_iter().flatten().count();
        let fits = match kind {
            IterKind::ScalarIter => (bounds == 0 || bounds == 3) && dimensions == 0,
            IterKind::SimdIter | IterKind::FringeIter => bounds == 0 && dimensions == 0,
            IterKind::NdIter => bounds == 3 && dimensions == 2,
            IterKind::RangeIter => bounds == 3 && dimensions == 0,
        };
        if !fits {
            let message = format!(
                "an iterator of kind `{kind:?}` with {bounds} bounds and {dimensions} lists of dimensions"
            );
            return Err(WeldError::new(message, WeldRuntimeErrno::CompileError));
        }
    }
    Ok(())
}
