#![forbid(unsafe_code)]
//! `weld header`: the types of a program's argument and result in the language of a caller.

use super::args::{Cli, HdrgenArgs, HeaderArgs};
use super::context::Context;
use super::failure::{Failure, code};
use crate::view::bindings::declarations;
use clap::Parser;
use std::ffi::OsStr;
use std::io::Write;

/// Prints the declarations.
pub fn header(args: &HeaderArgs, cx: &mut Context) -> Result<(), Failure> {
    let loaded = cx.load(&args.source)?;
    let text = declarations(&loaded.checked.program, args.lang.into()).map_err(|no_form| Failure::Other {
        exit: code::FAILED,
        code: "CompileError",
        message: no_form.to_string(),
        hint: Some("the other languages can: `weld header --lang c`, or `rust`, or `python`".to_string()),
    })?;
    Ok(cx.out.write_all(text.as_bytes())?)
}

/// The command line of `hdrgen`, said as one of `weld`.
pub fn as_hdrgen() -> Result<Cli, clap::Error> {
    let args = HdrgenArgs::try_parse()?;
    Cli::try_parse_from(["weld", "header", "--"].map(OsStr::new).into_iter().chain([args.input.as_os_str()]))
}
