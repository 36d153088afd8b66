#![forbid(unsafe_code)]
//! Type aliases: replaced by what they stand for.

use super::Expander;
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::ir::Scalar;
use crate::syntax::ast::{Alias, Ident, Ty, TyKind};
use crate::syntax::foreign_type;

/// How many parts a type may have, and how deep it may be, when its aliases are replaced.
const MAX_PARTS: usize = 65_536;
const MAX_DEPTH: usize = 256;

impl Expander<'_> {
    pub(super) fn define_aliases(&mut self, aliases: &[Alias]) {
        let mut first: std::collections::HashMap<&str, Span> = std::collections::HashMap::new();
        for alias in aliases {
            let ty = self.ty(&alias.ty, None);
            if let Some(earlier) = first.insert(&alias.name.text, alias.name.span) {
                let title = format!("two types are named `{}`", alias.name.text);
                let message =
                    Diagnostic::new(Code::DuplicateName, alias.name.span, title).label("again here");
                self.report(message.related(earlier, "first here").help("rename or remove one of them"));
            }
            self.aliases.insert(alias.name.text.clone(), ty);
        }
    }

    /// The type without aliases. `span`, when given, becomes the place of all its parts.
    pub(super) fn ty(&mut self, ty: &Ty, span: Option<Span>) -> Ty {
        let mut parts = 0;
        let part = self.part(ty, span, 0, &mut parts);
        // What is built from a type that is too large would say the same again.
        if parts > MAX_PARTS { Ty { kind: TyKind::Hole, span: part.span } } else { part }
    }

    /// The scalar that an alias stands for, which makes it the name of a cast.
    pub(super) fn scalar_alias(&self, name: &str) -> Option<Scalar> {
        match self.aliases.get(name).map(|ty| &ty.kind) {
            Some(TyKind::Scalar(scalar)) => Some(*scalar),
            _ => None,
        }
    }

    fn part(&mut self, ty: &Ty, span: Option<Span>, depth: usize, parts: &mut usize) -> Ty {
        let place = span.unwrap_or(ty.span);
        *parts += 1;
        if *parts > MAX_PARTS || depth > MAX_DEPTH {
            // The parts that follow would say the same.
            if *parts <= MAX_PARTS + 1 {
                let title =
                    format!("this type has more than {MAX_PARTS} parts or is more than {MAX_DEPTH} deep");
                self.report(
                    Diagnostic::new(Code::TypeTooLarge, place, title).label("with its aliases replaced"),
                );
            }
            *parts = MAX_PARTS + 1;
            return Ty { kind: TyKind::Hole, span: place };
        }
        let mut one = |part: &Ty| Box::new(self.part(part, span, depth + 1, parts));
        let kind = match &ty.kind {
            TyKind::Scalar(scalar) => TyKind::Scalar(*scalar),
            TyKind::Hole => TyKind::Hole,
            TyKind::Simd(elem) => TyKind::Simd(one(elem)),
            TyKind::Vec(elem) => TyKind::Vec(one(elem)),
            TyKind::Dict(pair) => TyKind::Dict(Box::new((*one(&pair.0), *one(&pair.1)))),
            TyKind::Struct(fields) => TyKind::Struct(fields.iter().map(|field| *one(field)).collect()),
            TyKind::Appender(elem) => TyKind::Appender(one(elem)),
            TyKind::Merger(value, op) => TyKind::Merger(one(value), *op),
            TyKind::DictMerger(pair, op) => TyKind::DictMerger(Box::new((*one(&pair.0), *one(&pair.1))), *op),
            TyKind::GroupMerger(pair) => TyKind::GroupMerger(Box::new((*one(&pair.0), *one(&pair.1)))),
            TyKind::VecMerger(elem, op) => TyKind::VecMerger(one(elem), *op),
            TyKind::Alias(name) => return self.alias(name, place, depth, parts),
        };
        Ty { kind, span: place }
    }

    fn alias(&mut self, name: &Ident, place: Span, depth: usize, parts: &mut usize) -> Ty {
        // What an alias stands for has no aliases any more; the walk gives it its place and counts its parts.
        if let Some(ty) = self.aliases.get(&name.text).cloned() {
            return self.part(&ty, Some(place), depth, parts);
        }
        let title = format!("no type is named `{}`", name.text);
        let message = Diagnostic::new(Code::UnknownType, name.span, title).label("unknown");
        let foreign = foreign_type(&name.text).map(str::to_string);
        let known =
            Scalar::ALL.iter().map(|scalar| scalar.name()).chain(self.aliases.keys().map(|text| &**text));
        self.report(match foreign.or_else(|| suggest(&name.text, known)) {
            Some(nearest) => message.help(format!("did you mean `{nearest}`?")),
            None => message.help(format!("define it before the program, as in `type {} = i64;`", name.text)),
        });
        Ty { kind: TyKind::Hole, span: place }
    }
}
