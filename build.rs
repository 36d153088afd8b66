//! Finds the LLVM 22 shared library and links it by name.
//!
//! Promises: needs only the run-time package of LLVM (no headers, no `llvm-config`); when the
//! library is missing the build stops with one sentence that names `./setup`.

use std::path::Path;

/// Where distributions put `libLLVM-22.so`; `WELD_LLVM_LIB_DIR` comes before all of them.
const PLACES: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/usr/lib/llvm-22/lib",
    "/usr/lib64/llvm22/lib64",
    "/usr/lib/llvm22/lib",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=WELD_LLVM_LIB_DIR");
    if std::env::var_os("CARGO_FEATURE_JIT").is_none() {
        return;
    }
    let chosen = std::env::var("WELD_LLVM_LIB_DIR").ok();
    let places = chosen.iter().map(String::as_str).chain(PLACES.iter().copied());
    for place in places {
        let library = Path::new(place).join("libLLVM-22.so");
        if library.exists() {
            println!("cargo:rerun-if-changed={}", library.display());
            println!("cargo:rustc-link-search=native={place}");
            println!("cargo:rustc-link-lib=dylib=LLVM-22");
            return;
        }
    }
    println!("cargo:rerun-if-changed=/usr/lib");
    println!("cargo::error=LLVM 22 (libLLVM-22.so) was not found: run `./setup`, then build again.");
}
