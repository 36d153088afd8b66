#![allow(unsafe_code, reason = "reading what compiled code wrote: see the header")]
//! The one file of the front door that reads memory by pointers.
//!
//! Promises: no safe caller, and no [`Input`](super::Input) or [`Output`](super::Output) written elsewhere, can make it
//! read what is not there. The argument has four parts:
//!
//! 1. *The arguments are what the program wants.* A [`Frame`] is made by the [`Machine`] that it runs on, zeroed, with room
//!    for the struct of its parameters (zeros are a value of every type), and written only through [`Place`]s, which know the
//!    type of their parameter and write nothing else.
//! 2. *They stay.* What a frame points to is borrowed for its lifetime, which cannot be shortened, or kept in it; the frame
//!    is there until the result has been read. Borrowed slices cannot change meanwhile.
//! 3. *The result is what its shape says.* Compiled code wrote it into memory that the [`Reader`] owns, and it points into
//!    that, into the inputs (part 2), or into constants of the program, which the machine keeps.
//! 4. *Nothing is kept that goes away.* A [`Source`] lives no longer than the call that reads; memory that was taken over
//!    by an array is shared with the reader, so that it is still there when another part of the result points to it.

use super::array::Array;
use super::place::{Fields, Kept, Place, Unfit, elements_of, table, written};
use super::types::Primitive;
use crate::codegen::Placed;
use crate::ir::{Scalar, Ty};
use crate::runtime::RunOptions;
use crate::session;
use crate::value::buffer::{self, Buffer, Owner};
use crate::value::layout::{field_offsets, layout};
use crate::value::marshal::{Shape, read_table, read_vector, write_table};
use crate::value::{Index, RunError, Value};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Compiled code with the numbers of its types worked out.
pub(super) struct Machine {
    compiled: session::Program,
    /// Offset and shape of each parameter.
    params: Vec<(usize, Shape)>,
    frame_bytes: usize,
    result: Shape,
}

impl Machine {
    pub(super) fn new(compiled: session::Program) -> Machine {
        let tys = compiled.params();
        let params = field_offsets(tys).into_iter().zip(tys.iter().map(Shape::new)).collect();
        let frame_bytes = layout(&Ty::tuple(tys.to_vec())).size;
        let result = Shape::new(compiled.result());
        Machine { compiled, params, frame_bytes, result }
    }

    pub(super) fn compiled(&self) -> &session::Program {
        &self.compiled
    }

    /// An argument struct of zeros.
    pub(super) fn frame<'a>(&self) -> Frame<'_, 'a> {
        let bytes = buffer::Builder::with_len(Scalar::U8, self.frame_bytes);
        Frame { machine: self, bytes, kept: Kept::default() }
    }
}

/// The arguments of one run.
pub struct Frame<'m, 'a> {
    machine: &'m Machine,
    bytes: buffer::Builder,
    kept: Kept<'a>,
}

impl<'a> Frame<'_, 'a> {
    /// Where parameter `at` is to be written.
    pub(super) fn place(&mut self, at: usize) -> Result<Place<'_, 'a>, Unfit> {
        let param = self.machine.params.get(at);
        let place = param.and_then(|(offset, shape)| {
            Some(Place { out: self.bytes.bytes_mut().get_mut(*offset..)?, shape, kept: &mut self.kept })
        });
        place.ok_or_else(|| Unfit::new(format!("there is no parameter {at}")))
    }

    /// Runs, and reads the result while everything that it points to is there.
    pub(super) fn run<R>(
        self,
        options: RunOptions,
        time_limit: Option<Duration>,
        read: impl FnOnce(Source<'_>) -> R,
    ) -> Result<R, RunError> {
        let Frame { machine, bytes, kept } = self;
        let arguments = bytes.finish();
        let args = arguments.bytes().as_ptr();
        // SAFETY: parts 1 and 2 of the header: a struct of the parameters is at `args`, and it and what it leads to are
        // unchanged until `kept` and `arguments` go at the end of this function.
        let placed = unsafe { machine.compiled.run_in_place(args, options, time_limit)? };
        let data = placed.data();
        let reader = Reader { placed: RefCell::new(placed), taken: RefCell::default() };
        let value = read(Source { reader: &reader, data, shape: &machine.result });
        drop((reader, kept, arguments));
        Ok(value)
    }
}

/// A result and what it points into, besides inputs and constants.
struct Reader {
    placed: RefCell<Placed>,
    /// Large allocations that arrays share, by their first byte.
    taken: RefCell<HashMap<usize, Arc<dyn Owner>>>,
}

