#![forbid(unsafe_code)]
//! Vectors of scalars as results: owned, shared, never changed.
//!
//! Promises: an array keeps its memory; a large one is the memory that compiled code wrote, not a copy.

use super::memory::elements;
use super::types::Primitive;
use crate::value::{Buffer, Value};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// A `vec[T]` that a program gave, as a slice. Clones share its memory; it may be sent to other threads, and given to other
/// programs without a copy.
///
/// ```
/// # fn main() -> Result<(), weld::Error> {
/// let session = weld::Session::new(weld::Config::default());
/// let double = session.program("|v: vec[f64]| map(v, |x| x * 2.0)")?;
/// let once: weld::Array<f64> = double.call(&[1.0, 2.0])?;
/// let twice: weld::Array<f64> = double.call(&once)?;
/// assert_eq!(twice[1], 8.0);
/// assert_eq!(twice.iter().sum::<f64>(), 12.0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Array<T> {
    buffer: Buffer,
    elements: PhantomData<T>,
}

impl<T: Primitive> Array<T> {
    pub(super) fn from_buffer(buffer: Buffer) -> Array<T> {
        Array { buffer, elements: PhantomData }
    }

    /// The elements.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let squares: weld::Array<i64> = session.program("map([1L, 2L], |x| x * x)")?.call(())?;
    /// assert_eq!(squares.as_slice(), &[1, 4]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_slice(&self) -> &[T] {
        elements(&self.buffer)
    }

    /// The elements as bytes.
    #[cfg(feature = "arrow")]
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.bytes()
    }

    /// The elements `range`, sharing memory; `None` when they are not all there.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let squares: weld::Array<i64> = session.program("|| map([1L, 2L, 3L], |x| x * x)")?.call(())?;
    /// let last = squares.slice(1..3).unwrap();
    /// assert_eq!(last, [4, 9]);
    /// assert_eq!(last.as_ptr(), squares[1..].as_ptr());
    /// assert!(squares.slice(1..9).is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn slice(&self, range: std::ops::Range<usize>) -> Option<Array<T>> {
        let len = range.end.checked_sub(range.start)?;
        Some(Array::from_buffer(self.buffer.slice(range.start, len)?))
    }
}

impl<T: Primitive> Deref for Array<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: Primitive> AsRef<[T]> for Array<T> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T: Primitive> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl<T: Primitive, O: AsRef<[T]> + ?Sized> PartialEq<O> for Array<T> {
    fn eq(&self, other: &O) -> bool {
        self.as_slice() == other.as_ref()
    }
}

impl<'a, T: Primitive> IntoIterator for &'a Array<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Primitive> From<Array<T>> for Value {
    /// Shares the memory.
    fn from(array: Array<T>) -> Value {
        Value::Scalars(array.buffer)
    }
}
