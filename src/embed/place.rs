#![forbid(unsafe_code)]
//! Where an input is written: memory of the argument struct, with the type that belongs there.
//!
//! Promises: only what the type allows is written, so that whatever an [`Input`](super::Input) does, a program gets a
//! value of its parameter's type, or nothing runs; what is not written is zero, which is a value of every type. Slices are
//! not copied, and are borrowed for as long as the struct lives.

use super::types::Primitive;
use crate::ir::Scalar;
use crate::value::marshal::{Shape, write_vector};
use crate::value::{Buffer, Value, buffer};
use std::fmt;
use std::marker::PhantomData;

/// Why a value cannot be given to a program, or a result cannot be read as what was asked for: one line.
///
/// ```
/// assert_eq!(weld::embed::Unfit::new("a negative price").to_string(), "a negative price");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit(String);

impl Unfit {
    /// With this reason: lower case, no full stop.
    ///
    /// ```
    /// assert_eq!(weld::embed::Unfit::new(format!("{} is no price", -1)).to_string(), "-1 is no price");
    /// ```
    pub fn new(reason: impl Into<String>) -> Unfit {
        Unfit(reason.into())
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}

/// What the inputs of one run keep: tables of vectors that were made for it, and the borrow of everything else.
#[derive(Default)]
pub(super) struct Kept<'a> {
    pub(super) buffers: Vec<Buffer>,
    /// Behind `&mut`, which makes the lifetime one that cannot be shortened.
    borrowed: PhantomData<&'a ()>,
}

/// Where one value is to be written, of one type. A method of another type's gives [`Unfit`].
///
/// [`Input`](super::Input) shows how it is used.
///
/// ```
/// use weld::embed::{Input, Place, Unfit};
///
/// struct Cents(i64);
///
/// impl Input for Cents {
///     type Type = i64;
///
///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
///         place.scalar(self.0)
///     }
/// }
///
/// # fn main() -> Result<(), weld::Error> {
/// let session = weld::Session::new(weld::Config::default());
/// let program = session.program("|cents: i64| cents / 100L")?;
/// assert_eq!(program.call::<i64>(&Cents(250))?, 2);
/// # Ok(())
/// # }
/// ```
pub struct Place<'f, 'a> {
    pub(super) out: &'f mut [u8],
    pub(super) shape: &'f Shape,
    pub(super) kept: &'f mut Kept<'a>,
}

/// The shapes of elements of flat vectors.
static SCALARS: [Shape; 11] = [
    Shape::Scalar(Scalar::Bool),
    Shape::Scalar(Scalar::I8),
    Shape::Scalar(Scalar::I16),
    Shape::Scalar(Scalar::I32),
    Shape::Scalar(Scalar::I64),
    Shape::Scalar(Scalar::U8),
    Shape::Scalar(Scalar::U16),
    Shape::Scalar(Scalar::U32),
    Shape::Scalar(Scalar::U64),
    Shape::Scalar(Scalar::F32),
    Shape::Scalar(Scalar::F64),
];

/// The shape of the elements of a vector or a dictionary, and the bytes from one to the next.
pub(super) fn elements_of(shape: &Shape) -> Option<(&Shape, usize)> {
    match shape {
        Shape::Vector { elem, stride } | Shape::Dict { entry: elem, stride } => Some((elem, *stride)),
        Shape::Scalars(scalar) => {
            let is_it = |shape: &&Shape| matches!(shape, Shape::Scalar(found) if found == scalar);
            SCALARS.iter().find(is_it).map(|shape| (shape, scalar.bytes()))
        }
        _ => None,
    }
}

/// Memory for `len` elements, `stride` bytes from one to the next, each of which `write` has written.
pub(super) fn table<T>(
    items: impl Iterator<Item = T>,
    len: usize,
    stride: usize,
    mut write: impl FnMut(T, &mut [u8]) -> Result<(), Unfit>,
) -> Result<Buffer, Unfit> {
    let table = len.checked_mul(stride);
    let table = table.and_then(|bytes| buffer::Builder::try_with_len(Scalar::U8, bytes));
    let mut table = table.ok_or_else(|| Unfit::new("there is not enough memory for its elements"))?;
    let mut rest = table.bytes_mut();
    for item in items {
        let (out, others) = rest.split_at_mut_checked(stride).unwrap_or_default();
        rest = others;
        write(item, out)?;
    }
    Ok(table.finish())
}