impl Reader {
    /// The owner of the allocation that begins here, if it is one that can be taken over.
    fn owner(&self, first: *const u8) -> Option<Arc<dyn Owner>> {
        let mut taken = self.taken.borrow_mut();
        if let Some(owner) = taken.get(&first.addr()) {
            return Some(owner.clone());
        }
        let owner: Arc<dyn Owner> = Arc::new(self.placed.borrow_mut().memory.take(first)?);
        taken.insert(first.addr(), owner.clone());
        Some(owner)
    }
}

/// A part of a result, of one type, where compiled code wrote it. A method of another type's gives [`Unfit`].
///
/// [`Output`](super::Output) shows how it is used.
///
/// ```
/// use weld::embed::{Output, Source, Unfit};
///
/// #[derive(Debug, PartialEq)]
/// struct Cents(i64);
///
/// impl Output for Cents {
///     fn ty() -> weld::ir::Ty {
///         i64::ty()
///     }
///
///     fn read(source: Source<'_>) -> Result<Cents, Unfit> {
///         Ok(Cents(source.scalar()?))
///     }
/// }
///
/// # fn main() -> Result<(), weld::Error> {
/// let session = weld::Session::new(weld::Config::default());
/// let program = session.program("250L")?;
/// assert_eq!(program.call::<Cents>(())?, Cents(250));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Source<'r> {
    reader: &'r Reader,
    data: *const u8,
    shape: &'r Shape,
}

impl<'r> Source<'r> {
    /// A scalar.
    ///
    /// ```
    /// use weld::embed::{Output, Source, Unfit};
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct Percent(f64);
    ///
    /// impl Output for Percent {
    ///     fn ty() -> weld::ir::Ty {
    ///         f64::ty()
    ///     }
    ///
    ///     fn read(source: Source<'_>) -> Result<Percent, Unfit> {
    ///         let part: f64 = source.scalar()?;
    ///         if part > 1.0 { Err(Unfit::new("more than all")) } else { Ok(Percent(part * 100.0)) }
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|x: f64| x")?;
    /// assert_eq!(program.call::<Percent>(0.5)?, Percent(50.0));
    /// let error = program.call::<Percent>(1.5).unwrap_err();
    /// assert_eq!(error.to_string(), "the result does not fit: more than all");
    /// # Ok(())
    /// # }
    /// ```
    pub fn scalar<T: Primitive>(self) -> Result<T, Unfit> {
        let found = match self.shape {
            Shape::Scalar(scalar) if *scalar == T::SCALAR => {
                // SAFETY: part 3: a scalar of this size is there.
                T::from_bytes(unsafe { std::slice::from_raw_parts(self.data, scalar.bytes()) })
            }
            _ => None,
        };
        found.ok_or_else(|| Unfit::new(format!("there is no `{}` here", T::SCALAR)))
    }

