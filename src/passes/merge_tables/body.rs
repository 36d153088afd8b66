#![forbid(unsafe_code)]
//! The body of a loop whose dictmergers are merged: each group of them becomes one builder with a struct of values.
//!
//! Promises: `None` where a merge into one of a group does not stand beside merges with the same key into all others.

use crate::diag::stack;
use crate::ir::{BuilderTy, Expr, ExprKind, For, Lambda, Let, MergeOp, Name, Ty, build, visit};
use crate::passes::{PassCx, pattern, rewrite};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Builders that become one.
pub struct Group {
    /// Their numbers; the first one stays.
    pub members: Vec<usize>,
    /// For each of them the place of its values in the struct of all values, and whether they are a struct by themselves.
    pub values: Vec<(u32, u32, bool)>,
    /// The new builder.
    pub ty: Ty,
}

impl Group {
    /// The group of these dictmergers.
    pub fn new(members: Vec<usize>, types: &[Ty]) -> Option<Group> {
        let (mut fields, mut values) = (Vec::new(), Vec::new());
        let mut known: Option<(Ty, MergeOp)> = None;
        for at in &members {
            let Some(BuilderTy::DictMerger(key, value, op)) = types.get(*at)?.as_builder() else {
                return None;
            };
            known.get_or_insert_with(|| (key.clone(), *op));
            let start = fields.len() as u32;
            match value.fields() {
                Some(inner) => fields.extend(inner.iter().cloned()),
                None => fields.push(value.clone()),
            }
            values.push((start, fields.len() as u32, value.fields().is_some()));
        }
        let (key, op) = known?;
        let ty = Ty::builder(BuilderTy::DictMerger(key, Ty::tuple(fields), op));
        Some(Group { members, values, ty })
    }

    /// The value of member number `nth` in a value of the group.
    pub fn project(&self, nth: usize, value: &Expr) -> Option<Expr> {
        let (start, end, is_struct) = *self.values.get(nth)?;
        let field = |k| build::field(value.clone(), k, value.origin.clone());
        if !is_struct {
            return field(start);
        }
        let fields: Option<Vec<Expr>> = (start..end).map(field).collect();
        Some(build::tuple(fields?, value.origin.clone()))
    }
}

/// Dictmergers that are merged into side by side with the same key.
pub fn candidates(parts: &For, types: &[Ty], may: &dyn Fn(usize) -> bool) -> Vec<Vec<usize>> {
    let Some(own) = parts.func.params.first() else { return Vec::new() };
    let mut groups: Vec<(Expr, Vec<usize>)> = Vec::new();
    let mut taken = HashSet::new();
    let mut names = HashSet::from([own.name.clone()]);
    visit::walk(&parts.func.body, &mut |expr| {
        if let ExprKind::For(inner) = &expr.kind
            && inner.builder.var().is_some_and(|name| names.contains(name))
        {
            names.extend(inner.func.params.first().map(|param| param.name.clone()));
        }
        let ExprKind::Struct(items) = &expr.kind else { return };
        let first = groups.len();
        for item in items {
            let ExprKind::Merge(target, pair) = &item.kind else { continue };
            let (ExprKind::Field(all, k), ExprKind::Struct(pair)) = (&target.kind, &pair.kind) else {
                continue;
            };
            let (at, [key, _]) = (*k as usize, pair.as_slice()) else { continue };
            if !all.var().is_some_and(|name| names.contains(name)) || !may(at) || !taken.insert(at) {
                continue;
            }
            let same = |(other, members): &&mut (Expr, Vec<usize>)| {
                members.first().is_some_and(|first| joins(types.get(*first), types.get(at)))
                    && same_key(other, key)
            };
            match groups.iter_mut().skip(first).find(same) {
                Some((_, members)) => members.push(at),
                None => groups.push((key.clone(), vec![at])),
            }
        }
    });
    groups.into_iter().map(|(_, members)| members).filter(|members| members.len() > 1).collect()
}

/// Whether two builders are dictmergers of the same keys and operator.
pub fn joins(a: Option<&Ty>, b: Option<&Ty>) -> bool {
    match (a.and_then(Ty::as_builder), b.and_then(Ty::as_builder)) {
        (Some(BuilderTy::DictMerger(k, _, op)), Some(BuilderTy::DictMerger(l, _, other))) => {
            k == l && op == other
        }
        _ => false,
    }
}

/// Whether two keys are equal, field by field.
fn same_key(a: &Expr, b: &Expr) -> bool {
    match (&a.kind, &b.kind) {
        (ExprKind::Struct(a), ExprKind::Struct(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| stack::deep(|| same_key(a, b)))
        }
        _ => pattern::is_same_value(a, b),
    }
}

/// Which builders a value holds.
#[derive(Clone, PartialEq, Eq)]
enum Shape {
    One(usize),
    Many(Vec<usize>),
}

