//! Fixtures: programs with the expected output below them. One named trial per file.
//!
//! `cargo bless` rewrites the expected (`#>`) lines; it refuses to when `CI` is set. Each kind of fixture has a
//! module of its own under `golden/`, with a function that finds its files and makes a trial of each.

#[cfg(feature = "jit")]
mod engines;
mod support;

mod golden {
    pub mod diagnostics;
    pub mod fixture;
    pub mod passes;
    pub mod print;
    #[cfg(feature = "jit")]
    pub mod run;
}

fn main() {
    let arguments = libtest_mimic::Arguments::from_args();
    let mut trials = Vec::new();
    trials.extend(golden::diagnostics::trials());
    trials.extend(golden::passes::trials());
    trials.extend(golden::print::trials());
    #[cfg(feature = "jit")]
    trials.extend(golden::run::trials());
    libtest_mimic::run(&arguments, trials).exit();
}
