#![forbid(unsafe_code)]
//! Changing the pipeline and the focus, taking changes back, comparing pipelines.
//!
//! Promises: every change of a setting can be undone, in order; after a change of the pipeline the reply says where the new
//! optimization parts from the old one.

use super::Repl;
use super::reply::{Failure, Outcome, Reply};
use crate::config::{Config, SETTINGS};
use crate::passes::{Optimized, Stage, pipeline_text};
use crate::session::measure::{Measured, Runs};
use crate::session::query::{Focus, compare};
use crate::view::compare::{Sides, compare as table, first};
use crate::view::steps::changes;

/// Runs of each side of a comparison.
const RUNS: u32 = 5;

impl Repl {
    /// Changes the settings; [`Repl::undo`] takes it back.
    pub(super) fn change_config(&mut self, config: Config) {
        self.earlier.push(self.session.config().clone());
        self.session.set_config(config);
        self.optimize_again();
    }

    /// The settings before they were changed last.
    pub(super) fn undo(&mut self) -> Result<String, Failure> {
        let Some(earlier) = self.earlier.pop() else { return Ok("nothing to undo".to_string()) };
        let now = self.session.config().clone();
        self.session.set_config(earlier);
        self.optimize_again();
        let config = self.session.config();
        let changed = SETTINGS.iter().filter(|setting| (setting.show)(&now) != (setting.show)(config));
        let text: String = changed.map(|setting| self.render_setting(setting)).collect();
        Ok(if text.is_empty() { "nothing had changed".to_string() } else { text })
    }

    /// Runs another pipeline from now on; tells what that changes for the current program.
    pub(super) fn change_pipeline(&mut self, stages: &[Stage]) -> Outcome {
        let before = self.program.as_ref().map(|entered| entered.optimized.clone());
        let config = Config { passes: pipeline_text(stages), ..self.session.config().clone() };
        self.change_config(config);
        let mut text = self.render_pipeline();
        if let (Some(before), Some(entered)) = (before, &self.program) {
            let core = &entered.checked.program;
            let comparison = compare((core, &before), (core, &entered.optimized));
            let [old, new] = &comparison.counters;
            let changed = changes(old, new);
            let changed =
                if changed.is_empty() { String::new() } else { format!("{}\n", changed.trim_start()) };
            text += &format!("{}\n{changed}", first(&comparison));
            if let Some(bug) = &entered.optimized.internal_error {
                text += &format!("{bug}\n");
            }
        }
        Ok(Reply::text(text))
    }

    /// The pipeline, as it can be typed again.
    pub(super) fn render_pipeline(&self) -> String {
        let text = pipeline_text(&self.session.pipeline());
        self.screen.paragraph("pipeline: ", "    ", &text)
    }

    /// Looks at one loop of the plan, or at everything again.
    pub(super) fn focus_on(&mut self, id: Option<usize>) -> Result<(), Failure> {
        let focus = match id {
            Some(id) => {
                let focus = Focus::on(&self.entered()?.optimized.program, id);
                Some(focus.map_err(|why| Failure::new(why).help(":show plan lists the loops"))?)
            }
            None => None,
        };
        if let Some(entered) = &mut self.program {
            entered.focus = focus;
        }
        Ok(())
    }

    /// What is looked at.
    pub(super) fn render_focus(&self) -> Result<String, Failure> {
        let entered = self.entered()?;
        Ok(match &entered.focus {
            Some(focus) => format!("focus on L{}\n{}", focus.id, focus.text(&entered.optimized.program)),
            None => "focus on the whole program".to_string(),
        })
    }

    /// The current program under two pipelines; run when its inputs are there.
    pub(super) fn render_compare(
        &self,
        names: [&str; 2],
        stages: &[Vec<Stage>; 2],
    ) -> Result<String, Failure> {
        let checked = &self.entered()?.checked;
        let [a, b] = stages;
        let (a, b) = (self.session.optimize_by(checked, a), self.session.optimize_by(checked, b));
        self.stop_if_asked()?;
        let comparison = compare((&checked.program, &a), (&checked.program, &b));
        let runs = if self.is_ready() { Some(self.measured(&a, &b)?) } else { None };
        Ok(table(&comparison, &Sides { names, runs }, self.screen))
    }

    fn measured(&self, a: &Optimized, b: &Optimized) -> Result<[Measured; 2], Failure> {
        let args = self.arguments()?;
        let runs = Runs { args: &args, repeat: RUNS, signal: &self.signal };
        let measure = |optimized: &Optimized| {
            self.session.measure(&optimized.program, runs).map_err(|stop| self.measure_failure(stop))
        };
        let (expected, first) = measure(a)?;
        let (answer, mut second) = measure(b)?;
        let core = &self.entered()?.checked.program;
        let (wanted, found) = ((&a.program, &expected), (&b.program, &answer));
        second.same = Some(self.session.agreement(core, wanted, found, runs));
        Ok([first, second])
    }
}
