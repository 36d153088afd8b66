#![forbid(unsafe_code)]
//! What can go wrong between Rust and a program, as data and as text.
//!
//! Promises: every failure is one variant, with places in the program where it has them; `Display` is what the command line
//! would show, without colours.

use crate::codegen::CodegenError;
use crate::diag::{Diagnostic, Diagnostics, Place, SourceMap, Span};
use crate::ir::Ty;
use crate::value::{ErrorKind, RunError};
use crate::view::{self, Screen};
use std::fmt;
use std::sync::Arc;

/// Why there is no program, or no result.
///
/// ```
/// use weld::Error;
///
/// let session = weld::Session::new(weld::Config::default());
/// let error = session.program("|v: vec[i64]| filter(v, |x| x > 0)").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "\
/// type error[E0201]: this literal is an `i32`, but it is compared with an `i64`
///  --> program:1:33
///   |
/// 1 | |v: vec[i64]| filter(v, |x| x > 0)
///   |     -------- so `x` is an `i64` ^ an `i32`; Weld never converts silently
///   |
///   = help: write it as an `i64`: `x > 0L`
/// "
/// );
/// let Error::Rejected(messages) = error else { panic!() };
/// let first = messages.iter().next().unwrap();
/// assert_eq!(first.code.id(), "E0201");
/// assert_eq!(messages.place(first.primary.span).column, 33);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Error {
    /// The text is no program.
    Rejected(Messages),
    /// A run ended without a result.
    Run(Failure),
    /// Another number of inputs than the program has parameters.
    Count {
        /// The parameters.
        expected: Vec<Parameter>,
        /// How many inputs were given.
        found: usize,
    },
    /// An input, or what was asked for as the result, is of another type than the program's.
    Type {
        /// Which one.
        spot: Spot,
        /// The type in the program.
        expected: Ty,
        /// The type in Rust.
        found: Ty,
    },
    /// A value of the right type that has no counterpart on the other side: a null, bytes that are no text.
    Unfit {
        /// Which one.
        spot: Spot,
        /// Why: one line.
        reason: String,
    },
    /// A bug of ours, or no LLVM for this machine: one line.
    Internal(String),
}

/// A parameter of a program.
///
/// ```
/// # fn main() -> Result<(), weld::Error> {
/// let session = weld::Session::new(weld::Config::default());
/// let program = session.program("|v: vec[f64], k: f64| map(v, |x| x * k)")?;
/// let [v, k] = program.params() else { panic!() };
/// assert_eq!((v.to_string(), k.name.as_str()), ("v: vec[f64]".to_string(), "k"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Ty,
}

impl Parameter {
    pub(super) fn spot(&self, index: usize) -> Spot {
        Spot::Parameter { index, name: self.name.clone() }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.ty)
    }
}

/// What an error is about.
///
/// ```
/// # fn main() -> Result<(), weld::Error> {
/// let session = weld::Session::new(weld::Config::default());
/// use weld::embed::Spot;
///
/// let program = session.program("|k: f64| k * 2.0")?;
/// let Err(weld::Error::Type { spot, .. }) = program.call::<i64>(1.0) else { panic!() };
/// assert_eq!(spot, Spot::Result);
/// let Err(weld::Error::Type { spot, .. }) = program.call::<f64>(1i64) else { panic!() };
/// assert_eq!(spot, Spot::Parameter { index: 0, name: "k".to_string() });
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// An input.
    Parameter {
        /// Its number, from 0.
        index: usize,
        /// The name of the parameter.
        name: String,
    },
    /// The result.
    Result,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spot::Parameter { name, .. } => write!(f, "the input `{name}`"),
            Spot::Result => f.write_str("the result"),
        }
    }
}

/// Errors or warnings about a text, with the text.
///
/// ```
/// let session = weld::Session::new(weld::Config::default());
/// let Err(weld::Error::Rejected(messages)) = session.program("|x: i64| x + y") else { panic!() };
/// assert!(messages.to_string().contains("1 | |x: i64| x + y"));
/// ```
#[derive(Clone)]
pub struct Messages {
    pub(super) diagnostics: Diagnostics,
    pub(super) sources: Arc<SourceMap>,
}

