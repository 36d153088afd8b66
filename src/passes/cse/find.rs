#![forbid(unsafe_code)]
//! Which expressions repeat a value that is at hand.
//!
//! Promises: one walk in evaluation order. What is computed in a branch, on the right of `&&` or in a loop body is at
//! hand only there; what is computed before is at hand inside. So no expression is ever computed where it was not.
//! Nodes are known by their place in the order of the walk, for equal subtrees may be one node in memory.

use super::number::{Numbers, Value};
use crate::diag::stack;
use crate::ir::{Expr, ExprKind, Name, Ty, print, visit};
use crate::passes::pattern;
use std::collections::{HashMap, HashSet};

/// A value that is computed and at hand.
pub struct Entry {
    /// The place that computes it.
    pub at: usize,
    /// The let that it is the value of.
    pub name: Option<Name>,
    /// Its type.
    pub ty: Ty,
    /// How many loop bodies are around it.
    loops: u32,
}

/// An expression that would share a value but for one condition.
pub struct Refused {
    /// The expression.
    pub expr: Expr,
    /// The condition.
    pub condition: String,
    /// What would satisfy it.
    pub would: &'static str,
}

/// What the walk found.
#[derive(Default)]
pub struct Found {
    /// Values that are computed somewhere.
    pub entries: Vec<Entry>,
    /// Places that repeat one, in the order of the walk, with the entry.
    pub repeats: Vec<(usize, usize)>,
    /// Near misses.
    pub refused: Vec<Refused>,
}

/// Finds the repetitions in a program.
pub fn find(root: &Expr) -> Found {
    let mut walk = Walk { calls_made: root.facts.calls, ..Walk::default() };
    walk.region(root, false);
    walk.found
}

#[derive(Default)]
struct Walk {
    numbers: Numbers,
    found: Found,
    /// The place of the next node.
    at: usize,
    /// Functions of loops, sorts and iterates around the node.
    loops: u32,
    /// Values at hand, by number, with the entry.
    at_hand: HashMap<Value, usize>,
    /// What `at_hand` held before, to leave a scope.
    undo: Vec<(Value, Option<usize>)>,
    /// The region around the node, and the number of regions so far.
    region: u32,
    regions: u32,
    /// The region that computed a value last.
    computed: HashMap<Value, u32>,
    /// Whether the program calls C functions.
    calls_made: bool,
    /// Calls by function and arguments.
    calls: HashSet<(Box<str>, Vec<Value>)>,
}

impl Walk {
    fn region(&mut self, expr: &Expr, looped: bool) -> Value {
        let (outer, mark) = (self.region, self.undo.len());
        self.regions += 1;
        self.region = self.regions;
        self.loops += u32::from(looped);
        let value = self.expr(expr, None);
        self.loops -= u32::from(looped);
        self.region = outer;
        self.leave(mark);
        value
    }

    /// Forgets what came to hand since `mark`.
    fn leave(&mut self, mark: usize) {
        for (value, before) in self.undo.drain(mark..).rev() {
            match before {
                Some(entry) => self.at_hand.insert(value, entry),
                None => self.at_hand.remove(&value),
            };
        }
    }

    fn expr(&mut self, expr: &Expr, bound: Option<&Name>) -> Value {
        stack::deep(|| {
            let at = self.at;
            self.at += 1;
            let marks = (self.undo.len(), self.found.repeats.len(), self.found.refused.len());
            let operands = match &expr.kind {
                ExprKind::Var(name) => return self.numbers.name(name),
                ExprKind::Block(lets, body) => {
                    let mut values = Vec::with_capacity(lets.len() + 1);
                    for binding in lets {
                        let value = self.expr(&binding.value, Some(&binding.name));
                        self.numbers.bind(&binding.name, value);
                        values.push(value);
                    }
                    values.push(self.expr(body, None));
                    self.leave(marks.0);
                    values
                }
                kind => self.operands(expr, kind),
            };
            let value = self.numbers.node(expr, &operands);
            self.tell_calls(expr, &operands);
            if !is_candidate(expr) {
                return value;
            }
            // A let would bind its first place before the calls of C functions that come before it, and so its error.
            let moves_error = self.calls_made && bound.is_none() && !pattern::is_droppable(expr);
            if moves_error && !self.at_hand.contains_key(&value) {
                return value;
            }
            if let Some(entry) = self.share(value, expr) {
                // Nothing inside is computed any more: what it repeated is used less, what it computed is gone.
                self.leave(marks.0);
                self.found.repeats.truncate(marks.1);
                self.found.refused.truncate(marks.2);
                self.found.repeats.push((at, entry));
                return value;
            }
            let entry = self.found.entries.len();
            self.found.entries.push(Entry {
                at,
                name: bound.cloned(),
                ty: expr.ty.clone(),
                loops: self.loops,
            });
            let before = self.at_hand.insert(value, entry);
            self.undo.push((value, before));
            let last = self.computed.insert(value, self.region);
            if before.is_none()
                && last.is_some_and(|region| region > self.region)
                && pattern::is_worth_carrying(expr)
            {
                self.found.refused.truncate(marks.2);
                self.found.refused.push(Refused {
                    expr: expr.clone(),
                    condition: format!(
                        "another `{}` stands before it where it may be skipped, so its value is not always at hand",
                        print::short(expr, 40)
                    ),
                    would: "bind it by a `let` before the branch or loop",
                });
            }
            value
        })
    }

    /// The numbers of the operands, and last that of the function's body.
    fn operands(&mut self, expr: &Expr, kind: &ExprKind) -> Vec<Value> {
        let mut values = Vec::new();
        visit::for_each_child(kind, &mut |child| {
            let value = match pattern::part(kind, values.len(), child) {
                pattern::Part::Operand => self.expr(child, None),
                pattern::Part::Sometimes => self.region(child, false),
                pattern::Part::Body(lambda) => {
                    self.numbers.params(expr, &values, lambda, self.loops);
                    self.region(child, !matches!(kind, ExprKind::Apply(..)))
                }
            };
            values.push(value);
        });
        values
    }

    /// The entry that holds the value of `expr`, if it is worth to take it from there.
    fn share(&self, value: Value, expr: &Expr) -> Option<usize> {
        let entry = *self.at_hand.get(&value)?;
        let computed = self.found.entries.get(entry)?;
        (computed.loops == self.loops || pattern::is_worth_carrying(expr)).then_some(entry)
    }

    /// Equal calls of a function that is not known to be pure.
    fn tell_calls(&mut self, expr: &Expr, operands: &[Value]) {
        let ExprKind::CUdf(name, _) = &expr.kind else { return };
        if !expr.facts.calls {
            return;
        }
        if !self.calls.insert((name.as_ref().into(), operands.to_vec())) {
            self.found.refused.push(Refused {
                expr: expr.clone(),
                condition: format!("`{name}` may do or give something else each time it is called"),
                would: "write `@(pure:true)` before each call if equal arguments always give equal results",
            });
        }
    }
}

/// Whether its value may be shared, and computing it again costs something.
fn is_candidate(expr: &Expr) -> bool {
    let costs = match &expr.kind {
        // The parts of a block or a struct are shared one by one.
        ExprKind::Literal(_) | ExprKind::Block(..) | ExprKind::Struct(_) | ExprKind::Broadcast(_) => false,
        ExprKind::Len(data) => !pattern::is_trivial(data),
        _ => !pattern::is_trivial(expr),
    };
    costs && !expr.facts.calls && !expr.ty.has_builder() && !expr.ty.has_simd()
}
