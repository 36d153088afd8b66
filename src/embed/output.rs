#![forbid(unsafe_code)]
//! What a result can be read as.
//!
//! Promises: a result owns its memory: it needs neither the inputs nor the program any more. Must not: convert numbers.

use super::array::Array;
use super::memory::Source;
use super::place::Unfit;
use super::types::{Primitive, Type, for_tuples};
use crate::ir::Ty;
use crate::value::Value;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

/// A type that a result can be read as.
///
/// | in the language | in Rust |
/// |---|---|
/// | a scalar | `bool`, `i8` .. `u64`, `f32`, `f64` |
/// | `vec[f64]` | [`Array<f64>`]: a large one is taken over; `Vec<f64>`: a copy |
/// | `vec[i8]` | `String`, if it is UTF-8; `Vec<u8>` |
/// | `vec[vec[f64]]` | `Vec<Vec<f64>>`, `Vec<Array<f64>>` |
/// | `{i64,vec[f64]}` | `(i64, Array<f64>)` |
/// | `dict[K,V]` | `HashMap<K, V>`, `BTreeMap<K, V>`, or `Vec<(K, V)>` in the order of insertion |
/// | anything | [`Value`] |
///
/// With the features, `vec[f64]` is `arrow_array::PrimitiveArray` without a copy, and `ndarray::Array1` with one. A type of
/// your own reads what it consists of:
///
/// ```
/// use weld::embed::{Output, Source, Unfit};
///
/// #[derive(Debug, PartialEq)]
/// struct Range {
///     low: i64,
///     high: i64,
/// }
///
/// impl Output for Range {
///     fn ty() -> weld::ir::Ty {
///         <(i64, i64)>::ty()
///     }
///
///     fn read(source: Source<'_>) -> Result<Range, Unfit> {
///         Ok(Range { low: source.field(0)?.scalar()?, high: source.field(1)?.scalar()? })
///     }
/// }
///
/// # fn main() -> Result<(), weld::Error> {
/// let session = weld::Session::new(weld::Config::default());
/// let program = session.program(
///     "|v: vec[i64]| let b = for(v, {merger[i64,min], merger[i64,max]},
///                                |b, i, x| {merge(b.$0, x), merge(b.$1, x)});
///                    {result(b.$0), result(b.$1)}",
/// )?;
/// assert_eq!(program.call::<Range>(&[3i64, -2, 8])?, Range { low: -2, high: 8 });
/// # Ok(())
/// # }
/// ```
pub trait Output: Sized {
    /// Its type in the language, for messages.
    ///
    /// ```
    /// use weld::embed::Output;
    ///
    /// assert_eq!(<(bool, String)>::ty().to_string(), "{bool,vec[i8]}");
    /// ```
    fn ty() -> Ty;

    /// Whether a result of type `ty` can be read as this: asked before the program runs.
    ///
    /// ```
    /// use weld::embed::Output;
    /// use weld::ir::Ty;
    ///
    /// assert!(i64::fits(&Ty::I64) && !f64::fits(&Ty::I64));
    /// ```
    fn fits(ty: &Ty) -> bool {
        *ty == Self::ty()
    }

    /// The same for the elements of a vector.
    ///
    /// ```
    /// use weld::embed::Output;
    ///
    /// assert!(u8::fits_elements(&weld::ir::Ty::I8) && !u8::fits(&weld::ir::Ty::I8));
    /// ```
    fn fits_elements(ty: &Ty) -> bool {
        Self::fits(ty)
    }

