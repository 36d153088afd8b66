#![forbid(unsafe_code)]
//! From text to tokens.
//!
//! Promises: never panics; the spans of the tokens are in order, do not overlap and lie on character
//! borders; the last token is [`TokenKind::End`]; each piece of text that is no token is one
//! [`TokenKind::Error`] and one message; the time is linear.

mod number;
mod string;
#[cfg(test)]
mod tests;

pub(super) use string::decode;

use super::MAX_SOURCE_BYTES;
use super::token::{Keyword, Token, TokenKind};
use crate::diag::{Code, Diagnostic, Diagnostics, SourceId, Span};
use std::collections::HashMap;
use std::sync::LazyLock;

/// How far the end of a string in foreign quotes is looked for.
const MAX_QUOTED: usize = 60;

static KEYWORDS: LazyLock<HashMap<&'static str, Keyword>> = LazyLock::new(|| Keyword::all().collect());

/// Cuts `text` into tokens, comments included.
pub fn lex(source: SourceId, text: &str) -> (Vec<Token>, Diagnostics) {
    let mut lexer = Lexer { text, source, at: 0, diagnostics: Diagnostics::default() };
    let mut tokens = Vec::new();
    if text.len() > MAX_SOURCE_BYTES {
        let title = format!("the program has {} bytes; at most {MAX_SOURCE_BYTES} are allowed", text.len());
        let message = Diagnostic::new(Code::ProgramTooLarge, Span::new(source, 0, 0), title);
        tokens.push(Token { kind: TokenKind::End, span: Span::new(source, 0, 0) });
        return (tokens, message.help("pass large data as inputs, not as literals").into());
    }
    loop {
        lexer.skip_space();
        let start = lexer.at;
        let kind = lexer.token();
        tokens.push(Token { kind, span: lexer.span(start) });
        if kind == TokenKind::End {
            return (tokens, lexer.diagnostics);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    source: SourceId,
    at: usize,
    diagnostics: Diagnostics,
}

impl Lexer<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The bytes from `start` to here.
    fn span(&self, start: usize) -> Span {
        Span::new(self.source, start as u32, self.at as u32)
    }

    fn slice(&self, start: usize) -> &str {
        self.text.get(start..self.at).unwrap_or("")
    }

    fn report(&mut self, message: Diagnostic) {
        self.diagnostics.push_some(message);
    }

    fn skip_while(&mut self, test: impl Fn(u8) -> bool) {
        while self.at < self.text.len() && test(self.byte(0)) {
            self.at += 1;
        }
    }

    fn skip_space(&mut self) {
        self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c));
    }

    fn token(&mut self) -> TokenKind {
        if self.at >= self.text.len() {
            return TokenKind::End;
        }
        let start = self.at;
        match (self.byte(0), self.byte(1)) {
            (b'#', _) => self.comment(),
            (b'e', b'"') => {
                self.at += 1;
                self.string(start, TokenKind::EscapedStr)
            }
            (b'"', _) => self.string(start, TokenKind::Str),
            (b'0'..=b'9', _) => self.number(),
            (byte, _) if is_ident_start(byte) => {
                self.skip_while(is_ident_byte);
                KEYWORDS.get(self.slice(start)).map_or(TokenKind::Ident, |word| TokenKind::Keyword(*word))
            }
            (first, second) => match punctuation(first, second) {
                Some((kind, length)) => {
                    self.at += length;
                    kind
                }
                None => self.foreign(),
            },
        }
    }

    fn comment(&mut self) -> TokenKind {
        let start = self.at;
        self.at += self.text[start..].find('\n').unwrap_or(self.text.len() - start);
        // Letters of any script may be commented with, but nothing that makes text look like other text.
        let hidden = self.slice(start).char_indices().find(|(_, c)| is_hidden(*c));
        if let Some((offset, character)) = hidden {
            let at = start + offset;
            let span = Span::new(self.source, at as u32, (at + character.len_utf8()) as u32);
            let title = format!("the comment contains the invisible character {}", name_of(character));
            let message = Diagnostic::new(Code::UnexpectedCharacter, span, title);
            self.report(message.label(format!("byte {at}")).help("remove this character"));
        }
        TokenKind::Comment
    }

    /// Characters that start no token, as many as follow each other.
    fn foreign(&mut self) -> TokenKind {
        let start = self.at;
        let first = self.text[start..].chars().next().unwrap_or('\0');
        if let Some(body) = self.foreign_string(first) {
            self.at += 2 * first.len_utf8() + body;
            let body = &self.text[start + first.len_utf8()..self.at - first.len_utf8()];
            let title = format!("strings are not written with {}", name_of(first));
            let message = Diagnostic::new(Code::UnexpectedCharacter, self.span(start), title);
            let message = message.label("a string for other languages");
            let help = format!("write straight double quotes: `\"{body}\"`");
            self.report(message.help(help));
            return TokenKind::Error;
        }
        while let Some(character) = self.text[self.at..].chars().next() {
            let known = character.is_ascii()
                && (character.is_ascii_whitespace()
                    || is_ident_byte(character as u8)
                    || matches!(character, '"' | '#' | '\x0b')
                    || punctuation(character as u8, 0).is_some());
            if known {
                break;
            }
            self.at += character.len_utf8();
        }
        let title = if first.is_ascii() {
            format!("unexpected character {} at byte {start}", name_of(first))
        } else {
            format!(
                "the non-ASCII character {} at byte {start} may stand only in strings and comments",
                name_of(first)
            )
        };
        let message = Diagnostic::new(Code::UnexpectedCharacter, self.span(start), title).label("unexpected");
        self.report(match advice(first) {
            Some(help) => message.help(help),
            None => message,
        });
        TokenKind::Error
    }
}

