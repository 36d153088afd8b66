#![forbid(unsafe_code)]
//! Types of the language as Rust types: what a compiler can check before a program runs.
//!
//! Promises: `T::fits(ty)` says whether values of `T` can be given where a program wants a `ty`; `T::ty()` is what `T` is
//! called in messages.

use crate::ir::{self, Scalar, Ty};
use crate::value::buffer::decode;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::Arc;

/// A type of the language that Rust knows: `f64`, [`Vector<f64>`], `(i64, f64)` for a struct.
///
/// Types of inputs are compared by it, so that `&[f64]`, `Vec<f64>` and an Arrow array are the same to a
/// [`Typed`](super::Typed) program.
///
/// ```
/// use weld::embed::{Type, Vector};
///
/// assert_eq!(<(i64, Vector<f64>)>::ty().to_string(), "{i64,vec[f64]}");
/// ```
pub trait Type {
    /// The type, for messages. [`Any`] says `?`.
    ///
    /// ```
    /// use weld::embed::{Any, Type};
    ///
    /// assert_eq!(<(f32, Any)>::ty().to_string(), "{f32,?}");
    /// ```
    fn ty() -> Ty;

    /// Whether values of it can be given where a program wants a `ty`.
    ///
    /// ```
    /// use weld::embed::{Text, Type};
    ///
    /// assert!(i64::fits(&weld::ir::Ty::I64) && !Text::fits(&weld::ir::Ty::I64));
    /// ```
    fn fits(ty: &Ty) -> bool {
        *ty == Self::ty()
    }

    /// The same for the elements of a vector: bytes are `u8` in Rust where they are `i8` in the language.
    ///
    /// ```
    /// use weld::embed::Type;
    ///
    /// assert!(u8::fits_elements(&weld::ir::Ty::I8) && !u8::fits(&weld::ir::Ty::I8));
    /// ```
    fn fits_elements(ty: &Ty) -> bool {
        Self::fits(ty)
    }
}

/// `vec[T]`, as a type only: there is no value of it. See [`Typed`](super::Typed).
///
/// ```
/// use weld::embed::{Type, Vector};
///
/// assert_eq!(<Vector<Vector<f32>>>::ty().to_string(), "vec[vec[f32]]");
/// ```
#[derive(Debug)]
pub struct Vector<T>(PhantomData<fn() -> T>, pub(super) Infallible);

/// `dict[K,V]`, as a type only.
///
/// ```
/// use weld::embed::{Dictionary, Text, Type};
///
/// assert_eq!(<Dictionary<Text, f64>>::ty().to_string(), "dict[vec[i8],f64]");
/// ```
#[derive(Debug)]
pub struct Dictionary<K, V>(PhantomData<fn() -> (K, V)>, pub(super) Infallible);

/// `vec[i8]` or `vec[u8]`, text, as a type only.
///
/// ```
/// use weld::embed::{Text, Type};
/// use weld::ir::{Scalar, Ty};
///
/// assert!(Text::fits(&Ty::vec(Ty::I8)) && Text::fits(&Ty::vec(Scalar::U8.into())));
/// ```
#[derive(Debug)]
pub enum Text {}

/// A type that is known when the program runs, as that of a [`Value`](crate::value::Value); as a type only.
///
/// ```
/// use weld::embed::{Any, Type};
/// use weld::ir::Ty;
///
/// assert!(Any::fits(&Ty::I64) && Any::fits(&Ty::vec(Ty::I64)));
/// ```
#[derive(Debug)]
pub enum Any {}

impl<T: Type> Type for Vector<T> {
    fn ty() -> Ty {
        Ty::vec(T::ty())
    }

    fn fits(ty: &Ty) -> bool {
        ty.elem().is_some_and(T::fits_elements)
    }
}

impl<K: Type, V: Type> Type for Dictionary<K, V> {
    fn ty() -> Ty {
        Ty::Dict(Arc::new((K::ty(), V::ty())))
    }

    fn fits(ty: &Ty) -> bool {
        ty.entry().is_some_and(|(key, value)| K::fits(key) && V::fits(value))
    }
}

impl Type for Text {
    fn ty() -> Ty {
        Ty::vec(Ty::I8)
    }

    fn fits(ty: &Ty) -> bool {
        ty.elem().is_some_and(u8::fits_elements)
    }
}

impl Type for Any {
    fn ty() -> Ty {
        Ty::Infer(0)
    }

