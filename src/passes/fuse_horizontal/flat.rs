#![forbid(unsafe_code)]
//! A scope as a flat list of lets, with every loop that is evaluated whenever the scope is in a let of its own.
//!
//! Promises: the list is in evaluation order; what was lifted out of an expression is marked, so that it can go back.
//! Must not: lift anything out of a branch, a lambda or the right side of `&&`, nor past a call of a C function.

use crate::diag::stack;
use crate::ir::{BinOp, BuilderTy, Expr, ExprKind, For, Iter, Lambda, Name, Param, Ty, build, visit};
use crate::passes::{PassCx, pattern};
use std::sync::Arc;

/// One let.
pub struct Item {
    /// Its name.
    pub name: Name,
    /// Its value, whose loops are variables now.
    pub value: Expr,
    /// Whether it was a part of an expression: its name is used once, and stands for it.
    pub lifted: bool,
    /// Whether that was an operand of `select`, `&&` or `||`, where builders may not be used.
    pub operand: bool,
    /// The zip that `value` is a loop for.
    pub zip: Option<Expr>,
}

/// The lets of a scope; the last one is the value of the scope.
pub fn items(cx: &mut PassCx, expr: &Expr) -> Vec<Item> {
    let mut flat = Flat { cx, items: Vec::new(), operands: 0 };
    let (lets, body) = super::split(expr);
    for binding in lets {
        let (value, zip) = flat.top(&binding.value);
        flat.items.push(Item { name: binding.name.clone(), value, lifted: false, operand: false, zip });
    }
    let value = flat.operand(body);
    let name = flat.cx.fresh("out");
    flat.items.push(Item { name, value, lifted: false, operand: false, zip: None });
    flat.items
}

/// The function that a node applies.
pub fn lambda(kind: &ExprKind) -> Option<&Lambda> {
    match kind {
        ExprKind::For(parts) => Some(&parts.func),
        ExprKind::Apply(lambda, _) | ExprKind::Iterate(_, lambda) | ExprKind::Sort(_, lambda) => Some(lambda),
        _ => None,
    }
}

struct Flat<'a, 'b> {
    cx: &'a mut PassCx<'b>,
    items: Vec<Item>,
    /// Operands of `select`, `&&` and `||` around the place.
    operands: usize,
}

impl Flat<'_, '_> {
    /// The value of a let: a loop stays where it is, its operands are lifted. A zip becomes a loop.
    fn top(&mut self, expr: &Expr) -> (Expr, Option<Expr>) {
        // What is lifted out of an expression may come before a call of a C function in it.
        if expr.facts.calls {
            return (expr.clone(), None);
        }
        let value = match &expr.kind {
            ExprKind::For(parts) => self.for_loop(expr, parts),
            ExprKind::Result(built) => match &built.kind {
                ExprKind::For(parts) => expr.with_kind(ExprKind::Result(self.for_loop(built, parts))),
                _ => self.operand(expr),
            },
            ExprKind::Zip(items) if items.len() > 1 => {
                let items: Vec<Expr> = items.iter().map(|item| self.data(item)).collect();
                let value = self.zip(expr, &items);
                return (value, Some(expr.with_kind(ExprKind::Zip(items))));
            }
            _ => self.operand(expr),
        };
        (value, None)
    }

    fn is_loop(expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::For(_) => true,
            ExprKind::Result(built) => matches!(built.kind, ExprKind::For(_)),
            _ => false,
        }
    }

    fn push(&mut self, base: &str, value: Expr, zip: Option<Expr>) -> Expr {
        let name = self.cx.fresh(base);
        let var = build::var(&name, value.ty.clone(), value.origin.clone());
        self.items.push(Item { name, value, lifted: true, operand: self.operands > 0, zip });
        var
    }

    /// What a loop or zip reads: a name, lifted if it is none.
    fn data(&mut self, expr: &Expr) -> Expr {
        if pattern::is_trivial(expr) {
            return expr.clone();
        }
        let (value, zip) = self.top(expr);
        if pattern::is_trivial(&value) { value } else { self.push("data", value, zip) }
    }

    fn for_loop(&mut self, expr: &Expr, parts: &For) -> Expr {
        let builder = self.operand(&parts.builder);
        let iters = parts.iters.iter().map(|iter| match iter {
            Iter::Whole(data) => Iter::Whole(self.data(data)),
            other => other.map(&mut |operand| self.operand(operand)),
        });
        let iters = iters.collect();
        expr.with_kind(ExprKind::For(Arc::new(For {
            iters,
            builder,
            func: parts.func.clone(),
            simd: parts.simd,
        })))
    }

    /// `for(zip(a, b), appender, |b, i, e| merge(b, e))`
    fn zip(&mut self, expr: &Expr, items: &[Expr]) -> Expr {
        let Some(elem) = expr.ty.elem().cloned() else { return expr.clone() };
        let origin = &expr.origin;
        let ty = Ty::builder(BuilderTy::Appender(elem.clone()));
        let names = (self.cx.fresh("b"), self.cx.fresh("i"), self.cx.fresh("e"));
        let param =
            |name: &Name, ty: &Ty| Param { name: name.clone(), ty: ty.clone(), origin: origin.clone() };
        let own = build::var(&names.0, ty.clone(), origin.clone());
        let body = build::merge(own, build::var(&names.2, elem.clone(), origin.clone()), origin.clone());
        let func = Lambda {
            params: vec![param(&names.0, &ty), param(&names.1, &Ty::I64), param(&names.2, &elem)],
            body,
        };
        let iters = items.iter().cloned().map(Iter::Whole).collect();
        let builder = Expr::new(ExprKind::NewBuilder(None), ty.clone(), origin.clone());
        let built = ExprKind::For(Arc::new(For { iters, builder, func, simd: false }));
        expr.with_kind(ExprKind::Result(Expr::new(built, ty, origin.clone())))
    }

    /// An expression that is evaluated whenever the scope is.
    fn operand(&mut self, expr: &Expr) -> Expr {
        if expr.facts.loops == 0 || expr.facts.calls {
            return expr.clone();
        }
        stack::deep(|| match &expr.kind {
            // Where builders may not be used, a loop stays with its result.
            _ if Flat::is_loop(expr) && (self.operands == 0 || !expr.ty.has_builder()) => {
                let (value, zip) = self.top(expr);
                self.push("loop", value, zip)
            }
            // A scope of its own.
            ExprKind::Block(..) => expr.clone(),
            ExprKind::If(c, a, b) => {
                let c = self.operand(c);
                expr.with_kind(ExprKind::If(c, a.clone(), b.clone()))
            }
            ExprKind::Binary(op @ (BinOp::And | BinOp::Or), a, b) => {
                self.operands += 1;
                let a = self.operand(a);
                self.operands -= 1;
                expr.with_kind(ExprKind::Binary(*op, a, b.clone()))
            }
            kind => {
                let body = lambda(kind).map(|lambda| lambda.body.clone());
                let selects = usize::from(matches!(kind, ExprKind::Select(..)));
                self.operands += selects;
                let walked = visit::map_children(expr, &mut |child| {
                    if body.as_ref().is_some_and(|body| body.same(child)) {
                        child.clone()
                    } else {
                        self.operand(child)
                    }
                });
                self.operands -= selects;
                walked
            }
        })
    }
}
