#![forbid(unsafe_code)]
//! The types that need a declaration, each once, with their names: the same for every language.
//!
//! Promises: a type stands after all types that it contains; structs, dictionaries and builders of each kind are numbered
//! from 0 in that order.

use crate::diag::stack::deep;
use crate::ir::{BuilderTy, Ty};
use crate::value::layout::{Layout, layout};
use std::collections::HashMap;

/// The types that were needed, in the order of their declarations.
#[derive(Default)]
pub struct Declared {
    order: Vec<Ty>,
    names: HashMap<Ty, String>,
    numbers: HashMap<&'static str, usize>,
}

impl Declared {
    /// The types that these consist of, and themselves.
    pub fn of<'a>(types: impl IntoIterator<Item = &'a Ty>) -> Declared {
        let mut declared = Declared::default();
        for ty in types {
            declared.need(ty);
        }
        declared
    }

    fn need(&mut self, ty: &Ty) {
        if matches!(ty, Ty::Scalar(_)) || self.names.contains_key(ty) {
            return;
        }
        deep(|| match ty {
            Ty::Struct(fields) => fields.iter().for_each(|field| self.need(field)),
            Ty::Vec(elem) => self.need(elem),
            Ty::Dict(entry) => {
                self.need(&entry.0);
                self.need(&entry.1);
            }
            _ => {}
        });
        let name = match ty {
            Ty::Vec(elem) => format!("vec_{}", self.name(elem)),
            _ => {
                let number = self.numbers.entry(kind(ty)).or_default();
                *number += 1;
                format!("{}{}", kind(ty), *number - 1)
            }
        };
        self.order.push(ty.clone());
        self.names.insert(ty.clone(), name);
    }

    /// The types in the order of their declarations.
    pub fn iter(&self) -> impl Iterator<Item = &Ty> {
        self.order.iter()
    }

    /// The name of a type: `struct0`, `vec_i64`, `dict0`; that of the language for a scalar.
    pub fn name(&self, ty: &Ty) -> &str {
        match ty {
            Ty::Scalar(scalar) => scalar.name(),
            _ => self.names.get(ty).map_or("", String::as_str),
        }
    }

    /// The same in words that begin with capitals: `Struct0`, `VecI64`, `Dict0`.
    pub fn class(&self, ty: &Ty) -> String {
        let words = self.name(ty).split('_').map(|word| {
            let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
            first.to_ascii_uppercase() + rest
        });
        words.collect()
    }
}

/// What a type that has a number is called.
fn kind(ty: &Ty) -> &'static str {
    match ty {
        Ty::Scalar(scalar) => scalar.name(),
        Ty::Struct(_) => "struct",
        Ty::Vec(_) => "vec",
        Ty::Dict(_) => "dict",
        Ty::Builder(builder) => match &**builder {
            BuilderTy::Appender(_) => "appender",
            BuilderTy::Merger(..) => "merger",
            BuilderTy::DictMerger(..) => "dictmerger",
            BuilderTy::GroupMerger(..) => "groupmerger",
            BuilderTy::VecMerger(..) => "vecmerger",
        },
        // Neither is ever the type of an argument or a result.
        Ty::Simd(_) | Ty::Infer(_) => "opaque",
    }
}

/// What a type looks like to a program that is not Weld.
pub enum Form<'a> {
    /// Something with fields.
    Struct(&'a [Ty]),
    /// A pointer to elements, and how many.
    Vec(&'a Ty),
    /// A pointer to something that is Weld's, whose entries have this key and this value.
    Dict { key: &'a Ty, value: &'a Ty },
    /// A pointer to something that is Weld's.
    Pointer,
    /// So many integers of so many bits that are Weld's.
    Words { bits: usize, count: usize },
}

/// The form of a type that has a declaration.
pub fn form(ty: &Ty) -> Form<'_> {
    match ty {
        Ty::Struct(fields) => Form::Struct(fields),
        Ty::Vec(elem) => Form::Vec(elem),
        Ty::Dict(entry) => Form::Dict { key: &entry.0, value: &entry.1 },
        Ty::Builder(builder)
            if matches!(**builder, BuilderTy::DictMerger(..) | BuilderTy::GroupMerger(..)) =>
        {
            Form::Pointer
        }
        _ => {
            let Layout { size, align } = layout(ty);
            Form::Words { bits: 8 * align, count: size / align.max(1) }
        }
    }
}

/// Whether a value of this type takes any memory: neither `{}` nor a struct of such does.
pub fn has_room(ty: &Ty) -> bool {
    layout(ty).size > 0
}

/// What stands behind the type where its declaration says little.
pub fn note(ty: &Ty) -> &'static str {
    match ty {
        Ty::Dict(_) => ": weld_dict_len counts its entries, weld_dict_entries leads to them",
        Ty::Builder(_) => {
            ": only Weld looks into a builder; it comes from a result and goes into an argument"
        }
        _ => "",
    }
}

/// Bytes of an entry of a dictionary, unless it takes no room.
pub fn entry_layout(key: &Ty, value: &Ty) -> Option<Layout> {
    Some(layout(&Ty::tuple(vec![key.clone(), value.clone()]))).filter(|entry| entry.size > 0)
}
