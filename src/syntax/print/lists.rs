#![forbid(unsafe_code)]
//! How lists are laid out: on one line, one item a line, or in lines as full as possible.
//!
//! Promises: the parts of a list are printed in the order of the source. The layouts are those of `ir::print`.

use super::{Close, Doc, Printer};
use crate::syntax::ast::{Expr, ExprKind};

impl Printer<'_> {
    /// The items of a list, each with its comma.
    pub(super) fn items<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T) -> Doc) -> Vec<Doc> {
        let mut docs = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let item = each(self, item);
            docs.push(if at + 1 < items.len() {
                let comma = self.token(",");
                self.layout.seq(vec![item, comma])
            } else {
                item
            });
        }
        docs
    }

    /// Indented parts and the bracket behind them.
    pub(super) fn closed(&mut self, mut inside: Vec<Doc>, close: Close) -> Doc {
        let Some(comments) = close.comments else {
            let inside = self.layout.seq(inside);
            let inside = self.layout.nest(inside);
            return self.layout.seq(vec![inside, close.bracket]);
        };
        inside.push(comments);
        let inside = self.layout.seq(inside);
        let inside = self.layout.nest(inside);
        let line = self.layout.hard();
        self.layout.seq(vec![inside, line, close.bracket])
    }

    /// Items on one line, or one per line.
    pub(super) fn spread(&mut self, open: Doc, items: Vec<Doc>, close: Close) -> Doc {
        let mut inside = Vec::with_capacity(items.len() * 2);
        for (at, item) in items.into_iter().enumerate() {
            inside.push(self.layout.soft(if at > 0 { " " } else { "" }));
            inside.push(item);
        }
        let inside = self.closed(inside, close);
        let all = self.layout.seq(vec![open, inside]);
        self.layout.group(all)
    }

    /// Items in lines as full as possible.
    pub(super) fn paragraph(&mut self, open: Doc, items: Vec<Doc>, close: Close) -> Doc {
        let mut docs = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            if at == 0 {
                docs.push(item);
                continue;
            }
            let line = self.layout.soft(" ");
            let item = self.layout.seq(vec![line, item]);
            docs.push(self.layout.group(item));
        }
        let inside = self.closed(docs, close);
        self.layout.seq(vec![open, inside])
    }

    /// Parts without spaces; each break between them is taken when what follows it does not fit.
    pub(super) fn filled(&mut self, parts: Vec<Doc>) -> Doc {
        let mut docs = Vec::with_capacity(parts.len());
        let mut line = Vec::new();
        for part in parts {
            if self.layout.is_break(part) && !line.is_empty() {
                let done = self.layout.seq(std::mem::take(&mut line));
                docs.push(self.layout.group(done));
            }
            line.push(part);
        }
        let last = self.layout.seq(line);
        docs.push(self.layout.group(last));
        let docs = self.layout.seq(docs);
        self.layout.nest(docs)
    }

    /// `(args)` behind `head`; a single argument stays on its line, a lambda at the end keeps its parameters there.
    pub(super) fn call(&mut self, head: Doc, args: &[&Expr]) -> Doc {
        let open = self.token("(");
        let head = self.layout.seq(vec![head, open]);
        match args {
            [arg] if !matches!(arg.kind, ExprKind::Block(..)) => {
                let arg = self.indented_comments(|printer| printer.expr(arg, 0));
                let close = self.close(")");
                if close.comments.is_some() {
                    return self.spread(head, vec![arg], close);
                }
                self.layout.seq(vec![head, arg, close.bracket])
            }
            [args @ .., last]
                if !args.is_empty() && is_lambda(last) && !args.iter().any(|arg| is_lambda(arg)) =>
            {
                let mut docs = Vec::with_capacity(args.len());
                for arg in args {
                    let arg = self.expr(arg, 0);
                    let comma = self.token(",");
                    docs.push(self.layout.seq(vec![arg, comma]));
                }
                self.with_lambda(head, docs, last)
            }
            _ => {
                let items = self.items(args, |printer, arg| printer.expr(arg, 0));
                let close = self.close(")");
                self.spread(head, items, close)
            }
        }
    }

    /// `head args, |params| body)`: the body below the rest, or everything on lines of its own.
    pub(super) fn with_lambda(&mut self, head: Doc, mut args: Vec<Doc>, func: &Expr) -> Doc {
        let (ExprKind::Lambda(params, body), true) = (&func.kind, func.notes.is_empty()) else {
            args.push(self.expr(func, 0));
            let close = self.close(")");
            return self.spread(head, args, close);
        };
        let params = self.params(params);
        let body = self.body(body);
        let close = self.close(")");

        let mut hugged = vec![head];
        for arg in &args {
            hugged.push(*arg);
            hugged.push(self.layout.text(" "));
        }
        hugged.push(params);
        let probe = self.layout.seq(hugged.clone());
        let line = self.layout.soft(" ");
        hugged.push(self.closed(vec![line, body], close));
        let hugged = self.layout.seq(hugged);

        args.push(self.below(params, body));
        let spread = self.spread(head, args, close);
        let both = self.layout.choice(probe, hugged, spread);
        self.layout.group(both)
    }

    /// `body` behind `head`, or on the lines below it.
    pub(super) fn below(&mut self, head: Doc, body: Doc) -> Doc {
        let line = self.layout.soft(" ");
        let body = self.layout.seq(vec![line, body]);
        let body = self.layout.nest(body);
        let all = self.layout.seq(vec![head, body]);
        self.layout.group(all)
    }
}

/// Whether its parameters may stand at the end of a line of arguments.
fn is_lambda(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Lambda(..)) && expr.notes.is_empty()
}
