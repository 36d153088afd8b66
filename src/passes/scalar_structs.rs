#![forbid(unsafe_code)]
//! `scalar-structs`: structs that are only taken apart are not put together.

use super::rewrite;
use super::subst::{Replacement, Subst};
use super::uses::{Placement, Uses};
use super::{PassCx, declare_pass, pattern};
use crate::diag::stack;
use crate::ir::{Expr, ExprKind, For, Iter, Lambda, Let, Literal, Name, Param, Ty, build, print, visit};
use std::collections::HashMap;
use std::sync::Arc;

declare_pass! {
    /// Replace structs by their fields where only fields are used: scalar replacement.
    ///
    /// Why: a number in a struct hides from other passes, and lanes hold no structs. A choice between structs becomes a
    /// choice for each field that is used, and a zip reads each vector once: an iterator goes whose elements another
    /// one gives, or the index. One whose elements nothing reads stays, since its length must be
    /// checked. Structs that are written out are taken apart by `inline-let`.
    ///
    /// ```weld
    /// |x: i64, y: i64|
    ///   let s = if(x > y, {x, y}, {y, x});
    ///   s.$0 * s.$0 - s.$1
    /// ```
    /// becomes
    /// ```weld
    /// |x: i64, y: i64|
    ///   let cond = x > y;
    ///   let s__1 = if(cond, x, y);
    ///   let s__2 = if(cond, y, x);
    ///   s__1 * s__1 - s__2
    /// ```
    pub struct ScalarStructs = "scalar-structs";
    aliases: ["scalar-replacement"];
    rules: ["split_choice", "project_choice", "drop_iterator"];
    run: run;
}

fn run(cx: &mut PassCx, root: &Expr) -> Expr {
    let mut sweep = Sweep { cx, uses: Uses::of(root), fields: HashMap::new() };
    sweep.expr(root)
}

struct Sweep<'a, 'b> {
    cx: &'a mut PassCx<'b>,
    uses: Uses,
    /// Structs that are taken apart, and what stands for their fields.
    fields: HashMap<Name, Vec<Option<Expr>>>,
}

impl Sweep<'_, '_> {
    fn expr(&mut self, expr: &Expr) -> Expr {
        stack::deep(|| {
            if let ExprKind::Field(a, k) = &expr.kind
                && let Some(Some(field)) =
                    a.var().and_then(|name| self.fields.get(name)).and_then(|fields| fields.get(*k as usize))
            {
                return field.clone();
            }
            if let ExprKind::Block(lets, body) = &expr.kind {
                return self.block(expr, lets, body);
            }
            let new = visit::map_children(expr, &mut |child| self.expr(child));
            let new = match &new.kind {
                ExprKind::Field(..) => self.project_choice(&new).unwrap_or(new),
                ExprKind::For(parts) => self.drop_iterator(&new, parts).unwrap_or(new),
                _ => new,
            };
            rewrite::settle(&new)
        })
    }

    fn block(&mut self, expr: &Expr, lets: &[Let], body: &Expr) -> Expr {
        let mut kept = Vec::with_capacity(lets.len());
        let mut changed = false;
        for binding in lets {
            let value = self.expr(&binding.value);
            changed |= !value.same(&binding.value);
            if self.split_choice(&binding.name, &value, &mut kept) {
                changed = true;
            } else {
                kept.push(Let { name: binding.name.clone(), value });
            }
        }
        let new_body = self.expr(body);
        if !changed && new_body.same(body) {
            return expr.clone();
        }
        rewrite::settle(&build::block(kept, new_body, expr.origin.clone()))
    }

