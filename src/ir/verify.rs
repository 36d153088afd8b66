#![forbid(unsafe_code)]
//! The invariants of the tree, checked after every pass.
//!
//! Promises: `Ok` means that every node's type follows from its operands and is fully known; every variable is in
//! scope and has its binder's type; no two binders share a name; blocks are flat and not empty; builders are used at
//! most once on each path, are not captured by loops, and a loop's body returns the builder it was given.
//! A failure is always a bug of the compiler. Nearly linear in the size of the program.

mod operation;

use super::{BuilderTy, Expr, ExprKind, For, Iter, Lambda, Name, Program, Scalar, Ty};
use super::{print, visit};
use crate::diag::stack;
use std::collections::{HashMap, HashSet};

/// Checks a whole program.
pub fn verify(program: &Program) -> Result<(), String> {
    let mut verifier = Verifier::default();
    for param in &program.func.params {
        verifier.bind(&param.name, &param.ty, Source::Other)?;
    }
    verifier.expr(&program.func.body)?;
    Ok(())
}

/// Where a builder value comes from, to check that loop bodies return their own builder.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    /// The component of a loop parameter that these field numbers lead to.
    Param(Name, Vec<u32>),
    Struct(Vec<Source>),
    /// A new builder, or no builder at all.
    Other,
}

struct Binding {
    ty: Ty,
    source: Source,
    /// How many loop bodies enclose the binder.
    loops: usize,
}

#[derive(Default)]
struct Verifier {
    scope: HashMap<Name, Binding>,
    ever_bound: HashSet<Name>,
    loops: usize,
    /// Builders used so far on this path of control.
    used: HashMap<Part, Use>,
    /// The same in order, to undo a branch.
    log: Vec<Part>,
}

/// A builder variable, or the component of it that field numbers lead to.
type Part = (Name, Vec<u32>);

#[derive(Default)]
struct Use {
    /// This very part was used.
    whole: bool,
    /// How many parts at or below this one were used.
    within: usize,
}

fn wrong<T>(expr: &Expr, what: &str) -> Result<T, String> {
    Err(format!("{what} in `{}`", print::short(expr, 120)))
}

impl Verifier {
    fn bind(&mut self, name: &Name, ty: &Ty, source: Source) -> Result<(), String> {
        if !self.ever_bound.insert(name.clone()) {
            return Err(format!("`{name}` is bound twice"));
        }
        if !is_known(ty) {
            return Err(format!("the type of `{name}` is not known"));
        }
        self.scope.insert(name.clone(), Binding { ty: ty.clone(), source, loops: self.loops });
        Ok(())
    }

    fn expr(&mut self, expr: &Expr) -> Result<Source, String> {
        stack::deep(|| {
            if !is_known(&expr.ty) {
                return wrong(expr, "a type is not known");
            }
            match &expr.kind {
                ExprKind::Var(_) => self.place(expr, Vec::new()),
                ExprKind::Block(lets, body) => {
                    if lets.is_empty() || matches!(body.kind, ExprKind::Block(..)) {
                        return wrong(expr, "a block is empty or not flat");
                    }
                    for binding in lets {
                        let source = self.expr(&binding.value)?;
                        self.bind(&binding.name, &binding.value.ty, source)?;
                    }
                    let source = self.expr(body)?;
                    for binding in lets {
                        self.scope.remove(&binding.name);
                    }
                    self.same(expr, &expr.ty, &body.ty)?;
                    Ok(source)
                }
                ExprKind::Field(..) => self.place(expr, Vec::new()),
                ExprKind::If(c, a, b) => {
                    self.expr(c)?;
                    let before = self.log.len();
                    let first = self.expr(a)?;
                    // Only one branch runs: both may use the same builders.
                    let in_first = self.log.split_off(before);
                    for part in &in_first {
                        self.mark(part, false);
                    }
                    let second = self.expr(b)?;
                    for part in in_first {
                        if !self.used.get(&part).is_some_and(|used| used.whole) {
                            self.mark(&part, true);
                            self.log.push(part);
                        }
                    }
                    self.same(expr, &c.ty, &Ty::BOOL)?;
                    self.same(expr, &a.ty, &b.ty)?;
                    self.same(expr, &expr.ty, &a.ty)?;
                    Ok(if first == second { first } else { agree(first, second, &expr.ty) })
                }
                ExprKind::Struct(items) => {
                    let sources = items.iter().map(|item| self.expr(item)).collect::<Result<Vec<_>, _>>()?;
                    self.same(
                        expr,
                        &expr.ty,
                        &Ty::tuple(items.iter().map(|item| item.ty.clone()).collect()),
                    )?;
                    Ok(Source::Struct(sources))
                }
                ExprKind::Merge(b, x) => {
                    let source = self.expr(b)?;
                    self.expr(x)?;
                    let Some(builder) = b.ty.as_builder() else {
                        return wrong(expr, "merge into no builder");
                    };
                    let one = builder.merge_ty();
                    if one.in_lanes().as_ref() != Some(&x.ty) {
                        self.same(expr, &x.ty, &one)?;
                    }
                    self.same(expr, &expr.ty, &b.ty)?;
                    Ok(source)
                }
                ExprKind::Apply(lambda, args) => {
                    let mut sources = Vec::with_capacity(args.len());
                    for arg in args {
                        sources.push(self.expr(arg)?);
                    }
                    let types: Vec<Ty> = args.iter().map(|arg| arg.ty.clone()).collect();
                    self.lambda(expr, lambda, &types, sources)
                }
                ExprKind::For(parts) => self.for_loop(expr, parts),
                ExprKind::Iterate(start, lambda) => {
                    let source = self.expr(start)?;
                    self.loops += 1;
                    self.lambda(expr, lambda, std::slice::from_ref(&start.ty), vec![Source::Other])?;
                    self.loops -= 1;
                    self.same(expr, &lambda.body.ty, &Ty::tuple(vec![start.ty.clone(), Ty::BOOL]))?;
                    self.same(expr, &expr.ty, &start.ty)?;
                    Ok(source)
                }
                ExprKind::Sort(data, lambda) => {
                    self.expr(data)?;
                    let Some(elem) = data.ty.elem() else { return wrong(expr, "a sort of no vector") };
                    self.loops += 1;
                    let types = vec![elem.clone(); lambda.params.len()];
                    let sources = vec![Source::Other; lambda.params.len()];
                    self.lambda(expr, lambda, &types, sources)?;
                    self.loops -= 1;
                    match lambda.params.len() {
                        1 if lambda.body.ty.is_ordered() => {}
                        2 => self.same(expr, &lambda.body.ty, &Ty::Scalar(Scalar::I32))?,
                        _ => return wrong(expr, "a sort function of another form"),
                    }
                    self.same(expr, &expr.ty, &data.ty)?;
                    Ok(Source::Other)
                }
                kind => {
                    let mut result = Ok(());
                    visit::for_each_child(kind, &mut |child| {
                        if result.is_ok() {
                            result = self.expr(child).map(|_| ());
                        }
                    });
                    result?;
                    self.plain(expr)?;
                    Ok(Source::Other)
                }
            }
        })
    }

