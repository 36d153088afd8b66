//! Programs by dice, run by every engine: see `differential/generate` for the programs and `engines` for what must agree.
//!
//! `cargo test --test differential` runs some hundred programs: half of them always the same, half of them new, with a
//! seed that it prints. `WELD_PROGRAMS=10000 WELD_SEED=1` asks for more, or for the same again. Programs run in worker
//! processes, so that a crash is a failure like any other. A failing program is made smaller and printed as a fixture.

mod engines;
mod workers;

mod differential {
    pub mod choices;
    pub mod coverage;
    pub mod generate;
    pub mod shrink;
    pub mod supervisor;
    pub mod worker;
}

use libtest_mimic::{Arguments, Trial};

fn main() {
    if let Some(task) = workers::Task::of_this_process::<differential::supervisor::Sum>() {
        differential::worker::work(task);
        return;
    }
    let arguments = Arguments::from_args();
    let trial = Trial::test("generated programs agree", || Ok(differential::supervisor::run()?));
    libtest_mimic::run(&arguments, vec![trial]).exit();
}
