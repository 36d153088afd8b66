//! Loops with hand-written bodies: same bits for every schedule, the lowest failure, no lost work.

use super::job::{Job, Work};
use super::partials::Partials;
use super::{Policy, Pool};
use crate::runtime::abi::{Appender, AppenderDesc, LoopDesc, Status, TaskCtx};
use crate::runtime::shims::{weld_rt_fail, weld_rt_for, weld_rt_grow, weld_rt_stop};
use crate::runtime::{Failure, Run, RunOptions, RunStats};
use std::mem::offset_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// What a test lets go wrong in a pool.
pub(super) struct Faults {
    /// The chunk with this iteration panics; -1 for none.
    pub(super) panic_at: AtomicI64,
    /// The system refuses every thread.
    pub(super) refuse_threads: AtomicBool,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults { panic_at: AtomicI64::new(-1), refuse_threads: AtomicBool::new(false) }
    }
}

impl Policy {
    pub(super) fn maybe_panic(&self, lo: i64, hi: i64) {
        if (lo..hi).contains(&self.faults.panic_at.load(Ordering::Relaxed)) {
            panic!("a panic that a test asked for");
        }
    }

    /// Gives work away at every leaf border where somebody is idle.
    fn eager() -> Policy {
        Policy {
            alone: Duration::ZERO,
            chunk: Duration::ZERO,
            spin: Duration::from_micros(5),
            ..Policy::default()
        }
    }
}

/// Numbers that look random, the same ones in each run of a test.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed ^ (mixed >> 29)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// Numbers of very different sizes, so that the order of a sum shows.
    fn float(&mut self) -> f64 {
        let bits = self.next();
        (bits as i64 as f64) * 2f64.powi((bits % 60) as i32 - 30)
    }
}

fn floats(n: usize, seed: u64) -> Vec<f64> {
    let mut random = Random(seed);
    (0..n).map(|_| random.float()).collect()
}

// The loop of most tests: a sum of floats, a sum and a maximum of integers, and two appenders.

#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Frame {
    float: f64,
    sum: i64,
    max: i64,
    evens: Appender,
    halves: Appender,
}

const EMPTY: Appender = Appender { data: std::ptr::null_mut(), len: 0, cap: 0 };
const FRESH: Frame = Frame { float: 0.0, sum: 0, max: i64::MIN, evens: EMPTY, halves: EMPTY };

impl Frame {
    /// A frame as compiled code passes it: nothing is said about the mergers.
    fn new() -> Frame {
        Frame { float: f64::NAN, sum: 99, max: 99, ..FRESH }
    }

    fn bytes(&mut self) -> *mut u8 {
        (&raw mut *self).cast()
    }
}

struct Env<'a> {
    data: &'a [f64],
    /// Iterations from here to `fail_to`, at each multiple of `fail_every`, fail.
    fail_from: i64,
    fail_to: i64,
    fail_every: i64,
    /// Turns of idle work per iteration, more for some than for others.
    cost: u32,
    /// Used by nested loops.
    inner: Option<&'a LoopDesc>,
}

