#![forbid(unsafe_code)]
//! Replies as text, made with the views that the command line uses too.
//!
//! Promises: what does not fit on a few screens is cut, and says so and how to see all of it.

use super::Repl;
use super::commands::COMMANDS;
use super::inputs::Given;
use super::reply::Failure;
use crate::config::{SETTINGS, Setting};
use crate::diag::Diagnostics;
use crate::inputs::describe;
use crate::ir::{Program, Ty};
#[cfg(feature = "jit")]
use crate::session::CacheStats;
use crate::session::measure::Runs;
use crate::session::ready::CodeStats;
use crate::value::Value;
#[cfg(feature = "jit")]
use crate::value::print::grouped;
use crate::view::stats::{CompileStats, plan, run_line};
use crate::view::steps::{Fold, folds, program_after};
use crate::view::table::{Column, Field, cut, render};
use crate::view::{self, Role, Screen};
use std::time::Duration;

/// Lines of a program shown unasked.
const LINES: usize = 24;

/// What shows a page of the documentation.
const LOOK_UP: &str = ":help";

/// Characters of a line shown unasked.
const CHARACTERS: usize = 1000;

/// Characters of the value of a setting in the table, and the least that its meaning gets beside it.
const VALUE: usize = 24;
const MEANING: usize = 24;

/// Elements of a vector shown of a result.
const ELEMENTS: usize = 20;

impl Repl {
    /// Why an input was refused.
    pub(super) fn render_failure(&self, failure: &Failure) -> String {
        match failure {
            Failure::Program(diagnostics) => {
                self.render_messages(diagnostics) + &view::docs::more_about(diagnostics, LOOK_UP, self.screen)
            }
            Failure::Run(error) => {
                view::error::run_error(error, self.session.sources(), self.screen)
                    + &view::docs::more_about_run(error, LOOK_UP, self.screen)
            }
            Failure::Stopped(after) => {
                let after = view::duration::short(*after);
                self.screen.paragraph("", "", &format!("interrupted after {after}; inputs and history kept"))
            }
            Failure::Plain { title, help } => view::error::plain(title, help.as_deref(), self.screen),
        }
    }

    /// Errors and warnings about a program.
    pub(super) fn render_messages(&self, messages: &Diagnostics) -> String {
        if messages.0.is_empty() {
            return String::new();
        }
        view::error::diagnostics(messages, self.session.sources(), self.screen)
    }

    /// What the current program is, what it needs, and what to do next.
    pub(super) fn render_entered(&self) -> String {
        let Some(entered) = &self.program else { return String::new() };
        let program = &entered.checked.program;
        let name = self.screen.paint(Role::Heading, &entered.name);
        let mut text = format!("{name} : {}\n", view::program::signature(program));
        if let Some(title) = &entered.title {
            text += &self.dim(&short(title));
        }
        let core = view::program::core(program);
        if !same_words(&core, &entered.text) {
            text += &brief(&core, "    ");
        }
        if let Some(bug) = &entered.optimized.internal_error {
            text += &format!("{}\n", self.screen.paint(Role::Error, bug));
        }
        text += &self.render_needs();
        let changed = entered.optimized.trace.steps.iter().filter(|step| step.changed()).count();
        if changed > 0 {
            let plural = if changed == 1 { "pass" } else { "passes" };
            text += &self.dim(&format!("Enter steps through {changed} {plural}"));
        }
        text
    }

    /// A line for each input that is missing.
    fn render_needs(&self) -> String {
        let Some(entered) = &self.program else { return String::new() };
        let program = &entered.checked.program;
        let mut text = String::new();
        for need in view::program::needs(program, &|name| self.has(program, name)) {
            let head = format!("needs {}: {}", need.name, need.ty);
            let Some(help) = self.how_to_give(&need.name) else { continue };
            // Both on one line where the screen is wide enough.
            let gap = if head.len() + help.len() + 3 <= self.screen.width { "   " } else { "\n      " };
            text += &format!("{head}{gap}{help}\n");
        }
        text
    }

    fn has(&self, program: &Program, name: &str) -> bool {
        let param = program.func.params.iter().find(|param| param.name.text() == name);
        param.is_some_and(|param| self.inputs.fitting(name, &param.ty).is_some())
    }

