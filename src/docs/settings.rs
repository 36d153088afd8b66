#![forbid(unsafe_code)]
//! The page of the settings and one page for each: made from their table, so that none is missing.

use super::{Kind, Topic};
use crate::config::{Config, IGNORED, Ignored, SETTINGS, Setting};
use std::fmt::Write as _;

/// The page with all of them.
pub const ALL: &str = "settings";

/// What stands before the list.
const INTRODUCTION: &str = "\
Each setting has a short name for people and a key for programs. `weld --set NAME=VALUE` and `:set NAME VALUE` take \
either; C and Rust programs use the keys. What holds when nothing is set is in brackets. `--set` goes before the options \
`--threads`, `--passes`, `--effort`, `--memory` and `--timeout`, and these before the variables `WELD_THREADS`, \
`WELD_PASSES`, `WELD_MEMORY` and `WELD_TIMEOUT`.

";

/// What stands between the settings and the keys without effect.
const IGNORED_KEYS: &str = "
These keys have no effect, since the original compiler had what this one has not, or the other way round. Their values \
are checked all the same.
";

/// The page with all of them, and then theirs.
pub fn topics() -> impl Iterator<Item = Topic> {
    let used = SETTINGS.iter().map(topic);
    std::iter::once(all()).chain(used).chain(IGNORED.iter().map(without_effect))
}

fn all() -> Topic {
    let mut text = INTRODUCTION.to_string();
    for setting in SETTINGS {
        let default = default(setting);
        let _ = write!(text, "`{}`, `{}` [{default}]: {}\n\n", setting.name, setting.key, setting.about);
    }
    text += IGNORED_KEYS;
    for ignored in IGNORED {
        let _ = write!(text, "\n`{}` ({}): {}\n", ignored.key, ignored.values.join(" or "), ignored.why);
    }
    Topic {
        id: ALL,
        also: Vec::new(),
        kind: Kind::Setting,
        title: "what compilations and runs can be told".to_string(),
        text,
    }
}

fn topic(setting: &Setting) -> Topic {
    let Setting { name, key, about, .. } = setting;
    let mut text = format!("For people `{name}`, for programs `{key}`; see `settings`.\n\n");
    let _ = writeln!(text, "When nothing is set: {}.", default(setting));
    if !setting.words.is_empty() {
        let _ = writeln!(text, "\nValues: {}.", setting.words.join(", "));
    }
    Topic { id: key, also: vec![name.to_string()], kind: Kind::Setting, title: about.to_string(), text }
}

fn without_effect(ignored: &Ignored) -> Topic {
    Topic {
        id: ignored.key,
        also: Vec::new(),
        kind: Kind::Setting,
        title: format!("no effect: {}", ignored.why),
        text: format!("Its value is checked all the same: {}.\n", ignored.values.join(" or ")),
    }
}

/// What holds when nothing is set: for a program that embeds Weld, and for `weld` itself where that is something else.
fn default(setting: &Setting) -> String {
    let embedded = (setting.show)(&Config::embedded());
    match setting.name {
        "threads" => format!("{embedded}; on the command line all processors"),
        "memory" => format!("{embedded}; on the command line three quarters of the machine's"),
        _ => embedded,
    }
}

#[cfg(test)]
mod tests {
    use super::{SETTINGS, default};
    use crate::config::Config;

    #[test]
    fn defaults_are_those_of_the_command_line_too_or_say_so() {
        let config = Config { threads: 3, ..Config::default() };
        for setting in SETTINGS {
            let (told, found) = (default(setting), (setting.show)(&config));
            assert!(
                told == found || told.contains("on the command line"),
                "{}: {told}, {found}",
                setting.name
            );
        }
    }
}
