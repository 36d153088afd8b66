#![forbid(unsafe_code)]
//! Broken texts: whatever is fed in, the front half answers with a tree or with messages.

use super::expand;
use crate::diag::SourceMap;
use crate::diag::render::{RenderOptions, render};
use crate::syntax::ast::{Expr, ExprKind};
use crate::syntax::{is_complete, lex, parse, print};

const SEEDS: &[&str] = &[
    include_str!("std.weld"),
    "|v: vec[i64]| let pos = filter(v, |x| x > 0L);\n  result(for(pos, appender, |b,i,x| merge(b, {x, i})))",
    "type p = {i32,vec[i8]}; macro m(a, b) = (let t = a; {t, b, t}); |q: vec[p]| map(q, |e| m(e.$0 + 1, len(e.$1)))",
    "let d = result(for(zip([1,2], iter(w, 0L, 2L, 1L)), groupmerger[i32,i64], |b,i,e| merge(b,{e.$0 % 2,i})));\n{lookup(d,0), optlookup(d,9)}",
    "@(loopsize: 3L, impl: \"local\") for(nditer(v,0L,1L,1L,s,t), dictmerger[i64,{f64,i32},+], |b, i, x: simd[f32]| b)",
    "0x1c + -128c * 1.5e-3f << 2 >> 1u & ~x ^ !y | e\"a\\n\\x41\\\"\" : vec[?] == \"b#c\" && p.$0.$12(3)(4) || cudf[f,i64](a b)",
    "if(a, select(b, c, d), iterate(1, |n| {n * 2, n < 50})) # comment \u{e9}\n- sort([3,1,2], |p,q| compare(q,p))",
    "macro f(x) = g(x); macro g(x) = f({x, x}); f(1) + any(v, |x| x) + mean(map(v, f))",
];

const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "|",
    "||",
    ",",
    ";",
    ":",
    "=",
    ".",
    "$0",
    "let ",
    "for(",
    "zip(",
    "if(",
    "macro ",
    "type ",
    "\"",
    "e\"",
    "#",
    "@(",
    "?",
    "0x",
    "1e",
    "9999999999",
    "\u{e9}",
    "\u{202e}",
    "\0",
    "\t",
    "\r\n",
    "\u{1f980}",
    "map(",
    "f(",
    "appender",
    "merger[",
    "vecbuilder[",
    "-",
    "!",
    "<",
    "true",
    "iter(",
    "cudf[",
    "x",
];

/// A small generator with a fixed start: the same inputs on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// A place in the text, on a character border.
    fn place(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn mutate(&mut self, text: &mut String) {
        let (a, b) = (self.place(text), self.place(text));
        let (lo, hi) = (a.min(b), a.max(b).min(a.min(b) + 30));
        let hi = if text.is_char_boundary(hi) { hi } else { lo };
        match self.below(5) {
            0 => text.insert_str(lo, PIECES[self.below(PIECES.len())]),
            1 => text.replace_range(lo..hi, ""),
            2 => {
                let piece = text[lo..hi].to_string();
                let at = self.place(text);
                text.insert_str(at, &piece);
            }
            3 => {
                let seed = SEEDS[self.below(SEEDS.len())];
                let (from, at) = (self.place(seed), self.place(text));
                text.insert_str(at, &seed[from..].chars().take(40).collect::<String>());
            }
            _ => text.replace_range(lo..hi, PIECES[self.below(PIECES.len())]),
        }
    }
}

fn has_error_node(expr: &Expr) -> bool {
    let mut found = matches!(expr.kind, ExprKind::Error);
    expr.kind.for_each_child(&mut |child| found = found || has_error_node(child));
    found
}

#[test]
fn mutated_programs_get_an_answer() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut good, mut expanded_well) = (0, 0);
    for round in 0..20_000 {
        let mut text = SEEDS[round % SEEDS.len()].to_string();
        // The longest seed is for a few; most texts are short, so that mutations meet.
        if round % (8 * SEEDS.len()) != 0 && round % SEEDS.len() == 0 {
            text.truncate(200 + random.below(300));
        }
        for _ in 0..1 + random.below(3) * random.below(3) {
            random.mutate(&mut text);
        }
        let mut sources = SourceMap::default();
        let id = sources.add("mutant", text.clone());
        let (tokens, _) = lex(id, &text);
        assert!(tokens.windows(2).all(|pair| pair[0].span.hi <= pair[1].span.lo), "{text}");
        let (program, mut messages) = parse(id, &text);
        is_complete(&text);
        assert!(messages.0.len() <= 20, "{text}");
        let bodies = || program.macros.iter().map(|def| &def.body).chain([&program.body]);
        assert!(messages.has_errors() || !bodies().any(has_error_node), "{text}");
        if !messages.has_errors() {
            good += 1;
            let printed = print(&program.body, 60);
            let again = parse(id, &printed);
            assert!(!again.1.has_errors(), "{text}\n{printed}\n{:?}", again.1);
            assert_eq!(print(&again.0.body, 60), printed, "{text}");
        }
        let (body, more) = expand(&program);
        if !messages.has_errors() && !more.has_errors() {
            expanded_well += 1;
            assert!(!has_error_node(&body), "{text}");
            let printed = print(&body, 100);
            let (_, again) = parse(id, &printed);
            assert!(!again.has_errors(), "{text}\n{printed}\n{again:?}");
        }
        messages.0.extend(more.0);
        let options = RenderOptions { color: round % 7 == 0, width: 20 + random.below(100), bounded: true };
        let shown = render(&messages, &sources, options);
        assert_eq!(shown.is_empty(), messages.0.is_empty());
    }
    // The test is worth something only if both outcomes occur.
    assert!(good > 1000 && expanded_well > 500, "{good} {expanded_well}");
}