    /// What to type to give an input.
    pub(super) fn how_to_give(&self, name: &str) -> Option<String> {
        let program = &self.program.as_ref()?.checked.program;
        let need = view::program::needs(program, &|other| other != name).pop()?;
        let param = program.func.params.iter().find(|param| param.name.text() == name)?;
        let literal = format!(":in {name} = {}", need.example);
        let vector = matches!(param.ty, Ty::Vec(_));
        Some(if vector {
            format!("try  :gen {name} 1e6   or   {literal}")
        } else {
            format!("try  {literal}")
        })
    }

    /// The passes `from + 1` to `to`, none of which changed anything, as one line.
    pub(super) fn render_unchanged(&self, from: usize, to: usize) -> String {
        let focused = self.program.as_ref().is_some_and(|entered| entered.focus.is_some());
        let unchanged = if focused { "nothing in the loop in focus" } else { "unchanged" };
        match to.saturating_sub(from) {
            0 => String::new(),
            1 => self.dim(&format!("step {to}  {unchanged}")),
            _ => self.dim(&format!("step {}-{to}  {unchanged}", from + 1)),
        }
    }

    /// Pass `number`, or one firing of it.
    pub(super) fn render_step(&self, number: usize, firing: Option<usize>) -> String {
        let Some(entered) = &self.program else { return String::new() };
        let viewer = self.viewer();
        let trace = &entered.optimized.trace;
        let step = number.checked_sub(1).and_then(|at| trace.steps.get(at));
        match (step, firing) {
            (Some(step), Some(firing)) => viewer.firing(number, firing, step).unwrap_or_default(),
            (Some(step), None) => viewer.step(number, step),
            (None, _) => viewer.zero(&entered.checked.program),
        }
    }

    /// What an empty line says when there is no more to see.
    pub(super) fn render_end(&self) -> String {
        self.dim("that was the last step   :step 1 begins again   :passes lists them   :help")
    }

    /// How the loops of the program behind step `number` run.
    fn render_plan(&self, number: usize, screen: Screen) -> Result<String, Failure> {
        let entered = self.entered()?;
        let program = program_after(&entered.checked.program, &entered.optimized.trace, number);
        Ok(program.map_or(String::new(), |program| plan(program, self.session.sources(), screen)))
    }

    /// What comes behind the last step.
    pub(super) fn render_summary(&self) -> Result<String, Failure> {
        let entered = self.entered()?;
        let heading = self.screen.paint(Role::Heading, "plan");
        let indent = "    ";
        let inside = Screen { width: self.screen.width.saturating_sub(indent.len()), ..self.screen };
        let plan = self.render_plan(entered.optimized.trace.steps.len(), inside)?;
        let mut text = format!("{heading}\n{}", brief(&plan, indent));
        if self.is_ready() {
            return Ok(text);
        }
        text += &format!("{}\n", self.compile_stats()?.line());
        Ok(text + &self.render_needs())
    }

    /// The stages of the compilation.
    pub(super) fn render_stats(&self) -> Result<String, Failure> {
        Ok(self.compile_stats()?.table(self.screen) + &self.render_cache())
    }

    /// What is kept of programs that were compiled.
    #[cfg(feature = "jit")]
    fn render_cache(&self) -> String {
        let CacheStats { hits, misses, programs, bytes } = self.session.cache_stats();
        let bytes = grouped(bytes);
        format!("cache: programs {programs}, {bytes} bytes, hits {hits}, misses {misses}\n")
    }

    #[cfg(not(feature = "jit"))]
    fn render_cache(&self) -> String {
        String::new()
    }

