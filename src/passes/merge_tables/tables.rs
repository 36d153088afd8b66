#![forbid(unsafe_code)]
//! The rules `merge_tables` and `own_key`: the program with merged dictionaries.
//!
//! Promises: one walk; what takes something of a merged dictionary takes the same of its part of the new one.

use super::body::{Body, Group, candidates, joins};
use super::uses::{Slot, Uses};
use crate::diag::{Origin, stack};
use crate::ir::{Expr, ExprKind, For, Iter, Lambda, Let, Literal, Name, Param, Ty, build, visit};
use crate::passes::{PassCx, rewrite, subst};
use std::collections::HashMap;
use std::sync::Arc;

/// One member of a merged dictionary.
#[derive(Clone)]
struct View {
    /// The merged dictionary.
    table: Expr,
    group: Arc<Group>,
    nth: usize,
}

impl View {
    fn project(&self, value: &Expr) -> Option<Expr> {
        self.group.project(self.nth, value)
    }

    /// The part of an entry of the merged dictionary.
    fn entry(&self, entry: &Expr) -> Option<Expr> {
        let key = build::field(entry.clone(), 0, entry.origin.clone())?;
        let value = self.project(&build::field(entry.clone(), 1, entry.origin.clone())?)?;
        Some(build::tuple(vec![key, value], entry.origin.clone()))
    }
}

/// The walk.
pub struct Sweep<'a, 'b> {
    cx: &'a mut PassCx<'b>,
    uses: Uses,
    /// Members of merged dictionaries.
    views: HashMap<Slot, View>,
    /// The new places of the builders that stay, in loops that were changed.
    moved: HashMap<Slot, Option<u32>>,
    /// The new types of these loops.
    types: HashMap<Name, Ty>,
    /// The names of the entries of merged dictionaries, by the old ones.
    entries: HashMap<Name, Expr>,
    /// The dictionary of which a name is the entries.
    entries_of: HashMap<Name, Name>,
    /// The dictionary of which the element of a loop, or this field of it, is an entry.
    elements: HashMap<(Name, Option<u32>), Name>,
}

impl<'a, 'b> Sweep<'a, 'b> {
    /// Over a program with these uses.
    pub fn new(cx: &'a mut PassCx<'b>, uses: Uses) -> Sweep<'a, 'b> {
        Sweep {
            cx,
            uses,
            views: HashMap::new(),
            moved: HashMap::new(),
            types: HashMap::new(),
            entries: HashMap::new(),
            entries_of: HashMap::new(),
            elements: HashMap::new(),
        }
    }

    /// The expression with merged dictionaries.
    pub fn expr(&mut self, expr: &Expr) -> Expr {
        stack::deep(|| match &expr.kind {
            ExprKind::Block(lets, body) => self.block(expr, lets, body),
            ExprKind::For(parts) => {
                let visited = self.visit(expr, parts);
                self.children(&visited)
            }
            ExprKind::Field(a, k) => {
                let Some(name) = a.var() else { return self.children(expr) };
                let Some(ty) = self.types.get(name) else { return expr.clone() };
                let all = build::var(name, ty.clone(), a.origin.clone());
                match self.moved.get(&(name.clone(), *k)) {
                    Some(Some(place)) => expr.with_kind(ExprKind::Field(all, *place)),
                    _ => all,
                }
            }
            ExprKind::Len(a) => {
                let table = self.view(a).map(|view| view.table).or_else(|| self.entries_var(a));
                match table {
                    Some(table) => expr.with_kind(ExprKind::Len(table)),
                    None => self.children(expr),
                }
            }
            ExprKind::KeyExists(d, key_before) => {
                let (table, key) = (self.table(d), self.expr(key_before));
                if self.own_key(&table, &key).is_some() {
                    let yes = build::literal(Literal::Bool(true), expr.origin.clone());
                    return self.own_key_fired(expr, &table, &key, yes);
                }
                if table.same(d) && key.same(key_before) {
                    return expr.clone();
                }
                expr.with_kind(ExprKind::KeyExists(table, key))
            }
            ExprKind::Lookup(d, key) => self.lookup(expr, d, key).unwrap_or_else(|| self.children(expr)),
            ExprKind::OptLookup(d, key) => {
                self.opt_lookup(expr, d, key).unwrap_or_else(|| self.children(expr))
            }
            _ => self.children(expr),
        })
    }