impl<'a> Env<'a> {
    fn new(data: &'a [f64]) -> Env<'a> {
        Env { data, fail_from: i64::MAX, fail_to: i64::MAX, fail_every: 1, cost: 0, inner: None }
    }

    fn bytes(&self) -> *const u8 {
        (&raw const *self).cast()
    }
}

fn burn(turns: u32) {
    for turn in 0..turns {
        std::hint::black_box(turn);
    }
}

/// # Safety
/// A valid context; `appender` holds elements of type `T`.
unsafe fn push<T>(ctx: *mut TaskCtx, appender: &mut Appender, value: T) -> u32 {
    // SAFETY: by contract.
    unsafe {
        if appender.len == appender.cap {
            let code = weld_rt_grow(ctx, appender, 1, size_of::<T>() as i64);
            if code != 0 {
                return code;
            }
        }
        appender.data.cast::<T>().add(appender.len as usize).write(value);
    }
    appender.len += 1;
    0
}

unsafe extern "C" fn body(ctx: *mut TaskCtx, env: *const u8, frame: *mut u8, lo: i64, hi: i64) -> u32 {
    // SAFETY: the loops below pass an `Env` and a `Frame`.
    unsafe {
        let (env, frame) = (&*env.cast::<Env>(), &mut *frame.cast::<Frame>());
        for at in lo..hi {
            // At each border of a leaf, as compiled code does; leaves of these tests are shorter or a multiple.
            if at % 16 == 0 && (*(*ctx).signal).load(Ordering::Relaxed) != 0 {
                return weld_rt_stop(ctx);
            }
            if (env.fail_from..env.fail_to).contains(&at) && at % env.fail_every == 0 {
                return weld_rt_fail(ctx, Status::AssertionError as u32, 1, at, 2);
            }
            let value = env.data[at as usize];
            frame.float += value;
            frame.sum = frame.sum.wrapping_add(value.to_bits() as i64);
            frame.max = frame.max.max(value.to_bits() as i64);
            burn(if at % 7 == 0 { env.cost * 4 } else { env.cost });
            let mut code = 0;
            if value.to_bits() % 2 == 0 {
                code |= push(ctx, &mut frame.evens, at);
            }
            if value > 0.0 {
                code |= push(ctx, &mut frame.halves, at as i32);
            }
            if code != 0 {
                return code;
            }
        }
        0
    }
}

unsafe extern "C" fn combine(left: *mut u8, right: *const u8) {
    // SAFETY: only the merger parts are used: the frames may end behind them.
    unsafe {
        let (left, right) = (left.cast::<Frame>(), right.cast::<Frame>());
        (*left).float += (*right).float;
        (*left).sum = (*left).sum.wrapping_add((*right).sum);
        (*left).max = (*left).max.max((*right).max);
    }
}

static APPENDERS: [AppenderDesc; 2] = [
    AppenderDesc { offset: offset_of!(Frame, evens) as u32, stride: 8 },
    AppenderDesc { offset: offset_of!(Frame, halves) as u32, stride: 4 },
];

fn desc(leaf: i64, tree: u32) -> LoopDesc {
    LoopDesc {
        body,
        combine,
        neutral: (&raw const FRESH_STATIC.0).cast(),
        appenders: APPENDERS.as_ptr(),
        leaf,
        frame_bytes: size_of::<Frame>() as u32,
        merger_bytes: offset_of!(Frame, evens) as u32,
        n_appenders: 2,
        tree,
    }
}

struct Constant(Frame);

// SAFETY: it never changes.
unsafe impl Sync for Constant {}

static FRESH_STATIC: Constant = Constant(FRESH);

/// What is left of a frame: bits and elements.
#[derive(Clone, Debug, PartialEq)]
struct Answer {
    float: u64,
    sum: i64,
    max: i64,
    evens: Vec<i64>,
    halves: Vec<i32>,
}

fn elements<T: Clone>(appender: &Appender) -> Vec<T> {
    if appender.len == 0 {
        return Vec::new();
    }
    assert!(appender.len <= appender.cap);
    // SAFETY: an appender of this type, read before its run ends.
    unsafe { std::slice::from_raw_parts(appender.data.cast::<T>(), appender.len as usize) }.to_vec()
}

fn answer(frame: &Frame) -> Answer {
    Answer {
        float: frame.float.to_bits(),
        sum: frame.sum,
        max: frame.max,
        evens: elements(&frame.evens),
        halves: elements(&frame.halves),
    }
}

/// The tree of RUNTIME 4.2, written another way: nodes from the top, largest first, folded from the right.
fn tree_sum(leaves: &[f64]) -> f64 {
    fn node(leaves: &[f64]) -> f64 {
        match leaves {
            [one] => *one,
            _ => node(&leaves[..leaves.len() / 2]) + node(&leaves[leaves.len() / 2..]),
        }
    }
    if leaves.is_empty() {
        return 0.0;
    }
    let size = 1 << leaves.len().ilog2();
    let (top, rest) = leaves.split_at(size);
    if rest.is_empty() { node(top) } else { node(top) + tree_sum(rest) }
}

/// What a sequential run gives: rounding sums by the tree, or from left to right if `tree` is 0 (then the loops'
/// floats are left out, since only exact mergers may be combined freely).
fn model(data: &[f64], leaf: usize, tree: u32) -> Answer {
    let leaves: Vec<f64> =
        data.chunks(leaf).map(|leaf| leaf.iter().fold(0.0, |sum, value| sum + value)).collect();
    let bits = || data.iter().map(|value| value.to_bits() as i64);
    Answer {
        float: if tree == 1 { tree_sum(&leaves).to_bits() } else { 0 },
        sum: bits().fold(0, i64::wrapping_add),
        max: bits().max().unwrap_or(i64::MIN),
        evens: (0..data.len() as i64).filter(|at| data[*at as usize].to_bits().is_multiple_of(2)).collect(),
        halves: (0..data.len() as i32).filter(|at| data[*at as usize] > 0.0).collect(),
    }
}

fn execute(
    pool: &Arc<Pool>,
    threads: usize,
    desc: &LoopDesc,
    env: &Env,
) -> (Result<Answer, Failure>, RunStats) {
    let mut run = Run::new(pool, RunOptions { threads, ..RunOptions::default() });
    let mut frame = Frame::new();
    let n = env.data.len() as i64;
    // SAFETY: the body goes with this environment and frame.
    let outcome = run.execute(|ctx| unsafe { weld_rt_for(ctx, desc, env.bytes(), frame.bytes(), n) });
    let outcome = outcome.map(|()| {
        let mut answer = answer(&frame);
        if desc.tree == 0 {
            answer.float = 0;
        }
        answer
    });
    (outcome, run.finish().0)
}

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

#[test]
fn the_lowest_failure_wins() {
    let data = floats(20_000, 3);
    for threads in [1, 2, 3, 8] {
        let pool = Pool::with_policy(threads, Policy::eager());
        for round in 0..60 {
            let fail_from = 37 * round * round;
            let env = Env { fail_from, fail_every: 101, cost: 10, ..Env::new(&data) };
            let first = (fail_from..).find(|at| at % 101 == 0).unwrap();
            let (found, _) = execute(&pool, threads, &desc(4, (round % 2) as u32), &env);
            if first < 20_000 {
                let expected = Failure { status: Status::AssertionError, site: 1, a: first, b: 2 };
                assert_eq!(found, Err(expected), "threads {threads}");
            } else {
                assert!(found.is_ok());
            }
        }
        // The pool is as good as new.
        assert!(execute(&pool, threads, &desc(4, 1), &Env::new(&data)).0 == Ok(model(&data, 4, 1)));
    }
}

#[test]
fn cancelling_is_quick() {
    let data = vec![1.0; 1_000_000];
    for (threads, tree, value, status) in [
        (1, 0, RunOptions::CANCEL, Status::Cancelled),
        (1, 1, RunOptions::CANCEL, Status::Cancelled),
        (2, 0, RunOptions::CANCEL, Status::Cancelled),
        (4, 1, RunOptions::TIMEOUT, Status::Timeout),
    ] {
        let pool = Pool::new(threads);
        let options = RunOptions { threads, ..RunOptions::default() };
        let signal = Arc::clone(&options.signal);
        let mut run = Run::new(&pool, options);
        let caller = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(10));
            signal.store(value, Ordering::Relaxed);
            Instant::now()
        });
        let mut frame = Frame::new();
        // Some milliseconds per thousand iterations: far more in all than the test waits for.
        let (desc, env) = (desc(16, tree), Env { cost: 10_000, ..Env::new(&data) });
        let n = data.len() as i64;
        // SAFETY: the body goes with this environment and frame.
        let outcome = run.execute(|ctx| unsafe { weld_rt_for(ctx, &desc, env.bytes(), frame.bytes(), n) });
        let end = Instant::now();
        assert_eq!(outcome.unwrap_err().status, status);
        let took = end.saturating_duration_since(caller.join().unwrap());
        // The promise is 10 ms on a quiet machine.
        assert!(took < Duration::from_millis(100), "{took:?}");
    }
}

