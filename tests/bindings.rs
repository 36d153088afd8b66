//! `weld header` tells the truth: its texts go through the compilers of their languages without a warning, and every
//! size and offset there is that of `value::layout`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "bindings/generate.rs"]
mod generate;
#[path = "bindings/layouts.rs"]
mod layouts;

use generate::Dice;
use layouts::{Place, Step, elements, places, vectors};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use weld::config::Config;
use weld::ir::Program;
use weld::session::Session;
use weld::value::layout::layout;
use weld::view::bindings::{Language, c_header, declarations};

/// Names that are something else in one language or another, and types that are easily wrong.
const AWKWARD: &[&str] = &[
    "|| 1",
    "|u: {}| u",
    "|u: {{},{}}, v: vec[{}], w: {i8,{},{{}},i8}| v",
    "|a: bool, b: i8, c: i16, d: i32, e: i64, f: u8, g: u16, h: u32, i: u64, j: f32, k: f64| a",
    "|v: vec[vec[vec[{bool,vec[f32]}]]]| v",
    "|a: {i8,{i16,{i32,{i64,i8}}}}, b: {i16,{i32,{i64,i8}}}| {b, a}",
    "|$0: i8, _0: i8, $: i8, _: i8, __: i8, a$b: i8, a_b: i8, a_b_: i8| _",
    "|class: i8, struct: i8, new: i8, not: i8, int: i8, NULL: i8, linux: i8, errno: i8, _Bool: i8, __LINE__: i8| 1",
    "|INT64_MAX: i8, int8_t: i8, vec_i8: vec[i8], struct0: {i8}, input_type: i8, WELD_SIZE: i8, ptr: i8| 1",
    "|self: i8, Self: i8, super: i8, crate: i8, fn: i8, match: i8, async: i8, gen: i8, InputType: i8| 1",
    "|lambda: i8, None: i8, import: i8, _fields_: i8, _pack_: i8, __init__: i8, ctypes: i8, VecI8: i8| 1",
    "|I: i64, complex: i8, imaginary: i8, NAN: f64, INFINITY: f64, stdin: i8, stdout: i8, EXIT_FAILURE: i8, EDOM: i8| I",
    "|i: dict[i64,{i8,f64}], j: merger[{i8,i16,i8},max], k: vecmerger[f32,*], l: appender[vec[i8]]| {i, j, k, l}",
];

/// How many types come from dice: without and with what is opaque.
const PLAIN: u64 = 50;
const OPAQUE: u64 = 25;

/// The awkward programs, then those with types by dice, which have the elements of their vectors as parameters too.
fn programs() -> Vec<Program> {
    let plain = (0..PLAIN).map(|seed| Dice::new(seed).plain(4));
    let opaque = (0..OPAQUE).map(|seed| Dice::new(seed).opaque(2));
    let made = plain.chain(opaque).map(|ty| {
        let mut types = vec![ty.clone()];
        elements(&ty, &mut types);
        let params: Vec<String> = types.iter().enumerate().map(|(at, ty)| format!("p{at}: {ty}")).collect();
        format!("|{}| p0", params.join(", "))
    });
    AWKWARD.iter().map(|text| text.to_string()).chain(made).map(|text| checked(&text)).collect()
}

fn checked(text: &str) -> Program {
    let mut session = Session::new(Config { threads: 1, ..Config::default() });
    let source = session.add_source("program", text.to_string());
    session.check(source).unwrap_or_else(|why| panic!("{text}\n{why:?}")).program
}

/// Runs a tool, which must not say a word; whether there is such a tool.
fn passes(tool: &str, args: &[&str], files: &[String], folder: &Path) -> bool {
    let Ok(output) = Command::new(tool).args(args).args(files).current_dir(folder).output() else {
        return false;
    };
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{tool} {args:?}\n{told}");
    true
}

/// C and C++ compilers are what `./setup` guarantees.
fn compiles(compiler: &str, standards: &[&str], files: &[String], folder: &Path) {
    for standard in standards {
        let mut args = vec![*standard, "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"];
        if compiler == "c++" {
            args.extend(["-x", "c++"]);
        }
        assert!(passes(compiler, &args, files, folder), "there is no `{compiler}`: run ./setup");
    }
}

/// A place as the language writes it.
fn written(path: &[Step], language: Language) -> String {
    let steps = path.iter().map(|step| match (step, language) {
        (Step::Param(at) | Step::Field(at), Language::Cpp) => format!("_{at}"),
        (Step::Param(at), _) => format!("p{at}"),
        (Step::Field(at), _) => format!("_{at}"),
        (Step::Data, Language::Cpp) => "ptr".to_string(),
        (Step::Len, Language::Cpp) => "size".to_string(),
        (Step::Data, _) => "data".to_string(),
        (Step::Len, _) => "len".to_string(),
    });
    steps.collect::<Vec<_>>().join(".")
}

