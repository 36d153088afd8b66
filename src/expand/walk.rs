#![forbid(unsafe_code)]
//! The walk that copies a tree and expands what it meets.

use super::{Arg, Code, Diagnostic, Expander, Frame, MAX_NODES};
use crate::diag::Span;
use crate::diag::stack::deep;
use crate::syntax::ast::{Builtin, Expr, ExprKind, Ident, Iter, IterKind, Let, Note, Param, Ty};
use crate::syntax::renamed;

impl<'a> Expander<'a> {
    /// `expr` with its macros expanded; `frame` says what its names mean.
    pub(super) fn expr(&mut self, expr: &Expr, frame: &mut Frame<'a>) -> Expr {
        deep(|| self.copy(expr, frame))
    }

    fn copy(&mut self, expr: &Expr, frame: &mut Frame<'a>) -> Expr {
        let span = self.place(expr.span, frame);
        if frame.body.is_some() {
            self.count(1, span);
        }
        if self.gave_up {
            return Expr::new(ExprKind::Error, span);
        }
        let kind = match &expr.kind {
            ExprKind::Ident(name) => self.name(name, frame),
            ExprKind::Binary(..) => return self.operators(expr, frame),
            ExprKind::Block(lets, body) => self.block(lets, body, frame),
            ExprKind::Lambda(params, body) => self.lambda(params, body, frame),
            ExprKind::Apply(callee, args) => return self.apply(callee, args, span, &expr.notes, frame),
            ExprKind::Ascribe(operand, ty) => {
                ExprKind::Ascribe(self.expr(operand, frame), self.ty_of(ty, frame))
            }
            ExprKind::NewBuilder(ty, arg) => {
                let ty = self.ty_of(ty, frame);
                ExprKind::NewBuilder(ty, arg.as_ref().map(|arg| self.expr(arg, frame)))
            }
            ExprKind::Deserialize(ty, operand) => {
                ExprKind::Deserialize(self.ty_of(ty, frame), self.expr(operand, frame))
            }
            ExprKind::CUdf { name, ty, args } => ExprKind::CUdf {
                name: Ident { span: self.place(name.span, frame), ..name.clone() },
                ty: self.ty_of(ty, frame),
                args: args.iter().map(|arg| self.expr(arg, frame)).collect(),
            },
            ExprKind::Field(operand, index, at) => {
                ExprKind::Field(self.expr(operand, frame), *index, self.place(*at, frame))
            }
            other => {
                let kind = other.map_children(&mut |child| self.expr(child, frame));
                moved(unzip_data(kind), frame)
            }
        };
        Expr::with_notes(kind, span, expr.notes.clone())
    }

    /// A chain of operators, which leans to the left and may be very long: a loop, not a recursion.
    fn operators(&mut self, expr: &Expr, frame: &mut Frame<'a>) -> Expr {
        let mut chain = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary(op, left, right) = &first.kind {
            chain.push((first, *op, right));
            first = left;
        }
        let mut result = self.expr(first, frame);
        for (node, op, right) in chain.into_iter().rev() {
            let right = self.expr(right, frame);
            let span = self.place(node.span, frame);
            if frame.body.is_some() && !node.same(expr) {
                self.count(1, span);
            }
            result = Expr::with_notes(ExprKind::Binary(op, result, right), span, node.notes.clone());
        }
        result
    }

    /// Where a node of this frame is: in a macro, at the call.
    pub(super) fn place(&self, span: Span, frame: &Frame<'_>) -> Span {
        frame.body.as_ref().map_or(span, |body| body.span)
    }

