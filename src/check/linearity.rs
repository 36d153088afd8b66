#![forbid(unsafe_code)]
//! The rules of builders, L1 to L8 (LANGUAGE 11), on the typed tree.
//!
//! Promises: one sweep over the tree; a program without an error here uses every builder at most once on every
//! path, and every loop gives back its own builders, each in its place.

use super::Binder;
use super::builder_messages::{self as words, Place};
use super::messages::value_span;
use super::uses::{By, Derived, Path, Use, Uses, overlap};
use crate::diag::{Diagnostic, Span, stack};
use crate::ir::{BinOp, BuilderTy, Expr, ExprKind, For, Lambda, Name, Param, Ty, visit};
use std::collections::HashMap;
use std::rc::Rc;

/// What is wrong with the builders of a program. `unused` are lambdas that it never calls.
pub(super) fn check(func: &Lambda, unused: &[Lambda], binders: &[Binder]) -> Vec<Diagnostic> {
    let mut walk = Walk { binders, derived: HashMap::new(), loops: HashMap::new(), found: Vec::new() };
    for lambda in unused {
        // Builders from outside it are not used: it is never called.
        walk.walk(&lambda.body, By::Value);
    }
    let (mut uses, _) = walk.walk(&func.body, By::Value);
    walk.close(&func.params, &mut uses);
    // Where builders are used wrongly, those that are left over are so because of that.
    if walk.found.iter().any(|diagnostic| diagnostic.code.is_error()) {
        walk.found.retain(|diagnostic| diagnostic.code.is_error());
    }
    walk.found
}

/// The sweep.
struct Walk<'a> {
    binders: &'a [Binder],
    /// Let-bound builders and arguments, by the number of the name.
    derived: HashMap<u32, Derived>,
    /// The builder parameters of the loops around this place: where each loop got its builder, and whether a
    /// mistake with it is reported.
    loops: HashMap<u32, (Span, bool)>,
    found: Vec<Diagnostic>,
}

