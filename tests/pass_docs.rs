//! The documentation of each pass is true: running the pass on its first example gives exactly the second one, and
//! running it on that changes nothing.

#![allow(clippy::unwrap_used, reason = "a test stops at the first wrong thing")]

mod support;

use support::{compile, optimize_checked};
use weld::ir::print;
use weld::passes::{ALL, DEFAULT, find, parse_pipeline, pass_names};

/// The contents of the fenced code blocks, without the space that `///` leaves before each line.
fn examples(doc: &str) -> Vec<String> {
    let mut examples = Vec::new();
    let mut current: Option<Vec<&str>> = None;
    for line in doc.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)) {
        match (&mut current, line) {
            (None, "```weld") => current = Some(Vec::new()),
            (Some(lines), "```") => {
                examples.push(lines.join("\n"));
                current = None;
            }
            (Some(lines), line) => lines.push(line),
            _ => {}
        }
    }
    examples
}

#[test]
fn examples_are_true() {
    for pass in ALL {
        let info = pass.info();
        let examples = examples(info.doc);
        assert!(
            !examples.is_empty() && examples.len().is_multiple_of(2),
            "`{}` needs before and after",
            info.name
        );
        for pair in examples.chunks(2) {
            let [before, after] = pair else { continue };
            let program = compile(before).unwrap();
            let optimized = optimize_checked(&program, &[*pass]).unwrap();
            assert_eq!(&print::program(&optimized.program), after, "what `{}` does", info.name);
            let again = optimize_checked(&compile(after).unwrap(), &[*pass]).unwrap();
            assert!(!again.trace.steps[0].changed(), "`{}` changes its own result", info.name);
        }
    }
}

#[test]
fn names_are_unique_and_documented() {
    let mut names = std::collections::HashSet::new();
    for info in ALL.iter().map(|pass| pass.info()) {
        assert!(names.insert(info.name), "two passes are named `{}`", info.name);
        assert!(!info.rules.is_empty() && !info.summary.trim().is_empty());
        for alias in info.aliases {
            assert!(names.insert(alias), "two passes are called `{alias}`");
            assert_eq!(find(alias).unwrap().info().name, info.name);
        }
    }
}

#[test]
fn pipelines_as_text() {
    let names = |text: &str| -> Vec<&str> { pass_names(&parse_pipeline(text).unwrap()) };
    let default: Vec<&str> = DEFAULT.iter().map(|pass| pass.info().name).collect();
    assert_eq!(names("default"), default);
    assert_eq!(names("none"), Vec::<&str>::new());
    assert_eq!(names(""), Vec::<&str>::new());
    assert_eq!(names("inline-let, loop-fusion"), ["inline-let", "fuse-vertical"]);
    assert_eq!(names("inline-let  vectorize\n"), ["inline-let", "vectorize"]);
    assert!(!names("default -vectorize").contains(&"vectorize"));
    assert_eq!(names("-infer-size").len(), default.len() - 1);
    // A pass that occurs twice goes twice.
    assert_eq!(names("default -inline-let").len(), default.len() - 2);
    let error = |text: &str| parse_pipeline(text).err().unwrap();
    assert_eq!(error("vectorise"), "there is no pass `vectorise`; did you mean `vectorize`?");
    assert_eq!(
        error("default -fuse-verticle"),
        "there is no pass `fuse-verticle`; did you mean `fuse-vertical`?"
    );
    assert!(error("zzzzzz").contains("the passes are inline-apply, inline-let"));
}