    fn fits(_: &Ty) -> bool {
        true
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A scalar: the Rust types whose slices are vectors of the language as they lie in memory.
///
/// ```
/// use weld::embed::Primitive;
///
/// fn name<T: Primitive>(_: &[T]) -> &'static str {
///     T::SCALAR.name()
/// }
///
/// assert_eq!(name(&[1u16]), "u16");
/// ```
pub trait Primitive:
    sealed::Sealed + Type + Copy + PartialEq + std::fmt::Debug + Send + Sync + 'static
{
    /// The type in the language.
    ///
    /// ```
    /// assert_eq!(<f32 as weld::embed::Primitive>::SCALAR, weld::ir::Scalar::F32);
    /// ```
    const SCALAR: Scalar;

    /// Its bytes, the lowest first, and zeros.
    #[doc(hidden)]
    fn to_bits(self) -> u64;

    /// From its bytes.
    #[doc(hidden)]
    fn from_bytes(bytes: &[u8]) -> Option<Self>;

    /// Whether all of them are bytes of such values.
    #[doc(hidden)]
    fn are_values(_bytes: &[u8]) -> bool {
        true
    }

    /// Whether a vector of `scalar` is in memory what a slice of these is. Bytes of text are `i8` in the language and `u8`
    /// in Rust.
    #[doc(hidden)]
    fn is_image_of(scalar: Scalar) -> bool {
        scalar == Self::SCALAR
    }
}

macro_rules! primitives {
    ($($rust:ident $scalar:ident |$x:ident| $bits:expr, { $($more:tt)* } { $($text:tt)* };)+) => {$(
        impl sealed::Sealed for $rust {}

        impl Primitive for $rust {
            const SCALAR: Scalar = Scalar::$scalar;

            fn to_bits(self) -> u64 {
                let $x = self;
                $bits
            }

            fn from_bytes(bytes: &[u8]) -> Option<Self> {
                match decode(Scalar::$scalar, bytes)? {
                    ir::Literal::$scalar(value) => Some(value),
                    _ => None,
                }
            }

            $($more)*
        }

        impl Type for $rust {
            fn ty() -> Ty {
                Ty::Scalar(Scalar::$scalar)
            }

            $($text)*
        }
    )+};
}

primitives! {
    bool Bool |x| u64::from(x), {
        fn are_values(bytes: &[u8]) -> bool {
            bytes.iter().all(|byte| *byte <= 1)
        }
    } {};
    i8 I8 |x| u64::from(x as u8), {} {};
    i16 I16 |x| u64::from(x as u16), {} {};
    i32 I32 |x| u64::from(x as u32), {} {};
    i64 I64 |x| x as u64, {} {};
    u8 U8 |x| u64::from(x), {
        fn is_image_of(scalar: Scalar) -> bool {
            matches!(scalar, Scalar::U8 | Scalar::I8)
        }
    } {
        fn fits_elements(ty: &Ty) -> bool {
            matches!(ty, Ty::Scalar(Scalar::U8 | Scalar::I8))
        }
    };
    u16 U16 |x| u64::from(x), {} {};
    u32 U32 |x| u64::from(x), {} {};
    u64 U64 |x| x, {} {};
    f32 F32 |x| u64::from(x.to_bits()), {} {};
    f64 F64 |x| x.to_bits(), {} {};
}

/// The types of the parameters of a program: a tuple of [`Type`]s.
///
/// ```
/// use weld::embed::{Params, Vector};
///
/// fn is_list_of_parameters<P: Params>() {}
///
/// is_list_of_parameters::<(Vector<f64>, i64)>();
/// ```
pub trait Params {
    /// How many there are, if that is known.
    #[doc(hidden)]
    const COUNT: Option<usize>;

    /// The first one that does not fit the parameters, with its type.
    #[doc(hidden)]
    fn misfit(params: &mut dyn Iterator<Item = &Ty>) -> Option<(usize, Ty)>;
}

impl Params for Any {
    const COUNT: Option<usize> = None;

    fn misfit(_: &mut dyn Iterator<Item = &Ty>) -> Option<(usize, Ty)> {
        None
    }
}

macro_rules! tuples {
    ($(($($T:ident $at:tt),*) $count:tt)+) => {$(
        impl<$($T: Type),*> Type for ($($T,)*) {
            fn ty() -> Ty {
                Ty::tuple(vec![$($T::ty()),*])
            }

            fn fits(ty: &Ty) -> bool {
                let Some(fields) = ty.fields() else { return false };
                Some(fields.len()) == Self::COUNT && Self::misfit(&mut fields.iter()).is_none()
            }
        }

        impl<$($T: Type),*> Params for ($($T,)*) {
            const COUNT: Option<usize> = Some($count);

            #[allow(unused_variables, reason = "nothing is wanted where there are no parameters")]
            fn misfit(params: &mut dyn Iterator<Item = &Ty>) -> Option<(usize, Ty)> {
                $(if !params.next().is_some_and($T::fits) {
                    return Some(($at, $T::ty()));
                })*
                None
            }
        }
    )+};
}

/// Hands the lists of up to twelve inputs to a macro: letters with their places, and how many there are.
macro_rules! for_tuples {
    ($implement:ident) => {
        $implement! {
            () 0
            (A 0) 1
            (A 0, B 1) 2
            (A 0, B 1, C 2) 3
            (A 0, B 1, C 2, D 3) 4
            (A 0, B 1, C 2, D 3, E 4) 5
            (A 0, B 1, C 2, D 3, E 4, F 5) 6
            (A 0, B 1, C 2, D 3, E 4, F 5, G 6) 7
            (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7) 8
            (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8) 9
            (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9) 10
            (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10) 11
            (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11) 12
        }
    };
}
pub(super) use for_tuples;

for_tuples!(tuples);