#[test]
fn a_failure_stops_what_is_above_it() {
    let data = vec![1.0; 1_000_000];
    let pool = Pool::new(4);
    // Some seconds of work if it did not stop.
    let env = Env { fail_from: 5000, fail_to: 5001, cost: 10_000, ..Env::new(&data) };
    let start = Instant::now();
    let (found, _) = execute(&pool, 4, &desc(16, 0), &env);
    assert_eq!(found, Err(Failure { status: Status::AssertionError, site: 1, a: 5000, b: 2 }));
    // The failing iteration itself is reached after less than a tenth of that.
    assert!(start.elapsed() < Duration::from_millis(1000), "{:?}", start.elapsed());
}

#[test]
fn the_end_of_a_run_comes_before_its_failures() {
    let mut run = Run::new(&Pool::new(1), RunOptions::default());
    let failure = |status| Failure { status, site: 0, a: 0, b: 0 };
    let outcome = run.execute(|ctx| {
        let desc = desc(1, 0);
        let work = Work { desc: &desc, env: std::ptr::null(), n: 0, leaf: 1 };
        for end in [Status::Cancelled, Status::Timeout, Status::Internal] {
            // SAFETY: a valid context; the job ends before what it refers to.
            let mut job = unsafe { Job::new(work, (*ctx).inner.run()) };
            job.fail(5, failure(Status::AssertionError));
            assert!(job.pointless(5) && !job.pointless(4));
            job.fail(7, failure(Status::DivideByZero));
            assert!(!job.pointless(4));
            job.fail(9, failure(end));
            assert!(job.pointless(0));
            job.fail(0, failure(Status::AssertionError));
            assert_eq!(job.outcome().err(), Some(failure(end)));
        }
        0
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn the_memory_limit_holds_in_parallel() {
    let data = floats(400_000, 8);
    let pool = Pool::with_policy(3, Policy::eager());
    for limit in [0, 1000, 100_000, 1_000_000] {
        let mut run =
            Run::new(&pool, RunOptions { threads: 3, memory_limit: Some(limit), ..RunOptions::default() });
        let mut frame = Frame::new();
        let (desc, env) = (desc(64, 0), Env::new(&data));
        // SAFETY: the body goes with this environment and frame.
        let outcome = run
            .execute(|ctx| unsafe { weld_rt_for(ctx, &desc, env.bytes(), frame.bytes(), data.len() as i64) });
        let failure = outcome.unwrap_err();
        assert_eq!((failure.status, failure.b), (Status::OutOfMemory, limit as i64));
        assert!(run.store().used() <= limit);
    }
    assert!(execute(&pool, 3, &desc(64, 0), &Env::new(&data)).0 == Ok(model(&data, 64, 0)));
}

#[test]
fn every_allocation_of_a_loop_may_fail() {
    let data = floats(30_000, 4);
    let pool = Pool::with_policy(3, Policy::eager());
    for tree in [0, 1] {
        let expected = model(&data, 16, tree);
        for from in 1.. {
            let mut run = Run::new(&pool, RunOptions { threads: 3, ..RunOptions::default() });
            run.store().faults.from.store(from, Ordering::Relaxed);
            let mut frame = Frame::new();
            let (desc, env) = (desc(16, tree), Env { cost: 2, ..Env::new(&data) });
            // SAFETY: the body goes with this environment and frame.
            let outcome = run.execute(|ctx| unsafe {
                weld_rt_for(ctx, &desc, env.bytes(), frame.bytes(), data.len() as i64)
            });
            match outcome {
                Ok(()) => {
                    let found = answer(&frame);
                    assert!(found.evens == expected.evens && found.sum == expected.sum);
                    // How many allocations there are depends on the schedule: end when none of them failed.
                    if run.store().faults.count.load(Ordering::Relaxed) < from {
                        break;
                    }
                }
                Err(failure) => assert_eq!(failure.status, Status::OutOfMemory),
            }
        }
    }
}

#[test]
fn two_runs_at_once() {
    let data = floats(10_000, 6);
    let expected = model(&data, 16, 1);
    let pool = Pool::with_policy(3, Policy::eager());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let (found, _) = execute(&pool, 3, &desc(16, 1), &Env { cost: 5, ..Env::new(&data) });
                    assert!(found == Ok(expected.clone()));
                }
            });
        }
    });
}

