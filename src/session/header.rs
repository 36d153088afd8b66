#![forbid(unsafe_code)]
//! The `#@` lines at the head of a program: its title, its inputs, and what it claims about itself.
//!
//! Promises: a program without such lines has an empty header; a line that is written wrongly is told with its number;
//! a claim that does not hold says what was found instead. Must not: read files; inputs are only named.

use crate::diag::suggest;
use crate::ir::Ty;
use crate::passes::Optimized;
use crate::plan::{self, cost};
use crate::session::query::{Selection, why};
use crate::value::{ErrorKind, RunError, Value, literal, print};
use std::fmt;
use std::path::Path;

/// What the head of a program says.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// `#@ title`.
    pub title: Option<String>,
    /// `#@ lesson`.
    pub lesson: Option<String>,
    /// `#@ library LIB`.
    pub libraries: Vec<String>,
    /// `#@ in NAME = VALUE` or `NAME = @FILE`.
    pub inputs: Vec<HeaderInput>,
    /// `#@ expect CLAIM`.
    pub expects: Vec<Expect>,
    /// `#@ quiz`.
    pub quizzes: Vec<String>,
    /// Lines that are written wrongly.
    pub problems: Vec<Problem>,
}

/// One `#@ in` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderInput {
    /// The name of the input.
    pub name: String,
    /// A literal, or `@FILE`.
    pub spec: String,
    /// The line, from 1.
    pub line: usize,
}

impl HeaderInput {
    /// How the value is written, with the path of a file starting at the folder of the program.
    pub fn spec_beside(&self, folder: Option<&Path>) -> String {
        match (self.spec.strip_prefix('@'), folder) {
            (Some(file), Some(folder)) => format!("@{}", folder.join(file).display()),
            _ => self.spec.clone(),
        }
    }
}

/// One claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// The claim as written.
    pub text: String,
    /// The line, from 1.
    pub line: usize,
    claim: Claim,
}

/// A line that is written wrongly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Claim {
    /// `result == LITERAL`.
    Result(String),
    /// `error KIND`: the run ends with this error.
    Error(String),
    /// `loops == 1`, `temps <= 2`: a counter of the optimized program.
    Counter { counter: Counter, relation: Relation, number: u32 },
    /// `fired X` or `not fired X`, X a pass or a rule.
    Fired { what: Selection, fired: bool },
    /// `missed X` or `not missed X`: whether there is a near miss of a pass or a rule.
    Missed { what: Selection, missed: bool },
    /// `simd` or `not simd`: whether some loop of the optimized program computes several elements at once.
    Simd(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counter {
    Loops,
    Temps,
    Nodes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    AtMost,
    AtLeast,
}

impl Relation {
    /// How each is written.
    const ALL: [(&str, Relation); 3] =
        [("==", Relation::Equal), ("<=", Relation::AtMost), (">=", Relation::AtLeast)];
}

impl Header {
    /// Reads the `#@` lines before the first line of the program.
    pub fn parse(text: &str) -> Header {
        let mut header = Header::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if let Some(rest) = line.strip_prefix("#@") {
                let (key, rest) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
                if let Err(message) = header.add(key, rest.trim(), at + 1) {
                    header.problems.push(Problem { line: at + 1, message });
                }
            } else if !line.is_empty() && !line.starts_with('#') {
                break;
            }
        }
        header
    }

    /// The libraries, paths starting at the folder of the program; plain names are the system's to look for.
    pub fn libraries_beside<'h>(&'h self, folder: Option<&'h Path>) -> impl Iterator<Item = String> + 'h {
        self.libraries.iter().map(move |library| match folder {
            Some(folder) if library.contains('/') => folder.join(library).display().to_string(),
            _ => library.clone(),
        })
    }

    fn add(&mut self, key: &str, rest: &str, line: usize) -> Result<(), String> {
        match key {
            "title" => self.title = Some(rest.to_string()),
            "lesson" => self.lesson = Some(rest.to_string()),
            "library" => self.libraries.push(rest.to_string()),
            "quiz" => self.quizzes.push(rest.to_string()),
            "in" => {
                let (name, spec) = rest.split_once('=').ok_or("an input is written `#@ in NAME = VALUE`")?;
                let (name, spec) = (name.trim().to_string(), spec.trim().to_string());
                if self.inputs.iter().any(|input| input.name == name) {
                    return Err(format!("the input `{name}` is given twice"));
                }
                self.inputs.push(HeaderInput { name, spec, line });
            }
            "expect" if rest.starts_with("result") => self.expect(rest, line)?,
            "expect" => rest.split(',').try_for_each(|part| self.expect(part.trim(), line))?,
            _ => {
                let keys = ["title", "lesson", "library", "in", "expect", "quiz"];
                let hint = match suggest(key, keys.into_iter()) {
                    Some(near) => format!("did you mean `#@ {near}`?"),
                    None => format!("there are {}", keys.join(", ")),
                };
                return Err(format!("no header line is named `{key}`; {hint}"));
            }
        }
        Ok(())
    }

    fn expect(&mut self, text: &str, line: usize) -> Result<(), String> {
        let claim = parse_claim(text)?;
        self.expects.push(Expect { text: text.to_string(), line, claim });
        Ok(())
    }
}

