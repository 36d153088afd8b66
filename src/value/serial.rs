#![forbid(unsafe_code)]
//! Values as bytes and back: LANGUAGE 12.
//!
//! Promises: padding is written as zero; reading never looks past the end, and takes time and memory in proportion to
//! the bytes, since a count is believed only if the rest can hold that many elements.

use super::buffer::{self, Buffer};
use super::layout::{field_offsets, layout};
use super::{Dict, Value, zero};
use crate::ir::{Literal, Scalar, Ty};
use std::sync::Arc;

/// Elements of size 0 that one buffer may hold in all: bytes say nothing about how many are right.
pub const MOST_EMPTY: i64 = 1 << 20;

/// Why bytes are no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrupt {
    /// Something that begins at `offset` goes on past the end.
    Short {
        #[allow(missing_docs)]
        offset: i64,
        #[allow(missing_docs)]
        len: i64,
    },
    /// The count at `offset` is negative or larger than the rest.
    Count {
        #[allow(missing_docs)]
        offset: i64,
        #[allow(missing_docs)]
        count: i64,
    },
    /// The value ends at `offset`, the bytes do not.
    Rest {
        #[allow(missing_docs)]
        offset: i64,
        #[allow(missing_docs)]
        len: i64,
    },
    /// Not a type that can be read.
    Type,
}

/// The fewest bytes that a value of this type has; 0 only if it has none.
pub fn least_bytes(ty: &Ty) -> usize {
    match ty {
        _ if ty.is_flat() => layout(ty).size,
        Ty::Struct(fields) => fields.iter().map(least_bytes).sum(),
        // The count.
        _ => COUNT_BYTES,
    }
}

const COUNT_BYTES: usize = 8;

/// Appends the bytes of a value of type `ty`. `None` when it is none.
pub fn write(value: &Value, ty: &Ty, out: &mut Vec<u8>) -> Option<()> {
    match (ty, value) {
        (Ty::Scalar(_), Value::Scalar(literal)) => buffer::encode(literal, out),
        (Ty::Struct(fields), Value::Struct(items)) if fields.len() == items.len() => {
            if !ty.is_flat() {
                return items.iter().zip(fields.iter()).try_for_each(|(item, ty)| write(item, ty, out));
            }
            let start = out.len();
            for ((item, ty), offset) in items.iter().zip(fields.iter()).zip(field_offsets(fields)) {
                out.resize(start + offset, 0);
                write(item, ty, out)?;
            }
            out.resize(start + layout(ty).size, 0);
        }
        (Ty::Dict(entry), Value::Dict(dict)) => {
            write_count(dict.len(), out);
            for pair in dict.entries().iter() {
                let (key, value) = pair_of(pair)?;
                write(key, &entry.0, out)?;
                write(value, &entry.1, out)?;
            }
        }
        (Ty::Vec(_), Value::Scalars(scalars)) => {
            write_count(scalars.len(), out);
            out.extend_from_slice(scalars.bytes());
        }
        (Ty::Vec(elem), Value::Vector(items)) => {
            write_count(items.len(), out);
            items.iter().try_for_each(|item| write(item, elem, out))?;
        }
        _ => return None,
    }
    Some(())
}

/// Key and value of an entry.
fn pair_of(entry: &Value) -> Option<(&Value, &Value)> {
    match entry {
        Value::Struct(items) => items.first().zip(items.get(1)),
        _ => None,
    }
}

fn write_count(count: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(count as i64).to_le_bytes());
}