/// Rewrites a loop.
pub struct Body<'a> {
    groups: &'a [Group],
    /// The type of each builder that stays; `None` for those that go into another one.
    types: Vec<Option<Ty>>,
    env: HashMap<Name, Shape>,
}

impl<'a> Body<'a> {
    /// The builders of a loop have these types.
    pub fn new(groups: &'a [Group], types: &[Ty]) -> Body<'a> {
        let mut types: Vec<Option<Ty>> = types.iter().cloned().map(Some).collect();
        for group in groups {
            for (nth, at) in group.members.iter().enumerate() {
                if let Some(ty) = types.get_mut(*at) {
                    *ty = (nth == 0).then(|| group.ty.clone());
                }
            }
        }
        Body { groups, types, env: HashMap::new() }
    }

    /// Where builder `at` is in the new struct; `Some(None)` when that is no struct.
    pub fn place(&self, at: usize) -> Option<Option<u32>> {
        let all: Vec<usize> = (0..self.types.len()).collect();
        self.place_in(&all, at)
    }

    fn stays(&self, at: usize) -> bool {
        self.types.get(at).is_some_and(Option::is_some)
    }

    fn place_in(&self, builders: &[usize], at: usize) -> Option<Option<u32>> {
        let mut left = builders.iter().filter(|at| self.stays(**at));
        let place = left.clone().position(|other| *other == at)? as u32;
        left.next();
        Some(left.next().map(|_| place))
    }

    fn ty(&self, shape: &Shape) -> Option<Ty> {
        match shape {
            Shape::One(at) => self.types.get(*at)?.clone(),
            Shape::Many(all) => {
                let mut left: Vec<Ty> = all.iter().filter_map(|at| self.types.get(*at)?.clone()).collect();
                if left.len() > 1 { Some(Ty::tuple(left)) } else { left.pop() }
            }
        }
    }

    /// The new loop with the same body but for its builders.
    pub fn for_loop(&mut self, cx: &mut PassCx, node: &Expr, parts: &For) -> Option<Expr> {
        let ExprKind::Struct(items) = &parts.builder.kind else { return None };
        let mut builders = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let leads = self.groups.iter().find(|group| group.members.first() == Some(&at));
            match (leads, self.stays(at)) {
                (Some(group), _) => builders.push(Expr::with_notes(
                    ExprKind::NewBuilder(None),
                    group.ty.clone(),
                    item.origin.clone(),
                    item.notes.clone(),
                )),
                (None, true) => builders.push(item.clone()),
                (None, false) => {}
            }
        }
        let builder = pack(builders, &parts.builder)?;
        self.looped(cx, node, parts, builder, Shape::Many((0..items.len()).collect()))
    }

    fn looped(
        &mut self,
        cx: &mut PassCx,
        node: &Expr,
        parts: &For,
        builder: Expr,
        shape: Shape,
    ) -> Option<Expr> {
        let mut params = parts.func.params.clone();
        let own = params.first_mut()?;
        own.ty = self.ty(&shape)?;
        self.env.insert(own.name.clone(), shape.clone());
        let (body, merged) = self.expr(cx, &parts.func.body)?;
        if merged != shape || parts.simd {
            return None;
        }
        let ty = builder.ty.clone();
        let func = Lambda { params, body };
        let new = For { iters: parts.iters.clone(), builder, func, simd: false };
        Some(Expr::with_notes(ExprKind::For(Arc::new(new)), ty, node.origin.clone(), node.notes.clone()))
    }

    fn expr(&mut self, cx: &mut PassCx, expr: &Expr) -> Option<(Expr, Shape)> {
        let origin = &expr.origin;
        stack::deep(|| match &expr.kind {
            ExprKind::Var(name) => {
                let shape = self.env.get(name)?.clone();
                Some((build::var(name, self.ty(&shape)?, origin.clone()), shape))
            }
            ExprKind::Field(a, k) => {
                let (a, Shape::Many(all)) = self.expr(cx, a)? else { return None };
                let at = *all.get(*k as usize)?;
                let one = match self.place_in(&all, at)? {
                    Some(place) => build::field(a, place, origin.clone())?,
                    None => a,
                };
                Some((one, Shape::One(at)))
            }
            ExprKind::Merge(b, x) => {
                let (b, Shape::One(at)) = self.expr(cx, b)? else { return None };
                let alone = !self.groups.iter().any(|group| group.members.contains(&at));
                alone.then(|| (build::merge(b, x.clone(), origin.clone()), Shape::One(at)))
            }
            ExprKind::If(c, a, b) => {
                let ((a, shape), (b, other)) = (self.expr(cx, a)?, self.expr(cx, b)?);
                let kind = ExprKind::If(c.clone(), a.clone(), b);
                let chosen = Expr::with_notes(kind, a.ty.clone(), origin.clone(), expr.notes.clone());
                (shape == other).then_some((chosen, shape))
            }
            ExprKind::Block(lets, body) => {
                let mut new = Vec::with_capacity(lets.len());
                for binding in lets {
                    let mut value = binding.value.clone();
                    if value.ty.has_builder() {
                        let (builder, shape) = self.expr(cx, &value)?;
                        self.env.insert(binding.name.clone(), shape);
                        value = builder;
                    }
                    new.push(Let { name: binding.name.clone(), value });
                }
                let (body, shape) = self.expr(cx, body)?;
                Some((rewrite::settle(&build::block(new, body, origin.clone())), shape))
            }
            ExprKind::For(parts) => {
                let (builder, shape) = self.expr(cx, &parts.builder)?;
                Some((self.looped(cx, expr, parts, builder, shape.clone())?, shape))
            }
            ExprKind::Struct(items) => self.together(cx, expr, items),
            _ => None,
        })
    }

