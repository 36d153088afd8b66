//! Inputs: programs that were changed, words in a row, bytes.
//!
//! Promises: the same seed and index give the same input, as long as the programs of the repository are the same.

use super::corpus::{Program, cut, read};
use super::vocabulary::words;
use crate::workers::random::Random;
use std::ops::Range;

/// No input is longer.
const LONGEST: usize = 100_000;

/// One of so many inputs is large: deep, or long.
const LARGE: u64 = 400;

/// One in so many of the programs that take long is taken.
const EXPLODING: u64 = 20;

/// Makes inputs.
pub struct Maker {
    corpus: Vec<Program>,
    words: Vec<&'static str>,
}

impl Maker {
    pub fn new() -> Maker {
        Maker { corpus: read(), words: words() }
    }

    /// The input with this number.
    pub fn input(&self, base: u64, index: u64) -> String {
        let mut random = Random::new(Random::new(base ^ index.wrapping_mul(0xd134_2543_de82_ef95)).next());
        let mut text = match random.below(20) {
            0 => bytes(&mut random),
            1..=5 => self.soup(&mut random),
            _ => self.mutated(&mut random),
        };
        if random.below(LARGE) == 0 {
            text = self.amplified(&text, &mut random);
        }
        text.truncate(text.floor_char_boundary(LONGEST));
        text
    }

    fn program(&self, random: &mut Random) -> &Program {
        loop {
            let program = &self.corpus[random.below(self.corpus.len() as u64) as usize];
            if !program.explodes || random.below(EXPLODING) == 0 {
                return program;
            }
        }
    }

    fn word(&self, random: &mut Random) -> &'static str {
        self.words[random.below(self.words.len() as u64) as usize]
    }

    fn soup(&self, random: &mut Random) -> String {
        let mut text = String::new();
        if random.below(3) == 0 {
            text.push_str("|v: vec[i64], x: i64| ");
        }
        for _ in 0..1 + random.below(40) {
            text.push_str(self.word(random));
            if random.below(4) != 0 {
                text.push(' ');
            }
        }
        text
    }

    fn mutated(&self, random: &mut Random) -> String {
        let start = self.program(random);
        let (mut text, mut tokens) = (start.text.clone(), start.tokens.clone());
        // Few changes leave most programs right up to the types.
        let changes = 1 + if random.below(3) == 0 { random.below(12) } else { 0 };
        for at in 0..changes {
            if at > 0 {
                tokens = cut(&text);
            }
            self.change(&mut text, &tokens, random);
        }
        text
    }

    /// One change.
    fn change(&self, text: &mut String, tokens: &[Range<usize>], random: &mut Random) {
        if tokens.is_empty() {
            text.push_str(self.word(random));
            return;
        }
        let most = if random.below(3) == 0 { 12 } else { 1 };
        let run = pick(tokens, random, most);
        let (whole, at) = (run.clone(), run.start);
        match random.below(22) {
            0 => text.replace_range(run, ""),
            1 => text.insert_str(at, &format!("{} ", self.word(random))),
            2 | 3 => text.replace_range(run, self.word(random)),
            4 => {
                let copy = text[run].to_string();
                text.insert_str(pick(tokens, random, 1).start, &format!("{copy} "));
            }
            5 => {
                let copy = text[pick(tokens, random, 8)].to_string();
                text.replace_range(run, &copy);
            }
            6 | 7 => {
                let other = self.program(random);
                if !other.tokens.is_empty() {
                    let most = 1 + random.below(30);
                    let part = pick(&other.tokens, random, most);
                    text.replace_range(run, &other.text[part]);
                }
            }
            8 => {
                let other = self.program(random);
                let cut = text.floor_char_boundary(random.below(text.len() as u64 + 1) as usize);
                let from = other.text.floor_char_boundary(random.below(other.text.len() as u64 + 1) as usize);
                text.replace_range(cut.., &other.text[from..]);
            }
            9 => {
                let (open, close) = PAIRS[random.below(PAIRS.len() as u64) as usize];
                wrap(text, whole, open, close, 1 + random.below(3) as usize);
            }
            10 => {
                let end = text.floor_char_boundary(at + random.below(40) as usize);
                text.replace_range(at.min(end)..end, "");
            }
            11 => flip(text, random),
            12 => {
                let comment = ["# c\n", "\n# c\n", "#\n\n", "#@ in v = 1\n"][random.below(4) as usize];
                text.insert_str(at, comment);
            }
            13 => text.truncate(at),
            14..=18 => self.like(text, tokens, random),
            _ => self.graft(text, tokens, random),
        }
        text.truncate(text.floor_char_boundary(LONGEST));
    }

    /// Puts another token of its kind in the place of a token, so that most programs stay programs.
    fn like(&self, text: &mut String, tokens: &[Range<usize>], random: &mut Random) {
        let old = pick(tokens, random, 1);
        let kind = kind(&text[old.clone()]);
        for _ in 0..20 {
            let other = self.program(random);
            if other.tokens.is_empty() {
                continue;
            }
            let new = &other.text[pick(&other.tokens, random, 1)];
            if self::kind(new) == kind && *new != text[old.clone()] {
                text.replace_range(old, new);
                return;
            }
        }
    }

    /// Puts brackets of another program, with all that is in them, in the place of brackets.
    fn graft(&self, text: &mut String, tokens: &[Range<usize>], random: &mut Random) {
        let other = self.program(random);
        let Some(old) = brackets(text, tokens, random) else { return };
        let Some(new) = brackets(&other.text, &other.tokens, random) else { return };
        if random.below(2) == 0 || text[old.clone()].starts_with(&other.text[new.start..=new.start]) {
            text.replace_range(old, &other.text[new]);
        }
    }

    /// A deep or a long input.
    fn amplified(&self, text: &str, random: &mut Random) -> String {
        let tokens = cut(text);
        if tokens.is_empty() {
            return self.word(random).repeat(1 + random.below(3000) as usize);
        }
        let mut text = text.to_string();
        let most = 1 + random.below(30);
        let part = pick(&tokens, random, most);
        let times = [10, 100, 1000, 5000][random.below(4) as usize];
        if random.below(2) == 0 {
            let (open, close) = PAIRS[random.below(PAIRS.len() as u64) as usize];
            wrap(&mut text, part, open, close, times);
        } else {
            let copy =
                format!("{}{}", &text[part.clone()], ["", " ", ",", " + ", ";\n"][random.below(5) as usize]);
            text.insert_str(part.start, &copy.repeat(times.min(LONGEST / copy.len().max(1))));
        }
        text
    }
}