    fn children(&mut self, expr: &Expr) -> Expr {
        rewrite::settle(&visit::map_children(expr, &mut |child| self.expr(child)))
    }

    fn view(&self, expr: &Expr) -> Option<View> {
        self.views.get(&self.uses.table(expr)?).cloned()
    }

    /// A dictionary, or the merged one that it is a part of.
    fn table(&mut self, expr: &Expr) -> Expr {
        self.view(expr).map_or_else(|| self.expr(expr), |view| view.table)
    }

    /// The entries of the merged dictionary in place of those of a member, where a let has them.
    fn entries_var(&self, expr: &Expr) -> Option<Expr> {
        self.entries.get(expr.var()?).cloned()
    }

    fn block(&mut self, expr: &Expr, lets: &[Let], body: &Expr) -> Expr {
        let mut kept = Vec::with_capacity(lets.len());
        let mut changed = false;
        for binding in lets {
            let (name, value) = (&binding.name, &binding.value);
            if self.view(value).is_some() {
                changed = true;
                continue;
            }
            if let ExprKind::ToVec(table) = &value.kind
                && let Some(view) = self.view(table)
            {
                let entries = to_vec(&view.table, &value.origin);
                let fresh = self.cx.fresh(name.text());
                self.entries
                    .insert(name.clone(), build::var(&fresh, entries.ty.clone(), value.origin.clone()));
                self.entries_of.extend(view.table.var().map(|table| (fresh.clone(), table.clone())));
                kept.push(Let { name: fresh, value: entries });
                changed = true;
                continue;
            }
            if let Some(entries) =
                self.uses.entries.contains_key(name).then(|| self.entries_var(value)).flatten()
            {
                self.entries.insert(name.clone(), entries);
                changed = true;
                continue;
            }
            let new = match &value.kind {
                ExprKind::For(parts) => self.merge(name, value, parts),
                _ => None,
            };
            let Some((built, tables)) = new else {
                let new = self.expr(value);
                if let ExprKind::ToVec(table) = &new.kind
                    && let Some(table) = table.var()
                {
                    self.entries_of.insert(name.clone(), table.clone());
                }
                changed |= !new.same(value);
                kept.push(Let { name: name.clone(), value: new });
                continue;
            };
            changed = true;
            kept.push(Let { name: name.clone(), value: self.expr(&built) });
            kept.extend(tables);
        }
        let new_body = self.expr(body);
        if !changed && new_body.same(body) {
            return expr.clone();
        }
        rewrite::settle(&expr.with_kind(ExprKind::Block(kept, new_body)))
    }

