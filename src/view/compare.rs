#![forbid(unsafe_code)]
//! Two optimizations side by side as a table, and where they part.

use super::duration::{short, spread};
use super::table::{Column, Field, render};
use super::{Role, Screen};
use crate::plan::cost::Counters;
use crate::session::measure::{Agreement, Measured};
use crate::session::query::{Comparison, Difference};

/// What the two sides are called, and their runs when they were run.
pub struct Sides<'a> {
    /// Names, such as pipelines or files.
    pub names: [&'a str; 2],
    /// Runs.
    pub runs: Option<[Measured; 2]>,
}

impl Sides<'_> {
    /// Whether both runs gave the same outcome; `None` without runs, or when one did not end.
    pub fn same_answer(&self) -> Option<bool> {
        match self.agreement()? {
            Agreement::Same | Agreement::Rounded => Some(true),
            Agreement::Different => Some(false),
            Agreement::Unknown => None,
        }
    }

    fn agreement(&self) -> Option<Agreement> {
        self.runs.as_ref().and_then(|[_, b]| b.same)
    }
}

/// The comparison.
pub fn compare(comparison: &Comparison, sides: &Sides, screen: Screen) -> String {
    const COLUMNS: &[Column] = &[Column::text("", 8), Column::text("A", 8), Column::text("B", 8)];
    let mut rows = vec![row("", sides.names.map(str::to_string))];
    let counters = &comparison.counters;
    let mut counted = |what: &str, value: &dyn Fn(&Counters) -> String| {
        rows.push(row(what, [value(&counters[0]), value(&counters[1])]));
    };
    counted("loops", &|counters| counters.loops.to_string());
    counted("temps", &|counters| counters.temps.to_string());
    counted("nodes", &|counters| counters.nodes.to_string());
    counted("bytes est.", &|counters| counters.bytes.clone());
    rows.push(row("firings", comparison.firings.map(|firings| firings.to_string())));
    rows.push(row("pass time", comparison.time.map(short)));
    if let Some(runs) = &sides.runs {
        let shown = |run: &Measured| run.error.clone().unwrap_or_else(|| spread(&run.times));
        rows.push(row("run", [shown(&runs[0]), shown(&runs[1])]));
    }
    // Long pipelines and formulas are cut where a terminal ends, and nowhere else.
    let wide = if screen.bounded { screen } else { Screen { width: usize::MAX, ..screen } };
    let head = screen.paragraph("", "    ", &first(comparison));
    let mut text = head + &render(COLUMNS, &rows, wide);
    match sides.agreement() {
        Some(Agreement::Same) => text += "same answer\n",
        Some(Agreement::Rounded) => text += "same answer, float sums rounded in another order\n",
        Some(Agreement::Different) => {
            text += &format!("{}\n", screen.paint(Role::Error, "NOT the same answer"));
        }
        Some(Agreement::Unknown) | None => {}
    }
    text
}

fn row(what: &str, values: [String; 2]) -> Vec<Field> {
    let differ = values[0] != values[1];
    let value = |text: String| if differ { Field::from(text).role(Role::Cost) } else { Field::from(text) };
    let [a, b] = values;
    vec![Field::from(what), value(a), value(b)]
}

/// Where they part.
pub fn first(comparison: &Comparison) -> String {
    let Some(Difference { steps: [a, b] }) = &comparison.first else {
        return "no difference: every step leaves the same program".to_string();
    };
    let side = |step: &Option<(usize, &'static str)>| match step {
        Some((number, pass)) => format!("step {number} {pass}"),
        None => "no further change".to_string(),
    };
    let end = if comparison.same_program { "; the programs at the end are the same" } else { "" };
    format!("first difference: {} | {}{end}", side(a), side(b))
}
