#![forbid(unsafe_code)]
//! The plan of a program as text.

use super::{plan, sorts};
use crate::diag::SourceMap;
use crate::ir::Program;

/// How the loops and sorts of a program will run, with the places they came from.
pub fn text(program: &Program, sources: &SourceMap) -> String {
    let (loops, sorts) = (plan(program), sorts::sorts(program));
    if loops.is_empty() && sorts.is_empty() {
        return "no loops\n".to_string();
    }
    let texts = loops.iter().map(|plan| (&plan.origin, plan.to_string()));
    let texts = texts.chain(sorts.iter().map(|plan| (&plan.origin, plan.to_string())));
    let shown = texts.map(|(origin, text)| {
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let rest = if rest.is_empty() { String::new() } else { format!("{rest}\n") };
        format!("{first}, from {}\n{rest}", sources.place(origin.primary()))
    });
    shown.collect()
}
