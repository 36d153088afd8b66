#![forbid(unsafe_code)]
//! String tokens.
//!
//! Promises: in `"..."` every byte stands for itself, `#` and backslash included; only `e"..."` has escapes.

use super::{Lexer, TokenKind};
use crate::diag::{Code, Diagnostic};

impl Lexer<'_> {
    /// Reads on from the opening quote. `start` is where the token began.
    pub(super) fn string(&mut self, start: usize, kind: TokenKind) -> TokenKind {
        let escaped = kind == TokenKind::EscapedStr;
        self.at += 1;
        let body = self.at;
        self.skip_while_in_string(escaped);
        if self.at >= self.text.len() {
            self.at = self.text.len();
            let mut span = self.span(start);
            span.hi = body as u32;
            let message = Diagnostic::new(Code::UnclosedDelimiter, span, "this string is never closed");
            self.report(message.label("opened here").help("end it with `\"`"));
            return TokenKind::Error;
        }
        let mut errors = Vec::new();
        if escaped {
            decode(self.slice(body), &mut errors);
        }
        self.at += 1;
        for (lo, hi) in errors {
            let mut span = self.span(start);
            (span.lo, span.hi) = ((body + lo) as u32, (body + hi) as u32);
            let message = Diagnostic::new(Code::BadLiteral, span, "this escape does not exist");
            self.report(
                message
                    .help("the escapes are `\\n`, `\\t`, `\\\\`, `\\\"`, `\\0` and `\\xNN`; a string without the `e` has none"),
            );
        }
        kind
    }

    fn skip_while_in_string(&mut self, escaped: bool) {
        while self.at < self.text.len() && self.byte(0) != b'"' {
            self.at += if escaped && self.byte(0) == b'\\' { 2 } else { 1 };
        }
    }
}

/// The bytes that the inside of an `e"..."` stands for, and where it has escapes that do not exist.
pub(in crate::syntax) fn decode(body: &str, errors: &mut Vec<(usize, usize)>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let escape = &rest[at + 1..];
        let digits = escape.get(1..3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let (byte, length) = match (escape.as_bytes().first(), digits) {
            (Some(b'n'), _) => (b'\n', 1),
            (Some(b't'), _) => (b'\t', 1),
            (Some(b'\\'), _) => (b'\\', 1),
            (Some(b'"'), _) => (b'"', 1),
            (Some(b'0'), _) => (0, 1),
            (Some(b'x'), Some(digits)) => (u8::from_str_radix(digits, 16).unwrap_or(0), 3),
            _ => {
                let length = escape.chars().next().map_or(0, char::len_utf8);
                let lo = body.len() - rest.len() + at;
                errors.push((lo, lo + 1 + length));
                (b'?', length)
            }
        };
        bytes.push(byte);
        rest = &escape[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}
