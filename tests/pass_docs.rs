//! The documentation of each pass and of each rule is true: running the pass on the first example gives exactly the second
//! one, and running it on that changes nothing. The examples of a rule fire that rule, or nearly do.

#![allow(clippy::unwrap_used, reason = "a test stops at the first wrong thing")]

mod support;

use support::{compile, optimize_checked};
use weld::ir::print;
use weld::passes::{ALL, DEFAULT, Optimized, PassInfo, RuleInfo, Stage, find, parse_pipeline, pass_names};

/// The contents of the fenced code blocks.
fn examples(page: &str) -> Vec<String> {
    let mut examples = Vec::new();
    let mut current: Option<Vec<&str>> = None;
    for line in page.lines() {
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
        // `///` leaves a space before each line.
        let examples = examples(&info.doc.replace("\n ", "\n"));
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

/// What an example of a rule goes through: its pass, or those that its first line names.
fn passes_of(example: &str, info: &PassInfo) -> Vec<Stage> {
    let line = example.lines().next().unwrap_or("");
    parse_pipeline(line.strip_prefix("# passes: ").unwrap_or(info.name)).unwrap()
}

fn run(example: &str, info: &PassInfo) -> Result<Optimized, String> {
    optimize_checked(&compile(example)?, &passes_of(example, info))
}

/// What is wrong with the page of a rule.
fn check_page(info: &PassInfo, rule: &RuleInfo) -> Result<(), String> {
    let mut lines = rule.page.lines();
    let form = [lines.next(), lines.next(), lines.next(), lines.next()];
    let heading = format!("# {}", rule.name);
    match form {
        [Some(first), Some(""), Some(summary), Some("")] if first == heading && summary.ends_with('.') => {}
        _ => return Err("the page does not begin with a heading and one sentence".to_string()),
    }
    let examples = examples(rule.page);
    let (before, after, stays) = match examples.as_slice() {
        [before, after] => (before, after, None),
        [before, after, stays] => (before, after, Some(stays)),
        _ => return Err("a page has an example before, one after, and perhaps one that stays".to_string()),
    };
    let optimized = run(before, info)?;
    let found = print::program(&optimized.program);
    if found != *after {
        return Err(format!("the first example becomes\n{found}"));
    }
    let fired =
        || optimized.trace.steps.iter().flat_map(|step| step.firings.iter().map(|firing| firing.rule));
    if !fired().any(|fired| fired == rule.name) {
        return Err("it does not fire on its first example".to_string());
    }
    let named = |fired: &str| rule.page.contains(&format!("`{fired}`"));
    if let Some(other) = fired().find(|fired| *fired != rule.name && !named(fired)) {
        return Err(format!("`{other}` fires too on its first example, and the page does not name it"));
    }
    let pass = find(info.name).unwrap();
    if optimize_checked(&compile(after)?, &[pass])?.trace.steps.iter().any(|step| step.changed()) {
        return Err("the pass changes the second example".to_string());
    }
    let Some(stays) = stays else { return Ok(()) };
    let steps = run(stays, info)?.trace.steps;
    if steps.iter().any(|step| step.firings.iter().any(|firing| firing.rule == rule.name)) {
        return Err("it fires on the example that should stay".to_string());
    }
    if !steps.iter().any(|step| step.missed.iter().any(|miss| miss.rule == rule.name)) {
        return Err("it leaves no near miss on the example that should stay".to_string());
    }
    Ok(())
}

#[test]
fn pages_of_rules_are_true() {
    let mut wrong = Vec::new();
    for info in ALL.iter().map(|pass| pass.info()) {
        for rule in info.rules {
            if let Err(why) = check_page(info, rule) {
                wrong.push(format!("src/passes/docs/{}/{}.md: {why}", info.name, rule.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A page that nothing belongs to would be read by nobody.
#[test]
fn every_page_belongs_to_a_rule() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/passes/docs");
    for folder in std::fs::read_dir(docs).unwrap().map(|entry| entry.unwrap()) {
        if !folder.file_type().unwrap().is_dir() {
            continue;
        }
        let info = find(&folder.file_name().to_string_lossy()).unwrap().info();
        for page in std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
            let name = page.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(info.rule(&name).is_some(), "`{}` has no rule `{name}`", info.name);
        }
    }
}

#[test]
fn names_are_unique_and_documented() {
    let mut names = std::collections::HashSet::new();
    for info in ALL.iter().map(|pass| pass.info()) {
        for name in info.names() {
            assert!(names.insert(name), "two passes or rules are named `{name}`");
        }
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
