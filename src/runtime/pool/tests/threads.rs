//! Short loops, sleep and the end of the pool.

use super::super::{Policy, Pool};
use super::{Env, Frame, desc, execute, floats, model};
use crate::runtime::shims::weld_rt_for;
use crate::runtime::{Run, RunOptions};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

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
    use crate::runtime::pool::sleep::Sleeper;
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
