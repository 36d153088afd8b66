#![forbid(unsafe_code)]
//! The steps of an optimization as text: what changed, why, and what nearly did.
//!
//! Step 0 is "macros, types": from source text to the typed program. Step `k` is pass `k` of the pipeline.
//! Promises: unchanged passes take one line together; equal reasons are told once with all their places; the cost is
//! that of what is shown, not of every firing.

use super::diff::{Extent, unified};
use super::{Role, Screen, program};
use crate::diag::{Origin, SourceMap};
use crate::ir::{self, Expr, Program};
use crate::passes::{Firing, Miss, Step, Trace};
use crate::plan::cost::{Counters, counters};
use crate::session::query::Focus;
use std::collections::HashMap;

/// Reasons and near misses shown of one step, unless everything is asked for.
const SHOWN_REASONS: usize = 8;
/// Places shown of one reason.
const SHOWN_PLACES: usize = 4;

/// Where and how steps are shown.
#[derive(Clone, Copy)]
pub struct Viewer<'a> {
    /// The source texts, for places.
    pub sources: &'a SourceMap,
    /// How much of each difference.
    pub extent: Extent,
    /// The screen.
    pub screen: Screen,
    /// The one loop that is looked at.
    pub focus: Option<&'a Focus>,
}

impl<'a> Viewer<'a> {
    /// A viewer that shows the beginning of long differences.
    pub fn brief(sources: &'a SourceMap, screen: Screen) -> Viewer<'a> {
        Viewer { sources, extent: Extent::BRIEF, screen, focus: None }
    }

    /// A viewer that shows everything.
    pub fn full(sources: &'a SourceMap, screen: Screen) -> Viewer<'a> {
        Viewer { sources, extent: Extent::FULL, screen, focus: None }
    }

    /// Step 0: the typed program.
    pub fn zero(&self, program: &Program) -> String {
        let counters = counters(program);
        let heading = self.heading("step 0", "macros, types");
        let counted = [
            format!("nodes {}", counters.nodes),
            format!("loops {}", counters.loops),
            format!("temps {}", counters.temps),
            format!("bytes {}", counters.bytes),
        ];
        format!("{}\n{}", self.head(heading, &counted), self.indented(&self.code(program)))
    }

    /// A program, or the loop of it that is looked at.
    pub fn code(&self, program: &Program) -> String {
        self.focus.map_or_else(|| program::core(program), |focus| focus.text(program))
    }

    /// The number of the next step after `number` that changed what is looked at.
    pub fn next_change(&self, trace: &Trace, number: usize) -> Option<usize> {
        let mut later = trace.steps.iter().enumerate().skip(number);
        later.find(|(_, step)| self.sees(step)).map(|(at, _)| at + 1)
    }

    /// Whether a step changed what is looked at.
    pub fn sees(&self, step: &Step) -> bool {
        step.changed()
            && self.focus.is_none_or(|focus| {
                !focus.step(step).firings.is_empty() || focus.text(&step.before) != focus.text(&step.after)
            })
    }

    /// Step `number`: its effect, its reasons, the difference, the near misses.
    pub fn step(&self, number: usize, step: &Step) -> String {
        let changed = self.sees(step);
        let narrowed = self.focus.map(|focus| focus.step(step));
        let step = narrowed.as_ref().unwrap_or(step);
        let heading = self.heading(&format!("step {number}"), &name(step));
        let mut text = if changed {
            let fired = format!("{heading}   fired {}", step.firings.len());
            self.head(fired, &changed_counters(step.counters_before(), step.counters_after()))
        } else if step.changed() {
            self.screen.parts(&[heading, "changed nothing in the loop in focus".to_string()])
        } else {
            format!("{heading}   unchanged")
        };
        text.push('\n');
        text.push_str(&self.reasons(&step.firings));
        if changed {
            let (before, after) = (self.code(&step.before), self.code(&step.after));
            text.push_str(&self.indented(&unified(&before, &after, self.extent, self.screen)));
        }
        text.push_str(&self.misses(&step.missed));
        text
    }

    /// Firing `index`, from 1, of step `number`; `None` when there are not so many.
    pub fn firing(&self, number: usize, index: usize, step: &Step) -> Option<String> {
        let firing = step.firings.get(index.checked_sub(1)?)?;
        let heading = self.heading(&format!("step {number}.{index}"), &name(step));
        let of = step.firings.len();
        let rule = self.screen.paint(Role::Rule, firing.rule);
        let place = places(&[&firing.origin], self.sources);
        let parts =
            [heading, format!("firing {index} of {of}"), format!("rule {rule}"), format!("at {place}")];
        let mut text = self.screen.parts(&parts) + "\n";
        text.push_str(&self.screen.paragraph("  ", "  ", &firing.reason));
        let (before, after) = (lines(&firing.before), lines(&firing.after));
        text.push_str(&self.indented(&unified(&before, &after, self.extent, self.screen)));
        Some(text)
    }

    /// All steps in order, with unchanged ones that have nothing to say folded.
    pub fn steps(&self, trace: &Trace) -> String {
        let mut text = String::new();
        for run in folds(trace) {
            match run {
                Fold::Step(number, step) => text.push_str(&self.step(number, step)),
                Fold::Unchanged(number, steps) => text.push_str(&self.unchanged(number, steps)),
            }
        }
        text
    }

    fn unchanged(&self, first: usize, steps: &[Step]) -> String {
        let names: Vec<&str> = steps.iter().map(|step| step.pass.name).collect();
        if let [name] = names.as_slice() {
            return format!("{}   unchanged\n", self.heading(&format!("step {first}"), name));
        }
        let last = first + steps.len() - 1;
        let text = format!("step {first}-{last}  ({} passes) unchanged   ", steps.len());
        let mut names = names.join(", ");
        let room = self.screen.width.saturating_sub(text.len()).max(10);
        if names.len() > room {
            names.truncate(room - 2);
            names.push_str("..");
        }
        format!("{}\n", self.screen.paint(Role::Dim, &(text + &names)))
    }

    /// A heading with what was counted behind it.
    fn head(&self, heading: String, counted: &[String]) -> String {
        let counted = counted.iter().map(|part| self.screen.paint(Role::Cost, part));
        self.screen.parts(&std::iter::once(heading).chain(counted).collect::<Vec<_>>())
    }

    fn indented(&self, code: &str) -> String {
        self.screen.code(&indented(code))
    }

    fn heading(&self, step: &str, name: &str) -> String {
        format!("{}  {}", self.screen.paint(Role::Heading, step), self.screen.paint(Role::Rule, name))
    }

    /// `rule at 2:13: reason`, equal ones together.
    fn reasons(&self, firings: &[Firing]) -> String {
        let told: Vec<Told> = firings
            .iter()
            .map(|firing| Told { rule: firing.rule, what: &firing.reason, origin: &firing.origin })
            .collect();
        self.grouped("", &told, |_| None)
    }

    fn misses(&self, missed: &[Miss]) -> String {
        let told: Vec<Told> = missed
            .iter()
            .map(|miss| Told { rule: miss.rule, what: &miss.condition, origin: &miss.origin })
            .collect();
        self.grouped("not done: ", &told, |at| missed.get(at).and_then(|miss| miss.would.as_deref()))
    }

    fn grouped<'b>(&self, lead: &str, told: &[Told<'b>], fix: impl Fn(usize) -> Option<&'b str>) -> String {
        let mut groups: Vec<(usize, Vec<&Origin>)> = Vec::new();
        let mut known: HashMap<(&str, &str), usize> = HashMap::new();
        for (at, item) in told.iter().enumerate() {
            let group = *known.entry((item.rule, item.what)).or_insert(groups.len());
            match groups.get_mut(group) {
                Some((_, origins)) => origins.push(item.origin),
                None => groups.push((at, vec![item.origin])),
            }
        }
        let shown = if self.extent == Extent::FULL { groups.len() } else { SHOWN_REASONS };
        let mut text = String::new();
        for (at, origins) in groups.iter().take(shown) {
            let Some(item) = told.get(*at) else { continue };
            let times = if origins.len() > 1 { format!(" ({} times)", origins.len()) } else { String::new() };
            let rule = self.screen.paint(Role::Rule, item.rule);
            let head = format!("  {lead}{rule}{times} at {}: ", places(origins, self.sources));
            text.push_str(&self.screen.paragraph(&head, "      ", item.what));
            if let Some(fix) = fix(*at) {
                text.push_str(&self.screen.paragraph("      = help: ", "        ", fix));
            }
        }
        if groups.len() > shown {
            text.push_str(&format!("  ... and {} more reasons\n", groups.len() - shown));
        }
        text
    }
}

