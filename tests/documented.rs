//! Every public item of the API for Rust programs has an example, which `cargo test --doc` runs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::{Path, PathBuf};

/// Where the API is. The rest of the crate is for Weld itself: see the head of src/lib.rs.
const PLACES: &[&str] =
    &["src/compat", "src/embed", "src/embed.rs", "src/runtime/ffi.rs", "src/runtime/runst.rs"];

/// Items without an example of their own, and why.
const EXCUSED: &[(&str, &str, &str)] = &[
    ("src/compat/data.rs", "$name", "the documentation stands where the macro is called"),
    ("src/embed/memory.rs", "Frame", "cannot be named outside the crate"),
    ("src/embed/types.rs", "Sealed", "cannot be named outside the crate"),
];

/// The words before the name of an item.
const KINDS: &[&str] = &["fn", "struct", "enum", "trait", "const", "type", "macro_rules!", "union", "static"];

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| files(&entry.unwrap().path(), found));
    } else {
        found.push(path.to_path_buf());
    }
}

/// The name of the public item that a line begins. `in_trait`: its items are as public as the trait.
fn item(line: &str, in_trait: bool) -> Option<&str> {
    let code = line.trim_start();
    let code = match code.strip_prefix("pub ") {
        Some(code) => code,
        None if code.starts_with("macro_rules! ") => code,
        None if in_trait && line.starts_with("    ") && !line.starts_with("     ") => code,
        None => return None,
    };
    let mut words = code.split(' ').skip_while(|word| ["unsafe", "async", "extern", "\"C\""].contains(word));
    let mut kind = words.next()?;
    let mut name = words.next()?;
    if kind == "const" && name == "fn" {
        (kind, name) = (name, words.next()?);
    }
    if !KINDS.contains(&kind) {
        return None;
    }
    name.split(['(', '<', ':', ';']).next()
}

/// The items of a file that lack an example, and how many items there are.
fn without_example(text: &str) -> (Vec<(usize, String)>, usize) {
    let (mut missing, mut count) = (Vec::new(), 0);
    // What stands above the line: documentation and attributes.
    let (mut above, mut in_trait) = (String::new(), false);
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    // An attribute of several lines goes on until its bracket is closed.
    let mut open = 0i32;
    for (at, line) in code.lines().enumerate() {
        let start = line.trim_start();
        if open > 0 || start.starts_with("#[") || start.starts_with("///") {
            if !start.starts_with("///") {
                open += line.matches('[').count() as i32 - line.matches(']').count() as i32;
            }
            above += line;
            above.push('\n');
            continue;
        }
        if let Some(name) = item(line, in_trait) {
            let is_macro = start.starts_with("macro_rules!");
            let is_hidden =
                above.contains("#[doc(hidden)]") || (is_macro && !above.contains("#[macro_export]"));
            if !is_hidden {
                count += 1;
                if !above.contains("```") {
                    missing.push((at + 1, name.to_string()));
                }
            }
        }
        in_trait = if line.starts_with("pub trait ") { true } else { in_trait && line != "}" };
        above.clear();
    }
    (missing, count)
}

#[test]
fn every_item_of_the_api_has_an_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    PLACES.iter().for_each(|place| files(&root.join(place), &mut paths));
    paths.sort();
    let (mut missing, mut total, mut used) = (Vec::new(), 0, 0);
    for path in paths {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        let (without, count) = without_example(&fs::read_to_string(&path).unwrap());
        total += count;
        for (line, item) in without {
            match EXCUSED.iter().any(|(file, excused, _)| *file == name && *excused == item) {
                true => used += 1,
                false => missing.push(format!("{name}:{line}: `{item}`")),
            }
        }
    }
    assert!(missing.is_empty(), "public items without an example:\n{}", missing.join("\n"));
    assert_eq!(used, EXCUSED.len(), "an excuse is not needed any more");
    assert!(total > 200, "only {total} items were found");
}

/// The search sees what it looks for.
#[test]
fn a_missing_example_is_found() {
    let names = |text: &str| without_example(text).0.into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    let bare = "/// Text.\npub const fn one() {}\n\npub unsafe fn two<T>() {}\n/// ```\npub struct Three;\n";
    assert_eq!(names(bare), ["one", "two"]);
    let of_trait =
        "/// ```\npub trait A {\n    /// B.\n    fn b();\n    #[doc(hidden)]\n    fn c();\n}\nfn d() {}\n";
    assert_eq!(names(of_trait), ["b"]);
    let generated =
        "#[doc = concat!(\n    \"```\"\n)]\npub const A: i32 = 1;\n#[macro_export]\nmacro_rules! m {}\n";
    assert_eq!(names(generated), ["m"]);
    assert_eq!(names("macro_rules! private {}\npub use a::b;\npub(super) fn c() {}\n"), Vec::<String>::new());
}
