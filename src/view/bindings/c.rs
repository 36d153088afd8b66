#![forbid(unsafe_code)]
//! C99, which is C++98 too: every type has a name, and its size is checked by the compiler.

use super::Signature;
use super::collect::{Declared, Form, entry_layout, form, has_room, note};
use super::fields;
use crate::ir::{Scalar, Ty};
use crate::value::layout::layout;
use std::collections::HashSet;

/// Words that a field cannot have: keywords of C and C++, and macros without arguments, of compilers and of the standard
/// headers. `stdint.h` has more.
const TAKEN: &[&str] = &[
    "BUFSIZ",
    "CLOCKS_PER_SEC",
    "EDOM",
    "EILSEQ",
    "EOF",
    "ERANGE",
    "EXIT_FAILURE",
    "EXIT_SUCCESS",
    "HUGE_VAL",
    "HUGE_VALF",
    "HUGE_VALL",
    "I",
    "INFINITY",
    "L_tmpnam",
    "NAN",
    "NULL",
    "SEEK_CUR",
    "SEEK_END",
    "SEEK_SET",
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
    "complex",
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
    "imaginary",
    "inline",
    "int",
    "linux",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "noreturn",
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
    "stderr",
    "stdin",
    "stdout",
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

/// The header. `prefix` stands before all its names, so that headers with different ones go together.
pub fn print(signature: &Signature, prefix: &str) -> String {
    let params = signature.params;
    let declared = Declared::of([signature.result].into_iter().chain(params.iter().map(|param| &param.ty)));
    let c = Printer { declared: &declared, prefix };
    let guard = match prefix {
        "" => "WELD_C_HEADER".to_string(),
        _ => format!("WELD_{}HEADER", prefix.to_ascii_uppercase()),
    };
    let mut text = format!(
        "\
/* The argument and the result of a Weld program, by `weld header --lang c`. */
#ifndef {guard}
#define {guard}

#include <stdint.h>

/* Refuses to compile where a type has another size than in Weld. */
#define WELD_SIZE(type, bytes) typedef char type##_has_size[sizeof(type) == (bytes) ? 1 : -1]

"
    );
    for ty in declared.iter().filter(|ty| has_room(ty)) {
        let fields: Vec<String> = match form(ty) {
            Form::Struct(fields) => fields
                .iter()
                .enumerate()
                .map(|(at, field)| c.member(field, &format!("_{at}"), None))
                .collect(),
            Form::Vec(elem) => {
                vec![format!("{} *data;", c.written(elem)), "int64_t len;".to_string()]
            }
            Form::Dict { .. } | Form::Pointer => vec!["void *opaque;".to_string()],
            Form::Words { bits, count } => vec![format!("uint{bits}_t opaque[{count}];")],
        };
        text += &format!("/* {ty}{} */\n{}", note(ty), declaration(&c.written(ty), &fields, layout(ty).size));
        if let Form::Dict { key, value } = form(ty)
            && let Some(entry) = entry_layout(key, value)
        {
            let fields = [c.member(key, "key", None), c.member(value, "value", None)];
            text += &declaration(&format!("{}_entry", c.written(ty)), &fields, entry.size);
        }
    }
    let argument = Ty::tuple(params.iter().map(|param| param.ty.clone()).collect());
    let input = format!("{prefix}input_type");
    text += "/* The argument. */\n";
    if has_room(&argument) {
        // In C++ a field cannot have the name of its type.
        let types: HashSet<String> = declared.iter().map(|ty| c.written(ty)).collect();
        let names = fields::names(params, |name| is_allowed(name) && !types.contains(name));
        let members = params.iter().zip(&names);
        let members: Vec<String> = members
            .map(|(param, name)| {
                let what = format!("{}: {}", param.name, param.ty);
                c.member(&param.ty, name, Some(&what))
            })
            .collect();
        text += &declaration(&input, &members, layout(&argument).size);
    } else {
        text += &format!("typedef void {input};\n\n");
    }
    text += &format!("/* The result. */\ntypedef {} {prefix}return_type;\n\n", c.written(signature.result));
    text += "#endif\n";
    text
}

/// A struct and the check of its size.
fn declaration(name: &str, members: &[String], bytes: usize) -> String {
    let members: String = members.iter().map(|member| format!("  {member}\n")).collect();
    format!("typedef struct {name} {{\n{members}}} {name};\nWELD_SIZE({name}, {bytes});\n\n")
}

/// The names of the types.
struct Printer<'a> {
    declared: &'a Declared,
    prefix: &'a str,
}

impl Printer<'_> {
    /// A field of a struct; C has no fields without room.
    fn member(&self, ty: &Ty, name: &str, what: Option<&str>) -> String {
        match (has_room(ty), what) {
            (false, Some(what)) => format!("/* {what} takes no room */"),
            (false, None) => format!("/* {name} takes no room */"),
            (true, Some(what)) => format!("{} {name}; /* {what} */", self.written(ty)),
            (true, None) => format!("{} {name};", self.written(ty)),
        }
    }

    /// A type in C.
    fn written(&self, ty: &Ty) -> String {
        let scalar = match ty {
            _ if !has_room(ty) => "void",
            Ty::Scalar(Scalar::F32) => "float",
            Ty::Scalar(Scalar::F64) => "double",
            Ty::Scalar(Scalar::Bool) => "uint8_t",
            Ty::Scalar(scalar) if scalar.is_signed() => return format!("int{}_t", 8 * scalar.bytes()),
            Ty::Scalar(scalar) => return format!("uint{}_t", 8 * scalar.bytes()),
            _ => return format!("{}{}", self.prefix, self.declared.name(ty)),
        };
        scalar.to_string()
    }
}

/// Whether this can begin the names of a header: a name of C that is not the compiler's.
pub fn is_prefix(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Names that begin with two underscores, or one and a capital, are the compiler's; `stdint.h` has the others.
fn is_allowed(name: &str) -> bool {
    let is_special = |c: char| c == '_' || c.is_ascii_uppercase();
    let is_compilers = name.strip_prefix('_').is_some_and(|rest| rest.starts_with(is_special));
    let is_limit = ["_MIN", "_MAX", "_C", "_WIDTH"].iter().any(|end| name.ends_with(end));
    let is_integer = name.trim_start_matches('u').starts_with("int") && name.ends_with("_t");
    !is_compilers && !is_limit && !is_integer && !TAKEN.contains(&name)
}
