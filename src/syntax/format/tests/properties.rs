#![forbid(unsafe_code)]
//! What holds for every program: the same tree, the same comments, and nothing changes the second time.

use super::super::{Unformatted, comments, format_within, header};
use crate::diag::SourceId;
use crate::syntax::{TokenKind, lex, parse, same};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::sample::select;
use std::fs;
use std::path::Path;

/// Checks all of it, in lines of several widths. `false`: the text does not parse.
fn holds(text: &str) -> bool {
    let (before, messages) = parse(SourceId::default(), text);
    if messages.has_errors() {
        return false;
    }
    for width in [88, 30, 1] {
        let once = match format_within(SourceId::default(), text, width) {
            Ok(once) => once,
            Err(Unformatted::Rejected(_)) => panic!("{text}\nis rejected"),
            Err(Unformatted::Internal(why)) => panic!("{text}\n{why}"),
        };
        let (after, _) = parse(SourceId::default(), &once);
        assert!(same(&before, &after), "another tree:\n{text}\n----\n{once}");
        assert!(comments(text).eq(comments(&once)), "other comments:\n{text}\n----\n{once}");
        assert_eq!(&text[..header(text)], &once[..header(&once)], "another header");
        let twice = format_within(SourceId::default(), &once, width).unwrap();
        assert_eq!(twice, once, "it changes again:\n{text}");
        assert!(
            !once.lines().skip(once[..header(&once)].lines().count()).any(|line| line.ends_with(' '))
                || once.contains('"')
        );
    }
    true
}

/// The text with comments at some borders between tokens; `seed` says where.
fn with_comments(text: &str, mut seed: u64) -> String {
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % below
    };
    let (tokens, _) = lex(SourceId::default(), text);
    let (mut out, mut end) = (String::new(), 0);
    let often = 2 + next(20);
    for (at, token) in tokens.iter().enumerate() {
        let (lo, hi) = (token.span.lo as usize, token.span.hi as usize);
        out.push_str(&text[end..lo]);
        if next(often) == 0 {
            let before = ["", " ", "\n", "\n\n\n", "\n  # two\n\n"][next(5) as usize];
            out.push_str(&format!("{before}# c{at}\n{}", ["", "\n", "\n\n", "   "][next(4) as usize]));
        }
        out.push_str(&text[lo..hi]);
        end = hi;
        if token.kind == TokenKind::Comment {
            out.push('\n');
        }
    }
    out + &text[end..]
}

fn programs(folder: &Path, out: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            programs(&entry, out);
        } else if entry.extension().is_some_and(|extension| extension == "weld") {
            // One of them is there because it is no text.
            out.extend(fs::read_to_string(&entry).ok());
        }
    }
}

/// Every program of the repository.
fn repository() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = Vec::new();
    for folder in ["demos", "tests", "benches"] {
        programs(&root.join(folder), &mut out);
    }
    out
}

#[test]
fn every_program_of_the_repository() {
    let programs = repository();
    let parsed = programs.iter().filter(|text| holds(text)).count();
    assert!(parsed > 300, "only {parsed} of {} parse", programs.len());
}

#[test]
fn comments_between_any_two_tokens() {
    let mut parsed = 0;
    for (at, text) in repository().iter().enumerate() {
        for seed in 0..6 {
            parsed += usize::from(holds(&with_comments(text, (at * 100 + seed) as u64)));
        }
    }
    assert!(parsed > 1500, "only {parsed} parse");
}

