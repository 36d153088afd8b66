#![forbid(unsafe_code)]
//! Errors as the C API and the crate `weld` 0.4 know them: a number, and a message that is a C string.
//!
//! Promises: the numbers 0 to 13 are those of the original; ours begin at 16. A failed run's message begins with the words
//! that clients look for, and goes on with the values and the place.

use crate::diag::{Diagnostics, SourceMap};
use crate::value::RunError;
use crate::view::{self, Screen};
use std::ffi::{CStr, CString};
use std::fmt;

/// What most functions of this module give.
///
/// ```
/// # fn main() -> Result<(), weld::WeldError> {
/// fn row(at: usize) -> weld::WeldResult<f64> {
///     [0.5, 1.5].get(at).copied().ok_or_else(|| weld::WeldError::new_unknown(format!("no row {at}")))
/// }
///
/// assert_eq!(row(1)?, 1.5);
/// # Ok(())
/// # }
/// ```
pub type WeldResult<T> = Result<T, WeldError>;

macro_rules! errnos {
    ($($name:ident = $code:literal $about:literal;)+) => {
        /// What happened, as a number of 64 bits.
        ///
        /// ```
        /// use weld::WeldRuntimeErrno;
        ///
        /// let errno = WeldRuntimeErrno::from(7);
        /// assert_eq!((errno, errno.to_string()), (WeldRuntimeErrno::OutOfMemory, "OutOfMemory".to_string()));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u64)]
        pub enum WeldRuntimeErrno { $(#[doc = $about] $name = $code,)+ }

        impl WeldRuntimeErrno {
            /// All of them.
            ///
            /// ```
            /// use weld::WeldRuntimeErrno;
            ///
            /// assert!(WeldRuntimeErrno::ALL.contains(&WeldRuntimeErrno::Timeout));
            /// ```
            pub const ALL: &'static [WeldRuntimeErrno] = &[$(WeldRuntimeErrno::$name,)+];
        }

        impl fmt::Display for WeldRuntimeErrno {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(WeldRuntimeErrno::$name => stringify!($name),)+ })
            }
        }
    };
}

errnos! {
    Success = 0 "All went well.";
    ConfigurationError = 1 "A configuration that does not parse.";
    LoadLibraryError = 2 "A library that cannot be loaded.";
    CompileError = 3 "A program that breaks a static rule, or a configuration that does not parse.";
    ArrayOutOfBounds = 4 "An index that is not in the vector.";
    BadIteratorLength = 5 "Bounds of an iterator that do not fit the data.";
    MismatchedZipSize = 6 "Zipped vectors of different lengths.";
    OutOfMemory = 7 "The memory limit was reached.";
    RunNotFound = 8 "A run that the context does not know.";
    Unknown = 9 "A bug of ours.";
    DeserializationError = 10 "Bytes that are no value of the type.";
    KeyNotFoundError = 11 "A key that is not in the dictionary.";
    AssertionError = 12 "An `assert` that does not hold.";
    ErrnoMax = 13 "The number behind the original's last error; no error has it.";
    StackOverflow = 16 "A program nested too deeply.";
    Cancelled = 17 "Somebody stopped the run.";
    DivideByZero = 18 "Integer division by zero.";
    Timeout = 19 "The time limit passed.";
    InvalidArgument = 20 "An argument that cannot be: a null pointer, a negative length, a context that is busy.";
    InvalidHandle = 21 "A handle that was freed, was never made, or is of another kind.";
    TypeMismatch = 22 "An argument of another type than the program's parameters.";
}

impl From<u64> for WeldRuntimeErrno {
    /// The error with this number; `Unknown` when there is none.
    fn from(code: u64) -> WeldRuntimeErrno {
        let mut all = WeldRuntimeErrno::ALL.iter().copied();
        all.find(|errno| *errno as u64 == code).unwrap_or(WeldRuntimeErrno::Unknown)
    }
}

