#![forbid(unsafe_code)]
use super::lex;
use crate::diag::{Code, SourceId};
use crate::ir::Scalar;
use crate::syntax::token::{Keyword, TokenKind};

fn kinds(text: &str) -> Vec<TokenKind> {
    let (tokens, messages) = lex(SourceId(0), text);
    assert!(!messages.has_errors(), "{text}: {messages:?}");
    tokens.iter().map(|token| token.kind).filter(|kind| *kind != TokenKind::End).collect()
}

fn codes(text: &str) -> Vec<Code> {
    lex(SourceId(0), text).1.0.iter().map(|message| message.code).collect()
}

#[test]
fn integers() {
    let int = |text: &str| match kinds(text).as_slice() {
        [TokenKind::Int(value, scalar)] => (*value, *scalar),
        other => panic!("{text}: {other:?}"),
    };
    for (text, value, scalar) in [
        ("0", 0, Scalar::I32),
        ("007", 7, Scalar::I32),
        ("65c", 65, Scalar::I8),
        ("65C", 65, Scalar::I8),
        ("0b101C", 5, Scalar::I8),
        ("7si", 7, Scalar::I16),
        ("12L", 12, Scalar::I64),
        ("12l", 12, Scalar::I64),
        ("0xffl", 255, Scalar::I64),
        ("0x3f", 63, Scalar::I32),
        ("0xc", 12, Scalar::I32),
        ("0xC", 12, Scalar::I32),
        ("0x1cL", 0x1c, Scalar::I64),
        ("0x10si", 16, Scalar::I16),
        ("0b1si", 1, Scalar::I16),
        ("7uc", 7, Scalar::U8),
        ("7usi", 7, Scalar::U16),
        ("7u", 7, Scalar::U32),
        ("7ul", 7, Scalar::U64),
        ("0xfful", 255, Scalar::U64),
        ("18446744073709551615ul", u64::MAX, Scalar::U64),
        ("9223372036854775808L", 1 << 63, Scalar::I64),
    ] {
        assert_eq!(int(text), (value, scalar), "{text}");
    }
}

#[test]
fn floats() {
    for (text, value) in [
        ("0.5", 0.5),
        ("1.0e-3", 1e-3),
        ("2E9", 2e9),
        ("1e+5", 1e5),
        ("1e999", f64::INFINITY),
        ("00.50", 0.5),
    ] {
        assert_eq!(kinds(text), [TokenKind::F64(value)], "{text}");
    }
    for (text, value) in
        [("1.5f", 1.5), ("2e3F", 2e3), ("1e-2f", 1e-2), ("3f", 3.0), ("1e39f", f32::INFINITY)]
    {
        assert_eq!(kinds(text), [TokenKind::F32(value)], "{text}");
    }
    // The nearest f32, not the f32 nearest to the nearest f64.
    assert_eq!(kinds("1.00000005960464477540f"), [TokenKind::F32(1.0 + f32::EPSILON)]);
}

#[test]
fn a_hexadecimal_c_is_a_suffix_with_a_warning() {
    let (tokens, messages) = lex(SourceId(0), "0x1c");
    assert_eq!(tokens[0].kind, TokenKind::Int(1, Scalar::I8));
    assert_eq!(messages.0[0].code, Code::HexByteTrap);
    assert_eq!(messages.0[0].help.as_deref(), Some("for the number 28 write `28`"));
    assert_eq!(codes("0xc"), []);
    assert_eq!(codes("0x7fc"), [Code::HexByteTrap]);
    assert_eq!(codes("0x80c"), [Code::BadLiteral]);
    assert_eq!(codes("0xabcdefc"), [Code::BadLiteral]);
}

#[test]
fn malformed_numbers() {
    for text in [
        "1.", "[1.]", "0x", "0b", "0b2", "0b12", "0X1F", "1_000", "12abc", "1e", "1e+", "1.5L", "1.5e",
        "7SI", "5cc", "0b1f",
    ] {
        assert_eq!(codes(text), [Code::BadLiteral], "{text}");
    }
    assert_eq!(codes("18446744073709551616"), [Code::BadLiteral]);
    assert_eq!(codes(&"9".repeat(1_000_000)), [Code::BadLiteral]);
    // A field of a number is for the type checker to refuse.
    assert_eq!(kinds("1.$0"), [TokenKind::Int(1, Scalar::I32), TokenKind::Dot, TokenKind::Ident]);
}

