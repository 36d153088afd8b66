#![forbid(unsafe_code)]
//! Values as Weld literals.
//!
//! Promises: every value without builders prints as text that [`super::literal::parse_value`] reads back to the
//! same bits (all NaNs are one); [`print`] never holds the whole text; an empty vector prints with its type.

use super::Value;
use crate::ir::{BuilderTy, Ty};
use std::fmt::{self, Write};
use std::io;

/// Writes a value of type `ty`.
pub fn print(value: &Value, ty: &Ty, out: &mut dyn Write) -> fmt::Result {
    Printer { limit: None }.value(value, ty, out)
}

/// Writes a value of type `ty` to a byte stream.
pub fn write_to(value: &Value, ty: &Ty, out: &mut dyn io::Write) -> io::Result<()> {
    let mut stream = Stream { out, error: None };
    match print(value, ty, &mut stream) {
        Ok(()) => Ok(()),
        Err(_) => Err(stream.error.unwrap_or_else(|| io::Error::other("the value cannot be written"))),
    }
}

/// The whole text of a value of type `ty`.
pub fn to_text(value: &Value, ty: &Ty) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = print(value, ty, &mut text);
    text
}

/// The text of a value of type `ty` with at most about `limit` elements of each outer vector and fewer of inner
/// ones: the first, `... 999,990 more`, and the last. Not meant to be read back.
pub fn preview(value: &Value, ty: &Ty, limit: usize) -> String {
    let mut text = String::new();
    let _ = Printer { limit: Some(limit.max(2)) }.value(value, ty, &mut text);
    text
}

/// A number with commas between groups of three digits.
pub fn grouped(number: impl fmt::Display) -> String {
    let plain = number.to_string();
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("-", digits));
    let mut text = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A [`Write`] over a byte stream that keeps the error.
struct Stream<'a> {
    out: &'a mut dyn io::Write,
    error: Option<io::Error>,
}

impl Write for Stream<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.out.write_all(text.as_bytes()).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}

/// The types in a dictionary of a type that is none.
const NO_ENTRY: (Ty, Ty) = (Ty::BOOL, Ty::BOOL);

#[derive(Clone, Copy)]
struct Printer {
    /// How many elements of a vector to show.
    limit: Option<usize>,
}

