//! Texts by dice, right and wrong, through the front half: tokens, tree, macros, types, messages, canonical form.
//!
//! `cargo test --test fuzz` tries some ten thousand inputs: half of them always the same, half of them new, with a seed that
//! it prints. `WELD_INPUTS=10000000 WELD_SEED=1 cargo test --release --test fuzz` goes on for as long as asked;
//! `WELD_WORKERS=1` does it on one core. A panic, a crash, more than a second of processor time, a program that is not well
//! formed and a canonical form that is none are failures; each is made smaller and left in a file.

mod workers;

mod fuzz {
    pub mod corpus;
    pub mod judge;
    pub mod mutate;
    pub mod shrink;
    pub mod supervisor;
    pub mod vocabulary;
    pub mod worker;
}

use libtest_mimic::{Arguments, Trial};

fn main() {
    if let Some(task) = workers::Task::of_this_process::<fuzz::supervisor::Sum>() {
        fuzz::worker::work(task);
        return;
    }
    let arguments = Arguments::from_args();
    let trial = Trial::test("every text gets an answer", || Ok(fuzz::supervisor::run()?));
    libtest_mimic::run(&arguments, vec![trial]).exit();
}
