//! Every command is found, explained, and its examples work.

use super::{COMMANDS, find, without_colon};
use crate::config::Config;
use crate::repl::Repl;
use crate::view::Screen;

fn repl() -> Repl {
    let config = Config { threads: 2, ..Config::default() };
    let mut repl = Repl::new(config, Screen { color: false, width: 80, bounded: true });
    let reply = repl.feed("|v: vec[i64]| let w = map(v, |x| x * x); sum(filter(w, |x| x > 1L))");
    assert!(!reply.failed, "{}", reply.err);
    assert!(!repl.feed(":in v = [1L, 2L, 3L]").failed);
    repl
}

#[test]
fn names_are_unique_and_found() {
    let names: Vec<&str> = COMMANDS.iter().flat_map(|command| command.names.iter().copied()).collect();
    for name in &names {
        assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name}");
        assert!(find(name).is_ok_and(|command| command.names.contains(name)), "{name}");
    }
    assert_eq!(find("hist").unwrap().name(), "history");
    assert!(find("in").is_ok_and(|command| command.name() == "in"));
    assert!(find("st").is_err() && find("zzz").is_err());
}

#[test]
fn every_example_works() {
    for command in COMMANDS {
        assert!(!command.examples.is_empty(), "{}", command.name());
        for example in command.examples {
            // These two need a file that is there.
            if example.starts_with(":load") || example.starts_with(":reload") {
                continue;
            }
            assert!(example.starts_with(&format!(":{}", command.name())), "{example}");
            let reply = repl().feed(example);
            assert!(!reply.failed, "{example}\n{}", reply.err);
        }
        assert!(!repl().feed(&format!(":help {}", command.name())).failed);
    }
}

#[test]
fn help_fits_on_narrow_screens() {
    for width in [60, 80, 200] {
        let mut repl = Repl::new(Config::default(), Screen { color: false, width, bounded: true });
        let help = repl.feed(":help").out;
        assert!(help.lines().filter(|line| line.starts_with(':')).count() >= COMMANDS.len(), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= width), "{help}");
        assert!(width < 80 || !help.contains(".."), "{help}");
    }
}

#[test]
fn bare_words() {
    for line in ["load a.weld", "load", "quit", "exit", "help", "help load"] {
        assert_eq!(without_colon(line), Some(line));
    }
    for line in ["load\nx", "quit now", "loader x", "1 + 1", "exit(1)"] {
        assert_eq!(without_colon(line), None, "{line}");
    }
}

#[test]
fn tables_fit_on_narrow_screens() {
    let mut repl = repl();
    repl.set_screen(Screen { color: false, width: 60, bounded: true });
    for command in [":passes", ":stats", ":set"] {
        let reply = repl.feed(command);
        assert!(
            reply.out.lines().count() > 3 && reply.out.lines().all(|line| line.chars().count() <= 60),
            "{}",
            reply.out
        );
    }
}
