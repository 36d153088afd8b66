#![forbid(unsafe_code)]
//! What can be given to a program.
//!
//! Promises: slices are borrowed, not copied; a vector of vectors costs a table of `{pointer, length}`, a slice of tuples a
//! copy in the layout of the language. Must not: convert numbers; an `i32` is no `i64`.

use super::array::Array;
use super::error::{Error, Parameter};
use super::memory::Frame;
use super::place::{Fields, Place, Unfit};
use super::types::{Any, Dictionary, Params, Primitive, Text, Type, Vector, for_tuples};
use crate::ir::Ty;
use crate::value::buffer::decode;
use crate::value::{Value, zero};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A value that a program can be given.
///
/// | in Rust | in the language |
/// |---|---|
/// | `bool`, `i8` .. `u64`, `f32`, `f64` | the scalar of that name |
/// | `&[f64]`, `&Vec<f64>`, `&[f64; 3]`, [`&Array<f64>`](Array) | `vec[f64]`, where it is |
/// | `&str`, `&String` | `vec[i8]` (or `vec[u8]`), where it is |
/// | `&[u8]` | `vec[u8]`, or the bytes of a `vec[i8]` |
/// | `&[&[f64]]`, `&[Vec<f64>]`, `&[&str]` | `vec[vec[f64]]`, `vec[vec[i8]]`: only a table of the rows is made |
/// | `(1i64, &v)` | `{i64,vec[..]}` |
/// | `&[(i64, f64)]` | `vec[{i64,f64}]`, copied |
/// | `&HashMap<K, V>`, `&BTreeMap<K, V>` | `dict[K,V]`: a table of the entries is made, in the order of the iterator |
/// | [`&Value`](Value) | whatever it is |
/// | `ndarray::ArrayBase` of one or two dimensions | `vec[T]`, `vec[vec[T]]`; copied where elements are not neighbours |
/// | `arrow_array::PrimitiveArray`, `BooleanArray`, strings | `vec[T]`, `vec[bool]`, `vec[vec[i8]]`; nulls are an error |
/// | Arrow lists, dictionaries | `vec[vec[T]]` where the values are; the values that the keys stand for |
///
/// The last two need the features `ndarray` and `arrow`. A type of your own writes what it consists of:
///
/// ```
/// use weld::embed::{Input, Place, Unfit};
///
/// struct Trade {
///     price: f64,
///     tags: Vec<i64>,
/// }
///
/// impl Input for Trade {
///     type Type = <(f64, Vec<i64>) as Input>::Type;
///
///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
///         let mut fields = place.fields(2)?;
///         self.price.write(fields.at(0)?)?;
///         self.tags.write(fields.at(1)?)
///     }
/// }
///
/// # fn main() -> Result<(), weld::Error> {
/// let session = weld::Session::new(weld::Config::default());
/// let program = session.program("|trades: vec[{f64, vec[i64]}]| sum(map(trades, |t| t.$0 * f64(len(t.$1))))")?;
/// let trades = [Trade { price: 1.5, tags: vec![1, 2] }, Trade { price: 4.0, tags: vec![7] }];
/// assert_eq!(program.call::<f64>(&trades)?, 7.0);
/// # Ok(())
/// # }
/// ```
pub trait Input {
    /// Its type in the language, which is looked at before anything runs.
    ///
    /// ```
    /// use weld::embed::{Input, Type};
    ///
    /// assert_eq!(<Vec<String> as Input>::Type::ty().to_string(), "vec[vec[i8]]");
    /// ```
    type Type: Type;

    /// Writes it. What lies in memory as the language wants it is borrowed.
    ///
    /// ```
    /// use weld::embed::{Input, Place, Unfit};
    ///
    /// struct Even(i64);
    ///
    /// impl Input for Even {
    ///     type Type = i64;
    ///
    ///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
    ///         if self.0 % 2 == 0 { place.scalar(self.0) } else { Err(Unfit::new("an odd number")) }
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let half = weld::Session::new(weld::Config::default()).program("|x: i64| x / 2L")?;
    /// assert_eq!(half.call::<i64>(&Even(8))?, 4);
    /// let error = half.call::<i64>(&Even(9)).unwrap_err();
    /// assert_eq!(error.to_string(), "the input `x` does not fit: an odd number");
    /// # Ok(())
    /// # }
    /// ```
    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit>;

    /// Writes a vector of such. Of a type that is a scalar in memory it can be faster than one after the other:
    ///
    /// ```
    /// use weld::embed::{Input, Place, Unfit};
    ///
    /// struct Celsius(f64);
    ///
    /// impl Input for Celsius {
    ///     type Type = f64;
    ///
    ///     fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
    ///         place.scalar(self.0)
    ///     }
    ///
    ///     fn write_slice<'a>(items: &'a [Celsius], place: Place<'_, 'a>) -> Result<(), Unfit> {
    ///         place.copied(items.iter().map(|item| item.0))
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let sum = weld::Session::new(weld::Config::default()).program("|v: vec[f64]| sum(v)")?;
    /// assert_eq!(sum.call::<f64>(&[Celsius(20.5), Celsius(1.0)])?, 21.5);
    /// # Ok(())
    /// # }
    /// ```
    fn write_slice<'a>(items: &'a [Self], place: Place<'_, 'a>) -> Result<(), Unfit>
    where
        Self: Sized,
    {
        place.elements(items.iter(), |item, place| item.write(place))
    }

    /// What to call its type in messages, where that depends on the value.
    ///
    /// ```
    /// use weld::embed::Input;
    ///
    /// assert_eq!(weld::Value::from(1i64).found(), weld::ir::Ty::I64);
    /// ```
    fn found(&self) -> Ty {
        Self::Type::ty()
    }
}