pub(super) fn written(done: Option<()>) -> Result<(), Unfit> {
    done.ok_or_else(|| Unfit::new("there is no room for it"))
}

impl<'f, 'a> Place<'f, 'a> {
    /// A scalar.
    ///
    /// ```
    /// use weld::embed::{Input, Place, Unfit};
    ///
    /// enum Flag {
    ///     On,
    ///     Off,
    /// }
    ///
    /// impl Input for Flag {
    ///     type Type = bool;
    ///
    ///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
    ///         place.scalar(matches!(self, Flag::On))
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|flag: bool| !flag")?;
    /// assert!(program.call::<bool>(&Flag::Off)? && !program.call::<bool>(&Flag::On)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn scalar<T: Primitive>(self, value: T) -> Result<(), Unfit> {
        match self.shape {
            Shape::Scalar(scalar) if *scalar == T::SCALAR => {
                let bits = value.to_bits().to_le_bytes();
                let size = scalar.bytes();
                let (out, bits) = (self.out.get_mut(..size), bits.get(..size));
                written(out.zip(bits).map(|(out, bits)| out.copy_from_slice(bits)))
            }
            _ => Err(Unfit::new(format!("a `{}` is not what belongs here", T::SCALAR))),
        }
    }

    /// A vector of scalars, where it is.
    ///
    /// ```
    /// use weld::embed::{Input, Place, Unfit};
    ///
    /// struct Samples {
    ///     values: Vec<f32>,
    /// }
    ///
    /// impl Input for Samples {
    ///     type Type = weld::embed::Vector<f32>;
    ///
    ///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
    ///         place.slice(&self.values)
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|v: vec[f32]| len(v)")?;
    /// assert_eq!(program.call::<i64>(&Samples { values: vec![0.5, 1.5] })?, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn slice<T: Primitive>(self, items: &'a [T]) -> Result<(), Unfit> {
        match self.shape {
            Shape::Scalars(scalar) if T::is_image_of(*scalar) => {
                written(write_vector(self.out, items.as_ptr().cast(), items.len()))
            }
            _ => Err(Unfit::new(format!("a `vec[{}]` is not what belongs here", T::SCALAR))),
        }
    }

    /// A vector of scalars that are not neighbours in memory: a copy of them.
    ///
    /// ```
    /// use weld::embed::{Input, Place, Unfit};
    ///
    /// struct Countdown(i32);
    ///
    /// impl Input for Countdown {
    ///     type Type = weld::embed::Vector<i64>;
    ///
    ///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
    ///         place.copied((0..self.0).rev().map(i64::from))
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|v: vec[i64]| v")?;
    /// assert_eq!(program.call::<Vec<i64>>(&Countdown(3))?, [2, 1, 0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn copied<T: Primitive>(self, items: impl ExactSizeIterator<Item = T>) -> Result<(), Unfit> {
        let (out, kept, len) = (self.out, self.kept, items.len());
        match self.shape {
            Shape::Scalars(scalar) if T::is_image_of(*scalar) => {
                let size = scalar.bytes();
                let mut copy = buffer::Builder::with_len(*scalar, len);
                for (item, out) in items.zip(copy.bytes_mut().chunks_exact_mut(size)) {
                    if let Some(bits) = item.to_bits().to_le_bytes().get(..size) {
                        out.copy_from_slice(bits);
                    }
                }
                let copy = copy.finish();
                let done = write_vector(out, copy.bytes().as_ptr(), len);
                kept.buffers.push(copy);
                written(done)
            }
            _ => Err(Unfit::new(format!("a `vec[{}]` is not what belongs here", T::SCALAR))),
        }
    }

    /// A vector of anything: `write` is called for each item with its place. A table of the elements is made; what they
    /// point to is where it was.
    ///
    /// ```
    /// use weld::embed::{Input, Place, Unfit};
    ///
    /// struct Lines(String);
    ///
    /// impl Input for Lines {
    ///     type Type = weld::embed::Vector<weld::embed::Text>;
    ///
    ///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
    ///         let lines: Vec<&str> = self.0.lines().collect();
    ///         place.elements(lines.into_iter(), |line, place| place.slice(line.as_bytes()))
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|lines: vec[vec[i8]]| map(lines, |line| len(line))")?;
    /// assert_eq!(program.call::<Vec<i64>>(&Lines("to be\nor".to_string()))?, [5, 2]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn elements<I: ExactSizeIterator>(
        self,
        items: I,
        mut write: impl FnMut(I::Item, Place<'_, 'a>) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        let (out, kept, len) = (self.out, self.kept, items.len());
        let vector = if matches!(self.shape, Shape::Dict { .. }) { None } else { elements_of(self.shape) };
        let Some((shape, stride)) = vector else {
            return Err(Unfit::new("a vector is not what belongs here"));
        };
        let items = items.take(len);
        let table =
            table(items, len, stride, |item, out| write(item, Place { out, shape, kept: &mut *kept }))?;
        let done = write_vector(out, table.bytes().as_ptr(), len);
        kept.buffers.push(table);
        written(done)
    }

    /// A struct of `count` fields, which are then written one by one.
    ///
    /// ```
    /// use weld::embed::{Input, Place, Unfit};
    ///
    /// struct Point {
    ///     x: f64,
    ///     y: f64,
    /// }
    ///
    /// impl Input for Point {
    ///     type Type = (f64, f64);
    ///
    ///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
    ///         let mut fields = place.fields(2)?;
    ///         fields.at(0)?.scalar(self.x)?;
    ///         fields.at(1)?.scalar(self.y)
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|p: {f64,f64}| p.$0 * p.$1")?;
    /// assert_eq!(program.call::<f64>(&Point { x: 1.5, y: 4.0 })?, 6.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn fields(self, count: usize) -> Result<Fields<'f, 'a>, Unfit> {
        match self.shape {
            Shape::Struct(fields) if fields.len() == count => {
                Ok(Fields { out: self.out, fields, kept: self.kept })
            }
            _ => Err(Unfit::new(format!("a struct of {count} fields is not what belongs here"))),
        }
    }

    /// Any value.
    ///
    /// ```
    /// use weld::embed::{Input, Place, Unfit};
    ///
    /// struct Parsed(weld::Value);
    ///
    /// impl Input for Parsed {
    ///     type Type = weld::embed::Any;
    ///
    ///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
    ///         place.value(&self.0)
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|n: i64| n + 1L")?;
    /// assert_eq!(program.call::<i64>(&Parsed(41i64.into()))?, 42);
    /// # Ok(())
    /// # }
    /// ```
    pub fn value(self, value: &'a Value) -> Result<(), Unfit> {
        let done = self.shape.write(value, self.out, &mut self.kept.buffers);
        done.ok_or_else(|| Unfit::new("a value of another type"))
    }
}

