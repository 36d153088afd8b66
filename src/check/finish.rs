#![forbid(unsafe_code)]
//! The last pass over the typed tree: every unknown is replaced by what it turned out to be.
//!
//! Promises: no inference variable survives; facts of nodes are those of the final types.

use super::{Checker, HoleKind, messages};
use crate::diag::{Span, stack};
use crate::ir::{Expr, ExprKind, For, Lambda, Param, Ty, visit};
use std::sync::Arc;

impl Checker<'_> {
    /// The lambda with final types.
    pub(super) fn finish_lambda(&mut self, lambda: &Lambda) -> Lambda {
        let body = self.finish(&lambda.body);
        self.finish_params(lambda, body)
    }

    fn finish_params(&mut self, lambda: &Lambda, body: Expr) -> Lambda {
        let params = lambda.params.iter().map(|param| Param {
            name: param.name.clone(),
            ty: self.final_ty(&param.ty, param.origin.primary()),
            origin: param.origin.clone(),
        });
        Lambda { params: params.collect(), body }
    }

    fn finish(&mut self, expr: &Expr) -> Expr {
        stack::deep(|| {
            let inner = visit::map_children(expr, &mut |child| self.finish(child));
            let ty = self.final_ty(&inner.ty, inner.origin.primary());
            let kind = match &inner.kind {
                ExprKind::For(parts) => {
                    let func = self.finish_params(&parts.func, parts.func.body.clone());
                    let (iters, builder) = (parts.iters.clone(), parts.builder.clone());
                    ExprKind::For(Arc::new(For { iters, builder, func, simd: parts.simd }))
                }
                ExprKind::Apply(func, args) => {
                    ExprKind::Apply(Arc::new(self.finish_params(func, func.body.clone())), args.clone())
                }
                ExprKind::Sort(data, func) => {
                    ExprKind::Sort(data.clone(), Arc::new(self.finish_params(func, func.body.clone())))
                }
                ExprKind::Iterate(start, func) => {
                    ExprKind::Iterate(start.clone(), Arc::new(self.finish_params(func, func.body.clone())))
                }
                _ if ty == inner.ty => return inner,
                other => other.clone(),
            };
            Expr::with_notes(kind, ty, inner.origin.clone(), inner.notes.clone())
        })
    }

    fn final_ty(&mut self, ty: &Ty, span: Span) -> Ty {
        if let Some(known) = self.types.finished(ty) {
            return known;
        }
        if !self.types.fits(ty) {
            self.report(messages::type_too_large(span));
            return self.types.poison();
        }
        let resolved = self.types.resolve(ty);
        if self.types.has_free(&resolved) {
            self.report(messages::cannot_infer(span, &HoleKind::Value));
            self.types.poison_all(&resolved);
        }
        resolved
    }
}
