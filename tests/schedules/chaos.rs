//! Chaotic schedules: the same bits, values, order and errors, whoever runs what.

use super::corpus::subjects;
use crate::engines::Engines;
use weld::plan::Effort;

const MOST_THREADS: u64 = 16;

/// Runs the corpus in turn, on some number of threads each time.
pub fn run(runs: u64, seed: u64) {
    println!("seed {seed}");
    let mut engines = Engines::chaotic(MOST_THREADS as usize, seed);
    let subjects = subjects(&mut engines, Effort::Short);
    let count = subjects.len() as u64;
    let (mut state, mut steals) = (seed | 1, 0);
    for run in 0..runs {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let threads = 1 + (state >> 20) % MOST_THREADS;
        let subject = &subjects[(run % count) as usize];
        subject.compiled.borrow_mut().set_threads(threads as usize);
        let what = format!("{} on {threads} threads, run {run} of seed {seed}", subject.name);
        let code = subject.compiled.borrow();
        match engines.run(&what, (&subject.program, &code), &subject.args, &subject.meaning) {
            Ok(stolen) => steals += stolen,
            Err(complaint) => panic!("{complaint:?}"),
        }
    }
    println!("{runs} runs of {count} programs, {steals} steals");
    assert!(steals > runs / 100, "{steals} steals are hardly chaos");
}
