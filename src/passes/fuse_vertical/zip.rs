#![forbid(unsafe_code)]
//! The rules `zip_to_iterators` and `fuse_zip`: loops over several vectors.

use crate::ir::{Expr, ExprKind, For, Iter, Lambda, Let, Param, Ty, build};
use crate::passes::uses::Uses;
use crate::passes::{PassCx, pattern, subst};
use crate::plan::merges;
use std::sync::Arc;

/// `for(zip(a, b) as a vector, b, f)` => a loop over two iterators
pub fn zip_to_iterators(cx: &mut PassCx, expr: &Expr) -> Expr {
    let ExprKind::For(parts) = &expr.kind else { return expr.clone() };
    let [Iter::Whole(data)] = parts.iters.as_slice() else { return expr.clone() };
    let ExprKind::Zip(items) = &data.kind else { return expr.clone() };
    if items.len() < 2 || !cx.may_fire(expr) {
        return expr.clone();
    }
    let iters = items.iter().cloned().map(Iter::Whole).collect();
    let to = expr.with_kind(ExprKind::For(Arc::new(For { iters, ..For::clone(parts) })));
    cx.fired(
        "zip_to_iterators",
        "the loop can read the vectors side by side, without a vector of structs",
        expr,
        &to,
    );
    to
}

/// `for(zip(result(for(a, appender, map)), c), b, f)` => `for(zip(a, c), b, f of map)`
pub fn fuse_zip(cx: &mut PassCx, expr: &Expr) -> Expr {
    let ExprKind::For(parts) = &expr.kind else { return expr.clone() };
    if parts.iters.len() < 2 || parts.simd || expr.note("loopsize").is_some() {
        return expr.clone();
    }
    // The index of such a loop is none of the loops behind its iterators.
    if parts.iters.iter().any(Iter::counts_elements) {
        return expr.clone();
    }
    let [own, index, elem] = parts.func.params.as_slice() else { return expr.clone() };
    let maps: Vec<Option<Source>> = parts.iters.iter().map(|iter| source(cx, iter)).collect();
    if maps.iter().all(Option::is_none) || !cx.may_fire(expr) {
        return expr.clone();
    }
    // Each loop behind an iterator ends before the lengths are compared and this loop begins.
    let data = || parts.iters.iter().filter_map(Iter::data);
    let body = &parts.func.body;
    if data().any(|data| data.facts.calls || pattern::calls_interleave(data, body)) {
        let condition = "C functions are called, and in one loop they would be called in another order";
        let would = "annotate functions that only compute: `@(pure:true)`".to_string();
        cx.missed("fuse_zip", &expr.origin, condition, Some(would));
        return expr.clone();
    }
    // The new iterators, each vector once, and which of them each old one reads.
    let mut iters: Vec<Iter> = Vec::new();
    let mut reads: Vec<Vec<usize>> = Vec::new();
    for (iter, map) in parts.iters.iter().zip(&maps) {
        let parts = map.as_ref().map_or(std::slice::from_ref(iter), |map| map.iters());
        reads.push(parts.iter().map(|part| add(&mut iters, part)).collect());
    }
    let types: Vec<Ty> = iters.iter().map(Iter::elem_ty).collect();
    let elem_ty = if let [only] = types.as_slice() { only.clone() } else { Ty::tuple(types.clone()) };
    // The name of the element stays if nothing but its fields are used: those are replaced.
    let whole = Uses::of(&parts.func.body).name(&elem.name).whole;
    let name = if whole { cx.fresh(elem.name.text()) } else { elem.name.clone() };
    let whole = build::var(&name, elem_ty.clone(), elem.origin.clone());
    let part = |at: usize| {
        if types.len() == 1 {
            Some(whole.clone())
        } else {
            build::field(whole.clone(), at as u32, elem.origin.clone())
        }
    };
    let index_var = build::var(&index.name, index.ty.clone(), index.origin.clone());
    let mut values = Vec::with_capacity(maps.len());
    for (map, reads) in maps.iter().zip(&reads) {
        let read: Option<Vec<Expr>> = reads.iter().map(|at| part(*at)).collect();
        let Some(mut read) = read else { return expr.clone() };
        let value = match (read.pop(), read.is_empty()) {
            (Some(only), true) if !matches!(map, Some(Source::Zip(_))) => only,
            (last, _) => {
                read.extend(last);
                build::tuple(read, elem.origin.clone())
            }
        };
        values.push(match map {
            Some(Source::Map(map)) => {
                subst::instantiate(cx, &map.func, vec![index_var.clone(), value], false)
            }
            _ => value,
        });
    }
    // Blocks of the maps come first, then one struct of plain values that takes itself apart.
    let mut lets = Vec::new();
    for value in &mut values {
        if let ExprKind::Block(inner, last) = &value.kind {
            lets.extend(inner.iter().cloned());
            *value = last.clone();
        }
    }
    let body = Lambda { params: vec![elem.clone()], body: parts.func.body.clone() };
    let body = subst::instantiate(cx, &body, vec![build::tuple(values, elem.origin.clone())], false);
    let body = build::block(lets, body, parts.func.body.origin.clone());
    let elem = Param { name, ty: elem_ty, origin: elem.origin.clone() };
    let func = Lambda { params: vec![own.clone(), index.clone(), elem], body };
    let fused = For { iters, builder: parts.builder.clone(), func, simd: false };
    let to = expr.with_kind(ExprKind::For(Arc::new(fused)));
    let to = maps.iter().flatten().filter_map(|map| map.origin()).fold(to, |to, origin| to.joined(origin));
    let reason = "a map gives one value for each element, so the loop can read the elements and compute the values itself";
    cx.fired("fuse_zip", reason, expr, &to);
    to
}

