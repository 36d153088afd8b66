#![forbid(unsafe_code)]
//! `inline-let`: values go to where they are used.

use super::uses::{Placement, Uses};
use super::{PassCx, declare_pass, pattern, rewrite};
use crate::diag::stack;
use crate::ir::{Expr, ExprKind, Let, Name, build, visit};
use std::collections::HashMap;

declare_pass! {
    /// Put values where they are used, and drop values that nothing uses.
    ///
    /// Why: a loop over a let-bound vector hides the loop that makes the vector; in place of the name, fusion sees
    /// both. A value used once, outside loops, goes to its use; constants, variables and projections go everywhere;
    /// a struct that is only projected is taken apart. What may fail is never dropped and never moved into a branch.
    ///
    /// ```weld
    /// |x: i64, y: i64|
    ///   let a = x + 1L;
    ///   let c = 7L;
    ///   a * y
    /// ```
    /// becomes
    /// ```weld
    /// |x: i64, y: i64| (x + 1L) * y
    /// ```
    pub struct InlineLet = "inline-let";
    aliases: ["unroll-structs", "inline-cast"];
    rules: ["inline_once", "inline_trivial", "drop_unused", "split_struct", "project_literal", "hoist_lets"];
    run: run;
}

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    let uses = Uses::live(root);
    let mut sweep = Sweep { cx, uses, env: HashMap::new() };
    sweep.expr(root)
}

enum Replacement {
    Whole(Expr),
    Fields(Vec<Expr>),
}

struct Sweep<'a, 'b> {
    cx: &'a mut PassCx<'b>,
    uses: Uses,
    env: HashMap<Name, Replacement>,
}

impl Sweep<'_, '_> {
    fn expr(&mut self, expr: &Expr) -> Expr {
        stack::deep(|| match &expr.kind {
            ExprKind::Var(name) => match self.env.get(name) {
                Some(Replacement::Whole(value)) => value.clone(),
                _ => expr.clone(),
            },
            ExprKind::Field(a, k) => {
                if let Some(Replacement::Fields(fields)) = a.var().and_then(|name| self.env.get(name))
                    && let Some(field) = fields.get(*k as usize)
                {
                    return field.clone();
                }
                let expr = visit::map_children(expr, &mut |child| self.expr(child));
                let expr = self.hoist(expr);
                self.project_literal(&expr).unwrap_or(expr)
            }
            ExprKind::Block(lets, body) => self.block(expr, lets, body),
            _ => {
                let expr = visit::map_children(expr, &mut |child| self.expr(child));
                self.hoist(expr)
            }
        })
    }

    /// `f((let a = x; e))` => `let a = x; f(e)`, for operands that are evaluated in any case.
    fn hoist(&mut self, expr: Expr) -> Expr {
        let settled = rewrite::settle(&expr);
        if !settled.same(&expr) {
            self.cx.fired(
                "hoist_lets",
                "the operand is evaluated in any case, so its lets may come first",
                &expr,
                &settled,
            );
        }
        settled
    }

    /// `{a, b}.$0` => `a`
    fn project_literal(&mut self, expr: &Expr) -> Option<Expr> {
        let (lets, value) = match &expr.kind {
            ExprKind::Block(lets, value) => (lets.clone(), value),
            _ => (Vec::new(), expr),
        };
        let ExprKind::Field(a, k) = &value.kind else { return None };
        let ExprKind::Struct(items) = &a.kind else { return None };
        let k = *k as usize;
        let kept = items.get(k)?;
        let mut others = items.iter().enumerate().filter(|(at, _)| *at != k).map(|(_, item)| item);
        if let Some(other) = others.find(|item| !pattern::is_droppable(item)) {
            self.cx.missed_for("project_literal", expr, other);
            return None;
        }
        if !self.cx.may_fire(expr) {
            return None;
        }
        self.cx.fired("project_literal", "only this field of the struct is needed", value, kept);
        Some(rewrite::settle(&build::block(lets, kept.clone(), expr.origin.clone())))
    }

