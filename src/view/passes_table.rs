#![forbid(unsafe_code)]
//! The table of passes: what each fired, what it left, what it cost and what it gained.

use super::duration::{median, short};
use super::stats::{code_line, spared, speedup};
use super::steps::{Fold, folds};
use super::table::{Column, Field, render};
use super::{Role, Screen};
use crate::ir::Program;
use crate::passes::{Step, Trace};
use crate::plan::cost::{Counters, counters};
use crate::session::measure::{Agreement, Judge, Measured, Prefixes};
use std::time::Duration;

/// The largest gain is told when it is at least this factor.
const WORTH_TELLING: f64 = 1.1;

/// The table, with runs when there were any.
pub fn table(
    core: &Program,
    front: Duration,
    trace: &Trace,
    prefixes: Option<&Prefixes>,
    screen: Screen,
) -> String {
    let runs = prefixes.map_or(&[][..], |prefixes| &prefixes.runs);
    let columns = if prefixes.is_some() { with_runs() } else { without_runs() };
    let most = largest_gain(trace, runs);
    let first = counters(core);
    let mut rows = vec![Row {
        number: "0".to_string(),
        name: "macros, types".to_string(),
        fired: String::new(),
        counters: Some((first.clone(), first)),
        compile: front,
        run: runs.first(),
        earned: None,
        note: String::new(),
    }];
    for fold in folds(trace) {
        rows.push(match fold {
            Fold::Step(number, step) => Row {
                number: number.to_string(),
                name: step.pass.name.to_string(),
                fired: step.firings.len().to_string(),
                counters: step
                    .changed()
                    .then(|| (step.counters_before().clone(), step.counters_after().clone())),
                compile: step.time,
                run: runs.get(number),
                earned: number
                    .checked_sub(1)
                    .filter(|_| step.changed())
                    .and_then(|at| earned(runs.get(at)?, runs.get(number)?)),
                note: match most {
                    Some((at, _)) if at == number => "<- largest gain".to_string(),
                    _ => note(step),
                },
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
                fired: "0".to_string(),
                counters: None,
                compile: steps.iter().map(|step| step.time).sum(),
                run: None,
                earned: None,
                note: String::new(),
            },
        });
    }
    let rows: Vec<Vec<Field>> = rows.iter().map(|row| row.fields(prefixes.is_some())).collect();
    let mut text = render(&columns, &rows, screen);
    if let Some((number, gain)) = most {
        let name = number.checked_sub(1).and_then(|at| trace.steps.get(at)).map_or("", |step| step.pass.name);
        text.push_str(&format!("largest gain: step {number} {name}, {gain:.1} times as fast\n"));
    }
    if let Some(code) = runs.iter().rev().find_map(|run| run.code) {
        text.push_str(&format!("after the last step: {}\n", code_line(&code)));
        text.push_str(&spared(&code));
    }
    if prefixes.is_some_and(|prefixes| prefixes.judge == Judge::CompiledCode) {
        let words = "same as compiled code of step 0: the interpreter would take too long";
        text += &screen.paragraph("", "    ", words);
    }
    text
}

fn without_runs() -> Vec<Column> {
    vec![
        Column::number("#"),
        Column::text("pass", 10),
        Column::number("fired").optional(1),
        Column::number("nodes").optional(4),
        Column::number("loops"),
        Column::number("temps").optional(3),
        Column::text("bytes est.", 12).optional(5),
        Column::number("compile").optional(2),
        Column::text("", 18).optional(6),
    ]
}

/// With runs, what a step cost and earned comes before what it counted.
fn with_runs() -> Vec<Column> {
    vec![
        Column::number("#"),
        Column::text("pass", 16),
        Column::number("fired").optional(5),
        Column::number("nodes").optional(6),
        Column::number("loops").optional(2),
        Column::number("temps").optional(4),
        Column::text("bytes est.", 12).optional(3),
        Column::number("compile").optional(1),
        Column::number("LLVM").optional(7),
        Column::number("run"),
        Column::number("spread").optional(3),
        Column::number("earned"),
        Column::text("same", 4),
        Column::text("", 18).optional(8),
    ]
}

struct Row<'a> {
    number: String,
    name: String,
    fired: String,
    /// Before and after; `None` when nothing changed.
    counters: Option<(Counters, Counters)>,
    compile: Duration,
    run: Option<&'a Measured>,
    earned: Option<f64>,
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
            let code = self.run.and_then(|run| run.code);
            fields.push(Field::from(code.map_or(String::new(), |code| short(code.total()))));
            fields.push(match self.run {
                Some(Measured { error: Some(error), .. }) => Field::from(error.as_str()).role(Role::Error),
                Some(measured) => Field::from(short(median(&measured.times))).role(Role::Cost),
                None => Field::from(""),
            });
            fields.push(Field::from(self.run.map_or(String::new(), |run| range(&run.times))));
            fields.push(match self.earned {
                Some(factor) => Field::from(format!("{factor:.1}x")).role(Role::Cost),
                None => Field::from(""),
            });
            fields.push(match self.run.and_then(|measured| measured.same) {
                None => Field::from(""),
                Some(Agreement::Same) => Field::from("yes"),
                Some(Agreement::Rounded) => Field::from("yes, rounded"),
                Some(Agreement::Different) => Field::from("NO").role(Role::Error),
                Some(Agreement::Unknown) => Field::from("?"),
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

/// Runs of each program without which nothing is said: with fewer, spreads lie apart by chance too often.
const RUNS: usize = 4;

/// How many times as fast a program runs after a pass, where the spreads of the two lie apart: else it is noise.
pub fn earned(before: &Measured, after: &Measured) -> Option<f64> {
    let (before_least, before_most) = (before.times.iter().min()?, before.times.iter().max()?);
    let (after_least, after_most) = (after.times.iter().min()?, after.times.iter().max()?);
    if before.times.len().min(after.times.len()) < RUNS {
        return None;
    }
    // Less than this is the noise of starting a run.
    if median(&before.times).max(median(&after.times)) < Duration::from_micros(10) {
        return None;
    }
    let apart = after_most < before_least || before_most < after_least;
    apart.then(|| speedup(&before.times, &after.times))
}

/// Least and most of several times.
fn range(times: &[Duration]) -> String {
    match (times.iter().min(), times.iter().max()) {
        (Some(least), Some(most)) if times.len() > 1 => format!("[{} .. {}]", short(*least), short(*most)),
        _ => String::new(),
    }
}

/// The step after which the program ran faster by the largest factor, and this factor.
fn largest_gain(trace: &Trace, runs: &[Measured]) -> Option<(usize, f64)> {
    let gains = runs.windows(2).zip(&trace.steps).enumerate().filter_map(|(at, (pair, step))| match pair {
        [before, after] if step.changed() => Some((at + 1, earned(before, after)?)),
        _ => None,
    });
    let best = gains.max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.filter(|(_, gain)| *gain >= WORTH_TELLING)
}

#[cfg(test)]
mod tests;
