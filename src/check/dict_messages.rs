#![forbid(unsafe_code)]
//! What is said about dictionaries: wrong keys, and looking into something that is none.
//!
//! Promises: as for [`messages`](super::messages), which has the words for all other types.

use super::messages::a;
use super::show::show;
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::Ty;
use crate::syntax::ast;

pub(super) fn collection_wanted(expr: &ast::Expr, what: &str, found: &str) -> Diagnostic {
    let title = format!("{what} needs a vector or a dictionary, this is {}", a(found));
    Diagnostic::new(Code::TypeMismatch, expr.span, title).label(a(found))
}

pub(super) fn dict_wanted(expr: &ast::Expr, what: &str, ty: &Ty, found: &str) -> Diagnostic {
    let title = format!("{what} needs a dictionary, this is {}", a(found));
    let diagnostic = Diagnostic::new(Code::TypeMismatch, expr.span, title).label(a(found));
    let Some(text) = show(expr) else { return diagnostic };
    match (ty, what) {
        (Ty::Vec(_), "`tovec`") => diagnostic.help(format!("this is a vector already: `{text}`")),
        (Ty::Vec(elem), _) if elem.is_hashable() => {
            diagnostic.help(format!("count the elements in a dictionary first: `countby({text})`"))
        }
        (Ty::Builder(_), _)
            if ty.as_builder().is_some_and(|builder| builder.result_ty().entry().is_some()) =>
        {
            diagnostic.help(format!("take the dictionary out of the builder: `result({text})`"))
        }
        _ => diagnostic,
    }
}

pub(super) fn lookup_mismatch(span: Span, found: &str, used: &str) -> Diagnostic {
    let title = format!("this lookup gives {}, but it is used as {}", a(found), a(used));
    Diagnostic::new(Code::TypeMismatch, span, title).label(format!("holds {} values", found))
}

pub(super) fn not_hashable(span: Span, culprit: &Ty, text: &str, whole: &str) -> Diagnostic {
    let title = if text == whole {
        format!("{} cannot be the key of a dictionary", a(text))
    } else {
        format!("a `{whole}` cannot be the key of a dictionary, since {} is in it", a(text))
    };
    let diagnostic =
        Diagnostic::new(Code::KeyType, span, title).label("keys are scalars, vectors and structs of such");
    match culprit {
        Ty::Dict(entry) => diagnostic.help(format!(
            "use its entries, from `tovec`, as the key: their type is `vec[{{{},{}}}]`",
            entry.0, entry.1
        )),
        Ty::Builder(builder) => diagnostic
            .help(format!("use the result of the builder as the key: its type is `{}`", builder.result_ty())),
        _ => diagnostic,
    }
}
