//! Loops with hand-written bodies: same bits for every schedule, the lowest failure, no lost work.

mod bits;
mod failures;
mod threads;
mod vectors;

use super::{Policy, Pool};
use crate::runtime::abi::{Appender, AppenderDesc, LoopDesc, Status, TaskCtx};
use crate::runtime::shims::{weld_rt_fail, weld_rt_for, weld_rt_grow, weld_rt_stop};
use crate::runtime::{Failure, Run, RunOptions, RunStats};
use std::mem::offset_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

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
        sequential: 0,
        n_tables: 0,
        tables: std::ptr::null(),
        vectors: std::ptr::null(),
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
