#![forbid(unsafe_code)]
//! The standard macros, for people: what they take, what they give, and an example.
//!
//! Promises: there is a row for each macro of `std.weld`, with as many parameters; a test runs the examples.
//! Must not: repeat the definitions; those are in `std.weld`.

/// A standard macro.
#[derive(Debug)]
pub struct MacroDoc {
    /// Its name.
    pub name: &'static str,
    /// Types of its parameters and of its value, such as `(v: vec[T], f: |T| U) -> vec[U]`.
    pub signature: &'static str,
    /// What it gives, in one line.
    pub what: &'static str,
    /// A program; its last line `# => X` says what it gives.
    pub example: &'static str,
}

const fn row(
    name: &'static str,
    signature: &'static str,
    what: &'static str,
    example: &'static str,
) -> MacroDoc {
    MacroDoc { name, signature, what, example }
}

/// Every standard macro, in the order of `std.weld`.
pub static MACROS: &[MacroDoc] = &[
    row(
        "map",
        "(v: vec[T], f: |T| U) -> vec[U]",
        "`f` of each element",
        "map([1, 2, 3], |x| x * x)\n# => [1, 4, 9]",
    ),
    row(
        "filter",
        "(v: vec[T], p: |T| bool) -> vec[T]",
        "the elements for which `p` is true, in their order",
        "filter([1, 2, 3], |x| x > 1)\n# => [2, 3]",
    ),
    row(
        "flatten",
        "(vv: vec[vec[T]]) -> vec[T]",
        "the elements of all vectors, one vector after the other",
        "flatten([[1, 2], [3]])\n# => [1, 2, 3]",
    ),
    row(
        "sum",
        "(v: vec[T]) -> T, T a number or a struct of numbers",
        "the sum of the elements, 0 of none; structs field by field",
        "sum([1, 2, 3])\n# => 6",
    ),
    row(
        "compare",
        "(a: T, b: T) -> i32",
        "1 when `a` is greater, -1 when it is less, else 0",
        "compare(2, 5)\n# => -1",
    ),
    row(
        "product",
        "(v: vec[T]) -> T, T a number",
        "the product of the elements, 1 of none",
        "product([2, 3, 4])\n# => 24",
    ),
    row(
        "minimum",
        "(v: vec[T]) -> T, T a number",
        "the least element; of none the largest number of the type",
        "minimum([3, 1, 2])\n# => 1",
    ),
    row(
        "maximum",
        "(v: vec[T]) -> T, T a number",
        "the greatest element; of none the smallest number of the type",
        "maximum([3, 1, 2])\n# => 3",
    ),
    row(
        "count",
        "(v: vec[T], p: |T| bool) -> i64",
        "for how many elements `p` is true",
        "count([1, 2, 3], |x| x > 1)\n# => 2L",
    ),
    row(
        "any",
        "(v: vec[T], p: |T| bool) -> bool",
        "whether `p` is true for an element",
        "any([1, 2], |x| x > 1)\n# => true",
    ),
    row(
        "all",
        "(v: vec[T], p: |T| bool) -> bool",
        "whether `p` is true for every element",
        "all([1, 2], |x| x > 1)\n# => false",
    ),
    row("mean", "(v: vec[T]) -> f64, T a number", "the average, NaN of none", "mean([1, 2])\n# => 1.5"),
    row(
        "dot",
        "(a: vec[T], b: vec[T]) -> T, T a number",
        "the sum of the products of elements at the same place",
        "dot([1, 2], [3, 4])\n# => 11",
    ),
    row(
        "map2",
        "(a: vec[T], b: vec[U], f: |T, U| V) -> vec[V]",
        "`f` of the elements at the same place",
        "map2([1, 2], [3, 4], |x, y| x + y)\n# => [4, 6]",
    ),
    row(
        "mapi",
        "(v: vec[T], f: |i64, T| U) -> vec[U]",
        "`f` of the index and the element",
        "mapi([5L, 6L], |i, x| i * x)\n# => [0L, 6L]",
    ),
    row("range", "(n: i64) -> vec[i64]", "the numbers from 0 to before `n`", "range(3L)\n# => [0L, 1L, 2L]"),
    row("fill", "(n: i64, x: T) -> vec[T]", "`n` times `x`", "fill(2L, 7)\n# => [7, 7]"),
    row(
        "reverse",
        "(v: vec[T]) -> vec[T]",
        "the elements from the last to the first",
        "reverse([1, 2, 3])\n# => [3, 2, 1]",
    ),
    row(
        "gather",
        "(v: vec[T], ix: vec[i64]) -> vec[T]",
        "the elements at the indices",
        "gather([5, 6, 7], [2L, 0L])\n# => [7, 5]",
    ),
    row(
        "countby",
        "(ks: vec[K]) -> dict[K,i64]",
        "how often each key occurs",
        "tovec(countby([2, 1, 2]))\n# => [{2, 2L}, {1, 1L}]",
    ),
    row(
        "sumby",
        "(ks: vec[K], vs: vec[V]) -> dict[K,V], V a number",
        "the sum of the values of each key",
        "tovec(sumby([2, 1, 2], [10, 20, 30]))\n# => [{2, 40}, {1, 20}]",
    ),
    row(
        "groupby",
        "(ks: vec[K], vs: vec[V]) -> dict[K,vec[V]]",
        "the values of each key, in their order",
        "tovec(groupby([2, 1, 2], [10, 20, 30]))\n# => [{2, [10, 30]}, {1, [20]}]",
    ),
    row(
        "keys",
        "(d: dict[K,V]) -> vec[K]",
        "the keys, in the order of their first occurrence",
        "keys(countby([2, 1, 2]))\n# => [2, 1]",
    ),
    row(
        "values",
        "(d: dict[K,V]) -> vec[V]",
        "the values, in the order of their keys",
        "values(countby([2, 1, 2]))\n# => [2L, 1L]",
    ),
    row(
        "getor",
        "(d: dict[K,V], k: K, z: V) -> V",
        "the value of a key, `z` when there is none",
        "getor(countby([2, 1, 2]), 9, 0L)\n# => 0L",
    ),
    row(
        "clamp",
        "(x: T, lo: T, hi: T) -> T",
        "`x`, or the bound that it is beyond",
        "clamp(12, 0, 9)\n# => 9",
    ),
];
