#![forbid(unsafe_code)]
//! Names of a tree: which are free, and trees that differ in the names that they bind only.
//!
//! Promises: free names are never changed; linear time, whatever the depth.

use super::expr::{Expr, ExprKind};
use super::parts::{Parameter, Symbol};
use crate::compat::WeldResult;
use crate::diag::stack::deep;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Trees in which no name is bound twice.
///
/// ```
/// use weld::ast::prelude::*;
///
/// // let x = 1; let x = x + 2; x
/// let (x, int) = (Symbol::new("x", 0), Type::Scalar(ScalarKind::I32));
/// let (one, two) = (Expr::new_literal(1.into())?, Expr::new_literal(2.into())?);
/// let sum = Expr::new_bin_op(BinOpKind::Add, Expr::new_ident(x.clone(), int.clone())?, two)?;
/// let inner = Expr::new_let(x.clone(), sum, Expr::new_ident(x.clone(), int)?)?;
/// let mut program = Expr::new_let(x, one, inner)?;
/// program.uniquify()?;
/// assert_eq!(program.pretty_print(), "let x = 1; let x__1 = x + 2; x__1");
/// # Ok::<(), weld::WeldError>(())
/// ```
pub trait Uniquify {
    /// Gives every name that is bound a second time, or is free as well, a number that no other has. It cannot fail; the
    /// original's could.
    ///
    /// ```
    /// use weld::ast::prelude::*;
    ///
    /// let mut one = Expr::new_literal(1.into())?;
    /// one.uniquify()?;
    /// assert_eq!(one.pretty_print(), "1");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn uniquify(&mut self) -> WeldResult<()>;
}

/// Comparing without the names of binders.
///
/// ```
/// use weld::ast::prelude::*;
///
/// let identity = |name: &str| {
///     let param = Parameter::new(Symbol::new(name, 0), Type::Scalar(ScalarKind::I64));
///     let body = Expr::new_ident(param.name.clone(), param.ty.clone())?;
///     Expr::new_lambda(vec![param], body)
/// };
/// let (a, b) = (identity("a")?, identity("b")?);
/// assert_ne!(a, b);
/// assert!(a.compare_ignoring_symbols(&b)?);
/// # Ok::<(), weld::WeldError>(())
/// ```
pub trait CompareIgnoringSymbols {
    /// Whether both are the same but for the names that they bind; free names count. It cannot fail; the original's could.
    ///
    /// ```
    /// use weld::ast::prelude::*;
    ///
    /// let name = |name: &str| Expr::new_ident(Symbol::new(name, 0), Type::Scalar(ScalarKind::I64));
    /// assert!(!name("a")?.compare_ignoring_symbols(&name("b")?)?, "who knows what they stand for");
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn compare_ignoring_symbols(&self, other: &Self) -> WeldResult<bool>;
}

/// Hashing without the names of binders.
///
/// ```
/// use weld::ast::prelude::*;
///
/// let bound = |name: &str| {
///     let (one, name) = (Expr::new_literal(1.into())?, Symbol::new(name, 0));
///     let body = Expr::new_ident(name.clone(), one.ty.clone())?;
///     Expr::new_let(name, one, body)
/// };
/// assert_eq!(bound("a")?.hash_ignoring_symbols()?, bound("b")?.hash_ignoring_symbols()?);
/// # Ok::<(), weld::WeldError>(())
/// ```
pub trait HashIgnoringSymbols {
    /// A number that is the same for trees that are the same but for the names that they bind. It cannot fail; the original's
    /// could.
    ///
    /// ```
    /// use weld::ast::prelude::*;
    ///
    /// let (one, two) = (Expr::new_literal(1.into())?, Expr::new_literal(2.into())?);
    /// assert_ne!(one.hash_ignoring_symbols()?, two.hash_ignoring_symbols()?);
    /// # Ok::<(), weld::WeldError>(())
    /// ```
    fn hash_ignoring_symbols(&self) -> WeldResult<i64>;
}

