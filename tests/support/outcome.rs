//! What becomes of a text on a small stack: for tests of texts that are nasty, long or deep.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::time::{Duration, Instant};
use weld::config::Config;
use weld::diag::render::{RenderOptions, render};
use weld::session::Session;

/// What a thread has that a program embeds us in.
const SMALL_STACK: usize = 2 << 20;
/// Long enough for a busy machine and an unoptimized build, far too short for anything that is not near linear.
const SOON: Duration = Duration::from_secs(20);

/// What becomes of a text on a small stack: `ok`, or the code of its first error.
pub fn outcome(text: String, also_run: bool) -> String {
    with(Config { threads: 1, ..Config::default() }, text, also_run)
}

/// The same with other settings.
pub fn with(config: Config, text: String, also_run: bool) -> String {
    let shown: String = text.chars().take(60).collect();
    let start = Instant::now();
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK);
    let handle = thread.spawn(move || check(config, text, also_run)).unwrap();
    let found = handle.join().unwrap_or_else(|_| "a panic".to_string());
    assert!(start.elapsed() < SOON, "{shown} took {:?}", start.elapsed());
    found
}

fn check(config: Config, text: String, also_run: bool) -> String {
    let mut session = Session::new(config);
    let source = session.add_source("p.weld", text);
    let checked = match session.check(source) {
        Ok(checked) => checked,
        Err(messages) => {
            let shown = render(
                &messages,
                session.sources(),
                RenderOptions { color: false, width: 100, bounded: false },
            );
            assert!(shown.len() < 30_000, "{} bytes of messages", shown.len());
            assert!(messages.0.iter().all(|message| !message.title.is_empty()));
            return messages.first_error().map_or("no error", |error| error.code.id()).to_string();
        }
    };
    if also_run {
        let optimized = session.optimize(&checked);
        assert_eq!(optimized.internal_error, None);
        let params = optimized.program.func.params.iter();
        let args: Vec<_> =
            params.map(|param| weld::inputs::generate(&param.ty, 3, 1, None).unwrap()).collect();
        let signal = Default::default();
        let expected = session.interpret(&checked.program, &args, &signal);
        #[cfg(feature = "jit")]
        {
            let program = session.compile(&optimized).unwrap_or_else(|error| panic!("{error}"));
            let found = program.run(&args, &Default::default()).map(|run| run.value);
            match (&found, &expected) {
                (Ok(found), Ok(expected)) => assert!(found.same(expected)),
                (Err(_), Err(_)) => {}
                _ => panic!("compiled: {found:?}, interpreted: {expected:?}"),
            }
        }
        let _ = expected;
    }
    "ok".to_string()
}
