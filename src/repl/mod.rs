#![forbid(unsafe_code)]
//! The interactive explorer: type a program, look at each pass, give inputs, run it.
//!
//! Promises: [`Repl::feed`] is the whole explorer and knows no terminal: text in, [`Reply`] out, so transcripts test it;
//! after any error the program, its inputs and the history are what they were before.
//! Must not: print (only `shell` does), know the line editor (only `editor` does), know how compilation works.

mod ask;
mod commands;
mod complete;
mod editor;
mod entered;
mod execute;
mod highlight;
mod inputs;
mod reply;
mod shell;
mod show;
mod steer;
mod stepper;
mod whole;

pub use reply::{Next, Reply};
pub use shell::start;

use crate::config::Config;
use crate::session::Session;
use crate::view::Screen;
use entered::Entered;
use inputs::Inputs;
use reply::{Failure, Outcome};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// A session of the explorer.
pub struct Repl {
    session: Session,
    screen: Screen,
    /// When the current input came.
    started: Instant,
    signal: Arc<AtomicU32>,
    program: Option<Entered>,
    /// The settings before each change, the last one last.
    earlier: Vec<Config>,
    inputs: Inputs,
    history: Vec<String>,
    /// How many programs were accepted, which numbers the next one.
    accepted: usize,
}

impl Repl {
    /// A session without a program.
    pub fn new(config: Config, screen: Screen) -> Repl {
        let mut session = Session::new(config);
        session.tell_loading("`:library ./libNAME.so`");
        Repl {
            session,
            screen,
            started: Instant::now(),
            signal: Arc::new(AtomicU32::new(0)),
            program: None,
            earlier: Vec::new(),
            inputs: Inputs::default(),
            history: Vec::new(),
            accepted: 0,
        }
    }

    /// Storing `RunOptions::CANCEL` here stops what [`Repl::feed`] is doing.
    pub fn signal(&self) -> Arc<AtomicU32> {
        self.signal.clone()
    }

    /// Changes how replies look, for a terminal that was resized.
    pub fn set_screen(&mut self, screen: Screen) {
        self.screen = screen;
    }

    /// The names of the inputs of the current program.
    fn input_names(&self) -> Vec<String> {
        let params = self.program.iter().flat_map(|entered| &entered.checked.program.func.params);
        params.map(|param| param.name.text().to_string()).collect()
    }

    /// Puts what was typed in earlier sessions before what is typed in this one.
    pub fn set_history(&mut self, entries: Vec<String>) {
        self.history = entries;
    }

    /// Answers one input: a program, a command, or nothing at all, which steps to the next pass.
    pub fn feed(&mut self, input: &str) -> Reply {
        self.signal.store(0, Ordering::Relaxed);
        self.started = Instant::now();
        self.guarded(|repl| repl.answer(input))
    }

    /// The rest of an answer whose [`Reply::next`] is [`Next::GoOn`]: runs the program.
    pub fn go_on(&mut self) -> Reply {
        self.guarded(Repl::run_program)
    }

    fn guarded(&mut self, answer: impl FnOnce(&mut Repl) -> Outcome) -> Reply {
        // A panic is a bug of ours; it costs this input, not the session.
        let outcome = catch_unwind(AssertUnwindSafe(|| answer(self)));
        let outcome =
            outcome.unwrap_or_else(|_| Err(Failure::internal("this input made the explorer panic")));
        match outcome {
            Ok(reply) => reply,
            Err(failure) => Reply { err: self.render_failure(&failure), failed: true, ..Reply::default() },
        }
    }

    fn answer(&mut self, input: &str) -> Outcome {
        let line = input.trim();
        if line.is_empty() {
            return self.step_on();
        }
        if whole::only_comments(line) {
            return Ok(Reply::default());
        }
        self.history.push(line.to_string());
        if let Some(command) = line.strip_prefix(':') {
            return commands::run(self, command);
        }
        if let Some(command) = commands::without_colon(line)
            && !self.is_program(line)
        {
            return commands::run(self, command);
        }
        self.enter(None, input.trim_end())
    }

    /// Whether `text` is a program without errors, which then goes before a command of the same words.
    fn is_program(&mut self, text: &str) -> bool {
        let source = self.session.add_source("input", text.to_string());
        self.session.check(source).is_ok()
    }

    /// The current program, or the advice to type one.
    fn entered(&self) -> Result<&Entered, Failure> {
        self.program.as_ref().ok_or_else(|| {
            Failure::new("there is no program yet")
                .help("type one, such as  |v: vec[i64]| sum(v)  or  :load FILE")
        })
    }
}
