#![forbid(unsafe_code)]
//! Large freed blocks, kept for a while because fresh memory is slow: the system clears every page of it at the
//! first touch, which takes longer than most loops.
//!
//! Promises: one store per process; what it holds is given back to the system when nobody asked for it for
//! [`KEEP`], or when the system has nothing else to give. Nobody ever waits here: whoever finds the store in use goes to the system, so
//! a child of a `fork` cannot hang on a lock that a thread of its parent held.
//! Must not: count against any budget, or be seen by programs: a block comes back with whatever was written to it.

use super::memory::Block;
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

/// Smaller blocks are left to the allocator, which keeps them itself.
pub(super) const FROM: usize = 128 * 1024;
/// The most bytes that are kept at a time.
pub(super) const MOST_BYTES: usize = 1 << 30;
/// The most blocks: looking for one stays cheap.
const MOST_BLOCKS: usize = 1024;
/// How long a block waits for its next use: as long as allocators wait with unused pages (jemalloc's `dirty_decay_ms`).
const KEEP: Duration = Duration::from_secs(10);
/// How often a store in use is asked again before the system is.
const TRIES: u32 = 100;

struct Held {
    block: Block,
    since: Instant,
}

/// The blocks, the one that waits longest first.
static HELD: Mutex<Vec<Held>> = Mutex::new(Vec::new());
/// Rung when the first block comes.
static FIRST: Condvar = Condvar::new();

fn held() -> Option<MutexGuard<'static, Vec<Held>>> {
    for _ in 0..TRIES {
        match HELD.try_lock() {
            Ok(guard) => return Some(guard),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => std::hint::spin_loop(),
        }
    }
    None
}

/// The kept block that fits `bytes` best: not shorter, and not much longer.
pub(super) fn take(bytes: usize) -> Option<Block> {
    let mut held = held()?;
    let fits = |at: &usize| {
        let room = held.get(*at).map_or(0, |held| held.block.room());
        room >= bytes && room - bytes <= bytes / 4
    };
    let best = (0..held.len()).filter(fits).min_by_key(|at| held.get(*at).map(|held| held.block.room()))?;
    Some(held.remove(best).block)
}

/// Keeps `block`, if it is to be one of at most `most` kept bytes; those that wait longest make room. What is not kept is freed.
pub(super) fn keep(block: Block, most: usize) {
    let most = most.min(MOST_BYTES);
    if block.room() > most {
        return;
    }
    let mut freed = Vec::new();
    {
        let Some(mut held) = held() else { return };
        if held.try_reserve(1).is_err() || freed.try_reserve(MOST_BLOCKS).is_err() {
            return;
        }
        let mut bytes: usize = block.room() + held.iter().map(|held| held.block.room()).sum::<usize>();
        while !held.is_empty() && (bytes > most || held.len() >= MOST_BLOCKS) {
            let oldest = held.remove(0);
            bytes -= oldest.block.room();
            freed.push(oldest);
        }
        held.push(Held { block, since: Instant::now() });
        if held.len() == 1 {
            FIRST.notify_one();
        }
    }
    static CLEANER: Once = Once::new();
    CLEANER.call_once(|| {
        // Without this thread blocks only go when later ones come: slower to give back, nothing worse.
        let _ = std::thread::Builder::new().name("weld-retained".to_owned()).spawn(clean);
    });
}

/// Gives the kept blocks back to the system.
pub(super) fn clear() {
    let all = held().map(|mut held| std::mem::take(&mut *held));
    drop(all);
}

/// The life of the thread that gives back what nobody wants: asleep while there is nothing.
fn clean() {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let Some(oldest) = held.first().map(|held| held.since) else {
            held = FIRST.wait(held).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let age = oldest.elapsed();
        if age < KEEP {
            held = FIRST.wait_timeout(held, KEEP - age).unwrap_or_else(PoisonError::into_inner).0;
            continue;
        }
        let old = held.iter().take_while(|held| held.since.elapsed() >= KEEP).count();
        let freed: Vec<Held> = held.drain(..old).collect();
        drop(held);
        drop(freed);
        held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    }
}

/// How many blocks of this size are kept.
#[cfg(test)]
pub(super) fn count(bytes: usize) -> usize {
    let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    held.iter().filter(|held| held.block.room() == bytes).count()
}
