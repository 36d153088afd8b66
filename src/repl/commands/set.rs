#![forbid(unsafe_code)]
//! `:set`: the settings of the session.

use super::{Command, Wants};
use crate::config::{Ignored, Setting, nearest};
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["set"],
    args: "[NAME [VALUE]]",
    help: "show or change settings",
    more: "A change counts for the current program too: its passes run again. :undo takes it back.\n\
           :help settings tells more, and of the keys that programs use.",
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
    if let Some(ignored) = Ignored::find(name) {
        if !value.is_empty() {
            ignored.check(value.trim_matches('"')).map_err(Failure::new)?;
        }
        return Ok(Reply::text(format!("`{name}` has no effect: {}\n", ignored.why)));
    }
    let Some(setting) = Setting::find(name) else {
        let help = match nearest(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`:set` lists them".to_string(),
        };
        return Err(Failure::new(format!("no setting is named `{name}`")).help(help));
    };
    if value.is_empty() {
        return Ok(Reply::text(repl.render_setting(setting)));
    }
    let mut config = repl.session.config().clone();
    let set = setting.set(&mut config, value.trim_matches('"'));
    set.map_err(|why| Failure::new(format!("{}: {why}", setting.name)).help(setting.about))?;
    repl.change_config(config);
    Ok(Reply::text(repl.render_setting(setting)))
}
