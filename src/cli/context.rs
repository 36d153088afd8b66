#![forbid(unsafe_code)]
//! What every command has at hand: the session, the screens, where output goes.
//!
//! Promises: standard output gets data alone, through one buffer; all else goes to standard error, whose loss is no
//! error.

use super::args::Source;
use super::failure::{Failure, code};
use crate::passes::{Optimized, pass_names};
use crate::session::header::Header;
use crate::session::trust::case::Case;
use crate::session::{Checked, Session};
use crate::view::{Screen, error};
use std::io::{self, BufWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// The surroundings of a command.
pub struct Context {
    /// The compiler.
    pub session: Session,
    /// Standard output.
    pub out: BufWriter<io::Stdout>,
    /// What standard output is like.
    pub screen: Screen,
    /// What standard error is like.
    pub error_screen: Screen,
    /// No warnings.
    pub quiet: bool,
    /// Say more.
    pub verbose: bool,
    /// What `--passes` said, each time.
    pub pipelines: Vec<String>,
    /// Set to stop a run.
    pub signal: Arc<AtomicU32>,
}

/// A program that was read and checked.
pub struct Loaded {
    /// The typed program.
    pub checked: Checked,
    /// Its `#@` lines.
    pub header: Header,
    /// The folder that paths in the header start at.
    pub folder: Option<PathBuf>,
}

impl Context {
    /// Reads and checks a program; tells its warnings.
    pub fn load(&mut self, source: &Source) -> Result<Loaded, Failure> {
        let (name, text) = read(source)?;
        self.load_text(&name, text, source.file.as_ref().and_then(|file| file.parent()))
    }

    /// Checks a program text; paths in its head start at `folder`.
    pub fn load_text(&mut self, name: &str, text: String, folder: Option<&Path>) -> Result<Loaded, Failure> {
        let header = Header::parse(&text);
        let folder = folder.map(Path::to_path_buf);
        for library in header.libraries_beside(folder.as_deref()) {
            let failed = |message| Failure::Other {
                exit: code::FAILED,
                code: "LoadLibraryError",
                message,
                hint: None,
            };
            self.session.load_library(&library).map_err(failed)?;
        }
        let id = self.session.add_source(name, text);
        let checked = self.session.check(id).map_err(|mut messages| {
            messages.0.retain(|message| message.code.is_error() || !self.quiet);
            Failure::Rejected(messages)
        })?;
        if !self.quiet {
            if !checked.warnings.0.is_empty() {
                self.say(&error::diagnostics(&checked.warnings, self.session.sources(), self.error_screen));
            }
            for problem in &header.problems {
                self.say(&error::problem(name, problem, self.error_screen));
            }
        }
        Ok(Loaded { checked, header, folder })
    }

    /// Runs the passes and records what they do.
    pub fn optimize(&self, checked: &Checked) -> Optimized {
        self.told(checked, self.session.optimize(checked))
    }

    /// Runs the passes where nobody looks at what they do.
    pub fn optimize_unrecorded(&self, checked: &Checked) -> Optimized {
        self.told(checked, self.session.optimize_unrecorded(checked))
    }

    /// Tells which passes ran, and the bug of one.
    fn told(&self, checked: &Checked, optimized: Optimized) -> Optimized {
        if self.verbose {
            self.say(&format!("passes {}\n", pass_names(&self.session.pipeline()).join(", ")));
        }
        if let Some(error) = &optimized.internal_error {
            // The answer is still right: what that pass did was thrown away.
            let mut hint = "the passes from there on were left out".to_string();
            if let Some(path) = self.keep_case(checked, error) {
                hint += &format!("\nrun it again:  weld replay {}", path.display());
            }
            self.say(&error::plain(error, Some(&hint), self.error_screen));
        }
        optimized
    }

    /// Writes what is needed to see the bug of a pass again; `None` where nothing can be written.
    fn keep_case(&self, checked: &Checked, error: &str) -> Option<PathBuf> {
        let path = std::env::temp_dir().join(format!("weld-{}.weldcase", std::process::id()));
        let case = Case {
            reason: error.to_string(),
            passes: self.session.config().passes.clone(),
            seed: 1,
            made: 16,
            inputs: Vec::new(),
            program: self.session.sources().text(checked.source).to_string(),
        };
        // A file of this name that is there already may be a link to somewhere else.
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
        file.ok()?.write_all(case.text().as_bytes()).ok()?;
        Some(path)
    }

    /// Does work in which passes may panic again and again: once is enough to tell.
    pub fn quietly<T>(&self, work: impl FnOnce(&Context) -> T) -> T {
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let done = catch_unwind(AssertUnwindSafe(|| work(self)));
        std::panic::set_hook(told);
        done.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Writes to standard error.
    pub fn say(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Writes one JSON object on a line.
    pub fn print_json(&mut self, object: &serde_json::Value) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.out, object).map_err(io::Error::from)?;
        Ok(self.out.write_all(b"\n")?)
    }
}

/// The name and the text of a program.
fn read(source: &Source) -> Result<(String, String), Failure> {
    match &source.expr {
        Some(expr) => Ok(("-e".to_string(), expr.clone())),
        None => read_program(source.file.as_deref().unwrap_or(Path::new("-"))),
    }
}

/// The name and the text of the program in a file; `-` is standard input.
pub fn read_program(path: &Path) -> Result<(String, String), Failure> {
    let is_stdin = path.as_os_str() == "-";
    let name = if is_stdin { "stdin".to_string() } else { path.display().to_string() };
    let mut bytes = Vec::new();
    let read = if is_stdin {
        io::stdin().lock().read_to_end(&mut bytes).map(|_| ())
    } else {
        read_file(path, &mut bytes)
    };
    let failed = |message, hint| Failure::Other { exit: code::FAILED, code: "CompileError", message, hint };
    read.map_err(|error| {
        let what = match error.kind() {
            io::ErrorKind::NotFound => format!("there is no file `{name}`"),
            io::ErrorKind::PermissionDenied => format!("no permission to read `{name}`"),
            io::ErrorKind::IsADirectory => format!("`{name}` is a directory"),
            _ => format!("cannot read `{name}`: {error}"),
        };
        let is_missing = error.kind() == io::ErrorKind::NotFound;
        failed(what, is_missing.then(|| "for a program on the command line write -e 'PROGRAM'".to_string()))
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        failed(
            format!("`{name}` is not UTF-8 text: byte {} is wrong", error.utf8_error().valid_up_to() + 1),
            None,
        )
    })?;
    Ok((name, text))
}

fn read_file(path: &Path, bytes: &mut Vec<u8>) -> io::Result<()> {
    std::fs::File::open(path)?.read_to_end(bytes)?;
    Ok(())
}
