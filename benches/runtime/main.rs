//! Run times of the scheduler, of every builder, and of whole programs, on one thread and on two.
//!
//!     cargo bench --bench runtime [-- FILTER]
//!
//! Promises: a figure is the time of a call from Rust, its inputs borrowed and its result freed outside; the throughput counts the
//! elements of the input. Must not: check anything; the tests do.
#![forbid(unsafe_code)]
#![allow(clippy::panic, reason = "a benchmark that cannot go on fails")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use weld::embed::Output;
use weld::{Config, Program, Session};

fn main() {
    divan::main();
}

/// Elements of a large input: 8 MB of `i64`.
const N: i64 = 1_000_000;

/// The same numbers each time, without a pattern that a processor could learn.
fn numbers(n: i64, below: i64) -> Vec<i64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 1) as i64 % below
    };
    (0..n).map(|_| next()).collect()
}

fn program(text: &str, threads: usize) -> Program {
    match Session::new(Config { threads, ..Config::default() }).program(text) {
        Ok(program) => program,
        Err(error) => panic!("{text}\n{error}"),
    }
}

/// Times calls of `text` with the vector `v`.
fn on_numbers<R: Output>(bencher: Bencher, text: &str, threads: usize, v: &[i64]) {
    let program = program(text, threads);
    bencher.counter(ItemsCount::new(v.len())).bench_local(|| match program.call::<R>(black_box(v)) {
        Ok(result) => result,
        Err(error) => panic!("{text}\n{error}"),
    });
}

/// What running anything costs.
mod scheduler {
    use super::{Bencher, N, numbers, on_numbers};

    /// A program that does nothing.
    #[divan::bench]
    fn empty(bencher: Bencher) {
        on_numbers::<i64>(bencher, "|v: vec[i64]| len(v)", 1, &[1, 2, 3]);
    }

    /// A loop too small to be shared.
    #[divan::bench(args = [1, 2])]
    fn tiny_loop(bencher: Bencher, threads: usize) {
        on_numbers::<i64>(bencher, "|v: vec[i64]| sum(v)", threads, &[1, 2, 3]);
    }

    /// A loop that costs much for each element.
    #[divan::bench(args = [1, 2])]
    fn heavy_loop(bencher: Bencher, threads: usize) {
        let text = "|v: vec[i64]| sum(map(v, |x| iterate({x, 0L}, |s| {{s.$0 * s.$0 + 1L, s.$1 + 1L}, s.$1 < 100L}).$0))";
        on_numbers::<i64>(bencher, text, threads, &numbers(N / 100, i64::MAX));
    }

    /// Inner loops whose lengths differ much.
    #[divan::bench(args = [1, 2])]
    fn irregular_nest(bencher: Bencher, threads: usize) {
        let text = "|v: vec[i64]| sum(map(v, |x| result(for(rangeiter(0L, x % 100L * (x % 100L), 1L), merger[i64,+], |b, i, e| \
                    merge(b, e * x)))))";
        on_numbers::<i64>(bencher, text, threads, &numbers(N / 100, i64::MAX));
    }
}

/// One builder each.
mod builders {
    use super::{Bencher, N, numbers, on_numbers};
    use weld::Array;

    #[divan::bench(args = [1, 2])]
    fn merger(bencher: Bencher, threads: usize) {
        on_numbers::<i64>(bencher, "|v: vec[i64]| sum(map(v, |x| x * x))", threads, &numbers(N, i64::MAX));
    }

    #[divan::bench(args = [1, 2])]
    fn merger_that_rounds(bencher: Bencher, threads: usize) {
        on_numbers::<f64>(bencher, "|v: vec[i64]| sum(map(v, |x| f64(x)))", threads, &numbers(N, i64::MAX));
    }

    #[divan::bench(args = [1, 2])]
    fn appender_in_place(bencher: Bencher, threads: usize) {
        on_numbers::<Array<i64>>(bencher, "|v: vec[i64]| map(v, |x| x + 1L)", threads, &numbers(N, i64::MAX));
    }

