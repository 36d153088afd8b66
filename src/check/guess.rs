#![forbid(unsafe_code)]
//! Types for inputs that were written without one, to show what could be written.
//!
//! Promises: what the rest of the program says about an input is what is shown; where it says nothing, the first type of a
//! few with which the program has no error. A program is checked a handful of times, and only where this is asked.

use super::Checker;
use crate::ir::{Lambda, Scalar, Ty};
use crate::syntax::ast;

/// Bytes of a type that is shown.
const LONGEST: usize = 60;

/// What an input is most often, first: the one that is shown when none is right.
fn usual() -> [Ty; 5] {
    [
        Ty::vec(Ty::I64),
        Ty::I64,
        Ty::Scalar(Scalar::F64),
        Ty::vec(Ty::Scalar(Scalar::F64)),
        Ty::Scalar(Scalar::Bool),
    ]
}

/// A type for each of these inputs that has none; `None` for the others.
pub(super) fn inputs(params: &[ast::Param], value: &ast::Expr, macro_names: &[String]) -> Vec<Option<Ty>> {
    if params.iter().all(|param| param.ty.is_some()) {
        return vec![None; params.len()];
    }
    let (mut found, _) = attempt(params, &vec![None; params.len()], value, macro_names);
    let is_unknown = |(param, found): (&ast::Param, &Option<Ty>)| param.ty.is_none() && found.is_none();
    if params.iter().zip(&found).any(is_unknown) {
        let filled = |ty: &Ty| -> Vec<Option<Ty>> {
            found.iter().map(|known| Some(known.as_ref().unwrap_or(ty).clone())).collect()
        };
        let [first, ..] = usual();
        let right = usual().iter().map(filled).find(|types| attempt(params, types, value, macro_names).1);
        found = right.unwrap_or_else(|| filled(&first));
    }
    params.iter().zip(found).map(|(param, ty)| ty.filter(|_| param.ty.is_none())).collect()
}

/// Checks the program with these types for the inputs that have none, or with what turns out. Says what they are, as far as
/// that is known, and whether all is right.
fn attempt(
    params: &[ast::Param],
    types: &[Option<Ty>],
    value: &ast::Expr,
    macro_names: &[String],
) -> (Vec<Option<Ty>>, bool) {
    let mut checker = Checker::new(macro_names);
    let inputs = checker.inputs(params, |checker, at, _| match types.get(at) {
        Some(Some(ty)) => ty.clone(),
        _ => checker.types.fresh(),
    });
    let body = checker.infer(value);
    checker.settle();
    let func = Lambda { params: inputs, body };
    let found = func.params.iter().map(|param| checker.known(&param.ty)).collect();
    if checker.n_errors == 0 {
        checker.finish_lambda(&func);
    }
    (found, checker.n_errors == 0)
}

impl Checker<'_> {
    /// The type, if all of it is known and it is short enough for a message.
    fn known(&mut self, ty: &Ty) -> Option<Ty> {
        if !self.types.fits(ty) || self.types.has_free(ty) || self.types.has_poison(ty) {
            return None;
        }
        let ty = self.types.resolve(ty);
        (ty.to_string().len() <= LONGEST).then_some(ty)
    }
}
