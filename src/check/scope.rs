#![forbid(unsafe_code)]
//! Which names can be seen, here and from inside a lambda that was bound earlier.
//!
//! Promises: entering and leaving a scope costs what it binds, never a copy of the whole; a let-bound lambda
//! that is elaborated at a later place sees exactly the names of the place where it was written.

use crate::ir::{Name, Ty};
use crate::syntax::ast::{Expr, Ident};
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Binding {
    /// A value.
    Value(Name, Ty),
    /// A let-bound lambda.
    Closure(Rc<Closure>),
}

/// A lambda that a let bound: elaborated anew at every use.
#[derive(Debug)]
pub(super) struct Closure {
    /// The name of the let.
    pub(super) name: Ident,
    /// The lambda itself.
    pub(super) lambda: Expr,
    /// The names it may use.
    pub(super) view: View,
    /// Whether anything used it.
    pub(super) used: Cell<bool>,
}

/// The names that could be seen at some moment: those bound within the stretches of time in this list.
#[derive(Clone, Debug, Default)]
pub(super) struct View(Option<Rc<Stretch>>);

#[derive(Debug)]
struct Stretch {
    from: u64,
    to: u64,
    rest: View,
}

impl View {
    fn contains(&self, moment: u64) -> bool {
        let mut at = &self.0;
        while let Some(stretch) = at {
            if (stretch.from..stretch.to).contains(&moment) {
                return true;
            }
            at = &stretch.rest.0;
        }
        false
    }
}

#[derive(Debug)]
struct Entry {
    bound_at: u64,
    binding: Binding,
}

/// The names of the place being checked.
#[derive(Debug, Default)]
pub(super) struct Scope {
    entries: HashMap<Ident, Vec<Entry>>,
    /// Every binding in order, to be undone.
    log: Vec<Ident>,
    clock: u64,
    /// Everything bound since this moment can be seen, and what is in `earlier`.
    since: u64,
    earlier: View,
}

/// A moment to go back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

/// The view that an elaboration of a lambda replaced.
#[derive(Debug)]
pub(super) struct Outside {
    since: u64,
    earlier: View,
}

impl Scope {
    /// Binds a name until the next [`Scope::leave`] of an earlier mark.
    pub(super) fn bind(&mut self, ident: &Ident, binding: Binding) {
        self.log.push(ident.clone());
        self.entries.entry(ident.clone()).or_default().push(Entry { bound_at: self.clock, binding });
        self.clock += 1;
    }

    /// Where a scope begins.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.log.len())
    }

    /// Ends the scope that began at `mark`.
    pub(super) fn leave(&mut self, mark: Mark) {
        while self.log.len() > mark.0 {
            let Some(ident) = self.log.pop() else { break };
            if let Some(stack) = self.entries.get_mut(&ident) {
                stack.pop();
                if stack.is_empty() {
                    self.entries.remove(&ident);
                }
            }
        }
    }

    /// What a name stands for here.
    pub(super) fn lookup(&self, ident: &Ident) -> Option<&Binding> {
        let visible = |entry: &&Entry| entry.bound_at >= self.since || self.earlier.contains(entry.bound_at);
        self.entries.get(ident)?.iter().rev().find(visible).map(|entry| &entry.binding)
    }

    /// The names of the user's text that can be seen here, for suggestions.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &Binding)> {
        self.entries.iter().filter(|(ident, _)| ident.mark == 0).filter_map(|(ident, stack)| {
            let visible =
                |entry: &&Entry| entry.bound_at >= self.since || self.earlier.contains(entry.bound_at);
            stack.iter().rev().find(visible).map(|entry| (&*ident.text, &entry.binding))
        })
    }

    /// What can be seen now.
    pub(super) fn view(&self) -> View {
        View(Some(Rc::new(Stretch { from: self.since, to: self.clock, rest: self.earlier.clone() })))
    }

    /// Goes inside a lambda that was bound when `view` was taken.
    pub(super) fn enter(&mut self, view: &View) -> Outside {
        let outside = Outside { since: self.since, earlier: std::mem::take(&mut self.earlier) };
        self.since = self.clock;
        self.earlier = view.clone();
        outside
    }

    /// Goes back to where [`Scope::enter`] was called.
    pub(super) fn exit(&mut self, outside: Outside) {
        self.since = outside.since;
        self.earlier = outside.earlier;
    }
}

#[cfg(test)]
mod tests {
    use super::{Binding, Scope};
    use crate::diag::Span;
    use crate::ir::{Names, Ty};
    use crate::syntax::ast::Ident;

    fn ident(text: &str) -> Ident {
        Ident { text: text.into(), mark: 0, span: Span::default() }
    }

    fn seen(scope: &Scope, text: &str) -> Option<String> {
        match scope.lookup(&ident(text)) {
            Some(Binding::Value(name, _)) => Some(name.text().to_string()),
            _ => None,
        }
    }

    #[test]
    fn a_lambda_sees_the_names_of_its_own_place() {
        let (mut scope, mut names) = (Scope::default(), Names::default());
        scope.bind(&ident("x"), Binding::Value(names.fresh("x"), Ty::I64));
        let view = scope.view();
        let mark = scope.mark();
        scope.bind(&ident("x"), Binding::Value(names.fresh("x"), Ty::I64));
        scope.bind(&ident("y"), Binding::Value(names.fresh("y"), Ty::I64));
        assert_eq!(seen(&scope, "x").as_deref(), Some("x__1"));
        let outside = scope.enter(&view);
        assert_eq!(seen(&scope, "x").as_deref(), Some("x"));
        assert_eq!(seen(&scope, "y"), None);
        // Its own names come first, and a lambda bound inside it sees both.
        let inner = scope.mark();
        scope.bind(&ident("y"), Binding::Value(names.fresh("y"), Ty::I64));
        let nested = scope.view();
        scope.bind(&ident("x"), Binding::Value(names.fresh("x"), Ty::I64));
        let again = scope.enter(&nested);
        assert_eq!(seen(&scope, "x").as_deref(), Some("x"));
        assert_eq!(seen(&scope, "y").as_deref(), Some("y__1"));
        scope.exit(again);
        scope.leave(inner);
        scope.exit(outside);
        assert_eq!(seen(&scope, "y").as_deref(), Some("y"));
        scope.leave(mark);
        assert_eq!(seen(&scope, "x").as_deref(), Some("x"));
        assert_eq!(seen(&scope, "y"), None);
    }
}
