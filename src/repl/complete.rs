#![forbid(unsafe_code)]
//! What the Tab key proposes.
//!
//! Promises: proposals depend on what comes before the cursor only, are sorted and without repetition; files are listed
//! only where a file is wanted.

use super::commands::{COMMANDS, LEVELS, Wants, find, topics, without_colon};
use crate::config::{IGNORED, Ignored, SETTINGS, Setting};
use crate::diag::SourceId;
use crate::syntax::{Keyword, TokenKind, lex, parse};
use crate::{expand, passes};
use std::collections::BTreeSet;
use std::path::Path;

/// Most proposals.
const MOST: usize = 500;

/// Where the proposals begin and what they are. `inputs` are the inputs of the current program.
pub(super) fn complete(line: &str, cursor: usize, inputs: &[String]) -> (usize, Vec<String>) {
    let before = line.get(..cursor).unwrap_or(line);
    let (start, found) = proposals(before, inputs);
    let begin = before.get(start..).unwrap_or("");
    let fitting = found.into_iter().filter(|word| word.starts_with(begin) && word.as_str() != begin);
    (start, fitting.take(MOST).collect())
}

fn proposals(before: &str, inputs: &[String]) -> (usize, BTreeSet<String>) {
    let command = before
        .strip_prefix(':')
        .or_else(|| without_colon(before.trim_start()).filter(|_| before.contains(' ')));
    let Some(command) = command else { return program(before, inputs) };
    let Some((name, args)) = command.split_once(char::is_whitespace) else {
        return (0, COMMANDS.iter().map(|command| format!(":{}", command.name())).collect());
    };
    let start = before.len() - args.trim_start().len();
    let args = args.trim_start();
    let Ok(command) = find(name) else { return (before.len(), BTreeSet::new()) };
    // The last word is what is being typed; those before it are settled.
    let word = args.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let is_first = word == 0;
    let at_word = (start + word, args.get(word..).unwrap_or(""));
    match command.wants {
        Wants::Nothing => (before.len(), BTreeSet::new()),
        Wants::Path => (start, paths(args)),
        Wants::Program => program(before, inputs),
        Wants::Input if is_first => (start, inputs.iter().map(|name| format!("{name} ")).collect()),
        Wants::Input => match at_word.1.strip_prefix('@') {
            Some(path) => (at_word.0 + 1, paths(path)),
            None => (before.len(), BTreeSet::new()),
        },
        Wants::Level if is_first => (start, LEVELS.iter().map(|level| level.to_string()).collect()),
        Wants::Level => {
            (at_word.0, passes::ALL.iter().map(|pass| format!("@{}", pass.info().name)).collect())
        }
        Wants::Setting if is_first => (start, setting_names(args)),
        Wants::Setting => (at_word.0, setting_values(args, at_word.1)),
        Wants::Rule => {
            let infos = || passes::ALL.iter().map(|pass| pass.info());
            let names = infos().flat_map(|info| info.names());
            (at_word.0, names.map(str::to_string).collect())
        }
        Wants::Pass if is_first => (start, ["off ", "on ", "only "].map(str::to_string).into()),
        Wants::Pass | Wants::Pipeline => (at_word.0, pipeline_words(at_word.1)),
        Wants::Topic => (start, topics().collect()),
    }
}

/// Names of settings, and their keys where one begins so.
fn setting_names(begin: &str) -> BTreeSet<String> {
    let names = SETTINGS.iter().map(|setting| setting.name);
    let keys = SETTINGS.iter().map(|setting| setting.key).chain(IGNORED.iter().map(|ignored| ignored.key));
    names.chain(keys.filter(|_| begin.starts_with("we"))).map(|name| format!("{name} ")).collect()
}

/// What a setting can be, where that is a list of words.
fn setting_values(args: &str, word: &str) -> BTreeSet<String> {
    let name = args.split([' ', '\t', '=']).next().unwrap_or("");
    match Setting::find(name) {
        Some(setting) if setting.name == "passes" => pipeline_words(word),
        Some(setting) => setting.words.iter().map(|word| word.to_string()).collect(),
        None => Ignored::find(name).map_or_else(BTreeSet::new, |ignored| {
            ignored.values.iter().map(|word| word.to_string()).collect()
        }),
    }
}

/// Names of passes and the words for whole pipelines.
fn pipeline_words(word: &str) -> BTreeSet<String> {
    // `-name` takes a pass out.
    let sign = if word.starts_with('-') { "-" } else { "" };
    let names = passes::ALL.iter().map(|pass| format!("{sign}{}", pass.info().name));
    names.chain(["default".to_string(), "none".to_string()]).collect()
}

