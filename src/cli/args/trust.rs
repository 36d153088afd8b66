#![forbid(unsafe_code)]
//! The arguments of the commands that check the compiler against the meaning of a program. Must not: check anything.

use super::{Inputs, Source};
use crate::config::parse_seconds;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

pub(super) const VERIFY: &str = "\
Inputs are made up: lengths around 0, 1, 16 and the leaves of loops, extreme
numbers, NaN, infinities; those of -i and `#@ in` come first. Ends with exit
code 3 when something differs, and names pass, firing, rule and place.

Example: weld verify -e '|v: vec[i64]| sum(map(v, |x| x * x))'";

pub(super) const BISECT: &str = "\
Without a command a program is bad when it means something else than as
written, on inputs as those of `weld verify`. With a command it is bad when
the command ends with another exit code than 0; the program is in a file whose
name is put in the place of {}, else at the end. When it ends with 125, which
says that it cannot judge, the search has no answer and exit code 1.

Example: weld bisect demos/03-filter-map-sum.weld -- grep -q appender";

pub(super) const REDUCE: &str = "\
Without a command the program keeps what `weld verify` finds wrong with it;
with a command, the exit code of that command, which must not be 0. The
program is in a file whose name is put in the place of {}, else at the end.

Example: weld reduce -e '|v: vec[i64]| let a = len(v); {sum(v), a / 0L}' -- sh -c '! grep -q \"/ 0L\" {}'";

/// Which inputs to make up, and for how long.
#[derive(Args, Clone, Copy, Debug)]
pub struct Sampling {
    /// Make up so many inputs
    #[arg(long = "inputs", value_name = "N", default_value_t = 64)]
    pub made: usize,
    /// Which inputs
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Go on for so many seconds
    #[arg(long = "for", value_name = "S", value_parser = parse_seconds, default_value = "60")]
    pub budget: Duration,
}

#[derive(Args, Debug)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub inputs: Inputs,
    #[command(flatten)]
    pub how: Sampling,
    /// Write what is wrong into a file for `weld replay`
    #[arg(long, value_name = "FILE")]
    pub case: Option<PathBuf>,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// A program, and what judges it, for `bisect` and `reduce`.
#[derive(Args, Debug)]
pub struct JudgedArgs {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub inputs: Inputs,
    #[command(flatten)]
    pub how: Sampling,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
    /// What judges a program
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

#[derive(Args, Debug)]
pub struct ReplayArgs {
    /// The case; `-` is standard input
    pub file: PathBuf,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}