    /// Reads it.
    ///
    /// ```
    /// use weld::embed::{Output, Source, Unfit};
    ///
    /// #[derive(Debug, PartialEq)]
    /// struct Even(i64);
    ///
    /// impl Output for Even {
    ///     fn ty() -> weld::ir::Ty {
    ///         i64::ty()
    ///     }
    ///
    ///     fn read(source: Source<'_>) -> Result<Even, Unfit> {
    ///         let n = source.scalar()?;
    ///         if n % 2 == 0 { Ok(Even(n)) } else { Err(Unfit::new("an odd number")) }
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let program = session.program("|n: i64| n * 3L")?;
    /// assert_eq!(program.call::<Even>(2i64)?, Even(6));
    /// assert!(program.call::<Even>(1i64).is_err());
    /// # Ok(())
    /// # }
    /// ```
    fn read(source: Source<'_>) -> Result<Self, Unfit>;

    /// Reads a vector of such.
    ///
    /// ```
    /// use weld::embed::{Output, Source, Unfit};
    ///
    /// struct Celsius(f64);
    ///
    /// impl Output for Celsius {
    ///     fn ty() -> weld::ir::Ty {
    ///         f64::ty()
    ///     }
    ///
    ///     fn read(source: Source<'_>) -> Result<Celsius, Unfit> {
    ///         Ok(Celsius(source.scalar()?))
    ///     }
    ///
    ///     fn read_vec(source: Source<'_>) -> Result<Vec<Celsius>, Unfit> {
    ///         Ok(source.slice()?.iter().copied().map(Celsius).collect())
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), weld::Error> {
    /// let session = weld::Session::new(weld::Config::default());
    /// let warmer: Vec<Celsius> = session.program("|v: vec[f64]| map(v, |x| x + 1.0)")?.call(&[20.5])?;
    /// assert_eq!(warmer[0].0, 21.5);
    /// # Ok(())
    /// # }
    /// ```
    fn read_vec(source: Source<'_>) -> Result<Vec<Self>, Unfit> {
        source.elements()?.map(Self::read).collect()
    }
}

macro_rules! scalars {
    ($($rust:ident)+) => {$(
        impl Output for $rust {
            fn ty() -> Ty {
                <$rust as Type>::ty()
            }

            fn fits_elements(ty: &Ty) -> bool {
                <$rust as Type>::fits_elements(ty)
            }

            fn read(source: Source<'_>) -> Result<$rust, Unfit> {
                source.scalar()
            }

            fn read_vec(source: Source<'_>) -> Result<Vec<$rust>, Unfit> {
                source.slice().map(<[$rust]>::to_vec)
            }
        }
    )+};
}

scalars! { bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }

impl<T: Primitive> Output for Array<T> {
    fn ty() -> Ty {
        Ty::vec(T::ty())
    }

    fn fits(ty: &Ty) -> bool {
        ty.elem().is_some_and(T::fits_elements)
    }

    fn read(source: Source<'_>) -> Result<Array<T>, Unfit> {
        source.array()
    }
}

/// Whether the entries of a dictionary can be read as `(K, V)`.
fn entry_fits<K: Output, V: Output>(ty: &Ty) -> bool {
    ty.entry().is_some_and(|(key, value)| K::fits(key) && V::fits(value))
}

impl<T: Output> Output for Vec<T> {
    fn ty() -> Ty {
        Ty::vec(T::ty())
    }

    fn fits(ty: &Ty) -> bool {
        match ty {
            Ty::Vec(elem) => T::fits_elements(elem),
            Ty::Dict(entry) => T::fits(&Ty::tuple(vec![entry.0.clone(), entry.1.clone()])),
            _ => false,
        }
    }

    fn read(source: Source<'_>) -> Result<Vec<T>, Unfit> {
        T::read_vec(source)
    }
}

impl Output for String {
    fn ty() -> Ty {
        Ty::vec(Ty::I8)
    }

    fn fits(ty: &Ty) -> bool {
        ty.elem().is_some_and(<u8 as Type>::fits_elements)
    }

    fn read(source: Source<'_>) -> Result<String, Unfit> {
        source.text().map(str::to_string)
    }
}

impl<K: Output + Eq + Hash, V: Output, S: BuildHasher + Default> Output for HashMap<K, V, S> {
    fn ty() -> Ty {
        Ty::Dict(Arc::new((K::ty(), V::ty())))
    }

    fn fits(ty: &Ty) -> bool {
        entry_fits::<K, V>(ty)
    }

    fn read(source: Source<'_>) -> Result<HashMap<K, V, S>, Unfit> {
        source.elements()?.map(<(K, V)>::read).collect()
    }
}

impl<K: Output + Ord, V: Output> Output for BTreeMap<K, V> {
    fn ty() -> Ty {
        Ty::Dict(Arc::new((K::ty(), V::ty())))
    }

    fn fits(ty: &Ty) -> bool {
        entry_fits::<K, V>(ty)
    }

    fn read(source: Source<'_>) -> Result<BTreeMap<K, V>, Unfit> {
        source.elements()?.map(<(K, V)>::read).collect()
    }
}

impl Output for Value {
    fn ty() -> Ty {
        Ty::Infer(0)
    }

    fn fits(_: &Ty) -> bool {
        true
    }

    fn read(source: Source<'_>) -> Result<Value, Unfit> {
        Ok(source.value())
    }
}

macro_rules! tuples {
    ($(($($T:ident $at:tt),*) $count:literal)+) => {$(
        impl<$($T: Output),*> Output for ($($T,)*) {
            fn ty() -> Ty {
                Ty::tuple(vec![$($T::ty()),*])
            }

            fn fits(ty: &Ty) -> bool {
                let Some(fields) = ty.fields() else { return false };
                let fit: &[fn(&Ty) -> bool] = &[$($T::fits),*];
                fields.len() == fit.len() && fields.iter().zip(fit).all(|(field, fits)| fits(field))
            }

            #[allow(unused_variables, clippy::unused_unit, reason = "a struct without fields has nothing to read")]
            fn read(source: Source<'_>) -> Result<Self, Unfit> {
                Ok(($($T::read(source.field($at)?)?,)*))
            }
        }
    )+};
}

for_tuples!(tuples);
