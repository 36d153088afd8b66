#![forbid(unsafe_code)]
//! Inference variables and unification.
//!
//! Promises: a type is compared with another in time linear in their sizes; a variable never becomes part of
//! its own type; no walk goes deeper or further than the limits on types allow; a poisoned variable fits every
//! type, so that one mistake is reported once.

use crate::ir::{BuilderTy, Ty};
use std::collections::HashMap;
use std::sync::Arc;

/// The most levels of a type: `vec[i64]` has two.
pub(super) const MAX_DEPTH: usize = 256;
/// The most fields, counted through all levels, of one type.
pub(super) const MAX_FIELDS: usize = 4096;
/// The most parts of a type that one walk looks at: every field with the constructors around it.
const MAX_STEPS: usize = MAX_FIELDS * 4 + MAX_DEPTH;

/// Why two types are not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// They differ.
    Different,
    /// One contains the other.
    Infinite,
    /// They are larger than a type may be.
    TooLarge,
}

#[derive(Clone, Debug)]
enum Var {
    Free,
    Bound(Ty),
    Poison,
}

/// The inference variables of one program.
#[derive(Debug, Default)]
pub(super) struct Types {
    vars: Vec<Var>,
    /// Finished types by the address of what they were resolved from; both are kept, so that no address is reused.
    resolved: HashMap<usize, (Ty, Ty)>,
}

impl Types {
    /// A new unknown.
    pub(super) fn fresh(&mut self) -> Ty {
        self.vars.push(Var::Free);
        Ty::Infer(self.vars.len() as u32 - 1)
    }

    /// The type of something that is already reported: fits everything.
    pub(super) fn poison(&mut self) -> Ty {
        self.vars.push(Var::Poison);
        Ty::Infer(self.vars.len() as u32 - 1)
    }

    fn var(&self, id: u32) -> &Var {
        self.vars.get(id as usize).unwrap_or(&Var::Poison)
    }

    fn set(&mut self, id: u32, var: Var) {
        if let Some(slot) = self.vars.get_mut(id as usize) {
            *slot = var;
        }
    }

    /// The type itself, or what its variable stands for; a variable only when nothing is known yet.
    pub(super) fn head(&mut self, ty: &Ty) -> Ty {
        let Ty::Infer(first) = ty else { return ty.clone() };
        let mut root = *first;
        let mut end = Ty::Infer(root);
        while let Var::Bound(next) = self.var(root) {
            end = next.clone();
            match end {
                Ty::Infer(id) => root = id,
                _ => break,
            }
        }
        // Shorten the path, so that chains of variables stay cheap.
        let mut at = *first;
        while at != root {
            let Var::Bound(Ty::Infer(next)) = self.var(at) else { break };
            let next = *next;
            self.set(at, Var::Bound(end.clone()));
            at = next;
        }
        end
    }

    /// Whether this is an unknown that is not poisoned.
    pub(super) fn is_free(&mut self, ty: &Ty) -> bool {
        match self.head(ty) {
            Ty::Infer(id) => matches!(self.var(id), Var::Free),
            _ => false,
        }
    }

    /// Whether this is known to be the result of a mistake.
    pub(super) fn is_poison(&mut self, ty: &Ty) -> bool {
        match self.head(ty) {
            Ty::Infer(id) => matches!(self.var(id), Var::Poison),
            _ => false,
        }
    }

    /// Whether a part of the type is the result of a mistake.
    pub(super) fn has_poison(&mut self, ty: &Ty) -> bool {
        let mut found = false;
        let within = self.each_var(ty, &mut |types, id| found |= matches!(types.var(id), Var::Poison));
        found || !within
    }

    /// Whether a part of the type is unknown.
    pub(super) fn has_free(&mut self, ty: &Ty) -> bool {
        let mut found = false;
        self.each_var(ty, &mut |types, id| found |= matches!(types.var(id), Var::Free));
        found
    }

    /// Gives up on every unknown in the type.
    pub(super) fn poison_all(&mut self, ty: &Ty) {
        self.each_var(ty, &mut |types, id| types.set(id, Var::Poison));
    }

    /// Calls `f` with each unbound variable. False when the type is too large to be looked at.
    fn each_var(&mut self, ty: &Ty, f: &mut dyn FnMut(&mut Types, u32)) -> bool {
        let mut steps = 0;
        self.visit(ty, 0, &mut steps, f)
    }

