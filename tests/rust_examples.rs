//! The programs in examples/rust do what they say; each asserts it itself.
#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../examples/rust/columns.rs"]
mod columns;
#[path = "../examples/rust/errors.rs"]
mod errors;
#[path = "../examples/rust/lazy.rs"]
mod lazy;
#[path = "../examples/rust/threads.rs"]
mod threads;

#[test]
fn fragments_of_two_libraries_become_one_loop() {
    lazy::main().unwrap();
}

#[test]
fn strings_rows_and_dictionaries() {
    columns::main().unwrap();
}

#[test]
fn everything_that_can_go_wrong() {
    errors::main().unwrap();
}

#[test]
fn two_threads_share_a_program() {
    threads::main().unwrap();
}

/// A new example is not forgotten here.
#[test]
fn all_of_them_are_here() {
    let here = include_str!("rust_examples.rs");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/rust");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(here.contains(&format!("examples/rust/{name}\"]")), "{name}");
    }
}
