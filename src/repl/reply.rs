#![forbid(unsafe_code)]
//! What an input is answered with.
//!
//! Promises: text for both streams and what the shell does next, as plain data.

#[cfg(feature = "jit")]
use crate::codegen::CodegenError;
use crate::diag::Diagnostics;
use crate::value::RunError;
use std::time::Duration;

/// The answer to one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Text for the standard output; empty or ends with a line break.
    pub out: String,
    /// Text for the standard error; empty or ends with a line break.
    pub err: String,
    /// What the shell does next.
    pub next: Next,
    /// Whether the input was refused or its run failed.
    pub failed: bool,
}

/// What the shell does after a reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Next {
    /// Reads the next input.
    #[default]
    Prompt,
    /// Calls [`Repl::go_on`](super::Repl::go_on) for the rest of the answer, which may take long.
    GoOn,
    /// Leaves.
    Quit,
    /// Opens the user's editor on this text and feeds what comes back.
    Edit(String),
    /// Clears the screen.
    Clear,
}

impl Reply {
    /// Text for the standard output.
    pub(super) fn text(out: impl Into<String>) -> Reply {
        let mut out = out.into();
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        Reply { out, ..Reply::default() }
    }

    /// Something for the shell to do.
    pub(super) fn then(next: Next) -> Reply {
        Reply { next, ..Reply::default() }
    }
}

/// What a command or a program is answered with.
pub(super) type Outcome = Result<Reply, Failure>;

/// Why an input was refused, before it is drawn.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The program is wrong.
    Program(Diagnostics),
    /// The run failed.
    Run(RunError),
    /// Somebody stopped it after so long.
    Stopped(Duration),
    /// Anything else: what is wrong, and a fix.
    Plain {
        /// One line.
        title: String,
        /// What to type instead.
        help: Option<String>,
    },
}

impl Failure {
    /// An error in one line.
    pub fn new(title: impl Into<String>) -> Failure {
        Failure::Plain { title: title.into(), help: None }
    }

    /// A bug of ours.
    pub fn internal(title: impl Into<String>) -> Failure {
        Failure::new(format!("internal error: {}", title.into()))
    }

    /// Adds what to type instead; messages about programs have their own help.
    pub fn help(mut self, text: impl Into<String>) -> Failure {
        if let Failure::Plain { help, .. } = &mut self {
            *help = Some(text.into());
        }
        self
    }

    /// Adds what to type instead, if there is something.
    pub fn maybe_help(self, text: Option<String>) -> Failure {
        match text {
            Some(text) => self.help(text),
            None => self,
        }
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Failure {
        Failure::Program(diagnostics)
    }
}

#[cfg(feature = "jit")]
impl From<CodegenError> for Failure {
    fn from(error: CodegenError) -> Failure {
        Failure::internal(error.to_string())
    }
}
