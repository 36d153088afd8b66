#![forbid(unsafe_code)]
//! Vectors, structs and dictionaries.
//!
//! Promises and duties are those of the table that these rows belong to.

use super::Construct;

pub(super) static ROWS: &[Construct] = &[
    Construct {
        id: "vector literal",
        section: "8.1",
        words: &["["],
        what: "a vector written out",
        grammar: "[a, b, ...], []:vec[T]",
        text: "Elements of one type, from left to right.",
        examples: &[r"[1, 2 + 3]
# => [1, 5]"],
        fixtures: &["tests/run/vectors/literals.weld"],
    },
    Construct {
        id: "len",
        section: "8.1, 8.3",
        words: &["len"],
        what: "how many elements",
        grammar: "len(v)",
        text: "An i64. Of a dictionary: how many keys.",
        examples: &[r"len([5, 6])
# => 2L"],
        fixtures: &["tests/run/iterators/range-sums.weld", "tests/run/errors/dead-len.weld"],
    },
    Construct {
        id: "lookup",
        section: "8.1, 8.3",
        words: &["lookup"],
        what: "an element of a vector, or the value of a key",
        grammar: "lookup(v, i), lookup(d, key)",
        text: "The index of a vector is an i64 from 0; another one is the run-time error ArrayOutOfBounds. \
               A key that the dictionary does not have is KeyNotFoundError.",
        examples: &[
            r"lookup([5, 6], 1L)
# => 6",
            r"lookup([5, 6], 2L)
# => ArrayOutOfBounds",
        ],
        fixtures: &["tests/run/vectors/lookup.weld", "tests/run/vectors/lookup-in-loop.weld"],
    },
    Construct {
        id: "slice",
        section: "8.1",
        words: &["slice"],
        what: "a part of a vector, without a copy",
        grammar: "slice(v, start, size)",
        text: "At most `size` elements from `start` on, fewer at the end of the vector; a negative size \
               means to the end. A start outside `0 .. len(v)` is ArrayOutOfBounds.",
        examples: &[
            r"{slice([1, 2, 3], 1L, 100L), slice([1, 2, 3], 1L, -1L)}
# => {[2, 3], [2, 3]}",
            r"slice([1, 2, 3], 4L, 1L)
# => ArrayOutOfBounds",
        ],
        fixtures: &["tests/run/slices/views.weld", "tests/run/slices/in-loops.weld"],
    },
    Construct {
        id: "struct literal",
        section: "8.2",
        words: &["{", "}"],
        what: "a struct written out",
        grammar: "{a, b, ...}",
        text: "Values of any types together; builders may be fields.",
        examples: &[r"{1, [2.5], {}}
# => {1, [2.5], {}}"],
        fixtures: &[
            "tests/run/structs/fields.weld",
            "tests/run/structs/empty.weld",
            "tests/run/structs/with-vectors.weld",
        ],
    },
    Construct {
        id: "field",
        section: "8.2",
        words: &[".$"],
        what: "a field of a struct",
        grammar: "s.$0, s.$1, ...",
        text: "Fields are counted from 0.",
        examples: &[r"{1, 2L}.$1
# => 2L"],
        fixtures: &["tests/run/structs/fields.weld"],
    },
];
