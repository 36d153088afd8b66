#![forbid(unsafe_code)]
//! `cse`: a value that is at hand is not computed again.

mod find;
mod number;

use super::pattern::{self, Part};
use super::{PassCx, declare_pass};
use crate::diag::stack;
use crate::ir::{Expr, ExprKind, Let, Name, build, visit};
use find::{Entry, Found};
use std::collections::HashMap;

declare_pass! {
    /// Compute equal expressions once: common subexpression elimination.
    ///
    /// Why: libraries write the same thing in several places, and fusion brings it together. The value is bound by a
    /// let at its first place; later places on the same path of control, whole loops among them, use the name. Names of
    /// parameters do not matter. What a branch or a loop may skip stays there, calls of C functions are shared
    /// only with `@(pure:true)`, and a cheap operation is not carried into a loop.
    ///
    /// ```weld
    /// |x: i64, y: i64| (x * y + 1L) * (x * y + 1L) + x * y
    /// ```
    /// becomes
    /// ```weld
    /// |x: i64, y: i64|
    ///   let same = x * y;
    ///   let same__1 = same + 1L;
    ///   same__1 * same__1 + same
    /// ```
    pub struct Cse = "cse";
    aliases: ["common-subexpressions"];
    rules: ["share_value", "join_lets"];
    run: run;
}

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    let Found { entries, repeats, refused } = find::find(root);
    for one in refused {
        cx.missed("share_value", &one.expr.origin, one.condition, Some(one.would.to_string()));
    }
    if repeats.is_empty() {
        return root.clone();
    }
    // Where a name must be made: at the first place of a value, unless a let gives it one.
    let used = repeats.iter().filter_map(|(_, entry)| Some((*entry, entries.get(*entry)?)));
    let firsts = used.filter(|(_, entry)| entry.name.is_none()).map(|(number, entry)| (entry.at, number));
    let firsts = firsts.collect();
    let mut sweep = Sweep {
        cx,
        entries,
        firsts,
        repeats: repeats.into_iter().collect(),
        at: 0,
        pending: Vec::new(),
        joined: HashMap::new(),
    };
    sweep.scope(root)
}

struct Sweep<'a, 'b> {
    cx: &'a mut PassCx<'b>,
    entries: Vec<Entry>,
    firsts: HashMap<usize, usize>,
    repeats: HashMap<usize, usize>,
    /// The place of the next node, counted as `find` does.
    at: usize,
    /// Lets to put before the statement that is being rebuilt.
    pending: Vec<Let>,
    /// Lets that are gone, with the name that holds their value.
    joined: HashMap<Name, Name>,
}

impl Sweep<'_, '_> {
    /// A body, with what is bound in it in front.
    fn scope(&mut self, expr: &Expr) -> Expr {
        if let ExprKind::Block(..) = expr.kind {
            return self.expr(expr);
        }
        let outer = std::mem::take(&mut self.pending);
        let body = self.expr(expr);
        let lets = std::mem::replace(&mut self.pending, outer);
        build::block(lets, body, expr.origin.clone())
    }

    fn expr(&mut self, expr: &Expr) -> Expr {
        stack::deep(|| {
            let at = self.at;
            if let Some(var) = self.repeated(at, expr) {
                self.cx.fired("share_value", already(&var), expr, &var);
                return var;
            }
            self.at += 1;
            let new = match &expr.kind {
                ExprKind::Var(name) => match self.joined.get(name) {
                    Some(other) => build::var(other, expr.ty.clone(), expr.origin.clone()),
                    None => expr.clone(),
                },
                ExprKind::Block(lets, body) => self.block(expr, lets, body),
                kind => {
                    let mut k = 0;
                    visit::map_children(expr, &mut |child| {
                        let part = pattern::part(kind, k, child);
                        k += 1;
                        if let Part::Operand = part { self.expr(child) } else { self.scope(child) }
                    })
                }
            };
            let Some(entry) = self.firsts.get(&at).and_then(|entry| self.entries.get_mut(*entry)) else {
                return new;
            };
            let name = self.cx.fresh("same");
            entry.name = Some(name.clone());
            let var = build::var(&name, new.ty.clone(), new.origin.clone());
            self.pending.push(Let { name, value: new });
            var
        })
    }

    /// The variable that holds the value of the node at `at`; the nodes of it are passed over then.
    fn repeated(&mut self, at: usize, expr: &Expr) -> Option<Expr> {
        let entry = self.entries.get(*self.repeats.get(&at)?)?;
        let name = entry.name.clone()?;
        if !self.cx.may_fire(expr) {
            return None;
        }
        self.at += expr.facts.nodes as usize;
        Some(build::var(&name, entry.ty.clone(), expr.origin.clone()))
    }

    fn block(&mut self, expr: &Expr, lets: &[Let], body: &Expr) -> Expr {
        let outer = std::mem::take(&mut self.pending);
        let mut kept = Vec::with_capacity(lets.len());
        let mut changed = false;
        for binding in lets {
            if let Some(var) = self.repeated(self.at, &binding.value) {
                self.join_lets(&binding.name, &binding.value, &var);
                changed = true;
                continue;
            }
            let value = self.expr(&binding.value);
            changed |= !value.same(&binding.value);
            kept.append(&mut self.pending);
            kept.push(Let { name: binding.name.clone(), value });
        }
        let new_body = self.expr(body);
        kept.append(&mut self.pending);
        self.pending = outer;
        if !changed && new_body.same(body) {
            return expr.clone();
        }
        if kept.is_empty() { new_body } else { expr.with_kind(ExprKind::Block(kept, new_body)) }
    }

    /// `let a = e; let b = e; f(a, b)` => `let a = e; f(a, a)`
    fn join_lets(&mut self, name: &Name, value: &Expr, var: &Expr) {
        let Some(holder) = var.var() else { return };
        self.joined.insert(name.clone(), holder.clone());
        let bound = build::var(name, value.ty.clone(), value.origin.clone());
        let lets = vec![Let { name: name.clone(), value: value.clone() }];
        let before = build::block(lets, bound, value.origin.clone());
        let reason = self.cx.say(|| already(var));
        self.cx.fired("join_lets", reason, &before, var);
    }
}

fn already(var: &Expr) -> String {
    let name = var.var().map_or("", Name::text);
    format!("`{name}` holds this value already, and equal expressions have equal values")
}
