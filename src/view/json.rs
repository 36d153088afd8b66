#![forbid(unsafe_code)]
//! All JSON objects, one function per schema of `docs/schema`.
//!
//! Promises: a key once published keeps its meaning; one object fits on one line; large trees are cut to a bounded text.

use super::bench::{gigabytes_per_second, stage_times};
use super::compare::Sides;
use super::duration::{median, rounded_milliseconds};
use super::passes_table::earned;
use super::program;
use super::queries::{SHOWN, change, effect};
use crate::diag::{Diagnostic, Diagnostics, Origin, SourceMap, Span};
use crate::docs::Topic;
use crate::ir::{self, Expr, Program, Ty};
use crate::passes::{Firing, Miss, Step};
use crate::plan::cost::{Counters, counters};
use crate::session::bench::{Report, Variant};
use crate::session::measure::{Agreement, Judge, Measured};
use crate::session::query::{Comparison, Effect, Fate, Found, Missed, Why};
use crate::value::print::to_text;
use crate::value::{RunError, Value};
use serde_json::{Map, Value as Json, json};
use std::time::Duration;

/// The characters that the trees of all firings of one step may take together, about.
const TREES_OF_A_STEP: usize = 1 << 20;

/// `run.v1`: what `weld run` prints.
pub fn run(value: &Value, ty: &Ty, compile: Duration, runs: &[Duration]) -> Json {
    let runs: Vec<f64> = runs.iter().map(|time| rounded_milliseconds(*time)).collect();
    json!({
        "value": to_text(value, ty),
        "type": ty.to_string(),
        "compile_ms": rounded_milliseconds(compile),
        "run_ms": runs,
    })
}

/// `check.v1`: what `weld check` prints.
pub fn check(program: &Program, warnings: &Diagnostics, sources: &SourceMap) -> Json {
    let needs = program::needs(program, &|_| false);
    let params: Vec<Json> = needs.iter().map(|need| json!({"name": need.name, "type": need.ty})).collect();
    let warnings: Vec<Json> = warnings.0.iter().map(|warning| diagnostic(warning, sources)).collect();
    json!({"type": program.func.body.ty.to_string(), "params": params, "warnings": warnings})
}

/// `docs.v1`: a page of `weld docs`.
pub fn topic(topic: &Topic) -> Json {
    let examples: Vec<Json> = topic
        .examples()
        .iter()
        .map(|example| json!({"program": example.program, "gives": example.gives}))
        .collect();
    json!({
        "id": topic.id,
        "kind": topic.kind.name(),
        "title": topic.title,
        "text": topic.text,
        "examples": examples,
    })
}

/// `error.v1` for a program that was rejected: the first error, the others under `more`.
pub fn rejected(messages: &Diagnostics, sources: &SourceMap) -> Json {
    let mut errors = messages.0.iter().filter(|message| message.code.is_error());
    let mut first = errors.next().map_or_else(|| json!({}), |error| diagnostic(error, sources));
    let more: Vec<Json> = errors.map(|error| diagnostic(error, sources)).collect();
    if let (false, Some(object)) = (more.is_empty(), first.as_object_mut()) {
        object.insert("more".to_string(), Json::Array(more));
    }
    json!({"error": first})
}

/// `error.v1` for a run that failed.
pub fn run_error(error: &RunError, sources: &SourceMap) -> Json {
    let span = error.origin.as_ref().map(|origin| origin.primary());
    json!({"error": error_object(error.kind.name(), &error.kind.id(), &error.message, span, None, sources)})
}

/// `error.v1` for what is not about a place in a program.
pub fn plain_error(code: &str, message: &str, hint: Option<&str>) -> Json {
    json!({"error": {"code": code, "message": message, "line": null, "column": null, "hint": hint}})
}

fn diagnostic(message: &Diagnostic, sources: &SourceMap) -> Json {
    let code = if message.code.is_error() { "CompileError" } else { "Warning" };
    // LANGUAGE 18: the message of a static error begins with its class.
    let text = crate::diag::render::one_line(message);
    error_object(code, message.code.id(), &text, Some(message.primary.span), message.help.as_deref(), sources)
}

