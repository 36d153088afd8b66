//! Sorting against `slice::sort_by_key`, on keys of every kind that a split or a digit could stumble over.

use super::counting;
use super::crew::{Crew, Turn};
use super::keys::{Keys, Record, kind};
use super::split::Shared;
use crate::runtime::abi::{Failure, Status};
use crate::runtime::run::plain_failure;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads of their own; the work ends after so many turns.
struct Threads {
    count: usize,
    turns: AtomicUsize,
}

impl Threads {
    fn new(count: usize) -> Threads {
        Threads { count, turns: AtomicUsize::new(usize::MAX) }
    }
}

impl Crew for Threads {
    fn each(&self, n: usize, turn: &Turn<'_>) -> Result<(), Failure> {
        let next = AtomicUsize::new(0);
        let all = || {
            std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < n))
                .all(|at| self.turns.fetch_sub(1, Ordering::Relaxed) > 0 && turn(at))
        };
        let done = std::thread::scope(|scope| {
            let others: Vec<_> = (1..self.count).map(|_| scope.spawn(all)).collect();
            all() & others.into_iter().all(|other| other.join().unwrap())
        });
        if done { Ok(()) } else { Err(plain_failure(Status::Cancelled)) }
    }

    fn stopped(&self) -> bool {
        false
    }

    fn exhausted(&self, _: usize) -> Failure {
        plain_failure(Status::OutOfMemory)
    }
}

/// The sorted records; `None` for a NaN.
fn sorted<T: Record + Default, const KIND: u8>(
    keys: &Keys<KIND>,
    input: &[T],
    crew: &Threads,
) -> Result<Option<Vec<T>>, Failure> {
    let (mut spare, mut out) = (vec![T::default(); input.len()], vec![T::default(); input.len()]);
    let from = Shared(input.as_ptr().cast_mut());
    // SAFETY: all have the same length, and the input is read only.
    let told = unsafe {
        super::sort(keys, crew, from, Shared(spare.as_mut_ptr()), Shared(out.as_mut_ptr()), input.len())?
    };
    Ok(told.then_some(out))
}

/// Whether equal keys keep their order is seen by comparing whole records.
fn check<T: Record + Default + PartialEq + Debug, const KIND: u8>(
    name: &str,
    keys: &Keys<KIND>,
    input: &[T],
) {
    let mut wanted = input.to_vec();
    wanted.sort_by_key(|record| keys.key(*record));
    for threads in [1, 3] {
        let found = sorted(keys, input, &Threads::new(threads)).unwrap().unwrap();
        let wrong = found.iter().zip(&wanted).position(|(found, wanted)| found != wanted);
        assert_eq!(wrong, None, "{name}, {} records, {threads} threads", input.len());
    }
}