    /// Counts nodes that macros write.
    pub(super) fn count(&mut self, nodes: u64, span: Span) {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            let title = format!("the macros expand to more than {MAX_NODES} nodes");
            let message =
                Diagnostic::new(Code::ProgramTooLarge, span, title).label("while this was expanded");
            self.give_up(
                message.help("give repeated parts a name with `let`, or call a lambda in place of a macro"),
            );
        }
    }

    fn ty_of(&mut self, ty: &Ty, frame: &Frame<'_>) -> Ty {
        let span = frame.body.as_ref().map(|body| body.span);
        self.ty(ty, span)
    }

    /// A name in the place of a value.
    fn name(&mut self, name: &Ident, frame: &Frame<'a>) -> ExprKind {
        if frame.is_local(&name.text) {
            return ExprKind::Ident(self.binder(name, frame));
        }
        let Some(body) = &frame.body else {
            self.check_renamed(name, name.span);
            return ExprKind::Ident(name.clone());
        };
        match body.params.get(&name.text) {
            Some(Arg::Value(placeholder)) => ExprKind::Ident(placeholder.clone()),
            Some(Arg::Macro { name, .. }) => ExprKind::Ident(name.clone()),
            None => {
                self.check_renamed(name, body.span);
                self.warn_free(name, frame);
                ExprKind::Ident(Ident { span: body.span, ..name.clone() })
            }
        }
    }

    fn check_renamed(&mut self, name: &Ident, span: Span) {
        if let Some(now) = renamed(&name.text) {
            let title = format!("`{}` was renamed to `{now}`", name.text);
            let message = Diagnostic::new(Code::RenamedKeyword, span, title).label("the old name");
            self.report(message.help(format!("write `{now}`")));
        }
    }

    /// A name of a macro body that the body does not bind means what it means at the call: legal, but fragile.
    pub(super) fn warn_free(&mut self, name: &Ident, frame: &Frame<'_>) {
        let Some(body) = &frame.body else { return };
        if body.is_standard || !self.warned.insert((body.def.name.text.clone(), name.text.clone())) {
            return;
        }
        let title =
            format!("`{}` in the macro `{}` is whatever it is at each call", name.text, body.def.name.text);
        let message = Diagnostic::new(Code::FreeMacroName, name.span, title).label("not a parameter");
        let message = message.related(body.span, "called here");
        self.report(message.help(format!("make `{}` a parameter of the macro", name.text)));
    }

    /// A name as it is bound in this frame.
    fn binder(&self, name: &Ident, frame: &Frame<'_>) -> Ident {
        match &frame.body {
            Some(body) => Ident { text: name.text.clone(), mark: body.mark, span: body.span },
            None => name.clone(),
        }
    }

    fn block(&mut self, lets: &[Let], body: &Expr, frame: &mut Frame<'a>) -> ExprKind {
        let mut copies = Vec::with_capacity(lets.len());
        for binding in lets {
            let value = self.expr(&binding.value, frame);
            let ty = binding.ty.as_ref().map(|ty| self.ty_of(ty, frame));
            let name = self.binder(&binding.name, frame);
            frame.bind(&binding.name.text);
            match &value.kind {
                ExprKind::Lambda(_, result) if self.may_be_builder(result) => {
                    self.builder_names.insert(name.clone())
                }
                _ => self.builder_names.remove(&name),
            };
            copies.push(Let { name, ty, value });
        }
        let body = self.expr(body, frame);
        lets.iter().for_each(|binding| frame.unbind(&binding.name.text));
        ExprKind::Block(copies, body)
    }

    fn lambda(&mut self, params: &[Param], body: &Expr, frame: &mut Frame<'a>) -> ExprKind {
        let mut copies = Vec::with_capacity(params.len());
        for param in params {
            let ty = param.ty.as_ref().map(|ty| self.ty_of(ty, frame));
            let name = self.binder(&param.name, frame);
            self.builder_names.remove(&name);
            copies.push(Param { name, ty });
        }
        params.iter().for_each(|param| frame.bind(&param.name.text));
        let body = self.expr(body, frame);
        params.iter().for_each(|param| frame.unbind(&param.name.text));
        ExprKind::Lambda(copies, body)
    }

    /// A call: of a macro, of an alias (a cast), or of something that `check` will look at.
    fn apply(
        &mut self,
        callee: &Expr,
        args: &[Expr],
        span: Span,
        notes: &[Note],
        frame: &mut Frame<'a>,
    ) -> Expr {
        if let ExprKind::Ident(name) = &callee.kind
            && !frame.is_local(&name.text)
        {
            match frame.body.as_ref().and_then(|body| body.params.get(&name.text)).cloned() {
                Some(Arg::Macro { def, is_standard, .. }) => {
                    return self.call((def, is_standard), false, args, span, notes, frame);
                }
                Some(Arg::Value(_)) => {}
                None => {
                    if let Some(found) = self.find(&name.text, frame) {
                        return self.call(found, true, args, span, notes, frame);
                    }
                    if let (Some(scalar), [arg]) = (self.scalar_alias(&name.text), args) {
                        let arg = self.expr(arg, frame);
                        return Expr::with_notes(ExprKind::Cast(scalar, arg), span, notes.to_vec());
                    }
                }
            }
        }
        let callee = self.expr(callee, frame);
        let args = args.iter().map(|arg| self.expr(arg, frame)).collect();
        Expr::with_notes(ExprKind::Apply(callee, args), span, notes.to_vec())
    }
}

/// The iterators of a loop in a macro are at the call, too.
fn moved(mut kind: ExprKind, frame: &Frame<'_>) -> ExprKind {
    if let (ExprKind::For { iters, .. }, Some(body)) = (&mut kind, &frame.body) {
        iters.iter_mut().for_each(|iter| iter.span = body.span);
    }
    kind
}

/// `for(zip(a, b), ..)` where the zip came through a macro or stood in parentheses: the loop runs over `a` and `b`
/// and nothing makes the vector of pairs.
pub(super) fn unzip_data(kind: ExprKind) -> ExprKind {
    let ExprKind::For { iters, zipped: false, builder, func } = &kind else { return kind };
    let [Iter { kind: IterKind::Iter, args, .. }] = iters.as_slice() else { return kind };
    let [data] = args.as_slice() else { return kind };
    let ExprKind::Call(Builtin::Zip, parts) = &data.kind else { return kind };
    let iters =
        parts.iter().map(|part| Iter { kind: IterKind::Iter, args: vec![part.clone()], span: part.span });
    ExprKind::For { iters: iters.collect(), zipped: true, builder: builder.clone(), func: func.clone() }
}
