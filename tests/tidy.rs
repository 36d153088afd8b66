//! Keeps the house in order: floors, file headers, file sizes, `unsafe`, fixtures for every pass, rule and code.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which modules each module may import: the table of ARCHITECTURE.md.
const FLOORS: &[(&str, &[&str])] = &[
    ("diag", &[]),
    ("math", &[]),
    ("logging", &[]),
    ("runtime", &["logging"]),
    ("ir", &["diag", "math"]),
    ("syntax", &["diag", "ir"]),
    ("value", &["diag", "ir", "runtime"]),
    ("plan", &["diag", "ir"]),
    ("passes", &["diag", "ir", "logging", "plan"]),
    ("expand", &["diag", "ir", "syntax"]),
    ("check", &["diag", "ir", "syntax"]),
    ("interp", &["diag", "ir", "plan", "value"]),
    ("inputs", &["diag", "ir", "syntax", "value"]),
    ("codegen", &["diag", "ir", "math", "plan", "runtime", "value"]),
    ("config", &["diag", "passes", "plan"]),
    ("docs", &["config", "diag", "expand", "passes", "syntax", "value"]),
    (
        "session",
        &[
            "check", "codegen", "config", "diag", "expand", "inputs", "interp", "ir", "logging", "passes",
            "plan", "runtime", "syntax", "value",
        ],
    ),
    (
        "view",
        &[
            "config", "diag", "docs", "inputs", "ir", "passes", "plan", "runtime", "session", "syntax",
            "value", "codegen",
        ],
    ),
    ("embed", &["codegen", "config", "diag", "ir", "runtime", "session", "value", "view"]),
    (
        "compat",
        &[
            "check", "codegen", "config", "diag", "ir", "logging", "runtime", "session", "syntax", "value",
            "view",
        ],
    ),
    (
        "repl",
        &[
            "config", "diag", "docs", "expand", "inputs", "ir", "passes", "plan", "runtime", "session",
            "syntax", "value", "view", "codegen",
        ],
    ),
    (
        "cli",
        &[
            "config", "diag", "docs", "inputs", "ir", "logging", "passes", "plan", "repl", "runtime",
            "session", "value", "view", "codegen",
        ],
    ),
];

/// Files that may contain `unsafe`; every block in them names its contract (clippy checks that).
const UNSAFE: &[&str] = &[
    "src/runtime/",
    "src/value/buffer.rs",
    "src/value/marshal.rs",
    "src/interp/foreign.rs",
    "src/codegen/at_exit.rs",
    "src/codegen/func.rs",
    "src/codegen/jit.rs",
    "src/codegen/call.rs",
    "src/session/in_place.rs",
    "src/embed/memory.rs",
    "src/value/survey.rs",
    "src/compat/module.rs",
    "src/compat/data.rs",
];

/// Files longer than [`MOST_LINES`], and why.
const LONG: &[(&str, &str)] = &[];

const MOST_LINES: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut pending: Vec<PathBuf> = vec![root().join(dir)];
    while let Some(dir) = pending.pop() {
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|it| it == extension) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The top-level module that a source file belongs to.
fn module(name: &str) -> &str {
    name.strip_prefix("src/").unwrap_or(name).split(['/', '.']).next().unwrap_or("")
}

/// Lines before the unit tests, which may import what they like.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

fn is_test_file(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/")
}

