//! Memory, failures and the functions that compiled code calls.

use super::abi::{Appender, Status, TaskCtx, symbols};
use super::memory::LARGE;
use super::shims::{weld_rt_alloc, weld_rt_fail, weld_rt_grow, weld_rt_stop};
use super::{Budget, Failure, Pool, Run, RunOptions, retained};
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn run_with_limit(memory_limit: Option<u64>) -> Run {
    Run::new(
        &Pool::new(1),
        RunOptions { budget: Arc::new(Budget::new(memory_limit)), ..RunOptions::default() },
    )
}

fn alloc(ctx: *mut TaskCtx, bytes: i64) -> Result<*mut u8, u32> {
    let mut data = std::ptr::null_mut();
    // SAFETY: the context comes from `execute`.
    let code = unsafe { weld_rt_alloc(ctx, bytes, &mut data) };
    if code == 0 { Ok(data) } else { Err(code) }
}

/// Appends `value` as compiled code does.
fn push(ctx: *mut TaskCtx, appender: &mut Appender, value: i64) -> u32 {
    if appender.len == appender.cap {
        // SAFETY: the context comes from `execute`, the appender is only changed here.
        let code = unsafe { weld_rt_grow(ctx, appender, 1, 8) };
        if code != 0 {
            return code;
        }
    }
    // SAFETY: there is room for at least one more element.
    unsafe { appender.data.cast::<i64>().add(appender.len as usize).write(value) };
    appender.len += 1;
    0
}

const EMPTY: Appender = Appender { data: std::ptr::null_mut(), len: 0, cap: 0 };

