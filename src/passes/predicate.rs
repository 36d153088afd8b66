#![forbid(unsafe_code)]
//! `predicate`: branches become choices between values.

use super::pattern::{self, CHEAP};
use super::subst::{Replacement, Subst};
use super::{PassCx, declare_pass, rewrite, uses};
use crate::diag::stack;
use crate::ir::{
    BinOp, BuilderTy, Expr, ExprKind, For, Lambda, Let, MergeOp, Scalar, Ty, build, print, visit,
};
use std::collections::HashMap;
use std::sync::Arc;

declare_pass! {
    /// Replace a branch by computing both sides and choosing.
    ///
    /// Why: a loop without branches runs in SIMD lanes, and a branch that the processor guesses wrong costs more than
    /// a few operations. A conditional merge becomes a merge of the value or of the neutral element, which changes
    /// nothing. What may fail, loops or is expensive keeps its branch, and so does an appender, which has no
    /// neutral element: `vectorize` turns those branches into masks where the whole loop runs in lanes.
    /// `@(predicate:true)` lifts the limit on the cost, `@(predicate:false)` forbids, masks included.
    ///
    /// ```weld
    /// |v: vec[i64]|
    ///   result(for(v, merger[i64,+], |b, i, x| if(x > 0L, merge(b, x), b)))
    /// ```
    /// becomes
    /// ```weld
    /// |v: vec[i64]|
    ///   result(for(v, merger[i64,+], |b, i, x| merge(b, select(x > 0L, x, 0L))))
    /// ```
    pub struct Predicate = "predicate";
    aliases: ["short-circuit-booleans"];
    rules: ["if_merge", "if_value", "eager_logic"];
    run: run;
}

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    Sweep { cx, loops: 0 }.expr(root)
}

struct Sweep<'a, 'b> {
    cx: &'a mut PassCx<'b>,
    /// Loop bodies around the node: outside of loops a branch costs nothing worth a word.
    loops: u32,
}

impl Sweep<'_, '_> {
    fn expr(&mut self, expr: &Expr) -> Expr {
        stack::deep(|| {
            if let ExprKind::For(parts) = &expr.kind {
                return self.for_loop(expr, parts);
            }
            let expr = visit::map_children(expr, &mut |child| self.expr(child));
            let new = self.rule(&expr).unwrap_or(expr);
            rewrite::settle(&new)
        })
    }

    fn for_loop(&mut self, expr: &Expr, parts: &For) -> Expr {
        let operands = visit::map_children(expr, &mut |child| {
            if child.same(&parts.func.body) { child.clone() } else { self.expr(child) }
        });
        self.loops += 1;
        let body = self.expr(&parts.func.body);
        self.loops -= 1;
        let ExprKind::For(walked) = &operands.kind else { return operands };
        if body.same(&parts.func.body) {
            return operands;
        }
        let func = Lambda { params: parts.func.params.clone(), body };
        operands.with_kind(ExprKind::For(Arc::new(For { func, ..For::clone(walked) })))
    }

    fn rule(&mut self, expr: &Expr) -> Option<Expr> {
        if self.loops == 0 || !self.cx.may_fire(expr) {
            return None;
        }
        match &expr.kind {
            ExprKind::If(c, a, b) if expr.ty.is_builder_like() => self.if_merge(expr, c, a, b),
            ExprKind::If(c, a, b) if expr.ty.scalar().is_some() => self.if_value(expr, c, a, b),
            ExprKind::Binary(op @ (BinOp::And | BinOp::Or), a, b) => self.eager_logic(expr, *op, a, b),
            _ => None,
        }
    }

    /// `if(c, merge(b, x), b)` => `merge(b, select(c, x, neutral))`
    fn if_merge(&mut self, expr: &Expr, c: &Expr, a: &Expr, b: &Expr) -> Option<Expr> {
        const RULE: &str = "if_merge";
        if expr.note("predicate") == Some("false") {
            self.cx.missed(RULE, &expr.origin, "`@(predicate:false)` forbids it", None);
            return None;
        }
        let mut choice = Choice { lets: Vec::new(), values: Vec::new(), merges: 0, neutral: false };
        let (a_lets, a_value) = parts(self.cx, a);
        let (b_lets, b_value) = parts(self.cx, b);
        choice.lets.extend(a_lets.iter().chain(&b_lets).cloned());
        // The condition is repeated for each builder of a struct, and for each field of a merged struct.
        let condition = if pattern::is_trivial(c) || (selections(&expr.ty) <= 1 && !uses::takes_builder(c)) {
            c.clone()
        } else {
            let name = self.cx.fresh("cond");
            let var = build::var(&name, Ty::BOOL, c.origin.clone());
            choice.lets.insert(0, Let { name, value: c.clone() });
            var
        };
        let merged = match choice.builder(&condition, &a_value, &b_value) {
            Ok(merged) => merged,
            Err(Blocked::Silent) => return None,
            Err(Blocked::Because(condition)) => {
                self.cx.missed(RULE, &expr.origin, condition, None);
                return None;
            }
        };
        if choice.merges == 0 {
            return None;
        }
        let arms: Vec<Expr> = a_lets.iter().chain(&b_lets).map(|binding| binding.value.clone()).collect();
        if let Some(condition) = self.objection(expr, arms.iter().chain(&choice.values)) {
            self.cx.missed(RULE, &expr.origin, condition, would(expr));
            return None;
        }
        let to = build::block(choice.lets, merged, expr.origin.clone());
        let reason = if choice.neutral {
            "merging the neutral element changes nothing, so the merge needs no branch"
        } else {
            "both branches merge into the same builder, so one merge of the chosen value does"
        };
        self.cx.fired(RULE, reason, expr, &to);
        Some(to)
    }

