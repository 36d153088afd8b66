//! The C functions that generated programs call.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::process::Command;

/// Of two scalars the one that is not smaller, for each scalar type; the length of any vector.
fn source() -> String {
    const SCALARS: [(&str, &str); 11] = [
        ("bool", "uint8_t"),
        ("i8", "int8_t"),
        ("i16", "int16_t"),
        ("i32", "int32_t"),
        ("i64", "int64_t"),
        ("u8", "uint8_t"),
        ("u16", "uint16_t"),
        ("u32", "uint32_t"),
        ("u64", "uint64_t"),
        ("f32", "float"),
        ("f64", "double"),
    ];
    let mut text = "#include <stdint.h>\ntypedef struct { void *data; int64_t len; } vec;\n".to_string();
    text += "void weld_test_length(vec *v, int64_t *out) { *out = v->len; }\n";
    for (name, c) in SCALARS {
        text += &format!(
            "void weld_test_later_{name}({c} *a, {c} *b, {c} *out) {{ *out = *a < *b ? *b : *a; }}\n"
        );
    }
    text
}

/// The library, made by the first process that asks.
pub fn path() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("functions");
    let made = folder.join("libfunctions.so");
    if made.exists() {
        return made;
    }
    std::fs::create_dir_all(&folder).unwrap();
    let own = |name: &str| folder.join(format!("{}-{name}", std::process::id()));
    std::fs::write(own("functions.c"), source()).unwrap();
    let status = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(own("functions.so"))
        .arg(own("functions.c"))
        .status();
    assert!(status.expect("cc, which links Rust programs, is there").success());
    // Whole or not there, for processes that look at the same time.
    std::fs::rename(own("functions.so"), &made).unwrap();
    made
}
