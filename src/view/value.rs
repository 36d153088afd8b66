#![forbid(unsafe_code)]
//! A result for people: cut, with its length and its type.
//!
//! Promises: nothing is cut silently; a vec[i8] of printable text has the text beside it.

use super::{Role, Screen};
use crate::ir::{Literal, Scalar, Ty};
use crate::value::Value;
use crate::value::print::{grouped, preview};

/// The result line: `= [1, 2, ... 999,997 more, 3]   1,000,000 elements   : vec[i64]`.
pub fn result(value: &Value, ty: &Ty, limit: usize, screen: Screen) -> String {
    let mut text = format!("= {}", preview(value, ty, limit));
    if let Some(shown) = printable(value, ty, limit) {
        text.push_str(&format!("   \"{shown}\""));
    }
    if let Some(length) = value.len().filter(|length| *length > limit) {
        text.push_str(&screen.paint(Role::Dim, &format!("   {} elements", grouped(length))));
    }
    text.push_str(&screen.paint(Role::Dim, &format!("   : {ty}")));
    text.push('\n');
    text
}

/// The characters of a vec[i8] of printable ASCII.
fn printable(value: &Value, ty: &Ty, limit: usize) -> Option<String> {
    let length = value.len().filter(|length| *length > 0)?;
    if ty.elem().and_then(Ty::scalar) != Some(Scalar::I8) {
        return None;
    }
    let mut text = String::new();
    for at in 0..length.min(limit) {
        let Some(Value::Scalar(Literal::I8(byte))) = value.at(at) else { return None };
        let c = char::from(u8::try_from(byte).ok()?);
        if !c.is_ascii_graphic() && c != ' ' {
            return None;
        }
        text.push(c);
    }
    if length > limit {
        text.push_str("...");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::result;
    use crate::ir::{Scalar, Ty};
    use crate::value::literal::parse_value;
    use crate::view::Screen;

    fn shown(text: &str, ty: Ty, limit: usize) -> String {
        result(&parse_value(text, &ty).unwrap(), &ty, limit, Screen::plain())
    }

    #[test]
    fn results_have_types() {
        assert_eq!(shown("7L", Ty::I64, 10), "= 7L   : i64\n");
    }

    #[test]
    fn long_vectors_say_how_long() {
        let ty = Ty::vec(Ty::I64);
        let text = shown(&format!("[{}]", vec!["1L"; 50].join(", ")), ty, 4);
        assert!(text.contains("50 elements") && text.contains("more"), "{text}");
    }

    #[test]
    fn text_is_shown_beside_its_bytes() {
        let ty = Ty::vec(Ty::Scalar(Scalar::I8));
        assert!(shown("[104c, 105c]", ty.clone(), 10).contains("\"hi\""));
        assert!(!shown("[104c, 7c]", ty, 10).contains('"'));
    }
}
