#![forbid(unsafe_code)]
//! One message: what is wrong, where, why, and what to type instead.
//!
//! Promises: titles and labels are lower case, one fact each, without a full stop; `help` is an
//! instruction, and code in it compiles.

use super::{Code, Span};

/// A place and the few words that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is to be said there; may be empty.
    pub text: String,
}

impl Label {
    /// A label at `span`.
    pub fn new(span: Span, text: impl Into<String>) -> Label {
        Label { span, text: text.into() }
    }
}

/// An error or a warning about a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of message this is; `E...` is an error, `W...` a warning.
    pub code: Code,
    /// One line: what is wrong.
    pub title: String,
    /// The place where it is wrong.
    pub primary: Label,
    /// Other places that explain it.
    pub related: Vec<Label>,
    /// A fix.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A message at `span` with an empty label.
    pub fn new(code: Code, span: Span, title: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            title: title.into(),
            primary: Label::new(span, ""),
            related: Vec::new(),
            help: None,
        }
    }

    /// Sets the words under the primary place.
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.primary.text = text.into();
        self
    }

    /// Adds a second place.
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.related.push(Label::new(span, text));
        self
    }

    /// Sets the fix.
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }
}

/// One or more messages. Inside an `Err` at least one is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

/// Errors, and warnings, after this many are dropped where many may come: the first ones are the ones to read.
const MANY: usize = 20;

impl Diagnostics {
    /// Adds a message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds a message, unless there are many of its kind. Warnings never keep an error out.
    pub fn push_some(&mut self, diagnostic: Diagnostic) {
        let is_error = diagnostic.code.is_error();
        if self.0.iter().filter(|earlier| earlier.code.is_error() == is_error).count() < MANY {
            self.push(diagnostic);
        }
    }

    /// Whether any message is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.code.is_error())
    }

    /// The first error, if there is one.
    pub fn first_error(&self) -> Option<&Diagnostic> {
        self.0.iter().find(|diagnostic| diagnostic.code.is_error())
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Diagnostics {
        Diagnostics(vec![diagnostic])
    }
}