    /// A struct of builders: what is merged into a group is merged at its first member.
    fn together(&mut self, cx: &mut PassCx, expr: &Expr, items: &[Expr]) -> Option<(Expr, Shape)> {
        let all: Vec<usize> = items.iter().map(|item| self.builder(item)).collect::<Option<_>>()?;
        let groups = self.groups;
        let mut new = Vec::with_capacity(items.len());
        for (item, at) in items.iter().zip(&all) {
            let Some(group) = groups.iter().find(|group| group.members.contains(at)) else {
                new.push(self.expr(cx, item)?.0);
                continue;
            };
            let member = |member: &usize| {
                let place = all.iter().position(|other| other == member)?;
                items.get(place)
            };
            let members: Vec<&Expr> = group.members.iter().map(member).collect::<Option<_>>()?;
            if group.members.first() == Some(at) {
                let mut lets = Vec::new();
                let merged = self.merged(cx, &members, &mut lets)?;
                new.push(build::block(lets, merged, item.origin.clone()));
            }
        }
        Some((pack(new, expr)?, Shape::Many(all)))
    }

    /// The builder that a value is, after merges.
    fn builder(&self, expr: &Expr) -> Option<usize> {
        stack::deep(|| match &expr.kind {
            ExprKind::Var(name) => match self.env.get(name)? {
                Shape::One(at) => Some(*at),
                Shape::Many(_) => None,
            },
            ExprKind::Field(a, k) => match self.env.get(a.var()?)? {
                Shape::Many(all) => all.get(*k as usize).copied(),
                Shape::One(_) => None,
            },
            ExprKind::Merge(b, _) | ExprKind::If(_, b, _) => self.builder(b),
            ExprKind::Block(_, body) => self.builder(body),
            ExprKind::For(parts) => self.builder(&parts.builder),
            _ => None,
        })
    }

    /// All members of a group, untouched or merged into with one key.
    fn merged(&mut self, cx: &mut PassCx, members: &[&Expr], lets: &mut Vec<Let>) -> Option<Expr> {
        let first = members.first()?;
        if let ExprKind::Var(_) | ExprKind::Field(..) = &first.kind {
            let untouched =
                members.iter().all(|member| matches!(member.kind, ExprKind::Var(_) | ExprKind::Field(..)));
            return if untouched { Some(self.expr(cx, first)?.0) } else { None };
        }
        let ExprKind::Merge(_, pair) = &first.kind else { return None };
        let ExprKind::Struct(pair) = &pair.kind else { return None };
        let key = pair.first()?;
        let (mut targets, mut values) = (Vec::new(), Vec::new());
        for member in members {
            let ExprKind::Merge(target, pair) = &member.kind else { return None };
            let ExprKind::Struct(pair) = &pair.kind else { return None };
            let [other, value] = pair.as_slice() else { return None };
            if !same_key(key, other) {
                return None;
            }
            targets.push(target);
            let Some(fields) = value.ty.fields() else {
                values.push(value.clone());
                continue;
            };
            if let ExprKind::Struct(items) = &value.kind {
                values.extend(items.iter().cloned());
                continue;
            }
            let mut var = value.clone();
            if !pattern::is_trivial(value) {
                let name = cx.fresh("values");
                var = build::var(&name, value.ty.clone(), value.origin.clone());
                lets.push(Let { name, value: value.clone() });
            }
            for k in 0..fields.len() {
                values.push(build::field(var.clone(), k as u32, value.origin.clone())?);
            }
        }
        let target = stack::deep(|| self.merged(cx, &targets, lets))?;
        let pair = vec![key.clone(), build::tuple(values, first.origin.clone())];
        Some(build::merge(target, build::tuple(pair, first.origin.clone()), first.origin.clone()))
    }
}

/// Several builders as a struct, one as it is.
fn pack(mut builders: Vec<Expr>, like: &Expr) -> Option<Expr> {
    match builders.len() {
        0 | 1 => builders.pop(),
        _ => Some(build::tuple(builders, like.origin.clone())),
    }
}