    /// A variable or a projection; `path` are the fields taken from it, the outermost first.
    fn place(&mut self, expr: &Expr, mut path: Vec<u32>) -> Result<Source, String> {
        match &expr.kind {
            ExprKind::Field(a, k) => {
                match a.ty.fields().and_then(|fields| fields.get(*k as usize)) {
                    Some(field) => self.same(expr, &expr.ty, field)?,
                    None => return wrong(expr, "there is no such field"),
                }
                path.push(*k);
                stack::deep(|| self.place(a, path))
            }
            ExprKind::Var(name) => {
                path.reverse();
                self.variable(expr, name, path)
            }
            _ => {
                let source = self.expr(expr)?;
                Ok(path.iter().rev().fold(source, component))
            }
        }
    }

    fn variable(&mut self, expr: &Expr, name: &Name, path: Vec<u32>) -> Result<Source, String> {
        let Some(binding) = self.scope.get(name) else {
            return wrong(expr, &format!("`{name}` is not in scope"));
        };
        if binding.ty != expr.ty {
            let ty = &binding.ty;
            return wrong(expr, &format!("`{name}` has type `{ty}` but is used as `{}`", expr.ty));
        }
        let source = path.iter().fold(binding.source.clone(), component);
        let component = path.iter().try_fold(&expr.ty, |ty, k| ty.fields()?.get(*k as usize));
        if component.is_some_and(Ty::has_builder) {
            if binding.loops < self.loops {
                return wrong(expr, &format!("a loop captures the builder `{name}`"));
            }
            let part = (name.clone(), path);
            let inside = self.used.get(&part).is_some_and(|used| used.within > 0);
            if inside || prefixes(&part).any(|above| self.used.get(&above).is_some_and(|used| used.whole)) {
                return wrong(expr, &format!("the builder `{name}` is used twice"));
            }
            self.mark(&part, true);
            self.log.push(part);
        }
        Ok(source)
    }

    fn mark(&mut self, part: &Part, used: bool) {
        for above in prefixes(part) {
            let entry = self.used.entry(above).or_default();
            entry.within = if used { entry.within + 1 } else { entry.within.saturating_sub(1) };
        }
        self.used.entry(part.clone()).or_default().whole = used;
    }

    fn lambda(
        &mut self,
        expr: &Expr,
        lambda: &Lambda,
        args: &[Ty],
        sources: Vec<Source>,
    ) -> Result<Source, String> {
        if lambda.params.len() != args.len() {
            return wrong(expr, "a lambda has a wrong number of parameters");
        }
        for ((param, ty), source) in lambda.params.iter().zip(args).zip(sources) {
            self.same(expr, &param.ty, ty)?;
            self.bind(&param.name, &param.ty, source)?;
        }
        let source = self.expr(&lambda.body)?;
        for param in &lambda.params {
            self.scope.remove(&param.name);
        }
        if matches!(expr.kind, ExprKind::Apply(..)) {
            self.same(expr, &expr.ty, &lambda.body.ty)?;
        }
        Ok(source)
    }

