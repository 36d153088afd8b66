#![forbid(unsafe_code)]
//! What is said about mistakes of names and types: the words, in one place.
//!
//! Promises: titles and labels are lower case without a full stop; code in a help compiles when it is put where
//! the message points.

use super::HoleKind;
use super::closures::Given;
use super::show::show;
use crate::diag::{Code, Diagnostic, Span, suggest};
use crate::ir::{Expr, ExprKind, MAX_C_ARGS, Scalar, Ty};
use crate::syntax::ast::{self, Builtin};
use crate::syntax::foreign_function;

/// The longest type in a message, in bytes.
const MAX_TYPE_TEXT: usize = 120;

/// The type as text; long ones are cut.
pub(super) fn type_text(ty: &Ty) -> String {
    let text = ty.to_string();
    match text.char_indices().nth(MAX_TYPE_TEXT) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or("")),
        None => text,
    }
}

/// The type with its article: "an `i64`".
pub(super) fn a(ty: &str) -> String {
    let article = if ty.starts_with(['i', 'a', 'f']) { "an" } else { "a" };
    // An unknown type is no name.
    if ty == "?" { "of an unknown type".to_string() } else { format!("{article} `{ty}`") }
}

/// The place of the value that an expression ends with.
pub(super) fn value_span(expr: &Expr) -> Span {
    match &expr.kind {
        ExprKind::Block(_, body) => body.origin.primary(),
        _ => expr.origin.primary(),
    }
}

/// The part of an expression that its value comes from: the end of a block, or of a lambda applied in place, as
/// macros write them around code of the user.
pub(super) fn value_of(expr: &ast::Expr) -> &ast::Expr {
    let mut at = expr;
    loop {
        at = match &at.kind {
            ast::ExprKind::Block(_, body) => body,
            ast::ExprKind::Apply(callee, _) => match &callee.kind {
                ast::ExprKind::Lambda(_, body) => body,
                _ => return at,
            },
            _ => return at,
        };
    }
}

/// "1 argument", "2 arguments".
pub(super) fn plural(n: usize, noun: &str) -> String {
    if n == 1 { format!("{n} {noun}") } else { format!("{n} {noun}s") }
}

// ---- the program and its limits --------------------------------------------------------------------------

/// `example` is a type that it may have.
pub(super) fn input_without_type(param: &ast::Param, example: &str) -> Diagnostic {
    let name = &param.name.text;
    Diagnostic::new(
        Code::ParameterType,
        param.name.span,
        format!("the input `{name}` of the program has no type"),
    )
    .label("the caller decides this value, so nothing here tells its type")
    .help(format!("write its type after the name, for example `{name}: {example}`"))
}

pub(super) fn infinite_type(span: Span) -> Diagnostic {
    Diagnostic::new(Code::InfiniteType, span, "this type would have to contain itself")
        .label("a part of this value has the type of the whole")
        .help("leave out one level of brackets, or write the type that is meant, as in `[]:vec[i64]`")
}

pub(super) fn type_too_large(span: Span) -> Diagnostic {
    let (fields, depth) = (super::unify::MAX_FIELDS, super::unify::MAX_DEPTH);
    Diagnostic::new(Code::TypeTooLarge, span, "this type is too large")
        .label(format!("a type has at most {fields} fields in all and at most {depth} levels"))
}

pub(super) fn loops_too_deep(span: Span) -> Diagnostic {
    let limit = super::MAX_LOOPS;
    Diagnostic::new(Code::NestingTooDeep, span, format!("loops are nested more than {limit} levels deep"))
        .label("this loop is inside all the others")
}

pub(super) fn program_too_large(span: Span, lambda: Option<&ast::Ident>) -> Diagnostic {
    let limit = super::MAX_NODES;
    let diagnostic = Diagnostic::new(
        Code::ProgramTooLarge,
        span,
        format!("the program becomes larger than {limit} nodes"),
    );
    match lambda {
        Some(name) => diagnostic
            .label("reached here")
            .related(name.span, format!("`{}` is copied to each place that calls it", name.text))
            .help("call lambdas from a loop instead of many times"),
        None => diagnostic.label("reached here"),
    }
}

