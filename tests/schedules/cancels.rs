//! Cancels at random moments of long runs: each run ends, soon, and the next one is as good as ever.

use crate::engines::Engines;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use weld::inputs::generate;
use weld::plan::Effort;
use weld::runtime::RunOptions;
use weld::value::{ErrorKind, Value};

/// Elements of the inputs: the programs take some hundredths of a second.
const LEN: usize = 2_000_000;

const PROGRAMS: [&str; 8] = [
    "|v: vec[i64], w: vec[f64]| sum(map(w, |x| exp(sqrt(x * x)) + sin(x)))",
    "|v: vec[i64], w: vec[f64]| sort(w, |a, b| compare(a, b))",
    "|v: vec[i64], w: vec[f64]| sort(v, |a, b| compare(a % 1000L, b % 1000L))",
    "|v: vec[i64], w: vec[f64]| tovec(result(for(zip(v, w), dictmerger[i64,f64,+], |b,i,e| merge(b, e))))",
    "|v: vec[i64], w: vec[f64]| len(result(for(v, groupmerger[i64,i64], |b,i,x| merge(b, {x % 1000L, i}))))",
    "|v: vec[i64], w: vec[f64]| let z = map(v, |x| 0L); \
     result(for(v, vecmerger[i64,+](z), |b,i,x| merge(b, {x % len(z), 1L})))",
    "|v: vec[i64], w: vec[f64]| map(filter(zip(v, w), |p| p.$0 % 3L == 0L), |p| p.$1 * 2.0)",
    "|v: vec[i64], w: vec[f64]| iterate(0L, |x| {x + 1L, x < 200000000L})",
];

/// Cancels so many runs.
pub fn run(runs: u64, seed: u64) {
    println!("seed {seed}");
    let mut engines = Engines::new();
    let (mut state, mut waits, mut in_time) = (seed | 1, Vec::new(), 0);
    let mut subjects = Vec::new();
    for text in PROGRAMS {
        let checked = engines.check("long", text).unwrap_or_else(|complaint| panic!("{text}: {complaint:?}"));
        let program = engines.optimized(&checked).unwrap();
        let args: Vec<Value> = (program.func.params.iter().enumerate())
            .map(|(k, param)| generate(&param.ty, LEN, k as u64, Some((0.0, 1e6))).unwrap())
            .collect();
        let code = engines.compile(text, &program, Effort::Short).unwrap();
        let begin = Instant::now();
        code.run(&args, &Arc::default()).unwrap();
        subjects.push((text, code, args, begin.elapsed()));
    }
    for run in 0..runs {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let (text, code, args, whole) = &mut subjects[(run as usize) % PROGRAMS.len()];
        code.set_threads(1 + (state >> 40) as usize % 4);
        let moment = whole.mul_f64((state >> 20) as f64 / (1u64 << 44) as f64);
        let signal: Arc<AtomicU32> = Arc::default();
        let asked = std::thread::scope(|scope| {
            let canceller = scope.spawn(|| {
                std::thread::sleep(moment);
                let asked = Instant::now();
                signal.store(RunOptions::CANCEL, Ordering::Relaxed);
                asked
            });
            let ended = code.run(args, &signal);
            let end = Instant::now();
            match &ended {
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind, ErrorKind::Cancelled, "{text}: {error:?}"),
            }
            let asked = canceller.join().unwrap();
            ended.is_err().then(|| end.saturating_duration_since(asked))
        });
        match asked {
            Some(wait) => waits.push((wait, *text)),
            None => in_time += 1,
        }
    }
    for (text, code, args, _) in &subjects {
        assert!(code.run(args, &Arc::default()).is_ok(), "{text} after cancels");
    }
    waits.sort();
    assert!(waits.len() as u64 > runs / 10, "{in_time} of {runs} runs ended before they were cancelled");
    let at = |part: usize| waits[(waits.len() - 1) * part / 100];
    println!(
        "{runs} runs, {} cancelled: median {:?}, 99 of 100 within {:?}, last {:?}",
        waits.len(),
        at(50).0,
        at(99).0,
        at(100)
    );
    // No test of speed: a run that is lost would take until its end.
    assert!(at(100).0 < Duration::from_secs(5), "{:?}", at(100));
}
