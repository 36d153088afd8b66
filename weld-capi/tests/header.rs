//! `include/weld.h` is what the source says: `WELD_BLESS=1 cargo test -p weld-capi --test header` writes it anew.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use cbindgen::{Builder, Config, DocumentationStyle, Language, SortKey, Style};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use weld_compiler::WeldRuntimeErrno;

/// The files of functions, in the order of the header.
const FILES: [&str; 9] =
    ["types", "conf", "context", "value", "module", "error", "dictionary", "library", "runst"];

const TOP: &str = "\
/* The C API of Weld. This file is generated from the source and checked by a test. C99 and C++98.
 *
 * Handles are made by functions called _new, _compile and _run, and freed by functions called _free. Whatever is handed in (null,
 * a freed handle, a handle of another kind) is an error or does nothing. Strings that are given back belong to the object they
 * come from. Any thread may call any function; a context runs one program at a time, a module any number.
 */
";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `ArrayOutOfBounds` as `WELD_ERRNO_ARRAY_OUT_OF_BOUNDS`.
fn constant(name: &str) -> String {
    let mut text = "WELD_ERRNO".to_string();
    for c in name.trim_start_matches("Errno").chars() {
        if c.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(c.to_ascii_uppercase());
    }
    text
}

fn numbers() -> String {
    let errnos = WeldRuntimeErrno::ALL.iter();
    let errnos: Vec<String> =
        errnos.map(|errno| format!("  {} = {}", constant(&errno.to_string()), *errno as u64)).collect();
    let levels = ["OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"].iter().enumerate();
    let levels: Vec<String> = levels.map(|(at, level)| format!("  WELD_LOG_LEVEL_{level} = {at}")).collect();
    format!(
        "/* What became of a call. */\nenum {{\n{}\n}};\n\n/* How much is logged. */\nenum {{\n{}\n}};\n",
        errnos.join(",\n"),
        levels.join(",\n")
    )
}

fn header() -> String {
    let config = Config {
        language: Language::C,
        cpp_compat: true,
        include_guard: Some("_WELD_H_".to_string()),
        no_includes: true,
        sys_includes: vec!["stdint.h".to_string()],
        header: Some(TOP.trim_end().to_string()),
        after_includes: Some(format!("\n{}", numbers().trim_end())),
        documentation_style: DocumentationStyle::Doxy,
        style: Style::Both,
        line_length: 110,
        ..Config::default()
    };
    let mut config = config;
    config.function.sort_by = Some(SortKey::None);
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = FILES.iter().map(|name| src.join(format!("{name}.rs")));
    let builder = files.fold(Builder::new().with_config(config), Builder::with_src);
    let mut text = Vec::new();
    builder.generate().unwrap().write(&mut text);
    without_safety(&String::from_utf8(text).unwrap())
}

/// Takes out the sections about `unsafe`, which are for Rust: in C every function is so.
fn without_safety(text: &str) -> String {
    let (mut out, mut inside) = (String::new(), false);
    for line in text.lines() {
        if line.trim() == "* # Safety" {
            inside = true;
            // The empty line before it goes too.
            out.truncate(out.trim_end().trim_end_matches('*').trim_end().len());
            out.push('\n');
        }
        inside &= line.trim() != "*/";
        if !inside {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

#[test]
fn the_header_is_current() {
    let (path, wanted) = (root().join("include/weld.h"), header());
    if std::env::var_os("WELD_BLESS").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert!(
        found == wanted,
        "include/weld.h is not current: WELD_BLESS=1 cargo test -p weld-capi --test header"
    );
    // Clients of a source checkout look here.
    assert_eq!(fs::read_to_string(root().join("weld-capi/weld.h")).unwrap(), wanted);
}

#[test]
fn every_file_with_functions_is_in_the_header() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(src).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let exports = fs::read_to_string(&path).unwrap().contains("no_mangle");
        assert!(!exports || FILES.contains(&name.as_str()), "{name} is missing in FILES");
    }
}

#[test]
fn the_header_is_c99_and_cpp98_behind_any_other() {
    // Some of these define macros with names that a parameter could have.
    let others = ["errno.h", "complex.h", "math.h", "signal.h", "stdio.h", "unistd.h"];
    let folder = tempfile::tempdir().unwrap();
    for (compiler, standard, name) in [("cc", "c99", "client.c"), ("c++", "c++98", "client.cpp")] {
        let client = folder.path().join(name);
        let others = others.iter().filter(|other| compiler == "cc" || **other != "complex.h");
        let includes: String = others.map(|other| format!("#include <{other}>\n")).collect();
        let body = "int main(void) { weld_runst_set_errno(weld_runst_init(1, 1000), 7); return 0; }";
        fs::write(&client, format!("{includes}#include \"weld.h\"\n{body}\n")).unwrap();
        let status = Command::new(compiler)
            .args([
                &format!("-std={standard}"),
                "-pedantic",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-fsyntax-only",
                "-I",
            ])
            .arg(root().join("include"))
            .arg(&client)
            .status();
        assert!(status.unwrap().success(), "{compiler} -std={standard}");
    }
}