#[test]
fn runs_with_fewer_threads_than_the_pool() {
    let data = floats(3000, 6);
    let expected = model(&data, 4, 1);
    let pool = Pool::with_policy(8, Policy::eager());
    for round in 0..400 {
        let threads = [8, 2, 1, 3, 100][round % 5];
        let (found, _) = execute(&pool, threads, &desc(4, 1), &Env { cost: 2, ..Env::new(&data) });
        assert!(found == Ok(expected.clone()));
    }
}

#[test]
fn a_thief_that_may_not_run_a_task_hands_it_on() {
    let data = floats(3000, 6);
    let expected = model(&data, 4, 1);
    // Long enough awake to meet the next loop.
    let pool = Pool::with_policy(8, Policy { spin: Duration::from_millis(2), ..Policy::eager() });
    let (over, mut wrong) = (AtomicBool::new(false), 0);
    std::thread::scope(|scope| {
        // As if all workers had read the limit of an earlier loop.
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                pool.shared.limit.store(8, Ordering::Relaxed);
            }
        });
        for round in 0..200 {
            let threads = if round % 2 == 0 { 8 } else { 2 };
            let (found, _) = execute(&pool, threads, &desc(4, 1), &Env { cost: 200, ..Env::new(&data) });
            wrong += u32::from(found != Ok(expected.clone()));
        }
        over.store(true, Ordering::Relaxed);
    });
    assert_eq!(wrong, 0);
}

