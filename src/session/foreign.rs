#![forbid(unsafe_code)]
//! The C functions of a program: whether they are there before anything runs.

use crate::diag::{Code, Diagnostic};
use crate::ir::{ExprKind, Program, visit};
use crate::runtime::Libraries;
use std::collections::{HashMap, HashSet};

/// One message for each place that calls a function that neither the process nor a library has.
/// `how` says how one is loaded.
pub(super) fn unknown(program: &Program, libraries: &Libraries, how: &str) -> Vec<Diagnostic> {
    let mut known: HashMap<&str, bool> = HashMap::new();
    let (mut seen, mut messages) = (HashSet::new(), Vec::new());
    visit::walk(&program.func.body, &mut |expr| {
        let ExprKind::CUdf(name, _) = &expr.kind else { return };
        let span = expr.origin.primary();
        if *known.entry(name).or_insert_with(|| libraries.find(name).is_some()) || !seen.insert(span) {
            return;
        }
        let looked: Vec<String> = libraries.names().map(|library| format!("`{library}`")).collect();
        let label = if looked.is_empty() {
            "not in this process, and no library is loaded".to_string()
        } else {
            format!("not in this process, nor in {}", looked.join(", "))
        };
        messages.push(
            Diagnostic::new(Code::UnknownCFunction, span, format!("there is no C function `{name}`"))
                .label(label)
                .help(format!("load the library that has it: {how}")),
        );
    });
    messages
}
