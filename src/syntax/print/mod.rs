#![forbid(unsafe_code)]
//! A tree as Weld text in its canonical form.
//!
//! Promises: the text parses back to the same tree, up to spans, with as few parentheses as the grammar allows; the
//! layout depends on the tree and its comments alone; names that differ only in their marks print differently
//! (`x`, `x__1`) and look like no other name; the time is linear.

mod expr;
mod lists;
mod program;
pub(super) mod source;
#[cfg(test)]
mod tests;
mod words;

use super::ast::{Expr, ExprKind, Ident, Ty};
use super::token::TokenKind;
use crate::diag::Span;
use crate::ir::layout::{Doc, Layout};
use source::{Before, Source};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub(super) use program::program;

/// The text of `expr` in lines of about `width` columns.
pub fn print(expr: &Expr, width: u32) -> String {
    let mut printer = Printer::new(Layout::with_lines(width, "\n"), None);
    printer.reserve(expr);
    let doc = printer.expr(expr, 0);
    printer.layout.render(doc)
}

struct Printer<'a> {
    layout: Layout,
    /// Where the tree was read from; literals and types keep their spelling.
    source: Option<Source<'a>>,
    /// Set where an empty line may stay; `true` where it may not stand before the first comment.
    border: Option<bool>,
    /// How many tokens have been printed, and which of them have comments before them.
    printed: usize,
    commented: Vec<usize>,
    /// The texts of the names with marks.
    names: HashMap<Ident, Arc<str>>,
    taken: HashSet<Arc<str>>,
}

/// The end of a list: the comments before its bracket, which belong to the items, and the bracket.
#[derive(Clone, Copy)]
struct Close {
    comments: Option<Doc>,
    bracket: Doc,
}

impl<'a> Printer<'a> {
    fn new(layout: Layout, source: Option<Source<'a>>) -> Printer<'a> {
        Printer {
            layout,
            source,
            border: None,
            printed: 0,
            commented: Vec::new(),
            names: HashMap::new(),
            taken: HashSet::new(),
        }
    }

    /// Keeps the user's names as they are, so that no other name can look like one of them.
    fn reserve(&mut self, expr: &Expr) {
        let mut pending = vec![expr];
        while let Some(expr) = pending.pop() {
            let mut keep = |name: &Ident| {
                if name.mark == 0 {
                    self.taken.insert(name.text.clone());
                }
            };
            match &expr.kind {
                ExprKind::Ident(name) => keep(name),
                ExprKind::Block(lets, _) => lets.iter().for_each(|binding| keep(&binding.name)),
                ExprKind::Lambda(params, _) => params.iter().for_each(|param| keep(&param.name)),
                _ => {}
            }
            expr.kind.for_each_child(&mut |child| pending.push(child));
        }
    }

    fn name_text(&mut self, name: &Ident) -> Arc<str> {
        if name.mark == 0 {
            return name.text.clone();
        }
        if let Some(text) = self.names.get(name) {
            return text.clone();
        }
        let mut text = format!("{}__{}", name.text, name.mark);
        while self.taken.contains(text.as_str()) {
            text.push('_');
        }
        let text: Arc<str> = text.into();
        self.taken.insert(text.clone());
        self.names.insert(name.clone(), text.clone());
        text
    }

    /// A name.
    fn name(&mut self, name: &Ident) -> Doc {
        if let Some(source) = &mut self.source {
            source.find_at(name.span);
        }
        let text = self.name_text(name);
        self.place(text.to_string())
    }

    /// A word or sign of the grammar.
    fn token(&mut self, text: &'static str) -> Doc {
        if let Some(source) = &mut self.source {
            source.find(text);
        }
        self.place(text)
    }

    /// The token that begins at `span` as it is spelled there, `text` when there is none.
    fn spelled(&mut self, span: Span, text: impl FnOnce() -> String) -> Doc {
        let Some(source) = &mut self.source else { return self.place(text()) };
        let found = match source.find_at(span) {
            // A minus and a number are one literal.
            Some((TokenKind::Minus, minus)) => {
                let number = source.next_if(|_| true).map_or("", |token| source.snippet(token));
                Some(format!("{minus}{number}"))
            }
            found => found.map(|(_, text)| text.to_string()),
        };
        let text = found.unwrap_or_else(text);
        self.place(text)
    }

    /// Text with the comments before it.
    fn place(&mut self, text: impl Into<Cow<'static, str>>) -> Doc {
        let text = text.into();
        let (comments, _) = self.comments(&text);
        let text = self.layout.text(text);
        match comments {
            Some(comments) => self.layout.seq(vec![comments, text]),
            None => text,
        }
    }

    /// The comments and empty lines before `text`, which is printed next; whether there are comments.
    fn comments(&mut self, text: &str) -> (Option<Doc>, bool) {
        let border = self.border.take();
        self.printed += 1;
        let before = self.source.as_mut().map_or_else(Before::default, |source| source.before(text));
        let (blank, any) = (before.blank, !before.comments.is_empty());
        let mut docs = Vec::new();
        for (at, comment) in before.comments.into_iter().enumerate() {
            if comment.blank && border.is_some_and(|first| !first || at > 0) {
                docs.push(self.layout.blank());
            }
            docs.push(self.layout.comment(comment.text, comment.trailing));
        }
        if blank && border.is_some_and(|first| !first || any) {
            docs.push(self.layout.blank());
        }
        if any {
            self.commented.push(self.printed - 1);
        }
        let docs = (!docs.is_empty()).then(|| self.layout.seq(docs));
        (docs, any)
    }

    /// What `part` prints, indented when comments stand before it.
    fn indented_comments(&mut self, part: impl FnOnce(&mut Self) -> Doc) -> Doc {
        let first = self.printed;
        let doc = part(self);
        if self.commented.binary_search(&first).is_ok() { self.layout.nest(doc) } else { doc }
    }

    fn close(&mut self, bracket: &'static str) -> Close {
        if let Some(source) = &mut self.source {
            source.find(bracket);
        }
        let (comments, any) = self.comments(bracket);
        let comments = comments.filter(|_| any);
        Close { comments, bracket: self.layout.text(bracket) }
    }

    /// A type, as it is spelled in the source but for spaces.
    fn ty(&mut self, of: &Ty) -> Doc {
        if self.source.is_none() {
            return self.place(words::ty(of));
        }
        let (mut docs, mut in_note) = (Vec::new(), false);
        if let Some(source) = &mut self.source {
            source.leave_out(of.span.lo);
        }
        while let Some(source) = &mut self.source
            && let Some(token) = source.next_if(|token| token.span.lo < of.span.hi)
        {
            let text = source.snippet(token).to_string();
            let closes_next = source.peek().is_some_and(TokenKind::is_closer);
            match token.kind {
                TokenKind::Comma if closes_next => continue,
                TokenKind::Comma => {
                    docs.push(self.place(","));
                    docs.push(self.layout.soft(if in_note { " " } else { "" }));
                    continue;
                }
                TokenKind::At => in_note = true,
                _ => {}
            }
            docs.push(self.place(text));
            let note_ends = in_note && token.kind == TokenKind::CloseParen;
            if note_ends || token.kind == TokenKind::Colon {
                docs.push(self.layout.text(" "));
            }
            in_note &= !note_ends;
        }
        self.filled(docs)
    }
}
