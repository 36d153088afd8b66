#![forbid(unsafe_code)]
//! Loops and iterators.
//!
//! Promises and duties are those of the table that these rows belong to.

use super::Construct;

pub(super) static ROWS: &[Construct] = &[
    Construct {
        id: "for",
        section: "9",
        words: &["for"],
        what: "a loop that fills a builder",
        grammar: "for(data, builder, |b, i, x| body)",
        text: "Goes over the elements of the data: `b` is the builder, `i` the number of the iteration (an \
               i64 from 0), `x` the element. The body gives the builder back, with what it merged. The \
               result is as if the iterations ran one after the other; they may run in any order, on \
               several threads.",
        examples: &[r"result(for([5, 6, 7], appender, |b, i, x| merge(b, i)))
# => [0L, 1L, 2L]"],
        fixtures: &[
            "tests/run/loops/fold-order.weld",
            "tests/run/loops/index.weld",
            "tests/run/loops/body-branches.weld",
        ],
    },
    Construct {
        id: "iter",
        section: "9.1",
        words: &["iter"],
        what: "every stride-th element of a vector",
        grammar: "iter(v), iter(v, start, end, stride)",
        text: "The elements at start, start + stride, ... before end. The stride is not zero and leads to \
               the end in whole steps, and all indices are in the vector, else BadIteratorLength.",
        examples: &[r"result(for(iter([1, 2, 3, 4], 1L, 3L, 1L), merger[i32,*], |b, i, x| merge(b, x)))
# => 6"],
        fixtures: &["tests/run/iterators/iter-with-bounds.weld", "tests/run/iterators/strided-large.weld"],
    },
    Construct {
        id: "rangeiter",
        section: "9.1",
        words: &["rangeiter"],
        what: "counts without a vector",
        grammar: "rangeiter(start, end, stride)",
        text: "The i64 numbers start, start + stride, ... before end; the stride may be negative. It leads \
               to the end in whole steps, else BadIteratorLength.",
        examples: &[r"result(for(rangeiter(5L, 0L, -1L), appender[i64], |b, i, x| merge(b, x)))
# => [5L, 4L, 3L, 2L, 1L]"],
        fixtures: &["tests/run/iterators/rangeiter.weld", "tests/run/iterators/range-sums.weld"],
    },
    Construct {
        id: "zip",
        section: "9.2",
        words: &["zip"],
        what: "several vectors side by side",
        grammar: "for(zip(a, b), ...), zip(a, b)",
        text: "The element is the struct of the elements. All lengths are equal, else MismatchedZipSize. In \
               a loop iterators may stand in the zip, and no vector is built; as a value it is a vector of \
               structs.",
        examples: &[
            r"map(zip([1, 2], [3, 4]), |p| p.$0 * p.$1)
# => [3, 8]",
            r"result(for(zip([1], [2, 3]), merger[i32,+], |b, i, p| merge(b, p.$0)))
# => MismatchedZipSize",
        ],
        fixtures: &[
            "tests/run/zips/loops.weld",
            "tests/run/zips/as-value.weld",
            "tests/run/zips/mismatch.weld",
        ],
    },
    Construct {
        id: "nested loops",
        section: "9.3",
        words: &["for"],
        what: "loops in loops, into the same builder or others",
        grammar: "for(m, b, |b, i, row| for(row, b, |c, j, x| ...))",
        text: "The inner loop takes the outer builder and gives it back, or makes a builder of its own and \
               reads its result.",
        examples: &[
            r"result(for([[1, 2], [3]], appender[i32], |b, i, row| for(row, b, |c, j, x| merge(c, x))))
# => [1, 2, 3]",
            r"map([[1, 2], [3]], |row| sum(row))
# => [3, 3]",
        ],
        fixtures: &["tests/run/nested/row-sums.weld", "tests/run/nested/merger-through-inner-loop.weld"],
    },
    Construct {
        id: "nditer",
        section: "9.1",
        words: &["nditer"],
        what: "elements of a vector that stands for several dimensions",
        grammar: "nditer(v, start, end, stride, shape, strides)",
        text: "Counts through `shape`, the last dimension fastest, and takes the element at `start` plus \
               the sum of each counter times its entry in `strides`. `end` and `stride` are computed and \
               not used. Indices outside the vector are BadIteratorLength.",
        examples: &[
            r"result(for(nditer([1, 2, 3, 4, 5, 6], 0L, 0L, 1L, [3L, 2L], [1L, 3L]), appender[i32], |b, i, x| merge(b, x)))
# => [1, 4, 2, 5, 3, 6]",
        ],
        fixtures: &["tests/run/nditer/views.weld"],
    },
    Construct {
        id: "simditer",
        section: "9.1, 9.4",
        words: &["simditer"],
        what: "the elements of a vector, several at once",
        grammar: "simditer(v)",
        text: "The element is a `simd[T]`, and the index that of its first lane. What does not fill all \
               lanes at the end is left to `fringeiter`. Compiled loops use SIMD by themselves; this is for \
               programs that say how.",
        examples: &[r"#@ in v = [1, 2, 3]
|v: vec[i32]| result(for(fringeiter(v), for(simditer(v), merger[i32,+],
  |b, i, x: simd[i32]| merge(b, x + broadcast(10))), |b, i, x| merge(b, x + 10)))
# => 36"],
        fixtures: &["tests/run/simd"],
    },
    Construct {
        id: "fringeiter",
        section: "9.1, 9.4",
        words: &["fringeiter"],
        what: "the last elements, which do not fill all lanes",
        grammar: "fringeiter(v)",
        text: "One after the other, with their indices in the vector.",
        examples: &[r"#@ in v = [1, 3, 2]
|v: vec[i32]| result(for(fringeiter(v), for(simditer(v), merger[i32,max],
  |b, i, x: simd[i32]| merge(b, x)), |b, i, x| merge(b, x)))
# => 3"],
        fixtures: &["tests/run/simd"],
    },
    Construct {
        id: "broadcast",
        section: "5, 9.4",
        words: &["broadcast"],
        what: "one scalar in every lane",
        grammar: "broadcast(x)",
        text: "Gives a `simd[T]`.",
        examples: &[r"#@ in v = [1, 2, 3]
|v: vec[i32]| result(for(fringeiter(v), for(simditer(v), appender[i32],
  |b, i, x: simd[i32]| merge(b, x * broadcast(2))), |b, i, x| merge(b, x * 2)))
# => [2, 4, 6]"],
        fixtures: &["tests/run/simd"],
    },
];
