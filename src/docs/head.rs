#![forbid(unsafe_code)]
//! The page about the `#@` lines at the head of a program.

use super::{Kind, Topic};

const PAGE: &str = include_str!("head.md");

/// The page, found by the name of any of these lines.
pub(super) fn topic() -> Topic {
    let also = ["#@", "head", "header", "#@ expect", "title", "lesson", "quiz", "library", "claim", "claims"];
    Topic {
        id: "expect",
        also: also.map(str::to_string).into(),
        kind: Kind::Head,
        title: "`#@` lines before a program give its inputs and claim what it does".to_string(),
        text: PAGE.to_string(),
    }
}
