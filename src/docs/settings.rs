#![forbid(unsafe_code)]
//! The page of the settings: made from their table, so that none is missing.

use super::{Kind, Topic};
use crate::config::{Config, IGNORED, SETTINGS};
use std::fmt::Write as _;

/// What stands before the list.
const INTRODUCTION: &str = "\
Each setting has a short name for people and a key for programs. `weld --set NAME=VALUE` and `:set NAME VALUE` take \
either; C and Rust programs use the keys. What a program gets that sets nothing is in brackets.

";

/// What stands between the settings and the keys without effect.
const IGNORED_KEYS: &str = "
These keys have no effect, since the original compiler had what this one has not, or the other way round. Their values \
are checked all the same.
";

/// The page, which every name and key leads to.
pub fn topic() -> Topic {
    let mut text = INTRODUCTION.to_string();
    let config = Config::embedded();
    for setting in SETTINGS {
        let shown = (setting.show)(&config);
        let _ = write!(text, "`{}`, `{}` [{shown}]: {}\n\n", setting.name, setting.key, setting.about);
    }
    text += IGNORED_KEYS;
    for ignored in IGNORED {
        let _ = write!(text, "\n`{}` ({}): {}\n", ignored.key, ignored.values.join(" or "), ignored.why);
    }
    let names = SETTINGS.iter().flat_map(|setting| [setting.name, setting.key]);
    let names = names.chain(IGNORED.iter().map(|ignored| ignored.key));
    Topic {
        id: "settings",
        also: names.map(str::to_string).collect(),
        kind: Kind::Setting,
        title: "what compilations and runs can be told".to_string(),
        text,
    }
}