    fn visit(
        &mut self,
        ty: &Ty,
        depth: usize,
        steps: &mut usize,
        f: &mut dyn FnMut(&mut Types, u32),
    ) -> bool {
        *steps += 1;
        if depth >= MAX_DEPTH || *steps > MAX_STEPS {
            return false;
        }
        match self.head(ty) {
            Ty::Infer(id) => {
                f(self, id);
                true
            }
            Ty::Scalar(_) | Ty::Simd(_) => true,
            Ty::Vec(elem) => self.visit(&elem, depth + 1, steps, f),
            Ty::Dict(entry) => {
                self.visit(&entry.0, depth + 1, steps, f) && self.visit(&entry.1, depth + 1, steps, f)
            }
            Ty::Struct(fields) => fields.iter().all(|field| self.visit(field, depth + 1, steps, f)),
            Ty::Builder(builder) => match &*builder {
                BuilderTy::Appender(elem) | BuilderTy::Merger(elem, _) | BuilderTy::VecMerger(elem, _) => {
                    self.visit(elem, depth + 1, steps, f)
                }
                BuilderTy::DictMerger(key, value, _) | BuilderTy::GroupMerger(key, value) => {
                    self.visit(key, depth + 1, steps, f) && self.visit(value, depth + 1, steps, f)
                }
            },
        }
    }

    /// Whether the type keeps the limits: at most [`MAX_FIELDS`] fields in all, at most [`MAX_DEPTH`] levels.
    pub(super) fn fits(&mut self, ty: &Ty) -> bool {
        let mut fields = 0;
        self.count(ty, 0, &mut fields)
    }

    fn count(&mut self, ty: &Ty, depth: usize, fields: &mut usize) -> bool {
        if depth >= MAX_DEPTH || *fields > MAX_FIELDS {
            return false;
        }
        match self.head(ty) {
            Ty::Infer(_) | Ty::Scalar(_) | Ty::Simd(_) => true,
            Ty::Vec(elem) => self.count(&elem, depth + 1, fields),
            Ty::Dict(entry) => {
                self.count(&entry.0, depth + 1, fields) && self.count(&entry.1, depth + 1, fields)
            }
            Ty::Struct(parts) => {
                *fields += parts.len();
                *fields <= MAX_FIELDS && parts.iter().all(|part| self.count(part, depth + 1, fields))
            }
            Ty::Builder(builder) => match &*builder {
                BuilderTy::Appender(elem) | BuilderTy::Merger(elem, _) | BuilderTy::VecMerger(elem, _) => {
                    self.count(elem, depth + 1, fields)
                }
                BuilderTy::DictMerger(key, value, _) | BuilderTy::GroupMerger(key, value) => {
                    self.count(key, depth + 1, fields) && self.count(value, depth + 1, fields)
                }
            },
        }
    }

    /// Makes both types one, or says why they cannot be. What was made one before a mismatch stays so.
    pub(super) fn unify(&mut self, a: &Ty, b: &Ty) -> Result<(), Mismatch> {
        let mut steps = 0;
        self.join(a, b, 0, &mut steps)
    }

    fn join(&mut self, a: &Ty, b: &Ty, depth: usize, steps: &mut usize) -> Result<(), Mismatch> {
        *steps += 1;
        if depth >= MAX_DEPTH || *steps > MAX_STEPS {
            return Err(Mismatch::TooLarge);
        }
        let (a, b) = (self.head(a), self.head(b));
        let deeper = depth + 1;
        match (&a, &b) {
            (Ty::Infer(x), Ty::Infer(y)) if x == y => Ok(()),
            (Ty::Infer(x), _) if matches!(self.var(*x), Var::Poison) => {
                self.poison_all(&b);
                Ok(())
            }
            (_, Ty::Infer(y)) if matches!(self.var(*y), Var::Poison) => {
                self.poison_all(&a);
                Ok(())
            }
            (Ty::Infer(x), other) | (other, Ty::Infer(x)) => self.bind(*x, other),
            (Ty::Scalar(x), Ty::Scalar(y)) | (Ty::Simd(x), Ty::Simd(y)) => same(x == y),
            (Ty::Vec(x), Ty::Vec(y)) => {
                if Arc::ptr_eq(x, y) {
                    return Ok(());
                }
                self.join(x, y, deeper, steps)
            }
            (Ty::Dict(x), Ty::Dict(y)) => {
                self.join(&x.0, &y.0, deeper, steps)?;
                self.join(&x.1, &y.1, deeper, steps)
            }
            (Ty::Struct(x), Ty::Struct(y)) => {
                if Arc::ptr_eq(x, y) {
                    return Ok(());
                }
                same(x.len() == y.len())?;
                x.iter().zip(y.iter()).try_for_each(|(x, y)| self.join(x, y, deeper, steps))
            }
            (Ty::Builder(x), Ty::Builder(y)) => match (&**x, &**y) {
                (BuilderTy::Appender(x), BuilderTy::Appender(y)) => self.join(x, y, deeper, steps),
                (BuilderTy::Merger(x, op), BuilderTy::Merger(y, other))
                | (BuilderTy::VecMerger(x, op), BuilderTy::VecMerger(y, other)) => {
                    same(op == other)?;
                    self.join(x, y, deeper, steps)
                }
                (BuilderTy::DictMerger(k, v, op), BuilderTy::DictMerger(l, w, other)) => {
                    same(op == other)?;
                    self.join(k, l, deeper, steps)?;
                    self.join(v, w, deeper, steps)
                }
                (BuilderTy::GroupMerger(k, v), BuilderTy::GroupMerger(l, w)) => {
                    self.join(k, l, deeper, steps)?;
                    self.join(v, w, deeper, steps)
                }
                _ => Err(Mismatch::Different),
            },
            _ => Err(Mismatch::Different),
        }
    }

