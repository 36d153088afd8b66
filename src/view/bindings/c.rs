#![forbid(unsafe_code)]
//! C99, which is C++98 too: every type has a name, and its size is checked by the compiler.

use super::Signature;
use super::collect::{Declared, Form, form, has_room};
use super::fields;
use crate::ir::{Scalar, Ty};
use crate::value::layout::layout;
use std::collections::HashSet;

/// Words that a field cannot have: keywords of C and C++, and macros that are defined without asking.
const TAKEN: &[&str] = &[
    "EOF",
    "NULL",
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "contract_assert",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "errno",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "i386",
    "if",
    "inline",
    "int",
    "linux",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "typeof_unqual",
    "union",
    "unix",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
];

/// The header.
pub fn print(signature: &Signature) -> String {
    let params = signature.params;
    let declared = Declared::of([signature.result].into_iter().chain(params.iter().map(|param| &param.ty)));
    let mut text = "\
/* The argument and the result of a Weld program, by `weld header --lang c`. */
#ifndef WELD_C_HEADER
#define WELD_C_HEADER

#include <stdint.h>

/* Refuses to compile where a type has another size than in Weld. */
#define WELD_SIZE(type, bytes) typedef char type##_has_size[sizeof(type) == (bytes) ? 1 : -1]

"
    .to_string();
    for ty in declared.iter().filter(|ty| has_room(ty)) {
        let fields: Vec<String> = match form(ty) {
            Form::Struct(fields) => fields
                .iter()
                .enumerate()
                .map(|(at, field)| member(field, &format!("_{at}"), None, &declared))
                .collect(),
            Form::Vec(elem) => {
                vec![format!("{} *data;", written(elem, &declared)), "int64_t len;".to_string()]
            }
            Form::Pointer => vec!["void *opaque;".to_string()],
            Form::Words { bits, count } => vec![format!("uint{bits}_t opaque[{count}];")],
        };
        text += &format!("/* {ty} */\n{}", declaration(declared.name(ty), &fields, layout(ty).size));
    }
    let argument = Ty::tuple(params.iter().map(|param| param.ty.clone()).collect());
    text += "/* The argument. */\n";
    if has_room(&argument) {
        // In C++ a field cannot have the name of its type.
        let types: HashSet<&str> = declared.iter().map(|ty| declared.name(ty)).collect();
        let names = fields::names(params, |name| is_allowed(name) && !types.contains(name));
        let members = params.iter().zip(&names);
        let members: Vec<String> = members
            .map(|(param, name)| {
                let what = format!("{}: {}", param.name, param.ty);
                member(&param.ty, name, Some(&what), &declared)
            })
            .collect();
        text += &declaration("input_type", &members, layout(&argument).size);
    } else {
        text += "typedef void input_type;\n\n";
    }
    text += &format!("/* The result. */\ntypedef {} return_type;\n\n", written(signature.result, &declared));
    text += "#endif\n";
    text
}

/// A struct and the check of its size.
fn declaration(name: &str, members: &[String], bytes: usize) -> String {
    let members: String = members.iter().map(|member| format!("  {member}\n")).collect();
    format!("typedef struct {name} {{\n{members}}} {name};\nWELD_SIZE({name}, {bytes});\n\n")
}

/// A field of a struct; C has no fields without room.
fn member(ty: &Ty, name: &str, what: Option<&str>, declared: &Declared) -> String {
    match (has_room(ty), what) {
        (false, Some(what)) => format!("/* {what} takes no room */"),
        (false, None) => format!("/* {name} takes no room */"),
        (true, Some(what)) => format!("{} {name}; /* {what} */", written(ty, declared)),
        (true, None) => format!("{} {name};", written(ty, declared)),
    }
}

/// A type in C.
fn written(ty: &Ty, declared: &Declared) -> String {
    let scalar = match ty {
        _ if !has_room(ty) => "void",
        Ty::Scalar(Scalar::F32) => "float",
        Ty::Scalar(Scalar::F64) => "double",
        Ty::Scalar(Scalar::Bool) => "uint8_t",
        Ty::Scalar(scalar) if scalar.is_signed() => return format!("int{}_t", 8 * scalar.bytes()),
        Ty::Scalar(scalar) => return format!("uint{}_t", 8 * scalar.bytes()),
        _ => declared.name(ty),
    };
    scalar.to_string()
}

/// Names that begin with two underscores, or one and a capital, are the compiler's; `stdint.h` has the others.
fn is_allowed(name: &str) -> bool {
    let is_special = |c: char| c == '_' || c.is_ascii_uppercase();
    let is_compilers = name.strip_prefix('_').is_some_and(|rest| rest.starts_with(is_special));
    let is_limit = ["_MIN", "_MAX", "_C", "_WIDTH"].iter().any(|end| name.ends_with(end));
    let is_integer = name.trim_start_matches('u').starts_with("int") && name.ends_with("_t");
    !is_compilers && !is_limit && !is_integer && !TAKEN.contains(&name)
}
