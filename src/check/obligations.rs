#![forbid(unsafe_code)]
//! What has to be true of a type that is not known yet.
//!
//! Promises: an obligation is decided as soon as its type is known, at the latest when the whole program has
//! been seen; what is unknown then is reported as the place that should have said it.

use super::sort::Sorted;
use super::{Checker, loop_messages, messages};
use crate::diag::Span;
use crate::ir::op::Operands;
use crate::ir::{Scalar, Ty};
use crate::syntax::ast;

/// Something to be decided once a type is known.
#[derive(Clone, Debug)]
pub(super) enum Obligation {
    /// `operand` of `whole` must suit `class`.
    Operand { class: Operands, ty: Ty, operand: ast::Expr, whole: ast::Expr },
    /// Field `index` of `base` has type `result`.
    Field { base: Ty, index: u32, result: Ty, span: Span },
    /// `merge(builder, value)`.
    Merge { builder: Ty, value: Ty, node: ast::Expr },
    /// `result(builder)` has type `result`.
    Result { builder: Ty, result: Ty, node: ast::Expr },
    /// Only scalars are cast.
    Cast { ty: Ty, to: Scalar, operand: ast::Expr },
    /// What a merger combines: numbers.
    Mergeable { ty: Ty, span: Span },
    /// What a dictionary can find again.
    Hashable { ty: Ty, span: Span },
    /// Something that has a length.
    Len { ty: Ty, operand: ast::Expr },
    /// `lookup(collection, index)` has type `result`.
    Lookup { collection: Ty, index: Ty, result: Ty, args: [ast::Expr; 2] },
    /// What `sort` takes, or sorts by.
    Sorted { ty: Ty, what: Sorted, span: Span },
    /// What a loop fills.
    LoopBuilder { ty: Ty, builder: ast::Expr },
}