impl Walk<'_> {
    fn place(&self, name: u32, path: &[u32]) -> Place {
        let text = self.binders.get(name as usize).map_or("?", |binder| &*binder.text);
        let fields: String = path.iter().map(|field| format!(".${field}")).collect();
        let bound = self.binders.get(name as usize).map(|binder| binder.span).unwrap_or_default();
        Place { text: format!("{text}{fields}"), bound }
    }

    /// What the expression uses up, and what its value goes back to. `by` is what its value is used for.
    fn walk(&mut self, expr: &Expr, by: By) -> (Uses, Derived) {
        stack::deep(|| self.walk_kind(expr, by))
    }

    fn walk_kind(&mut self, expr: &Expr, by: By) -> (Uses, Derived) {
        let span = expr.origin.primary();
        match &expr.kind {
            ExprKind::Var(_) | ExprKind::Field(..) => self.walk_place(expr, by),
            ExprKind::Block(lets, body) => {
                let mut uses = Uses::default();
                for binding in lets {
                    let text = self.place(binding.name.id(), &[]).text;
                    let (value, derived) = self.walk(&binding.value, By::Let(text.into()));
                    self.then(&mut uses, value);
                    if binding.value.ty.has_builder() {
                        self.derived.insert(binding.name.id(), derived);
                    }
                }
                let (value, derived) = self.walk(body, by);
                self.then(&mut uses, value);
                for binding in lets {
                    self.end(&binding.name, &binding.value.ty, &mut uses);
                }
                (uses, derived)
            }
            ExprKind::If(c, a, b) => {
                let (mut uses, _) = self.walk(c, By::Value);
                let (mut branches, first) = self.walk(a, By::Value);
                let (other, second) = self.walk(b, By::Value);
                branches.or(other);
                let found = &mut Vec::new();
                uses.then(branches, &mut |name, in_condition, in_branch| {
                    found.push(words::condition_and_branch(
                        &self.place(name, &in_branch.path),
                        in_condition,
                        in_branch,
                    ));
                });
                self.found.append(found);
                (uses, first.or(&second, &expr.ty))
            }
            ExprKind::Select(c, a, b) => {
                let uses = self.operands(&[c, a, b], "select", expr);
                (uses, Derived::Unknown)
            }
            ExprKind::Binary(op @ (BinOp::And | BinOp::Or), a, b) => {
                let uses = self.operands(&[a, b], op.symbol(), expr);
                (uses, Derived::Unknown)
            }
            ExprKind::Merge(b, x) => {
                let (mut uses, derived) = self.walk(b, By::Merge(by.into_name()));
                let (value, _) = self.walk(x, By::Value);
                self.then(&mut uses, value);
                (uses, derived)
            }
            ExprKind::Result(b) => {
                let (uses, derived) = self.walk(b, By::Result);
                // After that mistake, other uses of the builder say nothing new.
                let uses = if self.check_result(&derived, span) { Uses::default() } else { uses };
                (uses, Derived::Unknown)
            }
            ExprKind::NewBuilder(arg) => {
                match expr.ty.as_builder() {
                    Some(BuilderTy::Appender(elem)) => self.check_stored(elem, span, "an appender"),
                    Some(BuilderTy::GroupMerger(_, value)) => self.check_stored(value, span, "a groupmerger"),
                    _ => {}
                }
                let uses = arg.as_ref().map(|arg| self.walk(arg, By::Value).0).unwrap_or_default();
                (uses, Derived::fresh(span))
            }
            ExprKind::Struct(items) => {
                let mut uses = Uses::default();
                let mut parts = Vec::with_capacity(items.len());
                for item in items {
                    let (value, derived) = self.walk(item, By::Struct);
                    self.then(&mut uses, value);
                    parts.push(derived);
                }
                let derived =
                    if expr.ty.has_builder() { Derived::Struct(parts.into()) } else { Derived::Unknown };
                (uses, derived)
            }
            ExprKind::Vector(items) => {
                if let (Some(elem), Some(first)) = (expr.ty.elem(), items.first()) {
                    self.check_stored(elem, first.origin.primary(), "a vector");
                }
                (self.children(expr), Derived::Unknown)
            }
            ExprKind::For(parts) => self.walk_for(parts, by),
            ExprKind::Iterate(start, func) => self.walk_iterate(start, func),
            ExprKind::Sort(data, func) => {
                let (mut uses, _) = self.walk(data, By::Value);
                let (body, _) = self.walk(&func.body, By::Value);
                self.captured(&body, "`sort`", "");
                uses.or(body);
                (uses, Derived::Unknown)
            }
            ExprKind::Apply(func, args) => {
                let mut uses = Uses::default();
                for (param, arg) in func.params.iter().zip(args) {
                    let (value, derived) = self.walk(arg, By::Argument);
                    self.then(&mut uses, value);
                    if param.ty.has_builder() {
                        self.derived.insert(param.name.id(), derived);
                    }
                }
                let (mut body, derived) = self.walk(&func.body, by);
                self.close(&func.params, &mut body);
                self.then(&mut uses, body);
                (uses, derived)
            }
            ExprKind::Literal(_)
            | ExprKind::Unary(..)
            | ExprKind::Binary(..)
            | ExprKind::Cast(..)
            | ExprKind::Broadcast(_)
            | ExprKind::Len(_)
            | ExprKind::Lookup(..)
            | ExprKind::OptLookup(..)
            | ExprKind::KeyExists(..)
            | ExprKind::ToVec(_)
            | ExprKind::Serialize(_)
            | ExprKind::Deserialize(_)
            | ExprKind::CUdf(..)
            | ExprKind::Slice(..)
            | ExprKind::Assert(_)
            | ExprKind::Zip(_) => (self.children(expr), Derived::Unknown),
        }
    }

    /// One after the other; none of the values is a builder.
    fn children(&mut self, expr: &Expr) -> Uses {
        let mut uses = Uses::default();
        visit::for_each_child(&expr.kind, &mut |child| {
            let (value, _) = self.walk(child, By::Value);
            self.then(&mut uses, value);
        });
        uses
    }

    /// A binder, or a field of one, or a field of something else.
    fn walk_place(&mut self, expr: &Expr, by: By) -> (Uses, Derived) {
        let mut path = Path::new();
        let mut at = expr;
        while let ExprKind::Field(base, index) = &at.kind {
            path.push(*index);
            at = base;
        }
        path.reverse();
        let ExprKind::Var(name) = &at.kind else {
            let (uses, derived) = self.walk(at, By::Value);
            return (uses, path.iter().fold(derived, |derived, index| derived.field(*index)));
        };
        // Values beside builders in a struct may be read as often as one likes.
        if !expr.ty.has_builder() {
            return (Uses::default(), Derived::Unknown);
        }
        let whole = self.derived.get(&name.id()).cloned().unwrap_or_else(|| Derived::place(name.id()));
        let derived = path.iter().fold(whole, |derived, index| derived.field(*index));
        (Uses::one(name.id(), Use { path, span: expr.origin.primary(), by }), derived)
    }

    // ---- L1, L7: one use, and not none --------------------------------------------------------------------

    /// The uses of `uses`, then those of `later`; the same builder in both is an error.
    fn then(&mut self, uses: &mut Uses, later: Uses) {
        if later.is_empty() {
            return;
        }
        let mut found = Vec::new();
        uses.then(later, &mut |name, first, second| {
            found.push(words::used_twice(&self.place(name, &second.path), first, second));
        });
        self.found.append(&mut found);
    }

    /// The names of an applied lambda go out of scope.
    fn close(&mut self, params: &[Param], uses: &mut Uses) {
        for param in params {
            self.end(&param.name, &param.ty, uses);
        }
    }

    fn end(&mut self, name: &Name, ty: &Ty, uses: &mut Uses) {
        if !ty.has_builder() {
            return;
        }
        let used = uses.take(name.id());
        let visible = self.binders.get(name.id() as usize).is_some_and(|binder| binder.visible);
        if let (true, Some(path)) = (visible, unused_part(ty, &mut Path::new(), &used)) {
            let path = if used.is_empty() { Path::new() } else { path };
            let warning = words::dropped(&self.place(name.id(), &path));
            self.found.push(warning);
        }
    }

    // ---- L2, L6: places without builders --------------------------------------------------------------------

    fn operands(&mut self, operands: &[&Expr], what: &str, whole: &Expr) -> Uses {
        let mut uses = Uses::default();
        for operand in operands {
            let (value, _) = self.walk(operand, By::Value);
            uses.or(value);
        }
        let first = uses.first().map(|(name, at)| (self.place(name, &at.path), at.span));
        if whole.ty.has_builder() {
            self.found.push(words::builder_selected(whole.origin.primary()));
        } else if let Some((place, span)) = first {
            self.found.push(words::builder_in_operand(&place, span, what));
        }
        uses
    }

    fn check_stored(&mut self, elem: &Ty, span: Span, holder: &str) {
        if elem.has_builder() {
            self.found.push(super::messages::builder_stored(span, holder, &super::messages::type_text(elem)));
        }
    }

    // ---- L3, L4, L5: loops -----------------------------------------------------------------------------------

    fn walk_for(&mut self, parts: &For, by: By) -> (Uses, Derived) {
        let (mut uses, start) = self.walk(&parts.builder, By::Loop(by.into_name()));
        for iter in &parts.iters {
            for arg in iter.operands() {
                let (value, _) = self.walk(arg, By::Value);
                self.then(&mut uses, value);
            }
        }
        let Some(own) = parts.func.params.first() else { return (uses, start) };
        let from = parts.builder.origin.primary();
        self.loops.insert(own.name.id(), (from, false));
        let (mut body, derived) = self.walk(&parts.func.body, By::Value);
        let reported = self.loops.remove(&own.name.id()).is_some_and(|(_, reported)| reported);
        parts.func.params.iter().for_each(|param| drop(body.take(param.name.id())));
        let captured = self.captured(&body, "this loop", &self.place(own.name.id(), &[]).text);
        uses.or(body);
        if !reported && !captured {
            self.check_derived(&derived, own, &parts.func.body, from);
        }
        (uses, start)
    }

    /// Reports builders that a repeated body takes from outside. Whether there are any.
    fn captured(&mut self, body: &Uses, what: &str, own: &str) -> bool {
        for (name, at) in body.sorted() {
            // What the loop that owns it gives back is another consequence of this.
            if let Some((_, reported)) = self.loops.get_mut(&name) {
                *reported = true;
            }
            let place = self.place(name, &at.path);
            self.found.push(words::captured(&place, at.span, what, own));
        }
        !body.is_empty()
    }

    /// L5: whether `result` reads the builder of a loop around it, which is reported.
    fn check_result(&mut self, derived: &Derived, span: Span) -> bool {
        let Derived::From(sources) = derived else { return false };
        for (name, _) in &sources.places {
            if let Some((from, reported)) = self.loops.get_mut(name) {
                *reported = true;
                let from = *from;
                self.found.push(words::result_in_loop(span, from));
                return true;
            }
        }
        false
    }

    /// L3: the body gives back the builder of its loop, each field in its place.
    fn check_derived(&mut self, derived: &Derived, own: &Param, body: &Expr, from: Span) {
        let Some(wrong) = wrong_part(derived, own.name.id(), &mut Path::new(), &own.ty, false) else {
            return;
        };
        let wants = self.place(own.name.id(), &wrong.path);
        let at = value_span(body);
        let diagnostic = match wrong.source {
            Source::Fresh(fresh) => words::fresh_in_loop(at, &wants, fresh, from),
            Source::Place(name, path) if name == own.name.id() => {
                words::swapped_in_loop(at, &wants, &self.place(name, &path))
            }
            Source::Place(name, path) => words::other_in_loop(at, &wants, &self.place(name, &path), from),
        };
        self.found.push(diagnostic);
    }

    // ---- L8: iterate -----------------------------------------------------------------------------------------

    fn walk_iterate(&mut self, start: &Expr, func: &Lambda) -> (Uses, Derived) {
        let (mut uses, before) = self.walk(start, By::Argument);
        let (mut body, after) = self.walk(&func.body, By::Value);
        func.params.iter().for_each(|param| drop(body.take(param.name.id())));
        let own = func.params.first();
        let text = own.map(|own| self.place(own.name.id(), &[]).text).unwrap_or_default();
        self.captured(&body, "`iterate`", &text);
        uses.or(body);
        let next = after.field(0);
        let Some(own) = own.filter(|own| own.ty.has_builder()) else { return (uses, Derived::Unknown) };
        if let Some(wrong) = wrong_part(&next, own.name.id(), &mut Path::new(), &own.ty, true)
            && let Source::Place(name, path) = wrong.source
        {
            let (wants, found) = (self.place(own.name.id(), &wrong.path), self.place(name, &path));
            self.found.push(words::iterate_swapped(value_span(&func.body), &wants, &found));
        }
        (uses, steps(&before, &next, &own.ty))
    }
}

