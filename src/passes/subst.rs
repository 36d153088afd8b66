#![forbid(unsafe_code)]
//! Putting expressions in the place of variables, and the bodies of lambdas in the place of their applications.
//!
//! Promises: one walk over the expression; subtrees without such variables are shared, not copied; a copy has binders
//! of its own; nothing is evaluated more or less often than before, except what cannot fail and costs nothing.

use super::uses::{Placement, Uses};
use super::{PassCx, rewrite};
use crate::diag::stack;
use crate::ir::{Expr, ExprKind, For, Lambda, Let, Name, Param, build, visit};
use std::collections::HashMap;
use std::sync::Arc;

/// What stands for a variable.
pub enum Replacement {
    /// This, at each use.
    Whole(Expr),
    /// These, at each projection; there are no other uses.
    Fields(Vec<Expr>),
}

/// A set of replacements. With `rename`, every binder met gets a fresh name.
pub struct Subst {
    /// By variable.
    pub map: HashMap<Name, Replacement>,
    /// Whether this makes a second copy.
    pub rename: bool,
}

impl Subst {
    /// The expression with variables replaced.
    pub fn apply(&mut self, cx: &mut PassCx, expr: &Expr) -> Expr {
        if self.map.is_empty() && !self.rename {
            return expr.clone();
        }
        stack::deep(|| match &expr.kind {
            ExprKind::Var(name) => match self.map.get(name) {
                Some(Replacement::Whole(to)) => to.clone(),
                Some(Replacement::Fields(fields)) => build::tuple(fields.clone(), expr.origin.clone()),
                None => expr.clone(),
            },
            ExprKind::Field(a, k) => {
                if let Some(Replacement::Fields(fields)) = a.var().and_then(|name| self.map.get(name))
                    && let Some(field) = fields.get(*k as usize)
                {
                    return field.clone();
                }
                let a = self.apply(cx, a);
                expr.with_kind(ExprKind::Field(a, *k))
            }
            ExprKind::Block(lets, body) if self.rename => {
                let mut renamed = Vec::with_capacity(lets.len());
                for binding in lets {
                    let value = self.apply(cx, &binding.value);
                    let name = self.rename(cx, &binding.name, &binding.value);
                    renamed.push(Let { name, value });
                }
                let body = self.apply(cx, body);
                rewrite::settle(&expr.with_kind(ExprKind::Block(renamed, body)))
            }
            ExprKind::Apply(lambda, args) if self.rename => {
                let args = args.iter().map(|arg| self.apply(cx, arg)).collect();
                expr.with_kind(ExprKind::Apply(Arc::new(self.lambda(cx, lambda)), args))
            }
            ExprKind::Iterate(start, lambda) if self.rename => {
                let start = self.apply(cx, start);
                expr.with_kind(ExprKind::Iterate(start, Arc::new(self.lambda(cx, lambda))))
            }
            ExprKind::Sort(data, lambda) if self.rename => {
                let data = self.apply(cx, data);
                expr.with_kind(ExprKind::Sort(data, Arc::new(self.lambda(cx, lambda))))
            }
            ExprKind::For(parts) if self.rename => {
                // The operands by the common walk, the function, which binds, by hand.
                let operands = visit::map_children(expr, &mut |child| {
                    if child.same(&parts.func.body) { child.clone() } else { self.apply(cx, child) }
                });
                let ExprKind::For(walked) = &operands.kind else { return operands };
                let func = self.lambda(cx, &parts.func);
                let (iters, builder) = (walked.iters.clone(), walked.builder.clone());
                operands.with_kind(ExprKind::For(Arc::new(For { iters, builder, func, simd: parts.simd })))
            }
            _ => rewrite::settle(&visit::map_children(expr, &mut |child| self.apply(cx, child))),
        })
    }

    fn rename(&mut self, cx: &mut PassCx, name: &Name, value: &Expr) -> Name {
        let fresh = cx.fresh(name.text());
        let var = build::var(&fresh, value.ty.clone(), value.origin.clone());
        self.map.insert(name.clone(), Replacement::Whole(var));
        fresh
    }

    fn lambda(&mut self, cx: &mut PassCx, lambda: &Lambda) -> Lambda {
        let mut params = Vec::with_capacity(lambda.params.len());
        for param in &lambda.params {
            let name = cx.fresh(param.name.text());
            let var = build::var(&name, param.ty.clone(), param.origin.clone());
            self.map.insert(param.name.clone(), Replacement::Whole(var));
            params.push(Param { name, ty: param.ty.clone(), origin: param.origin.clone() });
        }
        Lambda { params, body: self.apply(cx, &lambda.body) }
    }
}

/// The body of a lambda with `args` for its parameters: in place where that repeats and hides nothing, otherwise bound
/// by a let. `copy` when the lambda is used elsewhere too.
pub fn instantiate(cx: &mut PassCx, lambda: &Lambda, args: Vec<Expr>, copy: bool) -> Expr {
    let uses = Uses::of(&lambda.body);
    let mut lets = Vec::new();
    let mut subst = Subst { map: HashMap::new(), rename: copy };
    for (param, arg) in lambda.params.iter().zip(args) {
        let name = if copy { cx.fresh(param.name.text()) } else { param.name.clone() };
        if let Some(to) = place(cx, &uses, &param.name, name, arg, &mut lets) {
            subst.map.insert(param.name.clone(), to);
        }
    }
    let body = subst.apply(cx, &lambda.body);
    let origin = body.origin.clone();
    build::block(lets, body, origin)
}

/// What stands for `name`, whose uses are known, when its value is `value`. What must stay bound is added to `lets`
/// as `new_name`; `None` when that is `name` itself, or when there are no uses.
pub fn place(
    cx: &mut PassCx,
    uses: &Uses,
    name: &Name,
    new_name: Name,
    value: Expr,
    lets: &mut Vec<Let>,
) -> Option<Replacement> {
    if let ExprKind::Struct(items) = &value.kind
        && !uses.name(name).whole
    {
        let mut fields = Vec::with_capacity(items.len());
        for (k, item) in items.iter().enumerate() {
            fields.push(match uses.placement(name, Some(k as u32), item) {
                Placement::Drop | Placement::Everywhere | Placement::Once => item.clone(),
                Placement::Keep | Placement::KeepUnused | Placement::KeepOutside => {
                    let part = cx.fresh(name.text());
                    let var = build::var(&part, item.ty.clone(), item.origin.clone());
                    lets.push(Let { name: part, value: item.clone() });
                    var
                }
            });
        }
        return Some(Replacement::Fields(fields));
    }
    match uses.placement(name, None, &value) {
        Placement::Drop => None,
        Placement::Everywhere | Placement::Once => Some(Replacement::Whole(value)),
        Placement::Keep | Placement::KeepUnused | Placement::KeepOutside => {
            let var = build::var(&new_name, value.ty.clone(), value.origin.clone());
            let renamed = new_name != *name;
            lets.push(Let { name: new_name, value });
            renamed.then_some(Replacement::Whole(var))
        }
    }
}
