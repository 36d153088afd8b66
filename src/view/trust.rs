#![forbid(unsafe_code)]
//! What `verify`, `bisect` and `reduce` found, as text and as JSON.
//!
//! Promises: a fault names pass, firing, rule and place, with the inputs and both answers; what was not looked at is said.

use super::diff::unified;
use super::steps::{Viewer, indented, lines, places};
use super::{Role, Screen, json, program};
use crate::diag::SourceMap;
use crate::ir::{Program, Ty};
use crate::session::trust::Culprit;
use crate::session::trust::agree::Outcome;
use crate::session::trust::bisect::{Bisected, Guilty};
use crate::session::trust::reduce::Reduced;
use crate::session::trust::verify::{Fault, FaultKind, LOOKS, Verified};
use crate::value::Value;
use crate::value::print::{grouped, preview, to_text};
use serde_json::{Map, Value as Json, json};

/// Elements of a vector that are shown.
const ELEMENTS: usize = 12;

/// Where things are shown.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// The source texts.
    pub sources: &'a SourceMap,
    /// The screen.
    pub screen: Screen,
}

impl Shown<'_> {
    /// What verifying found.
    pub fn verified(&self, report: &Verified, program: &Program) -> String {
        let mut text = match &report.fault {
            Some(fault) => self.fault(fault, program),
            None => String::new(),
        };
        let verdict = match &report.fault {
            Some(_) => "looked at",
            None if report.stopped => "stopped; the same in",
            None if report.inputs == 0 => "nothing to compare on:",
            None => "the same in",
        };
        let compiled = match report.steps {
            _ if !report.compiled => "",
            0 => ", compiled code says the same",
            _ => ", and in compiled code without and with passes",
        };
        let firings = counted(report.firings, "firing");
        let looks = match report.states {
            _ if report.steps == 0 => "; no pass changes the program".to_string(),
            states if states >= report.firings => format!(", after each of {firings}"),
            states => format!(", after {} of {firings}", grouped(states)),
        };
        let passes = match report.steps {
            0 => String::new(),
            steps => format!(" of {}", counted(steps, "pass")),
        };
        let (runs, inputs) = (counted(report.runs, "run"), counted(report.inputs, "input"));
        let words = format!("{verdict} {runs} of {inputs}{looks}{passes}{compiled}; seed {}", report.seed);
        text += &self.words("", &words);
        if report.failing > 0 {
            let what = if report.failing == 1 { "it ends" } else { "they end" };
            let inputs = counted(report.failing, "input");
            text += &self.words("  ", &format!("on {inputs} {what} with an error, before and after"));
        }
        if report.slow > 0 {
            let inputs = counted(report.slow, "input");
            text += &self.words("  ", &format!("left out: {inputs}, on which the program took too long"));
        }
        if report.repeated > 0 {
            let inputs = counted(report.repeated, "input");
            text += &self.words("  ", &format!("left out: {inputs} equal to others"));
        }
        if report.fault.is_none() && !report.cut && !report.stopped && report.states < report.firings {
            let why =
                format!("of a pass with more than {LOOKS} firings, {LOOKS} of the programs are looked at");
            text += &self.words("  ", &why);
        }
        if report.cut && !report.stopped {
            text += &self.words("  ", "the time was over before everything was looked at");
        }
        text
    }

    /// What is wrong.
    fn fault(&self, fault: &Fault, program: &Program) -> String {
        let culprit = fault.culprit.as_ref();
        let pass = culprit.map_or("", |culprit| culprit.pass.name);
        let title = match &fault.kind {
            FaultKind::Answer => format!("{pass} changed the answer"),
            FaultKind::Invalid(_) => format!("{pass} made an invalid program"),
            FaultKind::Panic(_) => format!("{pass} panicked"),
            FaultKind::Compiled { passes, threads } => {
                let which = if *passes { "with" } else { "without" };
                let threads = counted(*threads, "thread");
                format!("compiled code {which} passes disagrees with the interpreter, on {threads}")
            }
            FaultKind::Codegen(_) => "the program cannot be compiled".to_string(),
        };
        let mut text = self.words(&format!("{} ", self.screen.paint(Role::Error, "error:")), &title);
        if let Some(culprit) = culprit {
            text += &self.culprit(culprit);
        }
        if let FaultKind::Invalid(why) | FaultKind::Panic(why) | FaultKind::Codegen(why) = &fault.kind {
            text += &self.words("  ", why);
        }
        let params = &program.func.params;
        for (param, value) in params.iter().zip(fault.inputs.iter().flatten()) {
            let shown = format!("{} = {}", param.name, preview(value, &param.ty, ELEMENTS));
            text += &self.words("  input   ", &shown);
        }
        if let Some(inputs) = &fault.inputs {
            let left: usize = inputs.iter().map(crate::session::trust::verify::elements).sum();
            if left < fault.elements {
                let dim = format!("  made small, from {} elements", grouped(fault.elements));
                text += &format!("{}\n", self.screen.paint(Role::Dim, &dim));
            }
        }
        let ty = &program.func.body.ty;
        for (name, outcome) in [("wanted", &fault.wanted), ("found ", &fault.found)] {
            if let Some(outcome) = outcome {
                text += &self.words(&format!("  {name}  "), &outcome_text(outcome, ty));
            }
        }
        text
    }

    /// Pass, firing, rule, place, reason and difference.
    fn culprit(&self, culprit: &Culprit) -> String {
        let Some(firing) = &culprit.firing else {
            let when = match culprit.of {
                0 => "before its first firing".to_string(),
                of => format!("after its firing {of}"),
            };
            return self.words("  ", &format!("step {}, {}, {when}", culprit.step, culprit.pass.name));
        };
        let place = places(&[&firing.origin], self.sources);
        let (pass, of) = (culprit.pass.name, culprit.of);
        let number = culprit.number.map_or(String::new(), |number| format!("firing {number} of {of} in "));
        let head = format!("{number}step {}, {pass}, rule {}, at {place}", culprit.step, firing.rule);
        let mut text = self.words("  ", &head);
        text += &self.words("  its reason: ", &firing.reason);
        let viewer = self.viewer();
        let (before, after) = (lines(&firing.before), lines(&firing.after));
        text += &indented(&unified(&before, &after, viewer.extent, self.screen));
        text
    }

    /// What a search found.
    pub fn bisected(&self, found: &Bisected) -> String {
        match found {
            Bisected::Clean => self.words("", "nothing is wrong: the program is good after all passes"),
            Bisected::WithoutPasses => {
                self.words("", "the program is bad without any pass: no pass is to blame")
            }
            Bisected::Stopped => self.words("", "stopped before the culprit was found"),
            Bisected::Guilty(guilty) => self.guilty(guilty),
        }
    }

    fn guilty(&self, guilty: &Guilty) -> String {
        let pass = guilty.culprit.pass.name;
        let title = match &guilty.broken {
            Some(why) => format!("{pass} broke: {why}"),
            None => format!("{pass} makes the program bad"),
        };
        let mut text = self.words(&format!("{} ", self.screen.paint(Role::Error, "guilty:")), &title);
        text += &self.culprit(&guilty.culprit);
        match guilty.good_without {
            Some(true) => text += &self.words("  ", &format!("without {pass} the program is good")),
            Some(false) => {
                text +=
                    &self.words("  ", &format!("without {pass} it is bad too: another pass does the same"))
            }
            None => {}
        }
        text + &self.words("", &format!("{} judged", counted(guilty.questions, "program")))
    }

    /// How far a reduction came; the program itself is data.
    pub fn reduced(&self, start: &Program, reduced: &Reduced) -> String {
        let (from, to) = (start.func.body.facts.nodes, reduced.program.func.body.facts.nodes);
        let cut = if reduced.cut { "; the time was over, more could go" } else { "" };
        self.words("", &format!("{from} nodes -> {to}, {} tried{cut}", counted(reduced.tried, "program")))
    }

    fn viewer(&self) -> Viewer<'_> {
        Viewer::brief(self.sources, self.screen)
    }

    fn words(&self, head: &str, words: &str) -> String {
        self.screen.paragraph(head, "    ", words)
    }
}

