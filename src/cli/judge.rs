#![forbid(unsafe_code)]
//! Commands of the user that judge programs: `-- COMMAND`.
//!
//! Promises: each program is a whole file with its inputs in its head, in a folder of its own that is removed afterwards.

use super::context::Loaded;
use super::failure::Failure;
use crate::ir::Program;
use crate::session::trust::case::program_text;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The exit code of a command that cannot judge.
pub const CANNOT_TELL: i32 = 125;

/// A command, and the file that it looks at.
pub struct Judge<'a> {
    command: &'a [String],
    folder: PathBuf,
    /// Lines of the head with the names of the inputs that they give.
    inputs: Vec<(String, String)>,
    libraries: Vec<String>,
}

impl<'a> Judge<'a> {
    /// Makes the folder.
    pub fn new(command: &'a [String], loaded: &Loaded) -> Result<Judge<'a>, Failure> {
        let beside = loaded.folder.as_deref();
        let inputs = loaded.header.inputs.iter();
        let inputs = inputs.map(|input| {
            (input.name.clone(), format!("#@ in {} = {}\n", input.name, input.spec_beside(beside)))
        });
        let libraries =
            loaded.header.libraries_beside(beside).map(|library| format!("#@ library {library}\n"));
        let (inputs, libraries) = (inputs.collect(), libraries.collect());
        let base = std::env::temp_dir();
        for attempt in 0..100 {
            let folder = base.join(format!("weld-judge-{}-{attempt}", std::process::id()));
            match fs::DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => return Ok(Judge { command, folder, inputs, libraries }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(Failure::input(format!("{}: {error}", folder.display()), None)),
            }
        }
        Err(Failure::input(format!("{} has no room for another directory", base.display()), None))
    }

    /// The exit code of the command on a program; -1 when a signal ended it.
    pub fn ask(&self, program: &Program) -> Result<i32, Failure> {
        let path = self.folder.join("program.weld");
        let mut text: String = self.libraries.concat();
        for (name, line) in &self.inputs {
            if program.func.params.iter().any(|param| param.name.text() == name) {
                text += line;
            }
        }
        text += &program_text(program);
        text.push('\n');
        fs::write(&path, text)
            .map_err(|error| Failure::input(format!("{}: {error}", path.display()), None))?;
        let file = path.display().to_string();
        let has_place = self.command.iter().any(|word| word.contains("{}"));
        let words = self.command.iter().map(|word| word.replace("{}", &file));
        let mut words: Vec<String> = words.collect();
        if !has_place {
            words.push(file);
        }
        let Some((name, args)) = words.split_first() else {
            return Err(Failure::usage("there is no command behind `--`", None));
        };
        // Standard output is for the answer of this command alone.
        let status = Command::new(name)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let status =
            status.map_err(|error| Failure::usage(format!("`{name}` cannot be started: {error}"), None))?;
        Ok(status.code().unwrap_or(-1))
    }
}

/// The command ended with [`CANNOT_TELL`] on this program: nothing was found false, and nothing was found.
pub fn cannot_tell(which: &str) -> Failure {
    let hint = "0 says that a program is good, 125 that this cannot be told, anything else that it is bad";
    let what = format!("the command cannot judge {which}: it ended with {CANNOT_TELL}");
    Failure::input(what, Some(hint.to_string()))
}

impl Drop for Judge<'_> {
    fn drop(&mut self) {
        // What stays behind in the folder for temporary files is no reason to fail.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
