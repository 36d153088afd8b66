#![forbid(unsafe_code)]
//! Answers about a trace as text: why, what if, where from, where to, in which steps.
//!
//! Promises: a near miss shows its place in the source, the one condition and what would satisfy it; long answers are cut
//! and say so.

use super::Role;
use super::steps::{Viewer, name, places};
use crate::diag::render::{Report, Severity, render_report};
use crate::diag::{Label, Origin, Place, SourceId, SourceMap};
use crate::ir::{Expr, print};
use crate::passes::{Trace, pass_names};
use crate::session::query::{Change, Effect, Event, Fate, Fired, Found, Missed, Named, Selection, Why};

/// Firings or near misses of one answer, and how many near misses are looked into: trying an annotation takes as long as
/// optimizing.
pub(super) const SHOWN: usize = 20;

/// Characters of an expression in a sentence.
const SHORT: usize = 60;

impl Viewer<'_> {
    /// Every firing in a line, every near miss with its place; `predict` says what would be without it.
    pub fn why(&self, why: &Why, predict: &dyn Fn(Missed) -> Effect) -> String {
        let mut text = String::new();
        for fired in why.fired.iter().take(SHOWN) {
            text += &self.fired(fired, "");
        }
        text += &self.more(why.fired.len(), "firings");
        for missed in why.missed.iter().take(SHOWN) {
            text += &self.missed(*missed, &predict(*missed));
        }
        text + &self.more(why.missed.len(), "near misses")
    }

    fn more(&self, all: usize, of: &str) -> String {
        match all.saturating_sub(SHOWN) {
            0 => String::new(),
            more => {
                let note = format!("... and {more} more {of}; a rule or a place narrows them down");
                format!("{}\n", self.screen.paint(Role::Dim, &note))
            }
        }
    }

    fn fired(&self, fired: &Fired, indent: &str) -> String {
        let number = self.screen.paint(Role::Heading, &format!("step {}.{}", fired.step, fired.index));
        let rule = self.screen.paint(Role::Rule, fired.firing.rule);
        let at = places(&[&fired.firing.origin], self.sources);
        let head = format!("{indent}{number}  {}/{rule} at {at}: ", fired.pass);
        self.screen.paragraph(&head, &format!("{indent}    "), &fired.firing.reason)
    }

    /// A near miss, the condition that failed, what would satisfy it, and what would be then.
    fn missed(&self, missed: Missed, would_be: &Effect) -> String {
        let Missed { step, pass, miss } = missed;
        let title = format!("`{}` did not fire in step {step}, {pass}", miss.rule);
        let mut text = self.excerpt(title, &miss.origin);
        text += &self.screen.paragraph("  = failed: ", "      ", &miss.condition);
        if let Some(would) = &miss.would {
            text += &self.screen.paragraph("  = help: ", "      ", would);
        }
        text + &self.screen.paragraph("  = if it held: ", "      ", &effect(would_be))
    }

    /// The places of an origin in the source.
    fn excerpt(&self, title: String, origin: &Origin) -> String {
        let mut labels = origin.spans().map(|span| Label::new(span, ""));
        let report = Report {
            id: String::new(),
            severity: Severity::Note,
            class: String::new(),
            title,
            primary: labels.next(),
            related: labels.collect(),
            help: None,
        };
        render_report(&report, self.sources, self.screen.render_options())
    }

    /// Where a node of a program came from.
    pub fn origin(&self, node: &Expr) -> String {
        let plural = if node.origin.spans().nth(1).is_some() { "these places" } else { "here" };
        self.excerpt(format!("`{}` came from {plural}", print::short(node, SHORT)), &node.origin)
    }

    /// Where a binder of a program came from.
    pub fn named(&self, called: &str, named: &Named) -> String {
        let title = match named {
            Named::Let(value) => format!("`{called}` is bound to `{}`", print::short(value, SHORT)),
            Named::Param(param) => format!("`{called}` is a parameter of type {}", param.ty),
        };
        self.excerpt(title, named.origin())
    }

    /// What became of an expression.
    pub fn fate(&self, fate: &Fate, steps: usize) -> String {
        let mut text =
            self.excerpt(format!("`{}`", print::short(&fate.subject, SHORT)), &fate.subject.origin);
        for event in &fate.events {
            text += &self.event(event);
        }
        let last = match &fate.end {
            Some(end) => {
                let end = print::short(end, self.screen.width.saturating_sub(SHORT).max(SHORT));
                format!("still there after step {steps}: `{end}`")
            }
            None => "nothing of it is in the optimized program".to_string(),
        };
        text + &self.screen.paragraph("", "    ", &last)
    }

    fn event(&self, event: &Event) -> String {
        let change = change(event.change);
        let step = self.screen.paint(Role::Heading, &format!("step {}", event.step));
        let pass = self.screen.paint(Role::Rule, event.pass);
        let mut text = format!("{step}  {pass}: {change}\n");
        for fired in event.fired.iter().take(SHOWN) {
            text += &self.fired(fired, "  ");
        }
        text + &self.more(event.fired.len(), "firings")
    }

    /// In which steps a text is part of the program; of one in no step, where it is in the source.
    pub fn found(&self, what: &str, runs: &[Found], trace: &Trace, source: SourceId) -> String {
        if runs.iter().all(|run| run.lines.is_empty()) {
            let mut words =
                format!("no step has `{what}`: what is searched is the typed program, macros written out");
            if let Some(place) = in_source(self.sources, source, what) {
                words +=
                    &format!("; it is in the source at {place}, and `fate` follows a place of the source");
            }
            return self.screen.paragraph("", "    ", &words);
        }
        let called = |number: usize| {
            let step = number.checked_sub(1).and_then(|at| trace.steps.get(at));
            step.map_or("macros, types".to_string(), name)
        };
        let mut text = String::new();
        for run in runs {
            let steps = if run.first == run.last {
                format!("step {}", run.first)
            } else {
                format!("step {}-{}", run.first, run.last)
            };
            let steps = self.screen.paint(Role::Heading, &steps);
            let by = self.screen.paint(Role::Rule, &called(run.first));
            let count = match run.lines.len() {
                0 => "not there".to_string(),
                1 => "1 line".to_string(),
                lines => format!("{lines} lines"),
            };
            text += &format!("{steps}  since {by}: {count}\n");
            for line in run.lines.iter().take(3) {
                let shown: String = line.chars().take(self.screen.width.saturating_sub(6).max(20)).collect();
                let cut = if shown.len() < line.len() { ".." } else { "" };
                text += &format!("    {shown}{cut}\n");
            }
            if run.lines.len() > 3 {
                text += &format!("    .. and {} more lines\n", run.lines.len() - 3);
            }
        }
        text
    }
}

