#![forbid(unsafe_code)]
//! The command line, as data.
//!
//! Promises: what cannot be meant is refused here with exit code 2. Must not: read files or start anything.

mod ask;
mod bench;
mod header;
mod trust;

pub use ask::{AskArgs, CompareArgs, WhyArgs};
pub use bench::BenchArgs;
pub use header::{HdrgenArgs, HeaderArgs, Lang};
pub use trust::{JudgedArgs, ReplayArgs, Sampling, VerifyArgs};

use crate::config::{parse_bytes, parse_seconds, parse_threads};
use crate::view::ColorChoice;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// `weld ...`
#[derive(Debug, Parser)]
#[command(
    name = "weld",
    version,
    about = "Compile, run and look into Weld programs",
    long_about = "Compile, run and look into Weld programs.\n\nWithout a command it starts the interactive explorer.",
    after_help = "Try: weld run -e 'sum(map([1L, 2L, 3L], |x| x * x))'",
    after_long_help = EXIT_CODES,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    all good
  1    the program was rejected, or failed at run time
  2    wrong usage: options, the form of an input, an unknown name
  3    a check is false
  4    internal error: a bug of weld
  124  the time limit passed
  130  interrupted
  141  the reader of the output went away";

const INPUTS: &str = "\
Inputs:
  Every parameter of the program needs a value: from -i NAME=VALUE, else
  from a line `#@ in NAME = VALUE` before the program. VALUE is a Weld
  literal such as '[1L, 2L]', or @FILE or @FILE.csv:COLUMN. Paths in the
  program's own lines start at the directory of the program.

  A missing input, or a value of another type, ends with exit code 1;
  `-i` without `=`, and a name that the program does not have, with 2.";

/// Options of every command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Settings")]
pub struct Common {
    /// No warnings
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on standard error
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// When to write colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Stop after so many seconds; in the explorer, each run
    #[arg(long, global = true, value_name = "S", value_parser = parse_seconds, env = "WELD_TIMEOUT", hide_env = true)]
    pub timeout: Option<Duration>,
    /// Bytes that a run may allocate, such as 500M or 8G [default: three quarters of the machine's]
    #[arg(long, global = true, value_name = "SIZE", value_parser = parse_bytes, env = "WELD_MEMORY", hide_env = true)]
    pub memory: Option<u64>,
    /// Threads of a run [default: all processors]
    #[arg(short = 'j', long, global = true, value_name = "N", value_parser = parse_threads, env = "WELD_THREADS", hide_env = true)]
    pub threads: Option<usize>,
    /// The passes: `default`, `none`, names in order, `default,-NAME`, or `[ a b ]` to repeat; `compare` takes two
    #[arg(
        long,
        global = true,
        value_name = "LIST",
        allow_hyphen_values = true,
        env = "WELD_PASSES",
        hide_env = true
    )]
    pub passes: Vec<String>,
    /// A library of C functions for `cudf`: a path, or a name that the system looks for; may be repeated
    #[arg(long, global = true, value_name = "LIB")]
    pub library: Vec<String>,
    /// What LLVM does
    #[arg(long, global = true, value_enum, value_name = "HOW")]
    pub effort: Option<Effort>,
    /// Any setting by its name or key, such as `weld.compile.dumpCode=true`; wins over an option of its own, the last one over others: `weld docs settings`
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = parse_setting)]
    pub set: Vec<(String, String)>,
    /// What is logged on standard error [default: what `WELD_LOG` says, else warn]
    #[arg(long, global = true, value_enum, value_name = "LEVEL")]
    pub log: Option<Log>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a program and print its value
    #[command(after_long_help = INPUTS)]
    Run(RunArgs),
    /// Check a program and print its type
    Check(CheckArgs),
    /// Write programs in their canonical form: one layout, the same tree, every comment
    Fmt(FmtArgs),
    /// Walk through the compilation: program, types, passes with reasons and differences, loops, times
    #[command(after_long_help = INPUTS)]
    Explain(ExplainArgs),
    /// The table of passes: what each fired, left, cost and gained
    #[command(after_long_help = INPUTS)]
    Passes(PassesArgs),
    /// What fired, what nearly did, the one condition that failed, and what would be then; WHAT is a rule, a pass, or a place, LINE:COL
    #[command(after_help = "Try: weld why -e '|v: vec[i64], k: i64| sum(map(v, |x| x / k))' vectorize")]
    Why(WhyArgs),
    /// Which source a part of the optimized program came from; WHAT is a name or a place of it, LINE:COL
    #[command(after_help = "Try: weld origin -e '|v: vec[i64]| sum(map(v, |x| x + 1L))' 2:10")]
    Origin(AskArgs),
    /// What became of an expression, step by step; WHAT is its place in the source, LINE:COL
    #[command(after_help = "Try: weld fate -e '|v: vec[i64]| sum(map(v, |x| x + 1L))' 1:19")]
    Fate(AskArgs),
    /// In which steps a text appears and vanishes; WHAT is a text of the typed program, its macros written out
    #[command(after_help = "Try: weld find -e '|v: vec[i64]| sum(map(v, |x| x + 1L))' appender")]
    Find(AskArgs),
    /// One program under two pipelines, or two programs: first difference, loops, bytes, times
    #[command(
        after_help = "Try: weld compare -e '|v: vec[i64]| sum(map(v, |x| x + 1L))' --passes none",
        after_long_help = INPUTS
    )]
    Compare(CompareArgs),
    /// Compile and run times with their spread, for pipelines (`--passes` more than once) and numbers of threads
    #[command(
        after_help = "Try: weld bench -e '|v: vec[i64]| sum(v)' -i 'v=[1L]' --seconds 0.1",
        after_long_help = INPUTS
    )]
    Bench(BenchArgs),
    /// Compare the program after every rewrite, and its compiled code, with what it means as written
    #[command(after_long_help = trust::VERIFY)]
    Verify(VerifyArgs),
    /// Find the pass, and its firing, that makes a program wrong
    #[command(after_long_help = trust::BISECT)]
    Bisect(JudgedArgs),
    /// Make a failing program small
    #[command(after_long_help = trust::REDUCE)]
    Reduce(JudgedArgs),
    /// Run a case again that `verify --case` or a crash has written
    Replay(ReplayArgs),
    /// Print one level of the optimized program
    Emit(EmitArgs),
    /// Declare the types of a program's argument and result for C++, C, Rust or Python
    #[command(after_help = "Try: weld header -e '|v: vec[f64], k: f64| map(v, |x| x * k)' --lang c")]
    Header(HeaderArgs),
    /// List passes and rules, or describe one
    Rules(RulesArgs),
    /// Describe an error code, a pass, a rule, a macro or a construct; or list them all
    Docs(DocsArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// Where the program is.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct Source {
    /// The program; `-` is standard input
    pub file: Option<PathBuf>,
    /// The program itself
    #[arg(short = 'e', long = "expr", value_name = "EXPR", allow_hyphen_values = true)]
    pub expr: Option<String>,
}

