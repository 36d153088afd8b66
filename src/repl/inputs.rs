#![forbid(unsafe_code)]
//! The input values of a session, by name.
//!
//! Promises: a value stays until another one of its name comes, so that programs with the same inputs can be tried one
//! after the other; a program sees only values of exactly its types.

use super::Repl;
use super::reply::Failure;
use crate::diag::suggest;
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
    pub spec: String,
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

impl Repl {
    /// Reads an input from a literal, or from `@FILE[:COLUMN]`.
    pub(super) fn give(&mut self, name: &str, spec: &str) -> Result<Given, Failure> {
        let ty = self.input_ty(name)?;
        let value = crate::inputs::load(spec, &ty)
            .map_err(|error| Failure::new(format!("`{name}`: {}", error.message)).maybe_help(error.hint))?;
        let given = Given { ty, value, spec: spec.to_string() };
        self.inputs.set(name, given.clone());
        Ok(given)
    }

    /// The type of an input of the current program.
    pub(super) fn input_ty(&self, name: &str) -> Result<Ty, Failure> {
        let params = &self.entered()?.checked.program.func.params;
        if let Some(param) = params.iter().find(|param| param.name.text() == name) {
            return Ok(param.ty.clone());
        }
        let names = || params.iter().map(|param| param.name.text());
        let help = match suggest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if params.is_empty() => "it has no inputs at all".to_string(),
            None => format!("its inputs are {}", names().collect::<Vec<_>>().join(", ")),
        };
        Err(Failure::new(format!("the program has no input `{name}`")).help(help))
    }
}