    fn for_loop(&mut self, expr: &Expr, parts: &For) -> Result<Source, String> {
        let start = self.expr(&parts.builder)?;
        let builder = &parts.builder.ty;
        if !builder.is_builder_like() {
            return wrong(expr, "a loop without a builder");
        }
        for iter in &parts.iters {
            let mut numbers = iter.operands();
            if let Some(data) = iter.data() {
                self.expr(data)?;
                if data.ty.elem().is_none() {
                    return wrong(expr, "a loop over something that is no vector");
                }
                numbers.remove(0);
            }
            for (k, number) in numbers.into_iter().enumerate() {
                self.expr(number)?;
                // The shape and the strides of `nditer` come after three numbers.
                self.same(expr, &number.ty, &if k < 3 { Ty::I64 } else { Ty::vec(Ty::I64) })?;
            }
        }
        let in_lanes = parts.iters.iter().filter(|iter| matches!(iter, Iter::Simd(_))).count();
        if in_lanes > 0 && (in_lanes < parts.iters.len() || !parts.iters.iter().all(has_lanes)) {
            return wrong(expr, "a loop with SIMD iterators and others");
        }
        let mut elems: Vec<Ty> = parts.iters.iter().map(Iter::elem_ty).collect();
        let elem = match (elems.len(), elems.pop()) {
            (_, None) => return wrong(expr, "a loop without iterators"),
            (1, Some(only)) => only,
            (_, Some(last)) => {
                elems.push(last);
                Ty::tuple(elems)
            }
        };
        let Some(own) = parts.func.params.first().map(|param| param.name.clone()) else {
            return wrong(expr, "a loop body without parameters");
        };
        self.loops += 1;
        let sources = vec![Source::Param(own.clone(), Vec::new()), Source::Other, Source::Other];
        let end = self.lambda(expr, &parts.func, &[builder.clone(), Ty::I64, elem], sources)?;
        self.loops -= 1;
        self.same(expr, &parts.func.body.ty, builder)?;
        self.same(expr, &expr.ty, builder)?;
        if !is_param(&end, &own, &mut Vec::new(), builder) {
            return wrong(expr, &format!("the loop body does not return its builder `{own}`"));
        }
        Ok(start)
    }

    fn same(&self, expr: &Expr, found: &Ty, wanted: &Ty) -> Result<(), String> {
        if found == wanted { Ok(()) } else { wrong(expr, &format!("`{found}` where `{wanted}` is required")) }
    }
}

/// The part itself and everything that contains it.
fn prefixes(part: &Part) -> impl Iterator<Item = Part> + '_ {
    (0..=part.1.len()).map(|n| (part.0.clone(), part.1.iter().take(n).copied().collect()))
}

/// Field `k` of a builder value.
fn component(source: Source, k: &u32) -> Source {
    match source {
        Source::Param(name, mut path) => {
            path.push(*k);
            Source::Param(name, path)
        }
        Source::Struct(items) => items.get(*k as usize).cloned().unwrap_or(Source::Other),
        Source::Other => Source::Other,
    }
}

/// Whether the elements of its data can be lanes.
fn has_lanes(iter: &Iter) -> bool {
    iter.data().and_then(|data| data.ty.elem()).is_some_and(|elem| elem.in_lanes().is_some())
}

fn is_known(ty: &Ty) -> bool {
    match ty {
        Ty::Scalar(_) | Ty::Simd(_) => true,
        Ty::Infer(_) => false,
        Ty::Vec(elem) => is_known(elem),
        Ty::Dict(entry) => is_known(&entry.0) && is_known(&entry.1),
        Ty::Struct(fields) => fields.iter().all(is_known),
        Ty::Builder(builder) => match &**builder {
            BuilderTy::Appender(a) | BuilderTy::Merger(a, _) | BuilderTy::VecMerger(a, _) => is_known(a),
            BuilderTy::DictMerger(a, b, _) | BuilderTy::GroupMerger(a, b) => is_known(a) && is_known(b),
        },
    }
}

/// What both branches of an `if` agree on: component by component, since one branch may return the whole struct
/// and the other its fields one by one.
fn agree(a: Source, b: Source, ty: &Ty) -> Source {
    let Some(fields) = ty.fields() else { return if a == b { a } else { Source::Other } };
    let part = |source: &Source, k: usize| component(source.clone(), &(k as u32));
    Source::Struct(
        fields.iter().enumerate().map(|(k, field)| agree(part(&a, k), part(&b, k), field)).collect(),
    )
}

/// Whether `source` is the component `path` of the loop parameter `name`, every field in its place.
fn is_param(source: &Source, name: &Name, path: &mut Vec<u32>, ty: &Ty) -> bool {
    match (source, ty.fields()) {
        (Source::Param(found, place), _) => found == name && place == path,
        (Source::Struct(items), Some(fields)) => {
            items.iter().zip(fields).enumerate().all(|(k, (item, field))| {
                path.push(k as u32);
                let good = is_param(item, name, path, field);
                path.pop();
                good
            })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
