#![forbid(unsafe_code)]
//! The body of a merged loop while it is put together: a tree of conditions, each with the values that are computed
//! where it holds and the builders that are merged into there.
//!
//! Promises: what is put into a region is computed exactly where the conditions of the region hold.

use super::chain;
use crate::diag::{Origin, stack};
use crate::ir::{Expr, ExprKind, Let, Ty, UnOp, build};
use crate::passes::PassCx;
use std::collections::HashMap;

/// The region that every row is in.
pub const ALL_ROWS: usize = 0;

#[derive(Default)]
struct Region {
    lets: Vec<Let>,
    /// The builders that are merged into here, by number.
    merged: Vec<(usize, Expr)>,
    children: Vec<(Expr, usize)>,
}

/// The tree.
pub struct Regions {
    regions: Vec<Region>,
    known: HashMap<(usize, u32, bool), usize>,
    /// The builder of the loop; a struct of the builders when there are several.
    own: Expr,
    builders: usize,
}

impl Regions {
    /// For a loop with a parameter `own` that holds so many builders.
    pub fn new(own: Expr, builders: usize) -> Regions {
        Regions { regions: vec![Region::default()], known: HashMap::new(), own, builders }
    }

    /// Builder number `k`, untouched.
    pub fn builder(&self, k: usize) -> Expr {
        if self.builders == 1 {
            return self.own.clone();
        }
        let field = build::field(self.own.clone(), k as u32, self.own.origin.clone());
        field.unwrap_or_else(|| self.own.clone())
    }

    /// Adds values to a region.
    pub fn add(&mut self, region: usize, lets: impl IntoIterator<Item = Let>) {
        self.regions[region].lets.extend(lets);
    }

    /// Says what becomes of builder `k` in a region.
    pub fn merge(&mut self, region: usize, k: usize, merged: Expr) {
        self.regions[region].merged.push((k, merged));
    }

    /// The part of a region where a condition holds, or does not, and whether it was there already. `number` is that
    /// of the condition.
    pub fn part(&mut self, region: usize, condition: Expr, number: u32, negated: bool) -> (usize, bool) {
        if let Some(known) = self.known.get(&(region, number, negated)) {
            return (*known, true);
        }
        let condition = if negated {
            let origin = condition.origin.clone();
            build::unary(UnOp::Not, condition, origin)
        } else {
            condition
        };
        let new = self.regions.len();
        self.regions.push(Region::default());
        self.regions[region].children.push((condition, new));
        self.known.insert((region, number, negated), new);
        (new, false)
    }

    /// The whole body.
    pub fn body(mut self, cx: &mut PassCx, origin: &Origin) -> Expr {
        let (lets, updates) = self.region(cx, ALL_ROWS);
        let value = self.pack(&updates, origin);
        build::block(lets, value, origin.clone())
    }

    fn region(&mut self, cx: &mut PassCx, region: usize) -> (Vec<Let>, Updates) {
        let Region { mut lets, merged, children } = std::mem::take(&mut self.regions[region]);
        let only = merged.is_empty() && children.len() == 1;
        let mut updates = merged;
        for (condition, child) in children {
            let (inner, done) = stack::deep(|| self.region(cx, child));
            let origin = condition.origin.clone();
            let numbers = done.numbers();
            let value = self.pack(&done, &origin);
            let arm = build::block(inner, value, origin.clone());
            let untouched = self.untouched(&numbers, &origin);
            let chosen = build::if_else(condition, arm, untouched, origin.clone());
            match numbers.as_slice() {
                [one] => updates.push((*one, chosen)),
                _ if only => return (lets, Updates::Packed(numbers, chosen)),
                _ => {
                    let name = cx.fresh("part");
                    let var = chain::own(&name, &chosen);
                    lets.push(Let { name, value: chosen });
                    for (at, k) in numbers.iter().enumerate() {
                        updates.extend(build::field(var.clone(), at as u32, origin.clone()).map(|b| (*k, b)));
                    }
                }
            }
        }
        updates.sort_by_key(|(k, _)| *k);
        (lets, Updates::Each(updates))
    }

    /// The builders of `updates` as one value: a struct, or the only one.
    fn pack(&self, updates: &Updates, origin: &Origin) -> Expr {
        match updates {
            Updates::Packed(_, value) => value.clone(),
            Updates::Each(each) => match each.as_slice() {
                [(_, only)] => only.clone(),
                _ => build::tuple(each.iter().map(|(_, b)| b.clone()).collect(), origin.clone()),
            },
        }
    }

    /// These builders as they are where a condition does not hold.
    fn untouched(&self, numbers: &[usize], origin: &Origin) -> Expr {
        match numbers {
            [only] => self.builder(*only),
            _ if numbers.len() == self.builders => self.own.clone(),
            _ => build::tuple(numbers.iter().map(|k| self.builder(*k)).collect(), origin.clone()),
        }
    }
}

/// What became of some builders.
enum Updates {
    /// Each by number, in order.
    Each(Vec<(usize, Expr)>),
    /// These, in one struct.
    Packed(Vec<usize>, Expr),
}

impl Updates {
    fn numbers(&self) -> Vec<usize> {
        match self {
            Updates::Each(each) => each.iter().map(|(k, _)| *k).collect(),
            Updates::Packed(numbers, _) => numbers.clone(),
        }
    }
}

/// A value of a row as variables and structs of such, which cost nothing to use several times.
pub fn bound(cx: &mut PassCx, base: &str, value: &Expr, lets: &mut Vec<Let>) -> Expr {
    if crate::passes::pattern::is_trivial(value) {
        return value.clone();
    }
    match &value.kind {
        ExprKind::Block(inner, value) => {
            lets.extend(inner.iter().cloned());
            bound(cx, base, value, lets)
        }
        ExprKind::Struct(items) if !items.is_empty() && matches!(value.ty, Ty::Struct(_)) => {
            let items = items.iter().map(|item| stack::deep(|| bound(cx, base, item, lets)));
            let items: Vec<Expr> = items.collect();
            value.with_kind(ExprKind::Struct(items))
        }
        _ => {
            let name = cx.fresh(base);
            let var = chain::own(&name, value);
            lets.push(Let { name, value: value.clone() });
            var
        }
    }
}
