//! `weld header` tells the truth: its texts go through the compilers of their languages without a warning, and every size
//! and offset there is that of `value::layout`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "bindings/generate.rs"]
mod generate;
#[path = "bindings/layouts.rs"]
mod layouts;

use generate::Dice;
use layouts::{Place, Step, elements, places, vectors};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use weld::config::Config;
use weld::ir::{Program, Ty};
use weld::session::Session;
use weld::view::bindings::{Language, declarations};

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
    "|lambda: i8, None: i8, import: i8, _fields_: i8, _pack_: i8, __init__: i8, __doc__: i8, ctypes: i8, VecI8: i8| 1",
    "|i: dict[i64,{i8,f64}], j: merger[{i8,i16,i8},max], k: vecmerger[f32,*], l: appender[vec[i8]]| {i, j, k, l}",
];

/// How many types come from dice, with and without what is opaque.
const MADE: (u64, u64) = (50, 25);

/// The awkward programs, then those with types by dice, which have the elements of their vectors as parameters too.
fn programs() -> Vec<Program> {
    let plain = (0..MADE.0).map(|seed| Dice::new(seed).plain(4));
    let opaque = (0..MADE.1).map(|seed| Dice::new(seed).opaque(2));
    let made = plain.chain(opaque).map(|ty| {
        let mut types = vec![ty];
        elements(&types[0].clone(), &mut types);
        let params: Vec<String> = types.iter().enumerate().map(|(at, ty)| format!("p{at}: {ty}")).collect();
        format!("|{}| p0", params.join(", "))
    });
    let mut session = Session::new(Config::default());
    let texts = AWKWARD.iter().map(|text| text.to_string()).chain(made);
    let programs = texts.map(|text| {
        let source = session.add_source("program", text.clone());
        session.check(source).unwrap_or_else(|why| panic!("{text}\n{why:?}")).program
    });
    programs.collect()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs a tool without a word of complaint; whether it is there.
fn passes(tool: &str, args: &[&str], files: &[String], folder: &Path) -> bool {
    let Ok(output) = Command::new(tool).args(args).args(files).current_dir(folder).output() else {
        return false;
    };
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{tool} {args:?}\n{told}");
    true
}

/// The place as the language writes it behind the argument; names of parameters are those of the program.
fn written(path: &[Step], program: &Program, language: Language) -> String {
    let steps = path.iter().map(|step| match (step, language) {
        (Step::Param(at) | Step::Field(at), Language::Cpp) => format!("_{at}"),
        (Step::Param(at), _) => program.func.params[*at].name.text().to_string(),
        (Step::Field(at), _) => format!("_{at}"),
        (Step::Data, Language::Cpp) => "ptr".to_string(),
        (Step::Len, Language::Cpp) => "size".to_string(),
        (Step::Data, _) => "data".to_string(),
        (Step::Len, _) => "len".to_string(),
    });
    steps.collect::<Vec<_>>().join(".")
}

/// Whether the parameters keep their names in every language.
fn is_tame(program: &Program) -> bool {
    let is_tame = |name: &str| name.strip_prefix('p').is_some_and(|rest| rest.parse::<usize>().is_ok());
    program.func.params.iter().all(|param| is_tame(param.name.text()))
}

/// The places that a program's argument has, if its parameters keep their names.
fn checked_places(program: &Program, language: Language) -> Vec<Place> {
    let params = if is_tame(program) || language == Language::Cpp { &program.func.params[..] } else { &[] };
    places(params)
}

/// What C and C++ are asked: sizes, offsets, and whether vectors point to what their elements are.
fn c_checks(program: &Program, language: Language) -> String {
    let mut text = String::new();
    let places = checked_places(program, language);
    for (at, place) in places.iter().filter(|place| place.size > 0).enumerate() {
        let path = written(&place.path, program, language);
        let Place { offset, size, .. } = place;
        writeln!(text, "CHECK({at}, offsetof(input_type, {path}) == {offset} && sizeof(((input_type *)0)->{path}) == {size});")
            .unwrap();
    }
    if !places.is_empty() {
        text += "void assign(input_type *i);\nvoid assign(input_type *i) {\n  (void)i;\n";
        for (path, like) in vectors(&program.func.params) {
            let path = written(&path, program, language);
            let like = written(&[Step::Param(like)], program, language);
            writeln!(text, "  i->{path} = &i->{like};").unwrap();
        }
        text += "}\n";
    }
    text
}

const C_PRELUDE: &str = "#include <stddef.h>\n#include <stdint.h>\n#include <stdlib.h>\n#define CHECK(n, holds) typedef char check_##n[(holds) ? 1 : -1]\n";

const STRICT: &[&str] = &["-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"];

#[test]
fn c_headers_are_c_and_cpp() {
    let folder = folder();
    let mut files = Vec::new();
    for (at, program) in programs().iter().enumerate() {
        std::fs::write(folder.path().join(format!("{at}.h")), declarations(program, Language::C).unwrap())
            .unwrap();
        let checks = c_checks(program, Language::C);
        let name = format!("{at}.c");
        // Twice, for the guard; first, for its own includes.
        let text = format!("#include \"{at}.h\"\n#include \"{at}.h\"\n{C_PRELUDE}{checks}");
        std::fs::write(folder.path().join(&name), text).unwrap();
        files.push(name);
    }
    assert!(
        passes("cc", &[&["-std=c99"], STRICT].concat(), &files, folder.path()),
        "cc is not there: run ./setup"
    );
    for standard in ["-std=c++98", "-std=c++17"] {
        let args = [&[standard, "-x", "c++"], STRICT].concat();
        assert!(passes("c++", &args, &files, folder.path()), "c++ is not there: run ./setup");
    }
}

#[test]
fn cpp_headers_are_cpp() {
    let folder = folder();
    let mut all = C_PRELUDE.to_string();
    let mut written = 0;
    for (at, program) in programs().iter().enumerate() {
        let Ok(header) = declarations(program, Language::Cpp) else { continue };
        std::fs::write(folder.path().join(format!("{at}.hpp")), header).unwrap();
        let checks = c_checks(program, Language::Cpp);
        let is_result = match program.func.body.ty {
            Ty::Struct(ref fields) if fields.is_empty() => String::new(),
            ref ty => format!(
                "CHECK(result, sizeof(return_type) == {});\n",
                weld::value::layout::layout(ty).size.max(1)
            ),
        };
        writeln!(
            all,
            "namespace program{at} {{\n#undef _WELD_CPP_HEADER_\n#include \"{at}.hpp\"\n{checks}{is_result}}}"
        )
        .unwrap();
        written += 1;
    }
    assert_eq!(written, AWKWARD.len() - 1 + MADE.0 as usize);
    std::fs::write(folder.path().join("all.cpp"), all).unwrap();
    std::fs::write(folder.path().join("alone.cpp"), "#include \"4.hpp\"\n#include \"4.hpp\"\nreturn_type three() { return new_vec<vec<vec<struct0> > >(3); }\n").unwrap();
    for standard in ["-std=c++98", "-std=c++17"] {
        let args = [&[standard], STRICT].concat();
        let files = ["all.cpp".to_string(), "alone.cpp".to_string()];
        assert!(passes("c++", &args, &files, folder.path()), "c++ is not there: run ./setup");
    }
}

#[test]
fn what_cpp_cannot_say_is_an_error() {
    let mut session = Session::new(Config::default());
    let mut said = |text: &str| {
        let source = session.add_source("program", text.to_string());
        declarations(&session.check(source).unwrap().program, Language::Cpp).unwrap_err().to_string()
    };
    let told = said("|a: i64, b: vec[{i8,dict[i64,f64]}]| a");
    assert_eq!(told, "the parameter `b` has a `dict[i64,f64]`, which the C++ header cannot say");
    assert!(said("|a: i64| merger[i64,+](a)").starts_with("the result has a `merger[i64,+]`"));
}

#[test]
fn rust_modules_are_rust() {
    let folder = folder();
    let mut all = "#![allow(dead_code)]\n\
                   const fn size<T>(_: *const T) -> usize {\n    std::mem::size_of::<T>()\n}\n"
        .to_string();
    for (at, program) in programs().iter().enumerate() {
        std::fs::write(
            folder.path().join(format!("p{at}.rs")),
            declarations(program, Language::Rust).unwrap(),
        )
        .unwrap();
        let mut checks = String::new();
        for place in checked_places(program, Language::Rust) {
            let path = written(&place.path, program, Language::Rust);
            let Place { offset, size, .. } = place;
            writeln!(checks, "    assert!(std::mem::offset_of!(InputType, {path}) == {offset});").unwrap();
            writeln!(
                checks,
                "    assert!(crate::size(unsafe {{ std::ptr::addr_of!((*i).{path}) }}) == {size});"
            )
            .unwrap();
        }
        let mut assigns = String::new();
        for (path, like) in vectors(if checks.is_empty() { &[] } else { &program.func.params }) {
            let path = written(&path, program, Language::Rust);
            writeln!(assigns, "    i.{path} = std::ptr::addr_of!(i.p{like});").unwrap();
        }
        let size = weld::value::layout::layout(&program.func.body.ty).size;
        writeln!(all, "mod p{at};\nmod check{at} {{\nuse crate::p{at}::{{InputType, ReturnType}};\n\
                       const _: () = {{\n    let i = std::mem::MaybeUninit::<InputType>::uninit();\n    let i = i.as_ptr();\n    let _ = i;\n{checks}    \
                       assert!(std::mem::size_of::<ReturnType>() == {size});\n}};\n\
                       pub fn assign(i: &mut InputType) {{\n    let _ = &i;\n{assigns}}}\n}}").unwrap();
    }
    std::fs::write(folder.path().join("all.rs"), all).unwrap();
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_string());
    for edition in ["2018", "2024"] {
        let args = ["--crate-type", "lib", "--emit", "metadata", "-D", "warnings", "--edition", edition];
        if !passes(&rustc, &args, &["all.rs".to_string()], folder.path()) {
            println!("no rustc: the Rust modules were not compiled");
        }
    }
}