#[test]
fn every_function_has_an_address() {
    let symbols = symbols();
    assert_eq!(symbols.len(), 24);
    let mut addresses: Vec<usize> = symbols.iter().map(|symbol| symbol.address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    assert_eq!(addresses.len(), 24);
    assert!(addresses[0] != 0);
}

#[test]
fn allocations_are_aligned_apart_and_writable() {
    let mut run = run_with_limit(None);
    let outcome = run.execute(|ctx| {
        let mut ranges = Vec::new();
        for bytes in [0, 1, 63, 64, 65, 1000, 16_000, 65_472, 65_473, 65_536, 65_537, 1 << 20, 3, 0] {
            let data = alloc(ctx, bytes).unwrap();
            assert_eq!(data.addr() % 64, 0);
            // SAFETY: this many bytes were asked for.
            unsafe { data.write_bytes(0xAB, bytes as usize) };
            if bytes > 0 {
                ranges.push((data.addr(), data.addr() + bytes as usize));
            }
        }
        ranges.sort_unstable();
        assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        0
    });
    assert_eq!(outcome, Ok(()));
    let (stats, _memory) = run.finish();
    assert!(stats.bytes >= 1 << 20);
}

#[test]
fn absurd_sizes_are_out_of_memory() {
    for bytes in [-1, i64::MIN, i64::MAX, i64::MAX - 63, 1 << 60] {
        let mut run = run_with_limit(None);
        let failure = run.execute(|ctx| alloc(ctx, bytes).unwrap_err()).unwrap_err();
        assert_eq!(failure.status, Status::OutOfMemory);
        assert_eq!((failure.site, failure.b), (u32::MAX, 0));
        assert!(failure.a >= 1 << 60);
    }
}

#[test]
fn absurd_growth_is_out_of_memory() {
    for (more, stride) in [(i64::MAX, 8), (-1, 8), (1 << 61, 8), (1 << 40, 1 << 40), (1, i64::MAX), (1, -8)] {
        let mut run = run_with_limit(None);
        let failure = run.execute(|ctx| {
            let mut appender = EMPTY;
            assert_eq!(push(ctx, &mut appender, 1), 0);
            // SAFETY: a valid context and appender.
            let code = unsafe { weld_rt_grow(ctx, &mut appender, more.max(appender.cap).max(more), stride) };
            let code = if code == 0 {
                // SAFETY: as above.
                unsafe { weld_rt_grow(ctx, &mut appender, more, stride) }
            } else {
                code
            };
            // A refused request leaves the appender as it was.
            // SAFETY: one element was pushed.
            assert_eq!((appender.len, unsafe { *appender.data.cast::<i64>() }), (1, 1));
            code
        });
        assert_eq!(failure.unwrap_err().status, Status::OutOfMemory, "{more} {stride}");
    }
}

#[test]
fn growing_keeps_the_elements() {
    let mut run = run_with_limit(None);
    let outcome = run.execute(|ctx| {
        let (mut a, mut b) = (EMPTY, EMPTY);
        for at in 0..100_000 {
            // One grows where it is until the other gets in the way.
            assert_eq!(push(ctx, &mut a, at), 0);
            if at % 3 == 0 {
                assert_eq!(push(ctx, &mut b, -at), 0);
            }
        }
        // SAFETY: so many elements were pushed.
        let (a, b) = unsafe {
            (
                std::slice::from_raw_parts(a.data.cast::<i64>(), a.len as usize),
                std::slice::from_raw_parts(b.data.cast::<i64>(), b.len as usize),
            )
        };
        assert!(a.iter().copied().eq(0..100_000));
        assert!(b.iter().copied().eq((0..100_000).step_by(3).map(|at| -at)));
        0
    });
    assert_eq!(outcome, Ok(()));
    // Large old rooms are freed at once: what is left is the two last ones and some small ones.
    assert!(run.store().used() < 9 << 18, "{}", run.store().used());
}

#[test]
fn a_single_small_appender_grows_in_place() {
    let mut run = run_with_limit(None);
    let outcome = run.execute(|ctx| {
        let mut appender = EMPTY;
        assert_eq!(push(ctx, &mut appender, 0), 0);
        let data = appender.data;
        for at in 1..1000 {
            assert_eq!(push(ctx, &mut appender, at), 0);
        }
        assert_eq!(appender.data, data);
        0
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn growing_by_a_known_number_is_exact() {
    let mut run = run_with_limit(None);
    let outcome = run.execute(|ctx| {
        for (more, stride, cap) in
            [(1000, 8, 1000), (1, 8, 16), (1, 1, 128), (1, 200, 1), (5, 200, 5), (7, 0, i64::MAX)]
        {
            let mut appender = EMPTY;
            // SAFETY: a valid context and appender.
            assert_eq!(unsafe { weld_rt_grow(ctx, &mut appender, more, stride) }, 0);
            assert_eq!(appender.cap, cap, "{more} {stride}");
            assert!(!appender.data.is_null());
            let data = appender.data;
            // SAFETY: as above.
            assert_eq!(unsafe { weld_rt_grow(ctx, &mut appender, more, stride) }, 0);
            assert_eq!((appender.data, appender.cap), (data, cap), "there was room");
        }
        0
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn the_limit_is_kept_and_reported() {
    let limit = 1 << 20;
    let mut run = run_with_limit(Some(limit));
    let failure = run.execute(|ctx| {
        let mut appender = EMPTY;
        for at in 0.. {
            let code = push(ctx, &mut appender, at);
            if code != 0 {
                // Doubling would have failed at half a MiB: what fits is used.
                assert!(appender.len * 8 >= 256 * 1024, "{}", appender.len);
                return code;
            }
        }
        0
    });
    let Failure { status, a, b, .. } = failure.unwrap_err();
    assert_eq!((status, b), (Status::OutOfMemory, limit as i64));
    assert!(a > 0 && a <= limit as i64);
    assert!(run.store().used() <= limit);
    // The run can go on with what is left.
    assert_eq!(run.execute(|ctx| alloc(ctx, 64).map_or_else(|code| code, |_| 0)), Ok(()));
}

#[test]
fn near_the_limit_rooms_grow_by_what_is_needed() {
    let mut run = run_with_limit(Some(700 << 10));
    let outcome = run.execute(|ctx| {
        let mut appender = EMPTY;
        // SAFETY: a valid context and appender.
        assert_eq!(unsafe { weld_rt_grow(ctx, &mut appender, 300 << 10, 1) }, 0);
        appender.len = appender.cap;
        // Twice as much would be 900 KiB together with the old room.
        // SAFETY: as above.
        assert_eq!(unsafe { weld_rt_grow(ctx, &mut appender, 1, 1) }, 0);
        assert_eq!(appender.cap, (300 << 10) + 64);
        0
    });
    assert_eq!(outcome, Ok(()));
    // The old room is free again.
    assert_eq!(run.store().used(), (300 << 10) + 64);
}

#[test]
fn a_small_limit_serves_small_requests() {
    let mut run = run_with_limit(Some(1000));
    let outcome = run.execute(|ctx| {
        for _ in 0..15 {
            alloc(ctx, 64).unwrap();
        }
        alloc(ctx, 64).unwrap_err()
    });
    assert_eq!(outcome.unwrap_err(), Failure { status: Status::OutOfMemory, site: u32::MAX, a: 64, b: 1000 });
}

#[test]
fn every_allocation_may_fail() {
    let program = |ctx: *mut TaskCtx| {
        let mut appender = EMPTY;
        for at in 0..50_000 {
            let code = push(ctx, &mut appender, at);
            if code != 0 {
                return code;
            }
        }
        alloc(ctx, LARGE as i64).map_or_else(|code| code, |_| 0)
    };
    for from in 1.. {
        let mut run = run_with_limit(None);
        run.store().faults.from.store(from, Ordering::Relaxed);
        match run.execute(program) {
            Ok(()) => {
                assert!(from > 3, "the program allocates several times");
                break;
            }
            Err(failure) => assert_eq!(failure.status, Status::OutOfMemory),
        }
    }
}

#[test]
fn large_allocations_are_taken_once() {
    let mut run = run_with_limit(None);
    let (mut small, mut large) = (std::ptr::null_mut(), std::ptr::null_mut::<u8>());
    let outcome = run.execute(|ctx| {
        small = alloc(ctx, 100).unwrap();
        large = alloc(ctx, 100_000).unwrap();
        // SAFETY: inside of the allocation.
        unsafe { large.write_bytes(7, 100_000) };
        0
    });
    assert_eq!(outcome, Ok(()));
    let (_, mut memory) = run.finish();
    assert!(memory.take(small).is_none());
    assert!(memory.take(large.wrapping_add(64)).is_none());
    let taken = memory.take(large).unwrap();
    assert!(memory.take(large).is_none());
    drop(memory);
    assert!(std::ptr::eq(taken.data(), large) && taken.bytes() >= 100_000);
    // SAFETY: the allocation lives on.
    assert_eq!(unsafe { *taken.data().add(99_999) }, 7);
    fn shared(_: impl Send + Sync) {}
    shared(taken);
}

#[test]
fn failures_carry_their_details() {
    let mut run = run_with_limit(None);
    // SAFETY: the context comes from `execute`.
    let failure = run.execute(|ctx| unsafe { weld_rt_fail(ctx, Status::ArrayOutOfBounds as u32, 3, -1, 10) });
    assert_eq!(failure, Err(Failure { status: Status::ArrayOutOfBounds, site: 3, a: -1, b: 10 }));
    // A stale record is not shown for another status, and success has none.
    // SAFETY: as above.
    let failure = run.execute(|ctx| unsafe {
        weld_rt_fail(ctx, Status::AssertionError as u32, 3, 0, 0);
        Status::DivideByZero as u32
    });
    assert_eq!(failure, Err(Failure { status: Status::DivideByZero, site: u32::MAX, a: 0, b: 0 }));
    assert_eq!(run.execute(|_| 0), Ok(()));
    assert_eq!(run.execute(|_| 12345).unwrap_err().status, Status::Internal);
}

#[test]
fn a_panic_is_internal() {
    let mut run = run_with_limit(None);
    assert_eq!(
        run.execute(|_| panic!("a panic that a test asked for")).unwrap_err().status,
        Status::Internal
    );
    assert_eq!(run.execute(|_| 0), Ok(()));
}

#[test]
fn the_signal_names_the_status() {
    for (value, status) in [
        (RunOptions::CANCEL, Status::Cancelled),
        (RunOptions::TIMEOUT, Status::Timeout),
        (0, Status::Cancelled),
        (77, Status::Cancelled),
    ] {
        let options = RunOptions::default();
        let signal = options.signal.clone();
        let mut run = Run::new(&Pool::new(1), options);
        signal.store(value, Ordering::Relaxed);
        // SAFETY: the context comes from `execute`, whose signal lives as long as the run.
        let failure = run.execute(|ctx| unsafe {
            assert_eq!((*(*ctx).signal).load(Ordering::Relaxed), value);
            weld_rt_stop(ctx)
        });
        assert_eq!(failure.unwrap_err().status, status);
    }
}

/// Where a run with this limit has an allocation of `bytes` bytes, which it frees at its end.
fn place_of_large(memory_limit: Option<u64>, bytes: usize) -> usize {
    let mut run = run_with_limit(memory_limit);
    let mut place = 0;
    let outcome = run.execute(|ctx| {
        place = alloc(ctx, bytes as i64).unwrap().addr();
        0
    });
    assert_eq!((outcome, run.store().used()), (Ok(()), bytes as u64));
    place
}

#[test]
fn large_freed_blocks_are_used_again() {
    // Never written to, so it costs nothing; no other test asks for nearly as much.
    const BYTES: usize = 500_000_000 / 64 * 64;
    let first = place_of_large(None, BYTES);
    assert_eq!(retained::count(BYTES), 1);
    assert_eq!(place_of_large(None, BYTES - 64_000_000), first, "a somewhat larger block will do");
    assert_eq!(place_of_large(Some(BYTES as u64), BYTES), first);
    assert_eq!(retained::count(BYTES), 0, "a run keeps no more than a quarter of its limit");
    place_of_large(None, BYTES);
    place_of_large(None, BYTES / 2);
    assert_eq!((retained::count(BYTES), retained::count(BYTES / 2)), (1, 1), "half as much is another block");
    place_of_large(None, BYTES * 2);
    assert_eq!((retained::count(BYTES), retained::count(BYTES * 2)), (0, 1), "the oldest one makes room");
}