/// An error, or the success that takes its place after a call that went well.
///
/// ```
/// let error = weld::WeldModule::compile("|x: i64| x + 1.0", &weld::WeldConf::new()).unwrap_err();
/// assert_eq!((error.code(), error.place()), (weld::WeldRuntimeErrno::CompileError, Some((1, 14))));
/// assert!(error.message().to_string_lossy().starts_with("type error[E0201]"), "{error}");
/// ```
#[derive(Clone, Debug)]
pub struct WeldError {
    code: WeldRuntimeErrno,
    message: CString,
    hint: Option<CString>,
    /// Line and column from 1.
    place: Option<(usize, usize)>,
}

impl Default for WeldError {
    /// No error yet: number 0 and no message.
    fn default() -> WeldError {
        WeldError::new("", WeldRuntimeErrno::Success)
    }
}

impl WeldError {
    /// An error of this kind. A message ends at its first NUL.
    ///
    /// ```
    /// use weld::{WeldError, WeldRuntimeErrno};
    ///
    /// let error = WeldError::new("no such file", WeldRuntimeErrno::LoadLibraryError);
    /// assert_eq!((error.code() as u64, error.to_string()), (2, "no such file".to_string()));
    /// ```
    pub fn new<T: Into<Vec<u8>>>(message: T, code: WeldRuntimeErrno) -> WeldError {
        WeldError { code, message: c_string(message), hint: None, place: None }
    }

    /// An error of no particular kind.
    ///
    /// ```
    /// let error = weld::WeldError::new_unknown("no row 7");
    /// assert_eq!(error.code(), weld::WeldRuntimeErrno::Unknown);
    /// ```
    pub fn new_unknown<T: Into<Vec<u8>>>(message: T) -> WeldError {
        WeldError::new(message, WeldRuntimeErrno::Unknown)
    }

    /// What a call leaves that went well.
    ///
    /// ```
    /// assert_eq!(weld::WeldError::new_success().message(), c"Success");
    /// ```
    pub fn new_success() -> WeldError {
        WeldError::new("Success", WeldRuntimeErrno::Success)
    }

    /// What happened.
    ///
    /// ```
    /// assert_eq!(weld::WeldError::default().code(), weld::WeldRuntimeErrno::Success);
    /// ```
    pub fn code(&self) -> WeldRuntimeErrno {
        self.code
    }

    /// What happened, in words.
    ///
    /// ```
    /// assert_eq!(weld::WeldError::new_unknown("no row 7").message(), c"no row 7");
    /// ```
    pub fn message(&self) -> &CStr {
        &self.message
    }

    /// A way to mend it, where one is known.
    ///
    /// ```
    /// let error = weld::WeldModule::compile("|x: i64| x + 1", &weld::WeldConf::new()).unwrap_err();
    /// assert_eq!(error.hint(), Some(c"write it as an `i64`: `x + 1L`"));
    /// ```
    pub fn hint(&self) -> Option<&CStr> {
        self.hint.as_deref()
    }

    /// Line and column of the program, from 1; of errors that are about a place in it.
    ///
    /// ```
    /// let error = weld::WeldModule::compile("|x: i64|\n  x + y", &weld::WeldConf::new()).unwrap_err();
    /// assert_eq!(error.place(), Some((2, 7)));
    /// ```
    pub fn place(&self) -> Option<(usize, usize)> {
        self.place
    }

    /// The same with a way to mend it.
    ///
    /// ```
    /// let error = weld::WeldError::new_unknown("no row 7").with_hint("count from 0");
    /// assert_eq!(error.hint(), Some(c"count from 0"));
    /// ```
    pub fn with_hint<T: Into<Vec<u8>>>(self, hint: T) -> WeldError {
        WeldError { hint: Some(c_string(hint)), ..self }
    }

    /// A program that was rejected: all messages with the places under them, and the place and the help of the first error.
    pub(super) fn rejected(messages: &Diagnostics, sources: &SourceMap) -> WeldError {
        let text = view::error::diagnostics(messages, sources, Screen::plain());
        let error = WeldError::new(text.trim_end(), WeldRuntimeErrno::CompileError);
        let Some(first) = messages.first_error() else { return error };
        let place = sources.place(first.primary.span);
        let error = WeldError { place: Some((place.line, place.column)), ..error };
        match &first.help {
            Some(help) => error.with_hint(help.as_str()),
            None => error,
        }
    }