/// What claims there are.
const CLAIMS: &str = "result == VALUE, error KIND, loops == 1, temps <= 2, nodes >= 3, fired NAME, missed NAME, simd, or \
                      `not` before one of the last three";

fn parse_claim(text: &str) -> Result<Claim, String> {
    let unknown = || {
        let words = ["result", "error", "loops", "temps", "nodes", "fired", "missed", "simd", "not"];
        let first = text.split_whitespace().next().unwrap_or("");
        match suggest(first, words.into_iter()) {
            Some(near) => format!("`{text}` is no claim; did you mean `{near}`?"),
            None => format!("`{text}` is no claim; there are {CLAIMS}"),
        }
    };
    if let Some(kind) = text.strip_prefix("error ") {
        let kind = kind.trim();
        let mut names = ErrorKind::ALL.iter().map(|kind| kind.name());
        return match names.clone().find(|name| *name == kind) {
            Some(_) => Ok(Claim::Error(kind.to_string())),
            None => Err(match suggest(kind, &mut names) {
                Some(near) => format!("there is no error `{kind}`; did you mean `{near}`?"),
                None => format!("there is no error `{kind}`"),
            }),
        };
    }
    let (event, holds) = text.strip_prefix("not ").map_or((text, true), |event| (event.trim(), false));
    if event == "simd" {
        return Ok(Claim::Simd(holds));
    }
    if let Some((claim, place)) = event.split_once(" at ") {
        return Err(format!(
            "a claim is about the whole program and no place: write `{claim}` without `at {place}`"
        ));
    }
    if let Some(name) = event.strip_prefix("fired ") {
        return Ok(Claim::Fired { what: Selection::named(name.trim())?, fired: holds });
    }
    if let Some(name) = event.strip_prefix("missed ") {
        return Ok(Claim::Missed { what: Selection::named(name.trim())?, missed: holds });
    }
    let split = |(sign, relation): (&str, Relation)| {
        let (what, number) = text.split_once(sign)?;
        Some((what.trim(), relation, number.trim()))
    };
    let (what, relation, number) = Relation::ALL.into_iter().find_map(split).ok_or_else(unknown)?;
    let counter = match what {
        "result" if relation == Relation::Equal => return Ok(Claim::Result(number.to_string())),
        "loops" => Counter::Loops,
        "temps" => Counter::Temps,
        "nodes" => Counter::Nodes,
        _ => return Err(unknown()),
    };
    Ok(Claim::Counter { counter, relation, number: number.parse().map_err(|_| unknown())? })
}