#[test]
fn python_modules_are_python() {
    let folder = folder();
    let mut all = include_str!("bindings/places.py").to_string();
    for (at, program) in programs().iter().enumerate() {
        std::fs::write(
            folder.path().join(format!("p{at}.py")),
            declarations(program, Language::Python).unwrap(),
        )
        .unwrap();
        writeln!(all, "import p{at}").unwrap();
        for place in checked_places(program, Language::Python) {
            let path = written(&place.path, program, Language::Python);
            writeln!(all, "check(p{at}.InputType, \"{path}\", {}, {})", place.offset, place.size).unwrap();
        }
        let size = weld::value::layout::layout(&program.func.body.ty).size;
        writeln!(all, "assert ctypes.sizeof(p{at}.ReturnType) == {size}").unwrap();
    }
    let mut session = Session::new(Config::default());
    let text = "|v: vec[f64], b: vec[i8], f: vec[bool], n: vec[vec[i64]], s: vec[{i8,f64}], k: f64| v";
    let source = session.add_source("program", text.to_string());
    let header = declarations(&session.check(source).unwrap().program, Language::Python).unwrap();
    std::fs::write(folder.path().join("vectors.py"), header).unwrap();
    all += include_str!("bindings/vectors.py");
    std::fs::write(folder.path().join("all.py"), all).unwrap();
    if !passes("python3", &["-W", "error", "-B"], &["all.py".to_string()], folder.path()) {
        println!("no python3: the Python modules were not loaded");
    }
}