fn error_object(
    code: &str,
    id: &str,
    message: &str,
    span: Option<Span>,
    hint: Option<&str>,
    sources: &SourceMap,
) -> Json {
    let place = span.map(|span| sources.place(span));
    json!({
        "code": code,
        "id": id,
        "message": message,
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "hint": hint,
    })
}

/// `why.v1`: what `weld why` prints; what would be then is told of the first near misses only.
pub fn why(why: &Why, predict: &dyn Fn(Missed) -> Effect, sources: &SourceMap) -> Json {
    let fired = why.fired.iter().map(|fired| {
        let spans: Vec<Json> = fired.firing.origin.spans().map(|item| span(item, sources)).collect();
        json!({
            "step": fired.step,
            "firing": fired.index,
            "pass": fired.pass,
            "rule": fired.firing.rule,
            "reason": fired.firing.reason,
            "spans": spans,
        })
    });
    let fired: Vec<Json> = fired.collect();
    let missed = why.missed.iter().enumerate().map(|(at, missed)| {
        let effect = (at < SHOWN).then(|| effect(&predict(*missed)));
        let mut object = miss(missed.miss, sources);
        if let Some(object) = object.as_object_mut() {
            object.insert("step".to_string(), json!(missed.step));
            object.insert("pass".to_string(), json!(missed.pass));
            object.insert("if_it_held".to_string(), json!(effect));
        }
        object
    });
    let missed: Vec<Json> = missed.collect();
    json!({"fired": fired, "missed": missed})
}

/// `origin.v1`: what `weld origin` prints.
pub fn origin(what: &str, origin: &Origin, sources: &SourceMap) -> Json {
    let spans: Vec<Json> = origin.spans().map(|item| span(item, sources)).collect();
    json!({"what": what, "spans": spans})
}

/// `fate.v1`: what `weld fate` prints.
pub fn fate(fate: &Fate, sources: &SourceMap) -> Json {
    let events = fate.events.iter().map(|event| {
        let firings: Vec<usize> = event.fired.iter().map(|fired| fired.index).collect();
        json!({"step": event.step, "pass": event.pass, "change": change(event.change), "firings": firings})
    });
    let events: Vec<Json> = events.collect();
    json!({
        "expression": tree(&fate.subject, room(1)),
        "span": span(fate.subject.origin.primary(), sources),
        "events": events,
        "end": fate.end.as_ref().map(|end| tree(end, room(1))),
    })
}

/// `find.v1`: what `weld find` prints.
pub fn find(runs: &[Found]) -> Json {
    let runs: Vec<Json> =
        runs.iter().map(|run| json!({"first": run.first, "last": run.last, "lines": run.lines})).collect();
    json!({"steps": runs})
}

/// `compare.v1`: what `weld compare` prints.
pub fn compare(comparison: &Comparison, sides: &Sides) -> Json {
    let side = |at: usize| {
        let (Some(name), Some(counters), Some(fired), Some(time)) = (
            sides.names.get(at),
            comparison.counters.get(at),
            comparison.firings.get(at),
            comparison.time.get(at),
        ) else {
            return Json::Null;
        };
        let mut object = Map::new();
        object.insert("name".to_string(), json!(name));
        object.insert("fired".to_string(), json!(fired));
        object.insert("nodes".to_string(), json!(counters.nodes));
        object.insert("loops".to_string(), json!(counters.loops));
        object.insert("temps".to_string(), json!(counters.temps));
        object.insert("bytes".to_string(), json!(counters.bytes));
        object.insert("passes_ms".to_string(), json!(rounded_milliseconds(*time)));
        if let Some(run) = sides.runs.as_ref().and_then(|runs| runs.get(at)) {
            let times: Vec<f64> = run.times.iter().map(|time| rounded_milliseconds(*time)).collect();
            object.insert("run_ms".to_string(), json!(times));
            if let Some(error) = &run.error {
                object.insert("error".to_string(), json!(error));
            }
        }
        Json::Object(object)
    };
    let steps = comparison.first.as_ref().map(|first| {
        first.steps.map(|step| step.map(|(number, pass)| json!({"step": number, "pass": pass})))
    });
    json!({
        "a": side(0),
        "b": side(1),
        "first_difference": steps,
        "same_program": comparison.same_program,
        "same_answer": sides.same_answer(),
    })
}

