#![forbid(unsafe_code)]
//! `:gen`: an input with random values.

use super::{Command, Wants, usage};
use crate::inputs;
use crate::ir::Ty;
use crate::repl::Repl;
use crate::repl::inputs::Given;
use crate::repl::reply::{Failure, Outcome, Reply};
use crate::value::print::grouped;

pub(super) static COMMAND: Command = Command {
    names: &["gen"],
    args: "NAME [N] [OPTION=VALUE]",
    help: "give an input random values",
    more: "N is the length of a vector and may be written 1e6; the type comes from the program. Options: all numbers lie \
           between min=A and max=B; seed=S (1 when not given) begins another series, always the same one.",
    examples: &[":gen v 1e3", ":gen v 1000 min=0 max=9 seed=7"],
    wants: Wants::Input,
    run,
};

/// Most elements of a vector: 2 GiB of `i64`.
const MOST: u64 = 1 << 28;

/// The other end of the range when only one is given.
const USUAL: (f64, f64) = (0.0, 9999.0);

fn run(repl: &mut Repl, args: &str) -> Outcome {
    let mut words = args.split_whitespace();
    let name = words.next().ok_or_else(|| Failure::new("which input?").help(usage(&COMMAND)))?;
    let ty = repl.input_ty(name)?;
    let is_vector = matches!(ty, Ty::Vec(_));
    let (mut len, mut least, mut most, mut seed) = (None, None, None, 1);
    for word in words {
        match word.split_once('=') {
            Some(("min", text)) => least = Some(number(text)?),
            Some(("max", text)) => most = Some(number(text)?),
            Some(("seed", text)) => seed = count(text)?,
            None if len.is_none() && is_vector => len = Some(length(word)?),
            _ => return Err(Failure::new(format!("`{word}` is not understood here")).help(usage(&COMMAND))),
        }
    }
    let len = match len {
        Some(len) => len,
        None if is_vector => return Err(Failure::new("how many elements?").help(usage(&COMMAND))),
        None => 0,
    };
    let range = match (least, most) {
        (None, None) => None,
        (Some(least), Some(most)) => Some((least, most)),
        (Some(least), None) => Some((least, USUAL.1.max(least))),
        (None, Some(most)) => Some((USUAL.0.min(most), most)),
    };
    let value = inputs::generate(&ty, len, seed, range)
        .map_err(|error| Failure::new(error.message).maybe_help(error.hint))?;
    let given = Given { ty, value, spec: format!(":gen {args}") };
    repl.inputs.set(name, given.clone());
    Ok(Reply::text(repl.render_input(name, &given)))
}

/// The length of a vector.
fn length(text: &str) -> Result<usize, Failure> {
    let many =
        || Failure::new(format!("`{text}` elements are too many; at most {} are generated", grouped(MOST)));
    if text.parse().is_ok_and(|number: f64| number > MOST as f64) {
        return Err(many());
    }
    usize::try_from(count(text)?).ok().filter(|len| *len as u64 <= MOST).ok_or_else(many)
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
    use super::{count, length};

    #[test]
    fn counts_have_several_forms() {
        for (text, wanted) in
            [("7", 7), ("1e6", 1_000_000), ("1_000", 1000), ("1,000", 1000), ("2.5e3", 2500)]
        {
            assert_eq!(count(text).unwrap(), wanted, "{text}");
        }
        for text in ["", "-1", "1.5", "x", "1e99", "nan"] {
            assert!(count(text).is_err() && length(text).is_err(), "{text}");
        }
        for text in ["1e30", "1e99", "inf", "1e9", "1_000_000_000"] {
            let wrong = format!("{:?}", length(text).unwrap_err());
            assert!(wrong.contains("too many"), "{wrong}");
        }
    }
}