/// What a compiler is asked about a program: its places, and a vector beside each place that is like its elements.
struct Questions {
    places: Vec<(String, Place)>,
    vectors: Vec<(String, String)>,
}

/// The questions; none where parameters have names that are not those of `programs`.
fn questions(program: &Program, language: Language) -> Questions {
    let params = &program.func.params[..];
    let is_tame = params.iter().enumerate().all(|(at, param)| param.name.text() == format!("p{at}"));
    let params = if is_tame || language == Language::Cpp { params } else { &[] };
    let places = places(params).into_iter().map(|place| (written(&place.path, language), place));
    let vectors = vectors(params).into_iter();
    Questions {
        places: places.collect(),
        vectors: vectors
            .map(|(path, like)| (written(&path, language), written(&[Step::Param(like)], language)))
            .collect(),
    }
}

/// What C and C++ are asked, which have no fields without room.
fn c_checks(program: &Program, language: Language) -> String {
    let questions = questions(program, language);
    let mut text = String::new();
    for (at, (path, Place { offset, size, .. })) in questions.places.iter().enumerate() {
        if *size > 0 {
            writeln!(text, "CHECK({at}, offsetof(input_type, {path}) == {offset});").unwrap();
            writeln!(text, "CHECK(s{at}, sizeof(((input_type *)0)->{path}) == {size});").unwrap();
        }
    }
    let size = layout(&program.func.body.ty).size;
    if size > 0 {
        writeln!(text, "CHECK(result, sizeof(return_type) == {size});").unwrap();
    }
    if !questions.vectors.is_empty() {
        text += "void assign(input_type *i);\nvoid assign(input_type *i) {\n";
        for (vector, like) in questions.vectors {
            writeln!(text, "  i->{vector} = &i->{like};").unwrap();
        }
        text += "}\n";
    }
    text
}

const C_PRELUDE: &str = "\
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#define CHECK(n, holds) typedef char check_##n[(holds) ? 1 : -1]
";

#[test]
fn c_headers_are_c_and_cpp() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (at, program) in programs().iter().enumerate() {
        let header = declarations(program, Language::C).unwrap();
        fs::write(folder.path().join(format!("{at}.h")), header).unwrap();
        // First, because it brings what it needs; twice, because of the guard.
        let include = format!("#include \"{at}.h\"\n");
        let text = format!("{include}{include}{C_PRELUDE}{}", c_checks(program, Language::C));
        fs::write(folder.path().join(format!("{at}.c")), text).unwrap();
        files.push(format!("{at}.c"));
    }
    compiles("cc", &["-std=c99"], &files, folder.path());
    compiles("c++", &["-std=c++98"], &files, folder.path());
}

/// What brings macros that are names of parameters above.
const MACROS: &str = "\
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#ifndef __cplusplus
#include <complex.h>
#include <iso646.h>
#include <stdbool.h>
#endif
";

#[test]
fn c_headers_with_prefixes_go_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = MACROS.to_string();
    for (at, text) in AWKWARD.iter().enumerate() {
        let header = c_header(&checked(text), &format!("p{at}_"));
        fs::write(folder.path().join(format!("{at}.h")), header).unwrap();
        writeln!(all, "#include \"{at}.h\"").unwrap();
    }
    let dicts = checked("|d: dict[{i8,f64},vec[i64]], e: dict[{},i8], f: dict[{},{}]| d");
    fs::write(folder.path().join("dicts.h"), c_header(&dicts, "d_")).unwrap();
    all += "#include \"dicts.h\"\n#include <stddef.h>\n";
    all += "typedef char value_is_behind_key[offsetof(d_dict0_entry, value) == 16 ? 1 : -1];\n";
    all += "typedef char key_takes_no_room[offsetof(d_dict1_entry, value) == 0 ? 1 : -1];\n";
    fs::write(folder.path().join("all.c"), all).unwrap();
    compiles("cc", &["-std=c99"], &["all.c".to_string()], folder.path());
    compiles("c++", &["-std=c++98"], &["all.c".to_string()], folder.path());
}

