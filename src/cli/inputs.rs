#![forbid(unsafe_code)]
//! From `-i` and `#@ in` to the values a program wants.
//!
//! Promises: all that is missing is told at once, with how to give it; a name that the program does not have is an error,
//! never ignored.

use super::args::Input;
use super::context::Loaded;
use super::failure::Failure;
use crate::diag::suggest;
use crate::inputs::load;
use crate::value::Value;
use crate::view::program::{Need, needs};

/// One value for each parameter of the program, in order.
pub fn values(loaded: &Loaded, given: &[Input]) -> Result<Vec<Value>, Failure> {
    let program = &loaded.checked.program;
    let params = &program.func.params;
    let names = || params.iter().map(|param| param.name.text());
    for (at, input) in given.iter().enumerate() {
        if !names().any(|name| name == input.name) {
            return Err(Failure::usage(
                format!("the program has no input `{}`", input.name),
                there_are(&input.name, names()),
            ));
        }
        if given.iter().take(at).any(|other| other.name == input.name) {
            return Err(Failure::usage(format!("the input `{}` is given twice", input.name), None));
        }
    }
    for input in &loaded.header.inputs {
        if !names().any(|name| name == input.name) {
            let message = format!("line {}: the program has no input `{}`", input.line, input.name);
            return Err(Failure::input(message, there_are(&input.name, names())));
        }
    }
    let spec = |name: &str| {
        let option = given.iter().find(|input| input.name == name).map(|input| input.spec.clone());
        let header = || loaded.header.inputs.iter().find(|input| input.name == name);
        option.or_else(|| header().map(|input| input.spec_beside(loaded.folder.as_deref())))
    };
    let missing = needs(program, &|name| spec(name).is_some());
    if !missing.is_empty() {
        return Err(not_given(&missing));
    }
    let load_one = |param: &crate::ir::Param| {
        let text = spec(param.name.text()).unwrap_or_default();
        load(&text, &param.ty).map_err(|error| {
            let hint = error.hint.or_else(|| Some(format!("`{}` is a {}", param.name, param.ty)));
            Failure::input(format!("input `{}`: {}", param.name, error.message), hint)
        })
    };
    params.iter().map(load_one).collect()
}

/// Whether every parameter has a value from somewhere, so that `values` would not ask for one.
pub fn all_given(loaded: &Loaded, given: &[Input]) -> bool {
    let known = |name: &str| {
        given.iter().any(|input| input.name == name)
            || loaded.header.inputs.iter().any(|input| input.name == name)
    };
    needs(&loaded.checked.program, &known).is_empty()
}

fn not_given(missing: &[Need]) -> Failure {
    let list: Vec<String> = missing.iter().map(|need| format!("{}: {}", need.name, need.ty)).collect();
    let (what, is) = if missing.len() == 1 { ("an input", "is") } else { ("inputs", "are") };
    let literals: Vec<String> =
        missing.iter().map(|need| format!("-i '{}={}'", need.name, need.example)).collect();
    let first = missing.first().map_or("", |need| need.name.as_str());
    let hint = format!("give a literal:  {}\nor a file:  -i {first}=@FILE", literals.join(" "));
    Failure::input(format!("{what} of the program {is} missing: {}", list.join(", ")), Some(hint))
}

/// A hint that names the nearest input, or all of them.
fn there_are<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = suggest(name, names.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let names: Vec<&str> = names.collect();
    Some(if names.is_empty() {
        "it has no inputs".to_string()
    } else {
        format!("its inputs are {}", names.join(", "))
    })
}