pub(super) fn builder_stored(span: Span, holder: &str, ty: &str) -> Diagnostic {
    Diagnostic::new(Code::BuilderPlacement, span, format!("{holder} cannot hold builders"))
        .label(a(ty))
        .help("take the value out of the builder first, with `result`; builders can be in structs")
}

pub(super) fn too_many_c_arguments(name: &ast::Ident, n: usize) -> Diagnostic {
    let title = format!("a C function takes at most {MAX_C_ARGS} arguments, this call has {n}");
    Diagnostic::new(Code::ArgumentCount, name.span, title).help("pass several values as one struct: `{a, b}`")
}

pub(super) fn unknown_note(key: &ast::Ident, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::UnknownAnnotation,
        key.span,
        format!("nothing reads the annotation `{}`", key.text),
    );
    match suggest(&key.text, known.iter().copied()) {
        Some(near) => diagnostic.label(format!("did you mean `{near}`?")),
        None => diagnostic.label("it has no effect"),
    }
}

// ---- types that nothing determines -----------------------------------------------------------------------

pub(super) fn cannot_infer(span: Span, what: &HoleKind) -> Diagnostic {
    let (title, help) = match what {
        HoleKind::Appender => (
            "cannot infer the element type of this appender".to_string(),
            "write `appender[T]` with the type of its elements, for example `appender[i64]`".to_string(),
        ),
        HoleKind::EmptyVector => (
            "cannot infer the element type of this empty vector".to_string(),
            "write its type after it, for example `[]:vec[i64]`".to_string(),
        ),
        HoleKind::Parameter(name) => (
            format!("cannot infer the type of the parameter `{name}`: nothing calls this lambda"),
            format!("write its type after the name, for example `{name}: i64`, or remove the lambda"),
        ),
        HoleKind::Written => (
            "cannot infer the type that `?` stands for".to_string(),
            "write the type instead of `?`".to_string(),
        ),
        HoleKind::Value => (
            "cannot infer the type of this expression".to_string(),
            "write the type after it, as in `(x : i64)`".to_string(),
        ),
    };
    Diagnostic::new(Code::CannotInfer, span, title).label("nothing in the program determines it").help(help)
}

// ---- names -----------------------------------------------------------------------------------------------

pub(super) fn unknown_name(name: &ast::Ident, is_macro: bool, candidates: &[&str]) -> Diagnostic {
    let text = &name.text;
    let diagnostic = Diagnostic::new(Code::UnknownName, name.span, format!("no value is named `{text}`"));
    if is_macro {
        return diagnostic.label("this is a macro").help("a macro is no value, give it arguments");
    }
    match &**text {
        "inf" => return diagnostic.label("infinity has no literal").help("write `1.0/0.0`"),
        "nan" => return diagnostic.label("not-a-number has no literal").help("write `0.0/0.0`"),
        _ => {}
    }
    match suggest(text, candidates.iter().copied()) {
        Some(near) => diagnostic.label(format!("did you mean `{near}`?")),
        None => diagnostic.label("not bound by a `let` or a parameter here"),
    }
}

pub(super) fn unknown_function(
    name: &ast::Ident,
    recursive: bool,
    candidates: &[&str],
    macro_names: &[String],
) -> Diagnostic {
    let text = &name.text;
    if recursive {
        let title = format!("the lambda `{text}` calls itself");
        return Diagnostic::new(Code::UnknownFunction, name.span, title)
            .label("a lambda is bound only after the end of its `let`")
            .help("repeat a step with `iterate`, whose function gives the next state and whether to go on");
    }
    let diagnostic =
        Diagnostic::new(Code::UnknownFunction, name.span, format!("no macro or lambda is named `{text}`"));
    let foreign = foreign_function(text).map(str::to_string);
    let diagnostic = match foreign.or_else(|| suggest(text, candidates.iter().copied())) {
        Some(near) => diagnostic.label(format!("did you mean `{near}`?")),
        None => diagnostic.label("not defined here"),
    };
    if macro_names.is_empty() {
        return diagnostic;
    }
    let shown: Vec<&str> = macro_names.iter().take(30).map(String::as_str).collect();
    diagnostic.help(format!("macros here: {}", shown.join(", ")))
}