/// What stands behind an iterator of a zip.
enum Source<'a> {
    Map(Map<'a>),
    /// A zip of its own: a struct in each element.
    Zip(Vec<Iter>),
}

/// A loop that appends one value for each element of its iterators.
struct Map<'a> {
    node: &'a Expr,
    iters: &'a [Iter],
    /// Index and element to value.
    func: Lambda,
}

impl Source<'_> {
    fn iters(&self) -> &[Iter] {
        match self {
            Source::Map(map) => map.iters,
            Source::Zip(iters) => iters,
        }
    }

    fn origin(&self) -> Option<&crate::diag::Origin> {
        if let Source::Map(map) = self { Some(&map.node.origin) } else { None }
    }
}

fn source<'a>(cx: &mut PassCx, iter: &'a Iter) -> Option<Source<'a>> {
    let Iter::Whole(data) = iter else {
        if let Iter::Strided { data, .. } = iter
            && pattern::producer(data).is_some()
        {
            let condition = "the zip takes only a part of the vector (`iter` with bounds)";
            cx.missed("fuse_zip", &data.origin, condition, Some("loop over all of it".to_string()));
        }
        return None;
    };
    if let ExprKind::Zip(items) = &data.kind
        && items.len() > 1
    {
        return Some(Source::Zip(items.iter().cloned().map(Iter::Whole).collect()));
    }
    let (node, parts) = pattern::producer(data)?;
    match as_map(node, parts) {
        Ok(map) => Some(Source::Map(map)),
        Err(condition) => {
            cx.missed("fuse_zip", &data.origin, condition, None);
            None
        }
    }
}

fn as_map<'a>(node: &'a Expr, parts: &'a For) -> Result<Map<'a>, &'static str> {
    let fresh = matches!(&parts.builder.kind, ExprKind::NewBuilder(hint) if hint.as_ref().is_none_or(pattern::is_droppable));
    if !fresh {
        return Err("the appender of the zipped loop holds values already");
    }
    if parts.simd || node.note("loopsize").is_some() {
        return Err(
            "the zipped loop runs in lanes already, or `@(loopsize)` promises its number of iterations",
        );
    }
    if parts.iters.iter().any(Iter::counts_elements) {
        return Err("the zipped loop is over the blocks or the fringe of a vector");
    }
    if !merges::per_iteration(&parts.func).is_once() {
        return Err(
            "the zipped loop does not merge exactly once per iteration, so its values do not line up with the other vectors",
        );
    }
    let [own, index, elem] = parts.func.params.as_slice() else {
        return Err("the zipped loop has no parameters");
    };
    let (lets, last): (&[Let], &Expr) = match &parts.func.body.kind {
        ExprKind::Block(lets, last) => (lets, last),
        _ => (&[], &parts.func.body),
    };
    match &last.kind {
        ExprKind::Merge(b, x) if b.var() == Some(&own.name) => {
            let body = build::block(lets.to_vec(), x.clone(), x.origin.clone());
            Ok(Map {
                node,
                iters: &parts.iters,
                func: Lambda { params: vec![index.clone(), elem.clone()], body },
            })
        }
        _ => Err("the zipped loop merges in more than one place"),
    }
}

/// The place of an iterator in the list; the same variable is read once.
fn add(iters: &mut Vec<Iter>, iter: &Iter) -> usize {
    let variable = |iter: &Iter| if let Iter::Whole(data) = iter { data.var().cloned() } else { None };
    let wanted = variable(iter);
    let known = iters.iter().position(|known| wanted.is_some() && variable(known) == wanted);
    known.unwrap_or_else(|| {
        iters.push(iter.clone());
        iters.len() - 1
    })
}
