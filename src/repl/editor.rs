#![forbid(unsafe_code)]
//! Reading inputs from a terminal: the only file that knows the line editor.
//!
//! Promises: an input may have many lines and is one entry of the history; the history survives the session where its file
//! can be written, and when it cannot, that is said once.

use super::complete::complete;
use super::highlight::{LONGEST, highlight};
use super::whole::{Collector, MAX_TYPED, SHORT, is_whole};
use crate::view::{Role, Screen};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::{FileHistory, History, SearchDirection};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, Context, Editor, Event, EventContext,
    EventHandler, Helper, KeyCode, KeyEvent, Modifiers, RepeatCount,
};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What stands before every input.
pub(super) const PROMPT: &str = "weld> ";

/// Entries kept.
const ENTRIES: usize = 2000;

/// Longer entries stay out of the file.
const LONGEST_ENTRY: usize = 64 << 10;

/// What came from the terminal.
pub(super) enum Read {
    /// An input.
    Input(String),
    /// Ctrl-C: the line was cleared.
    Cleared,
    /// Ctrl-D, or the terminal is gone.
    End,
}

/// The line editor.
pub(super) struct LineEditor {
    editor: Editor<Assistant, FileHistory>,
    /// What [`Cutter`] kept for the next piece.
    carried: Arc<Mutex<Option<char>>>,
    file: Option<PathBuf>,
}