    fn compile_stats(&self) -> Result<CompileStats<'_>, Failure> {
        let entered = self.entered()?;
        Ok(CompileStats {
            front: entered.checked.times,
            optimized: &entered.optimized,
            code: self.code_stats(),
        })
    }

    #[cfg(feature = "jit")]
    fn code_stats(&self) -> Option<CodeStats> {
        self.program.as_ref()?.compiled.as_ref().map(CodeStats::from)
    }

    #[cfg(not(feature = "jit"))]
    fn code_stats(&self) -> Option<CodeStats> {
        None
    }

    /// A result with its type.
    pub(super) fn render_result(&self, value: &Value, ty: &Ty) -> String {
        view::value::result(value, ty, ELEMENTS, self.screen)
    }

    /// The times of runs, and of the compilation before them if there was one.
    pub(super) fn render_times(&self, compiled: bool, times: &[Duration]) -> Result<String, Failure> {
        let run = run_line(times, self.session.config().threads, None);
        if !compiled {
            return Ok(self.dim(&run));
        }
        let compile = self.compile_stats()?.line();
        // A number and its unit stay together, so these lines are not filled.
        let gap = if compile.len() + run.len() + 3 <= self.screen.width { "   " } else { "\n" };
        Ok(format!("{}\n", self.screen.paint(Role::Dim, &format!("{compile}{gap}{run}"))))
    }

    /// One input in one line.
    pub(super) fn render_input(&self, name: &str, given: &Given) -> String {
        format!("{name} : {}   {}\n", given.ty, describe(&given.value, &given.ty))
    }

    /// Every input, and those that are missing.
    pub(super) fn render_inputs(&self) -> String {
        let mut text = String::new();
        for (name, given) in self.inputs.all() {
            text += &self.render_input(name, given);
            let used = self.program.as_ref().is_some_and(|entered| self.has(&entered.checked.program, name));
            // A literal is on the screen already.
            let source = given.spec.starts_with(['@', ':']).then(|| short(&given.spec));
            let unused = (!used).then(|| "not used by this program".to_string());
            let notes: Vec<String> = source.into_iter().chain(unused).collect();
            if !notes.is_empty() {
                text += &self.dim(&format!("    {}", notes.join("   ")));
            }
        }
        text += &self.render_needs();
        if text.is_empty() { self.dim("no inputs, and none are needed") } else { text }
    }

    /// The program at a level of code after step `number`.
    pub(super) fn render_level(&self, level: &str, number: Option<usize>) -> Result<String, Failure> {
        let entered = self.entered()?;
        let trace = &entered.optimized.trace;
        let number = number.unwrap_or(trace.steps.len());
        let program = program_after(&entered.checked.program, trace, number)
            .ok_or_else(|| super::stepper::no_step(number, trace.steps.len()))?;
        match level {
            "weld" => Ok(self.viewer().code(program)),
            "plan" => self.render_plan(number, self.screen),
            _ => self.code(program, level),
        }
    }

    #[cfg(feature = "jit")]
    fn code(&self, program: &Program, level: &str) -> Result<String, Failure> {
        use crate::codegen::Level;
        let level = match level {
            "llvm" => Level::Llvm,
            "llvm-opt" => Level::LlvmOptimized,
            _ => Level::Assembly,
        };
        Ok(self.session.code(program, level)?)
    }

    #[cfg(not(feature = "jit"))]
    fn code(&self, _: &Program, level: &str) -> Result<String, Failure> {
        Err(Failure::new(format!("this build has no LLVM, so there is no {level}")))
    }

    /// The table of passes, with so many runs of the program after each.
    pub(super) fn render_passes(&self, repeat: Option<u32>) -> Result<String, Failure> {
        let entered = self.entered()?;
        let (checked, trace) = (&entered.checked, &entered.optimized.trace);
        let core = &checked.program;
        let prefixes = match repeat {
            Some(repeat) => {
                let args = self.arguments()?;
                let runs = Runs { args: &args, repeat, signal: &self.signal };
                let measured = self.session.measure_prefixes(core, trace, runs);
                Some(measured.map_err(|stop| self.measure_failure(stop))?)
            }
            None => None,
        };
        let front = checked.times.total();
        let table = view::passes_table::table(core, front, trace, prefixes.as_ref(), self.screen);
        let silent = folds(trace).iter().any(|fold| matches!(fold, Fold::Unchanged(..)));
        let note =
            if silent { self.dim(":step N shows any of them, unchanged ones too") } else { String::new() };
        Ok(table + &note)
    }

    /// Every setting with its value.
    pub(super) fn render_settings(&self) -> String {
        let config = self.session.config();
        let set = |setting: &Setting| (setting.name, cut(&(setting.show)(config), VALUE), setting.about);
        let heading = ("setting", "value".to_string(), "meaning");
        let rows: Vec<_> = std::iter::once(heading).chain(SETTINGS.iter().map(set)).collect();
        let names = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
        let values = rows.iter().map(|(_, value, _)| value.chars().count()).max().unwrap_or(0);
        let column = names + values + 4;
        // Where there is no room beside the value, the meaning has lines of its own.
        let is_wide = column + MEANING <= self.screen.width;
        let mut text = String::new();
        for (at, (name, value, about)) in rows.iter().enumerate() {
            let role = if at == 0 { Role::Dim } else { Role::Cost };
            let head = format!("{name:names$}  {}", self.screen.paint(role, value));
            text += &match is_wide {
                true => {
                    let gap = " ".repeat(values - value.chars().count() + 2);
                    self.screen.paragraph(&(head + &gap), &" ".repeat(column), about)
                }
                false => head + "\n" + &self.screen.paragraph("    ", "    ", about),
            };
        }
        text
    }

    /// One setting with its value.
    pub(super) fn render_setting(&self, setting: &Setting) -> String {
        let value = (setting.show)(self.session.config());
        self.screen.paragraph(&format!("{} = ", setting.name), "    ", &value)
    }

    /// The list of commands.
    pub(super) fn render_help(&self) -> String {
        const COLUMNS: &[Column] = &[Column::text("command", 14), Column::text("what it does", 20)];
        let row = |command: &&super::commands::Command| {
            let call = format!(":{} {}", command.name(), command.args);
            vec![Field::from(call.trim_end()).role(Role::Rule), Field::from(command.help)]
        };
        let rows: Vec<Vec<Field>> = COMMANDS.iter().map(row).collect();
        let table = render(COLUMNS, &rows, self.screen);
        let words = |words: &str| self.screen.paragraph("", "", words);
        words("Type a program, such as `|v: vec[i64]| sum(v)`, or a command.")
            + &words("An empty line goes to the next step with changes.")
            + &format!("\n{table}\n")
            + &words("Names may be cut short. Also  :help COMMAND|TOPIC|topics")
    }

    fn dim(&self, text: &str) -> String {
        let indent = " ".repeat(text.len() - text.trim_start().len());
        let lines = self.screen.paragraph(&indent, &indent, text);
        format!("{}\n", self.screen.paint(Role::Dim, lines.trim_end()))
    }
}

