#![forbid(unsafe_code)]
//! Errors of a run: what happened, where in the program, and the values that were wrong.
//!
//! Promises: one constructor per check, called by the interpreter and by the driver of compiled code, so both
//! tell the same story; names and numbers are those of LANGUAGE 18.
//! Must not: know line numbers; who shows the error looks them up in the `SourceMap`.

use super::serial::Corrupt;
use super::{Value, print};
use crate::diag::Origin;
use crate::ir::{Scalar, Ty};
use std::fmt;

macro_rules! kinds {
    ($($name:ident $code:literal $text:literal $about:literal;)+) => {
        /// What stopped a run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorKind { $(#[doc = $about] $name,)+ }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$name,)+];

            /// The name in messages and JSON.
            pub fn name(self) -> &'static str {
                match self { $(ErrorKind::$name => $text,)+ }
            }

            /// The number in the C API.
            pub fn code(self) -> u32 {
                match self { $(ErrorKind::$name => $code,)+ }
            }

            /// The stable id, such as `R004`.
            pub fn id(self) -> String {
                format!("R{:03}", self.code())
            }

            /// One sentence about it.
            pub fn about(self) -> &'static str {
                match self { $(ErrorKind::$name => $about,)+ }
            }

            /// Its page in Markdown, from `docs/`: when it happens, a program that fails so, one that does not.
            pub fn page(self) -> &'static str {
                match self { $(ErrorKind::$name => include_str!(concat!("docs/", $text, ".md")),)+ }
            }
        }
    };
}

kinds! {
    ArrayOutOfBounds 4 "ArrayOutOfBounds" "An index of `lookup`, of a merge into a vecmerger, or the start of `slice`, that is not in the vector.";
    BadIteratorLength 5 "BadIteratorLength" "Start, end and stride of an iterator that do not fit together or the data.";
    MismatchedZipSize 6 "MismatchedZipSize" "Zipped vectors or iterators of different lengths.";
    OutOfMemory 7 "OutOfMemory" "The memory limit was reached.";
    Internal 9 "Unknown" "A bug of ours.";
    Deserialization 10 "DeserializationError" "Bytes that are not those of a value of the type.";
    KeyNotFound 11 "KeyNotFoundError" "The key of a `lookup` that is not in the dictionary.";
    AssertionError 12 "AssertionError" "The condition of an `assert` was false.";
    Cancelled 17 "Cancelled" "Somebody stopped the run.";
    DivideByZero 18 "DivideByZero" "Integer `/` or `%` by zero.";
    Timeout 19 "Timeout" "The time limit passed.";
}

/// Why a run has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunError {
    /// What happened.
    pub kind: ErrorKind,
    /// The operation that failed; `None` when none is to blame (cancelled, time limit).
    pub origin: Option<Origin>,
    /// One line that says it with the values.
    pub message: String,
    /// The values: index and length, start and end, the two lengths, asked and allowed bytes; else zeros.
    pub values: (i64, i64),
}

impl RunError {
    fn new(kind: ErrorKind, origin: Option<&Origin>, values: (i64, i64), message: String) -> RunError {
        RunError { kind, origin: origin.cloned(), message, values }
    }

    /// `lookup(v, index)` with `len(v) == len`.
    pub fn lookup_out_of_bounds(origin: &Origin, index: i64, len: i64) -> RunError {
        let message = format!("lookup index {index} out of range for length {len}");
        RunError::new(ErrorKind::ArrayOutOfBounds, Some(origin), (index, len), message)
    }

    /// `slice(v, start, n)` with `len(v) == len`.
    pub fn slice_out_of_bounds(origin: &Origin, start: i64, len: i64) -> RunError {
        let message = format!("slice start {start} out of range for length {len}");
        RunError::new(ErrorKind::ArrayOutOfBounds, Some(origin), (start, len), message)
    }

    /// A merge of `{index, x}` into a vecmerger of `len` elements.
    pub fn merge_out_of_bounds(origin: &Origin, index: i64, len: i64) -> RunError {
        let message = format!("merge index {index} out of range for length {len}");
        RunError::new(ErrorKind::ArrayOutOfBounds, Some(origin), (index, len), message)
    }

    /// `iter` or `rangeiter` from `start` to `end` with a stride, or data, that does not fit.
    pub fn bad_iterator(origin: &Origin, start: i64, end: i64) -> RunError {
        let message = format!(
            "iterator from {start} to {end}: the stride must not be zero, must lead from start to end in whole steps, \
             and every step must lie in the vector"
        );
        RunError::new(ErrorKind::BadIteratorLength, Some(origin), (start, end), message)
    }