/// `bench.v1`: what `weld bench` prints.
pub fn bench(report: &Report, variants: &[Variant]) -> Json {
    let name = |at: usize| variants.get(at).map(|variant| variant.name.as_str());
    let pipelines = report.compilations.iter().zip(&report.traffic).enumerate();
    let pipelines: Vec<Json> = pipelines
        .map(|(at, (times, (formula, bytes)))| {
            let mut stages = Map::new();
            for (stage, time) in stage_times(times) {
                stages.insert(format!("{}_ms", stage.replace(' ', "_")), json!(rounded_milliseconds(time)));
            }
            let total: Vec<f64> = times.iter().map(|time| rounded_milliseconds(time.total())).collect();
            json!({
                "passes": name(at), "bytes": formula, "bytes_value": bytes, "compile_ms": total, "stages": stages,
            })
        })
        .collect();
    let rows: Vec<Json> = (report.rows.iter())
        .map(|row| {
            let times = &row.measured.times;
            let bytes =
                report.traffic.get(row.variant).and_then(|(_, bytes)| *bytes).filter(|_| !times.is_empty());
            let rate = bytes.map(|bytes| gigabytes_per_second(bytes, times));
            let run: Vec<f64> = times.iter().map(|time| rounded_milliseconds(*time)).collect();
            let mut object = Map::new();
            object.insert("passes".to_string(), json!(name(row.variant)));
            object.insert("threads".to_string(), json!(row.threads));
            object.insert("median_ms".to_string(), json!(rounded_milliseconds(median(times))));
            object.insert("run_ms".to_string(), json!(run));
            object.insert("gb_per_s".to_string(), json!(rate));
            if let Some(error) = &row.measured.error {
                object.insert("error".to_string(), json!(error));
            }
            Json::Object(object)
        })
        .collect();
    json!({"pipelines": pipelines, "rows": rows, "same_answer": report.same_answer()})
}

/// `passes.v1` for step 0.
pub fn passes_zero(core: &Program, front: Duration, run: Option<&Measured>, judge: Option<Judge>) -> Json {
    let counters = counters(core);
    let mut object = Map::new();
    counted(&mut object, 0, "macros, types", 0, (&counters, &counters), front);
    measured(&mut object, run);
    if let Some(judge) = judge {
        let name = match judge {
            Judge::Interpreter => "interpreter",
            Judge::CompiledCode => "compiled code of step 0",
        };
        object.insert("same_as".to_string(), json!(name));
    }
    Json::Object(object)
}

/// `passes.v1`: one row of `weld passes`; `before` is the run of the row before it.
pub fn passes_step(number: usize, step: &Step, before: Option<&Measured>, run: Option<&Measured>) -> Json {
    let mut object = Map::new();
    let counters = (step.counters_before(), step.counters_after());
    counted(&mut object, number, step.pass.name, step.firings.len(), counters, step.time);
    if let Some(round) = step.round {
        object.insert("round".to_string(), json!(round));
    }
    measured(&mut object, run);
    if step.changed()
        && let (Some(before), Some(run)) = (before, run)
        && let Some(factor) = earned(before, run)
    {
        object.insert("earned".to_string(), json!((factor * 1e3).round() / 1e3));
    }
    Json::Object(object)
}

/// `explain.v1` for step 0.
pub fn explain_zero(core: &Program, front: Duration) -> Json {
    let mut object = Map::new();
    let counters = counters(core);
    counted(&mut object, 0, "macros, types", 0, (&counters, &counters), front);
    object.insert("firings".to_string(), json!([]));
    object.insert("missed".to_string(), json!([]));
    object.insert("program".to_string(), json!(program::core(core)));
    Json::Object(object)
}

/// `explain.v1`: one step of `weld explain`; `program` is there when the step changed it.
pub fn explain_step(number: usize, step: &Step, sources: &SourceMap) -> Json {
    let mut object = Map::new();
    let counters = (step.counters_before(), step.counters_after());
    counted(&mut object, number, step.pass.name, step.firings.len(), counters, step.time);
    if let Some(round) = step.round {
        object.insert("round".to_string(), json!(round));
    }
    let room = room(step.firings.len());
    let firings: Vec<Json> = step.firings.iter().map(|item| firing(item, sources, room)).collect();
    let missed: Vec<Json> = step.missed.iter().map(|item| miss(item, sources)).collect();
    object.insert("firings".to_string(), Json::Array(firings));
    object.insert("missed".to_string(), Json::Array(missed));
    if step.changed() {
        object.insert("program".to_string(), json!(program::core(&step.after)));
    }
    Json::Object(object)
}

