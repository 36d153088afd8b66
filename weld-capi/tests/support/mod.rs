//! C and C++ programs as tests: built as the comment at their head says, and run.
//!
//! A head has lines that begin with `cc` or `c++`, each with `-o NAME`. They are run as written from the root of the repository,
//! with warnings as errors, the library of this build for the one in `target/release`, and a folder of its own for what they
//! make. Each program that a line makes must end with 0.

use libtest_mimic::{Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// What `-Wall -Wextra -pedantic` says is an error.
const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Builds `libweld.so` and `libweld.a` as this test was built, and gives their folder: Cargo builds no cdylib for an
/// integration test. Packages and targets are such that the features of all dependencies are those of `cargo test`, so that
/// nothing else is built again.
pub fn library() -> PathBuf {
    // target/<profile>/deps/<test>
    let exe = std::env::current_exe().unwrap();
    let folder = exe.parent().and_then(Path::parent).unwrap();
    let profile = folder.file_name().unwrap().to_str().unwrap();
    let profile = if profile == "debug" { "dev" } else { profile };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "-p", "weld", "-p", "weld-capi", "--lib", "--test", "header"]);
    cargo.args(["--profile", profile, "--target-dir"]);
    let status = cargo.arg(folder.parent().unwrap()).current_dir(root()).status().unwrap();
    assert!(status.success(), "cargo build -p weld-capi failed");
    folder.to_path_buf()
}

/// A test for each program in a folder of the repository.
pub fn trials(folder: &str, library: &Path) -> Vec<Trial> {
    let mut sources: Vec<PathBuf> =
        fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    sources.retain(|path| path.extension().is_some_and(|it| it == "c" || it == "cpp"));
    sources.sort();
    assert!(!sources.is_empty(), "no programs in {folder}");
    let trial = |source: PathBuf| {
        let name = source.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let library = library.to_path_buf();
        Trial::test(name, move || build_and_run(&source, &library))
    };
    sources.into_iter().map(trial).collect()
}

fn build_and_run(source: &Path, library: &Path) -> Result<(), Failed> {
    let folder = TempDir::new()?;
    let text = fs::read_to_string(source)?;
    let lines = commands(&text);
    if lines.is_empty() {
        return Err("the comment at the head has no line that begins with `cc` or `c++`".into());
    }
    for line in lines {
        let made = build(line, folder.path(), library)?;
        if !line.contains(" -shared ") {
            let mut program = Command::new(&made);
            program.current_dir(folder.path()).env("LD_LIBRARY_PATH", library);
            succeeded(&made.to_string_lossy(), &program.output()?)?;
        }
    }
    Ok(())
}

/// The lines of the first comment that are commands.
fn commands(text: &str) -> Vec<&str> {
    let head = text
        .lines()
        .take_while(|line| line.starts_with("/*") || line.starts_with(" *") || line.starts_with("//"));
    let lines = head.map(|line| line.trim_start_matches(['/', '*', ' ']));
    lines.filter(|line| line.starts_with("cc ") || line.starts_with("c++ ")).collect()
}

/// Runs a command of a head, and gives what it made.
fn build(line: &str, folder: &Path, library: &Path) -> Result<PathBuf, Failed> {
    let library = library.to_str().ok_or("the path of the library is no text")?;
    let (mut command, mut made) = (None::<Command>, None);
    for word in line.split_whitespace() {
        let word = word.replace("target/release", library);
        match (&mut command, &made) {
            (None, _) => command = Some(Command::new(word)),
            (Some(_), None) if word == "-o" => made = Some(PathBuf::new()),
            (Some(command), Some(path)) if path.as_os_str().is_empty() => {
                let path = folder.join(word);
                command.arg("-o").arg(&path);
                made = Some(path);
            }
            (Some(command), _) => {
                command.arg(word);
            }
        }
    }
    let (mut command, made) = command.zip(made).ok_or("a command without -o")?;
    command.args(WARNINGS).current_dir(root());
    if let Ok(llvm) = std::env::var("WELD_LLVM_LIB_DIR") {
        command.arg(format!("-L{llvm}"));
    }
    succeeded(line, &command.output()?)?;
    Ok(made)
}

fn succeeded(what: &str, output: &Output) -> Result<(), Failed> {
    if output.status.success() {
        return Ok(());
    }
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Err(format!("{what}: {}\n{}{}", output.status, text(&output.stdout), text(&output.stderr)).into())
}
