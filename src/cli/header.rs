#![forbid(unsafe_code)]
//! `weld header`: the types of a program's argument and result in the language of a caller.

use super::args::{Cli, Command, HdrgenArgs, HeaderArgs, Lang};
use super::context::Context;
use super::failure::{Failure, code};
use crate::view::bindings::{c_header, declarations, is_prefix};
use clap::Parser;
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

/// Prints the declarations.
pub fn header(args: &HeaderArgs, cx: &mut Context) -> Result<(), Failure> {
    if args.prefix.is_some() && args.lang != Lang::C {
        let hint = "a C++ header can be included in a namespace; Rust and Python have modules";
        return Err(Failure::usage("only `--lang c` has a `--prefix`", Some(hint.to_string())));
    }
    let loaded = cx.load(&args.source);
    // The hint of a file that is not there is an option that `hdrgen` has not.
    let loaded = loaded.map_err(|failure| if args.is_hdrgen { failure.without_hint() } else { failure })?;
    let program = &loaded.checked.program;
    let text = match args.lang {
        Lang::C => Ok(c_header(program, &prefix(args))),
        lang => declarations(program, lang.into()),
    };
    let text = text.map_err(|no_form| Failure::Other {
        exit: code::FAILED,
        code: "CompileError",
        message: no_form.to_string(),
        hint: Some("the other languages can: `weld header --lang c`, or `rust`, or `python`".to_string()),
    })?;
    Ok(cx.out.write_all(text.as_bytes())?)
}

/// What stands before the names of a C header: what was asked for, else the name of the file as a name of C; nothing for a
/// program without a file.
fn prefix(args: &HeaderArgs) -> String {
    let stem =
        || args.source.file.as_deref().filter(|file| *file != Path::new("-")).and_then(Path::file_stem);
    let prefix = args.prefix.clone().unwrap_or_else(|| {
        let name = stem().map(OsStr::to_string_lossy).unwrap_or_default();
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        if name.is_empty() || is_prefix(&name) { name } else { format!("weld_{name}") }
    });
    if prefix.is_empty() || prefix.ends_with('_') { prefix } else { prefix + "_" }
}

/// The command line of `hdrgen`, said as one of `weld`.
pub fn as_hdrgen() -> Result<Cli, clap::Error> {
    let args = HdrgenArgs::try_parse()?;
    let words = ["weld", "header", "--"].map(OsStr::new).into_iter().chain([args.input.as_os_str()]);
    let mut cli = Cli::try_parse_from(words)?;
    if let Some(Command::Header(args)) = &mut cli.command {
        args.is_hdrgen = true;
    }
    Ok(cli)
}
