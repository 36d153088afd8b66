//! Programs of `tests/run`: `#@` header lines, then the program.
//!
//! `#@ run: (args) => value` runs it on Weld literals; `=> error NAME` wants a run-time error, `=> rejected ID` an
//! error of the checker. `#@ gen: v = 16385 seed 3 range 0 9; w = ...` makes inputs up and only compares engines.
//! `#@ tolerance: 1e-12 because ...` lets floats differ across passes;
//! `#@ rounds: why` lets them differ by any amount. `#@ about: ...` says what it is for.

use weld::inputs;
use weld::ir::Program;
use weld::value::{Value, literal};

/// What a run must give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A value, written as a literal.
    Value(String),
    /// A run-time error with this name.
    Error(String),
    /// An error of the checker with this id.
    Rejected(String),
    /// Whatever the interpreter says.
    Anything,
}

/// One header line that runs the program.
#[derive(Clone, Debug)]
pub struct Case {
    /// The line, for messages.
    pub line: String,
    /// What it must give.
    pub wanted: Wanted,
    inputs: Inputs,
}

#[derive(Clone, Debug)]
enum Inputs {
    Literals(Vec<String>),
    Generated(Vec<Made>),
}

#[derive(Clone, Debug)]
struct Made {
    name: String,
    len: usize,
    seed: u64,
    range: Option<(f64, f64)>,
}

/// A fixture.
#[derive(Clone, Debug, Default)]
pub struct Fixture {
    /// Its runs, in order.
    pub cases: Vec<Case>,
    /// A float reduction rounds: across passes only errors are compared.
    pub rounds: bool,
    /// The relative difference of floats that passes may make.
    pub tolerance: Option<f64>,
}

/// Reads the header of a program text.
pub fn read(text: &str) -> Result<Fixture, String> {
    let mut fixture = Fixture::default();
    for line in text.lines().filter_map(|line| line.strip_prefix("#@")) {
        let (key, rest) = line.split_once(':').ok_or_else(|| format!("`#@{line}` has no `:`"))?;
        let rest = rest.trim();
        match key.trim() {
            "run" => fixture.cases.push(run_line(rest)?),
            "gen" => {
                let made = rest.split(';').map(made).collect::<Result<_, _>>()?;
                let inputs = Inputs::Generated(made);
                fixture.cases.push(Case { line: rest.to_string(), wanted: Wanted::Anything, inputs });
            }
            "tolerance" => {
                let (number, why) = rest.split_once(" because ").ok_or("`tolerance` must say `because`")?;
                if why.trim().is_empty() {
                    return Err("`tolerance` must say why".to_string());
                }
                fixture.tolerance =
                    Some(number.trim().parse().map_err(|_| format!("`{number}` is no tolerance"))?);
            }
            "rounds" => fixture.rounds = true,
            "about" => {}
            other => return Err(format!("unknown header `{other}`")),
        }
    }
    if fixture.cases.is_empty() {
        return Err("no `#@ run:` and no `#@ gen:` line".to_string());
    }
    Ok(fixture)
}

fn run_line(line: &str) -> Result<Case, String> {
    let (args, wanted) = line.rsplit_once("=>").ok_or_else(|| format!("`{line}` has no `=>`"))?;
    let args = args.trim().strip_prefix('(').and_then(|args| args.strip_suffix(')'));
    let args = args.ok_or_else(|| format!("the inputs of `{line}` are not in parentheses"))?;
    let wanted = wanted.trim();
    let wanted = match wanted.split_once(' ') {
        Some(("error", name)) => Wanted::Error(name.to_string()),
        Some(("rejected", id)) => Wanted::Rejected(id.to_string()),
        _ if wanted == "agreement" => Wanted::Anything,
        _ => Wanted::Value(wanted.to_string()),
    };
    Ok(Case { line: line.to_string(), wanted, inputs: Inputs::Literals(split(args)) })
}

/// The arguments between commas that are not inside brackets or strings.
fn split(args: &str) -> Vec<String> {
    let (mut items, mut depth, mut in_string) = (vec![String::new()], 0, false);
    for c in args.chars() {
        match c {
            '"' => in_string = !in_string,
            '[' | '{' | '(' if !in_string => depth += 1,
            ']' | '}' | ')' if !in_string => depth -= 1,
            ',' if depth == 0 && !in_string => {
                items.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(item) = items.last_mut() {
            item.push(c);
        }
    }
    if items.len() == 1 && items[0].trim().is_empty() { Vec::new() } else { items }
}

/// `v = 16385 seed 3 range 0 9`
fn made(text: &str) -> Result<Made, String> {
    let fail = || format!("`{text}` is not of the form `v = 16385 seed 3 range 0 9`");
    let (name, rest) = text.split_once('=').ok_or_else(fail)?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (len, seed, range) = match words[..] {
        [len, "seed", seed] => (len, seed, None),
        [len, "seed", seed, "range", low, high] => {
            (len, seed, Some((low.parse().map_err(|_| fail())?, high.parse().map_err(|_| fail())?)))
        }
        _ => return Err(fail()),
    };
    let (len, seed) = (len.parse().map_err(|_| fail())?, seed.parse().map_err(|_| fail())?);
    Ok(Made { name: name.trim().to_string(), len, seed, range })
}

impl Case {
    /// The values of the program's parameters, in order.
    pub fn inputs(&self, program: &Program) -> Result<Vec<Value>, String> {
        let params = &program.func.params;
        match &self.inputs {
            Inputs::Literals(texts) if texts.len() != params.len() => {
                Err(format!("{} inputs for {} parameters", texts.len(), params.len()))
            }
            Inputs::Literals(texts) => {
                texts.iter().zip(params).map(|(text, param)| literal::parse_value(text, &param.ty)).collect()
            }
            Inputs::Generated(made) => {
                let value = |param: &weld::ir::Param| {
                    let made = made.iter().find(|made| made.name == param.name.text());
                    let made =
                        made.ok_or_else(|| format!("nothing is said about `{}`", param.name.text()))?;
                    inputs::generate(&param.ty, made.len, made.seed, made.range)
                        .map_err(|error| error.message)
                };
                params.iter().map(value).collect()
            }
        }
    }
}