    /// `let all = for(v, {dictmerger[K,V,op], dictmerger[K,W,op]}, ..)` => `let all = for(v, dictmerger[K,{V,W},op], ..)`
    /// and the lets of the dictionaries.
    fn merge(&mut self, name: &Name, node: &Expr, parts: &For) -> Option<(Expr, Vec<Let>)> {
        let ExprKind::Struct(items) = &parts.builder.kind else { return None };
        let types: Vec<Ty> = items.iter().map(|item| item.ty.clone()).collect();
        let tables = types.iter().filter(|ty| joins(Some(ty), Some(ty))).count();
        if tables < 2 || parts.simd || node.notes.is_some() || self.uses.packed.contains(name) {
            return None;
        }
        if node.facts.calls {
            let condition =
                "the loop calls C functions, and what is merged would be computed in another order";
            self.cx.missed("merge_tables", &node.origin, condition, None);
            return None;
        }
        let fresh =
            |at: usize| matches!(items.get(at).map(|item| &item.kind), Some(ExprKind::NewBuilder(None)));
        let is_whole = |at: usize| self.uses.whole.contains(&(name.clone(), at as u32));
        let may = |at: usize| fresh(at) && joins(types.get(at), types.get(at)) && !is_whole(at);
        let groups: Option<Vec<Group>> =
            candidates(parts, &types, &may).into_iter().map(|members| Group::new(members, &types)).collect();
        let groups = groups.unwrap_or_default();
        let mut body = Body::new(&groups, &types);
        let built = if groups.is_empty() || !self.cx.may_fire(node) {
            None
        } else {
            body.for_loop(self.cx, node, parts)
        };
        let Some(built) = built else {
            let condition = refusal(&types, &groups, &fresh, &is_whole);
            self.cx.missed("merge_tables", &node.origin, condition, None);
            return None;
        };
        let all = build::var(name, built.ty.clone(), node.origin.clone());
        let mut tables = Vec::new();
        for (at, _) in items.iter().enumerate() {
            self.moved.extend(body.place(at).map(|place| ((name.clone(), at as u32), place)));
        }
        let places: Vec<Option<Option<u32>>> =
            groups.iter().map(|group| body.place(*group.members.first()?)).collect();
        self.cx.fired("merge_tables", reason(&groups), node, &built);
        for (group, place) in groups.into_iter().zip(places) {
            let one = match place? {
                Some(place) => build::field(all.clone(), place, node.origin.clone())?,
                None => all.clone(),
            };
            let ty = group.ty.as_builder()?.result_ty();
            let table = self.cx.fresh("table");
            let value = Expr::new(ExprKind::Result(one), ty.clone(), node.origin.clone());
            let var = build::var(&table, ty, node.origin.clone());
            tables.push(Let { name: table, value });
            let group = Arc::new(group);
            for (nth, at) in group.members.iter().enumerate() {
                let view = View { table: var.clone(), group: group.clone(), nth };
                self.views.insert((name.clone(), *at as u32), view);
            }
        }
        self.types.insert(name.clone(), built.ty.clone());
        Some((built, tables))
    }

    /// A loop over entries of a member, over those of the merged dictionary.
    fn visit(&mut self, node: &Expr, parts: &For) -> Expr {
        let [own, index, elem] = parts.func.params.as_slice() else { return node.clone() };
        let mut iters = Vec::with_capacity(parts.iters.len());
        let mut views = Vec::with_capacity(parts.iters.len());
        for iter in &parts.iters {
            let view = match iter {
                Iter::Whole(data) => self.uses.entries(data).and_then(|slot| self.views.get(&slot)).cloned(),
                _ => None,
            };
            iters.push(match (&view, iter) {
                (Some(view), Iter::Whole(data)) => {
                    Iter::Whole(self.entries_var(data).unwrap_or_else(|| to_vec(&view.table, &data.origin)))
                }
                _ => iter.clone(),
            });
            views.push(view);
        }
        let changed = views.iter().any(Option::is_some);
        let types: Vec<Ty> = iters.iter().map(Iter::elem_ty).collect();
        let single = types.len() == 1;
        let name = if changed { self.cx.fresh(elem.name.text()) } else { elem.name.clone() };
        for (k, iter) in iters.iter().enumerate() {
            let Iter::Whole(data) = iter else { continue };
            let table = match &data.kind {
                ExprKind::ToVec(table) => table.var().cloned(),
                _ => data.var().and_then(|name| self.entries_of.get(name)).cloned(),
            };
            let part = (!single).then_some(k as u32);
            self.elements.extend(table.map(|table| ((name.clone(), part), table)));
        }
        if !changed {
            return node.clone();
        }
        let ty = if single { types.first().cloned() } else { Some(Ty::tuple(types)) };
        let new = ty.and_then(|ty| {
            let whole = build::var(&name, ty.clone(), elem.origin.clone());
            let mut values = Vec::with_capacity(views.len());
            for (k, view) in views.iter().enumerate() {
                let part = if single {
                    whole.clone()
                } else {
                    build::field(whole.clone(), k as u32, elem.origin.clone())?
                };
                values.push(match view {
                    Some(view) => view.entry(&part)?,
                    None => part,
                });
            }
            let value = if single { values.pop()? } else { build::tuple(values, elem.origin.clone()) };
            let body = Lambda { params: vec![elem.clone()], body: parts.func.body.clone() };
            let body = subst::instantiate(self.cx, &body, vec![value], false);
            let param = Param { name: name.clone(), ty, origin: elem.origin.clone() };
            let func = Lambda { params: vec![own.clone(), index.clone(), param], body };
            let new = For { iters, builder: parts.builder.clone(), func, simd: false };
            Some(node.with_kind(ExprKind::For(Arc::new(new))))
        });
        new.unwrap_or_else(|| node.clone())
    }

