#![forbid(unsafe_code)]
//! What is said about builders that break a rule of LANGUAGE 11.
//!
//! Promises: every message shows both places that cannot go together, and says what to write instead.

use super::uses::{By, Use};
use crate::diag::{Code, Diagnostic, Span};

/// A builder as the user knows it.
pub(super) struct Place {
    /// Its name, with fields.
    pub(super) text: String,
    /// Where the name was bound.
    pub(super) bound: Span,
}

pub(super) fn used_twice(place: &Place, first: &Use, second: &Use) -> Diagnostic {
    let name = &place.text;
    if first.span == second.span {
        // One place, reached twice: it stands in a lambda that is called more than once.
        return Diagnostic::new(
            Code::BuilderCaptured,
            second.span,
            format!("a lambda that is called more than once uses the builder `{name}`"),
        )
        .label("used again by every call")
        .related(place.bound, format!("`{name}` is bound outside the lambda"))
        .help(format!(
            "give the builder to the lambda as a parameter, and use what it returns instead of `{name}`"
        ));
    }
    let first_label = match &first.by {
        By::Merge(Some(next)) | By::Loop(Some(next)) | By::Let(next) => {
            format!("first use: `{name}` moved into `{next}`")
        }
        By::Merge(None) => "first use: consumed by this `merge`".to_string(),
        By::Loop(None) => "first use: filled by this loop".to_string(),
        By::Result => "first use: consumed by this `result`".to_string(),
        By::Struct => "first use: moved into a struct".to_string(),
        By::Argument => "first use: passed on as an argument".to_string(),
        By::Value => "first use".to_string(),
    };
    let help = match &first.by {
        By::Merge(Some(next)) | By::Loop(Some(next)) | By::Let(next) => {
            // The same part of what it moved into.
            let rest = second.path.get(first.path.len()..).unwrap_or(&[]);
            let fields: String = rest.iter().map(|field| format!(".${field}")).collect();
            format!("continue the chain: use `{next}{fields}` here")
        }
        By::Merge(None) => "use the value that the first `merge` returns".to_string(),
        By::Loop(None) => "use the value that the loop returns".to_string(),
        By::Result => format!("bind the result once, `let r = result({name});`, and use `r` in both places"),
        By::Struct | By::Argument | By::Value => {
            "make two builders, and give each its own merges".to_string()
        }
    };
    Diagnostic::new(Code::BuilderUsedTwice, second.span, format!("builder `{name}` is used twice"))
        .label("second use; a builder is one chain of merges, never a fork")
        .related(first.span, first_label)
        .help(help)
}

pub(super) fn condition_and_branch(place: &Place, in_condition: &Use, in_branch: &Use) -> Diagnostic {
    let name = &place.text;
    Diagnostic::new(
        Code::BuilderInBranches,
        in_branch.span,
        format!("builder `{name}` is used by the condition of `if` and by a branch"),
    )
    .label("used again here")
    .related(in_condition.span, "used up by the condition")
    .help("compute the condition from a result that is bound once, before the `if`")
}

pub(super) fn builder_selected(span: Span) -> Diagnostic {
    Diagnostic::new(Code::BuilderInBranches, span, "`select` cannot choose between builders")
        .label("both sides are evaluated, so the builder would be used twice")
        .help("write `if` instead of `select`: it evaluates one branch only")
}

pub(super) fn builder_in_operand(place: &Place, span: Span, what: &str) -> Diagnostic {
    let name = &place.text;
    Diagnostic::new(
        Code::BuilderInBranches,
        span,
        format!("builder `{name}` is used inside an operand of `{what}`"),
    )
    .label("builders may not be used here")
    .help(format!("use the builder before, bind the value with `let`, and use that value in `{what}`"))
}

pub(super) fn result_in_loop(span: Span, from: Span) -> Diagnostic {
    Diagnostic::new(Code::ResultInLoop, span, "`result` reads a builder that the loop is still filling")
        .label("has no value until the loop ends")
        .related(from, "filled by many workers at once")
        .help("finish first, then read: bind the `result` of the whole loop with `let`, and use it after the loop")
}

pub(super) fn captured(place: &Place, span: Span, what: &str, own: &str) -> Diagnostic {
    let name = &place.text;
    let diagnostic = Diagnostic::new(
        Code::BuilderCaptured,
        span,
        format!("builder `{name}` is bound outside {what} and used inside it"),
    )
    .label("every step would use it again")
    .related(place.bound, format!("`{name}` is bound here"));
    if what == "this loop" {
        return diagnostic.help(format!(
            "merge into the builder of the loop, `{own}`; for two builders, give the loop a struct of both"
        ));
    }
    if what == "`sort`" {
        return diagnostic
            .help("a comparison only looks at its two elements: merge in a loop over the sorted vector");
    }
    diagnostic.help("make the builder a part of the state")
}

pub(super) fn fresh_in_loop(at: Span, wants: &Place, fresh: Span, from: Span) -> Diagnostic {
    let name = &wants.text;
    let diagnostic = Diagnostic::new(
        Code::NotDerived,
        at,
        format!("the body of this loop gives a new builder instead of its own `{name}`"),
    )
    .label(format!("must go back to `{name}` on every path"));
    let diagnostic = if fresh == at { diagnostic } else { diagnostic.related(fresh, "the new builder") };
    diagnostic.related(from, "what the loop fills").help(format!(
        "end with `{name}`, or with a `merge` into it; to fill another builder, give that one to the loop"
    ))
}

pub(super) fn swapped_in_loop(at: Span, wants: &Place, found: &Place) -> Diagnostic {
    Diagnostic::new(Code::NotDerived, at, "the builders of this loop change places")
        .label(format!("`{}` stands where `{}` belongs", found.text, wants.text))
        .help("keep every builder in the field that it came from")
}

pub(super) fn other_in_loop(at: Span, wants: &Place, found: &Place, from: Span) -> Diagnostic {
    Diagnostic::new(
        Code::NotDerived,
        at,
        format!(
            "the body of this loop gives the builder `{}` instead of its own `{}`",
            found.text, wants.text
        ),
    )
    .label(format!("must go back to `{}` on every path", wants.text))
    .related(from, "what the loop fills")
    .help(format!("end with `{}`, or with a `merge` into it", wants.text))
}

pub(super) fn iterate_swapped(at: Span, wants: &Place, found: &Place) -> Diagnostic {
    Diagnostic::new(Code::IterateBuilder, at, "the builders of this state change places")
        .label(format!("`{}` stands where `{}` belongs", found.text, wants.text))
        .help("keep every builder in its field, or start a new one")
}

pub(super) fn dropped(place: &Place) -> Diagnostic {
    Diagnostic::new(Code::BuilderDropped, place.bound, format!("builder `{}` is never used", place.text))
        .label("what was merged into it is lost")
        .help("read it with `result`, return it, or remove it")
}