    /// `let s = if(c, {a, b}, {d, e})` => `let s0 = if(c, a, d); let s1 = if(c, b, e)`
    fn split_choice(&mut self, name: &Name, value: &Expr, kept: &mut Vec<Let>) -> bool {
        const RULE: &str = "split_choice";
        let uses = self.uses.name(name);
        let Some((c, a, b)) = choice(value) else { return false };
        let Some(types) = value.ty.fields() else { return false };
        if uses.count == 0 {
            return false;
        }
        if uses.whole {
            let condition = self.cx.say(|| format!("`{name}` is used as a whole, and not only its fields"));
            self.cx.missed(RULE, &value.origin, condition, None);
            return false;
        }
        if !self.cx.may_fire(value) {
            return false;
        }
        let condition = if pattern::is_trivial(c) {
            c.clone()
        } else {
            let cond = self.cx.fresh("cond");
            let var = build::var(&cond, Ty::BOOL, c.origin.clone());
            kept.push(Let { name: cond, value: c.clone() });
            var
        };
        let mut fields = Vec::with_capacity(types.len());
        for k in 0..types.len() as u32 {
            let chosen =
                component(a, k).zip(component(b, k)).map(|(a, b)| choose(value, condition.clone(), a, b));
            let Some(chosen) = chosen else { return false };
            if self.uses.placement(name, Some(k), &chosen) == Placement::Drop {
                fields.push(None);
                continue;
            }
            let part = self.cx.fresh(name.text());
            fields.push(Some(build::var(&part, chosen.ty.clone(), chosen.origin.clone())));
            kept.push(Let { name: part, value: chosen });
        }
        let after = build::tuple(fields.iter().flatten().cloned().collect(), value.origin.clone());
        let reason =
            self.cx.say(|| format!("only fields of `{name}` are used, so each is chosen on its own"));
        self.cx.fired(RULE, reason, value, &after);
        self.fields.insert(name.clone(), fields);
        true
    }

    /// `if(c, {a, b}, {d, e}).$0` => `if(c, a, d)`
    fn project_choice(&mut self, expr: &Expr) -> Option<Expr> {
        const RULE: &str = "project_choice";
        let ExprKind::Field(value, k) = &expr.kind else { return None };
        let (c, a, b) = choice(value)?;
        if let Some(other) = [a, b].into_iter().find_map(|arm| needed_besides(arm, *k)) {
            self.cx.missed_for(RULE, expr, other);
            return None;
        }
        let to = choose(value, c.clone(), component(a, *k)?, component(b, *k)?);
        if !self.cx.may_fire(expr) {
            return None;
        }
        self.cx.fired(RULE, "only this field of the chosen struct is used", expr, &to);
        Some(to)
    }

    /// `for(zip(v, v), b, f)` => `for(v, b, f)`, and `rangeiter(0L, len(v), 1L)` beside `v` is the index
    fn drop_iterator(&mut self, expr: &Expr, parts: &For) -> Option<Expr> {
        const RULE: &str = "drop_iterator";
        let [own, index, elem] = parts.func.params.as_slice() else { return None };
        let uses = self.uses.name(&elem.name);
        if parts.simd || parts.iters.len() < 2 || uses.whole && uses.count > 0 {
            return None;
        }
        let sources: Vec<Source> =
            parts.iters.iter().enumerate().map(|(k, iter)| source(&parts.iters, k, iter)).collect();
        let kept: Vec<&Iter> = parts
            .iters
            .iter()
            .zip(&sources)
            .filter(|(_, from)| **from == Source::Own)
            .map(|(iter, _)| iter)
            .collect();
        if kept.len() == parts.iters.len() {
            self.unread(expr, parts, elem);
            return None;
        }
        if !self.cx.may_fire(expr) {
            return None;
        }
        let single = kept.len() == 1;
        let types: Vec<Ty> = kept.iter().map(|iter| iter.elem_ty()).collect();
        let ty = if single { types.first()?.clone() } else { Ty::tuple(types) };
        let name = self.cx.fresh(elem.name.text());
        let whole = build::var(&name, ty.clone(), elem.origin.clone());
        // The number that each kept iterator has now.
        let place = |k: usize| sources.iter().take(k).filter(|from| **from == Source::Own).count() as u32;
        let read = |k: usize| {
            if single {
                Some(whole.clone())
            } else {
                build::field(whole.clone(), place(k), elem.origin.clone())
            }
        };
        let fields: Option<Vec<Expr>> = sources
            .iter()
            .enumerate()
            .map(|(k, from)| match from {
                Source::Own => read(k),
                Source::Like(other) => read(*other),
                Source::Index => Some(build::var(&index.name, Ty::I64, index.origin.clone())),
            })
            .collect();
        let mut subst =
            Subst { map: HashMap::from([(elem.name.clone(), Replacement::Fields(fields?))]), rename: false };
        let body = subst.apply(self.cx, &parts.func.body);
        let elem = Param { name, ty, origin: elem.origin.clone() };
        let func = Lambda { params: vec![own.clone(), index.clone(), elem], body };
        let iters = kept.into_iter().cloned().collect();
        let to = For { iters, builder: parts.builder.clone(), func, simd: false };
        let to = expr.with_kind(ExprKind::For(Arc::new(to)));
        let why = "another iterator gives the same elements, or the index does, and the lengths are equal for certain";
        self.cx.fired(RULE, why, expr, &to);
        Some(to)
    }

