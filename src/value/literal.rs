#![forbid(unsafe_code)]
//! Input values written as Weld literals, read against a type that is known.
//!
//! Promises: everything [`super::print`] writes reads back to the same bits; nothing is converted silently, but an
//! error names the exact text to write instead; a million elements take well under a second, so this is a
//! scanner over bytes that fills flat buffers, not the expression parser.

use super::{Dict, Value, buffer};
use crate::ir::{BinOp, Literal, Scalar, Ty, op};

/// Reads `text` as a value of type `ty`. The error is one line for the user.
pub fn parse_value(text: &str, ty: &Ty) -> Result<Value, String> {
    let mut scanner = Scanner { text, bytes: text.as_bytes(), at: 0 };
    let value = scanner.value(ty)?;
    scanner.skip_space();
    if scanner.at < scanner.bytes.len() {
        return Err(scanner.unexpected("the end of the value"));
    }
    Ok(value)
}

/// A short value of type `ty`, to show how one is written.
pub fn example(ty: &Ty) -> String {
    match ty {
        Ty::Scalar(Scalar::Bool) => "true".to_string(),
        Ty::Scalar(scalar) if scalar.is_float() => {
            op::cast(*scalar, &Literal::F64(2.5)).map_or_else(|_| String::new(), |x| x.to_string())
        }
        Ty::Scalar(scalar) => Literal::from_i64(*scalar, 3).to_string(),
        Ty::Vec(elem) if **elem == Ty::I8 => "\"text\"".to_string(),
        Ty::Vec(elem) => format!("[{0}, {0}]", example(elem)),
        Ty::Dict(entry) => format!("[{{{}, {}}}]", example(&entry.0), example(&entry.1)),
        Ty::Struct(fields) => format!("{{{}}}", fields.iter().map(example).collect::<Vec<_>>().join(", ")),
        other => format!("a {other}"),
    }
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips white space and comments.
    fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'#' => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    /// Takes `byte` if it comes next, white space aside.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn fail(&self, at: usize, what: impl std::fmt::Display) -> String {
        let character = self.text.get(..at).map_or(at, |before| before.chars().count()) + 1;
        format!("{what} (character {character})")
    }

    fn unexpected(&mut self, wanted: &str) -> String {
        self.skip_space();
        let rest = self.text.get(self.at..).unwrap_or("");
        let found: String = rest.chars().take(20).take_while(|c| !c.is_control()).collect();
        if found.is_empty() {
            return format!("expected {wanted}, but the text ends");
        }
        self.fail(self.at, format_args!("expected {wanted}, found `{found}`"))
    }

    fn value(&mut self, ty: &Ty) -> Result<Value, String> {
        self.skip_space();
        let value = match ty {
            Ty::Scalar(want) => Value::Scalar(self.scalar(*want)?),
            Ty::Vec(elem) => self.vector(elem, ty)?,
            Ty::Struct(fields) => self.structure(fields, ty)?,
            Ty::Dict(entry) => self.dictionary(entry, ty)?,
            Ty::Simd(_) | Ty::Builder(_) | Ty::Infer(_) => {
                return Err(format!("a value of type {ty} cannot be an input"));
            }
        };
        self.skip_space();
        if self.peek() == Some(b':') {
            self.ascription(ty)?;
        }
        Ok(value)
    }

    /// `: T` after a value. The type must be the wanted one, spaces aside.
    fn ascription(&mut self, ty: &Ty) -> Result<(), String> {
        let start = self.at;
        self.at += 1;
        for byte in ty.to_string().bytes() {
            if !self.take(byte) {
                return Err(self.fail(
                    start,
                    format_args!("expected a value of type {ty}, but this one is declared otherwise"),
                ));
            }
        }
        match self.peek() {
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' => {
                Err(self.unexpected("the end of the type"))
            }
            _ => Ok(()),
        }
    }

    fn vector(&mut self, elem: &Ty, ty: &Ty) -> Result<Value, String> {
        if self.peek() == Some(b'"') {
            return self.string(ty);
        }
        let wanted = || format!("a {ty} such as `{}`", example(ty));
        if !self.take(b'[') {
            return Err(self.unexpected(&wanted()));
        }
        let Some(scalar) = elem.scalar() else {
            let mut items = Vec::new();
            self.items(b']', &mut |scanner| {
                items.push(scanner.value(elem)?);
                Ok(())
            })?;
            return Ok(Value::Vector(items.into()));
        };
        let mut buffer = buffer::Builder::new(scalar);
        self.items(b']', &mut |scanner| {
            let literal = scanner.scalar(scalar)?;
            scanner.skip_space();
            if scanner.peek() == Some(b':') {
                scanner.ascription(elem)?;
            }
            buffer.push(&literal).ok_or_else(|| format!("`{literal}` is no {scalar}"))
        })?;
        Ok(Value::Scalars(buffer.finish()))
    }

    /// The vector of the entries.
    fn dictionary(&mut self, (key, value): &(Ty, Ty), ty: &Ty) -> Result<Value, String> {
        let start = self.at;
        if !self.take(b'[') {
            return Err(self.unexpected(&format!("a {ty} such as `{}`", example(ty))));
        }
        let entry = Ty::tuple(vec![key.clone(), value.clone()]);
        let mut entries = Vec::new();
        self.items(b']', &mut |scanner| {
            entries.push(scanner.value(&entry)?);
            Ok(())
        })?;
        let dict =
            Dict::from_entries(entries).ok_or_else(|| self.fail(start, "entries that are no pairs"))?;
        Ok(Value::Dict(dict.into()))
    }

    /// Items between commas up to `close`, with an optional comma after the last one.
    fn items(
        &mut self,
        close: u8,
        item: &mut dyn FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<usize, String> {
        let mut count = 0;
        while !self.take(close) {
            item(self)?;
            count += 1;
            if !self.take(b',') {
                if self.take(close) {
                    break;
                }
                return Err(self.unexpected(&format!("`,` or `{}`", close as char)));
            }
        }
        Ok(count)
    }

    fn structure(&mut self, fields: &[Ty], ty: &Ty) -> Result<Value, String> {
        let start = self.at;
        if !self.take(b'{') {
            return Err(self.unexpected(&format!("a {ty} such as `{}`", example(ty))));
        }
        let mut items = Vec::with_capacity(fields.len());
        let mut wanted = fields.iter();
        let count = self.items(b'}', &mut |scanner| match wanted.next() {
            Some(field) => {
                items.push(scanner.value(field)?);
                Ok(())
            }
            None => Err(scanner.fail(start, format_args!("too many fields: {ty} has {}", fields.len()))),
        })?;
        if count < fields.len() {
            return Err(self.fail(start, format_args!("{count} fields, but {ty} has {}", fields.len())));
        }
        Ok(Value::Struct(items))
    }

    fn string(&mut self, ty: &Ty) -> Result<Value, String> {
        let start = self.at;
        self.at += 1;
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let Some(len) = rest.iter().position(|byte| *byte == b'"') else {
            return Err(self.fail(start, "this string has no closing `\"`"));
        };
        if ty.elem() != Some(&Ty::I8) {
            return Err(self.fail(
                start,
                format_args!("expected a {ty} such as `{}`, found a string, which is a vec[i8]", example(ty)),
            ));
        }
        self.at += len + 1;
        let buffer = rest.get(..len).and_then(|bytes| buffer::Buffer::from_bytes(Scalar::I8, bytes));
        buffer.map(Value::Scalars).ok_or_else(|| self.fail(start, "a string that cannot be read"))
    }

    /// A scalar of exactly this type.
    fn scalar(&mut self, want: Scalar) -> Result<Literal, String> {
        self.skip_space();
        let start = self.at;
        let found = self.constant(want)?;
        if found.scalar() == Some(want) {
            return Ok(found);
        }
        let written = self.text.get(start..self.at).unwrap_or("").trim_end();
        let article = |scalar: Scalar| if scalar.name().starts_with(['i', 'f']) { "an" } else { "a" };
        let kind = found.scalar().map_or("string", Scalar::name);
        let problem = format!("expected {} {want}, found the {kind} `{written}`", article(want));
        let fix = match fix(&found, want) {
            Some(fix) => format!(": write `{fix}`"),
            None => format!(", which has no value of type {want}"),
        };
        Err(self.fail(start, problem + &fix))
    }

    /// A term, or the quotient of two floats: infinities and NaN are written so.
    fn constant(&mut self, want: Scalar) -> Result<Literal, String> {
        let start = self.at;
        let value = self.term(want)?;
        if !matches!(value, Literal::F32(_) | Literal::F64(_)) || !self.take(b'/') {
            return Ok(value);
        }
        self.skip_space();
        let divisor = self.term(want)?;
        match op::binary(BinOp::Div, &value, &divisor) {
            // The sign of a NaN is nobody's business, and it differs between machines.
            Ok(Literal::F32(x)) if x.is_nan() => Ok(Literal::F32(f32::NAN)),
            Ok(Literal::F64(x)) if x.is_nan() => Ok(Literal::F64(f64::NAN)),
            Ok(quotient) => Ok(quotient),
            Err(_) => Err(self.fail(start, "the operands of `/` have different types")),
        }
    }

    /// A literal with an optional minus, or a cast of a constant.
    fn term(&mut self, want: Scalar) -> Result<Literal, String> {
        match self.peek() {
            Some(b'0'..=b'9') => self.number(false, want),
            Some(b'-') => {
                self.at += 1;
                self.skip_space();
                match self.peek() {
                    Some(b'0'..=b'9') => self.number(true, want),
                    _ => Err(self.unexpected("digits after `-`")),
                }
            }
            Some(byte) if byte.is_ascii_alphabetic() => self.word(want),
            _ => Err(self.unexpected(&self.wanted(want))),
        }
    }

    fn wanted(&self, want: Scalar) -> String {
        format!("a value of type {want} such as `{}`", example(&Ty::Scalar(want)))
    }

    /// `true`, `false` or `scalar(constant)`.
    fn word(&mut self, want: Scalar) -> Result<Literal, String> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.at += 1;
        }
        let word = self.text.get(start..self.at).unwrap_or("");
        let to = match word {
            "true" => return Ok(Literal::Bool(true)),
            "false" => return Ok(Literal::Bool(false)),
            _ => Scalar::ALL.into_iter().find(|scalar| scalar.name() == word),
        };
        let Some(to) = to else {
            let suffix = if want == Scalar::F32 { "F" } else { "" };
            let hint = match word.to_ascii_lowercase().as_str() {
                "inf" | "infinity" => format!(": infinity is written `1.0{suffix}/0.0{suffix}`"),
                "nan" => format!(": NaN is written `0.0{suffix}/0.0{suffix}`"),
                _ => String::new(),
            };
            return Err(
                self.fail(start, format_args!("expected {}, found `{word}`{hint}", self.wanted(want)))
            );
        };
        if !self.take(b'(') {
            return Err(self.unexpected(&format!("`(` after `{word}`")));
        }
        self.skip_space();
        let inner = self.constant(want)?;
        if !self.take(b')') {
            return Err(self.unexpected("`)`"));
        }
        op::cast(to, &inner).map_err(|_| self.fail(start, "only scalars can be cast"))
    }

    /// A number as LANGUAGE 1.3 reads it: the suffix decides the type.
    fn number(&mut self, negative: bool, want: Scalar) -> Result<Literal, String> {
        let start = self.at;
        let radix = match (self.peek(), self.bytes.get(self.at + 1)) {
            (Some(b'0'), Some(b'x')) => 16,
            (Some(b'0'), Some(b'b')) => 2,
            _ => 10,
        };
        if radix != 10 {
            self.at += 2;
        }
        let mut digits = self.digits(radix);
        if radix == 10 && (self.fraction() || self.exponent()) {
            self.exponent();
            return self.float(start, negative);
        }
        if radix == 10 && matches!(self.peek(), Some(b'f' | b'F')) {
            return self.float(start, negative);
        }
        let scalar = match self.peek() {
            Some(b'l' | b'L') => Scalar::I64,
            Some(b'c' | b'C') => Scalar::I8,
            Some(b's') if self.bytes.get(self.at + 1) == Some(&b'i') => Scalar::I16,
            _ => Scalar::I32,
        };
        self.at += match scalar {
            Scalar::I32 => 0,
            Scalar::I16 => 2,
            _ => 1,
        };
        self.no_more_letters(start)?;
        let mut scalar = scalar;
        // The trap of LANGUAGE 1.3: the last digit of `0x1c` is the suffix of an i8.
        if radix == 16 && scalar == Scalar::I32 && digits.len() > 1 && digits.ends_with(['c', 'C']) {
            digits = digits.get(..digits.len() - 1).unwrap_or(digits);
            scalar = Scalar::I8;
        }
        let written =
            || format!("{}{}", if negative { "-" } else { "" }, self.text.get(start..self.at).unwrap_or(""));
        let magnitude = match u64::from_str_radix(digits, radix) {
            Ok(magnitude) => i128::from(magnitude),
            Err(_) if digits.is_empty() => {
                return Err(self.fail(start, format_args!("`{}` is no number", written())));
            }
            Err(_) => {
                return Err(self.fail(start, format_args!("`{}` does not fit any integer type", written())));
            }
        };
        let value = if negative { -magnitude } else { magnitude };
        let bits = scalar.bytes() * 8;
        let limit = 1i128 << (bits - 1);
        if value < -limit || value >= limit {
            let hint = match i64::try_from(value) {
                Ok(value) if want == Scalar::I64 => format!(": write `{value}L`"),
                _ => format!(", which is -{limit} to {}", limit - 1),
            };
            return Err(self.fail(start, format_args!("`{}` does not fit {scalar}{hint}", written())));
        }
        Ok(Literal::from_i64(scalar, value as i64))
    }

    fn digits(&mut self, radix: u32) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(|byte| (byte as char).is_digit(radix)) {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or("")
    }

    /// Takes `.digits` if it comes next.
    fn fraction(&mut self) -> bool {
        let is_fraction =
            self.peek() == Some(b'.') && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit);
        if is_fraction {
            self.at += 1;
            self.digits(10);
        }
        is_fraction
    }

    /// Takes `e`, an optional sign and digits if they come next.
    fn exponent(&mut self) -> bool {
        if !matches!(self.peek(), Some(b'e' | b'E')) {
            return false;
        }
        let sign = usize::from(matches!(self.bytes.get(self.at + 1), Some(b'+' | b'-')));
        let is_exponent = self.bytes.get(self.at + 1 + sign).is_some_and(u8::is_ascii_digit);
        if is_exponent {
            self.at += 1 + sign;
            self.digits(10);
        }
        is_exponent
    }

    /// The float whose digits end here, with its suffix.
    fn float(&mut self, start: usize, negative: bool) -> Result<Literal, String> {
        let digits = self.text.get(start..self.at).unwrap_or("");
        let is_single = matches!(self.peek(), Some(b'f' | b'F'));
        let value = if is_single {
            digits.parse().ok().map(|x: f32| Literal::F32(if negative { -x } else { x }))
        } else {
            digits.parse().ok().map(|x: f64| Literal::F64(if negative { -x } else { x }))
        };
        self.at += usize::from(is_single);
        self.no_more_letters(start)?;
        value.ok_or_else(|| self.fail(start, "a number that cannot be read"))
    }

    /// A literal ends here: `12abc` is none.
    fn no_more_letters(&mut self, start: usize) -> Result<(), String> {
        if self
            .peek()
            .is_none_or(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.')))
        {
            return Ok(());
        }
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.'))
        {
            self.at += 1;
        }
        let written = self.text.get(start..self.at).unwrap_or("");
        Err(self.fail(start, format_args!("`{written}` is no number")))
    }
}

/// The text of the same number as a `want`; `None` when `want` has no such number.
fn fix(found: &Literal, want: Scalar) -> Option<String> {
    let converted = op::cast(want, found).ok()?;
    let back = op::cast(found.scalar()?, &converted).ok()?;
    // From one float type to the other the digits are meant, not the bits.
    let both_floats = want.is_float() && found.scalar().is_some_and(Scalar::is_float);
    (both_floats || back == *found).then(|| converted.to_string())
}

#[cfg(test)]
pub(crate) mod tests;
