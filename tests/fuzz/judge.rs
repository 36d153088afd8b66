//! What must hold for every text.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use weld::config::Config;
use weld::diag::Diagnostics;
use weld::diag::render::{RenderOptions, render};
use weld::ir;
use weld::runtime::Pool;
use weld::session::Session;
use weld::syntax::{Unformatted, is_complete};

/// More than this is a failure, whatever the text. A compiler without optimization has more time.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 8 } else { 1 });

/// Messages take no more than this, whatever the text.
const MOST_MESSAGES: usize = 60_000;

thread_local! {
    /// What the last panic said.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// How far a text came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer {
    pub parsed: bool,
    pub checked: bool,
}

/// Puts texts to the front half.
pub struct Judge {
    /// The default settings ask the system for its processors, each time.
    config: Config,
    pool: Arc<Pool>,
}

impl Judge {
    pub fn new() -> Judge {
        // The panics are counted here; nobody wants to read a million of them.
        std::panic::set_hook(Box::new(|info| PANIC.with(|panic| *panic.borrow_mut() = info.to_string())));
        Judge { config: Config { threads: 1, ..Config::default() }, pool: Pool::new(1) }
    }

    /// The answer and how long it took, or what is wrong.
    pub fn judge(&self, text: &str) -> (Result<Answer, String>, Duration) {
        let start = Instant::now();
        let found = catch_unwind(AssertUnwindSafe(|| self.answer(text)));
        let found = found.unwrap_or_else(|_| Err(PANIC.with(|panic| panic.borrow().clone())));
        let took = start.elapsed();
        if found.is_ok() && took > LIMIT {
            let took = self.processor_time(text);
            if took > LIMIT {
                return (Err(format!("too slow: {:.1} s", took.as_secs_f64())), took);
            }
        }
        (found, took)
    }

    /// The processor time that a text takes: on a busy machine less than the time that passes.
    pub fn processor_time(&self, text: &str) -> Duration {
        let (start, before) = (Instant::now(), thread_time());
        let _ = catch_unwind(AssertUnwindSafe(|| self.answer(text)));
        match (before, thread_time()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => start.elapsed(),
        }
    }

    fn answer(&self, text: &str) -> Result<Answer, String> {
        let mut session = Session::with_pool(self.config.clone(), self.pool.clone());
        let source = session.add_source("p.weld", text.to_string());
        let checked = session.check(source);
        let mut answer = Answer { parsed: false, checked: checked.is_ok() };
        match &checked {
            Ok(checked) => {
                ir::verify::verify(&checked.program).map_err(|why| format!("not well formed: {why}"))?;
                rendered(&checked.warnings, &session)?;
            }
            Err(messages) if messages.has_errors() => rendered(messages, &session)?,
            Err(_) => return Err("it was rejected without an error".to_string()),
        }
        match session.format(source) {
            Ok(form) => {
                answer.parsed = true;
                let again = session.add_source("again.weld", form.clone());
                match session.format(again) {
                    Ok(twice) if twice == form => {}
                    Ok(twice) => return Err(format!("the canonical form has another one:\n{form}\n{twice}")),
                    Err(why) => return Err(format!("the canonical form has none: {why:?}\n{form}")),
                }
                if !is_complete(text) {
                    return Err("it is a program, but said to be the beginning of one".to_string());
                }
            }
            Err(Unformatted::Rejected(messages)) if messages.has_errors() => {
                if checked.is_ok() {
                    return Err("it is checked, but not formatted".to_string());
                }
                is_complete(text);
            }
            Err(why) => return Err(format!("no canonical form: {why:?}")),
        }
        Ok(answer)
    }
}

fn rendered(messages: &Diagnostics, session: &Session) -> Result<(), String> {
    let shown =
        render(messages, session.sources(), RenderOptions { color: false, width: 100, bounded: false });
    if shown.len() > MOST_MESSAGES {
        return Err(format!("{} bytes of messages", shown.len()));
    }
    if messages.0.iter().any(|message| message.title.is_empty()) {
        return Err("a message without words".to_string());
    }
    Ok(())
}

/// How long this thread has been on a processor, where the system tells.
fn thread_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
