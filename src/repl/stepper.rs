#![forbid(unsafe_code)]
//! Stepping through the passes: an empty line shows the next pass that changed something.
//!
//! Promises: every changed pass is shown once on the way down, with what lies between named; behind the last one come the
//! plan and the times and, when all inputs are there, the result.

use super::Repl;
use super::reply::{Failure, Next, Outcome, Reply};

/// How far the reader is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The number of the step shown last, from 1; 0 is the program before all passes.
    shown: usize,
    /// Whether what comes behind the last step was shown.
    summed_up: bool,
}

impl Repl {
    /// What an empty line does. Without a program it does nothing.
    pub(super) fn step_on(&mut self) -> Outcome {
        let Some(entered) = &self.program else { return Ok(Reply::default()) };
        let shown = entered.cursor.shown;
        let next = self.viewer().next_change(&entered.optimized.trace, shown);
        let Some(next) = next else { return self.sum_up() };
        let skipped = self.render_unchanged(shown, next - 1);
        self.move_to(next);
        Ok(Reply::text(skipped + &self.render_step(next, None)))
    }

    /// Back to the changed pass before the one that was shown last; before the first one is the typed program.
    pub(super) fn step_back(&mut self) -> Outcome {
        let entered = self.entered()?;
        let viewer = self.viewer();
        let steps = &entered.optimized.trace.steps;
        // Behind the summary the last step counts as not yet shown.
        let end = if entered.cursor.summed_up { steps.len() } else { entered.cursor.shown.saturating_sub(1) };
        let before = steps.iter().take(end).rposition(|step| viewer.sees(step)).map_or(0, |at| at + 1);
        self.move_to(before);
        Ok(Reply::text(self.render_step(before, None)))
    }

    /// Shows step `number`, or one firing of it. 0 is the typed program.
    pub(super) fn step_to(&mut self, number: usize, firing: Option<usize>) -> Outcome {
        let steps = &self.entered()?.optimized.trace.steps;
        if number > steps.len() {
            return Err(no_step(number, steps.len()));
        }
        let firings = number.checked_sub(1).and_then(|at| steps.get(at)).map_or(0, |step| step.firings.len());
        if let Some(firing) = firing
            && !(1..=firings).contains(&firing)
        {
            return Err(Failure::new(format!("step {number} has no firing {firing}, only {firings}")));
        }
        self.move_to(number);
        Ok(Reply::text(self.render_step(number, firing)))
    }

    fn move_to(&mut self, shown: usize) {
        if let Some(entered) = &mut self.program {
            entered.cursor = Cursor { shown, summed_up: false };
        }
    }

    fn sum_up(&mut self) -> Outcome {
        let Some(entered) = &mut self.program else { return Ok(Reply::default()) };
        if entered.cursor.summed_up {
            return Ok(Reply::text(self.render_end()));
        }
        let (shown, last) = (entered.cursor.shown, entered.optimized.trace.steps.len());
        entered.cursor = Cursor { shown: last, summed_up: true };
        let mut reply = Reply::text(self.render_unchanged(shown, last) + &self.render_summary()?);
        if self.is_ready() {
            reply.next = Next::GoOn;
        }
        Ok(reply)
    }
}

/// Why a step is not to be had.
pub(super) fn no_step(number: usize, n_steps: usize) -> Failure {
    Failure::new(format!("there is no step {number}; the last one is {n_steps}")).help(":passes lists them")
}
