#![forbid(unsafe_code)]
//! The program `weld`: the command line and nothing else.

fn main() {
    std::process::exit(weld::cli::main());
}