fn counted(number: usize, what: &str) -> String {
    let plural = match number {
        1 => "",
        _ if what.ends_with('s') => "es",
        _ => "s",
    };
    format!("{} {what}{plural}", grouped(number))
}

fn outcome_text(outcome: &Outcome, ty: &Ty) -> String {
    match outcome {
        Ok(value) => preview(value, ty, ELEMENTS),
        Err(error) => format!("error {}: {}", error.kind.name(), error.message),
    }
}

/// `verify.v1`.
pub fn verified_json(report: &Verified, program: &Program, sources: &SourceMap) -> Json {
    json!({
        "verified": report.fault.is_none() && !report.stopped && report.inputs > 0,
        "inputs": report.inputs,
        "failing": report.failing,
        "slow": report.slow,
        "repeated": report.repeated,
        "seed": report.seed,
        "steps": report.steps,
        "firings": report.firings,
        "states": report.states,
        "runs": report.runs,
        "compiled": report.compiled,
        "cut": report.cut,
        "fault": report.fault.as_ref().map(|fault| fault_json(fault, program, sources)),
    })
}

fn fault_json(fault: &Fault, program: &Program, sources: &SourceMap) -> Json {
    let mut object = Map::new();
    let (kind, why) = match &fault.kind {
        FaultKind::Answer => ("answer", None),
        FaultKind::Invalid(why) => ("invalid", Some(why)),
        FaultKind::Panic(why) => ("panic", Some(why)),
        FaultKind::Compiled { .. } => ("compiled", None),
        FaultKind::Codegen(why) => ("codegen", Some(why)),
    };
    object.insert("kind".to_string(), json!(kind));
    object.insert("why".to_string(), json!(why));
    culprit_json(&mut object, fault.culprit.as_ref(), sources);
    let values = program.func.params.iter().zip(fault.inputs.iter().flatten());
    let inputs: Vec<Json> = values.map(|(param, value)| input(param.name.text(), value, &param.ty)).collect();
    object.insert("inputs".to_string(), Json::Array(inputs));
    let ty = &program.func.body.ty;
    let outcome = |outcome: &Option<Outcome>| {
        json!(outcome.as_ref().map(|outcome| match outcome {
            Ok(value) => to_text(value, ty),
            Err(error) => format!("error {}", error.kind.name()),
        }))
    };
    object.insert("wanted".to_string(), outcome(&fault.wanted));
    object.insert("found".to_string(), outcome(&fault.found));
    Json::Object(object)
}

