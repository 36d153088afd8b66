//! Loops that merge into a vector: in copies and by rows, the same bits for every schedule.

use super::{Random, desc};
use crate::runtime::abi::{LoopDesc, PIECE, SheetHead, Status, TaskCtx, VectorDesc, VectorsDesc, WeldVec};
use crate::runtime::pool::Pool;
use crate::runtime::shims::{weld_rt_fail, weld_rt_for, weld_rt_sheet_grow};
use crate::runtime::vectors::{Vector, Way, by_rows, way};
use crate::runtime::{Budget, Failure, Run, RunOptions, RunStats};
use std::sync::Arc;

/// Merges `values[i]` into slot `slots[i]`.
struct Env<'a> {
    slots: &'a [usize],
    values: &'a [f64],
}

#[repr(C, align(64))]
struct Frame {
    vector: WeldVec,
}

unsafe extern "C" fn merge(ctx: *mut TaskCtx, env: *const u8, frame: *mut u8, lo: i64, hi: i64) -> u32 {
    // SAFETY: the loops below pass an `Env` and a `Frame`, whose vector is one of `f64`.
    unsafe {
        let (env, frame) = (&*env.cast::<Env>(), &*frame.cast::<Frame>());
        for at in lo as usize..hi as usize {
            let slot = env.slots[at];
            if slot >= frame.vector.len as usize {
                return weld_rt_fail(ctx, Status::ArrayOutOfBounds as u32, 1, slot as i64, frame.vector.len);
            }
            *frame.vector.data.cast::<f64>().add(slot) += env.values[at];
        }
    }
    0
}

/// The same by rows.
unsafe extern "C" fn scatter(ctx: *mut TaskCtx, env: *const u8, frame: *mut u8, lo: i64, hi: i64) -> u32 {
    // SAFETY: as above, but the data is the head of a sheet.
    unsafe {
        let (env, frame) = (&*env.cast::<Env>(), &*frame.cast::<Frame>());
        let head = frame.vector.data.cast::<SheetHead>();
        for at in lo as usize..hi as usize {
            let slot = env.slots[at];
            if slot >= frame.vector.len as usize {
                return weld_rt_fail(ctx, Status::ArrayOutOfBounds as u32, 1, slot as i64, frame.vector.len);
            }
            let part = slot >> (*head).shift;
            let place = head.add(1).cast::<*mut u8>().add(part);
            if (*place).addr() % PIECE == 0 {
                let code = weld_rt_sheet_grow(ctx, head, part as i64);
                if code != 0 {
                    return code;
                }
            }
            (*place).cast::<f64>().write_unaligned(env.values[at]);
            (*place).add(8).cast::<u16>().write_unaligned(slot as u16);
            *place = (*place).add(10);
        }
    }
    0
}

unsafe extern "C" fn apply(_: *mut TaskCtx, rows: *const u8, data: *mut u8, lo: i64, hi: i64) -> u32 {
    for at in lo as usize..hi as usize {
        // SAFETY: `scatter` wrote these rows.
        unsafe {
            let row = rows.add(at * 10);
            let slot = usize::from(row.add(8).cast::<u16>().read_unaligned());
            *data.cast::<f64>().add(slot) += row.cast::<f64>().read_unaligned();
        }
    }
    0
}

unsafe extern "C" fn fold(_: *mut TaskCtx, from: *const u8, to: *mut u8, lo: i64, hi: i64) -> u32 {
    for at in lo as usize..hi as usize {
        // SAFETY: two vectors of `f64` with these slots.
        unsafe { *to.cast::<f64>().add(at) += *from.cast::<f64>().add(at) };
    }
    0
}

static NEUTRAL: f64 = -0.0;

fn vector_desc(rounds: u32) -> VectorDesc {
    let neutral = (&raw const NEUTRAL).cast();
    VectorDesc { fold, apply, neutral, offset: 0, elem_bytes: 8, row_bytes: 10, rounds }
}

fn execute(
    pool: &Arc<Pool>,
    options: RunOptions,
    (leaf, rounds): (i64, u32),
    env: &Env,
    start: &[f64],
) -> (Result<Vec<u64>, Failure>, RunStats) {
    let own = vector_desc(rounds);
    let vectors =
        VectorsDesc { scatter: Some(scatter), vectors: &raw const own, n: 1, nested: 0, most_rows: 1 };
    let desc = LoopDesc {
        body: merge,
        frame_bytes: size_of::<Frame>() as u32,
        merger_bytes: 0,
        n_appenders: 0,
        vectors: &raw const vectors,
        ..desc(leaf, 0)
    };
    let mut data = start.to_vec();
    let mut frame = Frame { vector: WeldVec { data: data.as_mut_ptr().cast(), len: data.len() as i64 } };
    let mut run = Run::new(pool, options);
    let n = env.slots.len() as i64;
    let (at, env): (*mut u8, *const u8) = ((&raw mut frame).cast(), (&raw const *env).cast());
    // SAFETY: the bodies go with this environment and frame.
    let outcome = run.execute(|ctx| unsafe { weld_rt_for(ctx, &desc, env, at, n) });
    let stats = run.finish().0;
    let outcome = outcome.map(|()| {
        assert_eq!(frame.vector.data.addr(), data.as_ptr().addr());
        data.iter().map(|value| value.to_bits()).collect()
    });
    (outcome, stats)
}