    /// The elements of a vector of scalars, where they are.
    ///
    /// ```
    /// use weld::embed::{Output, Source, Unfit};
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct Total(f64);
    ///
    /// impl Output for Total {
    ///     fn ty() -> weld::ir::Ty {
    ///         <Vec<f64>>::ty()
    ///     }
    ///
    ///     fn read(source: Source<'_>) -> Result<Total, Unfit> {
    ///         Ok(Total(source.slice::<f64>()?.iter().sum()))
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("[0.5, 1.5]")?;
    /// assert_eq!(program.call::<Total>(())?, Total(2.0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn slice<T: Primitive>(self) -> Result<&'r [T], Unfit> {
        match self.shape {
            Shape::Scalars(scalar) if T::is_image_of(*scalar) => {
                // SAFETY: part 3: a vector is there.
                let (first, len) = unsafe { read_vector(self.data) };
                if len == 0 {
                    return Ok(&[]);
                }
                // SAFETY: part 3: its elements are at `first`; part 4: they stay for `'r`.
                let bytes = unsafe { std::slice::from_raw_parts(first, len * scalar.bytes()) };
                if !T::are_values(bytes) {
                    return Err(Unfit::new("a bool that is neither 0 nor 1"));
                }
                // SAFETY: as above; data of vectors is aligned to the element (LANGUAGE 17), and `is_image_of` and
                // `are_values` say that these bytes are values of `T`.
                Ok(unsafe { std::slice::from_raw_parts(first.cast(), len) })
            }
            _ => Err(Unfit::new(format!("there is no `vec[{}]` here", T::SCALAR))),
        }
    }

    /// The text whose bytes are here, if it is UTF-8.
    ///
    /// ```
    /// use weld::embed::{Output, Source, Unfit};
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct Shout(String);
    ///
    /// impl Output for Shout {
    ///     fn ty() -> weld::ir::Ty {
    ///         String::ty()
    ///     }
    ///
    ///     fn read(source: Source<'_>) -> Result<Shout, Unfit> {
    ///         Ok(Shout(source.text()?.to_uppercase()))
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|word: vec[i8]| word")?;
    /// assert_eq!(program.call::<Shout>("to be")?, Shout("TO BE".to_string()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn text(self) -> Result<&'r str, Unfit> {
        let text = std::str::from_utf8(self.slice()?);
        text.map_err(|error| Unfit::new(format!("the bytes are no text: {error}")))
    }

    /// A vector of scalars that owns its memory. A large one that the run made is taken over, others are copied.
    ///
    /// ```
    /// use weld::embed::{Output, Source, Unfit};
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct Column {
    ///     values: weld::Array<f64>,
    /// }
    ///
    /// impl Output for Column {
    ///     fn ty() -> weld::ir::Ty {
    ///         <Vec<f64>>::ty()
    ///     }
    ///
    ///     fn read(source: Source<'_>) -> Result<Column, Unfit> {
    ///         Ok(Column { values: source.array()? })
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|v: vec[f64]| map(v, |x| x * 2.0)")?;
    /// assert_eq!(program.call::<Column>(&[1.0])?.values, [2.0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn array<T: Primitive>(self) -> Result<Array<T>, Unfit> {
        let items: &[T] = self.slice()?;
        let first: *const u8 = items.as_ptr().cast();
        let owner = if items.is_empty() { None } else { self.reader.owner(first) };
        let buffer = match owner {
            // SAFETY: the owner keeps the allocation that begins with these elements, and `slice` has looked at bools.
            Some(owner) => unsafe { Buffer::from_owner(T::SCALAR, items.len(), owner) },
            None => {
                let mut copy = buffer::Builder::with_len(T::SCALAR, items.len());
                let to = copy.bytes_mut();
                // SAFETY: a slice of scalars is as many bytes, all of them written.
                to.copy_from_slice(unsafe { std::slice::from_raw_parts(first, size_of_val(items)) });
                copy.finish()
            }
        };
        Ok(Array::from_buffer(buffer))
    }

    /// The elements of a vector, or the entries of a dictionary as structs of two fields, in order.
    ///
    /// ```
    /// use weld::embed::{Output, Source, Unfit};
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct Longest(usize);
    ///
    /// impl Output for Longest {
    ///     fn ty() -> weld::ir::Ty {
    ///         <Vec<Vec<i64>>>::ty()
    ///     }
    ///
    ///     fn read(source: Source<'_>) -> Result<Longest, Unfit> {
    ///         let rows = source.elements()?.map(|row| Ok(row.slice::<i64>()?.len()));
    ///         Ok(Longest(rows.collect::<Result<Vec<usize>, Unfit>>()?.into_iter().max().unwrap_or(0)))
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|rows: vec[vec[i64]]| rows")?;
    /// assert_eq!(program.call::<Longest>(&[vec![1i64], vec![2, 3]])?, Longest(2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn elements(self) -> Result<impl ExactSizeIterator<Item = Source<'r>>, Unfit> {
        let (shape, stride) =
            elements_of(self.shape).ok_or_else(|| Unfit::new("there is no vector and no dictionary here"))?;
        let (first, len) = match self.shape {
            // SAFETY: part 3: a dictionary is there.
            Shape::Dict { .. } => unsafe { read_table(self.data) },
            // SAFETY: part 3: a vector is there, for nothing else has elements.
            _ => unsafe { read_vector(self.data) },
        };
        let reader = self.reader;
        // Element `at` begins so many bytes behind the first one.
        Ok((0..len).map(move |at| Source { reader, data: first.wrapping_add(at * stride), shape }))
    }

    /// Field `at` of a struct.
    ///
    /// ```
    /// use weld::embed::{Output, Source, Unfit};
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct Point {
    ///     x: f64,
    ///     y: f64,
    /// }
    ///
    /// impl Output for Point {
    ///     fn ty() -> weld::ir::Ty {
    ///         <(f64, f64)>::ty()
    ///     }
    ///
    ///     fn read(source: Source<'_>) -> Result<Point, Unfit> {
    ///         Ok(Point { x: source.field(0)?.scalar()?, y: source.field(1)?.scalar()? })
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("{1.5, 2.5}")?;
    /// assert_eq!(program.call::<Point>(())?, Point { x: 1.5, y: 2.5 });
    /// # Ok(())
    /// # }
    /// ```
    pub fn field(self, at: usize) -> Result<Source<'r>, Unfit> {
        let field = match self.shape {
            Shape::Struct(fields) => fields.get(at),
            _ => None,
        };
        let (offset, shape) = field.ok_or_else(|| Unfit::new(format!("there is no field {at} here")))?;
        Ok(Source { reader: self.reader, data: self.data.wrapping_add(*offset), shape })
    }

    /// Whatever it is, as a value.
    ///
    /// ```
    /// use weld::Value;
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// // `Value` reads itself so.
    /// let session = weld::Session::new(weld::Config::default());
    /// let pair: Value = session.program("{1, true}")?.call(())?;
    /// assert!(matches!(pair, Value::Struct(fields) if fields.len() == 2));
    /// # Ok(())
    /// # }
    /// ```
    pub fn value(self) -> Value {
        // SAFETY: part 3; an owner keeps the allocation that begins with the elements of the vector.
        unsafe { self.shape.read(self.data, &mut |first| self.reader.owner(first)) }
    }
}

