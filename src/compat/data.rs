//! Weld's data as Rust types with the layout of C: what goes into the struct behind an argument, and what a result is.
//!
//! Promises: sizes and offsets are those of LANGUAGE 17. These types own nothing: whoever makes one keeps its memory, whoever
//! reads one out of a result keeps the [`WeldValue`](super::WeldValue). `unsafe` is confined to showing elements and to sending
//! the pointers between threads: whoever makes a [`WeldVec`] vouches for the elements, as in the original.

use std::fmt;
use std::marker::PhantomData;

/// `bool`: 0 or 1.
///
/// ```
/// use weld::data::{WeldBool, WeldVec};
///
/// /// What a program `|v: vec[f64], descending: bool| ..` takes.
/// #[repr(C)]
/// struct Arguments {
///     v: WeldVec<f64>,
///     descending: WeldBool,
/// }
///
/// assert_eq!(size_of::<Arguments>(), 24);
/// ```
pub type WeldBool = u8;

/// `vec[T]`: a pointer to the elements and their number.
///
/// ```
/// use weld::data::WeldVec;
///
/// let numbers = vec![1i64, 2, 3];
/// let vector = WeldVec::from(&numbers);
/// assert_eq!((vector.data, vector.len), (numbers.as_ptr(), 3));
/// ```
#[repr(C)]
pub struct WeldVec<T> {
    /// The first element; may be null when there are none.
    pub data: *const T,
    /// How many there are.
    pub len: i64,
}

impl<T> WeldVec<T> {
    /// A vector of `len` elements from `data` on.
    ///
    /// ```
    /// use weld::data::WeldVec;
    ///
    /// let none: WeldVec<i64> = WeldVec::new(std::ptr::null(), 0);
    /// assert_eq!(none.to_string(), "[ ] (length=0)");
    /// ```
    pub const fn new(data: *const T, len: i64) -> WeldVec<T> {
        WeldVec { data, len }
    }
}

impl<T, U: AsRef<[T]>> From<&U> for WeldVec<T> {
    /// The elements of something that stays where it is.
    fn from(elements: &U) -> WeldVec<T> {
        let elements = elements.as_ref();
        WeldVec::new(elements.as_ptr(), elements.len() as i64)
    }
}

impl<T> Clone for WeldVec<T> {
    /// Another name for the same elements.
    fn clone(&self) -> WeldVec<T> {
        WeldVec::new(self.data, self.len)
    }
}

impl<T> PartialEq for WeldVec<T> {
    /// Whether both are the same elements at the same place.
    fn eq(&self, other: &WeldVec<T>) -> bool {
        self.data == other.data && self.len == other.len
    }
}

// SAFETY: a vector is a pointer and a number; whoever reads elements through it vouches for them (see the file's head).
unsafe impl<T: Sync> Send for WeldVec<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for WeldVec<T> {}

impl<T: fmt::Display> fmt::Display for WeldVec<T> {
    /// `[ 1 2 3 ] (length=3)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[ ")?;
        if !self.data.is_null() {
            for at in 0..usize::try_from(self.len).unwrap_or(0) {
                // SAFETY: whoever made the vector vouches for `len` elements at `data`.
                write!(f, "{} ", unsafe { &*self.data.add(at) })?;
            }
        }
        write!(f, "] (length={})", self.len)
    }
}

impl<T> fmt::Debug for WeldVec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeldVec({:?}, {})", self.data, self.len)
    }
}