// Nested loops: each iteration of the outer loop runs an inner one over the same data and merges its float sum.

unsafe extern "C" fn outer_body(ctx: *mut TaskCtx, env: *const u8, frame: *mut u8, lo: i64, hi: i64) -> u32 {
    // SAFETY: the loops below pass an `Env` with an inner loop, and a `Frame`.
    unsafe {
        let outer = &*env.cast::<Env>();
        let frame = &mut *frame.cast::<Frame>();
        for at in lo..hi {
            let n = at * 37 % outer.data.len() as i64;
            let mut inner = Frame::new();
            let code = weld_rt_for(ctx, outer.inner.unwrap(), env, inner.bytes(), n);
            if code != 0 {
                return code;
            }
            frame.float += inner.float;
            frame.sum = frame.sum.wrapping_add(inner.sum).wrapping_add(inner.evens.len * at);
            let code = push(ctx, &mut frame.evens, inner.max);
            if code != 0 {
                return code;
            }
        }
        0
    }
}

#[test]
fn nested_loops_give_the_same_bits() {
    let data = floats(700, 12);
    let inner = desc(16, 1);
    let mut expected = std::collections::HashMap::new();
    for (threads, policy) in
        [(1, Policy::eager()), (2, Policy::eager()), (3, Policy::default()), (8, Policy::eager())]
    {
        let pool = Pool::with_policy(threads, policy);
        for round in 0..30 {
            // Few leaves: the inner loops share the pool. Many: the outer one does.
            for (n, leaf) in [(3, 16), (40, 16), (300, 4)] {
                let mut outer = desc(leaf, 1);
                outer.body = outer_body;
                let env = Env { inner: Some(&inner), cost: round % 3 * 20, ..Env::new(&data) };
                let mut run = Run::new(&pool, RunOptions { threads, ..RunOptions::default() });
                let mut frame = Frame::new();
                // SAFETY: the body goes with this environment and frame.
                let outcome =
                    run.execute(|ctx| unsafe { weld_rt_for(ctx, &outer, env.bytes(), frame.bytes(), n) });
                assert_eq!(outcome, Ok(()));
                let found = answer(&frame);
                assert_eq!(found.evens.len(), n as usize);
                let expected = expected.entry(n).or_insert_with(|| found.clone());
                assert!(found == *expected, "threads {threads}, n {n}");
            }
        }
    }
}

#[test]
fn a_failure_inside_a_nested_loop_is_the_lowest_one() {
    let data = floats(700, 12);
    let inner = desc(16, 0);
    for threads in [1, 3] {
        let pool = Pool::with_policy(threads, Policy::eager());
        for _ in 0..30 {
            let mut outer = desc(4, 0);
            outer.body = outer_body;
            // The first inner loop that is long enough fails: index 500 of outer iteration 14 (14 * 37 = 518).
            let env = Env { inner: Some(&inner), fail_from: 500, cost: 5, ..Env::new(&data) };
            let mut run = Run::new(&pool, RunOptions { threads, ..RunOptions::default() });
            let mut frame = Frame::new();
            // SAFETY: the body goes with this environment and frame.
            let outcome =
                run.execute(|ctx| unsafe { weld_rt_for(ctx, &outer, env.bytes(), frame.bytes(), 300) });
            assert_eq!(outcome, Err(Failure { status: Status::AssertionError, site: 1, a: 500, b: 2 }));
        }
    }
}

#[test]
fn a_panic_costs_the_run_and_not_the_pool() {
    let data = floats(4000, 7);
    let expected = model(&data, 4, 1);
    for threads in [2, 3] {
        let pool = Pool::with_policy(threads, Policy::eager());
        for round in 0..40 {
            pool.shared.policy.faults.panic_at.store(round * 100, Ordering::Relaxed);
            let env = Env { cost: 20, ..Env::new(&data) };
            let (found, _) = execute(&pool, threads, &desc(4, 1), &env);
            assert_eq!(found.unwrap_err().status, Status::Internal);
            pool.shared.policy.faults.panic_at.store(-1, Ordering::Relaxed);
            assert!(execute(&pool, threads, &desc(4, 1), &env).0 == Ok(expected.clone()));
        }
    }
}

