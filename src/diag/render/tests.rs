#![forbid(unsafe_code)]
use super::{RenderOptions, Report, Severity, one_line, render, render_report};
use crate::diag::{Code, Diagnostic, Diagnostics, SourceId, SourceMap, Span};

fn show_with(text: &str, lo: u32, hi: u32, options: RenderOptions) -> String {
    let mut sources = SourceMap::default();
    let id = sources.add("p1", text.to_string());
    let message = Diagnostic::new(Code::UnexpectedToken, Span::new(id, lo, hi), "a title")
        .label("a label")
        .help("a fix");
    render(&message.into(), &sources, options)
}

fn show(text: &str, lo: u32, hi: u32) -> String {
    show_with(text, lo, hi, RenderOptions::default())
}

#[test]
fn house_form() {
    let mut sources = SourceMap::default();
    let id = sources.add("sales.weld", "|v: vec[i32]|\n  merge(b, x * 2)\n".to_string());
    let message = Diagnostic::new(Code::MergeMismatch, Span::new(id, 25, 30), "this merge adds an i32")
        .label("an i32")
        .related(Span::new(id, 4, 12), "so x is an i32")
        .help("widen before merging: merge(b, i64(x * 2))");
    assert_eq!(
        render(&message.into(), &sources, RenderOptions::default()),
        "\
type error[E0203]: this merge adds an i32
 --> sales.weld:2:12
  |
1 | |v: vec[i32]|
  |     -------- so x is an i32
2 |   merge(b, x * 2)
  |            ^^^^^ an i32
  |
  = help: widen before merging: merge(b, i64(x * 2))
"
    );
}

#[test]
fn the_end_of_the_text_is_the_end_of_its_last_word() {
    let expected =
        "error[E0103]: a title\n --> p1:1:4\n  |\n1 | abc\n  |    ^ a label\n  |\n  = help: a fix\n";
    assert_eq!(show("abc", 3, 3), expected);
    assert_eq!(show("abc\n\n", 5, 5), expected);
    assert_eq!(show("abc", 900, 1000), expected);
    assert!(show("", 0, 0).contains("\n1 |\n  | ^ a label\n"), "{}", show("", 0, 0));
}

#[test]
fn tabs_and_line_ends() {
    let text = show("a\r\n\tbc\tde\r\n", 7, 9);
    assert!(
        text.contains("p1:2:5\n") && text.contains("2 |     bc    de\n  |           ^^ a label"),
        "{text}"
    );
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let mut sources = SourceMap::default();
    let nasty = "x\x1b[31m\u{9b}2J\u{202e}\0\x07 y";
    let id = sources.add(nasty, nasty.to_string());
    let message = Diagnostic::new(Code::UnexpectedToken, Span::new(id, 0, 5), nasty).label(nasty).help(nasty);
    let text = render(&message.into(), &sources, RenderOptions::default());
    assert!(text.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')), "{text:?}");
}

#[test]
fn long_lines_are_cut_around_the_caret() {
    let long = "x".repeat(5_000_000) + "yyy" + &"z".repeat(5_000_000);
    for width in [20, 80, 200] {
        let text =
            show_with(&long, 5_000_000, 5_000_003, RenderOptions { color: false, width, bounded: true });
        assert!(text.contains("p1:1:5000001\n") && text.contains("yyy") && text.contains("^^^"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= width.max(30)), "{text}");
    }
}

#[test]
fn places_far_from_each_other_get_their_own_excerpts() {
    let mut sources = SourceMap::default();
    let id = sources.add("p1", format!("first\n{}last\n", "# filler\n".repeat(100_000)));
    let other = sources.add("p2", "elsewhere".to_string());
    let message = Diagnostic::new(Code::UnexpectedToken, Span::new(id, 900_006, 900_010), "a title")
        .label("here")
        .related(Span::new(id, 0, 5), "there")
        .related(Span::new(other, 0, 9), "in another text");
    let text = render(&message.into(), &sources, RenderOptions::default());
    for part in ["--> p1:100002:1\n", "100002 | last\n", "::: p1:1:1\n", "1 | first\n", "::: p2:1:1\n"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.lines().count() < 20, "{text}");
}

#[test]
fn spans_of_many_lines_and_odd_places() {
    let text = show(&"line\n".repeat(10_000), 2, 40_000);
    assert!(text.lines().count() < 20, "{text}");
    // Inside a character, backwards, and in a text that nobody added.
    assert!(show("a\u{e9}b", 2, 3).contains("p1:1:2"));
    assert!(show("abc", 2, 1).contains("p1:1:3"));
    let foreign = Diagnostic::new(Code::UnexpectedToken, Span::new(SourceId(7), 3, 9), "a title");
    assert!(
        render(&foreign.into(), &SourceMap::default(), RenderOptions::default())
            .starts_with("error[E0103]: a title\n")
    );
}

#[test]
fn colours_only_when_asked() {
    assert!(!show("abc", 0, 1).contains('\x1b'));
    assert!(show_with("abc", 0, 1, RenderOptions { color: true, width: 80, bounded: true }).contains('\x1b'));
}

#[test]
fn classes_and_rules() {
    let span = Span::default();
    let message = Diagnostic::new(Code::BuilderUsedTwice, span, "builder `b` is used twice");
    let mut sources = SourceMap::default();
    sources.add("p1", "b".to_string());
    assert_eq!(one_line(&message), "linearity error[L1]: builder `b` is used twice");
    let text = render(&Diagnostics(vec![message.clone(), message]), &sources, RenderOptions::default());
    assert_eq!(text.matches("linearity error[E0310]: builder `b` is used twice (rule L1)\n").count(), 2);
    assert_eq!(one_line(&Diagnostic::new(Code::BadLiteral, span, "x")), "syntax error: x");
    let warning = Diagnostic::new(Code::HexByteTrap, span, "x");
    assert!(render(&warning.into(), &sources, RenderOptions::default()).starts_with("warning[W0101]: x\n"));
}

#[test]
fn reports_without_a_place() {
    let report = Report {
        id: "R007".to_string(),
        severity: Severity::Error,
        class: String::new(),
        title: "out of memory".to_string(),
        primary: None,
        related: Vec::new(),
        help: Some("raise weld.memory.limit".to_string()),
    };
    let text = render_report(&report, &SourceMap::default(), RenderOptions::default());
    assert_eq!(text, "error[R007]: out of memory\n |\n = help: raise weld.memory.limit\n");
}

#[test]
fn words_are_filled_where_lines_end() {
    let text = |bounded| {
        let mut sources = SourceMap::default();
        let id = sources.add("p1", "abc".to_string());
        let message =
            Diagnostic::new(Code::UnexpectedToken, Span::new(id, 0, 3), "a title of several words, and more")
                .help("a fix that is written in some words\nlet x = 1");
        render(&message.into(), &sources, RenderOptions { color: false, width: 45, bounded })
    };
    assert!(text(false).contains("of several words, and more\n") && text(false).contains("in some words\n"));
    let shown = text(true);
    assert!(
        shown.starts_with("error[E0103]: a title of several words, and\n              more\n"),
        "{shown}"
    );
    assert!(
        shown.ends_with("  = help: a fix that is written in some\n          words\n          let x = 1\n"),
        "{shown}"
    );
}