    fn lookup(&mut self, expr: &Expr, d: &Expr, before: &Expr) -> Option<Expr> {
        if let Some(slot) = self.uses.entries(d)
            && let Some(view) = self.views.get(&slot).cloned()
        {
            // An entry by its number.
            let from = self.entries_var(d).unwrap_or_else(|| to_vec(&view.table, &d.origin));
            let ty = from.ty.elem()?.clone();
            let value = Expr::new(ExprKind::Lookup(from, self.expr(before)), ty, expr.origin.clone());
            let (lets, var) = self.bind("entry", value);
            return Some(build::block(lets, view.entry(&var)?, expr.origin.clone()));
        }
        if d.ty.elem().is_some() {
            return None;
        }
        let view = self.view(d);
        let (table, key) = (self.table(d), self.expr(before));
        let own = self.own_key(&table, &key);
        if own.is_none() && table.same(d) && key.same(before) {
            return Some(expr.clone());
        }
        let ty = value_ty(&table)?;
        let value = own.clone().unwrap_or_else(|| {
            Expr::new(ExprKind::Lookup(table.clone(), key.clone()), ty, expr.origin.clone())
        });
        let value = match view {
            Some(view) if own.is_some() => view.project(&value)?,
            Some(view) => {
                let is_struct = view.group.values.get(view.nth).is_some_and(|(_, _, is_struct)| *is_struct);
                if is_struct {
                    let (lets, var) = self.bind("found", value);
                    build::block(lets, view.project(&var)?, expr.origin.clone())
                } else {
                    view.project(&value)?
                }
            }
            None => value,
        };
        Some(if own.is_some() { self.own_key_fired(expr, &table, &key, value) } else { value })
    }

    fn opt_lookup(&mut self, expr: &Expr, d: &Expr, before: &Expr) -> Option<Expr> {
        let view = self.view(d);
        let (table, key) = (self.table(d), self.expr(before));
        let ty = value_ty(&table)?;
        let origin = &expr.origin;
        if let Some(value) = self.own_key(&table, &key) {
            let value = view.map_or(Some(value.clone()), |view| view.project(&value))?;
            let yes = build::literal(Literal::Bool(true), origin.clone());
            let found = build::tuple(vec![yes, value], origin.clone());
            return Some(self.own_key_fired(expr, &table, &key, found));
        }
        if table.same(d) && key.same(before) {
            return Some(expr.clone());
        }
        let ty = Ty::tuple(vec![Ty::BOOL, ty]);
        let found = Expr::new(ExprKind::OptLookup(table, key), ty, origin.clone());
        let Some(view) = view else { return Some(found) };
        let (lets, var) = self.bind("found", found);
        let value = view.project(&build::field(var.clone(), 1, origin.clone())?)?;
        let found = build::tuple(vec![build::field(var, 0, origin.clone())?, value], origin.clone());
        Some(build::block(lets, found, origin.clone()))
    }

