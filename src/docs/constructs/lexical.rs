#![forbid(unsafe_code)]
//! Tokens: comments, names and literals.
//!
//! Promises and duties are those of the table that these rows belong to.

use super::Construct;

pub(super) static ROWS: &[Construct] = &[
    Construct {
        id: "comment",
        section: "1",
        words: &["#"],
        what: "a note to the reader",
        grammar: "# to the end of the line",
        text: "White space and comments may stand between any two tokens. A `#` inside a string is a \
               character of the string. Lines `#@ in NAME = VALUE` before a program give its inputs to the \
               shells.",
        examples: &[r"1 + 2 # not 4
# => 3"],
        fixtures: &["tests/run/literals/comments.weld"],
    },
    Construct {
        id: "name",
        section: "1.1",
        words: &["$"],
        what: "what a let, a parameter, a macro or an alias is called",
        grammar: "[A-Za-z$_][A-Za-z0-9$_]*, but no keyword",
        text: "Capitals matter. A name is visible from its binder to the end of the expression behind it; \
               an inner binder hides an outer one of the same name.",
        examples: &[r"let a$b = 1; let _c = a$b + 1; _c
# => 2"],
        fixtures: &["tests/run/literals/dollar-names.weld", "tests/run/lets/shadowing.weld"],
    },
    Construct {
        id: "integer literal",
        section: "1.3",
        words: &["0x", "0b", "c", "si", "L"],
        what: "a whole number; its suffix says its type",
        grammar: "7c i8, 7si i16, 7 i32, 7L i64, 7uc u8, 7usi u16, 7u u32, 7ul u64; 0xff, 0b101",
        text: "There is no sign: `-7` is minus before 7, read as one constant, so the smallest number of \
               each type can be written. Digits must fit the type. A hexadecimal literal that ends in `c` \
               is an i8.",
        examples: &[r"{7c, 7si, 0xff, 0b101, 7L, 7ul}
# => {7c, 7si, 255, 5, 7L, u64(7)}"],
        fixtures: &[
            "tests/run/literals/integers.weld",
            "tests/run/literals/hex-trap.weld",
            "tests/run/literals/minimum.weld",
            "tests/run/literals/unsigned.weld",
        ],
    },
    Construct {
        id: "float literal",
        section: "1.3",
        words: &["e", "f"],
        what: "a number with a point or an exponent",
        grammar: "1.5, 2e9, 1.0e-3 f64; 1.5f, 3f f32",
        text: "Digits stand on both sides of a point. The value is rounded to the nearest float, and one \
               past the range is an infinity. Infinity and NaN are written `1.0/0.0` and `0.0/0.0`.",
        examples: &[r"{0.5, 1.0e-3, 3f}
# => {0.5, 0.001, 3.0F}"],
        fixtures: &["tests/run/literals/floats.weld"],
    },
    Construct {
        id: "bool literal",
        section: "1.3",
        words: &["true", "false"],
        what: "the two truth values",
        grammar: "true, false",
        text: "",
        examples: &[r"{true, false}
# => {true, false}"],
        fixtures: &["tests/run/literals/bools-and-strings.weld"],
    },
    Construct {
        id: "string",
        section: "1.3, 13",
        words: &[r#"""#, r#"e""#],
        what: "a vector of bytes, vec[i8]",
        grammar: r#""..." as it stands; e"..." with \n \t \\ \" \0 \xNN"#,
        text: "The bytes between the quotes, UTF-8 for other characters; a plain string has no escapes and \
               may span lines. Its length is the number of bytes. All functions of vectors work on strings, \
               and strings compare as unsigned bytes.",
        examples: &[
            r#"{len("a#b"), "abc" < "abd"}
# => {3L, true}"#,
            r#"len(e"a\n")
# => 2L"#,
        ],
        fixtures: &[
            "tests/run/literals/bools-and-strings.weld",
            "tests/run/strings/literals.weld",
            "tests/run/strings/order.weld",
            "tests/run/strings/escapes.weld",
        ],
    },
];