impl Checker<'_> {
    /// Decides the obligation now if its type is known, else later.
    pub(super) fn oblige(&mut self, obligation: Obligation) {
        if !self.decide(&obligation) {
            self.pending.push(obligation);
        }
    }

    /// Decides what is left, and reports every type that nothing determines.
    pub(super) fn settle(&mut self) {
        self.decide_pending();
        if self.stopped {
            // What was not looked at determines nothing.
            return;
        }
        let holes = std::mem::take(&mut self.holes);
        for hole in &holes {
            if self.types.has_free(&hole.ty) && !self.types.has_poison(&hole.ty) {
                self.report(messages::cannot_infer(hole.span, &hole.what));
                self.types.poison_all(&hole.ty);
                self.decide_pending();
            }
        }
    }

    fn decide_pending(&mut self) {
        loop {
            let pending = std::mem::take(&mut self.pending);
            let before = pending.len();
            let left: Vec<Obligation> =
                pending.into_iter().filter(|obligation| !self.decide(obligation)).collect();
            let progress = left.len() < before || !self.pending.is_empty();
            self.pending.extend(left);
            if !progress || self.pending.is_empty() {
                return;
            }
        }
    }

    /// Whether the obligation is settled: it holds, or its violation is reported.
    fn decide(&mut self, obligation: &Obligation) -> bool {
        match obligation {
            Obligation::Operand { class, ty, operand, whole } => match self.suits(*class, ty) {
                Some(true) => true,
                Some(false) => {
                    let ty = self.types.resolve(ty);
                    self.report_operand(*class, &ty, operand, whole);
                    true
                }
                None => false,
            },
            Obligation::Field { base, index, result, span } => self.decide_field(base, *index, result, *span),
            Obligation::Merge { builder, value, node } => self.decide_merge(builder, value, node),
            Obligation::Result { builder, result, node } => self.decide_result(builder, result, node),
            Obligation::Cast { ty, to, operand } => match self.types.head(ty) {
                Ty::Scalar(_) => true,
                Ty::Infer(_) => self.types.is_poison(ty),
                _ => {
                    let text = self.text(ty);
                    self.report(messages::bad_cast(operand, *to, &text));
                    true
                }
            },
            Obligation::Mergeable { ty, span } => self.decide_mergeable(ty, *span),
            Obligation::Hashable { ty, span } => self.decide_hashable(ty, *span),
            Obligation::Len { ty, operand } => self.decide_len(ty, operand),
            Obligation::Lookup { collection, index, result, args } => {
                self.decide_lookup(collection, index, result, args)
            }
            Obligation::Sorted { ty, what, span } => self.decide_sorted(ty, *what, *span),
            Obligation::LoopBuilder { ty, builder } => self.decide_loop_builder(ty, builder),
        }
    }

    /// Whether operands of this type suit the class; `None` when that is not known yet.
    pub(super) fn suits(&mut self, class: Operands, ty: &Ty) -> Option<bool> {
        let head = self.types.head(ty);
        if let Ty::Infer(_) = head {
            return self.types.is_poison(&head).then_some(true);
        }
        let scalar = head.scalar();
        Some(match class {
            Operands::Num => scalar.is_some_and(Scalar::is_num),
            Operands::Int => scalar.is_some_and(Scalar::is_int),
            Operands::Float => scalar.is_some_and(Scalar::is_float),
            Operands::Bits => scalar.is_some_and(|scalar| scalar.is_int() || scalar == Scalar::Bool),
            Operands::Bool => scalar == Some(Scalar::Bool),
            Operands::Ordered => scalar.is_some(),
            Operands::Equal | Operands::Compared => {
                if scalar.is_some() || self.types.has_poison(&head) {
                    return Some(true);
                }
                if self.types.has_free(&head) {
                    return None;
                }
                self.types.resolve(&head).has_equality()
            }
        })
    }

    /// The type of field `index` of a value of type `base`.
    pub(super) fn field(&mut self, base: &Ty, index: u32, span: Span) -> Ty {
        match self.types.head(base) {
            Ty::Struct(fields) if (index as usize) < fields.len() => {
                fields.get(index as usize).cloned().unwrap_or_else(|| self.types.poison())
            }
            _ => {
                let result = self.types.fresh();
                self.oblige(Obligation::Field { base: base.clone(), index, result: result.clone(), span });
                result
            }
        }
    }

    fn decide_field(&mut self, base: &Ty, index: u32, result: &Ty, span: Span) -> bool {
        match self.types.head(base) {
            Ty::Infer(_) if self.types.is_free(base) => return false,
            Ty::Infer(_) => self.types.poison_all(result),
            Ty::Struct(fields) => match fields.get(index as usize) {
                Some(field) => {
                    self.unify(span, result, field, |cx, found, wants| {
                        messages::field_mismatch(span, index, &cx.text(wants), &cx.text(found))
                    });
                }
                None => {
                    let text = self.text(base);
                    self.report(messages::no_such_field(span, index, fields.len(), &text));
                    self.types.poison_all(result);
                }
            },
            _ => {
                let text = self.text(base);
                self.report(messages::no_fields(span, index, &text));
                self.types.poison_all(result);
            }
        }
        true
    }

    /// Reports `ty` unless mergers can combine it.
    pub(super) fn require_mergeable(&mut self, ty: &Ty, span: Span) {
        self.oblige(Obligation::Mergeable { ty: ty.clone(), span });
    }

    fn decide_mergeable(&mut self, ty: &Ty, span: Span) -> bool {
        if self.types.has_poison(ty) {
            return true;
        }
        let good = match self.types.head(ty) {
            Ty::Infer(_) => return false,
            Ty::Scalar(scalar) => scalar.is_num(),
            Ty::Struct(fields) => {
                let mut good = !fields.is_empty();
                for field in fields.iter() {
                    match self.types.head(field) {
                        Ty::Infer(_) => return false,
                        head => good &= head.scalar().is_some_and(Scalar::is_num),
                    }
                }
                good
            }
            _ => false,
        };
        if !good {
            let text = self.text(ty);
            self.report(messages::not_mergeable(span, &text));
        }
        true
    }

    fn decide_loop_builder(&mut self, ty: &Ty, builder: &ast::Expr) -> bool {
        if self.types.has_poison(ty) {
            return true;
        }
        let Some(good) = self.builder_like(ty) else { return false };
        if !good {
            let resolved = self.types.resolve(ty);
            let text = self.text(&resolved);
            self.report(loop_messages::loop_without_builder(builder, &resolved, &text));
        }
        true
    }

    /// Whether a loop can fill this; `None` when that is not known yet.
    fn builder_like(&mut self, ty: &Ty) -> Option<bool> {
        match self.types.head(ty) {
            Ty::Infer(_) => None,
            Ty::Builder(_) => Some(true),
            Ty::Struct(fields) => {
                let mut good = !fields.is_empty();
                for field in fields.iter() {
                    good &= self.builder_like(field)?;
                }
                Some(good)
            }
            _ => Some(false),
        }
    }

    fn decide_result(&mut self, builder: &Ty, result: &Ty, node: &ast::Expr) -> bool {
        match self.types.head(builder) {
            Ty::Infer(_) if self.types.is_free(builder) => return false,
            Ty::Infer(_) => self.types.poison_all(result),
            Ty::Builder(kind) => {
                let span = node.span;
                self.unify(span, result, &kind.result_ty(), |cx, found, wants| {
                    loop_messages::result_mismatch(span, &cx.text(wants), &cx.text(found))
                });
            }
            other => {
                let text = self.text(&other);
                self.report(loop_messages::not_a_builder("result", node, &other, &text));
                self.types.poison_all(result);
            }
        }
        true
    }

    fn decide_merge(&mut self, builder: &Ty, value: &Ty, node: &ast::Expr) -> bool {
        match self.types.head(builder) {
            Ty::Infer(_) if self.types.is_free(builder) => false,
            Ty::Infer(_) => {
                self.types.poison_all(value);
                true
            }
            Ty::Builder(kind) => {
                let span = node.span;
                let wants = kind.merge_ty();
                self.unify(span, value, &wants, |cx, found, wants| {
                    cx.merge_mismatch(node, &kind, found, wants)
                });
                true
            }
            other => {
                let text = self.text(&other);
                self.report(loop_messages::not_a_builder("merge", node, &other, &text));
                self.types.poison_all(value);
                true
            }
        }
    }

    /// `merge(builder, value)` has the type of the builder.
    pub(super) fn merged(&mut self, builder: &Ty, value: &Ty, node: &ast::Expr) {
        self.oblige(Obligation::Merge { builder: builder.clone(), value: value.clone(), node: node.clone() });
    }

    /// The type of `result(builder)`.
    pub(super) fn result_of(&mut self, builder: &Ty, node: &ast::Expr) -> Ty {
        if let Ty::Builder(kind) = self.types.head(builder) {
            return kind.result_ty();
        }
        let result = self.types.fresh();
        self.oblige(Obligation::Result {
            builder: builder.clone(),
            result: result.clone(),
            node: node.clone(),
        });
        result
    }
}