impl LineEditor {
    /// An editor with the history in `file`. The second value says why the history will not be kept, if so.
    pub fn new(screen: Screen, file: Option<PathBuf>) -> Result<(LineEditor, Option<String>), String> {
        let color = if screen.color { ColorMode::Enabled } else { ColorMode::Disabled };
        let config = Config::builder().completion_type(CompletionType::List).color_mode(color).tab_stop(4);
        let config = config
            .max_history_size(ENTRIES)
            .map(|config| config.build())
            .map_err(|error| error.to_string())?;
        let mut editor = Editor::with_config(config).map_err(|error| error.to_string())?;
        editor.set_helper(Some(Assistant { screen, inputs: Vec::new() }));
        editor.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::ALT), Cmd::Newline);
        let carried = Arc::new(Mutex::new(None));
        editor.bind_sequence(
            Event::Any,
            EventHandler::Conditional(Box::new(Cutter { carried: carried.clone() })),
        );
        let mut made = LineEditor { editor, carried, file };
        let trouble = made.load();
        Ok((made, trouble))
    }

    /// Reads one input. `inputs` are the names that may be proposed.
    pub fn read(&mut self, screen: Screen, inputs: Vec<String>) -> Read {
        self.editor.set_helper(Some(Assistant { screen, inputs }));
        let mut input = Collector::default();
        loop {
            // Only input so long that it was cut goes round.
            let prompt = if input.text().is_empty() { PROMPT } else { "" };
            let piece = match self.take_carried() {
                Some(c) => self.editor.readline_with_initial(prompt, (&c.to_string(), "")),
                None => self.editor.readline(prompt),
            };
            match piece {
                Ok(piece) => input.push(&piece),
                Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => return Read::Cleared,
                Err(_) if input.text().is_empty() => return Read::End,
                Err(_) => return Read::Input(input.into_text()),
            }
            if input.text().len() > MAX_TYPED {
                self.take_carried();
                return Read::Input(input.into_text());
            }
            if self.is_cut() {
                continue;
            }
            if gives_up(input.text()) || input.is_whole() {
                return Read::Input(input.into_text());
            }
            input.push("\n");
        }
    }

    fn is_cut(&self) -> bool {
        self.carried.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn take_carried(&mut self) -> Option<char> {
        self.carried.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps an input for the arrow keys and for later sessions; says once why that is not possible.
    pub fn remember(&mut self, text: &str) -> Option<String> {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST_ENTRY {
            return None;
        }
        // Adding to the list in memory cannot fail.
        let _ = self.editor.add_history_entry(text);
        let file = self.file.clone()?;
        let error = self.editor.append_history(&file).err()?;
        self.file = None;
        Some(not_kept(&file, &error.to_string()))
    }

    /// All entries, the oldest first.
    pub fn entries(&self) -> Vec<String> {
        self.editor.history().iter().cloned().collect()
    }

    /// Reads the history file, and writes it without repetitions if it had any.
    fn load(&mut self) -> Option<String> {
        let file = self.file.clone()?;
        let trouble = self.load_from(&file).err()?;
        self.file = None;
        Some(not_kept(&file, &trouble))
    }

    fn load_from(&mut self, file: &Path) -> Result<(), String> {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        }
        if !file.exists() {
            return Ok(());
        }
        self.editor.load_history(file).map_err(|error| error.to_string())?;
        let entries = self.entries();
        let unique = last_of_each(&entries);
        if unique.len() < entries.len() {
            let history = self.editor.history_mut();
            history.clear().map_err(|error| error.to_string())?;
            for entry in unique {
                history.add(entry).map_err(|error| error.to_string())?;
            }
            history.save(file).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

fn not_kept(file: &Path, why: &str) -> String {
    format!("the history is not kept: {}: {why}", file.display())
}

/// The entries without repetitions: the last one of each stays.
fn last_of_each(entries: &[String]) -> Vec<&str> {
    let mut seen = HashSet::new();
    let mut kept: Vec<&str> =
        entries.iter().rev().map(String::as_str).filter(|entry| seen.insert(*entry)).collect();
    kept.reverse();
    kept
}

/// Whether two blank lines end an input that is not whole.
fn gives_up(text: &str) -> bool {
    text.ends_with("\n\n")
}

/// Cuts what streams in as keys, as from a terminal that does not bracket what is pasted, into pieces: the editor draws its
/// text again and again, which takes forever when there is much of it.
struct Cutter {
    /// The key that arrived at a full piece; it begins the next one.
    carried: Arc<Mutex<Option<char>>>,
}

impl ConditionalEventHandler for Cutter {
    fn handle(&self, event: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let full = context.line().len() >= SHORT && context.pos() == context.line().len();
        match event {
            Event::KeySeq(keys) if full => match keys.as_slice() {
                [KeyEvent(KeyCode::Char(c), Modifiers::NONE)] => {
                    *self.carried.lock().unwrap_or_else(PoisonError::into_inner) = Some(*c);
                    Some(Cmd::AcceptLine)
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// Completion, colours, hints and the rule for whole inputs, as the editor asks for them.
struct Assistant {
    screen: Screen,
    inputs: Vec<String>,
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(complete(line, pos, &self.inputs))
    }
}

impl Hinter for Assistant {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<String> {
        // Without colours a proposal would look like what was typed.
        if !self.screen.color || pos < line.len() || line.trim().is_empty() || line.contains('\n') {
            return None;
        }
        let last = context.history().len().checked_sub(1)?;
        let found = context.history().starts_with(line, last, SearchDirection::Reverse).ok()??;
        let rest = found.entry.get(pos..)?;
        let first_line = rest.lines().next().filter(|text| !text.is_empty())?;
        Some(first_line.to_string())
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        Cow::Owned(highlight(line, pos, self.screen))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(self.screen.paint(Role::Heading, prompt))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(self.screen.paint(Role::Dim, hint))
    }

    fn highlight_char(&self, line: &str, _: usize, _: CmdKind) -> bool {
        self.screen.color && line.len() <= LONGEST
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        // A long text is looked at by the one who collects its pieces.
        let whole = text.len() >= SHORT || gives_up(text) || is_whole(text);
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

#[cfg(test)]
mod tests {
    use super::{LineEditor, last_of_each};
    use crate::view::Screen;

    fn editor(file: &std::path::Path) -> (LineEditor, Option<String>) {
        LineEditor::new(Screen { color: false, width: 80, bounded: true }, Some(file.to_path_buf())).unwrap()
    }

    #[test]
    fn the_last_of_equal_entries_stays() {
        let entries = ["a", "b", "a", "c", "b"].map(str::to_string);
        assert_eq!(last_of_each(&entries), ["a", "c", "b"]);
    }

    #[test]
    fn the_history_survives_with_programs_of_several_lines() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new").join("history");
        let (mut first, trouble) = editor(&file);
        assert_eq!(trouble, None);
        for entry in ["|v: vec[i64]|\n  sum(v) # \\n", ":run", "1", ":run", ""] {
            assert_eq!(first.remember(entry), None);
        }
        let (second, _) = editor(&file);
        assert_eq!(second.entries(), ["|v: vec[i64]|\n  sum(v) # \\n", "1", ":run"]);
        // What was cleaned up stays so.
        let (third, _) = editor(&file);
        assert_eq!(third.entries(), second.entries());
    }

    #[test]
    fn a_history_that_cannot_be_kept_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let (mut editor, trouble) = editor(&folder.path().join("file").join("history"));
        assert!(trouble.unwrap().contains("not kept"));
        assert_eq!(editor.remember(":run"), None);
        assert_eq!(editor.entries(), [":run"]);
    }
}
