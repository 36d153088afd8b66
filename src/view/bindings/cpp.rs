#![forbid(unsafe_code)]
//! The C++ form of the older tool `hdrgen`: the same names in the same order.

use super::collect::{Declared, has_room};
use super::{NoForm, Signature};
use crate::diag::stack::deep;
use crate::ir::{Scalar, Ty};

const PRELUDE: &str = include_str!("prelude/cpp.hpp");

/// The header.
pub fn print(signature: &Signature) -> Result<String, NoForm> {
    let no_form = |ty: &Ty, param: Option<&str>| match without_form(ty) {
        Some(ty) => Err(NoForm { param: param.map(str::to_string), ty: ty.clone() }),
        None => Ok(()),
    };
    no_form(signature.result, None)?;
    for param in signature.params {
        no_form(&param.ty, Some(param.name.text()))?;
    }
    let argument = Ty::tuple(signature.params.iter().map(|param| param.ty.clone()).collect());
    let declared = Declared::of([signature.result, &argument]);
    let mut text = format!("#ifndef _WELD_CPP_HEADER_\n#define _WELD_CPP_HEADER_\n\n{PRELUDE}\n");
    for ty in declared.iter() {
        let Some(fields) = ty.fields() else { continue };
        text += &format!("struct {} {{\n", declared.name(ty));
        for (at, field) in fields.iter().enumerate() {
            // An empty struct has a byte in C++.
            text += &match has_room(field) {
                true => format!("  {} _{at};\n", written(field, &declared)),
                false => format!("  // _{at} takes no room\n"),
            };
        }
        text += "};\n\n";
    }
    for (at, param) in signature.params.iter().enumerate() {
        text += &format!("// _{at} is {}\n", param.name);
    }
    text += &format!("typedef {} input_type;\n", written(&argument, &declared));
    text += &format!("typedef {} return_type;\n\n", written(signature.result, &declared));
    text += "#endif /* _WELD_CPP_HEADER_ */\n";
    Ok(text)
}

/// A type in C++. The space keeps `> >` from being one operator in C++98.
fn written(ty: &Ty, declared: &Declared) -> String {
    match ty {
        Ty::Scalar(Scalar::Bool) => "i1".to_string(),
        Ty::Vec(elem) => {
            let elem = deep(|| written(elem, declared));
            let space = if elem.ends_with('>') { " " } else { "" };
            format!("vec<{elem}{space}>")
        }
        _ => declared.name(ty).to_string(),
    }
}

/// The first part that is neither scalar, vector nor struct.
fn without_form(ty: &Ty) -> Option<&Ty> {
    match ty {
        Ty::Scalar(_) => None,
        Ty::Vec(elem) => deep(|| without_form(elem)),
        Ty::Struct(fields) => fields.iter().find_map(|field| deep(|| without_form(field))),
        Ty::Simd(_) | Ty::Dict(_) | Ty::Builder(_) | Ty::Infer(_) => Some(ty),
    }
}