/// Where a source has a text for the first time outside its comments.
fn in_source(sources: &SourceMap, source: SourceId, what: &str) -> Option<Place> {
    let text = sources.text(source);
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'));
    lines.find_map(|(at, line)| {
        let before = line.get(..line.find(what)?)?;
        Some(Place { line: at + 1, column: before.chars().count() + 1 })
    })
}

/// What a step did, in words.
pub fn change(change: Change) -> &'static str {
    match change {
        Change::Removed => "removed",
        Change::Merged => "merged into code from other places",
        Change::Copied => "copied",
        Change::Reduced => "partly removed",
        Change::Rewritten => "rewritten",
    }
}

/// What would be, as a sentence.
pub fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Tried { annotation, without, with, in_lanes, branches } => {
            let mut changes = Vec::new();
            for (what, a, b) in [
                ("branches", branches.0, branches.1),
                ("nodes", without.nodes as usize, with.nodes as usize),
                ("loops", without.loops as usize, with.loops as usize),
                ("temps", without.temps as usize, with.temps as usize),
                ("loops in lanes", in_lanes.0, in_lanes.1),
            ] {
                if a != b {
                    changes.push(format!("{what} {a} -> {b}"));
                }
            }
            let changes = if changes.is_empty() { "nothing changes".to_string() } else { changes.join(", ") };
            format!("tried with `{annotation}`: {changes}")
        }
        Effect::Fewer { loops, temps } => {
            let temps = temps.map(|(a, b)| format!("temps {a} -> {b}"));
            let loops = (loops.0 != loops.1).then(|| format!("loops {} -> {}", loops.0, loops.1));
            let all: Vec<String> = loops.into_iter().chain(temps).collect();
            format!("{}, by the nature of the rule", all.join(", "))
        }
        Effect::Otherwise(what) => what.to_string(),
        Effect::Unknown(why) => format!("this cannot be told: {why}"),
    }
}

/// Why there is no answer: the rule and the place, as they were asked for.
pub fn nothing(
    selection: Option<Selection>,
    place: Option<Place>,
    pipeline: &[crate::passes::Stage],
) -> String {
    if let Some(Selection::Pass(pass)) = selection
        && !pass_names(pipeline).contains(&pass)
    {
        return format!("`{pass}` is not in the pipeline");
    }
    let at = place.map_or(String::new(), |place| format!(" at {place}"));
    match selection {
        Some(selection) => format!("`{}` did not fire{at}, and did not nearly fire", selection.name()),
        None if place.is_some() => format!("no rule fired{at}, and none nearly did"),
        None => "no rule nearly fired".to_string(),
    }
}
