#![forbid(unsafe_code)]
//! The explorer on a terminal, and as a reader of piped inputs.
//!
//! Promises: Ctrl-C stops what runs and never ends the session; replies go to standard output, messages to standard
//! error; without a terminal there is no prompt, no colour, and the first error ends it with exit code 1.

use super::Repl;
use super::editor::{LineEditor, Read};
use super::reply::{Next, Reply};
use super::whole::{Collector, MAX_TYPED, only_comments};
use crate::config::Config;
use crate::runtime::RunOptions;
use crate::view::{ColorChoice, Screen};
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Exit code after the first error of piped inputs.
const FAILED: i32 = 1;

/// Exit code when nobody reads what is written.
const CLOSED_PIPE: i32 = 141;

/// Runs the explorer until its user leaves; returns the exit code.
pub fn start(config: Config, libraries: &[String], color: bool) -> i32 {
    let terminal = io::stdin().is_terminal();
    let screen = screen(color && terminal);
    let mut repl = Repl::new(config, screen);
    for library in libraries {
        if let Err(message) = repl.session.load_library(library) {
            say(&mut io::stderr(), &format!("error: {message}\n"));
            return FAILED;
        }
    }
    if terminal {
        interactive(repl, screen)
    } else {
        piped(repl, &mut io::stdin().lock(), &mut io::stdout(), &mut io::stderr())
    }
}

/// The screen as it is now.
fn screen(color: bool) -> Screen {
    let choice = if color { ColorChoice::Always } else { ColorChoice::Never };
    Screen::new(choice, io::stdout().is_terminal())
}

fn interactive(mut repl: Repl, first: Screen) -> i32 {
    repl.session.warm_up();
    let (mut editor, trouble) = match LineEditor::new(first, history_file()) {
        Ok(made) => made,
        Err(why) => {
            say(&mut io::stderr(), &format!("error: the terminal cannot be used: {why}\n"));
            return FAILED;
        }
    };
    if let Err(why) = stop_on_interrupt(repl.signal()) {
        say(&mut io::stderr(), &format!("warning: Ctrl-C cannot interrupt a run: {why}\n"));
    }
    tell(trouble);
    repl.set_history(editor.entries());
    let threads = repl.session.config().threads;
    let plural = if threads == 1 { "" } else { "s" };
    let version = env!("CARGO_PKG_VERSION");
    let greeting =
        format!("weld {version}   {threads} thread{plural}   :help lists commands   Ctrl-D leaves");
    say(&mut io::stdout(), &first.paragraph("", "", &greeting));
    loop {
        // The window may have another size by now.
        let screen = screen(first.color);
        repl.set_screen(screen);
        let text = match editor.read(screen, repl.input_names()) {
            Read::Input(text) => text,
            Read::Cleared => continue,
            Read::End => return 0,
        };
        if text.len() > MAX_TYPED {
            let limit = MAX_TYPED >> 20;
            say(
                &mut io::stderr(),
                &format!("error: more than {limit} MiB at once belong in a file: :load FILE\n"),
            );
            continue;
        }
        tell(editor.remember(&text));
        let mut reply = repl.feed(&text);
        loop {
            if !say_reply(&reply, &mut io::stdout(), &mut io::stderr()) || reply.next == Next::Quit {
                return 0;
            }
            reply = match &reply.next {
                Next::GoOn => repl.go_on(),
                Next::Edit(text) => match edited(text) {
                    Ok(Some(text)) => {
                        tell(editor.remember(&text));
                        repl.feed(&text)
                    }
                    Ok(None) => break,
                    Err(why) => {
                        say(&mut io::stderr(), &format!("error: {why}\n"));
                        break;
                    }
                },
                Next::Clear => {
                    // The codes that every terminal of the last forty years knows: home, then erase.
                    say(&mut io::stdout(), "\u{1b}[H\u{1b}[2J");
                    break;
                }
                Next::Prompt | Next::Quit => break,
            };
        }
    }
}

/// Feeds each input of a stream; a program may take several lines.
fn piped(mut repl: Repl, stream: &mut dyn BufRead, out: &mut dyn Write, err: &mut dyn Write) -> i32 {
    let mut input = Collector::default();
    let mut line = String::new();
    loop {
        line.clear();
        let more = match stream.read_line(&mut line) {
            Ok(read) => read > 0,
            Err(error) => {
                say(err, &format!("error: the input cannot be read: {error}\n"));
                return FAILED;
            }
        };
        input.push(&line);
        let text = input.text();
        if !more && text.trim().is_empty() {
            return 0;
        }
        // Comments belong to the program behind them: they may give its inputs.
        let comments = line.trim_start().starts_with('#') && only_comments(text);
        if more && (comments || !input.is_whole()) {
            continue;
        }
        let mut reply = repl.feed(&std::mem::take(&mut input).into_text());
        if !say_reply(&reply, out, err) {
            return CLOSED_PIPE;
        }
        if reply.next == Next::GoOn {
            reply = repl.go_on();
            if !say_reply(&reply, out, err) {
                return CLOSED_PIPE;
            }
        }
        if let Next::Edit(_) = reply.next {
            say(err, "error: `:edit` needs a terminal\n");
            return FAILED;
        }
        if reply.failed {
            return FAILED;
        }
        if reply.next == Next::Quit || !more {
            return 0;
        }
    }
}

/// Writes a reply; false when nobody reads it.
fn say_reply(reply: &Reply, out: &mut dyn Write, err: &mut dyn Write) -> bool {
    let read = say(out, &reply.out);
    // Without a reader of the errors the results still count.
    say(err, &reply.err);
    read
}

