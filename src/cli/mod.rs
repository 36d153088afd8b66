#![forbid(unsafe_code)]
//! The command line: arguments in, exit code out.
//!
//! Promises: data on standard output, messages on standard error, the exit codes of `weld --help`; no panic gets out.
//! Must not: know how compilation works; that is the session's, and how things look is the view's.

mod args;
mod bench;
mod bisect;
mod check;
mod compare;
mod context;
mod docs;
mod emit;
mod execute;
mod explain;
mod failure;
mod fate;
mod find;
mod fmt;
mod header;
mod inputs;
mod judge;
mod memory;
mod origin;
mod passes;
mod reduce;
mod replay;
mod rules;
mod run;
mod shell;
mod verify;
mod watch;
mod why;

use crate::config::{Config, Known, unknown};
use crate::logging;
use crate::session::Session;
use crate::view::{Screen, error};
use args::{Cli, Command, Common};
use clap::Parser;
use context::Context;
use failure::{Failure, code};
use log::LevelFilter;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// Does what the command line says; gives the exit code.
pub fn main() -> i32 {
    guarded(Cli::try_parse)
}

/// The same for the command line of the older tool `hdrgen`.
pub fn hdrgen() -> i32 {
    guarded(header::as_hdrgen)
}

fn guarded(parse: impl FnOnce() -> Result<Cli, clap::Error>) -> i32 {
    set_hook(Box::new(|info| {
        let _ = writeln!(
            io::stderr().lock(),
            "internal error: {info}\nthis is a bug of weld, not of the program"
        );
    }));
    catch_unwind(AssertUnwindSafe(|| match parse() {
        Ok(cli) => start(cli),
        Err(error) => {
            // Help and version are no errors and go to standard output.
            let _ = error.print();
            error.exit_code()
        }
    }))
    .unwrap_or(code::INTERNAL)
}

fn start(cli: Cli) -> i32 {
    let told = if cli.common.quiet { LevelFilter::Error } else { LevelFilter::Warn };
    let asked = logging::parse(&std::env::var("WELD_LOG").unwrap_or_default());
    let level = cli.common.log.map(LevelFilter::from).or(asked.as_ref().ok().copied().flatten());
    logging::start(level.unwrap_or(told));
    if let (None, Err(why)) = (cli.common.log, asked) {
        log::warn!("WELD_LOG: {why}");
    }
    let choice = cli.common.color.into();
    let screen = Screen::new(choice, io::stdout().is_terminal());
    let error_screen = Screen::new(choice, io::stderr().is_terminal());
    let config = match configure(&cli.common, cli.command.as_ref()) {
        Ok(config) => config,
        Err(message) => {
            let text = error::plain(&message, None, error_screen);
            let _ = io::stderr().lock().write_all(text.as_bytes());
            return code::USAGE;
        }
    };
    let Some(command) = cli.command else {
        return crate::repl::start(config, &cli.common.library, screen.color);
    };
    let mut session = Session::new(config);
    session.tell_loading("a line `#@ library ./libNAME.so` before the program, or `--library ./libNAME.so`");
    for library in &cli.common.library {
        if let Err(message) = session.load_library(library) {
            let text = error::plain(&message, None, error_screen);
            let _ = io::stderr().lock().write_all(text.as_bytes());
            return code::USAGE;
        }
    }
    let mut cx = Context {
        session,
        out: BufWriter::with_capacity(1 << 16, io::stdout()),
        screen,
        error_screen,
        quiet: cli.common.quiet,
        verbose: cli.common.verbose,
        pipelines: cli.common.passes.clone(),
        signal: Arc::new(AtomicU32::new(0)),
    };
    watch::watch(&cx.signal, cli.common.timeout, command.wants_json());
    let done = catch_unwind(AssertUnwindSafe(|| dispatch(&command, &mut cx)));
    let done = done.unwrap_or_else(|_| Err(Failure::internal(&"it panicked")));
    if done.is_ok() && cx.session.owes_dump() {
        log::warn!("`dump` is set, and this command writes no code; `weld run` and `weld emit` do");
    }
    finish(done, command.wants_json(), cx)
}