struct Told<'a> {
    rule: &'static str,
    what: &'a str,
    origin: &'a Origin,
}

/// The name of the pass, and the round where a group repeats it.
pub fn name(step: &Step) -> String {
    match step.round {
        Some(round) => format!("{} (round {round})", step.pass.name),
        None => step.pass.name.to_string(),
    }
}

/// A step of its own, or several unchanged ones in a row with the number of the first.
pub enum Fold<'a> {
    /// A step to show.
    Step(usize, &'a Step),
    /// Steps that changed nothing and nearly changed nothing.
    Unchanged(usize, &'a [Step]),
}

/// The steps of a trace, with unchanged ones folded.
pub fn folds(trace: &Trace) -> Vec<Fold<'_>> {
    let silent = |step: &Step| !step.changed() && step.missed.is_empty();
    let chunks = trace.steps.chunk_by(|a, b| silent(a) && silent(b));
    let mut number = 1;
    let mut folds = Vec::new();
    for chunk in chunks {
        match chunk {
            [step] if !silent(step) => folds.push(Fold::Step(number, step)),
            steps => folds.push(Fold::Unchanged(number, steps)),
        }
        number += chunk.len();
    }
    folds
}

/// The program after step `number`; `None` when there are not so many steps.
pub fn program_after<'a>(core: &'a Program, trace: &'a Trace, number: usize) -> Option<&'a Program> {
    match number.checked_sub(1) {
        None => Some(core),
        Some(at) => trace.steps.get(at).map(|step| &step.after),
    }
}

