#![forbid(unsafe_code)]
//! How often and where each binder is used, counted once for a whole sweep.
//!
//! Promises: one walk; with [`Uses::live`], uses inside the value of a let that nothing needs do not count.

use super::pattern;
use crate::diag::stack;
use crate::ir::{BinOp, Expr, ExprKind, Lambda, Name, visit};
use std::collections::{HashMap, HashSet};

/// The uses of one binder, or of one field of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Use {
    /// How many.
    pub count: u32,
    /// At least one is in the body of a loop that the binder is outside of.
    pub looped: bool,
    /// At least one may be skipped when the binder's scope is run: in a branch, on the right of `&&`, in a loop.
    pub conditional: bool,
    /// At least one is inside an operand of `select`, `&&` or `||`, where builders may not be used.
    pub operand: bool,
    /// At least one is no projection.
    pub whole: bool,
}

/// Where a bound value should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Nothing needs it, and dropping it hides no error.
    Drop,
    /// To every use: it costs nothing to repeat.
    Everywhere,
    /// To its only use.
    Once,
    /// It stays bound.
    Keep,
    /// It stays bound because its error would be hidden: nothing uses it.
    KeepUnused,
    /// It stays bound because its error would be hidden: its only use is in a branch.
    KeepOutside,
}

#[derive(Clone, Copy, Default)]
struct Depth {
    loops: u32,
    conditions: u32,
    operands: u32,
}

/// The uses of all binders of a tree, and of the variables that are free in it.
#[derive(Default)]
pub struct Uses {
    binders: HashMap<Name, Depth>,
    names: HashMap<Name, Use>,
    fields: HashMap<(Name, u32), Use>,
    live: bool,
    /// Whether C functions are called.
    calls: bool,
}

impl Uses {
    /// Counts the uses in `root`.
    pub fn of(root: &Expr) -> Uses {
        let mut uses = Uses { calls: root.facts.calls, ..Uses::default() };
        uses.expr(root, Depth::default());
        uses
    }

    /// Counts the uses in `root` that remain once every let is gone that nothing needs: for who drops those lets.
    pub fn live(root: &Expr) -> Uses {
        let mut uses = Uses { live: true, calls: root.facts.calls, ..Uses::default() };
        uses.expr(root, Depth::default());
        uses
    }

    /// The uses of a binder.
    pub fn name(&self, name: &Name) -> Use {
        self.names.get(name).copied().unwrap_or_default()
    }

    /// Where the value of `name` should go; with `field`, the value of that field of a struct used only by field.
    pub fn placement(&self, name: &Name, field: Option<u32>, value: &Expr) -> Placement {
        let found = match field {
            None => self.names.get(name),
            Some(k) => self.fields.get(&(name.clone(), k)),
        };
        let uses = found.copied().unwrap_or_default();
        let droppable = pattern::is_droppable(value);
        match uses.count {
            0 if droppable => Placement::Drop,
            0 => Placement::KeepUnused,
            _ if pattern::is_trivial(value) => Placement::Everywhere,
            1 if uses.looped => Placement::Keep,
            // It would run at another time, among other calls, or fail before or after another number of them.
            1 if value.facts.calls || (self.calls && value.facts.may_fail) => Placement::Keep,
            1 if uses.conditional && !droppable => Placement::KeepOutside,
            1 if uses.operand && takes_builder(value) => Placement::Keep,
            1 => Placement::Once,
            _ => Placement::Keep,
        }
    }

    fn bind(&mut self, name: &Name, depth: Depth) {
        self.binders.insert(name.clone(), depth);
    }

    fn used(&mut self, name: &Name, field: Option<u32>, at: Depth) {
        let binder = self.binders.get(name).copied().unwrap_or_default();
        let note = |uses: &mut Use| {
            uses.count = uses.count.saturating_add(1);
            uses.looped |= at.loops > binder.loops;
            uses.conditional |= at.conditions > binder.conditions;
            uses.operand |= at.operands > binder.operands;
            uses.whole |= field.is_none();
        };
        note(self.names.entry(name.clone()).or_default());
        if let Some(k) = field {
            note(self.fields.entry((name.clone(), k)).or_default());
        }
    }

    fn expr(&mut self, expr: &Expr, at: Depth) {
        let sometimes = Depth { conditions: at.conditions + 1, ..at };
        let operand = Depth { operands: at.operands + 1, ..at };
        stack::deep(|| match &expr.kind {
            ExprKind::Var(name) => self.used(name, None, at),
            ExprKind::Field(a, k) => match a.var() {
                Some(name) => self.used(name, Some(*k), at),
                None => self.expr(a, at),
            },
            ExprKind::Block(lets, body) => {
                lets.iter().for_each(|binding| self.bind(&binding.name, at));
                self.expr(body, at);
                // Backwards, so that a value that nothing needs is known before its own uses count.
                for binding in lets.iter().rev() {
                    if !self.live
                        || self.name(&binding.name).count > 0
                        || !pattern::is_droppable(&binding.value)
                    {
                        self.expr(&binding.value, at);
                    }
                }
            }
            ExprKind::If(c, a, b) => {
                self.expr(c, at);
                self.expr(a, sometimes);
                self.expr(b, sometimes);
            }
            ExprKind::Binary(BinOp::And | BinOp::Or, a, b) => {
                self.expr(a, operand);
                self.expr(b, Depth { operands: at.operands + 1, ..sometimes });
            }
            ExprKind::Select(c, a, b) => [c, a, b].into_iter().for_each(|child| self.expr(child, operand)),
            ExprKind::Apply(lambda, args) => {
                args.iter().for_each(|arg| self.expr(arg, at));
                self.lambda(lambda, at);
            }
            ExprKind::For(parts) => {
                self.expr(&parts.builder, at);
                for iter in &parts.iters {
                    iter.operands().into_iter().for_each(|operand| self.expr(operand, at));
                }
                let inside = Depth { loops: at.loops + 1, conditions: at.conditions + 1, ..at };
                self.lambda(&parts.func, inside);
            }
            ExprKind::Iterate(start, lambda) => {
                self.expr(start, at);
                // It runs at least once.
                self.lambda(lambda, Depth { loops: at.loops + 1, ..at });
            }
            ExprKind::Sort(data, lambda) => {
                self.expr(data, at);
                self.lambda(lambda, Depth { loops: at.loops + 1, conditions: at.conditions + 1, ..at });
            }
            kind => visit::for_each_child(kind, &mut |child| self.expr(child, at)),
        });
    }

    fn lambda(&mut self, lambda: &Lambda, at: Depth) {
        lambda.params.iter().for_each(|param| self.bind(&param.name, at));
        self.expr(&lambda.body, at);
    }
}

/// Whether it uses up a builder that is bound outside of it.
fn takes_builder(value: &Expr) -> bool {
    let (mut bound, mut used) = (HashSet::new(), Vec::new());
    visit::walk(value, &mut |expr| match &expr.kind {
        ExprKind::Var(name) if expr.ty.has_builder() => used.push(name),
        ExprKind::Block(lets, _) => bound.extend(lets.iter().map(|binding| &binding.name)),
        ExprKind::For(parts) => bound.extend(parts.func.params.iter().map(|param| &param.name)),
        ExprKind::Apply(lambda, _) | ExprKind::Iterate(_, lambda) | ExprKind::Sort(_, lambda) => {
            bound.extend(lambda.params.iter().map(|param| &param.name));
        }
        _ => {}
    });
    used.iter().any(|name| !bound.contains(name))
}
