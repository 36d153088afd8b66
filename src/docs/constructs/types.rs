#![forbid(unsafe_code)]
//! Types.
//!
//! Promises and duties are those of the table that these rows belong to.

use super::Construct;

pub(super) static ROWS: &[Construct] = &[
    Construct {
        id: "scalar types",
        section: "3",
        words: &["bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64"],
        what: "numbers and truth values",
        grammar: "bool; i8 i16 i32 i64; u8 u16 u32 u64; f32 f64",
        text: "Integers wrap around; floats are IEEE 754, with the same bits on every number of threads. \
               There are no conversions but casts, whose names are those of the types.",
        examples: &[r"i8(127) + 1c
# => -128c"],
        fixtures: &["tests/run/mergers/every-type.weld", "tests/run/operators/ascription.weld"],
    },
    Construct {
        id: "vec",
        section: "3, 8.1",
        words: &["vec"],
        what: "the type of vectors",
        grammar: "vec[T]",
        text: "Elements of one type, counted from 0. Elements may be vectors and structs, but not builders.",
        examples: &[r"let v: vec[vec[i32]] = [[1], []]; len(v)
# => 2L"],
        fixtures: &["tests/run/vectors/literals.weld", "tests/run/nested/row-sums.weld"],
    },
    Construct {
        id: "struct type",
        section: "3, 8.2",
        words: &["{"],
        what: "the type of structs",
        grammar: "{T, U, ...}",
        text: "Fields of any types, which have numbers and no names. `{}` has one value.",
        examples: &[r"let p: {i32, f64} = {1, 2.0}; p.$1
# => 2.0"],
        fixtures: &["tests/run/structs/fields.weld", "tests/run/structs/empty.weld"],
    },
    Construct {
        id: "type hole",
        section: "3, 4",
        words: &["?"],
        what: "a type to be found out",
        grammar: "?",
        text: "May stand for a type or a part of one; the program must determine it elsewhere.",
        examples: &[r"let v: vec[?] = [1, 2]; v
# => [1, 2]"],
        fixtures: &["tests/run/lets/holes-in-types.weld"],
    },
    Construct {
        id: "type inference",
        section: "4",
        words: &["appender"],
        what: "types that need not be written",
        grammar: "leave out types of lambda parameters, of builders' elements, and of lets",
        text: "The checker finds them from how values are used, anywhere in the program. There are no \
               default types: what nothing determines is an error (E0205), and so is `1 + 1L`.",
        examples: &[r"let a = []; [a, [1]]
# => [[]:vec[i32], [1]]"],
        fixtures: &["tests/run/lambdas/two-types.weld", "tests/run/appenders/two-merges.weld"],
    },
    Construct {
        id: "dict",
        section: "3, 8.3",
        words: &["dict"],
        what: "the type of dictionaries",
        grammar: "dict[K,V]",
        text: "Made by `dictmerger`, `groupmerger` and `deserialize` only. Keys are scalars, vectors or \
               structs; as keys all NaNs are one and -0.0 is 0.0. The order is that of the first insertion, \
               on any number of threads.",
        examples: &[r"let d = result(for([2, 1, 2], dictmerger[i32,i64,+], |b, i, x| merge(b, {x, 1L})));
len(d)
# => 2L"],
        fixtures: &["tests/run/dicts/duplicate-keys-in-input.weld", "tests/run/dicts/input-nested-keys.weld"],
    },
    Construct {
        id: "simd",
        section: "3, 9.4",
        words: &["simd"],
        what: "the type of several scalars side by side",
        grammar: "simd[T]",
        text: "Operators work on all lanes at once. How many lanes there are is up to the compiler, and no \
               input or result has this type.",
        examples: &[r"#@ in v = [1, 2, 3]
|v: vec[i32]| result(for(fringeiter(v), for(simditer(v), merger[i32,+],
  |b, i, x: simd[i32]| merge(b, x)), |b, i, x| merge(b, x)))
# => 6"],
        fixtures: &["tests/run/simd"],
    },
];