impl Uniquify for Expr {
    fn uniquify(&mut self) -> WeldResult<()> {
        let mut taken: HashSet<Symbol> = free(self).into_iter().map(|param| param.name).collect();
        // By the letters: a number below which all are in use, for all that were asked for.
        let mut next: HashMap<String, i32> = HashMap::new();
        let fresh = |symbol: &Symbol| {
            if taken.insert(symbol.clone()) {
                return symbol.clone();
            }
            let next = next.entry(symbol.name().to_string()).or_insert(1);
            loop {
                let fresh = Symbol::new(symbol.name(), *next);
                *next = next.wrapping_add(1);
                if taken.insert(fresh.clone()) {
                    return fresh;
                }
            }
        };
        Renaming { bound: HashMap::new(), fresh }.expr(self);
        Ok(())
    }
}

/// The tree with its binders numbered in order, under letters that no name of a program has.
fn numbered(expr: &Expr) -> Expr {
    let mut count = 0i32;
    let fresh = |_: &Symbol| {
        count = count.wrapping_add(1);
        Symbol::new("|", count)
    };
    let mut numbered = expr.clone();
    Renaming { bound: HashMap::new(), fresh }.expr(&mut numbered);
    numbered
}

impl CompareIgnoringSymbols for Expr {
    fn compare_ignoring_symbols(&self, other: &Expr) -> WeldResult<bool> {
        Ok(numbered(self) == numbered(other))
    }
}

impl HashIgnoringSymbols for Expr {
    fn hash_ignoring_symbols(&self) -> WeldResult<i64> {
        let mut hasher = DefaultHasher::new();
        numbered(self).hash(&mut hasher);
        Ok(i64::from_ne_bytes(hasher.finish().to_ne_bytes()))
    }
}

/// Gives each binder the name that `fresh` says, and its uses with it.
struct Renaming<F> {
    /// What a name is called now, innermost last.
    bound: HashMap<Symbol, Vec<Symbol>>,
    fresh: F,
}

impl<F: FnMut(&Symbol) -> Symbol> Renaming<F> {
    fn bind(&mut self, name: &mut Symbol) -> Symbol {
        let fresh = (self.fresh)(name);
        let old = std::mem::replace(name, fresh.clone());
        self.bound.entry(old.clone()).or_default().push(fresh);
        old
    }

    fn unbind(&mut self, old: &Symbol) {
        self.bound.get_mut(old).and_then(Vec::pop);
    }

    fn expr(&mut self, expr: &mut Expr) {
        deep(|| match &mut expr.kind {
            ExprKind::Ident(name) => {
                if let Some(now) = self.bound.get(name).and_then(|names| names.last()) {
                    *name = now.clone();
                }
            }
            ExprKind::Let { name, value, body } => {
                self.expr(value);
                let old = self.bind(name);
                self.expr(body);
                self.unbind(&old);
            }
            ExprKind::Lambda { params, body } => {
                let old: Vec<Symbol> = params.iter_mut().map(|param| self.bind(&mut param.name)).collect();
                self.expr(body);
                old.iter().for_each(|name| self.unbind(name));
            }
            _ => expr.children_mut().into_iter().for_each(|child| self.expr(child)),
        });
    }
}

/// The names that the tree uses and does not bind, in the order of their first uses, with the types of these.
pub(super) fn free(expr: &Expr) -> Vec<Parameter> {
    let mut search = Search { bound: HashMap::new(), seen: HashSet::new(), free: Vec::new() };
    search.expr(expr);
    search.free
}

struct Search<'e> {
    /// How many binders of a name are around this place.
    bound: HashMap<&'e Symbol, usize>,
    seen: HashSet<&'e Symbol>,
    free: Vec<Parameter>,
}

impl<'e> Search<'e> {
    fn expr(&mut self, expr: &'e Expr) {
        deep(|| match &expr.kind {
            ExprKind::Ident(name) => {
                if self.bound.get(name).is_none_or(|count| *count == 0) && self.seen.insert(name) {
                    self.free.push(Parameter::new(name.clone(), expr.ty.clone()));
                }
            }
            ExprKind::Let { name, value, body } => {
                self.expr(value);
                self.inside(&[name], body);
            }
            ExprKind::Lambda { params, body } => {
                let names: Vec<&Symbol> = params.iter().map(|param| &param.name).collect();
                self.inside(&names, body);
            }
            _ => expr.children().into_iter().for_each(|child| self.expr(child)),
        });
    }

    fn inside(&mut self, names: &[&'e Symbol], body: &'e Expr) {
        names.iter().for_each(|name| *self.bound.entry(name).or_default() += 1);
        self.expr(body);
        names.iter().for_each(|name| {
            self.bound.entry(name).and_modify(|count| *count -= 1);
        });
    }
}
