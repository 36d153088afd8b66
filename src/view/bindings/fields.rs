#![forbid(unsafe_code)]
//! Names of parameters as names of fields.
//!
//! Promises: a name that the language allows is kept; any other becomes one that is allowed and is nobody else's: with `_`
//! for each `$`, then with `_` at the end, then with `arg` in front.

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
        let plain = own.replace('$', "_");
        let argument = format!("arg{plain}");
        let first = [plain.clone(), format!("{plain}_"), argument.clone()];
        let mut candidates =
            first.into_iter().chain((2..).map(|number: usize| format!("{argument}{number}")));
        let free = candidates.find(|name| is_allowed(name) && !taken.contains(name));
        let name = free.unwrap_or(plain);
        taken.insert(name.clone());
        name
    });
    made.collect()
}

#[cfg(test)]
mod tests {
    use super::names;
    use crate::diag::{Origin, SourceId, Span};
    use crate::ir::{Names, Param, Ty};

    #[test]
    fn names_are_kept_or_made_and_never_given_twice() {
        let mut supply = Names::default();
        let origin = Origin::from(Span::new(SourceId(0), 0, 0));
        let own = ["$0", "_0", "x", "_A", "_A_", "$A", "end"];
        let params = own.map(|name| Param { name: supply.fresh(name), ty: Ty::I64, origin: origin.clone() });
        let found = names(&params, |name| !name.starts_with("_A") && name != "end");
        assert_eq!(found, ["_0_", "_0", "x", "arg_A", "arg_A_", "arg_A2", "end_"]);
    }
}
