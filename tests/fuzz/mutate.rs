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
        &self.corpus[random.below(self.corpus.len() as u64) as usize]
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
        let changes = 1 + random.below(3) + if random.below(4) == 0 { random.below(12) } else { 0 };
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
        match random.below(14) {
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
            _ => text.truncate(at),
        }
        text.truncate(text.floor_char_boundary(LONGEST));
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
