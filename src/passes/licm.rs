#![forbid(unsafe_code)]
//! `licm`: what is the same in every iteration is computed before the loop.

use super::pattern::{self, CHEAP, Part};
use super::{PassCx, declare_pass, rewrite};
use crate::diag::stack;
use crate::ir::{Expr, ExprKind, Lambda, Let, Name, build, print, visit};
use std::collections::HashMap;

declare_pass! {
    /// Compute what does not depend on the iteration before the loop: loop-invariant code motion.
    ///
    /// Why: the work is done once and not once per element, and a body without `len(v)` runs in SIMD lanes. Whole inner
    /// loops move too. What may fail or never end stays, since the loop may have no iterations; so does a builder, a
    /// call, what is expensive in a branch, and one scalar operation, which is not worth a name.
    ///
    /// ```weld
    /// |v: vec[f64], k: f64|
    ///   result(for(v, appender[f64], |b, i, x| merge(b, x * exp(k) / f64(len(v)))))
    /// ```
    /// becomes
    /// ```weld
    /// |v: vec[f64], k: f64|
    ///   let fixed = exp(k);
    ///   let fixed__1 = f64(len(v));
    ///   result(for(v, appender[f64], |b, i, x| merge(b, x * fixed / fixed__1)))
    /// ```
    pub struct Licm = "licm";
    aliases: ["loop-invariant-code-motion"];
    rules: ["move_out"];
    run: run;
}

const RULE: &str = "move_out";

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    let mut sweep = Sweep { cx, levels: HashMap::new(), loops: Vec::new(), conditions: 0 };
    sweep.expr(root).0
}

/// Loops deeper than this keep what they have: a set of levels is one word.
const DEEPEST: usize = 63;

/// Where an expression stands and where it could.
#[derive(Clone, Copy)]
struct Place {
    /// The levels of the variables in it: bit `n` for those bound inside `n` loops.
    levels: u64,
    /// The number of loops around the place that it may move to; that around its own place when it must stay.
    target: usize,
    /// Whether only a possible error keeps it from moving.
    held: Option<Held>,
    /// Whether only its cost keeps it in a branch. Its parts stay too: without them it would be cheap.
    costly: bool,
}

/// Where a possible error may not come to pass.
#[derive(Clone, Copy)]
enum Held {
    /// The loop may have no iterations.
    Loop,
    /// A branch in it may never be taken.
    Branch,
}

/// A loop, `iterate` or sort around the node.
struct Enclosing {
    /// Branches around its body.
    conditions: u32,
    /// Lets that move in front of it.
    moved: Vec<Let>,
}

struct Sweep<'a, 'b> {
    cx: &'a mut PassCx<'b>,
    /// The number of loops around each binder.
    levels: HashMap<Name, usize>,
    loops: Vec<Enclosing>,
    /// Branches around the node.
    conditions: u32,
}

impl Sweep<'_, '_> {
    fn expr(&mut self, expr: &Expr) -> (Expr, Place) {
        stack::deep(|| match &expr.kind {
            ExprKind::Var(name) => {
                let level = self.levels.get(name).copied().unwrap_or(0);
                (expr.clone(), self.stays(bit(level)))
            }
            ExprKind::Block(lets, body) => self.block(lets, body, expr),
            kind => self.node(expr, kind),
        })
    }

    fn node(&mut self, expr: &Expr, kind: &ExprKind) -> (Expr, Place) {
        let mut places: Vec<Place> = Vec::new();
        let mut moved = Vec::new();
        let walked = visit::map_children(expr, &mut |child| {
            let (new, place) = match pattern::part(kind, places.len(), child) {
                Part::Operand => self.expr(child),
                Part::Sometimes => {
                    self.conditions += 1;
                    let done = self.expr(child);
                    self.conditions -= 1;
                    done
                }
                // A lambda that is applied runs once, here.
                Part::Body(lambda) if matches!(kind, ExprKind::Apply(..)) => {
                    self.bind(lambda);
                    self.expr(child)
                }
                Part::Body(lambda) => {
                    let (body, place, before) = self.body(lambda);
                    moved = before;
                    (body, place)
                }
            };
            places.push(place);
            new
        });
        let mut levels = places.iter().fold(0, |levels, place| levels | place.levels);
        if !moved.is_empty() {
            // What moves in front of this node moves no further, and nor does the node, which stands behind it.
            levels |= bit(self.loops.len());
        }
        let place = self.place(&walked, levels);
        // Operands that can go further than the node leave it.
        let mut at = places.iter();
        let new = visit::map_children(&walked, &mut |child| match at.next() {
            Some(at) if !place.costly && (at.held.is_none() || place.held.is_none()) => {
                self.leave(child, *at, place.target, &mut levels)
            }
            _ => child.clone(),
        });
        let new = rewrite::settle(&build::block(moved, new, expr.origin.clone()));
        (new, Place { levels, ..place })
    }