/// `firing.v1`: firing `index`, from 1, of a step.
pub fn firing_alone(step: &Step, index: usize, sources: &SourceMap) -> Option<Json> {
    Some(firing(step.firings.get(index.checked_sub(1)?)?, sources, room(1)))
}

/// `firing.v1`: a firing without its step.
pub fn one_firing(item: &Firing, sources: &SourceMap) -> Json {
    firing(item, sources, room(1))
}

fn firing(firing: &Firing, sources: &SourceMap, room: usize) -> Json {
    let spans: Vec<Json> = firing.origin.spans().map(|item| span(item, sources)).collect();
    json!({
        "rule": firing.rule,
        "reason": firing.reason,
        "spans": spans,
        "before": tree(&firing.before, room),
        "after": tree(&firing.after, room),
    })
}

fn miss(miss: &Miss, sources: &SourceMap) -> Json {
    json!({
        "rule": miss.rule,
        "condition": miss.condition,
        "span": span(miss.origin.primary(), sources),
        "would": miss.would,
    })
}

fn span(span: Span, sources: &SourceMap) -> Json {
    let from = sources.place(span);
    let to = sources.place(Span::new(span.source, span.hi, span.hi));
    json!({"line": from.line, "column": from.column, "end_line": to.line, "end_column": to.column})
}

/// The characters for one of the two trees of each of so many firings.
fn room(firings: usize) -> usize {
    (TREES_OF_A_STEP / (2 * firings.max(1))).max(200)
}

fn tree(expr: &Expr, room: usize) -> String {
    // A node takes about eight characters.
    let is_small = expr.facts.nodes as usize <= room / 8;
    if is_small { ir::print::expr(expr) } else { ir::print::short(expr, room) }
}

fn counted(
    object: &mut Map<String, Json>,
    number: usize,
    pass: &str,
    fired: usize,
    (before, after): (&Counters, &Counters),
    time: Duration,
) {
    object.insert("step".to_string(), json!(number));
    object.insert("pass".to_string(), json!(pass));
    object.insert("fired".to_string(), json!(fired));
    object.insert("nodes".to_string(), json!([before.nodes, after.nodes]));
    object.insert("loops".to_string(), json!([before.loops, after.loops]));
    object.insert("temps".to_string(), json!([before.temps, after.temps]));
    object.insert("bytes".to_string(), json!([before.bytes, after.bytes]));
    object.insert("compile_ms".to_string(), json!(rounded_milliseconds(time)));
}

fn measured(object: &mut Map<String, Json>, run: Option<&Measured>) {
    let Some(run) = run else { return };
    if let Some(code) = &run.code {
        let stages = json!({
            "emit": rounded_milliseconds(code.emit),
            "optimize": rounded_milliseconds(code.optimize),
            "generate": rounded_milliseconds(code.generate),
            "link": rounded_milliseconds(code.link),
        });
        object.insert("code_ms".to_string(), stages);
        if code.spared > 0 {
            object.insert("not_optimized_functions".to_string(), json!(code.spared));
        }
    }
    let times: Vec<f64> = run.times.iter().map(|time| rounded_milliseconds(*time)).collect();
    object.insert("run_ms".to_string(), json!(times));
    if !run.times.is_empty() {
        object.insert("run_median_ms".to_string(), json!(rounded_milliseconds(median(&run.times))));
    }
    match run.same {
        Some(Agreement::Same | Agreement::Rounded) => drop(object.insert("same".to_string(), json!(true))),
        Some(Agreement::Different) => drop(object.insert("same".to_string(), json!(false))),
        Some(Agreement::Unknown) | None => {}
    }
    if run.same == Some(Agreement::Rounded) {
        object.insert("rounded".to_string(), json!(true));
    }
    if let Some(error) = &run.error {
        object.insert("error".to_string(), json!(error));
    }
}
