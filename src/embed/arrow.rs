#![forbid(unsafe_code)]
//! Arrow arrays as inputs and results.
//!
//! Promises: numbers, dates and times without nulls are borrowed on the way in, and a large result is taken over on the way
//! out; of strings and lists, only a table is made; booleans are bits in Arrow and are copied; of dictionaries, numbers are
//! copied to where their keys are. The language has no nulls: an array with one is an error.

use super::array::Array;
use super::input::Input;
use super::memory::Source;
use super::output::Output;
use super::place::{Place, Unfit};
use super::types::{Any, Primitive, Text, Type, Vector};
use crate::ir::Ty;
use arrow_array::types::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, ByteArrayType, ByteViewType, Date32Type, Date64Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{
    Array as ArrowArray, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, DictionaryArray,
    FixedSizeListArray, GenericByteArray, GenericByteViewArray, GenericListArray, GenericStringArray,
    LargeBinaryArray, LargeListArray, LargeStringArray, ListArray, OffsetSizeTrait, PrimitiveArray,
    StringArray, StringViewArray,
};
use arrow_buffer::{ArrowNativeType, Buffer, ScalarBuffer};
use bytes::Bytes;
use std::ops::Range;

/// Which elements of an array, in order.
enum Rows {
    /// Neighbours.
    Range(Range<usize>),
    /// As the keys of a dictionary say.
    Chosen(Vec<usize>),
}

impl Rows {
    fn len(&self) -> usize {
        match self {
            Rows::Range(range) => range.len(),
            Rows::Chosen(chosen) => chosen.len(),
        }
    }

    fn iter(&self) -> impl ExactSizeIterator<Item = usize> {
        (0..self.len()).map(|at| match self {
            Rows::Range(range) => range.start + at,
            Rows::Chosen(chosen) => chosen.get(at).copied().unwrap_or(0),
        })
    }

    /// An error if there are nulls among them.
    fn all_there(&self, array: &dyn ArrowArray) -> Result<(), Unfit> {
        if array.null_count() == 0 {
            return Ok(());
        }
        match self.iter().filter(|at| array.is_null(*at)).count() {
            0 => Ok(()),
            1 => Err(Unfit::new("a null; the language has none: fill it, or drop its row")),
            count => Err(Unfit::new(format!(
                "{count} nulls; the language has none: fill them, or drop their rows"
            ))),
        }
    }
}

/// An array whose type was found out.
trait Column {
    /// `vec[T]`
    fn ty(&self) -> Ty;

    /// Writes some of its elements.
    fn put<'a>(&'a self, rows: &Rows, place: Place<'_, 'a>) -> Result<(), Unfit>;
}

impl<T: ArrowPrimitiveType<Native: Primitive>> Column for PrimitiveArray<T> {
    fn ty(&self) -> Ty {
        Vector::<T::Native>::ty()
    }

    fn put<'a>(&'a self, rows: &Rows, place: Place<'_, 'a>) -> Result<(), Unfit> {
        rows.all_there(self)?;
        match rows {
            Rows::Range(range) => place.slice(self.values().get(range.clone()).unwrap_or_default()),
            Rows::Chosen(_) => place.copied(rows.iter().map(|at| self.value(at))),
        }
    }
}

impl Column for BooleanArray {
    fn ty(&self) -> Ty {
        Vector::<bool>::ty()
    }

    fn put<'a>(&'a self, rows: &Rows, place: Place<'_, 'a>) -> Result<(), Unfit> {
        rows.all_there(self)?;
        place.copied(rows.iter().map(|at| self.value(at)))
    }
}

impl<T: ByteArrayType> Column for GenericByteArray<T> {
    fn ty(&self) -> Ty {
        Vector::<Text>::ty()
    }

    fn put<'a>(&'a self, rows: &Rows, place: Place<'_, 'a>) -> Result<(), Unfit> {
        rows.all_there(self)?;
        place.elements(rows.iter(), |at, place| place.slice::<u8>(self.value(at).as_ref()))
    }
}

