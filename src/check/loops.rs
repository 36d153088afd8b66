#![forbid(unsafe_code)]
//! `for`: iterators, the builder, and the function over builder, index and element.
//!
//! Promises: the types of the parameters are known before the body is checked; `zip(..)` as the data of a
//! single iterator becomes several iterators (LANGUAGE 9.2), whatever passes run later.

use super::closures::{Callee, Given};
use super::scope::Binding;
use super::{Checker, Obligation, loop_messages, messages, show};
use crate::diag::{Diagnostic, Span};
use crate::ir::{BuilderTy, Expr, ExprKind, For, Iter, Lambda, Name, NdIter, Ty};
use crate::syntax::ast::{self, Builtin, IterKind};
use std::sync::Arc;

/// A binder, or one field of it, by the number of its name.
pub(super) type OuterName = (u32, Option<u32>);

impl Checker<'_> {
    /// `for(iters, builder, func)`; `whole` is the loop.
    pub(super) fn infer_for(
        &mut self,
        iters: &[ast::Iter],
        builder: &ast::Expr,
        func: &ast::Expr,
        whole: &ast::Expr,
    ) -> Expr {
        let span = whole.span;
        let (typed_iters, elem) = self.infer_iters(iters);
        if let ast::ExprKind::Lambda(params, _) = &builder.kind {
            self.report(loop_messages::loop_with_lambda_builder(span, builder, params.len()));
            return self.broken_loop(&[&elem], span);
        }
        let start = self.infer(builder);
        self.oblige(Obligation::LoopBuilder { ty: start.ty.clone(), builder: builder.clone() });
        let Some(callee) = self.callee(func, "the function of `for`") else {
            return self.broken_loop(&[&elem, &start.ty], span);
        };
        if callee.params().len() != 3 {
            self.report(loop_messages::loop_parameters(callee.span(), callee.params()));
            return self.broken_loop(&[&elem, &start.ty], span);
        }
        let data = iters.first().map(|iter| self.element_source(iter));
        let given = [
            Given { ty: start.ty.clone(), because: Some(builder.span), role: "the builder of this loop" },
            Given { ty: Ty::I64, because: None, role: "the index" },
            Given { ty: elem.clone(), because: data, role: "the element" },
        ];
        let body = self.in_loop(span, |cx| cx.elaborate_body(&callee, &given, builder, &start, span));
        let Some(func) = body else { return self.broken_loop(&[&elem, &start.ty], span) };
        let at = messages::value_span(&func.body);
        self.unify(at, &func.body.ty, &start.ty, |cx, found, wants| {
            let (found_text, wants_text) = (cx.text(found), cx.text(wants));
            let name = func.params.first().map_or("b", |own| own.name.text());
            let value = match (wants, callee.value()) {
                (Ty::Builder(kind), Some(value)) if kind.merge_ty() == *found => show::show(value),
                _ => None,
            };
            loop_messages::loop_body(at, builder, (name, value.as_deref()), &found_text, &wants_text)
        });
        let ty = start.ty.clone();
        let parts = For { iters: typed_iters, builder: start, func, simd: false };
        Expr::new(ExprKind::For(Arc::new(parts)), ty, span)
    }

    /// A loop whose function is not looked at, so that nothing says what these types are.
    fn broken_loop(&mut self, unknown: &[&Ty], span: Span) -> Expr {
        unknown.iter().for_each(|ty| self.types.poison_all(ty));
        self.broken(span)
    }

    /// Elaborates the body. When the builder is a plain name (or one field of it), that name means the builder
    /// of the loop inside the body.
    fn elaborate_body(
        &mut self,
        callee: &Callee,
        given: &[Given<'_>],
        builder: &ast::Expr,
        start: &Expr,
        span: Span,
    ) -> Lambda {
        let key = match (callee, self.is_builder_value(&start.ty)) {
            (Callee::Here(_), true) => self.outer_name(builder, start),
            _ => None,
        };
        let func = self.elaborate(callee, given, key, span);
        if let Some(stack) = key.and_then(|key| self.loop_names.get_mut(&key)) {
            stack.pop();
        }
        func
    }

    /// Makes the outer name of a builder mean the builder of the loop, until the body is done.
    pub(super) fn rename_in_loop(&mut self, key: OuterName, param: &Name, ty: &Ty) {
        self.loop_names.entry(key).or_default().push((param.clone(), ty.clone()));
    }

    /// The place that decides the type of the elements.
    fn element_source(&self, iter: &ast::Iter) -> Span {
        match (iter.kind, iter.args.first()) {
            (IterKind::RangeIter, _) | (_, None) => iter.span,
            (_, Some(data)) => self.because_of(data).unwrap_or(data.span),
        }
    }

    fn is_builder_value(&mut self, ty: &Ty) -> bool {
        matches!(self.types.head(ty), Ty::Builder(_)) || self.types.resolve(ty).is_builder_like()
    }

    /// The binder (and field) that the builder argument names.
    fn outer_name(&self, builder: &ast::Expr, start: &Expr) -> Option<OuterName> {
        match (&builder.kind, &start.kind) {
            (ast::ExprKind::Ident(_) | ast::ExprKind::Field(..), ExprKind::Var(name)) => {
                Some((name.id(), None))
            }
            (ast::ExprKind::Field(base, index, _), ExprKind::Field(typed, _)) => {
                match (&base.kind, &typed.kind) {
                    (ast::ExprKind::Ident(ident), ExprKind::Var(name)) => {
                        let is_value = matches!(self.scope.lookup(ident), Some(Binding::Value(..)));
                        is_value.then_some((name.id(), Some(*index)))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    // ---- iterators -----------------------------------------------------------------------------------

    /// The iterators and the type of the element that the body gets.
    fn infer_iters(&mut self, iters: &[ast::Iter]) -> (Vec<Iter>, Ty) {
        if let [single] = iters
            && let (IterKind::Iter, [data]) = (single.kind, single.args.as_slice())
            && let ast::ExprKind::Call(Builtin::Zip, vectors) = &data.kind
        {
            return self.infer_zipped(vectors);
        }
        let (typed, mut elems): (Vec<Iter>, Vec<Ty>) = iters.iter().map(|iter| self.infer_iter(iter)).unzip();
        let elem = match (elems.len(), elems.pop()) {
            (1, Some(single)) => single,
            (_, last) => {
                elems.extend(last);
                let span = iters.first().map_or_else(Span::default, |iter| iter.span);
                self.limited(Ty::tuple(elems), span)
            }
        };
        (typed, elem)
    }

    fn infer_zipped(&mut self, vectors: &[ast::Expr]) -> (Vec<Iter>, Ty) {
        let parts = vectors.iter().map(|vector| {
            let typed = self.infer(vector);
            let elem = self.vector_elem(vector, &typed.ty, "a loop");
            (Iter::Whole(typed), elem)
        });
        let (iters, mut elems): (Vec<Iter>, Vec<Ty>) = parts.unzip();
        let elem = if elems.len() == 1 { elems.swap_remove(0) } else { Ty::tuple(elems) };
        let span = vectors.first().map_or_else(Span::default, |vector| vector.span);
        (iters, self.limited(elem, span))
    }

    fn infer_iter(&mut self, iter: &ast::Iter) -> (Iter, Ty) {
        let typed: Vec<Expr> = iter.args.iter().map(|arg| self.infer(arg)).collect();
        match (iter.kind, iter.args.as_slice(), typed.as_slice()) {
            (IterKind::Iter, [data], [typed]) => {
                let what = if iter.span == data.span { "a loop" } else { "a loop of this macro" };
                let elem = self.vector_elem(data, &typed.ty, what);
                (Iter::Whole(typed.clone()), elem)
            }
            (IterKind::Iter, [data, range @ ..], [typed, start, end, stride]) => {
                let elem = self.vector_elem(data, &typed.ty, "`iter`");
                self.expect_range(range, [start, end, stride]);
                let (data, start, end, stride) = (typed.clone(), start.clone(), end.clone(), stride.clone());
                (Iter::Strided { data, start, end, stride }, elem)
            }
            (IterKind::RangeIter, range, [start, end, stride]) => {
                self.expect_range(range, [start, end, stride]);
                let (start, end, stride) = (start.clone(), end.clone(), stride.clone());
                (Iter::Range { start, end, stride }, Ty::I64)
            }
            (
                IterKind::NdIter,
                [data, range @ .., shape_arg, strides_arg],
                [typed, start, end, stride, shape, strides],
            ) => {
                let elem = self.vector_elem(data, &typed.ty, "`nditer`");
                self.expect_range(range, [start, end, stride]);
                self.expect(shape_arg, shape, &Ty::vec(Ty::I64), "the shape of `nditer`");
                self.expect(strides_arg, strides, &Ty::vec(Ty::I64), "the strides of `nditer`");
                let nd = NdIter {
                    data: typed.clone(),
                    start: start.clone(),
                    end: end.clone(),
                    stride: stride.clone(),
                    shape: shape.clone(),
                    strides: strides.clone(),
                };
                (Iter::Nd(Box::new(nd)), elem)
            }
            (kind, ..) => {
                let name = match kind {
                    IterKind::SimdIter => "simditer",
                    IterKind::FringeIter => "fringeiter",
                    IterKind::Iter | IterKind::RangeIter | IterKind::NdIter => "an iterator of this form",
                };
                let data = self.not_built(name, iter.span);
                let elem = data.ty.clone();
                (Iter::Whole(data), elem)
            }
        }
    }

    fn expect_range(&mut self, args: &[ast::Expr], typed: [&Expr; 3]) {
        let roles = ["the start of an iterator", "the end of an iterator", "the stride of an iterator"];
        for ((arg, typed), role) in args.iter().zip(typed).zip(roles) {
            self.expect_i64(arg, typed, role);
        }
    }

    // ---- merges --------------------------------------------------------------------------------------

    /// `merge(b, x)` where `x` is not what `b` collects.
    pub(super) fn merge_mismatch(
        &mut self,
        node: &ast::Expr,
        builder: &BuilderTy,
        found: &Ty,
        wants: &Ty,
    ) -> Diagnostic {
        let (found_text, wants_text) = (self.text(found), self.text(wants));
        let mut diagnostic =
            loop_messages::merge_mismatch(node, builder, (found, &found_text), (wants, &wants_text));
        if let ast::ExprKind::Call(_, args) = &node.kind
            && let [b, x] = args.as_slice()
        {
            if let Some((span, _)) = self.because(b, wants) {
                diagnostic = diagnostic.related(span, format!("collects `{wants_text}` values"));
            }
            if let Some((span, text)) = self.because(x, found) {
                diagnostic = diagnostic.related(span, text);
            }
        }
        diagnostic
    }
}