macro_rules! scalars {
    ($($rust:ident)+) => {$(
        impl Input for $rust {
            type Type = $rust;

            fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
                place.scalar(*self)
            }

            fn write_slice<'a>(items: &'a [Self], place: Place<'_, 'a>) -> Result<(), Unfit> {
                place.slice(items)
            }
        }

        impl Inputs for $rust {
            type Types = ($rust,);

            fn write<'a>(&'a self, frame: &mut Frame<'_, 'a>, params: &[Parameter]) -> Result<(), Error> {
                write_one(0, self, frame, params)
            }
        }
    )+};
}

scalars! { bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }

impl<T: Input + ?Sized> Input for &T {
    type Type = T::Type;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        T::write(self, place)
    }

    fn found(&self) -> Ty {
        T::found(self)
    }
}

impl<T: Input> Input for [T] {
    type Type = Vector<T::Type>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        T::write_slice(self, place)
    }

    fn found(&self) -> Ty {
        Ty::vec(self.first().map_or_else(T::Type::ty, T::found))
    }
}

impl<T: Input, const N: usize> Input for [T; N] {
    type Type = Vector<T::Type>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        self.as_slice().write(place)
    }

    fn found(&self) -> Ty {
        self.as_slice().found()
    }
}

impl<T: Input> Input for Vec<T> {
    type Type = Vector<T::Type>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        self.as_slice().write(place)
    }

    fn found(&self) -> Ty {
        self.as_slice().found()
    }
}

impl<T: Primitive> Input for Array<T> {
    type Type = Vector<T>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        place.slice(self)
    }
}

impl Input for str {
    type Type = Text;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        place.slice(self.as_bytes())
    }
}

impl Input for String {
    type Type = Text;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        self.as_str().write(place)
    }
}

/// What a map is called in messages: by its first entry, where that is more than its type says.
fn found_in<K: Input, V: Input>(first: Option<(&K, &V)>) -> Ty {
    let entry = first.map(|(key, value)| (key.found(), value.found()));
    Ty::Dict(Arc::new(entry.unwrap_or_else(|| (K::Type::ty(), V::Type::ty()))))
}

impl<K: Input, V: Input, S> Input for HashMap<K, V, S> {
    type Type = Dictionary<K::Type, V::Type>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        place.entries(self.iter(), write_entry)
    }

    fn found(&self) -> Ty {
        found_in(self.iter().next())
    }
}

impl<K: Input, V: Input> Input for BTreeMap<K, V> {
    type Type = Dictionary<K::Type, V::Type>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        place.entries(self.iter(), write_entry)
    }

    fn found(&self) -> Ty {
        found_in(self.iter().next())
    }
}

fn write_entry<'a, K: Input, V: Input>(
    (key, value): (&'a K, &'a V),
    mut fields: Fields<'_, 'a>,
) -> Result<(), Unfit> {
    key.write(fields.at(0)?)?;
    value.write(fields.at(1)?)
}

// Types without values, so that they can be named where inputs are.

impl<K: Type, V: Type> Input for Dictionary<K, V> {
    type Type = Dictionary<K, V>;

    fn write<'a>(&'a self, _: Place<'_, 'a>) -> Result<(), Unfit> {
        match self.1 {}
    }
}

impl<T: Type> Input for Vector<T> {
    type Type = Vector<T>;

    fn write<'a>(&'a self, _: Place<'_, 'a>) -> Result<(), Unfit> {
        match self.1 {}
    }
}

impl Input for Text {
    type Type = Text;

    fn write<'a>(&'a self, _: Place<'_, 'a>) -> Result<(), Unfit> {
        match *self {}
    }
}

impl Input for Any {
    type Type = Any;

    fn write<'a>(&'a self, _: Place<'_, 'a>) -> Result<(), Unfit> {
        match *self {}
    }
}

impl Input for Value {
    type Type = Any;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        place.value(self)
    }

    fn found(&self) -> Ty {
        match self {
            Value::Scalar(literal) => literal.scalar().map_or(Ty::Infer(0), Ty::Scalar),
            Value::Scalars(buffer) => Ty::vec(buffer.scalar().into()),
            Value::Vector(items) => Ty::vec(items.first().map_or(Ty::Infer(0), Value::found)),
            Value::Struct(fields) => Ty::tuple(fields.iter().map(Value::found).collect()),
            Value::Dict(dict) => match dict.entries().first() {
                Some(Value::Struct(entry)) => match entry.as_slice() {
                    [key, value] => Ty::Dict(Arc::new((key.found(), value.found()))),
                    _ => Ty::Infer(0),
                },
                _ => Ty::Dict(Arc::new((Ty::Infer(0), Ty::Infer(0)))),
            },
            Value::Builder(ty, _) => ty.clone(),
            Value::Lanes(_) => Ty::Infer(0),
        }
    }
}