impl<T: ByteViewType> Column for GenericByteViewArray<T> {
    fn ty(&self) -> Ty {
        Vector::<Text>::ty()
    }

    fn put<'a>(&'a self, rows: &Rows, place: Place<'_, 'a>) -> Result<(), Unfit> {
        rows.all_there(self)?;
        place.elements(rows.iter(), |at, place| place.slice::<u8>(self.value(at).as_ref()))
    }
}

/// Lists: each is a vector of the elements from one offset to another.
fn put_lists<'a>(
    values: &'a ArrayRef,
    rows: &Rows,
    place: Place<'_, 'a>,
    range: impl Fn(usize) -> Range<usize>,
) -> Result<(), Unfit> {
    let values = need(values)?;
    place.elements(rows.iter(), |at, place| values.put(&Rows::Range(range(at)), place))
}

impl<O: OffsetSizeTrait> Column for GenericListArray<O> {
    fn ty(&self) -> Ty {
        Ty::vec(self.values().found())
    }

    fn put<'a>(&'a self, rows: &Rows, place: Place<'_, 'a>) -> Result<(), Unfit> {
        rows.all_there(self)?;
        let offset = |at: usize| self.value_offsets().get(at).map_or(0, |offset| offset.as_usize());
        put_lists(self.values(), rows, place, |at| offset(at)..offset(at + 1))
    }
}

impl Column for FixedSizeListArray {
    fn ty(&self) -> Ty {
        Ty::vec(self.values().found())
    }

    fn put<'a>(&'a self, rows: &Rows, place: Place<'_, 'a>) -> Result<(), Unfit> {
        rows.all_there(self)?;
        let len = usize::try_from(self.value_length()).unwrap_or(0);
        put_lists(self.values(), rows, place, |at| {
            let start = self.value_offset_at(at);
            start..start + len
        })
    }
}

impl<K: ArrowDictionaryKeyType> Column for DictionaryArray<K> {
    fn ty(&self) -> Ty {
        self.values().found()
    }

    fn put<'a>(&'a self, rows: &Rows, place: Place<'_, 'a>) -> Result<(), Unfit> {
        rows.all_there(self)?;
        let keys = self.keys().values();
        let chosen = rows.iter().map(|at| keys.get(at).map_or(0, |key| key.as_usize()));
        need(self.values())?.put(&Rows::Chosen(chosen.collect()), place)
    }
}

fn known(array: &dyn ArrowArray) -> Option<&dyn Column> {
    macro_rules! first_of {
        ($($candidate:ty,)+) => {$(
            if let Some(array) = array.as_any().downcast_ref::<$candidate>() {
                return Some(array);
            }
        )+};
    }
    first_of! {
        PrimitiveArray<Int8Type>, PrimitiveArray<Int16Type>, PrimitiveArray<Int32Type>, PrimitiveArray<Int64Type>,
        PrimitiveArray<UInt8Type>, PrimitiveArray<UInt16Type>, PrimitiveArray<UInt32Type>, PrimitiveArray<UInt64Type>,
        PrimitiveArray<Float32Type>, PrimitiveArray<Float64Type>,
        PrimitiveArray<Date32Type>, PrimitiveArray<Date64Type>,
        PrimitiveArray<TimestampSecondType>, PrimitiveArray<TimestampMillisecondType>,
        PrimitiveArray<TimestampMicrosecondType>, PrimitiveArray<TimestampNanosecondType>,
        BooleanArray, StringArray, LargeStringArray, StringViewArray, BinaryArray, LargeBinaryArray, BinaryViewArray,
        ListArray, LargeListArray, FixedSizeListArray,
        DictionaryArray<Int8Type>, DictionaryArray<Int16Type>, DictionaryArray<Int32Type>, DictionaryArray<Int64Type>,
        DictionaryArray<UInt8Type>, DictionaryArray<UInt16Type>, DictionaryArray<UInt32Type>,
        DictionaryArray<UInt64Type>,
    }
    None
}

