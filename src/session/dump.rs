#![forbid(unsafe_code)]
//! The files of code that a compilation writes when the settings ask for them.
//!
//! Promises: no file is ever written over; what cannot be written is an error in the log and changes nothing else.

use super::Session;
use crate::config::Format;
use crate::ir;
use crate::passes::Optimized;
use crate::plan;
use std::fs::OpenOptions;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

impl Session {
    /// Writes the files of code of a program, if the settings say so. Whoever compiles need not call it.
    pub fn dump(&self, optimized: &Optimized) {
        let dump = &self.config.dump;
        if !dump.on {
            return;
        }
        self.dumped.store(true, Ordering::Relaxed);
        if !dump.dir.is_dir() {
            log::error!("no code is written: there is no folder `{}`", dump.dir.display());
            return;
        }
        let name = dump.name.clone().unwrap_or_else(|| self.fresh_name());
        for format in &dump.formats {
            let path = dump.dir.join(format!("{name}{}", format.ending()));
            match self.written(optimized, *format) {
                Ok(None) => {}
                Ok(Some(text)) => tell(&path, write_new(&path, &text)),
                Err(why) => log::error!("no code for `{}`: {why}", path.display()),
            }
        }
    }

    /// Whether the settings ask for files of code and nothing was compiled, so that there are none.
    pub fn owes_dump(&self) -> bool {
        self.config.dump.on && !self.dumped.load(Ordering::Relaxed)
    }

    /// `code-<seconds since 1970>-<two hexadecimal digits>`, with more digits where this second has used many names: none of
    /// the files is there already. The digits are random, so that two processes do not find the same name.
    fn fresh_name(&self) -> String {
        let dir = &self.config.dump.dir;
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut name = String::new();
        for digits in 2..=16 {
            // The keys of a new hasher are random.
            let random = RandomState::new().hash_one(seconds) >> (64 - 4 * digits);
            name = format!("code-{seconds}-{random:0digits$x}");
            let taken = |format: &Format| dir.join(format!("{name}{}", format.ending())).exists();
            if !Format::ALL.iter().any(taken) {
                break;
            }
        }
        name
    }

    /// The text of a file; nothing when this build cannot make it.
    fn written(&self, optimized: &Optimized, format: Format) -> Result<Option<String>, String> {
        let printed = |program: &ir::Program| ir::print::program(program) + "\n";
        Ok(match format {
            Format::Weld => Some(printed(&optimized.given)),
            Format::WeldOpt => Some(printed(&optimized.program)),
            Format::Sir => Some(plan::text(&optimized.program, &self.sources)),
            Format::Llvm | Format::LlvmOpt | Format::Assembly => self.machine_text(optimized, format)?,
        })
    }

    #[cfg(feature = "jit")]
    fn machine_text(&self, optimized: &Optimized, format: Format) -> Result<Option<String>, String> {
        use crate::codegen::Level;
        let level = match format {
            Format::Llvm => Level::Llvm,
            Format::LlvmOpt => Level::LlvmOptimized,
            _ => Level::Assembly,
        };
        self.code(&optimized.program, level).map(Some).map_err(|error| error.to_string())
    }

    #[cfg(not(feature = "jit"))]
    fn machine_text(&self, _: &Optimized, _: Format) -> Result<Option<String>, String> {
        Ok(None)
    }
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

fn tell(path: &Path, written: io::Result<()>) {
    let path = path.display();
    match written {
        Ok(()) => log::info!("wrote `{path}`"),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            log::error!("`{path}` is there already; it stays as it is");
        }
        Err(error) => log::error!("cannot write `{path}`: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::session::Session;

    /// Compiles as far as this build can, with these settings and `dump` on.
    fn compile(settings: &[(&str, &str)]) {
        let mut config = Config { threads: 1, ..Config::default() };
        config.set("dump", "true").unwrap();
        for (name, value) in settings {
            config.set(name, value).unwrap();
        }
        let mut session = Session::new(config);
        let source = session.add_source("p", "|v: vec[i64]| sum(map(v, |x| x * 2L))".to_string());
        let checked = session.check(source).unwrap();
        assert!(session.ready_optimized(&session.optimize_unrecorded(&checked)).is_ok());
    }

    fn names(folder: &std::path::Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    #[cfg(feature = "jit")]
    fn every_format_has_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        compile(&[("dump-dir", dir), ("dump-name", "a"), ("run-function", "my_run")]);
        assert_eq!(names(folder.path()), ["a-opt.ll", "a-opt.weld", "a.S", "a.ll", "a.sir", "a.weld"]);
        let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(text("a.weld").contains("appender"), "{}", text("a.weld"));
        assert!(!text("a-opt.weld").contains("appender"));
        assert!(text("a.sir").starts_with("L1  parallel"));
        assert!(text("a.ll").contains("@my_run(") && text("a-opt.ll").contains("@my_run("));
        assert!(text("a.S").contains("my_run:"));
    }

    #[test]
    fn formats_are_chosen_and_files_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        std::fs::write(folder.path().join("a.sir"), "mine").unwrap();
        compile(&[("dump-dir", dir), ("dump-name", "a"), ("dump-formats", "WELD,sir")]);
        assert_eq!(names(folder.path()), ["a.sir", "a.weld"]);
        assert_eq!(std::fs::read_to_string(folder.path().join("a.sir")).unwrap(), "mine");
    }

    #[test]
    fn a_folder_that_is_not_there_is_no_failure() {
        compile(&[("dump-dir", "/no/such/folder")]);
    }

    #[test]
    fn names_are_made_up_and_no_two_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..60 {
            compile(&[("dump-dir", folder.path().to_str().unwrap()), ("dump-formats", "weld")]);
        }
        let names = names(folder.path());
        assert_eq!(names.len(), 60);
        let parts: Vec<&str> = names[0].trim_end_matches(".weld").split('-').collect();
        assert_eq!((parts[0], parts[2].len() >= 2), ("code", true));
        assert!(parts[1].parse::<u64>().unwrap() > 1_600_000_000);
        assert!(u64::from_str_radix(parts[2], 16).is_ok());
    }
}