/// `-i NAME=VALUE`.
#[derive(Clone, Debug)]
pub struct Input {
    pub name: String,
    pub spec: String,
}

/// Where the inputs are.
#[derive(Args, Debug)]
pub struct Inputs {
    /// An input: a Weld literal, or @FILE or @FILE.csv:COLUMN
    #[arg(short = 'i', long = "input", value_name = "NAME=VALUE", value_parser = parse_input)]
    pub inputs: Vec<Input>,
}

#[derive(Args, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub inputs: Inputs,
    /// Run so many times
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
    /// Print compile and run times on standard error
    #[arg(long)]
    pub time: bool,
    /// Check the program's `#@ expect` lines; exit code 3 when one is false
    #[arg(long)]
    pub expect: bool,
}

#[derive(Args, Debug)]
pub struct CheckArgs {
    #[command(flatten)]
    pub source: Source,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct FmtArgs {
    #[command(flatten)]
    pub sources: Sources,
    /// Write nothing; list what would change, exit code 3 when there is any
    #[arg(long)]
    pub check: bool,
}

/// Where the programs are.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct Sources {
    /// Programs, which are rewritten in place; `-` goes from standard input to standard output
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A program, which goes to standard output
    #[arg(short = 'e', long = "expr", value_name = "EXPR", allow_hyphen_values = true)]
    pub expr: Option<String>,
}