/// What can stand around something.
const PAIRS: &[(&str, &str)] = &[
    ("(", ")"),
    ("[", "]"),
    ("{", "}"),
    ("-", ""),
    ("!", ""),
    ("@(a: 1)", ""),
    ("|x| ", ""),
    ("(let a = 1; ", ")"),
    ("f(", ")"),
    ("i64(", ")"),
    ("vec[", "]"),
    ("{", "}.$0"),
    ("map(", ", |x| x)"),
    ("if(true, ", ", 0L)"),
    ("result(", ")"),
    ("(|y| ", ")(1L)"),
    ("let a = (", "); a"),
    ("merge(b, ", ")"),
    ("for(", ", appender, |b, i, x| merge(b, x))"),
    ("zip(", ", v)"),
    ("(1L + ", ")"),
    ("x + ", ""),
    ("", " + x"),
    ("sum([", "])"),
    ("(", ""),
    ("", ")"),
    ("iterate(1L, |s| {", " + s, false})"),
    ("(", " : i64)"),
];

fn wrap(text: &mut String, part: Range<usize>, open: &str, close: &str, times: usize) {
    let times = times.min(LONGEST / (open.len() + close.len()).max(1));
    text.insert_str(part.end, &close.repeat(times));
    text.insert_str(part.start, &open.repeat(times));
}

/// Some tokens in a row.
fn pick(tokens: &[Range<usize>], random: &mut Random, most: u64) -> Range<usize> {
    let first = random.below(tokens.len() as u64) as usize;
    let last = (first + random.below(most) as usize).min(tokens.len() - 1);
    tokens[first].start..tokens[last].end
}

/// A pair of brackets that belong together, with what is between them.
fn brackets(text: &str, tokens: &[Range<usize>], random: &mut Random) -> Option<Range<usize>> {
    if tokens.is_empty() {
        return None;
    }
    let start = random.below(tokens.len() as u64) as usize;
    let is = |at: &Range<usize>, signs: &str| at.len() == 1 && signs.contains(&text[at.clone()]);
    let open = (start..tokens.len()).find(|at| is(&tokens[*at], "([{"))?;
    let mut depth = 0usize;
    for token in &tokens[open..] {
        depth += usize::from(is(token, "([{"));
        depth -= usize::from(is(token, ")]}")).min(depth);
        if depth == 0 {
            return Some(tokens[open].start..token.end);
        }
    }
    None
}

/// What may stand for what: a name for a name, an operator for an operator.
fn kind(token: &str) -> u8 {
    let calls = ["len", "sum", "map", "filter", "result", "min", "max", "lookup", "merge", "zip"];
    match token.as_bytes().first() {
        Some(b'0'..=b'9') => 1,
        Some(b'"') => 2,
        Some(b'#') => 3,
        Some(b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b';' | b':' | b'.') => 4 + token.as_bytes()[0],
        Some(first) if !first.is_ascii_alphanumeric() && !matches!(first, b'_' | b'$' | b'|' | b'@') => 132,
        _ if calls.contains(&token) => 133,
        _ if token.len() == 3 && token.as_bytes()[1].is_ascii_digit() => 134,
        _ if token.len() <= 2 => 135,
        _ => 136,
    }
}

/// Changes one byte, if what comes out is text.
fn flip(text: &mut String, random: &mut Random) {
    if text.is_empty() {
        return;
    }
    let mut bytes = std::mem::take(text).into_bytes();
    let at = random.below(bytes.len() as u64) as usize;
    bytes[at] =
        if random.below(2) == 0 { bytes[at] ^ (1 << random.below(8)) } else { random.below(128) as u8 };
    *text = String::from_utf8_lossy(&bytes).into_owned();
}

fn bytes(random: &mut Random) -> String {
    let length = random.below(200);
    let ascii = random.below(2) == 0;
    let byte = |random: &mut Random| if ascii { 32 + random.below(95) as u8 } else { random.next() as u8 };
    let bytes: Vec<u8> = (0..length).map(|_| byte(random)).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
