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
    Construct {
        id: "tovec",
        section: "8.3",
        words: &["tovec"],
        what: "the entries of a dictionary",
        grammar: "tovec(d)",
        text: "A vector of structs `{key, value}`, in the order of the first insertion.",
        examples: &[r"tovec(result(for([2, 1, 2], dictmerger[i32,i64,+], |b, i, x| merge(b, {x, 1L}))))
# => [{2, 2L}, {1, 1L}]"],
        fixtures: &["tests/run/dicts/acceptance.weld", "tests/run/dicts/growth.weld"],
    },
    Construct {
        id: "optlookup",
        section: "8.3",
        words: &["optlookup"],
        what: "the value of a key, if there is one",
        grammar: "optlookup(d, key)",
        text: "`{true, value}`, or `{false, zero}` with a zero of the type of the values: 0, false, an \
               empty vector, an empty dictionary.",
        examples: &[
            r"let d = result(merge(dictmerger[i32,i64,+], {1, 5L})); {optlookup(d, 1), optlookup(d, 9)}
# => {{true, 5L}, {false, 0L}}",
        ],
        fixtures: &["tests/run/dicts/acceptance.weld", "tests/run/dicts/zero-of-missing.weld"],
    },
    Construct {
        id: "keyexists",
        section: "8.3",
        words: &["keyexists"],
        what: "whether a dictionary has a key",
        grammar: "keyexists(d, key)",
        text: "",
        examples: &[
            r"let d = result(merge(dictmerger[i32,i64,+], {1, 5L})); {keyexists(d, 1), keyexists(d, 9)}
# => {true, false}",
        ],
        fixtures: &["tests/run/dicts/shared-lookups.weld"],
    },
    Construct {
        id: "sort",
        section: "8.4",
        words: &["sort"],
        what: "the elements in order",
        grammar: "sort(v, |a, b| ...), sort(v, |e| key)",
        text: "A function of two elements gives less than 0, 0, or more than 0; `compare` does. A function \
               of one gives a key to order by. Elements that are equal keep their order. A function that \
               contradicts itself gives some order, the same on any number of threads: so does one that meets \
               a NaN, for `compare` gives 0 for a NaN and anything, and keys are ordered by it. To have them at \
               the end, take them out of the comparison, as in the last example.",
        examples: &[
            r"sort([3, 1, 2], |p, q| compare(q, p))
# => [3, 2, 1]",
            r"sort([{2, 1}, {1, 5}, {2, 0}], |e| e.$0)
# => [{1, 5}, {2, 1}, {2, 0}]",
            r"let nan = 0.0/0.0; sort([2.0, nan, 1.0], |x| if(x == x, {false, x}, {true, 0.0}))
# => [1.0, 2.0, 0.0/0.0]",
        ],
        fixtures: &["tests/run/sort/acceptance.weld", "tests/run/sort/stable.weld"],
    },
];
