#![forbid(unsafe_code)]
//! The program `hdrgen`: the header generator under the name and with the options that existing clients call.

fn main() {
    std::process::exit(weld::cli::hdrgen());
}
