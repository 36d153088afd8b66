#![forbid(unsafe_code)]
//! The input values of a session, by name.
//!
//! Promises: a value stays until another one of its name comes, so that programs with the same inputs can be tried one
//! after the other; a program sees only values of exactly its types.

use crate::ir::{Program, Ty};
use crate::value::Value;
use std::collections::BTreeMap;

/// An input value and its type.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// The type it was read as.
    pub ty: Ty,
    /// The value.
    pub value: Value,
    /// How it was given, such as `@prices.csv:amount`.
    pub origin: String,
}

/// Every input that was given so far.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    given: BTreeMap<String, Given>,
}

impl Inputs {
    /// Gives an input, in place of an earlier one of the name.
    pub fn set(&mut self, name: &str, given: Given) {
        self.given.insert(name.to_string(), given);
    }

    /// The value for a parameter, if there is one of its type.
    pub fn fitting(&self, name: &str, ty: &Ty) -> Option<&Given> {
        self.given.get(name).filter(|given| given.ty == *ty)
    }

    /// Every name with its value, in order of the names.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Given)> {
        self.given.iter().map(|(name, given)| (name.as_str(), given))
    }

    /// The values for the parameters of a program, or the name of the first one that is missing.
    pub fn arguments(&self, program: &Program) -> Result<Vec<Value>, String> {
        let params = program.func.params.iter();
        let values = params.map(|param| {
            let name = param.name.text();
            self.fitting(name, &param.ty).map(|given| given.value.clone()).ok_or_else(|| name.to_string())
        });
        values.collect()
    }
}