    /// The body of a function that runs many times, and the lets that move in front of what runs it.
    fn body(&mut self, lambda: &Lambda) -> (Expr, Place, Vec<Let>) {
        self.loops.push(Enclosing { conditions: self.conditions, moved: Vec::new() });
        self.bind(lambda);
        let inside = self.loops.len();
        if inside == DEEPEST {
            let condition = format!("loops nested deeper than {DEEPEST} keep what they have");
            self.cx.missed(RULE, &lambda.body.origin, condition, None);
        }
        let (body, place) = self.expr(&lambda.body);
        let mut levels = place.levels;
        let body = self.leave(&body, place, inside, &mut levels);
        if inside < DEEPEST {
            levels &= !bit(inside);
        }
        let moved = self.loops.pop().map(|this| this.moved).unwrap_or_default();
        (body, self.stays(levels), moved)
    }

    fn block(&mut self, lets: &[Let], body: &Expr, expr: &Expr) -> (Expr, Place) {
        let here = self.loops.len();
        let mut kept = Vec::with_capacity(lets.len());
        let mut changed = false;
        let mut levels = 0;
        for binding in lets {
            let (value, place) = self.expr(&binding.value);
            changed |= !value.same(&binding.value);
            if place.target < here && !pattern::is_trivial(&value) && self.cx.may_fire(&value) {
                // It has a name already: the let moves as it is.
                self.move_to(place.target, binding.name.clone(), value);
                changed = true;
                continue;
            }
            if let Some(held) = place.held {
                self.held(&value, held);
            }
            levels |= place.levels | bit(here);
            self.levels.insert(binding.name.clone(), here);
            kept.push(Let { name: binding.name.clone(), value });
        }
        let (new_body, place) = self.expr(body);
        if kept.is_empty() {
            return (new_body, place);
        }
        levels |= place.levels;
        let new_body = self.leave(&new_body, place, here, &mut levels);
        if !changed && new_body.same(body) {
            return (expr.clone(), self.stays(levels));
        }
        let new = rewrite::settle(&expr.with_kind(ExprKind::Block(kept, new_body)));
        (new, self.stays(levels))
    }

    fn bind(&mut self, lambda: &Lambda) {
        let level = self.loops.len();
        for param in &lambda.params {
            self.levels.insert(param.name.clone(), level);
        }
    }

    fn stays(&self, levels: u64) -> Place {
        Place { levels, target: self.loops.len(), held: None, costly: false }
    }

    /// How far a node may move whose variables have these levels.
    fn place(&self, expr: &Expr, levels: u64) -> Place {
        let stays = self.stays(levels);
        let (here, level) = (stays.target, levels.checked_ilog2().unwrap_or(0) as usize);
        let facts = &expr.facts;
        if level >= here
            || here >= DEEPEST
            || expr.ty.has_builder()
            || expr.ty.has_simd()
            || facts.calls
            || facts.iterates
        {
            return stays;
        }
        if facts.may_fail {
            let in_branch = self.loops.last().is_some_and(|this| this.conditions < self.conditions);
            return Place { held: Some(if in_branch { Held::Branch } else { Held::Loop }), ..stays };
        }
        // Out of a branch only what is cheap: the branch may be taken never.
        let cheap = pattern::scalar_cost(expr).is_some_and(|cost| cost <= CHEAP);
        let unconditional = self.loops.iter().position(|this| cheap || this.conditions == self.conditions);
        let target = level.max(unconditional.unwrap_or(here));
        Place { target, costly: target > level, ..stays }
    }

    /// An operand of a node that goes to `target`: a variable, if the operand goes further and is worth a name.
    fn leave(&mut self, child: &Expr, at: Place, target: usize, levels: &mut u64) -> Expr {
        if let Some(held) = at.held {
            self.held(child, held);
            return child.clone();
        }
        if at.target >= target
            || pattern::is_trivial(child)
            || !pattern::is_worth_carrying(child)
            || !self.cx.may_fire(child)
        {
            return child.clone();
        }
        let name = self.cx.fresh("fixed");
        *levels |= bit(at.target);
        self.move_to(at.target, name, child.clone())
    }

    fn move_to(&mut self, target: usize, name: Name, value: Expr) -> Expr {
        let var = build::var(&name, value.ty.clone(), value.origin.clone());
        let reason = self.cx.say(|| {
            format!("it is the same in every iteration, so `{name}` is computed once, before the loop")
        });
        self.cx.fired(RULE, reason, &value, &var);
        self.levels.insert(name.clone(), target);
        if let Some(outermost) = self.loops.get_mut(target) {
            outermost.moved.push(Let { name, value });
        }
        var
    }

    fn held(&mut self, expr: &Expr, held: Held) {
        let (why, would) = match held {
            Held::Loop => (
                "it may fail, and there may be no iteration",
                "where there is an iteration, bind it by a `let` before the loop",
            ),
            Held::Branch => (
                "it may fail, and its branch may never be taken",
                "where it cannot fail, bind it by a `let` before the loop",
            ),
        };
        let text = || print::short(expr, 40);
        let condition = self.cx.say(|| format!("`{}` is the same in every iteration, but {why}", text()));
        self.cx.missed(RULE, &expr.origin, condition, Some(would.to_string()));
    }
}

fn bit(level: usize) -> u64 {
    1 << level.min(DEEPEST)
}
