//! What `weld docs` says is true: every example gives what its page claims, every code, error, macro and keyword has a
//! page, and `docs/CONSTRUCTS.md` is what the table of constructs says.
#![cfg(feature = "jit")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use weld::config::Config;
use weld::diag::Code;
use weld::docs::{Example, Kind, MACROS, Topic, constructs, find, nearest, table, topics};
use weld::expand;
use weld::session::header::Header;
use weld::session::{Checked, Session};
use weld::syntax::{Keyword, TokenKind, lex};
use weld::value::{ErrorKind, RunError, Value, literal, print};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn session() -> Session {
    let limits = Config {
        memory_limit: Some(64 << 20),
        time_limit: Some(Duration::from_millis(300)),
        ..Config::default()
    };
    Session::new(Config { threads: 2, ..limits })
}

/// The text with each `%{X*N}%` written out: a page cannot show a program of thousands of brackets.
fn written_out(text: &str) -> String {
    let Some((before, rest)) = text.split_once("%{") else { return text.to_string() };
    let (inside, after) = rest.split_once("}%").unwrap();
    let (part, times) = inside.rsplit_once('*').unwrap();
    format!("{before}{}{}", part.repeat(times.parse().unwrap()), written_out(after))
}

/// What an example says is what it does.
fn is_true(session: &mut Session, example: &Example) -> Result<(), String> {
    let source = session.add_source("example", written_out(&example.program));
    let (checked, first) = match session.check(source) {
        Ok(checked) => {
            let first = checked.warnings.0.first().map(|warning| warning.code);
            (Some(checked), first)
        }
        Err(messages) => (None, messages.0.first().map(|message| message.code)),
    };
    let gives = example.gives.as_deref();
    if let Some(code) = first {
        return match code.id() {
            id if gives == Some(id) => Ok(()),
            // A C function of a library that a page only talks about.
            "E0408" if gives.is_none() => Ok(()),
            _ => Err(format!("the first message is {}", code.id())),
        };
    }
    let checked = checked.ok_or("no message, and no program")?;
    let header = Header::parse(&example.program);
    let params = &checked.program.func.params;
    let args: Option<Vec<Value>> = params
        .iter()
        .map(|param| {
            let input = header.inputs.iter().find(|input| input.name == param.name.text())?;
            Some(literal::parse_value(&input.spec, &param.ty).unwrap())
        })
        .collect();
    let Some(gives) = gives else { return Ok(()) };
    let args = args.ok_or("it has a value, but its inputs have none")?;
    for found in runs(session, &checked, &args, gives) {
        agrees(&checked, gives, &found)?;
    }
    Ok(())
}

/// What all engines make of a program; compiled code alone where only a limit ends the run.
fn runs(session: &Session, checked: &Checked, args: &[Value], gives: &str) -> Vec<Result<Value, RunError>> {
    let stopped = Arc::new(AtomicU32::new(u32::from(gives == ErrorKind::Cancelled.name())));
    let compiled = session.compile(&session.optimize(checked)).unwrap();
    let mut found = vec![compiled.run(args, &stopped).map(|finished| finished.value)];
    let limits = [ErrorKind::OutOfMemory, ErrorKind::Timeout, ErrorKind::Cancelled];
    if limits.iter().all(|kind| kind.name() != gives) {
        found.push(session.interpret(&checked.program, args, &AtomicU32::new(0)));
    }
    found
}

fn agrees(checked: &Checked, gives: &str, found: &Result<Value, RunError>) -> Result<(), String> {
    match found {
        Err(error) if error.kind.name() == gives => Ok(()),
        Err(error) => Err(format!("it gives {}: {}", error.kind.name(), error.message)),
        Ok(value) => {
            let ty = &checked.program.func.body.ty;
            match literal::parse_value(gives, ty) {
                Ok(wanted) if wanted.same(value) => Ok(()),
                _ => Err(format!("it gives {}", print::to_text(value, ty))),
            }
        }
    }
}