#[test]
fn without_threads_the_caller_does_everything() {
    let data = floats(4000, 7);
    let pool = Pool::with_policy(4, Policy::eager());
    pool.shared.policy.faults.refuse_threads.store(true, Ordering::Relaxed);
    let (found, _) = execute(&pool, 4, &desc(4, 1), &Env { cost: 20, ..Env::new(&data) });
    assert!(found == Ok(model(&data, 4, 1)));
    assert_eq!(pool.shared.started.load(Ordering::Relaxed), 1);
}

#[test]
fn thousands_of_tiny_loops() {
    let data = floats(64, 7);
    let env = Env::new(&data);
    let pool = Pool::with_policy(3, Policy::eager());
    let mut run = Run::new(&pool, RunOptions { threads: 3, ..RunOptions::default() });
    let (one, many) = (desc(64, 1), desc(8, 1));
    let (expected_one, expected_many) = (model(&data, 64, 1).float, model(&data, 8, 1).float);
    // SAFETY: the body goes with this environment and frame.
    let outcome = run.execute(|ctx| unsafe {
        for round in 0..20_000 {
            let mut frame = Frame::new();
            let (desc, expected) = if round % 4 == 0 { (&many, expected_many) } else { (&one, expected_one) };
            let code = weld_rt_for(ctx, desc, env.bytes(), frame.bytes(), 64);
            if code != 0 {
                return code;
            }
            assert_eq!(frame.float.to_bits(), expected);
        }
        0
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn short_loops_wake_nobody() {
    let data = floats(64, 7);
    let pool = Pool::new(4);
    let (_, stats) = execute(&pool, 4, &desc(64, 1), &Env::new(&data));
    assert_eq!((stats.segments, pool.shared.started.load(Ordering::Relaxed)), (0, 1));
}

fn soon(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn idle_threads_sleep_and_end_with_the_pool() {
    let data = floats(20_000, 7);
    for _ in 0..20 {
        let pool = Pool::with_policy(4, Policy::eager());
        assert!(execute(&pool, 4, &desc(4, 1), &Env { cost: 20, ..Env::new(&data) }).0.is_ok());
        assert!(pool.shared.started.load(Ordering::Relaxed) > 1);
        soon("a worker does not go to sleep", || {
            pool.shared.live().skip(1).all(|slot| slot.sleeper.asleep())
        });
        let shared = Arc::downgrade(&pool.shared);
        drop(pool);
        soon("a worker does not end", || shared.strong_count() == 0);
    }
}

#[test]
fn the_pool_ends_right_after_a_loop() {
    let data = floats(2000, 7);
    for _ in 0..100 {
        let pool = Pool::with_policy(4, Policy::eager());
        assert!(execute(&pool, 4, &desc(4, 1), &Env { cost: 10, ..Env::new(&data) }).0.is_ok());
        let shared = Arc::downgrade(&pool.shared);
        drop(pool);
        soon("a worker does not end", || shared.strong_count() == 0);
    }
}

#[test]
fn no_wake_up_is_lost() {
    use super::sleep::Sleeper;
    use std::sync::atomic::{AtomicU64, fence};
    // Two threads take turns; each sleeps until the other has moved on.
    let (turn, beds) = (AtomicU64::new(0), [Sleeper::default(), Sleeper::default()]);
    let rounds = 20_000;
    let player = |me: u64| {
        while turn.load(Ordering::Acquire) < rounds {
            if turn.load(Ordering::Acquire) % 2 == me {
                turn.fetch_add(1, Ordering::AcqRel);
                fence(Ordering::SeqCst);
                beds[1 - me as usize].wake();
            } else {
                beds[me as usize].sleep(|| {
                    let now = turn.load(Ordering::Acquire);
                    now % 2 == me || now >= rounds
                });
            }
        }
        fence(Ordering::SeqCst);
        beds[1 - me as usize].wake();
    };
    std::thread::scope(|scope| {
        scope.spawn(|| player(0));
        player(1);
    });
    assert!(turn.load(Ordering::Relaxed) >= rounds);
}