    /// Tells of iterators whose elements nothing reads.
    fn unread(&mut self, expr: &Expr, parts: &For, elem: &Param) {
        for (k, iter) in parts.iters.iter().enumerate() {
            let element = build::var(&elem.name, elem.ty.clone(), elem.origin.clone());
            if let Some(data) = iter.data()
                && let Some(field) = build::field(element, k as u32, elem.origin.clone())
                && self.uses.placement(&elem.name, Some(k as u32), &field) == Placement::Drop
            {
                let text = print::short(data, 40);
                let condition =
                    format!("nothing reads the elements of `{text}`, but its length must be checked");
                self.cx.missed(
                    "drop_iterator",
                    &expr.origin,
                    condition,
                    Some("zip vectors that are read".to_string()),
                );
            }
        }
    }
}

/// Where the elements of an iterator come from.
#[derive(PartialEq)]
enum Source {
    Own,
    /// The iterator with this number gives the same.
    Like(usize),
    /// It counts iterations.
    Index,
}

fn source(iters: &[Iter], k: usize, iter: &Iter) -> Source {
    let reads = |other: &Iter, name: &Name| matches!(other, Iter::Whole(data) if data.var() == Some(name));
    match iter {
        Iter::Whole(data) => {
            match data.var().and_then(|name| iters.iter().position(|other| reads(other, name))) {
                Some(first) if first < k => Source::Like(first),
                _ => Source::Own,
            }
        }
        Iter::Range { start, end, stride } => {
            let is = |expr: &Expr, n: i64| expr.literal().and_then(Literal::as_i64) == Some(n);
            match &end.kind {
                ExprKind::Len(data)
                    if is(start, 0)
                        && is(stride, 1)
                        && data.var().is_some_and(|name| iters.iter().any(|other| reads(other, name))) =>
                {
                    Source::Index
                }
                _ => Source::Own,
            }
        }
        _ => Source::Own,
    }
}

/// Condition and arms of a choice between structs, one of which is written out.
fn choice(value: &Expr) -> Option<(&Expr, &Expr, &Expr)> {
    let (ExprKind::If(c, a, b) | ExprKind::Select(c, a, b)) = &value.kind else { return None };
    let written = |arm: &Expr| matches!(arm.kind, ExprKind::Struct(_));
    let known = |arm: &Expr| written(arm) || pattern::is_trivial(arm);
    let fits = known(a) && known(b) && (written(a) || written(b));
    (fits && !value.ty.has_builder() && !value.ty.has_simd()).then_some((c, a, b))
}

/// A choice of the kind and with the annotations of `like`.
fn choose(like: &Expr, c: Expr, a: Expr, b: Expr) -> Expr {
    let ty = a.ty.clone();
    let kind = match &like.kind {
        ExprKind::Select(..) => ExprKind::Select(c, a, b),
        _ => ExprKind::If(c, a, b),
    };
    Expr::with_notes(kind, ty, like.origin.clone(), like.notes.clone())
}

fn component(arm: &Expr, k: u32) -> Option<Expr> {
    match &arm.kind {
        ExprKind::Struct(items) => items.get(k as usize).cloned(),
        _ => build::field(arm.clone(), k, arm.origin.clone()),
    }
}

/// A field other than number `k` that must be computed, if there is any.
fn needed_besides(arm: &Expr, k: u32) -> Option<&Expr> {
    let ExprKind::Struct(items) = &arm.kind else { return None };
    let mut others = items.iter().enumerate().filter(|(at, _)| *at != k as usize).map(|(_, item)| item);
    others.find(|item| !pattern::is_droppable(item))
}