#[derive(Args, Debug)]
pub struct ExplainArgs {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub inputs: Inputs,
    /// One step only: a number from `weld passes`, or the firing F of step P
    #[arg(long, value_name = "P[.F]", value_parser = parse_step)]
    pub step: Option<StepNumber>,
    /// The code of one step, the last one by default
    #[arg(long, value_enum, value_name = "LEVEL", conflicts_with = "json")]
    pub level: Option<Level>,
    /// Print one JSON object per step
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct PassesArgs {
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub inputs: Inputs,
    /// Run the program after every pass and compare the results
    #[arg(long)]
    pub run: bool,
    /// With --run: run each so many times; with fewer than 4, nothing is said about what a pass earned
    #[arg(long, value_name = "K", default_value_t = 5, requires = "run", value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// Print one JSON object per step
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct EmitArgs {
    /// What to print
    #[arg(value_enum)]
    pub level: Level,
    #[command(flatten)]
    pub source: Source,
}

#[derive(Args, Debug)]
pub struct RulesArgs {
    /// A pass or a rule
    pub id: Option<String>,
}

#[derive(Args, Debug)]
pub struct DocsArgs {
    /// Such as E0203, DivideByZero, fuse-vertical, map, appender or weld.threads
    pub id: Option<String>,
    /// A part of that page: `weld docs settings threads`
    pub part: Option<String>,
    /// Print a JSON object; without an ID one for each topic
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// `P` or `P.F`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepNumber {
    pub pass: usize,
    pub firing: Option<usize>,
}

/// A level of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// The Weld program
    Weld,
    /// How its loops will run
    Plan,
    /// LLVM IR
    Llvm,
    /// LLVM IR after LLVM's passes
    LlvmOpt,
    /// Assembly of this machine
    Asm,
}

/// When to write colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> ColorChoice {
        match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
    }
}

/// What LLVM does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Effort {
    /// No LLVM passes: least compile time
    None,
    /// What pays for interactive use
    Short,
    /// LLVM's O2
    Full,
}

impl From<Effort> for crate::plan::Effort {
    fn from(effort: Effort) -> crate::plan::Effort {
        match effort {
            Effort::None => crate::plan::Effort::None,
            Effort::Short => crate::plan::Effort::Short,
            Effort::Full => crate::plan::Effort::Full,
        }
    }
}

/// What is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// Nothing
    Off,
    /// What failed and did not end the command
    Error,
    /// Settings without effect
    Warn,
    /// Compilations and runs
    Info,
    /// Each pass
    Debug,
    /// Each rewrite
    Trace,
}

impl From<Log> for log::LevelFilter {
    fn from(level: Log) -> log::LevelFilter {
        match level {
            Log::Off => log::LevelFilter::Off,
            Log::Error => log::LevelFilter::Error,
            Log::Warn => log::LevelFilter::Warn,
            Log::Info => log::LevelFilter::Info,
            Log::Debug => log::LevelFilter::Debug,
            Log::Trace => log::LevelFilter::Trace,
        }
    }
}

fn parse_setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_string(), value.to_string())),
        _ => Err("a setting is written KEY=VALUE, such as threads=2".to_string()),
    }
}

fn parse_input(text: &str) -> Result<Input, String> {
    match text.split_once('=') {
        Some((name, spec)) if !name.trim().is_empty() => {
            Ok(Input { name: name.trim().to_string(), spec: spec.to_string() })
        }
        _ => Err("an input is written NAME=VALUE or NAME=@FILE".to_string()),
    }
}

fn parse_step(text: &str) -> Result<StepNumber, String> {
    let wrong = |_| "a step is written P or P.F, such as 3 or 3.1".to_string();
    let (pass, firing) = match text.split_once('.') {
        Some((pass, firing)) => (pass, Some(firing.parse().map_err(wrong)?)),
        None => (text, None),
    };
    Ok(StepNumber { pass: pass.parse().map_err(wrong)?, firing })
}

#[cfg(test)]
mod tests {
    use super::{Cli, StepNumber, parse_input, parse_step};
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn steps() {
        assert_eq!(parse_step("3"), Ok(StepNumber { pass: 3, firing: None }));
        assert_eq!(parse_step("3.1"), Ok(StepNumber { pass: 3, firing: Some(1) }));
        for wrong in ["", "x", "3.", ".1", "-1", "1.1.1"] {
            assert!(parse_step(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn inputs_may_contain_equals_signs() {
        let input = parse_input("s=a=b").unwrap();
        assert_eq!((input.name.as_str(), input.spec.as_str()), ("s", "a=b"));
        assert!(parse_input("v").is_err() && parse_input("=1").is_err());
    }

    #[test]
    fn a_program_comes_from_one_place() {
        assert!(Cli::try_parse_from(["weld", "run", "a.weld", "-e", "1"]).is_err());
        assert!(Cli::try_parse_from(["weld", "run"]).is_err());
        assert!(Cli::try_parse_from(["weld", "run", "-", "-i", "x=-1"]).is_ok());
        assert!(Cli::try_parse_from(["weld", "run", "-e", "-1"]).is_ok());
        assert!(Cli::try_parse_from(["weld", "--passes", "-cse", "run", "-e", "1"]).is_ok());
    }
}
