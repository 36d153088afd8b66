//! The form of a fixture file: `#@ key: value` lines, the program, then `#>` lines with what is expected.

use std::fs;
use std::path::{Path, PathBuf};

/// A fixture file, taken apart.
pub struct Fixture {
    path: PathBuf,
    /// The header, in order.
    pub header: Vec<(String, String)>,
    /// Everything but the expected lines: a loadable program.
    pub program: String,
    expected: Vec<String>,
}

impl Fixture {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Fixture, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut fixture = Fixture {
            path: path.to_path_buf(),
            header: Vec::new(),
            program: String::new(),
            expected: Vec::new(),
        };
        for line in text.lines() {
            if let Some(line) = line.strip_prefix("#>") {
                fixture.expected.push(line.strip_prefix(' ').unwrap_or(line).to_string());
                continue;
            }
            if let Some((key, value)) = line.strip_prefix("#@").and_then(|line| line.split_once(':')) {
                fixture.header.push((key.trim().to_string(), value.trim().to_string()));
            }
            fixture.program.push_str(line);
            fixture.program.push('\n');
        }
        Ok(fixture)
    }

    /// The value of a header line.
    pub fn header(&self, key: &str) -> Option<&str> {
        self.header.iter().find(|(found, _)| found == key).map(|(_, value)| value.as_str())
    }

    /// Compares the output with the expected lines, or makes it the expected lines when blessing.
    pub fn expect(&self, output: &str) -> Result<(), String> {
        let lines: Vec<String> = output.lines().map(str::to_string).collect();
        if lines == self.expected {
            return Ok(());
        }
        if std::env::var_os("WELD_BLESS").is_some() {
            if std::env::var_os("CI").is_some() {
                return Err("fixtures are not rewritten where `CI` is set".to_string());
            }
            return self.bless(&lines);
        }
        let diff = similar::TextDiff::from_lines(self.expected.join("\n") + "\n", lines.join("\n") + "\n");
        let diff = diff.unified_diff().header("expected", "found").to_string();
        let path = self.path.display();
        Err(format!("{path}\n{diff}\nif what was found is right: cargo bless --test golden"))
    }

    fn bless(&self, lines: &[String]) -> Result<(), String> {
        let mut text = self.program.trim_end().to_string();
        text.push('\n');
        for line in lines {
            text.push_str(format!("#> {line}").trim_end());
            text.push('\n');
        }
        fs::write(&self.path, text).map_err(|error| format!("{}: {error}", self.path.display()))
    }
}

/// The `.weld` files below a folder, sorted, with their names from there on.
pub fn files(folder: &str) -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    collect(&root, folder, &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, name: &str, found: &mut Vec<(String, PathBuf)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            collect(&path, &name, found);
        } else if path.extension().is_some_and(|extension| extension == "weld") {
            found.push((name, path));
        }
    }
}