#[test]
fn every_example_gives_what_its_page_says() {
    let (mut session, mut wrong) = (session(), Vec::new());
    for topic in topics() {
        for example in topic.examples() {
            if let Err(why) = is_true(&mut session, &example) {
                wrong.push(format!("{}: {why}\n{}# => {:?}", topic.id, example.program, example.gives));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn examples_that_are_wrong_are_found() {
    let mut session = session();
    let mut found = |program: &str, gives: Option<&str>| {
        is_true(&mut session, &Example { program: program.to_string(), gives: gives.map(str::to_string) })
    };
    assert_eq!(found("1 + 1", Some("2")), Ok(()));
    assert_eq!(found("#@ in x = 4\n|x: i32| x", Some("4")), Ok(()));
    assert_eq!(found("iterate(1, |s| {s, true})", Some("Timeout")), Ok(()));
    assert!(found("1 + 1", Some("3")).is_err());
    assert!(found("1 + 1L", Some("2")).is_err());
    assert!(found("1 + 1", Some("E0201")).is_err());
    assert!(found("1 / 0", Some("AssertionError")).is_err());
    assert!(found("|x: i32| x", Some("4")).is_err());
}

/// A page of a code or a run-time error has a program that fails so, then one that works.
#[test]
fn pages_of_errors_show_both_sides() {
    for topic in topics() {
        let is_error = matches!(topic.kind, Kind::Error | Kind::Warning | Kind::RunError);
        // Nobody can write a program that shows a bug of ours.
        if !is_error || topic.id == ErrorKind::Internal.name() {
            continue;
        }
        let examples = topic.examples();
        let [fails, works] = examples.as_slice() else {
            panic!("{}: a program that fails and one that works", topic.id)
        };
        assert_eq!(fails.gives.as_deref(), Some(topic.id), "the first program");
        assert_ne!(works.gives.as_deref(), Some(topic.id), "the second program");
        assert!(topic.text.find("```").is_some_and(|at| at > 80), "{}: too little about why", topic.id);
    }
}

fn pages(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "README.md").map(|name| name.trim_end_matches(".md").to_string()).collect()
}

#[test]
fn no_page_is_left_behind_and_each_has_its_heading() {
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| code.id().to_string()).collect();
    let errors: BTreeSet<String> = ErrorKind::ALL.iter().map(|kind| kind.name().to_string()).collect();
    assert_eq!(pages("src/diag/docs"), codes);
    assert_eq!(pages("src/value/docs"), errors);
    for code in Code::ALL {
        assert!(code.page().starts_with(&format!("# {}\n\n", code.id())), "{}", code.id());
    }
    for kind in ErrorKind::ALL {
        assert!(kind.page().starts_with(&format!("# {}\n\n", kind.name())), "{}", kind.name());
    }
}

#[test]
fn every_standard_macro_is_described() {
    let defined: Vec<(&str, usize)> =
        expand::standard_macros().iter().map(|def| (&*def.name.text, def.params.len())).collect();
    let described: Vec<(&str, usize)> = MACROS
        .iter()
        .map(|row| {
            let params = row.signature.split(") -> ").next().unwrap();
            // Types of functions have commas between bars.
            let outside: String = params.split('|').step_by(2).collect();
            let mut depth = 0;
            let commas = outside.chars().filter(|c| {
                depth += i32::from("[{".contains(*c)) - i32::from("]}".contains(*c));
                *c == ',' && depth == 0
            });
            (row.name, commas.count() + 1)
        })
        .collect();
    assert_eq!(described, defined);
    for row in MACROS {
        assert!(row.example.contains(&format!("{}(", row.name)), "the example of `{}`", row.name);
    }
}

#[test]
fn topics_are_found_by_all_their_names() {
    let topics = topics();
    let mut ids = BTreeSet::new();
    for Topic { id, also, title, text, .. } in &topics {
        assert!(ids.insert(id.to_lowercase()), "two topics are called `{id}`");
        assert_eq!(find(id).unwrap().id, *id);
        assert!(also.iter().all(|name| find(name).is_some()), "{id}");
        assert!(!title.is_empty() && !title.ends_with('.') && !title.contains('\n'), "{id}: {title}");
        assert!(!text.trim().is_empty(), "{id}");
    }
    for (name, id) in [
        ("e0203", "E0203"),
        ("L1", "E0310"),
        ("R004", "ArrayOutOfBounds"),
        ("loop-fusion", "fuse-vertical"),
        ("fuse_loops", "fuse_loops"),
        ("cosh", "math functions"),
        ("%", "arithmetic"),
        ("Appender", "appender"),
    ] {
        assert_eq!(find(name).unwrap().id, id, "{name}");
    }
    assert!(find("").is_none() && find("E0999").is_none());
    assert_eq!(nearest("apender").first().map(String::as_str), Some("appender"));
    assert!(nearest("E0204x").contains(&"E0204".to_string()));
    assert!(nearest("qqqqqqqqqqqqqqqqqqqqqqq").is_empty());
}

#[test]
fn every_keyword_belongs_to_a_construct() {
    let words: BTreeSet<&str> = constructs().flat_map(|row| row.words.iter().copied()).collect();
    let missing: Vec<&str> =
        Keyword::all().map(|(word, _)| word).filter(|word| !words.contains(word)).collect();
    assert!(missing.is_empty(), "no construct has the keywords {}", missing.join(", "));
}

/// Whether a program has this keyword as a token, or contains this symbol.
fn has_word(text: &str, word: &str) -> bool {
    if Keyword::all().all(|(keyword, _)| keyword != word) {
        return text.contains(word);
    }
    let (tokens, _) = lex(weld::diag::SourceId::default(), text);
    tokens.iter().any(|token| {
        let range = token.span.lo as usize..token.span.hi as usize;
        matches!(token.kind, TokenKind::Keyword(_)) && text.get(range) == Some(word)
    })
}

/// The programs of a fixture, or of all in a folder; nothing when there are none.
fn programs(path: &str) -> Vec<String> {
    let path = root().join(path);
    let files: Vec<PathBuf> = match std::fs::read_dir(&path) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(_) => vec![path],
    };
    let texts = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
    let is_program = |line: &&str| !line.starts_with("#@") && !line.starts_with("#>");
    texts.map(|text| text.lines().filter(is_program).collect::<Vec<_>>().join("\n")).collect()
}

#[test]
fn fixtures_prove_their_constructs() {
    let mut wrong = Vec::new();
    for row in constructs() {
        if row.fixtures.is_empty() || row.examples.is_empty() {
            wrong.push(format!("{}: no fixture or no example", row.id));
        }
        let texts: Vec<Vec<String>> = row.fixtures.iter().map(|path| programs(path)).collect();
        for (path, _) in row.fixtures.iter().zip(&texts).filter(|(_, texts)| texts.is_empty()) {
            wrong.push(format!("{}: there is no {path}", row.id));
        }
        for word in row.words.iter().flat_map(|word| word.split(' ')) {
            if !texts.iter().flatten().any(|text| has_word(text, word)) {
                wrong.push(format!("{}: no fixture of it has `{word}`", row.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_constructs_is_current() {
    let path: PathBuf = root().join("docs/CONSTRUCTS.md");
    let wanted = table();
    if std::env::var_os("WELD_BLESS").is_some() && std::env::var_os("CI").is_none() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == wanted, "docs/CONSTRUCTS.md is not what the table says: cargo bless --test docs");
}
