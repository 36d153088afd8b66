#![forbid(unsafe_code)]
//! The `#@` lines at the head of a program file.
//!
//! Promises: a line that is no header line is a comment; nothing here fails.

/// The inputs that `#@ in NAME = VALUE` lines give: names and how they are written.
pub(super) fn inputs(text: &str) -> Vec<(&str, &str)> {
    let heads = text.lines().take_while(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    let fields = heads.filter_map(|line| {
        let rest = line.trim().strip_prefix("#@")?.trim_start().strip_prefix("in")?;
        if !rest.starts_with(char::is_whitespace) {
            return None;
        }
        let (name, value) = rest.split_once('=')?;
        Some((name.trim(), value.trim()))
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use super::inputs;

    #[test]
    fn inputs_are_found_at_the_head_only() {
        let text = "#@ title  a = b\n#@ in   v = [1, 2]\n# in w = 1\n#@ inputs x = 3\n\n#@ in k = 2L\n|v: vec[i32]|\n#@ in z = 1\nv";
        assert_eq!(inputs(text), [("v", "[1, 2]"), ("k", "2L")]);
        assert!(inputs("").is_empty());
    }
}
