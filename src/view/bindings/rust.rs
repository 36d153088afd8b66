#![forbid(unsafe_code)]
//! Rust: `repr(C)` structs with sizes and alignments checked by the compiler. Needs Rust 2018 or later.

use super::Signature;
use super::collect::{Declared, Form, entry_layout, form, note};
use super::fields;
use crate::diag::stack::deep;
use crate::ir::{Scalar, Ty};
use crate::value::layout::{Layout, layout};

const PRELUDE: &str = include_str!("prelude/rust.txt");

/// Words that a field cannot have: keywords of all editions, in use or reserved.
const TAKEN: &[&str] = &[
    "_", "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self",
    "static", "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// The module.
pub fn print(signature: &Signature) -> String {
    let params = signature.params;
    let declared = Declared::of([signature.result].into_iter().chain(params.iter().map(|param| &param.ty)));
    let mut text =
        "// The argument and the result of a Weld program, by `weld header --lang rust`.\n\n".to_string();
    text += PRELUDE;
    for ty in declared.iter() {
        let fields: Vec<String> = match form(ty) {
            Form::Struct(fields) => fields
                .iter()
                .enumerate()
                .map(|(at, field)| format!("pub _{at}: {},", written(field, &declared)))
                .collect(),
            Form::Vec(_) => continue,
            Form::Dict { .. } | Form::Pointer => vec!["pub opaque: *mut std::ffi::c_void,".to_string()],
            Form::Words { bits, count } => vec![format!("pub opaque: [u{bits}; {count}],")],
        };
        text += &declaration(&format!("`{ty}`{}", note(ty)), &declared.class(ty), &fields, layout(ty));
        if let Form::Dict { key, value } = form(ty)
            && let Some(entry) = entry_layout(key, value)
        {
            let fields = [("key", key), ("value", value)];
            let fields = fields.map(|(name, ty)| format!("pub {name}: {},", written(ty, &declared)));
            let name = format!("{}Entry", declared.class(ty));
            text += &declaration(&format!("An entry of `{ty}`."), &name, &fields, entry);
        }
    }
    let names = fields::names(params, |name| !TAKEN.contains(&name));
    let members = params.iter().zip(&names);
    let members: Vec<String> = members
        .flat_map(|(param, name)| {
            let what = format!("/// `{}: {}`", param.name, param.ty);
            [what, format!("pub {name}: {},", written(&param.ty, &declared))]
        })
        .collect();
    let argument = Ty::tuple(params.iter().map(|param| param.ty.clone()).collect());
    text += &declaration("The argument.", "InputType", &members, layout(&argument));
    let result = written(signature.result, &declared);
    text += &format!("\n/// The result.\n#[allow(dead_code)]\npub type ReturnType = {result};\n");
    text
}

/// A struct and the check of its layout.
fn declaration(what: &str, name: &str, members: &[String], Layout { size, align }: Layout) -> String {
    let members: String = members.iter().map(|member| format!("    {member}\n")).collect();
    format!(
        "\n/// {what}\n#[repr(C)]\n#[allow(dead_code, non_snake_case)]\n#[derive(Clone, Copy, Debug)]\n\
         pub struct {name} {{\n{members}}}\n\
         const _: () = assert!(std::mem::size_of::<{name}>() == {size} && std::mem::align_of::<{name}>() == {align});\n"
    )
}

/// A type in Rust.
fn written(ty: &Ty, declared: &Declared) -> String {
    match ty {
        Ty::Scalar(Scalar::Bool) => "WeldBool".to_string(),
        Ty::Scalar(scalar) => scalar.name().to_string(),
        Ty::Vec(elem) => format!("WeldVec<{}>", deep(|| written(elem, declared))),
        _ => declared.class(ty),
    }
}
