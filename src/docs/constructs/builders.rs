#![forbid(unsafe_code)]
//! Builders and their rules.
//!
//! Promises and duties are those of the table that these rows belong to.

use super::Construct;

pub(super) static ROWS: &[Construct] = &[
    Construct {
        id: "appender",
        section: "10.2",
        words: &["appender"],
        what: "collects values in a vector",
        grammar: "appender, appender[T], appender[T](n)",
        text: "The result has the merged values in the order of the loop, on any number of threads. `n` \
               says how many to expect; any number is allowed.",
        examples: &[r"result(for([1, 2, 3], appender, |b, i, x| if(x > 1, merge(b, x), b)))
# => [2, 3]"],
        fixtures: &[
            "tests/run/appenders/two-merges.weld",
            "tests/run/appenders/hints.weld",
            "tests/run/appenders/of-everything.weld",
        ],
    },
    Construct {
        id: "merger",
        section: "10.1, 10.3",
        words: &["merger", "+", "*", "min", "max"],
        what: "combines numbers by an operator",
        grammar: "merger[T,+], merger[T,*], merger[T,min], merger[T,max], merger[T,op](start)",
        text: "T is a number, or a struct of numbers, which combine field by field. Without merges the \
               result is the start value: 0, 1, the largest or the smallest number of the type (for floats \
               an infinity). Float sums have a fixed order that does not depend on threads.",
        examples: &[
            r"result(for([-4, -9], merger[i32,max], |b, i, x| merge(b, x)))
# => -4",
            r"result(for([1.0, 2.0], merger[f64,+](10.0), |b, i, x| merge(b, x)))
# => 13.0",
        ],
        fixtures: &[
            "tests/run/mergers/every-type.weld",
            "tests/run/mergers/identities.weld",
            "tests/run/mergers/start-values.weld",
            "tests/run/mergers/structs.weld",
            "tests/run/loops/struct-of-builders.weld",
        ],
    },
    Construct {
        id: "merge",
        section: "10",
        words: &["merge"],
        what: "adds a value to a builder",
        grammar: "merge(builder, value)",
        text: "Gives the builder that goes on; the old name cannot be used any more.",
        examples: &[r"result(merge(merge(appender[i32], 1), 2))
# => [1, 2]"],
        fixtures: &["tests/run/appenders/merges-outside-loops.weld", "tests/run/appenders/two-merges.weld"],
    },
    Construct {
        id: "result",
        section: "10",
        words: &["result"],
        what: "the value of a filled builder",
        grammar: "result(builder)",
        text: "Reads one builder, and so uses it up. Not inside the loop that fills it.",
        examples: &[r"result(merger[i64,+])
# => 0L"],
        fixtures: &["tests/run/appenders/merges-outside-loops.weld", "tests/run/mergers/empty-sum.weld"],
    },
    Construct {
        id: "struct of builders",
        section: "10, 11",
        words: &["for"],
        what: "several builders filled by one loop",
        grammar: "for(data, {builder, builder}, |b, i, x| {merge(b.$0, ...), merge(b.$1, ...)})",
        text: "Each builder stays in its field. Read each with its own `result`.",
        examples: &[
            r"let r = for([3, 5], {merger[i32,+], merger[i32,max]}, |b, i, x| {merge(b.$0, x), merge(b.$1, x)});
{result(r.$0), result(r.$1)}
# => {8, 5}",
        ],
        fixtures: &["tests/run/loops/struct-of-builders.weld", "tests/run/loops/six-mergers.weld"],
    },
    Construct {
        id: "linearity",
        section: "11",
        words: &["merge"],
        what: "the rules of builders: each is used once",
        grammar: "L1 to L8",
        text: "L1: a builder is used once on each path (E0310). L2: the condition of an `if` and operands \
               of `select`, `&&`, `||` use no builder that is used again (E0312). L3: the body of a loop \
               gives back its own builder (E0313). L4: a lambda uses no builder from outside (E0314). L5: \
               no `result` of the loop's own builder inside the loop (E0311). L6: builders are not stored \
               in vectors, dictionaries and other builders (E0215). L7: one that is never used is a warning \
               (W0301). L8: builders in the state of `iterate` keep their fields (E0318).",
        examples: &[r"let b = merge(appender[i32], 1); let c = merge(b, 2); result(c)
# => [1, 2]"],
        fixtures: &[
            "tests/diagnostics/E0310/two_merges.weld",
            "tests/diagnostics/E0313/new_builder.weld",
            "tests/run/loops/returns-builder.weld",
        ],
    },
    Construct {
        id: "dictmerger",
        section: "10.4",
        words: &["dictmerger"],
        what: "combines the values of each key by an operator",
        grammar: "dictmerger[K,V,op], dictmerger[K,V,op](start)",
        text: "Merge `{key, value}`. The values of a key combine as in a merger; `start` is a dictionary to \
               begin with. The result is a `dict[K,V]`, its keys in the order in which they came first. A \
               long loop is cut into chunks, by its length alone: float `+` and `*` combine in the order \
               of each chunk, then chunk by chunk.",
        examples: &[r"tovec(result(for([2, 1, 2], dictmerger[i32,i64,+], |b, i, x| merge(b, {x, 1L}))))
# => [{2, 2L}, {1, 1L}]"],
        fixtures: &["tests/run/dicts/merge-keys.weld", "tests/run/dicts/initial.weld"],
    },
    Construct {
        id: "groupmerger",
        section: "10.4",
        words: &["groupmerger"],
        what: "collects the values of each key",
        grammar: "groupmerger[K,V]",
        text: "Merge `{key, value}`. The result is a `dict[K,vec[V]]`; the values of a key are in the order \
               of the loop.",
        examples: &[r"let d = result(for([1, 2, 3], groupmerger[i32,i64], |b, i, x| merge(b, {x % 2, i})));
{lookup(d, 0), lookup(d, 1)}
# => {[1L], [0L, 2L]}"],
        fixtures: &["tests/run/groups/order.weld", "tests/run/groups/loops-over-groups.weld"],
    },
    Construct {
        id: "vecmerger",
        section: "10.5",
        words: &["vecmerger"],
        what: "changes elements of a copy of a vector",
        grammar: "vecmerger[T,op](v)",
        text: "Merge `{index, value}`: the element at the index becomes itself op the value. The vector \
               that it starts from stays as it is; an index outside it is ArrayOutOfBounds. A long loop over a short \
               vector may be cut into chunks, by its length alone: float `+` and `*` combine in the order of \
               each chunk, then chunk by chunk.",
        examples: &[r"result(for([0L, 2L, 0L], vecmerger[i32,+]([10, 20, 30]), |b, i, x| merge(b, {x, 1})))
# => [12, 20, 31]"],
        fixtures: &["tests/run/vecmergers/acceptance.weld"],
    },
];