/// The counters that a step changed, as `   loops 2 -> 1`.
pub fn changes(before: &Counters, after: &Counters) -> String {
    changed_counters(before, after).iter().map(|part| format!("   {part}")).collect()
}

/// The same, each by itself.
fn changed_counters(before: &Counters, after: &Counters) -> Vec<String> {
    let number = |name: &str, before: u32, after: u32| {
        (before != after).then(|| format!("{name} {before} -> {after}"))
    };
    let numbers = [
        number("nodes", before.nodes, after.nodes),
        number("loops", before.loops, after.loops),
        number("temps", before.temps, after.temps),
    ];
    let bytes = || format!("bytes {} -> {}", before.bytes, after.bytes);
    let bytes = (before.bytes != after.bytes).then(bytes);
    numbers.into_iter().chain([bytes]).flatten().collect()
}

/// Lines and columns of origins without repetition: `2:13 + 3:7` for places that a rewrite joined.
pub(super) fn places(origins: &[&Origin], sources: &SourceMap) -> String {
    let mut shown: Vec<String> = Vec::new();
    let mut more = 0;
    for origin in origins {
        let spans = origin.spans().take(SHOWN_PLACES).map(|span| {
            let place = sources.place(span);
            format!("{}:{}", place.line, place.column)
        });
        let mut joined: Vec<String> = spans.collect();
        joined.dedup();
        let joined = joined.join(" + ");
        if shown.contains(&joined) {
            continue;
        }
        if shown.len() < SHOWN_PLACES { shown.push(joined) } else { more += 1 }
    }
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &tail
}

pub(super) fn lines(expr: &Expr) -> String {
    let mut text = ir::print::expr(expr);
    text.push('\n');
    text
}

pub(super) fn indented(text: &str) -> String {
    text.lines()
        .map(|line| if line.is_empty() { "\n".to_string() } else { format!("    {line}\n") })
        .collect()
}

#[cfg(test)]
mod tests;
