#![forbid(unsafe_code)]
//! Literals, types and annotation values as text that reads back.

use crate::diag::stack::deep;
use crate::ir::Literal;
use crate::syntax::ast::{Ty, TyKind};

/// A literal as one token (with a minus before it when negative).
pub(super) fn literal(value: &Literal) -> String {
    match value {
        Literal::U8(value) => format!("{value}uc"),
        Literal::U16(value) => format!("{value}usi"),
        Literal::U32(value) => format!("{value}u"),
        Literal::U64(value) => format!("{value}ul"),
        Literal::F32(value) if value.is_infinite() => format!("{}1e999f", sign(*value < 0.0)),
        Literal::F64(value) if value.is_infinite() => format!("{}1e999", sign(*value < 0.0)),
        Literal::Str(bytes) => string(bytes),
        other => other.to_string(),
    }
}

fn sign(negative: bool) -> &'static str {
    if negative { "-" } else { "" }
}

/// `"..."` where that is safe to print, `e"..."` otherwise.
fn string(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(|c| c == '"' || c.is_control()) => format!("\"{text}\""),
        _ => {
            let mut out = "e\"".to_string();
            for byte in bytes {
                match byte {
                    b'"' => out.push_str("\\\""),
                    b'\\' => out.push_str("\\\\"),
                    b'\n' => out.push_str("\\n"),
                    b'\t' => out.push_str("\\t"),
                    b' '..=b'~' => out.push(char::from(*byte)),
                    _ => out.push_str(&format!("\\x{byte:02x}")),
                }
            }
            out + "\""
        }
    }
}

/// The value of an annotation: a word or a number as it is, anything else as a string.
pub(super) fn note_value(value: &str) -> String {
    let is_name = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$');
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_number = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits.parse::<i32>().is_ok();
    if is_name || is_number { value.to_string() } else { string(value.as_bytes()) }
}

/// A type.
pub(super) fn ty(of: &Ty) -> String {
    deep(|| match &of.kind {
        TyKind::Scalar(scalar) => scalar.name().to_string(),
        TyKind::Simd(elem) => format!("simd[{}]", ty(elem)),
        TyKind::Vec(elem) => format!("vec[{}]", ty(elem)),
        TyKind::Dict(pair) => format!("dict[{},{}]", ty(&pair.0), ty(&pair.1)),
        TyKind::Struct(fields) => format!("{{{}}}", fields.iter().map(ty).collect::<Vec<_>>().join(",")),
        TyKind::Appender(elem) => format!("appender[{}]", ty(elem)),
        TyKind::Merger(value, op) => format!("merger[{},{}]", ty(value), op.symbol()),
        TyKind::DictMerger(pair, op) => {
            format!("dictmerger[{},{},{}]", ty(&pair.0), ty(&pair.1), op.symbol())
        }
        TyKind::GroupMerger(pair) => format!("groupmerger[{},{}]", ty(&pair.0), ty(&pair.1)),
        TyKind::VecMerger(elem, op) => format!("vecmerger[{},{}]", ty(elem), op.symbol()),
        TyKind::Hole => "?".to_string(),
        TyKind::Alias(name) => name.text.to_string(),
    })
}
