//! The programs that are compiled, of any size.

/// Their names.
pub const SHAPES: [&str; 7] =
    ["maps", "maps-twice", "lets", "lets-twice", "independent", "terms", "wide-struct"];

/// The largest size of a shape: a type has at most 4096 fields.
pub fn largest(shape: &str) -> usize {
    if shape == "wide-struct" { 4_000 } else { usize::MAX }
}

/// A program of a shape and a size.
pub fn text(shape: &str, size: usize) -> String {
    let lets = |value: &dyn Fn(usize) -> String| -> String {
        (1..=size).map(|n| format!("let m{n} = {};\n", value(n))).collect()
    };
    let before = |n: usize, first: &str| if n == 1 { first.to_string() } else { format!("m{}", n - 1) };
    match shape {
        // A chain of maps, each bound by a let: a library that works on whole vectors.
        "maps" => {
            let lets = lets(&|n| format!("map({}, |x| x * 3L - {n}L)", before(n, "v")));
            format!("|v: vec[i64]|\n{lets}sum(m{size})\n")
        }
        // The same with each vector used twice: `v * v - c`.
        "maps-twice" => {
            let lets = lets(&|n| {
                let v = before(n, "v");
                format!("map(zip({v}, {v}), |e| e.$0 * e.$1 - {n}L)")
            });
            format!("|v: vec[i64]|\n{lets}sum(m{size})\n")
        }
        // Scalars.
        "lets" => {
            let lets = lets(&|n| format!("{} * 3L - {n}L", before(n, "a")));
            format!("|a: i64|\n{lets}m{size}\n")
        }
        "lets-twice" => {
            let lets = lets(&|n| {
                let a = before(n, "a");
                format!("{a} * {a} - {n}L")
            });
            format!("|a: i64|\n{lets}m{size}\n")
        }
        // Maps of one input and their sums, none of which needs another: a data frame's columns.
        "independent" => {
            let lets = lets(&|n| format!("map(v, |x| x * {n}L)"));
            let sums: Vec<String> = (1..=size).map(|n| format!("sum(m{n})")).collect();
            format!("|v: vec[i64]|\n{lets}{}\n", sums.join(" + "))
        }
        // One sum of many terms.
        "terms" => {
            let terms: Vec<String> = (1..=size).map(|n| format!("x * {n}L")).collect();
            format!("|v: vec[i64]| sum(map(v, |x| {}))\n", terms.join(" + "))
        }
        // A loop that fills a struct of many builders.
        _ => {
            let builders: Vec<String> = (0..size).map(|_| "merger[i64,+]".to_string()).collect();
            let merges: Vec<String> = (0..size).map(|n| format!("merge(b.${n}, x + {n}L)")).collect();
            let results: Vec<String> = (0..size).map(|n| format!("result(r.${n})")).collect();
            let (builders, merges, results) = (builders.join(", "), merges.join(", "), results.join(", "));
            format!("|v: vec[i64]|\nlet r = for(v, {{{builders}}}, |b, i, x| {{{merges}}});\n{{{results}}}\n")
        }
    }
}
