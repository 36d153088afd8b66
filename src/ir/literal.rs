#![forbid(unsafe_code)]
//! Constants, and the one way to write each so that it reads back to the same bits.

use super::{Scalar, Ty};
use std::fmt;
use std::sync::Arc;

/// A constant of a scalar type, or a string.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Literal {
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    F32(f32),
    F64(f64),
    /// A string: a `vec[i8]`.
    Str(Arc<[u8]>),
}

impl Literal {
    /// Its type.
    pub fn ty(&self) -> Ty {
        match self.scalar() {
            Some(scalar) => Ty::Scalar(scalar),
            None => Ty::vec(Ty::I8),
        }
    }

    /// Its scalar type; `None` for a string.
    pub fn scalar(&self) -> Option<Scalar> {
        Some(match self {
            Literal::Bool(_) => Scalar::Bool,
            Literal::I8(_) => Scalar::I8,
            Literal::I16(_) => Scalar::I16,
            Literal::I32(_) => Scalar::I32,
            Literal::I64(_) => Scalar::I64,
            Literal::U8(_) => Scalar::U8,
            Literal::U16(_) => Scalar::U16,
            Literal::U32(_) => Scalar::U32,
            Literal::U64(_) => Scalar::U64,
            Literal::F32(_) => Scalar::F32,
            Literal::F64(_) => Scalar::F64,
            Literal::Str(_) => return None,
        })
    }

    /// The integer `value` as a constant of type `scalar`, keeping the low bits; as a float, the nearest
    /// one; as a bool, `value != 0`.
    pub fn from_i64(scalar: Scalar, value: i64) -> Literal {
        match scalar {
            Scalar::Bool => Literal::Bool(value != 0),
            Scalar::I8 => Literal::I8(value as i8),
            Scalar::I16 => Literal::I16(value as i16),
            Scalar::I32 => Literal::I32(value as i32),
            Scalar::I64 => Literal::I64(value),
            Scalar::U8 => Literal::U8(value as u8),
            Scalar::U16 => Literal::U16(value as u16),
            Scalar::U32 => Literal::U32(value as u32),
            Scalar::U64 => Literal::U64(value as u64),
            Scalar::F32 => Literal::F32(value as f32),
            Scalar::F64 => Literal::F64(value as f64),
        }
    }

    /// The bits of an integer or bool, sign- or zero-extended by its own type; `None` for floats and strings.
    pub fn as_i64(&self) -> Option<i64> {
        Some(match self {
            Literal::Bool(value) => i64::from(*value),
            Literal::I8(value) => i64::from(*value),
            Literal::I16(value) => i64::from(*value),
            Literal::I32(value) => i64::from(*value),
            Literal::I64(value) => *value,
            Literal::U8(value) => i64::from(*value),
            Literal::U16(value) => i64::from(*value),
            Literal::U32(value) => i64::from(*value),
            Literal::U64(value) => *value as i64,
            Literal::F32(_) | Literal::F64(_) | Literal::Str(_) => return None,
        })
    }

    /// The bit pattern, so that `0.0` and `-0.0` differ and a NaN equals itself. Strings have none.
    pub fn bits(&self) -> Option<u64> {
        match self {
            Literal::F32(value) => Some(u64::from(value.to_bits())),
            Literal::F64(value) => Some(value.to_bits()),
            other => other.as_i64().map(|value| value as u64),
        }
    }
}

/// Same type and same bits.
impl PartialEq for Literal {
    fn eq(&self, other: &Literal) -> bool {
        match (self, other) {
            (Literal::Str(a), Literal::Str(b)) => a == b,
            _ => self.scalar() == other.scalar() && self.bits() == other.bits() && self.bits().is_some(),
        }
    }
}

impl Eq for Literal {}

/// The shortest decimal that reads back to the same `f64`, with a `.` or an exponent; infinities and NaN
/// as the division that makes them.
pub fn format_f64(value: f64) -> String {
    if value.is_nan() {
        return "0.0/0.0".to_string();
    }
    if value.is_infinite() {
        return if value > 0.0 { "1.0/0.0" } else { "-1.0/0.0" }.to_string();
    }
    decimal(format!("{value:?}"))
}

/// As [`format_f64`] for `f32`, with the suffix `F`.
pub fn format_f32(value: f32) -> String {
    if value.is_nan() {
        return "0.0F/0.0F".to_string();
    }
    if value.is_infinite() {
        return if value > 0.0 { "1.0F/0.0F" } else { "-1.0F/0.0F" }.to_string();
    }
    decimal(format!("{value:?}")) + "F"
}

/// Rust writes `1e16` and `1e-7`, which are Weld literals already.
fn decimal(text: String) -> String {
    if text.contains(['.', 'e']) { text } else { text + ".0" }
}

impl fmt::Display for Literal {
    /// As a Weld expression. Unsigned values are casts; those beyond the signed range are casts of a wider
    /// or of the same-width signed literal (`u32(4294967295L)`, `u64(-1L)`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Bool(value) => write!(f, "{value}"),
            Literal::I8(value) => write!(f, "{value}c"),
            Literal::I16(value) => write!(f, "{value}si"),
            Literal::I32(value) => write!(f, "{value}"),
            Literal::I64(value) => write!(f, "{value}L"),
            Literal::U8(value) => write!(f, "u8({value})"),
            Literal::U16(value) => write!(f, "u16({value})"),
            Literal::U32(value) if *value <= i32::MAX as u32 => write!(f, "u32({value})"),
            Literal::U32(value) => write!(f, "u32({value}L)"),
            Literal::U64(value) if *value <= i32::MAX as u64 => write!(f, "u64({value})"),
            Literal::U64(value) => write!(f, "u64({}L)", *value as i64),
            Literal::F32(value) => f.write_str(&format_f32(*value)),
            Literal::F64(value) => f.write_str(&format_f64(*value)),
            Literal::Str(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if !text.contains('"') => write!(f, "\"{text}\""),
                _ => {
                    f.write_str("[")?;
                    for (at, byte) in bytes.iter().enumerate() {
                        write!(f, "{}{}c", if at > 0 { ", " } else { "" }, *byte as i8)?;
                    }
                    f.write_str("]")
                }
            },
        }
    }
}
