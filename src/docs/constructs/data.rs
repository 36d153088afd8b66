#![forbid(unsafe_code)]
//! Bytes, sorting and functions of other languages.
//!
//! Promises and duties are those of the table that these rows belong to.

use super::Construct;

pub(super) static ROWS: &[Construct] = &[
    Construct {
        id: "serialize",
        section: "12",
        words: &["serialize"],
        what: "a value as bytes",
        grammar: "serialize(x)",
        text: "A `vec[u8]` without types and header: a scalar is its bytes, a vector its length (an i64) \
               and its elements, a dictionary its length and its entries, a struct its fields. A struct \
               without vectors and dictionaries is its image in memory, padding included.",
        examples: &[r"len(serialize({1, [7c, 8c]}))
# => 14L"],
        fixtures: &["tests/run/serialize/acceptance.weld", "tests/run/serialize/corrupt.weld"],
    },
    Construct {
        id: "deserialize",
        section: "12",
        words: &["deserialize"],
        what: "a value from bytes",
        grammar: "deserialize[T](bytes)",
        text: "The opposite of `serialize`, with the same type. Bytes that are too few, left over or \
               otherwise no value of the type are DeserializationError.",
        examples: &[r"deserialize[{i32,vec[i8]}](serialize({1, [7c, 8c]}))
# => {1, [7c, 8c]}"],
        fixtures: &["tests/run/serialize/acceptance.weld", "tests/run/serialize/corrupt.weld"],
    },
    Construct {
        id: "cudf",
        section: "14",
        words: &["cudf"],
        what: "calls a C function",
        grammar: "cudf[name,T](a, b, ...)",
        text: "The function gets a pointer to each argument and one to the place of its result, of type T. \
               It is found in the process or in a library that was loaded, is called exactly as often as \
               the program says, and may be called from several threads; `@(pure:true)` lets the compiler \
               share and drop calls.",
        examples: &[r"type tm = {i32,i32,i32,i32,i32,i32,i32,i32,i32,i64,i64};
let at = cudf[gmtime_r, tm](951827696L); {at.$5 + 1900, at.$4 + 1, at.$3}
# => {2000, 2, 29}"],
        fixtures: &["tests/run/cudf/of-the-process.weld"],
    },
];
