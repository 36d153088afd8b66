#![forbid(unsafe_code)]
//! What the canonical form looks like.

use super::super::Unformatted;
use super::formatted;
use crate::diag::SourceId;
use crate::syntax::format;

/// A text and its form; the form is its own form.
fn becomes(text: &str, expected: &str) {
    assert_eq!(formatted(text), expected, "{text}");
    assert_eq!(formatted(expected), expected, "a second time");
}

#[test]
fn spaces_parentheses_and_commas() {
    becomes("1+2 *(3)", "1 + 2 * 3\n");
    becomes("|v:vec[ i64 ],w : {i32 , i64,},| [1,2,]", "|v: vec[i64], w: {i32,i64}| [1, 2]\n");
    becomes("(a+b)*c-(d-e)", "(a + b) * c - (d - e)\n");
    becomes("| | - p . $007", "|| -p.$7\n");
    becomes("cudf[f,i64](a b, c d)", "cudf[f,i64](a, b, c, d)\n");
    becomes("for(iter(v),appender[?],|b,i,x|b)", "for(v, appender, |b, i, x| b)\n");
    becomes("[ ] : vec[?]", "[]:vec[?]\n");
    becomes("@ ( a:1,b : \"x y\" , ) @(c:0x1F) if(c,a,b)", "@(a: 1, b: \"x y\", c: 0x1F) if(c, a, b)\n");
    becomes(
        "|x: @(a:1)vec[i64]| @(b:2) appender[@(c : 3) i64]",
        "|x: @(a: 1) vec[i64]| @(b: 2) appender[@(c: 3) i64]\n",
    );
}

#[test]
fn literals_keep_their_spelling() {
    for text in [
        "0xff",
        "0b101L",
        "1e+5",
        "1.50",
        "2E3F",
        "007",
        "- 0x10",
        "\"a\\b # c\"",
        "e\"\\x41\\n\"",
        "\"two\n  lines\"",
    ] {
        assert_eq!(formatted(text), format!("{}\n", text.replace("- ", "-")));
    }
}

#[test]
fn lets_definitions_and_empty_lines() {
    becomes(
        "type p={i32,i32}; type q = vec[p];\n\n\n\ntype r = q; macro f(a,b,)=(a+b); macro g() = let x = 1; x;
         |q:vec[p]| let a=f(1,2);let b = a;\n\n\n\n b",
        "\
type p = {i32,i32};
type q = vec[p];

type r = q;

macro f(a, b) = a + b;
macro g() =
  let x = 1;
  x;

|q: vec[p]|
  let a = f(1, 2);
  let b = a;

  b
",
    );
}

#[test]
fn long_programs_break_as_printed_ones() {
    becomes(
        "|first: vec[i64], second: vec[i64], third: vec[{i64,f64}], a_rather_long_name: vec[vec[f64]]|
         result(for(zip(first, second), merger[i64,+](0L), |b, i, x| if(x.$0 > 0L, merge(b, x.$0 * x.$1 + 1L), merge(b, x.$0 + 2L * x.$1 + x.$0 + 300L))))",
        "\
|first: vec[i64], second: vec[i64], third: vec[{i64,f64}],
  a_rather_long_name: vec[vec[f64]]|
  result(for(zip(first, second), merger[i64,+](0L), |b, i, x|
    if(x.$0 > 0L,
      merge(b, x.$0 * x.$1 + 1L),
      merge(b, x.$0 + 2L * x.$1 + x.$0 + 300L))))
",
    );
}

#[test]
fn comments_stay_where_they_are() {
    becomes(
        "\
# about the program

# and more
|v: vec[i64]|  # the input
      # squares
  let a = map(v, |x| x * x); # each

  # their sum
  sum(a)   # all
# the end
",
        "\
# about the program

# and more
|v: vec[i64]| # the input
  # squares
  let a = map(v, |x| x * x); # each

  # their sum
  sum(a) # all
# the end
",
    );
}

#[test]
fn comments_inside_expressions_break_lines() {
    becomes(
        "let x = # why\n 1 + # one\n 2; f(a, # first\n b # second\n)",
        "\
let x = # why
  1
    + # one
    2;
f(
  a, # first
  b) # second
",
    );
    becomes(
        "f(\n  # before\n  a,\n  b\n  # after\n)",
        "\
f(
  # before
  a,
  b
  # after
)
",
    );
    becomes("[1, 2, # two\n 3]", "[1, 2, # two\n  3]\n");
    becomes("(# in\n1)", "# in\n1\n");
}

#[test]
fn texts_of_comments_only() {
    becomes("", "");
    becomes("\n\n", "");
    becomes("\n\n# a  \n\n\n\n#b", "# a\n\n#b\n");
}

#[test]
fn headers_stay_byte_for_byte() {
    becomes("#@ title   x  \n#@  in a = 1\n\n\n1+1", "#@ title   x  \n#@  in a = 1\n\n1 + 1\n");
    becomes(" # note\n#@ title x\n# more\n1", " # note\n#@ title x\n# more\n1\n");
    becomes("#@ title x", "#@ title x");
    becomes("((#@ in v = 1\n|x| x))", "| #@ in v = 1\n  x|\n  x\n");
}

#[test]
fn line_breaks_stay_of_their_kind() {
    becomes("#@ title x\r\n1+1 # c\r\n", "#@ title x\r\n1 + 1 # c\r\n");
}

#[test]
fn broken_programs_are_refused() {
    for text in ["1 +", "f(", "\"abc", "1;", "# \u{202e}"] {
        let found = format(SourceId::default(), text);
        assert!(matches!(found, Err(Unformatted::Rejected(_))), "{text}: {found:?}");
    }
}

#[test]
fn large_programs_take_linear_time() {
    let lets: String = (0..10_000).map(|at| format!("let x{at} = f(x, {at}L);# c\n")).collect();
    assert_eq!(formatted(&format!("{lets}x")).lines().count(), 10_001);
    assert!(formatted(&vec!["x"; 10_000].join("+")).lines().count() > 100);
    let nested = format!("{}x{}", "f(a,".repeat(4000), ")".repeat(4000));
    assert_eq!(formatted(&formatted(&nested)), formatted(&nested));
    for (open, close) in [("(", ")"), ("-", ""), ("[", "]"), ("|x| ", ""), ("g(x)(", ")")] {
        let nested = format!("{}x{}", open.repeat(4000), close.repeat(4000));
        formatted(&nested);
    }
}
