//! Failures, limits, panics and loops in loops.

use super::super::job::{Job, Work};
use super::super::{Policy, Pool};
use super::{Env, Frame, answer, desc, execute, floats, model, push};
use crate::runtime::abi::{Status, TaskCtx};
use crate::runtime::shims::weld_rt_for;
use crate::runtime::{Budget, Failure, Run, RunOptions};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

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
        let work = Work { desc: &desc, env: std::ptr::null(), n: 0, leaf: 1, chunked: None, vectors: None };
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
        let mut run = Run::new(
            &pool,
            RunOptions { threads: 3, budget: Arc::new(Budget::new(Some(limit))), ..RunOptions::default() },
        );
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