/// What the rules of `runtime::vectors` give, in chunks of so many iterations.
fn model(env: &Env, start: &[f64], chunk: Option<i64>) -> Vec<u64> {
    let pairs: Vec<(usize, f64)> = env.slots.iter().copied().zip(env.values.iter().copied()).collect();
    let mut data = start.to_vec();
    match chunk {
        None => pairs.iter().for_each(|(slot, value)| data[*slot] += value),
        Some(chunk) => {
            for pairs in pairs.chunks(chunk as usize) {
                let mut own = vec![-0.0; data.len()];
                pairs.iter().for_each(|(slot, value)| own[*slot] += value);
                data.iter_mut().zip(&own).for_each(|(value, own)| *value += own);
            }
        }
    }
    data.iter().map(|value| value.to_bits()).collect()
}

fn slots(n: usize, len: usize, seed: u64) -> Vec<usize> {
    let mut random = Random(seed);
    (0..n).map(|_| random.below(len)).collect()
}

/// The way of a loop over a vector of so many `f64`, and whether it has rows on several threads.
fn plan(n: usize, leaf: i64, len: usize, rounds: bool) -> (Option<i64>, bool) {
    let vectors = [Vector { len: len as i64, elem_bytes: 8, rounds }];
    match way(n as i64, leaf, &vectors, false, false) {
        Way::Copies { chunk } => (Some(chunk), false),
        Way::InOrder => (None, by_rows(n as i64, leaf, &vectors, false)),
    }
}

#[test]
fn every_schedule_gives_the_same_bits() {
    let pool = Pool::with_policy(8, super::Policy::eager());
    let mut stolen = [0, 0];
    for (n, leaf, len, expect) in [
        (5000, 1, 7, (true, false)),
        (5000, 16, 7, (true, false)),
        (5000, 1, 3000, (false, true)),
        (30_000, 16, 20_000, (false, true)),
        (5000, 4096, 7, (false, false)),
        (5000, 1, 1_000_000, (false, false)),
    ] {
        let (slots, values) = (slots(n, len, 5), super::floats(n, 6));
        let env = Env { slots: &slots, values: &values };
        let start: Vec<f64> = super::floats(len, 7);
        let (chunk, rows) = plan(n, leaf, len, true);
        assert_eq!((chunk.is_some(), rows), expect, "{n} {leaf} {len}");
        let wanted = model(&env, &start, chunk);
        for threads in [1, 2, 3, 8] {
            for _ in 0..10 {
                let options = RunOptions { threads, ..RunOptions::default() };
                let (found, stats) = execute(&pool, options, (leaf, 1), &env, &start);
                assert!(found == Ok(wanted.clone()), "{n} {leaf} {len} on {threads} threads");
                stolen[usize::from(rows)] += stats.steals;
                assert!(stats.steals == 0 || chunk.is_some() || rows);
            }
        }
    }
    assert!(stolen[0] > 0 && stolen[1] > 0, "no schedule shared anything: {stolen:?}");
}

#[test]
fn exact_operators_share_copies() {
    let pool = Pool::with_policy(8, super::Policy::eager());
    let (n, len) = (20_000, 50);
    // Whole numbers: their sums do not round.
    let values: Vec<f64> = (0..n).map(|at| (at % 1000) as f64).collect();
    let slots = slots(n, len, 1);
    let env = Env { slots: &slots, values: &values };
    let start = vec![-0.0; len];
    let wanted = model(&env, &start, None);
    let mut steals = 0;
    for threads in [1, 2, 3, 8] {
        for _ in 0..20 {
            let options = RunOptions { threads, ..RunOptions::default() };
            let (found, stats) = execute(&pool, options, (1, 0), &env, &start);
            assert!(found == Ok(wanted.clone()), "on {threads} threads");
            steals += stats.steals;
        }
    }
    assert!(steals > 100, "{steals} steals");
}

#[test]
fn the_lowest_wrong_slot_is_told() {
    let pool = Pool::with_policy(8, super::Policy::eager());
    for len in [7, 3000] {
        let (mut slots, values) = (slots(5000, len, 5), super::floats(5000, 6));
        for (at, wrong) in [(1234, 9000), (1235, 9001), (4000, 9002)] {
            slots[at] = wrong;
        }
        let (env, start) = (Env { slots: &slots, values: &values }, vec![0.0; len]);
        for rounds in [0, 1] {
            for _ in 0..20 {
                let options = RunOptions { threads: 8, ..RunOptions::default() };
                let failure = execute(&pool, options, (1, rounds), &env, &start).0.unwrap_err();
                assert_eq!((failure.status, failure.a), (Status::ArrayOutOfBounds, 9000));
            }
        }
    }
}

#[test]
fn without_room_all_is_done_in_order() {
    let pool = Pool::with_policy(8, super::Policy::eager());
    let (slots, values) = (slots(5000, 3000, 5), super::floats(5000, 6));
    let (env, start) = (Env { slots: &slots, values: &values }, super::floats(3000, 7));
    let options =
        RunOptions { threads: 8, budget: Arc::new(Budget::new(Some(10_000))), ..RunOptions::default() };
    let (found, stats) = execute(&pool, options, (1, 1), &env, &start);
    assert!(found == Ok(model(&env, &start, None)));
    assert_eq!((stats.steals, stats.bytes), (0, 0));
}