/// The fields of a struct that is being written. Those that are not stay zero.
///
/// ```
/// use weld::embed::{Input, Place, Unfit};
///
/// struct Late(f64);
///
/// impl Input for Late {
///     type Type = (i64, f64);
///
///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
///         place.fields(2)?.at(1)?.scalar(self.0)
///     }
/// }
///
/// # fn main() -> Result<(), weld::Error> {
/// let session = weld::Session::new(weld::Config::default());
/// let program = session.program("|p: {i64,f64}| f64(p.$0) + p.$1")?;
/// assert_eq!(program.call::<f64>(&Late(0.5))?, 0.5, "a field that nobody wrote is 0");
/// # Ok(())
/// # }
/// ```
pub struct Fields<'f, 'a> {
    pub(super) out: &'f mut [u8],
    pub(super) fields: &'f [(usize, Shape)],
    pub(super) kept: &'f mut Kept<'a>,
}

impl<'a> Fields<'_, 'a> {
    /// Where field `at` is to be written.
    ///
    /// ```
    /// use weld::embed::{Input, Place, Unfit};
    ///
    /// struct Version {
    ///     major: i64,
    ///     minor: i64,
    /// }
    ///
    /// impl Input for Version {
    ///     type Type = (i64, i64);
    ///
    ///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
    ///         let mut fields = place.fields(2)?;
    ///         fields.at(1)?.scalar(self.minor)?;
    ///         fields.at(0)?.scalar(self.major)
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|v: {i64,i64}| v.$0 * 100L + v.$1")?;
    /// assert_eq!(program.call::<i64>(&Version { major: 2, minor: 7 })?, 207);
    /// # Ok(())
    /// # }
    /// ```
    pub fn at(&mut self, at: usize) -> Result<Place<'_, 'a>, Unfit> {
        let field = self.fields.get(at);
        let place = field.and_then(|(offset, shape)| {
            Some(Place { out: self.out.get_mut(*offset..)?, shape, kept: &mut *self.kept })
        });
        place.ok_or_else(|| Unfit::new(format!("there is no field {at}")))
    }
}