    fn bind(&mut self, id: u32, ty: &Ty) -> Result<(), Mismatch> {
        let mut occurs = false;
        if !self.each_var(ty, &mut |_, other| occurs |= other == id) {
            return Err(Mismatch::TooLarge);
        }
        if occurs {
            return Err(Mismatch::Infinite);
        }
        self.set(id, Var::Bound(ty.clone()));
        Ok(())
    }

    /// The type with every variable replaced by what it stands for. Call [`Types::fits`] first: a type within
    /// the limits is small as a tree. Unknowns stay.
    pub(super) fn resolve(&mut self, ty: &Ty) -> Ty {
        let ty = self.head(ty);
        let Some(address) = address(&ty) else { return ty };
        if let Some((_, done)) = self.resolved.get(&address) {
            return done.clone();
        }
        let done = match &ty {
            Ty::Infer(_) | Ty::Scalar(_) | Ty::Simd(_) => ty.clone(),
            Ty::Vec(elem) => {
                let new = self.resolve(elem);
                if same_ty(&new, elem) { ty.clone() } else { Ty::vec(new) }
            }
            Ty::Dict(entry) => Ty::Dict(Arc::new((self.resolve(&entry.0), self.resolve(&entry.1)))),
            Ty::Struct(fields) => {
                let new: Vec<Ty> = fields.iter().map(|field| self.resolve(field)).collect();
                let unchanged = new.iter().zip(fields.iter()).all(|(new, old)| same_ty(new, old));
                if unchanged { ty.clone() } else { Ty::tuple(new) }
            }
            Ty::Builder(builder) => Ty::builder(match &**builder {
                BuilderTy::Appender(elem) => BuilderTy::Appender(self.resolve(elem)),
                BuilderTy::Merger(value, op) => BuilderTy::Merger(self.resolve(value), *op),
                BuilderTy::VecMerger(elem, op) => BuilderTy::VecMerger(self.resolve(elem), *op),
                BuilderTy::DictMerger(key, value, op) => {
                    BuilderTy::DictMerger(self.resolve(key), self.resolve(value), *op)
                }
                BuilderTy::GroupMerger(key, value) => {
                    BuilderTy::GroupMerger(self.resolve(key), self.resolve(value))
                }
            }),
        };
        // A type with unknowns may still change; only finished ones are remembered.
        if !self.has_open(&done) {
            self.resolved.insert(address, (ty, done.clone()));
        }
        done
    }

    /// The finished type, if [`Types::resolve`] has found it before or there is nothing to find.
    pub(super) fn finished(&mut self, ty: &Ty) -> Option<Ty> {
        let ty = self.head(ty);
        match (&ty, address(&ty)) {
            (Ty::Infer(_), _) => None,
            (_, None) => Some(ty),
            (_, Some(address)) => self.resolved.get(&address).map(|(_, done)| done.clone()),
        }
    }

    fn has_open(&mut self, ty: &Ty) -> bool {
        let mut open = false;
        let within = self.each_var(ty, &mut |_, _| open = true);
        open || !within
    }
}

/// Where the parts of a type live; `None` for types without parts.
fn address(ty: &Ty) -> Option<usize> {
    match ty {
        Ty::Infer(_) | Ty::Scalar(_) | Ty::Simd(_) => None,
        Ty::Vec(elem) => Some(Arc::as_ptr(elem) as usize),
        Ty::Dict(entry) => Some(Arc::as_ptr(entry) as usize),
        // All structs without fields may share one address.
        Ty::Struct(fields) if fields.is_empty() => None,
        Ty::Struct(fields) => Some(fields.as_ptr() as usize),
        Ty::Builder(builder) => Some(Arc::as_ptr(builder) as usize),
    }
}

