#![forbid(unsafe_code)]
//! What is said about merges, results and loops whose types are wrong.
//!
//! Promises: as for [`messages`](super::messages), which has the words for all other types.

use super::fixes::{call_fix, fix, rank};
use super::messages::{a, plural};
use super::show::{show, show_at};
use crate::diag::{Code, Diagnostic, Span};
use crate::ir::{BuilderTy, Ty};
use crate::syntax::ast;

pub(super) fn merge_mismatch(
    node: &ast::Expr,
    builder: &BuilderTy,
    (found, found_text): (&Ty, &str),
    (wants, wants_text): (&Ty, &str),
) -> Diagnostic {
    let title = format!("this merge adds {} to a builder of `{wants_text}`", a(found_text));
    let args = match &node.kind {
        ast::ExprKind::Call(_, args) => args.as_slice(),
        _ => &[],
    };
    let [b, x] = args else { return Diagnostic::new(Code::MergeMismatch, node.span, title) };
    let diagnostic = Diagnostic::new(Code::MergeMismatch, x.span, title).label(a(found_text));
    if let Some(new) = fix(x, found, wants) {
        let how = match literal_or_cast(x, found, wants) {
            Change::Literal => format!("write it as {}", a(wants_text)),
            Change::Widen => "widen before merging".to_string(),
            Change::Narrow => "cast before merging".to_string(),
        };
        return diagnostic.help(call_fix(&how, "merge", &[show(b), Some(new)]));
    }
    match builder {
        BuilderTy::Appender(_) if found.elem() != Some(wants) => {
            diagnostic.help(format!("collect these values with `appender[{found_text}]` instead"))
        }
        _ if found.elem() == Some(wants) => match (show(b), show(x)) {
            (Some(b), Some(x)) => {
                diagnostic.help(format!("merge each element: `for({x}, {b}, |c, k, y| merge(c, y))`"))
            }
            _ => diagnostic,
        },
        _ => diagnostic,
    }
}

enum Change {
    Literal,
    Widen,
    Narrow,
}

fn literal_or_cast(x: &ast::Expr, found: &Ty, wants: &Ty) -> Change {
    match (&x.kind, found.scalar(), wants.scalar()) {
        (ast::ExprKind::Literal(_), ..) => Change::Literal,
        (_, Some(found), Some(wants)) if rank(found) <= rank(wants) => Change::Widen,
        _ => Change::Narrow,
    }
}

pub(super) fn result_mismatch(span: Span, result: &str, used: &str) -> Diagnostic {
    Diagnostic::new(
        Code::TypeMismatch,
        span,
        format!("this result is {}, but it is used as {}", a(result), a(used)),
    )
    .label(a(result))
}

pub(super) fn not_a_builder(what: &str, node: &ast::Expr, ty: &Ty, text: &str) -> Diagnostic {
    let builder = match &node.kind {
        ast::ExprKind::Call(_, args) => args.first(),
        _ => None,
    };
    let span = builder.map_or(node.span, |builder| builder.span);
    if !ty.is_builder_like() {
        let title = format!("`{what}` needs a builder, this is {}", a(text));
        let diagnostic = Diagnostic::new(Code::NotABuilder, span, title).label(a(text));
        return match (what, builder.and_then(show)) {
            ("result", Some(value)) => diagnostic.help(format!("this is a value already: `{value}`")),
            ("result", None) => diagnostic.help("this is a value already, leave `result` out"),
            _ => diagnostic.help("give `merge` the builder first, then the value: `merge(b, x)`"),
        };
    }
    let n_fields = ty.fields().map_or(0, <[Ty]>::len);
    let diagnostic = Diagnostic::new(
        Code::NotABuilder,
        span,
        format!("`{what}` takes one builder, this is a struct of {n_fields}"),
    )
    .label(a(text));
    let Some(name) = builder.and_then(|builder| show_at(builder, 12)) else { return diagnostic };
    match what {
        "result" => {
            let results: Vec<String> =
                (0..n_fields).map(|field| format!("result({name}.${field})")).collect();
            diagnostic.help(format!("read each: `{{{}}}`", results.join(", ")))
        }
        _ => diagnostic.help(format!("choose one: `{name}.$0`")),
    }
}

pub(super) fn loop_without_builder(builder: &ast::Expr, ty: &Ty, text: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::NotABuilder,
        builder.span,
        format!("a loop fills a builder, this is {}", a(text)),
    )
    .label(a(text));
    if ty.has_builder() {
        return diagnostic.help("a struct given to `for` holds builders only; keep other values outside it");
    }
    diagnostic
        .help("collect a vector with `appender`, or combine numbers with a merger such as `merger[i64,+]`")
}

pub(super) fn loop_with_lambda_builder(span: Span, func: &ast::Expr, n_params: usize) -> Diagnostic {
    Diagnostic::new(
        Code::BadFor,
        span,
        "`for` needs a vector, a builder and a function; this one has no builder",
    )
    .label("no builder given")
    .related(
        func.span,
        format!("takes {}; a loop passes 3: builder, index, element", plural(n_params, "parameter")),
    )
    .help("collect a vector: `for(v, appender[i64], |b, i, x| merge(b, x))`")
}

pub(super) fn loop_parameters(span: Span, params: &[ast::Param]) -> Diagnostic {
    let index = if params.iter().any(|param| &*param.name.text == "i") { "k" } else { "i" };
    Diagnostic::new(Code::BadFor, span, "the function of `for` takes three parameters")
        .label(format!(
            "takes {}; a loop passes 3: builder, index, element",
            plural(params.len(), "parameter")
        ))
        .help(match params {
            [b, x] => format!("write `|{}, {index}, {}|` before the body", b.name.text, x.name.text),
            _ => format!("write `|b, {index}, x|` before the body"),
        })
}

pub(super) fn loop_body(
    at: Span,
    builder: &ast::Expr,
    (name, value): (&str, Option<&str>),
    found: &str,
    wants: &str,
) -> Diagnostic {
    let title =
        format!("the body of this loop must give its builder, {}, but this is {}", a(wants), a(found));
    let diagnostic = Diagnostic::new(Code::TypeMismatch, at, title)
        .label(a(found))
        .related(builder.span, "the builder of the loop");
    match value {
        Some(value) => diagnostic.help(format!("add the value to the builder: `merge({name}, {value})`")),
        None => diagnostic.help(format!("end with a `merge` into `{name}`, or with `{name}` to add nothing")),
    }
}
