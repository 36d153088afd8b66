#![forbid(unsafe_code)]
//! The whole walk through a compilation: program, typed program, passes, plan of loops.

use super::steps::Viewer;
use super::{Role, Screen, program, stats};
use crate::diag::SourceMap;
use crate::passes::Optimized;
use crate::session::Checked;

/// Program, step 0, every pass that changed something or nearly did, and the plan of loops.
pub fn walk(checked: &Checked, optimized: &Optimized, sources: &SourceMap, screen: Screen) -> String {
    let mut text = heading("program", screen);
    text.push_str(&program::source(&sources.text(checked.source)));
    text.push_str(&format!("type {}\n\n", program::signature(&checked.program)));
    text.push_str(&heading("passes", screen));
    let viewer = Viewer::brief(sources, screen);
    text.push_str(&viewer.zero(&checked.program));
    text.push_str(&viewer.steps(&optimized.trace));
    if let Some(error) = &optimized.internal_error {
        text.push_str(&format!("{}\n", screen.paint(Role::Error, error)));
    }
    text.push('\n');
    text.push_str(&heading("loops", screen));
    text.push_str(&stats::plan(&optimized.program, sources, screen));
    text
}

/// A heading of a part.
pub fn heading(name: &str, screen: Screen) -> String {
    format!("{}\n", screen.paint(Role::Heading, &format!("== {name}")))
}