/// Whether both have the same characters, but for white space and lines that are comments.
fn same_words(a: &str, b: &str) -> bool {
    fn words(text: &str) -> impl Iterator<Item = char> {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        lines.flat_map(str::chars).filter(|c| !c.is_whitespace())
    }
    words(a).eq(words(b))
}

/// The first lines of a text, each after `indent`, and how many more there are.
fn brief(text: &str, indent: &str) -> String {
    let mut shown = String::new();
    for line in text.lines().take(LINES) {
        let mut rest = line.chars();
        let head: String = rest.by_ref().take(CHARACTERS).collect();
        let more = rest.count();
        let tail = if more > 0 { format!(" .. {more} more characters") } else { String::new() };
        shown += &format!("{indent}{head}{tail}\n");
    }
    let more = text.lines().count().saturating_sub(LINES);
    if more > 0 {
        shown += &format!("{indent}.. {more} more lines   :show weld @0\n");
    }
    shown
}

/// The first part of how an input was given.
fn short(text: &str) -> String {
    let mut rest = text.chars();
    let head: String = rest.by_ref().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if rest.next().is_some() { format!("{head}..") } else { head }
}

#[cfg(test)]
mod tests {
    use super::{LINES, brief, same_words, short};

    #[test]
    fn white_space_does_not_matter() {
        assert!(same_words("|v:vec[i64]| 1", "# one\n|v: vec[i64]|\n  1\n"));
        assert!(!same_words("1", "2"));
    }

    #[test]
    fn long_texts_are_cut_and_say_so() {
        assert_eq!(brief("a\nb", "  "), "  a\n  b\n");
        let text = brief(&"x\n".repeat(45), "");
        assert_eq!(text.lines().count(), LINES + 1);
        assert!(text.contains("21 more lines"));
        assert!(brief(&"y".repeat(1003), "").contains("3 more characters"));
        assert_eq!(short(&"z".repeat(61)), format!("{}..", "z".repeat(60)));
    }
}