impl Messages {
    /// Each of them.
    ///
    /// ```
    /// let session = weld::Session::new(weld::Config::default());
    /// let Err(weld::Error::Rejected(messages)) = session.program("|x: i64| x + y") else { panic!() };
    /// assert_eq!(messages.iter().filter(|message| message.code.is_error()).count(), 1);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.0.iter()
    }

    /// Whether there are none.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// assert!(session.program("|x: i64| x")?.warnings().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_empty(&self) -> bool {
        self.diagnostics.0.is_empty()
    }

    /// Line and column of a span of one of them.
    ///
    /// ```
    /// let session = weld::Session::new(weld::Config::default());
    /// let Err(weld::Error::Rejected(messages)) = session.program("|x: i64| x + y") else { panic!() };
    /// let first = messages.iter().next().unwrap();
    /// assert_eq!(messages.place(first.primary.span).to_string(), "1:14");
    /// ```
    pub fn place(&self, span: Span) -> Place {
        self.sources.place(span)
    }

    /// The text under a span of one of them.
    ///
    /// ```
    /// let session = weld::Session::new(weld::Config::default());
    /// let Err(weld::Error::Rejected(messages)) = session.program("|x: i64| x + y") else { panic!() };
    /// let first = messages.iter().next().unwrap();
    /// assert_eq!(messages.snippet(first.primary.span), "y");
    /// ```
    pub fn snippet(&self, span: Span) -> &str {
        self.sources.snippet(span)
    }
}

impl fmt::Display for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&view::error::diagnostics(&self.diagnostics, &self.sources, Screen::plain()))
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a run has no result.
///
/// ```
/// use weld::value::ErrorKind;
///
/// # fn main() -> Result<(), weld::Error> {
/// let session = weld::Session::new(weld::Config::default());
/// let program = session.program("|v: vec[i64]| lookup(v, 7L)")?;
/// let Err(weld::Error::Run(failure)) = program.call::<i64>(&[1i64, 2]) else { panic!() };
/// assert_eq!(failure.kind(), ErrorKind::ArrayOutOfBounds);
/// assert_eq!(failure.error().values, (7, 2));
/// assert_eq!(failure.place().unwrap().column, 15);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Failure {
    pub(super) error: RunError,
    pub(super) sources: Arc<SourceMap>,
}

impl Failure {
    /// What happened.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let divide = session.program("|a: i64, b: i64| a / b")?;
    /// let Err(weld::Error::Run(failure)) = divide.call::<i64>((1i64, 0i64)) else { panic!() };
    /// assert_eq!(failure.kind(), weld::value::ErrorKind::DivideByZero);
    /// # Ok(())
    /// # }
    /// ```
    pub fn kind(&self) -> ErrorKind {
        self.error.kind
    }

    /// What happened, with the values that were wrong.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let divide = session.program("|a: i64, b: i64| a / b")?;
    /// let Err(weld::Error::Run(failure)) = divide.call::<i64>((1i64, 0i64)) else { panic!() };
    /// assert!(!failure.error().message.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn error(&self) -> &RunError {
        &self.error
    }

    /// Line and column of the operation that failed; `None` when none is to blame.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let divide = session.program("|a: i64, b: i64| a / b")?;
    /// let Err(weld::Error::Run(failure)) = divide.call::<i64>((1i64, 0i64)) else { panic!() };
    /// assert_eq!(failure.place().unwrap().to_string(), "1:18");
    /// # Ok(())
    /// # }
    /// ```
    pub fn place(&self) -> Option<Place> {
        self.error.origin.as_ref().map(|origin| self.sources.place(origin.primary()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&view::error::run_error(&self.error, &self.sources, Screen::plain()))
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Rejected(messages) => messages.fmt(f),
            Error::Run(failure) => failure.fmt(f),
            Error::Count { expected, found } => {
                let plural = |count: usize| if count == 1 { "" } else { "s" };
                let (wanted, s) = (expected.len(), plural(expected.len()));
                write!(f, "the program has {wanted} parameter{s}")?;
                for (at, parameter) in expected.iter().enumerate() {
                    write!(f, "{}`{parameter}`", if at == 0 { " (" } else { ", " })?;
                }
                let close = if expected.is_empty() { "" } else { ")" };
                write!(f, "{close}, but {found} input{} given", if *found == 1 { " is" } else { "s are" })
            }
            Error::Type { spot: Spot::Result, expected, found } => {
                write!(f, "the result is of type `{expected}`, but it is asked for as `{found}`")
            }
            Error::Type { spot, expected, found } => {
                write!(f, "{spot} is of type `{found}`, but the program wants `{expected}`")
            }
            Error::Unfit { spot, reason } => write!(f, "{spot} does not fit: {reason}"),
            Error::Internal(message) => f.write_str(message),
        }
    }
}

impl fmt::Debug for Error {
    /// The text, for this is what `main` shows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl From<CodegenError> for Error {
    fn from(error: CodegenError) -> Error {
        Error::Internal(error.to_string())
    }
}