    /// A run that failed.
    pub(super) fn failed(error: &RunError, sources: &SourceMap) -> WeldError {
        let code = WeldRuntimeErrno::from(u64::from(error.kind.code()));
        let place = error.origin.as_ref().map(|origin| sources.place(origin.primary()));
        let mut message = error.message.clone();
        if let Some(place) = &place {
            message += &format!(", at {}:{}", place.line, place.column);
        }
        let error = WeldError::new(message, code).of_run();
        WeldError { place: place.map(|place| (place.line, place.column)), ..error }
    }

    /// The same as the error of a run, whatever it was about: its message begins with the words that clients look for.
    ///
    /// ```
    /// use weld::{WeldError, WeldRuntimeErrno};
    ///
    /// let error = WeldError::new("no such row", WeldRuntimeErrno::InvalidArgument).of_run();
    /// assert_eq!(error.to_string(), "Weld program failed with error InvalidArgument: no such row");
    /// ```
    pub fn of_run(self) -> WeldError {
        const BEGIN: &str = "Weld program failed with error";
        let message = self.message.to_string_lossy();
        if message.starts_with(BEGIN) {
            return self;
        }
        WeldError { message: c_string(format!("{BEGIN} {}: {message}", self.code)), ..self }
    }
}

impl fmt::Display for WeldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message.to_string_lossy())
    }
}

impl std::error::Error for WeldError {}

fn c_string(text: impl Into<Vec<u8>>) -> CString {
    let mut text = text.into();
    text.truncate(text.iter().position(|byte| *byte == 0).unwrap_or(text.len()));
    CString::new(text).unwrap_or_default()
}

/// Leaves a function with an error of no particular kind: `weld_err!("no row {row}")`.
///
/// ```
/// fn row(at: usize) -> weld::WeldResult<f64> {
///     match [0.5, 1.5].get(at) {
///         Some(value) => Ok(*value),
///         None => weld::weld_err!("no row {at}"),
///     }
/// }
///
/// assert_eq!(row(7).unwrap_err().to_string(), "no row 7");
/// ```
#[macro_export]
macro_rules! weld_err {
    ($($arg:tt)*) => { Err($crate::WeldError::new_unknown(format!($($arg)*))) };
}

#[cfg(test)]
mod tests {
    use super::{WeldError, WeldRuntimeErrno};
    use crate::value::ErrorKind;

    #[test]
    fn every_error_of_a_run_has_its_number() {
        for kind in ErrorKind::ALL {
            let errno = WeldRuntimeErrno::from(u64::from(kind.code()));
            assert_eq!(errno.to_string(), kind.name());
        }
        assert_eq!(WeldRuntimeErrno::from(99), WeldRuntimeErrno::Unknown);
        let no_handle = crate::runtime::ffi::weld_runst_get_errno(std::ptr::null_mut());
        assert_eq!(no_handle, WeldRuntimeErrno::InvalidHandle as u64);
    }

    #[test]
    fn errors_of_runs_begin_with_the_same_words_once() {
        let error = WeldError::new("it is null", WeldRuntimeErrno::InvalidArgument).with_hint("give it");
        let error = error.of_run().of_run();
        assert_eq!(error.to_string(), "Weld program failed with error InvalidArgument: it is null");
        assert_eq!(error.hint().map(|hint| hint.to_bytes()), Some(&b"give it"[..]));
    }

    #[test]
    fn a_message_ends_at_its_first_nul() {
        assert_eq!(WeldError::new_unknown("ab\0cd").message().to_bytes(), b"ab");
        let error: Result<(), WeldError> = weld_err!("no row {}", 7);
        assert_eq!(error.map_err(|error| error.to_string()), Err("no row 7".to_string()));
    }
}