fn dice(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// Keys of many shapes.
fn shapes(n: usize) -> Vec<(&'static str, Vec<u64>)> {
    let mut dice = dice(88172645463325252);
    let random: Vec<u64> = (0..n).map(|_| dice()).collect();
    let n64 = n as u64;
    let with = |name, key: &mut dyn FnMut(u64, u64) -> u64| {
        (name, random.iter().enumerate().map(|(at, random)| key(at as u64, *random)).collect())
    };
    vec![
        with("random", &mut |_, random| random),
        with("in order", &mut |at, _| at * 3),
        with("in order but for the last", &mut |at, _| if at + 1 == n64 { 0 } else { at }),
        with("in order but for a piece", &mut |at, _| if at < n64 / 2 { at + n64 } else { at }),
        with("reversed", &mut |at, _| n64 - at),
        with("equal", &mut |_, _| 42),
        with("two", &mut |_, random| random & 1),
        with("two far", &mut |_, random| (random & 1) << 63),
        with("hundred", &mut |_, random| (random % 100).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        with("low bits", &mut |_, random| random & 0xfff),
        with("high bits", &mut |_, random| random << 50),
        with("bits apart", &mut |_, random| random & 0x8000_0100_0000_0001),
        with("zipf", &mut |_, random| u64::MAX / (random | 1)),
        with("one small", &mut |at, _| u64::from(at != n64 / 3)),
        with("one large", &mut |at, _| if at == n64 / 3 { u64::MAX } else { 7 }),
        with("few others", &mut |at, random| if at % 997 == 1 { random } else { 1 << 40 }),
        with("clusters", &mut |_, random| ((random % 5) << 60) | (random >> 40 & 0xff)),
        // What a look at every so many records meets says nothing about the others.
        with("hidden", &mut |at, random| if at % (n64 / 1024).max(1) == 0 { random } else { random % 1000 }),
        with("digits below", &mut |at, random| (at % 3) << 60 | (random & 0xf)),
        with("organ pipes", &mut |at, _| at.min(n64 - at)),
        with("last", &mut |_, random| u64::MAX - (random & 3)),
    ]
}

#[test]
fn every_shape_every_record() {
    for n in [0, 1, 2, 40, 41, 300, 5_000, 70_000, 150_000] {
        for (name, keys) in shapes(n) {
            for flip in [0, 1 << 63, u64::MAX] {
                let whole = Keys::<{ kind::WHOLE }> { flip, ..Keys::of_word(0) };
                check(name, &whole, &keys);
            }
            let pairs: Vec<[u64; 2]> = keys.iter().zip(0..).map(|(key, at)| [at, *key]).collect();
            check(name, &Keys::<{ kind::WHOLE }>::of_word(1), &pairs);
            let part = Keys::<{ kind::PART }> {
                at: 0,
                shift: 32,
                mask: 0xffff_ffff,
                flip: 1 << 31,
                descending: false,
            };
            let packed: Vec<u64> = keys.iter().zip(0..).map(|(key, at)| (key << 32) | at).collect();
            check(name, &part, &packed);
            let short = Keys::<{ kind::WHOLE }> { mask: 0xffff_ffff, ..Keys::of_word(0) };
            check(name, &short, &keys.iter().map(|key| (key >> 7) as u32).collect::<Vec<u32>>());
        }
    }
}

#[test]
fn floats_with_zeros_of_both_signs() {
    for n in [41, 5_000, 150_000] {
        for (name, keys) in shapes(n) {
            for (zeros, descending) in [(true, false), (true, true), (false, false), (false, true)] {
                let value = |key: u64| match key % 11 {
                    0 if zeros => -0.0,
                    1 if zeros => 0.0,
                    2 => f64::INFINITY,
                    3 => -1.5,
                    _ if key.is_multiple_of(2) => (key % 1000) as f64 - 400.5,
                    _ => Some(f64::from_bits(key))
                        .filter(|value| value.is_finite() && *value != 0.0)
                        .unwrap_or(7.0),
                };
                let flip = if descending { u64::MAX } else { 0 };
                let wide = Keys::<{ kind::F64 }> { flip, descending, ..of_word(u64::MAX) };
                let values: Vec<u64> = keys.iter().map(|key| value(*key).to_bits()).collect();
                check(name, &wide, &values);
                let pairs: Vec<[u64; 2]> = values.iter().zip(0..).map(|(value, at)| [*value, at]).collect();
                check(name, &wide, &pairs);
                let mask = u64::from(u32::MAX);
                let narrow = Keys::<{ kind::F32 }> { flip: flip & mask, descending, ..of_word(mask) };
                let bits = |value: u64| (f64::from_bits(value) as f32).to_bits();
                check(name, &narrow, &values.iter().map(|value| bits(*value)).collect::<Vec<u32>>());
                let upper = Keys::<{ kind::F32 }> { shift: 32, ..narrow };
                let both = values.iter().zip(0..).map(|(value, at)| (u64::from(bits(*value)) << 32) | at);
                check(name, &upper, &both.collect::<Vec<u64>>());
            }
        }
    }
}

fn of_word<const KIND: u8>(mask: u64) -> Keys<KIND> {
    Keys { at: 0, shift: 0, mask, flip: 0, descending: false }
}

#[test]
fn the_order_of_numbers_is_that_of_floats() {
    let values =
        [f64::NEG_INFINITY, -1e300, -1.0, -f64::MIN_POSITIVE, 0.0, 1e-320, 2.5, f64::MAX, f64::INFINITY];
    for descending in [false, true] {
        let flip = if descending { u64::MAX } else { 0 };
        let keys = Keys::<{ kind::F64 }> { flip, descending, ..of_word(u64::MAX) };
        for pair in values.windows(2) {
            let (a, b) = (pair[0].to_bits(), pair[1].to_bits());
            assert_eq!(keys.key(a) < keys.key(b), !descending);
            assert_eq!(keys.decoded(keys.encoded(a)), a);
            assert_eq!(keys.decoded(keys.encoded(b)), b);
        }
        assert_eq!(keys.key((-0.0f64).to_bits()), keys.key(0.0f64.to_bits()));
    }
}

#[test]
fn a_nan_anywhere_is_told() {
    let keys = of_word::<{ kind::F64 }>(u64::MAX);
    for n in [41usize, 70_000, 150_000] {
        for at in [0, n / 2, n - 1] {
            let mut values: Vec<u64> = (0..n).map(|k| (k as f64).to_bits()).collect();
            values[at] = f64::NAN.to_bits() | 1 << 63;
            assert_eq!(sorted(&keys, &values, &Threads::new(2)).unwrap(), None);
        }
    }
}

#[test]
fn the_work_may_end_anywhere() {
    let keys: Vec<u64> = shapes(300_000).swap_remove(0).1;
    let counted = Threads { count: 1, turns: AtomicUsize::new(1 << 30) };
    assert!(sorted(&Keys::of_word(0), &keys, &counted).is_ok());
    let all = (1 << 30) - counted.turns.into_inner();
    assert!(all > 10);
    for turns in 0..all {
        let crew = Threads { count: 1, turns: AtomicUsize::new(turns) };
        assert_eq!(sorted(&Keys::of_word(0), &keys, &crew).unwrap_err().status, Status::Cancelled, "{turns}");
    }
}

#[test]
fn small_numbers_are_counted() {
    let mut dice = dice(77);
    for n in [1, 300, 400_000] {
        let numbers: Vec<u16> = (0..n).map(|_| dice() as u16).collect();
        let mut out = vec![0u16; n];
        for (flip, key) in [(0, u16::MIN), (0x8000, 0x8000), (0xffff, 0xffff)] {
            let mut wanted = numbers.clone();
            wanted.sort_by_key(|number| number ^ key);
            let (from, to) = (Shared(numbers.as_ptr().cast_mut()), Shared(out.as_mut_ptr()));
            // SAFETY: both have `n` numbers.
            unsafe { counting::sort(&Threads::new(3), from, to, n, flip).unwrap() };
            assert_eq!(out, wanted);
        }
    }
}
