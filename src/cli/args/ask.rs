#![forbid(unsafe_code)]
//! The arguments of the commands that answer a question about a program. Must not: answer it.

use super::{Inputs, Source};
use crate::diag::Place;
use crate::session::query::parse_place;
use clap::Args;
use std::path::PathBuf;

/// A program and what is asked about it.
#[derive(Args, Debug)]
pub struct Question {
    /// The program; `-` is standard input. With -e this is WHAT
    #[arg(required_unless_present = "expr")]
    file: Option<String>,
    /// What is asked about, as the command says
    what: Option<String>,
    /// The program itself
    #[arg(short = 'e', long = "expr", value_name = "EXPR", allow_hyphen_values = true)]
    expr: Option<String>,
}

impl Question {
    /// The program and what is asked; the error is for the user.
    pub fn split(&self) -> Result<(Source, Option<&str>), String> {
        let (file, what) = match (&self.expr, &self.file, &self.what) {
            (Some(_), Some(_), Some(_)) => {
                return Err("a program comes from a file or from -e, not both".to_string());
            }
            (Some(_), what, _) => (None, what),
            (None, file, what) => (file.as_ref().map(PathBuf::from), what),
        };
        Ok((Source { file, expr: self.expr.clone() }, what.as_deref()))
    }
}

#[derive(Args, Debug)]
pub struct WhyArgs {
    #[command(flatten)]
    pub question: Question,
    /// A place of the program
    #[arg(long, value_name = "LINE:COL", value_parser = parse_place)]
    pub at: Option<Place>,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct AskArgs {
    #[command(flatten)]
    pub question: Question,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct CompareArgs {
    #[command(flatten)]
    pub source: Source,
    /// Another program
    pub other: Option<PathBuf>,
    #[command(flatten)]
    pub inputs: Inputs,
    /// Run both and compare the results
    #[arg(long)]
    pub run: bool,
    /// With --run: run each so many times
    #[arg(long, value_name = "K", default_value_t = 5, requires = "run", value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}