impl Lexer<'_> {
    /// The length of what stands between foreign quotes that open here, when they close on the same line.
    fn foreign_string(&self, quote: char) -> Option<usize> {
        let end = match quote {
            '\'' | '`' => quote,
            '\u{201c}' => '\u{201d}',
            '\u{2018}' => '\u{2019}',
            _ => return None,
        };
        let rest = self.text.get(self.at + quote.len_utf8()..)?;
        rest.chars().take(MAX_QUOTED).take_while(|c| *c != '\n' && *c != '"').position(|c| c == end)?;
        rest.find(end)
    }
}

pub(super) fn is_ident_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$'
}

pub(super) fn is_ident_byte(byte: u8) -> bool {
    is_ident_start(byte) || byte.is_ascii_digit()
}

fn punctuation(first: u8, second: u8) -> Option<(TokenKind, usize)> {
    let double = match (first, second) {
        (b'=', b'=') => TokenKind::EqualEqual,
        (b'!', b'=') => TokenKind::NotEqual,
        (b'<', b'=') => TokenKind::LessEqual,
        (b'>', b'=') => TokenKind::GreaterEqual,
        (b'<', b'<') => TokenKind::ShiftLeft,
        (b'>', b'>') => TokenKind::ShiftRight,
        (b'&', b'&') => TokenKind::AndAnd,
        (b'|', b'|') => TokenKind::BarBar,
        _ => {
            let single = match first {
                b'+' => TokenKind::Plus,
                b'-' => TokenKind::Minus,
                b'*' => TokenKind::Star,
                b'/' => TokenKind::Slash,
                b'%' => TokenKind::Percent,
                b'<' => TokenKind::Less,
                b'>' => TokenKind::Greater,
                b'&' => TokenKind::And,
                b'|' => TokenKind::Bar,
                b'^' => TokenKind::Caret,
                b'!' => TokenKind::Bang,
                b'~' => TokenKind::Tilde,
                b'=' => TokenKind::Equal,
                b':' => TokenKind::Colon,
                b';' => TokenKind::Semicolon,
                b',' => TokenKind::Comma,
                b'.' => TokenKind::Dot,
                b'(' => TokenKind::OpenParen,
                b')' => TokenKind::CloseParen,
                b'[' => TokenKind::OpenBracket,
                b']' => TokenKind::CloseBracket,
                b'{' => TokenKind::OpenBrace,
                b'}' => TokenKind::CloseBrace,
                b'?' => TokenKind::Question,
                b'@' => TokenKind::At,
                _ => return None,
            };
            return Some((single, 1));
        }
    };
    Some((double, 2))
}

/// Characters that cannot be seen or that change the order of what is seen.
fn is_hidden(character: char) -> bool {
    (character.is_control() && !matches!(character, '\t' | '\r'))
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A character as messages show it.
fn name_of(character: char) -> String {
    match character {
        '\0' => "NUL".to_string(),
        '\u{feff}' => "U+FEFF (a byte order mark)".to_string(),
        hidden if is_hidden(hidden) => format!("U+{:04X}", u32::from(hidden)),
        visible => format!("`{visible}`"),
    }
}

fn advice(character: char) -> Option<&'static str> {
    Some(match character {
        '\'' => "strings are written with double quotes, as in `\"abc\"`",
        '\u{201c}' | '\u{201d}' => "strings are written with straight quotes, as in `\"abc\"`",
        '\u{2212}' | '\u{2013}' | '\u{2014}' => "write a hyphen: `-`",
        '\u{feff}' => "save the file without a byte order mark",
        '\\' => "a lambda is written with bars, as in `|x| x + 1`",
        '\u{a0}' => "this is a no-break space; write an ordinary one",
        '\u{2264}' => "write `<=`",
        '\u{2265}' => "write `>=`",
        '\u{2260}' => "write `!=`",
        '\u{d7}' => "write `*`",
        _ => return None,
    })
}
