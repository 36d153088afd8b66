#![forbid(unsafe_code)]
//! `:set`: the settings of the session.

use super::{Command, Wants};
use crate::config::{SETTINGS, Setting};
use crate::diag::suggest;
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["set"],
    args: "[NAME [VALUE]]",
    help: "show or change settings",
    more: "A change counts for the current program too: its passes run again. :undo takes it back.",
    examples: &[":set", ":set threads 2", ":set passes default"],
    wants: Wants::Setting,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let (name, value) =
        args.split_once([' ', '\t', '=']).map_or((args, ""), |(name, value)| (name, value.trim()));
    if name.is_empty() {
        return Ok(Reply::text(repl.render_settings()));
    }
    let Some(setting) = Setting::find(name) else {
        let names = || SETTINGS.iter().map(|setting| setting.name);
        let help = match suggest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", names().collect::<Vec<_>>().join(", ")),
        };
        return Err(Failure::new(format!("no setting is named `{name}`")).help(help));
    };
    if value.is_empty() {
        return Ok(Reply::text(repl.render_setting(setting)));
    }
    let mut config = repl.session.config().clone();
    (setting.set)(&mut config, value.trim_matches('"'))
        .map_err(|why| Failure::new(why).help(setting.about))?;
    repl.change_config(config);
    Ok(Reply::text(repl.render_setting(setting)))
}