    fn block(&mut self, expr: &Expr, lets: &[Let], body: &Expr) -> Expr {
        let mut kept = Vec::with_capacity(lets.len());
        let mut changed = false;
        for binding in lets {
            if self.is_dead(binding) {
                self.drop_unused(&binding.name, &binding.value);
                changed = true;
                continue;
            }
            let value = self.expr(&binding.value);
            changed |= !value.same(&binding.value);
            let value = match &value.kind {
                ExprKind::Block(inner, value) => {
                    kept.extend(inner.iter().cloned());
                    value.clone()
                }
                _ => value,
            };
            if self.binding(&binding.name, &value, &mut kept) {
                changed = true;
            } else {
                kept.push(Let { name: binding.name.clone(), value });
            }
        }
        let new_body = self.expr(body);
        if !changed && new_body.same(body) {
            return expr.clone();
        }
        if kept.is_empty() {
            return new_body;
        }
        rewrite::settle(&expr.with_kind(ExprKind::Block(kept, new_body)))
    }

    /// Whether nothing needs the value and its own uses were not counted: what stands for other names must then not get
    /// into it, for it may stand elsewhere already.
    fn is_dead(&self, binding: &Let) -> bool {
        self.uses.name(&binding.name).count == 0 && pattern::is_droppable(&binding.value)
    }

    fn drop_unused(&mut self, name: &Name, value: &Expr) {
        let origin = &value.origin;
        let nothing = build::tuple(Vec::new(), origin.clone());
        let binding = Let { name: name.clone(), value: value.clone() };
        let before = build::block(vec![binding], nothing.clone(), origin.clone());
        let reason = self.cx.say(|| format!("nothing uses `{name}`, and its value cannot fail"));
        self.cx.fired("drop_unused", reason, &before, &nothing);
    }

    /// Decides what happens to one let. True when it is gone.
    fn binding(&mut self, name: &Name, value: &Expr, kept: &mut Vec<Let>) -> bool {
        let uses = self.uses.name(name);
        if let ExprKind::Struct(items) = &value.kind
            && !uses.whole
            && uses.count > 0
        {
            if self.cx.may_fire(value) {
                self.split_struct(name, value, items, kept);
                return true;
            }
            return false;
        }
        let placement = self.uses.placement(name, None, value);
        match placement {
            Placement::Keep => return false,
            Placement::KeepUnused => {
                let words = || format!("nothing uses `{name}`, but its value {}", pattern::must_run(value));
                let condition = self.cx.say(words);
                self.cx.missed("drop_unused", &value.origin, condition, None);
                return false;
            }
            Placement::KeepOutside => {
                let condition = self.cx.say(|| {
                    format!(
                        "the only use of `{name}` may be skipped, and then the error of its value would be lost"
                    )
                });
                self.cx.missed("inline_once", &value.origin, condition, None);
                return false;
            }
            Placement::Drop | Placement::Everywhere | Placement::Once => {}
        }
        if !self.cx.may_fire(value) {
            return false;
        }
        let origin = &value.origin;
        let var = build::var(name, value.ty.clone(), origin.clone());
        let bound = |body: Expr| {
            build::block(vec![Let { name: name.clone(), value: value.clone() }], body, origin.clone())
        };
        match placement {
            Placement::Drop => self.drop_unused(name, value),
            Placement::Everywhere => {
                let reason = self.cx.say(|| format!("repeating the value of `{name}` costs nothing"));
                self.cx.fired("inline_trivial", reason, &bound(var), value);
                self.env.insert(name.clone(), Replacement::Whole(value.clone()));
            }
            _ => {
                let reason = self.cx.say(|| format!("`{name}` is used once, and not inside a loop"));
                self.cx.fired("inline_once", reason, &bound(var), value);
                self.env.insert(name.clone(), Replacement::Whole(value.clone()));
            }
        }
        true
    }

    /// `let s = {a, b}; s.$0 + s.$1` => `let s0 = a; let s1 = b; s0 + s1`
    fn split_struct(&mut self, name: &Name, value: &Expr, items: &[Expr], kept: &mut Vec<Let>) {
        let mut fields = Vec::with_capacity(items.len());
        for (k, item) in items.iter().enumerate() {
            match self.uses.placement(name, Some(k as u32), item) {
                Placement::Drop | Placement::Everywhere | Placement::Once => fields.push(item.clone()),
                Placement::Keep | Placement::KeepUnused | Placement::KeepOutside => {
                    let part = self.cx.fresh(name.text());
                    fields.push(build::var(&part, item.ty.clone(), item.origin.clone()));
                    kept.push(Let { name: part, value: item.clone() });
                }
            }
        }
        let after = build::tuple(fields.clone(), value.origin.clone());
        let reason =
            self.cx.say(|| format!("`{name}` is only projected, so its fields need no struct around them"));
        self.cx.fired("split_struct", reason, value, &after);
        self.env.insert(name.clone(), Replacement::Fields(fields));
    }
}
