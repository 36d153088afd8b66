#![forbid(unsafe_code)]
//! Accepting a program: check it, optimize it, show what it is and what it needs.
//!
//! Promises: only a program without errors replaces the one before; its passes run once and are looked at many times.

use super::Repl;
use super::reply::{Failure, Next, Outcome, Reply};
use super::stepper::Cursor;
use crate::passes::Optimized;
use crate::session::Checked;
use crate::session::header::Header;
use crate::session::query::Focus;
use crate::view::error;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// The current program.
pub(super) struct Entered {
    /// What messages call it: `p3`, or the name of its file.
    pub name: String,
    /// `#@ title`.
    pub title: Option<String>,
    /// Where it was loaded from.
    pub path: Option<PathBuf>,
    /// Its text.
    pub text: String,
    /// The typed program.
    pub checked: Checked,
    /// The program after the passes, and what they did.
    pub optimized: Optimized,
    /// How far the reader has stepped.
    pub cursor: Cursor,
    /// The one loop that is looked at.
    pub focus: Option<Focus>,
    /// Machine code, once it was needed.
    #[cfg(feature = "jit")]
    pub compiled: Option<crate::session::Program>,
}

impl Repl {
    /// Makes `text` the current program, to be run at once when nothing is missing.
    pub(super) fn enter(&mut self, path: Option<PathBuf>, text: &str) -> Outcome {
        let name = match &path {
            Some(path) => path.display().to_string(),
            None => format!("p{}", self.accepted + 1),
        };
        let header = Header::parse(text);
        let folder = path.as_deref().and_then(Path::parent).map(Path::to_path_buf);
        for library in header.libraries_beside(folder.as_deref()) {
            self.session.load_library(&library).map_err(Failure::new)?;
        }
        let source = self.session.add_source(&name, text.to_string());
        let checked = self.session.check(source)?;
        self.stop_if_asked()?;
        let optimized = self.session.optimize(&checked);
        self.stop_if_asked()?;
        let mut reply = Reply { err: self.render_messages(&checked.warnings), ..Reply::default() };
        self.accepted += 1;
        self.program = Some(Entered {
            name: name.clone(),
            title: header.title.clone(),
            path,
            text: text.to_string(),
            checked,
            optimized,
            cursor: Cursor::default(),
            focus: None,
            #[cfg(feature = "jit")]
            compiled: None,
        });
        for problem in &header.problems {
            reply.err += &error::problem(&name, problem, self.screen);
        }
        for input in &header.inputs {
            if let Err(failure) = self.give(&input.name, &input.spec_beside(folder.as_deref())) {
                reply.err += &self.render_failure(&failure);
                reply.failed = true;
            }
        }
        reply.out = self.render_entered();
        if !reply.failed && self.is_ready() {
            reply.next = Next::GoOn;
        }
        Ok(reply)
    }

    /// Runs the passes again, after the settings changed.
    pub(super) fn optimize_again(&mut self) {
        if let Some(entered) = &mut self.program {
            entered.optimized = self.session.optimize(&entered.checked);
            entered.cursor = Cursor::default();
            entered.focus = None;
            #[cfg(feature = "jit")]
            {
                entered.compiled = None;
            }
        }
    }

    /// Whether the current program has all its inputs.
    pub(super) fn is_ready(&self) -> bool {
        self.program.as_ref().is_some_and(|entered| self.inputs.arguments(&entered.checked.program).is_ok())
    }

    /// Fails when somebody asked to stop.
    pub(super) fn stop_if_asked(&self) -> Result<(), Failure> {
        if self.signal.load(Ordering::Relaxed) == 0 {
            Ok(())
        } else {
            Err(Failure::Stopped(self.started.elapsed()))
        }
    }
}
