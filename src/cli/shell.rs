#![forbid(unsafe_code)]
//! `weld completions` and `weld man`: made from the definition of the command line.

use super::args::{Cli, CompletionsArgs};
use super::context::Context;
use super::failure::Failure;
use clap::CommandFactory;
use std::io::Write;

/// Prints a completion script.
pub fn completions(args: &CompletionsArgs, cx: &mut Context) -> Result<(), Failure> {
    // The generator would panic where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "weld", &mut script);
    Ok(cx.out.write_all(&script)?)
}

/// Prints the manual page: the program, then each command.
pub fn man(cx: &mut Context) -> Result<(), Failure> {
    let mut command = Cli::command();
    // Building gives the commands their full names, such as `weld-run`.
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut cx.out)?;
    for sub in command.get_subcommands() {
        clap_mangen::Man::new(sub.clone()).render(&mut cx.out)?;
    }
    Ok(())
}
