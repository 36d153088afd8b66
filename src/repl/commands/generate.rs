#![forbid(unsafe_code)]
//! `:gen`: an input with random values.

use super::{Command, Wants, usage};
use crate::ir::Ty;
use crate::repl::Repl;
use crate::repl::generate::{Recipe, generate};
use crate::repl::inputs::Given;
use crate::repl::reply::{Failure, Outcome, Reply};

pub(super) static COMMAND: Command = Command {
    names: &["gen"],
    args: "NAME [N] [min=A] [max=B] [seed=S]",
    help: "give an input with random values",
    more: "N is the length of a vector and may be written 1e6; the type comes from the program. The same seed (1 when \
           there is none) gives the same values.",
    examples: &[":gen v 1e3", ":gen v 1000 min=0 max=9 seed=7"],
    wants: Wants::Input,
    run,
};

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let mut words = args.split_whitespace();
    let name = words.next().ok_or_else(|| Failure::new("which input?").help(usage(&COMMAND)))?;
    let ty = repl.input_ty(name)?;
    let is_vector = matches!(ty, Ty::Vec(_));
    let mut recipe = Recipe { len: 0, min: None, max: None, seed: 1 };
    let mut len = None;
    for word in words {
        match word.split_once('=') {
            Some(("min", text)) => recipe.min = Some(number(text)?),
            Some(("max", text)) => recipe.max = Some(number(text)?),
            Some(("seed", text)) => recipe.seed = count(text)?,
            None if len.is_none() && is_vector => len = Some(count(word)?),
            _ => return Err(Failure::new(format!("`{word}` is not understood here")).help(usage(&COMMAND))),
        }
    }
    recipe.len = match len {
        Some(len) => len,
        None if is_vector => return Err(Failure::new("how many elements?").help(usage(&COMMAND))),
        None => 0,
    };
    let value = generate(&ty, &recipe, &repl.signal);
    repl.stop_if_asked()?;
    let value = value.map_err(Failure::new)?;
    repl.inputs.set(name, Given { ty, value, origin: format!(":gen {args}") });
    Ok(Reply::text(repl.render_input(name)))
}

fn number(text: &str) -> Result<f64, Failure> {
    text.parse().map_err(|_| Failure::new(format!("`{text}` is no number")))
}

/// A whole number, which may be written `1e6`, `1_000_000` or `1,000,000`.
fn count(text: &str) -> Result<u64, Failure> {
    let digits = text.replace(['_', ','], "");
    let whole = digits.parse::<f64>().ok().filter(|n| n.fract() == 0.0 && (0.0..=9e15).contains(n));
    let exact = digits.parse::<u64>().ok().or(whole.map(|n| n as u64));
    exact.ok_or_else(|| Failure::new(format!("`{text}` is no number such as 1000 or 1e6")))
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn counts_have_several_forms() {
        for (text, wanted) in [("7", 7), ("1e6", 1_000_000), ("1_000", 1000), ("1,000", 1000), ("2.5e3", 2500)] {
            assert_eq!(count(text).unwrap(), wanted, "{text}");
        }
        for text in ["", "-1", "1.5", "x", "1e99", "nan"] {
            assert!(count(text).is_err(), "{text}");
        }
    }
}