impl<'a> Place<'_, 'a> {
    /// A dictionary: `write` is called for each entry with the places of its key and its value, fields 0 and 1. Keys are to be
    /// different; they stay in the order in which they come.
    ///
    /// ```
    /// use weld::embed::{Dictionary, Input, Place, Unfit};
    ///
    /// /// The places of words.
    /// struct Index(Vec<String>);
    ///
    /// impl Input for Index {
    ///     type Type = Dictionary<weld::embed::Text, i64>;
    ///
    ///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
    ///         place.entries(self.0.iter().enumerate(), |(at, word), mut entry| {
    ///             word.write(entry.at(0)?)?;
    ///             entry.at(1)?.scalar(at as i64)
    ///         })
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let place = session.program("|index: dict[vec[i8],i64], word: vec[i8]| lookup(index, word)")?;
    /// let index = Index(vec!["to".to_string(), "be".to_string()]);
    /// assert_eq!(place.call::<i64>((&index, "be"))?, 1);
    /// let error = place.call::<i64>((&Index(vec!["to".to_string(); 2]), "be")).unwrap_err();
    /// assert_eq!(error.to_string(), "the input `index` does not fit: two entries have the same key");
    /// # Ok(())
    /// # }
    /// ```
    pub fn entries<I: ExactSizeIterator>(
        self,
        items: I,
        mut write: impl FnMut(I::Item, Fields<'_, 'a>) -> Result<(), Unfit>,
    ) -> Result<(), Unfit> {
        let (out, kept, len) = (self.out, self.kept, items.len());
        let Shape::Dict { entry, stride } = self.shape else {
            return Err(Unfit::new("a dictionary is not what belongs here"));
        };
        let Shape::Struct(fields) = &**entry else { return Err(Unfit::new("there are no entries")) };
        let [(offset, shape), _] = fields.as_slice() else { return Err(Unfit::new("there are no entries")) };
        let mut count = 0;
        let items = items.take(len);
        let table = table(items, len, *stride, |item, out| {
            count += 1;
            write(item, Fields { out, fields, kept: &mut *kept })
        })?;
        if count != len {
            return Err(Unfit::new(format!("{count} entries, where {len} were promised")));
        }
        let first = table.bytes().as_ptr().wrapping_add(*offset);
        let keys: Vec<Value> = (0..len)
            // SAFETY: part 1 of the header: only places wrote here, so that a key is at its offset in each entry; part 2: what
            // it points to is borrowed or in `kept`.
            .map(|at| unsafe { shape.read(first.wrapping_add(at * stride), &mut |_| None) })
            .collect();
        let mut index = Index::default();
        if keys.iter().enumerate().any(|(at, key)| index.insert(key) != at) {
            return Err(Unfit::new("two entries have the same key"));
        }
        if len == 0 {
            return Ok(());
        }
        let keys: Vec<&Value> = keys.iter().collect();
        let header = write_table(&keys, table, *stride, &mut kept.buffers)
            .ok_or_else(|| Unfit::new(format!("{len} entries are too many")))?;
        let header = header.to_ne_bytes();
        written(out.get_mut(..header.len()).map(|out| out.copy_from_slice(&header)))
    }
}

/// The elements of a buffer; none if it holds something else.
pub(super) fn elements<T: Primitive>(buffer: &Buffer) -> &[T] {
    let bytes = buffer.bytes();
    if !T::is_image_of(buffer.scalar()) || bytes.is_empty() {
        return &[];
    }
    // SAFETY: a buffer holds `len` scalars of its type, aligned to it, with bools 0 or 1, for as long as it is borrowed.
    unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), buffer.len()) }
}