#[test]
fn strings() {
    assert_eq!(
        kinds("\"a#b\" \"\" \"two\nlines \\\" 5c"),
        [TokenKind::Str, TokenKind::Str, TokenKind::Str, TokenKind::Int(5, Scalar::I8)]
    );
    assert_eq!(kinds("e\"\\\"\\x41\" e"), [TokenKind::EscapedStr, TokenKind::Ident]);
    assert_eq!(kinds("\"h\u{e9}\""), [TokenKind::Str]);
    assert_eq!(codes("\"abc"), [Code::UnclosedDelimiter]);
    assert_eq!(codes("e\"abc\\\""), [Code::UnclosedDelimiter]);
    assert_eq!(codes("e\"abc\\"), [Code::UnclosedDelimiter]);
    assert_eq!(codes("e\"\\q \\x4 \\\u{e9} \\xg0\""), [Code::BadLiteral; 4]);
    let mut errors = Vec::new();
    assert_eq!(super::decode(r#"a\n\t\\\"\0\xFFz"#, &mut errors), b"a\n\t\\\"\0\xffz");
    assert!(errors.is_empty());
}

#[test]
fn foreign_characters_name_their_byte() {
    let (_, messages) = lex(SourceId(0), "ab \u{e9}\u{e8} + \u{2264}\0");
    let titles: Vec<&str> = messages.0.iter().map(|message| message.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "the non-ASCII character `\u{e9}` at byte 3 may stand only in strings and comments",
            "the non-ASCII character `\u{2264}` at byte 10 may stand only in strings and comments"
        ]
    );
    assert_eq!(messages.0[1].help.as_deref(), Some("write `<=`"));
    assert_eq!(codes("\u{feff}1"), [Code::UnexpectedCharacter]);
    assert_eq!(codes("'a' + \u{201c}b\u{201d}"), [Code::UnexpectedCharacter, Code::UnexpectedCharacter]);
    assert_eq!(
        lex(SourceId(0), "'a' + 1").1.0[0].help.as_deref(),
        Some("write straight double quotes: `\"a\"`")
    );
    assert_eq!(codes("'a\n"), [Code::UnexpectedCharacter]);
    // Comments may be in any language, but may not hide what they say.
    assert_eq!(codes("1 # gr\u{fc}\u{df}e \u{2192} \t"), []);
    assert_eq!(codes("1 # \u{202e}evil"), [Code::UnexpectedCharacter]);
}

#[test]
fn operators_are_cut_greedily() {
    assert_eq!(
        kinds("<<=>>==!=!|||&&&"),
        [
            TokenKind::ShiftLeft,
            TokenKind::Equal,
            TokenKind::ShiftRight,
            TokenKind::EqualEqual,
            TokenKind::NotEqual,
            TokenKind::Bang,
            TokenKind::BarBar,
            TokenKind::Bar,
            TokenKind::AndAnd,
            TokenKind::And,
        ]
    );
}

#[test]
fn every_keyword_of_the_reference() {
    let words = "if for zip len lookup optlookup keyexists slice sort
        exp sin cos tan asin acos atan sinh cosh tanh log erf sqrt
        simd select assert broadcast serialize deserialize iterate cudf
        simditer fringeiter rangeiter nditer iter merge result let true false macro type
        i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 bool vec dict
        appender merger vecmerger dictmerger groupmerger tovec min max pow";
    assert!(kinds(words).iter().all(|kind| matches!(kind, TokenKind::Keyword(_))));
    let mut all: Vec<&str> = Keyword::all().map(|row| row.0).collect();
    all.sort_unstable();
    let mut listed: Vec<&str> = words.split_whitespace().collect();
    listed.sort_unstable();
    assert_eq!(all, listed);
    assert!(kinds("map filter $ $0 _x lenx Len next").iter().all(|kind| *kind == TokenKind::Ident));
}

#[test]
fn spans_are_in_order_and_cover_all_but_space() {
    let text = "let x = 0x1f; # done\n\"s\u{e9}\" \u{e9}";
    let (tokens, _) = lex(SourceId(0), text);
    let mut end = 0;
    for token in &tokens {
        assert!(text[end..token.span.lo as usize].trim().is_empty());
        end = token.span.hi as usize;
    }
    assert_eq!(end, text.len());
    assert_eq!(tokens[5].kind, TokenKind::Comment);
}

#[test]
fn too_large_texts_are_refused() {
    let text = " ".repeat((64 << 20) + 1);
    assert_eq!(codes(&text), [Code::ProgramTooLarge]);
}

#[test]
fn at_most_twenty_messages() {
    assert_eq!(codes(&"' ".repeat(1000)).len(), 20);
}
