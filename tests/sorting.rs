//! Sorts of many elements on any number of threads, against `slice::sort_by`; what they need, and how they end early.
#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::cmp::Ordering;
use std::time::Duration;
use weld::embed::{Input, Output};
use weld::runtime::Pool;
use weld::value::{ErrorKind, RunError};
use weld::{CallOptions, Config, Error, Program, Session};

const MANY: i64 = 200_000;

/// The same program on 1, 2, 3 and 8 threads.
fn programs(text: &str) -> Vec<Program> {
    let session = |threads| {
        Session::with_pool(Config { threads, ..Config::default() }, Pool::eager(threads))
            .program(text)
            .unwrap()
    };
    [1, 2, 3, 8].map(session).into()
}

fn check<T>(body: &str, ty: &str, input: &[T], order: impl Fn(&T, &T) -> Ordering)
where
    T: Input + Clone + std::fmt::Debug,
    Vec<T>: Output,
{
    let mut wanted = input.to_vec();
    wanted.sort_by(order);
    for program in programs(&format!("|v: vec[{ty}]| {body}")) {
        let found: Vec<T> = program.call(input).unwrap();
        let wrong = found
            .iter()
            .zip(&wanted)
            .position(|(found, wanted)| format!("{found:?}") != format!("{wanted:?}"));
        if let Some(at) = wrong {
            panic!("{body} of {ty}: {:?} at {at}, not {:?}", found[at], wanted[at]);
        }
        assert_eq!(found.len(), wanted.len());
    }
}

fn dice(seed: u64) -> impl Iterator<Item = u64> {
    (0..MANY as u64).map(move |at| {
        let mixed = (at + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 32)
    })
}

/// Floats with many ties, zeros of both signs and infinities.
fn float(dice: u64) -> f64 {
    match dice % 16 {
        0 => -0.0,
        1 => 0.0,
        2 => f64::NEG_INFINITY,
        3 => f64::INFINITY,
        4 => ((dice >> 40) as f64).exp2() * 1e-300,
        _ => (dice >> 50) as f64 - 8000.5,
    }
}

macro_rules! scalars {
    ($($ty:ident: $of:expr;)+) => {$({
        let values: Vec<$ty> = dice(3).map($of).collect();
        check("sort(v, |a, b| compare(a, b))", stringify!($ty), &values, |a, b| a.partial_cmp(b).unwrap());
        check("sort(v, |a, b| compare(b, a))", stringify!($ty), &values, |a, b| b.partial_cmp(a).unwrap());
        check("sort(v, |a, b| compare(a, b))", stringify!($ty), &values[..3000], |a, b| a.partial_cmp(b).unwrap());
    })+};
}

#[test]
fn scalars_up_and_down() {
    scalars! {
        i8: |dice| dice as i8;
        u8: |dice| (dice % 5) as u8;
        i16: |dice| dice as i16;
        u16: |dice| dice as u16;
        i32: |dice| dice as i32;
        u32: |dice| (dice >> 41) as u32;
        i64: |dice| dice as i64;
        u64: |dice| dice >> (dice % 64);
        f32: |dice| float(dice) as f32;
        f64: float;
    }
    let values: Vec<f64> = dice(4).map(|dice| (dice as i64) as f64).collect();
    check("sort(v, |a, b| compare(a, b))", "f64", &values, |a, b| a.partial_cmp(b).unwrap());
    check("sort(v, |x| -x)", "f64", &values, |a, b| b.partial_cmp(a).unwrap());
}

#[test]
fn rows_by_a_part_or_a_key() {
    let by = "sort(v, |a, b| compare(a.$0, b.$0))";
    let rows: Vec<(f64, i64)> = dice(5).zip(0..).map(|(dice, at)| (float(dice), at)).collect();
    check(by, "{f64,i64}", &rows, |a, b| a.0.partial_cmp(&b.0).unwrap());
    check("sort(v, |r| r.$0)", "{f64,i64}", &rows, |a, b| a.0.partial_cmp(&b.0).unwrap());
    check("sort(v, |r| {r.$0, -r.$1})", "{f64,i64}", &rows, |a, b| {
        a.0.partial_cmp(&b.0).unwrap().then(b.1.cmp(&a.1))
    });
    check("sort(v, |a, b| compare(b.$1 / 3L, a.$1 / 3L))", "{f64,i64}", &rows, |a, b| {
        (b.1 / 3).cmp(&(a.1 / 3))
    });
    let rows: Vec<(f32, u8)> = dice(6).map(|dice| (float(dice) as f32, dice as u8)).collect();
    check(by, "{f32,u8}", &rows, |a, b| a.0.partial_cmp(&b.0).unwrap());
    let rows: Vec<(i16, i16)> = dice(7).map(|dice| ((dice >> 30) as i16, dice as i16)).collect();
    check("sort(v, |a, b| compare(b.$1, a.$1))", "{i16,i16}", &rows, |a, b| b.1.cmp(&a.1));
    let rows: Vec<(i64, i32, f64)> =
        dice(8).zip(0..).map(|(dice, at)| (at, (dice >> 44) as i32 - 400_000, float(dice))).collect();
    check("sort(v, |a, b| compare(a.$1, b.$1))", "{i64,i32,f64}", &rows, |a, b| a.1.cmp(&b.1));
    check("sort(v, |a, b| compare(b.$2, a.$2))", "{i64,i32,f64}", &rows, |a, b| {
        b.2.partial_cmp(&a.2).unwrap()
    });
    check("sort(v, |r| r.$1 / 100)", "{i64,i32,f64}", &rows, |a, b| (a.1 / 100).cmp(&(b.1 / 100)));
    let rows: Vec<(u8, f32, bool)> =
        dice(9).map(|dice| (dice as u8, float(dice) as f32, dice & 4 == 0)).collect();
    check("sort(v, |a, b| compare(a.$1, b.$1))", "{u8,f32,bool}", &rows, |a, b| {
        a.1.partial_cmp(&b.1).unwrap()
    });
    check("sort(v, |a, b| compare(a.$2, b.$2))", "{u8,f32,bool}", &rows, |a, b| a.2.cmp(&b.2));
}

