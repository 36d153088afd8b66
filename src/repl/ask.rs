#![forbid(unsafe_code)]
//! Questions about the trace of the current program, and their answers as text.
//!
//! Promises: a place that is not in the text, a rule that does not exist and a name that nothing has are errors that say
//! what there is.

use super::Repl;
use super::commands::Command;
use super::entered::Entered;
use super::reply::Failure;
use crate::diag::Place;
use crate::session::query::{
    Missed, Selection, Spot, Why, fate, find, is_place, named, node_at, parse_place, predict, why,
};
use crate::view::queries::nothing;
use crate::view::steps::Viewer;

/// A rule and a place.
pub(super) struct Asked {
    /// The rule or pass.
    pub selection: Option<Selection>,
    place: Option<Place>,
    spot: Option<Spot>,
}

impl Repl {
    /// Reads `[RULE] [LINE:COL]`.
    pub(super) fn asked(&self, args: &str, command: &Command) -> Result<Asked, Failure> {
        let mut asked = Asked { selection: None, place: None, spot: None };
        self.entered()?;
        for word in args.split_whitespace() {
            if is_place(word) && asked.place.is_none() {
                let (place, spot) = self.spot(word)?;
                (asked.place, asked.spot) = (Some(place), Some(spot));
            } else if !is_place(word) && asked.selection.is_none() {
                let help = ":rule lists them";
                asked.selection = Some(Selection::named(word).map_err(|why| Failure::new(why).help(help))?);
            } else {
                let usage = format!(":{} {}", command.name(), command.args);
                return Err(Failure::new(format!("`{word}` is one too many")).help(usage));
            }
        }
        Ok(asked)
    }

    /// A place of the text of the current program.
    fn spot(&self, text: &str) -> Result<(Place, Spot), Failure> {
        let place = parse_place(text).map_err(Failure::new)?;
        let source = self.entered()?.checked.source;
        let spot = Spot::at(self.session.sources(), source, place).map_err(Failure::new)?;
        Ok((place, spot))
    }

    /// How steps are shown: short, and of the loop in focus alone.
    pub(super) fn viewer(&self) -> Viewer<'_> {
        let focus = self.program.as_ref().and_then(|entered| entered.focus.as_ref());
        Viewer { focus, ..Viewer::brief(self.session.sources(), self.screen) }
    }

    /// What happened and what nearly did.
    pub(super) fn render_why(&self, asked: &Asked) -> Result<String, Failure> {
        let entered = self.entered()?;
        let answer = why(&entered.optimized.trace, asked.selection, asked.spot);
        self.answered(asked, &answer, entered)
    }

    /// What would be without the near misses.
    pub(super) fn render_what_if(&self, asked: &Asked) -> Result<String, Failure> {
        let entered = self.entered()?;
        let answer = why(&entered.optimized.trace, asked.selection, asked.spot);
        // A rule that fired needs no if, but says that it did.
        let missed = Why { fired: Vec::new(), missed: answer.missed.clone() };
        self.answered(asked, if missed.missed.is_empty() { &answer } else { &missed }, entered)
    }

    fn answered(&self, asked: &Asked, answer: &Why, entered: &Entered) -> Result<String, Failure> {
        let pipeline = self.session.pipeline();
        if answer.fired.is_empty() && answer.missed.is_empty() {
            let words = nothing(asked.selection, asked.place, &pipeline);
            return Ok(self.screen.paragraph("", "    ", &words));
        }
        let core = &entered.checked.program;
        let predict = |missed: Missed<'_>| predict(missed, core, &pipeline, &entered.optimized);
        Ok(self.viewer().why(answer, &predict))
    }

    /// Which source a name or a place of the optimized program came from.
    pub(super) fn render_origin(&mut self, what: &str) -> Result<String, Failure> {
        let program = self.entered()?.optimized.program.clone();
        let wrong =
            |why: String| Failure::new(why).help(":show weld prints the program with its names and places");
        if !is_place(what) {
            let found = named(&program, what).map_err(wrong)?;
            return Ok(self.viewer().named(what, &found));
        }
        let place = parse_place(what).map_err(Failure::new)?;
        let node = node_at(&mut self.session, &program, place).map_err(wrong)?;
        Ok(self.viewer().origin(&node))
    }

    /// What became of a source expression.
    pub(super) fn render_fate(&self, place: &str) -> Result<String, Failure> {
        let (place, spot) = self.spot(place)?;
        let entered = self.entered()?;
        let trace = &entered.optimized.trace;
        match fate(&entered.checked.program, trace, spot) {
            Some(fate) => Ok(self.viewer().fate(&fate, trace.steps.len())),
            None => Ok(format!("no expression of the typed program came from {place}")),
        }
    }

    /// In which steps a text is part of the program.
    pub(super) fn render_find(&self, text: &str) -> Result<String, Failure> {
        let entered = self.entered()?;
        let trace = &entered.optimized.trace;
        let runs = find(&entered.checked.program, trace, text);
        Ok(self.viewer().found(text, &runs, trace, entered.checked.source))
    }
}
