#![forbid(unsafe_code)]
//! Programs, definitions and calls.
//!
//! Promises and duties are those of the table that these rows belong to.

use super::Construct;

pub(super) static ROWS: &[Construct] = &[
    Construct {
        id: "program",
        section: "2",
        words: &["||"],
        what: "inputs and one expression",
        grammar: "|input: T, ...| expression, || expression, or an expression",
        text: "Type aliases and macros come first. The inputs of a program have types; each run gives them \
               values. The value of the expression is the result.",
        examples: &[
            r"#@ in v = [1L, 2L]
|v: vec[i64]| sum(v)
# => 3L",
            r"|| 3
# => 3",
        ],
        fixtures: &["tests/run/literals/no-signs.weld", "tests/run/lambdas/applied.weld"],
    },
    Construct {
        id: "let",
        section: "2, 6",
        words: &["let"],
        what: "names a value",
        grammar: "let x = value; body, let x: T = value; body",
        text: "Computes the value once, then the body, in which the name stands for it. A later let may use \
               the name again and hides the earlier one. A value that is itself a let or a lambda stands in \
               parentheses.",
        examples: &[r"let x = 3; let x = x + 1; x
# => 4"],
        fixtures: &[
            "tests/run/lets/shadowing.weld",
            "tests/run/lets/annotated.weld",
            "tests/run/lets/in-operand.weld",
        ],
    },
    Construct {
        id: "lambda",
        section: "2, 6",
        words: &["|"],
        what: "a function without a name",
        grammar: "|x, y| body, |x: T| body, || body",
        text: "A lambda is no value: it is applied, bound by a let, given to a macro, or the function of \
               `for`, `iterate` or `sort`. Types of its parameters may be left out. One bound by a let may \
               be used with several types. It can use names from outside, but no builder.",
        examples: &[r"let twice = (|x| x + x); {twice(4), twice(1.5)}
# => {8, 3.0}"],
        fixtures: &[
            "tests/run/lambdas/applied.weld",
            "tests/run/lambdas/two-types.weld",
            "tests/run/lambdas/captures.weld",
        ],
    },
    Construct {
        id: "call",
        section: "2",
        words: &["(", ")"],
        what: "applies a lambda, a macro or a function",
        grammar: "f(a, b)",
        text: "Arguments are computed from left to right. There are no methods and no default values.",
        examples: &[r"(|a, b| a * b)(6, 7)
# => 42"],
        fixtures: &["tests/run/lambdas/applied.weld", "tests/run/lambdas/nested.weld"],
    },
    Construct {
        id: "ascription",
        section: "2",
        words: &[":"],
        what: "says the type of an expression",
        grammar: "expression : T",
        text: "Changes nothing; the checker compares the types. Binds tighter than `*`. An empty vector \
               needs one where nothing else determines its elements.",
        examples: &[r"len([]:vec[f32])
# => 0L"],
        fixtures: &["tests/run/operators/ascription.weld", "tests/run/vectors/literals.weld"],
    },
    Construct {
        id: "annotation",
        section: "16",
        words: &["@"],
        what: "a hint to the compiler",
        grammar: "@(key: value, ...) expression",
        text: "Never changes a result, except that a loop of another length than `loopsize` says is an \
               error. Keys: `predicate`, `vectorize` (true or false), `loopsize`, `size` (a number), \
               `grain_size` (iterations that a thread runs at least; float sums are cut there), `impl` and \
               others of old versions. An unknown key is a warning.",
        examples: &[r"@(vectorize: false) sum([1, 2])
# => 3"],
        fixtures: &["tests/run/loops/loopsize.weld", "tests/run/operators/predicated-note.weld"],
    },
    Construct {
        id: "macro",
        section: "15",
        words: &["macro"],
        what: "an expression with parameters, copied to each call",
        grammar: "macro name(a, b) = expression;",
        text: "Stands before the program. Names bound inside the body never meet names of the caller; an \
               argument that is used several times is computed once. A local name hides a macro of the same \
               name. Macros cannot call themselves. `weld docs` lists the standard ones.",
        examples: &[r"macro pair(a, b) = {a, b};
let b = 9; pair(b, 1)
# => {9, 1}"],
        fixtures: &[
            "tests/run/hygiene/capture.weld",
            "tests/run/macros/simultaneous.weld",
            "tests/run/macros/argument-used-twice.weld",
        ],
    },
    Construct {
        id: "type alias",
        section: "15",
        words: &["type"],
        what: "a name for a type",
        grammar: "type name = T;",
        text: "Stands before the program and its macros, and may use the aliases before it. An alias of a \
               scalar is also the name of its cast.",
        examples: &[r"type point = {f64, f64};
let p: point = {3.0, 4.0}; sqrt(p.$0 * p.$0 + p.$1 * p.$1)
# => 5.0"],
        fixtures: &[
            "tests/run/aliases/simple.weld",
            "tests/run/aliases/chain.weld",
            "tests/run/aliases/in-builders.weld",
        ],
    },
];
