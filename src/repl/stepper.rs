#![forbid(unsafe_code)]
//! Stepping through the passes: an empty line shows the next pass that changed something.
//!
//! Promises: every changed pass is shown once on the way down, with what lies between named; behind the last one come the
//! plan, the figures and, when all inputs are there, the result.

use super::Repl;
use super::reply::{Failure, Outcome, Reply};

/// How far the reader is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The number of steps seen: the index of the next one.
    pub seen: usize,
    /// Whether the summary behind the last step was shown.
    pub summed_up: bool,
}

impl Repl {
    /// What an empty line does. Without a program it does nothing.
    pub(super) fn step_on(&mut self) -> Outcome {
        let Some(entered) = &self.program else { return Ok(Reply::default()) };
        let (steps, seen) = (&entered.optimized.trace.steps, entered.cursor.seen);
        let next = (seen..steps.len()).find(|at| steps.get(*at).is_some_and(|step| step.changed()));
        let Some(next) = next else { return self.sum_up() };
        let skipped = self.render_unchanged(seen, next);
        self.move_to(next + 1);
        Ok(Reply::text(skipped + &self.render_step(next, None)))
    }

    /// Back to the pass before the one that was shown last.
    pub(super) fn step_back(&mut self) -> Outcome {
        let entered = self.entered()?;
        let steps = &entered.optimized.trace.steps;
        // After the summary the last changed pass comes first; otherwise it is the one on the screen.
        let shown = if entered.cursor.summed_up { entered.cursor.seen } else { entered.cursor.seen.saturating_sub(1) };
        let before = (0..shown.min(steps.len())).rev().find(|at| steps.get(*at).is_some_and(|step| step.changed()));
        let Some(before) = before else {
            self.move_to(0);
            return Ok(Reply::text(self.render_start()));
        };
        self.move_to(before + 1);
        Ok(Reply::text(self.render_step(before, None)))
    }

    /// Shows pass `number`, from 1, or one firing of it.
    pub(super) fn step_to(&mut self, number: usize, firing: Option<usize>) -> Outcome {
        let steps = &self.entered()?.optimized.trace.steps;
        let Some(at) = number.checked_sub(1).filter(|at| *at < steps.len()) else {
            return Err(no_step(number, steps.len()));
        };
        let firings = steps.get(at).map_or(0, |step| step.firings.len());
        if let Some(firing) = firing
            && !(1..=firings).contains(&firing)
        {
            return Err(Failure::new(format!("pass {number} has {firings} firings; there is no firing {firing}")));
        }
        self.move_to(at + 1);
        Ok(Reply::text(self.render_step(at, firing)))
    }

    fn move_to(&mut self, seen: usize) {
        if let Some(entered) = &mut self.program {
            entered.cursor = Cursor { seen, summed_up: false };
        }
    }

    fn sum_up(&mut self) -> Outcome {
        let Some(entered) = &mut self.program else { return Ok(Reply::default()) };
        let (seen, n_steps) = (entered.cursor.seen, entered.optimized.trace.steps.len());
        if entered.cursor.summed_up {
            return Ok(Reply::text(self.render_end()));
        }
        entered.cursor = Cursor { seen: n_steps, summed_up: true };
        let mut text = self.render_unchanged(seen, n_steps);
        text += &self.render_plan()?;
        text += &self.render_stats()?;
        let mut reply = Reply::text(text);
        if self.is_ready() {
            let run = self.run_program()?;
            reply.out += &run.out;
        }
        Ok(reply)
    }
}

/// Why a step is not to be had.
pub(super) fn no_step(number: usize, n_steps: usize) -> Failure {
    Failure::new(format!("there is no pass {number}; this pipeline has passes 1 to {n_steps}"))
        .help(":passes lists them")
}