/// The value of type `ty` that `bytes` are, all of them.
pub fn read(bytes: &[u8], ty: &Ty) -> Result<Value, Corrupt> {
    let mut reader = Reader { bytes, at: 0, empty: MOST_EMPTY };
    let value = reader.value(ty)?;
    if reader.at < bytes.len() {
        return Err(Corrupt::Rest { offset: reader.at as i64, len: bytes.len() as i64 });
    }
    Ok(value)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Elements of size 0 that may still come.
    empty: i64,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Corrupt> {
        let found = self.at.checked_add(n).and_then(|end| self.bytes.get(self.at..end));
        let short = Corrupt::Short { offset: self.at as i64, len: self.bytes.len() as i64 };
        let found = found.ok_or(short)?;
        self.at += n;
        Ok(found)
    }

    /// A count of elements that the rest can hold.
    fn count(&mut self, least: usize) -> Result<usize, Corrupt> {
        let offset = self.at as i64;
        let count = i64::from_le_bytes(self.take(COUNT_BYTES)?.try_into().map_err(|_| Corrupt::Type)?);
        let most = match least {
            0 => self.empty,
            _ => ((self.bytes.len() - self.at) / least) as i64,
        };
        if !(0..=most).contains(&count) {
            return Err(Corrupt::Count { offset, count });
        }
        if least == 0 {
            self.empty -= count;
        }
        Ok(count as usize)
    }

    fn value(&mut self, ty: &Ty) -> Result<Value, Corrupt> {
        match ty {
            _ if ty.is_flat() => {
                let image = self.take(layout(ty).size)?;
                flat(image, ty).ok_or(Corrupt::Type)
            }
            Ty::Struct(fields) => {
                fields.iter().map(|field| self.value(field)).collect::<Result<_, _>>().map(Value::Struct)
            }
            Ty::Vec(elem) => {
                let count = self.count(least_bytes(elem))?;
                if let Some(scalar) = elem.scalar() {
                    let image = self.take(count * scalar.bytes())?;
                    return Buffer::from_bytes(scalar, image).map(Value::Scalars).ok_or(Corrupt::Type);
                }
                let items: Result<Vec<Value>, Corrupt> = (0..count).map(|_| self.value(elem)).collect();
                Ok(Value::Vector(Arc::new(items?)))
            }
            Ty::Dict(entry) => {
                let count = self.count(least_bytes(&entry.0) + least_bytes(&entry.1))?;
                let entries: Result<Vec<Value>, Corrupt> = (0..count)
                    .map(|_| Ok(Value::Struct(vec![self.value(&entry.0)?, self.value(&entry.1)?])))
                    .collect();
                let dict = Dict::from_entries(entries?).ok_or(Corrupt::Type)?;
                Ok(Value::Dict(Arc::new(dict)))
            }
            _ => Err(Corrupt::Type),
        }
    }
}

/// The value whose memory image this is.
fn flat(image: &[u8], ty: &Ty) -> Option<Value> {
    match ty {
        Ty::Scalar(scalar) => scalar_at(image, *scalar).map(Value::Scalar),
        Ty::Struct(fields) => {
            let parts = fields.iter().zip(field_offsets(fields));
            parts
                .map(|(field, offset)| flat(image.get(offset..)?, field))
                .collect::<Option<_>>()
                .map(Value::Struct)
        }
        _ => None,
    }
}

fn scalar_at(image: &[u8], scalar: Scalar) -> Option<Literal> {
    let bytes = image.get(..scalar.bytes())?;
    Some(buffer::decode(scalar, bytes).unwrap_or_else(|| zero(scalar)))
}

#[cfg(test)]
mod tests {
    use super::{Corrupt, read, write};
    use crate::ir::Ty;
    use crate::value::literal::{parse_value, tests::typed_value};
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn values_come_back((ty, value) in typed_value()) {
            let mut bytes = Vec::new();
            prop_assert_eq!(write(&value, &ty, &mut bytes), Some(()));
            let back = read(&bytes, &ty);
            prop_assert!(back.as_ref().is_ok_and(|back| back.same(&value)), "{:?}", back);
            bytes.push(0);
            let len = bytes.len() as i64;
            prop_assert_eq!(read(&bytes, &ty).err(), Some(Corrupt::Rest { offset: len - 1, len }));
        }
    }

    #[test]
    fn the_worked_example() {
        let ty = Ty::tuple(vec![crate::ir::Scalar::I32.into(), Ty::vec(Ty::I8)]);
        let value = parse_value("{1, [7c, 8c]}", &ty).unwrap();
        let mut bytes = Vec::new();
        write(&value, &ty, &mut bytes).unwrap();
        assert_eq!(bytes, [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7, 8]);
        for short in 0..bytes.len() {
            assert!(read(&bytes[..short], &ty).is_err());
        }
    }

    #[test]
    fn counts_of_nothing_are_bounded() {
        let ty = Ty::vec(Ty::tuple(vec![]));
        assert_eq!(read(&5i64.to_le_bytes(), &ty).unwrap().len(), Some(5));
        let huge = i64::MAX.to_le_bytes();
        assert_eq!(read(&huge, &ty).err(), Some(Corrupt::Count { offset: 0, count: i64::MAX }));
    }
}