    fn bind(&mut self, base: &str, value: Expr) -> (Vec<Let>, Expr) {
        let name = self.cx.fresh(base);
        let var = build::var(&name, value.ty.clone(), value.origin.clone());
        (vec![Let { name, value }], var)
    }

    /// The value of the entry whose key `key` is, if that is an entry of `table`.
    fn own_key(&self, table: &Expr, key: &Expr) -> Option<Expr> {
        let ExprKind::Field(entry, 0) = &key.kind else { return None };
        let element = match &entry.kind {
            ExprKind::Var(name) => (name.clone(), None),
            ExprKind::Field(all, k) => (all.var()?.clone(), Some(*k)),
            _ => return None,
        };
        let same = self.elements.get(&element) == Some(table.var()?);
        if same { build::field(entry.clone(), 1, key.origin.clone()) } else { None }
    }

    /// `lookup(d, e.$0)` => `e.$1` in a loop over `tovec(d)`
    fn own_key_fired(&mut self, expr: &Expr, table: &Expr, key: &Expr, value: Expr) -> Expr {
        let name = table.var().map_or("", Name::text);
        let reason = format!("the key is that of an entry of `{name}`, so the value is the one beside it");
        let kind = match &expr.kind {
            ExprKind::Lookup(..) => ExprKind::Lookup(table.clone(), key.clone()),
            ExprKind::OptLookup(..) => ExprKind::OptLookup(table.clone(), key.clone()),
            _ => ExprKind::KeyExists(table.clone(), key.clone()),
        };
        self.cx.fired("own_key", reason, &expr.with_kind(kind), &value);
        value
    }
}

/// The type of the values of a dictionary.
fn value_ty(table: &Expr) -> Option<Ty> {
    if let Ty::Dict(entry) = &table.ty { Some(entry.1.clone()) } else { None }
}

/// `tovec(table)`
fn to_vec(table: &Expr, origin: &Origin) -> Expr {
    let entry = match &table.ty {
        Ty::Dict(entry) => Ty::tuple(vec![entry.0.clone(), entry.1.clone()]),
        other => other.clone(),
    };
    Expr::new(ExprKind::ToVec(table.clone()), Ty::vec(entry), origin.clone())
}

fn reason(groups: &[Group]) -> String {
    let merged: usize = groups.iter().map(|group| group.members.len()).sum();
    let tables = match groups.len() {
        1 => "one dictionary holds".to_string(),
        n => format!("{n} dictionaries hold"),
    };
    format!(
        "{merged} dictionaries are filled side by side with the same keys, so {tables} all values, with one probe a row"
    )
}

/// The condition that keeps dictmergers apart.
fn refusal(
    types: &[Ty],
    groups: &[Group],
    fresh: &dyn Fn(usize) -> bool,
    whole: &dyn Fn(usize) -> bool,
) -> String {
    let tables: Vec<usize> = (0..types.len()).filter(|at| joins(types.get(*at), types.get(*at))).collect();
    if !groups.is_empty() {
        return "the dictionaries are not always filled side by side".to_string();
    }
    if let Some(at) = tables.iter().find(|at| !fresh(**at)) {
        return format!("builder {at} of the loop starts with the entries of a dictionary");
    }
    if let Some(at) = tables.iter().find(|at| whole(**at)) {
        return format!(
            "the dictionary of builder {at} of the loop is needed as a whole, not only by entries"
        );
    }
    let first = tables.first().and_then(|at| types.get(*at));
    if !tables.iter().skip(1).any(|at| joins(first, types.get(*at))) {
        return "the dictionaries have other operators or other types of keys".to_string();
    }
    "the keys of the dictionaries are not the same expression, or they are not filled side by side"
        .to_string()
}