pub(super) fn outer_builder(
    span: Span,
    outer: &str,
    field: Option<u32>,
    inner: &str,
    bound: Span,
) -> Diagnostic {
    let outer = field.map_or(outer.to_string(), |field| format!("{outer}.${field}"));
    Diagnostic::new(
        Code::OuterBuilderName,
        span,
        format!("`{outer}` is the builder outside this loop; inside, its name is `{inner}`"),
    )
    .label(format!("taken as `{inner}`"))
    .related(bound, "the builder inside the loop")
    .help(format!("write `{inner}`"))
}

// ---- lambdas ---------------------------------------------------------------------------------------------

pub(super) fn lambda_as_value(span: Span, name: Option<&str>) -> Diagnostic {
    let diagnostic = match name {
        Some(name) => {
            Diagnostic::new(Code::NotALambda, span, format!("the lambda `{name}` is used as a value"))
                .help(format!("apply `{name}` to arguments, or give it to `for`, `iterate` or a macro"))
        }
        None => Diagnostic::new(Code::NotALambda, span, "a lambda is not a value")
            .help("bind it with `let`, apply it to arguments, or give it to `for`, `iterate` or a macro"),
    };
    diagnostic.label("a lambda can only be applied")
}

pub(super) fn lambda_with_type(name: &ast::Ident, span: Span) -> Diagnostic {
    Diagnostic::new(Code::NotALambda, span, format!("the lambda `{}` cannot have a type", name.text))
        .label("function types cannot be written")
        .help("remove the type, or write types for the parameters")
}

pub(super) fn not_a_lambda(expr: &ast::Expr, role: &str, ty: Option<&str>, hides_macro: bool) -> Diagnostic {
    let title = match (role, show(expr)) {
        ("", Some(text)) => format!("`{text}` is called, but it is not a lambda"),
        ("", None) => "this is called, but it is not a lambda".to_string(),
        (role, Some(text)) => format!("{role} must be a lambda, and `{text}` is none"),
        (role, None) => format!("{role} must be a lambda"),
    };
    let help = match role {
        _ if hides_macro => "this value hides the macro of the same name, give the value another name",
        "" => "only lambdas, macros and built-in functions can be called",
        "the function of `for`" => "write a lambda, as in `|b, i, x| merge(b, x)`, or the name of one",
        "the function of `sort`" => "write a lambda, as in `|a, b| compare(a, b)`, or the name of one",
        _ => "write a lambda, as in `|s| {s, false}`, or the name of one",
    };
    Diagnostic::new(Code::NotALambda, expr.span, title)
        .label(ty.map_or("not a lambda".to_string(), a))
        .help(help)
}

pub(super) fn argument_count(
    span: Span,
    callee: &ast::Expr,
    params: &[ast::Param],
    lambda: Span,
    n_args: usize,
    in_macro: bool,
) -> Diagnostic {
    let name = show(callee).map_or("this lambda".to_string(), |name| format!("`{name}`"));
    let (takes, gets) = (plural(params.len(), "argument"), plural(n_args, "argument"));
    if in_macro {
        let title = format!("{name} takes {takes}, the macro calls it with {n_args}");
        return Diagnostic::new(Code::ArgumentCount, lambda, title)
            .label(format!("{}, but it gets {gets}", plural(params.len(), "parameter")));
    }
    Diagnostic::new(Code::ArgumentCount, span, format!("{name} takes {takes}, this call gives {n_args}"))
        .label(format!("{gets} here"))
        .related(lambda, format!("{} here", plural(params.len(), "parameter")))
}