/// The settings of the command line. In the explorer the time limit is that of each run; else it is watched outside.
fn configure(common: &Common, command: Option<&Command>) -> Result<Config, String> {
    let mut config = Config::default();
    if common.passes.len() > 1 && !matches!(command, Some(Command::Compare(_) | Command::Bench(_))) {
        let message =
            "`--passes` is given twice; only `weld compare` and `weld bench` take several pipelines";
        return Err(message.to_string());
    }
    if let Some(threads) = common.threads {
        config.threads = threads;
    }
    for passes in &common.passes {
        config.set("passes", passes)?;
    }
    if let Some(effort) = common.effort {
        config.effort = effort.into();
    }
    config.memory_limit = common.memory.or_else(memory::default_limit);
    if let Some(Command::Bench(bench)) = command {
        config.threads = bench.threads_list.iter().fold(config.threads, |most, n| most.max(*n as usize));
    }
    if command.is_none() {
        config.time_limit = common.timeout;
    }
    for (key, value) in &common.set {
        match config.set_embedded(key, value).map_err(|why| format!("{key}: {why}"))? {
            Known::Used => {}
            Known::Ignored(why) => log::warn!("`{key}` has no effect: {why}"),
            Known::Unknown => return Err(unknown(key)),
        }
    }
    Ok(config)
}

fn dispatch(command: &Command, cx: &mut Context) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(args, cx),
        Command::Check(args) => check::check(args, cx),
        Command::Fmt(args) => fmt::fmt(args, cx),
        Command::Explain(args) => explain::explain(args, cx),
        Command::Passes(args) => passes::passes(args, cx),
        Command::Why(args) => why::why(args, cx),
        Command::Origin(args) => origin::origin(args, cx),
        Command::Fate(args) => fate::fate(args, cx),
        Command::Find(args) => find::find(args, cx),
        Command::Compare(args) => compare::compare(args, cx),
        Command::Bench(args) => bench::bench(args, cx),
        Command::Verify(args) => verify::verify(args, cx),
        Command::Bisect(args) => bisect::bisect(args, cx),
        Command::Reduce(args) => reduce::reduce(args, cx),
        Command::Replay(args) => replay::replay(args, cx),
        Command::Emit(args) => emit::emit(args, cx),
        Command::Header(args) => header::header(args, cx),
        Command::Rules(args) => rules::rules(args, cx),
        Command::Docs(args) => docs::docs(args, cx),
        Command::Completions(args) => shell::completions(args, cx),
        Command::Man => shell::man(cx),
    }
}

/// Writes what is left and tells the failure, if there is one.
fn finish(done: Result<(), Failure>, as_json: bool, mut cx: Context) -> i32 {
    let mut failure = done.err();
    let object = failure.as_ref().filter(|_| as_json).and_then(|failure| failure.json(cx.session.sources()));
    let told = match &object {
        Some(object) => cx.print_json(object),
        None => Ok(()),
    };
    if let Err(error) = told.and_then(|()| Ok(cx.out.flush()?)) {
        failure.get_or_insert(error);
    }
    let Some(failure) = failure else { return 0 };
    if object.is_none() {
        cx.say(&failure.text(cx.session.sources(), cx.error_screen));
    }
    failure.exit_code()
}

impl Command {
    fn wants_json(&self) -> bool {
        match self {
            Command::Run(args) => args.json,
            Command::Check(args) => args.json,
            Command::Explain(args) => args.json,
            Command::Passes(args) => args.json,
            Command::Docs(args) => args.json,
            Command::Why(args) => args.json,
            Command::Compare(args) => args.json,
            Command::Bench(args) => args.json,
            Command::Origin(args) | Command::Fate(args) | Command::Find(args) => args.json,
            Command::Verify(args) => args.json,
            Command::Bisect(args) => args.json,
            Command::Reduce(args) => args.json,
            Command::Replay(args) => args.json,
            Command::Fmt(_)
            | Command::Emit(_)
            | Command::Header(_)
            | Command::Rules(_)
            | Command::Completions(_)
            | Command::Man => false,
        }
    }
}