#[test]
fn cpp_headers_are_cpp() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = C_PRELUDE.to_string();
    let mut said = 0;
    for (at, program) in programs().iter().enumerate() {
        let Ok(header) = declarations(program, Language::Cpp) else { continue };
        fs::write(folder.path().join(format!("{at}.hpp")), header).unwrap();
        let checks = c_checks(program, Language::Cpp);
        writeln!(all, "namespace program{at} {{\n#undef _WELD_CPP_HEADER_").unwrap();
        writeln!(all, "#include \"{at}.hpp\"\n{checks}}}").unwrap();
        said += 1;
    }
    assert_eq!(said, AWKWARD.len() - 1 + PLAIN as usize);
    fs::write(folder.path().join("all.cpp"), all).unwrap();
    let nested = AWKWARD.iter().position(|text| text.starts_with("|v: vec[vec[vec[")).unwrap();
    let alone = format!(
        "#include \"{nested}.hpp\"\n#include \"{nested}.hpp\"\nreturn_type three();\n\
         return_type three() {{ return new_vec<vec<vec<struct0> > >(3); }}\n"
    );
    fs::write(folder.path().join("alone.cpp"), alone).unwrap();
    let files = ["all.cpp".to_string(), "alone.cpp".to_string()];
    compiles("c++", &["-std=c++98", "-std=c++17"], &files, folder.path());
}

#[test]
fn what_cpp_cannot_say_is_an_error() {
    let said = |text: &str| declarations(&checked(text), Language::Cpp).unwrap_err().to_string();
    let told = said("|a: i64, b: vec[{i8,dict[i64,f64]}]| a");
    assert_eq!(told, "the parameter `b` has the type `dict[i64,f64]` in it, which the C++ header cannot say");
    let told = said("|a: i64| merger[i64,+](a)");
    assert_eq!(told, "the result has the type `merger[i64,+]` in it, which the C++ header cannot say");
}

const RUST_PRELUDE: &str = "\
#![allow(dead_code)]
const fn size<T>(_: *const T) -> usize {
    std::mem::size_of::<T>()
}
";

#[test]
fn rust_modules_are_rust() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = RUST_PRELUDE.to_string();
    for (at, program) in programs().iter().enumerate() {
        let module = declarations(program, Language::Rust).unwrap();
        fs::write(folder.path().join(format!("p{at}.rs")), module).unwrap();
        let (mut checks, mut assigns) = (String::new(), String::new());
        let questions = questions(program, Language::Rust);
        for (path, Place { offset, size, .. }) in &questions.places {
            writeln!(checks, "    assert!(std::mem::offset_of!(InputType, {path}) == {offset});").unwrap();
            let place = format!("unsafe {{ std::ptr::addr_of!((*i).{path}) }}");
            writeln!(checks, "    assert!(crate::size({place}) == {size});").unwrap();
        }
        for (vector, like) in &questions.vectors {
            writeln!(assigns, "    i.{vector} = std::ptr::addr_of!(i.{like});").unwrap();
        }
        let size = layout(&program.func.body.ty).size;
        let head = format!("mod p{at};\nmod check{at} {{\nuse crate::p{at}::{{InputType, ReturnType}};\n");
        let start = "const _: () = {\n    let i = std::mem::MaybeUninit::<InputType>::uninit();\n";
        let result = format!("    assert!(std::mem::size_of::<ReturnType>() == {size});\n}};\n");
        let assign = format!("pub fn assign(i: &mut InputType) {{\n    let _ = &i;\n{assigns}}}\n}}\n");
        all += &format!("{head}{start}    let i = i.as_ptr();\n    let _ = i;\n{checks}{result}{assign}");
    }
    fs::write(folder.path().join("all.rs"), all).unwrap();
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_string());
    for edition in ["2018", "2024"] {
        let args = ["--crate-type", "lib", "--emit", "metadata", "-D", "warnings", "--edition", edition];
        if !passes(&rustc, &args, &["all.rs".to_string()], folder.path()) {
            println!("there is no rustc: the Rust modules were not compiled");
        }
    }
}

#[test]
fn python_modules_are_python() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = include_str!("bindings/places.py").to_string();
    for (at, program) in programs().iter().enumerate() {
        let module = declarations(program, Language::Python).unwrap();
        fs::write(folder.path().join(format!("p{at}.py")), module).unwrap();
        writeln!(all, "import p{at}").unwrap();
        for (path, Place { offset, size, .. }) in questions(program, Language::Python).places {
            writeln!(all, "check(p{at}.InputType, \"{path}\", {offset}, {size})").unwrap();
        }
        let size = layout(&program.func.body.ty).size;
        writeln!(all, "assert ctypes.sizeof(p{at}.ReturnType) == {size}").unwrap();
    }
    let program = "|v: vec[f64], b: vec[i8], f: vec[bool], n: vec[vec[i64]], s: vec[{i8,f64}], k: f64| v";
    let module = declarations(&checked(program), Language::Python).unwrap();
    fs::write(folder.path().join("vectors.py"), module).unwrap();
    all += include_str!("bindings/vectors.py");
    fs::write(folder.path().join("all.py"), all).unwrap();
    if !passes("python3", &["-W", "error", "-B"], &["all.py".to_string()], folder.path()) {
        println!("there is no python3: the Python modules were not loaded");
    }
}
