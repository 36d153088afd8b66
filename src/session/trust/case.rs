#![forbid(unsafe_code)]
//! Cases: one text with a program, its passes and its inputs, that shows again what went wrong.
//!
//! The text is a Weld program, for its own lines begin with `#!` and are comments. Promises: what [`Case::text`] writes
//! [`Case::read`] reads back. Must not: read or write files.

use crate::ir::{Program, print};
use crate::value::{Value, print::to_text};

/// The first line of a case.
const FIRST: &str = "#! weld case 1";

/// Something that went wrong, to be run again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// What was seen, in one line.
    pub reason: String,
    /// The pipeline, as `--passes` takes it.
    pub passes: String,
    /// The seed of the inputs that are made up.
    pub seed: u64,
    /// How many inputs are made up beside the given ones.
    pub made: usize,
    /// Names of inputs and their values as literals.
    pub inputs: Vec<(String, String)>,
    /// The program text.
    pub program: String,
}

impl Case {
    /// Gives the inputs of `program`.
    pub fn with_inputs(mut self, program: &Program, values: &[Value]) -> Case {
        let params = program.func.params.iter().zip(values);
        self.inputs =
            params.map(|(param, value)| (param.name.text().to_string(), to_text(value, &param.ty))).collect();
        self
    }

    /// The case as a text.
    pub fn text(&self) -> String {
        let mut text =
            format!("{FIRST}\n#! reason: {}\n#! passes: {}\n", one_line(&self.reason), self.passes);
        text += &format!("#! seed: {}\n#! made: {}\n", self.seed, self.made);
        for (name, value) in &self.inputs {
            text += &format!("#! in: {name} = {}\n", one_line(value));
        }
        text + self.program.trim_end() + "\n"
    }

    /// Reads a case. The error is one line for the user.
    pub fn read(text: &str) -> Result<Case, String> {
        let mut lines = text.lines();
        if lines.next().map(str::trim_end) != Some(FIRST) {
            return Err(format!("this is no case: its first line is not `{FIRST}`"));
        }
        let mut case = Case::default();
        for (at, line) in lines.enumerate() {
            let Some(line) = line.strip_prefix("#!") else {
                case.program += line;
                case.program.push('\n');
                continue;
            };
            let wrong = |what: &str| format!("line {}: {what}", at + 2);
            let (key, rest) =
                line.split_once(':').ok_or_else(|| wrong("a line is written `#! key: text`"))?;
            let rest = rest.trim();
            match key.trim() {
                "reason" => case.reason = rest.to_string(),
                "passes" => case.passes = rest.to_string(),
                "seed" => case.seed = rest.parse().map_err(|_| wrong("a seed is a number"))?,
                "made" => case.made = rest.parse().map_err(|_| wrong("`made` is a number of inputs"))?,
                "in" => {
                    let (name, value) = rest
                        .split_once('=')
                        .ok_or_else(|| wrong("an input is written `#! in: name = value`"))?;
                    case.inputs.push((name.trim().to_string(), value.trim().to_string()));
                }
                other => return Err(wrong(&format!("cases have no line `{other}`"))),
            }
        }
        Ok(case)
    }
}

/// A program as a text that is read back.
pub fn program_text(program: &Program) -> String {
    print::program(program)
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::Case;

    #[test]
    fn cases_are_read_back() {
        let case = Case {
            reason: "fuse-vertical: another answer".to_string(),
            passes: "inline-let, fuse-vertical".to_string(),
            seed: 7,
            made: 64,
            inputs: vec![("v".to_string(), "[1L, 2L]".to_string()), ("s".to_string(), "\"a=b\"".to_string())],
            program: "#@ title x\n|v: vec[i64], s: vec[i8]|\n  {v, s}\n".to_string(),
        };
        assert_eq!(Case::read(&case.text()), Ok(case));
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (text, part) in [
            ("1 + 2", "first line"),
            ("#! weld case 1\n#! seed: x\n1", "line 2: a seed"),
            ("#! weld case 1\n#! seed: 1\n#! inn: v = 1\n1", "line 3: cases have no line `inn`"),
            ("#! weld case 1\n#! in: v\n1", "name = value"),
        ] {
            let error = Case::read(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