#[test]
fn imports_go_down_the_floors() {
    let floors: BTreeMap<&str, &[&str]> = FLOORS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, text) in files("src", "rs") {
        let own = module(&name);
        if own == "main" || own == "lib" || own == "bin" || is_test_file(&name) {
            continue;
        }
        let Some(allowed) = floors.get(own) else {
            wrong.push(format!("{name}: `{own}` has no floor: add it to FLOORS and to ARCHITECTURE.md"));
            continue;
        };
        let code = without_tests(&text);
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            let targets: Vec<&str> = match rest.strip_prefix('{') {
                Some(group) => {
                    let group = group.split(';').next().unwrap_or("");
                    floors.keys().copied().filter(|m| group.contains(&format!("{m}::"))).collect()
                }
                None => vec![rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")],
            };
            for target in targets {
                if target != own && floors.contains_key(target) && !allowed.contains(&target) {
                    wrong.push(format!("{name}: `{own}` may not import `{target}`"));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_promises() {
    let mut wrong = Vec::new();
    // A file of unit tests belongs to the file that it tests.
    for (name, text) in files("src", "rs").into_iter().filter(|(name, _)| !is_test_file(name)) {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("#!["));
        if !lines.next().is_some_and(|line| line.starts_with("//!")) {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "files without a `//!` header:\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_stays_where_it_belongs() {
    let mut wrong = Vec::new();
    for (name, text) in files("src", "rs") {
        let may = UNSAFE.iter().any(|place| name.starts_with(place));
        let forbids = text.contains("#![forbid(unsafe_code)]");
        // A module file above files that need `unsafe` cannot forbid it, for the attribute covers its children.
        let above = UNSAFE.iter().any(|place| {
            let folder = name.trim_end_matches("mod.rs").trim_end_matches(".rs").trim_end_matches('/');
            place.starts_with(&format!("{folder}/")) || name == "src/lib.rs" || name == "src/main.rs"
        });
        let uses = text.lines().any(|line| {
            let code = line.split("//").next().unwrap_or("");
            code.contains("unsafe {")
                || code.contains("unsafe fn")
                || code.contains("unsafe impl")
                || code.contains("unsafe extern")
        });
        if uses && !may {
            wrong.push(format!("{name}: `unsafe` outside the files that may have it"));
        }
        if !may && !above && !forbids && !is_test_file(&name) {
            wrong.push(format!("{name}: lacks `#![forbid(unsafe_code)]`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_small() {
    let mut wrong = Vec::new();
    for (name, text) in files("src", "rs").into_iter().chain(files("tests", "rs")) {
        let lines = text.lines().count();
        let excused = LONG.iter().any(|(file, _)| *file == name);
        if lines > MOST_LINES && !excused {
            wrong.push(format!("{name}: {lines} lines"));
        }
        if lines <= MOST_LINES && excused {
            wrong.push(format!("{name}: no longer long, take it off the list"));
        }
    }
    assert!(
        wrong.is_empty(),
        "more than {MOST_LINES} lines: split by idea, or give a reason in LONG\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_pass_has_fixtures_for_every_rule() {
    let mut wrong = Vec::new();
    for pass in weld::passes::ALL {
        let info = pass.info();
        let fixtures = files(&format!("tests/passes/{}", info.name), "weld");
        for kind in ["fold_", "keep_"] {
            if !fixtures.iter().any(|(name, _)| name.contains(&format!("/{kind}"))) {
                wrong.push(format!("{}: no {kind}*.weld in tests/passes/{}", info.name, info.name));
            }
        }
        for rule in info.rules {
            let fired = format!("fired: {}/{}:", info.name, rule.name);
            if !fixtures.iter().any(|(_, text)| text.contains(&fired)) {
                wrong.push(format!("{}: rule `{}` fires in no fixture", info.name, rule.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Rules that only miss beside another one that fires: a vector that two loops read one after the other is made in the
/// first of them.
const NEVER_ALONE: &[&str] = &["absorb_map"];

/// A condition that never fails in a fixture may be wrong, and one without a page is told to nobody.
#[test]
fn every_rule_that_can_miss_has_a_fixture_and_says_so() {
    let mut wrong = Vec::new();
    for pass in weld::passes::ALL {
        let info = pass.info();
        let fixtures = files(&format!("tests/passes/{}", info.name), "weld");
        let sources = sources_of(info.name);
        for rule in info.rules {
            let missed = format!("missed: {}/{}:", info.name, rule.name);
            let seen = |kind: &str| {
                fixtures.iter().any(|(name, text)| name.contains(kind) && text.contains(&missed))
            };
            let says_so = rule.page.contains("\nThis stays, for ");
            if (says_so || seen("/fold_")) && !seen("/keep_") && !NEVER_ALONE.contains(&rule.name) {
                wrong.push(format!("{}: no keep_*.weld has a near miss of `{}`", info.name, rule.name));
            }
            if seen("/keep_") && !says_so {
                wrong.push(format!("{}: the page of `{}` has no program that stays", info.name, rule.name));
            }
        }
        // `missed("rule", ..)`, or `missed(RULE, ..)` behind a constant.
        let is_told =
            |rule: &str| info.rule(rule).is_some_and(|rule| rule.page.contains("\nThis stays, for "));
        for rule in sources.iter().flat_map(|text| missed_in(text)) {
            if !is_told(&rule) {
                wrong.push(format!("{}: `{rule}` can miss, and its page does not say so", info.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files of a pass.
fn sources_of(pass: &str) -> Vec<String> {
    let stem = format!("src/passes/{}", pass.replace('-', "_"));
    let own = |name: &str| name == format!("{stem}.rs") || name.starts_with(&format!("{stem}/"));
    files("src/passes", "rs").into_iter().filter(|(name, _)| own(name)).map(|(_, text)| text).collect()
}

/// The rules that a file records near misses of.
fn missed_in(text: &str) -> BTreeSet<String> {
    let mut rules = BTreeSet::new();
    let mut constant = String::new();
    for line in text.lines() {
        if let Some((_, value)) = line.split_once("const RULE: &str = \"") {
            constant = value.split('"').next().unwrap_or("").to_string();
        }
        for call in ["missed(", "missed_for("] {
            let Some((_, args)) = line.split_once(call) else { continue };
            match args.split('"').nth(1) {
                Some(rule) if args.starts_with('"') => rules.insert(rule.to_string()),
                _ if args.starts_with("RULE") => rules.insert(constant.clone()),
                _ => false,
            };
        }
    }
    rules
}

#[test]
fn every_code_has_a_fixture() {
    let have: BTreeSet<String> = files("tests/diagnostics", "weld")
        .iter()
        .filter_map(|(name, _)| name.split('/').nth(2).map(str::to_string))
        .collect();
    let missing: Vec<&str> =
        weld::diag::Code::ALL.iter().map(|code| code.id()).filter(|id| !have.contains(*id)).collect();
    assert!(missing.is_empty(), "codes without a fixture in tests/diagnostics/CODE/: {}", missing.join(", "));
    let mut ids = BTreeSet::new();
    for code in weld::diag::Code::ALL {
        assert!(ids.insert(code.id()), "{} is used twice", code.id());
    }
}

#[test]
fn every_module_of_the_floor_plan_is_described() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (module, _) in FLOORS {
        assert!(text.contains(&format!("`{module}`")), "ARCHITECTURE.md does not mention `{module}`");
    }
}
