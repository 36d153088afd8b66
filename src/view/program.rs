#![forbid(unsafe_code)]
//! A program as text: its source, its typed form, its type, and what it needs to run.

use crate::ir::{self, Program};
use crate::value::literal;

/// The typed program as Weld text, with a line break at the end.
pub fn core(program: &Program) -> String {
    let mut text = ir::print::program(program);
    text.push('\n');
    text
}

/// The type: `i64` of a program without inputs, else `(v: vec[i64]) -> i64`.
pub fn signature(program: &Program) -> String {
    let result = &program.func.body.ty;
    if program.func.params.is_empty() {
        return result.to_string();
    }
    let params: Vec<String> =
        program.func.params.iter().map(|param| format!("{}: {}", param.name, param.ty)).collect();
    format!("({}) -> {result}", params.join(", "))
}

/// One input that a program needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Its name.
    pub name: String,
    /// Its type as text.
    pub ty: String,
    /// A literal of that type.
    pub example: String,
}

/// The inputs that are not in `given`.
pub fn needs(program: &Program, given: &dyn Fn(&str) -> bool) -> Vec<Need> {
    let missing = program.func.params.iter().filter(|param| !given(param.name.text()));
    let need = missing.map(|param| Need {
        name: param.name.text().to_string(),
        ty: param.ty.to_string(),
        example: literal::example(&param.ty),
    });
    need.collect()
}

/// The source text with line numbers; control characters but tabs are shown as spaces.
pub fn source(text: &str) -> String {
    let digits = text.lines().count().max(1).to_string().len();
    let lines = text.lines().enumerate().map(|(at, line)| {
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{:>digits$} | {line}\n", at + 1)
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::source;

    #[test]
    fn source_lines_have_numbers() {
        assert_eq!(source("1 +\n\t2\u{1b}"), "1 | 1 +\n2 |  2 \n");
        assert_eq!(source(""), "");
        assert!(source(&"x\n".repeat(12)).starts_with(" 1 | x\n"));
    }
}
