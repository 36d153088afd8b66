#![forbid(unsafe_code)]
//! Python: classes of `ctypes`, with sizes checked when the module is loaded.

use super::Signature;
use super::collect::{Declared, Form, entry_layout, form, note};
use super::fields;
use crate::ir::{Scalar, Ty};
use crate::value::layout::layout;

const PRELUDE: &str = include_str!("prelude/python.py");

/// Words that a field cannot have: keywords, and what `ctypes` looks for in a class.
const TAKEN: &[&str] = &[
    "False",
    "None",
    "True",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "_align_",
    "_anonymous_",
    "_as_parameter_",
    "_b_base_",
    "_b_needsfree_",
    "_fields_",
    "_layout_",
    "_objects",
    "_pack_",
    "_swappedbytes_",
];

/// The module.
pub fn print(signature: &Signature) -> String {
    let params = signature.params;
    let declared = Declared::of([signature.result].into_iter().chain(params.iter().map(|param| &param.ty)));
    let title = "\"\"\"The argument and the result of a Weld program, by `weld header --lang python`.\"\"\"";
    let mut text = format!("{title}\n\n{PRELUDE}");
    for ty in declared.iter() {
        let fields: Vec<String> = match form(ty) {
            Form::Struct(fields) => fields
                .iter()
                .enumerate()
                .map(|(at, field)| format!("(\"_{at}\", {}),", written(field, &declared)))
                .collect(),
            Form::Vec(elem) => {
                let data = format!("(\"data\", ctypes.POINTER({})),", written(elem, &declared));
                vec![data, "(\"len\", ctypes.c_int64),".to_string()]
            }
            Form::Dict { .. } | Form::Pointer => vec!["(\"opaque\", ctypes.c_void_p),".to_string()],
            Form::Words { bits, count } => vec![format!("(\"opaque\", ctypes.c_uint{bits} * {count}),")],
        };
        text += &declaration(&format!("{ty}{}", note(ty)), &declared.class(ty), &fields, layout(ty).size);
        if let Form::Dict { key, value } = form(ty)
            && let Some(entry) = entry_layout(key, value)
        {
            let fields = [("key", key), ("value", value)];
            let fields = fields.map(|(name, ty)| format!("(\"{name}\", {}),", written(ty, &declared)));
            let name = format!("{}Entry", declared.class(ty));
            text += &declaration(&format!("An entry of {ty}."), &name, &fields, entry.size);
        }
    }
    let names = fields::names(params, is_allowed);
    let members = params.iter().zip(&names);
    let members: Vec<String> = members
        .map(|(param, name)| {
            format!("(\"{name}\", {}),  # {}: {}", written(&param.ty, &declared), param.name, param.ty)
        })
        .collect();
    let argument = Ty::tuple(params.iter().map(|param| param.ty.clone()).collect());
    text += &declaration("The argument.", "InputType", &members, layout(&argument).size);
    let result = written(signature.result, &declared);
    text += &format!("\n\n# The result.\nReturnType = {result}\n");
    text
}

/// A class and the check of its size.
fn declaration(what: &str, name: &str, members: &[String], bytes: usize) -> String {
    let members: String = members.iter().map(|member| format!("        {member}\n")).collect();
    let members = if members.is_empty() { "[]".to_string() } else { format!("[\n{members}    ]") };
    format!(
        "\n\nclass {name}(ctypes.Structure):\n    \"\"\"{what}\"\"\"\n\n    _fields_ = {members}\n\n\n\
         assert ctypes.sizeof({name}) == {bytes}\n"
    )
}

/// A type in Python.
fn written(ty: &Ty, declared: &Declared) -> String {
    match ty {
        Ty::Scalar(Scalar::F32) => "ctypes.c_float".to_string(),
        Ty::Scalar(Scalar::F64) => "ctypes.c_double".to_string(),
        Ty::Scalar(Scalar::Bool) => "ctypes.c_bool".to_string(),
        Ty::Scalar(scalar) if scalar.is_signed() => format!("ctypes.c_int{}", 8 * scalar.bytes()),
        Ty::Scalar(scalar) => format!("ctypes.c_uint{}", 8 * scalar.bytes()),
        _ => declared.class(ty),
    }
}

/// Names between two pairs of underscores have a meaning in every class.
fn is_allowed(name: &str) -> bool {
    let is_special = name.starts_with("__") && name.ends_with("__");
    !is_special && !TAKEN.contains(&name)
}