impl Expect {
    /// Checks the claim. `outcome` is the result of the run with its type, or its error. The error says what was found.
    pub fn check(
        &self,
        optimized: &Optimized,
        outcome: Result<(&Value, &Ty), &RunError>,
    ) -> Result<(), String> {
        match (&self.claim, outcome) {
            (Claim::Result(_), Err(error)) => Err(format!("the run ended with {}", error.kind.name())),
            (Claim::Result(wanted), Ok((value, ty))) => {
                let wanted = literal::parse_value(wanted, ty)?;
                if wanted.same(value) {
                    Ok(())
                } else {
                    Err(format!("the result is {}", print::preview(value, ty, 16)))
                }
            }
            (Claim::Error(wanted), Err(error)) if error.kind.name() == wanted => Ok(()),
            (Claim::Error(_), Err(error)) => Err(format!("the run ended with {}", error.kind.name())),
            (Claim::Error(_), Ok(_)) => Err("the run has a result".to_string()),
            (Claim::Counter { counter, relation, number }, _) => {
                let counters = cost::counters(&optimized.program);
                let found = match counter {
                    Counter::Loops => counters.loops,
                    Counter::Temps => counters.temps,
                    Counter::Nodes => counters.nodes,
                };
                let holds = match relation {
                    Relation::Equal => found == *number,
                    Relation::AtMost => found <= *number,
                    Relation::AtLeast => found >= *number,
                };
                if holds { Ok(()) } else { Err(format!("there are {found}")) }
            }
            (Claim::Fired { what, fired }, _) => {
                let found = why(&optimized.trace, Some(*what), None);
                match (fired, found.fired.first(), found.missed.first()) {
                    (true, Some(_), _) | (false, None, _) => Ok(()),
                    (false, Some(first), _) => {
                        Err(format!("it fired in step {}.{}", first.step, first.index))
                    }
                    (true, None, Some(near)) => Err(format!("it did not fire: {}", near.miss.condition)),
                    (true, None, None) => Err("it did not fire, and nothing nearly fired".to_string()),
                }
            }
            (Claim::Missed { what, missed }, _) => {
                match (missed, why(&optimized.trace, Some(*what), None).missed.first()) {
                    (true, Some(_)) | (false, None) => Ok(()),
                    (true, None) => Err("there is no near miss".to_string()),
                    (false, Some(near)) => Err(format!("in step {}: {}", near.step, near.miss.condition)),
                }
            }
            (Claim::Simd(wanted), _) => {
                let plans = plan::plan(&optimized.program);
                match (wanted, plans.iter().any(|plan| plan.lanes.is_some())) {
                    (true, false) => Err("no loop computes several elements at once".to_string()),
                    (false, true) => Err("a loop computes several elements at once".to_string()),
                    _ => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::{Claim, Header, HeaderInput};
    use crate::session::query::Selection;
    use std::path::Path;

    #[test]
    fn all_kinds_of_lines() {
        let text = "\
#@ title   A title
# a comment
#@ in      v = [1, 2]

#@ in      w = @data/w.csv:price
#@ expect  result == [{1, 0L}, {2, 1L}]
#@ expect  loops == 1, temps <= 0, not fired fuse-vertical
#@ quiz    which?
|v: vec[i32]| v
#@ in      x = 1";
        let header = Header::parse(text);
        assert_eq!(header.problems, []);
        assert_eq!(header.title.as_deref(), Some("A title"));
        let inputs: Vec<(&str, &str, usize)> = header
            .inputs
            .iter()
            .map(|input| (input.name.as_str(), input.spec.as_str(), input.line))
            .collect();
        assert_eq!(inputs, [("v", "[1, 2]", 3), ("w", "@data/w.csv:price", 5)]);
        assert_eq!(header.quizzes, ["which?"]);
        let claims: Vec<&Claim> = header.expects.iter().map(|expect| &expect.claim).collect();
        assert_eq!(claims.len(), 4);
        assert_eq!(*claims[0], Claim::Result("[{1, 0L}, {2, 1L}]".to_string()));
        assert_eq!(*claims[3], Claim::Fired { what: Selection::Pass("fuse-vertical"), fired: false });
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let text = "#@ titel x\n#@ in v\n#@ expect fired fuse-vertcal\n#@ expect loops > 1\n#@ expect not loops == 1\n#@ in a = 1\n#@ in a = 2\n#@ expect error DivideByNull\n#@ expect not missed fuse_loops at 99:1\n#@ expect lops == 1";
        let problems: Vec<String> =
            Header::parse(text).problems.iter().map(|problem| problem.to_string()).collect();
        let parts = [
            "did you mean `#@ title`",
            "NAME = VALUE",
            "did you mean `fuse-vertical`",
            "is no claim",
            "is no claim",
            "twice",
            "DivideByZero",
            "write `missed fuse_loops` without `at 99:1`",
            "did you mean `loops`?",
        ];
        assert_eq!(problems.len(), parts.len(), "{problems:?}");
        for (problem, part) in problems.iter().zip(parts) {
            assert!(problem.contains(part), "{part} in {problem}");
        }
        assert!(problems[0].starts_with("line 1:"));
    }

    #[test]
    fn plain_programs_have_empty_headers() {
        let header = Header::parse("1 + 2 #@ title no");
        assert!(header.title.is_none() && header.problems.is_empty());
        assert!(Header::parse("").inputs.is_empty());
    }

    #[test]
    fn paths_start_at_the_program() {
        let input = |spec: &str| HeaderInput { name: "v".to_string(), spec: spec.to_string(), line: 1 };
        let demos = Some(Path::new("demos"));
        assert_eq!(input("@v.npy").spec_beside(demos), "@demos/v.npy");
        assert_eq!(input("@/tmp/v.npy").spec_beside(demos), "@/tmp/v.npy");
        assert_eq!(input("@v.npy").spec_beside(None), "@v.npy");
        assert_eq!(input("[1]").spec_beside(demos), "[1]");
    }
}
