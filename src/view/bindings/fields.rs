#![forbid(unsafe_code)]
//! Names of parameters as names of fields.
//!
//! Promises: a name that the language allows is kept; any other becomes one that is allowed and is nobody else's, by `_`
//! for each `$` and `_` at the end.

use crate::ir::Param;
use std::collections::HashSet;

/// A name for each parameter.
pub fn names(params: &[Param], is_allowed: impl Fn(&str) -> bool) -> Vec<String> {
    let is_kept = |name: &str| !name.contains('$') && is_allowed(name);
    let kept = params.iter().map(|param| param.name.text()).filter(|name| is_kept(name));
    let mut taken: HashSet<String> = kept.map(str::to_string).collect();
    let made = params.iter().map(|param| {
        let own = param.name.text();
        if is_kept(own) {
            return own.to_string();
        }
        let mut name = own.replace('$', "_");
        while !is_allowed(&name) || taken.contains(&name) {
            name.push('_');
        }
        taken.insert(name.clone());
        name
    });
    made.collect()
}
