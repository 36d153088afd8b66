#![forbid(unsafe_code)]
//! The table of passes: what each fired, what it left, what it cost and what it gained.

use super::duration::{median, short};
use super::stats::speedup;
use super::steps::{Fold, folds};
use super::table::{Column, Field, render};
use super::{Role, Screen};
use crate::ir::Program;
use crate::passes::{Step, Trace};
use crate::plan::cost::{Counters, counters};
use std::time::Duration;

/// The program of one step, run.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// The times of its runs; empty when it failed.
    pub times: Vec<Duration>,
    /// Whether the outcome is that of step 0; `None` for step 0 itself.
    pub same: Option<bool>,
    /// The kind of error it ended with.
    pub error: Option<String>,
}

/// The largest gain is told when it is at least this factor.
const WORTH_TELLING: f64 = 1.1;

/// The table. `runs` is empty, or has one entry for step 0 and one for each pass.
pub fn table(core: &Program, front: Duration, trace: &Trace, runs: &[Measured], screen: Screen) -> String {
    let columns = columns(!runs.is_empty());
    let first = counters(core);
    let mut rows = vec![Row {
        number: "0".to_string(),
        name: "macros, types".to_string(),
        fired: "-".to_string(),
        counters: Some((first.clone(), first)),
        compile: front,
        run: runs.first(),
        note: String::new(),
    }];
    for fold in folds(trace) {
        rows.push(match fold {
            Fold::Step(number, step) => Row {
                number: number.to_string(),
                name: step.pass.name.to_string(),
                fired: step.firings.len().to_string(),
                counters: step.changed().then(|| (step.counters_before.clone(), step.counters_after.clone())),
                compile: step.time,
                run: runs.get(number),
                note: note(step),
            },
            Fold::Unchanged(number, steps) => Row {
                number: if steps.len() == 1 {
                    number.to_string()
                } else {
                    format!("{number}-{}", number + steps.len() - 1)
                },
                name: match steps {
                    [step] => step.pass.name.to_string(),
                    _ => format!("({} passes)", steps.len()),
                },
                fired: "-".to_string(),
                counters: None,
                compile: steps.iter().map(|step| step.time).sum(),
                run: None,
                note: String::new(),
            },
        });
    }
    let rows: Vec<Vec<Field>> = rows.iter().map(|row| row.fields(!runs.is_empty())).collect();
    let mut text = render(&columns, &rows, screen);
    if let Some((number, gain)) = largest_gain(trace, runs) {
        let name = number.checked_sub(1).and_then(|at| trace.steps.get(at)).map_or("", |step| step.pass.name);
        text.push_str(&format!("largest gain: step {number} {name}, {gain:.1} times as fast\n"));
    }
    text
}

fn columns(with_runs: bool) -> Vec<Column> {
    let mut columns = vec![
        Column::number("#"),
        Column::text("pass", 10),
        Column::number("fired").optional(1),
        Column::number("nodes").optional(4),
        Column::number("loops"),
        Column::number("temps").optional(3),
        Column::text("bytes est.", 12).optional(5),
        Column::number("compile").optional(2),
    ];
    if with_runs {
        columns.push(Column::number("run"));
        columns.push(Column::text("same", 4));
    }
    columns.push(Column::text("", 18).optional(6));
    columns
}

struct Row<'a> {
    number: String,
    name: String,
    fired: String,
    /// Before and after; `None` when nothing changed.
    counters: Option<(Counters, Counters)>,
    compile: Duration,
    run: Option<&'a Measured>,
    note: String,
}

impl Row<'_> {
    fn fields(&self, with_runs: bool) -> Vec<Field> {
        let change = |value: fn(&Counters) -> String| match &self.counters {
            Some((before, after)) if value(before) != value(after) => {
                Field::from(format!("{} -> {}", value(before), value(after))).role(Role::Cost)
            }
            Some((_, after)) => Field::from(value(after)),
            None => Field::from(""),
        };
        let mut fields = vec![
            Field::from(self.number.as_str()),
            Field::from(self.name.as_str()).role(Role::Rule),
            Field::from(self.fired.as_str()),
            if self.counters.is_some() {
                change(|counters| counters.nodes.to_string())
            } else {
                Field::from("unchanged")
            },
            change(|counters| counters.loops.to_string()),
            change(|counters| counters.temps.to_string()),
            // The formula before stands in the row above.
            Field::from(self.counters.as_ref().map_or("", |(_, after)| after.bytes.as_str())),
            Field::from(short(self.compile)),
        ];
        if with_runs {
            fields.push(match self.run {
                Some(Measured { error: Some(error), .. }) => Field::from(error.as_str()).role(Role::Error),
                Some(measured) => Field::from(short(median(&measured.times))).role(Role::Cost),
                None => Field::from(""),
            });
            fields.push(match self.run.map(|measured| measured.same) {
                None => Field::from(""),
                Some(None) => Field::from("-"),
                Some(Some(true)) => Field::from("yes"),
                Some(Some(false)) => Field::from("NO").role(Role::Error),
            });
        }
        fields.push(Field::from(self.note.as_str()).role(Role::Dim));
        fields
    }
}

fn note(step: &Step) -> String {
    match step.missed.len() {
        0 => String::new(),
        1 => "not done: 1 reason".to_string(),
        missed => format!("not done: {missed} reasons"),
    }
}

/// The step after which the program ran faster by the largest factor, and this factor.
fn largest_gain(trace: &Trace, runs: &[Measured]) -> Option<(usize, f64)> {
    let gains = runs.windows(2).zip(&trace.steps).enumerate().filter_map(|(at, (pair, step))| match pair {
        [before, after] if step.changed() && !before.times.is_empty() && !after.times.is_empty() => {
            // Less than this is the noise of starting a run.
            let is_long = median(&before.times) >= Duration::from_micros(10);
            is_long.then(|| (at + 1, speedup(&before.times, &after.times)))
        }
        _ => None,
    });
    let best = gains.max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.filter(|(_, gain)| *gain >= WORTH_TELLING)
}

#[cfg(test)]
mod tests;
