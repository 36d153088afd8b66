#![forbid(unsafe_code)]
//! Operators, functions and casts of scalars.
//!
//! Promises and duties are those of the table that these rows belong to.

use super::Construct;

pub(super) static ROWS: &[Construct] = &[
    Construct {
        id: "arithmetic",
        section: "7",
        words: &["+", "-", "*", "/", "%"],
        what: "operations on two numbers of one type",
        grammar: "a + b, a - b, a * b, a / b, a % b, -a",
        text: "Integers wrap around; `/` cuts toward zero, `%` has the sign of the left side, both fail by \
               zero (DivideByZero). Floats round to nearest; `%` is C's fmod. `* / %` bind tighter than `+ \
               -`; all group from the left. `-p.$0` is `-(p.$0)`.",
        examples: &[r"{2 + 3 * 4, 10 - 2 - 3, 7 % -3}
# => {14, 5, 1}"],
        fixtures: &[
            "tests/run/operators/precedence.weld",
            "tests/run/operators/wrap-around.weld",
            "tests/run/operators/signed-division.weld",
            "tests/run/floats/division.weld",
        ],
    },
    Construct {
        id: "comparison",
        section: "5, 7",
        words: &["==", "!=", "<", "<=", ">", ">="],
        what: "compares two values of one type",
        grammar: "a == b, a != b, a < b, a <= b, a > b, a >= b",
        text: "Numbers, bools, vectors and structs; vectors and structs compare element by element from the \
               left. A NaN is not equal to anything, and neither less nor greater. Comparisons do not \
               chain.",
        examples: &[r"{[3, 1, 2] < [3, 2], 0.0/0.0 == 0.0/0.0}
# => {true, false}"],
        fixtures: &[
            "tests/run/operators/comparisons.weld",
            "tests/run/floats/comparisons.weld",
            "tests/run/vectors/order.weld",
            "tests/run/structs/comparison.weld",
        ],
    },
    Construct {
        id: "bit operations",
        section: "7.1",
        words: &["&", "|", "^", "<<", ">>", "~"],
        what: "operations on the bits of integers",
        grammar: "a & b, a | b, a ^ b, ~a, a << n, a >> n",
        text: "Also on bools, but for shifts and `~`. The count of a shift is taken modulo the width; `>>` \
               keeps the sign of signed integers. Tightest to loosest: shifts, comparisons, `&`, `^`, `|`, \
               `&&`, `||`.",
        examples: &[r"{6 & 3, 6 | 3, 6 ^ 3, ~6, 1 << 4, -16 >> 2}
# => {2, 7, 5, -7, 16, -4}"],
        fixtures: &[
            "tests/run/operators/bits.weld",
            "tests/run/operators/shifts.weld",
            "tests/run/operators/bits-of-bool.weld",
        ],
    },
    Construct {
        id: "min and max",
        section: "7.2",
        words: &["min", "max"],
        what: "the smaller or larger of two values",
        grammar: "min(a, b), max(a, b)",
        text: "On numbers and bools. A NaN on either side gives NaN, and -0.0 is less than 0.0, so the \
               order of the arguments does not matter.",
        examples: &[r"{min(3, 2), max(2.0, 0.0/0.0)}
# => {2, 0.0/0.0}"],
        fixtures: &["tests/run/operators/min-max.weld", "tests/run/floats/min-max.weld"],
    },
    Construct {
        id: "math functions",
        section: "7.2",
        words: &[
            "exp", "log", "sqrt", "erf", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
            "pow",
        ],
        what: "functions of floats",
        grammar: "exp(x), log(x), sqrt(x), erf(x), sin(x), cos(x), tan(x), asin(x), acos(x), atan(x), sinh(x), cosh(x), tanh(x), pow(x, y)",
        text: "On f32 and f64, with the meaning of C's math.h. One implementation serves constants, the \
               interpreter and compiled code, so all give the same bits.",
        examples: &[r"{sqrt(2.25), pow(2.0, 10.0), cos(0.0)}
# => {1.5, 1024.0, 1.0}"],
        fixtures: &[
            "tests/run/floats/math-exact.weld",
            "tests/run/floats/math-edges.weld",
            "tests/run/floats/math-in-loops-f32.weld",
            "tests/run/operators/int-pow.weld",
        ],
    },
    Construct {
        id: "cast",
        section: "7.3",
        words: &["i32", "u8", "f64", "bool"],
        what: "turns a scalar into another type",
        grammar: "T(x) with a scalar type T",
        text: "To narrower integers the low bits stay; from floats the fraction is cut, values out of range \
               become the nearest one of the type, NaN becomes 0. To bool: whether it is not zero.",
        examples: &[r"{i32(3.99), i8(300), u32(-1), i32(1.0e20), bool(256)}
# => {3, 44c, u32(4294967295L), 2147483647, true}"],
        fixtures: &[
            "tests/run/operators/casts-integers.weld",
            "tests/run/operators/casts-from-float.weld",
            "tests/run/operators/casts-bool.weld",
        ],
    },
];
