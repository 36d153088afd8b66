#![forbid(unsafe_code)]
//! Choices, repetition and claims.
//!
//! Promises and duties are those of the table that these rows belong to.

use super::Construct;

pub(super) static ROWS: &[Construct] = &[
    Construct {
        id: "if",
        section: "6",
        words: &["if"],
        what: "a choice that computes one branch",
        grammar: "if(condition, a, b)",
        text: "The condition is a bool, the branches have one type. A builder may be used in both branches, \
               since one of them runs.",
        examples: &[r"if(true, 1, lookup([1], 9L))
# => 1"],
        fixtures: &["tests/run/conditionals/branches.weld", "tests/run/conditionals/nested.weld"],
    },
    Construct {
        id: "select",
        section: "6",
        words: &["select"],
        what: "a choice that computes both values",
        grammar: "select(condition, a, b)",
        text: "All three are computed, so an error in the value not chosen is an error. Good in loops: it \
               needs no branch.",
        examples: &[r"map([1, -2], |x| select(x > 0, x, 0))
# => [1, 0]"],
        fixtures: &[
            "tests/run/conditionals/select-values.weld",
            "tests/run/conditionals/select-evaluates-both.weld",
        ],
    },
    Construct {
        id: "logic",
        section: "6, 7",
        words: &["&&", "||", "!"],
        what: "and, or, not on bools",
        grammar: "a && b, a || b, !a",
        text: "The right side is computed only when the left one does not decide. Builders may not stand \
               there.",
        examples: &[r"false && lookup([true], 5L)
# => false"],
        fixtures: &[
            "tests/run/operators/short-circuit.weld",
            "tests/run/operators/prefix-and-postfix.weld",
            "tests/run/operators/precedence.weld",
        ],
    },
    Construct {
        id: "iterate",
        section: "6",
        words: &["iterate"],
        what: "repeats a step until it says stop",
        grammar: "iterate(start, |s| {next, go})",
        text: "Computes `s := start`, then `{s, go} := f(s)` until `go` is false; the value is the last \
               `s`. The step runs at least once, and as often as it likes.",
        examples: &[r"iterate(1, |n| {n * 2, n < 50})
# => 128"],
        fixtures: &[
            "tests/run/iterate/doubling.weld",
            "tests/run/iterate/struct-state.weld",
            "tests/run/iterate/many-turns.weld",
        ],
    },
    Construct {
        id: "assert",
        section: "6",
        words: &["assert"],
        what: "ends the run unless something holds",
        grammar: "assert(condition)",
        text: "True when the condition is, else the run-time error AssertionError. Never removed, even when \
               nobody uses its value.",
        examples: &[
            r"let checked = assert(2 > 1); 5
# => 5",
            r"assert(1 > 2)
# => AssertionError",
        ],
        fixtures: &["tests/run/lets/unused-assert.weld", "tests/run/errors/assert-in-loop.weld"],
    },
];