fn types() -> impl Strategy<Value = String> {
    let leaf =
        select(vec!["i64", "f32", "bool", "?", "name", "@(a:b)u8", "{}", "@() i8"]).prop_map(str::to_string);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("vec[{a}]")),
            inner.clone().prop_map(|a| format!("simd[{a},]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("dict[{a} ,{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{{a},{b},}}")),
            inner.clone().prop_map(|a| format!("appender[{a}]")),
            inner.clone().prop_map(|a| format!("merger[{a},max]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("dictmerger[{a},{b},+]")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("groupmerger[{a},{b}]")),
        ]
    })
}

/// Operands: what may stand anywhere, with and without needless brackets.
fn operands() -> impl Strategy<Value = String> {
    let leaves = vec![
        "x",
        "y",
        "zip_",
        "7",
        "0xff",
        "5L",
        "1.5",
        "2e9F",
        "3u",
        "true",
        "\"s # t\"",
        "e\"\\n\"",
        "[]",
        "{}",
        "appender",
        "appender[?]",
        "f()",
        "(|| 1)",
        "| |x",
        "appender[@(k:v) i64]",
        "\"long text that fills most of a line by itself, or nearly so\"",
    ];
    let leaf =
        select(leaves).prop_map(str::to_string).prop_filter("an operand", |text| !text.starts_with("| |"));
    leaf.prop_recursive(6, 60, 4, |inner| {
        let a = inner.clone();
        let op = select(vec![
            "+", "-", "*", "/", "%", "<", "==", "&&", "||", "|", "^", "&", "<<", ">>", "!=", ">=",
        ]);
        let comma = select(vec![",", ", ", " ,"]);
        let last = select(vec!["", ","]);
        prop_oneof![
            a.clone().prop_map(|a| format!("({a})")),
            (a.clone(), op.clone(), a.clone()).prop_map(|(a, op, b)| format!("({a}{op}{b})")),
            (a.clone(), op, a.clone())
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})"))
                .prop_map(|text| format!("({text})")),
            (select(vec!["-", "!", "~", "- -", "@(a:1)", "@(a:1,b:-2)@(a:c)", "@()"]), a.clone())
                .prop_map(|(op, a)| format!("{op}{a}")),
            (a.clone(), a.clone(), comma, last.clone())
                .prop_map(|(a, b, comma, last)| format!("f({a}{comma}{b}{last})")),
            (a.clone(), a.clone(), a.clone(), last.clone())
                .prop_map(|(a, b, c, last)| format!("[{a},{b},{c}{last}]")),
            (a.clone(), a.clone(), last).prop_map(|(a, b, last)| format!("{{{a},{b}{last}}}")),
            (a.clone(), types()).prop_map(|(a, of)| format!("({a} : {of})")),
            a.clone().prop_map(|a| format!("({a}).$3")),
            (a.clone(), a.clone()).prop_map(|(a, b)| format!("({a})({b})")),
            (a.clone(), a.clone()).prop_map(|(a, b)| format!("(let n = {a}; {b})")),
            (a.clone(), a.clone())
                .prop_map(|(a, b)| format!("(let n:i64 = {a};\n\n\nlet m = ({b});(let o=1;o))")),
            (a.clone(), types()).prop_map(|(a, of)| format!("(|p,q:{of},| {a})")),
            (a.clone(), a.clone()).prop_map(|(a, b)| format!("map({a},|x|{b})")),
            (a.clone(), a.clone(), a.clone()).prop_map(|(a, b, c)| format!("if({a},{b},{c})")),
            (a.clone(), a.clone(), a.clone()).prop_map(|(a, b, c)| format!("for({a},{b},{c})")),
            (a.clone(), a.clone(), a.clone())
                .prop_map(|(a, b, c)| format!("for(zip({a},iter({b})),appender,|b,i,x|merge(b,{c}))")),
            (a.clone(), a.clone()).prop_map(|(a, b)| format!("for(iter({a},0L,1L,1L),{b},|b,i,x|b)")),
            (a.clone(), a.clone())
                .prop_map(|(a, b)| format!("for(rangeiter({a},0L,1L),merger[i64,+]({b}),|b,i,x|b)")),
            (a.clone(), a.clone()).prop_map(|(a, b)| format!("for((zip({a},{b})),appender,|b,i,x|b)")),
            (a.clone(), a.clone()).prop_map(|(a, b)| format!("for((zip({a},{b})).$0,appender,|b,i,x|b)")),
            (a.clone(), types()).prop_map(|(a, of)| format!("deserialize[{of}]({a})")),
            (a.clone(), a.clone(), types()).prop_map(|(a, b, of)| format!("cudf[name,{of}]({a} {{{b}}},)")),
            (a.clone(), a.clone()).prop_map(|(a, b)| format!("min(i64({a}),exp({b}))")),
            (a.clone(), a).prop_map(
                |(a, b)| format!("vecmerger[i64,*]({a}).$0({b})").replace("vecmerger[i64,*](", "result(")
            ),
        ]
    })
}

fn whole_programs() -> impl Strategy<Value = String> {
    let definition = prop_oneof![
        types().prop_map(|of| format!("type t={of};")),
        operands().prop_map(|body| format!("macro m(a,b,)={body};\n\n\n")),
        operands().prop_map(|body| format!("macro m()=let a = 1;{body};")),
    ];
    let head = prop_oneof![Just(String::new()), types().prop_map(|of| format!("|v:{of},w|"))];
    (proptest::collection::vec(definition, 0..3), head, operands(), proptest::option::of(operands()))
        .prop_map(|(definitions, head, body, value)| {
            let lets = value.map_or(String::new(), |value| format!("let a={value};\n\n\nlet b : i64 = a;"));
            format!("{}{head}{lets}{body}", definitions.concat())
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn generated_programs(text in whole_programs(), seed in any::<u64>()) {
        assert!(holds(&text), "{text}");
        assert!(holds(&with_comments(&text, seed)), "{text}");
    }
}
