#![forbid(unsafe_code)]
//! Which dictionaries of a loop with several builders are needed as a whole.
//!
//! Promises: one walk; a dictionary that is not marked is only asked for an entry, its length, or its entries in a loop.

use crate::diag::stack;
use crate::ir::{Expr, ExprKind, For, Iter, Name, visit};
use std::collections::{HashMap, HashSet};

/// Builder number `.1` of the loop that is bound to `.0`.
pub type Slot = (Name, u32);

/// What stands at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// A dictionary, of which the node around takes something.
    Table,
    /// A vector of entries, of which the node around takes something.
    Entries,
    /// A value as it is.
    Whole,
}

/// What the walk found.
#[derive(Default)]
pub struct Uses {
    /// Lets that hold the dictionary of a builder.
    pub tables: HashMap<Name, Slot>,
    /// Lets that hold the entries of such a dictionary.
    pub entries: HashMap<Name, Slot>,
    /// Builders whose dictionary, or whose builder itself, is needed as a whole.
    pub whole: HashSet<Slot>,
    /// Loops whose builders are needed together.
    pub packed: HashSet<Name>,
    /// Loops with several builders.
    loops: HashSet<Name>,
    /// Whether a loop runs over the entries of a dictionary.
    visits: bool,
}

/// The builder whose dictionary `expr` is.
pub fn built(expr: &Expr) -> Option<Slot> {
    let ExprKind::Result(builder) = &expr.kind else { return None };
    let ExprKind::Field(all, k) = &builder.kind else { return None };
    Some((all.var()?.clone(), *k))
}

impl Uses {
    /// Looks at a program.
    pub fn of(root: &Expr) -> Uses {
        let mut uses = Uses::default();
        uses.expr(root, Wanted::Whole);
        uses
    }

    /// Whether there is nothing for the pass to do.
    pub fn is_idle(&self) -> bool {
        self.loops.is_empty() && !self.visits
    }

    /// The builder whose dictionary `expr` is, perhaps by a name.
    pub fn table(&self, expr: &Expr) -> Option<Slot> {
        let named = expr.var().and_then(|name| self.tables.get(name)).cloned();
        named.or_else(|| built(expr).filter(|(all, _)| self.loops.contains(all)))
    }

    /// The builder of whose dictionary `expr` is the entries.
    pub fn entries(&self, expr: &Expr) -> Option<Slot> {
        match &expr.kind {
            ExprKind::ToVec(table) => self.table(table),
            _ => expr.var().and_then(|name| self.entries.get(name)).cloned(),
        }
    }

    fn expr(&mut self, expr: &Expr, wanted: Wanted) {
        if let Some(slot) = self.table(expr) {
            if wanted != Wanted::Table {
                self.whole.insert(slot);
            }
            return;
        }
        if let Some(slot) = self.entries(expr) {
            if wanted != Wanted::Entries {
                self.whole.insert(slot);
            }
            return;
        }
        stack::deep(|| match &expr.kind {
            ExprKind::Var(name) => {
                if self.loops.contains(name) {
                    self.packed.insert(name.clone());
                }
            }
            ExprKind::Field(a, k) => match a.var().filter(|name| self.loops.contains(*name)) {
                Some(name) => {
                    self.whole.insert((name.clone(), *k));
                }
                None => self.expr(a, Wanted::Whole),
            },
            ExprKind::Lookup(a, b) => {
                let from = if a.ty.elem().is_some() { Wanted::Entries } else { Wanted::Table };
                self.expr(a, from);
                self.expr(b, Wanted::Whole);
            }
            ExprKind::OptLookup(a, b) | ExprKind::KeyExists(a, b) => {
                self.expr(a, Wanted::Table);
                self.expr(b, Wanted::Whole);
            }
            ExprKind::Len(a) => {
                self.expr(a, if a.ty.elem().is_some() { Wanted::Entries } else { Wanted::Table })
            }
            ExprKind::ToVec(a) => self.expr(a, Wanted::Table),
            ExprKind::For(parts) => self.for_loop(parts),
            ExprKind::Block(lets, body) => {
                for binding in lets {
                    self.binding(&binding.name, &binding.value);
                }
                self.expr(body, Wanted::Whole);
            }
            kind => visit::for_each_child(kind, &mut |child| self.expr(child, Wanted::Whole)),
        });
    }

    fn binding(&mut self, name: &Name, value: &Expr) {
        if let Some(slot) = self.table(value) {
            self.tables.insert(name.clone(), slot);
            return;
        }
        if let Some(slot) = self.entries(value) {
            self.entries.insert(name.clone(), slot);
            return;
        }
        self.expr(value, Wanted::Whole);
        if matches!(&value.kind, ExprKind::For(parts) if !parts.simd && value.notes.is_none())
            && value.ty.fields().is_some()
        {
            self.loops.insert(name.clone());
        }
    }

    fn for_loop(&mut self, parts: &For) {
        self.expr(&parts.builder, Wanted::Whole);
        for iter in &parts.iters {
            match iter {
                Iter::Whole(data) if !parts.simd => {
                    self.visits |= matches!(data.kind, ExprKind::ToVec(_)) || data.var().is_some();
                    self.expr(data, Wanted::Entries);
                }
                other => other.operands().into_iter().for_each(|operand| self.expr(operand, Wanted::Whole)),
            }
        }
        self.expr(&parts.func.body, Wanted::Whole);
    }
}