    #[divan::bench(args = [1, 2])]
    fn appender_of_half(bencher: Bencher, threads: usize) {
        let text = "|v: vec[i64]| filter(v, |x| x < 500L)";
        on_numbers::<Array<i64>>(bencher, text, threads, &numbers(N, 1000));
    }

    const GROUPS: &str =
        "|v: vec[i64]| len(tovec(result(for(v, dictmerger[i64,i64,+], |b, i, x| merge(b, {x, 1L})))))";

    #[divan::bench(args = [1, 2])]
    fn dictmerger_of_ten_keys(bencher: Bencher, threads: usize) {
        on_numbers::<i64>(bencher, GROUPS, threads, &numbers(N, 10));
    }

    #[divan::bench(args = [1, 2])]
    fn dictmerger_of_many_keys(bencher: Bencher, threads: usize) {
        on_numbers::<i64>(bencher, GROUPS, threads, &numbers(N, i64::MAX));
    }

    #[divan::bench(args = [1, 2])]
    fn groupmerger(bencher: Bencher, threads: usize) {
        let text = "|v: vec[i64]| len(tovec(result(for(v, groupmerger[i64,i64], |b, i, x| merge(b, {x % 1000L, x})))))";
        on_numbers::<i64>(bencher, text, threads, &numbers(N, i64::MAX));
    }

    #[divan::bench(args = [1, 2])]
    fn vecmerger(bencher: Bencher, threads: usize) {
        let text = "|v: vec[i64]|
            let zeros = result(for(rangeiter(0L, 1000L, 1L), appender[i64], |b, i, e| merge(b, 0L)));
            result(for(v, vecmerger[i64,+](zeros), |b, i, x| merge(b, {x, 1L})))";
        on_numbers::<Array<i64>>(bencher, text, threads, &numbers(N, 1000));
    }

    #[divan::bench(args = [1, 2])]
    fn sort_by_key(bencher: Bencher, threads: usize) {
        let text = "|v: vec[i64]| sort(v, |a, b| compare(a, b))";
        on_numbers::<Array<i64>>(bencher, text, threads, &numbers(N, i64::MAX));
    }

    #[divan::bench(args = [1, 2])]
    fn sort_by_any_comparison(bencher: Bencher, threads: usize) {
        let text =
            "|v: vec[i64]| sort(v, |a, b| if(a % 1000L < b % 1000L, -1, if(a % 1000L > b % 1000L, 1, 0)))";
        on_numbers::<Array<i64>>(bencher, text, threads, &numbers(N / 10, i64::MAX));
    }
}

/// Programs as libraries put them together.
mod programs {
    use super::{Bencher, N, numbers, on_numbers};

    /// A mask, a selection, two columns made of it, and a sum: one loop when all is fused.
    #[divan::bench(args = [1, 2])]
    fn columns(bencher: Bencher, threads: usize) {
        let text = "|v: vec[i64]|
            let keep = map(v, |x| x % 3L == 0L);
            let kept = map(filter(zip(v, keep), |p| p.$1), |p| p.$0);
            let halves = map(kept, |x| f64(x) / 2.0);
            let roots = map(kept, |x| sqrt(f64(x)));
            sum(map(zip(halves, roots), |p| p.$0 * p.$1))";
        on_numbers::<f64>(bencher, text, threads, &numbers(N, i64::MAX));
    }

    /// A dictionary made of one part of the rows and looked up by the others.
    #[divan::bench(args = [1, 2])]
    fn join(bencher: Bencher, threads: usize) {
        let text = "|v: vec[i64]|
            let table = result(for(slice(v, 0L, len(v) / 10L), dictmerger[i64,i64,+], |b, i, x| merge(b, {x, i})));
            sum(map(v, |x| let found = optlookup(table, x); if(found.$0, found.$1, 0L)))";
        on_numbers::<i64>(bencher, text, threads, &numbers(N, N));
    }
}
