#![forbid(unsafe_code)]
//! Number tokens: LANGUAGE 1.3.
//!
//! Promises: floats round to nearest even and are infinite past the range; an integer of any length is
//! read in linear time; whether an integer fits its type is left to the parser, which knows the sign.

use super::{Lexer, TokenKind, is_ident_byte};
use crate::diag::{Code, Diagnostic};
use crate::ir::Scalar;

/// The suffixes of integers.
const SUFFIXES: &[(&str, Scalar)] = &[
    ("", Scalar::I32),
    ("c", Scalar::I8),
    ("C", Scalar::I8),
    ("si", Scalar::I16),
    ("l", Scalar::I64),
    ("L", Scalar::I64),
    ("uc", Scalar::U8),
    ("usi", Scalar::U16),
    ("u", Scalar::U32),
    ("ul", Scalar::U64),
];

impl Lexer<'_> {
    pub(super) fn number(&mut self) -> TokenKind {
        match (self.byte(0), self.byte(1)) {
            (b'0', b'x') => self.prefixed(16),
            (b'0', b'b') => self.prefixed(2),
            _ => self.decimal(),
        }
    }

    fn prefixed(&mut self, radix: u32) -> TokenKind {
        let start = self.at;
        self.at += 2;
        let digits = self.at;
        self.skip_while(|byte| char::from(byte).is_digit(radix));
        let digits = self.slice(digits).to_string();
        let suffix = self.suffix();
        if digits.is_empty() {
            let what = if radix == 16 { "a hexadecimal digit" } else { "a `0` or `1`" };
            return self.bad(start, format!("expected {what} after `{}`", &self.slice(start)[..2]), None);
        }
        let (byte_digits, last) = digits.split_at(digits.len() - 1);
        if radix == 16 && suffix.is_empty() && !byte_digits.is_empty() && last.eq_ignore_ascii_case("c") {
            return self.hex_byte(start, byte_digits, &digits);
        }
        match SUFFIXES.iter().find(|row| row.0 == suffix) {
            Some((_, scalar)) => self.integer(start, &digits, radix, *scalar),
            None => self.bad_suffix(start, &suffix, false),
        }
    }

    /// `0x1c`: for compatibility, `1c` of type i8 and not 28.
    fn hex_byte(&mut self, start: usize, byte_digits: &str, digits: &str) -> TokenKind {
        let value = u64::from_str_radix(byte_digits, 16).unwrap_or(u64::MAX);
        let text = self.slice(start).to_string();
        let meant = match i32::from_str_radix(digits, 16) {
            Ok(number) => format!("for the number {number} write `{number}`"),
            Err(_) => format!("for the number of all these digits write `{text}L`"),
        };
        if value > 127 {
            let title = format!("the last `c` of `{text}` makes it an i8, which it does not fit");
            return self.bad(start, title, Some(meant));
        }
        let message =
            Diagnostic::new(Code::HexByteTrap, self.span(start), format!("`{text}` is the i8 {value}"));
        self.report(message.label("a last `c` is the suffix of i8, not a digit").help(meant));
        TokenKind::Int(value, Scalar::I8)
    }

    fn decimal(&mut self) -> TokenKind {
        let start = self.at;
        let digit = |byte: u8| byte.is_ascii_digit();
        let mut is_float = false;
        self.skip_while(digit);
        if self.byte(0) == b'.' {
            if self.byte(1).is_ascii_digit() {
                is_float = true;
                self.at += 1;
                self.skip_while(digit);
            } else if !is_ident_byte(self.byte(1)) {
                let help = format!("write `{}.0`", self.slice(start));
                self.at += 1;
                return self.bad(start, "a float needs a digit after the point", Some(help));
            }
        }
        let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
        if matches!(self.byte(0), b'e' | b'E') && self.byte(1 + sign).is_ascii_digit() {
            is_float = true;
            self.at += 1 + sign;
            self.skip_while(digit);
        }
        let number = self.slice(start).to_string();
        let suffix = self.suffix();
        match suffix.as_str() {
            "f" | "F" => TokenKind::F32(number.parse().unwrap_or(f32::INFINITY)),
            "" if is_float => TokenKind::F64(number.parse().unwrap_or(f64::INFINITY)),
            _ => match SUFFIXES.iter().find(|row| row.0 == suffix && !is_float) {
                Some((_, scalar)) => self.integer(start, &number, 10, *scalar),
                None => self.bad_suffix(start, &suffix, is_float),
            },
        }
    }

    fn suffix(&mut self) -> String {
        let start = self.at;
        self.skip_while(is_ident_byte);
        self.slice(start).to_string()
    }

    fn integer(&mut self, start: usize, digits: &str, radix: u32, scalar: Scalar) -> TokenKind {
        match u64::from_str_radix(digits, radix) {
            Ok(value) => TokenKind::Int(value, scalar),
            Err(_) => {
                let help =
                    if radix == 10 { Some(format!("as a float: `{}.0`", shorten(digits))) } else { None };
                self.bad(start, "this number does not fit any integer type", help)
            }
        }
    }

    fn bad_suffix(&mut self, start: usize, suffix: &str, is_float: bool) -> TokenKind {
        let text = shorten(self.slice(start));
        let plain = self.slice(start).replace('_', "");
        if !is_float && suffix.contains('_') && plain.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.bad(
                start,
                format!("`{text}`: digits cannot be grouped"),
                Some(format!("write `{}`", shorten(&plain))),
            );
        }
        if text.starts_with("0X") || text.starts_with("0B") {
            let help = format!("write `{}`", text.to_ascii_lowercase());
            return self.bad(start, "the prefix of a number is lower case", Some(help));
        }
        let suffixes = if is_float {
            "a float has the suffix `f` for f32, or none for f64"
        } else {
            "integer suffixes: `c` i8, `si` i16, `L` i64, `uc` u8, `usi` u16, `u` u32, `ul` u64, none i32; `f` makes an f32"
        };
        self.bad(
            start,
            format!("`{text}` ends in the unknown suffix `{}`", shorten(suffix)),
            Some(suffixes.to_string()),
        )
    }

    fn bad(&mut self, start: usize, title: impl Into<String>, help: Option<String>) -> TokenKind {
        let mut message = Diagnostic::new(Code::BadLiteral, self.span(start), title);
        message.help = help;
        self.report(message);
        TokenKind::Error
    }
}

/// Keeps messages readable when somebody writes a number of a million digits.
fn shorten(text: &str) -> String {
    if text.len() <= 40 { text.to_string() } else { format!("{}...", &text[..40]) }
}
