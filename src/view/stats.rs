#![forbid(unsafe_code)]
//! Numbers of a compilation and of runs, and the plan of loops.

use super::duration::{median, short, spread};
use super::table::{Column, Field, render};
use super::{Role, Screen};
use crate::diag::SourceMap;
use crate::inputs::size;
use crate::ir::Program;
use crate::passes::Optimized;
use crate::plan;
use crate::runtime::RunStats;
use crate::session::FrontTimes;
use crate::session::ready::CodeStats;
use crate::value::print::grouped;
use std::time::Duration;

/// All times of a compilation.
#[derive(Clone, Copy, Debug)]
pub struct CompileStats<'a> {
    /// Parsing to checking.
    pub front: FrontTimes,
    /// The passes.
    pub optimized: &'a Optimized,
    /// LLVM, if it was used.
    pub code: Option<CodeStats>,
}

impl CompileStats<'_> {
    /// All passes together.
    pub fn passes(&self) -> Duration {
        self.optimized.time
    }

    /// Everything together.
    pub fn total(&self) -> Duration {
        self.front.total() + self.passes() + self.code.map_or(Duration::ZERO, |code| code.total())
    }

    /// One line: `compile 3.10 ms (parse, macros, types 0.10 ms, passes 0.40 ms, LLVM 2.60 ms)`.
    pub fn line(&self) -> String {
        let front = short(self.front.total());
        let llvm = self.code.map_or(String::new(), |code| match code.cached {
            true => ", compiled before".to_string(),
            false => format!(", LLVM {}", short(code.total())),
        });
        format!("compile {} (front {front}, passes {}{llvm})", short(self.total()), short(self.passes()))
    }

    /// A table of all stages.
    pub fn table(&self, screen: Screen) -> String {
        const COLUMNS: &[Column] =
            &[Column::text("stage", 12), Column::number("time"), Column::number("share")];
        let total = self.total();
        let mut rows = Vec::new();
        let mut row = |name: String, time: Duration| {
            let share = format!("{:.0} %", 100.0 * time.as_secs_f64() / total.as_secs_f64().max(1e-12));
            rows.push(vec![Field::from(name), Field::from(short(time)).role(Role::Cost), Field::from(share)]);
        };
        row("parse".to_string(), self.front.parse);
        row("macros".to_string(), self.front.expand);
        row("types".to_string(), self.front.check);
        for (at, step) in self.optimized.trace.steps.iter().enumerate() {
            row(format!("step {} {}", at + 1, step.pass.name), step.time);
        }
        if let Some(code) = self.code.filter(|code| !code.cached) {
            row("LLVM emit".to_string(), code.emit);
            row("LLVM optimize".to_string(), code.optimize);
            row("LLVM generate".to_string(), code.generate);
            row("LLVM link".to_string(), code.link);
        }
        row("total".to_string(), total);
        let mut text = render(COLUMNS, &rows, screen);
        if let Some(code) = &self.code {
            let before = if code.cached { ", compiled before" } else { "" };
            text.push_str(&format!("machine code {} bytes{before}\n", grouped(code.code_bytes)));
            text.push_str(&spared(code));
        }
        text
    }
}

/// A line about functions that were too large for LLVM's passes, if there are any.
pub fn spared(code: &CodeStats) -> String {
    match code.spared {
        0 => String::new(),
        1 => "not optimized by LLVM: 1 function, for it is too large\n".to_string(),
        many => format!("not optimized by LLVM: {many} functions, for they are too large\n"),
    }
}

/// The stages of making machine code: `LLVM emit 0.30 ms, optimize 1.20 ms, generate 1.10 ms, link 0.20 ms`.
pub fn code_line(code: &CodeStats) -> String {
    format!(
        "LLVM emit {}, optimize {}, generate {}, link {}",
        short(code.emit),
        short(code.optimize),
        short(code.generate),
        short(code.link)
    )
}

/// One line about runs: `run 0.98 ms  [0.95 ms .. 1.04 ms, 21 runs], 8 threads`.
pub fn run_line(times: &[Duration], threads: usize, stats: Option<&RunStats>) -> String {
    let plural = if threads == 1 { "" } else { "s" };
    let mut text = format!("run {}, {threads} thread{plural}", spread(times));
    if let Some(stats) = stats {
        text.push_str(&format!(
            ", leaves {}, steals {}, memory {}, peak {}",
            grouped(stats.leaves),
            grouped(stats.steals),
            size(usize::try_from(stats.bytes).unwrap_or(usize::MAX)),
            size(usize::try_from(stats.peak).unwrap_or(usize::MAX))
        ));
    }
    text
}

/// How the loops and sorts of a program will run, with the places they came from.
pub fn plan(program: &Program, sources: &SourceMap, screen: Screen) -> String {
    plan::text(program, sources).lines().map(|line| plan_line(line, screen)).collect()
}

/// A line of a plan: what begins it stays, such as the number of a loop, the rest is filled.
fn plan_line(line: &str, screen: Screen) -> String {
    let start = line.len() - line.trim_start().len();
    let number = line.get(start..).and_then(|rest| rest.find("  ")).map_or(0, |at| at + 2);
    let (head, words) = line.split_at_checked(start + number).unwrap_or(("", line));
    screen.paragraph(head, &" ".repeat(head.chars().count() + 2), words)
}

/// How much faster `after` is than `before`, by their middle times.
pub fn speedup(before: &[Duration], after: &[Duration]) -> f64 {
    median(before).as_secs_f64() / median(after).as_secs_f64().max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::run_line;
    use std::time::Duration;

    #[test]
    fn run_lines_name_threads() {
        assert_eq!(run_line(&[Duration::from_millis(1)], 1, None), "run 1.00 ms, 1 thread");
        assert!(run_line(&[Duration::from_millis(1)], 2, None).ends_with("2 threads"));
    }
}
