#![forbid(unsafe_code)]
//! Whole programs: definitions, an empty line between kinds of them, the body.

use super::source::Source;
use super::{Doc, Printer};
use crate::ir::layout::Layout;
use crate::syntax::ast::{Alias, ExprKind, Macro, Program};

/// A definition in the order of the source.
enum Definition<'p> {
    Alias(&'p Alias),
    Macro(&'p Macro),
}

impl Definition<'_> {
    fn place(&self) -> u32 {
        match self {
            Definition::Alias(alias) => alias.name.span.lo,
            Definition::Macro(definition) => definition.name.span.lo,
        }
    }

    fn is_alias(&self) -> bool {
        matches!(self, Definition::Alias(_))
    }
}

/// The text of a program with the comments of its source, without a line break at the end; of no program, the comments.
pub(in crate::syntax) fn program(program: Option<&Program>, source: Source<'_>, layout: Layout) -> String {
    let mut printer = Printer::new(layout, Some(source));
    let mut docs = Vec::new();
    printer.border = Some(true);
    if let Some(program) = program {
        printer.definitions(program, &mut docs);
        docs.push(printer.body(&program.body));
        printer.border = Some(false);
    }
    docs.push(printer.rest());
    let doc = printer.layout.seq(docs);
    printer.layout.render(doc)
}

impl Printer<'_> {
    fn definitions(&mut self, program: &Program, docs: &mut Vec<Doc>) {
        let aliases = program.aliases.iter().map(Definition::Alias);
        let mut all: Vec<Definition> = aliases.chain(program.macros.iter().map(Definition::Macro)).collect();
        all.sort_by_key(Definition::place);
        for (at, definition) in all.iter().enumerate() {
            docs.push(match definition {
                Definition::Alias(alias) => self.alias(alias),
                Definition::Macro(definition) => self.definition(definition),
            });
            docs.push(self.layout.hard());
            if all.get(at + 1).is_none_or(|next| next.is_alias() != definition.is_alias()) {
                docs.push(self.layout.blank());
            }
            self.border = Some(false);
        }
    }

    fn alias(&mut self, alias: &Alias) -> Doc {
        let mut docs = vec![self.token("type"), self.layout.text(" "), self.name(&alias.name)];
        docs.extend([self.layout.text(" "), self.token("="), self.layout.text(" ")]);
        docs.push(self.ty(&alias.ty));
        docs.push(self.token(";"));
        self.layout.seq(docs)
    }

    fn definition(&mut self, definition: &Macro) -> Doc {
        let mut docs = vec![self.token("macro"), self.layout.text(" "), self.name(&definition.name)];
        let open = self.token("(");
        let params = self.items(&definition.params, |printer, param| printer.name(param));
        let close = self.close(")");
        docs.push(self.paragraph(open, params, close));
        docs.extend([self.layout.text(" "), self.token("=")]);
        let is_block = matches!(definition.body.kind, ExprKind::Block(..));
        let line = if is_block { self.layout.hard() } else { self.layout.text(" ") };
        let body = self.body(&definition.body);
        let body = self.layout.seq(vec![line, body]);
        docs.push(self.layout.nest(body));
        docs.push(self.token(";"));
        self.layout.seq(docs)
    }

    /// The comments behind the last token.
    fn rest(&mut self) -> Doc {
        if let Some(source) = &mut self.source {
            source.leave_out(u32::MAX);
        }
        self.place("")
    }
}