/// The first builder in `ty` that no use covers.
fn unused_part(ty: &Ty, path: &mut Path, used: &[Use]) -> Option<Path> {
    match ty {
        Ty::Builder(_) if used.iter().any(|at| overlap(&at.path, path)) => None,
        Ty::Builder(_) => Some(path.clone()),
        Ty::Struct(fields) => fields.iter().enumerate().find_map(|(at, field)| {
            path.push(at as u32);
            let found = unused_part(field, path, used);
            path.pop();
            found
        }),
        _ => None,
    }
}

/// A builder that does not go back to its own place.
struct Wrong {
    path: Path,
    source: Source,
}

enum Source {
    Fresh(Span),
    Place(u32, Path),
}

/// The first builder of a value of type `ty` that does not go back to the same place of `own`.
fn wrong_part(derived: &Derived, own: u32, path: &mut Path, ty: &Ty, fresh_allowed: bool) -> Option<Wrong> {
    match (ty, derived) {
        (_, Derived::Unknown) => None,
        (Ty::Builder(_), Derived::From(sources)) => {
            if let (Some(span), false) = (sources.fresh, fresh_allowed) {
                return Some(Wrong { path: path.clone(), source: Source::Fresh(span) });
            }
            let other = sources.places.iter().find(|(name, at)| *name != own || at != path)?;
            Some(Wrong { path: path.clone(), source: Source::Place(other.0, other.1.clone()) })
        }
        // A whole binder stands in its own place.
        (Ty::Struct(_), Derived::From(sources))
            if sources.fresh.is_none()
                && sources.places.iter().all(|(name, at)| *name == own && at == path) =>
        {
            None
        }
        (Ty::Struct(fields), _) => fields.iter().enumerate().find_map(|(at, field)| {
            if !field.has_builder() {
                return None;
            }
            path.push(at as u32);
            let found = wrong_part(&derived.field(at as u32), own, path, field, fresh_allowed);
            path.pop();
            found
        }),
        _ => None,
    }
}

/// What the state goes back to after any number of steps: what it started from, or what a step made.
fn steps(before: &Derived, next: &Derived, ty: &Ty) -> Derived {
    match (ty, before, next) {
        (Ty::Builder(_), Derived::From(before), Derived::From(next)) => {
            let mut sources = (**before).clone();
            sources.fresh = sources.fresh.or(next.fresh);
            Derived::From(Rc::new(sources))
        }
        (Ty::Struct(fields), ..) => {
            let parts = fields.iter().enumerate().map(|(at, field)| {
                let at = at as u32;
                steps(&before.field(at), &next.field(at), field)
            });
            Derived::Struct(parts.collect())
        }
        _ => Derived::Unknown,
    }
}