macro_rules! opaque {
    ($($(#[$about:meta])* $name:ident<$($param:ident),+> { $($field:ident: $ty:ty),+ })+) => {$(
        $(#[$about])*
        #[repr(C)]
        #[derive(Debug)]
        pub struct $name<$($param),+> {
            $($field: $ty,)+
            of: PhantomData<($(*const $param,)+)>,
        }

        impl<$($param),+> Clone for $name<$($param),+> {
            /// Another name for the same builder or dictionary.
            fn clone(&self) -> Self {
                $name { $($field: self.$field,)+ of: PhantomData }
            }
        }
    )+};
}

opaque! {
    /// `appender[T]`, to be handed to another run in the same context.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// use weld::data::Appender;
    /// use weld::{WeldConf, WeldContext, WeldModule, WeldValue};
    ///
    /// let mut context = WeldContext::new(&WeldConf::new())?;
    /// let begin = WeldModule::compile("merge(appender[i64], 5L)", &WeldConf::new())?;
    /// let end = WeldModule::compile("|b: appender[i64]| len(result(merge(b, 7L)))", &WeldConf::new())?;
    /// // SAFETY: a program without parameters takes anything; the second takes what the first gives.
    /// let count = unsafe {
    ///     let begun = begin.run(&mut context, &WeldValue::new_from_data(std::ptr::null()))?;
    ///     let held: Appender<i64> = (*(begun.data() as *const Appender<i64>)).clone();
    ///     end.run(&mut context, &WeldValue::new_from_data((&raw const held).cast()))?
    /// };
    /// assert_eq!(unsafe { *(count.data() as *const i64) }, 2);
    /// # Ok(())
    /// # }
    /// ```
    Appender<T> { data: *mut u8, len: i64, capacity: i64 }
    /// `dict[K,V]`, to be handed to another run.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// use weld::data::Dict;
    /// use weld::{WeldConf, WeldContext, WeldModule, WeldValue};
    ///
    /// let mut context = WeldContext::new(&WeldConf::new())?;
    /// let begin = WeldModule::compile("result(merge(dictmerger[i64,i64,+], {5L, 7L}))", &WeldConf::new())?;
    /// let end = WeldModule::compile("|d: dict[i64,i64]| lookup(d, 5L)", &WeldConf::new())?;
    /// // SAFETY: a program without parameters takes anything; the second takes what the first gives.
    /// let count = unsafe {
    ///     let begun = begin.run(&mut context, &WeldValue::new_from_data(std::ptr::null()))?;
    ///     let held: Dict<i64, i64> = (*(begun.data() as *const Dict<i64, i64>)).clone();
    ///     end.run(&mut context, &WeldValue::new_from_data((&raw const held).cast()))?
    /// };
    /// assert_eq!(unsafe { *(count.data() as *const i64) }, 7);
    /// # Ok(())
    /// # }
    /// ```
    Dict<K, V> { table: *const u8 }
    /// `dictmerger[K,V,op]`, to be handed to another run in the same context.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// use weld::data::DictMerger;
    /// use weld::{WeldConf, WeldContext, WeldModule, WeldValue};
    ///
    /// let mut context = WeldContext::new(&WeldConf::new())?;
    /// let begin = WeldModule::compile("merge(dictmerger[i64,i64,+], {5L, 7L})", &WeldConf::new())?;
    /// let end = WeldModule::compile("|b: dictmerger[i64,i64,+]| lookup(result(merge(b, {5L, 1L})), 5L)", &WeldConf::new())?;
    /// // SAFETY: a program without parameters takes anything; the second takes what the first gives.
    /// let count = unsafe {
    ///     let begun = begin.run(&mut context, &WeldValue::new_from_data(std::ptr::null()))?;
    ///     let held: DictMerger<i64, i64> = (*(begun.data() as *const DictMerger<i64, i64>)).clone();
    ///     end.run(&mut context, &WeldValue::new_from_data((&raw const held).cast()))?
    /// };
    /// assert_eq!(unsafe { *(count.data() as *const i64) }, 8);
    /// # Ok(())
    /// # }
    /// ```
    DictMerger<K, V> { table: *mut u8 }
    /// `groupmerger[K,V]`, to be handed to another run in the same context.
    ///
    /// ```
    /// # fn main() -> Result<(), weld::WeldError> {
    /// use weld::data::GroupMerger;
    /// use weld::{WeldConf, WeldContext, WeldModule, WeldValue};
    ///
    /// let mut context = WeldContext::new(&WeldConf::new())?;
    /// let begin = WeldModule::compile("merge(groupmerger[i64,i64], {5L, 7L})", &WeldConf::new())?;
    /// let end = WeldModule::compile("|b: groupmerger[i64,i64]| len(lookup(result(merge(b, {5L, 1L})), 5L))", &WeldConf::new())?;
    /// // SAFETY: a program without parameters takes anything; the second takes what the first gives.
    /// let count = unsafe {
    ///     let begun = begin.run(&mut context, &WeldValue::new_from_data(std::ptr::null()))?;
    ///     let held: GroupMerger<i64, i64> = (*(begun.data() as *const GroupMerger<i64, i64>)).clone();
    ///     end.run(&mut context, &WeldValue::new_from_data((&raw const held).cast()))?
    /// };
    /// assert_eq!(unsafe { *(count.data() as *const i64) }, 2);
    /// # Ok(())
    /// # }
    /// ```
    GroupMerger<K, V> { table: *mut u8 }
}

#[cfg(test)]
mod tests {
    use super::{Appender, Dict, DictMerger, GroupMerger, WeldVec};
    use crate::ir::{BuilderTy, MergeOp, Ty};
    use crate::value::layout::layout;

    #[test]
    fn sizes_are_those_of_the_layout() {
        let size = |ty: &Ty| layout(ty).size;
        assert_eq!(size_of::<WeldVec<i64>>(), size(&Ty::vec(Ty::I64)));
        let builder = |builder| size(&Ty::builder(builder));
        assert_eq!(size_of::<Appender<i8>>(), builder(BuilderTy::Appender(Ty::I8)));
        assert_eq!(size_of::<Dict<i64, f64>>(), size(&Ty::Dict((Ty::I64, Ty::I64).into())));
        assert_eq!(
            size_of::<DictMerger<i64, i64>>(),
            builder(BuilderTy::DictMerger(Ty::I64, Ty::I64, MergeOp::Add))
        );
        assert_eq!(size_of::<GroupMerger<i64, i8>>(), builder(BuilderTy::GroupMerger(Ty::I64, Ty::I8)));
    }
}