fn need(array: &dyn ArrowArray) -> Result<&dyn Column, Unfit> {
    known(array).ok_or_else(|| {
        let ty = array.data_type();
        Unfit::new(format!("an Arrow array of {ty}, which has no counterpart: cast it to another type"))
    })
}

fn all(array: &dyn ArrowArray) -> Rows {
    Rows::Range(0..array.len())
}

impl<T: ArrowPrimitiveType<Native: Primitive>> Input for PrimitiveArray<T> {
    type Type = Vector<T::Native>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        self.put(&all(self), place)
    }
}

impl Input for BooleanArray {
    type Type = Vector<bool>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        self.put(&all(self), place)
    }
}

impl<T: ByteArrayType> Input for GenericByteArray<T> {
    type Type = Vector<Text>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        self.put(&all(self), place)
    }
}

impl<T: ByteViewType> Input for GenericByteViewArray<T> {
    type Type = Vector<Text>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        self.put(&all(self), place)
    }
}

/// A column of a record batch: its type is looked at when the program runs.
impl Input for dyn ArrowArray {
    type Type = Any;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        need(self)?.put(&all(self), place)
    }

    fn found(&self) -> Ty {
        known(self).map_or(Ty::Infer(0), Column::ty)
    }
}

/// Arrays of which Rust does not know what they are made of, or not whether that has a counterpart.
macro_rules! looked_at {
    ($($({$($generics:tt)+})? $array:ty;)+) => {$(
        impl$(<$($generics)+>)? Input for $array {
            type Type = Any;

            fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
                let array: &dyn ArrowArray = self;
                array.write(place)
            }

            fn found(&self) -> Ty {
                let array: &dyn ArrowArray = self;
                array.found()
            }
        }
    )+};
}

looked_at! {
    ArrayRef;
    {O: OffsetSizeTrait} GenericListArray<O>;
    FixedSizeListArray;
    {K: ArrowDictionaryKeyType} DictionaryArray<K>;
}

/// The bytes of an array, which they keep.
struct Owned<T>(Array<T>);

impl<T: Primitive> AsRef<[u8]> for Owned<T> {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

impl<T: ArrowPrimitiveType<Native: Primitive>> Output for PrimitiveArray<T> {
    fn ty() -> Ty {
        <Array<T::Native> as Output>::ty()
    }

    fn fits(ty: &Ty) -> bool {
        Array::<T::Native>::fits(ty)
    }

    fn read(source: Source<'_>) -> Result<PrimitiveArray<T>, Unfit> {
        let array: Array<T::Native> = source.array()?;
        let len = array.len();
        if len == 0 {
            // Arrow wants even an empty buffer to be aligned.
            return Ok(PrimitiveArray::from_iter_values([]));
        }
        let buffer = Buffer::from(Bytes::from_owner(Owned(array)));
        Ok(PrimitiveArray::new(ScalarBuffer::new(buffer, 0, len), None))
    }
}

impl Output for BooleanArray {
    fn ty() -> Ty {
        Ty::vec(Ty::BOOL)
    }

    fn read(source: Source<'_>) -> Result<BooleanArray, Unfit> {
        Ok(source.slice()?.iter().copied().map(Some).collect())
    }
}

impl<O: OffsetSizeTrait> Output for GenericStringArray<O> {
    fn ty() -> Ty {
        <Vec<String> as Output>::ty()
    }

    fn fits(ty: &Ty) -> bool {
        Vec::<String>::fits(ty)
    }

    fn read(source: Source<'_>) -> Result<GenericStringArray<O>, Unfit> {
        let rows: Vec<&str> = source.elements()?.map(Source::text).collect::<Result<_, _>>()?;
        let bytes: usize = rows.iter().map(|row| row.len()).sum();
        if O::from_usize(bytes).is_none() {
            return Err(Unfit::new(format!("{bytes} bytes of text need the large kind of string array")));
        }
        Ok(GenericStringArray::from_iter_values(rows))
    }
}