fn say(stream: &mut dyn Write, text: &str) -> bool {
    text.is_empty() || stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).is_ok()
}

fn tell(trouble: Option<String>) {
    if let Some(trouble) = trouble {
        say(&mut io::stderr(), &format!("warning: {trouble}\n"));
    }
}

/// Lets Ctrl-C stop the running input.
fn stop_on_interrupt(signal: Arc<AtomicU32>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT])?;
    std::thread::Builder::new().name("weld-interrupt".to_string()).spawn(move || {
        for _ in signals.forever() {
            signal.store(RunOptions::CANCEL, Ordering::Relaxed);
        }
    })?;
    Ok(())
}

/// Where the history is kept: the state folder of the XDG standard.
fn history_file() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(std::env::home_dir()?.join(".local/state")))?;
    Some(state.join("weld").join("history"))
}

/// The text after the user's editor; `None` when nothing is to be done.
fn edited(text: &str) -> Result<Option<String>, String> {
    let folder = tempfile_folder()?;
    let file = folder.join("program.weld");
    let outcome = edit_file(&file, text);
    // What stays behind in the folder for temporary files is no reason to fail.
    let _ = fs::remove_dir_all(&folder);
    outcome
}

fn edit_file(file: &Path, text: &str) -> Result<Option<String>, String> {
    let at = |error: io::Error| format!("{}: {error}", file.display());
    fs::write(file, text).map_err(at)?;
    let chosen =
        ["VISUAL", "EDITOR"].iter().filter_map(|name| std::env::var(name).ok()).find(|name| !name.is_empty());
    let editor = chosen.unwrap_or_else(|| "vi".to_string());
    // The shell splits what the user wrote, such as `code --wait`; the file is an argument of its own.
    let status = Command::new("sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("weld").arg(file).status();
    let status = status.map_err(|error| format!("`{editor}` cannot be started: {error}"))?;
    if !status.success() {
        return Err(format!("`{editor}` ended with {status}; nothing was changed"));
    }
    let edited = fs::read_to_string(file).map_err(at)?;
    Ok(Some(edited).filter(|edited| edited.trim() != text.trim() && !edited.trim().is_empty()))
}

/// A fresh folder that only this user can read.
fn tempfile_folder() -> Result<PathBuf, String> {
    use std::os::unix::fs::DirBuilderExt;
    let base = std::env::temp_dir();
    for attempt in 0..100 {
        let folder = base.join(format!("weld-{}-{attempt}", std::process::id()));
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(format!("{}: {error}", folder.display())),
        }
    }
    Err(format!("{} has no room for another directory", base.display()))
}

#[cfg(test)]
mod tests {
    use super::{Repl, edit_file, piped};
    use crate::config::Config;
    use crate::view::Screen;

    /// Exit code, standard output, standard error.
    fn fed(bytes: &[u8]) -> (i32, String, String) {
        let repl = Repl::new(Config::default(), Screen::plain());
        let (mut stream, mut out, mut err) = (bytes, Vec::new(), Vec::new());
        let code = piped(repl, &mut stream, &mut out, &mut err);
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn piped_inputs_stop_at_the_first_error() {
        assert_eq!(fed(b""), (0, String::new(), String::new()));
        let (code, out, err) = fed(b"1 + 1L\n2 + 2\n");
        assert!(code == 1 && out.is_empty() && err.contains("E0201"), "{out}{err}");
        let (code, out, err) = fed(b"|| 1 / 0\n:help\n");
        assert!(code == 1 && !out.contains("command") && err.contains("division by zero"), "{out}{err}");
        let (code, out, _) = fed(b":quit\nnonsense here\n");
        assert_eq!((code, out.as_str()), (0, ""));
        assert_eq!(fed(b":edit\n").0, 1);
    }

    #[test]
    fn piped_programs_may_have_several_lines_and_inputs_in_comments() {
        let (code, out, err) =
            fed(b"# words\n#@ in v = [1L, 2L]\n|v: vec[i64]|\n  sum(\n v)\n:type 1.5\n|| 4 + 4");
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.contains("= 3L") && out.contains("f64") && out.contains("= 8"), "{out}");
        // The end of the input ends a program too, whole or not.
        let (code, _, err) = fed(b"1 +\n");
        assert!(code == 1 && err.contains("E01"), "{err}");
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let (code, _, err) = fed(b"\xff\xfe\n");
        assert!(code == 1 && err.contains("cannot be read"), "{err}");
    }

    #[test]
    fn long_inputs_take_time_in_proportion() {
        // A line of 2 MiB, and a program of 20,000 lines that is whole at its last one.
        let mut text = format!("len([{}])\n", vec!["1"; 700_000].join(", "));
        for at in 0..20_000 {
            text += &format!("let x{at} = {at};\n");
        }
        text += "x19999\n";
        let (code, out, err) = fed(text.as_bytes());
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.contains("= 700000L") && out.contains("= 19999"), "{}", out.lines().count());
    }

    #[test]
    fn nobody_reads_the_answers() {
        struct Closed;
        impl std::io::Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let repl = Repl::new(Config::default(), Screen::plain());
        let code = piped(repl, &mut &b":help\n:help\n"[..], &mut Closed, &mut Vec::new());
        assert_eq!(code, super::CLOSED_PIPE);
    }

    #[test]
    fn unreadable_folders_are_errors_of_the_editor() {
        assert!(edit_file(std::path::Path::new("/no/such/folder/x"), "1").is_err());
    }
}