impl Printer {
    fn value(self, value: &Value, ty: &Ty, out: &mut dyn Write) -> fmt::Result {
        match value {
            Value::Scalar(literal) => write!(out, "{literal}"),
            Value::Scalars(buffer) if buffer.is_empty() => write!(out, "[]:{ty}"),
            Value::Vector(items) if items.is_empty() => write!(out, "[]:{ty}"),
            Value::Scalars(buffer) if self.limit.is_none() => {
                let mut before = "[";
                for literal in buffer.iter() {
                    write!(out, "{before}{literal}")?;
                    before = ", ";
                }
                out.write_str("]")
            }
            Value::Scalars(buffer) => self.items(buffer.len(), out, |at, out| match buffer.get(at) {
                Some(literal) => write!(out, "{literal}"),
                None => Ok(()),
            }),
            Value::Vector(items) => {
                let elem = ty.elem().unwrap_or(ty);
                let inner = Printer { limit: self.limit.map(|limit| (limit / 2).max(2)) };
                self.items(items.len(), out, |at, out| match items.get(at) {
                    Some(item) => inner.value(item, elem, out),
                    None => Ok(()),
                })
            }
            Value::Struct(items) => {
                let fields = ty.fields().unwrap_or(&[]);
                out.write_str("{")?;
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.write_str(", ")?;
                    }
                    self.value(item, fields.get(at).unwrap_or(ty), out)?;
                }
                out.write_str("}")
            }
            Value::Dict(dict) => {
                let (key_ty, value_ty) = ty.entry().unwrap_or(&NO_ENTRY);
                let inner = Printer { limit: self.limit.map(|limit| (limit / 2).max(2)) };
                if dict.is_empty() {
                    out.write_str("[")?;
                }
                self.items(dict.len(), out, |at, out| match dict.entries().get(at) {
                    Some(Value::Struct(entry)) => {
                        for ((before, part), ty) in ["{", ", "].iter().zip(entry).zip([key_ty, value_ty]) {
                            out.write_str(before)?;
                            inner.value(part, ty, out)?;
                        }
                        out.write_str("}")
                    }
                    _ => Ok(()),
                })?;
                write!(out, ":{ty}")
            }
            Value::Builder(ty, count) => {
                write!(out, "<{ty}")?;
                if !matches!(ty.as_builder(), Some(BuilderTy::Merger(..))) {
                    let plural = if *count == 1 { "" } else { "s" };
                    write!(out, ", {} element{plural}", grouped(count))?;
                }
                out.write_str("; call `result` on it>")
            }
        }
    }

    /// `[item, item]`, cutting the middle when there are too many.
    fn items(
        self,
        len: usize,
        out: &mut dyn Write,
        mut item: impl FnMut(usize, &mut dyn Write) -> fmt::Result,
    ) -> fmt::Result {
        // Hiding one or two elements would take as much room as showing them.
        let (head, tail) = match self.limit {
            Some(limit) if len > limit + 2 => (limit - limit / 3, limit / 3),
            _ => (len, 0),
        };
        let mut before = "[";
        for at in 0..head {
            out.write_str(before)?;
            item(at, out)?;
            before = ", ";
        }
        if head + tail < len {
            write!(out, "{before}... {} more", grouped(len - head - tail))?;
        }
        for at in len - tail..len {
            out.write_str(before)?;
            item(at, out)?;
        }
        out.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::{grouped, preview, to_text, write_to};
    use crate::ir::{BuilderTy, Literal, MergeOp, Scalar, Ty};
    use crate::value::Value;
    use std::io;

    fn scalar(literal: Literal) -> String {
        to_text(&Value::Scalar(literal.clone()), &literal.ty())
    }

    fn vector(literals: Vec<Literal>, elem: Ty) -> (Value, Ty) {
        (Value::vector(&elem, literals.into_iter().map(Value::Scalar).collect()).unwrap(), Ty::vec(elem))
    }

    #[test]
    fn scalars() {
        let cases = [
            (Literal::I32(14), "14"),
            (Literal::I64(-3), "-3L"),
            (Literal::F64(2.5), "2.5"),
            (Literal::F64(1e300), "1e300"),
            (Literal::F64(-0.0), "-0.0"),
            (Literal::F32(1.0), "1.0F"),
            (Literal::I8(7), "7c"),
            (Literal::I16(7), "7si"),
            (Literal::U8(7), "u8(7)"),
            (Literal::U32(u32::MAX), "u32(4294967295L)"),
            (Literal::U64(u64::MAX), "u64(-1L)"),
            (Literal::Bool(true), "true"),
            (Literal::F64(f64::NAN), "0.0/0.0"),
            (Literal::F32(f32::NEG_INFINITY), "-1.0F/0.0F"),
        ];
        for (literal, text) in cases {
            assert_eq!(scalar(literal), text);
        }
    }

    #[test]
    fn empty_vectors_carry_their_type_at_every_depth() {
        let (one, row) = vector(vec![Literal::I32(1)], Scalar::I32.into());
        let (none, _) = vector(vec![], Scalar::I32.into());
        let rows = Ty::vec(row);
        let value = Value::Struct(vec![
            Value::Vector(vec![none, one].into()),
            Value::Vector(vec![].into()),
            Value::Struct(vec![]),
        ]);
        let ty = Ty::tuple(vec![rows.clone(), rows, Ty::tuple(vec![])]);
        assert_eq!(to_text(&value, &ty), "{[[]:vec[i32], [1]], []:vec[vec[i32]], {}}");
    }

    #[test]
    fn builders_say_what_to_do() {
        let appender = Ty::builder(BuilderTy::Appender(Scalar::I32.into()));
        let value = Value::Builder(appender.clone(), 3);
        assert_eq!(to_text(&value, &appender), "<appender[i32], 3 elements; call `result` on it>");
        let merger = Ty::builder(BuilderTy::Merger(Ty::I64, MergeOp::Max));
        assert_eq!(
            to_text(&Value::Builder(merger.clone(), 1), &merger),
            "<merger[i64,max]; call `result` on it>"
        );
    }

    #[test]
    fn previews_keep_both_ends() {
        let (value, ty) = vector((0..1000).map(Literal::I64).collect(), Ty::I64);
        assert_eq!(preview(&value, &ty, 6), "[0L, 1L, 2L, 3L, ... 994 more, 998L, 999L]");
        let (value, ty) = vector((0..8).map(Literal::I64).collect(), Ty::I64);
        assert_eq!(preview(&value, &ty, 6), to_text(&value, &ty));
        assert_eq!(preview(&value, &ty, 5), "[0L, 1L, 2L, 3L, ... 3 more, 7L]");
    }

    #[test]
    fn digits_in_groups() {
        assert_eq!([0i64, 999, -1000, 1234567].map(grouped), ["0", "999", "-1,000", "1,234,567"]);
    }

    #[test]
    fn stream_errors_come_through() {
        struct Full;
        impl io::Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::BrokenPipe))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = write_to(&Value::Scalar(Literal::I32(1)), &Scalar::I32.into(), &mut Full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