    /// `nditer` from element `start` of a vector of `len` elements, with a shape or strides that do not fit.
    pub fn bad_nd_iterator(origin: &Origin, start: i64, len: i64) -> RunError {
        let message = format!(
            "nditer from {start} over {len} elements: shape and strides must have the same length, no dimension may be \
             negative, and every step must lie in the vector"
        );
        RunError::new(ErrorKind::BadIteratorLength, Some(origin), (start, len), message)
    }

    /// A loop of `count` iterations with the annotation `loopsize: promised`.
    pub fn wrong_loop_size(origin: &Origin, count: i64, promised: i64) -> RunError {
        let message =
            format!("the loop has {count} iterations, but `@(loopsize:{promised})` promises {promised}");
        RunError::new(ErrorKind::BadIteratorLength, Some(origin), (count, promised), message)
    }

    /// Zipped data of `first` and of `other` elements.
    pub fn mismatched_zip(origin: &Origin, first: i64, other: i64) -> RunError {
        let message = format!("zipped lengths differ: {first} and {other}");
        RunError::new(ErrorKind::MismatchedZipSize, Some(origin), (first, other), message)
    }

    /// `deserialize` of bytes that are no value of its type.
    pub fn corrupt(origin: &Origin, corrupt: Corrupt) -> RunError {
        let (values, message) = match corrupt {
            Corrupt::Short { offset, len } => (
                (offset, len),
                format!("the {len} bytes end too early: more belong to what begins at offset {offset}"),
            ),
            Corrupt::Count { offset, count } => (
                (offset, count),
                format!("the count {count} at offset {offset} is negative or more than the rest can hold"),
            ),
            Corrupt::Rest { offset, len } => ((offset, len), {
                let rest = len - offset;
                format!("{rest} of {len} bytes are left over: the value ends at offset {offset}")
            }),
            Corrupt::Type => return RunError::internal(Some(origin), "a type without bytes"),
        };
        RunError::new(ErrorKind::Deserialization, Some(origin), values, message)
    }

    /// `lookup(d, key)` with a key of type `ty` that is none of the `count` keys of `d`.
    pub fn key_not_found(origin: &Origin, key: &Value, ty: &Ty, count: i64) -> RunError {
        let plural = if count == 1 { "" } else { "s" };
        let message = format!("key {} is not in the dictionary of {count} key{plural}", key_text(key, ty));
        RunError::new(ErrorKind::KeyNotFound, Some(origin), (count, 0), message)
    }

    /// `assert(false)`.
    pub fn assertion(origin: &Origin) -> RunError {
        RunError::new(ErrorKind::AssertionError, Some(origin), (0, 0), "assertion failed".to_string())
    }

    /// Integer `/` or `%` by zero.
    pub fn divide_by_zero(origin: &Origin) -> RunError {
        RunError::new(ErrorKind::DivideByZero, Some(origin), (0, 0), "division by zero".to_string())
    }

    /// An allocation of `asked` bytes past the limit of `allowed`.
    pub fn out_of_memory(asked: i64, allowed: i64) -> RunError {
        let message = format!("out of memory: {asked} bytes wanted, the limit is {allowed}");
        RunError::new(ErrorKind::OutOfMemory, None, (asked, allowed), message)
    }

    /// Stopped from outside.
    pub fn cancelled() -> RunError {
        RunError::new(ErrorKind::Cancelled, None, (0, 0), "interrupted".to_string())
    }

    /// The time limit passed.
    pub fn timeout() -> RunError {
        RunError::new(ErrorKind::Timeout, None, (0, 0), "the time limit passed".to_string())
    }

    /// A bug of ours.
    pub fn internal(origin: Option<&Origin>, what: impl fmt::Display) -> RunError {
        RunError::new(ErrorKind::Internal, origin, (0, 0), format!("internal error: {what}"))
    }
}

/// A key as messages show it: strings as text, long keys cut.
fn key_text(key: &Value, ty: &Ty) -> String {
    let printable = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'"';
    let text = match key {
        Value::Scalars(buffer) if buffer.scalar() == Scalar::I8 && buffer.bytes().iter().all(printable) => {
            format!("\"{}\"", String::from_utf8_lossy(buffer.bytes()))
        }
        _ => print::preview(key, ty, 8),
    };
    match text.char_indices().nth(MAX_KEY_TEXT) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or("")),
        None => text,
    }
}

/// The longest key in a message, in characters.
const MAX_KEY_TEXT: usize = 60;

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RunError {}
