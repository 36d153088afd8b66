#![forbid(unsafe_code)]
//! Arrow arrays as inputs and results.
//!
//! Promises: numbers, dates and times without nulls are borrowed on the way in, and a large result is taken over on the way
//! out; of strings, only a table is made; booleans are bits in Arrow and are copied. The language has no nulls: an array
//! with one is an error.

use super::array::Array;
use super::input::Input;
use super::memory::Source;
use super::output::Output;
use super::place::{Place, Unfit};
use super::types::{Any, Primitive, Text, Vector};
use crate::ir::Ty;
use arrow_array::types::{
    ArrowPrimitiveType, ByteArrayType, ByteViewType, Date32Type, Date64Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array as ArrowArray, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, GenericByteArray,
    GenericByteViewArray, GenericStringArray, LargeBinaryArray, LargeStringArray, OffsetSizeTrait,
    PrimitiveArray, StringArray, StringViewArray,
};
use arrow_buffer::{Buffer, ScalarBuffer};
use bytes::Bytes;

/// An error if there are nulls.
fn all_there(array: &dyn ArrowArray) -> Result<(), Unfit> {
    match array.null_count() {
        0 => Ok(()),
        1 => Err(Unfit::new("a null; the language has none: fill it, or drop its row")),
        count => {
            Err(Unfit::new(format!("{count} nulls; the language has none: fill them, or drop their rows")))
        }
    }
}

impl<T: ArrowPrimitiveType<Native: Primitive>> Input for PrimitiveArray<T> {
    type Type = Vector<T::Native>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        all_there(self)?;
        place.slice(self.values())
    }
}

impl Input for BooleanArray {
    type Type = Vector<bool>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        all_there(self)?;
        place.copied((0..self.len()).map(|at| self.value(at)))
    }
}

impl<T: ByteArrayType> Input for GenericByteArray<T> {
    type Type = Vector<Text>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        all_there(self)?;
        place.elements(0..self.len(), |at, place| place.slice::<u8>(self.value(at).as_ref()))
    }
}

impl<T: ByteViewType> Input for GenericByteViewArray<T> {
    type Type = Vector<Text>;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        all_there(self)?;
        place.elements(0..self.len(), |at, place| place.slice::<u8>(self.value(at).as_ref()))
    }
}

/// An array whose type was found out.
trait Known {
    fn ty(&self) -> Ty;
    fn put<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit>;
}

impl<T: Input> Known for T {
    fn ty(&self) -> Ty {
        self.found()
    }

    fn put<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        self.write(place)
    }
}

fn known(array: &dyn ArrowArray) -> Option<&dyn Known> {
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
    }
    None
}

/// A column of a record batch: its type is looked at when the program runs.
impl Input for dyn ArrowArray {
    type Type = Any;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        match known(self) {
            Some(array) => array.put(place),
            None => {
                Err(Unfit::new(format!("an Arrow array of {}, which has no counterpart", self.data_type())))
            }
        }
    }

    fn found(&self) -> Ty {
        known(self).map_or(Ty::Infer(0), Known::ty)
    }
}

impl Input for ArrayRef {
    type Type = Any;

    fn write<'a>(&'a self, place: Place<'_, 'a>) -> Result<(), Unfit> {
        (**self).write(place)
    }

    fn found(&self) -> Ty {
        (**self).found()
    }
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
