#![forbid(unsafe_code)]
//! The arguments of `weld bench`. Must not: run anything.

use super::{Inputs, Source};
use crate::config::parse_seconds;
use clap::Args;
use std::time::Duration;

#[derive(Args, Debug)]
pub struct BenchArgs {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub inputs: Inputs,
    /// Numbers of threads, such as 1,2,4 [default: 1 and that of --threads]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=512))]
    pub threads_list: Vec<u32>,
    /// Run each for so many seconds, and five times at least
    #[arg(long, value_name = "S", value_parser = parse_seconds, default_value = "1")]
    pub seconds: Duration,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}