    /// `if(c, a, b)` => `select(c, a, b)`
    fn if_value(&mut self, expr: &Expr, c: &Expr, a: &Expr, b: &Expr) -> Option<Expr> {
        const RULE: &str = "if_value";
        if expr.note("predicate") == Some("false") {
            self.cx.missed(RULE, &expr.origin, "`@(predicate:false)` forbids it", None);
            return None;
        }
        if let Some(condition) = self.objection(expr, [a, b].into_iter()) {
            self.cx.missed(RULE, &expr.origin, condition, would(expr));
            return None;
        }
        let mut lets = Vec::new();
        let mut condition = c.clone();
        // Builders may not be used in an operand of `select`.
        if uses::takes_builder(c) {
            let name = self.cx.fresh("cond");
            condition = build::var(&name, Ty::BOOL, c.origin.clone());
            lets.push(Let { name, value: c.clone() });
        }
        let to = build::select(condition, a.clone(), b.clone(), expr.origin.clone());
        let to = build::block(lets, to, expr.origin.clone());
        self.cx.fired(
            RULE,
            "both values are cheap and cannot fail, so computing both needs no branch",
            expr,
            &to,
        );
        Some(to)
    }

    /// `p && q` => `p & q`
    fn eager_logic(&mut self, expr: &Expr, op: BinOp, a: &Expr, b: &Expr) -> Option<Expr> {
        const RULE: &str = "eager_logic";
        if let Some(condition) = self.objection(expr, std::iter::once(b)) {
            self.cx.missed(RULE, &expr.origin, condition, None);
            return None;
        }
        let eager = if op == BinOp::And { BinOp::BitAnd } else { BinOp::BitOr };
        let to = expr.with_kind(ExprKind::Binary(eager, a.clone(), b.clone()));
        self.cx.fired(
            RULE,
            "the right side is cheap and cannot fail, so it may be computed in any case",
            expr,
            &to,
        );
        Some(to)
    }

    /// Why computing these values in any case would be wrong or slow.
    fn objection<'e>(&self, expr: &Expr, values: impl Iterator<Item = &'e Expr>) -> Option<String> {
        let lifted = expr.note("predicate") == Some("true");
        let mut total = 0u32;
        for value in values {
            let text = print::short(value, 40);
            if !pattern::is_droppable(value) {
                return Some(format!("`{text}` may fail, and must not where the branch skips it"));
            }
            match pattern::scalar_cost(value) {
                Some(cost) => total = total.saturating_add(cost),
                None => return Some(format!("`{text}` is more than a scalar computation")),
            }
            if total > CHEAP && !lifted {
                return Some(format!("`{text}` is too expensive to compute where the branch skips it"));
            }
        }
        None
    }
}

/// What the user can write to get past the limit on the cost.
fn would(expr: &Expr) -> Option<String> {
    only_cost(expr).then(|| "write `@(predicate:true)` before the `if` to compute it in any case".to_string())
}

/// Whether nothing but the cost of its branches speaks against computing both.
fn only_cost(expr: &Expr) -> bool {
    let ExprKind::If(_, a, b) = &expr.kind else { return false };
    pattern::is_droppable(a) && pattern::is_droppable(b) && a.facts.loops == 0 && b.facts.loops == 0
}

/// The lets and the value of a branch. A struct of builders that is bound there and taken apart again, as a predicated
/// branch inside of this one is, goes to where its fields are used.
fn parts(cx: &mut PassCx, arm: &Expr) -> (Vec<Let>, Expr) {
    let ExprKind::Block(lets, value) = &arm.kind else { return (Vec::new(), arm.clone()) };
    let mut kept = Vec::with_capacity(lets.len());
    let mut subst = Subst { map: HashMap::new(), rename: false };
    for binding in lets {
        match &binding.value.kind {
            _ if !binding.value.ty.has_builder() => kept.push(binding.clone()),
            ExprKind::Struct(items) => {
                let items = items.iter().map(|item| subst.apply(cx, item)).collect();
                subst.map.insert(binding.name.clone(), Replacement::Fields(items));
            }
            _ => return (Vec::new(), arm.clone()),
        }
    }
    let value = subst.apply(cx, value);
    (kept, value)
}

/// How many selections can stand for a choice between two builders of this type.
fn selections(ty: &Ty) -> usize {
    match ty {
        Ty::Struct(fields) => fields.iter().map(selections).sum(),
        Ty::Builder(builder) => match &**builder {
            BuilderTy::Merger(value, _) => value.fields().map_or(1, <[Ty]>::len),
            _ => 1,
        },
        _ => 1,
    }
}

