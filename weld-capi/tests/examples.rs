//! The programs in `examples/` build without a warning and say that all is well; the README shows one of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;

fn main() {
    let args = Arguments::from_args();
    let library = support::library();
    let mut trials = support::trials("examples/c", &library);
    trials.extend(support::trials("examples/cpp", &library));
    trials.push(Trial::test("README.md", the_readme_shows_an_example));
    libtest_mimic::run(&args, trials).exit();
}

fn the_readme_shows_an_example() -> Result<(), Failed> {
    let read = |name| fs::read_to_string(support::root().join(name));
    let example = read("examples/c/add.c")?;
    match read("README.md")?.contains(&format!("```c\n{example}```\n")) {
        true => Ok(()),
        false => Err("README.md does not show examples/c/add.c as it is".into()),
    }
}
