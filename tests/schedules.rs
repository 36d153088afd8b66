//! Programs under schedules that time does not bring: splits, steals and delays by chance, memory that ends at each
//! allocation, cancels at any moment.
//!
//! `WELD_RUNS=1000000 WELD_SEED=1 cargo test --release --test schedules` runs as many chaotic schedules, and tells how long
//! cancels took. Without them there are few, with a seed that is printed.
#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod engines;

mod schedules {
    pub mod cancels;
    pub mod chaos;
    pub mod corpus;
    pub mod scarcity;
}

use schedules::scarcity::Scarce;
use std::sync::{Mutex, PoisonError};

/// Lets allocations fail when a test asks for it.
#[global_allocator]
static MEMORY: Scarce = Scarce::new();

/// A number from the environment.
fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// One at a time: memory ends for the whole process, and times are told.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn all_schedules_give_the_same() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = setting("WELD_SEED", std::process::id().into());
    let runs = setting("WELD_RUNS", 20_000);
    schedules::chaos::run(runs, seed);
}

#[test]
fn every_allocation_may_fail() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    schedules::scarcity::run(&MEMORY);
}

#[test]
fn cancels_end_runs() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = setting("WELD_SEED", std::process::id().into());
    schedules::cancels::run(setting("WELD_RUNS", 20_000).div_ceil(1000).max(100), seed);
}