enum Blocked {
    /// No shape that this rule is about.
    Silent,
    Because(String),
}

/// Both branches of a conditional merge as one.
struct Choice {
    lets: Vec<Let>,
    /// Values that are now computed in any case.
    values: Vec<Expr>,
    merges: u32,
    /// Whether a neutral element stands where nothing was merged.
    neutral: bool,
}

impl Choice {
    fn builder(&mut self, c: &Expr, a: &Expr, b: &Expr) -> Result<Expr, Blocked> {
        if pattern::same_place(a, b) {
            return Ok(a.clone());
        }
        match (&a.kind, &b.kind) {
            (ExprKind::Merge(d, x), ExprKind::Merge(e, y))
                if pattern::same_place(d, e) && x.ty.scalar().is_some() =>
            {
                self.values.extend([x.clone(), y.clone()]);
                self.merge(a, d, build::select(c.clone(), x.clone(), y.clone(), a.origin.clone()))
            }
            (ExprKind::Merge(d, x), _) if pattern::same_place(d, b) => {
                let (x, neutral) = self.with_neutral(d, x)?;
                self.merge(a, d, select(c, x, neutral, a))
            }
            (_, ExprKind::Merge(d, x)) if pattern::same_place(d, a) => {
                let (x, neutral) = self.with_neutral(d, x)?;
                self.merge(b, d, select(c, neutral, x, b))
            }
            (ExprKind::Struct(_), _) | (_, ExprKind::Struct(_)) => {
                let n = a.ty.fields().map_or(0, <[Ty]>::len) as u32;
                let mut items = Vec::with_capacity(n as usize);
                for k in 0..n {
                    let (Some(a), Some(b)) = (component(a, k), component(b, k)) else {
                        return Err(Blocked::Silent);
                    };
                    items.push(self.builder(c, &a, &b)?);
                }
                Ok(build::tuple(items, a.origin.clone()))
            }
            _ => Err(Blocked::Silent),
        }
    }

    fn merge(&mut self, merge: &Expr, builder: &Expr, value: Expr) -> Result<Expr, Blocked> {
        self.merges += 1;
        Ok(merge.with_kind(ExprKind::Merge(builder.clone(), value)))
    }

    /// The merged value and what to merge instead where it is not wanted.
    fn with_neutral(&mut self, builder: &Expr, x: &Expr) -> Result<(Expr, Expr), Blocked> {
        let because = |text: String| Err(Blocked::Because(text));
        if x.ty.has_simd() {
            return because(format!("the merged value `{}` has lanes of its own", print::short(x, 40)));
        }
        match builder.ty.as_builder() {
            Some(BuilderTy::Merger(value, op)) => {
                let Some(neutral) = neutral(value, *op, x) else {
                    let text = print::short(x, 40);
                    return because(format!("the merged struct `{text}` is not written out field by field"));
                };
                self.values.push(x.clone());
                self.neutral = true;
                Ok((x.clone(), neutral))
            }
            Some(BuilderTy::Appender(_)) => because(
                "an appender has no neutral element to merge; in SIMD lanes the branch is a mask".to_string(),
            ),
            Some(builder @ (BuilderTy::DictMerger(..) | BuilderTy::GroupMerger(..))) => {
                because(format!("merging into `{builder}` would make an entry for a key that must not exist"))
            }
            Some(BuilderTy::VecMerger(..)) => because(
                "merging into a vecmerger checks the index, which may be wrong where the branch skips it"
                    .to_string(),
            ),
            None => Err(Blocked::Silent),
        }
    }
}

fn neutral(ty: &Ty, op: MergeOp, x: &Expr) -> Option<Expr> {
    let of = |scalar: Scalar| build::literal(op.neutral(scalar), x.origin.clone());
    match (ty, &x.kind) {
        (Ty::Scalar(scalar), _) => Some(of(*scalar)),
        (Ty::Struct(fields), ExprKind::Struct(_)) => {
            let fields: Option<Vec<Expr>> = fields.iter().map(|field| field.scalar().map(of)).collect();
            Some(build::tuple(fields?, x.origin.clone()))
        }
        _ => None,
    }
}

/// A choice between scalars, or field by field between structs that are written out.
fn select(c: &Expr, a: Expr, b: Expr, at: &Expr) -> Expr {
    if let (ExprKind::Struct(left), ExprKind::Struct(right)) = (&a.kind, &b.kind) {
        let fields = left.iter().zip(right).map(|(a, b)| select(c, a.clone(), b.clone(), at)).collect();
        return build::tuple(fields, at.origin.clone());
    }
    build::select(c.clone(), a, b, at.origin.clone())
}

fn component(expr: &Expr, k: u32) -> Option<Expr> {
    match &expr.kind {
        ExprKind::Struct(items) => items.get(k as usize).cloned(),
        ExprKind::Var(_) | ExprKind::Field(..) => build::field(expr.clone(), k, expr.origin.clone()),
        _ => None,
    }
}