#[test]
fn comparators_that_make_no_sense_give_one_answer() {
    let values: Vec<i64> = dice(10).map(|dice| dice as i64 % 1000).collect();
    let with_nan: Vec<f64> =
        dice(11).map(|dice| if dice % 1000 == 7 { f64::NAN } else { float(dice) }).collect();
    let first = |found: Vec<Vec<u64>>| {
        assert!(found.windows(2).all(|pair| pair[0] == pair[1]));
        let mut all = found.into_iter().next().unwrap();
        all.sort_unstable();
        all
    };
    for body in ["i32((a * 7L ^ b * 5L) % 3L) - 1", "1", "-1", "i32(a % 10L > 5L || b < 0L)"] {
        let text = format!("|v: vec[i64]| sort(v, |a, b| {body})");
        let bits = |found: Vec<i64>| found.into_iter().map(|x| x as u64).collect();
        let all = programs(&text).iter().map(|program| bits(program.call(&values[..]).unwrap())).collect();
        let mut wanted: Vec<u64> = bits(values.clone());
        wanted.sort_unstable();
        assert_eq!(first(all), wanted, "{body}");
    }
    for text in ["|v: vec[f64]| sort(v, |a, b| compare(a, b))", "|v: vec[f64]| sort(v, |x| x)"] {
        let bits = |found: Vec<f64>| found.into_iter().map(f64::to_bits).collect();
        let all = programs(text).iter().map(|program| bits(program.call(&with_nan[..]).unwrap())).collect();
        let mut wanted: Vec<u64> = bits(with_nan.clone());
        wanted.sort_unstable();
        assert_eq!(first(all), wanted, "{text}");
    }
}

fn failure<T>(result: Result<T, Error>) -> RunError {
    match result {
        Err(Error::Run(failure)) => failure.error().clone(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("no failure"),
    }
}

/// Programs that sort in each of the ways there are.
const WAYS: [&str; 5] = [
    "|v: vec[f64]| len(sort(v, |a, b| compare(a, b)))",
    "|v: vec[f64]| len(sort(v, |x| x * 2.0))",
    "|v: vec[f64]| len(sort(v, |a, b| if(a * 2.0 > b * 2.0, 1, if(a * 2.0 < b * 2.0, -1, 0))))",
    "|v: vec[f64]| len(sort(map(v, |x| {x, x, x}), |a, b| compare(a.$1, b.$1)))",
    "|v: vec[f64]| len(sort(map(v, |x| {x, x, x}), |a, b| compare({b.$1, a.$0}, {a.$1, b.$0})))",
];

#[test]
fn memory_that_is_short_is_an_error() {
    let values: Vec<f64> = dice(12).map(|dice| dice as f64).collect();
    for text in WAYS {
        for program in programs(text) {
            let (mut refused, mut done) = (0, 0);
            for limit in (0..40).map(|k| k * MANY as u64 * 2) {
                match program.call_with::<i64>(&CallOptions::new().memory_limit(limit), &values[..]) {
                    Ok(len) => {
                        assert_eq!(len, MANY);
                        done += 1;
                    }
                    other => {
                        assert_eq!(failure(other).kind, ErrorKind::OutOfMemory, "{text} {limit}");
                        refused += 1;
                    }
                }
            }
            assert!(refused > 0 && done > 0, "{text}: {refused} {done}");
        }
    }
}

#[test]
fn a_sort_ends_when_it_is_told_to() {
    let values: Vec<f64> = (0..20).flat_map(dice).map(|dice| dice as f64).collect();
    for text in WAYS {
        for program in programs(text) {
            for micros in [100, 5_000] {
                let brief = CallOptions::new().time_limit(Duration::from_micros(micros));
                assert_eq!(failure(program.call_with::<i64>(&brief, &values[..])).kind, ErrorKind::Timeout);
            }
        }
    }
}
