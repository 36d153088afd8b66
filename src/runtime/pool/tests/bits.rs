//! Same bits and same order, whatever the cuts, the sizes and the threads.

use super::super::partials::Partials;
use super::super::{Policy, Pool};
use super::{Env, Frame, Random, answer, desc, execute, floats, model, push, tree_sum};
use crate::runtime::shims::{weld_rt_for, weld_rt_grow};
use crate::runtime::{Run, RunOptions, RunStats};
use std::sync::Arc;

#[test]
fn ten_thousand_random_cuts_give_the_same_bits() {
    let pool = Pool::new(1);
    let mut random = Random(1);
    let mut run = Run::new(&pool, RunOptions::default());
    let outcome = run.execute(|ctx| {
        for round in 0..12_000 {
            let n = 1 + random.below(if round % 10 == 0 { 3000 } else { 70 });
            let values = floats(n, round);
            let mut cuts: Vec<usize> = (0..random.below(20)).map(|_| random.below(n + 1)).collect();
            cuts.extend([0, n]);
            cuts.sort_unstable();
            let segment = |lo: usize, hi: usize| {
                // SAFETY: a valid context; the values are merger parts of 8 bytes.
                unsafe {
                    let mut partials = Partials::new(ctx, 8, n as i64).unwrap();
                    for (leaf, value) in values.iter().enumerate().take(hi).skip(lo) {
                        partials.push_leaf(leaf as i64, (&raw const *value).cast(), add).unwrap();
                    }
                    partials
                }
            };
            let mut segments: Vec<Partials> = cuts.windows(2).map(|cut| segment(cut[0], cut[1])).collect();
            // Neighbours are joined in any order.
            while segments.len() > 1 {
                let at = random.below(segments.len() - 1);
                let right = segments.remove(at + 1);
                // SAFETY: neighbours of the same loop.
                unsafe { segments[at].append(&right, add).unwrap() };
                // SAFETY: a valid context.
                unsafe { (*ctx).inner.recycle(right.into_block()) };
            }
            let mut sum = f64::NAN;
            // SAFETY: a merger part of 8 bytes.
            unsafe { segments[0].fold((&raw mut sum).cast(), add) };
            assert_eq!(sum.to_bits(), tree_sum(&values).to_bits(), "round {round}, cuts {cuts:?}");
        }
        0
    });
    assert_eq!(outcome, Ok(()));
}

unsafe extern "C" fn add(left: *mut u8, right: *const u8) {
    // SAFETY: merger parts of one float.
    unsafe { *left.cast::<f64>() += *right.cast::<f64>() }
}

#[test]
fn same_answer_for_every_size_and_thread_count() {
    let pools: Vec<(usize, Arc<Pool>)> =
        [1, 2, 3, 8].map(|threads| (threads, Pool::with_policy(threads, Policy::eager()))).into();
    for (leaf, sizes) in [(1, 40), (4, 70), (16, 100)] {
        for n in (0..sizes).chain([500, 1001, 4096]) {
            let data = floats(n, n as u64);
            for tree in [0, 1] {
                let expected = model(&data, leaf, tree);
                for (threads, pool) in &pools {
                    let desc = desc(leaf as i64, tree);
                    let (found, stats) = execute(pool, *threads, &desc, &Env::new(&data));
                    assert_eq!(
                        found.as_ref(),
                        Ok(&expected),
                        "n {n}, leaf {leaf}, tree {tree}, threads {threads}"
                    );
                    assert_eq!(stats.leaves, n.div_ceil(leaf) as u64);
                }
            }
        }
    }
}

#[test]
fn work_is_stolen_and_the_answer_stays() {
    let data = floats(20_000, 5);
    let expected = [model(&data, 16, 0), model(&data, 16, 1)];
    for threads in [2, 3, 8] {
        let pool = Pool::with_policy(threads, Policy::eager());
        let mut total = RunStats::default();
        for round in 0.. {
            let tree = round % 2;
            let env = Env { cost: 5 + round * 3 % 40, ..Env::new(&data) };
            let (found, stats) = execute(&pool, threads, &desc(16, tree), &env);
            assert!(found == Ok(expected[tree as usize].clone()), "round {round}, threads {threads}");
            total.add(&stats);
            if round >= 100 && total.steals > 50 {
                break;
            }
        }
    }
}

#[test]
fn big_pieces_are_joined_in_order() {
    let data = floats(600_000, 9);
    let expected = model(&data, 64, 0);
    let pool = Pool::with_policy(4, Policy::eager());
    let mut steals = 0;
    while steals < 20 {
        let (found, stats) = execute(&pool, 4, &desc(64, 0), &Env { cost: 5, ..Env::new(&data) });
        assert!(found == Ok(expected.clone()));
        steals += stats.steals;
    }
}

#[test]
fn what_was_appended_before_stays_in_front() {
    let data = floats(5000, 2);
    for threads in [1, 4] {
        let pool = Pool::with_policy(threads, Policy::eager());
        let mut joined = RunStats::default();
        for round in 0.. {
            let reserved = [0, 10, 100_000][round % 3];
            let mut run = Run::new(&pool, RunOptions { threads, ..RunOptions::default() });
            let mut frame = Frame::new();
            let (desc, env) = (desc(8, 0), Env { cost: 100, ..Env::new(&data) });
            // SAFETY: the body goes with this environment and frame.
            let outcome = run.execute(|ctx| unsafe {
                for value in [-1i64, -2, -3] {
                    assert_eq!(push(ctx, &mut frame.evens, value), 0);
                }
                assert_eq!(weld_rt_grow(ctx, &mut frame.evens, reserved, 8), 0);
                let room = frame.evens;
                let code = weld_rt_for(ctx, &desc, env.bytes(), frame.bytes(), 5000);
                if reserved == 100_000 {
                    assert_eq!(frame.evens.data, room.data, "there was room for everything");
                }
                code
            });
            assert_eq!(outcome, Ok(()));
            let mut expected = vec![-1, -2, -3];
            expected.extend(model(&data, 8, 0).evens);
            assert_eq!(answer(&frame).evens, expected);
            joined.add(&run.finish().0);
            // Other threads may come late on a busy machine.
            if round >= 20 && (threads == 1 || joined.steals > 20) {
                break;
            }
        }
    }
}
