#![forbid(unsafe_code)]
//! A benchmark of a program as a table.
//!
//! Promises: a time is never shown without its spread and the number of runs; a rate names the bytes that it counts.

use super::duration::{fine, median, short};
use super::table::{Column, Field, render};
use super::{Role, Screen};
use crate::session::bench::{Compilation, Report, Variant};
use crate::session::measure::Agreement;
use crate::value::print::grouped;
use std::time::Duration;

/// The report.
pub fn bench(report: &Report, variants: &[Variant], screen: Screen) -> String {
    const COLUMNS: &[Column] = &[
        Column::text("passes", 7),
        Column::number("threads"),
        Column::number("compile"),
        Column::number("run"),
        Column::text("from .. to", 10).optional(2),
        Column::number("runs").optional(1),
        Column::number("GB/s").optional(3),
        Column::number("speed"),
    ];
    let first = report.rows.first().map(|row| median(&row.measured.times)).unwrap_or_default();
    let mut rows = Vec::new();
    let mut above = None;
    for row in &report.rows {
        let name = variants.get(row.variant).map_or("", |variant| variant.name.as_str());
        let compiled =
            report.compilations.get(row.variant).map_or(Duration::ZERO, |times| compile_time(times));
        let repeated = above.replace(row.variant) == Some(row.variant);
        let once = |text: String| if repeated { Field::from("") } else { Field::from(text) };
        let mut fields =
            vec![once(name.to_string()), Field::from(row.threads.to_string()), once(short(compiled))];
        let times = &row.measured.times;
        match &row.measured.error {
            Some(error) => fields.push(Field::from(error.as_str()).role(Role::Error)),
            None => {
                fields.push(Field::from(fine(median(times))).role(Role::Cost));
                let bounds = times.iter().min().zip(times.iter().max());
                let bounds = bounds.map(|(least, most)| format!("{} .. {}", fine(*least), fine(*most)));
                fields.push(Field::from(bounds.unwrap_or_default()));
                fields.push(Field::from(times.len().to_string()));
                fields.push(Field::from(rate(report, row.variant, times)));
                fields.push(Field::from(speed(first, times)));
            }
        }
        fields.resize_with(COLUMNS.len(), Field::default);
        rows.push(fields);
    }
    let mut text = render(COLUMNS, &rows, screen);
    for (variant, (formula, bytes)) in variants.iter().zip(&report.traffic) {
        let value = bytes.map_or(String::new(), |bytes| format!(" = {}", grouped(bytes)));
        text += &screen.paragraph("", "  ", &format!("bytes of {}: {formula}{value}", variant.name));
    }
    for (variant, times) in variants.iter().zip(&report.compilations) {
        text += &screen.paragraph("", "  ", &format!("compile {}: {}", variant.name, stages(times)));
    }
    text + &answers(report, variants, screen)
}

/// How the answers compare.
fn answers(report: &Report, variants: &[Variant], screen: Screen) -> String {
    if report.same_answer() == Some(true) && report.rows.len() > 1 {
        let rounded = report.rows.iter().any(|row| row.measured.same == Some(Agreement::Rounded));
        let how = if rounded { ", float sums rounded in another order" } else { "" };
        return format!("same answer everywhere{how}\n");
    }
    let different = report.rows.iter().filter(|row| row.measured.same == Some(Agreement::Different));
    different
        .map(|row| {
            let name = variants.get(row.variant).map_or("", |variant| variant.name.as_str());
            let what = format!("NOT the same answer: {name}, {} threads", row.threads);
            format!("{}\n", screen.paint(Role::Error, &what))
        })
        .collect()
}

/// Bytes by the formula in a second, in GB.
fn rate(report: &Report, variant: usize, times: &[Duration]) -> String {
    let bytes = report.traffic.get(variant).and_then(|(_, bytes)| *bytes);
    match bytes {
        Some(bytes) if bytes > 0 => format!("{:.1}", gigabytes_per_second(bytes, times)),
        _ => "-".to_string(),
    }
}

/// 10^9 bytes in a second.
pub fn gigabytes_per_second(bytes: u64, times: &[Duration]) -> f64 {
    bytes as f64 / median(times).as_secs_f64().max(1e-9) / 1e9
}

fn speed(first: Duration, times: &[Duration]) -> String {
    format!("{:.2}x", first.as_secs_f64() / median(times).as_secs_f64().max(1e-9))
}

/// The middle time of a compilation.
pub fn compile_time(times: &[Compilation]) -> Duration {
    median(&times.iter().map(Compilation::total).collect::<Vec<_>>())
}

/// The middle time of each stage: `parse 0.02 ms, macros 0.01 ms, ...`.
fn stages(times: &[Compilation]) -> String {
    let stages = stage_times(times).into_iter();
    stages.map(|(name, time)| format!("{name} {}", short(time))).collect::<Vec<_>>().join(", ")
}

/// The middle time of each stage, with its name.
pub fn stage_times(times: &[Compilation]) -> Vec<(&'static str, Duration)> {
    type Part = fn(&Compilation) -> Option<Duration>;
    const STAGES: &[(&str, Part)] = &[
        ("parse", |one| Some(one.front.parse)),
        ("macros", |one| Some(one.front.expand)),
        ("types", |one| Some(one.front.check)),
        ("passes", |one| Some(one.passes)),
        ("LLVM emit", |one| one.code.map(|code| code.emit)),
        ("optimize", |one| one.code.map(|code| code.optimize)),
        ("generate", |one| one.code.map(|code| code.generate)),
        ("link", |one| one.code.map(|code| code.link)),
    ];
    let shown = STAGES.iter().filter_map(|(name, part)| {
        let all: Vec<Duration> = times.iter().filter_map(part).collect();
        (!all.is_empty()).then(|| (*name, median(&all)))
    });
    shown.collect()
}
