#![forbid(unsafe_code)]
//! `:compare`: the program under two pipelines.

use super::{Command, Wants, usage};
use crate::passes::parse_pipeline;
use crate::repl::Repl;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["compare"],
    args: "[A] B",
    help: "two pipelines: first difference, counts, times",
    more: "Pipelines of several words stand in quotes. With one, it is compared with the current pipeline. The program runs \
           when its inputs are there.",
    examples: &[":compare none", ":compare default \"default -fuse-vertical\""],
    wants: Wants::Pipeline,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    repl.entered()?;
    let current = crate::passes::pipeline_text(&repl.session.pipeline());
    let texts = words(args)?;
    let (a, b) = match texts.as_slice() {
        [b] => (current, b.clone()),
        [a, b] => (a.clone(), b.clone()),
        _ => return Err(Failure::new("one or two pipelines are compared").help(usage(&COMMAND))),
    };
    let parse = |text: &str| parse_pipeline(text).map_err(|why| Failure::new(why).help(usage(&COMMAND)));
    let stages = [parse(&a)?, parse(&b)?];
    Ok(Reply::text(repl.render_compare([&a, &b], &stages)?))
}

/// The words of a line; quotes keep several together.
fn words(text: &str) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or_else(|| Failure::new("a quote is not closed"))?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_string());
        rest = after.trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(words("a \"b c\"  d").unwrap(), ["a", "b c", "d"]);
        assert!(words("").unwrap().is_empty());
        assert!(words("a \"b").is_err());
    }
}