fn input(name: &str, value: &Value, ty: &Ty) -> Json {
    json!({"name": name, "type": ty.to_string(), "value": to_text(value, ty)})
}

fn culprit_json(object: &mut Map<String, Json>, culprit: Option<&Culprit>, sources: &SourceMap) {
    let firing = culprit.and_then(|culprit| culprit.firing.as_ref());
    object.insert("step".to_string(), json!(culprit.map(|culprit| culprit.step)));
    object.insert("pass".to_string(), json!(culprit.map(|culprit| culprit.pass.name)));
    object.insert("number".to_string(), json!(culprit.and_then(|culprit| culprit.number)));
    object.insert("firing".to_string(), json!(firing.map(|firing| json::one_firing(firing, sources))));
}

/// `bisect.v1`.
pub fn bisected_json(found: &Bisected, sources: &SourceMap) -> Json {
    let mut object = Map::new();
    let (word, guilty) = match found {
        Bisected::Clean => ("clean", None),
        Bisected::WithoutPasses => ("without-passes", None),
        Bisected::Stopped => ("stopped", None),
        Bisected::Guilty(guilty) => ("guilty", Some(guilty)),
    };
    object.insert("found".to_string(), json!(word));
    culprit_json(&mut object, guilty.map(|guilty| &guilty.culprit), sources);
    object.insert("good_without".to_string(), json!(guilty.and_then(|guilty| guilty.good_without)));
    object.insert("why".to_string(), json!(guilty.and_then(|guilty| guilty.broken.clone())));
    object.insert("judged".to_string(), json!(guilty.map(|guilty| guilty.questions)));
    Json::Object(object)
}

/// `reduce.v1`.
pub fn reduced_json(start: &Program, reduced: &Reduced, fault: &str) -> Json {
    json!({
        "program": program::core(&reduced.program),
        "nodes": [start.func.body.facts.nodes, reduced.program.func.body.facts.nodes],
        "tried": reduced.tried,
        "cut": reduced.cut,
        "shows": fault,
    })
}