/// Words of the language, macros, and the names in the text itself.
fn program(before: &str, inputs: &[String]) -> (usize, BTreeSet<String>) {
    let start = before
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map_or(0, |at| at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    if start == before.len() {
        return (start, BTreeSet::new());
    }
    let source = SourceId::default();
    let mut words: BTreeSet<String> = Keyword::all().map(|(word, _)| word.to_string()).collect();
    let (nothing, _) = parse(source, "0");
    words.extend(expand::macro_names(&nothing).map(str::to_string));
    words.extend(inputs.iter().cloned());
    let (tokens, _) = lex(source, before);
    for token in tokens.iter().filter(|token| token.kind == TokenKind::Ident) {
        let range = token.span.lo as usize..token.span.hi as usize;
        // The word being typed does not propose itself.
        if range.start != start
            && let Some(name) = before.get(range)
        {
            words.insert(name.to_string());
        }
    }
    (start, words)
}

/// The files and folders whose paths begin with `begin`; folders end with a slash.
fn paths(begin: &str) -> BTreeSet<String> {
    let folder = begin.rfind('/').map_or("", |at| begin.get(..=at).unwrap_or(""));
    let hidden = begin.get(folder.len()..).is_some_and(|name| name.starts_with('.'));
    let listed = match (folder, folder.strip_prefix("~/"), std::env::home_dir()) {
        ("", ..) => std::fs::read_dir("."),
        (_, Some(rest), Some(home)) => std::fs::read_dir(home.join(rest)),
        _ => std::fs::read_dir(Path::new(folder)),
    };
    let Ok(listed) = listed else { return BTreeSet::new() };
    let names = listed.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        if name.starts_with('.') && !hidden {
            return None;
        }
        let slash = if entry.path().is_dir() { "/" } else { "" };
        Some(format!("{folder}{name}{slash}"))
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::complete;

    fn words(line: &str) -> Vec<String> {
        complete(line, line.len(), &["values".to_string()]).1
    }

    #[test]
    fn commands_and_their_arguments() {
        assert_eq!(words(":lo"), [":load"]);
        assert_eq!(words(":in va"), ["values "]);
        assert_eq!(words(":gen "), ["values "]);
        assert_eq!(words(":show llvm"), ["llvm-opt"]);
        assert_eq!(words(":set ti"), ["timeout "]);
        assert_eq!(words(":set effort s"), ["short"]);
        assert_eq!(words(":set weld.th"), ["weld.threads "]);
        assert_eq!(words(":set weld.llvm.optimization.level f"), ["full"]);
        assert_eq!(words(":set weld.compile.backend s"), ["singlethreaded"]);
        assert!(words(":set ").iter().all(|word| !word.starts_with("weld")));
        assert!(words(":set passes -fuse").contains(&"-fuse-vertical".to_string()));
        assert!(words(":show weld @fuse").contains(&"@fuse-vertical".to_string()));
        assert!(words(":help fuse").contains(&"fuse-vertical".to_string()));
        assert!(words(":run ").is_empty());
        assert!(words(":nothing x").is_empty());
    }

    #[test]
    fn programs() {
        assert!(words("|v: vec[i64]| filt").contains(&"filter".to_string()));
        assert!(words("app").contains(&"appender".to_string()));
        assert_eq!(words("let total = 1; tot"), ["total"]);
        assert_eq!(words("sum(val"), ["values"]);
        assert!(words("1 + ").is_empty());
        assert_eq!(complete("é + su", "é + su".len(), &[]).0, "é + ".len());
    }

    #[test]
    fn paths() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("one.weld"), "").unwrap();
        std::fs::write(folder.path().join(".hidden"), "").unwrap();
        std::fs::create_dir(folder.path().join("only")).unwrap();
        let base = folder.path().display();
        assert_eq!(words(&format!(":load {base}/on")), [format!("{base}/one.weld"), format!("{base}/only/")]);
        assert_eq!(words(&format!("load {base}/one")), [format!("{base}/one.weld")]);
        assert_eq!(words(&format!(":in values @{base}/onl")), [format!("{base}/only/")]);
        assert_eq!(words(&format!(":load {base}/.h")), [format!("{base}/.hidden")]);
        assert!(words(":load /no/such/folder/").is_empty());
    }
}