fn same(equal: bool) -> Result<(), Mismatch> {
    if equal { Ok(()) } else { Err(Mismatch::Different) }
}

/// Whether both are certainly the same without looking inside.
fn same_ty(a: &Ty, b: &Ty) -> bool {
    match (a, b) {
        (Ty::Scalar(x), Ty::Scalar(y)) | (Ty::Simd(x), Ty::Simd(y)) => x == y,
        (Ty::Vec(x), Ty::Vec(y)) => Arc::ptr_eq(x, y),
        (Ty::Struct(x), Ty::Struct(y)) => Arc::ptr_eq(x, y),
        (Ty::Infer(x), Ty::Infer(y)) => x == y,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_DEPTH, Mismatch, Types};
    use crate::ir::{BuilderTy, MergeOp, Ty};

    #[test]
    fn variables_take_the_type_of_the_other_side() {
        let mut types = Types::default();
        let (a, b, c) = (types.fresh(), types.fresh(), types.fresh());
        assert_eq!(types.unify(&a, &b), Ok(()));
        assert_eq!(types.unify(&c, &Ty::vec(a.clone())), Ok(()));
        assert_eq!(types.unify(&b, &Ty::I64), Ok(()));
        assert_eq!(types.resolve(&c), Ty::vec(Ty::I64));
        assert_eq!(types.unify(&a, &Ty::BOOL), Err(Mismatch::Different));
    }

    #[test]
    fn resolve_does_not_remember_open_types() {
        let mut types = Types::default();
        let a = types.fresh();
        let vector = Ty::vec(a.clone());
        assert_eq!(types.resolve(&vector), vector);
        assert_eq!(types.unify(&a, &Ty::I8), Ok(()));
        assert_eq!(types.resolve(&vector), Ty::vec(Ty::I8));
    }

    #[test]
    fn a_type_does_not_contain_itself() {
        let mut types = Types::default();
        let (a, b) = (types.fresh(), types.fresh());
        assert_eq!(types.unify(&a, &Ty::vec(b.clone())), Ok(()));
        assert_eq!(types.unify(&b, &Ty::tuple(vec![a.clone()])), Err(Mismatch::Infinite));
        // A variable and itself are one already.
        assert_eq!(types.unify(&b, &b), Ok(()));
    }

    #[test]
    fn poison_fits_everything_and_spreads_to_unknowns() {
        let mut types = Types::default();
        let (p, a) = (types.poison(), types.fresh());
        assert_eq!(types.unify(&p, &Ty::I64), Ok(()));
        assert_eq!(types.unify(&p, &Ty::vec(a.clone())), Ok(()));
        assert!(types.is_poison(&a) && types.is_poison(&p));
        assert!(types.has_poison(&Ty::tuple(vec![Ty::I8, a])));
    }

    #[test]
    fn builders_differ_by_operator() {
        let mut types = Types::default();
        let merger = |op| Ty::builder(BuilderTy::Merger(Ty::I64, op));
        assert_eq!(types.unify(&merger(MergeOp::Add), &merger(MergeOp::Add)), Ok(()));
        assert_eq!(types.unify(&merger(MergeOp::Add), &merger(MergeOp::Min)), Err(Mismatch::Different));
    }

    #[test]
    fn limits_hold_for_types_that_are_small_in_memory() {
        let mut types = Types::default();
        let mut wide = Ty::I64;
        for _ in 0..200 {
            wide = Ty::tuple(vec![wide.clone(), wide]);
        }
        assert!(!types.fits(&wide));
        let a = types.fresh();
        assert_eq!(types.unify(&a, &wide), Err(Mismatch::TooLarge));
        let mut deep = Ty::I64;
        for _ in 1..MAX_DEPTH {
            deep = Ty::vec(deep);
        }
        assert!(types.fits(&deep));
        assert!(!types.fits(&Ty::vec(deep)));
    }

    #[test]
    fn long_chains_of_variables_are_short_afterwards() {
        let mut types = Types::default();
        let vars: Vec<Ty> = (0..100_000).map(|_| types.fresh()).collect();
        for pair in vars.windows(2) {
            assert_eq!(types.unify(&pair[0], &pair[1]), Ok(()));
        }
        assert_eq!(types.unify(&vars[0], &Ty::I64), Ok(()));
        assert!(vars.iter().all(|var| types.head(var) == Ty::I64));
    }
}