/// All inputs of one run: a tuple of [`Input`]s in the order of the parameters, `()` for none.
///
/// A single one may stand by itself: a reference, or a scalar. A tuple always is the list of inputs: `call((1, 2))` has two,
/// `call(((1, 2),))` one that is a struct.
///
/// ```
/// # fn main() -> Result<(), weld::Error> {
/// let session = weld::Session::new(weld::Config::default());
/// let difference = session.program("|a: i64, b: i64| a - b")?;
/// assert_eq!(difference.call::<i64>((7i64, 5i64))?, 2);
/// let of_pair = session.program("|p: {i64,i64}| p.$0 - p.$1")?;
/// assert_eq!(of_pair.call::<i64>(((7i64, 5i64),))?, 2);
/// assert_eq!(of_pair.call::<i64>(&(7i64, 5i64))?, 2);
/// # Ok(())
/// # }
/// ```
pub trait Inputs {
    /// Their types.
    ///
    /// ```
    /// fn same<A: weld::embed::Inputs, B: weld::embed::Inputs<Types = A::Types>>(_: &A, _: &B) {}
    ///
    /// same(&(&[1i64, 2],), &&vec![3i64]);
    /// ```
    type Types: Params;

    /// Writes them.
    #[doc(hidden)]
    fn write<'a>(&'a self, frame: &mut Frame<'_, 'a>, params: &[Parameter]) -> Result<(), Error>;

    /// How many there are.
    #[doc(hidden)]
    fn count(&self) -> usize {
        Self::Types::COUNT.unwrap_or(0)
    }
}

fn write_one<'a, T: Input + ?Sized>(
    at: usize,
    input: &'a T,
    frame: &mut Frame<'_, 'a>,
    params: &[Parameter],
) -> Result<(), Error> {
    let Some(param) = params.get(at) else { return Ok(()) };
    frame.place(at).and_then(|place| input.write(place)).map_err(|unfit| {
        let (spot, found) = (param.spot(at), input.found());
        if found == param.ty || matches!(found, Ty::Infer(_)) {
            return Error::Unfit { spot, reason: unfit.to_string() };
        }
        Error::Type { spot, expected: param.ty.clone(), found }
    })
}

impl<T: Input + ?Sized> Inputs for &T {
    type Types = (T::Type,);

    fn write<'a>(&'a self, frame: &mut Frame<'_, 'a>, params: &[Parameter]) -> Result<(), Error> {
        write_one(0, *self, frame, params)
    }
}

/// Inputs whose number and types are known when the program runs.
///
/// ```
/// # fn main() -> Result<(), weld::Error> {
/// use weld::embed::Values;
///
/// let session = weld::Session::new(weld::Config::default());
/// let program = session.program("|a: i64, b: i64| a - b")?;
/// let args: Vec<weld::Value> = vec![7i64.into(), 5i64.into()];
/// assert_eq!(program.call::<i64>(Values(&args))?, 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Values<'v>(pub &'v [Value]);

impl Inputs for Values<'_> {
    type Types = Any;

    fn write<'a>(&'a self, frame: &mut Frame<'_, 'a>, params: &[Parameter]) -> Result<(), Error> {
        self.0.iter().enumerate().try_for_each(|(at, value)| write_one(at, value, frame, params))
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

impl<T: Primitive> From<T> for Value {
    fn from(scalar: T) -> Value {
        let bytes = scalar.to_bits().to_le_bytes();
        let bytes = bytes.get(..T::SCALAR.bytes()).unwrap_or_default();
        Value::Scalar(decode(T::SCALAR, bytes).unwrap_or_else(|| zero(T::SCALAR)))
    }
}

macro_rules! tuples {
    ($(($($T:ident $at:tt),*) $count:tt)+) => {$(
        impl<$($T: Input),*> Input for ($($T,)*) {
            type Type = ($($T::Type,)*);

            #[allow(unused_mut, unused_variables, reason = "a struct without fields has nothing to write")]
            fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
                let mut fields = place.fields($count)?;
                $(self.$at.write(fields.at($at)?)?;)*
                Ok(())
            }

            fn found(&self) -> Ty {
                Ty::tuple(vec![$(self.$at.found()),*])
            }
        }

        impl<$($T: Input),*> Inputs for ($($T,)*) {
            type Types = ($($T::Type,)*);

            #[allow(unused_variables, reason = "a program without parameters has nothing to write")]
            fn write<'a>(&'a self, frame: &mut Frame<'_, 'a>, params: &[Parameter]) -> Result<(), Error> {
                $(write_one($at, &self.$at, frame, params)?;)*
                Ok(())
            }
        }
    )+};
}

for_tuples!(tuples);