pub(super) fn builtin_arguments(builtin: Builtin, n_args: usize, span: Span) -> Diagnostic {
    let row = Builtin::ALL.iter().find(|row| row.0 == builtin);
    let takes = match row.and_then(|row| row.2) {
        Some(n) => plural(n, "argument"),
        None => "two or more arguments".to_string(),
    };
    Diagnostic::new(
        Code::ArgumentCount,
        span,
        format!("`{}` takes {takes}, this call gives {n_args}", builtin.name()),
    )
}

pub(super) fn iterate_parameters(span: Span, n_params: usize) -> Diagnostic {
    Diagnostic::new(Code::ArgumentCount, span, "the function of `iterate` takes one parameter, the state")
        .label(format!("takes {}", plural(n_params, "parameter")))
        .help("put several values into one struct: `iterate({a, b}, |s| {{s.$0, s.$1}, go})`")
}

pub(super) fn parameter_mismatch(
    param: &ast::Param,
    span: Span,
    declared: &str,
    given: &Given<'_>,
    found: &str,
) -> Diagnostic {
    let title = format!("`{}` is declared `{declared}`, but {} is {}", param.name.text, given.role, a(found));
    let diagnostic = Diagnostic::new(Code::TypeMismatch, span, title)
        .label(format!("declared `{declared}`"))
        .help(format!("write `{found}` here, or leave the type out"));
    match given.because {
        Some(because) => diagnostic.related(because, format!("{} is {}", given.role, a(found))),
        None => diagnostic,
    }
}

// ---- values ----------------------------------------------------------------------------------------------

pub(super) fn bad_cast(operand: &ast::Expr, to: Scalar, found: &str) -> Diagnostic {
    let diagnostic =
        Diagnostic::new(Code::BadCast, operand.span, format!("{} cannot be cast to `{to}`", a(found)))
            .label("only numbers and bools can be cast");
    match (found.starts_with("vec["), show(operand)) {
        (true, Some(text)) => diagnostic.help(format!("cast each element: `map({text}, |x| {to}(x))`")),
        _ => diagnostic,
    }
}

pub(super) fn vector_wanted(expr: &ast::Expr, what: &str, found: &str) -> Diagnostic {
    let code = if what.starts_with("a loop") { Code::BadFor } else { Code::TypeMismatch };
    let title = match what {
        "a loop" => format!("a loop runs over a vector, this is {}", a(found)),
        what => format!("{what} needs a vector, this is {}", a(found)),
    };
    let diagnostic = Diagnostic::new(code, expr.span, title).label(a(found));
    match show(expr) {
        Some(end) if found == "i64" && what == "a loop" => {
            diagnostic.help(format!("to count, loop over a range: `rangeiter(0L, {end}, 1L)`"))
        }
        Some(dict) if found.starts_with("dict[") => {
            diagnostic.help(format!("take its entries as a vector: `tovec({dict})`"))
        }
        _ => diagnostic,
    }
}

pub(super) fn no_such_field(span: Span, index: u32, n_fields: usize, ty: &str) -> Diagnostic {
    let label = match n_fields {
        0 => "it has no fields".to_string(),
        1 => "its only field is `$0`".to_string(),
        n => format!("its fields are `$0` to `${}`", n - 1),
    };
    Diagnostic::new(Code::NoSuchField, span, format!("`{ty}` has no field `${index}`")).label(label)
}

pub(super) fn no_fields(span: Span, index: u32, ty: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::NoSuchField, span, format!("{} has no field `${index}`", a(ty)))
        .label("only structs have fields");
    if ty.starts_with("vec[") {
        return diagnostic.help(format!("take an element with `lookup(v, {index}L)`"));
    }
    diagnostic
}

pub(super) fn field_mismatch(span: Span, index: u32, field: &str, used: &str) -> Diagnostic {
    Diagnostic::new(
        Code::TypeMismatch,
        span,
        format!("the field `${index}` is {}, but it is used as {}", a(field), a(used)),
    )
    .label(a(field))
}

pub(super) fn not_mergeable(span: Span, ty: &str) -> Diagnostic {
    Diagnostic::new(Code::OperandKind, span, format!("a merger combines numbers, not {}", a(ty)))
        .label("must be a number or a struct of numbers")
        .help("to collect other values, use `appender`")
}
